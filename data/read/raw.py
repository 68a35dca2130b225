"""What every reader of a steward's file yields, whatever its form: a table of cells as they were written.

Nothing is interpreted here: no type, no unit, no datum. ``data.read.tables`` yields it from spreadsheets and text
tables, ``data.read.features`` from vector files; headings, values and positions are read from it afterwards.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyproj import CRS

from geo.errors import Fault


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One line of a file that is no record: its number as the steward sees it, its text, and why (a code).

    ``why`` is one of title, heading, unit, index, blank, total, note, example, repeated_heading.
    """

    row: int
    text: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A file's records as written.

    Attributes:
        file: the file's name, as faults cite it.
        form: xlsx, xls, csv, shp, gpkg, geojson, kml, parquet, fgb or dxf.
        sheet: the sheet or layer read, where the form has such.
        encoding: the encoding of its text, where it had to be decided.
        headings: the columns' names, each once; merged heading rows joined with "/".
        cells: (N, len(headings)); columns equal ``headings``; text as str, None where empty, numbers and dates native.
        rows: (N,) the row's number as the steward sees it: the line of a spreadsheet or CSV, counted from 1 with the
            headings; the number of the feature, from 0, in a vector file.
        geometry: (N,) shapely geometries in the file's own CRS, None where a row has none; None for a plain table.
        crs: what the file states, never guessed.
        left_out: the lines that are no records; with the N records they are every line of the file after the headings'.
        notices: what is to be said about the file; a fault with a row and severity error keeps that row out.
        dates_1904: serial dates count from 1904 (a setting of the workbook).
    """

    file: str
    form: str
    sheet: str | None
    encoding: str | None
    headings: tuple[str, ...]
    cells: pd.DataFrame
    rows: NDArray[np.int64]
    geometry: NDArray[np.object_] | None = None
    crs: CRS | None = None
    left_out: tuple[LeftOut, ...] = ()
    notices: tuple[Fault, ...] = ()
    dates_1904: bool = False


def text_array(cells: pd.Series) -> pa.Array:
    """Return a column of text as one Arrow array, null where empty."""
    array = pa.array(cells, type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
