"""A process from nothing: interpreter, imports, streets of Wuhan from their file, network, 1,000 facilities, answer."""

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.measure import WUHAN, Unavailable, child, spread

FACILITIES = 1000
LIMIT_MS = 900_000
TURNS = 7


def starts(_: str | None) -> dict[str, Any]:
    """Measure whole processes, compiled code cached by one that went before."""
    if not WUHAN.is_file():
        raise Unavailable("the streets of Wuhan are not on this machine")
    whole, answered, stages = [], [], []
    for turn in range(TURNS + 1):
        begun, clock = time.perf_counter(), time.time()
        found = child(["-m", "benchmarks.cold"])
        took = time.perf_counter() - begun
        if "failed" in found:
            raise RuntimeError(found["failed"])
        if turn:
            whole.append(took)
            answered.append(found["answered_at"] - clock)
            stages.append(found["stages"])
    best = min(range(TURNS), key=lambda turn: answered[turn])
    return {
        "input": found["input"],
        "answer": spread(answered),
        "process": spread(whole),
        "stages": stages[best],
        "peak_mb": found["peak_mb"],
    }


def main() -> None:
    """Answer once, and write how long each stage took."""
    marks = [("begin", time.perf_counter())]
    import numpy as np
    import shapely

    from benchmarks.measure import peak_mb
    from data.modes import modes
    from data.network import segments_from_frame
    from data.read.streets import read_streets
    from geo.reach import nearest_facility
    from geo.streets import build_streets

    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    marks.append(("imports", time.perf_counter()))
    frame, _ = read_streets(WUHAN, keep_crs=True)
    marks.append(("read the file", time.perf_counter()))
    segments = segments_from_frame(frame, frame.crs.to_string())
    marks.append(("segments", time.perf_counter()))
    streets = build_streets(segments, modes()["walk"])
    marks.append(("contract and index", time.perf_counter()))
    rng = np.random.default_rng(0)
    lines = streets.lines[rng.integers(0, len(streets.lines), FACILITIES)]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    facilities = streets.snap(xy + rng.normal(0.0, 20.0, xy.shape), crs=streets.crs, max_snap_m=300.0)
    marks.append(("snap", time.perf_counter()))
    nearest_facility(streets, facilities, facilities, limit_ms=LIMIT_MS)
    marks.append(("answer", time.perf_counter()))
    answered_at = time.time()
    stages = {name: at - before for (_, before), (name, at) in pairwise(marks)}
    size = {"segments": len(segments), "nodes": streets.graph.nodes, "facilities": FACILITIES}
    answer = {"input": size, "answered_at": answered_at, "stages": stages, "peak_mb": peak_mb()}
    out.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
