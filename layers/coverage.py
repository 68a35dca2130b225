"""Who is covered, summed up: verdicts over demand points, by area, with the gap and its reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.city import CityData
from layers.answer import AreaRow, Gap, StraightLine
from layers.base import AreaScope
from layers.demand import DemandPoints

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

OK, BEYOND, UNREACHABLE, OFF, ABSENT = 0, 1, 2, 3, 4
REASONS: Final = ("ok", "beyond", "unreachable", "off_network", "absent")
"""Why a point is covered or not, by number: the nearest to being served first."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """(K,) reason per demand point, and whether straight lines would cover it, None where that means nothing."""

    reason: NDArray[np.int8]
    straight: Bools | None


def within(points: DemandPoints, area: AreaScope) -> Bools:
    """Return (K,) which demand points lie in the area."""
    if area.level == "city":
        return np.ones(len(points.frame), dtype=np.bool_)
    code = area.code.removeprefix("2020:")
    return np.asarray(points.codes[area.level] == code)


def rows_in(points: DemandPoints, area: AreaScope) -> I64:
    """Return the rows of the demand points that lie in the area, ascending."""
    if area.level == "city":
        return np.arange(len(points.frame))
    return points.rows[area.level].get(area.code.removeprefix("2020:"), np.empty(0, dtype=np.int64))


def ratio(part: float, whole: float) -> float | None:
    """Return part ÷ whole, None where there is no whole.

    >>> ratio(1, 4), ratio(0, 0)
    (0.25, None)
    """
    return part / whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Sums:
    """Weights of one area: all, covered, the gap by reason, and the straight-line variant's."""

    total: float
    covered: float
    gap: Gap
    straight: StraightLine | None


def sums(points: DemandPoints, verdict: Verdict, rows: I64) -> Sums:
    """Return the Sums over those rows of the demand points; unreachable ones stay in the denominator."""
    return _sums_by(points.weight[rows], _of(verdict, rows), np.zeros(len(rows), dtype=np.int64), 1)[0]


def _of(verdict: Verdict, rows: I64) -> Verdict:
    return Verdict(verdict.reason[rows], None if verdict.straight is None else verdict.straight[rows])


def _sums_by(weight: F64, verdict: Verdict, group: NDArray[np.int64], groups: int) -> list[Sums]:
    """Return the Sums of each of ``groups``, of the points numbered by ``group``."""
    kinds = len(REASONS)
    by_reason = np.bincount(group * kinds + verdict.reason, weight, groups * kinds).reshape(groups, kinds)
    # Whole persons sum exactly in any order; floor area is added in one order, whatever the reasons are.
    total = np.bincount(group, weight, groups)
    straight: list[StraightLine | None] = [None] * groups
    if verdict.straight is not None:
        crow = np.bincount(group, weight * verdict.straight, groups)
        false = np.bincount(group, weight * (verdict.straight & (verdict.reason != OK)), groups)
        straight = [
            StraightLine(covered=float(c), rate=ratio(float(c), float(t)), false_share=ratio(float(f), float(c)))
            for c, f, t in zip(crow, false, total, strict=True)
        ]
    return [
        Sums(
            total=float(total[k]),
            covered=float(row[OK]),
            gap=Gap(
                beyond=float(row[BEYOND]), unreachable=float(row[UNREACHABLE]), off_network=float(row[OFF]),
                absent=float(row[ABSENT]),
            ),
            straight=straight[k],
        )
        for k, row in enumerate(by_reason)
    ]  # fmt: skip


_ROWS: Final = {
    "city": ("county", "zone", "township"),
    "county": ("county", "township"),
    "zone": ("township",),
    "township": ("township",),
    "unit_2020": ("township",),
}
"""Levels reported within an area: those whose areas lie wholly inside it. Zones stand apart: counties add up alone."""


def rows_by_area(
    city: CityData,
    points: DemandPoints,
    verdict: Verdict,
    area: AreaScope,
    *,
    measures: Mapping[str, Mapping[str, float | None]] | None = None,
) -> list[AreaRow]:
    """Return one row per county, functional zone and township inside ``area`` that has demand, by level and code.

    ``measures`` are further numbers by area code.
    """
    if city.areas is None:
        return []
    inside = rows_in(points, area)
    weight, kept = points.weight[inside], _of(verdict, inside)
    out = []
    for level in _ROWS[area.level]:
        names = _names(city, level)
        every, number = points.numbered[level]
        held, group = np.unique(number[inside], return_inverse=True)
        codes = [every[k] for k in held.tolist()]
        for code, one in zip(codes, _sums_by(weight, kept, group, len(codes)), strict=True):
            if code in names:
                out.append(
                    AreaRow(
                        code=code, name=names[code], level=level, total=one.total, covered=one.covered,
                        rate=ratio(one.covered, one.total), gap=one.gap,
                        straight_rate=one.straight.rate if one.straight else None,
                        measures=dict((measures or {}).get(code, {})),
                    )
                )  # fmt: skip
    return out


def _names(city: CityData, level: str) -> dict[str, str]:
    def make() -> dict[str, str]:
        areas = city.areas
        assert areas is not None
        at = areas[areas["level"] == level]
        return dict(zip(at["code"], at["name"], strict=True))

    return city.keep(("names", level), make)


def notices_of(city: CityData, layers: Sequence[str]) -> list[dict[str, Any]]:
    """Return the notices noted on ``layers``, each once."""
    seen: dict[str, dict[str, Any]] = {}
    for layer in layers:
        meta = city.meta(layer)
        if "notice_zh" in meta:
            kind = str(meta.get("notice_kind", "note"))
            seen.setdefault(meta["notice_zh"], {"kind": kind, "zh": meta["notice_zh"], "en": meta["notice_en"]})
    return list(seen.values())
