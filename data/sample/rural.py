"""Roads between towns and villages: the cheapest ways over the terrain, so that they follow the valleys."""

from typing import Final

import numpy as np
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Polygon

from data.sample.areas import Land
from data.sample.plane import Bools, Floats, Ints, stream, to_plane
from data.sample.river import River, smooth
from data.sample.sketch import NEW_AREA
from data.sample.terrain import EAST, NORTH, SOUTH, WEST, Terrain, terraces, valley_floor
from data.sample.ways import Ways

CELL_M: Final = 400.0
STEPS: Final = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2))
FORD_M: Final = 6_000.0
BROOK_M: Final = 800.0
"""What crossing the river, or a stream, counts as in extra length."""


class Relief:
    """The terrain as a graph of cells ``CELL_M`` wide: where a road may go and what it costs."""

    def __init__(self, seed: int, ground: Terrain, river: River) -> None:
        rng = stream(seed, "relief")
        self.columns = int((EAST - WEST) / CELL_M)
        self.rows = int((NORTH - SOUTH) / CELL_M)
        x = WEST + CELL_M * (np.arange(self.columns) + 0.5)
        y = SOUTH + CELL_M * (np.arange(self.rows) + 0.5)
        regular = np.column_stack([a.ravel() for a in np.meshgrid(x, y)])
        self.xy: Floats = regular + rng.uniform(-110.0, 110.0, regular.shape)
        self.height = ground.at(regular)
        self.toll = np.zeros(len(regular))
        self._wet(river)
        self.graph = self._costs()

    def cell(self, xy: Floats) -> Ints:
        """Return (N,) the cell of (N, 2) metres."""
        column = np.clip(((xy[:, 0] - WEST) / CELL_M).astype(np.int64), 0, self.columns - 1)
        row = np.clip(((xy[:, 1] - SOUTH) / CELL_M).astype(np.int64), 0, self.rows - 1)
        return np.asarray(row * self.columns + column, dtype=np.int64)

    def inside(self, shape: Polygon) -> Ints:
        """Return the cells whose point lies in ``shape``."""
        shapely.prepare(shape)
        return np.flatnonzero(shapely.contains_xy(shape, self.xy[:, 0], self.xy[:, 1]))

    def _wet(self, river: River) -> None:
        for band, toll in ((river.main.buffer(190.0), FORD_M), (shapely.union_all(
            [shape.buffer(110.0) for _, shape in river.streams]), BROOK_M)):  # fmt: skip
            self.toll[self.inside(band)] = toll

    def _costs(self) -> csr_array:
        index = np.arange(self.rows * self.columns).reshape(self.rows, self.columns)
        start, end, cost = [], [], []
        for dx, dy in STEPS:
            a = index[max(0, -dy) : self.rows - max(0, dy), : self.columns - dx].ravel()
            b = index[max(0, dy) : self.rows - max(0, -dy), dx:].ravel()
            length = CELL_M * float(np.hypot(dx, dy))
            slope = np.abs(self.height[a] - self.height[b]) / length
            effort = length * (1.0 + (slope / 0.045) ** 2) + (self.toll[a] + self.toll[b]) / 2
            start.append(a)
            end.append(b)
            cost.append(effort)
        total = self.rows * self.columns
        one = (np.concatenate(cost), (np.concatenate(start), np.concatenate(end)))
        return csr_array(coo_array(one, shape=(total, total)))

    def trees(self, roots: Ints) -> Ints:
        """Return (cells,) the next cell on the cheapest way to the nearest of ``roots``; negative at a root."""
        _, before, _ = dijkstra(self.graph, directed=False, indices=roots, min_only=True, return_predecessors=True)
        return np.asarray(before, dtype=np.int64)


def flows(before: Ints, targets: Ints, weights: Floats) -> dict[tuple[int, int], float]:
    """Return for every step used by a way from a target to its root how much weight passes it."""
    passed: dict[tuple[int, int], float] = {}
    for cell, weight in zip(targets.tolist(), weights.tolist(), strict=True):
        at = cell
        while before[at] >= 0:
            then = int(before[at])
            key = (at, then) if at < then else (then, at)
            passed[key] = passed.get(key, 0.0) + weight
            at = then
    return passed


def _chains(steps: dict[tuple[int, int], str], stops: set[int]) -> list[tuple[list[int], str]]:
    """Return the steps joined to chains between junctions, stops and changes of class."""
    next_to: dict[int, list[int]] = {}
    for a, b in sorted(steps):
        next_to.setdefault(a, []).append(b)
        next_to.setdefault(b, []).append(a)

    def kind(a: int, b: int) -> str:
        return steps[(a, b) if a < b else (b, a)]

    def plain(n: int) -> bool:
        around = next_to[n]
        return len(around) == 2 and n not in stops and kind(n, around[0]) == kind(n, around[1])

    seen: set[tuple[int, int]] = set()
    chains: list[tuple[list[int], str]] = []
    for first in sorted(next_to):
        if plain(first):
            continue
        for second in next_to[first]:
            if (first, second) in seen:
                continue
            chain = [first, second]
            while plain(chain[-1]):
                a, b = next_to[chain[-1]]
                chain.append(b if a == chain[-2] else a)
            seen.add((first, second))
            seen.add((chain[-1], chain[-2]))
            chains.append((chain, kind(first, second)))
    return chains


def add_roads(ways: Ways, seed: int, here: Land, ground: Terrain, river: River) -> None:
    """Add the roads that join every township seat and village to the valley city and to its county seat."""
    relief = Relief(seed, ground, river)
    core = shapely.union_all([valley_floor(), *terraces()[:3]])
    roots = relief.inside(core.buffer(-150.0))
    seats = here.townships[["x", "y"]].to_numpy()
    outer = shapely.distance(core, shapely.points(seats)) > 100.0
    weight = np.where(here.townships["code"].str[6:].isin(["100", "101"]), 8.0, 3.0)
    to_city = relief.trees(roots)
    used = flows(to_city, relief.cell(seats[outer]), weight[outer])
    steps = {key: _class(flow) for key, flow in used.items()}
    rural = _rural_villages(here)
    homes = here.villages.loc[rural, ["x", "y"]].to_numpy()
    hubs = np.unique(np.array([cell for key in steps for cell in key]))
    to_hub = relief.trees(np.union1d(hubs, roots))
    lanes = flows(to_hub, relief.cell(homes), np.ones(len(homes)))
    for key, flow in lanes.items():
        steps.setdefault(key, "tertiary" if flow >= 5 else "unclassified")
    inner = set(roots.tolist())
    for a, b in _rings(seed, relief, homes):
        if a not in inner or b not in inner:
            steps.setdefault((a, b), "unclassified")
    stops = set(relief.cell(seats).tolist()) | set(relief.cell(homes).tolist())
    for chain, highway in _chains(steps, stops):
        ways.add([LineString(smooth(relief.xy[chain], rounds=2))], highway, zone="road")
    _join_ends(ways, steps, relief, roots)
    for place, highway in ((seats[outer], "tertiary"), (homes, "unclassified")):
        near = relief.xy[relief.cell(place)]
        ways.add([LineString(pair) for pair in np.stack([near, place], axis=1)], highway, zone="road")


def _class(flow: float) -> str:
    for least, highway in ((60.0, "trunk"), (25.0, "primary"), (8.0, "secondary")):
        if flow >= least:
            return highway
    return "tertiary"


def _rural_villages(here: Land) -> Bools:
    """Return which villages lie outside the built-up valley and need a road of their own."""
    built = shapely.union_all([valley_floor(), *terraces(), Polygon(to_plane(NEW_AREA))])
    shapely.prepare(built)
    outside = ~shapely.contains(built, here.villages.geometry.to_numpy())
    seat = here.townships.set_index("code")[["x", "y"]].loc[here.villages["township_code"]].to_numpy()
    in_town = np.linalg.norm(here.villages[["x", "y"]].to_numpy() - seat, axis=1) < 700.0
    community = (here.villages["code"].str[6] == "0").to_numpy()
    return np.asarray(outside & ~(community & in_town))


def _rings(seed: int, relief: Relief, homes: Floats) -> list[tuple[int, int]]:
    """Return steps of some more lanes, from every fifth village to a farther neighbour: a tree alone is no road net."""
    rng = stream(seed, "rings")
    chosen = np.flatnonzero(rng.random(len(homes)) < 0.22)
    tree = shapely.STRtree(shapely.points(homes))
    steps: list[tuple[int, int]] = []
    for k in chosen:
        near = tree.query(shapely.Point(homes[int(k)]).buffer(4500.0))
        near = near[near != k]
        if len(near) == 0:
            continue
        goal = int(near[rng.integers(len(near))])
        a, b = (int(cell) for cell in relief.cell(homes[[int(k), goal]]))
        steps += _greedy(relief, a, b)
    return steps


def _greedy(relief: Relief, a: int, b: int) -> list[tuple[int, int]]:
    """Return the steps of the cheapest way from ``a`` to ``b`` within the window around both."""
    cols = relief.columns
    rows_ab, cols_ab = np.array([a, b]) // cols, np.array([a, b]) % cols
    r0, r1 = max(rows_ab.min() - 4, 0), min(rows_ab.max() + 5, relief.rows)
    c0, c1 = max(cols_ab.min() - 4, 0), min(cols_ab.max() + 5, cols)
    window = (np.arange(r0, r1)[:, None] * cols + np.arange(c0, c1)).ravel()
    place = {int(cell): k for k, cell in enumerate(window)}
    part = relief.graph[window][:, window]
    _, before = dijkstra(part, directed=False, indices=np.array(place[a]), return_predecessors=True)
    at, steps = place[b], []
    while before[at] >= 0:
        pair = sorted((int(window[at]), int(window[before[at]])))
        steps.append((pair[0], pair[1]))
        at = int(before[at])
    return steps


def _join_ends(ways: Ways, steps: dict[tuple[int, int], str], relief: Relief, roots: Ints) -> None:
    """Carry every road that reaches the valley city on to its nearest main street."""
    arrived = np.intersect1d(roots, np.unique(np.array([cell for key in steps for cell in key])))
    mains = [line for line, row in zip(ways.lines, ways.rows, strict=True)
             if row["zone"] == "main" and row["highway"] in {"primary", "secondary", "tertiary"}]  # fmt: skip
    lines = np.array(mains, dtype=object)
    points = shapely.points(relief.xy[arrived])
    near = shapely.STRtree(lines).nearest(points)
    ways.add(shapely.shortest_line(points, lines[near]), "tertiary", zone="road", bridges=False)


def add_villages(ways: Ways, seed: int, here: Land, ground: Terrain) -> None:
    """Add every village's own lanes: one street along the contour through its place, others off it."""
    rng = stream(seed, "villages")
    rural = np.flatnonzero(_rural_villages(here))
    homes = here.villages[["x", "y"]].to_numpy()[rural]
    east, north = np.array([300.0, 0.0]), np.array([0.0, 300.0])
    uphill = np.column_stack([ground.at(homes + step) - ground.at(homes - step) for step in (east, north)])
    uphill += rng.normal(0, 3.0, uphill.shape)
    along = np.column_stack([-uphill[:, 1], uphill[:, 0]]) / np.linalg.norm(uphill, axis=1)[:, None]
    for k, (home, way) in enumerate(zip(homes, along, strict=True)):
        _one_village(ways, rng, home, way, int(rural[k]))


def _one_village(ways: Ways, rng: np.random.Generator, home: Floats, way: Floats, place: int) -> None:
    across = np.array([-way[1], way[0]])
    back, front = rng.uniform(90, 260, 2)
    bend = across * rng.uniform(-40, 40, 2)[:, None]
    street = LineString([home - way * back + bend[0], home, home + way * front + bend[1]])
    ways.add([street], "residential", zone="village", place=place, bridges=False)
    lanes = []
    for _ in range(int(rng.integers(2, 6))):
        start = np.array(street.interpolate(rng.uniform(0.05, 0.95), normalized=True).coords[0])
        end = start + across * rng.choice([-1.0, 1.0]) * rng.uniform(60, 170) + way * rng.normal(0, 25)
        lanes.append(LineString([start, end]))
    ways.add(lanes, "service" if rng.random() < 0.3 else "footway", zone="village", place=place, bridges=False)
