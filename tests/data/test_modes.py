"""Modes from the tables: every number has a source, and on real mountains they do what their formulas say."""

import pickle

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.city import metric_crs_of
from data.modes import class_rules, mode, modes
from data.network import segments_from_frame, with_elevation
from data.read.access import barred_at, street_use
from data.read.dem import open_elevation
from data.read.osm import read_osm
from data.read.osm_rules import access_table
from geo.errors import NotFoundError
from geo.travel import BLOCKED, segment_costs
from tests.data.test_read_osm import Writer


def test_the_modes_there_are():
    assert list(modes()) == ["walk", "cycle", "older", "child", "wheelchair", "ebike", "car", "truck"]
    with pytest.raises(NotFoundError, match="walk, cycle, older"):
        mode("horse")


def test_paces_keep_their_order():
    pace = {key: one.flat_mps for key, one in modes().items()}
    assert pace["wheelchair"] <= pace["older"] < pace["child"] < pace["walk"] < pace["cycle"] < pace["ebike"]
    assert pace["ebike"] * 3.6 <= 25.0


def test_a_mode_travels_between_processes():
    assert {key: pickle.loads(pickle.dumps(one)) for key, one in modes().items()} == dict(modes())


def test_every_class_rule_says_where_it_comes_from():
    for rules in class_rules().values():
        for rule in rules:
            assert rule.kph or rule.closed
            assert rule.confidence == "assumed" or rule.clause != "—"
            assert rule.title


def test_classes_named_are_classes_osm_has():
    named = {name for rules in class_rules().values() for rule in rules for name in (*rule.kph, *rule.closed)}
    assert named <= set(access_table()["classes"])


def test_a_truck_is_never_faster_than_a_car_and_a_link_never_than_its_road():
    car, truck = dict(mode("car").class_mps), dict(mode("truck").class_mps)
    assert all(truck[name] <= car[name] for name in truck)
    assert all(one[f"{name}_link"] < one[name] for one in (car, truck) for name in ("motorway", "trunk", "primary"))
    every_class = {name for name, (_, _, motor) in access_table()["classes"].items() if motor is True}
    assert every_class <= car.keys() | mode("car").closed
    assert every_class <= truck.keys() | mode("truck").closed


@pytest.mark.parametrize(
    ("tags", "drive", "cycle"),
    [
        ({"oneway": "yes"}, (True, False), (True, False)),
        ({"oneway": "-1"}, (False, True), (False, True)),
        ({"junction": "roundabout"}, (True, False), (True, False)),
        ({"junction": "roundabout", "oneway": "no"}, (True, True), (True, True)),
        ({"oneway": "yes", "oneway:bicycle": "no"}, (True, False), (True, True)),
        ({"vehicle": "no"}, (False, False), (False, False)),
        ({"vehicle": "no", "motor_vehicle": "yes"}, (True, True), (False, False)),
        ({"motor_vehicle": "private"}, (False, False), (True, True)),
        ({"access": "no", "bicycle": "yes"}, (False, False), (True, True)),
    ],
)
def test_one_way_and_access_tags_by_their_meaning(tags, drive, cycle):
    use = street_use({"highway": "residential", **tags})
    assert (use.drive_fwd, use.drive_bwd) == drive
    assert (use.cycle_fwd, use.cycle_bwd) == cycle


@pytest.mark.parametrize(
    ("tags", "barred"),
    [
        ({}, ""),
        ({"bicycle": "no", "highway": "crossing"}, ""),
        ({"barrier": "gate"}, ""),
        ({"barrier": "gate", "access": "private"}, "cycle drive walk"),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, "cycle drive"),
        ({"barrier": "bollard"}, "drive"),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, ""),
        ({"barrier": "bollard", "bicycle": "no"}, "cycle drive"),
        ({"barrier": "stile"}, "cycle drive"),
        ({"barrier": "wall"}, "cycle drive walk"),
        ({"barrier": "garage door"}, "drive"),
    ],
)
def test_barriers_on_nodes_by_their_meaning(tags, barred):
    assert " ".join(sorted(barred_at(tags))) == barred


def test_a_way_ends_at_a_bollard_and_not_at_an_open_gate(tmp_path):
    town = Writer(tmp_path / "town.osm.pbf")
    bollard = town.node(1, 0, barrier="bollard")
    town.node(2, 0, barrier="gate")
    town.way([(0, 0), (1, 0), (2, 0), (3, 0)], {"highway": "residential"})
    found = town.close()
    assert found.streets["v"].tolist()[0] == found.streets["u"].tolist()[1] == bollard
    assert found.streets["barred_u"].fillna("").tolist() == ["", "drive"]
    assert found.streets["barred_v"].fillna("").tolist() == ["drive", ""]
    assert found.diagnostics["barrier_nodes"] == 1


def test_classes_limits_and_barred_ends_reach_the_engine():
    frame = gpd.GeoDataFrame(
        {
            "seg_id": [1, 0], "u": [5, 6], "v": [6, 7], "walk": True, "cycle_fwd": True, "cycle_bwd": True,
            "drive_fwd": True, "drive_bwd": True, "bridge": False, "tunnel": False, "highway": ["primary", None],
            "maxspeed_kph": [36.0, np.nan], "incline_pct": np.nan, "barred_u": [None, "cycle drive"],
            "barred_v": [None, None],
        },
        geometry=[shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (200, 0)])], crs="EPSG:4544",
    )  # fmt: skip
    got = segments_from_frame(frame, "EPSG:4544")
    assert [got.classes[k] for k in got.highway] == ["", "primary"]
    assert got.maxspeed_mps == pytest.approx([np.nan, 10.0], nan_ok=True)
    assert got.barred_u["drive"].tolist() == got.barred_u["cycle"].tolist() == [True, False]
    assert not got.barred_u["walk"].any()
    # primary at 36 km/h tagged, below the class; no class at the flat speed
    assert segment_costs(got, mode("car"))[0].tolist() == [18_000, 10_000]


@pytest.fixture(scope="module")
def andorra(real_dir):
    folder = real_dir / "andorra"
    streets = read_osm(folder / "andorra.osm.pbf").streets
    crs = metric_crs_of(streets)
    draped, counts = with_elevation(streets, open_elevation([folder]), crs)
    assert counts["vertices_without_elevation"] == 0
    return draped, segments_from_frame(draped, crs)


def profile(segments, row):
    """(run, rise) of every piece of a segment, metres."""
    part = slice(segments.starts[row], segments.starts[row + 1])
    return np.hypot(*np.diff(segments.xy[part], axis=0).T), np.diff(segments.z[part])


@pytest.mark.real
def test_walking_up_and_down_andorra_differs_as_tobler_says(andorra):
    """The thirty named roads of 150 m and more that climb most: both ways against the formula, written anew."""
    frame, segments = andorra
    frame = frame.sort_values("seg_id")
    names = frame["name"].to_numpy()
    road = frame["name"].notna().to_numpy() & ~frame["highway"].isin(["path", "track", "footway", "steps"]).to_numpy()
    walk = mode("walk")
    forward, backward = segment_costs(segments, walk)
    rise = segments.z[segments.starts[1:] - 1] - segments.z[segments.starts[:-1]]
    slope = np.where(segments.length_m >= 150.0, rise / segments.length_m, 0.0)
    slope[(forward == BLOCKED) | segments.deck | ~road] = 0.0
    steep = np.argsort(-np.abs(slope))[:30]
    print()
    for row in steep:
        run, up = profile(segments, row)
        s = np.clip(up / run, -0.4, 0.4)
        for got, grade in ((forward[row], s), (backward[row], -s)):
            want = np.sum(run / (4.0 / 3.6 * np.exp(-3.5 * np.abs(grade + 0.05) + 0.175)))
            assert abs(got / 1000.0 - want) <= 0.0005 + 1e-9
        climb, fall = (forward, backward) if slope[row] > 0 else (backward, forward)
        assert climb[row] > fall[row]
        print(f"{names[row]!s:35.35} {segments.length_m[row]:6.0f} m {abs(slope[row]):6.1%}"
              f"  up {climb[row] / 1000:6.1f} s  down {fall[row] / 1000:6.1f} s")  # fmt: skip
    assert np.abs(slope[steep]).min() > 0.1
    level_f, level_b = segment_costs(segments, walk.level())
    assert (level_f == level_b).all()


@pytest.mark.real
def test_bridges_and_tunnels_of_andorra_run_straight_between_their_portals(andorra, real_dir):
    """Every deck is one even slope in the engine's arrays, hundreds of metres below the ground in the long tunnels."""
    frame, segments = andorra
    decks = np.flatnonzero(segments.deck & (segments.length_m > 1.0))
    assert len(decks) > 100
    forward, backward = segment_costs(segments, mode("walk"))
    for row in decks:
        run, up = profile(segments, row)
        slope = up.sum() / run.sum()
        assert np.abs(up - slope * run).max() < 1e-4
        if forward[row] != BLOCKED:
            for got, grade in ((forward[row], slope), (backward[row], -slope)):
                want = run.sum() / (4.0 / 3.6 * np.exp(-3.5 * abs(np.clip(grade, -0.4, 0.4) + 0.05) + 0.175))
                assert abs(got / 1000.0 - want) <= 0.0006
    tunnel = frame[frame["name"] == "Túnel d'Envalira"].geometry.iloc[0]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(tunnel, 0.5, normalized=True), include_z=True)
    ground = open_elevation([real_dir / "andorra"]).sample(middle[:, :2])
    assert ground[0] - middle[0, 2] > 300.0


@pytest.mark.real
def test_wheelchairs_keep_off_steps_and_the_steep_of_andorra(andorra):
    _, segments = andorra
    chair, _ = segment_costs(segments, mode("wheelchair"))
    walk, _ = segment_costs(segments, mode("walk"))
    steps = np.array(segments.classes)[segments.highway] == "steps"
    assert steps.sum() > 10
    assert (chair[steps] == BLOCKED).all()
    assert (walk[steps] != BLOCKED).any()
    share = segments.length_m[chair != BLOCKED].sum() / segments.length_m[walk != BLOCKED].sum()
    print(f"\nopen to wheelchairs: {share:.0%} of the length open on foot")
    assert 0.05 < share < 0.95
