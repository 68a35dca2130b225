"""DXF drawings: points and block inserts with their texts. Words are re-encoded before GDAL garbles them."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.read.encodings import decide_encoding
from data.read.raw import LeftOut
from data.read.vectors import Layer, gdal_options, read_layer
from geo.errors import Fault, InputError

_BINARY: Final = b"AutoCAD Binary DXF"
_PAGE: Final = re.compile(rb"\$DWGCODEPAGE\s+3\s+(\w+)")
_HEAD_BYTES: Final = 65_536
_ESCAPE: Final = re.compile(r"\\U\+([0-9A-Fa-f]{4})")


def read_drawing(path: Path, *, encoding: str | None, every: bool, file: str) -> tuple[Layer, list[LeftOut], str]:
    """Return a drawing's points, the entities left out, and the encoding of its text.

    Points and block inserts are rows, with the columns 图层 (CAD layer), 块名, 文字 and one for every tag of a block's
    attributes; texts are rows only in a drawing that has neither. With ``every`` each entity is a row. A drawing
    states no CRS. Raises InputError for binary DXF and one that is cut short.
    """
    with path.open("rb") as handle:
        start = handle.read(_HEAD_BYTES)
        handle.seek(max(0, path.stat().st_size - 256))
        end = handle.read()
    if start.startswith(_BINARY):
        raise InputError(Fault("binary_dxf", "the DXF is binary.", "save it as ASCII DXF (R2000 or later).", file))
    if b"EOF" not in end.replace(b"\0", b""):
        raise InputError(Fault("unreadable", "the DXF is cut short: its end is missing.", "save it anew.", file))
    page = _PAGE.search(start)
    stated = page and page.group(1).decode()
    decided = decide_encoding(path, declared=encoding, stated=stated, file=file, table=False)
    codec = decided.encoding
    with tempfile.TemporaryDirectory(prefix="quantu-dxf-") as folder:
        copy = Path(folder) / "drawing.dxf"
        with path.open(encoding=codec, newline="") as source, copy.open("w", encoding="utf-8", newline="") as sink:
            while block := source.read(1 << 20):
                sink.write(block)
        with gdal_options(DXF_INLINE_BLOCKS="FALSE", DXF_ENCODING="UTF-8", DXF_MAX_BSPLINE_CONTROL_POINTS="10000"):
            raw = read_layer(copy, layer="entities", file=file)
    return (*_entities(replace(raw, notices=(*decided.notices, *raw.notices)), every=every), codec)


def _entities(raw: Layer, *, every: bool) -> tuple[Layer, list[LeftOut]]:
    """The entities that are rows, with columns people know, and those that are none."""
    count = len(raw.rows)
    empty = np.full(count, None, dtype=object)
    block = raw.columns.get("BlockName", empty)
    text = raw.columns.get("Text", empty)
    shapes = empty if raw.geometry is None else raw.geometry
    is_point = shapely.get_type_id(shapes) == 0
    inserted = is_point & (block != None)  # noqa: E711 elementwise
    written = is_point & ~inserted & (text != None)  # noqa: E711 elementwise
    plain = is_point & ~inserted & ~written
    kept = np.ones(count, dtype=np.bool_) if every else (plain | inserted)
    if not kept.any():
        kept = written
    columns = {"图层": raw.columns.get("Layer", empty), "块名": block, "文字": text}
    columns |= _attributes(raw.columns.get("BlockAttributes", empty), columns)
    shown = {name: _unescaped(cells[kept]) for name, cells in columns.items()}
    out = [
        LeftOut(int(raw.rows[row]), str(text[row] or columns["图层"][row] or ""), "text" if written[row] else "shape")
        for row in np.flatnonzero(~kept)
    ]
    used = {name: cells for name, cells in shown.items() if any(value is not None for value in cells)}
    return Layer(used, shapes[kept], None, raw.rows[kept], raw.notices), out


def _attributes(lists: NDArray[np.object_], taken: Mapping[str, Any]) -> dict[str, NDArray[np.object_]]:
    """A column for every tag of the blocks' attributes, which GDAL lists as "TAG value"."""
    out: dict[str, NDArray[np.object_]] = {}
    for row, listed in enumerate(lists):
        for one in [] if listed is None else json.loads(listed):
            tag, _, value = str(one).partition(" ")
            name = f"{tag}_2" if tag in taken else tag
            out.setdefault(name, np.full(len(lists), None, dtype=object))[row] = value or None
    return out


def _unescaped(cells: NDArray[np.object_]) -> NDArray[np.object_]:
    r"""Text with CAD's ``\\U+5170`` as the character it stands for."""
    out = cells.copy()
    for row, value in enumerate(cells):
        if isinstance(value, str) and "\\U+" in value:
            out[row] = _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), value)
    return out
