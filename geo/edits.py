"""What a scenario does to streets: barriers drawn across them, streets closed, streets added.

Pure functions from Segments to Segments; what a cut does to times is said in ``geo.cuts``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cuts import (
    SAME_M,
    Cuts,
    between,
    cut_segments,
    join_segments,
    metres_along,
    number_on,
    part_ends,
    reshape,
    shut_rows,
    touched,
    vertices_of,
)
from geo.errors import Fault, InputError, ParameterError
from geo.segments import F64, I64, Bools, Segments


@dataclass(frozen=True, slots=True)
class Barrier:
    """A line nobody passes, in the streets' CRS; with ``spares_decks`` bridges and tunnels lead over or under it."""

    line: shapely.LineString
    spares_decks: bool = False


@dataclass(frozen=True, slots=True)
class AddedStreet:
    """A street to be added, in the streets' CRS.

    Attributes:
        line: where it runs; with Z, that is its elevation, else it rises evenly between the streets it joins.
        forward, backward: the access classes ("walk", "cycle", "drive") that may use it along the line, and back.
        highway: its class, for modes that go by class.
        deck: whether it is a bridge or tunnel.
        joins_crossings: whether it meets the streets it crosses (bridges and tunnels it never meets on its way).
    """

    line: shapely.LineString
    forward: frozenset[str]
    backward: frozenset[str]
    highway: str = ""
    deck: bool = False
    joins_crossings: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """Streets after edits.

    Attributes:
        segments: the new streets; what was not cut keeps its id, nodes keep their numbers.
        origin: (E,) the row each segment was in, or was cut from; for added streets their number in ``added``.
        drawn: (E,) whether the segment is of an added street.
        cuts: how many places barriers closed.
        loose_ends: (number in ``added``, 0 for its start or 1 for its end) of ends that meet no street.
    """

    segments: Segments
    origin: I64
    drawn: Bools
    cuts: int = 0
    loose_ends: tuple[tuple[int, int], ...] = ()


def edit_streets(
    segments: Segments,
    *,
    closed: Iterable[int] = (),
    added: Sequence[AddedStreet] = (),
    barriers: Sequence[Barrier] = (),
    max_join_m: float,
) -> Edited:
    """Return the streets with ``closed`` ids shut, then ``added`` streets in order, then ``barriers`` across all.

    A closed street stays, open to nobody. An added street's end moves to the nearest open street within
    ``max_join_m`` (an earlier added one included; a bridge or tunnel only for one of its kind, else by its ends)
    and joins it there. A barrier cuts every street it touches; where it touches a node, every street there ends;
    where it runs along a street, that part is closed.

    Raises InputError naming every fault, and ParameterError for ``max_join_m``.
    """
    if not max_join_m >= 0:
        raise ParameterError(f"max_join_m is {max_join_m}; it is a length of 0 m or more")
    ids = list(closed)
    faults = [*_closed_faults(segments, ids), *_line_faults(segments, added, barriers)]
    if added and not len(segments):
        faults.append(Fault("no_streets", "there are no streets to add to.", "import streets first.", column="added"))
    if faults:
        raise InputError(faults)
    rows = np.arange(len(segments))
    edited = Edited(shut_rows(segments, np.isin(segments.seg_id, ids)), rows, np.zeros(len(rows), dtype=np.bool_))
    for number, street in enumerate(added):
        edited = _with_street(edited, number, street, max_join_m)
    for barrier in barriers:
        edited = _with_barrier(edited, barrier)
    return edited


def _closed_faults(segments: Segments, ids: list[int]) -> list[Fault]:
    known = np.isin(np.array(ids, dtype=np.int64), segments.seg_id)
    return [
        Fault("unknown_street", "no street has this id.", "pick one of the edition's.", None, i, "closed", str(ids[i]))
        for i, found in enumerate(known)
        if not found
    ]


def _line_faults(segments: Segments, added: Sequence[AddedStreet], barriers: Sequence[Barrier]) -> list[Fault]:
    faults: list[Fault] = []
    for name, lines in (("added", [one.line for one in added]), ("barriers", [one.line for one in barriers])):
        for i, line in enumerate(lines):
            sound = isinstance(line, shapely.LineString) and line.length > 0.0
            if not (sound and np.isfinite(shapely.get_coordinates(line)).all()):
                faults.append(Fault("line", "it is no line of finite length.", "draw it again.", None, i, name))
    for i, street in enumerate(added):
        for access in sorted((street.forward | street.backward) - set(segments.forward)):
            faults.append(
                Fault(
                    "access", "no such access class.", f"name {', '.join(segments.forward)}.", None, i, "added", access
                )
            )
    return faults


def _with_barrier(edited: Edited, barrier: Barrier) -> Edited:
    segments = edited.segments
    met = shapely.STRtree(segments.lines()).query(barrier.line, predicate="dwithin", distance=SAME_M)
    rows = np.sort(met[~segments.deck[met]] if barrier.spares_decks else met)
    cuts = Cuts()
    at_u, at_v = np.zeros(len(segments), dtype=np.bool_), np.zeros(len(segments), dtype=np.bool_)
    for row in rows:
        length = float(segments.length_m[row])
        for low, high in touched(segments, int(row), barrier.line):
            if high > low:
                cuts.closed.setdefault(int(row), []).append((low, high))
            for at in sorted({low, high}):
                if at <= SAME_M:
                    at_u[row] = True
                elif at >= length - SAME_M:
                    at_v[row] = True
                else:
                    cuts.add(int(row), at, 0, 0)
    segments = part_ends(segments, at_u, at_v)
    free = segments.node_count
    for row, places in cuts.places.items():
        cuts.places[row] = [(at, free + 2 * k, free + 2 * k + 1) for k, (at, _, _) in enumerate(sorted(places))]
        free += 2 * len(places)
    closed = int(at_u.sum() + at_v.sum()) + sum(len(places) for places in cuts.places.values())
    return _cut(replace(edited, segments=segments, cuts=edited.cuts + closed), cuts)


def _cut(edited: Edited, cuts: Cuts) -> Edited:
    segments, rows = cut_segments(edited.segments, cuts)
    return replace(edited, segments=segments, origin=edited.origin[rows], drawn=edited.drawn[rows])


class _Joints:
    """Where an added street meets the others: a node for each place, old where one stands there, new else."""

    def __init__(self, segments: Segments) -> None:
        self.segments = segments
        self.cuts = Cuts()
        self.free = segments.node_count

    def node(self, row: int, at: float) -> tuple[int, F64]:
        """Return the node ``at`` metres along ``row``, and its (3,) place."""
        part = vertices_of(self.segments, row)
        vertices = np.column_stack([self.segments.xy[part], self.segments.z[part]])
        if at <= SAME_M:
            return int(self.segments.u[row]), vertices[0]
        if at >= self.segments.length_m[row] - SAME_M:
            return int(self.segments.v[row]), vertices[-1]
        along = metres_along(vertices[:, :2])
        known = [(place, node) for place, node, _ in self.cuts.places.get(row, []) if abs(place - at) <= SAME_M]
        at, node = known[0] if known else (at, self.fresh())
        if not known:
            self.cuts.add(row, at, node, node)
        return node, np.array([np.interp(at, along, vertices[:, axis]) for axis in range(3)])

    def fresh(self) -> int:
        """Return a new node."""
        self.free += 1
        return self.free - 1


def _open_rows(segments: Segments, *, decks: bool) -> I64:
    used = np.zeros(len(segments), dtype=np.bool_)
    for allowed in (*segments.forward.values(), *segments.backward.values()):
        used |= allowed
    return np.flatnonzero(used if decks else used & ~segments.deck)


def _with_street(edited: Edited, number: int, street: AddedStreet, max_join_m: float) -> Edited:
    segments = edited.segments
    joints = _Joints(segments)
    xyz = shapely.get_coordinates(street.line, include_z=True)
    rows = _open_rows(segments, decks=street.deck)
    lines = segments.lines()[rows]
    tree = shapely.STRtree(lines)
    loose = list(edited.loose_ends)
    nodes, heights = [], []
    for end in (0, -1):
        point = shapely.Point(xyz[end, :2])
        near = tree.query_nearest(point, max_distance=max(max_join_m, 1e-9), all_matches=True)
        near = near[shapely.distance(lines[near], point) <= max_join_m]
        height = np.nan
        if len(near):
            k = int(near.min())
            node, place = joints.node(int(rows[k]), float(shapely.line_locate_point(lines[k], point)))
            xyz[end, :2], height = place[:2], float(place[2])
        else:
            node = joints.fresh()
            loose.append((number, abs(end)))
        nodes.append(node)
        heights.append(height)
    along = metres_along(xyz[:, :2])
    if not along[-1] > 0.0:
        fault = Fault("line", "both ends meet the streets in one place.", "draw it longer.", None, number, "added")
        raise InputError(fault)
    joins = [(0.0, nodes[0], heights[0]), (float(along[-1]), nodes[1], heights[1])]
    if street.joins_crossings and not street.deck:
        joins[1:1] = _crossing_joins(joints, rows, lines, shapely.LineString(xyz[:, :2]))
    parts = _street_parts(segments, street, xyz, joins)
    cut = _cut(edited, joints.cuts)
    return replace(
        cut,
        segments=_appended(cut.segments, parts, street.highway),
        origin=np.concatenate([cut.origin, np.full(len(parts), number)]),
        drawn=np.concatenate([cut.drawn, np.ones(len(parts), dtype=np.bool_)]),
        loose_ends=tuple(loose),
    )


def _crossing_joins(
    joints: _Joints, rows: I64, lines: NDArray[np.object_], line: shapely.LineString
) -> list[tuple[float, int, float]]:
    """Return (metres along ``line``, node, elevation) of the places between its ends where it meets a street."""
    joins: list[tuple[float, int, float]] = []
    for k in np.sort(shapely.STRtree(lines).query(line, predicate="intersects")):
        for span in touched(joints.segments, int(rows[k]), line):
            for at in sorted(set(span)):
                far = float(line.project(shapely.line_interpolate_point(lines[k], at)))
                if SAME_M < far < line.length - SAME_M:
                    node, place = joints.node(int(rows[k]), at)
                    joins.append((far, node, float(place[2])))
    joins.sort(key=lambda join: join[:2])
    return [
        join
        for k, join in enumerate(joins)
        if k == 0 or join[1] != joins[k - 1][1] or join[0] - joins[k - 1][0] > SAME_M
    ]


def _street_parts(segments: Segments, street: AddedStreet, xyz: F64, joins: list[tuple[float, int, float]]) -> Segments:
    """Return the segments of an added street between its joins; class and id are given by ``_appended``."""
    along = metres_along(xyz[:, :2])
    known = [(at, z) for at, z in zip(along, xyz[:, 2], strict=True) if np.isfinite(z)]
    known = known or [(at, z) for at, _, z in joins if np.isfinite(z)]
    if known:
        at, height = np.array(known).T
        xyz[:, 2] = np.interp(along, at, height)
    pairs = list(pairwise(joins))
    shapes = [between(xyz, along, a[0], b[0]) for a, b in pairs]
    if known:
        for shape, (a, b) in zip(shapes, pairs, strict=True):
            shape[[0, -1], 2] = np.interp([a[0], b[0]], at, height)
    count = len(pairs)
    parts = reshape(segments.take(np.zeros(count, dtype=np.int64)), [(a[1], b[1]) for a, b in pairs], shapes)
    none = np.zeros(count, dtype=np.bool_)
    return replace(
        parts,
        forward={key: np.full(count, key in street.forward) for key in segments.forward},
        backward={key: np.full(count, key in street.backward) for key in segments.backward},
        deck=np.full(count, street.deck),
        maxspeed_mps=None if segments.maxspeed_mps is None else np.full(count, np.nan),
        barred_u=dict.fromkeys(segments.barred_u, none),
        barred_v=dict.fromkeys(segments.barred_v, none),
    )


def _appended(segments: Segments, parts: Segments, highway: str) -> Segments:
    """Return ``segments`` with the ``parts`` of an added street of class ``highway``, numbered on."""
    names = segments.classes
    if segments.highway is not None:
        names = names if highway in names else (*names, highway)
        parts = replace(parts, highway=np.full(len(parts), names.index(highway), dtype=np.int16))
    whole = replace(segments, classes=names)
    return join_segments(whole, replace(number_on(parts, int(segments.seg_id.max()) + 1), classes=names))
