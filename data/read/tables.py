"""The one door for a steward's file: what it is is told by its content, and a ``RawTable`` comes back."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from data.read.delimited import read_delimited
from data.read.raw import RawTable
from data.read.sheet import table_of
from data.read.workbooks import read_workbook
from geo.errors import Fault, InputError

_VECTOR: Final = frozenset(
    (".shp", ".dbf", ".gpkg", ".geojson", ".json", ".kml", ".kmz", ".parquet", ".geoparquet", ".pq", ".fgb", ".dxf",
     ".gdb", ".zip", ".shz", ".ovkml", ".gml", ".tab", ".mif")
)  # fmt: skip
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF: Final = (b"\x09\x08\x10\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00")
_ZIP: Final = b"PK"
_HEAD: Final = 2048


def read_table(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    known: Collection[str] = (),
) -> RawTable:
    """Return the records of a spreadsheet, text table or vector file, as written.

    ``sheet`` names a workbook's sheet, ``layer`` a vector file's layer, ``encoding`` declares a text's encoding;
    ``known`` are the keys of headings that may be expected (``data.read.headings.known_headings``): with them the line
    of headings and the sheet that is the list are told from others. A library may crash on a damaged file or outgrow
    the memory: ``data.read.guard.read_safely`` is the door for what strangers hand in.

    Raises InputError: absent, unreadable, damaged, too large or empty; no encoding fits; several sheets and none named;
    no line of headings.
    """
    if not path.exists():
        raise InputError(Fault("no_file", "the file does not exist.", "check the path.", str(path)))
    if path.is_dir() or path.suffix.lower() in _VECTOR:
        from data.read.features import read_features

        return read_features(path, layer=layer, encoding=encoding)
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if not head.strip():
        raise InputError(Fault("empty_file", "the file is empty.", "hand in a file with rows.", path.name))
    if head.startswith((_OLE, *_BIFF)):
        return table_of(read_workbook(path, "xls", sheet=sheet, known=known), known)
    if head.startswith(_ZIP):
        return table_of(read_workbook(path, "xlsx", sheet=sheet, known=known), known)
    _refuse_markup(head, path)
    return table_of(read_delimited(path, encoding=encoding), known)


def _refuse_markup(head: bytes, path: Path) -> None:
    """Refuse a web page or XML that was named .xls, as some systems deliver their lists."""
    start = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head", b"%pdf")):
        raise InputError(
            Fault(
                "not_a_table", f"the file is a web page, XML or PDF with the name {path.suffix or 'of a table'}.",
                "open it in Excel or WPS and save it as XLSX.", path.name,
            )
        )  # fmt: skip
