"""Catchments: every facility with the demand it reaches (or is reached from) within a limit, and how long it takes.

One bounded search per facility; nothing is cleared between two, because keys of a later facility lie below all those
of an earlier one. Slices of facilities go to threads and the answer is the same for any number of them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.jit import inline_kernel, kernel
from geo.kernels import (
    BUCKET_MS,
    NEVER,
    NEVER_KEY,
    Arcs,
    Keys,
    new_queue,
    new_trail,
    search,
    width_bits,
)
from geo.streets import Graph, Snapped, Streets

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Direction = Literal["to", "from"]
"""Whether people travel to the facility, or it (an ambulance, a courier) to them."""

_FIRST_ROUND: Final = (1 << 30) - 1
_ROUND_BITS: Final = 32
_PAIRS_AT_FIRST: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Catchments:
    """A sparse matrix of travel times: row j is a facility, its columns the demand within ``limit_ms`` of it.

    Attributes:
        indptr: (M + 1,) where each facility's pairs start.
        column: (P,) demand rows (or nodes), ascending within a facility.
        ms: (P,) milliseconds, access legs at both ends included.
        columns: number of demand rows (or nodes) there are.
    """

    indptr: I64
    column: I32
    ms: I32
    columns: int
    limit_ms: int

    @property
    def facilities(self) -> int:
        """Return the number of facilities."""
        return len(self.indptr) - 1

    def facility(self) -> I32:
        """Return (P,) the facility of each pair."""
        return np.repeat(np.arange(self.facilities, dtype=np.int32), np.diff(self.indptr))


class Seeds(NamedTuple):
    """Facilities on the graph: (M, 2) nodes where each enters and the milliseconds from there, NEVER where closed."""

    node: I32
    ms: I64


class OnChains(NamedTuple):
    """Points on chains: their chain (−1 off the network), milliseconds to its ends, access leg."""

    chain: I64
    start_ms: I32
    end_ms: I32
    access_ms: I32


class Homes(NamedTuple):
    """Demand sorted by chain: ``first[c]:first[c + 1]`` is on chain c; chains with demand by node."""

    first: I64
    row: I32
    points: OnChains
    node_first: I64
    node_chain: I32
    chain_start: I64
    chain_end: I64


@inline_kernel
def _room_for(pairs: I64, count: int, more: int) -> I64:
    """Return ``pairs`` with room for ``more`` beyond the first ``count``."""
    if count + more <= len(pairs):
        return pairs
    larger = np.empty(max(count + more, len(pairs) * 8 // 5), np.int64)
    larger[:count] = pairs[:count]
    return larger


@inline_kernel
def _round(i: int) -> int:
    """Return the base of the keys of round ``i``: below those of every earlier round."""
    return (_FIRST_ROUND - i) << _ROUND_BITS


@kernel
def _node_slice(arcs: Arcs, seeds: Seeds, order: I64, low: int, high: int, limit: int) -> tuple[I64, I64]:
    """Return ((high − low,) counts, (P,) packed pairs of node and ms) of facilities ``order[low:high]``."""
    bits = width_bits(BUCKET_MS)
    state = np.full(len(arcs.indptr) - 1, NEVER_KEY, np.int64)
    queue, trail = new_queue(limit, bits), new_trail()
    counts = np.zeros(high - low, np.int64)
    pairs = np.empty(_PAIRS_AT_FIRST, np.int64)
    total = 0
    key = np.empty(2, np.int64)
    for i in range(low, high):
        base = _round(i - low)
        j = order[i]
        key[:] = base + seeds.ms[j]
        keys = Keys(base, 0, bits, base + limit)
        queue, trail, written, _ = search(arcs, state, seeds.node[j], key, 0, 2, keys, queue, trail)
        pairs = _room_for(pairs, total, written)
        begin = total
        for t in range(written):
            if trail.key[t] - base > limit:
                n = trail.node[t]
                pairs[total] = np.int64(n) << 32 | (state[n] - base)
                total += 1
        pairs[begin:total].sort()
        counts[i - low] = total - begin
    return counts, pairs[:total]


@kernel
def _add_chain(
    homes: Homes,
    chain: np.int64,
    from_start: int,
    from_end: int,
    places: OnChains,
    place: int,
    pairs: I64,
    total: int,
    limit: int,
) -> tuple[I64, int]:
    """Append the demand of one chain, whose ends are so many ms away; ``place`` ≥ 0 is a place on the same chain."""
    points = homes.points
    first, last = homes.first[chain], homes.first[chain + 1]
    pairs = _room_for(pairs, total, last - first)
    for p in range(first, last):
        start, end = np.int64(points.start_ms[p]), np.int64(points.end_ms[p])
        ms = min(from_start + start, from_end + end)
        if place >= 0:
            to_start, to_end, access = places.start_ms[place], places.end_ms[place], places.access_ms[place]
            if end < NEVER and to_end <= end:
                ms = min(ms, end - to_end + access)
            if start < NEVER and to_start <= start:
                ms = min(ms, start - to_start + access)
        ms += points.access_ms[p]
        if ms <= limit:
            pairs[total] = np.int64(homes.row[p]) << 32 | ms
            total += 1
    return pairs, total


@kernel
def _point_slice(
    arcs: Arcs, seeds: Seeds, places: OnChains, homes: Homes, order: I64, low: int, high: int, limit: int
) -> tuple[I64, I64]:
    """Return ((high − low,) counts, (P,) packed pairs of demand row and ms) of facilities ``order[low:high]``."""
    bits = width_bits(BUCKET_MS)
    state = np.full(len(arcs.indptr) - 1, NEVER_KEY, np.int64)
    queue, trail = new_queue(limit, bits), new_trail()
    counts = np.zeros(high - low, np.int64)
    pairs = np.empty(_PAIRS_AT_FIRST, np.int64)
    total = 0
    key = np.empty(2, np.int64)
    starts, ends = homes.chain_start, homes.chain_end
    for i in range(low, high):
        base = _round(i - low)
        j = order[i]
        key[:] = base + seeds.ms[j]
        keys = Keys(base, 0, bits, base + limit)
        queue, trail, written, _ = search(arcs, state, seeds.node[j], key, 0, 2, keys, queue, trail)
        begin = total
        own = places.chain[j]
        if own >= 0:
            to_start, to_end = state[starts[own]] - base, state[ends[own]] - base
            pairs, total = _add_chain(homes, own, to_start, to_end, places, j, pairs, total, limit)
        for t in range(written):
            if trail.key[t] - base <= limit:
                continue
            n = trail.node[t]
            for e in range(homes.node_first[n], homes.node_first[n + 1]):
                c = np.int64(homes.node_chain[e])
                to_start, to_end = state[starts[c]] - base, state[ends[c]] - base
                # A chain reached at both ends is read from its start.
                if c != own and (n == starts[c] or to_start > limit):
                    pairs, total = _add_chain(homes, c, to_start, to_end, places, -1, pairs, total, limit)
        pairs[begin:total].sort()
        counts[i - low] = total - begin
    return counts, pairs[:total]


@kernel
def _in_row_order(order: I64, counts: I64, indptr: I64, packed: I64, done: int, column: I32, ms: I32) -> None:
    """Write one slice's pairs, facilities ``order[done:done + len(counts)]``, to their places in the CSR arrays."""
    at = 0
    for i in range(len(counts)):
        to = indptr[order[done + i]]
        for k in range(counts[i]):
            column[to + k] = packed[at + k] >> 32
            ms[to + k] = packed[at + k] & 0xFFFFFFFF
        at += counts[i]


def _collect(
    run: Callable[[int, int], tuple[I64, I64]], order: I64, columns: int, limit_ms: int, threads: int
) -> Catchments:
    """Return the Catchments that ``run(low, high)`` finds slice by slice, in row order."""
    cuts = np.linspace(0, len(order), threads + 1).astype(np.int64)
    slices = [(int(a), int(b)) for a, b in pairwise(cuts)]
    if threads == 1:
        parts = [run(*slices[0])]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(lambda ends: run(*ends), slices))
    indptr = np.zeros(len(order) + 1, dtype=np.int64)
    indptr[order + 1] = np.concatenate([counts for counts, _ in parts])
    np.cumsum(indptr, out=indptr)
    column = np.empty(indptr[-1], dtype=np.int32)
    ms = np.empty(indptr[-1], dtype=np.int32)
    for low, _ in slices:
        counts, packed = parts.pop(0)
        _in_row_order(order, counts, indptr, packed, low, column, ms)
    return Catchments(indptr, column, ms, columns, limit_ms)


def _checked(limit_ms: int, threads: int, direction: str) -> int:
    if not 0 <= limit_ms < int(NEVER):
        raise ParameterError(f"the limit is {limit_ms} ms; it is a time of 0 or more, below {NEVER}")
    if threads < 1:
        raise ParameterError(f"{threads} threads; at least one does the work")
    if direction not in ("to", "from"):
        raise ParameterError(f"direction is 'to' or 'from' facilities, not {direction!r}")
    return int(limit_ms)


def node_catchments(graph: Graph, node: I32, ms: I32, *, limit_ms: int, threads: int = 1) -> Catchments:
    """Return the Catchments of (M,) sources at ``node`` with a start of ``ms`` each; columns are nodes.

    Travel is along the arcs of ``graph``: hand in the reversed graph for travel to the sources. Raises ParameterError.
    """
    limit = _checked(limit_ms, threads, "to")
    arcs = Arcs(graph.indptr, graph.indices, graph.cost_ms)
    start = np.repeat(np.asarray(ms, dtype=np.int64)[:, None], 2, axis=1)
    start[:, 1] = NEVER
    seeds = Seeds(np.repeat(np.asarray(node, dtype=np.int32)[:, None], 2, axis=1), start)
    order = np.argsort(seeds.node[:, 0], kind="stable")
    return _collect(
        lambda low, high: _node_slice(arcs, seeds, order, low, high, limit), order, graph.nodes, limit, threads
    )


def placed(streets: Streets, points: Snapped, direction: Direction) -> tuple[Seeds, OnChains]:
    """Return snapped ``points`` as seeds, and as places on chains whose milliseconds run in ``direction``.

    "to": a seed's milliseconds lead from the node to the point, a place's from the point to the chain's ends.
    """
    at = streets.on_chain(points.segment, points.fraction)
    outward, inward = (at.to_start_ms, at.to_end_ms), (at.from_start_ms, at.from_end_ms)
    into, own = (inward, outward) if direction == "to" else (outward, inward)
    chain = np.where(points.on, at.chain, -1)
    node = np.column_stack([streets.chains.start[at.chain], streets.chains.end[at.chain]]).astype(np.int32)
    leg = np.column_stack(into).astype(np.int64)
    closed = (leg == NEVER) | ~points.on[:, None]
    ms = np.where(closed, np.int64(NEVER), leg + points.access_ms[:, None])
    return Seeds(node, ms), OnChains(chain, own[0], own[1], points.access_ms)


def _homes(streets: Streets, places: OnChains) -> Homes:
    """Return demand ``places`` sorted by chain, and which chains with demand meet at each node."""
    chains = streets.chains
    rows = np.flatnonzero(places.chain >= 0)
    rows = rows[np.argsort(places.chain[rows], kind="stable")]
    count = np.bincount(places.chain[rows], minlength=len(chains.start))
    first = np.zeros(len(chains.start) + 1, dtype=np.int64)
    np.cumsum(count, out=first[1:])
    settled = np.flatnonzero(count)
    loop = chains.start[settled] == chains.end[settled]
    node = np.concatenate([chains.start[settled], chains.end[settled][~loop]])
    chain = np.concatenate([settled, settled[~loop]])
    order = np.lexsort((chain, node))
    node_first = np.zeros(streets.graph.nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(node, minlength=streets.graph.nodes), out=node_first[1:])
    points = OnChains(places.chain[rows], places.start_ms[rows], places.end_ms[rows], places.access_ms[rows])
    return Homes(
        first, rows.astype(np.int32), points, node_first, chain[order].astype(np.int32), chains.start, chains.end
    )


def catchments(
    streets: Streets,
    facilities: Snapped,
    demand: Snapped,
    *,
    limit_ms: int,
    direction: Direction = "to",
    threads: int = 1,
) -> Catchments:
    """Return the Catchments of (M,) snapped facilities over (K,) snapped demand points, within ``limit_ms``.

    t = access + network + access, as ``nearest_facility`` has it: the least of a column is its nearest facility's
    time. What is off the network reaches nothing. Exact bounded searches (Dial 1969), one a facility.
    Raises ParameterError.
    """
    limit = _checked(limit_ms, threads, direction)
    graph = streets.reverse if direction == "to" else streets.graph
    arcs = Arcs(graph.indptr, graph.indices, graph.cost_ms)
    seeds, places = placed(streets, facilities, direction)
    homes = _homes(streets, placed(streets, demand, direction)[1])
    order = np.argsort(seeds.node[:, 0], kind="stable")
    return _collect(
        lambda low, high: _point_slice(arcs, seeds, places, homes, order, low, high, limit),
        order,
        len(demand),
        limit,
        threads,
    )
