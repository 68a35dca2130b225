"""Which record a row is: by its id, else by its name and kind together with its area, address or place."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.standards import standard
from geo.crs import GEOD
from layers.base import FacilityLayer

Bools = NDArray[np.bool_]
F64 = NDArray[np.float64]
Objects = NDArray[np.object_]

_ID_CHARS: Final = 16
_TOWNSHIP_DIGITS: Final = 9
_COUNTY_DIGITS: Final = 6
_FAR: Final = 1e9
_PLAIN: Final = ("NAME", "KIND", "XZQDM12", "ADDR")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """N records as they are told apart: texts by field, and (N, 2) degrees, NaN where the place is not known."""

    text: dict[str, Objects]
    lonlat: F64

    def __len__(self) -> int:
        """Return N."""
        return len(self.lonlat)

    def key(self, layer: FacilityLayer) -> pd.Series:
        """Return (N,) name and, where the layer has kinds, kind."""
        name = pd.Series(self.text["NAME"])
        return name + "\x1f" + pd.Series(self.text["KIND"]) if "KIND" in layer.identity else name

    def whole(self) -> pd.Series:
        """Return (N,) everything that tells a record apart: no two places share it."""
        out = pd.Series(self.text["NAME"])
        for name in _PLAIN[1:]:
            out = out + "\x1f" + pd.Series(self.text[name])
        return out + "\x1f" + pd.Series([f"{lon:.4f},{lat:.4f}" for lon, lat in self.lonlat.tolist()])


def rows_of(frame: pd.DataFrame, lonlat: F64) -> Rows:
    """Return the records of a frame that may lack columns."""
    text = {name: _texts(frame[name]) if name in frame else np.full(len(frame), "", dtype=object) for name in _PLAIN}
    return Rows(text, lonlat)


def standing_rows(before: gpd.GeoDataFrame) -> Rows:
    """Return the records of a layer."""
    points = before.geometry.to_numpy()
    return rows_of(before, np.column_stack([shapely.get_x(points), shapely.get_y(points)]))


def _texts(values: pd.Series) -> Objects:
    known = values.astype("object").where(values.notna(), "").astype(str)
    plain = {text: unicodedata.normalize("NFKC", text).strip().casefold() for text in known.unique()}
    return np.asarray(known.map(plain).to_numpy(dtype=object))


def minted(layer: FacilityLayer, whole: Sequence[str]) -> list[str]:
    """Return ids made of what tells the records apart."""
    return [f"{layer.id}-{hashlib.sha256(f'{layer.id}{text}'.encode()).hexdigest()[:_ID_CHARS]}" for text in whole]


def same_records(rows: Rows, wanted: Bools, there: Rows, layer: FacilityLayer) -> NDArray[np.int64]:
    """Return (N,) which of the records that are ``there`` each ``wanted`` row is, −1 where none; none is taken twice.

    A row is a record of its name and kind that lies within the standard ``same_record_distance``, or has its address,
    or lies in its township by code; not one of another county. Of several the nearest.
    """
    found = np.full(len(rows), -1, dtype=np.int64)
    if not len(there) or not wanted.any():
        return found
    here_key, there_key = rows.key(layer), there.key(layer)
    ours = pd.DataFrame({"key": here_key[wanted], "row": np.flatnonzero(wanted)})
    theirs = pd.DataFrame({"key": there_key, "record": np.arange(len(there))})
    once = ours[~ours["key"].duplicated(keep=False)].merge(
        theirs[~theirs["key"].duplicated(keep=False)], on="key", how="inner"
    )
    if len(once):
        cost = _costs(rows, once["row"].to_numpy(), there, once["record"].to_numpy())
        good = np.isfinite(cost)
        found[once["row"].to_numpy()[good]] = once["record"].to_numpy()[good]
    many = ours[~ours["row"].isin(once["row"])]
    held = theirs[theirs["key"].isin(many["key"])].groupby("key")["record"].agg(list).to_dict()
    for key, group in many.groupby("key")["row"].agg(list).items():
        if key in held:
            _assign(rows, np.array(group), there, np.array(held[key]), found)
    return found


def _assign(rows: Rows, ours: NDArray[np.int64], there: Rows, theirs: NDArray[np.int64], found: NDArray[np.int64]
            ) -> None:  # fmt: skip
    """Pair the rows and records of one name and kind, the nearest pairs first."""
    one, other = np.repeat(ours, len(theirs)), np.tile(theirs, len(ours))
    cost = _costs(rows, one, there, other)
    free = set(theirs.tolist())
    for k in np.lexsort((one, other, cost)).tolist():
        if not np.isfinite(cost[k]):
            break
        if found[one[k]] < 0 and int(other[k]) in free:
            found[one[k]] = other[k]
            free.discard(int(other[k]))


def _costs(rows: Rows, ours: NDArray[np.int64], there: Rows, theirs: NDArray[np.int64]) -> F64:
    """Return how unlike pairs are, metres apart where both places are known; infinite where they are not the same."""
    metres = metres_between(rows.lonlat[ours], there.lonlat[theirs])
    code, other_code = rows.text["XZQDM12"][ours], there.text["XZQDM12"][theirs]
    address, other_address = rows.text["ADDR"][ours], there.text["ADDR"][theirs]
    both = (code != "") & (other_code != "")
    county = _prefix(code, _COUNTY_DIGITS) == _prefix(other_code, _COUNTY_DIGITS)
    township = both & (_prefix(code, _TOWNSHIP_DIGITS) == _prefix(other_code, _TOWNSHIP_DIGITS))
    township &= np.array([len(str(text)) >= _TOWNSHIP_DIGITS for text in code], dtype=np.bool_)
    near = metres <= standard("same_record_distance", unit="m").value
    same = (near | ((address != "") & (address == other_address)) | township) & ~(both & ~county)
    return np.where(same, np.where(np.isfinite(metres), metres, _FAR), np.inf)


def _prefix(codes: Objects, digits: int) -> Objects:
    return np.array([str(code)[:digits] for code in codes], dtype=object)


def metres_between(one: F64, other: F64) -> F64:
    """Return (N,) geodesic metres between (N, 2) degrees; infinite where a place is not known."""
    known = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    out = np.full(len(one), np.inf)
    if known.any():
        out[known] = GEOD.inv(*one[known].T, *other[known].T)[2]
    return out
