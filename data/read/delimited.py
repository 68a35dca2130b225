"""Text tables: commas, tabs, semicolons or strokes between cells, in any encoding that is decided strictly."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from data.read.encodings import decide_encoding
from data.read.sheet import MAX_COLUMNS, Sheet
from geo.errors import Fault, InputError

MAX_BYTES: Final = 1 << 30
"""A text table of a gigabyte holds some ten million records; beyond, the process would pass two gigabytes."""
_MAX_CELL: Final = 1 << 20
_LINES: Final = 50_000
_SEEN: Final = 60
_PIECE: Final = 1 << 20
_BY_ARROW: Final = {"utf-8": "utf8", "utf-8-sig": "utf8", "gbk": "gbk", "gb18030": "gb18030"}
_DELIMITERS: Final = (",", "\t", ";", "|")


def read_delimited(path: Path, *, encoding: str | None = None) -> Sheet:
    """Return the lines of a text table, cells as text without surrounding space, NaN where empty.

    Lines that are blank stay; what a line has beyond the table's width is in ``surplus``.

    Raises InputError: too large, no encoding fits, a quotation mark that is never closed, a cell of over a million
    characters, too many columns, empty.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(Fault("too_large", "the file is over 1 GB.", "divide it.", path.name))
    decided = decide_encoding(path, declared=encoding)
    csv.field_size_limit(_MAX_CELL)
    name = decided.encoding
    delimiter = _delimiter(path, name)
    return replace(_clean(path, name, delimiter) or _read(path, name, delimiter), notices=decided.notices)


def _clean(path: Path, encoding: str, delimiter: str) -> Sheet | None:
    """The lines of a table without quotation marks in which all have equally many cells; None for any other."""
    with path.open("rb") as handle:
        pieces = iter(lambda: handle.read(_PIECE), b"")
        if encoding not in _BY_ARROW or any(b'"' in piece for piece in pieces):
            return None
    with _open(path, encoding) as handle:
        width = handle.readline(_MAX_CELL).count(delimiter) + 1
    if not 1 < width <= MAX_COLUMNS:
        return None
    names = [str(i) for i in range(width)]
    try:
        table = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(column_names=names, encoding=_BY_ARROW[encoding]),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string())),
        )
    except pa.ArrowInvalid:  # lines of unequal length: read one by one
        return None
    cells = {i: pd.Series(pd.array(_trimmed(table.column(i)), dtype="str")) for i in range(width)}
    frame = pd.DataFrame(cells)
    return Sheet(path.name, "csv", None, encoding, frame, np.arange(1, len(frame) + 1, dtype=np.int64))


def _open(path: Path, encoding: str) -> io.TextIOWrapper:
    return path.open(encoding=encoding, errors="strict", newline="")


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter that cuts most of the first lines into the same number of cells, of several the finest."""
    with _open(path, encoding) as handle:
        sample = [line for line in (handle.readline(_MAX_CELL) for _ in range(_SEEN)) if line.strip()]
    best, score = ",", (0, 0, 0)
    for delimiter in _DELIMITERS:
        try:
            counts = Counter(len(cells) for cells in csv.reader(sample, delimiter=delimiter) if len(cells) > 1)
        except csv.Error:  # a cell without an end, which the reading names
            continue
        if counts:
            width, lines = max(counts.items(), key=lambda item: (item[1], item[0]))
            found = (lines, counts.total(), width)
            if found > score:
                best, score = delimiter, found
    return best


def _read(path: Path, encoding: str, delimiter: str) -> Sheet:
    parts: list[list[pa.Array]] = []
    starts: list[int] = []
    lengths: list[int] = []
    surplus: dict[int, str] = {}
    with _open(path, encoding) as handle:
        reader = csv.reader(handle, delimiter=delimiter)
        lines = _numbered(reader, path.name)
        first = list(islice(lines, _SEEN))
        if not first:
            raise InputError(
                Fault("empty_file", "the file holds no rows.", "hand in a file with at least one.", path.name)
            )
        width = _width([cells for _, cells in first])
        if width > MAX_COLUMNS:
            raise InputError(
                Fault(
                    "too_wide", f"the table has {width} columns, over {MAX_COLUMNS}.", "hand in one table.", path.name
                )
            )
        chunk = first
        while chunk:
            done = len(starts)
            for i, (start, cells) in enumerate(chunk):
                starts.append(start)
                count = len(cells)
                lengths.append(count)
                if count < width:
                    cells.extend([""] * (width - count))
                elif count > width:
                    if any(cell.strip() for cell in cells[width:]):
                        surplus[done + i] = delimiter.join(cells[width:]).rstrip(delimiter)
                    del cells[width:]
            parts.append([_column(column) for column in zip(*(cells for _, cells in chunk), strict=True)])
            chunk = list(islice(lines, _LINES))
        ended = reader.line_num
    _refuse_unclosed(path, encoding, delimiter, starts[-1], ended)
    columns = {c: pd.Series(pd.array(pa.chunked_array([part[c] for part in parts]), dtype="str")) for c in range(width)}
    return Sheet(
        path.name, "csv", None, encoding, pd.DataFrame(columns), np.array(starts, dtype=np.int64), None, surplus,
        np.array(lengths, dtype=np.int64),
    )  # fmt: skip


def _numbered(reader: Any, file: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line it begins on. Raises InputError for a cell without an end."""
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"a cell of the record that begins here holds over {_MAX_CELL:,} characters ({error})."
        mend = 'close the quotation mark ("), or shorten the cell.'
        raise InputError(Fault("endless_cell", message, mend, file, start)) from error


def _width(lines: list[list[str]]) -> int:
    """The columns of the table: what most of the first lines fill, and no fewer than a line of headings."""
    filled = [max((i + 1 for i, cell in enumerate(cells) if cell.strip()), default=0) for cells in lines]
    counts = Counter(count for count in filled if count)
    if not counts:
        return 1
    usual = max(counts.items(), key=lambda item: (item[1], item[0]))[0]
    # The headings may be wider than records that leave their last cells away; one wild record is no heading.
    heading = next((count for count in filled if count >= usual), usual)
    return max(usual, heading)


def _column(cells: tuple[str, ...]) -> pa.Array:
    return _trimmed(pa.array(cells, pa.large_string()))


def _trimmed(array: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Text without surrounding space, null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(array)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.large_string()), trimmed)


def _refuse_unclosed(path: Path, encoding: str, delimiter: str, start: int, ended: int) -> None:
    """Raise where the last record ended with the file and not with its quotation mark."""
    if ended <= start and path.stat().st_size > _MAX_CELL:
        return
    with _open(path, encoding) as handle:
        text = "".join(islice(handle, start - 1, None))
    try:
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise InputError(
                Fault(
                    "unclosed_quote", "a quotation mark is never closed: the rest of the file is one cell.",
                    'close the quotation mark (") or take it out.', path.name, start,
                )
            ) from error  # fmt: skip
