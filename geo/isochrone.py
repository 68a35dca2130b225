"""Isochrones: contours of one rasterised time field for a whole circle, cut by water that no bridge crosses.

They are for looking at. People are counted on the network, never with polygons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.jit import kernel
from geo.kernels import NEVER
from geo.reach import Field, read_field
from geo.streets import Snapped, Streets

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SAMPLES_PER_CELL: Final = 2.0
_DECK_HALF_WIDTH_CELLS: Final = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class TimeField:
    """Milliseconds to the nearest facility on a raster aligned to whole multiples of the cell.

    Attributes:
        crs: the metric CRS.
        cell_m: size of a cell, metres.
        x, y: (W,), (H,) centres of columns and rows, metres.
        ms: (H, W) milliseconds, ``inf`` where nothing reached is within the spread.
        reached_xy, reached_ms: (S, 2), (S,) samples of the streets that were reached.
        piece, piece_ms: (P,) first samples of pieces whose both ends were reached, and the later end's time.
    """

    crs: str
    cell_m: float
    x: F64
    y: F64
    ms: F32
    reached_xy: F64
    reached_ms: F64
    piece: I64
    piece_ms: F64


@kernel
def _spread(
    x: F64,
    y: F64,
    ms: F64,
    x0: float,
    y0: float,
    cell: float,
    rows: int,
    columns: int,
    radius: float,
    pace: float,
) -> F32:
    """Return (rows, columns) least of sample time + straight distance · pace (ms per m) within ``radius``."""
    out = np.full((rows, columns), np.inf, np.float32)
    reach = int(np.ceil(radius / cell))
    for i in range(len(x)):
        c = int(np.rint((x[i] - x0) / cell))
        r = int(np.rint((y[i] - y0) / cell))
        for rr in range(max(r - reach, 0), min(r + reach + 1, rows)):
            for cc in range(max(c - reach, 0), min(c + reach + 1, columns)):
                d = np.hypot(x0 + cc * cell - x[i], y0 + rr * cell - y[i])
                if d <= radius:
                    t = np.float32(ms[i] + d * pace)
                    out[rr, cc] = min(out[rr, cc], t)
    return out


def _samples(streets: Streets, step_m: float) -> tuple[I64, F64, F64]:
    """Return (segment, fraction, xy) of points at most ``step_m`` apart on every street, its ends included."""
    length = streets.segments.length_m[streets.rows]
    count = np.maximum(np.ceil(length / step_m).astype(np.int64), 1) + 1
    segment = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    fraction = nth / (count[segment] - 1)
    points = shapely.line_interpolate_point(streets.lines[segment], fraction, normalized=True)
    return segment, fraction, shapely.get_coordinates(points)


def time_field(field: Field, *, cell_m: float = 15.0, spread_m: float = 60.0) -> TimeField:
    """Return the TimeField of ``field``: times of finely sampled streets spread ``spread_m`` to either side.

    Raises ParameterError for a cell or spread that is not positive.
    """
    if cell_m <= 0 or spread_m <= 0:
        raise ParameterError("cell and spread are lengths above 0 m")
    streets = field.streets
    segment, fraction, xy = _samples(streets, cell_m / _SAMPLES_PER_CELL)
    zeros = np.zeros(len(segment))
    every = Snapped(np.ones(len(segment), np.bool_), segment, fraction, zeros, zeros.astype(np.int32))
    got = read_field(field, every)
    ok = got.travel_ms != NEVER
    xy_ok, ms_ok = xy[ok], got.travel_ms[ok].astype(np.float64)
    nth = np.cumsum(ok)
    piece = nth[np.flatnonzero((segment[1:] == segment[:-1]) & ok[1:] & ok[:-1])] - 1
    if len(xy_ok):
        low = np.floor((xy_ok.min(axis=0) - spread_m) / cell_m) - 1
        high = np.ceil((xy_ok.max(axis=0) + spread_m) / cell_m) + 1
    else:
        low, high = np.zeros(2), np.ones(2)
    x = np.arange(low[0], high[0] + 1) * cell_m
    y = np.arange(low[1], high[1] + 1) * cell_m
    pace = 1000.0 / streets.mode.flat_mps
    ms = _spread(xy_ok[:, 0], xy_ok[:, 1], ms_ok, x[0], y[0], cell_m, len(y), len(x), spread_m, pace)
    return TimeField(
        crs=streets.crs,
        cell_m=cell_m,
        x=x,
        y=y,
        ms=ms,
        reached_xy=xy_ok,
        reached_ms=ms_ok,
        piece=piece,
        piece_ms=np.maximum(ms_ok[piece], ms_ok[piece + 1]),
    )


def display_polygons(
    field: TimeField, limits_ms: Sequence[int], *, water: shapely.Geometry | None = None
) -> list[shapely.Geometry]:
    """Return one valid (Multi)Polygon per limit, metres: where the time is within it, nested from small to large.

    ``water`` (metres) is cut out; reached streets that cross it stay as narrow decks, and what is left without any
    reached street goes. Empty polygons are possible.
    """
    out: list[shapely.Geometry] = []
    for limit in limits_ms:
        area = _contour(field, float(limit))
        if water is not None and not area.is_empty:
            area = _without_water(field, area, float(limit), water)
        out.append(area)
    for i in range(len(out) - 2, -1, -1):
        if not out[i].is_empty and not shapely.covers(out[i + 1], out[i]):
            out[i + 1] = shapely.union(out[i + 1], out[i])
    return out


def _contour(field: TimeField, limit: float) -> shapely.Geometry:
    band = field.cell_m * 500.0
    clipped = np.clip(field.ms.astype(np.float64), limit - band, limit + band)
    generator = contourpy.contour_generator(x=field.x, y=field.y, z=clipped, fill_type=contourpy.FillType.OuterOffset)
    filled = generator.filled(-np.inf, limit)
    shapes = []
    for xy, offset in zip(filled[0], filled[1], strict=True):
        assert xy is not None and offset is not None  # chunks are only empty where chunking was asked for
        rings = [xy[a:b] for a, b in pairwise(offset)]
        shapes.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.make_valid(shapely.MultiPolygon(shapes), method="structure", keep_collapsed=False)


def _without_water(field: TimeField, area: shapely.Geometry, limit: float, water: shapely.Geometry) -> shapely.Geometry:
    dry = shapely.difference(area, water)
    parts = shapely.get_parts(dry)
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    shapely.prepare(parts)
    tree = shapely.STRtree(shapely.points(field.reached_xy[field.reached_ms <= limit]))
    held = np.unique(tree.query(parts, predicate="intersects")[0])
    first = field.piece[field.piece_ms <= limit]
    pieces = shapely.linestrings(np.stack([field.reached_xy[first], field.reached_xy[first + 1]], axis=1))
    wet = pieces[shapely.STRtree(pieces).query(water, predicate="intersects")]
    return shapely.union_all(np.concatenate([parts[held], shapely.buffer(wet, field.cell_m * _DECK_HALF_WIDTH_CELLS)]))
