"""What-if: facilities added, removed and moved in a field of travel times, repaired where it changes and nowhere else.

A field repaired equals the field computed anew, labels included: every node on a best path from a facility carries
that facility's label, so what a removal can change is the connected cell of its label.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConflictError, NotFoundError, ParameterError
from geo.jit import kernel
from geo.kernels import (
    BUCKET_MS,
    LABEL_BITS,
    LABEL_MASK,
    NEVER,
    NEVER_KEY,
    SOURCES_AT_ONCE,
    Arcs,
    Keys,
    Queue,
    Trail,
    nearest_keys,
    new_queue,
    new_trail,
    reachable_from,
    search,
    split_keys,
    width_bits,
)
from geo.reach import Field
from geo.search import placed
from geo.streets import Graph, Snapped, Streets

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

_ROOM_AT_FIRST: Final = 64


class Standing(NamedTuple):
    """The seeds of every facility that stands, as lists by node: first of each node, −1 for none; next; node; key."""

    first: I32
    follow: I32
    node: I32
    key: I64


@kernel
def _link(standing: Standing, slot: int, node: int, key: int) -> None:
    """Put a seed into ``slot``."""
    standing.node[slot], standing.key[slot] = node, key
    standing.follow[slot] = standing.first[node]
    standing.first[node] = slot


@kernel
def _unlink(standing: Standing, slot: int) -> None:
    """Take the seed in ``slot`` out of its node's list."""
    node = standing.node[slot]
    at = standing.first[node]
    if at == slot:
        standing.first[node] = standing.follow[slot]
        return
    while standing.follow[at] != slot:
        at = standing.follow[at]
    standing.follow[at] = standing.follow[slot]


@kernel
def _clear_cell(arcs: Arcs, state: I64, label: int, seed_node: I32) -> tuple[I32, I64]:
    """Forget the nodes that ``label`` serves; return them and the keys they had."""
    cell = np.empty(256, np.int32)
    had = np.empty(256, np.int64)
    count = 0
    done = -1
    while done < count:
        first = 0 if done < 0 else arcs.indptr[cell[done]]
        last = len(seed_node) if done < 0 else arcs.indptr[cell[done] + 1]
        for a in range(first, last):
            v = seed_node[a] if done < 0 else arcs.indices[a]
            if state[v] != NEVER_KEY and state[v] & LABEL_MASK == label:
                if count == len(cell):
                    cell = np.concatenate((cell, np.empty(count, np.int32)))
                    had = np.concatenate((had, np.empty(count, np.int64)))
                cell[count], had[count] = v, state[v]
                state[v] = NEVER_KEY
                count += 1
        done += 1
    return cell[:count], had[:count]


@kernel
def _offers(back: Arcs, state: I64, standing: Standing, cell: I32) -> I64:
    """Return (K,) the least key that each cleared node gets from neighbours outside the cell or a seed of its own."""
    best = np.full(len(cell), NEVER_KEY, np.int64)
    for i in range(len(cell)):
        u = cell[i]
        for a in range(back.indptr[u], back.indptr[u + 1]):
            k = state[back.indices[a]]
            if k != NEVER_KEY:
                best[i] = min(best[i], k + (np.int64(back.cost[a]) << LABEL_BITS))
        slot = standing.first[u]
        while slot >= 0:
            best[i] = min(best[i], standing.key[slot])
            slot = standing.follow[slot]
    return best


@kernel
def _put_back(state: I64, node: I32, key: I64) -> None:
    """Undo writes, the last one first."""
    for i in range(len(node) - 1, -1, -1):
        state[node[i]] = key[i]


@dataclass(frozen=True, slots=True)
class Repair:
    """What one change did: the facility's label and the number of nodes whose time or label was touched."""

    label: int
    touched: int


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    label: int
    node: I32
    key: I64
    before: tuple[I32, I64] | None


class LiveField:
    """Times and labels at nodes that facilities may be added to, removed from and moved in, each with undo.

    ``graph`` leads **from** facilities: hand in the reversed graph for travel to them. Times above ``limit_ms`` are
    not kept. Facilities carry labels of 0 or more; ties go to the lowest. Each change costs as much as the part of
    the field that it changes (after Ramalingam, G. and Reps, T. (1996), Journal of Algorithms 21(2), 267–305).
    Not for several threads at once.
    """

    def __init__(
        self, graph: Graph, node: I32, ms: I64, label: I64, *, limit_ms: int, back: Graph | None = None
    ) -> None:
        """Start from (S,) seeds: ``node``, milliseconds to it and the ``label`` of the facility each belongs to.

        ``back`` is the graph reversed, made here where it is not at hand. Raises ParameterError.
        """
        if not 0 <= limit_ms < int(NEVER):
            raise ParameterError(f"the limit is {limit_ms} ms; it is a time of 0 or more, below {NEVER}")
        back = graph.reversed() if back is None else back
        self.limit_ms = int(limit_ms)
        self._arcs = Arcs(graph.indptr, graph.indices, graph.cost_ms)
        self._back = Arcs(back.indptr, back.indices, back.cost_ms)
        bits = width_bits(BUCKET_MS)
        self._keys = Keys(0, LABEL_BITS, bits, self.limit_ms << LABEL_BITS | LABEL_MASK)
        self._queue: Queue = new_queue(self.limit_ms, bits)
        self._trail: Trail = new_trail()
        room = np.zeros(_ROOM_AT_FIRST, np.int32)
        self._standing = Standing(np.full(graph.nodes, -1, np.int32), room, room.copy(), room.astype(np.int64))
        self._free = list(range(_ROOM_AT_FIRST))[::-1]
        self._slots: dict[int, list[int]] = {}
        self._history: list[_Change] = []
        node, key = self._checked(node, ms, label)
        for one in np.unique(np.asarray(label, dtype=np.int64)).tolist():
            self._slots[int(one)] = []
        for n, k in zip(node.tolist(), key.tolist(), strict=True):
            self._slots[k & LABEL_MASK].append(self._stand(n, k))
        order = np.lexsort((key, node))
        usable = order[key[order] <= self._keys.ceiling]
        self._state = nearest_keys(self._arcs, node[usable], key[usable], self.limit_ms, BUCKET_MS, SOURCES_AT_ONCE)[0]

    @property
    def labels(self) -> list[int]:
        """Return the labels of the facilities that stand, ascending."""
        return sorted(self._slots)

    @property
    def changes(self) -> int:
        """Return how many changes can be undone."""
        return len(self._history)

    def times_and_labels(self) -> tuple[I32, I32]:
        """Return ((N,) milliseconds, (N,) labels), NEVER and −1 beyond the limit."""
        return split_keys(self._state)

    def at(self, node: I32) -> tuple[I32, I32]:
        """Return the same of (K,) nodes alone."""
        return split_keys(self._state[node])

    def add(self, label: int, node: I32, ms: I64) -> Repair:
        """Let a facility stand at seeds ``node``, ``ms``. Raises ConflictError where ``label`` stands already."""
        if label in self._slots:
            raise ConflictError(f"facility {label} stands already")
        if not 0 <= label <= LABEL_MASK:
            raise ParameterError(f"label {label} is not from 0 to {LABEL_MASK}")
        seeds = self._checked(node, ms, np.full(len(node), label))
        return self._done(label, self._raise(label, *seeds), None)

    def remove(self, label: int) -> Repair:
        """Take a facility away. Raises NotFoundError where ``label`` does not stand."""
        before = self._seeds(label)
        return self._done(label, self._raze(label), before)

    def move(self, label: int, node: I32, ms: I64) -> Repair:
        """Move a facility to other seeds, in one change. Raises NotFoundError where ``label`` does not stand."""
        before = self._seeds(label)
        seeds = self._checked(node, ms, np.full(len(node), label))
        gone, came = self._raze(label), self._raise(label, *seeds)
        return self._done(label, (np.concatenate([gone[0], came[0]]), np.concatenate([gone[1], came[1]])), before)

    def undo(self) -> Repair:
        """Take the latest change back. Raises ConflictError where there is none."""
        if not self._history:
            raise ConflictError("there is no change to undo")
        change = self._history.pop()
        _put_back(self._state, change.node, change.key)
        if change.label in self._slots:
            self._fall(change.label)
        if change.before is not None:
            pairs = zip(change.before[0].tolist(), change.before[1].tolist(), strict=True)
            self._slots[change.label] = [self._stand(n, k) for n, k in pairs]
        return Repair(change.label, len(np.unique(change.node)))

    def _checked(self, node: I32, ms: I64, label: I64) -> tuple[I32, I64]:
        """Return seeds as nodes and keys; those of NEVER ms are left out."""
        at, start, tag = (np.asarray(values, dtype=np.int64) for values in (node, ms, label))
        if (start < 0).any() or (tag < 0).any() or (tag > LABEL_MASK).any():
            raise ParameterError("seeds have milliseconds and labels of 0 or more")
        nodes = len(self._standing.first)
        if ((at < 0) | (at >= nodes)).any():
            raise ParameterError(f"seeds stand at nodes 0 to {nodes - 1}")
        use = start < int(NEVER)
        return at[use].astype(np.int32), start[use] << LABEL_BITS | tag[use]

    def _seeds(self, label: int) -> tuple[I32, I64]:
        if label not in self._slots:
            raise NotFoundError(f"no facility {label} stands here")
        slots = np.array(self._slots[label], dtype=np.int64)
        return self._standing.node[slots], self._standing.key[slots]

    def _stand(self, node: int, key: int) -> int:
        if not self._free:
            room = len(self._standing.key)
            first, *rest = self._standing
            self._standing = Standing(first, *(np.concatenate([values, values]) for values in rest))
            self._free = list(range(room, 2 * room))[::-1]
        slot = self._free.pop()
        _link(self._standing, slot, node, key)
        return slot

    def _fall(self, label: int) -> None:
        for slot in self._slots.pop(label):
            _unlink(self._standing, slot)
            self._free.append(slot)

    def _spread(self, node: I32, key: I64) -> tuple[I32, I64]:
        self._queue, self._trail, written, _ = search(
            self._arcs, self._state, node, key, 0, len(node), self._keys, self._queue, self._trail
        )
        return self._trail.node[:written].copy(), self._trail.key[:written].copy()

    def _raise(self, label: int, node: I32, key: I64) -> tuple[I32, I64]:
        pairs = zip(node.tolist(), key.tolist(), strict=True)
        self._slots[label] = [self._stand(n, k) for n, k in pairs]
        return self._spread(node, key)

    def _raze(self, label: int) -> tuple[I32, I64]:
        cell, had = _clear_cell(self._arcs, self._state, label, self._seeds(label)[0])
        self._fall(label)
        later = self._spread(cell, _offers(self._back, self._state, self._standing, cell))
        return np.concatenate([cell, later[0]]), np.concatenate([had, later[1]])

    def _done(self, label: int, writes: tuple[I32, I64], before: tuple[I32, I64] | None) -> Repair:
        self._history.append(_Change(label, *writes, before))
        return Repair(label, len(np.unique(writes[0])))


def live_field(streets: Streets, facilities: Snapped, *, limit_ms: int) -> LiveField:
    """Return the LiveField of travel to the (M,) snapped facilities; their rows are the labels.

    Rows off the network do not stand; they may be added later. Raises ParameterError.
    """
    rows = np.flatnonzero(facilities.on)
    seeds = placed(streets, facilities, "to")[0]
    label = np.repeat(rows, 2)
    return LiveField(
        streets.reverse,
        seeds.node[rows].ravel(),
        seeds.ms[rows].ravel(),
        label,
        limit_ms=limit_ms,
        back=streets.graph,
    )


def seeds_of(streets: Streets, place: Snapped) -> tuple[I32, I64]:
    """Return (node, milliseconds) by which one snapped ``place`` is added to, or moved in, a live field."""
    seeds = placed(streets, place, "to")[0]
    return seeds.node.ravel(), seeds.ms.ravel()


def read_live(streets: Streets, live: LiveField, facilities: Snapped) -> Field:
    """Return the Field that ``live`` holds now, to be read at any point.

    Row j of ``facilities`` is where the facility labelled j stands; rows that do not stand are left out.
    """
    time, label = live.times_and_labels()
    stands = np.zeros(len(facilities), dtype=np.bool_)
    stands[live.labels] = True
    rows = np.flatnonzero(facilities.on & stands)
    places = streets.on_chain(facilities.segment, facilities.fraction)
    seeds = placed(streets, facilities, "to")[0]
    open_seed = seeds.ms[rows] != NEVER
    back = streets.reverse
    reached = reachable_from(back.indptr, back.indices, seeds.node[rows][open_seed])
    first = np.zeros(len(streets.chains.start) + 1, dtype=np.int64)
    np.cumsum(np.bincount(places.chain[rows], minlength=len(streets.chains.start)), out=first[1:])
    member = rows[np.argsort(places.chain[rows], kind="stable")]
    return Field(streets, live.limit_ms, time, label, reached, places, facilities.access_ms, first, member, relaxed=0)
