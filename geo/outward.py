"""Travel from facilities: when the nearest one gets to every point (ambulances, fire engines, couriers)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.kernels import (
    BUCKET_MS,
    NEVER,
    SOURCES_AT_ONCE,
    nearest_at_points,
    nearest_sources,
    reachable_from,
)
from geo.reach import BEYOND, OFF_NETWORK, OK, UNREACHABLE, Nearest
from geo.search import OnChains, placed
from geo.streets import Snapped, Streets

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class OutwardField:
    """Travel time to every junction from its nearest facility, and what is needed to read it anywhere.

    Attributes:
        time_ms, label: (N,) milliseconds and row of the nearest facility; NEVER and −1 beyond ``limit_ms``.
        reached: (N,) whether any facility gets there at all, however long it takes.
        places: facilities on chains, with milliseconds from the chain's ends to them.
        first_of_chain, member: facilities by chain.
    """

    streets: Streets
    limit_ms: int
    time_ms: I32
    label: I32
    reached: Bools
    places: OnChains
    first_of_chain: I64
    member: I64
    relaxed: int


def field_from_facilities(streets: Streets, facilities: Snapped, *, limit_ms: int) -> OutwardField:
    """Return the OutwardField of travel **from** the nearest of the (M,) snapped facilities, within ``limit_ms``.

    Facilities off the network serve nobody. Exact multi-source bounded search (Dial 1969).
    Raises ParameterError for a limit below 0.
    """
    if not 0 <= limit_ms < int(NEVER):
        raise ParameterError(f"the limit is {limit_ms} ms; it is a time of 0 or more, below {NEVER}")
    seeds, places = placed(streets, facilities, "from")
    rows = np.flatnonzero(facilities.on)
    node, ms, tag = seeds.node[rows].ravel(), seeds.ms[rows].ravel(), np.repeat(rows, 2)
    usable = np.flatnonzero(ms <= limit_ms)
    order = usable[np.lexsort((tag[usable], ms[usable], node[usable]))]
    graph = streets.graph
    time, label, relaxed = nearest_sources(
        graph.indptr,
        graph.indices,
        graph.cost_ms,
        node[order],
        ms[order].astype(np.int32),
        tag[order].astype(np.int32),
        int(limit_ms),
        BUCKET_MS,
        SOURCES_AT_ONCE,
    )
    reached = reachable_from(graph.indptr, graph.indices, node[ms < int(NEVER)])
    chains = len(streets.chains.start)
    first = np.zeros(chains + 1, dtype=np.int64)
    np.cumsum(np.bincount(places.chain[rows], minlength=chains), out=first[1:])
    member = rows[np.argsort(places.chain[rows], kind="stable")]
    return OutwardField(streets, int(limit_ms), time, label, reached, places, first, member, int(relaxed))


def read_outward(field: OutwardField, points: Snapped) -> Nearest:
    """Return the Nearest of (K,) snapped ``points``, travelled from facility to point."""
    streets, places = field.streets, field.places
    at = streets.on_chain(points.segment, points.fraction)
    best, tag, some = nearest_at_points(
        field.time_ms,
        field.label,
        field.reached,
        streets.chains.start,
        streets.chains.end,
        at.chain,
        at.from_start_ms,
        at.from_end_ms,
        points.access_ms,
        field.first_of_chain,
        field.member,
        places.start_ms,
        places.end_ms,
        places.access_ms,
        field.limit_ms,
    )
    status = np.where(tag >= 0, OK, np.where(some, BEYOND, UNREACHABLE))
    status = np.where(points.on, status, OFF_NETWORK)
    best = np.where(points.on, best, np.int64(NEVER))
    return Nearest(best, np.where(points.on, tag, -1), status)
