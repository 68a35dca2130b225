"""A steward in a process of its own, to be killed: ``python steward.py MODE WORKSPACE [ROWS]``.

The heavy imports are done once; each line on standard input forks one steward, whose pid is answered. What a line
says is the seed of a day's steps, or the name of a racer.
"""

import os
import random
import sys
import traceback
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import DEMAND, conform
from data.stores.codec import pack, sha256
from data.stores.embedded import EmbeddedStore
from data.stores.quarantine import QuarantineRow, quarantine_row
from geo.errors import ConflictError, Fault


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


def bad_rows(k: int) -> list[QuarantineRow]:
    """Return the rows that import ``k`` does not accept."""
    fault = Fault("type", "weight is no number.", "write a number.", f"{k}.csv", 3, "weight", "many")
    return [
        quarantine_row(f"{k}.csv", None, "demand.a", row, ["id", "weight"], [f"x{row}", "many"], [fault])
        for row in range(k % 5 + 1)
    ]


def bring_in(store: EmbeddedStore, k: int, rows: int) -> None:
    """Do import ``k``: every row of a layer becomes ``k``, one is new, and what was quarantined gives way."""
    new = demand(1, float(k)).assign(demand_id=[f"new-{k}"]).astype({"demand_id": "str"})
    with store.batch() as draft:
        draft.merge("demand.a", pd.concat([demand(rows, float(k)), new], ignore_index=True), {"k": k},
                    key="demand_id", replace=True)  # fmt: skip
        draft.release([row.id for row in store.quarantined()])
        draft.quarantine(bad_rows(k))


def day(path: Path, seed: int, rows: int) -> None:
    """Import, publish, restore and prune in an order of chance, for ever; say each step that is done."""
    store = EmbeddedStore.open(path)
    chance = random.Random(seed)
    k = sum(entry.action == "merge_draft" for entry in store.audit())
    while True:
        step = chance.choices(["import", "publish", "restore", "prune"], [5, 4, 2, 1])[0]
        try:
            if step == "import":
                k += 1
                bring_in(store, k, rows)
                say("imported", k)
            elif step == "publish":
                say("published", store.publish(f"after {k}").number)
            elif step == "restore" and store.editions():
                store.restore(chance.choice(store.editions()).number, discard=True)
                say("restored")
            elif step == "prune":
                say("pruned", *store.prune(4))
        except ConflictError as error:
            assert "nothing to publish" in str(error), error


def share(path: Path, name: str) -> None:
    """Merge ten times beside others: rows of one's own, rows that all want, and a layer that all want."""
    store = EmbeddedStore.open(path, actor=name)
    for turn in range(10):
        own = demand(40, float(turn)).assign(demand_id=[f"{name}-{i}" for i in range(40)])
        common = demand(5, float(ord(name[0]))).assign(demand_id=[f"common-{i}" for i in range(5)])
        rows = pd.concat([own, common], ignore_index=True).astype({"demand_id": "str"})
        with store.batch() as draft:
            result = draft.merge("demand.a", rows, {"unit": "persons"}, key="demand_id")
            draft.quarantine(
                [quarantine_row(f"{name}.csv", None, "demand.a", turn, ["id"], [turn], [Fault("x", "x.", "y.")])]
            )
        say("merged", name, turn, *sorted({one.by for one in result.conflicts}))
    say("done")


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
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
    if mode == "hash":
        say(sha256(pack(demand(100, 1.5))))
        return
    say("ready")
    for order in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                if mode == "day":
                    day(path, int(order), rows)
                elif mode == "share":
                    share(path, order.strip())
                else:
                    race(path, order.strip())
            finally:
                if sys.exc_info()[0] is not None:
                    traceback.print_exc()
                    say("died")
                os._exit(0)
        if mode == "day":
            say("pid", child)
            os.waitpid(child, 0)
            say("ended")


if __name__ == "__main__":
    main()
