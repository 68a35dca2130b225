"""Isochrones: contours of one rasterised time field for a whole circle, cut by water that no street crosses.

They are for looking at. People are counted on the network, never with polygons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from geo.errors import ParameterError
from geo.jit import kernel
from geo.kernels import NEVER
from geo.reach import Field, field_to_facilities, read_field
from geo.streets import Snapped, Streets
from geo.terrain import densify, interpolate

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

CELL_M: Final = 15.0
SPREAD_M: Final = 60.0
_SAMPLES_PER_CELL: Final = 2.0
_DECK_HALF_WIDTH_CELLS: Final = 0.75
_SMALL_HOLE_M2: Final = 20_000.0
SLACK_CELLS: Final = 0.25
_TOLERANCE_CELLS: Final = 0.2
_MS_PER_S: Final = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class TimeField:
    """Times to the nearest facility of finely sampled streets, from which contours are drawn for any limit.

    Attributes:
        crs: the metric CRS.
        limit_ms: up to where the times are known.
        cell_m, spread_m: raster cell, and how far beside a street its time is spread, metres.
        xy, ms: (S, 2), (S,) samples, metres and milliseconds; inf where nothing is reached.
        pace: (S,) milliseconds per metre beside the street there.
        water: what parts the banks, metres, or None.
        beside_water: (S,) whether the sample lies within the spread of it.
        crossings: (C,) pieces of reached streets over water, with (C,) ``crossing_ms``, the later end's time.
    """

    crs: str
    limit_ms: int
    cell_m: float
    spread_m: float
    xy: F64
    ms: F64
    pace: F64
    water: shapely.Geometry | None
    beside_water: Bools
    crossings: NDArray[np.object_]
    crossing_ms: F64


def time_field(
    *fields: Field, water: shapely.Geometry | None = None, cell_m: float = CELL_M, spread_m: float = SPREAD_M
) -> TimeField:
    """Return the TimeField of the best of ``fields`` (one per mode), cut by ``water`` (metres) when drawn.

    Raises ParameterError for a cell or spread that is not positive, and for no field or fields of several CRSs.
    """
    if not (cell_m > 0 and spread_m > 0):
        raise ParameterError("cell and spread are lengths above 0 m")
    if len({field.streets.crs for field in fields}) != 1:
        raise ParameterError("a time field needs fields of one CRS, at least one")
    shore = None
    if water is not None:
        shore = shapely.buffer(water, spread_m)
        shapely.prepare([water, shore])
    margin_m = 3.0 * spread_m
    parts = [_sampled(field, cell_m / _SAMPLES_PER_CELL, margin_m, water, shore) for field in fields]
    return TimeField(
        crs=fields[0].streets.crs,
        limit_ms=min(field.limit_ms for field in fields),
        cell_m=cell_m,
        spread_m=spread_m,
        xy=np.concatenate([part.xy for part in parts]),
        ms=np.concatenate([part.ms for part in parts]),
        pace=np.concatenate([part.pace for part in parts]),
        water=water,
        beside_water=np.concatenate([part.beside_water for part in parts]),
        crossings=np.concatenate([part.crossings for part in parts]),
        crossing_ms=np.concatenate([part.crossing_ms for part in parts]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    xy: F64
    ms: F64
    pace: F64
    beside_water: Bools
    crossings: NDArray[np.object_]
    crossing_ms: F64


def _sampled(
    field: Field, step_m: float, margin_m: float, water: shapely.Geometry | None, shore: shapely.Geometry | None
) -> _Samples:
    """Return one mode's samples, at most ``step_m`` apart and at every vertex, ``margin_m`` beyond what is reached."""
    streets = field.streets
    segment, fraction, xy = _along_streets(streets, _rows_around(field, margin_m), step_m)
    zeros = np.zeros(len(segment))
    every = Snapped(np.ones(len(segment), np.bool_), segment, fraction, zeros, zeros.astype(np.int32))
    got = read_field(field, every)
    ok = got.travel_ms != NEVER
    crossings, crossing_ms = np.empty(0, dtype=np.object_), np.empty(0)
    if water is not None:
        wet = np.zeros(len(ok), dtype=np.bool_)
        wet[ok] = shapely.intersects_xy(water, xy[ok])
        both = (segment[1:] == segment[:-1]) & ok[1:] & ok[:-1]
        first = np.flatnonzero(both & (wet[1:] | wet[:-1]))
        crossings = np.asarray(shapely.linestrings(np.stack([xy[first], xy[first + 1]], axis=1)), dtype=np.object_)
        crossing_ms = np.maximum(got.travel_ms[first], got.travel_ms[first + 1]).astype(np.float64)
    pace = np.full(len(ok), _MS_PER_S / streets.mode.flat_mps)
    beside = np.zeros(len(ok), np.bool_) if shore is None else shapely.intersects_xy(shore, xy)
    ms = np.where(ok, got.travel_ms, np.inf)
    return _Samples(xy, ms, pace, beside, crossings, crossing_ms)


def _rows_around(field: Field, margin_m: float) -> I64:
    """Return the rows of the streets in a box around all that is reached."""
    streets = field.streets
    chains = streets.chains
    reached = (field.time_ms[chains.start] != NEVER) | (field.time_ms[chains.end] != NEVER)
    reached[np.diff(field.first_of_chain) > 0] = True
    rows = np.flatnonzero(reached[chains.chain])
    if not len(rows):
        return rows
    low, high = shapely.total_bounds(streets.lines[rows]).reshape(2, 2)
    return np.sort(streets.tree.query(shapely.box(*(low - margin_m), *(high + margin_m))))


def _along_streets(streets: Streets, rows: I64, step_m: float) -> tuple[I64, F64, F64]:
    """Return (segment, fraction, xy) of points at every vertex and at most ``step_m`` apart on the streets ``rows``."""
    if not len(rows):
        return np.empty(0, dtype=np.int64), np.empty(0), np.empty((0, 2))
    taken = streets.segments.take(streets.rows[rows])
    piece, share, begins = densify(taken.xy, taken.starts, step_m=step_m)
    xy = interpolate(taken.xy, piece, share)
    row = np.repeat(np.arange(len(taken)), np.diff(begins))
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    step[begins[:-1]] = 0.0
    along = np.cumsum(step)
    along -= along[begins[:-1]][row]
    length = along[begins[1:] - 1][row]
    fraction = np.clip(along / np.where(length > 0.0, length, 1.0), 0.0, 1.0)
    fraction[begins[1:] - 1] = np.where(length[begins[1:] - 1] > 0.0, 1.0, 0.0)
    return rows[row], fraction, xy


def isochrones(
    streets: Streets,
    facilities: Snapped,
    limits_ms: Sequence[int],
    *,
    water: shapely.Geometry | None = None,
    cell_m: float = CELL_M,
    spread_m: float = SPREAD_M,
) -> list[list[shapely.Geometry]]:
    """Return, for each of the (M,) facilities by itself, one polygon per limit, metres, from small to large.

    For all facilities together, draw ``display_polygons`` of one ``time_field``. A facility off the network has empty
    polygons. Raises ParameterError as ``display_polygons``.
    """
    if not limits_ms:
        return [[] for _ in range(len(facilities))]
    out = []
    for row in range(len(facilities)):
        alone = Snapped(*(getattr(facilities, name)[row : row + 1] for name in Snapped.__dataclass_fields__))
        field = field_to_facilities(streets, alone, limit_ms=max(limits_ms))
        drawn = time_field(field, water=water, cell_m=cell_m, spread_m=spread_m)
        out.append(display_polygons(drawn, limits_ms))
    return out


def display_polygons(field: TimeField, limits_ms: Sequence[int]) -> list[shapely.Geometry]:
    """Return one valid (Multi)Polygon per limit, metres: where the time is within it, nested from small to large.

    Water is cut out; reached streets that cross it stay as narrow decks, and what is left beyond it without any
    reached street goes. Empty polygons are possible. Raises ParameterError for limits that do not ascend or lie
    beyond the field's.
    """
    if any(limit > field.limit_ms for limit in limits_ms):
        raise ParameterError(f"the times are known up to {field.limit_ms} ms; search farther to draw {max(limits_ms)}")
    if any(a >= b for a, b in pairwise(limits_ms)):
        raise ParameterError("limits go from small to large, each once")
    out = [_without_water(field, _contour(field, float(limit)), float(limit)) for limit in limits_ms]
    return out if len(out) == 1 else _nested(out)


def _nested(bands: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Return the bands such that each covers the smaller ones exactly, to the last digit.

    All borders are noded together; every band is made of whole faces between them, so that borders are shared and
    not merely close.
    """
    drawn = [band for band in bands if not band.is_empty]
    if not drawn:
        return bands
    borders = shapely.union_all(shapely.boundary(np.array(drawn, dtype=np.object_)))
    faces = shapely.get_parts(shapely.polygonize([borders]))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    out = []
    held = np.zeros(len(faces), dtype=np.bool_)
    for band in bands:
        shapely.prepare(band)
        held |= shapely.intersects_xy(band, inner)
        out.append(_together(shapely.get_parts(shapely.coverage_union_all(faces[held]))))
    return out


def _contour(field: TimeField, limit: float) -> shapely.Geometry:
    """Return the area within ``limit``, cluster by cluster, every raster on one grid of whole cells."""
    near = field.ms <= limit
    if not near.any():
        return shapely.MultiPolygon()
    band = field.cell_m * float(field.pace.max())
    shapes: list[shapely.Geometry] = []
    for rows in _clusters(field.xy, near, 2.0 * field.spread_m + field.cell_m):
        shapes += _cluster_polygons(field, rows, near, limit, band)
    drawn = shapely.simplify(
        np.array(shapes, dtype=np.object_), field.cell_m * _TOLERANCE_CELLS, preserve_topology=False
    )
    broken = ~shapely.is_valid(drawn)
    drawn[broken] = shapely.make_valid(drawn[broken], method="structure", keep_collapsed=False)
    return _together(shapely.get_parts(drawn))


def _clusters(xy: F64, near: Bools, block_m: float) -> Iterator[I64]:
    """Yield rows of samples in groups that hold all that can matter to the ``near`` ones among them.

    Groups are connected blocks around the near samples, a block wider than two spreads on every side.
    """
    block = np.floor(xy / block_m).astype(np.int64)
    block += 1 - block.min(axis=0)
    filled = np.zeros(block.max(axis=0) + 2, dtype=np.bool_)
    filled[block[near, 0], block[near, 1]] = True
    around = np.ones((3, 3), dtype=np.bool_)
    number = label(binary_dilation(filled, around), structure=around)[0][block[:, 0], block[:, 1]]
    rows = np.flatnonzero(number)
    order = rows[np.argsort(number[rows], kind="stable")]
    yield from np.split(order, np.flatnonzero(np.diff(number[order])) + 1)


def _cluster_polygons(field: TimeField, rows: I64, near: Bools, limit: float, band: float) -> list[shapely.Geometry]:
    cell = field.cell_m
    core = field.xy[rows[near[rows]]]
    low = np.floor((core.min(axis=0) - field.spread_m) / cell).astype(np.int64) - 1
    high = np.ceil((core.max(axis=0) + field.spread_m) / cell).astype(np.int64) + 1
    width, height = high - low + 1
    raster = np.full((height, width), np.inf, np.float32)
    for pace in np.unique(field.pace[rows]):  # each mode by its own nearest street, then the best of them
        own = rows[field.pace[rows] == pace]
        one = _spread(field.xy[own], field.ms[own], pace, low[0], low[1], cell, height, width, field.spread_m)
        np.minimum(raster, one, out=raster)
    clipped = np.clip(raster, limit - band, limit + band)
    x, y = np.arange(low[0], high[0] + 1) * cell, np.arange(low[1], high[1] + 1) * cell
    filled = contourpy.contour_generator(x=x, y=y, z=clipped, fill_type=contourpy.FillType.OuterOffset).filled(
        -np.inf, limit
    )
    late = field.xy[rows[~near[rows]]]
    shapes = []
    for ring, offset in zip(filled[0], filled[1], strict=True):
        assert ring is not None  # chunks are only empty where chunking was asked for
        assert offset is not None
        rings = [ring[a:b] for a, b in pairwise(offset)]
        shapes.append(shapely.Polygon(rings[0], _holes(rings[1:], late)))
    return shapes


def _holes(rings: list[F64], late: F64) -> list[F64]:
    """Return the holes that mean something: large ones, and those around streets that are not reached in time.

    What is left of yards and blocks between reached streets is no place of its own.
    """
    if not rings:
        return rings
    holes = np.array([shapely.Polygon(ring) for ring in rings], dtype=np.object_)
    small = shapely.area(holes) < _SMALL_HOLE_M2
    told = np.zeros(len(rings), dtype=np.bool_)
    tree = shapely.STRtree(holes[small])
    told[np.flatnonzero(small)[np.unique(tree.query(shapely.points(late), predicate="intersects")[1])]] = True
    return [ring for ring, keep in zip(rings, ~small | told, strict=True) if keep]


@kernel
def _spread(
    xy: F64, ms: F64, pace: float, column0: int, row0: int, cell: float, rows: int, columns: int, radius: float
) -> F32:
    """Return (rows, columns) time at each cell's centre by its nearest street within ``radius``, inf elsewhere.

    Nearest as people snap: a cell takes the time of its nearest sample, and of others hardly farther the least, so
    that the raster's coarseness leaves nobody out.
    """
    away = np.full((rows, columns), np.inf, np.float32)
    out = np.full((rows, columns), np.inf, np.float32)
    reach = int(np.ceil(radius / cell))
    for sweep in range(2):
        for i in range(len(ms)):
            if sweep == 1 and ms[i] == np.inf:
                continue
            c = int(np.rint(xy[i, 0] / cell)) - column0
            r = int(np.rint(xy[i, 1] / cell)) - row0
            for rr in range(max(r - reach, 0), min(r + reach + 1, rows)):
                dy = (rr + row0) * cell - xy[i, 1]
                for cc in range(max(c - reach, 0), min(c + reach + 1, columns)):
                    dx = (cc + column0) * cell - xy[i, 0]
                    square = dx * dx + dy * dy
                    if square > radius * radius:
                        continue
                    d = np.float32(np.sqrt(square))
                    if sweep == 0:
                        away[rr, cc] = min(away[rr, cc], d)
                    elif d <= away[rr, cc] + cell * SLACK_CELLS:
                        out[rr, cc] = min(out[rr, cc], np.float32(ms[i] + d * pace))
    return out


def _without_water(field: TimeField, area: shapely.Geometry, limit: float) -> shapely.Geometry:
    if field.water is None or area.is_empty:
        return area
    parts = shapely.get_parts(area)
    wet = shapely.intersects(field.water, parts)
    pieces = shapely.get_parts(shapely.difference(parts[wet], field.water))
    pieces = pieces[shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON]
    # What a spread carried over water lies within the spread of it; only such pieces can be without a street.
    doubtful = shapely.covers(shapely.buffer(field.water, field.spread_m), pieces)
    reached = shapely.points(field.xy[field.beside_water & (field.ms <= limit)])
    held = np.unique(shapely.STRtree(pieces[doubtful]).query(reached, predicate="intersects")[1])
    decks = shapely.buffer(field.crossings[field.crossing_ms <= limit], field.cell_m * _DECK_HALF_WIDTH_CELLS)
    banks = np.concatenate([parts[~wet], pieces[~doubtful], pieces[doubtful][held]])
    deck = shapely.union_all(decks)
    shapely.prepare(deck)
    joined = shapely.intersects(deck, banks)
    crossed = shapely.union_all(np.append(banks[joined], deck))
    return _together(np.concatenate([banks[~joined], shapely.get_parts(crossed)]))


def _together(parts: NDArray[np.object_]) -> shapely.Geometry:
    """Return disjoint polygons as one geometry, a Polygon where there is one."""
    kept = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(list(kept))
