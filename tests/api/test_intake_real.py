"""A list of the real shops of Lanzhou's core in every datum, brought into a workspace with the real streets and buildings."""

import shutil
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.demo import new_workspace
from api.imports import import_context, import_streets
from api.intake import import_facilities
from api.intake_report import IntakeOptions
from api.wiring import open_runner
from geo.crs import GEOD
from geo.errors import InputError
from layers.facilities.catalogue import FACILITY_LAYERS
from tests.messy import real_shops

TODAY = date(2026, 11, 22)
COMMERCE = FACILITY_LAYERS["commerce"]
DATUMS = ("wgs84", "gcj02", "bd09", "EPSG:4544", "EPSG:4523", "EPSG:3857")


@pytest.fixture(scope="module")
def core(tmp_path_factory, real_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("core") / "ws"
    new_workspace(folder, name="兰州市")
    runner = open_runner(folder)
    source = real_dir / "lanzhou-core"
    import_streets(runner.store, source / "roads.geojson", crs=None, directed=None, dem=[])
    import_context(runner.store, [source / "polygons.geojson"], facility_layers=(), crs=None)
    runner.store.publish("streets and buildings")
    return folder


@pytest.fixture
def store(core: Path, tmp_path: Path):
    shutil.copytree(core, tmp_path / "ws")
    return open_runner(tmp_path / "ws").store


def bring(store, path: Path, **said):
    options = IntakeOptions(fill={"KIND": "便利店"}, **said)
    return import_facilities(store, path, layer=COMMERCE, options=options, today=TODAY)


@pytest.mark.real
@pytest.mark.parametrize("datum", DATUMS)
def test_the_datum_is_named_for_sure_and_undone(store, tmp_path: Path, real_dir: Path, datum: str) -> None:
    path = tmp_path / "商店.csv"
    count = real_shops(real_dir, path, datum=datum, limit=150)
    with pytest.raises(InputError) as told:
        bring(store, path)
    (fault,) = told.value.faults
    assert fault.code == "undeclared_datum"
    assert f"they fit {datum} (sure" in fault.message
    assert store.present("facilities.commerce") is None
    got = bring(store, path, crs=datum)
    assert got.accepted + got.quarantined == got.rows == count
    true = tmp_path / "true.csv"
    real_shops(real_dir, true, datum="wgs84", limit=150)
    bring(store, true, crs="wgs84", replace=True)
    again = store.present("facilities.commerce")
    assert got.accepted >= 0.98 * count
    assert len(again) == got.accepted


@pytest.mark.real
def test_a_declaration_the_map_contradicts_stops_the_import(store, tmp_path: Path, real_dir: Path) -> None:
    path = tmp_path / "商店.csv"
    real_shops(real_dir, path, datum="gcj02", limit=150)
    with pytest.raises(InputError, match="declared wgs84, but the positions fit gcj02"):
        bring(store, path, crs="wgs84")
    kept = bring(store, path, crs="wgs84", trust=True)
    assert kept.accepted > 140


@pytest.mark.real
def test_a_file_of_two_datums_is_read_row_by_row(store, tmp_path: Path, real_dir: Path) -> None:
    one, other, both = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "混用.csv"
    count = real_shops(real_dir, one, datum="wgs84", limit=200)
    real_shops(real_dir, other, datum="gcj02", limit=200)
    true, shifted = one.read_text("gbk").splitlines(), other.read_text("gbk").splitlines()
    half = 1 + count // 2
    both.write_text("\r\n".join([*true[:half], *shifted[half:]]) + "\r\n", "gbk")
    with pytest.raises(InputError, match="not all in one datum"):
        bring(store, both)
    got = bring(store, both, crs="mixed")
    assert got.rows == count == got.accepted + got.quarantined
    assert got.datum["mixed"]
    mixed = store.present("facilities.commerce").set_index("FAC_ID")
    bring(store, one, crs="wgs84", replace=True)
    truth = store.present("facilities.commerce").set_index("FAC_ID")
    common = mixed.index.intersection(truth.index)
    here, there = (shapely.get_coordinates(frame.loc[common].geometry.to_numpy()) for frame in (mixed, truth))
    metres = np.asarray(GEOD.inv(*here.T, *there.T)[2])
    # Five neighbours at the head of the real file look shifted themselves, in whatever order the others come.
    assert (metres < 1.0).mean() > 0.95
    assert len(common) > count / 2


@pytest.mark.real
def test_a_file_that_says_wgs84_and_fits_another_is_questioned_even_where_it_is_not_sure(
    store, tmp_path: Path, real_dir: Path
) -> None:
    path = tmp_path / "商店.csv"
    real_shops(real_dir, path, datum="gcj02", limit=20)
    frame = pd.read_csv(path, skiprows=1, encoding="gb18030")
    points = gpd.points_from_xy(frame["经度"], frame["纬度"])
    stated = tmp_path / "商店.gpkg"
    gpd.GeoDataFrame(frame[["名称"]], geometry=points, crs="EPSG:4326").to_file(stated)
    with pytest.raises(InputError, match=r"the file states wgs84, but gcj02 fits better|but the positions fit gcj02"):
        bring(store, stated)
    assert bring(store, stated, crs="gcj02").accepted > 15
