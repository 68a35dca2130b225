"""A sheet of cells, of a workbook or a text table, becomes a ``RawTable``; every line is accounted for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.read.layout import HEAD_LINES, Layout, cell_text, find_layout, is_tail_note, line_text, why_left_out
from data.read.raw import LeftOut, RawTable, text_array
from geo.errors import Fault, InputError

MAX_COLUMNS: Final = 512
"""The widest statistical form has some three hundred columns; thousands are a damaged file."""
SURPLUS: Final = "多余单元格"
"""The column that keeps what a ragged line has beyond the last heading."""
_LEADING: Final = 5
"""A total or note begins in one of so many first columns."""
_SHOWN: Final = 100

Merge = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All lines of a sheet.

    Attributes:
        cells: (lines, columns); text as str, numbers and dates native, None or NaN where empty.
        rows: (lines,) their numbers as the steward sees them.
        merges: (first line, first column, last line, last column) of merged cells as positions; None where unknown.
        surplus: by line, what it has beyond the last column.
        short: lines with fewer cells than the headings.
        faults: what is known of cells: (line, column, fault without its place).
        notices: what is to be said of the whole sheet.
    """

    file: str
    form: str
    name: str | None
    encoding: str | None
    cells: pd.DataFrame
    rows: NDArray[np.int64]
    merges: tuple[Merge, ...] | None = None
    surplus: Mapping[int, str] = field(default_factory=dict)
    lengths: NDArray[np.int64] | None = None
    faults: tuple[tuple[int, int, Fault], ...] = ()
    notices: tuple[Fault, ...] = ()
    dates_1904: bool = False


def sheet_layout(sheet: Sheet, known: Collection[str]) -> Layout | None:
    """Return where the headings of a sheet stand; None where it has none."""
    head = _lines(sheet.cells.iloc[:HEAD_LINES])
    lengths = None if sheet.lengths is None else sheet.lengths[:HEAD_LINES].tolist()
    return find_layout(head, sheet.rows[:HEAD_LINES].tolist(), merges=sheet.merges, known=known, lengths=lengths)


def table_of(sheet: Sheet, known: Collection[str] = ()) -> RawTable:
    """Return the records of a sheet. ``known`` are keys of headings (``heading_key``) that help to find its headings.

    Raises InputError: no line can be the headings; headings without a record below.
    """
    layout = sheet_layout(sheet, known)
    if layout is None:
        raise InputError(
            Fault(
                "no_headings", "no line of headings was found.", "begin the table with one line naming its columns.",
                sheet.file, None, sheet.name,
            )
        )  # fmt: skip
    body = sheet.cells.iloc[layout.start :]
    whys = _whys(body, layout, sheet)
    keep = np.array([why is None for why in whys], dtype=np.bool_) if len(whys) else np.zeros(0, dtype=np.bool_)
    cells, carried = _carried(body, layout, sheet)
    rows = sheet.rows[layout.start :]
    dropped = np.flatnonzero(~keep)
    texts = _lines(body.iloc[dropped])
    left = tuple(LeftOut(int(rows[i]), line_text(t), str(whys[i])) for i, t in zip(dropped, texts, strict=True))
    records = cells[keep].reset_index(drop=True)
    names, columns, notices = _names(records, layout, sheet.file)
    records = records[columns]
    records.columns = pd.Index(names, dtype="object")
    faults = _row_faults(sheet, layout, keep, dict(zip(columns, names, strict=True)))
    if any(layout.start + i in sheet.surplus for i in np.flatnonzero(keep)):
        records[SURPLUS] = pd.Series(
            [sheet.surplus.get(layout.start + int(i)) for i in np.flatnonzero(keep)], dtype="object"
        )
        names = [*names, SURPLUS]
    return RawTable(
        file=sheet.file,
        form=sheet.form,
        sheet=sheet.name,
        encoding=sheet.encoding,
        headings=tuple(names),
        cells=records,
        rows=rows[keep],
        left_out=(*layout.left_out, *left),
        notices=(*sheet.notices, *notices, *carried, *faults),
        dates_1904=sheet.dates_1904,
    )


def _lines(frame: pd.DataFrame) -> list[list[Any]]:
    """The lines of a frame, None where a cell is empty."""
    columns = [
        [None if empty else value for value, empty in zip(frame[c].tolist(), frame[c].isna().tolist(), strict=True)]
        for c in frame.columns
    ]
    return [list(line) for line in zip(*columns, strict=True)] if columns else [[] for _ in range(len(frame))]


def _whys(body: pd.DataFrame, layout: Layout, sheet: Sheet) -> NDArray[np.object_]:
    """(lines,) why each line is left out, None for records. Only lines that may be are looked at one by one."""
    whys = np.full(len(body), None, dtype=object)
    filled = np.zeros(len(body), dtype=np.int64)
    for c in range(body.shape[1]):
        filled += body[c].notna().to_numpy()
    columns = sum(heading is not None for heading in layout.headings)
    maybe = filled <= max(3 if columns > 3 else 1, columns // 2)
    maybe[:3] = True
    for c in range(min(_LEADING, body.shape[1])):
        heading = layout.headings[c] if c < len(layout.headings) else None
        maybe |= _may_end(body[c], heading)
    wide = _wide_lines(sheet, layout, columns)
    at = np.flatnonzero(maybe)
    lines = _lines(body.iloc[at])
    for i, line in zip(at.tolist(), lines, strict=True):
        whys[i] = why_left_out(line, layout, nth=i, wide=layout.start + i in wide)
    by_line = dict(zip(at.tolist(), lines, strict=True))
    for i in range(len(body) - 1, -1, -1):
        if whys[i] is None:
            if i not in by_line or not is_tail_note(by_line[i], layout):
                break
            whys[i] = "note"
    return whys


def _may_end(column: pd.Series, heading: str | None) -> NDArray[np.bool_]:
    """(lines,) whether a cell may be a total or a heading said again; the exact rule looks at those lines."""
    if isinstance(column.dtype, pd.StringDtype):
        array = text_array(column)
        found = pc.match_substring(array, "计")
        if heading is not None:
            found = pc.or_(found, pc.equal(array, heading.rsplit("/", 1)[-1]))
        return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    last = None if heading is None else heading.rsplit("/", 1)[-1]
    return np.fromiter(
        (isinstance(v, str) and ("计" in v or cell_text(v) in (heading, last)) for v in column.tolist()),
        np.bool_,
        len(column),
    )


def _wide_lines(sheet: Sheet, layout: Layout, columns: int) -> set[int]:
    return {
        line
        for top, left, bottom, right in sheet.merges or ()
        if right - left + 1 > columns // 2 and top >= layout.start
        for line in range(top, bottom + 1)
    }


def _carried(body: pd.DataFrame, layout: Layout, sheet: Sheet) -> tuple[pd.DataFrame, list[Fault]]:
    """The lines with the text of cells merged down their rows in each of them, and what is to be said about that."""
    down = [
        m for m in sheet.merges or () if m[0] >= layout.start and m[2] > m[0] and m[1] == m[3] and m[1] in body.columns
    ]
    if not down:
        return body, []
    cells = body.copy()
    notices: list[Fault] = []
    for top, left, bottom, _ in down:
        first, last = top - layout.start, min(bottom - layout.start, len(cells) - 1)
        value = cells[left].iloc[first] if first < len(cells) else None
        heading = layout.headings[left] if left < len(layout.headings) else None
        place = (sheet.file, int(sheet.rows[top]) if top < len(sheet.rows) else None, heading, cell_text(value))
        reach = f"rows {sheet.rows[top]} to {sheet.rows[last + layout.start]}"
        if isinstance(value, str):
            cells.loc[cells.index[first : last + 1], left] = value
            message = f"the cell is merged over {reach}: each has its text."
            notices.append(Fault("merged_cells", message, "nothing, if that is meant.", *place, "notice"))
        elif value is not None:
            message = f"the number is merged over {reach}: the first has it."
            notices.append(Fault("merged_number", message, "write it in each row it belongs to.", *place, "warning"))
    return cells, notices[:_SHOWN]


def _names(records: pd.DataFrame, layout: Layout, file: str) -> tuple[list[str], list[int], list[Fault]]:
    """The headings, each once, and the columns they stand for; columns without heading and cells are dropped."""
    names: list[str] = []
    columns: list[int] = []
    notices: list[Fault] = []
    for c in range(records.shape[1]):
        heading = layout.headings[c] if c < len(layout.headings) else None
        if heading is None:
            if not records[c].notna().any():
                continue
            heading = f"（无标题，第{c + 1}列）"
            notices.append(
                Fault("no_heading", f"column {c + 1} has no heading.", "name it.", file, None, heading, None, "warning")
            )
        name, n = heading, 1
        while name in names or name == SURPLUS:
            n += 1
            name = f"{heading} ({n})"
        if n > 1:
            message = f"the heading {heading!r} occurs {n} times."
            notices.append(Fault("heading_twice", message, "name each column once.", file, None, name, None, "warning"))
        names.append(name)
        columns.append(c)
    return names, columns, notices


def _row_faults(sheet: Sheet, layout: Layout, keep: NDArray[np.bool_], names: Mapping[int, str]) -> list[Fault]:
    faults: list[Fault] = []
    for line, text in sheet.surplus.items():
        if line >= layout.start and keep[line - layout.start]:
            faults.append(
                Fault(
                    "too_many_cells", "the row has more cells than there are headings.",
                    "quote cells that hold the delimiter, or take the surplus out.", sheet.file, int(sheet.rows[line]),
                    SURPLUS, text,
                )
            )  # fmt: skip
    if sheet.lengths is not None:
        wanted = max((i + 1 for i, heading in enumerate(layout.headings) if heading is not None), default=0)
        for i in np.flatnonzero(keep & (sheet.lengths[layout.start :] < wanted)):
            line = int(i) + layout.start
            faults.append(
                Fault(
                    "too_few_cells", f"the row has {sheet.lengths[line]} cells where the headings are {wanted}.",
                    "complete the row.", sheet.file, int(sheet.rows[line]),
                )
            )  # fmt: skip
    for line, column, fault in sheet.faults:
        if line >= layout.start and keep[line - layout.start]:
            faults.append(
                Fault(
                    fault.code, fault.message, fault.mend, sheet.file, int(sheet.rows[line]),
                    names.get(column, f"{column + 1}"), fault.value, fault.severity,
                )
            )  # fmt: skip
    return faults
