"""Ways into street segments: exact topology by node ids, split where ways meet and at barriers somebody cannot pass."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import osmium
import shapely

from data.frames import CRS_KEPT, STREETS, conform
from data.read.access import STREET_KEYS, StreetUse, barred_at, street_use

_FIXED_POINT: Final = 1e7
"""Units of OSM's fixed-point coordinates in one degree."""

_UNDEFINED: Final = 2_147_483_647
"""What pyosmium holds where the file lacks the node."""


@dataclass(slots=True)
class WayStore:
    """Ways as they are read: one entry a run of nodes whose places the file knows."""

    ids: list[int] = field(default_factory=list)
    uses: list[StreetUse] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    refs: list[int] = field(default_factory=list)
    xs: list[int] = field(default_factory=list)
    ys: list[int] = field(default_factory=list)
    by_class: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    barriers: dict[int, frozenset[str]] = field(default_factory=dict)
    missing_nodes: int = 0

    def add_node(self, node: osmium.osm.Node) -> None:
        """Take in a node tagged ``barrier`` that somebody may not pass."""
        barred = barred_at(dict(node.tags))
        if barred:
            self.barriers[node.id] = barred

    def add(self, way: osmium.osm.Way) -> None:
        """Take in one way tagged ``highway``, or count why not."""
        tags = way.tags
        highway = str(tags.get("highway"))
        self.by_class[highway] += 1
        use = street_use({key: tags[key] for key in STREET_KEYS if key in tags})
        if not use.used:
            self.dropped[f"highway={highway}: {'closed to all' if use.known else 'not a street class'}"] += 1
            return
        name = tags.get("name:zh") or tags.get("name")
        kept = False
        run: list[tuple[int, int, int]] = []
        for node in way.nodes:
            if node.x == _UNDEFINED:
                self.missing_nodes += 1
                kept |= self._close(way.id, use, name, highway, run)
                run = []
            elif not run or run[-1][0] != node.ref:
                run.append((node.ref, node.x, node.y))
        kept |= self._close(way.id, use, name, highway, run)
        if not kept:
            self.dropped["fewer than two nodes in the file"] += 1

    def _close(self, way: int, use: StreetUse, name: str | None, highway: str, run: list[tuple[int, int, int]]) -> bool:
        if len(run) < 2:
            return False
        self.ids.append(way)
        self.uses.append(use)
        self.names.append(name)
        self.classes.append(highway)
        self.lengths.append(len(run))
        for ref, x, y in run:
            self.refs.append(ref)
            self.xs.append(x)
            self.ys.append(y)
        return True


def segments(ways: WayStore) -> gpd.GeoDataFrame:
    """Return the STREETS frame of ``ways``: ``u`` and ``v`` are OSM node ids, geometry from u to v.

    A way is cut at every node it shares with another kept way or visits twice, and at barriers; ``barred_u`` and
    ``barred_v`` list the access classes that may not pass there.
    """
    refs = np.array(ways.refs, dtype=np.int64)
    xy = np.column_stack([ways.xs, ways.ys]).astype(np.float64).reshape(-1, 2) / _FIXED_POINT
    lengths = np.array(ways.lengths, dtype=np.int64)
    stop = np.cumsum(lengths)
    start = stop - lengths
    _, inverse, count = np.unique(refs, return_inverse=True, return_counts=True)
    barred = np.array([" ".join(sorted(ways.barriers.get(ref, ()))) or None for ref in ways.refs], dtype=object)
    cut = (count[inverse] > 1) | (barred != None)  # noqa: E711  (elementwise)
    cut[start] = True
    cut[stop - 1] = True
    at = np.flatnonzero(cut)
    way_of = np.repeat(np.arange(len(lengths)), lengths)
    head, tail = at[:-1], at[1:]
    within = way_of[head] == way_of[tail]
    head, tail = head[within], tail[within]
    way = way_of[head]
    sizes = tail - head + 1
    rows = np.repeat(np.arange(len(head)), sizes)
    vertex = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(head, sizes)
    lines = shapely.linestrings(xy[vertex], indices=rows) if len(rows) else np.array([], dtype=object)
    ids = np.array(ways.ids, dtype=np.int64)[way]
    order = np.lexsort((head, ids))
    frame = gpd.GeoDataFrame(
        {
            "seg_id": np.arange(len(head)),
            "u": refs[head[order]],
            "v": refs[tail[order]],
            "way_id": ids[order].astype(str),
            "name": [ways.names[i] for i in way[order]],
            "highway": [ways.classes[i] for i in way[order]],
            **use_columns([ways.uses[i] for i in way[order]]),
            "synthetic": False,
            "barred_u": barred[head[order]],
            "barred_v": barred[tail[order]],
        },
        geometry=lines[order],
        crs=CRS_KEPT,
    )
    return conform(frame, STREETS)


def use_columns(uses: list[StreetUse]) -> Mapping[str, Any]:
    """Return the columns of the STREETS frame that say who may use each segment, for (N,) ``uses``."""
    names = (
        "walk", "cycle_fwd", "cycle_bwd", "drive_fwd", "drive_bwd", "bridge", "tunnel", "maxspeed_kph", "incline_pct",
    )  # fmt: skip
    distinct = {id(use): use for use in uses}
    number = {key: i for i, key in enumerate(distinct)}
    which = np.array([number[id(use)] for use in uses], dtype=np.int64)
    return {name: np.array([getattr(use, name) for use in distinct.values()])[which] for name in names}
