"""What an edge costs: paces, slope rules, closures and whole milliseconds."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.segments import Segments

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]

LONGEST_MS: Final = 2**31 - 2
"""The longest time that is counted, 24 days."""

BLOCKED: Final = np.int32(2**31 - 1)
"""Cost of a direction that may not be travelled, inside arrays only."""

Access = Literal["walk", "cycle", "drive"]

_GRAVITY: Final = 9.80665
"""Standard gravity, m/s²."""


@dataclass(frozen=True, slots=True)
class Tobler:
    """Walking speed on a slope: v·exp(−factor·|s − optimum| + factor·|optimum|), v the speed on the level.

    Tobler, W. (1993) Three presentations on geographical analysis and modeling, NCGIA Technical Report 93-1.
    """

    factor: float
    optimum: float

    def speed(self, flat_mps: float | F64, slope: F64) -> F64:
        """Return (K,) m/s on the (K,) slopes (rise over run, positive uphill)."""
        return np.asarray(flat_mps * np.exp(-self.factor * (np.abs(slope - self.optimum) - abs(self.optimum))))


@dataclass(frozen=True, slots=True)
class LinearCycling:
    """Cycling speed on a slope, linear in the gradient on either side of the level.

    Uphill v·(1 − loss·100·s) but never below the speed of pushing; downhill v·(1 + gain·100·|s|) up to a cap.
    After Parkin, J. and Rotheram, J. (2010), Transport Policy 17(5), 335–341.
    """

    uphill_loss_per_pct: float
    downhill_gain_per_pct: float
    push_mps: float
    cap_mps: float

    def speed(self, flat_mps: float | F64, slope: F64) -> F64:
        """Return (K,) m/s on the (K,) slopes (rise over run, positive uphill)."""
        pct = slope * 100.0
        up = np.maximum(flat_mps * (1.0 - self.uphill_loss_per_pct * pct), np.minimum(self.push_mps, flat_mps))
        down = np.minimum(flat_mps * (1.0 - self.downhill_gain_per_pct * pct), np.maximum(self.cap_mps, flat_mps))
        return np.where(pct > 0.0, up, down)


@dataclass(frozen=True, slots=True)
class PowerLimited:
    """A motor's speed on a slope: the speed on the level wherever its power suffices, downhill included.

    Uphill at most the v at which g·(s + rolling)·v + drag·v³ = power, all per kilogram moved (the road load of
    any textbook on vehicle dynamics), but never below ``least_mps`` where the level speed is higher.

    Attributes:
        watts_per_kg: power at the wheel over the whole mass.
        rolling: coefficient of rolling resistance.
        drag_per_m: ½·air density·drag area over the whole mass, 1/m.
        least_mps: what is kept on any slope (an e-bicycle is pushed).
    """

    watts_per_kg: float
    rolling: float
    drag_per_m: float
    least_mps: float

    def speed(self, flat_mps: float | F64, slope: F64) -> F64:
        """Return (K,) m/s on the (K,) slopes (rise over run, positive uphill)."""
        lift = _GRAVITY * (np.maximum(slope, 0.0) + self.rolling)
        # the one real root of drag·v³ + lift·v = power, in hyperbolic form
        third = np.arcsinh(1.5 * self.watts_per_kg / lift * np.sqrt(3.0 * self.drag_per_m / lift)) / 3.0
        climbing = 2.0 * np.sqrt(lift / (3.0 * self.drag_per_m)) * np.sinh(third)
        limited = np.minimum(flat_mps, np.maximum(climbing, self.least_mps))
        return np.where(slope > 0.0, limited, flat_mps)


SlopeRule = Tobler | LinearCycling | PowerLimited


@dataclass(frozen=True, slots=True)
class GradeLimit:
    """What a mode cannot climb or descend: slopes over ``slope`` for ``run_m`` metres or more at one stretch."""

    slope: float
    run_m: float


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to travel: where it may go, how fast on the level, and what slope does to it.

    Attributes:
        id: its name.
        access: whose permissions it travels by.
        flat_mps: speed on the level; where ``class_mps`` is given, that of classes not in it, and of access legs.
        slope: what slope does to the speed; None for nothing.
        max_slope: steeper slopes count as this steep.
        closed: street classes it may not use, whatever the permissions say (steps for a wheelchair).
        class_mps: speed on the level by street class; a tagged speed limit below it is kept to.
        grade: slopes that close a street, both ways; None for none.
    """

    id: str
    access: Access
    flat_mps: float
    slope: SlopeRule | None
    max_slope: float
    closed: frozenset[str] = frozenset()
    class_mps: tuple[tuple[str, float], ...] = ()
    grade: GradeLimit | None = None

    def access_ms(self, metres: F64) -> I32:
        """Return (K,) milliseconds for straight access legs of ``metres``, at the flat speed."""
        return np.minimum(np.rint(metres / self.flat_mps * 1000.0), LONGEST_MS).astype(np.int32)

    def level(self) -> "Mode":
        """Return the same mode on level ground: nothing is slower or closed for its slope."""
        return replace(self, slope=None, grade=None)


def segment_costs(segments: Segments, mode: Mode) -> tuple[I32, I32]:
    """Return ((E,) forward, (E,) backward) milliseconds of every segment, BLOCKED where ``mode`` may not go.

    Each is rounded once, here, so that no later contraction or cut changes a sum. Slope is taken piece by piece
    from the vertices' elevation and clipped to ±``max_slope``; pieces without elevation are level.
    """
    dx = np.diff(segments.xy, axis=0)
    run = np.hypot(dx[:, 0], dx[:, 1])
    inside = segments.piece_inside()
    rise = np.diff(segments.z)
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = np.where((run > 0.0) & np.isfinite(rise), rise / run, 0.0)
    slope = np.clip(steep, -mode.max_slope, mode.max_slope)
    flat = _level_speed(segments, mode)
    shut = _shut(segments, mode, run, np.where(inside, steep, 0.0))
    costs = []
    for direction, allowed in ((1.0, segments.forward[mode.access]), (-1.0, segments.backward[mode.access])):
        seconds = run / (flat if mode.slope is None else mode.slope.speed(flat, direction * slope))
        total = np.add.reduceat(np.where(inside, seconds, 0.0), segments.starts[:-1])
        if (total * 1000.0 > LONGEST_MS).any():
            raise ParameterError(f"at the speed of {mode.id!r} a street takes over 24 days; choose a higher speed")
        milliseconds = np.rint(total * 1000.0).astype(np.int64)
        costs.append(np.where(allowed & ~shut, milliseconds, np.int64(BLOCKED)).astype(np.int32))
    return costs[0], costs[1]


def _piece_owner(segments: Segments) -> NDArray[np.int64]:
    """Return (K − 1,) the row of the segment each piece between two vertices starts in."""
    return np.repeat(np.arange(len(segments)), np.diff(segments.starts))[:-1]


def _level_speed(segments: Segments, mode: Mode) -> float | F64:
    """Return m/s on the level: one number, or (K − 1,) by piece where ``mode`` goes by class."""
    if not mode.class_mps:
        return mode.flat_mps
    speed = np.full(len(segments), mode.flat_mps)
    if segments.highway is not None:
        by_class = dict(mode.class_mps)
        speed = np.array([by_class.get(name, mode.flat_mps) for name in segments.classes])[segments.highway]
    if segments.maxspeed_mps is not None:
        speed = np.fmin(speed, segments.maxspeed_mps)
    return np.asarray(speed[_piece_owner(segments)])


def _shut(segments: Segments, mode: Mode, run: F64, slope: F64) -> Bools:
    """Return (E,) whether the segment's class or slope closes it to ``mode``, both ways."""
    shut = np.zeros(len(segments), dtype=np.bool_)
    if mode.closed and segments.highway is not None:
        shut |= np.array([name in mode.closed for name in segments.classes], dtype=np.bool_)[segments.highway]
    if mode.grade is None:
        return shut
    steep = np.abs(slope) > mode.grade.slope
    # the step from one segment's last vertex to the next one's first is level, so that no stretch runs over it
    begins = steep & ~np.concatenate([[False], steep[:-1]])
    stretch = np.cumsum(begins) - 1
    length = np.bincount(stretch[steep], weights=run[steep], minlength=int(begins.sum()))
    shut[_piece_owner(segments)[begins][length >= mode.grade.run_m]] = True
    return shut
