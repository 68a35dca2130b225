"""Workbooks: XLSX and XLS. What could fill the memory is refused before it is read; what is hidden is reported.

calamine reads the cells. A damaged XLS can make it ask for more memory than there is, and that ends the process: what
strangers hand in is read by ``data.read.guard``, in a process of its own.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from data.read.sheet import MAX_COLUMNS, Sheet, sheet_layout
from data.read.workbook_parts import Inspection, SheetFacts, inspect_workbook
from geo.errors import Fault, InputError

MAX_CELLS: Final = 16_000_000
"""Cells of the rectangle a sheet fills: 1,048,576 rows of fifteen columns, about a gigabyte as Python values."""


def read_workbook(path: Path, form: str, *, sheet: str | None = None, known: Collection[str] = ()) -> Sheet:
    """Return the lines of a workbook's sheet: the one named, the only one, or the only one that is a list.

    ``known`` are keys of headings; a sheet that has at least two of them looks like the list.

    Raises InputError: no workbook, a password, a part that unpacks too far, XML entities, no such sheet, several
    sheets of which none stands out, a sheet too large, no cells.
    """
    seen = inspect_workbook(path) if form == "xlsx" else Inspection()
    facts, dates_1904 = seen.sheets, seen.dates_1904
    for name, fact in facts.items():
        if (sheet is None or name == sheet) and (
            fact.last_column > MAX_COLUMNS or fact.last_row * fact.last_column > MAX_CELLS
        ):
            raise InputError(_too_large(path, name, fact.last_row, fact.last_column))
    answer = _cells_of(path, sheet)
    names, hidden, wanted = answer["names"], answer["hidden"], answer["wanted"]
    if sheet is not None and wanted is None:
        mend = f"name one of: {', '.join(names)}."
        raise InputError(Fault("no_sheet", f"there is no sheet {sheet!r}.", mend, path.name, None, None, sheet))
    read = {
        name: _sheet(found, name, path, form, facts.get(name, SheetFacts()), dates_1904)
        for name, found in answer["sheets"].items()
    }
    full = {name: found for name, found in read.items() if len(found.cells)}
    if not full:
        raise InputError(Fault("empty_file", "the workbook holds no cells.", "hand in a sheet with rows.", path.name))
    chosen = wanted or _the_list(full, known, path.name)
    unread = [name for name in names if name != chosen and (name in full or name in hidden)]
    return _with_notices(full[chosen], unread, hidden, facts.get(chosen, SheetFacts()), seen.notices)


def _unreadable(path: Path, why: str) -> Fault:
    return Fault("unreadable", f"the workbook cannot be read ({why[:200]}).", "open it and save it again.", path.name)


def _cells_of(path: Path, sheet: str | None) -> dict[str, Any]:
    """The names of the sheets, which are hidden, and the cells of the wanted one or of all that are shown."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            about = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
            names = [m.name for m in about]
            hidden = [m.name for m in about if m.visible != SheetVisibleEnum.Visible]
            same = [n for n in names if sheet is not None and n.strip() == sheet.strip()]
            wanted = sheet if sheet in names else same[0] if len(same) == 1 else None
            shown = [n for n in names if n not in hidden] if sheet is None else [wanted] if wanted else []
            return {"names": names, "hidden": hidden, "wanted": wanted, "sheets": {n: _cells(book, n) for n in shown}}
    except PasswordError as error:
        mend = "save it without."
        raise InputError(Fault("password", "the workbook is protected with a password.", mend, path.name)) from error
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(_unreadable(path, str(error))) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust raises, of no class that can be imported
            raise
        raise InputError(_unreadable(path, "its structure is damaged")) from error


def _cells(book: CalamineWorkbook, name: str) -> dict[str, Any]:
    source = book.get_sheet_by_name(name)
    start = source.start or (0, 0)
    out = {"start": start, "width": source.width, "height": source.height, "merges": [], "lines": []}
    if source.width <= MAX_COLUMNS and source.width * source.height <= MAX_CELLS:
        out["merges"] = source.merged_cell_ranges or []
        out["lines"] = source.to_python(skip_empty_area=True)
    return out


def _the_list(sheets: dict[str, Sheet], known: Collection[str], file: str) -> str:
    """The only sheet with cells, or the only one whose headings are known."""
    if len(sheets) == 1:
        return next(iter(sheets))
    layouts = {name: sheet_layout(found, known) for name, found in sheets.items()}
    lists = [n for n, layout in layouts.items() if layout and len(sheets[n].cells) > layout.start]
    if len(lists) > 1 and known:
        heard = {n: layout.known for n in lists if (layout := layouts[n]) is not None and layout.known >= 2}
        # A sheet that explains the fields uses a few of their words; the list uses most.
        lists = [n for n, count in heard.items() if 2 * count > max(heard.values())]
    if len(lists) == 1:
        return lists[0]
    raise InputError(
        Fault(
            "which_sheet", f"{len(sheets)} sheets have cells: {', '.join(sheets)}.",
            "name the one to read with --sheet, and import the others one by one.", file,
        )
    )  # fmt: skip


def _sheet(found: dict[str, Any], name: str, path: Path, form: str, facts: SheetFacts, dates_1904: bool) -> Sheet:
    width, height, start = found["width"], found["height"], found["start"]
    if width > MAX_COLUMNS or width * height > MAX_CELLS:
        raise InputError(_too_large(path, name, height, width))
    columns: list[list[Any]] = [[] for _ in range(start[1] + width)]
    count = 0
    for line in found["lines"]:
        for column, cell in zip(columns[start[1] :], line, strict=False):
            column.append(_cell(cell))
        count += 1
    rows = start[0] + 1 + np.arange(count, dtype=np.int64)
    for column in columns:
        column.extend([None] * (count - len(column)))
    merges = tuple(
        (int(top) - start[0], int(left), int(bottom) - start[0], int(right))
        for (top, left), (bottom, right) in found["merges"]
    )
    faults = tuple(
        (row - 1 - start[0], column, _no_value(text))
        for row, column, text in facts.no_value
        if start[0] <= row - 1 < start[0] + count
    )
    frame = pd.DataFrame({i: pd.Series(column, dtype="object") for i, column in enumerate(columns)})
    return Sheet(path.name, form, name, None, frame, rows, merges, {}, None, faults, (), dates_1904)


def _cell(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell


def _no_value(text: str) -> Fault:
    if text:
        return Fault("formula_error", f"the formula came to {text}.", "correct it or write the value.", value=text)
    return Fault("no_value", "the formula has no value.", "open the file, let it calculate and save it.")


def _too_large(path: Path, name: str, rows: int, columns: int) -> Fault:
    return Fault(
        "too_large", f"sheet {name!r} reaches row {rows} and column {columns}: over {MAX_COLUMNS} columns "
        f"or {MAX_CELLS:,} cells.", "delete what stands far from the table, or hand in CSV.", path.name,
    )  # fmt: skip


def _with_notices(
    sheet: Sheet, unread: list[str], hidden: list[str], facts: SheetFacts, said: tuple[Fault, ...]
) -> Sheet:
    notices = [*said]
    others = [name for name in unread if name not in hidden]
    if others:
        message = f"other sheets were not read: {', '.join(others)}."
        notices.append(Fault("other_sheets", message, "import them one by one.", sheet.file, severity="notice"))
    veiled = [name for name in unread if name in hidden]
    if veiled:
        message = f"hidden sheets were not read: {', '.join(veiled)}."
        notices.append(
            Fault("hidden_sheets", message, "name one with --sheet to read it.", sheet.file, severity="notice")
        )
    if facts.hidden_rows:
        message = f"{len(facts.hidden_rows)} hidden rows were read, the first is row {facts.hidden_rows[0]}."
        mend = "show them in the file and delete what is not meant."
        notices.append(Fault("hidden_rows", message, mend, sheet.file, facts.hidden_rows[0], severity="notice"))
    if facts.hidden_columns:
        message = f"{facts.hidden_columns} hidden columns were read."
        mend = "show them in the file and delete what is not meant."
        notices.append(Fault("hidden_columns", message, mend, sheet.file, severity="notice"))
    return replace(sheet, notices=tuple(notices))
