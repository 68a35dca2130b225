"""The networks that are measured: generated ones of any size, Wuhan and Andorra."""

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.measure import ANDORRA, WUHAN, Unavailable
from benchmarks.networks import places_on, street_network
from data.modes import modes
from data.network import segments_from_frame
from data.read.osm import read_osm
from data.read.streets import read_streets
from geo.crs import metric_crs_for
from geo.streets import Graph, Streets, build_streets

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

MILLION = 1_000_000
PER_MILLION = 2000
LIMIT_MS = 900_000
MAX_SNAP_M = 300.0
SIZES = {"tiny": 1000, "100k": MILLION // 10, "1M": MILLION, "5M": 5 * MILLION, "20M": 20 * MILLION}


@cache
def wuhan() -> Streets:
    """Return the streets of Wuhan on foot, read as `quantu nearest` reads them."""
    if not WUHAN.is_file():
        raise Unavailable("the streets of Wuhan are not on this machine")
    frame, _ = read_streets(WUHAN, keep_crs=True)
    return build_streets(segments_from_frame(frame, frame.crs.to_string()), modes()["walk"])


@cache
def andorra() -> Streets:
    """Return the streets of Andorra on foot, flat."""
    if not ANDORRA.is_file():
        raise Unavailable("the OpenStreetMap extract of Andorra is not on this machine")
    frame = read_osm(ANDORRA).streets
    west, south, east, north = frame.total_bounds
    crs = metric_crs_for(float(west + east) / 2, float(south + north) / 2)
    return build_streets(segments_from_frame(frame, crs), modes()["walk"])


def network(name: str) -> tuple[Graph, F64, I32]:
    """Return a network's graph in the direction away from facilities, (N, 2) metres, and its facilities' nodes."""
    if name in SIZES:
        made = street_network(SIZES[name])
        return made.graph, made.xy, places_on(made, PER_MILLION)[0]
    streets = wuhan() if name == "wuhan" else andorra()
    count = 1000 if name == "wuhan" else 100
    rng = np.random.default_rng(0)
    node = np.sort(rng.choice(streets.graph.nodes, count, replace=False)).astype(np.int32)
    return streets.reverse, streets.node_xy, node


def near_streets(streets: Streets, count: int, *, seed: int, spread_m: float = 20.0) -> F64:
    """Return (count, 2) metres scattered about the streets, as many on a metre of one as of another."""
    rng = np.random.default_rng(seed)
    length = shapely.length(streets.lines)
    row = rng.choice(len(length), count, p=length / length.sum())
    on = shapely.line_interpolate_point(streets.lines[row], rng.random(count), normalized=True)
    return shapely.get_coordinates(on) + rng.normal(0.0, spread_m, (count, 2))
