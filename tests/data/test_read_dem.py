"""Elevation: tiles, seams, voids, cover."""

import zipfile

import numpy as np
import pytest
import rasterio
from affine import Affine

from data.read.dem import open_elevation, require_cover
from geo.crs import project
from geo.errors import InputError, MissingCRSError

SIDE = 1201


def plane(lon, lat):
    """A tilted plane through the tile whose south-west corner is (lon, lat): 1000 m per degree east, 500 north."""
    x = lon + np.arange(SIDE) / 1200
    y = lat + 1 - np.arange(SIDE) / 1200
    return np.round(1000 * (x[None, :] - 100) + 500 * (y[:, None] - 30)).astype(">i2")


def hgt(folder, name, values):
    (folder / f"{name}.hgt").write_bytes(values.astype(">i2").tobytes())


def test_bilinear_and_seamless_across_tiles(tmp_path):
    hgt(tmp_path, "N30E100", plane(100, 30))
    hgt(tmp_path, "N30E101", plane(101, 30))
    with zipfile.ZipFile(tmp_path / "N31E100.hgt.zip", "w") as archive:
        archive.writestr("N31E100.hgt", plane(100, 31).tobytes())
    elevation = open_elevation([tmp_path])
    rng = np.random.default_rng(0)
    places = np.column_stack([100 + rng.random(500) * 2, 30 + rng.random(500)])
    seam = np.array(
        [[101.0, 30.5], [101.0 - 1e-7, 30.5], [101.0 + 1e-7, 30.5], [100.5, 31.0], [100.0, 30.0], [102.0, 30.0]]
    )
    both = np.vstack([places, seam])
    truth = 1000 * (both[:, 0] - 100) + 500 * (both[:, 1] - 30)
    assert np.abs(elevation.sample(both) - truth).max() <= 1.0
    assert len(elevation.grids) == 1
    assert elevation.voids == 0
    outside = elevation.sample(np.array([[101.5, 31.5], [99.9, 30.5], [100.5, 29.9]]))
    assert np.isnan(outside).all()


def test_cover(tmp_path):
    hgt(tmp_path, "N30E100", plane(100, 30))
    hgt(tmp_path, "N31E101", plane(101, 31))
    elevation = open_elevation([tmp_path])
    assert elevation.covers((100.2, 30.2, 100.8, 30.8))
    assert elevation.covers((100.0, 30.0, 101.0, 31.0))
    assert not elevation.covers((100.5, 30.5, 101.5, 31.5))
    require_cover(elevation, (100.2, 30.2, 100.8, 30.8))
    with pytest.raises(InputError) as caught:
        require_cover(elevation, (103.8, 36.0, 103.9, 36.1))
    (fault,) = caught.value.faults
    assert fault.code == "dem_does_not_cover"
    assert "N30E100.hgt" in str(fault)


def test_voids_are_filled_and_counted(tmp_path):
    values = plane(100, 30)
    values[600:620, 600:630] = -32768
    values[0, 0] = -32768
    hgt(tmp_path, "N30E100", values)
    elevation = open_elevation([tmp_path / "N30E100.hgt"])
    assert (elevation.voids, elevation.voids_left) == (601, 0)
    place = np.array([[100 + 615 / 1200, 31 - 610 / 1200]])
    assert elevation.sample(place)[0] == pytest.approx(1000 * (place[0, 0] - 100) + 500 * (place[0, 1] - 30), abs=15)


def geotiff(path, values, *, west, north, step, crs, nodata=None):
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1, dtype="float32",
        crs=crs, transform=Affine(step, 0.0, west, 0.0, -step, north), nodata=nodata,
    ) as out:  # fmt: skip
        out.write(values.astype(np.float32), 1)
    return path


def test_geotiff_cells_are_areas_and_neighbours_join(tmp_path):
    x = 300_000 + 30 * (np.arange(80) + 0.5)
    whole = np.tile(x - 300_000, (50, 1))
    left = geotiff(tmp_path / "a.tif", whole[:, :40], west=300_000, north=4_000_000, step=30, crs="EPSG:4544")
    right = geotiff(tmp_path / "b.tif", whole[:, 40:], west=301_200, north=4_000_000, step=30, crs="EPSG:4544")
    elevation = open_elevation([left, right])
    metres = np.array([[300_100.0, 3_999_500.0], [301_200.0, 3_999_500.0], [301_210.0, 3_999_500.0]])
    found = elevation.sample(project(metres, "EPSG:4544", "EPSG:4326"))
    assert found == pytest.approx(metres[:, 0] - 300_000, abs=0.01)


def test_geotiff_nodata_is_a_void_and_no_crs_an_error(tmp_path):
    values = np.full((20, 20), 7.0)
    values[5, 5] = -9999
    path = geotiff(tmp_path / "a.tif", values, west=100, north=31, step=0.01, crs="EPSG:4326", nodata=-9999)
    elevation = open_elevation([path])
    assert elevation.voids == 1
    assert elevation.sample(np.array([[100.055, 30.945]]))[0] == 7.0
    with pytest.raises(MissingCRSError, match=r"b\.tif"):
        open_elevation([geotiff(tmp_path / "b.tif", values, west=100, north=31, step=0.01, crs=None)])


def test_bad_files(tmp_path):
    (tmp_path / "N30E100.hgt").write_bytes(b"short")
    (tmp_path / "hill.hgt").write_bytes(b"short")
    (tmp_path / "N30E101.hgt.zip").write_bytes(b"no zip")
    (tmp_path / "x.tif").write_bytes(b"no tif")
    (tmp_path / "none").mkdir()
    for name, code in (
        ("N30E100.hgt", "hgt_size"),
        ("hill.hgt", "hgt_name"),
        ("N30E101.hgt.zip", "zip"),
        ("x.tif", "unreadable"),
        ("none", "no_file"),
        ("absent.tif", "no_file"),
    ):
        with pytest.raises(InputError) as caught:
            open_elevation([tmp_path / name])
        assert caught.value.faults[0].code == code


@pytest.mark.real
def test_srtm_of_andorra(real_dir):
    elevation = open_elevation([real_dir / "andorra"])
    assert open_elevation([real_dir / "andorra" / "N42E001.hgt.zip"]).voids == 7652
    assert elevation.voids == 7652 + 134
    assert elevation.voids_left == 0
    require_cover(elevation, (1.4, 42.4, 1.8, 42.7))
    # Andorra la Vella lies at about 1,020 m, Coma Pedrosa rises to 2,942 m
    assert elevation.sample(np.array([[1.5218, 42.5063]]))[0] == pytest.approx(1020, abs=60)
    assert elevation.sample(np.array([[1.4437, 42.5917]]))[0] == pytest.approx(2900, abs=100)
    south, north = elevation.sample(np.array([[1.5, 42 - 1e-6], [1.5, 42 + 1e-6]]))
    assert south == pytest.approx(north, abs=0.1)
