"""The tables of a workspace's database, and the statements that lead from one version of them to the next."""

import sqlite3
from typing import Final

from data.stores.quarantine import SCHEMA as QUARANTINE

_FIRST: Final = (
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
)

_STEWARDS: Final = (
    # Who has drafted a layer; `others` are the rows that somebody else has, or at another time.
    "CREATE TABLE draft_author (layer TEXT PRIMARY KEY REFERENCES draft_layer ON DELETE CASCADE,"
    " actor TEXT NOT NULL, at TEXT NOT NULL, others BLOB) STRICT",
    "INSERT INTO draft_author SELECT layer, updated_by, updated_at, NULL FROM draft_layer",
    "CREATE TABLE draft_removed (layer TEXT PRIMARY KEY, actor TEXT NOT NULL, at TEXT NOT NULL) STRICT",
    # Editions to be deleted: whoever opens the workspace next carries on where a crash stopped.
    "CREATE TABLE pruning (edition INTEGER PRIMARY KEY) STRICT",
    *QUARANTINE,
)

VERSIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _STEWARDS)
"""The statements of each version, oldest first; ``user_version`` counts those done."""


def version(db: sqlite3.Connection) -> int:
    """Return how many versions are done."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def upgrade(db: sqlite3.Connection) -> None:
    """Do what is not done yet, inside the caller's transaction."""
    for number, statements in enumerate(VERSIONS[version(db) :], start=version(db) + 1):
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number:d}")
