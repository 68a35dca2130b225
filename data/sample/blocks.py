"""From avenues to streets to courtyards: a town's outline is cut into blocks, and blocks into compounds."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.ops import substring

from data.sample.plane import Floats

BLIND_SHARE: Final = 0.46
"""The share of residential streets that end inside the block."""

Area = Callable[[float, float], float]
"""The size of block (m²) a town has at a place in the plane."""


def faces(outline: Any, lines: list[Any]) -> list[Polygon]:
    """Return the parts of ``outline`` (a polygon) between ``lines``, the slivers of medians left out."""
    rims = list(shapely.get_parts(shapely.boundary(shapely.get_parts(outline))))
    noded = shapely.union_all(np.array([*rims, *lines], dtype=object), grid_size=0.5)
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    shapely.prepare(outline)
    inside = shapely.contains(outline, shapely.point_on_surface(found))
    thick = 2 * shapely.area(found) / shapely.length(found) > 16.0
    return list(found[inside & thick])


def split(rng: np.random.Generator, block: Polygon, *, lean: float = 0.06) -> tuple[list[LineString], list[Polygon]]:
    """Return the street that cuts ``block`` across its longer extent, and the two or more blocks left."""
    rim = shapely.get_coordinates(block.exterior)
    edges = np.diff(rim, axis=0)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    longest = edges[np.argmax(lengths)] / lengths.max()
    across = np.array([-longest[1], longest[0]])
    s, t = rim @ longest, rim @ across
    if np.ptp(s) < np.ptp(t):
        longest, across, s, t = across, -longest, t, -s
    at = s.min() + np.ptp(s) * rng.uniform(0.40, 0.60)
    tilt = rng.normal(0.0, lean) * np.ptp(t)
    low, high = t.min() - 5.0, t.max() + 5.0
    a = longest * (at - tilt / 2) + across * low
    b = longest * (at + tilt / 2) + across * high
    chord = block.intersection(LineString([a, b]))
    far = longest * (np.ptp(s) + np.ptp(t))
    half = Polygon([a, b, b + far, a + far])
    rest = [*shapely.get_parts(block.intersection(half)), *shapely.get_parts(block.difference(half))]
    streets = [part for part in shapely.get_parts(chord) if part.geom_type == "LineString" and part.length > 25.0]
    return streets, [part for part in rest if part.geom_type == "Polygon" and part.area > 400.0]


def streets_within(
    rng: np.random.Generator, blocks: list[Polygon], size: Area
) -> tuple[dict[str, list[LineString]], list[Polygon]]:
    """Return the streets that cut ``blocks`` down to ``size``, by class, and the blocks that are left."""
    streets: dict[str, list[LineString]] = {"tertiary": [], "residential": [], "unclassified": []}
    left: list[Polygon] = []
    queue = list(blocks)
    while queue:
        block = queue.pop()
        middle = block.centroid
        goal = size(middle.x, middle.y) * rng.uniform(0.7, 1.5)
        width = 2 * block.area / block.length
        if block.area < goal or width < 38.0:
            left.append(block)
            continue
        cuts, rest = split(rng, block)
        if block.area > 600_000.0:
            kind = "tertiary"
        else:
            kind = "residential" if rng.random() < 0.82 else "unclassified"
            cuts = [_blind(rng, cut) if rng.random() < BLIND_SHARE else cut for cut in cuts]
        streets[kind] += cuts
        queue += rest
    return streets, left


def _blind(rng: np.random.Generator, street: LineString) -> LineString:
    """Return the street as a dead end, open on one side only."""
    turned = street if rng.random() < 0.5 else shapely.reverse(street)
    return substring(turned, 0.0, float(rng.uniform(0.45, 0.8)), normalized=True)


def courtyards(
    rng: np.random.Generator, block: Polygon, *, chords: float, spurs: float
) -> tuple[list[LineString], list[LineString]]:
    """Return the ways inside one block: through ones, and dead ends behind a gate.

    ``chords`` and ``spurs`` are the numbers expected; both are drawn at random.
    """
    through: list[LineString] = []
    ends: list[LineString] = []
    pieces = [block]
    for _ in range(int(chords + rng.random())):
        pieces.sort(key=lambda piece: piece.area)
        cuts, rest = split(rng, pieces.pop(), lean=0.1)
        through += cuts
        pieces += rest
        if not pieces:
            break
    for _ in range(int(spurs + rng.random())):
        piece = pieces[int(rng.integers(len(pieces)))] if pieces else block
        ends += [_spur(rng, piece)]
    return through, [end for end in ends if end.length > 15.0]


def _spur(rng: np.random.Generator, block: Polygon) -> LineString:
    """Return a way from somewhere on the rim inward, ending before the other side, often with a bend."""
    rim = block.exterior
    start = np.array(rim.interpolate(rng.random(), normalized=True).coords[0])
    inner = np.array(shapely.point_on_surface(block).coords[0])
    gap = inner - start
    reach = rng.uniform(0.45, 0.85)
    end = start + gap * reach
    points: list[Floats] = [start, end]
    if rng.random() < 0.5:
        side = np.array([-gap[1], gap[0]]) * rng.choice([-0.4, 0.4])
        points.append(end + side * rng.uniform(0.4, 0.9))
    line = LineString(points).intersection(block.buffer(-8.0))
    parts = [part for part in shapely.get_parts(line) if part.geom_type == "LineString" and part.length > 1.0]
    if not parts:
        return LineString([start, start])
    inside = shapely.get_coordinates(parts[0])
    return LineString([start, *inside])
