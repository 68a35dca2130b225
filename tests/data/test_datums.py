"""Which datum a list is in: a town built by hand, the real core of Lanzhou, Andorra and the sample."""

import time

import geopandas as gpd
import numpy as np
import pytest
import shapely

from api.wiring import open_runner
from data.read import datums
from data.read.evidence import evidence_from, make_evidence, sign_kinds, signs
from data.read.mixture import RowSigns, split_rows
from data.read.readings import datum_name, in_china, readings, undo_datum
from geo.crs import project
from geo.datum import wgs84_to_bd09, wgs84_to_gcj02
from geo.errors import ParameterError
from scripts import datum_trial
from scripts.measured import andorra
from tests.town import make_workspace

CRS = "EPSG:4544"
ORIGIN = np.array([500_000.0, 3_990_000.0])


def judge(metres, evidence, datum="wgs84", *, kind="commerce", **more):
    """The verdict on places at metres of the town, handed in in a datum."""
    lonlat = project(np.asarray(metres, float), CRS, "EPSG:4490")
    form = "projected" if datum.startswith("EPSG:") else "lonlat"
    return datums.test_datum(datum_trial.in_datum(lonlat, datum), evidence, kind=kind, form=form, **more)


def one_county(code="620102", west=-3000, east=6000):
    x, y = ORIGIN
    box = shapely.box(x + west, y - 3000, x + east, y + 5000)
    return gpd.GeoDataFrame({"code": [code]}, geometry=[box], crs=CRS)


SHIFT_M = 308.0
"""GCJ-02's shift in the town at 105° E, 36.05° N, by the published polynomial."""

BLOCKS = np.random.default_rng(4).uniform(0, 2000, (220, 2))
"""Buildings of 20 m × 20 m strewn over 2 km × 2 km, about 2 % of the ground."""


@pytest.fixture(scope="module")
def town():
    houses = [shapely.box(*(p - 10), *(p + 10)) for p in BLOCKS + ORIGIN]
    return make_evidence(CRS, buildings=gpd.GeoSeries(houses, crs=CRS), counties=one_county())


@pytest.fixture(scope="module")
def core(real_dir):
    return datum_trial.core_evidence()


@pytest.fixture(scope="module")
def places(real_dir):
    return datum_trial.real_places(real_dir / "lanzhou-core")


@pytest.mark.parametrize("datum", datum_trial.DATUMS)
def test_shops_stand_in_the_houses_of_the_town(town, datum):
    found = judge(BLOCKS[:60] + ORIGIN, town, datum)
    assert (found.best, found.confidence, found.mixed, found.rows) == (datum, "sure", False, None)
    assert found.hypotheses[0].datum == datum
    if datum in {"gcj02", "bd09"}:
        lonlat = project(BLOCKS[:60] + ORIGIN, CRS, "EPSG:4490")
        moved = project(datum_trial.in_datum(lonlat, datum), "EPSG:4490", CRS)
        expected = np.median(np.hypot(*(moved - BLOCKS[:60] - ORIGIN).T))
        assert found.shift_m == pytest.approx(expected, rel=2e-3)
    else:
        assert found.shift_m == 0.0


def test_the_shift_is_measured_from_what_was_declared(town):
    found = judge(BLOCKS[:60] + ORIGIN, town, "gcj02", declared="GCJ-02")
    assert (found.best, found.shift_m) == ("gcj02", 0.0)
    found = judge(BLOCKS[:60] + ORIGIN, town, "wgs84", declared="gcj02")
    assert found.best == "wgs84"
    assert found.shift_m == pytest.approx(SHIFT_M, rel=0.05)


def test_five_shops_are_too_few_to_be_sure(town):
    found = judge(BLOCKS[:5] + ORIGIN, town)
    assert (found.best, found.confidence) == ("wgs84", "not_sure")


def test_a_tower_full_of_firms_weighs_as_one_place(town):
    crowd = np.repeat(BLOCKS[:4], 100, axis=0) + ORIGIN
    found = judge(crowd, town)
    assert (found.confidence, found.tested) == ("not_sure", 4)


def test_places_that_fit_nowhere_are_not_sure(town):
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert judge(rng.uniform(0, 2000, (100, 2)) + ORIGIN, town).confidence == "not_sure"


@pytest.mark.parametrize("away", [(90, 0), (0, -150), (-300, 300), (700, 200)])
def test_a_shift_that_is_no_datum_is_not_sure(town, away):
    assert judge(BLOCKS[:100] + ORIGIN + away, town).confidence == "not_sure"


def test_pitches_lie_between_the_houses(core, places):
    """Nearness to streets alone would name the wrong datum."""
    pitches = places["pitches"]
    for datum in ("wgs84", "gcj02", "bd09"):
        found = datum_trial.judged(pitches, datum, core)
        assert (found.best, found.confidence) == (datum, "sure")
        only = datum_trial.ablated(core)["streets only (arterials)"]
        assert datum_trial.judged(pitches, datum, only).confidence == "not_sure"


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_nothing_lies_in_the_river(datum):
    """Water alone names the reading, and is not enough to be sure."""
    river = shapely.box(*(ORIGIN + (0, 0)), *(ORIGIN + (350, 4000)))
    banks = np.array([(x, y) for y in range(50, 4000, 80) for x in (-30, 380)])
    evidence = make_evidence(CRS, water=gpd.GeoSeries([river], crs=CRS), counties=one_county())
    found = judge(banks + ORIGIN, evidence, datum, kind="unknown")
    assert (found.best, found.confidence) == (datum, "not_sure")


def test_without_any_evidence_nothing_is_sure():
    nothing = make_evidence(CRS)
    found = judge(BLOCKS + ORIGIN, nothing)
    assert (found.best, found.confidence, found.shift_m, found.hypotheses) == (None, "not_sure", None, ())
    silent = make_evidence(CRS, counties=one_county())
    found = judge(BLOCKS + ORIGIN, silent, "gcj02")
    assert (found.best, found.confidence) == (None, "not_sure")
    assert {h.datum for h in found.hypotheses} == {"wgs84", "gcj02", "bd09"}


def test_rows_outside_the_city_fit_no_reading(town):
    found = datums.test_datum(np.array([[121.47, 31.23]] * 50), town, kind="commerce")
    assert (found.best, found.confidence) == (None, "not_sure")
    assert all(h.score is None and "outside" in h.why and "之外" in h.why_zh for h in found.hypotheses)


def test_rows_without_numbers_are_passed_over(town):
    metres = np.vstack([BLOCKS[:60] + ORIGIN, [[np.nan, np.nan], [np.inf, 0.0]]])
    lonlat = np.vstack([project(metres[:60], CRS, "EPSG:4490"), metres[60:]])
    found = datums.test_datum(lonlat, town, kind="commerce")
    assert (found.best, found.confidence) == ("wgs84", "sure")
    assert datums.test_datum(lonlat[60:], town, kind="commerce").best is None
    assert datums.test_datum(np.empty((0, 2)), town, kind="commerce").best is None


@pytest.mark.parametrize("order", ["blocks", "shuffled"])
def test_a_mixed_file_is_told_row_by_row(town, order):
    truth = np.array(["wgs84"] * 50 + ["gcj02"] * 50)
    lonlat = project(BLOCKS[:100] + ORIGIN, CRS, "EPSG:4490")
    xy = np.where((truth == "wgs84")[:, None], lonlat, wgs84_to_gcj02(lonlat))
    if order == "shuffled":
        turn = np.random.default_rng(3).permutation(100)
        xy, truth = xy[turn], truth[turn]
    found = datums.test_datum(xy, town, kind="commerce")
    assert (found.mixed, found.confidence) == (True, "not_sure")
    told = found.rows != "unsure"
    assert (found.rows[told] == truth[told]).all()
    assert told.mean() >= 0.9


def test_zones_mixed_in_one_file_are_told_by_their_eastings(town):
    lonlat = project(BLOCKS[:40] + ORIGIN, CRS, "EPSG:4490")
    truth = np.array(["EPSG:4544", "EPSG:4523"] * 20, dtype=object)
    xy = np.array([datum_trial.in_datum(p[None], d)[0] for p, d in zip(lonlat, truth, strict=True)])
    found = datums.test_datum(xy, town, kind="commerce", form="projected")
    assert found.mixed
    assert found.rows.tolist() == truth.tolist()


@pytest.mark.parametrize("datum", ["EPSG:4544", "EPSG:4523", "EPSG:4543", "EPSG:4522"])
def test_a_zone_is_told_by_magnitude_where_the_map_is_silent(datum):
    counties = gpd.GeoDataFrame({"code": ["620102"]}, geometry=[shapely.box(102.6, 35.6, 104.6, 37.0)], crs="EPSG:4490")
    evidence = make_evidence(CRS, counties=counties)
    lonlat = np.random.default_rng(0).uniform((102.7, 35.7), (104.5, 36.9), (30, 2))
    xy = datum_trial.in_datum(lonlat, datum)
    easting = xy[:, 0] % 1e6 / 1e3
    assert ((easting > 284) & (easting < 461)).all() if datum in {"EPSG:4544", "EPSG:4523"} else (easting > 554).all()
    found = datums.test_datum(xy, evidence, kind="unknown", form="projected")
    assert (found.best, found.confidence) == (datum, "sure")


def test_codes_alone_decide_between_zones():
    """A city so wide that the eastings fit two of its zones: the county code says which."""
    halves = [shapely.box(101.5, 35.0, 103.5, 37.0), shapely.box(103.5, 35.0, 106.5, 37.0)]
    counties = gpd.GeoDataFrame({"code": ["620101", "620102"]}, geometry=halves, crs="EPSG:4490")
    evidence = make_evidence(CRS, counties=counties)
    lonlat = np.random.default_rng(0).uniform((102.0, 35.5), (103.4, 36.5), (40, 2))
    xy = datum_trial.in_datum(lonlat, "EPSG:4543")
    found = datums.test_datum(xy, evidence, kind="unknown", form="projected")
    assert found.confidence == "not_sure"
    codes = np.array(["620101001000"] * 40, dtype=object)
    found = datums.test_datum(xy, evidence, kind="unknown", form="projected", codes=codes)
    assert (found.best, found.confidence) == ("EPSG:4543", "sure")


def test_shifted_degrees_in_web_mercator_are_not_taken_for_true_ones(town):
    found = judge(BLOCKS[:60] + ORIGIN, town, "EPSG:3857+gcj02")
    assert (found.best, found.confidence) == ("EPSG:3857+gcj02", "sure")
    assert found.shift_m == pytest.approx(SHIFT_M, rel=0.05)


def test_undo_datum_brings_every_datum_back():
    lonlat = np.random.default_rng(0).uniform((102.6, 35.6), (104.6, 37.0), (1000, 2))
    for datum in (*datum_trial.DATUMS, "EPSG:3857+gcj02", "EPSG:3857+bd09", "EPSG:32648"):
        back = undo_datum(datum_trial.in_datum(lonlat, datum), datum)
        assert np.abs(back - lonlat).max() < 1e-8, datum
    assert np.isnan(undo_datum(np.array([[35_412_000.0, 3_990_000.0]]), "wgs84")).all()


@pytest.mark.parametrize("name", ["xian80", "EPSG:4544+xian80", "wgs84+gcj02", "", "EPSG:999999"])
def test_an_unknown_datum_is_refused(name):
    with pytest.raises(ParameterError):
        undo_datum(np.zeros((1, 2)), name)


def test_names_of_datums():
    assert [datum_name(n) for n in ("WGS84", "EPSG:4326", "BD-09", "epsg:4522")] == [
        "wgs84",
        "wgs84",
        "bd09",
        "EPSG:4522",
    ]


def test_the_zones_follow_the_city():
    assert set(readings((102.6, 35.6, 104.6, 37.0), "projected")) >= set(datum_trial.DATUMS[3:])
    assert "EPSG:4547" in readings((113.7, 29.9, 115.1, 31.4), "projected")
    assert readings((1.4, 42.4, 1.8, 42.7), "lonlat") == ("wgs84",)
    assert not in_china(139.7, 35.7)


def test_kinds_follow_the_layer_and_the_record():
    assert sign_kinds("facilities.health", None, 1).tolist() == ["civic"]
    assert sign_kinds("vegetable_bases", None, 1).tolist() == ["unknown"]
    assert sign_kinds("commerce", np.array(["农贸市场", "便利店"], dtype=object), 2).tolist() == ["unknown", "commerce"]
    assert set(signs().layers.values()) | set(signs().records.values()) <= {*signs().kinds, "unknown"}


def test_rows_are_split_as_the_odds_say():
    common = np.zeros((2, 6))
    common[0, :3] = common[1, 3:] = 9.0
    assert split_rows(RowSigns((), (), (), 1, common), certainty=0.99).tolist() == [0, 0, 0, 1, 1, 1]
    assert split_rows(RowSigns((), (), (), 1, np.zeros((2, 4))), certainty=0.99).tolist() == [2, 2, 2, 2]


def test_synthetic_streets_and_buildings_prove_nothing(demo_path):
    runner = open_runner(demo_path)
    city = runner.city_data(runner.store.edition())
    evidence = evidence_from(city)
    assert len(evidence.counties) == 8
    assert not len(evidence.buildings)
    assert any("synthetic" in note for note in evidence.notes)
    lonlat = shapely.get_coordinates(city.frame("areas").geometry.representative_point().to_numpy())[:100]
    for kind in ("commerce", "sports", "unknown"):
        for datum in ("wgs84", "gcj02", "bd09"):
            assert datum_trial.judged(datum_trial.Places(lonlat, kind, None), datum, evidence).confidence == "not_sure"


def test_the_facilities_of_the_city_are_no_evidence(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    evidence = evidence_from(runner.city_data(runner.store.edition()))
    assert (len(evidence.streets), len(evidence.counties), len(evidence.water)) == (6, 2, 1)
    assert len(evidence.buildings) == 1


def test_nothing_absurd_is_said_abroad(real_dir, tmp_path):
    runner, _ = andorra(tmp_path / "ws", slope=False)
    city = runner.city_data(runner.store.edition())
    evidence = evidence_from(city)
    context = city.frame("context")
    middle = shapely.get_coordinates(context[context["kind"] == "building"].to_crs(city.crs).centroid.to_numpy())
    middle = middle[evidence.in_city(middle)]
    assert len(middle) > 200
    lonlat = project(middle, city.crs, "EPSG:4490")
    assert datums.test_datum(lonlat, evidence, kind="commerce").confidence == "sure"
    for kind in ("commerce", "sports", "unknown"):
        for shift in (wgs84_to_gcj02, wgs84_to_bd09):
            found = datums.test_datum(shift(lonlat), evidence, kind=kind)
            assert found.confidence == "not_sure"
            assert {h.datum for h in found.hypotheses} == {"wgs84"}
    utm = datums.test_datum(project(lonlat, "EPSG:4490", "EPSG:32631"), evidence, kind="commerce", form="projected")
    assert (utm.best, utm.confidence) == ("EPSG:32631", "sure")


def test_samples_of_the_real_core(core, places):
    """A short version of tests/soak/test_datums.py."""
    counts = datum_trial.Count()
    shops = datum_trial.Count()
    for every in places.values():
        for turn, datum in enumerate(datum_trial.DATUMS):
            some = every.some((30, 100)[turn % 2], np.random.default_rng(turn))
            counts.add(datum_trial.judged(some, datum, core), datum)
    for turn, datum in enumerate(datum_trial.DATUMS):
        some = places["shops"].some(100, np.random.default_rng(turn))
        shops.add(datum_trial.judged(some, datum, core), datum)
    assert counts.trials == 56
    assert (counts.wrong, shops.wrong, shops.sure) == (0, 0, 8)
    assert counts.sure >= 40


def test_a_million_rows_are_judged_by_a_sample(core, places):
    shops = places["shops"].lonlat
    many = np.tile(shops, (2416, 1))[:1_000_000]
    start = time.process_time()
    found = datums.test_datum(many, core, kind="commerce")
    assert time.process_time() - start < 5.0
    assert (found.best, found.confidence) == ("wgs84", "sure")


def test_a_thousand_rows_take_under_three_seconds(core, places):
    every = places["mixed"]
    datum_trial.judged(every, "gcj02", core)
    start = time.process_time()
    datum_trial.judged(every.some(1000, np.random.default_rng(0)), "gcj02", core)
    assert time.process_time() - start < 3.0
