"""One suite for every store: an adapter is a function that makes a fresh store in a directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.frames import AREAS, DEMAND, STREETS, Column, conform, facility_spec
from data.stores.base import City, Store
from data.stores.embedded import EmbeddedStore

LANZHOU = City("620100", "兰州市", "Lanzhou", "EPSG:4544")

VENUES = facility_spec("sports", {"SEATS": Column("int", required=False)})

ADAPTERS: dict[str, tuple[Callable[[Path], Store], Callable[[Path, str], Store]]] = {
    "embedded": (
        lambda path: EmbeddedStore.create(path, LANZHOU, actor="tester"),
        lambda path, actor: EmbeddedStore.open(path, actor=actor),
    ),
}


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(adapter: str, tmp_path: Path) -> Store:
    return ADAPTERS[adapter][0](tmp_path / "city")


@pytest.fixture
def steward(adapter: str, store: Store, tmp_path: Path) -> Callable[[str], Store]:
    """The same workspace, opened in the name of another steward."""
    return lambda name: ADAPTERS[adapter][1](tmp_path / "city", name)


@pytest.fixture
def venues() -> Callable[..., gpd.GeoDataFrame]:
    return _venues


@pytest.fixture
def streets() -> gpd.GeoDataFrame:
    """Three segments near Lanzhou with elevation, an empty name and an unknown speed."""
    lines = shapely.linestrings(
        [[[103.8 + i / 1000, 36.0, 1520.5 + i], [103.8 + (i + 1) / 1000, 36.0, 1521.5 + i]] for i in range(3)]
    )
    columns: dict[str, Any] = {
        "seg_id": [0, 1, 2],
        "u": [0, 1, 2],
        "v": [1, 2, 3],
        "name": ["南滨河路", None, "中山桥"],
        "maxspeed_kph": [40.0, np.nan, 20.0],
        **{name: [True] * 3 for name in ("walk", "cycle_fwd", "cycle_bwd", "drive_fwd")},
        "drive_bwd": [False, True, False],
        "bridge": [False, False, True],
        "tunnel": [False] * 3,
        "synthetic": [True] * 3,
    }
    return conform(gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:4490"), STREETS)


@pytest.fixture
def residents() -> gpd.GeoDataFrame:
    return _demand(5)


@pytest.fixture
def demand() -> Callable[..., gpd.GeoDataFrame]:
    return _demand


@pytest.fixture
def areas() -> gpd.GeoDataFrame:
    """Two areas of different geometry types, one with a date, one without."""
    columns = {
        "code": ["620102", "620102001"],
        "name": ["城关区", "酒泉路街道"],
        "level": ["county", "township"],
        "valid_from": ["2004-10-01", None],
        "source": ["test", "test"],
        "synthetic": [False, True],
    }
    shapes = [shapely.box(103.7, 36.0, 103.9, 36.1), shapely.Point(103.8, 36.05)]
    return conform(gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490"), AREAS)


def _venues(*rows: tuple[str, str | None, float], dates: str | None = "2020-05-01") -> gpd.GeoDataFrame:
    """Return venues of (id, name, metres east of 103.8 E, roughly): text, numbers, whole numbers, dates, blanks."""
    columns = {
        "FAC_ID": [row[0] for row in rows],
        "NAME": [row[1] for row in rows],
        "CRS_SRC": ["EPSG:4490"] * len(rows),
        "SRC": ["test"] * len(rows),
        "SYNTHETIC": [False] * len(rows),
        "ACC_M": [np.nan if row[1] is None else 5.0 for row in rows],
        "OPEN_DATE": [dates] * len(rows),
        "SEATS": [None if row[1] is None else len(row[1]) for row in rows],
    }
    points = shapely.points([[103.8 + row[2] / 90_000, 36.05] for row in rows] or np.empty((0, 2)))
    return conform(gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4490"), VENUES)


def _demand(count: int, *, weight: float = 1.0) -> gpd.GeoDataFrame:
    """Return ``count`` demand points, all of one weight."""
    columns = {
        "demand_id": [f"d{i}" for i in range(count)],
        "weight": [weight] * count,
        "method": ["test"] * count,
        "synthetic": [True] * count,
    }
    points = shapely.points(np.linspace(103.7, 103.9, count), np.full(count, 36.05))
    return conform(gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4490"), DEMAND)
