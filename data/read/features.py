"""Vector files of every form as raw tables: attributes as cells, geometry in the CRS the file states."""

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj.exceptions import CRSError

from data.read.archives import MOST_BYTES, MOST_COLUMNS, Member, opened_zip, too_wide, unpack
from data.read.drawings import read_drawing
from data.read.encodings import decide_encoding
from data.read.kml import read_kml
from data.read.raw import LeftOut, RawTable
from data.read.shapefiles import read_shapefile, rows_of_dat
from data.read.vectors import Layer, cells_of, crs_of, layer_names, one_layer, read_layer, reading
from geo.errors import Fault, InputError, NotFoundError

FORMS: Final = {
    ".shp": "shp", ".gpkg": "gpkg", ".geojson": "geojson", ".json": "geojson", ".kml": "kml", ".kmz": "kml",
    ".parquet": "parquet", ".geoparquet": "parquet", ".pq": "parquet", ".fgb": "fgb", ".dxf": "dxf", ".tab": "tab",
    ".zip": "zip", ".shz": "zip",
}  # fmt: skip
"""Endings of vector files, and the form each is read as; a .zip is what lies in it."""

_SIDECARS: Final = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"), ".tab": (".dat", ".map", ".id", ".ind"),
}  # fmt: skip
_PACKS: Final = {".zip", ".shz", ".kmz"}
_HEAD_BYTES: Final = 4096
_WHOLE: Final = "hand in a whole file."


def read_features(
    path: Path, *, layer: str | None = None, encoding: str | None = None, every: bool = False
) -> RawTable:
    """Return one layer of a SHP (zipped or not), GPKG, GeoJSON, KML, KMZ, GeoParquet, FlatGeobuf, DXF or TAB file.

    Rows are the features, numbered from 0; one without geometry is kept, its geometry None. Z and M are as the file
    has them. ``layer`` names a layer of several, a folder of a KML, or a file in a zip; ``encoding`` declares that of
    a SHP's or DXF's text. The CRS is the file's: None for GeoJSON without a member ``crs`` and for DXF; KML is
    longitude and latitude by definition. Of a DXF points and blocks are rows unless ``every`` entity is asked for.

    Raises InputError (absent, damaged, unsafe, in no known encoding, several layers and none named), NotFoundError
    (no such layer), ParameterError (no such encoding).
    """
    if not path.is_file():
        raise InputError(Fault("no_file", "the file does not exist, or is a folder.", "check the path.", path.name))
    if path.suffix.lower() in _PACKS:
        with _unpacked(path, layer) as (inner, left):
            got = _read(inner, path.name, None if left else layer, encoding, every=every)
        return replace(got, sheet=got.sheet or inner.stem)
    return _read(path, path.name, layer, encoding, every=every)


def _read(path: Path, file: str, layer: str | None, encoding: str | None, *, every: bool) -> RawTable:
    suffix = path.suffix.lower()
    if suffix not in FORMS:
        known = ", ".join(FORMS)
        if suffix in {".dbf", ".shx", ".prj", ".cpg"}:
            raise InputError(Fault("not_the_form", "this is one part of a shapefile.", "hand in the .shp.", file))
        raise InputError(Fault("not_the_form", f"a {suffix} file is no vector file.", f"hand in one of {known}.", file))
    form = FORMS[suffix]
    if layer is not None and form in {"shp", "tab"} and layer != path.stem:
        raise NotFoundError(f"{file}: no layer {layer!r}; it has {path.stem}")
    if form == "shp":
        found, codec = read_shapefile(path, encoding=encoding, file=file)
        return _raw(found, file, form, path.stem, codec)
    if form == "dxf":
        found, left_out, codec = read_drawing(path, encoding=encoding, every=every, file=file)
        return _raw(found, file, form, layer, codec, left_out)
    if form == "tab":
        if encoding is not None:
            message = "a MapInfo file names its own character set."
            raise InputError(Fault("encoding", message, "leave --encoding out.", file))
        return _raw(_mapinfo(path, file), file, form, path.stem, None)
    readers: dict[str, Callable[[Path, str | None, str], tuple[Layer, str | None]]] = {
        "gpkg": _geopackage, "geojson": _geojson, "parquet": _parquet, "fgb": _flatgeobuf,
    }  # fmt: skip
    if form == "kml":
        return _raw(read_kml(path, folder=layer, file=file), file, form, layer, None)
    found, sheet = readers[form](path, layer, file)
    return _raw(found, file, form, sheet, None)


def _raw(
    layer: Layer, file: str, form: str, sheet: str | None, codec: str | None, left_out: list[LeftOut] | None = None
) -> RawTable:
    cells = layer.cells
    geometry, crs = layer.geometry, layer.crs
    if geometry is not None:
        geometry = geometry.copy()
        geometry[shapely.is_empty(geometry)] = None
        if len(geometry) and shapely.is_missing(geometry).all():
            geometry = crs = None  # a table: its positions, if any, are in its columns, and in what CRS it does not say
    return RawTable(
        file=file, form=form, sheet=sheet, encoding=codec, headings=tuple(cells.columns), cells=cells, rows=layer.rows,
        geometry=geometry, crs=crs, left_out=tuple(left_out or ()), notices=layer.notices,
    )  # fmt: skip


def _mapinfo(path: Path, file: str) -> Layer:
    """A MapInfo table of which every row is found. Raises InputError."""
    rows = rows_of_dat(path, file)
    found = read_layer(path, file=file)
    if len(found.rows) != rows:
        message = f"the MapInfo table is damaged: it counts {rows} rows, {len(found.rows)} can be read."
        raise InputError(Fault("unreadable", message, _WHOLE, file))
    return found


def _geopackage(path: Path, layer: str | None, file: str) -> tuple[Layer, str | None]:
    """A table of a GeoPackage that SQLite finds whole; views may run anything and are refused."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            opened.execute("PRAGMA trusted_schema = OFF")
            state = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
            views = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
            made = dict(opened.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
            listed = [
                str(name)
                for name, kind in opened.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
                if kind in {"features", "attributes", "aspatial"}
            ] if "gpkg_contents" in made else []  # fmt: skip
    except (sqlite3.Error, UnicodeError, TypeError) as error:
        raise InputError(Fault("unreadable", f"the GeoPackage is damaged ({error}).", _WHOLE, file)) from error
    if state != "ok":
        raise InputError(Fault("unreadable", f"the GeoPackage is damaged ({state}).", _WHOLE, file))
    name = one_layer(listed, layer, file=file)
    if name in views or name not in made or str(made[name]).lstrip().upper().startswith("CREATE VIRTUAL"):
        message = f"the layer {name} is a view, or no table."
        raise InputError(Fault("no_table", message, "save it as a layer of its own.", file))
    return read_layer(path, layer=name, file=file), name


def _flatgeobuf(path: Path, layer: str | None, file: str) -> tuple[Layer, str | None]:
    name = one_layer(layer_names(path, file=file), layer, file=file)
    return read_layer(path, layer=name, file=file), name


def _geojson(path: Path, layer: str | None, file: str) -> tuple[Layer, str | None]:
    """GeoJSON, whatever encoding it is in; its CRS is stated by a member ``crs`` alone."""
    decided = decide_encoding(path, file=file, table=False)
    codec, notices = decided.encoding, list(decided.notices)
    with tempfile.TemporaryDirectory(prefix="quantu-json-") as folder:
        read = path
        if codec not in {"utf-8", "utf-8-sig"}:
            read = Path(folder) / path.name
            _transcode(path, codec, read)
            message = f"GeoJSON is UTF-8 by its definition; the file is {codec} and was read so."
            notices.append(Fault("encoding", message, "save it as UTF-8.", file, severity="warning"))
        if _last_byte(read) not in b"}]":
            raise InputError(Fault("unreadable", "the GeoJSON is cut short.", _WHOLE, file))
        name = one_layer(layer_names(read, file=file), layer, file=file)
        found = read_layer(read, layer=name, file=file)
        stated = states_crs(read)
    return replace(found, crs=found.crs if stated else None, notices=(*notices, *found.notices)), name


def _transcode(path: Path, codec: str, target: Path) -> None:
    with path.open(encoding=codec, newline="") as source, target.open("w", encoding="utf-8", newline="") as sink:
        while block := source.read(1 << 20):
            sink.write(block)


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - _HEAD_BYTES))
        return handle.read().rstrip(b" \t\r\n\0\x1a")[-1:] or b"?"


def states_crs(path: Path) -> bool:
    """Return whether a GeoJSON file has a member ``crs``, which writers put before the features or after them."""
    with path.open("rb") as handle:
        ends = handle.read(_HEAD_BYTES)
        handle.seek(max(len(ends), path.stat().st_size - _HEAD_BYTES))
        ends += b"\n" + handle.read()
    return b'"crs"' in ends and b"{" in ends.partition(b'"crs"')[2].lstrip(b" \t\r\n:")[:1]


def _parquet(path: Path, layer: str | None, file: str) -> tuple[Layer, str | None]:
    """GeoParquet, or a plain table; the CRS as its metadata has it (OGC:CRS84 where GeoParquet leaves it out)."""
    if layer is not None:
        raise NotFoundError(f"{file}: a Parquet file has no layers")
    notices: list[Fault] = []
    with reading(file, notices):
        schema = pq.read_schema(path)
    if len(schema.names) > MOST_COLUMNS:
        raise too_wide(file, len(schema.names))
    geo = _geo_of(schema, file)
    shapes = sorted(geo.get("columns", {}))
    with reading(file, notices):
        table = pq.read_table(path, columns=[name for name in schema.names if name not in shapes])
        columns = cells_of(table, file, notices)
    if not geo:
        return Layer(columns, None, None, np.arange(table.num_rows, dtype=np.int64), tuple(notices)), None
    try:
        with reading(file, notices):
            frame = gpd.read_parquet(path, columns=[geo["primary_column"]])
    except (ValueError, TypeError, KeyError, AttributeError, CRSError) as error:
        raise InputError(Fault("unreadable", f"the GeoParquet is damaged ({error}).", _WHOLE, file)) from error
    crs = None if frame.crs is None else crs_of(frame.crs.to_wkt(), file, notices)
    rows = np.arange(len(frame), dtype=np.int64)
    return Layer(columns, np.asarray(frame.geometry.array, dtype=object), crs, rows, tuple(notices)), None


def _geo_of(schema: pa.Schema, file: str) -> dict[str, Any]:
    """The metadata ``geo`` of a GeoParquet file, empty for a plain one. Raises InputError where it is damaged."""
    raw = (schema.metadata or {}).get(b"geo")
    if raw is None:
        return {}
    try:
        geo = json.loads(raw)
        known = geo["primary_column"] in schema.names and isinstance(geo["columns"][geo["primary_column"]], dict)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        message = f"the GeoParquet's metadata is damaged ({error!r})."
        raise InputError(Fault("unreadable", message, _WHOLE, file)) from error
    if not known:
        message = "the GeoParquet's metadata names a geometry that is not there."
        raise InputError(Fault("unreadable", message, _WHOLE, file))
    return dict(geo)


@contextmanager
def _unpacked(path: Path, layer: str | None) -> Iterator[tuple[Path, bool]]:
    """Yield the one vector file of a zip, unpacked with its sidecars, and whether ``layer`` named it.

    Raises InputError.
    """
    file = path.name
    with tempfile.TemporaryDirectory(prefix="quantu-zip-") as folder:
        yield _taken(path, layer, file, Path(folder))


def _taken(path: Path, layer: str | None, file: str, folder: Path) -> tuple[Path, bool]:
    """The vector file unpacked into ``folder``, and whether ``layer`` named it. Raises InputError, NotFoundError."""
    with opened_zip(path, file=file) as (bundle, members):
        main = [one for one in members if one.suffix in FORMS and one.suffix not in _PACKS]
        main = _first_kml(main) if path.suffix.lower() == ".kmz" else main
        if not main:
            inner = any(one.suffix in {".zip", ".rar", ".7z", ".kmz"} for one in members)
            message = "the zip holds another archive." if inner else "the zip holds no vector file."
            raise InputError(Fault("no_layer", message, "pack the .shp, .dbf, .shx, .prj themselves.", file))
        chosen, named = _chosen(main, layer, file)
        room = MOST_BYTES
        stem = chosen.path.stem.lower()
        for one in members:
            beside = one.path.parent == chosen.path.parent and one.path.stem.lower() == stem
            if one is chosen or (beside and one.suffix in _SIDECARS.get(chosen.suffix, ())):
                room -= unpack(bundle, one, folder / f"layer{one.suffix}", file=file, room=room)
    target = folder / f"{chosen.path.stem[:60] or 'layer'}{chosen.suffix}"
    for part in sorted(folder.iterdir()):
        part.rename(target.with_suffix(part.suffix))
    return target, named


def _first_kml(members: list[Member]) -> list[Member]:
    """A KMZ is its doc.kml, or the first .kml in it."""
    found = [one for one in members if one.suffix == ".kml"]
    return sorted(found, key=lambda one: (len(one.path.parts), str(one.path).lower() != "doc.kml"))[:1]


def _chosen(main: list[Member], layer: str | None, file: str) -> tuple[Member, bool]:
    if layer is not None:
        for one in main:
            if layer in {one.path.stem, one.path.name, str(one.path)}:
                return one, True
    if len(main) == 1:
        return main[0], False
    one_layer([one.path.stem for one in main], layer, file=file)
    raise AssertionError("several members cannot be one layer")
