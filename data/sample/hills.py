"""Up the 南北两山: lanes that wind to the ridge, steps between their turns, paths beside them."""

import numpy as np
import shapely
from shapely import LineString

from data.sample.plane import Floats, stream
from data.sample.river import River
from data.sample.terrain import Terrain, valley_floor
from data.sample.ways import Ways


def add_hills(ways: Ways, seed: int, ground: Terrain, river: River) -> None:
    """Add winding lanes from the feet of the hills up, with hamlets, steps and paths beside them."""
    rng = stream(seed, "hills")
    foot = shapely.boundary(valley_floor()).difference(river.main.buffer(350.0))
    for part in shapely.get_parts(shapely.line_merge(foot)):
        if part.length < 800.0:
            continue
        along = np.arange(250.0, part.length - 100.0, 900.0)
        starts = shapely.get_coordinates(
            shapely.line_interpolate_point(part, along + rng.uniform(-150, 150, len(along)))
        )  # fmt: skip
        for start in starts:
            _lane(ways, rng, ground, start)


def uphill(ground: Terrain, xy: Floats) -> Floats:
    """Return the (2,) direction, of length 1, in which the ground rises most at (2,) metres."""
    reach = 260.0
    around = ground.at(xy + reach * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]))
    slope = np.array([around[0] - around[1], around[2] - around[3]])
    return np.asarray(slope / (np.linalg.norm(slope) + 1e-9), dtype=np.float64)


def _lane(ways: Ways, rng: np.random.Generator, ground: Terrain, start: Floats) -> None:
    """Add one lane from ``start``: legs slanting across the slope, turning back each time."""
    at = np.asarray(start)
    first = float(ground.at(at[None])[0])
    points, side = [at - uphill(ground, at) * 45.0, at], float(rng.choice([-1.0, 1.0]))
    goal = rng.uniform(90.0, 430.0)
    for _ in range(int(rng.integers(7, 26))):
        up = uphill(ground, at)
        across = np.array([-up[1], up[0]]) * side
        lean = rng.uniform(0.5, 0.95)
        leg = up * lean + across * np.sqrt(1 - lean**2) * rng.uniform(0.9, 1.3)
        at = at + leg * rng.uniform(90, 210)
        points.append(at)
        if ground.at(at[None])[0] - first > goal:
            break
        if rng.random() < 0.72:
            side = -side
    path = np.array(points)
    if len(path) < 4:
        return
    roll = rng.random()
    highway = "unclassified" if roll < 0.3 else "track" if roll < 0.45 else "path"
    curve = _round(path)
    ways.add([LineString(curve)], highway, zone="hill", bridges=False)
    for k in range(1, len(path) - 3):
        if rng.random() < 0.22:
            ways.add([LineString([path[k], path[k + 2]])], "steps", zone="hillpath", bridges=False)
    for k in rng.choice(len(path), size=min(len(path), int(rng.integers(1, 6))), replace=False):
        heading = rng.uniform(0, 2 * np.pi)
        end = path[k] + rng.uniform(50, 170) * np.array([np.cos(heading), np.sin(heading)])
        lower = k < len(path) * 0.5
        ways.add([LineString([path[k], end])], "residential" if lower and highway == "unclassified" else "path",
                 zone="hill" if lower else "hillpath", bridges=False)  # fmt: skip


def _round(path: Floats) -> Floats:
    """Return the path with every corner but its points' own kept rounded: the points stay on it."""
    out = [path[0]]
    for a, b, c in zip(path[:-2], path[1:-1], path[2:], strict=True):
        out += [b + (a - b) * 0.12, b, b + (c - b) * 0.12]
    return np.array([*out, path[-1]])
