"""Degree-2 contraction: chains of segments between junctions become one edge, exactly.

A node is passed through where exactly two segment ends meet and both directions are open, or closed, on both sides
alike; so a chain is open or closed as a whole and any point on it knows its time to both ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.jit import kernel
from geo.travel import BLOCKED

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Contracted edges and where each segment lies on its own.

    Attributes:
        start, end: (C,) node numbers of the chain's ends.
        forward_ms, backward_ms: (C,) milliseconds from start to end, and back; BLOCKED where closed.
        chain: (E,) the chain of each segment.
        against: (E,) whether the segment's own direction (u to v) runs against the chain's.
        before_ms: (E,) forward milliseconds from the chain's start to where the segment begins along the chain.
        before_back_ms: (E,) backward milliseconds from that place to the chain's start.
    """

    start: I64
    end: I64
    forward_ms: I32
    backward_ms: I32
    chain: I64
    against: Bools
    before_ms: I32
    before_back_ms: I32


@kernel
def _incidence(u: I64, v: I64, nodes: int) -> tuple[I64, I64]:
    """Return CSR (indptr, segment ends): end 2·e is u of segment e, 2·e + 1 is v."""
    indptr = np.zeros(nodes + 1, np.int64)
    for e in range(len(u)):
        indptr[u[e] + 1] += 1
        indptr[v[e] + 1] += 1
    for n in range(nodes):
        indptr[n + 1] += indptr[n]
    at = indptr[:-1].copy()
    ends = np.empty(2 * len(u), np.int64)
    for e in range(len(u)):
        ends[at[u[e]]] = 2 * e
        at[u[e]] += 1
        ends[at[v[e]]] = 2 * e + 1
        at[v[e]] += 1
    return indptr, ends


@kernel
def _passable(indptr: I64, ends: I64, forward: I32, backward: I32, nodes: int, blocked: int) -> Bools:
    """Return (N,) whether a chain runs through the node."""
    through = np.zeros(nodes, np.bool_)
    for n in range(nodes):
        if indptr[n + 1] - indptr[n] != 2:
            continue
        a = ends[indptr[n]]
        b = ends[indptr[n] + 1]
        ea, eb = a // 2, b // 2
        if ea == eb:
            continue
        into_a = forward[ea] if a % 2 == 1 else backward[ea]
        out_a = backward[ea] if a % 2 == 1 else forward[ea]
        into_b = forward[eb] if b % 2 == 1 else backward[eb]
        out_b = backward[eb] if b % 2 == 1 else forward[eb]
        same = (into_a == blocked) == (out_b == blocked) and (into_b == blocked) == (out_a == blocked)
        through[n] = same
    return through


@kernel
def _trace(
    u: I64, v: I64, forward: I32, backward: I32, indptr: I64, ends: I64, through: Bools, blocked: int
) -> tuple[I64, I64, I64, I64, I64, Bools, I32, I32, int]:
    """Walk every chain from its start; cycles without a junction start at their lowest node."""
    m = len(u)
    start = np.empty(m, np.int64)
    end = np.empty(m, np.int64)
    total_f = np.empty(m, np.int64)
    total_b = np.empty(m, np.int64)
    chain = np.full(m, -1, np.int64)
    against = np.zeros(m, np.bool_)
    before_f = np.zeros(m, np.int32)
    before_b = np.zeros(m, np.int32)
    count = 0
    for sweep in range(2):
        for n in range(len(through)):
            if sweep == 0 and through[n]:
                continue
            for k in range(indptr[n], indptr[n + 1]):
                e = ends[k] // 2
                if chain[e] >= 0:
                    continue
                side = ends[k] % 2
                f, b = np.int64(0), np.int64(0)
                here = n
                while True:
                    chain[e] = count
                    against[e] = side == 1
                    before_f[e] = f
                    before_b[e] = b
                    cost_f = forward[e] if side == 0 else backward[e]
                    cost_b = backward[e] if side == 0 else forward[e]
                    f = np.int64(blocked if cost_f == blocked else f + cost_f)
                    b = np.int64(blocked if cost_b == blocked else b + cost_b)
                    here = v[e] if side == 0 else u[e]
                    if not through[here] or here == n:
                        break
                    first = ends[indptr[here]]
                    nxt = first if first // 2 != e else ends[indptr[here] + 1]
                    e = nxt // 2
                    side = nxt % 2
                start[count] = n
                end[count] = here
                total_f[count] = f
                total_b[count] = b
                count += 1
    return start, end, total_f, total_b, chain, against, before_f, before_b, count


def contract(u: I64, v: I64, forward_ms: I32, backward_ms: I32, nodes: int) -> Chains:
    """Return the Chains of (E,) segments from ``u`` to ``v`` with their directed milliseconds."""
    blocked = int(BLOCKED)
    indptr, ends = _incidence(u, v, nodes)
    through = _passable(indptr, ends, forward_ms, backward_ms, nodes, blocked)
    traced = _trace(u, v, forward_ms, backward_ms, indptr, ends, through, blocked)
    start, end, total_f, total_b, chain, against, before_f, before_b, count = traced
    if max(total_f[:count].max(initial=0), total_b[:count].max(initial=0)) > blocked:
        raise ParameterError("streets between two junctions take over 24 days; choose a higher speed")
    return Chains(
        start[:count],
        end[:count],
        total_f[:count].astype(np.int32),
        total_b[:count].astype(np.int32),
        chain,
        against,
        before_f,
        before_b,
    )
