"""Tiles and their halos: what each tile's search needs of the whole, as arrays that can be pickled."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.contraction import Chains
from geo.errors import ParameterError
from geo.kernels import NEVER
from geo.search import Direction
from geo.segments import Segments
from geo.streets import Streets
from geo.travel import Mode

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]

SNAP_AT_ONCE: Final = 1 << 15
"""Points a task snaps at a time, so that its memory stays bounded."""

_SPARE_M: Final = 1.0
"""Added to every halo: more than floating point can lose on a journey."""

_MOST_TILES_A_SIDE: Final = 64

_BYTES_PER_SEGMENT: Final = 400
_BYTES_PER_VERTEX: Final = 100
_BYTES_PER_NODE: Final = 200
_BYTES_PER_POINT: Final = 160
_BYTES_PER_SNAP: Final = 500
"""Measured on a real city, task and answer included; rounded up."""


@dataclass(frozen=True, slots=True, eq=False)
class Tiling:
    """The plane cut into columns, and each column into rows; the outermost have no outer edge.

    Attributes:
        x: (C − 1,) where the columns part, metres.
        y: per column, where its rows part.
    """

    x: F64
    y: tuple[F64, ...]

    @property
    def first(self) -> I64:
        """Return (C + 1,) the number of each column's first tile."""
        return np.concatenate([[0], np.cumsum([len(cuts) + 1 for cuts in self.y])]).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of tiles."""
        return int(self.first[-1])

    def owner(self, xy: F64) -> I64:
        """Return (K,) the one tile each of the (K, 2) points lies in."""
        column = np.searchsorted(self.x, xy[:, 0], side="right")
        out = self.first[column]
        for number, cuts in enumerate(self.y):
            inside = column == number
            out[inside] += np.searchsorted(cuts, xy[inside, 1], side="right")
        return out

    def box(self, tile: int) -> Box:
        """Return (west, south, east, north) of a tile, infinite where it has no edge."""
        column = int(np.searchsorted(self.first, tile, side="right")) - 1
        x = np.concatenate([[-np.inf], self.x, [np.inf]])
        y = np.concatenate([[-np.inf], self.y[column], [np.inf]])
        row = tile - int(self.first[column])
        return float(x[column]), float(y[row]), float(x[column + 1]), float(y[row + 1])


def tiling(xy: F64, tiles: int) -> Tiling:
    """Return a Tiling into ``tiles`` with about equally many of the (K, 2) points in each. Raises ParameterError."""
    if tiles < 1:
        raise ParameterError(f"{tiles} tiles; a city is cut into at least one")
    columns = round(tiles**0.5)
    bounds = np.linspace(0, tiles, columns + 1).astype(np.int64)
    x = np.quantile(xy[:, 0], bounds[1:-1] / tiles) if len(xy) else np.zeros(columns - 1)
    column = np.searchsorted(x, xy[:, 0], side="right")
    y = []
    for number, rows in enumerate(np.diff(bounds)):
        inside = xy[column == number, 1]
        y.append(np.quantile(inside, np.arange(1, rows) / rows) if len(inside) else np.zeros(rows - 1))
    return Tiling(x, tuple(y))


def longest_reach_m(streets: Streets, *, limit_ms: int) -> float:
    """Return metres that no journey of ``limit_ms``, access legs included, gets away from where it starts.

    Limit × the fastest pace of any street. The few that are faster than the rest because their milliseconds were
    rounded down, or because a gap lies between their end and their node, are rather passed at once: on a shortest
    journey each comes at most three times (through it, and off it at either end).
    """
    whole, rows = streets.segments, streets.rows
    node = whole.node_xy()
    first = whole.xy[whole.starts[:-1]][rows] - node[whole.u[rows]]
    last = whole.xy[whole.starts[1:] - 1][rows] - node[whole.v[rows]]
    gap = np.hypot(*first.T), np.hypot(*last.T)
    metres = whole.length_m[rows] + gap[0] + gap[1]
    cost = np.minimum(streets.forward_ms, streets.backward_ms).astype(np.float64)
    pace = np.where(cost > 0, metres / np.maximum(cost, 1.0), np.where(metres > 0, np.inf, 0.0))
    order = np.argsort(-pace, kind="stable")
    passed = np.concatenate([[0.0], np.cumsum(metres[order])])
    fastest = np.maximum(np.append(pace[order], 0.0), streets.mode.flat_mps / 1000.0)
    # Two points' places on their streets and two access legs are rounded by half a millisecond each.
    away = fastest * (limit_ms + 2.0) + 3.0 * passed
    return float(away.min() + 2.0 * max(gap[0].max(), gap[1].max())) + _SPARE_M


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """(K, 2) points of a task in metres, their (K,) rows in the whole, and whether the tile answers for each."""

    xy: F64
    row: I64
    own: Bools

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.row)


@dataclass(frozen=True, slots=True, eq=False)
class TileTask:
    """One tile with its halo: all that its search needs, as arrays.

    Attributes:
        segments, rows: the segments, and their (E,) rows in the whole ``Streets``, ascending.
        forward_ms, backward_ms, opens, closes: (E,) as in the whole.
        chains: the chains they form, as in the whole but for the numbers of chains and nodes.
        node, node_xy, own_node: (N,) numbers in the whole, ascending; places; whether the tile answers for them.
        facilities, demand: the points to search between.
    """

    mode: Mode
    segments: Segments
    rows: I64
    forward_ms: I32
    backward_ms: I32
    opens: Bools
    closes: Bools
    chains: Chains
    node: I64
    node_xy: F64
    own_node: Bools
    facilities: Points
    demand: Points
    serving: Bools
    limit_ms: int
    max_snap_m: float
    direction: Direction


def task_bytes(*, segments: int, vertices: int, nodes: int, points: int) -> int:
    """Return about how many bytes one tile's search takes above the bare process, task and answer included."""
    at_once = min(points, SNAP_AT_ONCE)
    return (
        segments * _BYTES_PER_SEGMENT
        + vertices * _BYTES_PER_VERTEX
        + nodes * _BYTES_PER_NODE
        + points * _BYTES_PER_POINT
        + at_once * _BYTES_PER_SNAP
    )


class Cutter:
    """The whole, ready to be cut."""

    def __init__(self, streets: Streets, facilities: F64, demand: F64, limit_ms: int, max_snap_m: float) -> None:
        if not 0 <= limit_ms < NEVER or not max_snap_m >= 0:
            raise ParameterError(f"limit {limit_ms} ms and max_snap {max_snap_m} m: 0 or more, up to 24 days")
        self.streets, self.facilities, self.demand = streets, facilities, demand
        self.limit_ms, self.max_snap_m = limit_ms, max_snap_m
        self.reach_m = longest_reach_m(streets, limit_ms=limit_ms)
        whole = streets.segments
        low = np.minimum.reduceat(whole.xy, whole.starts[:-1])[streets.rows]
        high = np.maximum.reduceat(whole.xy, whole.starts[:-1])[streets.rows]
        self.low, self.high = low, high

    def tiling(self, tiles: int) -> Tiling:
        """Return a Tiling with about as much work in each tile: points to snap and streets to hold."""
        return tiling(np.concatenate([self.streets.node_xy, self.demand]), tiles)

    def rows(self, box: Box) -> I64:
        """Return the rows of all segments of chains that touch the tile or its halo."""
        west, south, east, north = _wider(box, self.reach_m + self.max_snap_m)
        touch = (self.high[:, 0] >= west) & (self.low[:, 0] <= east)
        touch &= (self.high[:, 1] >= south) & (self.low[:, 1] <= north)
        chain = self.streets.chains.chain
        held = np.zeros(len(self.streets.chains.start), dtype=np.bool_)
        # A tile without a street in reach is lent one, too far away to snap to.
        held[chain[touch] if touch.any() else chain[:1]] = True
        return np.flatnonzero(held[chain])

    def near(self, xy: F64, own: Bools, box: Box) -> Points:
        """Return the points the tile owns and those in its halo."""
        west, south, east, north = _wider(box, self.reach_m)
        x, y = xy.T
        row = np.flatnonzero(own | ((x >= west) & (x <= east) & (y >= south) & (y <= north)))
        return Points(xy[row], row, own[row])

    def tasks(self, cut: Tiling, serving: Bools, *, direction: Direction, by_facility: bool) -> Iterator[TileTask]:
        """Yield the task of every tile that has anything to answer for.

        Tiles answer for demand and junctions, or else, ``by_facility``, for facilities.
        """
        owners = [cut.owner(xy) for xy in (self.streets.node_xy, self.facilities, self.demand)]
        for tile in range(len(cut)):
            node, place, home = (owner == tile for owner in owners)
            if not (place.any() if by_facility else node.any() or place.any() or home.any()):
                continue
            box = cut.box(tile)
            near, mine = (self.demand, home), (self.facilities, place)
            if not by_facility:
                near, mine = mine, near
            around = self.near(*near, box)
            inside = Points(mine[0][mine[1]], np.flatnonzero(mine[1]), np.ones(int(mine[1].sum()), dtype=np.bool_))
            places, homes = (inside, around) if by_facility else (around, inside)
            yield self._task(self.rows(box), node, places, homes, serving, direction)

    def _task(
        self, rows: I64, own_node: Bools, places: Points, homes: Points, serving: Bools, direction: Direction
    ) -> TileTask:
        streets = self.streets
        whole = streets.chains
        chain = np.unique(whole.chain[rows])
        node = np.unique(np.concatenate([whole.start[chain], whole.end[chain]]))
        chains = Chains(
            start=np.searchsorted(node, whole.start[chain]),
            end=np.searchsorted(node, whole.end[chain]),
            forward_ms=whole.forward_ms[chain],
            backward_ms=whole.backward_ms[chain],
            chain=np.searchsorted(chain, whole.chain[rows]),
            against=whole.against[rows],
            before_ms=whole.before_ms[rows],
            before_back_ms=whole.before_back_ms[rows],
        )
        return TileTask(
            mode=streets.mode,
            segments=streets.segments.take(streets.rows[rows]),
            rows=rows,
            forward_ms=streets.forward_ms[rows],
            backward_ms=streets.backward_ms[rows],
            opens=streets.opens_chain[rows],
            closes=streets.closes_chain[rows],
            chains=chains,
            node=node,
            node_xy=streets.node_xy[node],
            own_node=own_node[node],
            facilities=places,
            demand=homes,
            serving=serving[places.row],
            limit_ms=self.limit_ms,
            max_snap_m=self.max_snap_m,
            direction=direction,
        )

    def largest(self, cut: Tiling) -> int:
        """Return the bytes of the tile that takes most."""
        whole, chains = self.streets.segments, self.streets.chains
        vertices = np.diff(whole.starts)[self.streets.rows]
        homes = np.bincount(cut.owner(self.demand), minlength=len(cut))
        most = 0
        for tile in range(len(cut)):
            rows = self.rows(cut.box(tile))
            count = self.near(self.facilities, np.zeros(len(self.facilities), dtype=np.bool_), cut.box(tile))
            most = max(
                most,
                task_bytes(
                    segments=len(rows),
                    vertices=int(vertices[rows].sum()),
                    nodes=2 * len(np.unique(chains.chain[rows])),
                    points=int(homes[tile]) + len(count),
                ),
            )
        return most


def _wider(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def tiles_within(
    streets: Streets, facilities_xy: F64, demand_xy: F64, *, limit_ms: int, max_snap_m: float, memory_bytes: int
) -> int:
    """Return the least number of tiles (1, 4, 16, …) of which none takes more than ``memory_bytes``.

    Raises ParameterError where no cut is fine enough, because the halo alone takes more.
    """
    cutter = Cutter(streets, facilities_xy, demand_xy, limit_ms, max_snap_m)
    side, least = 1, 0
    while side <= _MOST_TILES_A_SIDE:
        largest = cutter.largest(cutter.tiling(side * side))
        if largest <= memory_bytes:
            return side * side
        least = min(least, largest) if least else largest
        side *= 2
    raise ParameterError(
        f"a tile with its halo of {cutter.reach_m:.0f} m needs {least >> 20} MB at least; allow it or ask less time"
    )
