"""The embedded store: a workspace is one directory, and needs no server.

* ``state.sqlite``: what changes (``state.py``);
* ``editions/000001-<sha12>/``: one GeoParquet a layer and ``manifest.json``, never touched again;
* ``publish.lock``: held while an edition is made or deleted, so that there is only one of each number;
* ``draft.lock``: held by a batch from its first merge to its end, so that no steward's rows are lost.

An edition is written in ``editions/.tmp-…``, flushed, and renamed: it is there whole or not at all. Only then
is the draft cleared. A crash in between leaves a draft equal to the newest edition; the next start clears it.
Editions to be deleted are noted first; the next start finishes what a crash has stopped.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Final

import geopandas as gpd

from data.frames import CONTEXT
from data.protected import protected_of_all, protected_rows
from data.stores import manifest
from data.stores.base import DRAFT, AuditEntry, City, DamagedError, Edition, LayerEntry
from data.stores.changes import Change, Discard, Put, Remove, now
from data.stores.codec import pack, sha256, unpack
from data.stores.diff import EditionDiff, LayerDiff, diff_layers
from data.stores.disk import Locks, locked, storing, sync_directory
from data.stores.draft import EmbeddedBatch, Sight
from data.stores.editions import TMP, EditionFiles
from data.stores.merge import Request, Standing, merge
from data.stores.quarantine import QuarantineRow
from data.stores.state import Draft, State
from geo.errors import ConflictError, NotFoundError, ParameterError

_STATE: Final = "state.sqlite"
_LOCK: Final = "publish.lock"
_DRAFT_LOCK: Final = "draft.lock"
_EDITIONS: Final = "editions"
_CACHED_FRAMES: Final = 16
_WAIT_S: Final = 120.0
_PUBLISHING: Final = "publishing or deleting an edition of this workspace"
_DRAFTING: Final = "bringing rows into the draft of this workspace"


class EmbeddedStore:
    """A workspace directory, as ``data.stores.base.Store``. Threads and processes may share it.

    ``actor`` is the steward in whose name rows are drafted and editions published, ``code_version`` what a manifest
    says of the code that made it.
    """

    def __init__(self, path: Path, *, actor: str, lock_wait_s: float, code_version: str | None = None) -> None:
        self.path = path
        self.actor = actor
        self._lock_wait_s = lock_wait_s
        self._code_version = code_version or _package_version()
        self._state = State(path / _STATE)
        self._files = EditionFiles(path / _EDITIONS)
        self._frames: OrderedDict[str, gpd.GeoDataFrame] = OrderedDict()
        self._guard = Lock()

    @classmethod
    def create(
        cls, path: Path | str, city: City, *, actor: str = "local", lock_wait_s: float = _WAIT_S,
        code_version: str | None = None,
    ) -> "EmbeddedStore":  # fmt: skip
        """Make a workspace in ``path``, a new or an empty directory, and open it.

        Raises ConflictError if there is a workspace already, or anything else, and StorageError.
        """
        path = Path(path)
        _refuse_occupied(path)
        with storing(path):
            path.mkdir(parents=True, exist_ok=True)
            with locked(path / _LOCK, wait_s=lock_wait_s, what="making this workspace"):
                _refuse_occupied(path)
                editions = path / _EDITIONS
                editions.mkdir(exist_ok=True)
                aside = path / f"{TMP}{_STATE}"
                for left in path.glob(f"{aside.name}*"):
                    left.unlink()
                State(aside).create(city, actor=actor)
                # The database is what makes a directory a workspace: it comes last, and whole.
                aside.replace(path / _STATE)
                sync_directory(path)
        return cls.open(path, actor=actor, lock_wait_s=lock_wait_s, code_version=code_version)

    @classmethod
    def open(
        cls, path: Path | str, *, actor: str = "local", lock_wait_s: float = _WAIT_S, code_version: str | None = None
    ) -> "EmbeddedStore":
        """Open the workspace in ``path`` and clear what a crash may have left.

        Raises NotFoundError if it is none, ConflictError if a newer Quantu wrote it, DamagedError, StorageError.
        """
        path = Path(path)
        if not (path / _STATE).is_file():
            raise NotFoundError(f"{path} is no workspace; make one with `quantu init {path} --name CITY`")
        store = cls(path, actor=actor, lock_wait_s=lock_wait_s, code_version=code_version)
        store._state.upgrade()
        # Whoever publishes at this moment has swept before, and clears the draft after.
        with storing(path), suppress(ConflictError), locked(path / _LOCK, wait_s=0, what=_PUBLISHING):
            store._sweep()
        return store

    def city(self) -> City:
        """Return the city."""
        return self._state.city()

    def editions(self) -> list[Edition]:
        """Return every whole edition, newest last."""
        return list(self._files.whole())

    def edition(self, ref: str | int | None = None) -> Edition:
        """Return the edition of that number, the newest for None.

        Raises NotFoundError, and DamagedError where that edition is there but not whole: an older one is
        never given in its place.
        """
        if ref is None:
            newest = self._files.newest()
            if newest is None:
                raise NotFoundError("nothing is published yet; import something, then `quantu publish -m TEXT`")
            return newest
        directories = self._files.directories()
        text = str(ref)
        number = int(text) if text.isascii() and text.isdigit() else 0
        if number not in directories:
            known = ", ".join(str(one) for one in directories) or "none"
            raise NotFoundError(f"no edition {ref!r}; published: {known}")
        return self._files.load(directories[number])

    def read(self, edition: Edition, layer: str) -> gpd.GeoDataFrame:
        """Return the layer as it was published, in EPSG:4490; yours to change.

        The bytes are hashed when they are first read. Raises NotFoundError, also where the edition has been
        pruned or was a preview of a draft that has moved on, and DamagedError naming the file.
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
            frame = unpack(self._bytes(edition, entry))
            with self._guard:
                self._frames[entry.sha256] = frame
                while len(self._frames) > _CACHED_FRAMES:
                    self._frames.popitem(last=False)
        # pandas copies on write, so this costs nothing and the cached frame stays as it is.
        return frame.copy(deep=False)

    def verify(self, edition: Edition) -> None:
        """Hash every layer of the edition again; raises DamagedError naming each file that differs."""
        damaged = self._files.damages(edition)
        if damaged:
            raise DamagedError("\n".join(damaged))

    def put_draft(self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any]) -> LayerEntry:
        """Replace the whole ``layer`` in the draft; see ``Store.put_draft``."""
        with self.batch() as draft:
            return draft.put(layer, frame, meta)

    def drop_draft(self, layer: str) -> None:
        """Take the layer out of the draft; raises NotFoundError."""
        with self.batch() as draft:
            draft.drop(layer)

    @contextmanager
    def batch(self) -> Iterator[EmbeddedBatch]:
        """Yield a collector of changes to the draft: one transaction at the end, none after an exception."""
        with Locks() as locks:
            sight = Sight(self.actor, partial(self._hold_draft, locks), self._standing, self._published)
            collected = EmbeddedBatch(sight)
            yield collected
            if collected.changes:
                self._hold_draft(locks)
                self._state.change(collected.changes, actor=self.actor)

    def draft_layers(self) -> Mapping[str, LayerEntry]:
        """Return the draft's layers by name."""
        return self._state.layers()

    def removed_layers(self) -> tuple[str, ...]:
        """Return the layers that the next edition will no longer hold."""
        newest = self._files.newest()
        with self._state.snapshot() as draft:
            return tuple(sorted(name for name in draft.removed if newest and name in newest.layers))

    def read_draft(self, layer: str) -> gpd.GeoDataFrame:
        """Return the layer as it stands in the draft; raises NotFoundError and DamagedError."""
        with self._state.snapshot() as draft:
            return unpack(self._drafted(draft, draft.entry(layer)))

    def present(self, layer: str) -> gpd.GeoDataFrame | None:
        """Return the layer as the next edition would hold it, None where it would not."""
        return self._standing(layer).frame

    def present_meta(self, layer: str) -> Mapping[str, Any]:
        """Return the metadata of the layer as the next edition would hold it; empty where there is none."""
        with self._state.snapshot() as draft:
            if layer in draft.layers:
                return draft.layers[layer].meta
            gone = layer in draft.removed
        newest = self._files.newest()
        return newest.layers[layer].meta if newest and not gone and layer in newest.layers else {}

    def preview(self) -> Edition:
        """Return the edition that publishing now would make; see ``Store.preview``."""
        with self._state.snapshot() as draft:
            edition = self._next(draft, self._files.newest(), DRAFT)
        if not edition.layers:
            raise NotFoundError("nothing is drafted or published yet; import something first")
        return edition

    def quarantined(self) -> list[QuarantineRow]:
        """Return the rows that were not accepted, by file, sheet, layer and row."""
        return self._state.quarantined()

    def diff(self, a: str | int, b: str | int) -> EditionDiff:
        """Return what leads from ``a`` to ``b``; see ``Store.diff``."""
        old, new = (self.preview() if ref == DRAFT else self.edition(ref) for ref in (a, b))
        layers: dict[str, LayerDiff] = {}
        for name in sorted({*old.layers, *new.layers}):
            before, after = old.layers.get(name), new.layers.get(name)
            metas = before is not None and after is not None and before.meta != after.meta
            if before is None or after is None or metas or before.sha256 != after.sha256:
                frames = (self.read(edition, name) if name in edition.layers else None for edition in (old, new))
                layers[name] = diff_layers(name, *frames, meta_changed=metas)
        return EditionDiff(str(a), str(b), layers)

    def restore(self, ref: str | int, *, discard: bool = False) -> tuple[str, ...]:
        """Make the draft such that publishing it gives that edition's layers again; see ``Store.restore``."""
        with self._writing() as locks:
            self._hold_draft(locks)
            self._sweep()
            edition, newest = self.edition(ref), self.edition()
            with self._state.snapshot() as draft:
                drafted = [*draft.layers, *draft.removed]
            if drafted and not discard:
                named = ", ".join(sorted(drafted))
                raise ConflictError(f"the draft holds {named}; publish it first, or give it up (--discard)")
            kept = self._never_forgotten(edition)
            wanted = {**edition.layers, **({} if kept is None else {CONTEXT.name: kept.entry})}
            back = [name for name, entry in wanted.items() if newest.layers.get(name) != entry]
            gone = [name for name in newest.layers if name not in wanted]
            if drafted or back or gone:
                self._state.change(self._restoring(edition, back, gone, kept), actor=self.actor)
            return tuple(sorted([*back, *gone]))

    def prune(self, keep: int, *, also: Collection[int] = (), dry_run: bool = False) -> tuple[int, ...]:
        """Delete all but the newest ``keep`` editions and those in ``also``; see ``Store.prune``."""
        if keep < 1:
            raise ParameterError(f"keep at least 1 edition, not {keep}: the newest is never deleted")
        with self._writing() as locks:
            self._hold_draft(locks)
            numbers = list(self._files.directories())
            for number in also:
                self.edition(number)
            doomed = tuple(number for number in numbers[:-keep] if number not in also)
            if doomed and not dry_run:
                self._state.begin_pruning(doomed, actor=self.actor)
                self._sweep()
            return doomed

    def publish(self, message: str) -> Edition:
        """Make the next edition: the draft's layers over the last edition's; see ``Store.publish``."""
        if not message.strip():
            raise ParameterError("an edition needs a message: what has changed?")
        with self._writing():
            same = self._sweep()
            parent = self._files.newest()
            with self._state.snapshot() as draft:
                edition = self._next(draft, parent, message.strip())
                if edition.layers == (parent.layers if parent else {}):
                    why = f"{', '.join(same)} as in edition {parent.id}" if parent and same else "it is empty"
                    raise ConflictError(f"the draft holds nothing to publish: {why}; import something first")
                edition = self._files.write(edition, draft, parent)
            self._state.settle(edition.layers, number=edition.number, actor=edition.published_by)
        return edition

    def audit(self) -> list[AuditEntry]:
        """Return the audit log, oldest first."""
        return self._state.audit()

    def _sweep(self) -> list[str]:
        """Remove unfinished and pruned editions, clear of the draft what is published, and return those layers' names.

        Under the lock only: nobody alive is writing or deleting an edition then.
        """
        self._files.sweep()
        doomed = self._state.pruning()
        if doomed:
            self._files.delete(doomed)
            self._state.end_pruning()
        try:
            last = self._files.newest()
        except DamagedError:
            # Opening must still work, to list, export and mend; publishing says what is damaged.
            return []
        return [] if last is None else self._state.settle(last.layers, number=last.number, actor=last.published_by)

    def _hold_draft(self, locks: Locks) -> None:
        """Keep the draft to this thread until ``locks`` end."""
        with storing(self.path):
            locks.take(self.path / _DRAFT_LOCK, wait_s=self._lock_wait_s, what=_DRAFTING)

    @contextmanager
    def _writing(self) -> Iterator[Locks]:
        """Let nobody else publish or delete an edition; what the file system refuses becomes StorageError."""
        with storing(self.path), Locks() as locks:
            locks.take(self.path / _LOCK, wait_s=self._lock_wait_s, what=_PUBLISHING)
            yield locks

    def _next(self, draft: Draft, parent: Edition | None, message: str) -> Edition:
        city = self.city()
        layers = draft.laid_over(parent.layers if parent else {})
        return Edition(
            number=max(self._files.directories(), default=0) + 1,
            sha256=manifest.content_sha256(city, layers),
            published_at=datetime.now(UTC).replace(microsecond=0),
            message=message,
            city=city,
            layers=layers,
            parent=parent.number if parent else None,
            published_by=self.actor,
            code_version=self._code_version,
        )

    def _standing(self, layer: str) -> Standing:
        """Return the layer as the next edition would hold it, and who has drafted it."""
        with self._state.snapshot() as draft:
            if layer in draft.layers:
                entry = draft.layers[layer]
                return Standing(unpack(self._drafted(draft, entry)), entry.meta, draft.authors(layer))
            if layer in draft.removed:
                return Standing(None, {}, draft.authors(layer))
        return self._published(layer)

    def _published(self, layer: str) -> Standing:
        newest = self._files.newest()
        if newest is None or layer not in newest.layers:
            return Standing(None, {}, None)
        return Standing(self.read(newest, layer), newest.layers[layer].meta, None)

    def _drafted(self, draft: Draft, entry: LayerEntry) -> bytes:
        payload = b"".join(draft.parts(entry.name))
        if sha256(payload) != entry.sha256:
            raise DamagedError(f"the draft of {entry.name} in {self.path / _STATE} is damaged; import it again")
        return payload

    def _bytes(self, edition: Edition, entry: LayerEntry) -> bytes:
        """Return a layer's bytes: of the edition, or of the draft it is a preview of."""
        if self._files.directory(edition).is_dir():
            return self._files.read(edition, entry.name)
        with self._state.snapshot() as draft:
            if draft.layers.get(entry.name) == entry:
                return self._drafted(draft, entry)
        newest = self._files.newest()
        if newest and entry.name in newest.layers and newest.layers[entry.name].sha256 == entry.sha256:
            return self._files.read(newest, entry.name)
        raise NotFoundError(f"edition {edition.id} is no longer there: it was pruned, or the draft has moved on")

    def _never_forgotten(self, edition: Edition) -> Put | None:
        """Return the context of ``edition`` with the protected land that other editions or the draft have learnt of.

        None where it knows all of it: what is never shown stays so when the city goes back.
        """
        layer = CONTEXT.name
        own = edition.layers.get(layer)
        known = protected_of_all(self._contexts())
        if known is None:
            return None
        meta = {} if own is None else dict(own.meta)
        before = Standing(None if own is None else self.read(edition, layer), meta, None)
        if before.frame is not None:
            known = known[~known[CONTEXT.key].isin(before.frame[CONTEXT.key][protected_rows(before.frame)])]
        ask = Request({}, CONTEXT.key, replace=False, overwrite=True, remove=(), actor=self.actor, at=now())
        done = merge(before, lambda: None, known.reset_index(drop=True), ask).standing if len(known) else None
        if done is None or done.frame is None:
            return None
        payload = pack(done.frame)
        entry = LayerEntry(layer, sha256(payload), len(done.frame), len(payload), meta)
        return Put(entry, payload, action=None)

    def _contexts(self) -> Iterator[gpd.GeoDataFrame]:
        """Yield every context that can be read, each once: of the editions, oldest first, and of the draft."""
        seen = set()
        for edition in self._files.whole():
            entry = edition.layers.get(CONTEXT.name)
            if entry is not None and entry.sha256 not in seen:
                seen.add(entry.sha256)
                with suppress(DamagedError):
                    yield self.read(edition, entry.name)
        with suppress(NotFoundError):
            yield self.read_draft(CONTEXT.name)

    def _restoring(
        self, edition: Edition, back: Collection[str], gone: Collection[str], kept: Put | None
    ) -> Iterator[Change]:
        """Yield what makes the draft lead back to ``edition``, one layer in memory at a time."""
        yield Discard(edition.number, sorted([*back, *gone]))
        for name in back:
            if kept is not None and name == kept.entry.name:
                yield kept
            else:
                yield Put(edition.layers[name], self._files.read(edition, name), action=None)
        for name in gone:
            yield Remove(name, action=None)


@cache
def _package_version() -> str:
    return version("quantu")


def _refuse_occupied(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ConflictError(f"{path} is a file; a workspace is a directory")
    if (path / _STATE).exists():
        raise ConflictError(f"{path} is a workspace already; open it with `--workspace {path}`")
    if path.is_dir():
        ours = {_LOCK, _DRAFT_LOCK, _EDITIONS, "lost+found"}
        others = [
            entry.name
            for entry in path.iterdir()
            if entry.name not in ours and not entry.name.startswith(f"{TMP}{_STATE}")
        ]
        if others or any((path / _EDITIONS).glob("*")):
            raise ConflictError(f"{path} is not empty; choose a new or an empty directory for the workspace")
