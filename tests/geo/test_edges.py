"""Reached parts of streets: by hand, and against dense samples of the time field."""

import numpy as np
import pytest
import shapely

from geo.edges import reached_parts
from geo.errors import ParameterError
from geo.outward import field_from_facilities, read_outward
from geo.reach import field_to_facilities, read_field
from geo.streets import Snapped
from tests.geo.test_reach import GRID, town


def snapped(streets, places, max_snap=300.0):
    return streets.snap(np.array(places, float).reshape(-1, 2), crs=streets.crs, max_snap_m=max_snap)


def parts(streets, places, seconds):
    got = reached_parts(field_to_facilities(streets, snapped(streets, places), limit_ms=round(seconds * 1000)))
    return [(int(s), round(a, 6), round(b, 6)) for s, a, b in zip(got.segment, got.start, got.end, strict=True)]


def test_a_segment_reached_from_both_ends_has_a_gap_in_the_middle():
    streets = town([[(0, 0), (100, 0)], [(100, 0), (300, 0)], [(300, 0), (300, 100)]])
    assert parts(streets, [(0, 0), (300, 100)], 150) == [(0, 0, 1), (1, 0, 0.25), (1, 0.75, 1), (2, 0, 1)]


def test_parts_that_just_meet_are_one():
    streets = town([[(0, 0), (100, 0)], [(100, 0), (300, 0)], [(300, 0), (300, 100)]])
    assert parts(streets, [(0, 0), (300, 100)], 200) == [(0, 0, 1), (1, 0, 1), (2, 0, 1)]


def test_a_facility_on_a_segment_reaches_both_ways_less_its_access_leg():
    streets = town([[(0, 0), (100, 0)]])
    assert parts(streets, [(50, 10)], 30) == [(0, 0.3, 0.7)]
    assert parts(streets, [(50, 10)], 10) == []
    assert parts(streets, [(20, 0), (80, 0)], 10) == [(0, 0.1, 0.3), (0, 0.7, 0.9)]


def test_one_way_reaches_upstream_only_and_outward_downstream_only():
    streets = town([[(0, 0), (100, 0)], [(100, 0), (200, 0)]], backward=[False, False])
    at = snapped(streets, [(150, 0)])
    towards = reached_parts(field_to_facilities(streets, at, limit_ms=80_000))
    away = reached_parts(field_from_facilities(streets, at, limit_ms=30_000))
    assert [towards.segment.tolist(), towards.start.round(6).tolist(), towards.end.round(6).tolist()] == [
        [0, 1],
        [0.7, 0],
        [1, 0.5],
    ]
    assert [away.segment.tolist(), away.start.round(6).tolist(), away.end.round(6).tolist()] == [[1], [0.5], [0.8]]


def test_lines_keep_the_vertices_between_and_measure_up():
    streets = town([[(0, 0), (30, 0), (30, 40), (100, 40)]])
    got = reached_parts(field_to_facilities(streets, snapped(streets, [(0, 0)]), limit_ms=90_000))
    assert shapely.get_coordinates(got.lines()[0]).round(6).tolist() == [[0, 0], [30, 0], [30, 40], [50, 40]]
    assert got.length_m().round(6).tolist() == [90.0]


def test_nothing_reached_gives_no_lines_and_a_limit_beyond_the_field_is_refused():
    streets = town(GRID)
    field = field_to_facilities(streets, snapped(streets, [(0, -400)]), limit_ms=1000)
    assert len(reached_parts(field)) == 0
    assert reached_parts(field).lines().tolist() == []
    with pytest.raises(ParameterError):
        reached_parts(field, limit_ms=1001)


@pytest.mark.parametrize("seed", range(12))
def test_dense_samples_agree(seed):
    """Every sample not within 2 ms of the limit lies in a part exactly when it is reached, both ways."""
    rng = np.random.default_rng(seed)
    nodes = rng.uniform(0, 600, (14, 2))
    pick = rng.integers(0, 14, (30, 2))
    lines = [[tuple(nodes[a]), tuple(rng.uniform(0, 600, 2)), tuple(nodes[b])] for a, b in pick]
    streets = town(lines, forward=rng.random(30) < 0.8, backward=rng.random(30) < 0.8)
    places = snapped(streets, rng.uniform(0, 600, (5, 2)))
    used = len(streets.rows)
    segment, fraction = np.repeat(np.arange(used), 201), np.tile(np.linspace(0, 1, 201), used)
    zero = np.zeros(len(segment))
    points = Snapped(zero == 0, segment, fraction, zero, zero.astype(np.int32))
    limit = 200_000
    for make, read in ((field_to_facilities, read_field), (field_from_facilities, read_outward)):
        got = reached_parts(make(streets, places, limit_ms=limit))
        inside = np.zeros(len(segment), bool)
        for s, a, b in zip(got.segment, got.start, got.end, strict=True):
            inside |= (segment == s) & (fraction >= a) & (fraction <= b)
        ms = read(make(streets, places, limit_ms=limit + 2), points).travel_ms
        # A point exactly at a junction may use what leaves it, however short the part it is the end of.
        sure = (np.abs(ms - limit) > 2) & (fraction > 0) & (fraction < 1)
        assert ((ms <= limit) == inside)[sure].all()
        assert inside.any()
        assert np.allclose(shapely.length(got.lines()), got.length_m())
