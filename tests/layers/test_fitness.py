"""The fitness circle on a town small enough to be computed by hand (tests/town.py)."""

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from api.wiring import open_runner
from geo.crs import project
from layers.circles.fitness import FITNESS
from layers.coverage import within
from tests.town import CRS, ORIGIN, make_workspace


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return open_runner(make_workspace(tmp_path_factory.mktemp("fitness") / "ws"))


def test_walk_or_cycle_in_fifteen_minutes(runner):
    got = runner.answer("fitness")
    assert got.demand.total == 800
    assert got.demand.covered == 100 + 200 + 40 + 300
    assert got.demand.rate == 640 / 800
    assert (got.gap.beyond, got.gap.unreachable, got.gap.off_network) == (60, 70, 30)
    assert got.clause.text == "步行或骑行15分钟范围内有公共体育设施"


def test_walk_alone_and_straight_lines_stand_beside_it(runner):
    got = runner.answer("fitness", mode="walk")
    # a point at exactly 1000 m is covered, one at 1001 m is not
    assert got.demand.covered == 100 + 200
    # straight: 1000 m around the venue holds homes 0, 1, 3 (400 m across the river) and 6 (310 m)
    assert got.straight_line.covered == 100 + 200 + 300 + 30
    assert got.straight_line.false_share == pytest.approx(330 / 630)
    assert {v.id: v.covered for v in got.variants} == {"either": 640, "walk": 300, "cycle": 640}


def test_fewer_minutes(runner):
    got = runner.answer("fitness", minutes=5, mode="cycle")  # 1000 m by bicycle
    assert got.demand.covered == 300
    assert got.gap.beyond == 40 + 300 + 60


def test_the_gap_and_the_covered_make_the_total_in_every_area(runner):
    got = runner.answer("fitness", minutes=7)
    for row in got.by_area:
        assert row.covered + row.gap.beyond + row.gap.unreachable + row.gap.off_network == row.total
    counties = [row for row in got.by_area if row.level == "county"]
    assert sum(row.total for row in counties) == got.demand.total
    assert sum(row.covered for row in counties) == got.demand.covered


def test_an_area_counts_only_its_own_residents_but_all_facilities(runner):
    got = runner.answer("fitness", area="安宁区")
    assert (got.demand.total, got.demand.covered) == (360, 300)
    assert got.facilities.total == 1


def test_census_units_of_2020_are_a_question_of_their_own(runner):
    measured = runner.measured(runner.circles["fitness"], runner.store.edition())
    from layers.base import AreaScope

    points = measured.points
    assert points.weight[within(points, AreaScope("2020:620122", "皋兰县", "unit_2020"))].sum() == 360


def test_scaling_all_weights_changes_no_rate(tmp_path, runner):
    path = make_workspace(tmp_path / "ws")
    scaled = open_runner(path)
    frame = scaled.store.read(scaled.store.edition(), "demand.residents")
    frame["weight"] *= 7.25
    scaled.store.put_draft("demand.residents", frame, {"unit": "persons"})
    scaled.store.publish("scaled")
    for minutes in (3, 15, 40):
        one, other = runner.answer("fitness", minutes=minutes), scaled.answer("fitness", minutes=minutes)
        assert other.demand.rate == pytest.approx(one.demand.rate)
        assert other.straight_line.false_share == pytest.approx(one.straight_line.false_share)


def test_a_closed_facility_serves_nobody(tmp_path):
    path = make_workspace(tmp_path / "ws")
    runner = open_runner(path)
    frame = runner.store.read(runner.store.edition(), "facilities.sports")
    frame["STATUS"] = "停用"
    runner.store.put_draft("facilities.sports", frame, {})
    runner.store.publish("closed")
    got = runner.answer("fitness")
    assert got.demand.covered == 0
    assert got.straight_line.covered == 0


def test_parameters_out_of_range_or_unknown_are_refused():
    for bad in ({"minutes": 0}, {"minutes": 61}, {"mode": "swim"}, {"metres": 3}):
        with pytest.raises(ValidationError):
            FITNESS.params.model_validate(bad)


def test_the_display_polygon_does_not_leak_over_the_river(runner):
    drawn = runner.polygon("fitness", minutes=5, mode="walk")
    shapes = [shapely.geometry.shape(f["geometry"]) for f in drawn["features"]]
    metric = shapely.transform(shapely.union_all(shapes), lambda xy: project(xy, "EPSG:4490", CRS))
    north = shapely.box(*(ORIGIN + [-500, 101]), *(ORIGIN + [10_000, 900]))
    assert shapely.area(shapely.intersection(metric, north)) < 1.0
    assert shapely.covers(metric, shapely.Point(*(ORIGIN + [1200, 0])))
    reached = runner.polygon("fitness", minutes=25, mode="walk")
    wide = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in reached["features"]])
    metric = shapely.transform(wide, lambda xy: project(xy, "EPSG:4490", CRS))
    assert shapely.covers(metric, shapely.Point(*(ORIGIN + [2000, 200])))
    assert not shapely.covers(metric, shapely.Point(*(ORIGIN + [1000, 200])))


def test_products_know_their_units_and_add_up(runner):
    answer, products = runner.products("fitness", minutes=15, mode="either")
    by_name = {p.name: p for p in products}
    assert set(by_name) == {"areas", "demand", "facilities"}
    demand = by_name["demand"].frame
    assert demand.loc[demand["COVERED"], "WEIGHT"].sum() == answer.demand.covered
    assert demand["TRAVEL_S"].isna().sum() == 2
    assert np.nanmax(demand["TRAVEL_S"]) == pytest.approx(3400 / 12 * 3.6, abs=0.01)
    assert by_name["areas"].columns["RATE"].unit == "1"
