"""Population rasters: the cells of a GeoTIFF whose centres lie about the areas asked for."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.windows import Window

from data.frames import CRS_KEPT
from data.read.files import crs_name, is_lonlat, parse_crs
from geo.crs import project
from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError

F64 = NDArray[np.float64]

_REFUSED: Final = {4214: "Beijing 54", 4610: "Xi'an 80"}
_CELLS_AT_ONCE: Final = 4_000_000
_EDGE_POINTS: Final = 33
"""Points along each side of a box as it is brought into the raster's CRS, where its sides bend."""


@dataclass(frozen=True, slots=True, eq=False)
class RasterCells:
    """The cells above zero, and what became of the others.

    Attributes:
        lonlat: (N, 2) cell centres in EPSG:4490.
        value: (N,) the cells' values.
        names: (N,) ``r12c34``: row and column in the file, from 0.
        nodata: cells in the window read that hold nothing.
        zero: cells in the window read that hold 0.
        crs: the CRS of the file.
    """

    lonlat: F64
    value: F64
    names: NDArray[np.object_]
    nodata: int
    zero: int
    crs: str


def read_raster(path: Path, areas: NDArray[np.object_], *, crs: str | None = None) -> RasterCells:
    """Return the cells of the first band whose centres lie in the box around ``areas`` (shapely, EPSG:4490).

    A cell counts wholly where its centre lies; its value is a count of people, not a density. Only the window around
    the areas is read, a strip at a time. Empty are the file's own nodata value and NaN.

    Raises InputError (no GeoTIFF, no position, outside the areas, a negative or infinite value, a refused datum),
    MissingCRSError (``crs`` declares one the file does not state), CRSMismatchError, ParameterError (no such CRS).
    """
    if not path.exists():
        raise InputError(Fault("no_file", "the file does not exist.", "check the path.", str(path)))
    try:
        with warnings.catch_warnings():
            # a raster without a position is refused below, in words of our own
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver="GTiff") as source:
                return _cells(source, path, areas, crs)
    except (RasterioIOError, RasterioError) as error:
        raise InputError(
            Fault("unreadable", f"the file cannot be read ({error}).", "hand in a whole GeoTIFF.", str(path))
        ) from error


def _cells(source: Any, path: Path, areas: NDArray[np.object_], declared: str | None) -> RasterCells:
    if source.transform.is_identity:
        raise InputError(Fault("no_position", "the raster has no position.", "georeference it.", str(path)))
    own = _crs(source, path, declared)
    lonlat = is_lonlat(own)
    window = _window(source, areas, None if lonlat else own.to_wkt())
    if window is None:
        raise InputError(
            Fault("far_away", "the raster does not reach the areas.", "check the CRS and the place.", str(path),
                  value=", ".join(f"{v:.5g}" for v in source.bounds))
        )  # fmt: skip
    xy, values, names = [np.empty((0, 2))], [np.empty(0)], [np.empty(0, dtype=object)]
    nodata = zero = 0
    for strip in _strips(window):
        data = source.read(1, window=strip, masked=True).astype(np.float64)
        empty = np.ma.getmaskarray(data) | np.isnan(data.data)
        held = np.where(empty, 0.0, data.data * float(source.scales[0]) + float(source.offsets[0]))
        _refuse_values(held, strip, path)
        nodata += int(empty.sum())
        row, column = np.nonzero(held)
        zero += held.size - int(empty.sum()) - len(row)
        values.append(held[row, column])
        row, column = row + int(strip.row_off), column + int(strip.col_off)
        xy.append(_moved(source.transform, np.column_stack([column + 0.5, row + 0.5])))
        names.append(np.array([f"r{i}c{j}" for i, j in zip(row.tolist(), column.tolist(), strict=True)], dtype=object))
    places = np.concatenate(xy)
    if not lonlat and len(places):
        places = project(places, own.to_wkt(), CRS_KEPT)
    return RasterCells(places, np.concatenate(values), np.concatenate(names), nodata, zero, crs_name(own))


def _crs(source: Any, path: Path, declared: str | None) -> CRS:
    said = None if declared is None else parse_crs(declared)
    stated = None if source.crs is None else CRS.from_user_input(source.crs.to_wkt())
    if stated is None and said is None:
        raise MissingCRSError(f"{path}: the raster states no CRS. Mend: declare it with --crs EPSG:…")
    if stated is not None and said is not None and not stated.equals(said, ignore_axis_order=True):
        raise CRSMismatchError(
            f"{path}: the raster is in {crs_name(stated)}, {crs_name(said)} was declared. Mend: leave --crs out."
        )
    own = stated or said
    assert own is not None
    base = own.geodetic_crs
    code = None if base is None else base.to_epsg()
    if code in _REFUSED:
        raise InputError(
            Fault("refused_datum", f"the raster is in {_REFUSED[code]}; its shift to CGCS2000 is only ballpark.",
                  "transform it with the survey's parameters.", str(path))
        )  # fmt: skip
    return own


def _window(source: Any, areas: NDArray[np.object_], target: str | None) -> Window | None:
    """Return the window of the raster that holds the box around ``areas``; None where they do not meet."""
    west, south, east, north = (float(v) for v in shapely.total_bounds(areas))
    side = np.linspace(0.0, 1.0, _EDGE_POINTS)
    x, y = west + side * (east - west), south + side * (north - south)
    edge = np.concatenate([
        np.column_stack([x, np.full_like(x, south)]), np.column_stack([x, np.full_like(x, north)]),
        np.column_stack([np.full_like(y, west), y]), np.column_stack([np.full_like(y, east), y]),
    ])  # fmt: skip
    if target is not None:
        edge = project(edge, CRS_KEPT, target)
    columns, rows = _moved(~source.transform, edge).T
    if not (np.isfinite(columns).all() and np.isfinite(rows).all()):
        return None
    left, top = max(int(np.floor(columns.min())) - 1, 0), max(int(np.floor(rows.min())) - 1, 0)
    right = min(int(np.ceil(columns.max())) + 1, source.width)
    bottom = min(int(np.ceil(rows.max())) + 1, source.height)
    return Window(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _moved(way: Any, xy: F64) -> F64:
    """Return the (N, 2) coordinates after the affine ``way``, whose ``*`` and ``@`` differ between its versions."""
    x, y = xy.T
    return np.column_stack([way.a * x + way.b * y + way.c, way.d * x + way.e * y + way.f])


def _strips(window: Window) -> Iterator[Window]:
    """Yield the window in strips of whole rows, few enough cells at a time to be held."""
    height = max(1, _CELLS_AT_ONCE // max(int(window.width), 1))
    for top in range(0, int(window.height), height):
        yield Window(window.col_off, window.row_off + top, window.width, min(height, int(window.height) - top))


def _refuse_values(held: F64, strip: Window, path: Path) -> None:
    bad = ~np.isfinite(held) | (held < 0.0)
    if not bad.any():
        return
    row, column = (int(v[0]) for v in np.nonzero(bad))
    raise InputError(
        Fault(
            "negative_cell", f"{int(bad.sum())} cells of the strip are below 0 or infinite, and not marked as empty.",
            "state the value that stands for nothing in the file: gdal_edit.py -a_nodata VALUE.", str(path),
            row + int(strip.row_off), f"column {column + int(strip.col_off)}", f"{held[row, column]:g}",
        )
    )  # fmt: skip
