"""What every format is given: a frame with titles and units, and the provenance that must travel with it."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from data.frames import CRS_KEPT, Column, FrameSpec
from data.tiles import deliverable_rows
from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError, ParameterError

_DATUMS_DELIVERED: Final = {4490, 4326}
_MANY: Final = {
    "Point": shapely.multipoints,
    "LineString": shapely.multilinestrings,
    "Polygon": shapely.multipolygons,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A frame (EPSG:4490) ready to be written: its columns with titles and units, and its provenance.

    ``name`` is the ASCII layer name, ``title`` what people read. Make one with ``delivery``, which checks it.
    """

    name: str
    title: str
    frame: gpd.GeoDataFrame
    columns: Mapping[str, Column]
    provenance: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """How to write: the CRS of GPKG and shapefile, the shapefile's encoding, decimals of a degree in text formats."""

    crs: str = CRS_KEPT
    encoding: str = "gbk"
    decimals: int = 7


def delivery(
    name: str,
    frame: gpd.GeoDataFrame,
    columns: FrameSpec | Mapping[str, Column],
    provenance: Mapping[str, Any],
    *,
    title: str = "",
) -> Delivery:
    """Return ``frame`` as a checked delivery, its attributes in the order of ``columns``.

    Rows that may never leave the store (not ``public``, protected land, military sites, prisons) are left out.

    Raises MissingCRSError, CRSMismatchError (not EPSG:4490), ParameterError (a name that is not ASCII), and
    InputError with every fault: a column declared and absent, present and not declared, of another kind, infinite.
    """
    if frame.crs is None:
        raise MissingCRSError(f"{name} has no CRS and cannot be delivered")
    if frame.crs != CRS_KEPT:
        raise CRSMismatchError(f"{name} is in {frame.crs.to_string()}; deliveries are made from {CRS_KEPT}")
    if not (name.isascii() and name.replace("_", "").replace(".", "").isalnum()):
        raise ParameterError(f"{name!r} is no layer name: use ASCII letters, digits, _ and .")
    declared = columns.columns if isinstance(columns, FrameSpec) else columns
    present = [str(key) for key in frame.columns if key != frame.geometry.name]
    faults = [
        Fault("missing_column", f"column {key} is declared but absent.", "add it.", column=key)
        for key in declared
        if key not in present
    ]
    faults += [
        Fault("no_unit", f"column {key} has no title and unit.", "declare it as a Column.", column=key)
        for key in present
        if key not in declared
    ]
    if faults:
        raise InputError(faults)
    typed = {}
    for key, column in declared.items():
        try:
            typed[key] = typed_values(frame[key], column.kind)
        except (TypeError, ValueError) as error:
            faults.append(Fault("type", f"{key} is not {column.kind}: {error}.", "correct it.", column=key))
    if faults:
        raise InputError(faults)
    faults = [
        Fault("infinite", f"{key} is infinite.", "leave the value empty.", row=int(row), column=key)
        for key, column in declared.items()
        if column.kind == "float"
        for row in np.flatnonzero(np.isinf(typed[key].to_numpy(np.float64, na_value=np.nan)))[:100]
    ]
    if faults:
        raise InputError(faults)
    clean = gpd.GeoDataFrame(typed, geometry=frame.geometry.to_numpy(), crs=CRS_KEPT)[deliverable_rows(frame)]
    return Delivery(name, title or name, clean.reset_index(drop=True), declared, provenance)


def as_deliveries(given: "Delivery | Sequence[Delivery]") -> tuple[Delivery, ...]:
    """Return one or several deliveries as several. Raises ParameterError for none, and for a name given twice."""
    every = (given,) if isinstance(given, Delivery) else tuple(given)
    names = [one.name for one in every]
    if not names or len(set(names)) < len(names):
        raise ParameterError(f"deliveries need names of their own, at least one: {names}")
    return every


def typed_values(values: pd.Series, kind: str) -> pd.Series:
    """Return ``values`` with the type that keeps their kind, and empty apart from zero, through Arrow."""
    if kind == "date":
        return pd.to_datetime(values).astype(pd.ArrowDtype(pa.date32()))
    if kind == "text":
        return values.astype("object").where(values.notna(), None).astype("str")
    if kind == "int":
        return values.astype("Int64")
    return values.astype("boolean") if kind == "bool" else values.astype("float64")


def projected(given: Delivery, crs: str) -> gpd.GeoDataFrame:
    """Return the delivery's frame in ``crs``, single and multi geometries of one kind made all multi.

    Raises ParameterError for a CRS that is unknown or on another datum than CGCS2000 or WGS 84.
    """
    try:
        target = CRS.from_user_input(crs)
    except CRSError as error:
        raise ParameterError(f"{crs!r} is no CRS: {error}") from None
    base = target.geodetic_crs
    if base is None or base.to_epsg() not in _DATUMS_DELIVERED:
        raise ParameterError(f"{crs} is not on CGCS2000 or WGS 84; a change of datum needs parameters of yours")
    frame = given.frame if target == given.frame.crs else given.frame.to_crs(target)
    kinds = set(frame.geometry.geom_type.dropna())
    for single, gather in _MANY.items():
        if kinds == {single, f"Multi{single}"}:
            shapes = frame.geometry.to_numpy().copy()
            rows = np.flatnonzero(frame.geometry.geom_type.to_numpy() == single)
            shapes[rows] = gather(shapes[rows], indices=np.arange(len(rows)))
            return frame.set_geometry(gpd.array.from_shapely(shapes, crs=frame.crs))
    return frame


def plain_columns(given: Delivery) -> dict[str, list[Any]]:
    """Return each column as a list of Python values: None where empty, dates as ``datetime.date``."""
    return {key: as_plain(given.frame[key]) for key in given.columns}


def as_plain(values: pd.Series) -> list[Any]:
    """Return ``values`` as Python values, None where empty."""
    plain = values.astype("object")
    listed: list[Any] = plain.where(values.notna(), None).tolist()
    return listed


def document(content: Mapping[str, Any], *, indent: int | None = None) -> str:
    """Return ``content`` as JSON text, Chinese as it is; NaN raises ValueError, dates become ISO text."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent, default=str)


def heading(key: str, column: Column) -> str:
    """Return a column's head for tables: name, Chinese title, unit.

    >>> heading("AREA_M2", Column("float", "m²", zh="面积"))
    'AREA_M2 面积 [m²]'
    """
    unit = f"[{column.unit}]" if column.unit else ""
    return " ".join(part for part in (key, column.zh, unit) if part)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; what is there at the end takes the place of ``path`` at once.

    On any error nothing is left and ``path`` stays as it was. Raises ParameterError where the folder is absent.
    """
    if not path.parent.is_dir():
        raise ParameterError(f"the folder {path.parent} does not exist")
    if path.is_dir():
        raise ParameterError(f"{path} is a folder, not a file")
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        written = Path(folder) / path.name
        yield written
        with written.open("rb+") as handle:
            os.fsync(handle.fileno())
        written.replace(path)
