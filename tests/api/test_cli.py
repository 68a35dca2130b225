"""The command line: what it prints, what it writes, and how it fails."""

import json
import shutil
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from api.wiring import open_runner
from data.stores.embedded import EmbeddedStore


def snapshot(path):
    """Everything a failed command must leave as it was: the draft and the editions."""
    store = EmbeddedStore.open(path)
    draft = {name: entry.sha256 for name, entry in store.draft_layers().items()}
    return draft, [e.sha256 for e in store.editions()]


def test_run_prints_the_interface_object(quantu, town_path):
    code, out, _ = quantu("run", "fitness", "--workspace", town_path, "--format", "json", "--minutes", "15")
    assert code == 0
    got = json.loads(out)
    assert {
        "circle", "title", "area", "edition", "parameters", "clause", "demand", "gap", "straight_line", "by_area", "provenance",
    } <= set(got)  # fmt: skip
    assert set(got["clause"]) >= {"text", "source", "url"}
    assert set(got["demand"]) >= {"kind", "unit", "total", "covered", "rate"}
    assert set(got["gap"]) == {"beyond", "unreachable", "off_network", "absent"}
    assert set(got["straight_line"]) == {"covered", "rate", "false_share"}
    assert set(got["provenance"]) == {"edition_sha256", "code_version", "standards_sha256", "computed_at"}
    assert got["demand"]["rate"] == 0.8


def test_run_speaks_to_people(quantu, town_path):
    code, out, _ = quantu("run", "fitness", "--workspace", town_path, "--area", "620105")
    assert code == 0
    assert "83.3% of 360 residents within 15 min, walk or cycle; 60 outside" in out
    assert "国家体育总局" in out


def test_an_unknown_area_names_what_there_is(quantu, town_path):
    code, _, err = quantu("run", "fitness", "--workspace", town_path, "--area", "天水")
    assert code == 1
    assert "天水" in err
    assert "Mend" in err


def test_an_ambiguous_area_names_both(quantu, town_path):
    code, _, err = quantu("run", "fitness", "--workspace", town_path, "--area", "同名镇")
    assert code == 1
    assert "620105001" in err
    assert "620102100" in err
    assert quantu("run", "fitness", "--workspace", town_path, "--area", "安宁区/同名镇")[0] == 0


def test_a_name_fits_without_its_ending(quantu, town_path):
    code, out, _ = quantu("run", "fitness", "--workspace", town_path, "--area", "安宁", "--format", "json")
    assert code == 0
    assert json.loads(out)["area"] == {"code": "620105", "name": "安宁区"}


def test_unknown_circle_edition_and_parameter(quantu, town_path):
    for args, word in (
        (("run", "swim"), "fitness"),
        (("run", "fitness", "--edition", "9"), "9"),
        (("run", "fitness", "--minutes", "61"), "61"),
        (("run", "fitness", "--mode", "teleport"), "teleport"),
    ):
        code, _, err = quantu(*args, "--workspace", town_path)
        assert code == 1, args
        assert word in err


def test_a_missing_workspace_says_how_to_make_one(quantu, tmp_path):
    code, _, err = quantu("run", "fitness", "--workspace", tmp_path / "none")
    assert code == 1
    assert "quantu init" in err


@pytest.mark.parametrize("form", ["geojson", "gpkg", "shp", "parquet", "csv", "xlsx"])
def test_every_format_is_written(quantu, town_path, tmp_path, form):
    target = tmp_path / ("out.zip" if form == "shp" else f"out.{form}")
    code, _, err = quantu("run", "fitness", "--workspace", town_path, "--format", form, "-o", target)
    assert code == 0, err
    if form == "gpkg":
        assert set(pyogrio.list_layers(target)[:, 0]) >= {"fitness_areas", "fitness_demand", "fitness_facilities"}
        areas = gpd.read_file(target, layer="fitness_areas")
        assert areas.crs.to_epsg() == 4490
        assert areas.set_index("CODE").loc["620105", "RATE"] == pytest.approx(300 / 360)
    elif form == "shp":
        with zipfile.ZipFile(target) as bundle:
            names = bundle.namelist()
            assert bundle.read("fitness_areas.cpg").decode() == "GBK"
        assert {"fitness_areas.shp", "fitness_demand.shp", "fitness_facilities.shp"} <= set(names)
        areas = gpd.read_file(f"zip://{target}!fitness_areas.shp")
        assert "城关区" in set(areas["NAME"])
    elif form == "geojson":
        assert gpd.read_file(target)["CODE"].tolist()
    elif form == "csv":
        assert target.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_format_without_a_file_is_an_error(quantu, town_path):
    code, _, err = quantu("run", "fitness", "--workspace", town_path, "--format", "gpkg")
    assert code == 1
    assert "-o" in err


def test_the_map_is_one_file(quantu, town_path, tmp_path):
    code, _, err = quantu("map", "fitness", "--workspace", town_path, "-o", tmp_path / "map.html")
    assert code == 0, err
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert "军事禁区" not in page
    assert "15分钟健身圈" in page


def test_editions_and_circles_are_listed(quantu, town_path):
    assert "the town" in quantu("editions", "--workspace", town_path)[1]
    assert "15 min" in quantu("circles")[1]


def test_publishing_nothing_is_an_error(quantu, town_path):
    code, _, err = quantu("publish", "-m", "again", "--workspace", town_path)
    assert code == 1
    assert err.strip()


def test_init_finds_a_chinese_city_and_refuses_an_occupied_place(quantu, tmp_path):
    code, out, _ = quantu("init", tmp_path / "ws", "--name", "兰州市")
    assert code == 0
    assert "620100" in out
    assert "EPSG:4544" in out
    assert quantu("init", tmp_path / "ws", "--name", "兰州市")[0] == 1


# bad input: one clear error, and the workspace as it was


def bad_inputs(folder, real):
    """(name, command after ``import``, words the message must hold)."""
    whole = (real / "andorra" / "andorra.osm.pbf").read_bytes()
    cut = folder / "cut.osm.pbf"
    cut.write_bytes(whole[: len(whole) // 2])
    line = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.LineString([(1.5, 42.5), (1.51, 42.51)])])
    bare = folder / "bare.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        line.to_file(bare, driver="GPKG")
    empty = folder / "empty.csv"
    empty.write_text("id,lon,lat,NAME\n")
    swapped = folder / "swapped.csv"
    swapped.write_text("id,lon,lat,NAME\n1,36.06,103.83,a\n2,36.07,103.84,b\n")
    elsewhere = folder / "elsewhere.geojson"
    line.set_crs("EPSG:4326").translate(20, 0).to_file(elsewhere, driver="GeoJSON")
    dem = real / "andorra"
    return {
        "truncated": (["osm", cut], ["cut.osm.pbf", "Mend"]),
        "no_crs": (["streets", bare], ["bare.gpkg", "CRS", "--crs"]),
        "empty": (["facilities", empty, "--layer", "sports", "--crs", "EPSG:4326"], ["empty.csv", "Mend"]),
        "dem": (["streets", elsewhere, "--dem", dem], ["elevation", "Mend"]),
        "absent": (["osm", folder / "none.osm.pbf"], ["none.osm.pbf", "Mend"]),
        "no_layer": (["facilities", swapped, "--layer", "swimming", "--crs", "EPSG:4326"], ["swimming", "sports"]),
    }


BAD = ["truncated", "no_crs", "empty", "dem", "absent", "no_layer"]


@pytest.mark.real
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_error_and_changes_nothing(quantu, town_path, tmp_path, real_dir, name):
    path = tmp_path / "ws"
    shutil.copytree(town_path, path)
    command, words = bad_inputs(tmp_path, real_dir)[name]
    before = snapshot(path)
    code, out, err = quantu("import", *command, "--workspace", path)
    assert code == 1, out
    assert err.count("error ") == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in err, err
    assert snapshot(path) == before


# quantu nearest


def write_points(path, xy, crs, ids=None):
    frame = gpd.GeoDataFrame({"id": ids if ids is not None else range(len(xy))}, geometry=shapely.points(xy), crs=crs)
    frame.to_file(path, driver="GPKG")


def test_nearest_by_hand(quantu, tmp_path):
    lines = [shapely.LineString([(0, 0), (1000, 0)]), shapely.LineString([(1000, 0), (1000, 1000)])]
    gpd.GeoDataFrame(geometry=[shapely.affinity.translate(x, 5e5, 4e6) for x in lines], crs="EPSG:4544").to_file(
        tmp_path / "s.gpkg", driver="GPKG"
    )
    base = np.array([5e5, 4e6])
    write_points(tmp_path / "f.gpkg", np.array([(0, 10), (1000, 900)]) + base, "EPSG:4544", ids=[10, 9])
    write_points(tmp_path / "d.gpkg", np.array([(500, 0), (1000, 500), (100, 301), (100, 300)]) + base, "EPSG:4544")
    code, _, err = quantu(
        "nearest", "--streets", tmp_path / "s.gpkg", "--facilities", tmp_path / "f.gpkg", "--demand", tmp_path / "d.gpkg",
        "--speed-kph", "3.6", "-o", tmp_path / "t.csv", "--max-minutes", "10",
    )  # fmt: skip
    assert code == 0, err
    text = (tmp_path / "t.csv").read_text()
    assert text.splitlines()[0] == "demand_id,facility_id,travel_s,access_m,snapped_m,status"
    got = pd.read_csv(tmp_path / "t.csv")
    assert got["status"].tolist() == ["ok", "ok", "off_network", "ok"]
    assert got["facility_id"].tolist()[:2] == [10, 9]
    assert got["travel_s"].tolist()[:2] == [510.0, 400.0]
    assert got["travel_s"].tolist()[3] == 410.0
    assert got["snapped_m"].tolist()[3] == 300.0
    assert got["access_m"].tolist()[:2] == [10.0, 0.0]


def test_nearest_ties_go_to_the_lowest_id_by_value(quantu, tmp_path):
    line = shapely.affinity.translate(shapely.LineString([(0, 0), (1000, 0)]), 5e5, 4e6)
    gpd.GeoDataFrame(geometry=[line], crs="EPSG:4544").to_file(tmp_path / "s.gpkg", driver="GPKG")
    base = np.array([5e5, 4e6])
    write_points(tmp_path / "f.gpkg", np.array([(0, 0), (1000, 0)]) + base, "EPSG:4544", ids=[10, 9])
    write_points(tmp_path / "d.gpkg", np.array([(500, 0)]) + base, "EPSG:4544")
    args = [f"--{k}={tmp_path / v}" for k, v in (("streets", "s.gpkg"), ("facilities", "f.gpkg"), ("demand", "d.gpkg"))]
    assert quantu("nearest", *args, "-o", tmp_path / "t.csv")[0] == 0
    assert pd.read_csv(tmp_path / "t.csv")["facility_id"].tolist() == [9]


@pytest.mark.real
def test_nearest_refuses_swapped_coordinates_and_missing_crs(quantu, tmp_path, real_dir):
    streets = real_dir / "lanzhou-core" / "roads.geojson"
    (tmp_path / "swapped.csv").write_text("id,lon,lat\n1,36.06,103.83\n")
    (tmp_path / "good.csv").write_text("id,lon,lat\n1,103.83,36.06\n")
    base = ["nearest", "--streets", streets, "--demand", tmp_path / "good.csv", "-o", tmp_path / "t.csv"]
    code, _, err = quantu(*base, "--facilities", tmp_path / "swapped.csv", "--crs", "EPSG:4326")
    assert code == 1
    assert "swapped.csv" in err
    code, _, err = quantu(*base, "--facilities", tmp_path / "good.csv")
    assert code == 1
    assert "CRS" in err
    assert not (tmp_path / "t.csv").exists()


# real input


@pytest.mark.real
def test_andorra_end_to_end(quantu, andorra_path, tmp_path):
    code, out, err = quantu("run", "fitness", "--workspace", andorra_path, "--format", "json")
    assert code == 0, err
    got = json.loads(out)
    assert got["parameters"]["slope"] is True
    assert got["demand"]["unit"] == "m2"
    rates = {v["id"]: v["rate"] for v in got["variants"]}
    assert rates["walk"] < rates["cycle"] <= rates["either"]
    assert got["straight_line"]["rate"] > got["demand"]["rate"]
    assert 0 < got["straight_line"]["false_share"] < 1
    total = got["demand"]["total"]
    assert got["demand"]["covered"] + sum(got["gap"].values()) == pytest.approx(total)
    assert quantu("map", "fitness", "--workspace", andorra_path, "-o", tmp_path / "a.html")[0] == 0


@pytest.mark.real
def test_lanzhou_core_end_to_end(quantu, tmp_path, real_dir):
    core = real_dir / "lanzhou-core"
    ws = tmp_path / "ws"
    assert quantu("init", ws, "--name", "兰州市")[0] == 0
    assert quantu("import", "streets", core / "roads.geojson", "--workspace", ws)[0] == 0
    code, out, err = quantu("import", "context", core / "polygons.geojson", core / "pois.geojson", "--workspace", ws)
    assert code == 0, err
    assert "facilities.sports" in out
    assert quantu("publish", "-m", "core", "--workspace", ws)[0] == 0
    got = json.loads(quantu("run", "fitness", "--workspace", ws, "--format", "json")[1])
    assert got["facilities"]["total"] == 141
    assert any(n["kind"] == "arterials_only" for n in got["notices"])
    store = EmbeddedStore.open(ws)
    context = store.read(store.edition(), "context")
    assert not context["tag"].fillna("").str.contains("military|prison").any()


def test_exchanged_longitudes_and_latitudes_are_put_back_and_said(quantu, town_path, tmp_path):
    path = tmp_path / "ws"
    shutil.copytree(town_path, path)
    at = shapely.get_coordinates(open_runner(path).store.present("facilities.sports").geometry.to_numpy())[0]
    swapped = tmp_path / "swapped.csv"
    swapped.write_text(f"id,lon,lat,NAME\n1,{at[1]:.6f},{at[0]:.6f},a\n", "utf-8")
    command = ("import", "facilities", swapped, "--layer", "sports", "--crs", "EPSG:4326", "--workspace", path)
    code, out, err = quantu(*command)
    assert code == 0, err
    assert "exchanged" in out
    got = open_runner(path).store.present("facilities.sports")
    assert shapely.get_coordinates(got.geometry.to_numpy())[1] == pytest.approx(at, abs=1e-6)


def test_a_file_of_which_nothing_is_accepted_is_a_failure(quantu, town_path, tmp_path):
    path = tmp_path / "ws"
    shutil.copytree(town_path, path)
    far = tmp_path / "far.csv"
    far.write_text("id,lon,lat,NAME\n1,116.4,39.9,a\n", "utf-8")
    code, out, _ = quantu("import", "facilities", far, "--layer", "sports", "--crs", "EPSG:4326", "--workspace", path)
    assert code == 1
    assert "1 rows = 0 accepted + 1 quarantined" in out
    store = open_runner(path).store
    assert not store.draft_layers()
    assert len(store.quarantined()) == 1
