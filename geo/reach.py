"""Reach: the time from every demand point to its nearest facility, and how a point fails to have one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.kernels import BUCKET_MS, NEVER, SOURCES_AT_ONCE, nearest_at_points, nearest_sources, reachable_from
from geo.streets import OnChain, Snapped, Streets

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

OK: Final = "ok"
BEYOND: Final = "beyond"
OFF_NETWORK: Final = "off_network"
UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Travel time from every junction to its nearest facility (or from it), and what is needed to read it anywhere.

    Attributes:
        time_ms, label: (N,) milliseconds and row of the nearest facility; NEVER and −1 beyond ``limit_ms``.
        reached: (N,) whether any facility is reachable at all, however long it takes.
    """

    streets: Streets
    limit_ms: int
    time_ms: I32
    label: I32
    reached: Bools
    places: OnChain
    place_access_ms: I32
    first_of_chain: I64
    member: I64
    relaxed: int


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """(K,) the nearest facility of each demand point.

    Attributes:
        travel_ms: milliseconds, access legs at both ends included; NEVER unless ``status`` is "ok".
        facility: row of the facility that attains it, the lowest on ties; −1 unless "ok".
        status: "ok", "beyond" (reachable, but not within the limit), "unreachable" or "off_network".
    """

    travel_ms: I64
    facility: I64
    status: NDArray[np.str_]

    def seconds(self) -> F64:
        """Return (K,) seconds, NaN unless "ok"."""
        return np.where(self.facility >= 0, self.travel_ms / 1000.0, np.nan)


def field_to_facilities(streets: Streets, facilities: Snapped, *, limit_ms: int) -> Field:
    """Return the Field of travel **to** the nearest of the (M,) snapped facilities, within ``limit_ms``.

    Facilities off the network serve nobody. Exact multi-source bounded search (Dial 1969) on reversed arcs.
    Raises ParameterError for a limit below 0.
    """
    if not 0 <= limit_ms < NEVER:
        raise ParameterError(f"the limit is {limit_ms} ms; it is a time from 0 to 24 days")
    rows = np.flatnonzero(facilities.on)
    places = streets.on_chain(facilities.segment, facilities.fraction)
    access = facilities.access_ms
    chains = streets.chains
    node = np.concatenate([chains.start[places.chain[rows]], chains.end[places.chain[rows]]])
    leg = np.concatenate([places.from_start_ms[rows], places.from_end_ms[rows]])
    tag = np.concatenate([rows, rows])
    total = leg.astype(np.int64) + np.concatenate([access[rows], access[rows]])
    can = leg != NEVER
    usable = np.flatnonzero(can & (total <= limit_ms))
    order = usable[np.lexsort((tag[usable], total[usable], node[usable]))]
    back = streets.reverse
    time, label, relaxed = nearest_sources(
        back.indptr,
        back.indices,
        back.cost_ms,
        node[order].astype(np.int32),
        total[order].astype(np.int32),
        tag[order].astype(np.int32),
        int(limit_ms),
        BUCKET_MS,
        SOURCES_AT_ONCE,
    )
    reached = reachable_from(back.indptr, back.indices, node[can].astype(np.int32))
    by_chain = rows[np.argsort(places.chain[rows], kind="stable")]
    first = np.zeros(len(chains.start) + 1, dtype=np.int64)
    np.cumsum(np.bincount(places.chain[rows], minlength=len(chains.start)), out=first[1:])
    return Field(streets, int(limit_ms), time, label, reached, places, access, first, by_chain, int(relaxed))


def read_field(field: Field, points: Snapped) -> Nearest:
    """Return the Nearest of (K,) snapped ``points``, read from ``field``."""
    streets = field.streets
    at = streets.on_chain(points.segment, points.fraction)
    best, tag, some = nearest_at_points(
        field.time_ms,
        field.label,
        field.reached,
        streets.chains.start,
        streets.chains.end,
        at.chain,
        at.to_start_ms,
        at.to_end_ms,
        points.access_ms,
        field.first_of_chain,
        field.member,
        field.places.to_start_ms,
        field.places.to_end_ms,
        field.place_access_ms,
        field.limit_ms,
    )
    status = np.where(tag >= 0, OK, np.where(some, BEYOND, UNREACHABLE))
    status = np.where(points.on, status, OFF_NETWORK)
    best = np.where(points.on, best, np.int64(NEVER))
    return Nearest(best, np.where(points.on, tag, -1), status)


def nearest_facility(streets: Streets, facilities: Snapped, demand: Snapped, *, limit_ms: int) -> Nearest:
    """Return the Nearest facility of each snapped demand point, travelling from demand to facility.

    t = access + network + access; a point at exactly ``limit_ms`` is "ok".
    """
    return read_field(field_to_facilities(streets, facilities, limit_ms=limit_ms), demand)
