"""Rows that were not accepted, kept as they came until they are corrected."""

import hashlib
import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from geo.errors import Fault

Cell = str | int | float | bool | None

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS: Final = 12
_FAULT: Final = tuple(one.name for one in fields(Fault))

SCHEMA: Final = (
    "CREATE TABLE quarantine_form (form INTEGER PRIMARY KEY, headings TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TABLE quarantine (id TEXT PRIMARY KEY, file TEXT NOT NULL, sheet TEXT, layer TEXT NOT NULL,"
    " row INTEGER NOT NULL, form INTEGER NOT NULL REFERENCES quarantine_form, cells TEXT NOT NULL,"
    " faults TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL) STRICT",
    "CREATE INDEX quarantine_place ON quarantine (file, layer, row)",
)


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One row that was not accepted: where it stood, its cells as they came, and why.

    ``id`` is short, begins with a Q so that no spreadsheet takes it for a number, and is the same whenever the same
    row comes. ``file`` tells files apart: hand in enough of the path. ``row`` is the row as the steward sees it.
    The store fills ``actor`` and ``at`` (UTC).
    """

    id: str
    file: str
    sheet: str | None
    layer: str
    row: int
    headings: tuple[str, ...]
    cells: tuple[Cell, ...]
    faults: tuple[Fault, ...]
    actor: str = ""
    at: datetime | None = field(default=None)


def quarantine_row(
    file: str,
    sheet: str | None,
    layer: str,
    row: int,
    headings: Sequence[str],
    cells: Iterable[Any],
    faults: Iterable[Fault],
) -> QuarantineRow:
    """Return a row for quarantine, its cells as plain values, with the id that is its own.

    >>> quarantine_row("a.csv", None, "facilities.sports", 7, ["名称"], ["体育馆"], []).id
    'Q1TC0YC8P474T'
    """
    plain = tuple(plain_cell(cell) for cell in cells)
    told = _json([file, sheet, layer, int(row), plain])
    number = int.from_bytes(hashlib.sha256(told.encode()).digest()[:8])
    name = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_DIGITS))
    return QuarantineRow(f"Q{name}", file, sheet, layer, int(row), tuple(headings), plain, tuple(faults))


def plain_cell(value: Any) -> Cell:
    """Return a cell as it is kept: text, number, truth or nothing; dates as ISO text, what is no number as text.

    >>> plain_cell(float("nan")), plain_cell(float("inf")), plain_cell(date(2026, 5, 1))
    (None, 'inf', '2026-05-01')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    if isinstance(value, str | int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def keep(db: sqlite3.Connection, rows: Sequence[QuarantineRow], actor: str, at: str) -> int:
    """Keep ``rows`` and return how many are new or other than before."""
    forms: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.headings not in forms:
            forms[row.headings] = _form(db, row.headings)
    before = db.total_changes
    db.executemany(
        "INSERT INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " form = excluded.form, cells = excluded.cells, faults = excluded.faults, actor = excluded.actor,"
        " at = excluded.at WHERE cells <> excluded.cells OR faults <> excluded.faults OR form <> excluded.form",
        (
            (row.id, row.file, row.sheet, row.layer, row.row, forms[row.headings], _json(row.cells),
             _json([{name: getattr(fault, name) for name in _FAULT} for fault in row.faults]), actor, at)
            for row in rows
        ),
    )  # fmt: skip
    return db.total_changes - before


def accept(db: sqlite3.Connection, place: tuple[str, str | None, str], rows: Any) -> int:
    """Release what is quarantined at these rows of (file, sheet, layer); return how many entries."""
    held = db.execute("SELECT id, row FROM quarantine WHERE file = ? AND sheet IS ? AND layer = ?", place).fetchall()
    if not held:
        return 0
    done = np.isin([row for _, row in held], rows)
    return release(db, [name for (name, _), out in zip(held, done, strict=True) if out])


def release(db: sqlite3.Connection, ids: Iterable[str]) -> int:
    """Release entries by id; return how many there were."""
    before = db.total_changes
    db.executemany("DELETE FROM quarantine WHERE id = ?", ((one,) for one in ids))
    return db.total_changes - before


def listed(db: sqlite3.Connection) -> list[QuarantineRow]:
    """Return every entry, by file, sheet, layer and row."""
    forms = {form: tuple(json.loads(text)) for form, text in db.execute("SELECT form, headings FROM quarantine_form")}
    rows = db.execute(
        "SELECT id, file, sheet, layer, row, form, cells, faults, actor, at FROM quarantine"
        " ORDER BY file, sheet, layer, row, id"
    )
    return [
        QuarantineRow(
            name, file, sheet, layer, row, forms[form], tuple(json.loads(cells)),
            tuple(_fault(one) for one in json.loads(faults)), actor, datetime.fromisoformat(at).astimezone(UTC),
        )
        for name, file, sheet, layer, row, form, cells, faults, actor, at in rows
    ]  # fmt: skip


def again(entry: QuarantineRow, cells: Iterable[Any], faults: Iterable[Fault]) -> QuarantineRow:
    """Return ``entry`` as it came back, corrected but still at fault: the same entry with new cells and faults."""
    return replace(entry, cells=tuple(plain_cell(cell) for cell in cells), faults=tuple(faults))


def _form(db: sqlite3.Connection, headings: tuple[str, ...]) -> int:
    text = _json(headings)
    db.execute("INSERT INTO quarantine_form (headings) VALUES (?) ON CONFLICT DO NOTHING", (text,))
    return int(db.execute("SELECT form FROM quarantine_form WHERE headings = ?", (text,)).fetchone()[0])


def _fault(raw: Mapping[str, Any]) -> Fault:
    return Fault(**raw)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
