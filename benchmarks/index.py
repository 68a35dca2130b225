"""The index of a draft: single changes among 100,000 facilities, beside a tree that has to be built anew."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from benchmarks.measure import seconds, spread
from data.stores.live import LiveIndex

FACILITIES = 100_000
CHANGES = 3_000
EXTENT_M = (60_000.0, 40_000.0)


def live_index(_: str | None) -> dict[str, Any]:
    """Measure insert, move, delete and the five nearest; the answers are held to an STRtree of the final state."""
    rng = np.random.default_rng(5)
    start = rng.random((FACILITIES, 2)) * EXTENT_M
    built_s, index = seconds(lambda: LiveIndex(range(FACILITIES), start))
    new = rng.random((CHANGES, 2)) * EXTENT_M
    old = rng.permutation(FACILITIES)
    log: dict[str, list[tuple[float, float]]] = {kind: [] for kind in ("insert", "move", "delete", "5 nearest")}
    # Taking turns, so that whatever else the machine does falls on all of them.
    for turn, (x, y) in enumerate(new):
        log["insert"].append(_timed(lambda key=FACILITIES + turn, x=x, y=y: index.insert(key, x, y)))
        log["move"].append(_timed(lambda key=int(old[turn]), x=x, y=y: index.move(key, y, x)))
        log["delete"].append(_timed(lambda key=int(old[CHANGES + turn]): index.delete(key)))
        log["5 nearest"].append(_timed(lambda x=x, y=y: index.nearest(x, y, 5)))
    kept = [key for key in range(FACILITIES + CHANGES) if key in index]
    points = shapely.points([index.at(key) for key in kept])
    tree = shapely.STRtree(points)
    probe = shapely.points(rng.random((500, 2)) * EXTENT_M)
    distance = shapely.distance(probe, points[tree.nearest(probe)])
    same = all(
        index.nearest(at.x, at.y)[0].distance == far for at, far in zip(probe.tolist(), distance, strict=True)
    )  # fmt: skip
    return {
        "input": {"facilities": FACILITIES, "changes": CHANGES},
        "built_s": built_s,
        "index": {kind: _percentiles(rows) for kind, rows in log.items()},
        # The first question builds the tree.
        "anew": spread([seconds(lambda: shapely.STRtree(points).nearest(probe[0]))[0] for _ in range(9)]),
        "same": bool(same),
    }


def _timed(change: Callable[[], Any]) -> tuple[float, float]:
    """Return (seconds, seconds of the processor): the first has what else ran on the core in it."""
    busy = time.thread_time()
    took, _ = seconds(change)
    return took, time.thread_time() - busy


def _percentiles(rows: list[tuple[float, float]]) -> dict[str, float]:
    took, busy = np.array(rows).T
    return {
        "p50_s": float(np.percentile(took, 50)),
        "p99_s": float(np.percentile(took, 99)),
        "p99_busy_s": float(np.percentile(busy, 99)),
        "worst_s": float(took.max()),
    }
