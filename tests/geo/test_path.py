"""The way to the nearest facility: by hand on a few streets, and on random ones against the field and networkx."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.modes import mode
from data.network import segments_from_frame
from data.read.streets import read_streets
from geo.kernels import NEVER
from geo.path import trace_path, ways_of
from geo.reach import field_to_facilities, read_field
from geo.streets import build_streets
from geo.travel import BLOCKED, Mode
from tests.geo.test_reach import GRID, TOBLER, town
from tests.oracle import nearest_reference
from tests.properties.test_reach_properties import HILLY, LEVEL, SPEED, build, places, quick, towns

ANY = int(NEVER) - 1
HILLY_WALK = Mode("walk", "walk", 1.0, TOBLER, 0.4)


def snapped(streets, xy, max_snap=300.0):
    return streets.snap(np.array(xy, float).reshape(-1, 2), crs=streets.crs, max_snap_m=max_snap)


def way(streets, facilities, home, *, limit=ANY):
    f, h = snapped(streets, facilities), snapped(streets, [home])
    return trace_path(field_to_facilities(streets, f, limit_ms=limit), f, h, 0, ways_of(streets))


def test_two_streets_and_a_corner_by_hand():
    streets = town([[(0, 0), (1000, 0)], [(1000, 0), (1000, 400)]])
    path = way(streets, [(1000, 310)], (200, 7))
    # 7 to the street, 800 along it, 310 up the next one
    assert (path.access_ms, path.ms.tolist(), path.place_access_ms) == (7000, [800_000, 310_000], 0)
    assert path.seg_id.tolist() == [0, 1]
    assert path.length_m.tolist() == [800.0, 310.0]
    assert (path.start.tolist(), path.end.tolist()) == ([0.2, 0.0], [1.0, 0.775])
    assert path.street_xy().tolist() == [[200, 0], [1000, 0], [1000, 310]]
    assert np.isnan(path.climb_m).all()


def test_a_street_travelled_from_its_end_is_drawn_that_way():
    path = way(town([[(0, 0), (500, 0), (1000, 0)]]), [(100, 0)], (900, 0))
    assert (path.start.tolist(), path.end.tolist(), path.ms.tolist()) == ([0.9], [0.1], [800_000])
    assert path.street_xy().tolist() == [[900, 0], [500, 0], [100, 0]]


def test_a_one_way_street_is_gone_round():
    lines = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]
    streets = town(lines, forward=[True] * 4, backward=[False] * 4)
    path = way(streets, [(20, 0)], (60, 0))
    assert path.seg_id.tolist() == [0, 1, 2, 3, 0]
    assert path.ms.tolist() == [40_000, 100_000, 100_000, 100_000, 20_000]
    assert way(town(lines), [(20, 0)], (60, 0)).ms.tolist() == [40_000]


def test_standing_at_the_facility_is_a_way_without_length():
    path = way(town(GRID), [(100, 0)], (100, 0))
    assert (path.travel_ms, len(path.ms), path.street_xy().tolist()) == (0, 0, [])


def test_nothing_is_found_beyond_the_limit_off_the_network_or_on_an_island():
    streets = town([[(0, 0), (1000, 0)], [(5000, 0), (5100, 0)]])
    assert way(streets, [(0, 0)], (900, 0), limit=899_999) is None
    assert way(streets, [(0, 0)], (900, 0), limit=900_000).travel_ms == 900_000
    assert way(streets, [(0, 0)], (500, 301)) is None
    assert way(streets, [(0, 0)], (5050, 0)) is None


def test_climb_and_descent_are_those_of_the_travelled_part():
    streets = town([[(0, 0, 0), (100, 0, 10), (200, 0, 0)], [(200, 0, 0), (300, 0, 40)]], mode=HILLY_WALK)
    path = way(streets, [(250, 0)], (50, 0))
    assert path.climb_m.tolist() == [5.0, 20.0]
    assert path.descent_m.tolist() == [10.0, 0.0]
    back = way(streets, [(50, 0)], (250, 0))
    assert (back.climb_m.tolist(), back.descent_m.tolist()) == ([0.0, 10.0], [20.0, 5.0])


def test_where_one_is_after_a_time():
    path = way(town([[(0, 0), (1000, 0)], [(1000, 0), (1000, 400)]]), [(1000, 310)], (200, 7))
    xy, gone = path.at(7_000 + 900_000)
    assert (xy.tolist(), gone) == ([1000.0, 100.0], 900.0)
    assert path.at(6_999) is None
    assert path.at(path.travel_ms + 1) is None


def test_streets_of_no_duration_do_not_lead_in_circles():
    """Pieces under half a millimetre cost 0 ms: a ring of them has one time throughout."""
    tiny = 1e-4
    ring = [[(0, 0), (tiny, 0)], [(tiny, 0), (tiny, tiny)], [(tiny, tiny), (0, tiny)], [(0, tiny), (0, 0)]]
    spokes = [[(tiny, tiny), (tiny, 50)], [(0, 0), (-50, 0)], [(tiny, 0), (90, 0)]]
    path = way(town([*ring, *spokes]), [(tiny, 50)], (-50, 0))
    assert path.travel_ms == 100_000
    assert path.seg_id[[0, -1]].tolist() == [5, 4]
    joined(path, [(-50, 0)], [(tiny, 50)])


def joined(path, home, facility):
    """The way begins and ends where it should, without a gap on the way."""
    assert np.allclose(path.lines[0][0], home, atol=1e-6)
    assert np.allclose(path.lines[-1][-1], facility, atol=1e-6)
    for one, other in zip(path.lines[:-1], path.lines[1:], strict=True):
        assert np.allclose(one[-1], other[0], atol=1e-6)


def check(streets, facilities, homes, limit):
    """Every way has the field's time and facility, is joined up, and goes where one may; returns how many there are."""
    f, h = snapped(streets, facilities, 120.0), snapped(streets, homes, 120.0)
    field, ways = field_to_facilities(streets, f, limit_ms=limit), ways_of(streets)
    got, count = read_field(field, h), 0
    lines = streets.lines
    for k in range(len(h)):
        path = trace_path(field, f, h, k, ways)
        assert (path is None) == (got.facility[k] < 0)
        if path is None:
            continue
        count += 1
        assert path.travel_ms == got.travel_ms[k]
        assert path.facility == got.facility[k]
        assert (path.access_ms, path.place_access_ms) == (h.access_ms[k], f.access_ms[path.facility])
        assert (path.ms >= 0).all()
        if path.lines:
            begin, end = (
                shapely.get_coordinates(shapely.line_interpolate_point(lines[s.segment[i]], s.fraction[i], normalized=True))
                for s, i in ((h, k), (f, path.facility))
            )  # fmt: skip
            joined(path, begin, end)
        cost = np.where(path.end > path.start, streets.forward_ms[path.segment], streets.backward_ms[path.segment])
        open_ = cost != BLOCKED
        # against a one-way only where two places are one to the millisecond
        assert (path.ms[~open_] == 0).all()
        share = np.abs(path.end - path.start)
        assert (np.abs(path.ms - share * cost)[open_ & (path.ms > 0)] <= 1.0).all()
    return count


@quick
@given(towns(), places, places, st.sampled_from([300_000, ANY]), st.sampled_from([LEVEL, HILLY]))
def test_every_way_is_the_field_s_own(drawn, facilities, homes, limit, mode):
    check(build(drawn, mode), facilities, homes, limit)


@quick
@given(towns(), places, places)
def test_costs_what_networkx_says(drawn, facilities, homes):
    lines, u, v, f, b = drawn
    streets = build(drawn)
    length = shapely.length(lines) / SPEED
    want, *_ = nearest_reference(
        lines, u, v,
        [s if ok else None for s, ok in zip(length, f, strict=True)],
        [s if ok else None for s, ok in zip(length, b, strict=True)],
        shapely.points(np.array(facilities, float)), shapely.points(np.array(homes, float)),
        speed_mps=SPEED, max_snap=120.0,
    )  # fmt: skip
    fs, hs = snapped(streets, facilities, 120.0), snapped(streets, homes, 120.0)
    field, ways = field_to_facilities(streets, fs, limit_ms=ANY), ways_of(streets)
    for k, seconds in enumerate(want):
        path = trace_path(field, fs, hs, k, ways)
        assert (path is None) == bool(np.isnan(seconds))
        if path is not None:
            assert path.travel_ms / 1000 == pytest.approx(seconds, abs=0.05)
            metres = hs.snapped_m[k] + path.length_m.sum() + fs.snapped_m[path.facility]
            assert metres / SPEED == pytest.approx(seconds, abs=0.05)


def test_a_city_s_ways(real_dir):
    frame, _ = read_streets(real_dir / "wuhan" / "streets.parquet", keep_crs=True)
    streets = build_streets(segments_from_frame(frame, frame.crs.to_string()), mode("walk"))
    rng = np.random.default_rng(5)
    at = streets.node_xy[rng.choice(len(streets.node_xy), 260, replace=False)] + rng.uniform(-50, 50, (260, 2))
    assert check(streets, at[:60], at[60:], ANY) == 200
