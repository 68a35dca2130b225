"""From an OpenStreetMap file to a network one can ask: beside osmnx, and beside Valhalla, which also answers."""

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inputs import MAX_SNAP_M, andorra, near_streets
from benchmarks.measure import ANDORRA, OURS, REPO, Contestant, Unavailable, child, race, seconds, spread
from data.modes import modes
from data.network import segments_from_frame
from data.read.osm import read_osm
from geo.crs import metric_crs_for, project
from geo.search import catchments
from geo.streets import Streets, build_streets

SOURCES, TARGETS = 100, 1000
FOR_EVER_MS = 48 * 3_600_000
APART = REPO / ".venv" / "valhalla" / "bin" / "python"
"""Valhalla's wheel wants Python 3.12 or later; where ours is older it has an environment of its own."""


def _whole_file() -> Streets:
    frame = read_osm(ANDORRA).streets
    west, south, east, north = frame.total_bounds
    crs = metric_crs_for(float(west + east) / 2, float(south + north) / 2)
    return build_streets(segments_from_frame(frame, crs), modes()["walk"])


def _write_highways(out: Path) -> None:
    """Write the ways tagged highway, and their nodes, as the XML that osmnx reads."""
    import osmium

    ways = [w.id for w in osmium.FileProcessor(ANDORRA, osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway"))]
    keep = osmium.IdTracker()
    for way in ways:
        keep.add_way(way)
    keep.complete_backward_references(str(ANDORRA))
    with osmium.SimpleWriter(str(out)) as writer:
        for item in osmium.FileProcessor(ANDORRA).with_filter(keep.id_filter()):
            writer.add(item)


def against_osmnx(_: str | None) -> dict[str, Any]:
    """Measure file to network; ours reads all of it (facilities, dwellings, areas too), osmnx the streets alone."""
    if not ANDORRA.is_file():
        raise Unavailable("the OpenStreetMap extract of Andorra is not on this machine")
    lanes = [Contestant(OURS, _whole_file, _size_of_ours)]
    with tempfile.TemporaryDirectory() as folder:
        if importlib.util.find_spec("osmnx") is not None:
            import osmnx

            osmnx.settings.use_cache = False
            xml = Path(folder) / "andorra.osm"
            took, _none = seconds(lambda: _write_highways(xml))
            lanes.append(
                Contestant("osmnx", lambda: osmnx.graph_from_xml(xml, retain_all=True), _size_of_osmnx, took, 3)
            )
        sizes: dict[str, Any] = {}
        named = [
            Contestant(
                lane.name,
                lane.run,
                lambda found, lane=lane: sizes.setdefault(lane.name, lane.answer(found)),
                lane.prepare_s,
                lane.rounds,
            )
            for lane in lanes
        ]
        rows = race(named, rounds=3, same=lambda _mine, _other: None)
    return {"input": {"file_mb": ANDORRA.stat().st_size / 1e6}, "rows": rows, "sizes": sizes}


def _size_of_ours(streets: Streets) -> dict[str, float]:
    length = float(streets.segments.length_m.sum())
    return {"km": length / 1000, "junctions": streets.graph.nodes, "arcs": len(streets.graph.indices)}


def _size_of_osmnx(graph: Any) -> dict[str, float]:
    # Both directions of a street are edges of their own there.
    pairs = {(min(u, v), max(u, v), round(d["length"], 1)): d["length"] for u, v, d in graph.edges(data=True)}
    return {"km": sum(pairs.values()) / 1000, "junctions": graph.number_of_nodes(), "arcs": graph.number_of_edges()}


def against_valhalla(_: str | None) -> dict[str, Any]:
    """Measure building and a matrix of 100 facilities × 1,000 homes on foot; the two walk by rules of their own."""
    python = Path(sys.executable) if importlib.util.find_spec("valhalla") else APART
    if not python.is_file():
        raise Unavailable("Valhalla's wheel wants Python 3.12 or later, and none was found by `make bench`")
    streets = andorra()
    facilities_xy, homes_xy = near_streets(streets, SOURCES, seed=1), near_streets(streets, TARGETS, seed=2)
    facilities = streets.snap(facilities_xy, crs=streets.crs, max_snap_m=MAX_SNAP_M)
    homes = streets.snap(homes_xy, crs=streets.crs, max_snap_m=MAX_SNAP_M)
    with tempfile.TemporaryDirectory() as folder:
        question = Path(folder) / "question.json"
        degrees = [project(xy, streets.crs, "EPSG:4326").tolist() for xy in (facilities_xy, homes_xy)]
        asked = {
            "pbf": str(ANDORRA),
            "folder": folder,
            "facilities": degrees[0],
            "homes": degrees[1],
            "kph": streets.mode.flat_mps * 3.6,
        }
        question.write_text(json.dumps(asked), encoding="utf-8")
        peer = child([str(REPO / "benchmarks" / "valhalla_peer.py"), str(question)], python=python)
    if "failed" in peer:
        raise Unavailable(f"Valhalla failed: {peer['failed']}")
    build = [seconds(_whole_file)[0] for _ in range(3)]
    found = catchments(streets, facilities, homes, limit_ms=FOR_EVER_MS)
    matrix = [seconds(lambda: catchments(streets, facilities, homes, limit_ms=FOR_EVER_MS))[0] for _ in range(7)]
    ours = np.full((SOURCES, TARGETS), np.nan)
    ours[found.facility(), found.column] = found.ms / 1000.0
    theirs = np.array(peer["times_s"], dtype=float)
    both = np.isfinite(ours) & np.isfinite(theirs)
    off = np.abs(theirs - ours)[both] / np.maximum(ours[both], 60.0)
    return {
        "input": {"facilities": SOURCES, "homes": TARGETS, "valhalla": peer["version"]},
        "build": {OURS: spread(build), "valhalla": spread(peer["build_s"])},
        "matrix": {OURS: spread(matrix), "valhalla": spread(peer["matrix_s"])},
        "isochrone_s": spread(peer["isochrone_s"]),
        "agreement": {
            "pairs": int(both.sum()),
            "median_off": float(np.median(off)),
            "within_10_percent": float((off <= 0.1).mean()),
        },
    }
