"""A steward in a process of its own, to be killed: ``python steward.py MODE WORKSPACE``.

The heavy imports are done once; each line on standard input forks one steward, whose pid is answered.
"""

import itertools
import os
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from data.frames import DEMAND, conform
from data.stores.codec import pack, sha256
from data.stores.embedded import EmbeddedStore
from geo.errors import ConflictError


def demand(count: int, weight: float) -> gpd.GeoDataFrame:
    columns = {
        "demand_id": [f"d{i}" for i in range(count)],
        "weight": [weight] * count,
        "method": ["test"] * count,
        "synthetic": [True] * count,
    }
    points = shapely.points(np.linspace(103.7, 103.9, count), np.full(count, 36.05))
    return conform(gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4490"), DEMAND)


def say(*words: object) -> None:
    """Write one line at once: what was said before the kill must arrive."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(path: Path) -> None:
    """Import two layers together and publish them, for ever; say each number that was published."""
    store = EmbeddedStore.open(path)
    made = store.editions()
    first = made[-1].layers["demand.a"].meta["k"] + 1 if made else 1
    for k in itertools.count(first):
        with store.batch() as draft:
            draft.put("demand.a", demand(2000, float(k)), {"k": k})
            draft.put("demand.b", demand(10, float(k)), {"k": k})
        say("published", store.publish(f"k {k}").number)


def race(path: Path, layer: str) -> None:
    """Draft and publish ten times against others."""
    store = EmbeddedStore.open(path)
    for k in range(10):
        store.put_draft(layer, demand(3, float(k)), {"k": k})
        try:
            say("published", store.publish(f"{layer} {k}").number)
        except ConflictError:
            say("conflict")
    say("done")


def main() -> None:
    mode, path = sys.argv[1], Path(sys.argv[2])
    if mode == "hash":
        say(sha256(pack(demand(100, 1.5))))
        return
    say("ready")
    for order in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(path) if mode == "work" else race(path, order.strip())
            finally:
                os._exit(0)
        if mode == "work":
            say("pid", child)
            os.waitpid(child, 0)
            say("ended")


if __name__ == "__main__":
    main()
