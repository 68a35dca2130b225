"""What changes in an embedded workspace, in one SQLite database: the city, the draft, the quarantine, the audit log.

Every call opens its own connection, so that any thread and any process may call at any time.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from data.stores import quarantine, schema
from data.stores.base import AuditEntry, City, DamagedError, LayerEntry, StorageError, canonical_json
from data.stores.changes import Change, layers, named, note
from data.stores.merge import Authors
from data.stores.quarantine import QuarantineRow
from geo.errors import ConflictError, NotFoundError

_BUSY_MS: Final = 30_000
_WAL_KEPT_BYTES: Final = 64 * 1024**2
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REFUSED: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)


class State:
    """The database of one workspace."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, city: City, *, actor: str) -> None:
        """Make a new database; it is complete, and in one file, when this returns."""
        with self._connection(mode="rwc") as db:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
        self.upgrade()
        with self._changing() as db:
            db.execute("INSERT INTO city VALUES (1, ?, ?, ?, ?)", (city.code, city.name, city.name_en, city.crs))
            note(db, actor, "create", {"city": city.code})

    def upgrade(self) -> None:
        """Bring the schema to this version; raises ConflictError if a newer Quantu wrote it."""
        with self._connection() as db:
            done = schema.version(db)
        if done > len(schema.VERSIONS):
            raise ConflictError(f"{self._path} was written by a newer Quantu; update this one")
        if done == len(schema.VERSIONS):
            return
        with self._changing() as db:
            # Another process may have been first.
            schema.upgrade(db)

    def city(self) -> City:
        """Return the city."""
        with self._connection() as db:
            row = db.execute("SELECT code, name, name_en, crs FROM city").fetchone()
        if row is None:
            raise DamagedError(f"{self._path} names no city; restore it from a backup")
        return City(*row)

    def layers(self) -> dict[str, LayerEntry]:
        """Return the draft's layers by name."""
        with self._connection() as db:
            return layers(db)

    def change(self, changes: Iterable[Change], *, actor: str) -> None:
        """Make all changes in one transaction, or none: what any of them raises undoes them all."""
        with self._changing() as db:
            for change in changes:
                change.apply(db, actor)

    def quarantined(self) -> list[QuarantineRow]:
        """Return the rows that were not accepted."""
        with self._connection() as db:
            return quarantine.listed(db)

    def begin_pruning(self, numbers: Iterable[int], *, actor: str) -> None:
        """Note that these editions are to be deleted, and log it: from here on they will be."""
        with self._changing() as db:
            chosen = sorted(numbers)
            db.executemany("INSERT OR IGNORE INTO pruning VALUES (?)", ((number,) for number in chosen))
            note(db, actor, "prune", {"editions": chosen})

    def pruning(self) -> set[int]:
        """Return the editions that are to be deleted and may still be there."""
        with self._connection() as db:
            return {number for (number,) in db.execute("SELECT edition FROM pruning")}

    def end_pruning(self) -> None:
        """Note that they are gone."""
        with self._changing() as db:
            db.execute("DELETE FROM pruning")

    def read(self, layer: str) -> tuple[LayerEntry, bytes]:
        """Return one layer of the draft with its bytes; raises NotFoundError."""
        with self.snapshot() as draft:
            entry = draft.entry(layer)
            return entry, b"".join(draft.parts(layer))

    @contextmanager
    def snapshot(self) -> Iterator["Draft"]:
        """Yield the draft as it stands now, whatever others change meanwhile."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield Draft(db)
            db.execute("ROLLBACK")

    def settle(self, published: Mapping[str, LayerEntry], *, number: int, actor: str) -> list[str]:
        """Take out of the draft what edition ``number`` has published, and return those layers; log it once.

        What a steward has changed since is left. Doing it twice, or after a crash, changes nothing more.
        """
        with self._connection() as db:
            if not any(_settled(db, published, number)):
                return []
        with self._changing() as db:
            done, unmarked, unlogged = _settled(db, published, number)
            db.executemany("DELETE FROM draft_layer WHERE layer = ?", [(name,) for name in done])
            db.executemany("DELETE FROM draft_removed WHERE layer = ?", [(name,) for name in unmarked])
            if unlogged:
                note(db, actor, "publish", {"edition": number})
        if done:
            # As a script, for `execute` steps a statement without columns once, which would free one page.
            with suppress(ConflictError, StorageError), self._connection() as db:
                db.executescript("PRAGMA incremental_vacuum")
        return done

    def audit(self) -> list[AuditEntry]:
        """Return the audit log, oldest first."""
        with self._connection() as db:
            rows = db.execute("SELECT at, actor, action, detail FROM audit ORDER BY id").fetchall()
        return [AuditEntry(datetime.fromisoformat(at), who, what, json.loads(how)) for at, who, what, how in rows]

    @contextmanager
    def _connection(self, *, mode: str = "rw") -> Iterator[sqlite3.Connection]:
        """Yield a connection; raises ConflictError (kept locked by others) and DamagedError."""
        try:
            db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
            try:
                db.execute(f"PRAGMA busy_timeout = {_BUSY_MS:d}")
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA foreign_keys = ON")
                db.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES:d}")
                yield db
            finally:
                db.close()
        except sqlite3.DatabaseError as error:
            # The low byte is the error's kind.
            kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise ConflictError(f"{self._path} is being written by another process; try again") from error
            if kind in _DAMAGED:
                raise DamagedError(f"{self._path} is damaged ({error}); restore it from a backup") from error
            if kind in _REFUSED:
                why = f"{self._path} cannot be written or read ({error})"
                raise StorageError(f"{why}; nothing has changed. Mend: make room, or give the rights.") from error
            raise

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a write transaction: committed at the end, rolled back by any exception."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            # Closing a connection with an open transaction rolls it back.
            yield db
            db.execute("COMMIT")


class Draft:
    """The draft at one moment: its layers, and what the next edition is to lack (who took it out, when)."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # The snapshot is taken by the first read.
        self.layers: Mapping[str, LayerEntry] = layers(db)
        self.removed: Mapping[str, tuple[str, str]] = {
            layer: (actor, at) for layer, actor, at in db.execute("SELECT layer, actor, at FROM draft_removed")
        }

    def laid_over(self, parent: Mapping[str, LayerEntry]) -> dict[str, LayerEntry]:
        """Return the layers of the edition that follows one of ``parent``."""
        kept = {name: entry for name, entry in parent.items() if name not in self.removed}
        return dict(sorted({**kept, **self.layers}.items()))

    def entry(self, layer: str) -> LayerEntry:
        """Return the layer's entry; raises NotFoundError."""
        if layer not in self.layers:
            raise NotFoundError(f"no layer {layer!r} in the draft; it holds: {named(self.layers)}")
        return self.layers[layer]

    def parts(self, layer: str) -> Iterator[bytes]:
        """Yield the layer's bytes, piece by piece."""
        rows = self._db.execute("SELECT payload FROM draft_chunk WHERE layer = ? ORDER BY part", (layer,))
        for (payload,) in rows:
            yield payload

    def authors(self, layer: str) -> Authors | None:
        """Return who has drafted the layer or taken it out, None where the draft says nothing of it."""
        if layer in self.removed:
            return Authors(*self.removed[layer])
        row = self._db.execute("SELECT actor, at, others FROM draft_author WHERE layer = ?", (layer,)).fetchone()
        return None if row is None else Authors.unpacked(*row)


def _settled(
    db: sqlite3.Connection, published: Mapping[str, LayerEntry], number: int
) -> tuple[list[str], list[str], bool]:
    """Return the drafted layers that are published, the marks that say no more, and whether the edition is unlogged."""
    done = [
        name
        for name, entry in layers(db).items()
        if name in published
        and published[name].sha256 == entry.sha256
        and canonical_json(published[name].meta) == canonical_json(entry.meta)
    ]
    removed = [layer for (layer,) in db.execute("SELECT layer FROM draft_removed")]
    logged = db.execute(
        "SELECT 1 FROM audit WHERE action = 'publish' AND json_extract(detail, '$.edition') = ?", (number,)
    ).fetchone()
    return done, [layer for layer in removed if layer not in published], logged is None
