"""What parts a place from the streets, or its streets from every facility, and how little would join them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.reach import field_to_facilities, read_field
from geo.streets import Snapped
from layers.explain.travel import LONGEST_MS, Target, Travel, water_on

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OffStreets:
    """A place no street of its mode comes near: metres to the nearest one, and to the nearest of any kind.

    Attributes:
        usable_m, usable_xy: to the nearest street the mode may use, and the (2,) metres of the point on it.
        any_m, any_row: to the nearest street whatever it is, and its row in the streets frame.
    """

    usable_m: float
    usable_xy: F64
    any_m: float
    any_row: int


def off_streets(got: Travel) -> OffStreets:
    """Return what is nearest to a place that is off the network."""
    streets, city = got.target.streets, got.target.city
    point = shapely.Point(got.xy)
    near = int(streets.tree.nearest(point))
    tree = city.index("streets")
    other = int(tree.nearest(point))
    line = streets.lines[near]
    at = shapely.line_interpolate_point(line, shapely.line_locate_point(line, point))
    return OffStreets(
        float(shapely.distance(line, point)),
        shapely.get_coordinates(at)[0],
        float(shapely.distance(tree.geometries[other], point)),
        other,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """Streets from which no facility is reached: why, how many, and the shortest link to those from which one is.

    Attributes:
        kind: "no_facility" anywhere on the network; "one_way": joined to one, but no way there is allowed; "island".
        segments, length_m: the place's own connected streets.
        gap_m, ends: metres of the shortest link, and its (2, 2) ends, the place's side first; NaN where there is none.
        then_ms: milliseconds from the place to its nearest facility were the link a level street.
    """

    kind: Literal["no_facility", "one_way", "island"]
    segments: int
    length_m: float
    gap_m: float
    ends: F64
    wet: bool
    water: str | None
    then_ms: int


def apart(got: Travel) -> Apart:
    """Return what parts a place on the network from every facility."""
    to = got.target
    streets = to.streets
    island_of = streets.islands[streets.chains.start[streets.chains.chain]]
    own = int(island_of[got.snapped.segment[0]])
    inside = island_of == own
    mine = np.flatnonzero(inside)
    length = float(streets.segments.length_m[streets.rows[mine]].sum())
    none = np.full((2, 2), np.nan)
    served = np.unique(island_of[to.snapped.segment[to.snapped.on]])
    if not len(served):
        return Apart("no_facility", len(mine), length, np.nan, none, False, None, LONGEST_MS)
    if own in served:
        return Apart("one_way", len(mine), length, np.nan, none, False, None, LONGEST_MS)
    key = ("apart", to.facilities.key, to.mode, streets.mode.slope is None, own)
    a, b = to.city.keep(key, lambda: _closest(to, mine, np.flatnonzero(np.isin(island_of, served))))
    link = shapely.shortest_line(streets.lines[a], streets.lines[b])
    ends = shapely.get_coordinates(link)
    gap = float(shapely.length(link))
    wet, water = water_on(to.city, link)
    return Apart("island", len(mine), length, gap, ends, wet, water, _by_link(got, (a, b), ends, gap))


def _closest(to: Target, mine: I64, others: I64) -> tuple[int, int]:
    """Return the two nearest streets of two groups, the lowest rows on ties."""
    small, large = (mine, others) if len(mine) <= len(others) else (others, mine)
    lines = to.streets.lines
    (who, which), far = shapely.STRtree(lines[large]).query_nearest(lines[small], return_distance=True)
    best = np.lexsort((large[which], small[who], far))[0]
    a, b = int(small[who[best]]), int(large[which[best]])
    return (a, b) if small is mine else (b, a)


def _by_link(got: Travel, pair: tuple[int, int], ends: F64, gap: float) -> int:
    """Return milliseconds from the place over a level link to its nearest facility, LONGEST_MS where there is none."""
    to = got.target
    streets = to.streets
    near, far = (_on(streets.lines[row], row, xy) for row, xy in zip(pair, ends, strict=True))
    there = read_field(field_to_facilities(streets, near, limit_ms=LONGEST_MS), got.snapped)
    on = read_field(to.field, far)
    if there.facility[0] < 0 or on.facility[0] < 0:
        return LONGEST_MS
    return int(there.travel_ms[0]) + int(streets.mode.access_ms(np.array([gap]))[0]) + int(on.travel_ms[0])


def _on(line: shapely.Geometry, row: int, xy: F64) -> Snapped:
    share = shapely.line_locate_point(line, shapely.Point(xy), normalized=True)
    one = np.ones(1)
    return Snapped(
        one.astype(np.bool_), np.array([row], dtype=np.int64), np.array([float(share)]), one * 0.0,
        np.zeros(1, dtype=np.int32),
    )  # fmt: skip
