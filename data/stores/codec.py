"""Frames as GeoParquet bytes and back: the same rows always give the same bytes."""

import hashlib
from io import BytesIO
from typing import Final

import geopandas as gpd
import pandas as pd

from data.frames import CRS_KEPT
from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError

_KEPT_TYPES: Final = frozenset({"int64", "Int64", "float64", "bool", "str", "datetime64[s]"})


def pack(frame: gpd.GeoDataFrame) -> bytes:
    """Return ``frame`` as one GeoParquet (zstd), without its index and attrs, which say nothing and may vary.

    Raises MissingCRSError, CRSMismatchError, and InputError naming every column ``conform`` would have typed
    otherwise.
    """
    check_kept(frame)
    # An equal CRS may be worded otherwise; the words would change the bytes.
    return write_parquet(frame.set_crs(CRS_KEPT, allow_override=True))


def check_kept(frame: gpd.GeoDataFrame) -> None:
    """Raise what ``pack`` raises where ``frame`` is not what ``conform`` makes."""
    if frame.crs is None:
        raise MissingCRSError("a layer without a CRS cannot be kept; conform it first")
    if frame.crs != CRS_KEPT:
        raise CRSMismatchError(f"the layer is in {frame.crs.to_string()}, kept is {CRS_KEPT}")
    _refuse_unconformed(frame)


def unpack(payload: bytes) -> gpd.GeoDataFrame:
    """Return the frame of ``pack``, with the types ``conform`` gave it."""
    return dates_to_seconds(gpd.read_parquet(BytesIO(payload)))


def write_parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame (or GeoDataFrame) as Parquet bytes, the same for the same rows."""
    bare = frame.copy(deep=False)
    bare.attrs = {}
    buffer = BytesIO()
    bare.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def dates_to_seconds(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ``frame`` with dates to the second: Parquet has none coarser than the millisecond."""
    dated = [name for name, kind in frame.dtypes.items() if str(kind) == "datetime64[ms]"]
    return frame.astype(dict.fromkeys(dated, "datetime64[s]")) if dated else frame


def sha256(payload: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(payload).hexdigest()


def _refuse_unconformed(frame: gpd.GeoDataFrame) -> None:
    mend = "pass it through data.frames.conform first."
    faults = [
        Fault("not_conformed", f"the column is {kind}.", mend, column=str(name))
        for name, kind in frame.dtypes.items()
        if str(kind) not in _KEPT_TYPES and name != "geometry"
    ]
    if frame.geometry.name != "geometry":
        faults.append(Fault("not_conformed", "the geometry is not in `geometry`.", mend))
    if faults:
        raise InputError(faults)
