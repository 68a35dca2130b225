"""The directories of published editions: listing, reading, writing whole or not at all, and deleting."""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from data.stores import manifest
from data.stores.base import DamagedError, Edition
from data.stores.disk import link_or_copy, sync_directory, write_synced
from data.stores.state import Draft

TMP: Final = ".tmp-"
_NAME: Final = re.compile(r"(\d{6,})-[0-9a-f]{12}")


class EditionFiles:
    """The directory that holds one directory an edition."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Edition] = {}

    def directories(self) -> dict[int, Path]:
        """Return the directories of editions by number, whole or not, in order."""
        found = {}
        for directory in self.path.iterdir():
            match = _NAME.fullmatch(directory.name)
            if match:
                found[int(match[1])] = directory
        return dict(sorted(found.items()))

    def directory(self, edition: Edition) -> Path:
        """Return where ``edition`` is, or would be."""
        return self.path / manifest.directory_name(edition)

    def load(self, directory: Path) -> Edition:
        """Return the edition in ``directory``, checked once. Raises DamagedError."""
        known = self._known.get(directory.name)
        if known is None:
            known = self._known[directory.name] = manifest.load(directory)
        return known

    def whole(self) -> Iterator[Edition]:
        """Yield every edition that is whole, oldest first."""
        for directory in self.directories().values():
            try:
                yield self.load(directory)
            except DamagedError:
                continue

    def newest(self) -> Edition | None:
        """Return the newest edition, None where there is none. Raises DamagedError: an older one never stands in."""
        directories = self.directories()
        return self.load(directories[max(directories)]) if directories else None

    def read(self, edition: Edition, layer: str) -> bytes:
        """Return the bytes of a layer, the very ones that were published. Raises DamagedError."""
        return manifest.read_layer(self.directory(edition), edition.layers[layer])

    def damages(self, edition: Edition) -> list[str]:
        """Hash every file of ``edition`` anew and return what is wrong with it."""
        damaged = []
        directory = self.directory(edition)
        try:
            manifest.load(directory)
        except DamagedError as error:
            damaged.append(str(error))
        for entry in edition.layers.values():
            try:
                manifest.read_layer(directory, entry)
            except DamagedError as error:
                damaged.append(str(error))
        return list(dict.fromkeys(damaged))

    def write(self, edition: Edition, draft: Draft, parent: Edition | None) -> Edition:
        """Write ``edition`` aside, put it in place in one step, and return it.

        Layers its parent has are linked, the others come from the draft. Raises DamagedError.
        """
        aside = Path(tempfile.mkdtemp(prefix=TMP, dir=self.path))
        try:
            for name in edition.layers:
                self._write_layer(aside / manifest.layer_file(name), edition, name, draft, parent)
            write_synced(aside / manifest.FILE, [manifest.encode(edition)])
            aside.chmod(0o755)
            sync_directory(aside)
            target = aside.rename(self.directory(edition))
            sync_directory(self.path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return self.load(target)

    def delete(self, numbers: Iterable[int]) -> None:
        """Delete editions: each is renamed first, so that it is never there in part."""
        directories = self.directories()
        for number in sorted(set(numbers) & set(directories)):
            aside = directories[number].rename(self.path / f"{TMP}{directories[number].name}")
            shutil.rmtree(aside)
        sync_directory(self.path)

    def sweep(self) -> None:
        """Remove what was left unfinished. Under the lock only: nobody alive is writing an edition then."""
        for left in self.path.glob(f"{TMP}*"):
            shutil.rmtree(left)

    def _write_layer(self, path: Path, edition: Edition, name: str, draft: Draft, parent: Edition | None) -> None:
        entry = edition.layers[name]
        kept = parent.layers.get(name) if parent else None
        if parent and kept and kept.sha256 == entry.sha256:
            # Damage must not be carried on under a new seal.
            self.read(parent, name)
            link_or_copy(self.directory(parent) / manifest.layer_file(name), path)
            return
        if write_synced(path, draft.parts(name)) != entry.sha256:
            raise DamagedError(f"the draft of {name} is damaged; import it again")
