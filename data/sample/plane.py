"""What every part of the sample shares: the metric plane it is drawn in, its tables, its random streams."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from data.frames import CRS_KEPT

CRS_PLANE: Final = "EPSG:4544"
"""CGCS2000, 3° zone of central meridian 105°E: the sample is drawn in metres here."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@cache
def _to_plane() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(CRS_KEPT, CRS_PLANE, always_xy=True)


@cache
def _to_lonlat() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(CRS_PLANE, CRS_KEPT, always_xy=True)


def to_plane(lonlat: object) -> Floats:
    """Return (N, 2) metres in ``CRS_PLANE`` from (N, 2) degrees."""
    values = np.asarray(lonlat, dtype=np.float64)
    return np.column_stack(_to_plane().transform(values[:, 0], values[:, 1]))


def to_lonlat(xy: object) -> Floats:
    """Return (N, 2) degrees, rounded to 7 decimals (1 cm), from (N, 2) metres in ``CRS_PLANE``."""
    values = np.asarray(xy, dtype=np.float64)
    return np.round(np.column_stack(_to_lonlat().transform(values[:, 0], values[:, 1])), 7)


def plane_geometry(geometry: Any) -> Any:
    """Return geometries in metres from geometries in degrees."""
    return shapely.transform(geometry, to_plane)


def lonlat_geometry(geometry: Any) -> Any:
    """Return geometries in degrees (7 decimals) from geometries in metres."""
    return shapely.transform(geometry, to_lonlat)


def table(name: str) -> pd.DataFrame:
    """Return the table ``name`` of ``data/tables``; codes are text."""
    with (files("data.tables") / f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=dict.fromkeys(("code", "county_code", "township_code", "unit_2020"), "str"))


def approximate(error_m: float) -> str:
    """Return the source of a position known only roughly.

    >>> approximate(900)
    '公开资料，位置近似（误差约 900 m）'
    """
    return f"公开资料，位置近似（误差约 {error_m:.0f} m）"


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream ``name``: adding draws to one part of the sample leaves the others as they were."""
    return np.random.default_rng([seed, *name.encode()])


def shares(total: int, weights: Floats) -> Ints:
    """Return (N,) whole numbers in proportion to ``weights`` that sum to ``total`` exactly (largest remainders).

    >>> shares(10, np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    exact = weights * (total / weights.sum())
    whole = np.floor(exact).astype(np.int64)
    short = int(total - whole.sum())
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[:short]] += 1
    return np.asarray(whole, dtype=np.int64)
