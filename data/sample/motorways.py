"""Motorways: two carriageways on their own level, joined to the streets below only at interchanges."""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from shapely import LineString
from shapely.ops import substring

from data.sample.plane import Floats, to_plane
from data.sample.river import River, smooth
from data.sample.sketch import MOTORWAYS
from data.sample.terrain import Terrain
from data.sample.ways import Net, assemble

HALF_M: Final = 13.0
RAMP_M: Final = 260.0
"""How far before and after an interchange its ramps leave and join the carriageway."""
GATE_M: Final = 170.0
LINK_M: Final = 9.0
"""A toll gate's distance from the motorway, and of the two ways of its link from their middle line."""
APART_M: Final = 7_000.0
REACH_M: Final = 1_500.0
DEEP_M: Final = 130.0
"""Ground this high above the nearest valley floor is tunnelled."""


class _Motorway:
    """One motorway: its carriageways, each in its own direction, and the places where ramps meet them."""

    def __init__(self, name: str | None, centre: LineString) -> None:
        self.name, self.centre = name, centre
        self.ends = [np.array(centre.coords[0]), np.array(centre.coords[-1])]
        self.ways = []
        for side in (-HALF_M, HALF_M):
            curve = shapely.offset_curve(centre, side)
            inner = list(substring(curve, 60.0, curve.length - 60.0).coords)
            line = LineString([self.ends[0], *inner, self.ends[1]])
            self.ways.append(line if side < 0 else shapely.reverse(line))
        self.cuts: list[set[float]] = [set(), set()]
        self.ramps: list[tuple[LineString, str]] = []

    def interchange(self, node: Floats) -> None:
        """Join both carriageways to ``node``: curved ramps to a toll gate beside it, and a link from there."""
        foot = np.array(self.centre.interpolate(self.centre.project(shapely.Point(node))).coords[0])
        away = float(np.linalg.norm(node - foot))
        gate = foot + (node - foot) * (GATE_M / away) if away > 1.5 * GATE_M else node
        for way, cuts in zip(self.ways, self.cuts, strict=True):
            at = float(way.project(shapely.Point(foot)))
            off, on = round(at - RAMP_M, 1), round(at + RAMP_M, 1)
            if off > 120.0:
                cuts.add(off)
                self.ramps.append((_ramp(way, off, at, gate), "motorway_link"))
            if on < way.length - 120.0:
                cuts.add(on)
                self.ramps.append((shapely.reverse(_ramp(way, on, at, gate)), "motorway_link"))
        if gate is not node:
            across = np.array([node[1] - gate[1], gate[0] - node[0]]) / np.linalg.norm(node - gate) * LINK_M
            there = [gate, gate * 0.75 + node * 0.25 + across, gate * 0.25 + node * 0.75 + across, node]
            back = [node, gate * 0.25 + node * 0.75 - 1.2 * across, gate * 0.75 + node * 0.25 - across, gate]
            self.ramps += [(LineString(there), "motorway_link"), (LineString(back), "motorway_link")]


def _ramp(way: LineString, start: float, at: float, gate: Floats) -> LineString:
    """Return the curve between ``way``, left on its right at ``start`` along it, and ``gate`` opposite ``at``.

    It is drawn from the motorway outward; an on-ramp (``start`` beyond ``at``) is driven the other way.
    """
    first, near, foot = _at(way, start), _at(way, start + 0.3 * (at - start)), _at(way, at)
    onward = _at(way, at + 5.0) - _at(way, at - 5.0)
    onward /= np.linalg.norm(onward)
    right = np.array([onward[1], -onward[0]])
    same_side = float(np.dot(gate - foot, right)) > 0
    turn = foot - onward * 0.35 * (at - start) + right * GATE_M * (0.5 if same_side else 0.3)
    return LineString(smooth(np.array([first, near + right * 12.0, turn, (turn + gate) / 2, gate]), rounds=3))


def _at(line: LineString, along: float) -> Floats:
    return np.asarray(line.interpolate(along).coords[0])


def with_motorways(net: Net, ground: Terrain, river: River) -> Net:
    """Return ``net`` with the motorways above it and their ramps."""
    roads = [_Motorway(name, LineString(smooth(to_plane(line), rounds=2))) for name, line in MOTORWAYS]
    degree = np.bincount(np.concatenate([net.u, net.v]), minlength=len(net.nodes))
    classes = net.rows["highway"].isin(["trunk", "primary", "secondary", "tertiary"]).to_numpy()
    both_ways = classes & ~net.rows["oneway"].to_numpy(dtype=bool) & ~net.rows["bridge"].to_numpy(dtype=bool)
    gates = np.unique(np.concatenate([net.u[both_ways], net.v[both_ways]]))
    gates = gates[degree[gates] <= 4]
    tree = shapely.STRtree(shapely.points(net.nodes[gates]))
    lines: list[Any] = []
    rows: list[dict[str, Any]] = []
    for road in roads:
        _joints(road, [other for other in roads if other is not road], net.nodes[gates], tree)
    below = shapely.STRtree(net.lines)
    for road in roads:
        for way, cuts in zip(road.ways, road.cuts, strict=True):
            marks = [0.0, *sorted(cuts), way.length]
            for a, b in pairwise(marks):
                if b - a > 5.0:
                    _pieces(lines, rows, substring(way, a, b), road.name, below, net, ground, river)
        for ramp, highway in road.ramps:
            lines.append(ramp)
            rows.append(_row(highway, None, bridge=True))
    return assemble(
        np.concatenate([net.lines, np.array(lines, dtype=object)]),
        pd.concat([net.rows, pd.DataFrame(rows)], ignore_index=True),
    )


def _joints(road: _Motorway, others: list[_Motorway], gates: Floats, tree: Any) -> None:
    """Decide where ``road`` meets the streets and the motorways it begins or ends on."""
    for end in road.ends:
        mother = [other for other in others if other.centre.distance(shapely.Point(end)) < 400.0]
        for other in mother:
            if min(np.linalg.norm(other.ends[0] - end), np.linalg.norm(other.ends[1] - end)) > 400.0:
                other.interchange(end)
        gate = gates[int(tree.nearest(shapely.Point(end)))]
        if not mother and np.linalg.norm(gate - end) < 4_000.0:
            road.ramps.append((LineString([end, gate]), "motorway_link"))
            road.ramps.append((LineString([gate, end + np.array([0.0, 1.0]), end]), "motorway_link"))
    for along in np.arange(0.5 * APART_M, road.centre.length - 0.3 * APART_M, APART_M):
        at = road.centre.interpolate(along)
        gate = gates[int(tree.nearest(at))]
        if at.distance(shapely.Point(gate)) < REACH_M:
            road.interchange(gate)


def _row(highway: str, name: str | None, *, bridge: bool = False, tunnel: bool = False) -> dict[str, Any]:
    return {
        "highway": highway, "name": name, "oneway": True, "bridges": True, "bridge": bridge, "tunnel": tunnel,
        "zone": "motorway", "place": -1, "fragment": False,
    }  # fmt: skip


def _pieces(
    lines: list[Any], rows: list[dict[str, Any]], way: LineString, name: str | None, below: Any, net: Net,
    ground: Terrain, river: River,
) -> None:  # fmt: skip
    """Add one stretch between ramps, cut where it runs on a bridge, in a tunnel or on the ground."""
    steps = np.linspace(0.0, way.length, max(int(way.length / 40.0), 1) + 1)
    middles = (steps[:-1] + steps[1:]) / 2
    points = shapely.get_coordinates(shapely.line_interpolate_point(way, middles))
    over = np.zeros(len(middles), dtype=bool)
    crossed = net.lines[below.query(way, predicate="intersects")]
    places = shapely.get_coordinates(shapely.intersection(crossed, way)) if len(crossed) else np.empty((0, 2))
    wet = shapely.intersection(river.water.buffer(15.0), way)
    for part in shapely.get_parts(wet):
        if part.length > 0:
            places = np.vstack([places, shapely.get_coordinates(shapely.segmentize(part, 30.0))])
    at = shapely.line_locate_point(way, shapely.points(places)) if len(places) else np.empty(0)
    for where in at:
        over |= np.abs(middles - where) < 65.0
    deep = (ground.rise(points) > DEEP_M) & ~over
    kind = over.astype(np.int8) + 2 * deep.astype(np.int8)
    cuts = [0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), len(kind)]
    for a, b in pairwise(cuts):
        lines.append(substring(way, float(steps[a]), float(steps[b])))
        rows.append(_row("motorway", name, bridge=bool(kind[a] == 1), tunnel=bool(kind[a] == 2)))
