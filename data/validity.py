"""When an area is valid: a boundary that changes is data, a row beside the closed old one.

A row is valid from ``valid_from`` on (empty: always was) until the day before ``valid_to`` (empty: still is).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import Fault, InputError, ParameterError

_YEAR: Final = re.compile(r"\d{4}")
_CARRIED: Final = ("name_en", "kind", "parent")
"""What a file need not say of an area that is known: it stays as it was."""
_CONTENT: Final = ("name", "name_en", "parent", "kind")

Row = dict[str, Any]


def parse_day(text: str, *, year_too: bool = True) -> date:
    """Return the day ``text`` names, ``2022-02-01``; a year alone, where one will do, is its last day.

    Raises ParameterError.

    >>> parse_day("2020").isoformat(), parse_day("2022-02-01").isoformat()
    ('2020-12-31', '2022-02-01')
    """
    try:
        return date(int(text), 12, 31) if year_too and _YEAR.fullmatch(text) else date.fromisoformat(text)
    except ValueError:
        also = ", or a year for its last day" if year_too else ""
        raise ParameterError(f"{text!r} is no day; write it as 2022-02-01{also}") from None


def valid_at(areas: gpd.GeoDataFrame, at: date) -> gpd.GeoDataFrame:
    """Return the rows of an AREAS frame that are valid on the day ``at``; each code occurs once among them."""
    day = pd.Timestamp(at)
    begins, ends = pd.to_datetime(areas["valid_from"]), pd.to_datetime(areas["valid_to"])
    return areas[((begins.isna()) | (begins <= day)) & ((ends.isna()) | (ends > day))]


@dataclass(frozen=True, slots=True, eq=False)
class Succession:
    """The areas after an import, and the codes it added, replaced, closed, opened, left as they were, and removed.

    ``closed``: an older row now ends where the new one begins; ``opened``: a younger one begins where it ends.
    """

    frame: gpd.GeoDataFrame
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    closed: tuple[str, ...]
    opened: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def succeed(
    before: gpd.GeoDataFrame | None,
    new: gpd.GeoDataFrame,
    *,
    level: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Succession:
    """Return the areas ``before`` with the rows ``new`` of one ``level`` laid over them.

    Without a day the new rows take the place of all that are valid now and leave closed ones alone: a correction.
    With one they are valid for that time only; what was valid then for the same code is cut there, and codes the
    file does not name stay. A row that says what is known already changes nothing.

    Raises InputError where a row would end a later one that is known, ParameterError where the days are the wrong
    way round.
    """
    if valid_from is not None and valid_to is not None and valid_from >= valid_to:
        raise ParameterError(f"valid from {valid_from} to {valid_to}: the first day must come before the last")
    known = [] if before is None else [dict(row) for row in before.to_dict("records")]
    others = [row for row in known if row["level"] != level]
    own: dict[str, list[Row]] = {}
    for row in known:
        if row["level"] == level:
            own.setdefault(str(row["code"]), []).append(row)
    log: dict[str, list[str]] = {name: [] for name in ("added", "replaced", "closed", "opened", "unchanged", "removed")}
    out: list[Row] = []
    faults: list[Fault] = []
    dated = valid_from is not None or valid_to is not None
    begin, end = _stamp(valid_from), _stamp(valid_to)
    for row in new.to_dict("records"):
        code = str(row["code"])
        rows = own.pop(code, [])
        if dated:
            out += _cut(_carried(dict(row), rows, begin), rows, begin, end, log, faults)
        else:
            out += _corrected(dict(row), rows, log)
    for code, rows in own.items():
        kept = rows if dated else [row for row in rows if not _missing(row["valid_to"])]
        if len(kept) < len(rows):
            log["removed"].append(code)
        out += kept
    if faults:
        raise InputError(faults)
    out.sort(key=lambda row: (str(row["code"]), "" if _missing(row["valid_from"]) else str(row["valid_from"])))
    frame = gpd.GeoDataFrame(others + out, geometry="geometry", crs=new.crs)
    return Succession(frame, *(tuple(sorted(log[name])) for name in log))


def _corrected(row: Row, rows: Sequence[Row], log: dict[str, list[str]]) -> list[Row]:
    """Return the rows of one code after ``row`` took the place of the open one, whose first day it keeps."""
    closed = [one for one in rows if not _missing(one["valid_to"])]
    now = [one for one in rows if _missing(one["valid_to"])]
    if now:
        row["valid_from"] = now[0]["valid_from"]
    elif closed:
        row["valid_from"] = max(one["valid_to"] for one in closed)
    row = _carried(row, now, None)
    same = bool(now) and _says_the_same(row, now[0])
    log["unchanged" if same else "replaced" if now else "added"].append(str(row["code"]))
    return [*closed, now[0] if same else row]


def _cut(
    row: Row, rows: Sequence[Row], begin: Any, end: Any, log: dict[str, list[str]], faults: list[Fault]
) -> list[Row]:
    """Return the rows of one code with ``row`` valid from ``begin`` to ``end`` and the others cut to leave it room."""
    code = str(row["code"])
    out: list[Row] = []
    met, left = False, 0
    for one in rows:
        starts, stops = one["valid_from"], one["valid_to"]
        if _before(stops, begin) or _before(end, starts):
            out.append(one)
            continue
        if _says_the_same(row, one) and _not_after(starts, begin) and _not_after(end, stops, open_last=True):
            log["unchanged"].append(code)
            return list(rows)
        if _missing(end) and not _missing(starts) and (_missing(begin) or starts > begin):
            faults.append(
                Fault(
                    "later_row", f"{code} is known from {starts.date()} on already.",
                    f"say how long the new one was valid: --valid-to {starts.date()}.", column="valid_from", value=code,
                )
            )  # fmt: skip
            continue
        met = True
        if not _missing(begin) and (_missing(starts) or starts < begin):
            out.append({**one, "valid_to": begin})
            log["closed"].append(code)
            left += 1
        if not _missing(end) and (_missing(stops) or end < stops):
            out.append({**one, "valid_from": end})
            log["opened"].append(code)
            left += 1
    if not left:
        log["replaced" if met else "added"].append(code)
    return [*out, {**row, "valid_from": begin, "valid_to": end}]


def _carried(row: Row, rows: Sequence[Row], begin: Any) -> Row:
    """Return ``row`` with what it does not say taken from the row of its code that was valid on the day ``begin``."""
    if not rows:
        return row
    held = [one for one in rows if not _before(one["valid_to"], begin)] or list(rows)
    last = max(held, key=lambda one: "" if _missing(one["valid_from"]) else str(one["valid_from"]))
    return {**row, **{name: last[name] for name in _CARRIED if _missing(row[name])}}


def _says_the_same(one: Row, other: Row) -> bool:
    told = all((_missing(one[name]) and _missing(other[name])) or one[name] == other[name] for name in _CONTENT)
    return told and bool(shapely.normalize(one["geometry"]) == shapely.normalize(other["geometry"]))


def _before(end: Any, begin: Any) -> bool:
    """Whether a time that ends on ``end`` is over when one begins on ``begin``; an empty day lies beyond all."""
    return not _missing(end) and not _missing(begin) and bool(end <= begin)


def _not_after(one: Any, other: Any, *, open_last: bool = False) -> bool:
    """Whether ``one`` is no later than ``other``; an empty day is the first of all, or with ``open_last`` the last."""
    if open_last:
        return _missing(other) or (not _missing(one) and bool(one <= other))
    return _missing(one) or (not _missing(other) and bool(one <= other))


def _stamp(day: date | None) -> Any:
    return pd.NaT if day is None else pd.Timestamp(day)


def _missing(value: Any) -> bool:
    return bool(pd.isna(value))
