"""Vector files of any format the readers take, and the CRS they are in. Nothing is guessed."""

import logging
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from data.frames import CRS_KEPT
from data.read.features import read_features
from geo.datum import bd09_to_gcj02, gcj02_to_wgs84
from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError, ParameterError

_LOG: Final = logging.getLogger(__name__)
SHIFTED: Final = ("gcj02", "bd09")
"""Datums a file cannot state and a steward declares; they are undone as the file is read."""

_REFUSED: Final = (
    ("New Beijing", re.compile(r"new[ _]?beijing|新北京|新\s*54")),
    ("Beijing 54", re.compile(r"(?:beijing|北京|bj)[ _-]?(?:19)?54")),
    ("Xi'an 80", re.compile(r"(?:xi[' ’]?an|西安)[ _-]?(?:19)?80")),
)
_OLD_ELLIPSOIDS: Final = (
    (6_378_245.0, 298.3, "a datum on Krassowsky's ellipsoid of 1940, as Beijing 54 is"),
    (6_378_140.0, 298.257, "a datum on the IAG ellipsoid of 1975, as Xi'an 80 is"),
)
"""Semi-major axis in m and inverse flattening of the ellipsoids of China before CGCS2000, and what is said of them."""

_AXIS_M: Final = 0.5
_FLATTENING: Final = 1e-3
_ABROAD: Final = re.compile(
    r"pulkovo|s[ _-]?42|s[ _-]?95|42/58|42/83|hanoi|hnd72|vientiane|lao|albani|afgooye|yemen|ukraine|ucs[ _-]?2000"
)
"""Names of datums on the same ellipsoids that no map of China is in: PROJ knows their shifts."""
_GEOJSON: Final = {".geojson", ".json"}
_PARQUET: Final = {".parquet", ".geoparquet", ".pq"}
_CSV: Final = {".csv", ".txt"}
_UNPACKED: Final = {".zip", ".shz", ".kmz", ".kml", ".dxf", ".tab"}
_HEAD_BYTES: Final = 4096
_TEXT_COLUMNS: Final = re.compile(
    r"(?:.*[_ ])?(?:id|code)|osmid|adcode|gb|gb4754|uscc|xzqdm(?:12)?|unit_2020|.*(?:编号|代码|编码)", re.IGNORECASE
)
"""Columns of a table that are names, not numbers: ``001`` stays ``001``."""
_LON: Final = ("lon", "lng", "long", "longitude", "经度")
_LAT: Final = ("lat", "latitude", "纬度")
_MEND_CRS: Final = "declare it with --crs EPSG:…, gcj02 or bd09"


def read_vector(
    path: Path, *, crs: str | None, crs_is_fallback: bool = False, text: Collection[str] = ()
) -> gpd.GeoDataFrame:
    """Return the first layer of a GeoJSON, GeoParquet, GPKG, SHP, FlatGeobuf or CSV file in its CRS, or as declared.

    Or the only layer of a zipped SHP, KML, KMZ, DXF or TAB file, as ``data.read.features`` reads it; what that has to
    say of encodings and parts is in the log.


    ``crs`` declares the CRS of a file that has none (``EPSG:…``), or its datum: ``gcj02`` and ``bd09`` are undone
    and the frame is in EPSG:4326. A CSV or plain Parquet file has its position in columns lon and lat, or x and y.
    ``crs_is_fallback``, for one declaration that goes with several files, leaves a file alone that states its own;
    GeoJSON without a member ``crs`` states none. Ids and codes of a CSV, and the columns named in ``text``, are text.

    Raises InputError (absent, unreadable or empty file, refused datum, longitude and latitude swapped),
    MissingCRSError (none in the file and none declared), CRSMismatchError (declared another than the file states, or
    a datum on a file that states other than longitude and latitude on WGS 84 or CGCS2000), ParameterError (no such
    CRS).
    """
    if not path.exists():
        raise InputError(Fault("no_file", "the file does not exist.", "check the path.", str(path)))
    frame = _read(path, frozenset(text))
    if not len(frame):
        raise InputError(Fault("empty_file", "the file holds no rows.", "hand in a file with at least one.", str(path)))
    frame = _placed(frame, path, crs, crs_is_fallback)
    refuse_old_datums(frame.crs, path)
    if frame.crs.is_geographic:
        _refuse_swapped(frame.geometry, path)
    return frame


def _placed(frame: gpd.GeoDataFrame, path: Path, crs: str | None, fallback: bool) -> gpd.GeoDataFrame:
    """The frame in the CRS it states or is declared to be in."""
    if crs is not None and crs.lower() in SHIFTED:
        if fallback and frame.crs is not None and not (_states_no_crs(path) and is_lonlat(frame.crs)):
            return frame
        return _unshifted(frame, path, crs.lower())
    declared = None if crs is None else parse_crs(crs)
    if frame.crs is None:
        if declared is None:
            raise MissingCRSError(f"{path}: the file states no CRS. Mend: {_MEND_CRS}.")
        return frame.set_crs(declared)
    if declared is None or frame.crs == declared:
        return frame
    if _states_no_crs(path) and not (fallback and _fits_degrees(frame.geometry)):
        return frame.set_crs(declared, allow_override=True)
    if fallback:
        return frame
    raise CRSMismatchError(
        f"{path}: the file is in {crs_name(frame.crs)}, {crs_name(declared)} was declared. "
        "Mend: leave --crs out, or correct the file."
    )


def _fits_degrees(geometry: gpd.GeoSeries) -> bool:
    west, south, east, north = geometry.total_bounds
    return bool(west >= -180.0 and east <= 180.0 and south >= -90.0 and north <= 90.0)


def to_kept(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ``frame`` in EPSG:4490; EPSG:4326 is taken as equal, coordinate by coordinate."""
    return frame.set_crs(CRS_KEPT, allow_override=True) if is_lonlat(frame.crs) else frame.to_crs(CRS_KEPT)


def is_lonlat(crs: CRS) -> bool:
    """Return whether ``crs`` is longitude and latitude on WGS 84 or CGCS2000, which are taken as equal."""
    return bool(crs.is_geographic) and any(
        crs.equals(CRS.from_user_input(known), ignore_axis_order=True) for known in ("EPSG:4326", "OGC:CRS84", CRS_KEPT)
    )


def parse_crs(text: str) -> CRS:
    """Return the CRS ``text`` names. Raises ParameterError."""
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise ParameterError(f"{text!r} is no CRS; use EPSG:4490, EPSG:4544, gcj02, bd09 …") from error


def crs_name(crs: CRS) -> str:
    """Return the CRS's code where it has one, else its name and projection.

    >>> crs_name(CRS.from_epsg(4490))
    'EPSG:4490'
    """
    code = crs.to_epsg()
    if code is not None:
        return f"EPSG:{code}"
    operation = crs.coordinate_operation
    return crs.name if operation is None else f"{crs.name} ({operation.name})"


def column(frame: pd.DataFrame, *names: str) -> str | None:
    """Return the frame's column that is one of ``names``, whatever its case, the earlier name first."""
    lower = {str(name).lower(): str(name) for name in reversed(list(frame.columns))}
    return next((lower[name] for name in names if name in lower), None)


def id_text(values: pd.Series) -> list[str | None]:
    """Return ids or codes as people write them, None where there is none: whole numbers without a decimal point.

    >>> id_text(pd.Series([10.0, None])), id_text(pd.Series([" 001", "10.0", ""]))
    (['10', None], ['001', '10.0', None])
    """
    out: list[str | None] = []
    for value, missing in zip(values, values.isna(), strict=True):
        whole = isinstance(value, float | np.floating) and float(value).is_integer()
        written = "" if missing else str(int(value)) if whole else str(value).strip()
        out.append(written or None)
    return out


def finite_rows(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return (N,) whether every coordinate of a shape is a number, neither infinite nor NaN; True where it has none."""
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=np.bool_)
    finite[row[~np.isfinite(xy).all(axis=1)]] = False
    return finite


def _read(path: Path, text: Collection[str]) -> gpd.GeoDataFrame:
    suffix = path.suffix.lower()
    try:
        if suffix in _PARQUET:
            return _read_parquet(path)
        if suffix in _CSV:
            return _positioned(_read_csv(path, text), path)
        if suffix in _UNPACKED:
            return _of_features(path)
        read = gpd.read_file(path, engine="pyogrio")
        return read if isinstance(read, gpd.GeoDataFrame) else _positioned(read, path)  # a sheet has no geometry
    except (pyogrio.errors.DataSourceError, pa.ArrowInvalid, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(
            Fault("unreadable", f"the file cannot be read ({error}).", "hand in a whole file.", str(path))
        ) from error
    except pd.errors.EmptyDataError as error:
        raise InputError(
            Fault("empty_file", "the file holds no rows.", "hand in a file with at least one.", str(path))
        ) from error


def _of_features(path: Path) -> gpd.GeoDataFrame:
    """The one layer of a file as a frame. Raises InputError with every fault of a row."""
    raw = read_features(path, every=True)
    wrong = [fault for fault in raw.notices if fault.severity == "error"]
    if wrong:
        raise InputError(wrong)
    for fault in raw.notices:
        _LOG.warning("%s", fault)
    return gpd.GeoDataFrame(raw.cells.infer_objects(), geometry=raw.geometry, crs=raw.crs)


def _read_csv(path: Path, text: Collection[str]) -> pd.DataFrame:
    heads = [str(name) for name in pd.read_csv(path, nrows=0).columns]
    kept = {name: "str" for name in heads if name in text or _TEXT_COLUMNS.fullmatch(name.strip())}
    return pd.read_csv(path, dtype=kept)


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    schema = pa.parquet.read_schema(path)
    if schema.metadata and b"geo" in schema.metadata:
        return gpd.read_parquet(path)
    return _positioned(pd.read_parquet(path), path)


def _positioned(table: pd.DataFrame, path: Path) -> gpd.GeoDataFrame:
    x = column(table, *_LON) or column(table, "x")
    y = column(table, *_LAT) or column(table, "y")
    if x is None or y is None:
        raise InputError(
            Fault("no_position", "no columns lon and lat, or x and y.", "name the position's columns so.", str(path))
        )
    xy = np.column_stack([pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64) for name in (x, y)])
    bad = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if len(bad):
        raise InputError(
            Fault("no_position", "the position is empty or no number.", "fill it in.", str(path), int(row), f"{x}, {y}")
            for row in bad[:100]
        )
    return gpd.GeoDataFrame(table, geometry=shapely.points(xy))


def _unshifted(frame: gpd.GeoDataFrame, path: Path, datum: str) -> gpd.GeoDataFrame:
    if frame.crs is not None and not is_lonlat(frame.crs):
        raise CRSMismatchError(
            f"{path}: {datum} is longitude and latitude, the file is in {crs_name(frame.crs)}. "
            "Mend: leave --crs out, or correct the file."
        )

    def undo(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        finite = np.isfinite(xy).all(axis=1)  # what is no number is left for the reader's faults
        moved = xy.copy()
        moved[finite] = gcj02_to_wgs84(xy[finite] if datum == "gcj02" else bd09_to_gcj02(xy[finite]))
        return moved

    geometry = shapely.transform(frame.geometry.to_numpy(), undo)
    return frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs="EPSG:4326"))


def _states_no_crs(path: Path) -> bool:
    """GeoJSON without a ``crs`` member: longitude and latitude by RFC 7946, unless something else is declared."""
    if path.suffix.lower() not in _GEOJSON:
        return False
    with path.open("rb") as handle:  # writers put the member before the features or after them
        ends = handle.read(_HEAD_BYTES)
        handle.seek(max(len(ends), path.stat().st_size - _HEAD_BYTES))
        ends += b"\n" + handle.read()
    return re.search(rb'"crs"\s*:\s*\{', ends) is None


def _refuse_swapped(geometry: gpd.GeoSeries, path: Path) -> None:
    bounds = geometry.bounds.to_numpy()
    finite = np.isfinite(bounds).all(axis=1)
    beyond = np.flatnonzero(finite & ((bounds[:, 1] < -90.0) | (bounds[:, 3] > 90.0)))
    if len(beyond):
        x, y = bounds[beyond[0], :2]
        longest = np.abs(bounds[finite]).max(axis=0)
        exchanged = bool((longest[[0, 2]] <= 90.0).all() and (longest[[1, 3]] <= 180.0).all())
        raise InputError(
            Fault(
                "swapped" if exchanged else "off_earth",
                "latitudes lie beyond 90°: longitude and latitude are swapped."
                if exchanged
                else "the coordinates are no longitudes and latitudes in degrees.",
                "put longitude first and latitude second, or name the columns lon and lat."
                if exchanged
                else f"{_MEND_CRS} as what it is.",
                str(path),
                int(beyond[0]),
                "geometry",
                f"{x:.5f}, {y:.5f}",
            )
        )


def refuse_old_datums(crs: CRS, file: Path | str) -> None:
    """Raise InputError for a datum whose shift to CGCS2000 is only ballpark without parameters of its own.

    Known by the names of the datum, or else by its ellipsoid: a code is seldom there, for every zone and central
    meridian may be written out.
    """
    name = _old_datum(crs)
    if name is not None:
        raise InputError(
            Fault(
                "refused_datum",
                f"the file is in {name}; without parameters the shift to CGCS2000 is only ballpark.",
                "transform it with the survey's parameters and hand it in as EPSG:4490 or a CGCS2000 zone.",
                str(file),
            )
        )


def _old_datum(crs: CRS) -> str | None:
    """The old Chinese datum ``crs`` is on, None for any other."""
    base = crs.geodetic_crs
    if base is None:
        return None
    names = " ".join(one for one in (base.name, base.datum.name if base.datum else None) if one).casefold()
    for known, pattern in _REFUSED:
        if pattern.search(names):
            return known
    shape = base.ellipsoid
    if shape is None or _ABROAD.search(names):
        return None
    for axis, flattening, said in _OLD_ELLIPSOIDS:
        if abs(shape.semi_major_metre - axis) < _AXIS_M and abs(shape.inverse_flattening - flattening) < _FLATTENING:
            return said
    return None
