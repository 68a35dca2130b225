"""Headings as stewards write them, matched to the fields of a layer; shown, never silently guessed.

What equals a field's name, title or alias is used. What only resembles one is proposed, and used when the steward
declares it or accepts what is similar.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from rapidfuzz import fuzz, process

from data.frames import Column, FrameSpec
from data.read.raw import RawTable
from data.read.sheet import SURPLUS
from data.read.units import factor, heading_unit, is_unit
from data.read.wording import heading_key
from geo.errors import Fault, InputError

How = Literal["declared", "exact", "alias", "similar", "none"]
Role = Literal["lon", "lat", "both", "x", "y", "east", "north"]

_Found = tuple[str, How, int, float]
"""A field, how it was found, the place of the name among the field's names, and the likeness."""

SIMILAR: Final = 75.0
"""Least likeness, of 100, of a heading that is proposed: three of four characters. It is never used unasked."""
IGNORE: Final = "-"
"""What a column is declared as that is to be left alone."""
POSITION_WORDS: Final = ("lon", "lat", "lonlat", "x", "y", "east", "north")
"""What a column may be declared as beside the fields."""

_NAME: Final = "NAME"
_NAMES: Final = re.compile(r"(?!.*(?:所属|所在|行政|区划|乡镇|街道|线路|品牌|标准))[^a-z]{1,8}名称")
_LON: Final = re.compile(r"lon|lng|long|.{0,12}longitude|.{0,12}(?:经度|东经).{0,6}|.{1,8}(?:lon|lng)")
_LAT: Final = re.compile(r"lat|.{0,12}latitude|.{0,12}(?:纬度|北纬).{0,6}|.{1,8}lat")
_BOTH: Final = re.compile(
    r".{0,8}(?:经纬度?|经纬度坐标|坐标值?|坐标位置|坐标点|lonlat|lnglat|location|coordinates?|gps)"
)
_EAST: Final = re.compile(r".{0,6}(?:东坐标|横坐标|easting).{0,4}|东向坐标")
_NORTH: Final = re.compile(r".{0,6}(?:北坐标|纵坐标|northing).{0,4}|北向坐标")
_X: Final = re.compile(r".{0,6}(?:x坐标|坐标x|xcoord)|x|pointx")
_Y: Final = re.compile(r".{0,6}(?:y坐标|坐标y|ycoord)|y|pointy")
_ROLES: Final[tuple[tuple[Role, re.Pattern[str]], ...]] = (
    ("both", re.compile(r".*经纬.*")), ("lon", _LON), ("lat", _LAT), ("east", _EAST), ("north", _NORTH), ("x", _X),
    ("y", _Y), ("both", _BOTH),
)  # fmt: skip
_HINTS: Final = (
    ("bd09", re.compile(r"百度|bd-?0?9|baidu", re.IGNORECASE)),
    ("gcj02", re.compile(r"高德|腾讯|火星|gcj|amap", re.IGNORECASE)),
    ("cgcs2000", re.compile(r"国家2000|cgcs|2000坐标|大地2000", re.IGNORECASE)),
    ("wgs84", re.compile(r"wgs|gps", re.IGNORECASE)),
)
_ERROR: Final = frozenset({"错误", "错误说明", "错误信息", "error", "errors"})
_QUARANTINE: Final = frozenset({"隔离编号", "quarantineid"})
_UNUSED: Final = frozenset({"序号", "行号", "排序", "no", "sn", heading_key(SURPLUS)})


@dataclass(frozen=True, slots=True)
class PositionColumns:
    """The headings that hold the position: two columns, or one with both; ``hint`` is the datum they name, if any.

    ``survey`` says that the columns are called X and Y, which surveyors exchange.
    """

    x: str | None = None
    y: str | None = None
    both: str | None = None
    hint: str | None = None
    survey: bool = False

    def __bool__(self) -> bool:
        """Return whether there is a position at all."""
        return self.both is not None or (self.x is not None and self.y is not None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a heading was taken for, or might be; ``score`` is its likeness of 100."""

    heading: str
    field: str | None
    how: How
    score: float


@dataclass(frozen=True, slots=True)
class Matching:
    """Which heading is which field (``fields``: field → heading), and what was proposed for every heading."""

    fields: Mapping[str, str]
    proposals: tuple[Proposal, ...]
    position: PositionColumns
    error_column: str | None = None
    quarantine_column: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Return the headings that are nothing known."""
        known = {*self.fields.values(), self.position.x, self.position.y, self.position.both}
        known |= {self.error_column, self.quarantine_column}
        return tuple(
            p.heading for p in self.proposals if p.heading not in known and heading_key(p.heading) not in _UNUSED
        )


@dataclass(slots=True)
class _Work:
    """What is decided so far: heading → field, position roles, and faults."""

    taken: dict[str, tuple[str, How, float]] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


def known_headings(spec: FrameSpec) -> frozenset[str]:
    """Return the keys of all headings a file of this layer may have, for ``read_table(known=…)``."""
    keys = {key for keys in _field_keys(spec).values() for key in keys}
    return frozenset(keys | _ERROR | _QUARANTINE | _UNUSED | {"经度", "纬度", "lon", "lat", "坐标", "经纬度"})


def match_headings(
    raw: RawTable, spec: FrameSpec, *, declared: Mapping[str, str] | None = None, accept_similar: bool = False
) -> Matching:
    """Return which heading of ``raw`` is which field of ``spec``, and what each resembles.

    ``declared`` maps headings to fields (their names or titles), to lon, lat, lonlat, x, y, or to ``-``, and wins.
    Two headings for one field: the better match is used, or, of equals, the one whose alias is declared first; a
    warning names both.

    Raises InputError: a declared column or field is unknown, or one field is declared twice.
    """
    work = _Work()
    _declare(raw, spec, declared or {}, work)
    keys = _field_keys(spec)
    special = {h: heading_key(h) for h in raw.headings}
    error = next((h for h, key in special.items() if key in _ERROR), None)
    quarantine = next((h for h, key in special.items() if key in _QUARANTINE), None)
    free = [
        h for h in raw.headings
        if h not in work.taken and h not in work.roles and h not in work.ignored and h not in {error, quarantine}
        and special[h] not in _UNUSED
    ]  # fmt: skip
    exact = {h: found for h in free if (found := _exact(h, keys, spec)) is not None}
    exact |= _named(free, exact, spec, raw.file, work)
    for h in free:
        role = _role(h)
        if role is not None and (h not in exact or "/" in h or exact[h][1] == "alias"):
            work.roles.setdefault(h, role)
    _settle({h: found for h, found in exact.items() if h not in work.roles}, raw.file, work)
    rest = [h for h in free if h not in exact and h not in work.roles]
    similar = {h: like for h in rest if (like := _similar(h, keys, work)) is not None}
    if accept_similar:
        _settle({h: (f, "similar", 0, score) for h, (f, score) in similar.items()}, raw.file, work)
    proposals = tuple(
        Proposal(h, work.taken[h][0], work.taken[h][1], work.taken[h][2]) if h in work.taken
        else Proposal(h, work.roles[h], "exact", 100.0) if h in work.roles
        else Proposal(h, similar[h][0], "similar", similar[h][1]) if h in similar
        else Proposal(h, None, "none", 0.0)
        for h in raw.headings
    )  # fmt: skip
    position = _position(work, raw)
    return Matching(
        {found[0]: h for h, found in work.taken.items()}, proposals, position, error, quarantine, tuple(work.faults)
    )


def _field_keys(spec: FrameSpec) -> dict[str, list[str]]:
    """The keys of each field's names: its own, its title, its English title, its aliases."""
    return {
        name: [heading_key(text) for text in (name, column.zh, column.en, *column.aliases) if text]
        for name, column in spec.columns.items()
        if not (name == spec.key and spec.key_of)
    }


def _declare(raw: RawTable, spec: FrameSpec, declared: Mapping[str, str], work: _Work) -> None:
    titles = {heading_key(text): name for name, c in spec.columns.items() for text in (c.zh, name) if text}
    faults: list[Fault] = []
    for column, wanted in declared.items():
        heading = _heading(column, raw.headings)
        if heading is None:
            mend = f"name one of: {', '.join(raw.headings)}."
            faults.append(Fault("unknown_column", f"there is no column {column!r}.", mend, raw.file, None, column))
            continue
        if wanted == IGNORE:
            work.ignored.add(heading)
            continue
        if wanted.lower() in POSITION_WORDS:
            work.roles[heading] = "both" if wanted.lower() == "lonlat" else wanted.lower()  # type: ignore[assignment]
            continue
        name = titles.get(heading_key(wanted))
        if name is None:
            mend = f"name one of: {', '.join([*spec.columns, *POSITION_WORDS])}."
            faults.append(
                Fault("unknown_field", f"there is no field {wanted!r}.", mend, raw.file, None, column, wanted)
            )
        elif any(found[0] == name for found in work.taken.values()):
            mend = "declare one of them."
            faults.append(Fault("field_twice", f"{name} is declared twice.", mend, raw.file, None, column, wanted))
        else:
            work.taken[heading] = (name, "declared", 100.0)
    if faults:
        raise InputError(faults)


def _heading(column: str, headings: Collection[str]) -> str | None:
    if column in headings:
        return column
    same = [h for h in headings if heading_key(column) in {heading_key(h), heading_key(h.rsplit("/", 1)[-1])}]
    return same[0] if len(same) == 1 else None


def _parts(heading: str) -> Iterator[str]:
    """The keys of a heading, the fullest first: 床位/总数 is 床位总数, then 总数; a unit after a stroke is none."""
    yield heading_key(heading)
    *upper, last = heading.split("/")
    while upper and is_unit(last):
        yield heading_key("/".join(upper))
        last = upper.pop()
    yield heading_key(last)
    for part in reversed(upper):
        if re.fullmatch(r"[A-Z][A-Z0-9_]{1,9}", last) or "/" not in heading:
            yield heading_key(part)


def _named(
    free: Collection[str], exact: Mapping[str, _Found], spec: FrameSpec, file: str, work: _Work
) -> dict[str, _Found]:
    """The one heading that ends with 名称, where none is the name: 景区名称, 冷库名称 … A notice says so."""
    if _NAME not in spec.columns or any(found[0] == _NAME for found in (*exact.values(), *work.taken.values())):
        return {}
    named = [h for h in free if h not in exact and _NAMES.fullmatch(heading_key(h.rsplit("/", 1)[-1]))]
    if len(named) != 1:
        return {}
    message = f"{named[0]} is taken for the name."
    mend = f"declare what it is, if not: --map {named[0]}=FIELD."
    work.faults.append(Fault("taken_as_name", message, mend, file, None, named[0], severity="notice"))
    return {named[0]: (_NAME, "alias", 1000, 90.0)}


def _exact(heading: str, keys: Mapping[str, list[str]], spec: FrameSpec) -> _Found | None:
    """The field a heading names, how, and the place of the name among the field's; the fuller reading first."""
    for key in _parts(heading):
        found = [(names.index(key), name) for name, names in keys.items() if key in names]
        if found and key:
            place, name = min(found, key=lambda item: (not _fits(heading, spec.columns[item[1]]), item))
            return name, "exact" if place < 3 else "alias", place, 100.0
    return None


def _fits(heading: str, column: Column) -> bool:
    """Whether the unit a heading states is one of the field's kind: 库容（吨） and 库容（立方米） are two fields."""
    unit = unit_of(heading)
    return unit is None or not is_unit(unit) or factor(unit, column.unit) is not None


def _role(heading: str) -> Role | None:
    for key in _parts(heading):
        for role, pattern in _ROLES:
            if pattern.fullmatch(key):
                return role
    return None


def _similar(heading: str, keys: Mapping[str, list[str]], work: _Work) -> tuple[str, float] | None:
    used = {found[0] for found in work.taken.values()}
    choices = {(name, key): key for name, names in keys.items() if name not in used for key in names if len(key) > 1}
    best: tuple[str, float] | None = None
    for part in dict.fromkeys(_parts(heading)):
        if len(part) < 2:
            continue
        found = process.extractOne(part, choices, scorer=fuzz.ratio, score_cutoff=SIMILAR)
        if found is not None and (best is None or found[1] > best[1]):
            best = (found[2][0], round(float(found[1]), 1))
    return best


def _settle(found: Mapping[str, _Found], file: str, work: _Work) -> None:
    """Give each field its one heading; say which other headings would have fitted."""
    by_field: dict[str, list[tuple[int, float, str]]] = {}
    for heading, (name, _, place, score) in found.items():
        by_field.setdefault(name, []).append((place, -score, heading))
    for name, headings in by_field.items():
        best = min(headings, key=lambda item: item[:2])[2]
        others = [h for _, _, h in headings if h != best]
        declared = next((h for h, taken in work.taken.items() if taken[0] == name), None)
        if declared is not None:
            others, best = [h for _, _, h in headings], declared
        else:
            work.taken[best] = (name, found[best][1], found[best][3])
        if others:
            work.faults.append(
                Fault(
                    "ambiguous_heading", f"several headings are {name}: {best} is used, not {', '.join(others)}.",
                    f"declare it: --map COLUMN={name}.", file, None, best, None, "warning",
                )
            )  # fmt: skip


def _position(work: _Work, raw: RawTable) -> PositionColumns:
    roles: dict[Role, list[str]] = {}
    for heading, role in work.roles.items():
        roles.setdefault(role, []).append(heading)
    for role, several in roles.items():
        if len(several) > 1:
            message = f"several headings are {role}: {several[0]} is used, not {', '.join(several[1:])}."
            mend = f"declare it: --map COLUMN={'lonlat' if role == 'both' else role}."
            work.faults.append(
                Fault("ambiguous_position", message, mend, raw.file, None, several[0], severity="warning")
            )
    pairs: tuple[tuple[Role, Role], ...] = (("lon", "lat"), ("east", "north"), ("x", "y"))
    for x, y in pairs:
        if x in roles and y in roles:
            return PositionColumns(roles[x][0], roles[y][0], None, _hint(roles[x][0]), x == "x")
    if "both" in roles:
        return PositionColumns(None, None, roles["both"][0], _hint(roles["both"][0]))
    for several in list(roles.values())[:1]:
        message = f"the position has a column {several[0]} and no other."
        work.faults.append(
            Fault("half_position", message, "name the other one with --map COLUMN=lon or lat.", raw.file, None,
                  several[0], severity="warning")
        )  # fmt: skip
    return PositionColumns()


def _hint(heading: str) -> str | None:
    """The datum a heading of the position names, e.g. 百度经度 or 经度(GCJ-02); None where it names none."""
    return next((datum for datum, pattern in _HINTS if pattern.search(heading)), None)


def unit_of(heading: str) -> str | None:
    """Return the unit a heading states, None where it states none or a remark such as 必填 stands in its brackets."""
    unit = heading_unit(heading)
    if unit is None or is_unit(unit):
        return unit
    return None if re.search(r"必填|选填|可选|整数|数字|填写|格式|如|代码|示例|级|/|、", unit) else unit
