"""Points for ``nearest``: facilities and demand from any vector file or a table with coordinates."""

from collections import Counter
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.read.files import column, finite_rows, id_text, read_vector
from geo.crs import GEOD
from geo.errors import Fault, InputError

_FAR_M: Final = 100_000.0
"""Points farther than this from all streets are in the wrong place."""


def read_points(path: Path, *, crs: str | None, what: str, crs_is_fallback: bool = False) -> gpd.GeoDataFrame:
    """Return the points of a GeoJSON, GPKG, SHP, GeoParquet, Parquet or CSV file in its own (or declared) CRS.

    The column ``id`` is text: the file's ``id`` (in any case) where there is one, whole numbers without a decimal
    point, else the row number from 0; other columns stay.
    Lines and areas are taken at a point inside them. ``what`` (``"facilities"``, ``"demand"``) names them in errors;
    ``crs_is_fallback`` as in ``read_vector``.

    Raises InputError (an empty file, a row without position or id, coordinates that are no numbers, ids that repeat,
    latitudes beyond 90°),
    MissingCRSError, CRSMismatchError.
    """
    frame = read_vector(path, crs=crs, crs_is_fallback=crs_is_fallback)
    shapes = frame.geometry.to_numpy()
    bad = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    faults = [
        Fault("no_position", f"the row of {what} has no position.", "give it one or take it out.", str(path), int(row))
        for row in np.flatnonzero(bad)[:100]
    ]
    faults += [
        Fault(
            "no_position", f"the coordinates of {what} are no numbers.", "correct the row or take it out.", str(path),
            int(row), "geometry", shapely.to_wkt(shapes[row]),
        )
        for row in np.flatnonzero(~finite_rows(shapes))[:100]
    ]  # fmt: skip
    found = column(frame, "id")
    texts = [str(row) for row in range(len(frame))] if found is None else id_text(frame[found])
    faults += [
        Fault("empty", f"the row of {what} has no id.", "give it one.", str(path), row, found)
        for row in [row for row, text in enumerate(texts) if text is None][:100]
    ]
    count = Counter(text for text in texts if text is not None)
    faults += [
        Fault(
            "duplicate_key", f"the id of {what} occurs {times} times.", "give each row its own id.", str(path),
            texts.index(text), found, text,
        )
        for text, times in [(text, times) for text, times in count.items() if times > 1][:100]
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    points = shapely.force_2d(np.where(shapely.get_type_id(shapes) == 0, shapes, shapely.point_on_surface(shapes)))
    out = frame.drop(columns=[frame.geometry.name]).assign(id=np.array(texts, dtype=object))
    return gpd.GeoDataFrame(out, geometry=points, crs=frame.crs)


def check_swapped(points: gpd.GeoDataFrame, bounds: tuple[float, float, float, float], *, file: str, what: str) -> None:
    """Raise InputError where longitude and latitude of all ``points`` are swapped, or all lie far from the streets.

    ``points`` are in degrees, ``bounds`` (west, south, east, north) are those of the streets in degrees. Swapped
    means: every point lies over 100 km from the bounds as given, and most lie within that once exchanged.
    """
    lonlat = shapely.get_coordinates(points.geometry.to_numpy())
    far = _beyond_m(lonlat, bounds) > _FAR_M
    if not len(lonlat) or not far.all():
        return
    swapped = bool((_beyond_m(lonlat[:, ::-1], bounds) <= _FAR_M).mean() > 0.5)
    sample = f"{lonlat[0, 0]:.5f}, {lonlat[0, 1]:.5f}"
    if swapped:
        fault = Fault(
            "swapped",
            f"the longitudes and latitudes of {what} are swapped: exchanged, they lie on the streets.",
            "put longitude first and latitude second, or name the columns lon and lat.",
            file,
            0,
            "geometry",
            sample,
        )
    else:
        fault = Fault(
            "far_away",
            f"all {what} lie more than 100 km from the streets ({', '.join(f'{value:.3f}' for value in bounds)}).",
            "check that both files are of one place, and the CRS each is declared in.",
            file,
            0,
            "geometry",
            sample,
        )
    raise InputError(fault)


def _beyond_m(lonlat: NDArray[np.float64], bounds: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """(N,) geodesic metres from each point to the nearest point of the box; inf where it is no place on Earth."""
    west, south, east, north = bounds
    inside = np.column_stack([np.clip(lonlat[:, 0], west, east), np.clip(lonlat[:, 1], south, north)])
    on_earth = (np.abs(lonlat[:, 1]) <= 90.0) & (np.abs(lonlat[:, 0]) <= 180.0)
    metres = np.full(len(lonlat), np.inf)
    metres[on_earth] = GEOD.inv(*lonlat[on_earth].T, *inside[on_earth].T)[2]
    return metres
