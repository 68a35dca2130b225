"""Addresses without coordinates, matched to the village or township they name.

An address is read as 省, 市, 区县, 镇乡街道, 村社区, the rest. A name with its ending (和平镇, 新营村委会) counts
wherever a name may begin; one without (和平, 新营) only at the start or after the unit above, and only where nothing is
left that could belong to it: 和平饭店 and 酒泉路100号 name no township. An address whose name fits several units is not
placed: the fault names them. The code wins over the words.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.read.area_units import LEVELS, Unit, Units, units_of
from geo.errors import Fault

F64 = NDArray[np.float64]
Objects = NDArray[np.object_]

HOW: Final = {"village": "村（社区）", "township": "乡镇（街道）"}
_NAMED: Final = 4
_HAN: Final = re.compile(r"[㐀-鿿]")
_MAY_FOLLOW: Final = frozenset("省州市区县旗镇乡道村号处（(")
_STREET: Final = re.compile(r"[东南西北中]路|[路街巷桥]|大道|大街|立交|大桥|大厦|公园")
_STREET_NAME: Final = re.compile(r"[路街巷道]$")
_OF_A_VILLAGE: Final = re.compile(r"第?[\d一二三四五六七八九十]+[社组队]|[㐀-鿿]{1,6}(?:村|社区|居委会|村委会)")
_NUMBER: Final = re.compile(r"[\d一二三四五六七八九十]+号")
_ELSEWHERE: Final = re.compile(r"(?:[㐀-鿿]{2,4}(?:省|自治区))?([㐀-鿿]{2,4}(?:市|自治州|地区|盟))")
_PROVINCE: Final = re.compile(r"[㐀-鿿]{2,3}(?:省|自治区)")
_TOWNSHIP: Final = re.compile(r"(?:街道办事处|街道办|街道|镇|乡)$")
_COUNTY: Final = re.compile(r"(?:自治县|新区|区|县|市|旗)$")
_COMMITTEE: Final = re.compile(r"(?:居民委员会|村民委员会|居委会|村委会)$")


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Where (N,) addresses are: the unit each names, and the place of that unit.

    Attributes:
        xy: (N, 2) degrees, EPSG:4490; NaN where the address is not placed.
        error_m: (N,) metres within which the address lies of ``xy``; NaN where it is not placed.
        code: (N,) the code of the most exact unit named, ``""`` where none is.
        how: (N,) ``"village"`` or ``"township"``: what the place is that of; ``""`` where there is none.
        faults: one for every address that is not placed, saying why and naming what it could be.
    """

    xy: F64
    error_m: F64
    code: Objects
    how: Objects
    faults: tuple[Fault, ...]

    def marks(self, source: str) -> pd.DataFrame:
        """Return (N,) ``ACC_M``, ``CHK_STATE`` and ``SRC`` that say a place is that of an address; empty where none."""
        placed = self.how != ""
        notes = [f"{source}（按地址定位到{HOW[how]}）" if how else None for how in self.how]
        state = ["未核查" if one else None for one in placed]
        return pd.DataFrame({"ACC_M": np.ceil(self.error_m), "CHK_STATE": state, "SRC": notes})


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one address comes to: the unit it names and the one whose place it takes, or why not."""

    unit: Unit | None = None
    at: Unit | None = None
    code: str = ""
    message: str = ""
    mend: str = ""


def locate(
    texts: Sequence[str | None] | Objects,
    codes: Sequence[str | None] | Objects | None,
    areas: gpd.GeoDataFrame | None,
    *,
    city: str = "",
    city_name: str = "",
    on: date | None = None,
    file: str | None = None,
    rows: NDArray[np.int64] | None = None,
    column: str = "ADDR",
) -> Located:
    """Return where (N,) address ``texts`` are, after their (N,) area ``codes`` where those are given.

    ``areas`` is an AREAS frame (EPSG:4490), read as it is valid ``on`` a day; ``city`` the city's 6-digit code, whose
    known townships and villages Quantu's tables add, ``city_name`` its name. Synthetic places are never given; see
    ``units_of`` for the error. A county alone is too coarse. ``file``, ``rows`` and ``column`` say where a fault is.
    """
    names = _names(units_of(areas, city=city, on=on), city_name or _city_name(areas, city))
    given = [None] * len(texts) if codes is None else [_plain(code) for code in codes]
    out = Located(
        np.full((len(texts), 2), np.nan), np.full(len(texts), np.nan), np.full(len(texts), "", dtype=object),
        np.full(len(texts), "", dtype=object), (),
    )  # fmt: skip
    known: dict[tuple[str, str | None], _Answer] = {}
    faults = []
    for row, (raw, code) in enumerate(zip(texts, given, strict=True)):
        text = _plain(raw) or ""
        answer = known.get((text, code)) or known.setdefault((text, code), _answer(text, code, names))
        if answer.unit is not None:
            out.code[row] = answer.unit.code
        if answer.at is not None and answer.at.lon is not None and answer.at.lat is not None:
            out.xy[row] = answer.at.lon, answer.at.lat
            out.error_m[row] = answer.at.error_m
            out.how[row] = answer.at.level
        else:
            line = row if rows is None else int(rows[row])
            faults.append(Fault(answer.code, answer.message, answer.mend, file, line, column, text or None))
    return Located(out.xy, out.error_m, out.code, out.how, tuple(faults))


def _plain(value: object) -> str | None:
    """Return the text with full width folded, None where there is none."""
    if not isinstance(value, str):
        return None
    return unicodedata.normalize("NFKC", value).strip() or None


def _city_name(areas: gpd.GeoDataFrame | None, city: str) -> str:
    if areas is None:
        return ""
    named = areas.loc[(areas["level"] == "city") & ((areas["code"] == city) | (city == "")), "name"]
    return str(named.iloc[0]) if len(named) else ""


@dataclass(frozen=True, slots=True)
class _Names:
    """Units by what they are called: with an ending, and bare."""

    units: Units
    city: str
    full: Mapping[str, tuple[Unit, ...]]
    bare: Mapping[str, tuple[Unit, ...]]
    longest: int = field(default=0)


def _names(units: Units, city: str) -> _Names:
    full: dict[str, list[Unit]] = {}
    bare: dict[str, list[Unit]] = {}
    for unit in units.all:
        strict, loose = _called(unit)
        for name in strict:
            full.setdefault(name, []).append(unit)
        for name in loose - strict:
            bare.setdefault(name, []).append(unit)
    longest = max((len(name) for name in [*full, *bare]), default=0)
    return _Names(units, city, {k: tuple(v) for k, v in full.items()}, {k: tuple(v) for k, v in bare.items()}, longest)


def _called(unit: Unit) -> tuple[set[str], set[str]]:
    """Return the names of a unit with an ending and without one; a bare name has two signs at least."""
    name = unicodedata.normalize("NFKC", unit.name)
    if unit.level != "village":
        ending = _COUNTY if unit.level == "county" else _TOWNSHIP
        root = ending.sub("", name)
        strict = {name}
        if unit.level == "township" and name.endswith("街道"):
            strict |= {f"{name}办事处", f"{root}街办"}
        if unit.level == "township" and root == name:
            strict |= {f"{name}管委会"}
        return strict, _loose(root)
    base = _COMMITTEE.sub("", name)
    rural = name != base and _COMMITTEE.search(name).group().startswith("村")  # type: ignore[union-attr]
    root = base.removesuffix("村") if rural else base.removesuffix("社区")
    strict = {name, *(f"{base}{end}" for end in ("村委会", "村民委员会", "居委会", "居民委员会"))}
    if rural:
        strict |= {f"{root}村", f"{root}村委会", f"{root}村民委员会"}
    else:
        strict |= {f"{root}社区", f"{root}社区居委会", f"{root}社区居民委员会"}
        if root.endswith("村"):
            strict.add(root)
    return strict, _loose(root)


def _loose(root: str) -> set[str]:
    """Return a name without its ending where it can stand alone: two signs at least, and not a street's."""
    return {root} if len(root) > 1 and not _STREET_NAME.search(root) else set()


def _mentions(text: str, names: _Names) -> list[tuple[Unit, ...]]:
    """Return, in order, the units each recognised name of ``text`` may mean."""
    found: list[tuple[Unit, ...]] = []
    at, fresh, run = 0, True, True
    own = [names.city, names.city.removesuffix("市")] if names.city else []
    while at < len(text):
        if run and not found:
            ahead = _PROVINCE.match(text, at)
            if ahead:
                at = ahead.end()
                continue
            step = next((name for name in own if name and text.startswith(name, at)), None)
            if step:
                at += len(step)
                continue
        took = _name_at(text, at, names, bare=run, below=bool(found)) if fresh else None
        if took:
            end, units = took
            found.append(_next_down(units, found))
            at = end
            continue
        sign = text[at]
        word = bool(_HAN.match(sign)) or sign.isalnum()
        fresh = not word or sign in _MAY_FOLLOW
        run = run and not word
        at += 1
    return found


def _next_down(units: tuple[Unit, ...], found: Sequence[tuple[Unit, ...]]) -> tuple[Unit, ...]:
    """Return those of ``units`` that may come next: 和平 in 榆中县和平 is the township, in 和平镇和平 the village."""
    reached = max((LEVELS.index(unit.level) for one in found for unit in one), default=-1)
    below = [LEVELS.index(unit.level) for unit in units if LEVELS.index(unit.level) > reached]
    return tuple(unit for unit in units if not below or LEVELS.index(unit.level) == min(below))


def _name_at(text: str, at: int, names: _Names, *, bare: bool, below: bool) -> tuple[int, tuple[Unit, ...]] | None:
    """Return where the longest name at ``at`` ends and what it may mean; villages go bare only ``below`` a unit."""
    for length in range(min(names.longest, len(text) - at), 1, -1):
        name = text[at : at + length]
        rest = at + length
        units = names.full.get(name)
        if units and not _STREET.match(text, rest):
            return rest, units
        units = names.bare.get(name, ()) if bare else ()
        if not below:
            units = tuple(unit for unit in units if unit.level != "village")
        if units and _nothing_of_it(text, rest, units, names):
            return rest, units
    return None


def _nothing_of_it(text: str, at: int, units: tuple[Unit, ...], names: _Names) -> bool:
    """Return whether a bare name that ends ``at`` stands for itself: what follows is a break or another unit."""
    if at == len(text) or not (_HAN.match(text[at]) or text[at].isalnum()):
        return True
    if _STREET.match(text, at):
        return False
    if _OF_A_VILLAGE.match(text, at):
        return True
    if all(unit.level == "village" for unit in units):
        return _NUMBER.match(text, at) is not None
    return _name_at(text, at, names, bare=True, below=True) is not None


def _answer(text: str, code: str | None, names: _Names) -> _Answer:
    within: Unit | None = None
    if code:
        tries = [code, code[:9], code[:6]] if len(code) == 12 else [code]
        within = next((names.units.by_code[one] for one in tries if one in names.units.by_code), None)
        if within is not None and within.level == "village":
            return _placed(within, names)
    elsewhere = _ELSEWHERE.match(text) if within is None else None
    if elsewhere and names.city and elsewhere[1] != names.city and not _known_start(elsewhere[1], names):
        return _Answer(
            code="address_elsewhere", message=f"地址写的是{elsewhere[1]}。 The address is of another city.",
            mend=f"核对地址，或给出坐标。 Check the address or give coordinates; this workspace is of {names.city}.",
        )  # fmt: skip
    return _named(_mentions(text, names), within, names)


def _known_start(word: str, names: _Names) -> bool:
    return word in names.full or any(word.startswith(name) for name in names.full)


def _inside(units: Iterable[Unit], above: Iterable[Unit]) -> list[Unit]:
    """Return the units that are, or lie in, one of ``above``; all where there is none."""
    codes = {one.code for one in above}
    return [unit for unit in units if not codes or unit.code in codes or unit.above & codes]


def _named(found: list[tuple[Unit, ...]], within: Unit | None, names: _Names) -> _Answer:
    """Return the answer for the names found, ``within`` the unit the code says."""
    base = [] if within is None else [within]
    every = {unit.code: unit for units in found for unit in units}.values()
    # a code wins over words, so what contradicts it is not heard
    counties = [] if within is not None else [unit for unit in every if unit.level == "county"]
    if len(counties) > 1:
        return _unclear(counties)
    scope = base or counties
    townships = _inside((unit for unit in every if unit.level == "township"), scope)
    if within is not None and within.level == "township":
        townships = [within]
    if not townships and not base and counties and any(unit.level == "township" for unit in every):
        return _against(counties[0], [unit for unit in every if unit.level == "township"])
    villages = _inside((unit for unit in every if unit.level == "village"), townships or scope)
    if len(townships) > 1:
        homes = {one.code for unit in villages if (one := names.units.township_of(unit))}
        townships = [unit for unit in townships if unit.code in homes] or townships
    if len(villages) == 1 and (len(townships) <= 1 or villages[0].above & {one.code for one in townships}):
        return _placed(villages[0], names)
    if len(townships) == 1:
        return _placed(townships[0], names)
    if townships or villages:
        return _unclear(villages or townships)
    if any(unit.level == "village" for unit in every) and scope:
        return _against(scope[0], [unit for unit in every if unit.level == "village"])
    if scope:
        return _Answer(
            scope[0], None, "address_too_coarse",
            f"只能确定到{scope[0].name}，过于粗略。 Only the county is known: too coarse.",
            "补充乡镇（街道）或村（社区），或给出坐标。 Add the township or village, or coordinates.",
        )  # fmt: skip
    return _Answer(
        code="address_unknown",
        message="地址中没有本市的乡镇、街道、村或社区名称。 The address names no township or village that is known.",
        mend="写明乡镇（街道）和村（社区），或给出坐标。 Name the township and village, or give coordinates.",
    )


def _placed(unit: Unit, names: _Names) -> _Answer:
    """Return the place of ``unit``, that of its township where its own is not known."""
    for one in (unit, names.units.township_of(unit)):
        if one is not None and one.level != "county" and one.lon is not None:
            return _Answer(unit, one)
    return _Answer(
        unit, None, "address_no_position",
        f"已识别为{unit.name}（{unit.code}），但其位置未知。 {unit.code} is known by name only, not by place.",
        "给出坐标，或导入该乡镇、村的真实边界或位置。 Give coordinates, or import the area's real place.",
    )  # fmt: skip


def _unclear(units: Sequence[Unit]) -> _Answer:
    return _Answer(
        code="address_ambiguous",
        message=f"名称不唯一：{_listed(units)}。 The name fits {len(units)} units.",
        mend="写明上级区县或乡镇，或填行政区划代码。 Name the unit above it, or give the 12-digit code.",
    )


def _against(above: Unit, units: Sequence[Unit]) -> _Answer:
    return _Answer(
        code="address_contradiction",
        message=f"{above.name}内没有所写的乡镇或村：{_listed(units)}。 The parts of the address contradict each other.",
        mend="核对区县与乡镇（街道）。 Check the county against the township.",
    )


def _listed(units: Sequence[Unit]) -> str:
    shown = "、".join(f"{unit.name}（{unit.code}）" for unit in units[:_NAMED])
    return shown + ("等" if len(units) > _NAMED else "")
