"""Two states of one layer side by side: which rows pair by key, and which of their values differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.frames import AREAS, CONTEXT, DEMAND, STREETS
from geo.errors import Fault, InputError

Places = NDArray[np.intp]
Truth = NDArray[np.bool_]

GEOMETRY: Final = "geometry"
_KEYS: Final[Mapping[str, str]] = {
    "streets": STREETS.key,
    "demand": DEMAND.key,
    "areas": AREAS.key,
    "context": CONTEXT.key,
    "facilities": "FAC_ID",
}


def key_of(layer: str, *frames: gpd.GeoDataFrame) -> str:
    """Return the column that tells the rows of ``layer`` apart in all ``frames``.

    It is the key of its kind; where an edition from before that key was chosen lacks it, the first column that all
    frames have and that tells the rows of each apart. Raises InputError where there is none.
    """
    first = _KEYS.get(layer.partition(".")[0])
    for name in dict.fromkeys([first, *(column for frame in frames for column in frame.columns)]):
        if all(name in frame and frame[name].notna().all() and frame[name].is_unique for frame in frames):
            return str(name)
    raise InputError(Fault("no_key", f"nothing tells the rows of {layer} apart.", "give each row its own id."))


def check_key(frame: gpd.GeoDataFrame, key: str) -> None:
    """Raise InputError naming every row without a key, or with one that stands there already."""
    if key not in frame:
        raise InputError(Fault("missing_column", f"there is no column {key}.", "add it: it tells rows apart."))
    empty = np.flatnonzero(frame[key].isna().to_numpy())
    twice = np.flatnonzero(frame[key].duplicated().to_numpy() & frame[key].notna().to_numpy())
    faults = [Fault("empty", f"{key} is empty.", "give the row its own.", None, int(i), key) for i in empty[:100]]
    faults += [
        Fault("duplicate_key", "the id occurs twice.", "give each row its own.", None, int(i), key,
              str(frame[key].iloc[i]))
        for i in twice[:100]
    ]  # fmt: skip
    if faults:
        raise InputError(faults)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """How the rows of ``after`` stand to those of ``before``.

    Attributes:
        at: (len(after),) the row of ``before`` with the same key, -1 where there is none.
        gone: the rows of ``before`` whose key ``after`` does not hold.
        unlike: by column, (len(after),) whether a paired row's value differs; columns that differ nowhere are left out.
    """

    at: Places
    gone: Places
    unlike: Mapping[str, Truth]

    @property
    def new(self) -> Truth:
        """Return (len(after),) whether the key is new."""
        return self.at < 0

    @property
    def other(self) -> Truth:
        """Return (len(after),) whether the row is paired and differs in any column."""
        out: Truth = np.zeros(len(self.at), dtype=bool)
        for mask in self.unlike.values():
            out |= mask
        return out


def pair(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, key: str) -> Pairs:
    """Return how two frames stand to each other, compared value by value; order of rows does not matter.

    Empty equals empty, geometries are equal where every coordinate is. A column that one frame lacks is empty there.
    """
    at = find(before[key], after[key])
    kept = np.zeros(len(before), dtype=bool)
    kept[at[at >= 0]] = True
    here = np.flatnonzero(at >= 0)
    there = at[here]
    unlike = {}
    for column in dict.fromkeys([*after.columns, *before.columns]):
        if column == key:
            continue
        differs = ~_equal(_taken(before, column, there), _taken(after, column, here), len(here))
        if differs.any():
            mask = np.zeros(len(after), dtype=bool)
            mask[here] = differs
            unlike[str(column)] = mask
    return Pairs(at, np.flatnonzero(~kept), unlike)


def find(among: pd.Series, wanted: pd.Series) -> Places:
    """Return where each of ``wanted`` stands in ``among``, -1 where nowhere. Raises InputError for unlike types."""
    if len(among) == 0 or len(wanted) == 0:
        return np.full(len(wanted), -1, dtype=np.intp)
    if pd.api.types.is_numeric_dtype(among.dtype) != pd.api.types.is_numeric_dtype(wanted.dtype):
        raise InputError(
            Fault("type", f"{wanted.name} is {wanted.dtype}, in the layer it is {among.dtype}.", "correct the column.")
        )
    found: Places = pd.Index(among).get_indexer(pd.Index(wanted))
    return found


def row_values(frame: gpd.GeoDataFrame, row: int, columns: tuple[str, ...]) -> dict[str, Any]:
    """Return values of one row for people and JSON: text, numbers, None; a geometry as WKT, six decimals and more."""
    return {column: _plain(frame[column].iloc[row]) if column in frame else None for column in columns}


def _plain(value: Any) -> Any:
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkt(value, rounding_precision=7)
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value == value.normalize() else value.isoformat()
    return value.item() if isinstance(value, np.generic) else value


def _taken(frame: gpd.GeoDataFrame, column: str, rows: Places) -> pd.Series | None:
    if column not in frame:
        return None
    values: pd.Series = frame[column]
    if len(rows) == len(values) and (rows == np.arange(len(rows))).all():
        return values
    return values.take(rows)


def _equal(a: pd.Series | None, b: pd.Series | None, count: int) -> Truth:
    if a is None or b is None:
        present = b if a is None else a
        assert present is not None
        return np.asarray(present.isna(), dtype=bool)
    if count == 0:
        return np.ones(0, dtype=bool)
    if str(a.dtype) == "geometry":
        left, right = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
        same: Truth = shapely.equals_identical(left, right) | (shapely.is_missing(left) & shapely.is_missing(right))
        return same
    both: Truth = np.asarray(a.isna() & b.isna().to_numpy(), dtype=bool)
    return both | _alike(a, b)


def _alike(a: pd.Series, b: pd.Series) -> Truth:
    if a.dtype != b.dtype and not (pd.api.types.is_numeric_dtype(a.dtype) and pd.api.types.is_numeric_dtype(b.dtype)):
        a, b = a.astype("object"), b.astype("object")
    result = a.array == b.array
    if isinstance(result, np.ndarray):
        return np.asarray(result, dtype=bool)
    out: Truth = result.to_numpy(dtype=bool, na_value=False)
    return out
