"""The synthetic terrain: valley floors as drawn, hills that rise from their feet, and gullies in the loess."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely import LineString, Polygon

from data.sample.plane import Floats, stream, to_plane
from data.sample.river import river, smooth
from data.sample.sketch import BASINS, MOUNTAINS, NORTH_FOOT, SOUTH_FOOT, TERRACES, VALLEYS

CELL_M = 150.0
COARSE = 2
WEST, SOUTH, EAST, NORTH = 283_000.0, 3_935_000.0, 472_000.0, 4_106_000.0


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights in metres on a grid of ``CELL_M`` in the plane; row 0 is the southernmost."""

    heights: NDArray[np.float32]
    above_floor: NDArray[np.float32]

    def at(self, xy: Floats) -> Floats:
        """Return (N,) heights (m) at (N, 2) metres in the plane, bilinear; the edge continues outward."""
        return _bilinear(self.heights, xy)

    def rise(self, xy: Floats) -> Floats:
        """Return (N,) metres above the nearest valley floor at (N, 2) metres in the plane."""
        return _bilinear(self.above_floor, xy)

    def sample(self, lonlat: Floats) -> Floats:
        """Return (N,) heights (m) at (N, 2) degrees, EPSG:4490; NaN outside the grid."""
        xy = to_plane(lonlat)
        inside = (xy[:, 0] >= WEST) & (xy[:, 0] <= EAST) & (xy[:, 1] >= SOUTH) & (xy[:, 1] <= NORTH)
        return np.where(inside, self.at(xy), np.nan)


def _bilinear(grid: NDArray[np.float32], xy: Floats) -> Floats:
    column = np.clip((xy[:, 0] - WEST) / CELL_M, 0, grid.shape[1] - 1.001)
    row = np.clip((xy[:, 1] - SOUTH) / CELL_M, 0, grid.shape[0] - 1.001)
    j, i = column.astype(np.int64), row.astype(np.int64)
    fx, fy = column - j, row - i
    south = grid[i, j] * (1 - fx) + grid[i, j + 1] * fx
    north = grid[i + 1, j] * (1 - fx) + grid[i + 1, j + 1] * fx
    return np.asarray(south * (1 - fy) + north * fy, dtype=np.float64)


@cache
def valley_floor() -> Polygon:
    """Return the floor of the Lanzhou valley in the plane: both banks from foot to foot, water included."""
    south, north = (_ragged(smooth(to_plane(np.array(foot)))) for foot in (SOUTH_FOOT, NORTH_FOOT))
    return Polygon(np.vstack([south, north[::-1]])).buffer(0)


@cache
def terraces() -> tuple[Polygon, ...]:
    """Return the built-up terraces above the floor, in the plane, their corners rounded."""
    return tuple(Polygon(to_plane(outline)).buffer(-220.0).buffer(220.0) for _, outline, _ in TERRACES)


def _ragged(xy: Floats) -> Floats:
    """Return the foot of a range of hills as spurs and gullies make it: in and out by some 80 m."""
    line = LineString(xy)
    along = np.linspace(0.0, line.length, int(line.length / 160))
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    heading = np.gradient(points, axis=0)
    normal = np.column_stack([-heading[:, 1], heading[:, 0]]) / np.linalg.norm(heading, axis=1)[:, None]
    swing = 50.0 * np.sin(along / 410.0) + 35.0 * np.sin(along / 173.0 + 0.7)
    swing *= np.minimum(1.0, np.minimum(along, line.length - along) / 600.0)
    return np.asarray(points + normal * swing[:, None], dtype=np.float64)


def _burn(floor: NDArray[np.float32], shape: object, height: NDArray[np.float64] | float, xy: Floats) -> None:
    inside = shapely.contains_xy(shape, xy[:, 0], xy[:, 1]).reshape(floor.shape)
    values = np.broadcast_to(height, floor.size).reshape(floor.shape)
    floor[inside] = values[inside]


def _along(line: LineString, xy: Floats, low: float, high: float) -> Floats:
    share = shapely.line_locate_point(line, shapely.points(xy), normalized=True)
    return np.asarray(low + (high - low) * share, dtype=np.float64)


def river_height(xy: Floats) -> Floats:
    """Return (N,) heights (m) of the valley floor where the river passes closest to (N, 2) metres."""
    centre = river().centre
    marks = shapely.line_locate_point(centre, shapely.points(to_plane([(103.60, 36.135), (103.992, 36.060)])))
    s = shapely.line_locate_point(centre, shapely.points(xy))
    knots = [0.0, float(marks[0]), float(marks[1]), centre.length]
    return np.asarray(np.interp(s, knots, [1574.0, 1550.0, 1484.0, 1432.0]), dtype=np.float64)


def _floors(xy: Floats, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the floor's height where a cell lies on a floor, NaN elsewhere."""
    floor = np.full(shape, np.nan, dtype=np.float32)
    for _, outline, height in BASINS:
        _burn(floor, Polygon(to_plane(outline)), height, xy)
    for valley in VALLEYS:
        line = LineString(smooth(to_plane(valley.line)))
        band = line.buffer(valley.half_width_m, quad_segs=4)
        near = np.flatnonzero(shapely.contains_xy(band, xy[:, 0], xy[:, 1]))
        fresh = near[np.isnan(floor.ravel()[near])]
        floor.ravel()[fresh] = _along(line, xy[fresh], *valley.heights_m)
    bed = river().centre.buffer(560.0)
    near = np.flatnonzero(
        shapely.contains_xy(bed, xy[:, 0], xy[:, 1]) | shapely.contains_xy(valley_floor(), xy[:, 0], xy[:, 1])
    )
    floor.ravel()[near] = river_height(xy[near])
    for terrace, (*_, above) in zip(terraces(), TERRACES, strict=True):
        near = np.flatnonzero(shapely.contains_xy(terrace.buffer(60.0), xy[:, 0], xy[:, 1]))
        floor.ravel()[near] = river_height(xy[near]) + above
    return floor


def _noise(rng: np.random.Generator, shape: tuple[int, int], cell: int) -> NDArray[np.float32]:
    """Return smooth value noise in −1…1 whose bumps are ``cell`` cells wide."""
    rows, columns = shape[0] // cell + 4, shape[1] // cell + 4
    lattice = rng.uniform(-1.0, 1.0, (rows, columns)).astype(np.float32)
    return np.asarray(ndimage.zoom(lattice, cell, order=3 if cell > 4 else 1)[: shape[0], : shape[1]])


@cache
def terrain(seed: int) -> Terrain:
    """Return the terrain of the city, the same for the same ``seed``."""
    rng = stream(seed, "terrain")
    step = CELL_M * COARSE
    x = np.arange(WEST, EAST, step)
    y = np.arange(SOUTH, NORTH, step)
    xy = np.column_stack([a.ravel() for a in np.meshgrid(x, y)])
    floor = _floors(xy, (len(y), len(x)))
    off = np.isnan(floor)
    distance, nearest = ndimage.distance_transform_edt(off, return_indices=True)
    distance_m = np.maximum(distance * step - 0.5 * step, 0.0)
    base = ndimage.gaussian_filter(floor[tuple(nearest)], 3.0, mode="nearest")
    base = np.where(off, ndimage.gaussian_filter(base, 6.0), ndimage.gaussian_filter(base, 1.0))
    shape = (len(y), len(x))
    broad = 0.6 * _noise(rng, shape, 48) + 0.4 * _noise(rng, shape, 20)
    ridges = 1.0 - np.abs(_noise(rng, shape, 9)) - 0.5 * np.abs(_noise(rng, shape, 5))
    rise = (250.0 + 90.0 * broad) * (1.0 - np.exp(-distance_m / 950.0)) + 0.012 * np.maximum(distance_m - 2500, 0)
    rise += 105.0 * ridges * (1.0 - np.exp(-distance_m / 800.0))
    for crest, height, radius in MOUNTAINS:
        cx, cy = to_plane([crest])[0]
        bell = np.exp(-((xy[:, 0] - cx) ** 2 + (xy[:, 1] - cy) ** 2) / (2 * radius**2)).reshape(shape)
        rise += height * bell * (1.0 - np.exp(-distance_m / 700.0))
    rise = np.maximum(rise, 0.0)
    fine = tuple(n * COARSE for n in shape)
    heights = ndimage.zoom(base + rise, COARSE, order=1, grid_mode=True, mode="nearest").astype(np.float32)
    above = ndimage.zoom(rise, COARSE, order=1, grid_mode=True, mode="nearest").astype(np.float32)
    gullies = np.abs(_noise(rng, (fine[0], fine[1]), 4)) + 0.5 * np.abs(_noise(rng, (fine[0], fine[1]), 2))
    heights += np.minimum(above / 120.0, 1.0) * (16.0 - 32.0 * gullies)
    heights += 1.5 * _noise(rng, (fine[0], fine[1]), 8)
    return Terrain(np.round(heights, 2).astype(np.float32), np.round(above, 1).astype(np.float32))
