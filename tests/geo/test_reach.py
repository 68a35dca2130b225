"""Nearest facility: by hand on a grid town, and against the networkx reference on a real city."""

import numpy as np
import pytest
import shapely

from data.read.streets import read_streets
from geo.reach import nearest_facility
from geo.segments import segments_from_lines
from geo.streets import build_streets
from geo.travel import LinearCycling, Mode, Tobler
from tests.oracle import nearest_reference, seconds_from_demand

CRS = "EPSG:4544"
WALK = Mode("walk", "walk", 1.0, None, 0.4)
TOBLER = Tobler(3.5, -0.05)


def town(lines, *, forward=None, backward=None, mode=WALK, deck=None):
    """Streets of plain coordinate lists; equal end points are one node."""
    shapes = np.array([shapely.LineString(xy) for xy in lines], dtype=object)
    ends = np.array([[xy[0][:2], xy[-1][:2]] for xy in lines], dtype=float).reshape(-1, 2)
    node = np.unique(ends, axis=0, return_inverse=True)[1].reshape(-1, 2)
    every = np.ones(len(lines), bool)
    f = every if forward is None else np.array(forward)
    b = every if backward is None else np.array(backward)
    segments = segments_from_lines(
        shapes, crs=CRS, seg_id=np.arange(len(lines)), u=node[:, 0], v=node[:, 1],
        forward={"walk": f, "cycle": f, "drive": f}, backward={"walk": b, "cycle": b, "drive": b}, deck=deck,
    )  # fmt: skip
    return build_streets(segments, mode)


def ask(streets, facilities, demand, *, seconds=3600.0, max_snap=300.0):
    f = streets.snap(np.array(facilities, float).reshape(-1, 2), crs=streets.crs, max_snap_m=max_snap)
    d = streets.snap(np.array(demand, float).reshape(-1, 2), crs=streets.crs, max_snap_m=max_snap)
    return nearest_facility(streets, f, d, limit_ms=round(seconds * 1000))


GRID = [[(x, y), (x + 100, y)] for x in range(0, 400, 100) for y in range(0, 500, 100)] + [
    [(x, y), (x, y + 100)] for x in range(0, 500, 100) for y in range(0, 400, 100)
]


def test_grid_town_by_hand():
    got = ask(town(GRID), [(0, 0), (400, 400)], [(0, 0), (30, 10), (250, 100), (200, 200), (150, 203)])
    # 30 along and 10 to the side; 250 + 100; a tie of 400 each goes to facility 0; 3 + 150 + 200 = 353
    assert got.seconds().tolist() == [0.0, 40.0, 350.0, 400.0, 353.0]
    assert got.facility.tolist() == [0, 0, 0, 0, 0]
    assert set(got.status) == {"ok"}


def test_a_point_at_exactly_the_limit_is_covered_and_a_millisecond_less_is_not():
    streets = town(GRID)
    assert ask(streets, [(0, 0)], [(250, 100)], seconds=350.0).status.tolist() == ["ok"]
    assert ask(streets, [(0, 0)], [(250, 100)], seconds=349.999).status.tolist() == ["beyond"]


def test_two_points_on_one_edge_go_straight_along_it():
    streets = town([[(0, 0), (1000, 0)], [(1000, 0), (1000, 1000)]])
    got = ask(streets, [(400, 0), (980, 0)], [(450, 0), (390, 0), (970, 0), (1000, 10)])
    assert got.seconds().tolist() == [50.0, 10.0, 10.0, 30.0]
    assert got.facility.tolist() == [0, 0, 1, 1]


def test_statuses():
    streets = town([[(0, 0), (100, 0)], [(5000, 0), (5100, 0)]])
    got = ask(streets, [(0, 0)], [(50, 0), (5050, 0), (50, 301), (50, 300)], seconds=300)
    assert got.status.tolist() == ["ok", "unreachable", "off_network", "beyond"]
    assert np.isnan(got.seconds()[1:]).all()
    assert got.facility.tolist() == [0, -1, -1, -1]


def test_no_facility_leaves_everyone_unreachable():
    assert ask(town(GRID), [], [(0, 0)]).status.tolist() == ["unreachable"]


def test_a_facility_off_the_network_serves_nobody():
    assert ask(town(GRID), [(0, -400)], [(0, 0)]).status.tolist() == ["unreachable"]


def test_one_way_binds_travel_from_demand_to_facility():
    ring = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]
    streets = town(ring, backward=[False] * 4)
    got = ask(streets, [(50, 0)], [(40, 0), (60, 0), (100, 0)])
    assert got.seconds().tolist() == [10.0, 390.0, 350.0]


def test_a_cycle_without_junction_is_walked_the_shorter_way():
    ring = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]
    got = ask(town(ring), [(10, 0)], [(0, 10), (100, 90), (60, 100)])
    assert got.seconds().tolist() == [20.0, 180.0, 170.0]


def test_parallel_edges_keep_the_least_and_their_own_geometry():
    lines = [[(0, 0), (50, 80), (100, 0)], [(0, 0), (100, 0)], [(100, 0), (200, 0)]]
    got = ask(town(lines), [(0, 0)], [(200, 0), (50, 80)])
    assert got.seconds()[0] == 200.0
    assert got.seconds()[1] == pytest.approx(np.hypot(50, 80), abs=1e-3)


def test_zero_length_edges_and_self_loops():
    lines = [[(0, 0), (100, 0)], [(100, 0), (160, 0), (160, 40), (100, 40), (100, 0)], [(100, 0), (100, 0)]]
    got = ask(town(lines), [(0, 0)], [(160, 40), (100, 0)])
    assert got.seconds().tolist() == [200.0, 100.0]


def test_slope_up_and_down_follow_tobler():
    up = town([[(0, 0, 0.0), (1000, 0, 100.0)]], mode=Mode("walk", "walk", 1.0, TOBLER, 0.4))
    climbing = ask(up, [(1000, 0)], [(0, 0)]).seconds()[0]
    falling = ask(up, [(0, 0)], [(1000, 0)]).seconds()[0]
    assert climbing == pytest.approx(1000 / np.exp(-3.5 * 0.15 + 0.175), abs=1e-3)
    assert falling == pytest.approx(1000 / np.exp(-3.5 * 0.05 + 0.175), abs=1e-3)


def test_cycling_slows_uphill_to_pushing_and_is_capped_downhill():
    rule = LinearCycling(0.0666, 0.0398, 3 / 3.6, 25 / 3.6)
    slope = np.array([0.0, 0.05, 0.3, -0.05, -0.4])
    speed = rule.speed(12 / 3.6, slope) * 3.6
    assert speed == pytest.approx([12.0, 12 * (1 - 0.333), 3.0, 12 * 1.199, 25.0])


def test_main_component_only_is_a_switch():
    streets = town([[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 50)], [(0, 50), (40, 50)]])
    point = np.array([[10.0, 45.0]])
    either = streets.snap(point, crs=CRS, max_snap_m=300)
    main = streets.snap(point, crs=CRS, max_snap_m=300, main_component_only=True)
    assert either.snapped_m.tolist() == [5.0]
    assert main.snapped_m.tolist() == [45.0]


@pytest.mark.real
def test_nearest_equals_networkx_on_wuhan(real_dir):
    """1,000 facilities, 20,000 demand points, every pair of statuses, ids and times to 0.05 s."""
    frame, _ = read_streets(real_dir / "wuhan" / "streets.parquet", keep_crs=True)
    frame = frame[frame["walk"]]
    rng = np.random.default_rng(20261122)
    shapes = frame.geometry.to_numpy()
    # Streets through two lines are removed, so that the city falls into separate components.
    xy = shapely.get_coordinates(shapes)
    x_cut, y_cut = np.quantile(xy[:, 0], 0.4), np.quantile(xy[:, 1], 0.55)
    bounds = shapely.bounds(shapes)
    crosses = (bounds[:, 0] <= x_cut) & (bounds[:, 2] >= x_cut) | (bounds[:, 1] <= y_cut) & (bounds[:, 3] >= y_cut)
    keep = ~crosses
    shapes, u, v = shapes[keep], frame["u"].to_numpy()[keep], frame["v"].to_numpy()[keep]
    every = {key: np.ones(len(shapes), bool) for key in ("walk", "cycle", "drive")}
    segments = segments_from_lines(
        shapes, crs=CRS, seg_id=np.arange(len(shapes)), u=u, v=v, forward=every, backward=every
    )
    speed = 4 / 3.6
    streets = build_streets(segments, Mode("walk", "walk", speed, None, 0.4))
    assert len(np.unique(streets.islands)) >= 4
    island = streets.islands[streets.chains.start[streets.chains.chain]]

    length = shapely.length(shapes)
    # Facilities in all but one of the larger components, so that "unreachable" occurs.
    left_out = np.argsort(np.bincount(island))[-2]
    serving = np.flatnonzero(island != left_out)
    f_row = rng.choice(serving, 1000, p=length[serving] / length[serving].sum())
    d_row = np.concatenate([rng.choice(len(shapes), 17_000, p=length / length.sum()), np.repeat(f_row, 3)])

    def near(rows, spread):
        base = shapely.line_interpolate_point(shapes[rows], rng.random(len(rows)), normalized=True)
        return shapely.get_coordinates(base) + rng.normal(0, 1, (len(rows), 2)) * spread[:, None]

    facilities = near(f_row, rng.choice([0.0, 20.0, 60.0], 1000))
    demand = near(d_row, rng.choice([0.0, 5.0, 40.0, 150.0, 400.0], len(d_row)))
    assert len(demand) == 20_000

    limit_s = 2400.0
    got = nearest_facility(
        streets,
        streets.snap(facilities, crs=CRS, max_snap_m=300),
        streets.snap(demand, crs=CRS, max_snap_m=300),
        limit_ms=round(limit_s * 1000),
    )
    seconds = list(length / speed)
    want, serving, on, graph, f_access, d_access = nearest_reference(
        shapes, u, v, seconds, seconds, shapely.points(facilities), shapely.points(demand),
        speed_mps=speed, max_snap=300,
    )  # fmt: skip
    edge = np.isfinite(want) & (np.abs(want - limit_s) < 0.05)
    status = np.where(
        ~on, "off_network", np.where(np.isnan(want), "unreachable", np.where(want <= limit_s, "ok", "beyond"))
    )
    assert {"ok", "beyond", "unreachable", "off_network"} <= set(status)
    assert (got.status == status)[~edge].all()
    ok = (got.status == "ok") & (status == "ok")
    off_by = np.abs(got.seconds()[ok] - want[ok])
    print(f"\n{ok.sum():,} pairs, largest difference {off_by.max() * 1000:.1f} ms, mean {off_by.mean() * 1000:.2f} ms")
    assert off_by.max() <= 0.05
    # The facility named attains the time, for every pair: it is the reference's own, or ties with it.
    differs = np.flatnonzero(ok & (got.facility != serving))
    print(f"{len(differs)} pairs name another facility than the reference: near ties")
    assert len(differs) < 0.01 * ok.sum()
    for i in differs:
        total = seconds_from_demand(graph, int(i))[int(got.facility[i])] + f_access[got.facility[i]] + d_access[i]
        assert total <= want[i] + 0.05
