"""The streets of the sample: everything drawn, made one graph, and that graph as the ``streets`` frame."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import CRS_KEPT, STREETS, conform
from data.sample.areas import Land
from data.sample.hills import add_hills
from data.sample.motorways import with_motorways
from data.sample.passable import NO_CYCLE, NO_DRIVE, NO_WALK, passable
from data.sample.plane import Bools, lonlat_geometry
from data.sample.river import River
from data.sample.rural import add_roads, add_villages
from data.sample.strays import add_strays
from data.sample.terrain import Terrain
from data.sample.urban import add_core, add_towns
from data.sample.ways import Net, Ways, assemble, cut_at_water, join_chains, node

TAIL_M: Final = 14.0

SPEEDS_KPH: Final = {
    "motorway": 100.0, "motorway_link": 50.0, "trunk": 70.0, "primary": 60.0, "secondary": 50.0, "tertiary": 40.0,
    "unclassified": 30.0, "residential": 30.0,
}  # fmt: skip


def draw(seed: int, here: Land, ground: Terrain, river: River) -> Net:
    """Return the net of all streets: one large component and, on the hills, the unjoined paths a real map has."""
    ways = Ways()
    add_core(ways, seed, river)
    add_towns(ways, seed, here, ground, river)
    add_roads(ways, seed, here, ground, river)
    add_villages(ways, seed, here, ground)
    add_hills(ways, seed, ground, river)
    add_strays(ways, seed, ground, river)
    net = join_chains(passable(_joined(_without_stubs(node(cut_at_water(ways, river))), river)))
    net.rows["tunnel"] = False
    return with_motorways(net, ground, river)


def _joined(net: Net, river: River) -> Net:
    """Return the net with stray towns and villages joined to the main part, others left out but the hill paths."""
    part = net.components()
    main = int(np.argmax(np.bincount(part)))
    lived_in = net.rows["zone"].isin(["village", "road"]).to_numpy() | net.rows["highway"].isin(
        ["primary", "secondary", "tertiary"]
    ).to_numpy()  # fmt: skip
    stray = np.unique(part[net.u[lived_in]])
    stray = stray[stray != main]
    on_main = np.flatnonzero(part == main)
    tree = shapely.STRtree(shapely.points(net.nodes[on_main]))
    drawn = shapely.STRtree(net.lines)
    links: list[shapely.LineString] = []
    for component in stray.tolist():
        own = np.flatnonzero(part == component)
        near = tree.nearest(shapely.points(net.nodes[own]))
        gap = np.linalg.norm(net.nodes[own] - net.nodes[on_main[near]], axis=1)
        for k in np.argsort(gap, kind="stable")[:40]:
            link = shapely.LineString([net.nodes[own[k]], net.nodes[on_main[near[k]]]])
            if not shapely.intersects(river.water, link) and len(drawn.query(link, predicate="crosses")) == 0:
                links.append(link)
                break
    rows = pd.DataFrame([{**net.rows.iloc[0].to_dict(), "highway": "unclassified", "name": None, "oneway": False,
                          "bridge": False, "zone": "road", "place": -1, "fragment": False}] * len(links))  # fmt: skip
    joined = assemble(
        np.concatenate([net.lines, np.array(links, dtype=object)]) if links else net.lines,
        pd.concat([net.rows, rows], ignore_index=True) if links else net.rows,
    )
    return joined.take(_kept(joined))


def _without_stubs(net: Net) -> Net:
    """Return the net without bridges that lead nowhere and the short tails of lines drawn too far."""
    for _ in range(2):
        degree = np.bincount(np.concatenate([net.u, net.v]), minlength=len(net.nodes))
        idle = net.rows["bridge"].to_numpy(dtype=bool) | (shapely.length(net.lines) < TAIL_M)
        net = net.take(~(idle & ((degree[net.u] == 1) | (degree[net.v] == 1))))
    return net


def _kept(net: Net) -> Bools:
    """Return the segments of the main component, and the paths meant to be unjoined."""
    part = net.components()
    return np.asarray((part[net.u] == np.argmax(np.bincount(part))) | net.rows["fragment"].to_numpy(dtype=bool))


def streets_frame(net: Net) -> gpd.GeoDataFrame:
    """Return the ``streets`` frame of ``net``, in EPSG:4490, without elevation."""
    highway = net.rows["highway"]
    oneway = net.rows["oneway"].to_numpy(dtype=bool)
    drive = ~highway.isin(NO_DRIVE).to_numpy()
    cycle = ~highway.isin(NO_CYCLE).to_numpy()
    frame = pd.DataFrame({
        "seg_id": np.arange(len(net.u), dtype=np.int64), "u": net.u.astype(np.int64), "v": net.v.astype(np.int64),
        "way_id": None, "name": net.rows["name"], "highway": highway, "walk": ~highway.isin(NO_WALK).to_numpy(),
        "cycle_fwd": cycle, "cycle_bwd": cycle & ~oneway, "drive_fwd": drive, "drive_bwd": drive & ~oneway,
        "maxspeed_kph": highway.map(SPEEDS_KPH), "incline_pct": None,
        "bridge": net.rows["bridge"].to_numpy(dtype=bool), "tunnel": net.rows["tunnel"].to_numpy(dtype=bool),
        "synthetic": True,
    })  # fmt: skip
    return conform(gpd.GeoDataFrame(frame, geometry=lonlat_geometry(net.lines), crs=CRS_KEPT), STREETS)
