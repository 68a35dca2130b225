"""What changes in an embedded workspace, in one SQLite database: the city, the draft, the audit log.

Every call opens its own connection, so that any thread and any process may call at any time.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from data.stores.base import AuditEntry, City, DamagedError, LayerEntry, canonical_json
from geo.errors import ConflictError, NotFoundError

CHUNK_BYTES: Final = 64 * 1024**2
"""Bytes in one row of a layer's blob: SQLite holds at most 1 GB in one, and works best well below."""

_BUSY_MS: Final = 30_000
_WAL_KEPT_BYTES: Final = 64 * 1024**2

_VERSIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE city (only INTEGER PRIMARY KEY CHECK (only = 1), code TEXT NOT NULL,"
        " name TEXT NOT NULL, name_en TEXT NOT NULL, crs TEXT NOT NULL) STRICT",
        "CREATE TABLE draft_layer (layer TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL,"
        " bytes INTEGER NOT NULL, meta TEXT NOT NULL, updated_at TEXT NOT NULL,"
        " updated_by TEXT NOT NULL) STRICT",
        "CREATE TABLE draft_chunk (layer TEXT NOT NULL REFERENCES draft_layer ON DELETE CASCADE,"
        " part INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (layer, part)) STRICT",
        "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,"
        " action TEXT NOT NULL, detail TEXT NOT NULL) STRICT",
        "CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append only'); END",
        "CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append only'); END",
    ),
)
"""The statements that lead from one schema version to the next; ``user_version`` counts those done."""


@dataclass(frozen=True, slots=True)
class Put:
    """Replace a layer of the draft by ``payload``."""

    entry: LayerEntry
    payload: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Take a layer out of the draft."""

    layer: str


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
            _note(db, actor, "create", {"city": city.code})

    def upgrade(self) -> None:
        """Bring the schema to this version; raises ConflictError if a newer Quantu wrote it."""
        with self._connection() as db:
            done = _version(db)
        if done > len(_VERSIONS):
            raise ConflictError(f"{self._path} was written by a newer Quantu; update this one")
        if done == len(_VERSIONS):
            return
        with self._changing() as db:
            # Another process may have been first.
            for number, statements in enumerate(_VERSIONS[_version(db) :], start=_version(db) + 1):
                for statement in statements:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number:d}")

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
            return _layers(db)

    def change(self, changes: Iterable[Put | Drop], *, actor: str) -> None:
        """Make all changes to the draft in one transaction; NotFoundError if a layer to drop is not there."""
        with self._changing() as db:
            for change in changes:
                if isinstance(change, Put):
                    _put(db, change, actor)
                else:
                    _drop(db, change.layer, actor)

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
            # The snapshot is taken by the first read.
            yield Draft(db, _layers(db))
            db.execute("ROLLBACK")

    def settle(self, published: Mapping[str, LayerEntry], *, number: int, actor: str) -> list[str]:
        """Take out of the draft what edition ``number`` has published, and return those layers; log it once.

        What a steward has changed since is left. Doing it twice, or after a crash, changes nothing more.
        """
        with self._changing() as db:
            done = [
                name
                for name, entry in _layers(db).items()
                if name in published
                and published[name].sha256 == entry.sha256
                and canonical_json(published[name].meta) == canonical_json(entry.meta)
            ]
            db.executemany("DELETE FROM draft_layer WHERE layer = ?", [(name,) for name in done])
            logged = db.execute(
                "SELECT 1 FROM audit WHERE action = 'publish' AND json_extract(detail, '$.edition') = ?",
                (number,),
            ).fetchone()
            if logged is None:
                _note(db, actor, "publish", {"edition": number})
        if done:
            # As a script, for `execute` steps a statement without columns once, which would free one page.
            with suppress(ConflictError), self._connection() as db:
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
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise ConflictError(f"{self._path} is being written by another process; try again") from error
            raise
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise DamagedError(f"{self._path} is damaged ({error}); restore it from a backup") from error
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
    """The draft at one moment."""

    def __init__(self, db: sqlite3.Connection, layers: Mapping[str, LayerEntry]) -> None:
        self._db = db
        self.layers = layers

    def entry(self, layer: str) -> LayerEntry:
        """Return the layer's entry; raises NotFoundError."""
        if layer not in self.layers:
            raise NotFoundError(f"no layer {layer!r} in the draft; it holds: {_named(self.layers)}")
        return self.layers[layer]

    def parts(self, layer: str) -> Iterator[bytes]:
        """Yield the layer's bytes, piece by piece."""
        rows = self._db.execute("SELECT payload FROM draft_chunk WHERE layer = ? ORDER BY part", (layer,))
        for (payload,) in rows:
            yield payload


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _layers(db: sqlite3.Connection) -> dict[str, LayerEntry]:
    rows = db.execute("SELECT layer, sha256, rows, bytes, meta FROM draft_layer ORDER BY layer").fetchall()
    return {name: LayerEntry(name, sha, count, size, json.loads(meta)) for name, sha, count, size, meta in rows}


def _put(db: sqlite3.Connection, change: Put, actor: str) -> None:
    entry, view = change.entry, memoryview(change.payload)
    db.execute("DELETE FROM draft_layer WHERE layer = ?", (entry.name,))
    db.execute(
        "INSERT INTO draft_layer VALUES (?, ?, ?, ?, ?, ?, ?)",
        (entry.name, entry.sha256, entry.rows, entry.bytes, canonical_json(entry.meta), _now(), actor),
    )
    db.executemany(
        "INSERT INTO draft_chunk VALUES (?, ?, ?)",
        (
            (entry.name, part, view[start : start + CHUNK_BYTES])
            for part, start in enumerate(range(0, len(view), CHUNK_BYTES))
        ),
    )
    _note(db, actor, "put_draft", {"layer": entry.name, "sha256": entry.sha256, "rows": entry.rows})


def _drop(db: sqlite3.Connection, layer: str, actor: str) -> None:
    if db.execute("DELETE FROM draft_layer WHERE layer = ?", (layer,)).rowcount == 0:
        raise NotFoundError(f"no layer {layer!r} in the draft; it holds: {_named(_layers(db))}")
    _note(db, actor, "drop_draft", {"layer": layer})


def _note(db: sqlite3.Connection, actor: str, action: str, detail: Mapping[str, Any]) -> None:
    db.execute(
        "INSERT INTO audit (at, actor, action, detail) VALUES (?, ?, ?, ?)",
        (_now(), actor, action, canonical_json(detail)),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _named(layers: Mapping[str, LayerEntry]) -> str:
    return ", ".join(sorted(layers)) or "nothing"
