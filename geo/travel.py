"""What an edge costs: paces, slope rules and whole milliseconds."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from geo.segments import Segments

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

BLOCKED: Final = np.int32(2**31 - 1)
"""Cost of a direction that may not be travelled, inside arrays only."""

Access = Literal["walk", "cycle", "drive"]


@dataclass(frozen=True, slots=True)
class Tobler:
    """Walking speed on a slope: v·exp(−factor·|s − optimum| + factor·|optimum|), v the speed on the level.

    Tobler, W. (1993) Three presentations on geographical analysis and modeling, NCGIA Technical Report 93-1.
    """

    factor: float
    optimum: float

    def speed(self, flat_mps: float, slope: F64) -> F64:
        """Return (K,) m/s on the (K,) slopes (rise over run, positive uphill)."""
        return flat_mps * np.exp(-self.factor * (np.abs(slope - self.optimum) - abs(self.optimum)))


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

    def speed(self, flat_mps: float, slope: F64) -> F64:
        """Return (K,) m/s on the (K,) slopes (rise over run, positive uphill)."""
        pct = slope * 100.0
        up = np.maximum(flat_mps * (1.0 - self.uphill_loss_per_pct * pct), min(self.push_mps, flat_mps))
        down = np.minimum(flat_mps * (1.0 - self.downhill_gain_per_pct * pct), max(self.cap_mps, flat_mps))
        return np.where(pct > 0.0, up, down)


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to travel: where it may go, how fast on the level, and what slope does to it."""

    id: str
    access: Access
    flat_mps: float
    slope: Tobler | LinearCycling | None
    max_slope: float

    def access_ms(self, metres: F64) -> I32:
        """Return (K,) milliseconds for straight access legs of ``metres``, at the flat speed."""
        return np.rint(metres / self.flat_mps * 1000.0).astype(np.int32)

    def level(self) -> "Mode":
        """Return the same mode on level ground."""
        return Mode(self.id, self.access, self.flat_mps, None, self.max_slope)


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
        slope = np.where((run > 0.0) & np.isfinite(rise), rise / run, 0.0)
    slope = np.clip(slope, -mode.max_slope, mode.max_slope)
    costs = []
    for direction, allowed in ((1.0, segments.forward[mode.access]), (-1.0, segments.backward[mode.access])):
        if mode.slope is None:
            seconds = run / mode.flat_mps
        else:
            seconds = run / mode.slope.speed(mode.flat_mps, direction * slope)
        total = np.add.reduceat(np.where(inside, seconds, 0.0), segments.starts[:-1])
        milliseconds = np.rint(total * 1000.0).astype(np.int64)
        costs.append(np.where(allowed, milliseconds, np.int64(BLOCKED)).astype(np.int32))
    return costs[0], costs[1]
