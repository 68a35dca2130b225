"""Streets of one mode, ready to be searched: contracted, in CSR, nodes in Hilbert order, geometry kept."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.contraction import Chains, contract
from geo.cuts import part_closed_nodes
from geo.errors import CRSMismatchError, ParameterError
from geo.hilbert import hilbert_order
from geo.segments import Segments
from geo.travel import BLOCKED, Mode, segment_costs

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A directed graph in CSR: arcs of node n are ``indptr[n]:indptr[n + 1]``, costs in milliseconds."""

    indptr: I64
    indices: I32
    cost_ms: I32

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.indptr) - 1

    def reversed(self) -> "Graph":
        """Return the graph with every arc turned round."""
        tail = np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.indptr))
        return csr(self.indices, tail, self.cost_ms, self.nodes)


def csr(tail: NDArray[np.integer], head: NDArray[np.integer], cost_ms: I32, nodes: int) -> Graph:
    """Return the Graph of the given arcs; of parallel arcs the least stays, self-loops go."""
    keep = tail != head
    tail, head, cost_ms = tail[keep], head[keep], cost_ms[keep]
    order = np.lexsort((cost_ms, head, tail))
    tail, head, cost_ms = tail[order], head[order], cost_ms[order]
    first = np.ones(len(tail), dtype=np.bool_)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    indptr = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail[first], minlength=nodes), out=indptr[1:])
    return Graph(indptr, head[first].astype(np.int32), cost_ms[first].astype(np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class Snapped:
    """Where (K,) points meet the streets.

    Attributes:
        on: (K,) whether the point is within ``max_snap`` of a street.
        segment: (K,) row of the segment, 0 where not on.
        fraction: (K,) part of the segment's length from u, 0 to 1.
        snapped_m: (K,) straight metres to it, NaN where not on.
        access_ms: (K,) the same in milliseconds of the mode.
    """

    on: Bools
    segment: I64
    fraction: F64
    snapped_m: F64
    access_ms: I32

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.on)


@dataclass(frozen=True, slots=True, eq=False)
class OnChain:
    """(K,) positions on chains: milliseconds from the point to the chain's two ends, and from them to the point.

    BLOCKED where that way is closed. A point exactly at an end may leave and arrive there whatever the chain allows.
    """

    chain: I64
    to_start_ms: I32
    to_end_ms: I32
    from_start_ms: I32
    from_end_ms: I32


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """The streets one mode may use.

    ``rows`` are the rows of ``segments`` in use; ``chains`` their contraction, its nodes numbered along a Hilbert
    curve; ``graph`` the junctions and the arcs between them.
    """

    segments: Segments
    mode: Mode
    rows: I64
    forward_ms: I32
    backward_ms: I32
    chains: Chains
    graph: Graph
    reverse: Graph
    node_xy: F64
    lines: NDArray[np.object_]
    tree: shapely.STRtree
    islands: I32
    opens_chain: Bools
    closes_chain: Bools

    @property
    def crs(self) -> str:
        """Return the metric CRS."""
        return self.segments.crs

    def snap(self, xy: F64, *, crs: str, max_snap_m: float, main_component_only: bool = False) -> Snapped:
        """Return where the (K, 2) metres ``xy`` meet the nearest point of the nearest street.

        Of equally near streets the lowest id is taken. ``main_component_only`` leaves every component but the
        largest out. Raises CRSMismatchError.
        """
        if crs != self.crs:
            raise CRSMismatchError(f"the points are in {crs}, the streets in {self.crs}")
        if not max_snap_m >= 0:
            raise ParameterError(f"max_snap is {max_snap_m}; it is a length of 0 m or more")
        count = len(xy)
        on = np.zeros(count, dtype=np.bool_)
        segment = np.zeros(count, dtype=np.int64)
        fraction = np.zeros(count)
        distance = np.full(count, np.nan)
        if count and len(self.rows):
            points = shapely.points(xy)
            tree, lines, picked = self.tree, self.lines, np.arange(len(self.rows))
            if main_component_only:
                main = np.bincount(self.islands).argmax()
                picked = np.flatnonzero(self.islands[self.chains.start[self.chains.chain]] == main)
                lines = self.lines[picked]
                tree = shapely.STRtree(lines)
            (who, which), far = tree.query_nearest(
                points, max_distance=max(max_snap_m, 1e-9), return_distance=True, all_matches=True
            )
            order = np.lexsort((which, who))
            who, which, far = who[order], which[order], far[order]
            first = np.ones(len(who), dtype=np.bool_)
            first[1:] = who[1:] != who[:-1]
            who, which, far = who[first], which[first], far[first]
            near = far <= max_snap_m
            who, which, far = who[near], which[near], far[near]
            on[who] = True
            segment[who] = picked[which]
            distance[who] = far
            fraction[who] = shapely.line_locate_point(lines[which], points[who], normalized=True)
        fraction = np.nan_to_num(fraction)
        access = self.mode.access_ms(np.nan_to_num(distance))
        return Snapped(on, segment, fraction, distance, access)

    def on_chain(self, segment: I64, fraction: F64) -> OnChain:
        """Return the chain positions of (K,) points at ``fraction`` of the rows ``segment`` (rows of ``rows``)."""
        chains = self.chains
        against = chains.against[segment]
        share = np.where(against, 1.0 - fraction, fraction)
        own_f = np.where(against, self.backward_ms[segment], self.forward_ms[segment]).astype(np.int64)
        own_b = np.where(against, self.forward_ms[segment], self.backward_ms[segment]).astype(np.int64)
        chain = chains.chain[segment]
        all_f = chains.forward_ms[chain].astype(np.int64)
        all_b = chains.backward_ms[chain].astype(np.int64)
        blocked = np.int64(BLOCKED)
        open_f, open_b = all_f != blocked, all_b != blocked
        from_start = chains.before_ms[segment] + np.rint(share * own_f).astype(np.int64)
        to_start = chains.before_back_ms[segment] + np.rint(share * own_b).astype(np.int64)
        to_end = np.where(open_f, all_f - from_start, blocked)
        from_end = np.where(open_b, all_b - to_start, blocked)
        from_start = np.where(open_f, from_start, blocked)
        to_start = np.where(open_b, to_start, blocked)
        at_start = (share == 0.0) & self.opens_chain[segment]
        at_end = (share == 1.0) & self.closes_chain[segment]
        from_start[at_start] = to_start[at_start] = 0
        from_end[at_end] = to_end[at_end] = 0
        as32 = [x.astype(np.int32) for x in (to_start, to_end, from_start, from_end)]
        return OnChain(chain, *as32)


def build_streets(segments: Segments, mode: Mode) -> Streets:
    """Return the Streets of ``mode``: costs in whole milliseconds, contracted, junctions along a Hilbert curve.

    Raises ParameterError where the mode may use no segment at all.
    """
    segments = part_closed_nodes(segments, mode.access)
    forward, backward = segment_costs(segments, mode)
    rows = np.flatnonzero((forward != BLOCKED) | (backward != BLOCKED))
    if not len(rows):
        raise ParameterError(f"no street is open to mode {mode.id!r}")
    forward, backward = forward[rows], backward[rows]
    u, v = segments.u[rows], segments.v[rows]
    chains = contract(u, v, forward, backward, segments.node_count)
    junctions = np.unique(np.concatenate([chains.start, chains.end]))
    xy = segments.node_xy()[junctions]
    junctions = junctions[hilbert_order(xy)]
    number = np.full(segments.node_count, -1, dtype=np.int64)
    number[junctions] = np.arange(len(junctions))
    begins = np.where(chains.against, v, u)
    stops = np.where(chains.against, u, v)
    opens = begins == chains.start[chains.chain]
    closes = stops == chains.end[chains.chain]
    chains = replace(chains, start=number[chains.start], end=number[chains.end])
    lines = segments.lines()[rows]
    graph = _graph(chains, len(junctions))
    return Streets(
        segments=segments,
        mode=mode,
        rows=rows,
        forward_ms=forward,
        backward_ms=backward,
        chains=chains,
        graph=graph,
        reverse=graph.reversed(),
        node_xy=segments.node_xy()[junctions],
        lines=lines,
        tree=shapely.STRtree(lines),
        islands=_islands(chains, len(junctions)),
        opens_chain=opens,
        closes_chain=closes,
    )


def _graph(chains: Chains, nodes: int) -> Graph:
    ahead = chains.forward_ms != BLOCKED
    back = chains.backward_ms != BLOCKED
    tail = np.concatenate([chains.start[ahead], chains.end[back]])
    head = np.concatenate([chains.end[ahead], chains.start[back]])
    return csr(tail, head, np.concatenate([chains.forward_ms[ahead], chains.backward_ms[back]]), nodes)


def _islands(chains: Chains, nodes: int) -> I32:
    """Return (N,) the connected component of every junction, directions ignored."""
    links = coo_array((np.ones(len(chains.start), np.int8), (chains.start, chains.end)), shape=(nodes, nodes))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int32)
