"""The embedded store: a workspace is one directory, and needs no server.

* ``state.sqlite``: what changes (``state.py``);
* ``editions/000001-<sha12>/``: one GeoParquet a layer and ``manifest.json``, never touched again;
* ``publish.lock``: held while an edition is made, so that there is only one of each number.

An edition is written in ``editions/.tmp-…``, flushed, and renamed: it is there whole or not at all. Only then
is the draft cleared. A crash in between leaves a draft equal to the newest edition; the next start clears it.
"""

import json
import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Final

import geopandas as gpd

from data.stores import manifest
from data.stores.base import (
    AuditEntry,
    City,
    DamagedError,
    Edition,
    LayerEntry,
    canonical_json,
    checked_layer,
)
from data.stores.codec import pack, sha256, unpack
from data.stores.disk import link_or_copy, locked, sync_directory, write_synced
from data.stores.state import Draft, Drop, Put, State
from geo.errors import ConflictError, NotFoundError, ParameterError

_STATE: Final = "state.sqlite"
_LOCK: Final = "publish.lock"
_EDITIONS: Final = "editions"
_TMP: Final = ".tmp-"
_EDITION_NAME: Final = re.compile(r"(\d{6,})-[0-9a-f]{12}")
_CACHED_FRAMES: Final = 16
_PUBLISHING: Final = "publishing an edition of this workspace"


class EmbeddedStore:
    """A workspace directory, as ``data.stores.base.Store``. Threads and processes may share it."""

    def __init__(self, path: Path, *, actor: str, lock_wait_s: float) -> None:
        self.path = path
        self.actor = actor
        self._lock_wait_s = lock_wait_s
        self._state = State(path / _STATE)
        self._frames: OrderedDict[str, gpd.GeoDataFrame] = OrderedDict()
        self._known: dict[str, Edition] = {}
        self._guard = Lock()

    @classmethod
    def create(
        cls, path: Path | str, city: City, *, actor: str = "local", lock_wait_s: float = 30.0
    ) -> "EmbeddedStore":
        """Make a workspace in ``path``, a new or an empty directory, and open it.

        Raises ConflictError if there is a workspace already, or anything else.
        """
        path = Path(path)
        _refuse_occupied(path)
        path.mkdir(parents=True, exist_ok=True)
        with locked(path / _LOCK, wait_s=lock_wait_s, what="making this workspace"):
            _refuse_occupied(path)
            editions = path / _EDITIONS
            editions.mkdir(exist_ok=True)
            aside = path / f"{_TMP}{_STATE}"
            for left in path.glob(f"{aside.name}*"):
                left.unlink()
            State(aside).create(city, actor=actor)
            # The database is what makes a directory a workspace: it comes last, and whole.
            aside.replace(path / _STATE)
            sync_directory(path)
        return cls.open(path, actor=actor, lock_wait_s=lock_wait_s)

    @classmethod
    def open(cls, path: Path | str, *, actor: str = "local", lock_wait_s: float = 30.0) -> "EmbeddedStore":
        """Open the workspace in ``path`` and clear what a crash may have left.

        Raises NotFoundError if it is none, ConflictError if a newer Quantu wrote it, DamagedError.
        """
        path = Path(path)
        if not (path / _STATE).is_file():
            raise NotFoundError(f"{path} is no workspace; make one with `quantu init {path} --name CITY`")
        store = cls(path, actor=actor, lock_wait_s=lock_wait_s)
        store._state.upgrade()
        # Whoever publishes at this moment has swept before, and clears the draft after.
        with suppress(ConflictError), locked(path / _LOCK, wait_s=0, what=_PUBLISHING):
            store._sweep()
        return store

    def city(self) -> City:
        """Return the city."""
        return self._state.city()

    def editions(self) -> list[Edition]:
        """Return every whole edition, newest last."""
        whole = []
        for directory in self._directories().values():
            try:
                whole.append(self._load(directory))
            except DamagedError:
                continue
        return whole

    def edition(self, ref: str | int | None = None) -> Edition:
        """Return the edition of that number, the newest for None.

        Raises NotFoundError, and DamagedError where that edition is there but not whole: an older one is
        never given in its place.
        """
        directories = self._directories()
        if ref is None:
            if not directories:
                raise NotFoundError("nothing is published yet; import something, then `quantu publish -m TEXT`")
            return self._load(directories[max(directories)])
        text = str(ref)
        number = int(text) if text.isascii() and text.isdigit() else 0
        if number not in directories:
            known = ", ".join(str(one) for one in directories) or "none"
            raise NotFoundError(f"no edition {ref!r}; published: {known}")
        return self._load(directories[number])

    def read(self, edition: Edition, layer: str) -> gpd.GeoDataFrame:
        """Return the layer as it was published, in EPSG:4490; yours to change.

        The bytes are hashed when they are first read. Raises NotFoundError and DamagedError naming the file.
        """
        if layer not in edition.layers:
            held = ", ".join(sorted(edition.layers))
            raise NotFoundError(f"no layer {layer!r} in edition {edition.id}; it holds: {held}")
        entry = edition.layers[layer]
        with self._guard:
            frame = self._frames.get(entry.sha256)
            if frame is not None:
                self._frames.move_to_end(entry.sha256)
        if frame is None:
            frame = unpack(manifest.read_layer(self._directory(edition), entry))
            with self._guard:
                self._frames[entry.sha256] = frame
                while len(self._frames) > _CACHED_FRAMES:
                    self._frames.popitem(last=False)
        # pandas copies on write, so this costs nothing and the cached frame stays as it is.
        return frame.copy(deep=False)

    def verify(self, edition: Edition) -> None:
        """Hash every layer of the edition again; raises DamagedError naming each file that differs."""
        damaged = []
        directory = self._directory(edition)
        try:
            manifest.load(directory)
        except DamagedError as error:
            damaged.append(str(error))
        for entry in edition.layers.values():
            try:
                manifest.read_layer(directory, entry)
            except DamagedError as error:
                damaged.append(str(error))
        if damaged:
            raise DamagedError("\n".join(dict.fromkeys(damaged)))

    def put_draft(self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any]) -> LayerEntry:
        """Replace the whole ``layer`` in the draft; see ``Store.put_draft``."""
        with self.batch() as draft:
            return draft.put(layer, frame, meta)

    def drop_draft(self, layer: str) -> None:
        """Take the layer out of the draft; raises NotFoundError."""
        with self.batch() as draft:
            draft.drop(layer)

    @contextmanager
    def batch(self) -> Iterator["EmbeddedBatch"]:
        """Yield a collector of changes to the draft: one transaction at the end, none after an exception."""
        collected = EmbeddedBatch()
        yield collected
        if collected.changes:
            self._state.change(collected.changes, actor=self.actor)

    def draft_layers(self) -> Mapping[str, LayerEntry]:
        """Return the draft's layers by name."""
        return self._state.layers()

    def read_draft(self, layer: str) -> gpd.GeoDataFrame:
        """Return the layer as it stands in the draft; raises NotFoundError and DamagedError."""
        entry, payload = self._state.read(layer)
        if sha256(payload) != entry.sha256:
            raise DamagedError(f"the draft of {layer} in {self.path / _STATE} is damaged; import it again")
        return unpack(payload)

    def publish(self, message: str) -> Edition:
        """Make the next edition: the draft's layers over the last edition's; see ``Store.publish``."""
        if not message.strip():
            raise ParameterError("an edition needs a message: what has changed?")
        with locked(self.path / _LOCK, wait_s=self._lock_wait_s, what=_PUBLISHING):
            same = self._sweep()
            parent = self.edition() if self._directories() else None
            with self._state.snapshot() as draft:
                if not draft.layers:
                    why = f"{', '.join(same)} as in edition {parent.id}" if parent and same else "it is empty"
                    raise ConflictError(f"the draft holds nothing to publish: {why}; import something first")
                edition = self._write(draft, parent, message.strip())
            self._state.settle(edition.layers, number=edition.number, actor=edition.published_by)
        return edition

    def audit(self) -> list[AuditEntry]:
        """Return the audit log, oldest first."""
        return self._state.audit()

    def _sweep(self) -> list[str]:
        """Remove unfinished editions, clear of the draft what is published, and return those layers' names.

        Under the lock only: nobody alive is writing an edition then.
        """
        for left in (self.path / _EDITIONS).glob(f"{_TMP}*"):
            shutil.rmtree(left)
        directories = self._directories()
        if not directories:
            return []
        try:
            last = self._load(directories[max(directories)])
        except DamagedError:
            # Opening must still work, to list, export and mend; publishing says what is damaged.
            return []
        return self._state.settle(last.layers, number=last.number, actor=last.published_by)

    def _write(self, draft: Draft, parent: Edition | None, message: str) -> Edition:
        """Write the edition aside, put it in place in one step, and return it."""
        city = self.city()
        layers = dict(sorted({**(parent.layers if parent else {}), **draft.layers}.items()))
        edition = Edition(
            number=max(self._directories(), default=0) + 1,
            sha256=manifest.content_sha256(city, layers),
            published_at=datetime.now(UTC).replace(microsecond=0),
            message=message,
            city=city,
            layers=layers,
            parent=parent.number if parent else None,
            published_by=self.actor,
            code_version=_code_version(),
        )
        editions = self.path / _EDITIONS
        aside = Path(tempfile.mkdtemp(prefix=_TMP, dir=editions))
        try:
            for name, entry in layers.items():
                self._write_layer(aside / manifest.layer_file(name), entry, draft, parent)
            write_synced(aside / manifest.FILE, [manifest.encode(edition)])
            aside.chmod(0o755)
            sync_directory(aside)
            target = aside.rename(editions / manifest.directory_name(edition))
            sync_directory(editions)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return self._load(target)

    def _write_layer(self, path: Path, entry: LayerEntry, draft: Draft, parent: Edition | None) -> None:
        kept = parent.layers.get(entry.name) if parent else None
        if parent and kept and kept.sha256 == entry.sha256:
            source = self._directory(parent)
            # Damage must not be carried on under a new seal.
            manifest.read_layer(source, kept)
            link_or_copy(source / manifest.layer_file(entry.name), path)
            return
        if write_synced(path, draft.parts(entry.name)) != entry.sha256:
            raise DamagedError(f"the draft of {entry.name} in {self.path / _STATE} is damaged; import it again")

    def _directories(self) -> dict[int, Path]:
        """Return the directories of editions by number, whole or not, in order."""
        found = {}
        for directory in (self.path / _EDITIONS).iterdir():
            match = _EDITION_NAME.fullmatch(directory.name)
            if match:
                found[int(match[1])] = directory
        return dict(sorted(found.items()))

    def _directory(self, edition: Edition) -> Path:
        return self.path / _EDITIONS / manifest.directory_name(edition)

    def _load(self, directory: Path) -> Edition:
        known = self._known.get(directory.name)
        if known is None:
            known = self._known[directory.name] = manifest.load(directory)
        return known


class EmbeddedBatch:
    """Changes to the draft, packed and waiting for the end of the batch."""

    def __init__(self) -> None:
        self.changes: list[Put | Drop] = []

    def put(self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any]) -> LayerEntry:
        """Replace the whole ``layer``; see ``Store.put_draft``."""
        checked_layer(layer)
        # Through JSON and back: what is compared later is what is kept.
        plain = json.loads(canonical_json(dict(meta)))
        payload = pack(frame)
        entry = LayerEntry(layer, sha256(payload), len(frame), len(payload), plain)
        self.changes.append(Put(entry, payload))
        return entry

    def drop(self, layer: str) -> None:
        """Take ``layer`` out of the draft."""
        self.changes.append(Drop(layer))


@cache
def _code_version() -> str:
    return version("quantu")


def _refuse_occupied(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ConflictError(f"{path} is a file; a workspace is a directory")
    if (path / _STATE).exists():
        raise ConflictError(f"{path} is a workspace already; open it with `--workspace {path}`")
    if path.is_dir():
        ours = {_LOCK, _EDITIONS, "lost+found"}
        others = [
            entry.name
            for entry in path.iterdir()
            if entry.name not in ours and not entry.name.startswith(f"{_TMP}{_STATE}")
        ]
        if others or any((path / _EDITIONS).glob("*")):
            raise ConflictError(f"{path} is not empty; choose a new or an empty directory for the workspace")
