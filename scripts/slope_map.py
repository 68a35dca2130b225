"""Draw docs/assets/slope-andorra.svg: what slope does to the walk from every street of Andorra to its nearest venue.

Run as ``.venv/bin/python -m scripts.slope_map``; it reads the real extract beside the checkout.
"""

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from geo.reach import field_to_facilities, read_field
from geo.streets import Snapped
from scripts.measured import REPO, andorra

OUT: Final = REPO / "docs" / "assets" / "slope-andorra.svg"
WIDTH: Final = 900
LIMIT_MS: Final = 3 * 3_600_000
STEPS: Final = ((-60, "#0b7a75"), (60, "#b9b4a8"), (180, "#f2a03d"), (420, "#c9681a"), (1e9, "#8a4b08"))
WORDS: Final = ("over 1 min quicker", "about the same", "1–3 min slower", "3–7 min slower", "over 7 min slower")


def main() -> None:
    """Measure both ways, middle of street by middle of street, and draw the difference."""
    with tempfile.TemporaryDirectory() as scratch:
        runner, _ = andorra(Path(scratch) / "ws", slope=True)
        city = runner.city_data(runner.store.edition())
        places = city.metres("facilities.sports")
        times = []
        for slope in (True, False):
            streets = city.streets("walk", slope=slope)
            count = len(streets.rows)
            field = field_to_facilities(
                streets, streets.snap(places, crs=city.crs, max_snap_m=300.0), limit_ms=LIMIT_MS
            )
            none = np.zeros(count)
            middle = Snapped(np.ones(count, bool), np.arange(count), none + 0.5, none, none.astype(np.int32))
            times.append(read_field(field, middle).seconds())
        slower = times[0] - times[1]
        lines = shapely.simplify(streets.lines, 5.0)
    west, south, east, north = shapely.total_bounds(lines)
    scale = WIDTH / (east - west)
    height = (north - south) * scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 40:.0f}" font-family="sans-serif" '
        f'font-size="15"><rect width="100%" height="100%" fill="#fbfaf7"/>'
    ]
    kind = np.searchsorted([step for step, _ in STEPS], slower)
    known = np.isfinite(slower)
    groups = [(~known, "#dedad2", 0.7)] + [(known & (kind == i), c, 1.7) for i, (_, c) in enumerate(STEPS)]
    for chosen, colour, width in groups:
        path = "".join(
            "M" + "L".join(f"{(x - west) * scale:.0f} {(north - y) * scale:.0f}" for x, y in line.coords)
            for line in lines[chosen]
        )
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
    for i, ((_, colour), word) in enumerate(zip(STEPS, WORDS, strict=True)):
        x = 10 + i * (WIDTH - 20) / len(STEPS)
        parts.append(
            f'<rect x="{x:.0f}" y="{height + 12:.0f}" width="22" height="5" fill="{colour}"/>'
            f'<text x="{x + 28:.0f}" y="{height + 20:.0f}" fill="#333">{word}</text>'
        )
    OUT.write_text("".join(parts) + "</svg>\n", encoding="utf-8")
    changed = slower[known]
    print(f"{OUT}: {known.sum():,} streets, median {np.median(changed):.0f} s, 95 % {np.quantile(changed, 0.95):.0f} s")


if __name__ == "__main__":
    main()
