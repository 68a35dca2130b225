"""Valhalla's part, in whichever Python its wheel is installed: tiles from the file, then the matrix, then isochrones.

Run as ``python benchmarks/valhalla_peer.py QUESTION --out FILE``; it imports nothing of ours.
"""

import argparse
import importlib.metadata
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import valhalla

AT_ONCE = 50


def _timed(work: Callable[[], Any], turns: int) -> tuple[list[float], Any]:
    took = []
    for _ in range(turns):
        begun = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - begun)
    return took, found


def _places(lonlat: list[list[float]]) -> list[dict[str, float]]:
    return [{"lon": lon, "lat": lat} for lon, lat in lonlat]


def main() -> None:
    """Answer the question file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("question", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    asked = json.loads(given.question.read_text(encoding="utf-8"))
    tiles = Path(asked["folder"]) / "tiles"
    tiles.mkdir()
    config = valhalla.get_config(tile_dir=str(tiles), tile_extract="", verbose=False)
    config["mjolnir"]["tile_extract"] = ""
    config["mjolnir"]["concurrency"] = 1
    config["service_limits"]["pedestrian"].update(max_matrix_location_pairs=1_000_000, max_locations=100_000)
    file = Path(asked["folder"]) / "valhalla.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    # `python -m valhalla valhalla_build_tiles` of 3.9.1 does not find the programs that the wheel ships.
    program = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    build = [str(program), "-c", str(file), "-j", "1", asked["pbf"]]
    built, _ = _timed(lambda: subprocess.run(build, check=True, capture_output=True), 3)
    actor = valhalla.Actor(str(file))
    walker = {"costing": "pedestrian", "costing_options": {"pedestrian": {"walking_speed": asked["kph"]}}}
    facilities, homes = _places(asked["facilities"]), _places(asked["homes"])

    def matrix() -> list[list[float | None]]:
        rows: list[list[float | None]] = [[None] * len(homes) for _ in facilities]
        for low in range(0, len(homes), AT_ONCE):
            part = homes[low : low + AT_ONCE]
            try:
                found = actor.matrix({"sources": part, "targets": facilities, **walker})
            except Exception as error:
                raise SystemExit(f"the matrix: {error}") from error
            for home, row in enumerate(found["sources_to_targets"]):
                for cell in row:
                    rows[cell["to_index"]][low + home] = cell["time"]
        return rows

    took, times = _timed(matrix, 2)
    contour = {"contours": [{"time": 15}], "polygons": True, **walker}
    rings, _ = _timed(lambda: [actor.isochrone({"locations": [place], **contour}) for place in facilities[:20]], 2)
    answer = {
        "version": importlib.metadata.version("pyvalhalla"),
        "build_s": built,
        "matrix_s": took,
        "isochrone_s": [one / 20 for one in rings],
        "times_s": times,
    }
    given.out.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
