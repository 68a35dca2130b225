"""The cells of the matched columns as typed columns of a layer; every cell that cannot be read is a fault with its row.

Each distinct cell is read once, so that a million rows cost what their distinct values cost; columns of clean text and
clean numbers are taken as a whole.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rapidfuzz import process

from data.frames import Column, FrameSpec
from data.read.cells import (
    Remark,
    Unreadable,
    folded,
    is_nothing,
    read_code,
    read_day,
    read_number,
    read_text,
    read_truth,
)
from data.read.headings import Matching, unit_of
from data.read.raw import RawTable, text_array
from data.read.units import factor
from data.read.wording import heading_key, plain
from geo.errors import Fault

_ALL_SHOWN: Final = 12
"""So many allowed values are all named in a fault; of more, the nearest."""
_NEAREST: Final = 5
_VALUE_CHARS: Final = 120
_TINY: Final = 1e-9
_MOST_YEAR: Final = 100_000
_MOST_DAY: Final = 100_000_000
"""Digits of a year, with room for slips that are told from it by its range, and of a day: 20240501."""
_CLEAN_NUMBER: Final = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,17})?$"
_UNCLEAN_TEXT: Final = (
    r"[\x00-\x20\x{85}\x{a0}\x{1680}\x{180e}\x{2000}-\x{200b}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}]"
)
_CLEAN_CODE: Final = r"^[0-9A-Za-z_\-]*[0-9A-Za-z_\-]$"
_POWER: Final = r"^[0-9](\.[0-9]+)?[eE][+-]?[0-9]{1,3}$"

Read = Callable[[Any], tuple[Any, Remark | None]]


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """The typed columns that were found, what is wrong with them, and which rows are kept out.

    Attributes:
        frame: (N,) rows in the order of the raw table; a column a field; Int64, float64, boolean, datetime64[s], text
            as str with NaN where empty. A cell that could not be read is empty.
        faults: of cells, ``row`` as in ``raw.rows``, ``column`` the heading; ``raw.notices`` are not among them.
        bad: (N,) rows with a fault of severity error, those of ``raw.notices`` included.
    """

    frame: pd.DataFrame
    faults: list[Fault]
    bad: NDArray[np.bool_]


def typed(raw: RawTable, matching: Matching, spec: FrameSpec, *, obligatory: Collection[str] = ()) -> Typed:
    """Return the matched columns of ``raw`` in the types, units and values of ``spec``; never raises for a cell.

    ``obligatory`` names fields that may not be empty in any row; what an import fills in itself is for its caller.
    Numbers outside ``low`` and ``high`` are a warning (implausible); below zero where ``low`` is not, an error.
    """
    faults: list[Fault] = []
    bad = _bad_already(raw)
    out: dict[str, Any] = {}
    for name, column in spec.columns.items():
        heading = matching.fields.get(name)
        if heading is None:
            continue
        out[name] = _column(raw, heading, name, column, faults, bad)
        if name in obligatory:
            for i in np.flatnonzero(pd.isna(out[name]).to_numpy() & ~_filled(raw.cells[heading])):
                bad[i] = True
                message = f"{column.zh or name} is empty."
                faults.append(Fault("empty", message, "fill it in.", raw.file, int(raw.rows[i]), heading))
    return Typed(pd.DataFrame(out, index=pd.RangeIndex(len(raw.rows))), faults, bad)


def _bad_already(raw: RawTable) -> NDArray[np.bool_]:
    kept_out = [fault.row for fault in raw.notices if fault.severity == "error" and fault.row is not None]
    return np.isin(raw.rows, np.array(kept_out, dtype=np.int64))


def _filled(cells: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(cells.notna().to_numpy(), dtype=np.bool_)


def _column(
    raw: RawTable, heading: str, name: str, column: Column, faults: list[Fault], bad: NDArray[np.bool_]
) -> pd.Series:
    """One column typed; its faults are appended, its bad rows marked."""
    cells = raw.cells[heading]
    by = _heading_factor(raw, heading, column, faults) if column.kind in {"int", "float"} else 1.0
    read = _reader(name, column, by, raw.dates_1904)
    ready, rest = _taken_whole(cells, name, column, by)
    seen: dict[tuple[type, Any], tuple[Any, Remark | Unreadable | None]] = {}
    for i, cell in zip(rest.tolist(), cells.iloc[rest].tolist(), strict=True):
        key = (type(cell), cell)
        if key not in seen:
            seen[key] = _one(cell, read)
        value, said = seen[key]
        ready[i] = value
        if said is not None:
            severity = "error" if isinstance(said, Unreadable) else said.severity
            bad[i] |= severity == "error"
            text = str(cell)[:_VALUE_CHARS]
            what = str(said) if isinstance(said, Unreadable) else said.message
            row = int(raw.rows[i])
            faults.append(Fault(said.code, what, said.mend, raw.file, row, heading, text, severity))
    series = _as_kind(ready, column)
    if column.kind in {"int", "float"} and (column.low is not None or column.high is not None):
        _out_of_range(series, column, heading, raw, faults, bad)
    return series


def _one(cell: Any, read: Read) -> tuple[Any, Remark | Unreadable | None]:
    try:
        return read(cell)
    except Unreadable as what:
        return None, what


def _heading_factor(raw: RawTable, heading: str, column: Column, faults: list[Fault]) -> float:
    unit = unit_of(heading)
    if unit is None:
        return 1.0
    by = factor(unit, column.unit)
    if by is None:
        own = column.unit or "a count"
        message = f"the unit {unit!r} in the heading is unknown or does not fit {own}: numbers are taken as they are."
        mend = f"give the column in {column.unit or 'units'}."
        faults.append(Fault("unknown_unit", message, mend, raw.file, None, heading, unit, "warning"))
        return 1.0
    if abs(by - 1.0) > _TINY:
        message = f"numbers in {unit} were converted to {column.unit or 'units'} (× {by:g})."
        faults.append(
            Fault("converted", message, "nothing, if the heading is right.", raw.file, None, heading, unit, "notice")
        )
    return by


def _reader(name: str, column: Column, by: float, dates_1904: bool) -> Read:
    if column.values:  # noqa: PD011 - of a Column
        return _one_of(column, by)
    if column.kind in {"int", "float"}:
        if column.check == "year":
            return lambda cell: _year(cell, dates_1904)
        return lambda cell: read_number(cell, unit=column.unit, heading_factor=by, whole=column.kind == "int")
    if column.kind == "date":
        return lambda cell: read_day(cell, dates_1904=dates_1904)
    if column.kind == "bool":
        return read_truth
    if column.check == "area_code":
        return lambda cell: (_area_codes(cell), None)
    if _is_code(name, column):
        return lambda cell: (read_code(cell), None)
    return lambda cell: (read_text(cell), None)


def _is_code(name: str, column: Column) -> bool:
    return column.check in {"area_code", "uscc", "gb4754"} or name.endswith(("_ID", "_id", "_NO")) or name == "code"


def _area_codes(cell: Any) -> str | None:
    """One code, or several with ; between them."""
    if isinstance(cell, str):
        for mark in "；，,、|":
            cell = cell.replace(mark, ";")
        parts = [read_code(part) for part in cell.split(";") if part.strip()]
        return ";".join(part for part in parts if part) or None
    return read_code(cell)


def _year(cell: Any, dates_1904: bool) -> tuple[int | None, Remark | None]:
    """A year; of a date its year."""
    if isinstance(cell, float | int | np.integer) and not isinstance(cell, bool) and cell == cell // 1:
        number = int(cell)
        if abs(number) < _MOST_YEAR:
            return number, None
        if abs(number) >= _MOST_DAY:
            raise Unreadable("not_a_year", "the cell is no year.", "write it as 2024.")
        cell = str(number)  # a day written as 20240501
    if isinstance(cell, str) and folded(cell).isdecimal():
        text = folded(cell)
        if len(text) > 8:
            raise Unreadable("not_a_year", "the cell is no year.", "write it as 2024.")
        if int(text) < _MOST_YEAR:
            return int(text), None
    day, remark = read_day(cell, dates_1904=dates_1904)
    return (None if day is None else day.year), None if remark is None or remark.code == "first_day" else remark


def _one_of(column: Column, by: float) -> Read:
    """A reader of allowed values and what is written for them, in any width, case and script."""
    choices = list(column.values)
    allowed = {plain(value): value for value in choices}
    allowed |= {plain(word): value for word, value in column.synonyms.items() if plain(word) not in allowed}
    bare = {heading_key(word): value for word, value in allowed.items()}

    def read(cell: Any) -> tuple[Any, Remark | None]:
        text = read_text(cell)
        if text is None:
            return None, None
        value = allowed.get(plain(text), bare.get(heading_key(text)))
        if value is None and column.kind in {"int", "float"}:
            number, remark = read_number(cell, unit=column.unit, heading_factor=by, whole=column.kind == "int")
            if number is None or str(number) in choices:
                return number, remark
        elif value is not None:
            return (int(value) if column.kind == "int" else float(value) if column.kind == "float" else value), None
        elif is_nothing(text):
            return None, Remark("read_as_empty", f"{text} was read as empty.", "write one of the allowed values.")
        names = choices
        if len(names) > _ALL_SHOWN:
            names = [found[0] for found in process.extract(text, names, limit=_NEAREST)]
        raise Unreadable("not_allowed", "the value is not one of those allowed.", f"write one of: {', '.join(names)}.")

    return read


def _taken_whole(cells: pd.Series, name: str, column: Column, by: float) -> tuple[Any, NDArray[np.int64]]:
    """The values that are clean as they stand, and the rows that have to be read one by one."""
    out: NDArray[Any] = np.full(len(cells), None, dtype=object)
    filled = _filled(cells)
    if not isinstance(cells.dtype, pd.StringDtype):
        return out, np.flatnonzero(filled).astype(np.int64)
    array = text_array(cells)
    listed = bool(column.values)
    if listed or column.kind in {"bool", "date"} or column.check in {"area_code", "year"}:
        return _by_value(out, array, filled, _reader(name, column, by, False))
    if column.kind == "text":
        if _is_code(name, column):
            clean = pc.and_(
                pc.match_substring_regex(array, _CLEAN_CODE), pc.invert(pc.match_substring_regex(array, _POWER))
            )
        else:
            clean = pc.invert(pc.match_substring_regex(array, _UNCLEAN_TEXT))
        mask = np.asarray(pc.fill_null(clean, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
        if not (filled & ~mask).any():
            return cells.array, np.zeros(0, dtype=np.int64)
        out[mask] = np.asarray(array.filter(pa.array(mask)).to_numpy(zero_copy_only=False), dtype=object)
        return out, np.flatnonzero(filled & ~mask).astype(np.int64)
    clean = pc.match_substring_regex(array, _CLEAN_NUMBER)
    mask = np.asarray(pc.fill_null(clean, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    numbers = pc.cast(array.filter(pa.array(mask)), pa.float64()).to_numpy(zero_copy_only=False) * by
    floats = np.full(len(cells), np.nan)
    floats[mask] = numbers
    if column.kind == "int":
        mask &= np.abs(floats - np.round(floats)) < _TINY
        floats[~mask] = np.nan
        floats = np.round(floats)
    if mask.all() or not (filled & ~mask).any():
        return floats, np.zeros(0, dtype=np.int64)
    out[mask] = floats[mask]
    return out, np.flatnonzero(filled & ~mask).astype(np.int64)


def _by_value(
    out: NDArray[Any], array: pa.Array, filled: NDArray[np.bool_], read: Read
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Values that recur are read once; rows whose value has something to be said of are left to be read one by one."""
    encoded = array.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    values = np.full(len(words) + 1, None, dtype=object)
    said = np.zeros(len(words) + 1, dtype=np.bool_)
    for i, word in enumerate(words):
        values[i], what = _one(word, read)
        said[i] = what is not None
    out[:] = values[codes]
    return out, np.flatnonzero(filled & said[codes]).astype(np.int64)


def _as_kind(values: Any, column: Column) -> pd.Series:
    if column.kind == "float":
        return pd.Series(pd.to_numeric(pd.Series(values)), dtype="float64")
    if column.kind == "int":
        return pd.Series(pd.to_numeric(pd.Series(values))).astype("Int64")
    if column.kind == "bool":
        return pd.Series(values, dtype="boolean")
    if column.kind == "date":
        days = np.array(
            [np.datetime64("NaT", "s") if not isinstance(v, date) else np.datetime64(v, "s") for v in values]
        )
        return pd.Series(days.astype("datetime64[s]"))
    return pd.Series(values, dtype="str")


def _out_of_range(
    series: pd.Series, column: Column, heading: str, raw: RawTable, faults: list[Fault], bad: NDArray[np.bool_]
) -> None:
    numbers = series.astype("float64").to_numpy(na_value=np.nan)
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    wanted = f"{low:g} to {high:g}{f' {column.unit}' if column.unit else ''}"
    for i in np.flatnonzero((numbers < low) | (numbers > high)):
        negative = numbers[i] < 0 <= low
        bad[i] |= negative
        faults.append(
            Fault(
                "negative" if negative else "implausible",
                "the number is negative." if negative else f"the number is outside what is plausible ({wanted}).",
                "correct it." if negative else "check the number and its unit.",
                raw.file, int(raw.rows[i]), heading, f"{numbers[i]:g}", "error" if negative else "warning",
            )
        )  # fmt: skip
