"""Compiled searches on CSR graphs with integer milliseconds.

A bucket queue holds entries of ``width`` ms; inside a bucket entries are examined again until nothing improves, so
the result is exact whatever the width (label correcting; Dial 1969). Ties go to the lowest label.
"""

import numpy as np
from numpy.typing import NDArray

from geo.jit import inline_kernel, kernel

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = np.int32(2**31 - 1)
"""Time of what is not reached, inside arrays only."""


@inline_kernel
def _grown(values: I32) -> I32:
    """Return ``values`` with room for twice as many."""
    larger = np.empty(2 * len(values), np.int32)
    larger[: len(values)] = values
    return larger


@kernel
def nearest_sources(
    indptr: I64,
    indices: I32,
    cost: I32,
    seed_node: I32,
    seed_ms: I32,
    seed_label: I32,
    limit: int,
    width: int,
    block: int,
) -> tuple[I32, I32, int]:
    """Return ((N,) least ms from any seed, (N,) its label, relaxations); NEVER and −1 beyond ``limit``.

    Seeds come sorted by node and are fed ``block`` at a time, each block pruned against the field so far, so that
    the frontier stays in cache.
    """
    nodes = len(indptr) - 1
    time = np.full(nodes, NEVER, np.int32)
    label = np.full(nodes, -1, np.int32)
    head = np.full(limit // width + 2, -1, np.int32)
    room = max(1024, 2 * min(block, len(seed_node)))
    follow = np.empty(room, np.int32)
    node = np.empty(room, np.int32)
    key = np.empty(room, np.int32)
    relaxed = 0
    for low in range(0, len(seed_node), block):
        free, used, live = -1, 0, 0
        bucket = len(head)
        for i in range(low, min(low + block, len(seed_node))):
            s, ms, tag = seed_node[i], seed_ms[i], seed_label[i]
            if ms <= limit and (ms < time[s] or (ms == time[s] and tag < label[s])):
                if used == len(node):
                    follow, node, key = _grown(follow), _grown(node), _grown(key)
                time[s] = ms
                label[s] = tag
                b = ms // width
                node[used], key[used], follow[used] = s, ms, head[b]
                head[b] = used
                used += 1
                live += 1
                bucket = min(bucket, b)
        while live > 0:
            entry = head[bucket]
            while entry >= 0:
                head[bucket] = follow[entry]
                u, at = node[entry], key[entry]
                follow[entry] = free
                free = entry
                live -= 1
                if time[u] == at:
                    tag = label[u]
                    for a in range(indptr[u], indptr[u + 1]):
                        v = indices[a]
                        ms = at + cost[a]
                        relaxed += 1
                        if ms <= limit and (ms < time[v] or (ms == time[v] and tag < label[v])):
                            time[v] = ms
                            label[v] = tag
                            b = ms // width
                            if free >= 0:
                                q = free
                                free = follow[q]
                            else:
                                if used == len(node):
                                    follow, node, key = _grown(follow), _grown(node), _grown(key)
                                q = used
                                used += 1
                            node[q], key[q], follow[q] = v, ms, head[b]
                            head[b] = q
                            live += 1
                entry = head[bucket]
            bucket += 1
    return time, label, relaxed


@kernel
def reachable_from(indptr: I64, indices: I32, seeds: I32) -> Bools:
    """Return (N,) whether any seed reaches the node along arcs."""
    nodes = len(indptr) - 1
    seen = np.zeros(nodes, np.bool_)
    stack = np.empty(nodes, np.int32)
    top = 0
    for s in seeds:
        if not seen[s]:
            seen[s] = True
            stack[top] = s
            top += 1
    while top > 0:
        top -= 1
        u = stack[top]
        for a in range(indptr[u], indptr[u + 1]):
            v = indices[a]
            if not seen[v]:
                seen[v] = True
                stack[top] = v
                top += 1
    return seen


@kernel
def nearest_at_points(
    time: I32,
    label: I32,
    reached: Bools,
    chain_start: I64,
    chain_end: I64,
    chain: I64,
    to_start: I32,
    to_end: I32,
    own_access: I32,
    first_of_chain: I64,
    member: I64,
    place_to_start: I32,
    place_to_end: I32,
    place_access: I32,
    limit: int,
) -> tuple[I64, I64, Bools]:
    """Return ((K,) ms from each point to its nearest place, (K,) its label, (K,) whether any place is reachable).

    ``time`` and ``label`` are the field at junctions, access legs of places included. Places on the point's own
    chain are reached straight along it: ``member[first_of_chain[c]:first_of_chain[c + 1]]`` are those of chain c.
    """
    count = len(chain)
    best = np.full(count, NEVER, np.int64)
    tag = np.full(count, -1, np.int64)
    some = np.zeros(count, np.bool_)
    for i in range(count):
        c = chain[i]
        own = np.int64(own_access[i])
        for side in range(2):
            leg = to_start[i] if side == 0 else to_end[i]
            if leg == NEVER:
                continue
            n = chain_start[c] if side == 0 else chain_end[c]
            some[i] |= reached[n]
            if time[n] == NEVER:
                continue
            ms = own + leg + time[n]
            if ms < best[i] or (ms == best[i] and label[n] < tag[i]):
                best[i], tag[i] = ms, label[n]
        for k in range(first_of_chain[c], first_of_chain[c + 1]):
            p = member[k]
            ms = np.int64(NEVER)
            if to_end[i] != NEVER and place_to_end[p] != NEVER and place_to_end[p] <= to_end[i]:
                ms = np.int64(to_end[i]) - place_to_end[p]
            if to_start[i] != NEVER and place_to_start[p] != NEVER and place_to_start[p] <= to_start[i]:
                ms = min(ms, np.int64(to_start[i]) - place_to_start[p])
            if ms == NEVER:
                continue
            some[i] = True
            ms += own + place_access[p]
            if ms < best[i] or (ms == best[i] and p < tag[i]):
                best[i], tag[i] = ms, p
        if best[i] > limit:
            best[i], tag[i] = NEVER, -1
    return best, tag, some
