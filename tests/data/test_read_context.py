"""Context files and area files."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point, box

from data.frames import AREAS, CONTEXT, DEMAND, conform
from data.read.areas import area_of, read_areas
from data.read.boundaries import china_counties
from data.read.context import read_context
from data.read.places import protected_of
from data.tile_specs import CONTEXT as TILES
from data.tiles import public_rows, tile_layer
from data.write.delivery import delivery
from geo.errors import InputError, NotFoundError
from geo.mvt import web_mercator


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
    kept = protected_of(conform(second.context, CONTEXT))
    third = read_context(tmp_path / "inner.gpkg", protected=kept.to_crs("EPSG:4544").to_crs("EPSG:4490"))
    for found in (together, second, third):
        assert found.facilities["sports"]["FAC_ID"].tolist() == ["inner-1"]
    for found in (together, first, second):
        assert found.context["kind"].tolist() == ["protected"]
        assert not found.context["public"].any()
        assert found.context[["name", "tag"]].isna().all(axis=None)
    assert first.context["ctx_id"].tolist() == second.context["ctx_id"].tolist()
    again = read_context(tmp_path / "land.gpkg", protected=first.protected)
    assert len(again.protected) == len(again.context) == 1


def test_protected_land_reaches_no_tile_or_export(tmp_path):
    secret = [square(0, 0, 0.01), square(0.05, 0, 0.01)]
    gpd.GeoDataFrame(
        {"type": ["landuse.military", "natural.water", "landuse.prison"]},
        geometry=[secret[0], square(0.2, 0), secret[1]],
        crs="EPSG:4326",
    ).to_file(tmp_path / "p.gpkg")
    context = read_context(tmp_path / "p.gpkg").context
    assert context["kind"].tolist() == ["water", "protected", "protected"]
    forgotten = context.assign(public=True)  # the kind alone says so too
    for frame in (context, forgotten):
        assert public_rows(frame).tolist() == [True, False, False]
        given = delivery("context", frame, CONTEXT, {})
        assert given.frame["kind"].tolist() == ["water"]
        layer = tile_layer(frame, TILES)
        x, y = (web_mercator([[103.801, 36.001]])[0] * (1 << 14)).astype(int)
        assert layer.tile(14, x, y) == b""


def test_rows_without_an_id_stay_apart_and_no_number_is_a_fault(tmp_path):
    frame = gpd.GeoDataFrame(
        {"id": [7.0, None, None], "type": ["leisure.pitch"] * 3},
        geometry=[square(0, 0), square(0.01, 0), square(0.02, 0)],
        crs="EPSG:4326",
    )
    frame.to_parquet(tmp_path / "p.parquet")
    found = read_context(tmp_path / "p.parquet")
    assert found.facilities["sports"]["FAC_ID"].tolist() == ["p-7", "p-row1", "p-row2"]
    frame.geometry.array[1] = Point(103.8, float("inf"))
    frame.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError) as caught:
        read_context(tmp_path / "p.parquet")
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [("off_earth", 1)]


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
    assert (found.context["kind"] == "protected").sum() == 12
    for frame in (found.context[found.context["public"]], found.demand, found.facilities["sports"]):
        assert not frame.geometry.representative_point().within(land).any()
    river = found.context[found.context.geom_type == "LineString"].to_crs("EPSG:4544")
    assert river.geometry.length.max() == pytest.approx(50_000, rel=0.1)
    assert river["kind"].eq("water").all()
    kinds = counts["demand"]["dwellings_by_kind"]
    assert set(kinds) == {"apartments", "dormitory", "house", "residential", "yes"}
    assert not found.context["tag"].fillna("").str.contains("military|prison").any()


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
    with pytest.raises(InputError, match=r"no column XZQ.*Mend: .*name it with --code COLUMN"):
        read_areas(tmp_path / "a.gpkg", crs=None, level="county", code_column="XZQ")
    with pytest.raises(InputError, match=r"no column NAME.*Mend: .*name it with --name COLUMN"):
        read_areas(tmp_path / "a.gpkg", crs=None, level="county", name_column="NAME")
    with pytest.raises(InputError, match="is no level"):
        read_areas(tmp_path / "a.gpkg", crs=None, level="planet")


@pytest.mark.parametrize(
    ("level", "codes", "kept", "parents"),
    [
        ("city", ["620100000000", "620100"], None, None),
        ("city", ["620100000000"], ["620100"], [None]),
        ("county", ["620105000000", "620102000", "620103"], ["620105", "620102", "620103"], ["620100"] * 3),
        ("township", ["620105001000", "620105002", "620105003001"], ["620105001", "620105002", "620105003001"],
         ["620105"] * 3),
        ("village", ["620105001000", "620105001001"], ["620105001000", "620105001001"], ["620105001"] * 2),
        ("unit_2020", ["620105", "2020:620102", "620111"], ["2020:620105", "2020:620102", "2020:620111"], [None] * 3),
        ("unit_2020", ["620105", "2020:620105"], None, None),
        ("county", ["620105", "620102", "620105000"], None, None),
    ],
)  # fmt: skip
def test_codes_as_they_are_kept(tmp_path, level, codes, kept, parents):
    frame = gpd.GeoDataFrame(
        {"代码": codes, "name": "x"}, geometry=[square(i, 0) for i in range(len(codes))], crs="EPSG:4490"
    )
    frame.to_file(tmp_path / "a.gpkg")
    if kept is None:
        with pytest.raises(InputError) as caught:
            read_areas(tmp_path / "a.gpkg", crs=None, level=level, code_column="代码")
        (fault,) = caught.value.faults
        assert (fault.code, fault.row, fault.column) == ("duplicate_key", len(codes) - 1, "代码")
        assert "first in row 0" in fault.message
        return
    areas = read_areas(tmp_path / "a.gpkg", crs=None, level=level, code_column="代码")
    assert areas["code"].tolist() == kept
    assert [None if pd.isna(value) else value for value in areas["parent"]] == parents


def test_areas_without_a_code_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("XZQ,name,lon,lat\n012345,甲,103.8,36\n,乙,103.9,36\n,丙,103.9,36.1\n")
    with pytest.raises(InputError) as caught:
        read_areas(tmp_path / "a.csv", crs="EPSG:4490", level="village", code_column="XZQ")
    assert [(fault.code, fault.row, fault.column) for fault in caught.value.faults] == [
        ("empty", 1, "XZQ"), ("empty", 2, "XZQ"),
    ]  # fmt: skip
    (tmp_path / "b.csv").write_text("XZQ,name,lon,lat\n012345,甲,103.8,36\n")
    areas = read_areas(tmp_path / "b.csv", crs="EPSG:4490", level="village", code_column="XZQ")
    assert areas["code"].tolist() == ["012345"]


def test_area_of(tmp_path):
    gpd.GeoDataFrame(geometry=[square(0, 0), square(0.0005, 0)], crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    assert area_of(tmp_path / "a.gpkg").equals(square(0, 0).union(square(0.0005, 0)))
    shapes = [LineString([(103.8, 36), (103.9, 36)]), square(0, 0), None, Point(103.8, 36)]
    gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError) as caught:
        area_of(tmp_path / "b.parquet")
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [
        ("geometry_type", 0), ("no_geometry", 2), ("geometry_type", 3),
    ]  # fmt: skip


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
