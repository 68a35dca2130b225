"""Compiled searches on CSR graphs with integer milliseconds.

One search serves them all. What a node knows is one whole number, its key: milliseconds above, and below them the
label of the seed they come from, so that the lesser key is the lesser time and, on ties, the lowest label. A bucket
queue holds keys up to a width apart; inside a bucket entries are examined again until nothing improves, so the result
is exact whatever the width (label correcting; Dial 1969).
"""

from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.jit import inline_kernel, kernel

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Whole = TypeVar("Whole", I32, I64)

NEVER = np.int32(2**31 - 1)
"""Time of what is not reached, inside arrays only."""

LABEL_BITS: Final = 31
LABEL_MASK: Final = 2**31 - 1
NEVER_KEY: Final = (2**31 - 1) << 31 | (2**31 - 1)
"""Key of what is not reached. Below it two times may be added without leaving 64 bits."""

BUCKET_MS: Final = 8192
SOURCES_AT_ONCE: Final = 64


class Arcs(NamedTuple):
    """A directed graph in CSR with milliseconds."""

    indptr: I64
    indices: I32
    cost: I32


class Keys(NamedTuple):
    """How keys are read: milliseconds are ``(key - base) >> shift``, none above ``ceiling`` is kept.

    ``width`` is the bucket's, as a shift.
    """

    base: int
    shift: int
    width: int
    ceiling: int


class Queue(NamedTuple):
    """Buckets of waiting entries: the first of each, and per entry the one that follows, its node and key."""

    head: I32
    follow: I32
    node: I32
    key: I64


class Trail(NamedTuple):
    """Nodes in the order in which they were written, and the keys they had before."""

    node: I32
    key: I64


_FREE, _USED, _LIVE, _BUCKET, _WRITTEN, _RELAXED = range(6)
"""What a search counts: first free entry, entries ever used, entries waiting, bucket, trail length, relaxations."""


@kernel
def new_queue(limit: int, width: int) -> Queue:
    """Return an empty Queue for times up to ``limit`` ms."""
    room = 1024
    head = np.full((limit >> width) + 2, -1, np.int32)
    return Queue(head, np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int64))


@kernel
def new_trail() -> Trail:
    """Return an empty Trail."""
    return Trail(np.empty(1024, np.int32), np.empty(1024, np.int64))


@kernel
def _longer(values: Whole, room: int) -> Whole:
    """Return ``values`` with room for ``room``."""
    larger = np.empty(room, values.dtype)
    larger[: len(values)] = values
    return larger


@kernel
def _wider_queue(queue: Queue, room: int) -> Queue:
    """Return the queue with room for ``room`` entries."""
    return Queue(queue.head, _longer(queue.follow, room), _longer(queue.node, room), _longer(queue.key, room))


@kernel
def _longer_trail(trail: Trail, room: int) -> Trail:
    """Return the trail with room for ``room`` writes."""
    return Trail(_longer(trail.node, room), _longer(trail.key, room))


@kernel
def _sow(
    state: I64, seed_node: I32, seed_key: I64, low: int, high: int, keys: Keys, queue: Queue, trail: Trail, tally: I64
) -> None:
    """Put seeds ``low:high`` that lower a key into the queue; it has room for them."""
    fine = keys.shift + keys.width
    for i in range(low, high):
        s, k = seed_node[i], seed_key[i]
        if k <= keys.ceiling and k < state[s]:
            trail.node[tally[_WRITTEN]], trail.key[tally[_WRITTEN]] = s, state[s]
            tally[_WRITTEN] += 1
            state[s] = k
            b = (k - keys.base) >> fine
            q = tally[_USED]
            queue.node[q], queue.key[q], queue.follow[q] = s, k, queue.head[b]
            queue.head[b] = q
            tally[_USED] += 1
            tally[_LIVE] += 1
            tally[_BUCKET] = min(tally[_BUCKET], b)


@kernel
def _drain(arcs: Arcs, state: I64, keys: Keys, queue: Queue, trail: Trail, tally: I64) -> None:
    """Settle entries until none or no room is left; arrays that stay in place make it twice as fast."""
    indptr, indices, cost = arcs
    head, follow, node, key = queue
    base, shift, ceiling = keys.base, keys.shift, keys.ceiling
    fine = shift + keys.width
    free, used, live, bucket = tally[_FREE], tally[_USED], tally[_LIVE], tally[_BUCKET]
    written, relaxed = tally[_WRITTEN], tally[_RELAXED]
    room = True
    while live > 0 and room:
        entry = head[bucket]
        while entry >= 0:
            u, at = node[entry], key[entry]
            first, last = indptr[u], indptr[u + 1]
            if used + last - first > len(node) or written + last - first > len(trail.node):
                room = False
                break
            head[bucket] = follow[entry]
            follow[entry] = free
            free = entry
            live -= 1
            if state[u] == at:
                relaxed += last - first
                for a in range(first, last):
                    v = indices[a]
                    k = at + (np.int64(cost[a]) << shift)
                    if k < state[v] and k <= ceiling:
                        trail.node[written], trail.key[written] = v, state[v]
                        written += 1
                        state[v] = k
                        b = (k - base) >> fine
                        if free >= 0:
                            q = free
                            free = np.int64(follow[q])
                        else:
                            q = used
                            used += 1
                        node[q], key[q], follow[q] = v, k, head[b]
                        head[b] = q
                        live += 1
            entry = head[bucket]
        bucket += 1 if room else 0
    tally[_FREE], tally[_USED], tally[_LIVE], tally[_BUCKET] = free, used, live, bucket
    tally[_WRITTEN], tally[_RELAXED] = written, relaxed


@kernel
def search(
    arcs: Arcs,
    state: I64,
    seed_node: I32,
    seed_key: I64,
    low: int,
    high: int,
    keys: Keys,
    queue: Queue,
    trail: Trail,
) -> tuple[Queue, Trail, int, int]:
    """Lower the keys in ``state`` to what seeds ``low:high`` bring along the arcs.

    Returns the queue (empty again, perhaps larger), the trail, how many writes it holds, and the relaxations.
    """
    tally = np.array([-1, 0, 0, len(queue.head), 0, 0])
    if high - low > len(queue.node):
        queue = _wider_queue(queue, high - low)
    if high - low > len(trail.node):
        trail = _longer_trail(trail, high - low)
    _sow(state, seed_node, seed_key, low, high, keys, queue, trail, tally)
    while tally[_LIVE] > 0:
        _drain(arcs, state, keys, queue, trail, tally)
        if tally[_LIVE] > 0:
            queue, trail = _wider_queue(queue, 2 * len(queue.node)), _longer_trail(trail, 2 * len(trail.node))
    return queue, trail, tally[_WRITTEN], tally[_RELAXED]


@inline_kernel
def width_bits(width: int) -> int:
    """Return the greatest power of two within ``width``, as a shift."""
    bits = 0
    while width >> (bits + 1) > 0:
        bits += 1
    return bits


@kernel
def label_keys(ms: I32, label: I32) -> I64:
    """Return (K,) keys of milliseconds and labels."""
    keys = np.empty(len(ms), np.int64)
    for i in range(len(ms)):
        keys[i] = np.int64(ms[i]) << LABEL_BITS | np.int64(label[i])
    return keys


@kernel
def split_keys(state: I64) -> tuple[I32, I32]:
    """Return ((N,) milliseconds, (N,) labels) of labelled keys; NEVER and −1 for what is not reached."""
    time = np.empty(len(state), np.int32)
    label = np.empty(len(state), np.int32)
    for n in range(len(state)):
        time[n] = state[n] >> LABEL_BITS
        label[n] = -1 if state[n] == NEVER_KEY else state[n] & LABEL_MASK
    return time, label


@kernel
def nearest_keys(arcs: Arcs, seed_node: I32, seed_key: I64, limit: int, width: int, block: int) -> tuple[I64, int]:
    """Return ((N,) least labelled key from any seed, NEVER_KEY beyond ``limit``; relaxations).

    Seeds come sorted by node and are fed ``block`` at a time, each block pruned against the field so far, so that
    the frontier stays in cache.
    """
    bits = width_bits(width)
    state = np.full(len(arcs.indptr) - 1, NEVER_KEY, np.int64)
    keys = Keys(0, LABEL_BITS, bits, limit << LABEL_BITS | LABEL_MASK)
    queue, trail = new_queue(limit, bits), new_trail()
    relaxed = 0
    for low in range(0, len(seed_node), block):
        high = min(low + block, len(seed_node))
        queue, trail, _, more = search(arcs, state, seed_node, seed_key, low, high, keys, queue, trail)
        relaxed += more
    return state, relaxed


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

    Seeds come sorted by node; labels are 0 or more, ties go to the lowest. See ``nearest_keys``.
    """
    seed_key = label_keys(seed_ms, seed_label)
    state, relaxed = nearest_keys(Arcs(indptr, indices, cost), seed_node, seed_key, limit, width, block)
    time, label = split_keys(state)
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
