"""How a circle decides by travel: a facility reached within a limit, or every service of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.city import CityData
from data.standards import Standard, standard
from geo.kernels import NEVER
from geo.partition import reach_by_tiles
from geo.reach import Field, Nearest, field_to_facilities, read_field
from geo.streets import Snapped, Streets
from geo.tiling import SNAP_AT_ONCE
from geo.units import kph_to_mps, minutes_to_ms
from layers.answer import Title
from layers.base import WHOLE, Cut
from layers.coverage import BEYOND, OFF, OK, UNREACHABLE, Verdict
from layers.demand import DemandPoints, DemandSource
from layers.places import Facilities

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_STATUS: Final = {"ok": OK, "beyond": BEYOND, "unreachable": UNREACHABLE, "off_network": OFF}
_MOTOR: Final = frozenset({"car", "truck"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A circle's threshold: the standard it stands on, in minutes or in metres along streets, and what one may ask."""

    key: str
    unit: str
    low: float
    high: float

    @property
    def standard(self) -> Standard:
        """Return the standard."""
        return standard(self.key, unit=self.unit)

    def ms(self, value: float, flat_mps: float) -> int:
        """Return ``value`` as the milliseconds of a mode; metres are travelled at its speed on the level."""
        return int(minutes_to_ms(value)) if self.unit == "min" else round(value / flat_mps * 1000.0)


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One mode's travel: (K,) milliseconds to the nearest facility, its row, and the (K,) status within the limit.

    Attributes:
        straight_mps: the speed straight lines are travelled at.
        facilities_on: (M,) whether a facility that counts is on the network.
    """

    mode: str
    flat_mps: float
    straight_mps: float
    field: Field
    travel_ms: I64
    facility: I64
    status: NDArray[np.int8]
    facilities_on: Bools


@dataclass(eq=False)
class Bench:
    """Where one circle's measuring is done: what its rules share is made once, what circles share is the city's."""

    city: CityData
    cut: Cut = WHOLE
    _legs: dict[Any, Leg] = field(default_factory=dict)

    def points(self, source: DemandSource) -> DemandPoints:
        """Return the demand points of a source."""
        return self.city.keep(("points", source), lambda: source.points(self.city))

    def metres(self, source: DemandSource) -> F64:
        """Return the (K, 2) metric coordinates of a source's points."""
        return self.city.keep(("metres", source), lambda: self.city.metres_of(self.points(source).frame))

    def straight(self, source: DemandSource, facilities: Facilities) -> F64:
        """Return the (K,) metres from a source's points straight to the nearest facility, infinite where none is."""
        xy, serving = self.metres(source), facilities.serving(self.city)
        if not serving.any() or not len(xy):
            return np.full(len(xy), np.inf)
        places = self.city.metres(facilities.layer)[serving]
        return np.asarray(cKDTree(places).query(xy)[0], dtype=np.float64)

    def leg(self, source: DemandSource, facilities: Facilities, mode: str, *, limit: Limit, slope: bool) -> Leg:
        """Return one mode's travel from a source's points to the facilities, up to the longest limit."""
        key = (source, facilities.key, mode, limit.unit, limit.high, slope)
        if key not in self._legs:
            self._legs[key] = self._travel(source, facilities, mode, limit=limit, slope=slope)
        return self._legs[key]

    def _travel(self, source: DemandSource, facilities: Facilities, mode: str, *, limit: Limit, slope: bool) -> Leg:
        streets = self.city.streets(mode, slope=slope)
        serving = facilities.serving(self.city)
        flat = streets.mode.flat_mps
        limit_ms = limit.ms(limit.high, flat)
        if self.cut.tiles == 1:
            homes = self._snapped(source, streets, mode, slope=slope)
            places = self._snapped(facilities.layer, streets, mode, slope=slope)
            field = field_to_facilities(streets, replace(places, on=places.on & serving), limit_ms=limit_ms)
            nearest = read_field(field, homes)
        else:
            got = reach_by_tiles(
                streets,
                self.city.metres(facilities.layer),
                self.metres(source),
                limit_ms=limit_ms,
                max_snap_m=standard("max_snap", unit="m").value,
                tiles=self.cut.tiles,
                map=self.cut.map,
                serving=serving,
            )
            field, nearest, places = got.field, got.nearest, got.facilities
        straight = kph_to_mps(standard("drive_straight_speed", unit="km/h").value) if mode in _MOTOR else flat
        known = places.on | ~serving
        return Leg(mode, flat, straight, field, nearest.travel_ms, nearest.facility, _status(nearest), known)

    def _snapped(self, what: DemandSource | str, streets: Streets, mode: str, *, slope: bool) -> Snapped:
        """Return a source's points, or a layer's facilities, on the streets of a mode, kept for other circles."""

        def make() -> Snapped:
            xy = self.city.metres(what) if isinstance(what, str) else self.metres(what)
            far = standard("max_snap", unit="m").value
            cuts = range(0, max(len(xy), 1), SNAP_AT_ONCE)
            parts = [streets.snap(xy[k : k + SNAP_AT_ONCE], crs=streets.crs, max_snap_m=far) for k in cuts]
            return Snapped(*(np.concatenate([getattr(part, name) for part in parts]) for name in Snapped.__slots__))

        return self.city.keep(("snapped", what, mode, slope), make)


def _status(got: Nearest) -> NDArray[np.int8]:
    out = np.empty(len(got.status), dtype=np.int8)
    for word, number in _STATUS.items():
        out[got.status == word] = number
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Travelled:
    """What a Reach found: the points, (K,) metres straight to the nearest facility, and each mode's leg."""

    points: DemandPoints
    straight_m: F64
    legs: Mapping[str, Leg]

    def best_s(self) -> F64:
        """Return (K,) seconds of the fastest mode, NaN where none arrives within the measured limit."""
        best = np.min([leg.travel_ms for leg in self.legs.values()], axis=0)
        return np.where(best < NEVER, best / 1000.0, np.nan)


@dataclass(frozen=True, slots=True)
class Reach:
    """Covered ⇔ the nearest facility is reached within the limit, by the fastest of ``modes``."""

    demand: DemandSource
    facilities: Facilities
    modes: tuple[str, ...]
    limit: Limit
    slope: bool = True

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return what must be there."""
        return (self.facilities,)

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what tells its travel from another rule's."""
        return (self.demand, self.facilities.key, self.limit.unit, self.limit.high, self.sloped)

    @property
    def sloped(self) -> bool:
        """Return whether slope counts: it does not where the limit is a length."""
        return self.slope and self.limit.unit == "min"

    def standards(self) -> tuple[Standard, ...]:
        """Return the standards its numbers stand on."""
        speeds = [standard(key, unit="km/h") for key in dict.fromkeys(PACES[mode] for mode in self.modes)]
        crow = [standard("drive_straight_speed", unit="km/h")] if _MOTOR & set(self.modes) else []
        return (self.limit.standard, *speeds, *crow, standard("max_snap", unit="m"))

    def measure(self, bench: Bench) -> Travelled:
        """Return the travel times of an edition."""
        points = bench.points(self.demand)
        straight = bench.straight(self.demand, self.facilities)
        legs = {
            mode: bench.leg(self.demand, self.facilities, mode, limit=self.limit, slope=self.sloped)
            for mode in self.modes
        }
        return Travelled(points, straight, legs)

    def judge(self, got: Travelled, value: float) -> Verdict:
        """Return the Verdict for the best of the modes: covered ⇔ t ≤ limit; straight ⇔ distance ÷ speed ≤ limit.

        A point that misses by every mode is given the reason nearest to being served: beyond, unreachable, off.
        """
        reasons = []
        straight = np.zeros(len(got.straight_m), dtype=np.bool_)
        for leg in got.legs.values():
            limit_ms = self.limit.ms(value, leg.flat_mps)
            late = (leg.status == OK) & (leg.travel_ms > limit_ms)
            reasons.append(np.where(late, BEYOND, leg.status))
            allowed = limit_ms if self.limit.unit == "min" else self.limit.ms(value, leg.straight_mps)
            straight |= np.rint(got.straight_m / leg.straight_mps * 1000.0) <= allowed
        return Verdict(np.min(reasons, axis=0).astype(np.int8), straight)


@dataclass(frozen=True, slots=True)
class Need:
    """One service of a composite: its facilities, and how far along streets it may be."""

    id: str
    title: Title
    facilities: Facilities
    limit: Limit


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What an AllOf found: the points, and the travel to each service in the order of the needs."""

    points: DemandPoints
    parts: Sequence[Travelled]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Covered ⇔ every service is within its own limit; ``limit``, the circle's own, binds the needs that name it."""

    demand: DemandSource
    needs: tuple[Need, ...]
    mode: str
    limit: Limit

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return what must be there."""
        return tuple(need.facilities for need in self.needs)

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the one mode."""
        return (self.mode,)

    def standards(self) -> tuple[Standard, ...]:
        """Return the standards its numbers stand on."""
        limits = dict.fromkeys(need.limit.key for need in self.needs)
        return (
            self.limit.standard,
            *(standard(key, unit=self.limit.unit) for key in limits if key != self.limit.key),
            standard(PACES[self.mode], unit="km/h"),
            standard("max_snap", unit="m"),
        )

    def reach(self, need: Need) -> Reach:
        """Return the rule of one service."""
        return Reach(self.demand, need.facilities, (self.mode,), need.limit)

    def allowed(self, need: Need, value: float) -> float:
        """Return the limit of a service where ``value`` is asked for the circle's own."""
        return value if need.limit.key == self.limit.key else need.limit.standard.value

    def measure(self, bench: Bench) -> Gathered:
        """Return the travel to every service."""
        return Gathered(bench.points(self.demand), [self.reach(need).measure(bench) for need in self.needs])

    def judge(self, got: Gathered, value: float) -> Verdict:
        """Return the Verdict: the worst of the services, and whether straight lines would cover them all."""
        parts = self.parts(got, value)
        straight = np.logical_and.reduce([part.straight for part in parts if part.straight is not None])
        return Verdict(np.max([part.reason for part in parts], axis=0).astype(np.int8), np.asarray(straight))

    def parts(self, got: Gathered, value: float) -> list[Verdict]:
        """Return the Verdict of each service."""
        return [
            self.reach(need).judge(part, self.allowed(need, value))
            for need, part in zip(self.needs, got.parts, strict=True)
        ]


class Rule(Protocol):
    """How demand points are judged."""

    @property
    def demand(self) -> DemandSource:
        """Return whom it is for."""
        ...

    @property
    def limit(self) -> Limit | None:
        """Return the threshold, None where there is none."""
        ...

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return the facilities that must be there."""
        ...

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the modes it travels by, none where it is about no travel."""
        ...

    def standards(self) -> tuple[Standard, ...]:
        """Return the standards its numbers stand on."""
        ...

    def measure(self, bench: Bench) -> Any:
        """Return what one edition's travel or membership is."""
        ...

    def judge(self, got: Any, value: float) -> Verdict:
        """Return the Verdict for a limit."""
        ...


PACES: Final[Mapping[str, str]] = {
    "walk": "walk_speed",
    "cycle": "cycle_speed",
    "older": "older_walk_speed",
    "child": "child_walk_speed",
    "wheelchair": "wheelchair_speed",
    "ebike": "ebike_speed",
    "car": "motor_access_speed",
    "truck": "motor_access_speed",
}
"""The standard of each mode's speed on the level."""
