"""Context files and area files."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point, box

from data.frames import AREAS, CONTEXT, DEMAND, conform
from data.read.areas import read_areas
from data.read.boundaries import china_counties
from data.read.context import read_context
from geo.errors import InputError, NotFoundError


def square(x, y, size=0.001):
    return box(103.8 + x, 36 + y, 103.8 + x + size, 36 + y + size)


def test_rows_of_one_object_are_joined_and_types_read(tmp_path):
    pitch, hall = square(0, 0), square(0.01, 0)
    rows = [
        ("1", "leisure.pitch", pitch),
        ("1#1", "sport.basketball", pitch),
        ("2", "building.yes", hall),
        ("2#1", "leisure.sports_centre", hall),
        ("3", "building.apartments", square(0.02, 0)),
        ("4", "waterway.river", LineString([(103.8, 36), (103.9, 36)])),
        ("5", "amenity.bench", Point(103.8, 36)),
        ("6", "landuse.residential", square(0.03, 0, 0.005)),
    ]
    frame = gpd.GeoDataFrame(
        {"id": [r[0] for r in rows], "type": [r[1] for r in rows]}, geometry=[r[2] for r in rows], crs="EPSG:4326"
    )
    frame.to_file(tmp_path / "p.geojson")
    found = read_context(tmp_path / "p.geojson")
    sports = found.facilities["sports"].set_index("FAC_ID")
    assert sports["KIND"].to_dict() == {"p-1": "篮球场", "p-2": "体育馆"}
    assert sports["OSM_TAG"].to_dict() == {"p-1": "leisure=pitch", "p-2": "leisure=sports_centre"}
    assert set(conform(found.demand, DEMAND)["method"]) == {
        "building footprint × default levels",
        "residential land × plot ratio",
    }
    assert sorted(conform(found.context, CONTEXT)["kind"]) == ["building", "building", "residential", "water"]
    assert found.diagnostics["objects"] == 6


def test_columns_named_as_osm_keys(tmp_path):
    frame = gpd.GeoDataFrame(
        {"building": ["house", None], "leisure": [None, "park"], "building:levels": ["2", None]},
        geometry=[square(0, 0), square(1, 0)],
        crs="EPSG:4326",
    )
    frame.to_file(tmp_path / "p.gpkg")
    found = read_context(tmp_path / "p.gpkg")
    assert found.demand["method"].tolist() == ["building footprint × levels"]
    assert found.context["kind"].tolist() == ["building", "green"]


def test_tracks_in_pieces_are_one(tmp_path):
    lines = [
        LineString([(103.8, 36), (103.801, 36)]),
        LineString([(103.801, 36), (103.801, 36.001)]),
        LineString([(103.9, 36), (103.901, 36)]),
    ]
    gpd.GeoDataFrame({"leisure": ["track"] * 3}, geometry=lines, crs="EPSG:4326").to_file(tmp_path / "p.gpkg")
    found = read_context(tmp_path / "p.gpkg")
    assert found.facilities["sports"]["FAC_ID"].tolist() == ["p-0", "p-2"]


def test_protected_land_hides_what_lies_inside_in_other_files_too(tmp_path):
    land = gpd.GeoDataFrame({"type": ["landuse.military"]}, geometry=[square(0, 0, 0.01)], crs="EPSG:4326")
    inner = gpd.GeoDataFrame(
        {"type": ["leisure.pitch", "leisure.pitch"]}, geometry=[square(0.001, 0.001), square(0.1, 0)], crs="EPSG:4326"
    )
    land.to_file(tmp_path / "land.gpkg")
    inner.to_file(tmp_path / "inner.gpkg")
    together = read_context([tmp_path / "land.gpkg", tmp_path / "inner.gpkg"])
    first = read_context(tmp_path / "land.gpkg")
    second = read_context(tmp_path / "inner.gpkg", protected=first.protected)
    assert not len(first.context)
    for found in (together, second):
        assert found.facilities["sports"]["FAC_ID"].tolist() == ["inner-1"]


def test_a_file_without_tags_is_one_error(tmp_path):
    gpd.GeoDataFrame({"a": [1]}, geometry=[square(0, 0)], crs="EPSG:4326").to_file(tmp_path / "p.gpkg")
    with pytest.raises(InputError, match="no column is an OSM key"):
        read_context(tmp_path / "p.gpkg")


@pytest.mark.real
def test_lanzhou_core(real_dir):
    folder = real_dir / "lanzhou-core"
    found = read_context([folder / "polygons.geojson", folder / "pois.geojson"])
    counts = found.diagnostics
    assert counts["sports"]["kept"] == {
        "leisure=fitness_station": 1,
        "leisure=pitch": 123,
        "leisure=sports_centre": 8,
        "leisure=stadium": 3,
        "leisure=track": 6,
    }
    assert counts["withheld"]["protected_areas"] == 12
    land = found.protected.union_all()
    for frame in (found.context, found.demand, found.facilities["sports"]):
        assert not frame.geometry.representative_point().within(land).any()
    river = found.context[found.context.geom_type == "LineString"].to_crs("EPSG:4544")
    assert river.geometry.length.max() == pytest.approx(50_000, rel=0.1)
    assert river["kind"].eq("water").all()
    kinds = counts["demand"]["dwellings_by_kind"]
    assert set(kinds) == {"apartments", "dormitory", "house", "residential", "yes"}
    assert not found.context["tag"].str.contains("military|prison").any()


@pytest.mark.real
def test_railway_stations(real_dir):
    found = read_context(real_dir / "lanzhou-core" / "railway_stations.geojson")
    assert found.context["kind"].eq("station").all()
    assert len(found.context) == 107


def test_read_areas(tmp_path):
    frame = gpd.GeoDataFrame(
        {"adcode": [620105.0, 620102.0], "名称": ["安宁区", "城关区"]},
        geometry=[square(0, 0), square(1, 0)],
        crs="EPSG:4490",
    )
    frame.to_file(tmp_path / "a.gpkg")
    areas = conform(read_areas(tmp_path / "a.gpkg", crs=None, level="county"), AREAS)
    assert areas[["code", "name", "parent"]].to_numpy().tolist() == [
        ["620105", "安宁区", "620100"],
        ["620102", "城关区", "620100"],
    ]
    with pytest.raises(InputError, match="no column XZQ"):
        read_areas(tmp_path / "a.gpkg", crs=None, level="county", code_column="XZQ")
    with pytest.raises(InputError, match="is no level"):
        read_areas(tmp_path / "a.gpkg", crs=None, level="planet")


def test_china_counties():
    areas = china_counties("6201")
    assert areas["name"].tolist() == [
        "兰州市", "城关区", "七里河区", "西固区", "安宁区", "红古区", "永登县", "皋兰县", "榆中县",
    ]  # fmt: skip
    assert areas["level"].tolist() == ["city"] + ["county"] * 8
    assert pd.isna(areas["parent"].iloc[0])
    city, counties = areas.geometry.iloc[0], areas.geometry.iloc[1:].union_all()
    assert city.symmetric_difference(counties).area / city.area < 0.001
    with pytest.raises(NotFoundError):
        china_counties("9999")
