"""Why a place is served or not, on a town small enough to be computed by hand (tests/town.py)."""

import numpy as np
import pytest
import shapely

from api.explain import explain_place
from api.wiring import open_runner
from geo.crs import project
from geo.errors import AmbiguousError, InputError, NotFoundError, ParameterError
from layers.answer import Title
from layers.base import Registry
from layers.choices import Choice
from layers.circle import Circle
from layers.coverage import REASONS
from layers.demand import RESIDENTS, Sites, Units
from layers.membership import HoldsAll, Linked, Member, Owns, Part
from layers.places import of_kind
from layers.rules import AllOf, Bench, Limit, Need, Reach
from tests.town import CRS, HOMES, ORIGIN, frames, lonlat, make_workspace

FIFTEEN = Limit("fitness_minutes", "min", 1.0, 60.0)
SPORTS = of_kind("sports")


def title(text):
    return Title(zh=text, en=text)


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return open_runner(make_workspace(tmp_path_factory.mktemp("explain") / "ws"))


def ask(runner, at, circle="fitness", **given):
    return explain_place(runner, circle, at, **given)


def metres_of(pair):
    return project(np.array([pair]), "EPSG:4490", CRS)[0] - ORIGIN


def test_the_home_across_the_river_goes_over_the_bridge(runner):
    got = ask(runner, "home-3", mode="walk")
    assert (got.covered, got.status, got.over) == (False, "beyond", 21.0)
    assert (got.way.metres, got.way.minutes, got.way.unnamed_bridges) == (2400.0, 36.0, 1)
    assert got.facility.id == "v0"
    assert (got.straight.metres, got.straight.minutes, got.straight.covered) == (400.0, 6.0, True)
    assert (got.straight.crosses_water, got.straight.water) == (True, "黄河")
    assert "黄河" in got.straight.why.zh
    assert "2,400" in got.straight.why.en
    corners = np.array([metres_of(pair) for pair in got.way.geometry["coordinates"]])
    want = np.array([[1000, 400], [1000, 400], [2000, 400], [2000, 0], [1000, 0], [1000, 0]])
    assert np.allclose(corners, want, atol=6.0)
    assert np.allclose(corners[1:-1], want[1:-1], atol=0.06)
    assert "2,400 米" in got.sentence.zh
    assert "36.0 分钟" in got.sentence.zh


def test_what_would_serve_it_least_first(runner):
    got = ask(runner, "home-3", mode="walk")
    assert [(one.kind, one.enough) for one in got.changes] == [("mode", True), ("nearer", True), ("crossing", True)]
    mode, nearer, crossing = got.changes
    assert mode.choice == "cycle"
    assert "12.0" in mode.sentence.en
    # 1000 m from (1000, 400) is the bridge's north end
    assert nearer.metres == 1400.0
    assert np.allclose(metres_of((nearer.lon, nearer.lat)), (2000, 400), atol=6.0)
    assert crossing.metres == 400.0


def test_a_facility_put_where_it_says_serves_and_a_little_farther_does_not(tmp_path, runner):
    for cut, covered in ((0.0, True), (1.0, False)):
        path = make_workspace(tmp_path / f"{covered}")
        other = open_runner(path)
        frame = other.store.read(other.store.edition(), "facilities.sports")
        frame.loc[0, "geometry"] = lonlat([shapely.Point(ORIGIN + np.array([2000, 400 - cut]))])[0]
        other.store.put_draft("facilities.sports", frame, {})
        other.store.publish("moved")
        assert ask(other, "home-3", mode="walk").covered is covered
    assert not ask(runner, "home-3", mode="walk").covered


def test_at_exactly_the_limit_it_is_served_and_a_metre_farther_not(runner):
    got = ask(runner, "home-1", mode="walk")
    assert (got.covered, got.over, got.way.minutes) == (True, 0.0, 15.0)
    assert "正好等于" in got.sentence.zh
    assert got.changes == ()
    beyond = ask(runner, "home-2", mode="walk")
    assert (beyond.covered, beyond.over) == (False, 0.015)
    assert "15.02 min" in beyond.sentence.en
    assert "0.9 s" in beyond.sentence.en


def test_off_the_network(runner):
    got = ask(runner, "home-6", mode="walk")
    assert (got.status, got.over, got.way, got.decides.kind) == ("off_network", None, None, "off_network")
    assert "310 米" in got.sentence.zh
    (street,) = [one for one in got.changes if one.kind == "street"]
    # 10 m bring the street to 300 m; then 310 m at 4 km/h are 4.65 min
    assert (street.metres, street.enough) == (10.0, True)
    assert np.allclose(metres_of((street.lon, street.lat)), (1000, 0), atol=6.0)
    assert "4.7 min" in street.sentence.en or "4.6 min" in street.sentence.en


def test_an_island(runner):
    got = ask(runner, "home-5", mode="walk")
    assert (got.status, got.decides.kind, got.way) == ("unreachable", "island", None)
    assert "0.5 公里" in got.sentence.zh
    assert "5,000 m" in got.decides.sentence.en
    link = next(one for one in got.changes if one.kind == "link")
    assert (link.metres, link.enough) == (5000.0, False)
    # 200 m to the island's end, 5000 m of link, 3000 m on to the venue
    assert "123.0 分钟" in link.sentence.zh
    assert got.changes[0].kind == "nearer"


def test_every_home_and_mode_is_judged_as_the_circle_judges(runner):
    edition = runner.store.edition()
    circle = runner.circles["fitness"]
    measured = runner.measured(circle, edition)
    for choice in circle.choices:
        for minutes in (1, 5, 15, 60):
            params = runner.params(circle, {"mode": choice.id, "minutes": minutes})
            _, verdict = circle.verdict(measured, params)
            for i in range(len(HOMES)):
                got = ask(runner, f"home-{i}", mode=choice.id, minutes=minutes)
                assert got.status == REASONS[verdict.reason[i]]
                assert got.covered == (got.status == "ok")
                assert got.straight.covered == verdict.straight[i]


def test_rounded_coordinates_mean_the_home_shown_there(runner):
    lon, lat = shapely.get_coordinates(frames()["demand.residents"].geometry.iloc[3])[0]
    shown = ask(runner, (round(lon, 4), round(lat, 4)), mode="walk")
    assert (shown.place.id, shown.over) == ("home-3", 21.0)
    exact = ask(runner, f"{lon:.9f}, {lat:.9f}", mode="walk")
    assert (exact.place.id, exact.place.kind) == (None, "point")
    assert exact.over == pytest.approx(21.0, abs=1e-4)
    assert exact.place.county.name == "安宁区"
    assert ask(runner, 1, mode="walk").place.id == "home-1"


def test_an_area_stands_at_the_middle_of_its_people(runner):
    got = ask(runner, "安宁区", mode="walk")
    # 300 at x = 1000 and 60 at x = 4000: the mean is 1500, the nearest home 3
    assert (got.place.kind, got.place.id, got.place.name) == ("area", "620105", "安宁区")
    assert got.over == 21.0
    assert "安宁区" in got.place.note.zh


def test_what_is_no_place_is_refused(runner):
    with pytest.raises(AmbiguousError, match="同名镇"):
        ask(runner, "同名镇")
    with pytest.raises(NotFoundError):
        ask(runner, "无此地")
    with pytest.raises(ParameterError, match="whole city"):
        ask(runner, "兰州市")
    with pytest.raises(ParameterError, match="degrees"):
        ask(runner, (200.0, 36.0))
    with pytest.raises(NotFoundError, match="dot"):
        ask(runner, 7)
    with pytest.raises(InputError, match=r"facilities\.childcare"):
        ask(runner, "home-1", "childcare")


def test_a_closed_street_class_is_named(tmp_path):
    path = make_workspace(tmp_path / "ws")
    runner = open_runner(path)
    streets = runner.store.read(runner.store.edition(), "streets")
    streets.loc[5, ["highway", "walk", "name"]] = ["motorway", False, "高速"]
    runner.store.put_draft("streets", streets, {})
    runner.store.publish("a motorway")
    got = ask(runner, "home-5", mode="walk")
    assert (got.status, got.decides.kind) == ("off_network", "closed_class")
    assert "高速" in got.decides.sentence.zh
    assert "motorway" in got.decides.sentence.en


def test_one_way_streets_that_leave_no_way(tmp_path):
    path = make_workspace(tmp_path / "ws")
    runner = open_runner(path)
    streets = runner.store.read(runner.store.edition(), "streets")
    streets.loc[4, ["cycle_fwd", "cycle_bwd"]] = [True, False]  # the bridge, only northwards
    runner.store.put_draft("streets", streets, {})
    runner.store.publish("one way")
    got = ask(runner, "home-3", mode="cycle")
    assert (got.status, got.decides.kind) == ("unreachable", "one_way")
    assert ask(runner, "home-3", mode="walk").way.metres == 2400.0


def with_circle(runner, circle):
    runner.circles = Registry("circle", (*runner.circles.items, circle))
    return runner


def test_a_composite_names_what_is_missing_first(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    frame = runner.store.read(runner.store.edition(), "facilities.sports")
    pool = frame.copy()
    pool["FAC_ID"], pool["NAME"], pool["KIND"] = "p0", "北岸泳池", "游泳馆"
    pool["geometry"] = [lonlat([shapely.Point(ORIGIN + np.array([1000, 400]))])[0]]
    import pandas as pd

    runner.store.put_draft("facilities.sports", pd.concat([frame, pool], ignore_index=True), {})
    runner.store.publish("a pool")
    needs = (
        Need("hall", title("体育馆"), of_kind("sports", "体育馆"), FIFTEEN),
        Need("pool", title("游泳馆"), of_kind("sports", "游泳馆"), FIFTEEN),
    )
    both = Circle("both", 1, title("两项"), (Choice("all", title("全部"), AllOf(RESIDENTS, needs, "walk", FIFTEEN)),),
                  key=FIFTEEN.key)  # fmt: skip
    with_circle(runner, both)
    got = ask(runner, "home-3", "both")
    assert [(one.id, one.covered) for one in got.services] == [("hall", False), ("pool", True)]
    assert [one.metres for one in got.services] == [2400.0, 0.0]
    assert (got.covered, got.facility.id, got.decides.kind) == (False, "v0", "service")
    assert "体育馆" in got.sentence.zh
    assert "游泳馆" not in got.sentence.zh
    assert got.changes[0].enough
    served = ask(runner, "home-1", "both", minutes=40)
    assert served.covered
    assert served.changes == ()
    # 1000 m to the hall, 1400 m to the pool: the farther one decides
    assert [one.id for one in served.services] == ["pool", "hall"]
    poor = ask(runner, "home-4", "both")
    assert len([one for one in poor.services if not one.covered]) == 2
    assert not any(one.enough for one in poor.changes)


OUTLETS = of_kind("sports", "体育馆")
HALVES = Units("county", "halves", title("半城"))


@pytest.fixture
def halves(runner):
    """A circle of the two halves of the town: the hall stands in the southern one."""
    circle = Circle(
        "halves", 1, title("半城"),
        (
            Choice("served", title("有馆或被服务"), Member(HALVES, OUTLETS, "SRC")),
            Choice("inside", title("仅半城内"), Member(HALVES, OUTLETS)),
            Choice("kinds", title("两类"), HoldsAll(HALVES, (
                Part("hall", title("体育馆"), OUTLETS), Part("pool", title("游泳馆"), of_kind("sports", "游泳馆")),
            ))),
            Choice("near", title("步行"), Reach(HALVES, OUTLETS, ("walk",), FIFTEEN)),
        ),
        key=FIFTEEN.key,
    )  # fmt: skip
    kept = runner.circles
    yield with_circle(runner, circle)
    runner.circles = kept


def test_a_unit_with_a_facility_inside(halves):
    got = ask(halves, "620102", "halves")
    assert (got.covered, got.status, got.decides.kind, got.facility.id) == (True, "ok", "inside", "v0")
    assert got.changes == ()
    assert got.way is None


def test_a_unit_without_one_is_told_the_nearest_that_could_name_it(halves):
    got = ask(halves, "安宁区", "halves")
    assert (got.covered, got.status, got.decides.kind) == (False, "absent", "nobody")
    assert [one.kind for one in got.changes] == ["name_it", "inside"]
    assert got.changes[0].facility.id == "v0"
    assert "SRC" in got.changes[0].sentence.zh
    # its inner point is far from any street: the straight line is told
    assert got.way is None
    assert "直线" in got.changes[0].sentence.zh
    inside = ask(halves, "安宁区", "halves", mode="inside")
    assert [one.kind for one in inside.changes] == ["inside"]


def test_the_nearest_that_could_name_it_is_told_along_streets(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    areas = runner.store.read(runner.store.edition(), "areas")
    north = lonlat([shapely.box(*(ORIGIN + [900, 350]), *(ORIGIN + [1100, 450]))])[0]
    areas.loc[areas["code"] == "620105", "geometry"] = north
    runner.store.put_draft("areas", areas, {})
    runner.store.publish("a small north")
    one = Choice("served", title("有馆或被服务"), Member(HALVES, OUTLETS, "SRC"))
    with_circle(runner, Circle("halves", 1, title("半城"), (one,), key=FIFTEEN.key))
    got = ask(runner, "安宁区", "halves")
    assert got.way.metres == got.changes[0].metres == pytest.approx(2400.0, abs=0.2)
    assert got.mode == "walk"


def test_a_point_means_the_unit_it_lies_in(halves):
    lon, lat = shapely.get_coordinates(lonlat([shapely.Point(ORIGIN + np.array([3000.4, 650.3]))])[0])[0]
    got = ask(halves, (float(lon), float(lat)), "halves")
    assert (got.place.kind, got.place.id, got.place.name) == ("unit", "620105", "安宁区")
    away = lonlat([shapely.Point(ORIGIN + np.array([3000.4, 5000.0]))])[0]
    with pytest.raises(NotFoundError, match="outside the city"):
        ask(halves, (away.x, away.y), "halves")


def test_a_unit_named_by_a_facility(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    frame = runner.store.read(runner.store.edition(), "facilities.sports")
    frame["SRC"] = "620105;620102"
    runner.store.put_draft("facilities.sports", frame, {})
    runner.store.publish("named")
    one = Choice("served", title("有馆或被服务"), Member(HALVES, OUTLETS, "SRC"))
    with_circle(runner, Circle("halves", 1, title("半城"), (one,), key=FIFTEEN.key))
    got = ask(runner, "安宁区", "halves")
    assert (got.covered, got.decides.kind, got.facility.id) == (True, "named", "v0")


def test_kinds_a_unit_lacks(halves):
    got = ask(halves, "620102", "halves", mode="kinds")
    assert (got.covered, [(one.id, one.covered) for one in got.services]) == (False, [("pool", False), ("hall", True)])
    assert "游泳馆" in got.changes[0].sentence.zh


def test_records_of_sites(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    frame = runner.store.read(runner.store.edition(), "facilities.sports")
    frame["AREA_M2"] = 20.0
    runner.store.put_draft("facilities.sports", frame, {})
    runner.store.publish("areas")
    sites = Sites(SPORTS, "halls", title("场馆"))
    circle = Circle("records", 1, title("登记"), (
        Choice("any", title("有面积"), Owns(sites, {"AREA_M2": ""})),
        Choice("linked", title("联网"), Linked(sites, "ADDR", SPORTS)),
    ), key=FIFTEEN.key)  # fmt: skip
    with_circle(runner, circle)
    got = ask(runner, "v0", "records")
    assert (got.covered, got.decides.kind) == (True, "record")
    assert "AREA_M2 = 20" in got.sentence.zh
    linked = ask(runner, "南岸体育馆", "records", mode="linked")
    assert (linked.covered, linked.changes[0].kind, linked.changes[0].facility.id) == (False, "record", "v0")
    assert "ADDR 为空" in linked.sentence.zh


def test_what_is_not_public_is_neither_named_nor_located(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    frame = runner.store.read(runner.store.edition(), "facilities.sports")
    frame["PUB_LVL"] = "internal"
    runner.store.put_draft("facilities.sports", frame, {})
    runner.store.publish("internal")
    got = ask(runner, "home-3", mode="walk")
    assert (got.covered, got.over, got.facility_hidden) == (False, 21.0, True)
    assert (got.facility, got.way, got.straight) == (None, None, None)
    assert "体育馆" not in got.model_dump_json()
    assert [(one.kind, one.lon) for one in got.changes] == [("mode", None), ("nearer", None)]
    insider = ask(runner, "home-3", mode="walk", internal=True)
    assert insider.facility.id == "v0"


def test_every_sentence_is_in_both_languages(runner):
    han = __import__("re").compile(r"[\u4e00-\u9fff]")
    names = ("南岸体育馆", "黄河")
    for i in range(len(HOMES)):
        for mode in ("either", "walk", "cycle"):
            got = ask(runner, f"home-{i}", mode=mode)
            said = [got.sentence, got.decides.sentence, *(one.sentence for one in got.changes)]
            said += [got.straight.why] if got.straight.why else []
            for one in said:
                english = one.en
                for name in names:
                    english = english.replace(name, "")
                assert han.search(one.zh)
                assert not han.search(english), one.en


def test_all_circles_agree_with_their_verdict_on_the_sample(demo_path):
    """Every rule there is: what is explained of a place is what the circle counts."""
    runner = open_runner(demo_path)
    city = runner.city_data(runner.store.edition())
    bench = Bench(city)
    rng = np.random.default_rng(7)
    asked = 0
    for circle in runner.circles.items:
        for choice in circle.choices:
            if not all(city.has(layer) for layer in choice.layers):
                continue
            params = runner.params(circle, {"mode": choice.id})
            got = choice.rule.measure(bench)
            verdict = choice.rule.judge(got, circle.value_of(choice, params))
            ids = got.points.frame["demand_id"]
            for row in rng.choice(len(ids), min(6, len(ids)), replace=False):
                told = explain_place(runner, circle.id, str(ids.iloc[row]), mode=choice.id)
                assert told.status == REASONS[verdict.reason[row]], (circle.id, choice.id, row)
                assert told.covered == (told.status == "ok")
                assert told.covered == (not told.changes)
                asked += 1
    assert asked > 100
