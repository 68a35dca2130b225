"""Paths of the hill parks that no mapper joined to a street: a real map has some, where hardly anybody lives."""

from typing import Final

import numpy as np
import shapely
from shapely import LineString, MultiLineString

from data.sample.hills import uphill
from data.sample.plane import Floats, stream, to_plane
from data.sample.river import River
from data.sample.terrain import Terrain, terraces, valley_floor
from data.sample.ways import Ways

HILLS: Final = ((103.606, 35.987), (104.070, 36.156))
"""South-west and north-east corner of the hills that get such paths."""
BELT_M: Final = 2_600.0
"""南北两山 are planted, and walked on, this far from the city."""
CLEAR_M: Final = 180.0
"""Their distance from any street, so that nobody at home on a street is nearest to one."""
APART_M: Final = 420.0
NODES: Final = 1_100
"""How many junctions and ends they have in all: one in twenty of the valley's."""


def add_strays(ways: Ways, seed: int, ground: Terrain, river: River) -> None:
    """Add path systems on the slopes of 南北两山, clear of everything in ``ways``."""
    rng = stream(seed, "strays")
    low, high = to_plane(HILLS)
    belt = shapely.union_all([valley_floor(), *terraces()]).buffer(BELT_M)
    tries = rng.uniform(low, high, (6_000, 2))
    tries = tries[shapely.contains_xy(belt, tries[:, 0], tries[:, 1]) & (ground.rise(tries) > 40.0)]
    drawn = shapely.STRtree(ways.lines)
    taken = np.empty((0, 2))
    nodes = 0
    for middle in tries:
        if nodes >= NODES:
            break
        if len(taken) and np.linalg.norm(taken - middle, axis=1).min() < APART_M:
            continue
        trails = _trails(rng, ground, middle)
        shape = MultiLineString(trails)
        if len(drawn.query(shape, predicate="dwithin", distance=CLEAR_M)) or shapely.intersects(river.near, shape):
            continue
        ways.add(trails, "footway", bridges=False, fragment=True)
        taken = np.vstack([taken, middle])
        nodes += 2 * len(trails)


def _trails(rng: np.random.Generator, ground: Terrain, start: Floats) -> list[LineString]:
    """Return one trail along the contour from ``start``, and the shorter ones up and down from it."""
    at, path = np.asarray(start), [np.asarray(start)]
    side = float(rng.choice([-1.0, 1.0]))
    for _ in range(int(rng.integers(6, 11))):
        up = uphill(ground, at)
        at = at + (np.array([-up[1], up[0]]) * side + up * rng.normal(0.1, 0.35)) * rng.uniform(28.0, 55.0)
        path.append(at)
    trails = [LineString(path)]
    for foot in path[1:-1]:
        if rng.random() < 0.62:
            turn = rng.normal(0.0, 0.5)
            up = uphill(ground, foot) * rng.choice([-1.0, 1.0])
            heading = up * np.cos(turn) + np.array([-up[1], up[0]]) * np.sin(turn)
            trails.append(LineString([foot, foot + heading * rng.uniform(22.0, 80.0)]))
    return trails
