"""Barriers, closed and added streets, by hand on small towns; cuts keep what they cut."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.edits import AddedStreet, Barrier, edit_streets
from geo.errors import InputError, ParameterError
from geo.reach import nearest_facility
from geo.segments import segments_from_lines
from geo.streets import build_streets
from geo.travel import Mode, Tobler, segment_costs

CRS = "EPSG:4544"
WALK = Mode("walk", "walk", 1.0, None, 0.4)
ALL = frozenset({"walk", "cycle", "drive"})


def town(lines, *, deck=None, both=None, highway=None, seg_id=None):
    shapes = np.array([shapely.LineString(xy) for xy in lines], dtype=object)
    ends = np.array([[xy[0][:2], xy[-1][:2]] for xy in lines], dtype=float).reshape(-1, 2)
    node = np.unique(ends, axis=0, return_inverse=True)[1].reshape(-1, 2)
    every = np.ones(len(lines), bool)
    f = dict.fromkeys(sorted(ALL), every)
    b = {key: every if both is None else np.array(both) for key in sorted(ALL)}
    return segments_from_lines(
        shapes, crs=CRS, seg_id=np.arange(len(lines)) if seg_id is None else np.array(seg_id), u=node[:, 0],
        v=node[:, 1], forward=f, backward=b, deck=deck, highway=highway,
    )  # fmt: skip


def seconds(segments, facility, demand, mode=WALK):
    """Seconds from each demand point to the facility, NaN where it cannot be reached."""
    streets = build_streets(segments, mode)
    at = streets.snap(np.array([facility], float), crs=CRS, max_snap_m=300)
    homes = streets.snap(np.array(demand, float), crs=CRS, max_snap_m=300)
    return nearest_facility(streets, at, homes, limit_ms=10_000_000).seconds().tolist()


def edit(segments, *, max_join_m=10.0, **edits):
    return edit_streets(segments, max_join_m=max_join_m, **edits)


def line(*xy):
    return shapely.LineString(xy)


# two squares of 100 m side by side
LADDER = [
    [(0, 0), (100, 0)], [(100, 0), (200, 0)], [(0, 100), (100, 100)], [(100, 100), (200, 100)],
    [(0, 0), (0, 100)], [(100, 0), (100, 100)], [(200, 0), (200, 100)],
]  # fmt: skip


def test_nothing_edited_is_the_same_network():
    base = town(LADDER)
    got = edit(base)
    assert got.segments.seg_id.tolist() == base.seg_id.tolist()
    assert got.origin.tolist() == list(range(7))
    assert not got.drawn.any()


def test_a_barrier_is_walked_round():
    got = edit(town(LADDER), barriers=[Barrier(line((50, -10), (50, 60)))])
    assert got.cuts == 1
    # from (60, 0) to (40, 0): 40 east, 100 up, 100 west, 100 down, 40 east
    assert seconds(got.segments, (40, 0), [(60, 0), (45, 0), (0, 0)]) == [380.0, 5.0, 40.0]


def test_a_barrier_through_everything_parts_the_town():
    got = edit(town(LADDER), barriers=[Barrier(line((50, -10), (50, 110)))])
    assert got.cuts == 2
    assert np.isnan(seconds(got.segments, (40, 0), [(60, 0)]))[0]
    assert seconds(got.segments, (40, 0), [(40, 100)]) == [180.0]


def test_bridges_lead_over_a_barrier_only_if_told_so():
    base = town(LADDER, deck=np.array([True] + [False] * 6))
    wall = line((50, -10), (50, 110))
    assert np.isnan(seconds(edit(base, barriers=[Barrier(wall)]).segments, (40, 0), [(60, 0)]))[0]
    over = edit(base, barriers=[Barrier(wall, spares_decks=True)])
    assert over.cuts == 1
    assert seconds(over.segments, (40, 0), [(60, 0), (40, 100)]) == [20.0, 180.0]
    assert seconds(over.segments, (40, 100), [(60, 100)]) == [40 + 100 + 100 + 100 + 40]


def test_a_barrier_through_a_junction_lets_nobody_pass_it():
    got = edit(town(LADDER), barriers=[Barrier(line((90, -10), (110, 10)))])
    assert got.cuts == 3
    # east, up, the whole upper row back, down, east again; and up, half the upper row, down, east
    assert seconds(got.segments, (90, 0), [(110, 0), (100, 10)]) == [90 + 400 + 90, 90 + 200 + 90]


def test_a_barrier_along_a_street_closes_that_part():
    got = edit(town([[(0, 0), (100, 0)]]), barriers=[Barrier(line((20, 0), (60, 0)))])
    lengths = got.segments.length_m.tolist()
    assert lengths == [20.0, 40.0, 40.0]
    assert got.segments.forward["walk"].tolist() == [True, False, True]
    assert np.isnan(seconds(got.segments, (10, 0), [(90, 0)]))[0]


def test_a_street_that_turns_back_is_cut_at_every_pass():
    got = edit(town([[(0, 0), (100, 0), (100, 10), (0, 10)]]), barriers=[Barrier(line((50, -5), (50, 15)))])
    assert got.segments.length_m.tolist() == [50.0, 110.0, 50.0]
    assert got.cuts == 2


def test_a_barrier_through_a_bend_cuts_once():
    got = edit(town([[(0, 0), (50, 0), (50, 50)]]), barriers=[Barrier(line((40, 10), (60, -10)))])
    assert got.segments.length_m.tolist() == [50.0, 50.0]
    assert len(np.unique(np.concatenate([got.segments.u, got.segments.v]))) == 4


def test_parts_keep_elevation_direction_class_and_ids():
    base = town(
        [[(0, 0, 0), (100, 0, 10), (200, 0, 10)], [(200, 0, 10), (300, 0, 0)]], both=[False, True],
        highway=np.array(["primary", None], dtype=object), seg_id=[4, 9],
    )  # fmt: skip
    got = edit(base, barriers=[Barrier(line((50, -1), (50, 1))), Barrier(line((150, -1), (150, 1)))]).segments
    assert got.seg_id.tolist()[0] == 9
    assert (np.diff(got.seg_id) > 0).all()
    assert got.z.tolist() == [10, 0, 0, 5, 5, 10, 10, 10, 10]
    assert [got.classes[k] for k in got.highway] == ["", "primary", "primary", "primary"]
    assert got.backward["walk"].tolist() == [True, False, False, False]
    mode = Mode("walk", "walk", 1.0, Tobler(3.5, -0.05), 0.4)
    whole, parts = segment_costs(base, mode)[0], segment_costs(got, mode)[0]
    assert abs(int(whole[0]) - int(parts[1:].sum())) <= 2


def test_a_closed_street_is_walked_round_and_stays_in_the_network():
    got = edit(town(LADDER), closed=[0])
    assert len(got.segments) == 7
    assert seconds(got.segments, (100, 0), [(0, 0)]) == [300.0]


def test_an_added_street_joins_nodes_and_cuts_what_it_meets():
    short = AddedStreet(line((50, 3), (50, 96)), ALL, ALL)
    got = edit(town(LADDER), added=[short])
    assert got.loose_ends == ()
    assert got.drawn.tolist() == [False] * 9 + [True]
    assert sorted(got.segments.length_m.tolist()) == [50.0] * 4 + [100.0] * 6
    assert seconds(got.segments, (50, 0), [(50, 100), (60, 100), (0, 100)]) == [100.0, 110.0, 150.0]
    to_node = edit(town(LADDER), added=[AddedStreet(line((0, 0), (100, 100)), ALL, ALL)])
    assert len(to_node.segments) == 8
    assert seconds(to_node.segments, (0, 0), [(100, 100)]) == [round(np.hypot(100, 100), 3)]


def test_an_added_street_may_be_one_way_and_not_for_all():
    lane = AddedStreet(line((0, 0), (100, 100)), frozenset({"drive"}), frozenset())
    got = edit(town(LADDER), added=[lane]).segments
    drive = Mode("car", "drive", 1.0, None, 0.4)
    assert seconds(got, (100, 100), [(0, 0)], drive) == [141.421]
    assert seconds(got, (0, 0), [(100, 100)], drive) == [200.0]
    assert seconds(got, (100, 100), [(0, 0)]) == [200.0]


def test_crossings_join_only_if_told_so():
    cross = [[(0, 50), (100, 50)], [(0, 0), (0, 50)]]
    over = AddedStreet(line((50, 0), (50, 100)), ALL, ALL)
    apart = edit(town(cross), added=[over])
    assert apart.loose_ends == ((0, 0), (0, 1))
    assert np.isnan(seconds(apart.segments, (50, 0), [(0, 50)]))[0]
    met = edit(town(cross), added=[AddedStreet(over.line, ALL, ALL, joins_crossings=True)])
    assert seconds(met.segments, (50, 0), [(0, 50), (100, 50), (50, 100)]) == [100.0, 100.0, 100.0]
    assert sorted(met.segments.length_m.tolist()) == [50.0] * 5


def test_bridges_are_not_met_on_the_way():
    cross = town([[(0, 50), (100, 50)]], deck=np.array([True]))
    under = AddedStreet(line((50, 45), (50, 100)), ALL, ALL, joins_crossings=True)
    assert edit(cross, added=[under]).loose_ends == ((0, 0), (0, 1))
    bridge = AddedStreet(line((50, 45), (50, 100)), ALL, ALL, deck=True)
    assert edit(cross, added=[bridge]).loose_ends == ((0, 1),)


def test_added_streets_meet_one_another_and_barriers_cut_them():
    first, second = line((0, 200), (200, 200)), line((50, 100), (50, 195))
    added = [AddedStreet(first, ALL, ALL), AddedStreet(second, ALL, ALL)]
    got = edit(town(LADDER), added=added)
    assert got.loose_ends == ((0, 0), (0, 1))
    assert seconds(got.segments, (50, 100), [(0, 200)]) == [150.0]
    assert sorted(got.origin[got.drawn].tolist()) == [0, 0, 1]
    cut = edit(town(LADDER), added=added, barriers=[Barrier(line((0, 150), (200, 150)))])
    assert np.isnan(seconds(cut.segments, (50, 100), [(0, 200)]))[0]


def test_a_closed_street_is_not_joined():
    got = edit(town([[(0, 0), (100, 0)]]), closed=[0], added=[AddedStreet(line((50, 1), (50, 90)), ALL, ALL)])
    assert got.loose_ends == ((0, 0), (0, 1))


def test_an_added_street_rises_evenly_between_what_it_joins():
    base = town([[(0, 0, 10), (0, 100, 30)], [(100, 0, 40), (100, 100, 40)]])
    got = edit(base, added=[AddedStreet(line((1, 50), (40, 50), (99, 50)), ALL, ALL)]).segments
    assert got.z[got.starts[-2] :].tolist() == pytest.approx([20, 28, 40])
    own = AddedStreet(shapely.LineString([(0, 50, 5), (100, 50, 6)]), ALL, ALL)
    assert edit(base, added=[own]).segments.z[-2:].tolist() == [5, 6]


def test_all_faults_are_named_at_once():
    base = town(LADDER)
    with pytest.raises(InputError) as caught:
        edit(
            base,
            closed=[0, 99],
            added=[AddedStreet(line((0, 0), (0, 0)), frozenset({"fly"}), ALL)],
            barriers=[Barrier(shapely.Point(0, 0))],
        )
    assert [(one.code, one.column) for one in caught.value.faults] == [
        ("unknown_street", "closed"), ("line", "added"), ("line", "barriers"), ("access", "added"),
    ]  # fmt: skip
    with pytest.raises(InputError):
        edit(base, added=[AddedStreet(line((50, 1), (50, -1)), ALL, ALL)])
    with pytest.raises(ParameterError):
        edit(base, max_join_m=-1.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-20, 220), st.integers(-20, 120)), min_size=2, max_size=5, unique=True))
def test_a_barrier_never_shortens_a_way_and_cuts_lose_no_length(points):
    base = town(LADDER)
    got = edit(base, barriers=[Barrier(shapely.LineString(points))]).segments
    assert got.length_m.sum() == pytest.approx(base.length_m.sum(), abs=1e-6)
    homes = [(10, 0), (150, 0), (200, 50), (30, 100), (100, 30)]
    before, after = seconds(base, (0, 50), homes), seconds(got, (0, 50), homes)
    assert all(np.isnan(b) or b >= a - 0.005 for a, b in zip(before, after, strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-20, 220), st.integers(-20, 120)), min_size=2, max_size=4, unique=True),
    st.booleans(),
)
def test_an_added_street_never_lengthens_a_way(points, joins):
    base = town(LADDER)
    drawn = AddedStreet(shapely.LineString(points), ALL, ALL, joins_crossings=joins)
    got = edit(base, added=[drawn], max_join_m=0.5)
    old = got.segments.take(np.flatnonzero(~got.drawn))
    assert old.length_m.sum() == pytest.approx(base.length_m.sum(), abs=1e-6)
    assert got.segments.length_m[got.drawn].sum() == pytest.approx(drawn.line.length, abs=1.0)
    homes = [(0, 0), (200, 0), (200, 100), (0, 100), (100, 100)]
    before, after = seconds(base, (100, 0), homes), seconds(got.segments, (100, 0), homes)
    assert all(b <= a + 0.005 for a, b in zip(before, after, strict=True))


def test_a_barrier_along_part_of_a_slanted_street_closes_that_part():
    rng = np.random.default_rng(4)
    for _ in range(50):
        a, b = rng.uniform(0, 1000, (2, 2))
        line = shapely.LineString([a, b])
        streets = segments_from_lines(
            np.array([line], dtype=object), crs="EPSG:4544", seg_id=np.array([0]), u=np.array([0]), v=np.array([1]),
            forward={"walk": np.array([True])}, backward={"walk": np.array([True])},
        )  # fmt: skip
        along = shapely.LineString([line.interpolate(f, normalized=True) for f in (0.3, 0.7)])
        crossing = shapely.affinity.rotate(along, 90, origin=line.interpolate(0.5, normalized=True))
        got = edit_streets(streets, barriers=[Barrier(crossing), Barrier(along)], max_join_m=1.0)
        open_m = got.segments.length_m[got.segments.forward["walk"]].sum()
        assert open_m == pytest.approx(0.6 * line.length, rel=1e-3)
