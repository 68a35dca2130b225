"""The built-up streets: the valley city with its bridges and riversides, and every town's own small grid."""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.ops import substring

from data.sample.areas import Land
from data.sample.blocks import Area, courtyards, faces, streets_within
from data.sample.plane import Floats, stream, table, to_plane
from data.sample.river import HALF_WIDTH_M, River, smooth
from data.sample.sketch import AIRPORT, AVENUES, EXTRA_BRIDGES, NEW_AREA, SOUTH_CHANNEL, Avenue
from data.sample.terrain import Terrain, terraces, valley_floor
from data.sample.ways import Ways

CARRIAGEWAY_M: Final = 11.0
"""Half the distance between the two carriageways of a divided street."""
NARROW_M: Final = 7.0
"""The same for secondary streets."""
REACH_M: Final = 190.0
"""An avenue that ends this near another main street runs on to it."""
CROSSING_M: Final = 310.0
"""The distance from one zebra crossing of a divided street to the next."""
QUAY_M: Final = 48.0
"""The riverside road's distance from the water."""
APPROACH_M: Final = 230.0
FAR_APPROACH_M: Final = 700.0
"""How far a bridge's approaches run inland from the water, and how far at most to meet an avenue."""

QUAYS: Final[tuple[tuple[str, str | None, float, float], ...]] = (
    ("south", None, 103.558, 103.690), ("south", "南滨河路", 103.690, 103.785),
    ("south", "南滨河中路", 103.785, 103.815),
    ("south", "南滨河东路", 103.815, 103.9315),
    ("north", None, 103.593, 103.662), ("north", "北滨河西路", 103.662, 103.783),
    ("north", "北滨河中路", 103.783, 103.823),
    ("north", "北滨河东路", 103.823, 103.9315),
)  # fmt: skip
"""Bank, name, and from where to where (longitude) the riverside roads run."""

TOWNS: Final[dict[str, tuple[float, float]]] = {
    "620123100": (6.5, 38_000), "620121100": (5.5, 38_000), "620122100": (4.0, 38_000), "620111101": (5.0, 38_000),
    "620111001": (2.5, 34_000), "620123104": (3.0, 30_000), "620123101": (2.0, 30_000), "620105100": (1.8, 30_000),
    "620123107": (1.6, 30_000), "620104100": (2.4, 35_000), "620104101": (1.8, 35_000), "620123103": (1.2, 30_000),
}  # fmt: skip
"""Township code: built-up land (km²) and block size (m²); other seats 0.25–0.6 km²."""


def core_size(x: float, y: float) -> float:
    """Return the block size (m²) of the valley city: small in the old town, large in industrial 西固."""
    old = np.exp(-(((x - 394_200) / 3800) ** 2) - ((y - 3_991_200) / 2000) ** 2)
    west = np.clip((386_000 - x) / 16_000, 0.0, 1.0)
    east = np.clip((x - 399_500) / 6_000, 0.0, 1.0)
    return float(75_000 + 40_000 * west + 25_000 * east - 33_000 * old)


def _add_crossings(ways: Ways, centre: LineString, lines: list[LineString]) -> None:
    """Add the zebra crossings of a divided street: between avenues walkers have no other way over."""
    at = shapely.line_interpolate_point(centre, np.arange(140.0, centre.length - 60.0, CROSSING_M))
    feet = [shapely.line_interpolate_point(side, shapely.line_locate_point(side, at)) for side in lines]
    ways.add(shapely.shortest_line(feet[0], feet[1]), "footway", zone="main", bridges=False)


def carriageways(line: LineString, half_m: float = CARRIAGEWAY_M) -> list[LineString]:
    """Return the two one-way lines of a divided street, each in its own direction (traffic keeps right)."""
    right = shapely.offset_curve(line, -half_m, join_style="mitre")
    left = shapely.offset_curve(line, half_m, join_style="mitre")
    first, last = line.coords[0], line.coords[-1]
    out = LineString([first, *_trim(right), last])
    back = LineString([last, *_trim(left)[::-1], first])
    return [out, back]


def _trim(line: LineString) -> list[Any]:
    kept = substring(line, 25.0, line.length - 25.0) if line.length > 120 else line
    return list(kept.coords)


def add_core(ways: Ways, seed: int, river: River) -> list[Polygon]:
    """Add the valley city's streets to ``ways`` and return its blocks."""
    rng = stream(seed, "core")
    land = valley_floor().difference(shapely.union_all([river.main, river.channel]).buffer(30.0, quad_segs=3))
    land = shapely.union_all([land, *terraces()])
    land = land.difference(river.main.buffer(30.0, quad_segs=3))
    first = len(ways.lines)
    quays = _quays(river)
    drawn = _joined_avenues(river)
    avenues = _reached([line for line, _ in drawn], [line for line, *_ in quays], river)
    for line, (_, parts) in zip(avenues, drawn, strict=True):
        _add_avenue(ways, line, parts)
    _add_quays(ways, quays)
    _add_bridges(ways, river, land, shapely.union_all(avenues))
    for side in (-1, 1):
        bank = shapely.offset_curve(_channel_line(river), side * 42.0)
        ways.add(shapely.get_parts(bank.intersection(land)), "tertiary", zone="main", bridges=False)
    foot = shapely.boundary(land.buffer(-12.0)).difference(river.main.buffer(420.0))
    rim = [part for part in shapely.get_parts(shapely.line_merge(foot)) if part.length > 600.0]
    ways.add(rim, "tertiary", zone="main", bridges=False)
    blocks = faces(land, ways.lines[first:])
    return fill(ways, rng, blocks, core_size, chords=0.58, spurs=0.54, zone="urban")


def fill(
    ways: Ways, rng: np.random.Generator, blocks: list[Polygon], size: Area, *, chords: float, spurs: float, zone: str
) -> list[Polygon]:
    """Add the streets within ``blocks`` and the ways within their compounds; return the blocks that are left."""
    streets, left = streets_within(rng, blocks, size)
    for highway, lines in streets.items():
        ways.add(lines, highway, zone=zone, bridges=False)
    for block in left:
        if block.area < 5_000.0:
            continue
        big = min(block.area / 40_000.0, 2.0)
        through, ends = courtyards(rng, block, chords=chords * big, spurs=spurs * big)
        inner = "service" if rng.random() < 0.55 else "footway"
        ways.add(through, inner, zone=zone, bridges=False)
        ways.add(ends, "footway" if rng.random() < 0.5 else "service", zone=zone, bridges=False)
    return left


def _channel_line(river: River) -> LineString:
    return shapely.line_merge(
        shapely.intersection(LineString(smooth(to_plane(SOUTH_CHANNEL), rounds=3)), river.channel)
    )


def _joined_avenues(river: River) -> list[tuple[LineString, list[Avenue]]]:
    """Return the avenues as long lines, those that go on under another name joined, none in the river."""
    bed = river.main.buffer(QUAY_M - 8.0)
    groups: list[list[Avenue]] = []
    for avenue in AVENUES:
        if groups and avenue.dual and groups[-1][-1].dual and groups[-1][-1].line[-1] == avenue.line[0]:
            groups[-1].append(avenue)
        else:
            groups.append([avenue])
    out = []
    for parts in groups:
        corners = [*parts[0].line, *(point for part in parts[1:] for point in part.line[1:])]
        line = LineString(smooth(to_plane(np.array(corners)), rounds=1)).difference(bed)
        out.append((max(shapely.get_parts(line), key=lambda piece: piece.length), parts))
    return out


def _reached(lines: list[LineString], quays: list[LineString], river: River) -> list[LineString]:
    """Return the lines with every end that stops short of another main street carried on to it."""
    everything = [*lines, *quays]
    out = []
    for k, line in enumerate(lines):
        others = shapely.union_all(everything[:k] + everything[k + 1 :])
        points = [np.array(point) for point in line.coords]
        for end in (0, -1):
            gap = np.array(shapely.shortest_line(shapely.Point(points[end]), others).coords)
            reach = float(np.linalg.norm(gap[1] - gap[0]))
            if 16.0 < reach < REACH_M:
                onward = gap[1] + (gap[1] - gap[0]) / reach * (CARRIAGEWAY_M + 1.0)
                if not shapely.intersects(river.water, LineString([gap[0], onward])):
                    points = [onward, *points] if end == 0 else [*points, onward]
        out.append(LineString(points))
    return out


def _add_avenue(ways: Ways, line: LineString, parts: list[Avenue]) -> None:
    """Add one avenue: its carriageways, each cut where the name changes, and its crossings."""
    first = parts[0]
    dual = first.dual or (first.highway == "secondary" and line.length > 900.0)
    lines = carriageways(line, CARRIAGEWAY_M if first.dual else NARROW_M) if dual else [line]
    joints = shapely.points(to_plane(np.array([part.line[0] for part in parts[1:]]))) if parts[1:] else []
    for side in lines:
        marks = [0.0, *sorted(shapely.line_locate_point(side, joints).tolist() if parts[1:] else []), side.length]
        names = parts if shapely.line_locate_point(line, shapely.Point(side.coords[0])) < 30.0 else parts[::-1]
        for part, (a, b) in zip(names, pairwise(marks), strict=True):
            ways.add([substring(side, a, b)], first.highway, name=part.name, oneway=dual, zone="main")
    if dual:
        _add_crossings(ways, line, lines)


def _quays(river: River) -> list[tuple[LineString, str | None, LineString]]:
    """Return the riverside roads: middle line, name, and the promenade between the road and the water."""
    out = []
    for bank, name, west, east in QUAYS:
        reach = substring(river.centre, river.at_lon(west), river.at_lon(east))
        sign = 1.0 if bank == "north" else -1.0
        road = shapely.offset_curve(reach, sign * (HALF_WIDTH_M + QUAY_M))
        walk = shapely.offset_curve(reach, sign * (HALF_WIDTH_M + 16.0)).simplify(3.0)
        out.append((max(shapely.get_parts(road), key=lambda part: part.length).simplify(3.0), name, walk))
    return out


def _add_quays(ways: Ways, quays: list[tuple[LineString, str | None, LineString]]) -> None:
    for line, name, walk in quays:
        both = carriageways(line)
        ways.add(both, "primary", name=name, oneway=True, zone="main")
        _add_crossings(ways, line, both)
        ways.add(shapely.get_parts(walk), "footway", zone="main", bridges=False)
        at = shapely.line_interpolate_point(walk, np.arange(120.0, walk.length - 60.0, 420.0))
        for side in both:
            ways.add(shapely.shortest_line(at, side), "footway", zone="main", bridges=False)


def _add_bridges(ways: Ways, river: River, land: Any, mains: Any) -> None:
    """Add every bridge of the core with its approaches, which run on to the first avenue where one is near."""
    known = [
        (river.near_lonlat((float(lon), float(lat))), str(highway), str(name))
        for name, highway, lon, lat, _ in table("bridges").itertuples(index=False)
        if highway != "motorway"
    ]
    room = shapely.union_all([land, river.main.buffer(31.0)])
    extra = [(river.at_lon(lon), highway, None) for lon, highway in EXTRA_BRIDGES]
    for along, highway, name in [*known, *extra]:
        far = river.across(along, HALF_WIDTH_M + FAR_APPROACH_M)
        middle = far.interpolate(0.5, normalized=True)
        arms = []
        for end in (far.coords[0], far.coords[-1]):
            arm = LineString([middle, end])
            hits = shapely.get_parts(arm.intersection(mains))
            stops = [d for d in shapely.line_locate_point(arm, hits) if d > HALF_WIDTH_M + QUAY_M + 30.0]
            arm = substring(arm, 0.0, min(stops) + 12.0 if stops else HALF_WIDTH_M + APPROACH_M)
            kept = min(shapely.get_parts(arm.intersection(room)), key=lambda part: part.distance(middle))
            arms.append(list(kept.coords))
        ways.add([LineString([*arms[0][::-1], *arms[1][1:]])], highway, deck_name=name, zone="main")


def add_towns(ways: Ways, seed: int, here: Land, ground: Terrain, river: River) -> None:
    """Add a small grid at every township seat outside the valley city, and the planned grid of 兰州新区."""
    rng = stream(seed, "towns")
    _add_new_area(ways, rng)
    core = shapely.union_all([valley_floor(), *terraces()])
    planned = Polygon(to_plane(NEW_AREA))
    for row in here.townships.itertuples():
        seat = np.array([row.x, row.y])
        point = shapely.Point(seat)
        if core.distance(point) < 700.0 or planned.contains(point):
            continue
        street = row.kind in {"街道", "类似乡级单位"}
        area_km2, size = TOWNS.get(row.code, (0.9 if street else float(rng.uniform(0.22, 0.6)), 27_000.0))
        _add_town(ways, rng, seat, area_km2 * 1e6, size, ground, river, row.geometry)


def _add_town(
    ways: Ways, rng: np.random.Generator, seat: Floats, area: float, size: float, ground: Terrain, river: River,
    township: Any,
) -> None:  # fmt: skip
    """Add one town: an outline stretched along the contour through ``seat``, two main streets and their blocks."""
    step = 600.0
    around = seat + step * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    east, west, north, south = ground.at(around)
    uphill = np.array([east - west, north - south]) + 1e-6
    along = np.array([-uphill[1], uphill[0]]) / np.linalg.norm(uphill)
    across = np.array([-along[1], along[0]])
    turn = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    stretch = rng.uniform(1.3, 1.9)
    radius = np.sqrt(area / np.pi) * rng.uniform(0.88, 1.12, 18)
    ring = (radius * np.cos(turn) * np.sqrt(stretch))[:, None] * along
    ring = ring + (radius * np.sin(turn) / np.sqrt(stretch))[:, None] * across
    outline = Polygon(seat + ring).buffer(0).difference(river.near).intersection(township)
    parts = [part for part in shapely.get_parts(outline) if part.geom_type == "Polygon" and part.area > 8_000.0]
    if not parts:
        return
    outline = max(parts, key=lambda part: part.area)
    reach = 3 * np.sqrt(area)
    mains = [LineString([seat - along * reach, seat, seat + along * reach]).intersection(outline),
             LineString([seat - across * reach, seat, seat + across * reach]).intersection(outline)]  # fmt: skip
    first = len(ways.lines)
    for highway, main in zip(("secondary", "tertiary"), mains, strict=True):
        ways.add(
            [p for p in shapely.get_parts(main) if p.geom_type == "LineString"], highway, zone="urban", bridges=False
        )
    blocks = faces(outline, ways.lines[first:])
    fill(ways, rng, blocks, lambda *_: size, chords=0.6, spurs=0.6, zone="urban")


def _add_new_area(ways: Ways, rng: np.random.Generator) -> None:
    """Add the wide regular grid of the new area, the airport left free."""
    outline = Polygon(to_plane(NEW_AREA)).difference(Polygon(to_plane(AIRPORT)).buffer(150.0))
    outline = max(shapely.get_parts(outline), key=lambda part: part.area)
    west, south, east, north = outline.bounds
    lines: list[LineString] = []
    for k, x in enumerate(np.arange(west - 500, east + 500, 820.0)):
        lines += [(k, LineString([(x, south - 900), (x + 500, north + 900)]))]
    for k, y in enumerate(np.arange(south - 500, north + 500, 760.0)):
        lines += [(k, LineString([(west - 900, y + 250), (east + 900, y - 250)]))]
    first = len(ways.lines)
    for k, line in lines:
        for part in shapely.get_parts(line.intersection(outline)):
            dual = k % 3 == 0 and part.length > 1500
            ways.add(
                carriageways(part) if dual else [part], "primary" if dual else "secondary", oneway=dual, zone="main"
            )
    blocks = faces(outline, ways.lines[first:])
    fill(ways, rng, blocks, lambda *_: 125_000.0, chords=0.6, spurs=0.35, zone="urban")
