"""Points for nearest: formats, ids, and coordinates the wrong way round."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, Polygon

from data.read.points import check_swapped, read_points
from geo.datum import wgs84_to_gcj02
from geo.errors import InputError, MissingCRSError

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
    for name, crs in (("own.gpkg", "EPSG:4326"), ("own.geojson", "EPSG:4544"), ("none.csv", "EPSG:4326")):
        found = read_points(tmp_path / name, crs=crs, what="demand", crs_is_fallback=True).to_crs("EPSG:4326")
        assert found.geometry.iloc[0].coords[0] == pytest.approx((103.8, 36.0), abs=1e-7)
