"""What must not go wrong in silence: CRSs, far-away cities, layers replaced, odd words, racing threads."""

import shutil
import threading

import geopandas as gpd
import numpy as np
import pytest
import shapely

from api.run import Once
from api.wiring import open_runner
from tests.town import frames, lonlat


@pytest.fixture
def own_town(town_path, tmp_path):
    """A copy of the town to change."""
    return shutil.copytree(town_path, tmp_path / "ws")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "nonsense"])
def test_a_crs_that_does_not_measure_is_refused(quantu, tmp_path, crs):
    code, _, err = quantu("init", tmp_path / "ws", "--name", "Foo", "--crs", crs)
    assert code == 1
    assert "CRS" in err or "metres" in err
    assert not (tmp_path / "ws").exists()


@pytest.mark.real
def test_streets_of_another_city_are_refused(quantu, own_town, real_dir):
    code, _, err = quantu("import", "osm", real_dir / "andorra" / "andorra.osm.pbf", "--workspace", own_town)
    assert code == 1
    assert "far from 兰州市" in err
    assert not open_runner(own_town).store.draft_layers()


@pytest.mark.real
def test_an_area_that_meets_nothing_is_refused(quantu, tmp_path, real_dir):
    quantu("init", tmp_path / "ws", "--name", "Andorra")
    area = tmp_path / "area.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(103, 36, 104, 37)], crs="EPSG:4326").to_file(area, driver="GeoJSON")
    source = real_dir / "andorra" / "andorra.osm.pbf"
    code, _, err = quantu("import", "osm", source, "--area", area, "--workspace", tmp_path / "ws")
    assert code == 1
    assert "Mend" in err
    assert not open_runner(tmp_path / "ws").store.draft_layers()


def test_areas_of_one_level_keep_the_credit_of_the_others(quantu, own_town, tmp_path):
    runner = open_runner(own_town)
    areas = runner.store.read(runner.store.edition(), "areas")
    runner.store.put_draft(
        "areas", areas, {"attribution": ["somebody (CC BY)"], "notice_zh": "合成", "notice_en": "made up"}
    )
    runner.store.publish("credit")
    counties = areas[areas["level"] == "county"][["code", "name", "geometry"]]
    counties.to_file(tmp_path / "c.gpkg", driver="GPKG")
    assert quantu("import", "areas", tmp_path / "c.gpkg", "--level", "county", "--workspace", own_town)[0] == 0
    meta = open_runner(own_town).store.draft_layers()["areas"].meta
    assert meta["attribution"] == ["somebody (CC BY)"]
    assert meta["notice_zh"] == "合成"


def test_another_city_in_the_areas_is_not_the_whole(quantu, own_town):
    runner = open_runner(own_town)
    areas = runner.store.read(runner.store.edition(), "areas")
    other = areas[areas["level"] == "city"].assign(code="621100", name="定西市")
    runner.store.put_draft(
        "areas", gpd.GeoDataFrame(gpd.pd.concat([areas, other], ignore_index=True), crs=areas.crs), {}
    )
    runner.store.publish("two cities")
    code, _, err = quantu("run", "fitness", "--area", "定西市", "--workspace", own_town)
    assert code == 1
    assert "兰州市" in err


def test_words_in_brackets_are_words(quantu, own_town):
    code, _, err = quantu("run", "fitness", "--area", "[/x]", "--workspace", own_town)
    assert code == 1
    assert "[/x]" in err


def test_a_broken_settings_file_is_named(quantu, own_town):
    (own_town / "quantu.toml").write_text("public_decimals = = 3")
    code, _, err = quantu("run", "fitness", "--workspace", own_town)
    assert code == 1
    assert "quantu.toml" in err


def test_settings_that_do_not_fit_are_all_named(quantu, own_town):
    (own_town / "quantu.toml").write_text('public_decimals = 99\nport = 0\nexecutor = "cloud"\n')
    code, _, err = quantu("run", "fitness", "--workspace", own_town)
    assert code == 1
    for word in ("PUBLIC_DECIMALS", "PORT", "EXECUTOR"):
        assert word in err


def test_json_to_a_folder_that_is_not_there_is_a_clear_error(quantu, own_town, tmp_path):
    target = tmp_path / "none" / "x.json"
    code, _, err = quantu("run", "fitness", "--workspace", own_town, "--format", "json", "-o", target)
    assert code == 1
    assert "none" in err


def test_a_township_is_not_reported_as_its_county(town):
    rows = town.answer("fitness", area="620105001").by_area
    assert [(row.level, row.code) for row in rows] == [("township", "620105001")]


def test_a_facility_file_with_a_name_twice(quantu, own_town, tmp_path):
    places = gpd.GeoDataFrame(
        {"NAME": ["甲"], "name": ["乙"]}, geometry=lonlat(shapely.points([[500_100.0, 3_990_000.0]]))
    )
    places.to_file(tmp_path / "f.geojson", driver="GeoJSON")
    command = (
        "import",
        "facilities",
        tmp_path / "f.geojson",
        "--layer",
        "sports",
        "--replace",
        "--workspace",
        own_town,
    )
    code, _, err = quantu(*command)
    assert code == 0, err
    assert open_runner(own_town).store.read_draft("facilities.sports")["NAME"].tolist() == ["甲"]


def test_replacing_the_layer_of_another_source_is_said(quantu, own_town, tmp_path):
    homes = frames()["demand.residents"]
    homes[["weight", "geometry"]].to_file(tmp_path / "h.gpkg", driver="GPKG")
    for name in ("a.gpkg", "b.gpkg"):
        shutil.copy(tmp_path / "h.gpkg", tmp_path / name)
    assert quantu("import", "demand", tmp_path / "a.gpkg", "--workspace", own_town)[0] == 0
    code, out, _ = quantu("import", "demand", tmp_path / "b.gpkg", "--workspace", own_town)
    assert code == 0
    assert "a.gpkg by b.gpkg" in out


def test_a_walk_too_slow_to_count_is_an_error_and_no_crash(quantu, tmp_path):
    line = shapely.LineString([(5e5, 4e6), (5e5 + 1000, 4e6)])
    gpd.GeoDataFrame(geometry=[line], crs="EPSG:4544").to_file(tmp_path / "s.gpkg", driver="GPKG")
    gpd.GeoDataFrame(geometry=shapely.points([[5e5, 4e6]]), crs="EPSG:4544").to_file(tmp_path / "p.gpkg", driver="GPKG")
    points = ["--facilities", tmp_path / "p.gpkg", "--demand", tmp_path / "p.gpkg", "-o", tmp_path / "t.csv"]
    code, _, err = quantu("nearest", "--streets", tmp_path / "s.gpkg", *points, "--speed-kph", "0.002")
    assert code == 1
    assert "0.1" in err


def test_mercator_metres_are_not_walked(quantu, tmp_path):
    line = lonlat([shapely.LineString([(500_000, 3_990_000), (501_000, 3_990_000)])])
    ends = lonlat(shapely.points([[500_000.0, 3_990_000.0], [501_000.0, 3_990_000.0]]))
    for crs in ("EPSG:4490", "EPSG:3857"):
        gpd.GeoDataFrame(geometry=line).to_crs(crs).to_file(tmp_path / "s.gpkg", driver="GPKG")
        gpd.GeoDataFrame(geometry=ends[:1]).to_file(tmp_path / "f.gpkg", driver="GPKG")
        gpd.GeoDataFrame(geometry=ends[1:]).to_file(tmp_path / "d.gpkg", driver="GPKG")
        args = [
            f"--{k}={tmp_path / v}" for k, v in (("streets", "s.gpkg"), ("facilities", "f.gpkg"), ("demand", "d.gpkg"))
        ]
        assert quantu("nearest", *args, "--speed-kph", "3.6", "-o", tmp_path / "t.csv")[0] == 0
        assert gpd.pd.read_csv(tmp_path / "t.csv")["travel_s"].iloc[0] == pytest.approx(1000, abs=0.1)


def test_once_survives_threads_evictions_and_failures():
    kept = Once(2)
    failures = []

    def work(seed):
        rng = np.random.default_rng(seed)
        try:
            for key in rng.integers(0, 6, 3000):
                assert kept.get(int(key), lambda key=key: int(key) * 10) == key * 10
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for key in range(100):
        with pytest.raises(ZeroDivisionError):
            kept.get(("bad", key), lambda: 1 // 0)
    assert len(kept._locks) == 0


def test_no_homes_still_opens_the_map(own_town):
    from api.catalogue import describe_session

    runner = open_runner(own_town)
    empty = frames()["demand.residents"].iloc[:0]
    runner.store.put_draft("demand.residents", empty, {})
    runner.store.publish("nobody")
    assert len(describe_session(runner)["focus"]) == 4


@pytest.mark.parametrize("executor", ["processes"])
def test_the_answer_does_not_depend_on_where_it_is_computed(own_town, executor, monkeypatch):
    want = open_runner(own_town).answer("fitness").model_dump(exclude={"provenance"})
    shutil.rmtree(own_town / "cache")
    monkeypatch.setenv("QUANTU_EXECUTOR", executor)
    assert open_runner(own_town).answer("fitness").model_dump(exclude={"provenance"}) == want
