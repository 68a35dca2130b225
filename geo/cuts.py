"""Streets cut into parts, nodes taken apart, networks joined: every field carried along.

A part keeps the line, its elevation and its permissions. Parts have ids of their own and are rounded to milliseconds
once each, so that a street in n parts may differ from the whole by up to n / 2 + 1 / 2 ms.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.segments import F64, I64, Bools, Segments

SAME_M: Final = 1e-3
"""Places this near one another along a street are one place."""

Span = tuple[float, float]


@dataclass(slots=True)
class Cuts:
    """Places to cut, by row: (metres from u, node of the part before, node of the part after), and parts to close."""

    places: dict[int, list[tuple[float, int, int]]] = field(default_factory=dict)
    closed: dict[int, list[Span]] = field(default_factory=dict)

    def add(self, row: int, at: float, before: int, after: int) -> None:
        """Cut ``row`` at ``at`` metres from u; one node on both sides joins its parts, two leave them apart."""
        self.places.setdefault(row, []).append((at, before, after))


def part_closed_nodes(segments: Segments, access: str) -> Segments:
    """Return the streets as ``access`` finds them: at a node it is barred from, every street ends on its own.

    A bollard bars the drivers who meet it, on whichever segment its node was read.
    """
    none = np.zeros(len(segments), dtype=np.bool_)
    at_u, at_v = segments.barred_u.get(access, none), segments.barred_v.get(access, none)
    if not (at_u.any() or at_v.any()):
        return segments
    shut = np.zeros(segments.node_count, dtype=np.bool_)
    shut[segments.u[at_u]] = shut[segments.v[at_v]] = True
    return part_ends(segments, shut[segments.u], shut[segments.v])


def part_ends(segments: Segments, at_u: Bools, at_v: Bools) -> Segments:
    """Return the streets with the (E,) ends marked taken from their nodes, each to a node of its own."""
    u, v = segments.u.copy(), segments.v.copy()
    free = segments.node_count
    u[at_u] = free + np.arange(at_u.sum())
    v[at_v] = free + at_u.sum() + np.arange(at_v.sum())
    return replace(segments, u=u, v=v)


def shut_rows(segments: Segments, rows: Bools) -> Segments:
    """Return the streets with the (E,) ``rows`` marked open to nobody."""
    return replace(
        segments,
        forward={key: allowed & ~rows for key, allowed in segments.forward.items()},
        backward={key: allowed & ~rows for key, allowed in segments.backward.items()},
    )


def metres_along(xy: F64) -> F64:
    """Return (K,) metres from the first of (K, 2) vertices."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])


def vertices_of(segments: Segments, row: int) -> slice:
    """Return where the vertices of ``row`` stand in ``xy`` and ``z``."""
    return slice(int(segments.starts[row]), int(segments.starts[row + 1]))


def between(vertices: F64, along: F64, start: float, stop: float) -> F64:
    """Return the (K, 3) vertices of the part from ``start`` to ``stop`` metres along a line of (N, 3)."""
    inner = vertices[(along > start + SAME_M / 1e3) & (along < stop - SAME_M / 1e3)]
    ends = np.column_stack([np.interp([start, stop], along, vertices[:, axis]) for axis in range(3)])
    return np.vstack([ends[:1], inner, ends[1:]])


def cut_segments(segments: Segments, cuts: Cuts) -> tuple[Segments, I64]:
    """Return the streets cut at ``cuts``, and the (E,) row each was in or was cut from.

    Whole ones come first and keep their ids, then the parts in order of row and place, numbered on.
    """
    if not cuts.places and not cuts.closed:
        return segments, np.arange(len(segments))
    parents: list[int] = []
    ends: list[tuple[int, int]] = []
    shapes: list[F64] = []
    shut: list[bool] = []
    outer: list[tuple[bool, bool]] = []
    rows = sorted(cuts.places.keys() | cuts.closed.keys())
    for row in rows:
        part = vertices_of(segments, row)
        vertices = np.column_stack([segments.xy[part], segments.z[part]])
        along = metres_along(vertices[:, :2])
        places = sorted(cuts.places.get(row, []))
        bounds = [0.0, *(at for at, _, _ in places), float(along[-1])]
        nodes = [int(segments.u[row]), *(n for _, a, b in places for n in (a, b)), int(segments.v[row])]
        for k, (start, stop) in enumerate(pairwise(bounds)):
            parents.append(row)
            ends.append((nodes[2 * k], nodes[2 * k + 1]))
            shapes.append(between(vertices, along, start, stop))
            middle = (start + stop) / 2.0
            shut.append(any(low < middle < high for low, high in cuts.closed.get(row, [])))
            outer.append((k == 0, k == len(places)))
    kept = np.setdiff1d(np.arange(len(segments)), rows)
    origin = np.array(parents, dtype=np.int64)
    parts = reshape(segments.take(origin), ends, shapes)
    first, last = np.array(outer, dtype=np.bool_).T
    parts = replace(
        shut_rows(parts, np.array(shut, dtype=np.bool_)),
        barred_u={key: flags & first for key, flags in parts.barred_u.items()},
        barred_v={key: flags & last for key, flags in parts.barred_v.items()},
    )
    whole = join_segments(segments.take(kept), number_on(parts, int(segments.seg_id.max()) + 1))
    return whole, np.concatenate([kept, origin])


def reshape(segments: Segments, ends: list[tuple[int, int]], shapes: list[F64]) -> Segments:
    """Return the streets with other nodes (u, v) and other vertices, (K, 3) each, in place of their own."""
    nodes = np.array(ends, dtype=np.int64).reshape(-1, 2)
    vertices = np.vstack(shapes)
    return replace(
        segments,
        u=nodes[:, 0],
        v=nodes[:, 1],
        xy=np.ascontiguousarray(vertices[:, :2]),
        z=np.ascontiguousarray(vertices[:, 2]),
        starts=np.concatenate([[0], np.cumsum([len(shape) for shape in shapes])]).astype(np.int64),
        length_m=np.array([metres_along(shape[:, :2])[-1] for shape in shapes]),
    )


def number_on(segments: Segments, first: int) -> Segments:
    """Return the streets with ids from ``first`` on."""
    return replace(segments, seg_id=np.arange(first, first + len(segments), dtype=np.int64))


def join_segments(one: Segments, two: Segments) -> Segments:
    """Return both as one; they carry the same fields, ids ascend from one to the other."""

    def both(a: NDArray[np.generic] | None, b: NDArray[np.generic] | None) -> NDArray[np.generic] | None:
        return None if a is None or b is None else np.concatenate([a, b])

    columns = {
        name: {key: np.concatenate([flags, getattr(two, name)[key]]) for key, flags in getattr(one, name).items()}
        for name in ("forward", "backward", "barred_u", "barred_v")
    }
    plain = {
        name: both(getattr(one, name), getattr(two, name))
        for name in ("seg_id", "u", "v", "xy", "z", "length_m", "deck", "highway", "maxspeed_mps")
    }
    starts = np.concatenate([one.starts, two.starts[1:] + one.starts[-1]])
    return replace(two, starts=starts, **columns, **plain)  # type: ignore[arg-type]


def touched(segments: Segments, row: int, line: shapely.LineString) -> list[Span]:
    """Return where ``line`` meets a segment, metres from u: places (a, a) and stretches (a, b), in order.

    Taken piece by piece, so that a street that crosses itself is met at every pass. A line within a tenth of
    ``SAME_M`` of a piece runs along it: vertices that were rounded when cut lie beside their street, not on it.
    """
    near = shapely.buffer(line, SAME_M / 10.0)
    part = vertices_of(segments, row)
    xy = segments.xy[part]
    along = metres_along(xy)
    pieces = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    spans: list[Span] = []
    for k in np.flatnonzero((np.diff(along) > 0.0) & shapely.intersects(pieces, near)):
        exact, wide = shapely.intersection(pieces[k], line), shapely.intersection(pieces[k], near)
        along_it = shapely.length(wide) > shapely.length(exact) + 2.0 * SAME_M
        for met in shapely.get_parts(wide if along_it else exact):
            if shapely.is_empty(met):
                continue
            far = along[k] + np.hypot(*(shapely.get_coordinates(met) - xy[k]).T)
            spans.append((float(far.min()), float(far.max())))
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + SAME_M:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return [(a, b) if b - a > 2.0 * SAME_M else ((a + b) / 2.0, (a + b) / 2.0) for a, b in merged]
