"""Cutting: whatever the number of tiles, the bytes of every answer are those of the whole."""

import pickle
from dataclasses import fields

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.modes import mode
from data.read.streets import read_streets
from geo.errors import ParameterError
from geo.isochrone import display_polygons, time_field
from geo.partition import catchments_by_tiles, nearest_by_tiles, reach_by_tiles, search_tile
from geo.reach import field_to_facilities, nearest_facility, read_field
from geo.search import catchments
from geo.segments import segments_from_lines
from geo.streets import build_streets
from geo.tiling import Cutter, longest_reach_m, task_bytes, tiles_within, tiling
from geo.travel import LinearCycling, Mode, Tobler
from tests.geo.test_reach import CRS, GRID, town
from tests.properties.test_reach_properties import HILLY, build, places, towns

CUTS = [1, 4, 9, 64]
SNAP = 300.0
WALK = Mode("walk", "walk", 4 / 3.6, Tobler(3.5, -0.05), 0.4)
CYCLE = Mode("cycle", "cycle", 12 / 3.6, LinearCycling(0.1, 0.05, 1.0, 8.0), 0.4)


def hill_town(seed=0, side=24):
    """Segments of a hilly town: one-way, parallel, bent, zero-length and looping streets, gaps, long roads, islands."""
    rng = np.random.default_rng(seed)
    nodes = np.array([(i, j) for i in range(side) for j in range(side)], float) * 120
    nodes += np.round(rng.uniform(-30, 30, nodes.shape))
    z = 40 * np.sin(nodes[:, 0] / 400) + 25 * np.cos(nodes[:, 1] / 300)
    pairs = [(i * side + j, (i + a) * side + j + b) for i in range(side) for j in range(side)
             for a, b in ((1, 0), (0, 1)) if i + a < side and j + b < side]  # fmt: skip
    pairs = [pair for pair in pairs if rng.random() < 0.72]
    # an island north of the town, one street of it a one-way trap, and another without any facility far to the west
    base = len(nodes)
    nodes = np.vstack([nodes, [(500, 4000), (900, 4000), (900, 4300)], [(-4000, 100), (-3700, 100), (-3700, 500)]])
    z = np.append(z, [0, 20, 0, 0, 0, 10])
    pairs += [(base, base + 1), (base + 1, base + 2), (base + 3, base + 4), (base + 4, base + 5)]
    pairs += [pairs[k] for k in rng.integers(0, len(pairs), 30)]  # parallel
    pairs += [(k, k) for k in rng.integers(0, base, 10)]  # loops, and zero-length ones below
    # a road of many pieces out to the east and back, longer than any tile is wide
    road = [(side * side - side // 2, *(2900 + 150 * k, 1500 + 40 * (k % 3))) for k in range(30)]
    start, first = road[0][0], len(nodes)
    nodes = np.vstack([nodes, [(x, y) for _, x, y in road]])
    z = np.append(z, np.linspace(0, 90, 30))
    pairs += [(start, first), *((first + k, first + k + 1) for k in range(29))]
    lines, forward, backward = [], [], []
    for k, (a, b) in enumerate(pairs):
        p, q = nodes[a], nodes[b]
        middle = []
        if a == b:
            middle = [(*p, z[a])] if k % 2 else [(*(p + 20), z[a]), (*(p + (20, -20)), z[a])]
        elif rng.random() < 0.4:
            middle = [(*((p + q) / 2 + rng.normal(0, 15, 2)), (z[a] + z[b]) / 2 + rng.normal(0, 2))]
        if rng.random() < 0.03:
            q = q + rng.normal(0, 3, 2)  # does not quite meet its node
        lines.append(shapely.LineString([(*p, z[a]), *middle, (*q, z[b])]))
        way = rng.random()
        forward.append(way > 0.15)
        backward.append(way < 0.85)
    u, v = np.array(pairs).T
    every = np.ones(len(lines), bool)
    return segments_from_lines(
        np.array(lines, object), crs=CRS, seg_id=rng.permutation(len(lines)), u=u, v=v,
        forward={"walk": every, "cycle": np.array(forward)}, backward={"walk": every, "cycle": np.array(backward)},
    )  # fmt: skip


def some_points(seed, facilities=25, homes=1500):
    rng = np.random.default_rng(seed)
    f = np.vstack([rng.uniform((-200, -200), (3000, 3000), (facilities, 2)), [(700, 4020), (6000, 1500), (9e5, 9e5)]])
    f = np.vstack([f, f[:4]])  # two at one place: the lower row is named
    d = np.vstack([
        rng.uniform((-300, -300), (3200, 3200), (homes, 2)), rng.uniform((2900, 1400), (7400, 1650), (150, 2)),
        rng.uniform((400, 3900), (1000, 4400), (60, 2)), rng.uniform((-4100, 0), (-3600, 600), (60, 2)), f[:9],
        [(9e5, 9e5), (-9e5, 0)],
    ])  # fmt: skip
    return f, d


def whole(streets, f, d, limit_ms):
    places = streets.snap(f, crs=streets.crs, max_snap_m=SNAP)
    homes = streets.snap(d, crs=streets.crs, max_snap_m=SNAP)
    field = field_to_facilities(streets, places, limit_ms=limit_ms)
    return field, places, homes, read_field(field, homes)


def raw(result):
    """Every array of a result as (name, type, bytes)."""
    out = []
    for name in (f.name for f in fields(result)):
        value = getattr(result, name)
        if isinstance(value, np.ndarray) and value.dtype != object:
            out.append((name, value.dtype.str.lstrip("<"), value.tobytes()))
    return out


def field_bytes(field):
    return [
        (name, getattr(field, name).tobytes()) for name in ("time_ms", "label", "reached", "member", "first_of_chain")
    ]


RIVER = shapely.box(-500, 1230, 3500, 1290)


def drawn(field):
    bands = display_polygons(time_field(field, water=RIVER, cell_m=20), sorted({field.limit_ms // 2, field.limit_ms}))
    return [shapely.to_wkb(band) for band in bands]


@pytest.mark.parametrize("travel", [WALK, CYCLE], ids=["walk", "cycle"])
@pytest.mark.parametrize("limit_ms", [0, 240_000, 900_000])
def test_every_cut_is_the_whole_to_the_byte(travel, limit_ms):
    streets = build_streets(hill_town(), travel)
    f, d = some_points(1)
    field, places, homes, nearest = whole(streets, f, d, limit_ms)
    if limit_ms == 240_000:
        assert set(nearest.status) == {"ok", "beyond", "unreachable", "off_network"}
    weight = np.random.default_rng(3).uniform(0, 9, len(d))
    pictures = drawn(field)
    for tiles in CUTS:
        got = reach_by_tiles(streets, f, d, limit_ms=limit_ms, max_snap_m=SNAP, tiles=tiles)
        assert raw(got.nearest) == raw(nearest)
        assert raw(got.facilities) == raw(places)
        assert raw(got.demand) == raw(homes)
        assert field_bytes(got.field) == field_bytes(field)
        assert weight[got.nearest.status == "ok"].sum() == weight[nearest.status == "ok"].sum()
        assert drawn(got.field) == pictures


@pytest.mark.parametrize("seed", range(3))
def test_other_towns_and_odd_cuts(seed):
    streets = build_streets(hill_town(seed + 10, side=12), CYCLE)
    f, d = some_points(seed, facilities=4, homes=400)
    want = whole(streets, f, d, 420_000)[3]
    for tiles in (2, 3, 5, 17, 200):
        got = nearest_by_tiles(streets, f, d, limit_ms=420_000, max_snap_m=SNAP, tiles=tiles)
        assert raw(got) == raw(want), tiles


@settings(max_examples=60, deadline=None)
@given(towns(), places, places, st.integers(2, 30), st.integers(0, 400))
def test_any_small_town_in_any_cut(town, facilities, homes, tiles, seconds):
    streets = build(town, HILLY)
    f, d = np.array(facilities, float), np.array(homes, float)
    at = [streets.snap(xy, crs=CRS, max_snap_m=120) for xy in (f, d)]
    want = nearest_facility(streets, *at, limit_ms=seconds * 1000)
    got = nearest_by_tiles(streets, f, d, limit_ms=seconds * 1000, max_snap_m=120, tiles=tiles)
    assert raw(got) == raw(want)


def test_facilities_that_do_not_serve_are_snapped_but_serve_nobody():
    streets = build_streets(hill_town(), WALK)
    f, d = some_points(5)
    serving = np.arange(len(f)) % 3 > 0
    _, places, homes, _ = whole(streets, f, d, 900_000)
    closed = streets.snap(f, crs=streets.crs, max_snap_m=SNAP)
    closed.on[~serving] = False
    want = nearest_facility(streets, closed, homes, limit_ms=900_000)
    got = reach_by_tiles(streets, f, d, limit_ms=900_000, max_snap_m=SNAP, tiles=9, serving=serving)
    assert raw(got.nearest) == raw(want)
    assert raw(got.facilities) == raw(places)


@pytest.mark.parametrize("direction", ["to", "from"])
def test_catchments_are_the_same_in_every_cut(direction):
    streets = build_streets(hill_town(), CYCLE)
    f, d = some_points(2)
    at = [streets.snap(xy, crs=CRS, max_snap_m=SNAP) for xy in (f, d)]
    want = catchments(streets, *at, limit_ms=400_000, direction=direction)
    assert len(want.ms) > 2000
    for tiles in CUTS:
        got = catchments_by_tiles(streets, f, d, limit_ms=400_000, max_snap_m=SNAP, direction=direction, tiles=tiles)
        assert raw(got) == raw(want)
        assert (got.columns, got.limit_ms) == (want.columns, want.limit_ms)


def test_nothing_to_search_from_or_for():
    streets, none, some = town(GRID), np.empty((0, 2)), np.array([(10.0, 3.0), (90.0, 350.0)])
    for tiles in CUTS:
        alone = reach_by_tiles(streets, none, some, limit_ms=60_000, max_snap_m=SNAP, tiles=tiles)
        assert alone.nearest.status.tolist() == ["unreachable"] * 2
        assert len(nearest_by_tiles(streets, some, none, limit_ms=60_000, max_snap_m=SNAP, tiles=tiles).status) == 0
        assert catchments_by_tiles(streets, none, some, limit_ms=1, max_snap_m=SNAP, tiles=tiles).facilities == 0


def test_the_longest_reach_is_limit_by_speed_and_not_much_more():
    # 1 m/s, 100 m streets
    assert longest_reach_m(town(GRID), limit_ms=600_000) == pytest.approx(600, abs=2)
    downhill = build_streets(hill_town(), WALK)
    fastest = WALK.flat_mps * np.exp(3.5 * 0.05)
    reach = longest_reach_m(downhill, limit_ms=600_000)
    assert WALK.flat_mps * 600 < reach < fastest * 600 + 400


def test_a_gap_at_a_node_and_a_street_of_no_time_lengthen_the_halo():
    """A step over 80 m that costs nothing: who lives beyond it is served, though no speed explains it."""
    lines = np.array([shapely.LineString(xy) for xy in (
        [(0, 0), (50, 0)], [(130, 0), (180, 0)], [(180, 0), (180.0004, 0)], [(180.0004, 0), (400, 0)],
    )], object)  # fmt: skip
    both = {"walk": np.ones(4, bool)}
    segments = segments_from_lines(
        lines, crs=CRS, seg_id=np.arange(4), u=np.arange(4), v=np.arange(1, 5), forward=both, backward=both
    )
    streets = build_streets(segments, Mode("walk", "walk", 1.0, None, 0.4))
    f, d = np.array([(0.0, 0.0)]), np.column_stack([np.arange(0.0, 400, 3), np.zeros(134)])
    assert longest_reach_m(streets, limit_ms=120_000) > 200
    want = whole(streets, f, d, 120_000)[3]
    assert (want.travel_ms[d[:, 0] == 180] == 100_000).all()
    for tiles in CUTS:
        assert raw(nearest_by_tiles(streets, f, d, limit_ms=120_000, max_snap_m=SNAP, tiles=tiles)) == raw(want)


@pytest.mark.parametrize("tiles", [1, 2, 3, 7, 9, 64])
def test_every_point_has_one_tile_and_tiles_have_equal_shares(tiles):
    xy = np.random.default_rng(0).normal(0, 1000, (6400, 2))
    cut = tiling(xy, tiles)
    owner = cut.owner(xy)
    assert len(cut) == tiles
    counts = np.bincount(owner, minlength=tiles)
    assert counts.max() - counts.min() <= 0.1 * len(xy) / tiles + 2
    for tile in range(tiles):
        west, south, east, north = cut.box(tile)
        x, y = xy.T
        assert ((owner == tile) == ((x >= west) & (x < east) & (y >= south) & (y < north))).all()


def test_no_tile_is_refused():
    with pytest.raises(ParameterError, match="0 tiles"):
        tiling(np.zeros((1, 2)), 0)
    with pytest.raises(ParameterError, match="limit -1"):
        nearest_by_tiles(town(GRID), np.zeros((1, 2)), np.zeros((1, 2)), limit_ms=-1, max_snap_m=1)


def test_a_task_is_plain_data_and_says_the_same_after_a_journey():
    streets = build_streets(hill_town(), WALK)
    f, d = some_points(1)
    cutter = Cutter(streets, f, d, 300_000, SNAP)
    serving = np.ones(len(f), bool)
    for task in cutter.tasks(cutter.tiling(9), serving, direction="to", by_facility=False):
        sent = pickle.dumps(task)
        here, there = search_tile(task), pickle.loads(pickle.dumps(search_tile(pickle.loads(sent))))
        assert raw(here) == raw(there)
        estimate = task_bytes(
            segments=len(task.rows), vertices=len(task.segments.xy), nodes=len(task.node),
            points=len(task.facilities) + len(task.demand),
        )  # fmt: skip
        assert len(sent) < estimate


def test_tiles_within_a_limit_of_memory():
    streets = build_streets(hill_town(), WALK)
    f, d = some_points(1, homes=20_000)
    given = {"limit_ms": 120_000, "max_snap_m": 50.0}
    cutter = Cutter(streets, f, d, 120_000, 50.0)
    whole_bytes = cutter.largest(cutter.tiling(1))
    assert tiles_within(streets, f, d, **given, memory_bytes=whole_bytes) == 1
    tiles = tiles_within(streets, f, d, **given, memory_bytes=whole_bytes // 5)
    assert tiles >= 4
    assert cutter.largest(cutter.tiling(tiles)) <= whole_bytes // 5
    with pytest.raises(ParameterError, match="halo"):
        tiles_within(streets, f, d, **given, memory_bytes=1000)


@pytest.mark.real
def test_wuhan_is_the_same_in_every_cut(real_dir):
    frame, _ = read_streets(real_dir / "wuhan" / "streets.parquet", keep_crs=True)
    rng = np.random.default_rng(8)
    walk = frame["walk"].to_numpy()
    segments = segments_from_lines(
        frame.geometry.to_numpy(), crs=CRS, seg_id=frame["seg_id"].to_numpy(), u=frame["u"].to_numpy(),
        v=frame["v"].to_numpy(), forward={"walk": walk}, backward={"walk": walk},
    )  # fmt: skip
    streets = build_streets(segments, mode("walk"))
    f = segments.xy[rng.integers(0, len(segments.xy), 400)] + rng.normal(0, 90, (400, 2))
    d = segments.xy[rng.integers(0, len(segments.xy), 10_000)] + rng.normal(0, 150, (10_000, 2))
    field, _, _, nearest = whole(streets, f, d, 900_000)
    for tiles in CUTS:
        got = reach_by_tiles(streets, f, d, limit_ms=900_000, max_snap_m=SNAP, tiles=tiles)
        assert raw(got.nearest) == raw(nearest)
        assert field_bytes(got.field) == field_bytes(field)
    picture = [shapely.to_wkb(display_polygons(time_field(x, cell_m=30), [900_000])[0]) for x in (field, got.field)]
    assert picture[0] == picture[1]
