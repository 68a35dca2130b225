"""The ways a pair of coordinates can be read: datums, zones and projections, near a place."""

import re
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.crs import metric_crs_for, project
from geo.datum import bd09_to_wgs84, gcj02_to_wgs84
from geo.errors import ParameterError

F64 = NDArray[np.float64]
Form = Literal["lonlat", "projected"]

MERCATOR: Final = "EPSG:3857"
_KEPT: Final = "EPSG:4490"
_EQUAL: Final = frozenset({"wgs84", "cgcs2000", "epsg:4326", "epsg:4490", "ogc:crs84"})
_SHIFTED: Final[dict[str, Callable[[F64], F64]]] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_ZONES: Final = (25, 45)
_PLAIN_25: Final = 4534
_PREFIXED_25: Final = 4513
_ZONE_DEG: Final = 3.0


def datum_name(text: str) -> str:
    """Return the name a datum or CRS has here. Raises ParameterError for one that is not known.

    >>> datum_name("EPSG:4490"), datum_name("GCJ-02"), datum_name("epsg:4544"), datum_name("EPSG:3857+gcj02")
    ('wgs84', 'gcj02', 'EPSG:4544', 'EPSG:3857+gcj02')
    """
    plain = text.strip().lower()
    if plain in _EQUAL:
        return "wgs84"
    bare = plain.replace("-", "").replace("_", "")
    if bare in _SHIFTED:
        return bare
    base, plus, shift = plain.partition("+")
    if not re.fullmatch(r"epsg:\d{4,6}", base) or (plus and shift not in _SHIFTED):
        raise ParameterError(f"{text!r} is no datum Quantu reads; use wgs84, gcj02, bd09 or EPSG:n")
    return base.upper() + plus + shift


def undo_datum(xy: F64, datum: str) -> F64:
    """Return (N, 2) longitude and latitude, degrees, WGS 84 (CGCS2000 is treated as equal), of ``xy`` in ``datum``.

    x is the longitude or easting. ``datum`` is ``wgs84``, ``gcj02``, ``bd09``, ``EPSG:n``, or ``EPSG:n+gcj02`` where
    GCJ-02 degrees were projected. What cannot be read so is NaN. Raises ParameterError for a datum that is not known.
    """
    name = datum_name(datum)
    base, _, shift = name.partition("+")
    with np.errstate(all="ignore"):
        if base.startswith("EPSG:"):
            try:
                crs = CRS.from_user_input(base)
            except CRSError as error:
                raise ParameterError(f"{datum} is no CRS: {error}") from None
            lonlat = project(xy, crs.to_string(), _KEPT)
        else:
            lonlat, shift = np.array(xy, dtype=np.float64), base
        on_earth = (np.abs(lonlat[:, 0]) <= 180.0) & (np.abs(lonlat[:, 1]) <= 90.0)
        lonlat = np.where(on_earth[:, None], lonlat, np.nan)
        undo = _SHIFTED.get(shift)
        return lonlat if undo is None else undo(lonlat)


def in_china(lon: float, lat: float) -> bool:
    """Return whether a place has a CGCS2000 zone, and so may be given in GCJ-02 and BD-09.

    >>> in_china(103.8, 36.0), in_china(1.5, 42.5)
    (True, False)
    """
    epsg = int(metric_crs_for(lon, lat).removeprefix("EPSG:"))
    return _PLAIN_25 <= epsg <= _PLAIN_25 + _ZONES[1] - _ZONES[0]


def readings(extent: tuple[float, float, float, float], form: Form) -> tuple[str, ...]:
    """Return the datums in which a list of a city (west, south, east, north; degrees) may be.

    Degrees in China: WGS 84, GCJ-02 and BD-09; abroad WGS 84 alone. Metres: the 3° zones of CGCS2000 whose
    central meridian is less than 3° away, without and with prefix; UTM; Web Mercator, in China also of shifted degrees.

    >>> readings((102.6, 35.6, 104.6, 37.0), "projected")[:4]
    ('EPSG:4543', 'EPSG:4522', 'EPSG:4544', 'EPSG:4523')
    >>> readings((1.4, 42.4, 1.8, 42.7), "projected")
    ('EPSG:32631', 'EPSG:3857')
    """
    west, south, east, north = extent
    middle = (west + east) / 2.0, (south + north) / 2.0
    china = in_china(*middle)
    if form == "lonlat":
        return ("wgs84", "gcj02", "bd09") if china else ("wgs84",)
    found: list[str] = []
    if china:
        first, last = int(np.ceil(west / _ZONE_DEG)) - 1, int(np.floor(east / _ZONE_DEG)) + 1
        for zone in range(max(first, _ZONES[0]), min(last, _ZONES[1]) + 1):
            found += [f"EPSG:{_PLAIN_25 + zone - _ZONES[0]}", f"EPSG:{_PREFIXED_25 + zone - _ZONES[0]}"]
    hemisphere = 32600 if middle[1] >= 0 else 32700
    utm = sorted({min(int(np.floor((lon + 180.0) / 6.0)) + 1, 60) for lon in (west, east)})
    found += [f"EPSG:{hemisphere + zone}" for zone in utm]
    return (*found, MERCATOR, *([f"{MERCATOR}+gcj02", f"{MERCATOR}+bd09"] if china else []))


def is_zone(datum: str) -> bool:
    """Return whether a datum is a 3° zone of CGCS2000, which no map service shifts.

    >>> is_zone("EPSG:4544"), is_zone("EPSG:4523"), is_zone("EPSG:3857"), is_zone("wgs84")
    (True, True, False, False)
    """
    if not re.fullmatch(r"EPSG:\d+", datum):
        return False
    return _PREFIXED_25 <= int(datum.removeprefix("EPSG:")) <= _PLAIN_25 + _ZONES[1] - _ZONES[0]
