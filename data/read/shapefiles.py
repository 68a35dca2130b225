"""Shapefiles as they come: parts in any case, without .shx, .prj or .cpg, text in whatever the bureau's PC speaks."""

import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.read.encodings import codec_of, decode_texts
from data.read.vectors import Layer, gdal_options, read_layer
from geo.errors import Fault, InputError

_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_LDID: Final = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x4D: "gbk", 0x4E: "cp949", 0x4F: "cp950", 0x13: "cp932",
    0x7A: "gbk", 0x78: "cp950",
}  # fmt: skip
"""Language drivers of a .dbf that name a code page; 0x57 ("ANSI") names none."""
_AS_BYTES: Final = "ISO-8859-1"
_WHOLE: Final = "hand in all its parts (.shp, .shx, .dbf, .prj, .cpg), best as one zip."
_WHOLE_TAB: Final = "hand in all its parts (.tab, .dat, .map, .id), best as one zip."
_END_OF_FIELDS: Final = 0x0D
_DELETED: Final = ord("*")


@dataclass(frozen=True, slots=True)
class _Dbf:
    records: int
    head: int
    width: int
    language: int


def read_shapefile(path: Path, *, encoding: str | None, file: str) -> tuple[Layer, str]:
    """Return a shapefile's layer and the encoding of its text: declared, the .cpg's, the .dbf's own, or what reads.

    Rows are numbered by feature from 0; a value that ends within a character loses that and has a warning. A missing
    .shx is made anew beside a link, never beside the file. Raises InputError: a missing .dbf, parts cut short or of
    different lengths, text in no known encoding.
    """
    parts = _parts(path, file)
    about = _check_sizes(parts, file)
    stated = _stated(parts, about)
    with tempfile.TemporaryDirectory(prefix="quantu-shp-") as folder, gdal_options(SHAPE_RESTORE_SHX="YES"):
        for suffix, part in parts.items():
            if suffix != ".cpg":
                (Path(folder) / f"layer{suffix}").symlink_to(part.resolve())
        raw = read_layer(Path(folder) / "layer.shp", encoding=_AS_BYTES, file=file, by_fid=True)
    if ".shx" not in parts:
        said = Fault(
            "no_shx", "the index .shx is missing and was made anew.", "none is needed.", file, severity="notice"
        )
        raw = replace(raw, notices=(*raw.notices, said))
    return _as_text(raw, encoding, stated, file)


def _parts(path: Path, file: str) -> dict[str, Path]:
    """The parts by their endings, whatever case they are written in."""
    stem = path.stem.lower()
    beside = sorted(path.parent.iterdir())
    found = {one.suffix.lower(): one for one in beside if one.stem.lower() == stem and one.suffix.lower() in _PARTS}
    found |= {one.suffix.lower(): one for one in beside if one.stem == path.stem and one.suffix.lower() in _PARTS}
    missing = [suffix for suffix in (".shp", ".dbf") if suffix not in found]
    if missing:
        raise InputError(Fault("no_part", f"the part {missing[0]} of the shapefile is missing.", _WHOLE, file))
    strange = [one.name for one in found.values() if not one.is_file()]
    if strange:
        raise InputError(Fault("no_part", f"the part {strange[0]} is no file.", _WHOLE, file))
    return {".shp": path, **{suffix: one for suffix, one in found.items() if suffix != ".shp"}}


def _check_sizes(parts: Mapping[str, Path], file: str) -> _Dbf:
    """The .dbf's head, once every part is as long as it says and both count the same rows. Raises InputError."""
    about = _dbf(parts[".dbf"], file)
    held = parts[".dbf"].stat().st_size - about.head
    if about.width < 1 or held < about.records * about.width - 1:
        whole = max(0, held // max(about.width, 1))
        raise _damaged(f"the .dbf counts {about.records} rows and holds {whole}", file)
    _check_fields(parts[".dbf"], about, file)
    for suffix in (".shp", ".shx"):
        if suffix in parts and _stated_bytes(parts[suffix], file) > parts[suffix].stat().st_size:
            raise _damaged(f"the {suffix} is cut short", file)
    if ".shx" in parts:
        shapes = (_stated_bytes(parts[".shx"], file) - 100) // 8
        if shapes != about.records:
            raise _damaged(f"the .shp holds {shapes} features, the .dbf {about.records} rows", file)
        _check_index(parts[".shx"], shapes, parts[".shp"].stat().st_size, file)
    return about


def _check_index(index: Path, shapes: int, size: int, file: str) -> None:
    """Raise InputError where the .shx points outside the .shp: GDAL would give an empty row for it."""
    with index.open("rb") as handle:
        handle.seek(100)
        pairs = np.frombuffer(handle.read(shapes * 8), dtype=">i4").astype(np.int64).reshape(-1, 2) * 2
    inside = (pairs[:, 0] >= 100) & (pairs[:, 1] >= 0) & (pairs.sum(axis=1) + 8 <= size)
    if not inside.all():
        raise _damaged(f"the .shx points outside the .shp at feature {int(np.flatnonzero(~inside)[0])}", file)


def _dbf(path: Path, file: str) -> _Dbf:
    with path.open("rb") as handle:
        head = handle.read(32)
    if len(head) < 32:
        raise _damaged("the .dbf is cut short", file)
    records, length, width = struct.unpack("<IHH", head[4:12])
    return _Dbf(records, length, width, head[29])


def _check_fields(path: Path, about: _Dbf, file: str) -> None:
    """Raise InputError where the .dbf's columns do not add up to its rows, or a name is no text."""
    with path.open("rb") as handle:
        head = handle.read(about.head)
    fields = []
    for at in range(32, len(head) - 31, 32):
        if head[at] == _END_OF_FIELDS:
            break
        fields.append(head[at : at + 32])
    names = [field[:11].partition(b"\0")[0] for field in fields]
    wide = 1 + sum(field[16] + (field[17] << 8 if field[11:12] == b"C" else 0) for field in fields)
    if wide != about.width or any(min(name, default=0) < ord(" ") for name in names):
        raise _damaged("the columns of the .dbf do not fit its rows", file)


def rows_of_dat(path: Path, file: str) -> int:
    """Return the rows a MapInfo table's .dat (a .dbf by another name) holds, those struck out left out.

    GDAL leaves rows it cannot find out without a word. Raises InputError where a part is missing or cut short.
    """
    parts = {one.suffix.lower(): one for one in sorted(path.parent.iterdir()) if one.stem.lower() == path.stem.lower()}
    if ".dat" not in parts or not parts[".dat"].is_file():
        raise InputError(Fault("no_part", "the part .dat of the MapInfo table is missing.", _WHOLE_TAB, file))
    about = _dbf(parts[".dat"], file)
    with parts[".dat"].open("rb") as handle:
        handle.seek(about.head)
        held = handle.read(about.records * about.width)
    short = about.width < 1 or len(held) < about.records * about.width
    if short or (".id" in parts and parts[".id"].stat().st_size < 4 * about.records):
        raise InputError(Fault("unreadable", "the MapInfo table is damaged: a part is cut short.", _WHOLE_TAB, file))
    return about.records - held[:: about.width].count(_DELETED)


def _stated_bytes(path: Path, file: str) -> int:
    with path.open("rb") as handle:
        head = handle.read(100)
    if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a":
        raise _damaged(f"the {path.suffix.lower()} has no shapefile's head", file)
    return int(struct.unpack(">i", head[24:28])[0]) * 2


def _damaged(why: str, file: str) -> InputError:
    return InputError(Fault("unreadable", f"the shapefile is damaged: {why}.", _WHOLE, file))


def _stated(parts: Mapping[str, Path], about: _Dbf) -> str | None:
    if ".cpg" in parts:
        with parts[".cpg"].open("rb") as handle:
            word = handle.read(64).decode("ascii", "replace").strip("\ufeff\0 \r\n\t")
        if word and codec_of(word) is not None:
            return word
    return _LDID.get(about.language)


def _as_text(raw: Layer, encoding: str | None, stated: str | None, file: str) -> tuple[Layer, str]:
    """The layer with the bytes of its names and values decoded, all in one encoding."""
    at: list[tuple[str, int]] = []
    values = [name.encode(_AS_BYTES) for name in raw.columns]
    for name, cells in raw.columns.items():
        for row, value in enumerate(cells):
            if isinstance(value, str) and not value.isascii():
                at.append((name, row))
                values.append(value.encode(_AS_BYTES))
    got = decode_texts(values, declared=encoding, stated=stated, file=file, cut_ok=True)
    names = dict(zip(raw.columns, _distinct(got.texts[: len(raw.columns)]), strict=True))
    columns: dict[str, NDArray[np.object_]] = {names[name]: cells.copy() for name, cells in raw.columns.items()}
    shift = len(raw.columns)
    for place, (name, row) in enumerate(at):
        columns[names[name]][row] = got.texts[place + shift] or None
    notices = [*raw.notices, *got.notices]
    for place in got.cut:
        if place >= shift:
            name, row = at[place - shift]
            notices.append(_cut(file, int(raw.rows[row]), names[name], columns[names[name]][row]))
    return replace(raw, columns=columns, notices=tuple(notices)), got.encoding


def _cut(file: str, row: int, column: str, value: Any) -> Fault:
    message = "the text was cut within a character when the shapefile was written; what is left was read."
    return Fault("cut_text", message, "complete it, or hand in a GeoPackage.", file, row, column, value, "warning")


def _distinct(names: tuple[str, ...]) -> list[str]:
    out: list[str] = []
    for name in names:
        number, free = 2, name
        while free in out:
            free, number = f"{name}_{number}", number + 1
        out.append(free)
    return out
