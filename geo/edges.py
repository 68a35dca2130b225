"""Exact reached parts of streets: every segment split where the time field crosses the limit."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.jit import inline_kernel, kernel
from geo.kernels import NEVER
from geo.outward import OutwardField
from geo.reach import Field
from geo.streets import Streets
from geo.travel import BLOCKED

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ReachedParts:
    """Parts of street segments within a limit, none without length, ordered along their segment.

    Attributes:
        segment: (P,) the segment of each part, as ``Snapped.segment`` counts them.
        start, end: (P,) fractions of the segment's length from u, start < end.
    """

    streets: Streets
    limit_ms: int
    segment: I64
    start: F64
    end: F64

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self.segment)

    def length_m(self) -> F64:
        """Return (P,) metres."""
        length = self.streets.segments.length_m[self.streets.rows]
        return np.asarray(length[self.segment] * (self.end - self.start))

    def lines(self) -> NDArray[np.object_]:
        """Return (P,) planar LineStrings in the streets' CRS, with the segment's own vertices."""
        segments = self.streets.segments
        row = self.streets.rows[self.segment]
        step = np.zeros(len(segments.xy))
        step[1:] = np.hypot(*np.diff(segments.xy, axis=0).T)
        step[segments.starts[:-1]] = 0.0
        along = np.cumsum(step)
        owner = np.repeat(np.arange(len(segments)), np.diff(segments.starts))
        along -= along[segments.starts[:-1]][owner]
        low, high = self.start * segments.length_m[row], self.end * segments.length_m[row]
        counts, which = _inner_vertices(segments.starts, row, along, low, high)
        part = np.repeat(np.arange(len(row)), counts)
        xy = segments.xy[np.maximum(which, 0)]
        whole = self.streets.lines[self.segment]
        last = np.cumsum(counts) - 1
        if len(row):
            ends = ((last - counts + 1, self.start), (last, self.end))
            for at, fraction in ends:
                xy[at] = shapely.get_coordinates(shapely.line_interpolate_point(whole, fraction, normalized=True))
        return np.asarray(shapely.linestrings(xy, indices=part), dtype=np.object_)


@kernel
def _inner_vertices(starts: I64, row: I64, along: F64, low: F64, high: F64) -> tuple[I64, I64]:
    """Return ((P,) vertices of each part, their rows): −1 for a part's two ends, vertices strictly between them."""
    counts = np.empty(len(row), np.int64)
    which = np.empty(0, np.int64)
    for fill in range(2):
        total = 0
        for i in range(len(row)):
            begin = total
            if fill:
                which[total] = -1
            total += 1
            for k in range(starts[row[i]], starts[row[i] + 1]):
                if low[i] < along[k] < high[i]:
                    if fill:
                        which[total] = k
                    total += 1
            if fill:
                which[total] = -1
            total += 1
            counts[i] = total - begin
        if not fill:
            which = np.empty(total, np.int64)
    return counts, which


class Side(NamedTuple):
    """Times measured from one end of the chain: (E,) ms to where the segment begins and along it, (C,) all of it."""

    before: I32
    along: I32
    whole: I32


@inline_kernel
def _share(ms: int, along: int) -> float:
    """Return the part of a segment that ``ms`` covers; one without duration is covered (2) or missed (−2) whole."""
    if along > 0:
        return ms / along
    return 2.0 if ms >= 0 else -2.0


@kernel
def _intervals(
    e: int,
    chain: int,
    limit: int,
    near: Side,
    far: Side,
    from_start: int,
    from_end: int,
    first_of_chain: I64,
    member: I64,
    place_near: I32,
    place_far: I32,
    place_access: I32,
) -> F64:
    """Return (K, 2) shares of segment ``e``, along its chain, in reach by each end and each place of the chain."""
    first, last = first_of_chain[chain], first_of_chain[chain + 1]
    found = np.empty((2 + 2 * (last - first), 2))
    count = 0
    near_open, far_open = near.whole[chain] != BLOCKED, far.whole[chain] != BLOCKED
    if near_open and from_start != NEVER:
        found[count] = 0.0, _share(limit - from_start - near.before[e], near.along[e])
        count += 1
    if far_open and from_end != NEVER:
        rest = np.int64(far.whole[chain]) - far.before[e] - far.along[e]
        found[count] = 1.0 - _share(limit - from_end - rest, far.along[e]), 1.0
        count += 1
    for k in range(first, last):
        p = member[k]
        budget = np.int64(limit) - place_access[p]
        if budget < 0:
            continue
        if near_open and place_near[p] != NEVER:
            since = np.int64(place_near[p]) - near.before[e]
            found[count] = -_share(-since, near.along[e]), _share(since + budget, near.along[e])
            count += 1
        if far_open and place_far[p] != NEVER:
            since = np.int64(far.whole[chain]) - place_far[p] - far.before[e]
            found[count] = -_share(budget - since, far.along[e]), _share(since, far.along[e])
            count += 1
    return found[:count]


@kernel
def _split(
    time: I32,
    limit: int,
    chain: I64,
    chain_start: I64,
    chain_end: I64,
    near: Side,
    far: Side,
    first_of_chain: I64,
    member: I64,
    place_near: I32,
    place_far: I32,
    place_access: I32,
) -> tuple[I64, F64, F64]:
    """Return (segment, low, high) of every reached part, shares along the chain."""
    room = len(chain) + 2 * len(member) + len(chain)
    segment = np.empty(room, np.int64)
    low, high = np.empty(room), np.empty(room)
    total = 0
    for e in range(len(chain)):
        c = chain[e]
        found = _intervals(
            e, c, limit, near, far, int(time[chain_start[c]]), int(time[chain_end[c]]),
            first_of_chain, member, place_near, place_far, place_access,
        )  # fmt: skip
        # Places are whole milliseconds: what they leave open on either side of themselves is no gap.
        gap = 1.0 / max(min(near.along[e], far.along[e]), 1)
        begin = total
        if total + len(found) > room:
            room = 2 * room + len(found)
            segment = np.concatenate((segment, np.empty(room - len(segment), np.int64)))
            low = np.concatenate((low, np.empty(room - len(low))))
            high = np.concatenate((high, np.empty(room - len(high))))
        for i in np.argsort(found[:, 0]):
            a, b = max(found[i, 0], 0.0), min(found[i, 1], 1.0)
            if b < a:
                continue
            if total > begin and a <= high[total - 1] + gap:
                high[total - 1] = max(high[total - 1], b)
            elif b > a:
                segment[total], low[total], high[total] = e, a, b
                total += 1
    return segment[:total], low[:total], high[:total]


def reached_parts(field: Field | OutwardField, *, limit_ms: int | None = None) -> ReachedParts:
    """Return the ReachedParts of ``field`` within ``limit_ms`` (its own limit by default), exact to the millisecond.

    A segment reached by both its ends, or by facilities on it, may have several parts with gaps between them.
    Access legs of facilities count; points on the street itself have none. Raises ParameterError for a limit beyond
    the field's.
    """
    limit = field.limit_ms if limit_ms is None else limit_ms
    if not 0 <= limit <= field.limit_ms:
        raise ParameterError(f"the limit is {limit} ms; the field holds times of 0 to {field.limit_ms} ms")
    streets, chains = field.streets, field.streets.chains
    along_f = np.where(chains.against, streets.backward_ms, streets.forward_ms)
    along_b = np.where(chains.against, streets.forward_ms, streets.backward_ms)
    ahead = Side(chains.before_ms, along_f, chains.forward_ms)
    back = Side(chains.before_back_ms, along_b, chains.backward_ms)
    if isinstance(field, Field):
        near, far, access = back, ahead, field.place_access_ms
        place_near, place_far = field.places.to_start_ms, field.places.to_end_ms
    else:
        near, far, access = ahead, back, field.places.access_ms
        place_near, place_far = field.places.start_ms, field.places.end_ms
    segment, low, high = _split(
        field.time_ms,
        limit,
        chains.chain,
        chains.start,
        chains.end,
        near,
        far,
        field.first_of_chain,
        field.member,
        place_near,
        place_far,
        access,
    )
    turned = chains.against[segment]
    start, end = np.where(turned, 1.0 - high, low), np.where(turned, 1.0 - low, high)
    order = np.lexsort((start, segment))
    order = order[streets.segments.length_m[streets.rows[segment[order]]] > 0.0]
    return ReachedParts(streets, limit, segment[order], start[order], end[order])
