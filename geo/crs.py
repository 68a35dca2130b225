"""Reference systems: nothing is guessed, lengths are planar in a metric CRS, delivered areas are geodesic."""

from functools import cache
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

from geo.errors import MissingCRSError

F64 = NDArray[np.float64]

_CGCS2000_LON: Final = (73.5, 136.5)
_CGCS2000_LAT: Final = (16.0, 54.0)
_FIRST_ZONE_EPSG: Final = 4534
_FIRST_ZONE: Final = 25

GEOD: Final = Geod(ellps="GRS80")
"""The ellipsoid of CGCS2000; it differs from WGS 84's by 0.1 mm."""


def metric_crs_for(lon: float, lat: float) -> str:
    """Return the metric CRS of a place: China's CGCS2000 3° zone without prefix, UTM (WGS 84) abroad.

    >>> metric_crs_for(103.83, 36.06), metric_crs_for(103.2, 36.7), metric_crs_for(1.52, 42.5)
    ('EPSG:4544', 'EPSG:4543', 'EPSG:32631')
    """
    if _CGCS2000_LON[0] <= lon < _CGCS2000_LON[1] and _CGCS2000_LAT[0] <= lat <= _CGCS2000_LAT[1]:
        zone = int(np.floor((lon + 1.5) / 3.0))
        return f"EPSG:{_FIRST_ZONE_EPSG + zone - _FIRST_ZONE}"
    utm = min(int(np.floor((lon + 180.0) / 6.0)) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + utm}"


@cache
def transformer(source: str, target: str) -> Transformer:
    """Return the transformer between two CRSs, longitude or easting always first."""
    return Transformer.from_crs(source, target, always_xy=True)


def project(xy: F64, source: str, target: str) -> F64:
    """Return the (N, 2) coordinates ``xy`` of ``source`` in ``target``; x is longitude or easting."""
    x, y = transformer(source, target).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


def is_metric(crs: str | CRS) -> bool:
    """Return whether lengths in ``crs`` are metres on the ground; Mercator's metres are not.

    >>> is_metric("EPSG:4544"), is_metric("EPSG:4490"), is_metric("EPSG:3857")
    (True, False, False)
    """
    parsed = CRS.from_user_input(crs)
    if not parsed.is_projected or any(axis.unit_name != "metre" for axis in parsed.axis_info[:2]):
        return False
    way = parsed.coordinate_operation
    return way is None or "Mercator" not in way.method_name or "Transverse" in way.method_name


def out_of_use(crs: str, bounds: tuple[float, float, float, float], *, margin_deg: float = 3.0) -> bool:
    """Return whether the box (west, south, east, north; degrees) leaves the area ``crs`` is meant for.

    >>> out_of_use("EPSG:4544", (102.6, 35.6, 104.6, 37.0)), out_of_use("EPSG:4544", (1.4, 42.4, 1.8, 42.7))
    (False, True)
    """
    area = CRS.from_user_input(crs).area_of_use
    if area is None:
        return False
    west, south, east, north = bounds
    return (
        west < area.west - margin_deg
        or south < area.south - margin_deg
        or east > area.east + margin_deg
        or north > area.north + margin_deg
    )


def to_crs(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return ``frame`` in ``crs``. Raises MissingCRSError where it has none."""
    if frame.crs is None:
        raise MissingCRSError("the frame has no CRS; declare it where the file is read")
    return frame.to_crs(crs)


def geodesic_area_m2(lonlat: NDArray[np.object_]) -> F64:
    """Return the (N,) geodesic areas, m², of polygons in longitude and latitude (Karney 2013)."""
    return np.array([abs(GEOD.geometry_area_perimeter(g)[0]) for g in lonlat], dtype=np.float64)


def geodesic_length_m(lonlat: NDArray[np.object_]) -> F64:
    """Return the (N,) geodesic lengths, m, of lines in longitude and latitude (Karney 2013)."""
    flat = shapely.force_2d(lonlat)
    return np.array([GEOD.geometry_length(g) for g in flat], dtype=np.float64)
