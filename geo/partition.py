"""Cutting: a city searched tile by tile, each with a halo as long as the longest reach, answered as if it were whole.

Why no cut shows. Milliseconds, chains and the numbers of nodes come from the whole, so a chain is the same in every
tile. A tile answers for the points and junctions inside it, and holds every chain that a journey within the limit from
any of them can touch, and every facility at its end, each snapped among all streets near it: so times and labels are
exact. What hangs on places far away (unreachable, or only beyond the limit) is settled once, on the whole graph, after
the tiles are put together; polygons and sums are made from what was put together, in the order of the whole.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.reach import Field, Nearest, field_to_facilities, read_field
from geo.search import Catchments, Direction, catchments
from geo.streets import Snapped, Streets, csr
from geo.tiling import SNAP_AT_ONCE, Cutter, Points, TileTask, tiling
from geo.travel import BLOCKED

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
T = TypeVar("T")
R = TypeVar("R")


class Mapper(Protocol):
    """What runs the tiles: the builtin ``map``, or an executor's; answers come in the order of the tasks."""

    def __call__(self, fn: Callable[[T], R], tasks: Iterable[T], /) -> Iterable[R]:
        """Return ``fn`` of every task, in order."""
        ...


def _streets_of(task: TileTask) -> Streets:
    chains, nodes = task.chains, len(task.node)
    ahead, back = chains.forward_ms != BLOCKED, chains.backward_ms != BLOCKED
    graph = csr(
        np.concatenate([chains.start[ahead], chains.end[back]]),
        np.concatenate([chains.end[ahead], chains.start[back]]),
        np.concatenate([chains.forward_ms[ahead], chains.backward_ms[back]]),
        nodes,
    )
    lines = task.segments.lines()
    return Streets(
        segments=task.segments,
        mode=task.mode,
        rows=np.arange(len(task.rows)),
        forward_ms=task.forward_ms,
        backward_ms=task.backward_ms,
        chains=chains,
        graph=graph,
        reverse=graph.reversed(),
        node_xy=task.node_xy,
        lines=lines,
        tree=shapely.STRtree(lines),
        islands=np.zeros(nodes, dtype=np.int32),
        opens_chain=task.opens,
        closes_chain=task.closes,
    )


def _snap(streets: Streets, points: Points, max_snap_m: float) -> Snapped:
    """Return the points snapped, some thousands at a time, so that memory stays bounded."""
    cuts = range(0, max(len(points), 1), SNAP_AT_ONCE)
    parts = [streets.snap(points.xy[low : low + SNAP_AT_ONCE], crs=streets.crs, max_snap_m=max_snap_m) for low in cuts]
    return Snapped(*(np.concatenate([getattr(part, name) for part in parts]) for name in Snapped.__slots__))


def _of_whole(snapped: Snapped, rows: I64, keep: Bools) -> Snapped:
    """Return the points to keep, on segments numbered as in the whole; 0 stays where there is none."""
    segment = np.zeros(len(snapped), dtype=np.int64)
    segment[snapped.on] = rows[snapped.segment[snapped.on]]
    kept = replace(snapped, segment=segment)
    return Snapped(*(getattr(kept, name)[keep] for name in Snapped.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class TileTimes:
    """What one tile found: milliseconds and facility of its own junctions, and where its own points snapped to."""

    node: I64
    time_ms: I32
    label: I32
    facility: I64
    facilities: Snapped
    home: I64
    demand: Snapped
    relaxed: int


def search_tile(task: TileTask) -> TileTimes:
    """Return the TileTimes of one tile: streets indexed, points snapped, times to the nearest facility searched."""
    streets = _streets_of(task)
    places = _snap(streets, task.facilities, task.max_snap_m)
    field = field_to_facilities(streets, replace(places, on=places.on & task.serving), limit_ms=task.limit_ms)
    own, mine = task.own_node, task.facilities.own
    label = field.label[own]
    served = label >= 0
    label[served] = task.facilities.row[label[served]]
    return TileTimes(
        node=task.node[own],
        time_ms=field.time_ms[own],
        label=label,
        facility=task.facilities.row[mine],
        facilities=_of_whole(places, task.rows, mine),
        home=task.demand.row,
        demand=_of_whole(_snap(streets, task.demand, task.max_snap_m), task.rows, task.demand.own),
        relaxed=field.relaxed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Travel times of a whole put together from tiles: its field, its points on the streets, and their answers."""

    field: Field
    facilities: Snapped
    demand: Snapped
    nearest: Nearest


def reach_by_tiles(
    streets: Streets,
    facilities_xy: F64,
    demand_xy: F64,
    *,
    limit_ms: int,
    max_snap_m: float,
    tiles: int = 1,
    map: Mapper = map,
    serving: Bools | None = None,
) -> Reached:
    """Return what snapping and searching the whole at once would: the same bytes for any ``tiles`` and any ``map``.

    The (M, 2) facilities and (K, 2) demand points are metres in the CRS of ``streets``. ``serving`` (M,) marks the
    facilities that count; all do without it. Of ``field`` only ``relaxed``, the work done, depends on the cut.
    Raises ParameterError.
    """
    cutter = Cutter(streets, facilities_xy, demand_xy, limit_ms, max_snap_m)
    counts = np.ones(len(facilities_xy), dtype=np.bool_) if serving is None else serving
    places, homes = _nowhere(len(facilities_xy)), _nowhere(len(demand_xy))
    # A search of no time at all settles what does not hang on the limit; the tiles bring the rest.
    time = np.full(streets.graph.nodes, BLOCKED, dtype=np.int32)
    label = np.full(streets.graph.nodes, -1, dtype=np.int32)
    relaxed = 0
    for part in map(search_tile, cutter.tasks(cutter.tiling(tiles), counts, direction="to", by_facility=False)):
        time[part.node], label[part.node] = part.time_ms, part.label
        _put(places, part.facility, part.facilities)
        _put(homes, part.home, part.demand)
        relaxed += part.relaxed
    still = field_to_facilities(streets, replace(places, on=places.on & counts), limit_ms=0)
    field = replace(still, limit_ms=int(limit_ms), time_ms=time, label=label, relaxed=relaxed)
    return Reached(field, places, homes, read_field(field, homes))


def _nowhere(count: int) -> Snapped:
    return Snapped(
        on=np.zeros(count, dtype=np.bool_),
        segment=np.zeros(count, dtype=np.int64),
        fraction=np.zeros(count),
        snapped_m=np.full(count, np.nan),
        access_ms=np.zeros(count, dtype=np.int32),
    )


def _put(into: Snapped, rows: I64, part: Snapped) -> None:
    for name in Snapped.__slots__:
        getattr(into, name)[rows] = getattr(part, name)


def nearest_by_tiles(
    streets: Streets,
    facilities_xy: F64,
    demand_xy: F64,
    *,
    limit_ms: int,
    max_snap_m: float,
    tiles: int = 1,
    map: Mapper = map,
) -> Nearest:
    """Return the Nearest facility of each demand point; see ``reach_by_tiles``. Raises ParameterError."""
    return reach_by_tiles(
        streets, facilities_xy, demand_xy, limit_ms=limit_ms, max_snap_m=max_snap_m, tiles=tiles, map=map
    ).nearest


@dataclass(frozen=True, slots=True, eq=False)
class TileCatchments:
    """The catchments of one tile's own facilities: their rows, pairs each, and the pairs in the whole's numbers."""

    facility: I64
    count: I64
    column: I32
    ms: I32


def catch_tile(task: TileTask) -> TileCatchments:
    """Return the TileCatchments of one tile."""
    streets = _streets_of(task)
    places = _snap(streets, task.facilities, task.max_snap_m)
    homes = _snap(streets, task.demand, task.max_snap_m)
    found = catchments(
        streets,
        replace(places, on=places.on & task.serving),
        homes,
        limit_ms=task.limit_ms,
        direction=task.direction,
    )
    column = task.demand.row[found.column].astype(np.int32)
    return TileCatchments(task.facilities.row, np.diff(found.indptr), column, found.ms)


def catchments_by_tiles(
    streets: Streets,
    facilities_xy: F64,
    demand_xy: F64,
    *,
    limit_ms: int,
    max_snap_m: float,
    direction: Direction = "to",
    tiles: int = 1,
    map: Mapper = map,
) -> Catchments:
    """Return the Catchments of (M, 2) facilities over (K, 2) demand points, metres, the same for any cut.

    Every tile searches from the facilities inside it. Raises ParameterError.
    """
    cutter = Cutter(streets, facilities_xy, demand_xy, limit_ms, max_snap_m)
    every = np.ones(len(facilities_xy), dtype=np.bool_)
    tasks = cutter.tasks(tiling(facilities_xy, tiles), every, direction=direction, by_facility=True)
    parts = list(map(catch_tile, tasks))
    counts = np.zeros(len(facilities_xy), dtype=np.int64)
    for part in parts:
        counts[part.facility] = part.count
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    column, ms = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.int32)
    for part in parts:
        begin = np.cumsum(part.count) - part.count
        to = np.repeat(indptr[part.facility] - begin, part.count) + np.arange(len(part.column))
        column[to], ms[to] = part.column, part.ms
    return Catchments(indptr, column, ms, len(demand_xy), int(limit_ms))
