"""Generated street networks of any size: a jittered lattice, a quarter of its streets missing, nodes in Hilbert order.

Degree, planarity and lengths are those of a contracted city; the same numbers on every machine (hashes, no generator
state), and small enough in memory that 20 M nodes fit beside what is measured on them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.hilbert import hilbert_order
from geo.jit import inline_kernel, kernel
from geo.streets import Graph

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

ON_FOOT_MPS = 4.0 / 3.6
SPACING_M = 90.0
_KEPT = 0.75
_JITTER = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A directed graph in integer milliseconds and (N, 2) planar metres of its nodes."""

    graph: Graph
    xy: F32


@inline_kernel
def _share(number: int, salt: int) -> float:
    """Return a number in [0, 1) that depends on ``number`` and ``salt`` alone (splitmix64, Steele et al. 2014)."""
    z = np.uint64(number) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) / 9007199254740992.0


@kernel
def _lattice(nodes: int, columns: int, spacing: float, jitter: float, seed: int) -> F64:
    """Return (N, 2) jittered lattice points, row after row."""
    xy = np.empty((nodes, 2))
    for i in range(nodes):
        xy[i, 0] = (i % columns + jitter * (2.0 * _share(2 * i, seed) - 1.0)) * spacing
        xy[i, 1] = (i // columns + jitter * (2.0 * _share(2 * i + 1, seed) - 1.0)) * spacing
    return xy


@inline_kernel
def _neighbour(i: int, side: int, nodes: int, columns: int) -> int:
    """Return the lattice point east, north, west or south of ``i``, −1 outside."""
    x = i % columns
    if side == 0:
        return i + 1 if x + 1 < columns and i + 1 < nodes else -1
    if side == 1:
        return i + columns if i + columns < nodes else -1
    if side == 2:
        return i - 1 if x > 0 else -1
    return i - columns


@kernel
def _arcs(
    order: I64, rank: I32, xy: F64, columns: int, kept: float, one_way: float, mps: float, seed: int
) -> tuple[I64, I32, I32]:
    """Return CSR (indptr, indices, milliseconds) of the lattice's streets, nodes numbered by ``rank``."""
    nodes = len(order)
    indptr = np.zeros(nodes + 1, np.int64)
    indices = np.empty(0, np.int32)
    cost = np.empty(0, np.int32)
    for fill in range(2):
        at = 0
        for n in range(nodes):
            i = order[n]
            for side in range(4):
                j = _neighbour(i, side, nodes, columns)
                if j < 0:
                    continue
                street = 2 * min(i, j) + side % 2
                if _share(street, seed + 1) >= kept:
                    continue
                way = _share(street, seed + 2)
                if way < one_way and (way < one_way / 2.0) == (i < j):
                    continue
                if fill:
                    metres = np.hypot(xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1])
                    indices[at] = rank[j]
                    cost[at] = np.rint(metres / mps * 1000.0)
                at += 1
            indptr[n + 1] = at
        if not fill:
            indices = np.empty(at, np.int32)
            cost = np.empty(at, np.int32)
    return indptr, indices, cost


def street_network(
    nodes: int, *, seed: int = 0, spacing_m: float = SPACING_M, one_way: float = 0.0, mps: float = ON_FOOT_MPS
) -> Network:
    """Return a street-like Network of ``nodes`` junctions about ``spacing_m`` apart, three streets at each on average.

    ``one_way`` is the share of streets open in one direction only. Raises ParameterError for no node at all.
    """
    if nodes < 1:
        raise ParameterError(f"a network has at least one node, not {nodes}")
    columns = int(np.ceil(np.sqrt(nodes)))
    xy = _lattice(nodes, columns, spacing_m, _JITTER, seed)
    order = hilbert_order(xy)
    rank = np.empty(nodes, np.int32)
    rank[order] = np.arange(nodes, dtype=np.int32)
    indptr, indices, cost = _arcs(order, rank, xy, columns, _KEPT, one_way, mps, seed)
    del rank
    placed = np.empty((nodes, 2), np.float32)
    placed[:, 0] = xy[:, 0][order]
    placed[:, 1] = xy[:, 1][order]
    return Network(Graph(indptr, indices, cost), placed)


def places_on(network: Network, per_million: float, *, seed: int = 0) -> tuple[I32, I32]:
    """Return (node, milliseconds) of random seeds, ``per_million`` nodes one each, in node order, nodes distinct."""
    nodes = network.graph.nodes
    count = max(1, round(nodes * per_million / 1e6))
    rng = np.random.default_rng(seed)
    node = np.unique(rng.integers(0, nodes, count)).astype(np.int32)
    return node, rng.integers(0, 60_000, len(node)).astype(np.int32)
