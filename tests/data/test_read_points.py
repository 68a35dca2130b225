"""Points for nearest: formats, ids, and coordinates the wrong way round."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, Polygon

from data.read.points import check_swapped, read_points
from geo.datum import wgs84_to_gcj02
from geo.errors import CRSMismatchError, InputError, MissingCRSError

LANZHOU = (103.7, 35.9, 104.0, 36.2)


def test_csv_with_lon_and_lat(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,lon,lat,name\n007,103.8,36.0,甲\n8,103.9,36.1,乙\n", encoding="utf-8-sig")
    with pytest.raises(MissingCRSError, match=r"p\.csv"):
        read_points(path, crs=None, what="facilities")
    points = read_points(path, crs="EPSG:4326", what="facilities")
    assert points["id"].tolist() == ["007", "8"]
    assert points["name"].tolist() == ["甲", "乙"]
    assert shapely.get_coordinates(points.geometry).tolist() == [[103.8, 36.0], [103.9, 36.1]]


@pytest.mark.parametrize("name", ["ID", "id", "Id"])
def test_ids_of_a_csv_are_text_in_any_case(tmp_path, name):
    path = tmp_path / "p.csv"
    path.write_text(f"{name},FAC_ID,XZQDM12,people,lon,lat\n001,01,062010500100,5,103.8,36.0\n2,02,,6,103.9,36.1\n")
    points = read_points(path, crs="EPSG:4326", what="facilities")
    assert points["id"].tolist() == ["001", "2"]
    assert points["FAC_ID"].tolist() == ["01", "02"]
    assert points["XZQDM12"].iloc[0] == "062010500100"
    assert points["people"].tolist() == [5, 6]


@pytest.mark.parametrize("file", ["p.gpkg", "p.parquet", "p.csv"])
def test_whole_numbers_are_ids_without_a_point_and_none_is_a_fault(tmp_path, file):
    def keep(ids):
        frame = gpd.GeoDataFrame({"ID": ids}, geometry=[Point(103.8 + i / 10, 36) for i in range(3)], crs="EPSG:4326")
        if file.endswith("csv"):
            frame.drop(columns="geometry").assign(lon=frame.geometry.x, lat=36).to_csv(tmp_path / file, index=False)
        elif file.endswith("gpkg"):
            frame.to_file(tmp_path / file)
        else:
            frame.to_parquet(tmp_path / file)
        return read_points(tmp_path / file, crs="EPSG:4326", what="demand")

    if file != "p.csv":  # what a table writes as text stays as it is written
        assert keep([10.0, 11.5, 12.0])["id"].tolist() == ["10", "11.5", "12"]
    with pytest.raises(InputError) as caught:
        keep([10.0, None, None])
    assert [(fault.code, fault.row, fault.column) for fault in caught.value.faults] == [
        ("empty", 1, "ID"), ("empty", 2, "ID"),
    ]  # fmt: skip
    with pytest.raises(InputError, match="no id"):
        keep(["a", None, "c"])


@pytest.mark.parametrize("name", ["p.gpkg", "p.shp", "p.geojson", "p.parquet"])
def test_files_without_ids_are_numbered_from_0(tmp_path, name):
    frame = gpd.GeoDataFrame({"a": [5, 6]}, geometry=[Point(103.8, 36), Point(103.9, 36)], crs="EPSG:4326")
    path = tmp_path / name
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_file(path)
    points = read_points(path, crs=None, what="demand")
    assert points["id"].tolist() == ["0", "1"]
    assert points.crs == "EPSG:4326"


def test_x_and_y_in_a_plain_parquet(tmp_path):
    frame = pd.DataFrame({"x": [500000.0], "y": [4000000.0]})
    frame.to_parquet(tmp_path / "p.parquet")
    points = read_points(tmp_path / "p.parquet", crs="EPSG:4544", what="demand")
    assert points.crs == "EPSG:4544"


def test_areas_and_lines_are_taken_at_a_point_inside(tmp_path):
    shape = Polygon([(0, 0), (4, 0), (4, 1), (1, 1), (1, 4), (0, 4)])
    gpd.GeoDataFrame(geometry=[shape, LineString([(0, 0), (2, 0)])], crs="EPSG:4544").to_parquet(tmp_path / "p.parquet")
    points = read_points(tmp_path / "p.parquet", crs=None, what="facilities")
    assert shape.contains(points.geometry.iloc[0])


def test_gcj02_is_undone(tmp_path):
    ((x, y),) = wgs84_to_gcj02(np.array([[103.834, 36.061]])).tolist()
    path = tmp_path / "p.csv"
    path.write_text(f"lon,lat\n{x},{y}\n")
    points = read_points(path, crs="gcj02", what="facilities")
    assert points.geometry.iloc[0].coords[0] == pytest.approx((103.834, 36.061), abs=1e-8)


@pytest.mark.parametrize("text", ["", "lon,lat\n"])
def test_an_empty_facility_file_is_one_error(tmp_path, text):
    path = tmp_path / "f.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_points(path, crs="EPSG:4326", what="facilities")
    (fault,) = caught.value.faults
    assert (fault.code, fault.file) == ("empty_file", str(path))


def test_all_bad_rows_are_named_at_once(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("lon,lat\n103.8,36\n,36\nabc,36\n")
    with pytest.raises(InputError) as caught:
        read_points(path, crs="EPSG:4326", what="facilities")
    assert [fault.row for fault in caught.value.faults] == [1, 2]


def test_an_id_twice(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("id,lon,lat\na,103.8,36\na,103.9,36\n")
    with pytest.raises(InputError, match="occurs 2 times"):
        read_points(path, crs="EPSG:4326", what="facilities")


def points_at(*lonlat):
    return gpd.GeoDataFrame(geometry=[Point(one) for one in lonlat], crs="EPSG:4326")


def test_swapped_coordinates_are_one_error(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("lon,lat\n36.0,103.8\n36.1,103.9\n")
    with pytest.raises(InputError) as caught:
        read_points(path, crs="EPSG:4326", what="facilities")
    assert [fault.code for fault in caught.value.faults] == ["swapped"]
    andorra = (1.4, 42.4, 1.8, 42.7)
    with pytest.raises(InputError, match="swapped"):
        check_swapped(points_at((42.5, 1.5), (42.6, 1.6)), andorra, file="f.csv", what="demand")
    with pytest.raises(InputError, match="more than 100 km"):
        check_swapped(points_at((10, 50), (11, 51)), andorra, file="f.csv", what="demand")


def test_points_near_the_streets_pass():
    check_swapped(points_at((103.8, 36.0), (36.0, 10.0)), LANZHOU, file="f.csv", what="demand")
    check_swapped(points_at((103.5, 35.5)), LANZHOU, file="f.csv", what="demand")


def test_one_declaration_for_several_files_leaves_those_alone_that_state_their_own(tmp_path):
    lonlat = points_at((103.8, 36.0))
    lonlat.to_crs("EPSG:4544").to_file(tmp_path / "own.gpkg")
    lonlat.to_file(tmp_path / "own.geojson")
    (tmp_path / "none.csv").write_text("lon,lat\n103.8,36.0\n")
    lonlat.to_file(tmp_path / "lonlat.gpkg")
    for name, crs in (
        ("own.gpkg", "EPSG:4326"), ("own.gpkg", "gcj02"), ("own.geojson", "EPSG:4544"), ("own.geojson", "gcj02"),
        ("lonlat.gpkg", "gcj02"), ("lonlat.gpkg", "bd09"), ("none.csv", "EPSG:4326"),
    ):  # fmt: skip
        found = read_points(tmp_path / name, crs=crs, what="demand", crs_is_fallback=True).to_crs("EPSG:4326")
        assert found.geometry.iloc[0].coords[0] == pytest.approx((103.8, 36.0), abs=1e-7)


def test_a_declared_datum_is_undone_where_the_file_states_no_crs_or_no_other_file_is_meant(tmp_path):
    lonlat = points_at((103.8, 36.0))
    shifted = points_at(tuple(wgs84_to_gcj02(np.array([[103.8, 36.0]]))[0]))
    shifted.to_file(tmp_path / "stated.gpkg")
    (tmp_path / "none.geojson").write_text(shifted.set_crs(None, allow_override=True).to_json())
    for name, fallback in (("stated.gpkg", False), ("none.geojson", False), ("none.geojson", True)):
        found = read_points(tmp_path / name, crs="gcj02", what="demand", crs_is_fallback=fallback)
        assert found.geometry.iloc[0].coords[0] == pytest.approx((103.8, 36.0), abs=1e-7)
    lonlat.to_crs("EPSG:4544").to_file(tmp_path / "metric.gpkg")
    with pytest.raises(CRSMismatchError, match=r"metric\.gpkg.*EPSG:4544"):
        read_points(tmp_path / "metric.gpkg", crs="gcj02", what="demand")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4544", "gcj02"])
def test_coordinates_that_are_no_numbers_are_faults(tmp_path, crs):
    places = [Point(103.8, 36.0), Point(np.inf, 36.0), Point(103.8, -np.inf), LineString([(1, 1), (np.inf, 2)])]
    frame = gpd.GeoDataFrame(geometry=places, crs=None if crs == "gcj02" else crs)
    frame.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError) as caught:
        read_points(tmp_path / "p.parquet", crs=crs, what="demand")
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [("no_position", row) for row in (1, 2, 3)]
