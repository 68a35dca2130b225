"""A bureau's sheet as rows of the plan's tables: headings, names, years, units and areas read, faults told."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from data.frames import CRS_KEPT, Column, FrameSpec
from data.plan import Indicator, plan
from data.read.raw import RawTable
from data.read.wording import heading_key
from geo.errors import Fault, InputError, ParameterError
from layers.plan.naming import indicator_named
from layers.plan.tables import LISTS, REPORTS, TABLES, TARGETS
from layers.plan.units import convert, exact_text, number_and_unit, plain

_WHOLE_CITY: Final = ("", "全市", "市本级", "合计", "兰州市")
_BRACKETED: Final = re.compile(r"[(（]\s*([^()（）]+?)\s*[)）]\s*$")
_YEAR: Final = re.compile(r"(20\d\d)")
_DONE: Final = ("完成", "已完成", "推进中", "未完成")


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What a sheet held: the rows of one table, ready to conform, how its headings were read, and the faults."""

    spec: FrameSpec
    frame: gpd.GeoDataFrame
    headings: Mapping[str, str]
    faults: tuple[Fault, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class Declared:
    """What the caller says about a sheet: the year and source where it names none, and whether it is made up.

    ``counties`` gives codes by name; ``percents`` the cells, as (row, number), that the workbook shows in %.
    """

    year: int | None
    source: str
    synthetic: bool
    counties: Mapping[str, str]
    percents: Collection[tuple[int, float]] = ()


def known_names() -> frozenset[str]:
    """Return the keys of every heading the plan's tables are read by."""
    return frozenset(
        heading_key(name)
        for spec in TABLES.values()
        for key, column in spec.columns.items()
        for name in _names(key, column)
    )


def read_sheet(raw: RawTable, declared: Declared) -> Read:
    """Return the rows of a sheet of reported values, split targets, or recognitions, told by its headings.

    A row without a value is skipped: it is not reported. Raises InputError where the headings are of no such sheet.
    """
    spec, fields, years = _form(raw)
    faults: list[Fault] = []
    rows: list[dict[str, Any]] = []
    skipped = 0
    for at in range(len(raw.cells)):
        line = _Line(raw, at, fields, declared, faults)
        for heading, year in years or [("", None)]:
            made = line.listed() if spec is LISTS else line.valued(heading, year)
            if made is None:
                skipped += 1
            else:
                rows.append(made)
    faults += _twice(raw, rows, spec)
    columns = [name for name in spec.columns if name != spec.key]
    table = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns)
    frame = gpd.GeoDataFrame(table, geometry=[None] * len(table), crs=CRS_KEPT)
    return Read(spec, frame, fields, tuple(faults), skipped)


def _names(key: str, column: Column) -> tuple[str, ...]:
    return (key, column.zh, *column.aliases)


def _fields(raw: RawTable, spec: FrameSpec) -> dict[str, str]:
    """Return heading by field: the whole heading, or its last part where merged rows were joined."""
    found: dict[str, str] = {}
    for field, column in spec.columns.items():
        wanted = {heading_key(name) for name in _names(field, column)}
        for heading in raw.headings:
            if heading not in found.values() and ({heading_key(heading), heading_key(heading.split("/")[-1])} & wanted):
                found[field] = heading
                break
    return found


def _form(raw: RawTable) -> tuple[FrameSpec, dict[str, str], list[tuple[str, int | None]]]:
    """Return which table a sheet is of, its fields, and its columns of values with their year."""
    listed = _fields(raw, LISTS)
    if "KIND" in listed and "NAME" in listed:
        return LISTS, listed, []
    for spec in (REPORTS, TARGETS):
        fields = _fields(raw, spec)
        if "NAME" not in fields and "INDICATOR" not in fields:
            continue
        columns: list[tuple[str, int | None]] = [(fields["VALUE"], None)] if "VALUE" in fields else []
        columns = columns or _by_year(raw, spec)
        if columns and (spec is REPORTS or "AREA" in fields):
            return spec, fields, columns
    raise InputError(
        Fault(
            "no_report",
            f"the headings ({'、'.join(raw.headings)}) are of no report sheet.",
            "wanted: 指标 and 完成值 (reports), 指标, 区县 and 目标值 (split targets), or 名单类别 and 名称 (lists).",
            raw.file,
        )
    )


def _by_year(raw: RawTable, spec: FrameSpec) -> list[tuple[str, int | None]]:
    wanted = {heading_key(name) for name in _names("VALUE", spec.columns["VALUE"])} | {"", "值"}
    out: list[tuple[str, int | None]] = []
    for heading in raw.headings:
        year = _YEAR.search(heading)
        rest = heading_key(_YEAR.sub("", heading)).replace("年度", "").replace("年", "")
        if year and rest in wanted:
            out.append((heading, int(year[1])))
    return out


class _Line:
    """One row of a sheet being read; what is wrong with it is added to ``faults``."""

    def __init__(self, raw: RawTable, at: int, fields: Mapping[str, str], declared: Declared, faults: list[Fault]):
        self._raw, self._at, self._fields, self._declared, self._faults = raw, at, fields, declared, faults

    def _cell(self, field: str) -> Any:
        heading = self._fields.get(field)
        return None if heading is None else self._of(heading)

    def _of(self, heading: str) -> Any:
        value = self._raw.cells[heading].iloc[self._at]
        return None if value is None or (not isinstance(value, str) and pd.isna(value)) else value

    def _text(self, field: str) -> str:
        value = self._cell(field)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "" if value is None else plain(str(value))

    def _fault(self, code: str, message: str, mend: str, column: str, value: Any, *, warning: bool = False) -> None:
        self._faults.append(
            Fault(
                code, message, mend, self._raw.file, int(self._raw.rows[self._at]), column,
                None if value is None else str(value), "warning" if warning else "error",
            )
        )  # fmt: skip

    def listed(self) -> dict[str, Any] | None:
        """Return the row of a list, None where it cannot be read."""
        column = LISTS.columns["KIND"]
        written = self._text("KIND")
        kind = column.synonyms.get(written, written)
        allowed = set(column.values)
        if kind not in allowed:
            self._fault(
                "unknown_list", "there is no such list.", f"one of {'、'.join(sorted(allowed))}.", "KIND", written
            )
            return None
        year = self._year(None)
        if year is None:
            return None
        return {
            "KIND": kind, "NAME": self._text("NAME"), "YEAR": year, "AREA": self._text("AREA") or None,
            "VENUE": self._text("VENUE") or None, "SOURCE": self._text("SOURCE") or self._declared.source,
            "NOTE": self._text("NOTE") or None, "SYNTHETIC": self._declared.synthetic,
        }  # fmt: skip

    def valued(self, heading: str, year: int | None) -> dict[str, Any] | None:
        """Return the row of a reported value or split target, None where there is none or it cannot be read."""
        value = self._of(heading)
        if value is None or (isinstance(value, str) and plain(value) in {"", "-", "—", "/", "未报"}):
            return None
        name = self._text("INDICATOR") or self._text("NAME")
        match = indicator_named(name)
        if match.code is None:
            likely = f"is it {'、'.join(match.candidates)}?" if match.candidates else "see `quantu plan` for the names."
            self._fault("unknown_indicator", "the plan has no such indicator.", likely, "NAME", name)
            return None
        when = self._year(year)
        area = self._area()
        if when is None or area is None:
            return None
        got = self._value(match.code, heading, value)
        if got is None:
            return None
        amount, unit, written = got
        return {
            "SECTOR": self._text("SECTOR") or None, "INDICATOR": match.code, "NAME": self._text("NAME") or name,
            "YEAR": when, "UNIT": unit, "AREA": area or None,
            "SOURCE": self._text("SOURCE") or self._declared.source, "DATE": self._date(),
            "NOTE": self._text("NOTE") or None, "SYNTHETIC": self._declared.synthetic, "VALUE": amount,
            "WRITTEN": written, "AGENCY": self._text("AGENCY") or None,
        }  # fmt: skip

    def _year(self, year: int | None) -> int | None:
        text = self._text("YEAR")
        found = _YEAR.search(text)
        if year is None and found:
            year = int(found[1])
        year = self._declared.year if year is None else year
        if year is None:
            self._fault("no_year", "the row names no year.", "add a column 年度, or give --year.", "YEAR", text or None)
        return year

    def _area(self) -> str | None:
        """Return a county's code, "" for the city, None (and a fault) for a place that is neither."""
        text = self._text("AREA")
        if text in _WHOLE_CITY:
            return ""
        counties = self._declared.counties
        if text in counties.values():
            return text
        if text in counties:
            return counties[text]
        short = [code for name, code in counties.items() if name.rstrip("区县") == text.rstrip("区县")]
        if len(short) == 1:
            return short[0]
        known = "、".join(counties) or "none: the edition has no areas"
        self._fault("unknown_area", "there is no such county.", f"one of {known}.", "AREA", text)
        return None

    def _date(self) -> pd.Timestamp | None:
        value = self._cell("DATE")
        if value is None:
            return None
        if isinstance(value, date | datetime | pd.Timestamp):
            return pd.Timestamp(value)
        text = re.sub(r"[年月./]", "-", plain(str(value))).replace("日", "")
        try:
            return pd.Timestamp(date.fromisoformat("-".join(part.zfill(2) for part in text.split("-"))))
        except ValueError:
            self._fault("date", "the date is not read and left out.", "write 2025-12-31.", "DATE", value, warning=True)
            return None

    def _value(self, code: str, heading: str, value: Any) -> tuple[str, str, str] | None:
        """Return (exact decimal text in the plan's unit, that unit, what was written), None with a fault."""
        indicator = next((one for one in plan().indicators if one.code == code), None)
        if indicator is None:
            return self._state(value)
        given = self._text("UNIT")
        if not given:
            bracketed = _BRACKETED.search(plain(heading)) or _BRACKETED.search(self._text("NAME"))
            given = bracketed[1] if bracketed else ""
        try:
            number, own = _number(value)
            if (
                isinstance(value, int | float)
                and (int(self._raw.rows[self._at]), float(value)) in self._declared.percents
            ):
                own, number = "%", number * 100
            unit = own or given
            amount = number if not unit else convert(number, unit, indicator.unit)
        except ParameterError as error:
            self._fault("value", f"{error}.", f"a number in {indicator.unit}.", heading, value)
            return None
        if indicator.kind != "growth" and amount < 0:
            self._fault("negative", "the value is below 0.", "correct it.", heading, value)
            return None
        if not unit:
            self._fault(
                "no_unit", f"no unit is written; {indicator.unit} of the plan is taken.", "add a column 单位.",
                heading, value, warning=True,
            )  # fmt: skip
        self._hint_share(indicator, heading, value, amount)
        return (
            exact_text(amount),
            indicator.unit,
            f"{value}{own if own and isinstance(value, str) else ''} {given}".strip(),
        )

    def _hint_share(self, indicator: Indicator, heading: str, value: Any, amount: Fraction) -> None:
        """Warn where a share of a target far above 1 % is stated as 1 or less: it may be meant as a decimal."""
        if (
            indicator.kind == "ratio"
            and indicator.unit == "%"
            and 0 < amount <= 1
            and indicator.comparison == "at_least"
        ):
            self._fault(
                "share", f"the value is read as {exact_text(amount)} %.", "write 91.2%, or the unit 小数 for 0.912.",
                heading, value, warning=True,
            )  # fmt: skip

    def _state(self, value: Any) -> tuple[str, str, str] | None:
        text = plain(str(value))
        if text not in _DONE:
            self._fault("state", "a milestone has no such state.", f"one of {'、'.join(_DONE)}.", "VALUE", value)
            return None
        return text.removeprefix("已"), "", text


def _number(value: Any) -> tuple[Fraction, str]:
    if isinstance(value, str):
        return number_and_unit(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(f"{value!r} is no number")
    # the shortest decimal that is this float is what the cell shows
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value), ""


def _twice(raw: RawTable, rows: list[dict[str, Any]], spec: FrameSpec) -> list[Fault]:
    """Return a fault for each row whose key another row of the sheet has, and take it out of ``rows``."""
    seen: dict[tuple[Any, ...], int] = {}
    faults: list[Fault] = []
    for row in list(rows):
        key = tuple(row.get(name) for name in spec.key_of)
        if key in seen:
            rows.remove(row)
            text = "、".join(str(part) for part in key if part)
            faults.append(
                Fault("duplicate_key", "the sheet states this twice.", "leave one of them.", raw.file, value=text)
            )
        seen[key] = 1
    return faults
