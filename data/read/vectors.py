"""One layer as GDAL gives it, become a table of cells: shared by the readers of every vector form."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from data.read.archives import MOST_COLUMNS, too_wide
from geo.errors import Fault, InputError, NotFoundError

_BAD: Final = (
    DataSourceError, DataLayerError, FieldError, GeometryError, ShapelyError, pa.ArrowException, OSError, UnicodeError,
    OverflowError,
)  # fmt: skip
_WHOLE: Final = "hand in a whole file."
_NOTES: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer as read: columns of the same length, (N,) geometries or None, the CRS stated, feature numbers."""

    columns: Mapping[str, NDArray[np.object_]]
    geometry: NDArray[np.object_] | None
    crs: CRS | None
    rows: NDArray[np.int64]
    notices: tuple[Fault, ...] = ()

    @property
    def cells(self) -> pd.DataFrame:
        """Return the columns as a frame of objects: text, numbers, dates, None."""
        return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in self.columns.items()},
                            index=pd.RangeIndex(len(self.rows)))  # fmt: skip


@contextmanager
def reading(file: str, notices: list[Fault]) -> Iterator[None]:
    """Run a library's reading: its errors become InputError, its warnings notices in ``notices``."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
    except _BAD as error:
        raise InputError(Fault("unreadable", f"the file cannot be read ({error}).", _WHOLE, file)) from error
    texts = dict.fromkeys(str(one.message) for one in said if issubclass(one.category, RuntimeWarning | UserWarning))
    notices += [
        Fault("reader", f"the reader says: {text}", "look whether the rows meant are right.", file, severity="warning")
        for text in list(texts)[:_NOTES]
    ]


@contextmanager
def gdal_options(**options: str) -> Iterator[None]:
    """Set GDAL's options within the block and put back what was there."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def one_layer(names: Sequence[str], layer: str | None, *, file: str) -> str:
    """Return the layer asked for, or the only one. Raises NotFoundError (no such), InputError (several, or none)."""
    listed = "、".join(names[:_NOTES])
    if layer is not None:
        if layer not in names:
            raise NotFoundError(f"{file}: no layer {layer!r}; it has {listed or 'none'}")
        return layer
    if len(names) == 1:
        return names[0]
    if not names:
        raise InputError(Fault("no_layer", "the file holds no layer.", "hand in a file with one.", file))
    raise InputError(
        Fault("several_layers", f"the file holds several layers: {listed}.", "name one with --layer.", file)
    )


def layer_names(path: Path, *, file: str) -> list[str]:
    """Return the names of a file's layers. Raises InputError."""
    notices: list[Fault] = []
    with reading(file, notices):
        return [str(name) for name, _ in pyogrio.list_layers(path)]


def read_layer(
    path: Path, *, layer: str | None = None, encoding: str | None = None, file: str, by_fid: bool = False
) -> Layer:
    """Return a layer with GDAL, rows numbered from 0 or with ``by_fid`` as the file numbers them.

    Raises InputError, also where fewer rows come out than the file counts.
    """
    notices: list[Fault] = []
    with reading(file, notices):
        try:
            about = pyogrio.read_info(path, layer=layer, encoding=encoding, force_feature_count=True)
        except UnboundLocalError as error:  # what pyogrio raises where the CRS it was given is no text
            raise DataSourceError("the CRS it states is no text") from error
    if len(about["fields"]) > MOST_COLUMNS:
        raise too_wide(file, len(about["fields"]))
    notices.clear()
    with reading(file, notices):
        meta, table = pyogrio.read_arrow(path, layer=layer, encoding=encoding, return_fids=True)
        shape_name = meta["geometry_name"] or "wkb_geometry"
        fid = meta["fid_column"] or "OGC_FID"
        names = table.column_names  # a damaged file may name two columns alike: take them by their places
        shaped = len(names) - 1 - names[::-1].index(shape_name) if shape_name in names else None
        numbered = names.index(fid) if fid in names else None
        given = [place for place in range(len(names)) if place not in {shaped, numbered}]
        shapes = None if shaped is None else shapely.from_wkb(table.column(shaped).to_numpy(), on_invalid="raise")
        columns = cells_of(table.select(given), file, notices)
    if about["features"] > table.num_rows:
        message = f"the file counts {about['features']} rows, {table.num_rows} can be read."
        raise InputError(Fault("unreadable", message, _WHOLE, file))
    rows = np.arange(table.num_rows, dtype=np.int64)
    if by_fid and numbered is not None:
        rows = table.column(numbered).to_numpy().astype(np.int64)
    return Layer(columns, shapes, crs_of(meta["crs"], file, notices), rows, tuple(notices))


def crs_of(text: str | None, file: str, notices: list[Fault]) -> CRS | None:
    """Return the CRS a file states, None with a warning where what it states is none."""
    if not text:
        return None
    try:
        return CRS.from_user_input(text)
    except CRSError:
        mend = "declare it with --crs EPSG:…, gcj02 or bd09."
        message = "the CRS the file states cannot be understood."
        notices.append(Fault("crs", message, mend, file, value=str(text)[:80], severity="warning"))
        return None


def cells_of(table: pa.Table, file: str, notices: list[Fault]) -> dict[str, NDArray[np.object_]]:
    """Return the columns of an Arrow table as native cells, each name once; bytes are left out with a notice."""
    if table.num_columns > MOST_COLUMNS:
        raise too_wide(file, table.num_columns)
    out: dict[str, NDArray[np.object_]] = {}
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            message = f"the column {name} holds bytes, no values, and is not read."
            notices.append(Fault("column", message, "none is needed.", file, column=name, severity="notice"))
            continue
        out[_unique(name.strip() or f"column_{place + 1}", out)] = _native(column)
    return out


def _unique(name: str, taken: Mapping[str, Any]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _native(column: pa.ChunkedArray) -> NDArray[np.object_]:
    out = np.empty(len(column), dtype=object)
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError):  # dates beyond the years Python counts
        values = column.cast(pa.string()).to_pylist()
    for place, value in enumerate(values):
        out[place] = _cell(value)
    return out


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return None if value != value else value  # noqa: PLR0124 NaN is what differs from itself
    if isinstance(value, str):
        return value or None
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value
