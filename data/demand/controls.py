"""Control totals: what a census table says of each area, its codes checked and its gaps filled from the area above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.demand.heads import converted, persons_each
from data.demand.kinds import RESIDENTS, Kind, bare_heading, kind_named
from data.demand.spread import shares
from data.demand.table import CountTable
from data.read.areas import kept_code
from data.stores.base import City
from geo.errors import Fault, InputError

LEVELS: Final = ("county", "township", "unit_2020")
_CODES: Final = (
    "code", "adcode", "xzqdm", "xzqdm12", "areacode", "代码", "编码", "区划代码", "行政区划代码", "行政区代码",
    "地区代码", "统计用区划代码", "普查区代码",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Controls:
    """The total of every control area by its code, and how it came about.

    Attributes:
        column: the heading the totals stand under.
        shared: areas whose own total is not in the table; they have their part of the area above's.
        whole: whether every total is a whole number.
        others: rows of the table that are areas of other cities.
    """

    file: str
    column: str
    level: str
    totals: Mapping[str, float] = field(hash=False)
    shared: tuple[str, ...]
    whole: bool
    others: int
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class _Rows:
    """What a table says: counts and residents by kept code, at the level and above it."""

    own: dict[str, float | None] = field(default_factory=dict)
    above: dict[str, float | None] = field(default_factory=dict)
    residents: dict[str, float] = field(default_factory=dict)
    line: dict[str, int] = field(default_factory=dict)
    others: int = 0


def controls_of(
    table: CountTable,
    kind: Kind,
    *,
    level: str,
    areas: gpd.GeoDataFrame,
    city: City,
    column: str | None = None,
    residents: Mapping[str, float] | None = None,
) -> Controls:
    """Return the control totals a table gives for the areas of ``level``, ``areas`` being those of its day.

    ``column`` names the heading, else one is looked for that means ``kind``. Rows of areas above are not totals of
    their own: where an area has none, it gets its part of what its parent's count leaves, by its residents (in the
    table, else ``residents`` by code); where all have one, a difference to the parent's is a warning.

    Raises InputError naming every fault: no such column, no area of that code, a count that is no number of 0 or
    more, a code twice, an area without a count and without a parent that has one.
    """
    if level not in LEVELS:
        raise InputError(Fault("level", f"{level!r} is no level of controls.", f"use one of {', '.join(LEVELS)}."))
    faults: list[Fault] = []
    code, counted, people = _columns(table, kind, column)
    each, unit = persons_each(counted, table.left_out, table.file)
    known = areas[areas["level"] == level].set_index("code")
    if known.empty:
        raise InputError(
            Fault("no_areas", f"there are no areas of level {level}.", "import them first, or name another --level.")
        )
    if level != "township":
        known = known.assign(parent=known["parent"].astype("object").fillna(city.code))
    rows = _read(table, (code, counted, people), each, level, known, city, faults)
    shared = _fill(rows, kind, known, residents or {}, table.file, faults)
    if not rows.own:
        faults.append(Fault("no_area", f"no row is an area of level {level}.", "say the right --level.", table.file))
    if any(fault.severity == "error" for fault in faults):
        raise InputError(fault for fault in faults if fault.severity == "error")
    totals = {one: float(value) for one, value in sorted(rows.own.items()) if value is not None}
    faults += [*converted(each, unit, table.file, counted), *_not_counted(known, totals, table.file)]
    whole = all(value.is_integer() for value in totals.values())
    return Controls(table.file, counted, level, totals, shared, whole, rows.others, tuple(faults))


def _columns(table: CountTable, kind: Kind, column: str | None) -> tuple[str, str, str | None]:
    """Return the headings of the code, of the count, and of residents where the table has them."""
    bare = {name: bare_heading(name) for name in table.headings}
    codes = {bare_heading(name) for name in _CODES}
    meant = {bare_heading(name) for name in kind.headings} if column is None else {bare_heading(column)}
    people = {bare_heading(name) for name in kind_named(RESIDENTS).headings}
    code = [name for name in table.headings if bare[name] in codes]
    count = [name for name in table.headings if name == column] or [n for n in table.headings if bare[n] in meant]
    faults = [
        Fault(
            "missing_column" if not found else "ambiguous_column",
            f"{'no' if not found else len(found)} columns hold {what}: {'、'.join(found or table.headings)}.",
            mend, table.file,
        )
        for found, what, mend in (
            (code, "the areas' codes", "head it 行政区划代码 or code."),
            (count, f"{kind.zh_long} ({kind.id})", "name it with --controls-column."),
        )
        if len(found) != 1
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    others = [name for name in table.headings if bare[name] in people]
    return code[0], count[0], others[0] if len(others) == 1 else None


def _read(
    table: CountTable, columns: tuple[str, str, str | None], each: float, level: str, known: pd.DataFrame, city: City,
    faults: list[Fault],
) -> _Rows:  # fmt: skip
    code_column, count_column, people_column = columns
    parents = {*known["parent"].dropna().astype("str"), city.code}
    out = _Rows()
    codes = table.text(code_column)
    counts = table.numbers(count_column, faults, each=each)
    people = [None] * len(codes) if people_column is None else table.numbers(
        people_column, [], each=persons_each(people_column, table.left_out, table.file)[0]
    )  # fmt: skip
    for row, code, count, persons in zip(table.rows, codes, counts, people, strict=True):
        if code is None:
            if count is not None:
                faults.append(
                    Fault("no_code", "a count without a code is left out.", "give the area's code.", table.file, row,
                          code_column, severity="warning")
                )  # fmt: skip
            continue
        kept, above = kept_code(code, level), {kept_code(code, one) for one in ("city", "county")}
        of = kept if kept in known.index else next(iter(sorted(above & parents)), None)
        if of is None:
            if city.code.isdigit() and code.isdigit() and code[:4] != city.code[:4]:
                out.others += 1
                continue
            mend = f"correct the code, or import the areas of level {level} first."
            faults.append(Fault("no_area", f"no {level} of that code.", mend, table.file, row, code_column, code))
        elif of in out.line:
            mend = "leave one of them out."
            faults.append(Fault("duplicate_key", f"also in row {out.line[of]}.", mend, table.file, row, code_column,
                                code))  # fmt: skip
        else:
            out.line[of] = row
            (out.own if of == kept and kept in known.index else out.above)[of] = count
            if persons is not None:
                out.residents[of] = persons
    return out


def _fill(
    rows: _Rows, kind: Kind, known: pd.DataFrame, residents: Mapping[str, float], file: str, faults: list[Fault]
) -> tuple[str, ...]:
    """Give areas without a count their part of the area above's, in ``rows.own``; return their codes."""
    shared: list[str] = []
    for parent, mine in known.groupby(known["parent"].fillna("").astype("str"), sort=True):
        held = [str(code) for code in mine.index]
        blank = [code for code in sorted(held) if rows.own.get(code) is None]
        total = rows.above.get(str(parent))
        summed = sum(value for code in held if (value := rows.own.get(code)) is not None)
        if not blank:
            if total is not None and not np.isclose(summed, total, rtol=1e-9, atol=0.0):
                faults.append(_differs(file, rows.line[str(parent)], str(parent), summed, total))
            continue
        people = {code: rows.residents.get(code, residents.get(code, 0.0)) for code in blank}
        if total is not None and kind.id != RESIDENTS and sum(people.values()) > 0:
            left = total - summed
            if left < 0:
                faults.append(_differs(file, rows.line[str(parent)], str(parent), summed, total, severity="error"))
                continue
            _share(rows, left, {code: value for code, value in people.items() if value > 0})
            shared += [code for code in blank if people[code] > 0]
            blank = [code for code in blank if people[code] == 0 and code in rows.own]
        faults += [
            Fault("no_count", f"{code} has no count, and nothing says how many of {parent or 'the city'} are its.",
                  "fill it in, or import residents first.", file, rows.line[code], value=code)
            for code in blank if code in rows.line
        ]  # fmt: skip
    return tuple(shared)


def _share(rows: _Rows, left: float, people: Mapping[str, float]) -> None:
    codes = list(people)
    weights = np.array([people[code] for code in codes], dtype=np.float64)
    parts = shares(left, weights, np.array(codes, dtype=object), whole=float(left).is_integer())
    rows.own.update(zip(codes, parts.tolist(), strict=True))


def _differs(file: str, row: int, parent: str, summed: float, total: float, *, severity: str = "warning") -> Fault:
    return Fault(
        "parent_differs", f"the areas of {parent} sum to {summed:,.10g}, its own row says {total:,.10g}.",
        "correct the table; the areas' own counts are used.", file, row, value=parent,
        severity="error" if severity == "error" else "warning",
    )  # fmt: skip


def _not_counted(known: pd.DataFrame, totals: Mapping[str, float], file: str) -> Sequence[Fault]:
    missing = [code for code in sorted(known.index) if code not in totals]
    if not missing:
        return ()
    named = "、".join(f"{code} {known['name'][code]}" for code in missing[:10])
    more = "" if len(missing) <= 10 else f" and {len(missing) - 10} more"
    return (
        Fault("not_counted", f"{len(missing)} areas have no control total and get nobody: {named}{more}.",
              "add them to the table.", file, severity="warning"),
    )  # fmt: skip
