"""The way itself: from a place along streets to its nearest facility, segment by segment, as the field found it.

The field holds whole milliseconds, so the way back down it is exact: at each junction one arc leads on whose cost and
the time that is left make what there was (greedy descent of a shortest-path tree; Dijkstra 1959).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geo.cuts import between, metres_along, vertices_of
from geo.kernels import NEVER
from geo.reach import Field, read_field
from geo.streets import Snapped, Streets

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Which chains meet at each junction, and which segments make each chain: what a way is put together from.

    Attributes:
        first_at, chain_at: chains of junction n are ``chain_at[first_at[n]:first_at[n + 1]]``, ascending.
        first_of, segment_of: segments of chain c, likewise.
    """

    streets: Streets
    first_at: I64
    chain_at: I64
    first_of: I64
    segment_of: I64

    def chains_at(self, node: int) -> list[int]:
        """Return the chains that begin or end at a junction."""
        return [int(c) for c in self.chain_at[self.first_at[node] : self.first_at[node + 1]]]

    def along(self, chain: int) -> list[int]:
        """Return the segments of a chain from its start to its end."""
        streets = self.streets
        own = [int(e) for e in self.segment_of[self.first_of[chain] : self.first_of[chain + 1]]]
        begin, stop = {}, {}
        for e in own:
            row = streets.rows[e]
            ends = int(streets.segments.u[row]), int(streets.segments.v[row])
            first, stop[e] = ends[::-1] if streets.chains.against[e] else ends
            begin[first] = e
        out = [next(e for e in own if streets.opens_chain[e])]
        while len(out) < len(own):
            out.append(begin[stop[out[-1]]])
        return out


def ways_of(streets: Streets) -> Ways:
    """Return the Ways of ``streets``, made once for any number of paths."""
    chains = streets.chains
    count = len(chains.start)
    own = np.arange(count)
    loop = chains.start == chains.end
    node = np.concatenate([chains.start, chains.end[~loop]])
    chain = np.concatenate([own, own[~loop]])
    first_at = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=streets.graph.nodes))]).astype(np.int64)
    first_of = np.concatenate([[0], np.cumsum(np.bincount(chains.chain, minlength=count))]).astype(np.int64)
    return Ways(streets, first_at, chain[np.lexsort((chain, node))], first_of, np.argsort(chains.chain, kind="stable"))


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """The way from a place to its nearest facility: S pieces of segments, and the access legs at both ends.

    Attributes:
        facility: row of the facility.
        segment: (S,) rows of the streets (``Streets.rows``) in the order they are travelled, none without length.
        start, end: (S,) fractions from u where each is entered and left; end < start where it is travelled from v.
        ms: (S,) milliseconds.
        length_m: (S,) metres.
        climb_m, descent_m: (S,) metres up and down, NaN where elevation is unknown.
        lines: S arrays (V, 2), metres, in the direction of travel.
        access_ms, place_access_ms: milliseconds from the place to its street, and from the street to the facility.
    """

    streets: Streets
    facility: int
    segment: I64
    start: F64
    end: F64
    ms: I64
    length_m: F64
    climb_m: F64
    descent_m: F64
    lines: tuple[F64, ...]
    access_ms: int
    place_access_ms: int

    @property
    def travel_ms(self) -> int:
        """Return the milliseconds of the whole way, access legs included: the field's own time."""
        return self.access_ms + int(self.ms.sum()) + self.place_access_ms

    @property
    def seg_id(self) -> I64:
        """Return the (S,) ids of the segments."""
        return np.asarray(self.streets.segments.seg_id[self.streets.rows[self.segment]])

    def street_xy(self) -> F64:
        """Return the (V, 2) metres of the way along streets; empty where it has no length."""
        if not self.lines:
            return np.empty((0, 2))
        parts = [self.lines[0], *(line[1:] for line in self.lines[1:])]
        return np.concatenate(parts)

    def at(self, ms: int) -> tuple[F64, float] | None:
        """Return the (2,) metres of where one is after ``ms``, and the metres along streets until there.

        None where that is on an access leg or past the end.
        """
        left = ms - self.access_ms
        if left < 0 or not self.lines:
            return None
        gone = 0.0
        for line, cost, length in zip(self.lines, self.ms, self.length_m, strict=True):
            if left <= cost:
                share = left / cost if cost else 0.0
                along = metres_along(line)
                xy = np.array([np.interp(share * along[-1], along, line[:, k]) for k in (0, 1)])
                return xy, gone + share * float(length)
            left -= int(cost)
            gone += float(length)
        return None


@dataclass(frozen=True, slots=True)
class _Spot:
    """A position on a chain: the segment, the share of it along the chain, and milliseconds from the chain's start.

    ``ahead_ms`` counts with the chain, ``back_ms`` against it, each as the engine rounds them.
    """

    segment: int
    share: float
    ahead_ms: int
    back_ms: int


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of one chain, from one spot (None: that end of the chain) to another, with the chain or against."""

    chain: int
    begin: _Spot | None
    stop: _Spot | None
    ahead: bool


def trace_path(field: Field, facilities: Snapped, points: Snapped, row: int, ways: Ways) -> Path | None:
    """Return the Path of the ``row``-th snapped point to its nearest facility, None where ``field`` holds none for it.

    ``facilities`` are those the field was made of. The milliseconds are exactly those of ``read_field``, the facility
    is the same; of equal ways the one with the lowest numbers is taken.
    """
    one = Snapped(*(getattr(points, name)[row : row + 1] for name in Snapped.__slots__))
    nearest = read_field(field, one)
    facility = int(nearest.facility[0])
    if facility < 0:
        return None
    access = int(one.access_ms[0])
    home = _spot(field.streets, int(one.segment[0]), float(one.fraction[0]))
    target = _spot(field.streets, int(facilities.segment[facility]), float(facilities.fraction[facility]))
    runs = _runs(field, ways, one, (home, target), facility, int(nearest.travel_ms[0]) - access)
    pieces = [piece for run in runs for piece in _pieces(ways, run)]
    return _as_path(field, pieces, facility, access)


def _spot(streets: Streets, segment: int, fraction: float) -> _Spot:
    chains = streets.chains
    against = bool(chains.against[segment])
    share = 1.0 - fraction if against else fraction
    ahead, back = int(streets.forward_ms[segment]), int(streets.backward_ms[segment])
    if against:
        ahead, back = back, ahead
    return _Spot(
        segment,
        share,
        int(chains.before_ms[segment]) + int(np.rint(share * ahead)),
        int(chains.before_back_ms[segment]) + int(np.rint(share * back)),
    )


def _runs(field: Field, ways: Ways, one: Snapped, spots: tuple[_Spot, _Spot], facility: int, left: int) -> list[_Run]:
    """Return the stretches of chains from the point to the facility, ``left`` ms away along streets."""
    chains, places = field.streets.chains, field.places
    home, target = spots
    at = field.streets.on_chain(one.segment, one.fraction)
    chain = int(at.chain[0])
    along = left - int(field.place_access_ms[facility])
    if int(places.chain[facility]) == chain:
        for mine, its, ahead in (
            (int(at.to_end_ms[0]), int(places.to_end_ms[facility]), True),
            (int(at.to_start_ms[0]), int(places.to_start_ms[facility]), False),
        ):
            if NEVER not in (mine, its) and mine - its == along >= 0:
                return [_Run(chain, home, target, ahead)]
    for leg, node, ahead in (
        (int(at.to_start_ms[0]), int(chains.start[chain]), False),
        (int(at.to_end_ms[0]), int(chains.end[chain]), True),
    ):
        if leg != NEVER and field.label[node] == facility and leg + int(field.time_ms[node]) == left:
            return [_Run(chain, home, None, ahead), *_descend(field, ways, node, target, facility)]
    raise AssertionError("the field holds no way of the time it tells")


def _descend(field: Field, ways: Ways, node: int, target: _Spot, facility: int) -> list[_Run]:
    """Return the stretches from a junction to the facility it is labelled with."""
    runs: list[_Run] = []
    while True:
        nodes, last = _next(field, node, target, facility)
        runs += [_between(field, ways, a, b) for a, b in pairwise(nodes)]
        if last is not None:
            return [*runs, last]
        node = nodes[-1]


def _next(field: Field, node: int, target: _Spot, facility: int) -> tuple[list[int], _Run | None]:
    """Return the junctions to the first one nearer in time, or to the one the facility is reached from straight.

    Streets of 0 ms join junctions of one time; they are searched breadth first.
    """
    graph, time, label = field.streets.graph, field.time_ms, field.label
    before = {node: node}
    queue = [node]
    for n in queue:
        last = _last(field, n, target, facility)
        if last is not None:
            return _back(before, n), last
        for arc in range(int(graph.indptr[n]), int(graph.indptr[n + 1])):
            m = int(graph.indices[arc])
            cost = int(graph.cost_ms[arc])
            if m in before or label[m] != facility or cost + int(time[m]) != int(time[n]):
                continue
            before[m] = n
            if cost > 0:
                return _back(before, m), None
            queue.append(m)
    raise AssertionError("the field holds no way of the time it tells")


def _back(before: dict[int, int], node: int) -> list[int]:
    out = [node]
    while before[out[-1]] != out[-1]:
        out.append(before[out[-1]])
    return out[::-1]


def _last(field: Field, node: int, target: _Spot, facility: int) -> _Run | None:
    """Return the stretch from a junction straight to the facility where that takes the time the junction is away."""
    chains, places = field.streets.chains, field.places
    chain = int(places.chain[facility])
    left = int(field.time_ms[node]) - int(field.place_access_ms[facility])
    for end, leg, ahead in (
        (int(chains.start[chain]), int(places.from_start_ms[facility]), True),
        (int(chains.end[chain]), int(places.from_end_ms[facility]), False),
    ):
        if end == node and leg != NEVER and leg == left:
            return _Run(chain, None, target, ahead)
    return None


def _between(field: Field, ways: Ways, a: int, b: int) -> _Run:
    """Return the lowest of the quickest chains from one junction to the next."""
    chains = field.streets.chains
    found = []
    for c in ways.chains_at(a):
        if chains.start[c] == a and chains.end[c] == b:
            found.append((int(chains.forward_ms[c]), c, True))
        if chains.end[c] == a and chains.start[c] == b:
            found.append((int(chains.backward_ms[c]), c, False))
    _, chain, ahead = min(found)
    return _Run(chain, None, None, ahead)


def _pieces(ways: Ways, run: _Run) -> list[tuple[int, float, float, int]]:
    """Return (segment, share entered, share left, ms) of a stretch in the order of travel; shares are the chain's."""
    streets, chains = ways.streets, ways.streets.chains
    order = ways.along(run.chain)
    index = {e: i for i, e in enumerate(order)}
    first = (0, 0.0, None)
    final = (len(order) - 1, 1.0, None)

    def place(spot: _Spot | None, end: tuple[int, float, None]) -> tuple[int, float, int | None]:
        if spot is None:
            return end
        return index[spot.segment], spot.share, spot.ahead_ms if run.ahead else spot.back_ms

    low, high = (run.begin, run.stop) if run.ahead else (run.stop, run.begin)
    (i, a, a_ms), (j, b, b_ms) = place(low, first), place(high, final)
    ahead = run.ahead
    # Places a rounding apart may stand the other way round than their milliseconds say: no time passes there.
    turned = (i, a) > (j, b)
    if turned:
        (i, a), (j, b), ahead = (j, b), (i, a), not ahead
    before = chains.before_ms if run.ahead else chains.before_back_ms
    own = streets.forward_ms, streets.backward_ms
    out = []
    for k in range(i, j + 1):
        e = order[k]
        share = (a if k == i else 0.0, b if k == j else 1.0)
        if share[0] == share[1] or streets.segments.length_m[streets.rows[e]] == 0.0:
            continue
        since = int(before[e])
        until = since + int(own[int(bool(chains.against[e]) == run.ahead)][e])
        begin = since if k > i or a_ms is None else a_ms
        stop = until if k < j or b_ms is None else b_ms
        out.append((e, *(share if ahead else share[::-1]), 0 if turned else stop - begin))
    return out if ahead else out[::-1]


def _as_path(field: Field, pieces: list[tuple[int, float, float, int]], facility: int, access_ms: int) -> Path:
    streets = field.streets
    segments, against = streets.segments, streets.chains.against
    start = np.array([1.0 - a if against[e] else a for e, a, _, _ in pieces], dtype=np.float64)
    end = np.array([1.0 - b if against[e] else b for e, _, b, _ in pieces], dtype=np.float64)
    segment = np.array([e for e, *_ in pieces], dtype=np.int64)
    row = streets.rows[segment]
    lines, climb, descent = [], np.full(len(pieces), np.nan), np.full(len(pieces), np.nan)
    for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        part = vertices_of(segments, int(row[k]))
        vertices = np.column_stack([segments.xy[part], segments.z[part]])
        along = metres_along(vertices[:, :2])
        cut = between(vertices, along, min(a, b) * along[-1], max(a, b) * along[-1])
        travelled = cut if a < b else cut[::-1]
        rise = np.diff(travelled[:, 2])
        if np.isfinite(rise).all():
            climb[k], descent[k] = rise[rise > 0.0].sum(), -rise[rise < 0.0].sum()
        lines.append(travelled[:, :2])
    return Path(
        streets=streets,
        facility=facility,
        segment=segment,
        start=start,
        end=end,
        ms=np.array([ms for *_, ms in pieces], dtype=np.int64),
        length_m=np.asarray(segments.length_m[row] * np.abs(end - start)),
        climb_m=climb,
        descent_m=descent,
        lines=tuple(lines),
        access_ms=access_ms,
        place_access_ms=int(field.place_access_ms[facility]),
    )
