"""Vector files whose features are no points, or have no place, through the whole import."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon

from api.intake import import_facilities
from api.intake_report import IntakeOptions, IntakeReport
from api.quarantine import batches, write_quarantine
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from layers.facilities.catalogue import FACILITY_LAYERS

LAYER = FACILITY_LAYERS["elderly"]
CROSSING = Polygon([(103.80, 36.05), (103.82, 36.07), (103.82, 36.05), (103.80, 36.07)])
SQUARE = shapely.box(103.70, 36.05, 103.71, 36.06)
SHAPES = [
    Point(103.83, 36.05, 1520.0),
    MultiPoint([(103.84, 36.05)]),
    MultiPoint([(103.84, 36.05), (103.85, 36.05)]),
    SQUARE,
    MultiPolygon([SQUARE, shapely.box(103.72, 36.05, 103.73, 36.06)]),
    LineString([(103.60, 36.10), (103.62, 36.10)]),
    CROSSING,
    None,
    Point(),
    Polygon(np.column_stack([103.8, 36.0]) + 0.01 * np.random.default_rng(0).random((200_001, 2))),
]


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore.create(tmp_path / "ws", City("620100", "兰州市", "Lanzhou", "EPSG:4544"))


def bring(store: EmbeddedStore, path: Path, **said: object) -> IntakeReport:
    got = import_facilities(
        store, path, layer=LAYER, options=IntakeOptions(trust=True, **said), today=date(2026, 11, 22)
    )
    assert got.rows == got.accepted + got.quarantined == got.accepted + len(store.quarantined())
    return got


def written(folder: Path, shapes: list[object], **columns: object) -> Path:
    names = [f"第{i}养老院" for i in range(len(shapes))]
    frame = gpd.GeoDataFrame({"机构名称": names, "机构类型": "养老机构", **columns}, geometry=shapes, crs="EPSG:4490")
    path = folder / "a.gpkg"
    frame.to_file(path)
    return path


@pytest.mark.filterwarnings("ignore:.*:UserWarning", "ignore:.*:RuntimeWarning")
def test_shapes_become_points_or_are_set_aside(store: EmbeddedStore, tmp_path: Path) -> None:
    got = bring(store, written(tmp_path, SHAPES))
    held = store.present(LAYER.layer).set_index("NAME").geometry
    assert sorted(held.index) == [f"第{i}养老院" for i in (0, 1, 3, 4, 5, 6)]
    assert set(held.geom_type) == {"Point"}
    assert not held.has_z.any()
    assert held["第1养老院"].coords[0] == pytest.approx((103.84, 36.05))
    assert SQUARE.contains(held["第3养老院"])
    assert CROSSING.buffer(0).covers(held["第6养老院"]) or CROSSING.convex_hull.contains(held["第6养老院"])
    said = {(fault.row, fault.code): fault.severity for fault in got.faults if fault.row is not None}
    assert said[(3, "shape_for_point")] == said[(5, "shape_for_point")] == "notice"
    assert said[(6, "mended_area")] == "warning"
    assert said[(2, "several_points")] == said[(9, "bad_area")] == "error"
    assert {row.row for row in store.quarantined()} == {2, 7, 8, 9}
    write_quarantine(batches(store), tmp_path / "back.csv")
    before = len(store.quarantined())
    again = bring(store, tmp_path / "back.csv", crs="wgs84")
    assert again.accepted == 0
    assert len(store.quarantined()) == before


def test_a_file_without_geometry_is_placed_by_its_columns_or_its_address(store: EmbeddedStore, tmp_path: Path) -> None:
    path = written(tmp_path, [None, None], 经度=[103.83, None], 纬度=[36.05, None], 地址=[None, "不知何处"])
    got = bring(store, path, crs="wgs84")
    assert (got.accepted, got.quarantined) == (1, 1)
    assert "address_unknown" in got.counts or "no_place" in got.counts
