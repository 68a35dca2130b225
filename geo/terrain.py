"""Elevation along streets: sampled, bridged by decks, smoothed along the way."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


class ElevationModel(Protocol):
    """Ground elevation by place."""

    def sample(self, lonlat: F64) -> F64:
        """Return (N,) metres at the (N, 2) longitudes and latitudes, NaN where there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Draped:
    """Lines with elevation at every vertex.

    Attributes:
        xy, z: (K, 2) and (K,) metres.
        starts: (E + 1,) where each line's vertices start.
        piece, fraction: (K,) the original vertex each vertex follows, and how far on its way to the next it lies.
    """

    xy: F64
    z: F64
    starts: I64
    piece: I64
    fraction: F64


def densify(xy: F64, starts: I64, *, step_m: float) -> tuple[I64, F64, I64]:
    """Return (piece, fraction, starts) of vertices at every original vertex and at most ``step_m`` apart.

    Vertex k of the result lies ``fraction[k]`` of the way from original vertex ``piece[k]`` to the next.
    """
    run = np.hypot(*np.diff(xy, axis=0).T)
    parts = np.maximum(np.ceil(run / step_m).astype(np.int64), 1)
    last = starts[1:] - 1
    parts = np.append(parts, 1)
    parts[last] = 1
    piece = np.repeat(np.arange(len(xy)), parts)
    first = np.cumsum(parts) - parts
    fraction = (np.arange(len(piece)) - first[piece]) / parts[piece]
    return piece, fraction, np.concatenate([first[starts[:-1]], [len(piece)]]).astype(np.int64)


def interpolate(values: F64, piece: I64, fraction: F64) -> F64:
    """Return per-vertex ``values`` carried to the vertices of ``densify``."""
    following = np.minimum(piece + 1, len(values) - 1)
    weight = fraction if values.ndim == 1 else fraction[:, None]
    return np.asarray(values[piece] * (1.0 - weight) + values[following] * weight)


def drape(
    xy: F64,
    lonlat: F64,
    starts: I64,
    u: I64,
    v: I64,
    *,
    way: I64,
    deck: Bools,
    model: ElevationModel,
    step_m: float,
    window_m: float,
) -> Draped:
    """Return (E,) lines, given as vertices in metres and in degrees, with smoothed elevation at every vertex.

    ``way`` (E,) numbers the way each segment was cut from: consecutive segments of one way that meet are smoothed
    as one profile. The window shrinks towards a profile's ends, so that an even slope stays as it is. Bridges and
    tunnels (``deck``) run straight between their portals instead of following the ground. ``u``, ``v`` are node
    numbers from 0; a node's elevation is the mean of the profiles that pass it, so that streets meet level.
    """
    piece, fraction, begins = densify(xy, starts, step_m=step_m)
    dense_xy = interpolate(xy, piece, fraction)
    z = model.sample(interpolate(lonlat, piece, fraction))
    along = _along(dense_xy, begins)
    nodes = int(max(u.max(), v.max())) + 1
    length = along[begins[1:] - 1]
    z_node = _deck_nodes(_node_means(z, begins, u, v, nodes), u, v, length, deck, nodes)
    z = _pin(z, along, begins, z_node[u], z_node[v], straight=deck)
    smooth = _smooth_profiles(z, along, begins, u, v, way, window_m)
    z_node = _node_means(smooth, begins, u, v, nodes)
    smooth = _pin(smooth, along, begins, z_node[u], z_node[v], straight=deck)
    return Draped(dense_xy, smooth, begins, piece, fraction)


def _along(xy: F64, starts: I64) -> F64:
    """Return (K,) metres from each vertex's own line's start."""
    step = np.concatenate([[0.0], np.hypot(*np.diff(xy, axis=0).T)])
    step[starts[:-1]] = 0.0
    total = np.cumsum(step)
    return np.asarray(total - np.repeat(total[starts[:-1]], np.diff(starts)))


def _node_means(z: F64, starts: I64, u: I64, v: I64, nodes: int) -> F64:
    """Return (N,) the mean elevation of the line ends at each node; NaN ends are left out."""
    end = np.concatenate([z[starts[:-1]], z[starts[1:] - 1]])
    node = np.concatenate([u, v])
    known = np.isfinite(end)
    count = np.bincount(node[known], minlength=nodes)
    total = np.bincount(node[known], weights=end[known], minlength=nodes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / count)


def _deck_nodes(z: F64, u: I64, v: I64, length: F64, deck: Bools, nodes: int) -> F64:
    """Return ``z`` with nodes inside bridges and tunnels raised to the deck.

    Inside, elevation is the harmonic interpolation of the portals' (nodes that touch open ground): a straight line
    along a plain bridge. A structure without any portal keeps the ground.
    """
    open_ground = np.zeros(nodes, dtype=np.bool_)
    open_ground[u[~deck]] = open_ground[v[~deck]] = True
    ends = np.bincount(np.concatenate([u[deck], v[deck]]), minlength=nodes)
    inside = ~open_ground & (ends > 1)
    if not inside.any():
        return z
    number = np.full(nodes, -1)
    number[inside] = np.arange(inside.sum())
    weight = 1.0 / np.maximum(length[deck], 0.01)
    a, b = u[deck], v[deck]
    tail, head, pull = np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([weight, weight])
    rows = inside[tail] & ((inside[head]) | np.isfinite(z[head])) & (tail != head)
    tail, head, pull = tail[rows], head[rows], pull[rows]
    size = int(inside.sum())
    known = ~inside[head]
    diagonal = np.bincount(number[tail], weights=pull, minlength=size)
    right = np.bincount(number[tail[known]], weights=pull[known] * z[head[known]], minlength=size)
    anchor = 1e-9
    ground = np.nan_to_num(z[inside], nan=float(np.nanmean(z)) if np.isfinite(z).any() else 0.0)
    every = np.arange(size)
    matrix = coo_array(
        (
            np.concatenate([-pull[~known], diagonal + anchor]),
            (np.concatenate([number[tail[~known]], every]), np.concatenate([number[head[~known]], every])),
        ),
        shape=(size, size),
    ).tocsc()
    out = z.copy()
    out[inside] = spsolve(matrix, right + anchor * ground)
    return out


def _pin(z: F64, along: F64, starts: I64, at_u: F64, at_v: F64, *, straight: Bools) -> F64:
    """Return ``z`` shifted linearly along each line so that its ends meet the nodes; decks become straight."""
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    length = along[starts[1:] - 1]
    share = np.where(length[owner] > 0, along / np.where(length[owner] > 0, length[owner], 1.0), 0.0)
    first, last = z[starts[:-1]], z[starts[1:] - 1]
    shift = (at_u - first)[owner] * (1.0 - share) + (at_v - last)[owner] * share
    level = at_u[owner] * (1.0 - share) + at_v[owner] * share
    return np.asarray(np.where(straight[owner], level, z + shift))


def _smooth_profiles(z: F64, along: F64, starts: I64, u: I64, v: I64, way: I64, window_m: float) -> F64:
    """Return ``z`` averaged over ``window_m`` along runs of consecutive segments of one way.

    The mean of a piecewise linear profile over [x − h, x + h], h = half the window but no more than the distance
    to the nearer end of the run, from its integral.
    """
    joins = np.zeros(len(u), dtype=np.bool_)
    joins[1:] = (way[1:] == way[:-1]) & (u[1:] == v[:-1])
    run_of_segment = np.cumsum(~joins) - 1
    counts = np.diff(starts)
    run = np.repeat(run_of_segment, counts)
    length = along[starts[1:] - 1]
    total = np.cumsum(length) - length
    first_of_run = np.flatnonzero(~joins)
    offset = total - total[first_of_run][run_of_segment]
    x = along + np.repeat(offset, counts)
    run_length = np.bincount(run_of_segment, weights=length)
    # Runs are laid end to end on one axis, a window apart, so that one integral serves them all.
    gap = window_m + 1.0
    base = np.concatenate([[0.0], np.cumsum(run_length + gap)[:-1]])
    axis = x + base[run]
    filled = np.where(np.isfinite(z), z, 0.0)
    half = np.minimum(window_m / 2.0, np.minimum(x, run_length[run] - x)).clip(min=0.0)
    area = np.concatenate([[0.0], np.cumsum(np.diff(axis) * (filled[1:] + filled[:-1]) / 2.0)])
    mean = (_integral(axis + half, axis, filled, area) - _integral(axis - half, axis, filled, area)) / np.where(
        half > 0, 2.0 * half, 1.0
    )
    known = np.bincount(run, weights=~np.isfinite(z), minlength=len(run_length))[run] == 0
    return np.asarray(np.where((half > 1e-6) & known, mean, z))


def _integral(at: F64, axis: F64, z: F64, area: F64) -> F64:
    """Return (K,) the integral of the piecewise linear (axis, z) up to ``at``."""
    k = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, len(axis) - 2)
    width = axis[k + 1] - axis[k]
    part = np.where(width > 0, (at - axis[k]) / np.where(width > 0, width, 1.0), 0.0)
    height = z[k] + (z[k + 1] - z[k]) * part
    return np.asarray(area[k] + (at - axis[k]) * (z[k] + height) / 2.0)
