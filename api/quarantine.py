"""What was not accepted, as files in the form the rows came in, with a column that says what is wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from data.stores.base import Store
from data.stores.quarantine import QuarantineRow
from data.words import mend_zh, told_zh
from data.write.delivery import aside
from geo.errors import Fault, NotFoundError, ParameterError

ERROR: Final = "错误"
ID: Final = "隔离编号"
_SHEET_CHARS: Final = 31
_WIDEST: Final = 48
_OURS: Final = 2
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))


@dataclass(frozen=True, slots=True)
class Batch:
    """The quarantined rows of one file, sheet and layer that share their headings."""

    file: str
    sheet: str | None
    layer: str
    headings: tuple[str, ...]
    rows: tuple[QuarantineRow, ...]

    @property
    def name(self) -> str:
        """Return the file's name."""
        return Path(self.file).name


def batches(store: Store, *, source: str | None = None, layer: str | None = None) -> list[Batch]:
    """Return what is quarantined, by file, sheet, layer and headings; of one file or layer where named.

    ``source`` is a file's name or path. Raises NotFoundError where nothing of it is in quarantine.
    """
    found: dict[tuple[str, str | None, str, tuple[str, ...]], list[QuarantineRow]] = {}
    every = store.quarantined()
    for row in every:
        of_source = source is None or source in {row.file, Path(row.file).name}
        if of_source and layer in {None, row.layer, row.layer.removeprefix("facilities.")}:
            found.setdefault((row.file, row.sheet, row.layer, row.headings), []).append(row)
    if not found and (source or layer):
        known = ", ".join(sorted({Path(row.file).name for row in every})) or "nothing"
        raise NotFoundError(f"nothing of {source or layer} is in quarantine; it holds {known}")
    return [Batch(*key, tuple(rows)) for key, rows in found.items()]


def write_quarantine(found: Sequence[Batch], path: Path) -> None:
    """Write quarantined rows to an .xlsx (a sheet per file, sheet and layer) or, of one source, a .csv.

    The columns are 错误 and 隔离编号, then the file's own; corrected and imported again, the rows merge.
    Raises ParameterError for another ending, or several sources in one .csv.
    """
    suffix = path.suffix.lower()
    if suffix not in {".xlsx", ".csv"}:
        raise ParameterError(f"{path.name}: quarantine is written as .xlsx or .csv")
    if not found:
        raise NotFoundError("nothing is in quarantine")
    if suffix == ".csv":
        if len(found) > 1:
            named = "; ".join(f"{one.name} → {one.layer} ({len(one.rows)})" for one in found)
            raise ParameterError(f"a .csv holds the rows of one file; there are {named}. Mend: --source FILE, or .xlsx")
        with aside(path) as written:
            table(found[0]).to_csv(written, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        return
    book = openpyxl.Workbook()
    book.remove(book.active)
    names: set[str] = set()
    for one in found:
        _sheet(book.create_sheet(_title(one, names)), one)
    with aside(path) as written:
        book.save(written)


def table(found: Batch) -> pd.DataFrame:
    """Return the rows of a batch under their own headings, with 错误 and 隔离编号."""
    rows = [[told(row, between=" "), row.id, *row.cells] for row in found.rows]
    return pd.DataFrame(rows, columns=[ERROR, ID, *found.headings], dtype=object)


def told(row: QuarantineRow, *, between: str = "\n") -> str:
    """Return what is wrong with a row, as its 错误 column says it: in Chinese, a fault a line."""
    return between.join(dict.fromkeys(_line(fault) for fault in row.faults))


def _line(fault: Fault) -> str:
    said = f"{told_zh(fault) or fault.message}{mend_zh(fault) or fault.mend}"
    return f"{fault.column}：{said}" if fault.column else said


def let_go(store: Store, ids: Collection[str]) -> int:
    """Drop entries from quarantine by id, without importing them, and return how many.

    Raises NotFoundError, dropping none, where one of them is not there.
    """
    held = {row.id for row in store.quarantined()}
    strange = [name for name in ids if name not in held]
    if strange or not ids:
        raise NotFoundError(
            f"隔离区中没有 {'、'.join(strange) or '所写的编号'}。 Not in quarantine; nothing was dropped."
        )
    with store.batch() as batch:
        batch.release(ids)
    return len(set(ids))


def _title(found: Batch, names: set[str]) -> str:
    base = (found.sheet or Path(found.file).stem).translate(_NOT_IN_NAMES)[:_SHEET_CHARS] or "隔离"
    name, number = base, 2
    while name in names:
        name = f"{base[: _SHEET_CHARS - 4]}({number})"
        number += 1
    names.add(name)
    return name


def _sheet(sheet: Any, found: Batch) -> None:
    red = PatternFill("solid", fgColor="FDE3DD")
    wrapped = Alignment(wrap_text=True, vertical="top")
    sheet.append([ERROR, ID, *found.headings])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = wrapped
    for i, row in enumerate(found.rows, start=2):
        for k, value in enumerate([told(row), row.id, *row.cells], start=1):
            cell = sheet.cell(i, k)
            cell.alignment = wrapped
            if isinstance(value, str):
                # As text, so that codes keep their digits and nothing is taken for a formula.
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                cell.data_type = "s"
                cell.number_format = "@"
            else:
                cell.value = value
        sheet.cell(i, 1).fill = red
        for fault in row.faults:
            if fault.column in found.headings:
                sheet.cell(i, found.headings.index(fault.column) + _OURS + 1).fill = red
    for k in range(1, len(found.headings) + _OURS + 1):
        lines = (line for cell in sheet[get_column_letter(k)] for line in str(cell.value or "").split("\n"))
        longest = max(map(len, lines), default=8)
        sheet.column_dimensions[get_column_letter(k)].width = min(max(10, longest * 1.6), _WIDEST)
    sheet.freeze_panes = "B2"
