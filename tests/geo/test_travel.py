"""Costs of single streets by hand: road classes, limits, steps, steep ramps, motors uphill, barrier nodes."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from scipy.optimize import brentq

from geo.cuts import part_closed_nodes
from geo.reach import nearest_facility
from geo.segments import segments_from_lines
from geo.streets import build_streets
from geo.travel import BLOCKED, GradeLimit, LinearCycling, Mode, PowerLimited, Tobler, segment_costs

CRS = "EPSG:4544"
CAR = Mode("car", "drive", 5.0, None, 0.4, class_mps=(("primary", 20.0), ("service", 4.0)), closed=frozenset({"path"}))


def streets(*lines, highway=None, maxspeed=None, **more):
    shapes = np.array([shapely.LineString(xy) for xy in lines], dtype=object)
    ends = np.array([[xy[0][:2], xy[-1][:2]] for xy in lines], dtype=float).reshape(-1, 2)
    node = np.unique(ends, axis=0, return_inverse=True)[1].reshape(-1, 2)
    every = {key: np.ones(len(lines), bool) for key in ("walk", "cycle", "drive")}
    return segments_from_lines(
        shapes, crs=CRS, seg_id=np.arange(len(lines)), u=node[:, 0], v=node[:, 1], forward=every, backward=every,
        highway=None if highway is None else np.array(highway, dtype=object),
        maxspeed_mps=None if maxspeed is None else np.array(maxspeed, dtype=float), **more,
    )  # fmt: skip


def row(*heights, step=100.0):
    """One straight street with a vertex every ``step`` metres at the heights given."""
    return [(k * step, 0.0, z) for k, z in enumerate(heights)]


def test_motors_go_by_class_and_by_the_limit_where_it_is_lower():
    flat = [[(0, y), (1000, y)] for y in range(5)]
    town = streets(
        *flat, highway=["primary", "service", "path", None, "primary"], maxspeed=[np.nan, 30.0, np.nan, 2.0, 10.0]
    )
    forward, backward = segment_costs(town, CAR)
    assert forward.tolist() == [50_000, 250_000, BLOCKED, 500_000, 100_000]
    assert backward.tolist() == forward.tolist()


def test_without_classes_or_limits_a_motor_has_its_flat_speed():
    forward, _ = segment_costs(streets([(0, 0), (1000, 0)]), CAR)
    assert forward.tolist() == [200_000]


def test_classes_follow_the_order_of_ids():
    lines = np.array([shapely.LineString([(0, y), (100, y)]) for y in range(3)], dtype=object)
    every = {key: np.ones(3, bool) for key in ("walk", "cycle", "drive")}
    got = segments_from_lines(
        lines, crs=CRS, seg_id=np.array([7, 3, 5]), u=np.array([0, 2, 4]), v=np.array([1, 3, 5]),
        forward=every, backward=every, highway=np.array(["a", None, "c"], dtype=object), maxspeed_mps=np.arange(3.0),
    )  # fmt: skip
    assert [got.classes[k] for k in got.highway] == ["", "c", "a"]
    assert got.maxspeed_mps.tolist() == [1.0, 2.0, 0.0]


def test_a_wheelchair_takes_no_steps_and_no_long_ramp_up_or_down():
    chair = Mode("wheelchair", "walk", 1.0, None, 0.4, closed=frozenset({"steps"}), grade=GradeLimit(0.08, 10.0))
    town = streets(
        row(0, 0), row(0, 9), row(9, 0), row(0, 8), row(0, 0, 0.9, 0.9, step=9.0), row(0, 0, 0.5, 1.0, 1.0, step=5.0),
        highway=["steps", "", "", "", "", ""],
    )  # fmt: skip
    forward, backward = segment_costs(town, chair)
    # steps; 9 % up; 9 % down; 8 % is allowed; 10 % for 9 m is short; 10 % for twice 5 m at one stretch is not
    assert (forward == BLOCKED).tolist() == [True, True, True, False, False, True]
    assert (backward == BLOCKED).tolist() == [True, True, True, False, False, True]
    assert forward[3] == 100_000
    level, _ = segment_costs(town, chair.level())
    assert (level == BLOCKED).tolist() == [True, False, False, False, False, False]


def test_steep_ends_of_two_streets_are_not_one_stretch():
    chair = Mode("wheelchair", "walk", 1.0, None, 0.4, grade=GradeLimit(0.08, 10.0))
    town = streets([(0, 0, 0), (50, 0, 0), (56, 0, 1)], [(56, 0, 1), (62, 0, 2), (99, 0, 2)])
    assert (segment_costs(town, chair)[0] != BLOCKED).all()


def test_a_motor_climbs_at_what_its_power_allows():
    rule = PowerLimited(watts_per_kg=5.0, rolling=0.008, drag_per_m=0.0002, least_mps=0.5)
    slope = np.array([-0.1, 0.0, 0.01, 0.04, 0.1, 0.4])
    got = rule.speed(15.0, slope)
    want = [
        min(15.0, brentq(lambda v, s=s: 9.80665 * (s + 0.008) * v + 0.0002 * v**3 - 5.0, 1e-3, 99.0)) if s > 0 else 15.0
        for s in slope
    ]
    assert got == pytest.approx(want, rel=1e-9)
    assert got[2] == 15.0
    assert (np.diff(got[2:]) < 0).all()
    weak = replace(rule, watts_per_kg=0.01)
    assert weak.speed(15.0, np.array([0.1])).tolist() == [0.5]
    assert weak.speed(0.3, np.array([0.1])).tolist() == [0.3]


@pytest.mark.parametrize(
    "rule", [Tobler(3.5, -0.05), LinearCycling(0.0666, 0.0398, 0.8, 7.0), PowerLimited(5.0, 0.008, 0.0002, 0.0)]
)
def test_every_rule_takes_a_speed_for_each_piece(rule):
    slope, flat = np.array([-0.2, 0.0, 0.2]), np.array([2.0, 3.0, 5.0])
    one_by_one = [rule.speed(float(v), np.array([s]))[0] for v, s in zip(flat, slope, strict=True)]
    assert rule.speed(flat, slope).tolist() == one_by_one
    assert rule.speed(flat, slope)[1] == 3.0


def test_a_bollard_stops_those_it_bars_and_nobody_else():
    lines = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 100)]]
    bars = {"drive": np.array([False, True, False])}
    town = streets(*lines, barred_u=bars)
    walk, drive = Mode("walk", "walk", 1.0, None, 0.4), Mode("car", "drive", 1.0, None, 0.4)

    def status(mode):
        found = build_streets(part_closed_nodes(town, mode.access), mode)
        place = found.snap(np.array([[0.0, 0.0]]), crs=CRS, max_snap_m=1.0)
        homes = found.snap(np.array([[90.0, 0.0], [110.0, 0.0], [100.0, 10.0]]), crs=CRS, max_snap_m=1.0)
        return nearest_facility(found, place, homes, limit_ms=3_600_000).status.tolist()

    assert status(walk) == ["ok", "ok", "ok"]
    assert status(drive) == ["ok", "unreachable", "unreachable"]
    assert part_closed_nodes(town, "walk") is town


def test_taking_rows_carries_every_field():
    lines = [row(0, 1), [(0, 0, 1), (5, 5, 2), (9, 9, 3)], row(2, 2)]
    town = streets(
        *lines, highway=["a", "b", "c"], maxspeed=[1, 2, 3], barred_v={"drive": np.array([True, False, True])}
    )
    got = town.take(np.array([2, 1]))
    assert got.seg_id.tolist() == [2, 1]
    assert got.z.tolist() == [2, 2, 1, 2, 3]
    assert got.starts.tolist() == [0, 2, 5]
    assert got.maxspeed_mps.tolist() == [3, 2]
    assert got.barred_v["drive"].tolist() == [True, False]
    assert [got.classes[k] for k in got.highway] == ["c", "b"]
