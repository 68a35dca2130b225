"""How long the whole catalogue takes on the sample: every circle for the city and every area in it, then from cache.

Run as ``.venv/bin/python -m scripts.catalogue_time [WORKSPACE]``; without one the sample is built first. Times are of
the processor, on one core.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from api.demo import build_demo
from api.run import Runner
from api.wiring import open_runner

LEVELS = ("city", "county", "zone", "township")


def areas_of(runner: Runner) -> list[str]:
    """Return the codes of the city, its counties, zones and townships."""
    areas = runner.city_data(runner.store.edition()).areas
    assert areas is not None
    return list(areas.loc[areas["level"].isin(LEVELS), "code"])


def ask_all(runner: Runner) -> tuple[int, dict[str, float]]:
    """Return how many answers were given, and the seconds of the processor by circle."""
    codes = areas_of(runner)
    spent = {}
    for circle in runner.circles.items:
        start = time.process_time()
        for code in codes:
            runner.answer(circle.id, area=code)
        spent[circle.id] = time.process_time() - start
    return len(codes) * len(spent), spent


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "ws"
        if len(sys.argv) <= 1:
            build_demo(path)
        runner = open_runner(path)
        runner.results.clear()
        for words in ("computed", "from the cache"):
            runner = open_runner(path)
            start = time.process_time()
            count, spent = ask_all(runner)
            print(f"{count} answers {words}: {time.process_time() - start:.2f} s of the processor")
            for name, seconds in spent.items():
                print(f"  {name:24s} {seconds:6.2f}")


if __name__ == "__main__":
    os.environ["QUANTU_EXECUTOR"] = "serial"
    main()
