"""Coverage along streets: travel times measured once per edition, summed up for any limit, mode and area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.city import CityData
from geo.errors import Fault, InputError
from geo.kernels import NEVER
from geo.partition import reach_by_tiles
from geo.reach import Field, Nearest
from layers.answer import AreaRow, Gap, StraightLine
from layers.base import WHOLE, AreaScope, Cut

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

OK, BEYOND, UNREACHABLE, OFF = 0, 1, 2, 3
_STATUS: Final = {"ok": OK, "beyond": BEYOND, "unreachable": UNREACHABLE, "off_network": OFF}


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One mode's travel: (K,) milliseconds to the nearest facility, its row, and the (K,) status within the limit."""

    mode: str
    flat_mps: float
    field: Field
    travel_ms: I64
    facility: I64
    status: NDArray[np.int8]
    facilities_on: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Travel of every demand point of one edition to its nearest facility, by every mode, up to ``limit_ms``."""

    city: CityData
    facility_layer: str
    demand_layer: str
    limit_ms: int
    weight: F64
    straight_m: F64
    codes: Mapping[str, NDArray[np.object_]]
    legs: Mapping[str, Leg]

    @property
    def demand(self) -> gpd.GeoDataFrame:
        """Return the demand frame, EPSG:4490."""
        return self.city.frame(self.demand_layer)


def measure(
    city: CityData,
    *,
    facility_layer: str,
    demand_layer: str,
    modes: Sequence[str],
    limit_ms: int,
    max_snap_m: float,
    slope: bool = True,
    cut: Cut = WHOLE,
) -> Measured:
    """Return the Measured travel of an edition.

    Raises InputError where the edition lacks streets, demand or facilities, all faults at once.
    """
    _require(city, facility_layer, demand_layer)
    frame = city.frame(facility_layer)
    open_now = ~frame["STATUS"].isin(["规划", "在建", "停用"]).to_numpy()
    places = city.metres(facility_layer)
    people = city.metres(demand_layer)
    straight = np.full(len(people), np.inf)
    if open_now.any():
        straight = np.asarray(cKDTree(places[open_now]).query(people)[0], dtype=np.float64)
    legs = {}
    for key in modes:
        streets = city.streets(key, slope=slope)
        got = reach_by_tiles(
            streets,
            places,
            people,
            limit_ms=limit_ms,
            max_snap_m=max_snap_m,
            tiles=cut.tiles,
            map=cut.map,
            serving=open_now,
        )
        nearest = got.nearest
        flat, known = streets.mode.flat_mps, got.facilities.on | ~open_now
        legs[key] = Leg(key, flat, got.field, nearest.travel_ms, nearest.facility, _status(nearest), known)
    return Measured(
        city=city,
        facility_layer=facility_layer,
        demand_layer=demand_layer,
        limit_ms=limit_ms,
        weight=city.frame(demand_layer)["weight"].to_numpy(),
        straight_m=straight,
        codes=city.codes_of(demand_layer),
        legs=legs,
    )


def _require(city: CityData, facility_layer: str, demand_layer: str) -> None:
    faults = []
    for layer, mend in (
        ("streets", "import an OSM file or streets, then publish."),
        (demand_layer, "import demand, buildings or an OSM file, then publish."),
        (facility_layer, "import facilities, then publish."),
    ):
        if not city.has(layer):
            faults.append(Fault("no_layer", f"edition {city.edition.id} has no layer {layer}.", mend))
        elif city.edition.layers[layer].rows == 0:
            faults.append(Fault("empty_layer", f"layer {layer} of edition {city.edition.id} is empty.", mend))
    if faults:
        raise InputError(faults)


def _status(got: Nearest) -> NDArray[np.int8]:
    out = np.empty(len(got.status), dtype=np.int8)
    for word, number in _STATUS.items():
        out[got.status == word] = number
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """(K,) reason per demand point (OK, BEYOND, UNREACHABLE, OFF) and whether straight lines would cover it."""

    reason: NDArray[np.int8]
    straight: Bools


def judge(measured: Measured, modes: Sequence[str], limit_ms: int) -> Verdict:
    """Return the Verdict for the best of ``modes``: covered ⇔ t ≤ limit; straight ⇔ distance ÷ flat speed ≤ limit.

    A point that misses by every mode is given the reason nearest to being served: beyond, unreachable, off network.
    """
    reasons = []
    straight = np.zeros(len(measured.weight), dtype=np.bool_)
    for key in modes:
        leg = measured.legs[key]
        late = (leg.status == OK) & (leg.travel_ms > limit_ms)
        reasons.append(np.where(late, BEYOND, leg.status))
        straight |= np.rint(measured.straight_m / leg.flat_mps * 1000.0) <= limit_ms
    return Verdict(np.min(reasons, axis=0).astype(np.int8), straight)


def best_seconds(measured: Measured, modes: Sequence[str]) -> F64:
    """Return (K,) seconds of the fastest of ``modes``, NaN where none arrives within the measured limit."""
    best = np.min([measured.legs[key].travel_ms for key in modes], axis=0)
    return np.where(best < NEVER, best / 1000.0, np.nan)


def within(measured: Measured, area: AreaScope) -> Bools:
    """Return (K,) which demand points lie in the area."""
    if area.level == "city":
        return np.ones(len(measured.weight), dtype=np.bool_)
    code = area.code.removeprefix("2020:")
    return np.asarray(measured.codes[area.level] == code)


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
    straight: StraightLine


def sums(weight: F64, verdict: Verdict, mask: Bools) -> Sums:
    """Return the Sums over the masked demand points; unreachable ones stay in the denominator."""
    w = weight[mask]
    reason = verdict.reason[mask]
    straight = verdict.straight[mask]
    by_reason = [float(w[reason == r].sum()) for r in (OK, BEYOND, UNREACHABLE, OFF)]
    total = float(w.sum())
    crow = float(w[straight].sum())
    false = float(w[straight & (reason != OK)].sum())
    return Sums(
        total=total,
        covered=by_reason[0],
        gap=Gap(beyond=by_reason[1], unreachable=by_reason[2], off_network=by_reason[3]),
        straight=StraightLine(covered=crow, rate=ratio(crow, total), false_share=ratio(false, crow)),
    )


_ROWS: Final = {
    "city": ("county", "township"),
    "county": ("county", "township"),
    "township": ("township",),
    "unit_2020": ("township",),
}
"""Levels reported within an area: those whose areas lie wholly inside it."""


def rows_by_area(measured: Measured, verdict: Verdict, area: AreaScope) -> list[AreaRow]:
    """Return one row per county and township that lies inside ``area`` and has demand, by code."""
    if measured.city.areas is None:
        return []
    areas = measured.city.areas
    inside = within(measured, area)
    out = []
    for level in _ROWS[area.level]:
        names = areas[areas["level"] == level].set_index("code")["name"]
        codes = measured.codes[level]
        for code in sorted(names.index):
            mask = inside & (codes == code)
            if not mask.any():
                continue
            s = sums(measured.weight, verdict, mask)
            out.append(
                AreaRow(
                    code=code, name=names[code], level=level, total=s.total, covered=s.covered,
                    rate=ratio(s.covered, s.total), gap=s.gap, straight_rate=s.straight.rate,
                )
            )  # fmt: skip
    return out


def notices_of(city: CityData, layers: Sequence[str]) -> list[dict[str, Any]]:
    """Return the notices noted on ``layers``, each once."""
    seen: dict[str, dict[str, Any]] = {}
    for layer in layers:
        meta = city.meta(layer)
        if "notice_zh" in meta:
            kind = str(meta.get("notice_kind", "note"))
            seen.setdefault(meta["notice_zh"], {"kind": kind, "zh": meta["notice_zh"], "en": meta["notice_en"]})
    return list(seen.values())
