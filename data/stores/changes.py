"""What can be done to the draft and the quarantine, each as one piece of a transaction."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from data.stores import quarantine
from data.stores.base import LayerEntry, canonical_json
from data.stores.merge import Authors
from data.stores.quarantine import QuarantineRow
from geo.errors import NotFoundError

CHUNK_BYTES: Final = 64 * 1024**2
"""Bytes in one row of a layer's blob: SQLite holds at most 1 GB in one, and works best well below."""


class Change(Protocol):
    """One change; ``apply`` makes it inside the caller's write transaction."""

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Make the change and note it in the audit log."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """Replace a layer of the draft by ``payload``; ``authors`` None: all of it is the actor's."""

    entry: LayerEntry
    payload: bytes = field(repr=False)
    authors: Authors | None = None
    action: str | None = "put_draft"
    detail: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Write the layer in chunks, with its authors."""
        entry, view = self.entry, memoryview(self.payload)
        authors = self.authors or Authors(actor, now())
        db.execute("DELETE FROM draft_layer WHERE layer = ?", (entry.name,))
        db.execute("DELETE FROM draft_removed WHERE layer = ?", (entry.name,))
        db.execute(
            "INSERT INTO draft_layer VALUES (?, ?, ?, ?, ?, ?, ?)",
            (entry.name, entry.sha256, entry.rows, entry.bytes, canonical_json(entry.meta), now(), actor),
        )
        db.executemany(
            "INSERT INTO draft_chunk VALUES (?, ?, ?)",
            (
                (entry.name, part, view[start : start + CHUNK_BYTES])
                for part, start in enumerate(range(0, len(view), CHUNK_BYTES))
            ),
        )
        db.execute(
            "INSERT INTO draft_author VALUES (?, ?, ?, ?)", (entry.name, authors.by, authors.at, authors.packed())
        )
        if self.action:
            said = {"layer": entry.name, "sha256": entry.sha256, "rows": entry.rows, **self.detail}
            note(db, actor, self.action, said)


@dataclass(frozen=True, slots=True)
class Drop:
    """Take a layer out of the draft; NotFoundError if it is not in it."""

    layer: str

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Delete the layer."""
        if db.execute("DELETE FROM draft_layer WHERE layer = ?", (self.layer,)).rowcount == 0:
            raise NotFoundError(f"no layer {self.layer!r} in the draft; it holds: {named(layers(db))}")
        note(db, actor, "drop_draft", {"layer": self.layer})


@dataclass(frozen=True, slots=True)
class Remove:
    """Make the next edition hold no such layer."""

    layer: str
    action: str | None = "remove_layer"

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Delete the layer's draft and leave a mark. The mark says no more once an edition lacks the layer."""
        db.execute("DELETE FROM draft_layer WHERE layer = ?", (self.layer,))
        db.execute("INSERT OR REPLACE INTO draft_removed VALUES (?, ?, ?)", (self.layer, actor, now()))
        if self.action:
            note(db, actor, self.action, {"layer": self.layer})


@dataclass(frozen=True, slots=True)
class Discard:
    """Empty the draft, for an edition to be restored into it; what is in quarantine stays."""

    edition: int
    layers: Sequence[str]

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Delete every layer and mark."""
        db.execute("DELETE FROM draft_layer")
        db.execute("DELETE FROM draft_removed")
        note(db, actor, "restore", {"edition": self.edition, "layers": list(self.layers)})


@dataclass(frozen=True, slots=True, eq=False)
class Quarantine:
    """Keep rows that were not accepted."""

    rows: Sequence[QuarantineRow]

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Keep them; the same rows again are no change."""
        kept = quarantine.keep(db, self.rows, actor, now())
        if kept:
            note(db, actor, "quarantine", {"rows": kept})


@dataclass(frozen=True, slots=True, eq=False)
class Accept:
    """Release what is quarantined of accepted rows of a file."""

    file: str
    sheet: str | None
    layer: str
    rows: NDArray[np.int64]

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Release them."""
        freed = quarantine.accept(db, (self.file, self.sheet, self.layer), self.rows)
        if freed:
            note(db, actor, "release", {"rows": freed})


@dataclass(frozen=True, slots=True)
class Release:
    """Take entries out of quarantine by id."""

    ids: Sequence[str]

    def apply(self, db: sqlite3.Connection, actor: str) -> None:
        """Release them."""
        freed = quarantine.release(db, self.ids)
        if freed:
            note(db, actor, "release", {"rows": freed})


def layers(db: sqlite3.Connection) -> dict[str, LayerEntry]:
    """Return the draft's layers by name."""
    rows = db.execute("SELECT layer, sha256, rows, bytes, meta FROM draft_layer ORDER BY layer").fetchall()
    return {name: LayerEntry(name, sha, count, size, json.loads(meta)) for name, sha, count, size, meta in rows}


def note(db: sqlite3.Connection, actor: str, action: str, detail: Mapping[str, Any]) -> None:
    """Write one line of the audit log."""
    db.execute(
        "INSERT INTO audit (at, actor, action, detail) VALUES (?, ?, ?, ?)",
        (now(), actor, action, canonical_json(detail)),
    )


def now() -> str:
    """Return the time as it is kept: UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def named(names: Mapping[str, object]) -> str:
    """Return names for a message."""
    return ", ".join(sorted(names)) or "nothing"
