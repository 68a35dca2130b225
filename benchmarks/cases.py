"""What is measured: each case runs in a process of its own and returns plain facts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.inputs import LIMIT_MS, MAX_SNAP_M, near_streets, network, wuhan
from benchmarks.measure import Contestant, memory_of, peak_mb, race, seconds, spread
from benchmarks.networks import places_on, street_network
from benchmarks.peers import catchment_contestants, nearest_contestants, same_arrays
from geo.kernels import BUCKET_MS, NEVER, SOURCES_AT_ONCE, nearest_sources
from geo.reach import nearest_facility
from geo.repair import LiveField, Repair
from geo.search import catchments

MINUTES = LIMIT_MS / 60_000

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: ``run(alone)`` measures it; with ``alone``, one contestant only, for its memory.

    ``alone`` names the contestants whose memory is measured apart; ``slow`` cases run with ``--full`` only.
    """

    run: Callable[[str | None], Result]
    alone: tuple[str, ...] = ()
    slow: bool = False


def nearest(name: str, peers: tuple[str, ...], rounds: int, turns: dict[str, int]) -> Case:
    """Return the case "nearest facility everywhere" on a network."""

    def run(alone: str | None) -> Result:
        graph, xy, node = network(name)
        names = ("quantu", *peers) if alone is None else (alone,)
        lanes = nearest_contestants(graph, xy, node, LIMIT_MS, names, turns)
        if alone is not None:
            # Compiling, and what the peer imports, are no part of it; its own structures are.
            _warmed(alone)
            return dict(memory_of(lambda: next(iter(lanes)).run()))
        rows = race(lanes, rounds=rounds, same=same_arrays)
        facts = {
            "nodes": graph.nodes,
            "arcs": len(graph.indices),
            "facilities": len(node),
            "minutes": LIMIT_MS / 60_000,
        }
        return {"input": facts, "rows": rows}

    # Reading a real network takes more memory than any of them; pandana at a million nodes takes minutes.
    apart = ("quantu", *peers) if name == "100k" else ("quantu", "scipy") if name in ("5M", "20M") else ()
    apart = ("quantu", "scipy", "networkx") if name == "1M" and "pandana" not in peers else apart
    return Case(run, apart, slow=name in ("5M", "20M") or peers == ("pandana",))


def _warmed(name: str) -> None:
    graph, xy, node = network("tiny")
    for lane in nearest_contestants(graph, xy, node, LIMIT_MS, (name,), {}):
        lane.run()


def catchments_of_wuhan(_: str | None) -> Result:
    """Measure the catchments of 10,000 facilities at nodes of Wuhan, 15 minutes on foot."""
    streets = wuhan()
    graph, xy = streets.reverse, streets.node_xy
    node = np.random.default_rng(0).choice(graph.nodes, 10_000, replace=False).astype(np.int32)
    turns = {"scipy": 3, "networkx": 3, "pandana": 1}
    lanes = catchment_contestants(graph, xy, node, LIMIT_MS, streets.mode.flat_mps, turns)
    rows = race(lanes, rounds=7, same=same_arrays)
    facilities = streets.snap(near_streets(streets, 10_000, seed=1), crs=streets.crs, max_snap_m=MAX_SNAP_M)
    demand = streets.snap(near_streets(streets, 100_000, seed=2), crs=streets.crs, max_snap_m=MAX_SNAP_M)
    found = catchments(streets, facilities, demand, limit_ms=LIMIT_MS)
    times = [seconds(lambda: catchments(streets, facilities, demand, limit_ms=LIMIT_MS))[0] for _ in range(5)]
    least = np.full(len(demand), NEVER, np.int64)
    np.minimum.at(least, found.column, found.ms)
    single = nearest_facility(streets, facilities, demand, limit_ms=LIMIT_MS).travel_ms
    points = {**spread(times), "pairs": len(found.ms), "least_is_nearest": bool((least == single).all())}
    facts = {"nodes": graph.nodes, "arcs": len(graph.indices), "facilities": 10_000, "minutes": MINUTES}
    return {"input": facts, "rows": rows, "points": points}


def what_if(facilities: int, changes: int) -> Case:
    """Return the case "add, remove, move" on a million nodes, held to the field computed anew at its end."""

    def run(_: str | None) -> Result:
        made = street_network(1_000_000)
        graph = made.graph
        node, ms = places_on(made, facilities)
        label = np.arange(len(node))
        live = LiveField(graph, node, ms, label, limit_ms=LIMIT_MS, back=graph.reversed())
        standing = {int(tag): (int(n), int(t)) for tag, n, t in zip(label, node, ms, strict=True)}
        rng = np.random.default_rng(3)
        for _warm in range(2):
            live.add(1 << 30, np.array([5], np.int32), np.array([0]))
            live.move(1 << 30, np.array([9], np.int32), np.array([0]))
            live.remove(1 << 30)
            for _back in range(3):
                live.undo()
        tags, next_tag = list(standing), len(node)
        log: dict[str, list[tuple[float, float, int]]] = {"add": [], "remove": [], "move": []}
        for turn in range(changes):
            kind = ("add", "remove", "move")[turn % 3]
            at, start = int(rng.integers(0, graph.nodes)), int(rng.integers(0, 60_000))
            place = np.array([at], np.int32), np.array([start])
            if kind == "add":
                took, busy, done = _timed(lambda tag=next_tag, place=place: live.add(tag, *place))
                tags.append(next_tag)
                standing[next_tag] = (at, start)
                next_tag += 1
            else:
                which = int(rng.integers(0, len(tags)))
                tag = tags[which]
                if kind == "remove":
                    took, busy, done = _timed(lambda tag=tag: live.remove(tag))
                    tags[which] = tags[-1]
                    tags.pop()
                    del standing[tag]
                else:
                    took, busy, done = _timed(lambda tag=tag, place=place: live.move(tag, *place))
                    standing[tag] = (at, start)
            log[kind].append((took, busy, done.touched))
        anew, times, labels = _anew(graph, standing)
        mine = live.times_and_labels()
        return {
            "input": {"nodes": graph.nodes, "arcs": len(graph.indices), "facilities": len(node), "changes": changes},
            "changes": {kind: _percentiles(rows) for kind, rows in log.items()},
            "anew": anew,
            "same": bool(np.array_equal(mine[0], times) and np.array_equal(mine[1], labels)),
            "peak_mb": peak_mb(),
        }

    return Case(run)


def _timed(change: Callable[[], Repair]) -> tuple[float, float, Repair]:
    """Return (seconds, seconds of the processor, what was done): the first has what else ran on the core in it."""
    busy = time.thread_time()
    took, done = seconds(change)
    return took, time.thread_time() - busy, done


def _percentiles(rows: list[tuple[float, float, int]]) -> Result:
    took, busy, touched = (np.array(values) for values in zip(*rows, strict=True))
    return {
        "count": len(rows),
        "p50_s": float(np.percentile(took, 50)),
        "p99_s": float(np.percentile(took, 99)),
        "p99_busy_s": float(np.percentile(busy, 99)),
        "worst_s": float(took.max()),
        "touched_p50": int(np.percentile(touched, 50)),
        "touched_p99": int(np.percentile(touched, 99)),
    }


def _anew(graph: Any, standing: dict[int, tuple[int, int]]) -> tuple[Result, Any, Any]:
    """Return how long the field takes anew, and its times and labels."""
    seeds = sorted((n, t, tag) for tag, (n, t) in standing.items())
    node, ms, tag = (np.array(values, np.int32) for values in zip(*seeds, strict=True))

    def whole() -> Any:
        return nearest_sources(
            graph.indptr, graph.indices, graph.cost_ms, node, ms, tag, LIMIT_MS, BUCKET_MS, SOURCES_AT_ONCE
        )

    times, labels, _ = whole()
    return spread([seconds(whole)[0] for _ in range(5)]), times, labels


def _unread(_: Any) -> None:
    return None


def _unlike(_mine: Any, _other: Any) -> None:
    """Other answers to another question: not compared."""


def snapping(_: str | None) -> Result:
    """Measure snapping to the nearest point of the nearest street, and what snapping to the nearest node does wrong."""
    from scipy.spatial import cKDTree

    streets = wuhan()
    where, homes = near_streets(streets, 1000, seed=1), near_streets(streets, 100_000, seed=2)
    tree = cKDTree(streets.node_xy)
    lanes = [
        Contestant("quantu", lambda: streets.snap(homes, crs=streets.crs, max_snap_m=MAX_SNAP_M), _unread),
        Contestant("scipy cKDTree of nodes", lambda: tree.query(homes), _unread),
    ]
    rows = race(lanes, rounds=5, same=_unlike)
    facilities, demand = (streets.snap(xy, crs=streets.crs, max_snap_m=MAX_SNAP_M) for xy in (where, homes))
    wide = 4 * LIMIT_MS
    exact = nearest_facility(streets, facilities, demand, limit_ms=wide)
    far, at = tree.query(homes)
    seed = np.unique(tree.query(where)[1]).astype(np.int32)
    back = streets.reverse
    none = np.zeros(len(seed), np.int32)
    times = nearest_sources(
        back.indptr, back.indices, back.cost_ms, seed, none, none, wide, BUCKET_MS, SOURCES_AT_ONCE
    )[0][at].astype(np.int64)
    known = (exact.travel_ms <= LIMIT_MS) & (times < NEVER)
    off_s = np.abs(times - exact.travel_ms)[known] / 1000.0
    inside, by_node = exact.travel_ms <= LIMIT_MS, times <= LIMIT_MS
    return {
        "input": {
            "segments": len(streets.rows),
            "nodes": streets.graph.nodes,
            "points": len(homes),
            "facilities": 1000,
        },
        "rows": rows,
        "errors": {
            "snapped_to_street_m": float(np.nanmean(demand.snapped_m)),
            "snapped_to_node_m": float(far.mean()),
            "time_off_mean_s": float(off_s.mean()),
            "time_off_p90_s": float(np.percentile(off_s, 90)),
            "wrong_side_share": float((inside != by_node)[demand.on].mean()),
            "wrong_of_covered": float((inside != by_node)[demand.on].sum() / inside[demand.on].sum()),
        },
    }


def _catalogue() -> dict[str, Case]:
    from benchmarks import building, cold, index

    return {
        "nearest-100k": nearest("100k", ("scipy", "networkx", "pandana"), 9, {"networkx": 2, "pandana": 5}),
        "nearest-1M": nearest("1M", ("scipy", "networkx"), 7, {"networkx": 1}),
        "nearest-1M-pandana": nearest("1M", ("pandana",), 3, {}),
        "nearest-5M": nearest("5M", ("scipy",), 5, {}),
        "nearest-20M": nearest("20M", ("scipy",), 3, {"scipy": 2}),
        "nearest-wuhan": nearest("wuhan", ("scipy", "networkx", "pandana"), 15, {"networkx": 3, "pandana": 5}),
        "nearest-andorra": nearest("andorra", ("scipy", "networkx", "pandana"), 15, {"networkx": 5}),
        "catchments-wuhan": Case(catchments_of_wuhan),
        "what-if-2000": what_if(2_000, 6000),
        "what-if-100k": what_if(100_000, 6000),
        "snapping-wuhan": Case(snapping),
        "building-andorra": Case(building.against_osmnx),
        "valhalla-andorra": Case(building.against_valhalla),
        "cold-wuhan": Case(cold.starts),
        "live-index": Case(index.live_index),
    }


def case(name: str) -> Case:
    """Return the case of that name. KeyError where there is none."""
    return _catalogue()[name]


def names(*, full: bool) -> list[str]:
    """Return the names of the cases, the slow ones with ``full`` only."""
    return [name for name, one in _catalogue().items() if full or not one.slow]
