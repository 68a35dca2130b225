"""Street segments as arrays: what is left of a street file once it is in metres."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import Fault, InputError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Street segments between nodes, in one metric CRS.

    Attributes:
        crs: the metric CRS.
        seg_id: (E,) ids, ascending.
        u, v: (E,) node numbers from 0.
        xy: (K, 2) vertices of all segments, metres, segment after segment.
        z: (K,) elevation, metres, NaN where unknown.
        starts: (E + 1,) where each segment's vertices start in ``xy``.
        length_m: (E,) planar lengths, metres.
        forward, backward: per access class ("walk", "cycle", "drive") the (E,) permission from u to v, and back.
        deck: (E,) whether the segment is a bridge or tunnel.
        highway: (E,) the class of each segment as its number in ``classes``; None where classes are not known.
        classes: names of the classes (OSM highway values; "" where a segment has none).
        maxspeed_mps: (E,) tagged speed limits, NaN where there is none; None where none is known.
        barred_u, barred_v: per access class the (E,) ends at which that class may not pass the node (a bollard).
    """

    crs: str
    seg_id: I64
    u: I64
    v: I64
    xy: F64
    z: F64
    starts: I64
    length_m: F64
    forward: Mapping[str, Bools]
    backward: Mapping[str, Bools]
    deck: Bools
    highway: NDArray[np.int16] | None = None
    classes: tuple[str, ...] = ()
    maxspeed_mps: F64 | None = None
    barred_u: Mapping[str, Bools] = field(default_factory=dict)
    barred_v: Mapping[str, Bools] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.seg_id)

    @property
    def node_count(self) -> int:
        """Return the number of nodes."""
        return int(max(self.u.max(initial=-1), self.v.max(initial=-1))) + 1

    def piece_inside(self) -> Bools:
        """Return (K − 1,) whether the piece between vertices k and k + 1 belongs to one segment."""
        inside = np.ones(max(len(self.xy) - 1, 0), dtype=np.bool_)
        inside[self.starts[1:-1] - 1] = False
        return inside

    def take(self, rows: I64) -> "Segments":
        """Return the segments at (R,) ``rows``, in that order, with every field; nodes keep their numbers."""
        counts = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        vertex = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], counts)
        return replace(
            self,
            seg_id=self.seg_id[rows],
            u=self.u[rows],
            v=self.v[rows],
            xy=self.xy[vertex],
            z=self.z[vertex],
            starts=starts,
            length_m=self.length_m[rows],
            forward=_rows(self.forward, rows),
            backward=_rows(self.backward, rows),
            deck=self.deck[rows],
            highway=None if self.highway is None else self.highway[rows],
            maxspeed_mps=None if self.maxspeed_mps is None else self.maxspeed_mps[rows],
            barred_u=_rows(self.barred_u, rows),
            barred_v=_rows(self.barred_v, rows),
        )

    def lines(self) -> NDArray[np.object_]:
        """Return (E,) planar LineStrings."""
        index = np.repeat(np.arange(len(self)), np.diff(self.starts))
        return np.asarray(shapely.linestrings(self.xy, indices=index), dtype=np.object_)

    def node_xy(self) -> F64:
        """Return (N, 2) metres: where each node's lowest-numbered segment puts it."""
        xy = np.full((self.node_count, 2), np.nan)
        xy[self.v[::-1]] = self.xy[self.starts[1:] - 1][::-1]
        xy[self.u[::-1]] = self.xy[self.starts[:-1]][::-1]
        return xy


def _rows(columns: Mapping[str, Bools], rows: I64) -> dict[str, Bools]:
    return {key: values[rows] for key, values in columns.items()}


def segments_from_lines(
    lines: NDArray[np.object_],
    *,
    crs: str,
    seg_id: I64,
    u: I64,
    v: I64,
    forward: Mapping[str, Bools],
    backward: Mapping[str, Bools],
    deck: Bools | None = None,
    highway: NDArray[np.object_] | None = None,
    maxspeed_mps: F64 | None = None,
    barred_u: Mapping[str, Bools] | None = None,
    barred_v: Mapping[str, Bools] | None = None,
) -> Segments:
    """Return Segments of (E,) LineStrings in the metric ``crs``, sorted by ``seg_id``, nodes renumbered from 0.

    ``highway`` names the (E,) classes, None or "" where there is none.

    Raises InputError where a line has fewer than two vertices or a coordinate that is not finite.
    """
    order = np.argsort(seg_id, kind="stable")
    picked = np.asarray(lines, dtype=np.object_)[order]
    counts = shapely.get_num_coordinates(picked)
    xyz = shapely.get_coordinates(picked, include_z=True)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    bad = counts < 2
    if len(xyz):
        finite = np.isfinite(xyz[:, :2]).all(axis=1)
        broken = np.unique(np.searchsorted(starts, np.flatnonzero(~finite), side="right") - 1)
        bad[broken] = True
    if bad.any():
        rows = order[np.flatnonzero(bad)]
        raise InputError(
            Fault("street_geometry", "the segment is no line of finite coordinates.", "repair it or take it out.",
                  row=int(row)) for row in rows[:100]
        )  # fmt: skip
    step = np.hypot(*np.diff(xyz[:, :2], axis=0).T) if len(xyz) > 1 else np.empty(0)
    length = np.empty(len(picked))
    if len(picked):
        inside = np.ones(len(step), dtype=np.bool_)
        inside[starts[1:-1] - 1] = False
        length = np.add.reduceat(np.where(inside, step, 0.0), starts[:-1])
    _, nodes = np.unique(np.concatenate([u[order], v[order]]), return_inverse=True)
    half = len(order)
    names: tuple[str, ...] = ()
    codes: NDArray[np.int16] | None = None
    if highway is not None:
        known, number = np.unique(np.array([name or "" for name in highway], dtype=str), return_inverse=True)
        names, codes = tuple(str(name) for name in known), number.astype(np.int16)[order]
    return Segments(
        crs=crs,
        seg_id=np.asarray(seg_id, dtype=np.int64)[order],
        u=nodes[:half].astype(np.int64),
        v=nodes[half:].astype(np.int64),
        xy=np.ascontiguousarray(xyz[:, :2]),
        z=np.ascontiguousarray(xyz[:, 2]),
        starts=starts,
        length_m=length,
        forward={key: np.asarray(value, dtype=np.bool_)[order] for key, value in forward.items()},
        backward={key: np.asarray(value, dtype=np.bool_)[order] for key, value in backward.items()},
        deck=np.zeros(half, np.bool_) if deck is None else np.asarray(deck, dtype=np.bool_)[order],
        highway=codes,
        classes=names,
        maxspeed_mps=None if maxspeed_mps is None else np.asarray(maxspeed_mps, dtype=np.float64)[order],
        barred_u={} if barred_u is None else _rows(barred_u, order),
        barred_v={} if barred_v is None else _rows(barred_v, order),
    )
