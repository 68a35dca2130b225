"""Shapefiles as county bureaus receive them: GBK, short names, a data dictionary, nothing cut in silence."""

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from data.write.delivery import Delivery, Options, as_deliveries, as_plain, aside, projected
from data.write.table import write_dictionary
from geo.errors import Fault, InputError, ParameterError

_TEXT_BYTES: Final = 254
_NAME_BYTES: Final = 10
_WHOLE_LIMIT: Final = 10**17
_FLOAT_LIMIT: Final = 1e20
_FILE_BYTES: Final = 2**31 - 1
_ENCODINGS: Final = {"gbk": "GBK", "utf-8": "UTF-8"}
_FAMILY: Final = {"LineString": "line", "Polygon": "polygon", "Point": "point"}


def write_shapefile(given: Delivery | Sequence[Delivery], path: Path, options: Options) -> tuple[Path, ...]:
    """Write a .zip with a shapefile for each delivery in ``options.crs`` and ``options.encoding``, and its 字段说明.

    Bools become 1 and 0, empty stays empty. Raises ParameterError for an encoding other than gbk and utf-8, and
    InputError with every fault: a name over 10 bytes, text over 254 bytes or with characters the encoding lacks
    (row, column and value are named), a number of over 17 digits (10²⁰ where it has decimals), several kinds of
    geometry, over 2 GB.
    """
    encoding = options.encoding.lower()
    if encoding not in _ENCODINGS:
        raise ParameterError(f"{options.encoding!r} is no encoding for shapefiles; choose gbk or utf-8")
    every = as_deliveries(given)
    frames = [projected(one, options.crs) for one in every]
    faults = [fault for one, frame in zip(every, frames, strict=True) for fault in _faults(one, frame, encoding)]
    if faults:
        raise InputError(faults)
    with aside(path) as written, tempfile.TemporaryDirectory(prefix=".shp.", dir=path.parent) as folder:
        for one, frame in zip(every, frames, strict=True):
            stem = one.name.replace(".", "_")
            bools = {k: frame[k].astype("Int16") for k, column in one.columns.items() if column.kind == "bool"}
            pyogrio.write_dataframe(
                frame.assign(**bools),
                Path(folder) / f"{stem}.shp",
                driver="ESRI Shapefile",
                encoding=_ENCODINGS[encoding],
                use_arrow=True,
                layer_options={"2GB_LIMIT": "YES"},
            )
            dictionary = "字段说明.xlsx" if len(every) == 1 else f"{stem}_字段说明.xlsx"
            write_dictionary(one, Path(folder) / dictionary, note=_note(encoding, options.crs))
        _zip(Path(folder), written)
    return (path,)


def _faults(one: Delivery, frame: gpd.GeoDataFrame, encoding: str) -> list[Fault]:
    faults = _name_faults(one) + _geometry_faults(frame)
    for key, column in one.columns.items():
        if column.kind == "text":
            faults += _text_faults(frame[key], encoding)
        elif column.kind in {"int", "float"}:
            faults += _number_faults(frame[key], whole=column.kind == "int")
    return faults


def _note(encoding: str, crs: str) -> str:
    return (
        f"编码 {_ENCODINGS[encoding]}（见 .cpg）；坐标系 {crs}（见 .prj）；是/否以 1/0 表示；空值表示缺失，不是 0；"
        "日期不含时刻。"
    )


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for part in sorted(folder.iterdir()):
            if part.stat().st_size > _FILE_BYTES:
                raise InputError(
                    Fault("too_large", f"{part.name} is over 2 GB.", "deliver a GeoPackage or a smaller area.")
                )
            info = zipfile.ZipInfo(part.name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with part.open("rb") as source, bundle.open(info, "w") as sink:
                while block := source.read(1 << 20):
                    sink.write(block)


def _name_faults(given: Delivery) -> list[Fault]:
    faults = [
        Fault("field_name", f"{key} is no shapefile field name.", "use at most 10 ASCII letters.", column=key)
        for key in given.columns
        if len(key.encode()) > _NAME_BYTES or not key.isascii()
    ]
    seen: set[str] = set()
    for key in given.columns:
        if key.upper() in seen:
            faults.append(
                Fault("field_name", f"{key} differs from another field in case only.", "rename it.", column=key)
            )
        seen.add(key.upper())
    return faults


def _geometry_faults(frame: gpd.GeoDataFrame) -> list[Fault]:
    kinds = {kind.removeprefix("Multi") for kind in frame.geometry.geom_type.dropna()}
    multipoints = {"Point", "MultiPoint"} <= set(frame.geometry.geom_type.dropna())
    if len(kinds) > 1 or multipoints or not kinds <= set(_FAMILY):
        return [
            Fault(
                "geometry_type",
                f"a shapefile holds one kind of geometry, here are {', '.join(sorted(kinds))}.",
                "write one file for each kind, or a GeoPackage.",
            )
        ]
    return []


def _text_faults(values: pd.Series, encoding: str) -> list[Fault]:
    faults = []
    for row, text in enumerate(as_plain(values)):
        if text is None:
            continue
        place = {"row": row, "column": str(values.name), "value": text}
        try:
            size = len(text.encode(encoding))
        except UnicodeEncodeError as error:
            lost = text[error.start : error.end]
            faults.append(
                Fault(
                    "encoding",
                    f"{encoding.upper()} has no character {lost} (U+{ord(lost[0]):04X}).",
                    "choose UTF-8, a GeoPackage, or another character.",
                    **place,
                )
            )
            continue
        if size > _TEXT_BYTES:
            faults.append(
                Fault(
                    "too_long",
                    f"the text has {size} bytes in {encoding.upper()}, a shapefile holds {_TEXT_BYTES}.",
                    "shorten it, or choose a GeoPackage.",
                    **place,
                )
            )
    return faults


def _number_faults(values: pd.Series, *, whole: bool) -> list[Fault]:
    """Return a fault for each number the field's fixed width would cut in silence."""
    if whole:
        numbers = values.fillna(0).to_numpy(np.int64)
        beyond = (numbers >= _WHOLE_LIMIT) | (numbers <= -_WHOLE_LIMIT)
    else:
        beyond = np.abs(values.to_numpy(np.float64)) >= _FLOAT_LIMIT
    return [
        Fault(
            "too_large", "the number has too many digits for a shapefile.", "deliver it as text.",
            row=int(row), column=str(values.name), value=str(values.iloc[row]),
        )
        for row in np.flatnonzero(beyond)
    ]  # fmt: skip
