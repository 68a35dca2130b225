"""A list of findings as a table: CSV, or a sheet in which a bureau can sort and filter."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from data.write.delivery import aside
from geo.errors import ParameterError

COLUMNS: Final[Mapping[str, tuple[str, int]]] = {
    "severity": ("严重程度 severity", 12), "layer": ("图层 layer", 22), "code": ("检查项 check", 20),
    "row": ("行 row", 8), "fac_id": ("设施编号 id", 18), "column": ("列 column", 14), "value": ("值 value", 24),
    "message": ("说明 message", 60), "mend": ("改正 mend", 44), "lon": ("经度 lon", 12), "lat": ("纬度 lat", 12),
    "link": ("地图 map", 34), "file": ("来源 file", 22),
}  # fmt: skip
"""The columns: heading and width."""
WORDS: Final = {"error": "错误 error", "warning": "警告 warning", "notice": "提示 notice"}
_ROWS: Final = 1_048_575
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_findings(rows: Iterable[Mapping[str, Any]], path: Path, form: str) -> tuple[Path, ...]:
    """Write findings, each with the keys of ``COLUMNS``, as ``csv`` (UTF-8 with BOM) or ``xlsx``, whole or not at all.

    No text becomes a formula: in CSV it gets an apostrophe before it. Raises ParameterError for another form, and for
    more rows than a sheet holds.
    """
    if form not in {"csv", "xlsx"}:
        raise ParameterError(f"findings are written as csv or xlsx, not {form!r}")
    table = [[_shown(key, row.get(key)) for key in COLUMNS] for row in rows]
    if form == "xlsx" and len(table) > _ROWS:
        raise ParameterError(f"{len(table):,} findings are more than a sheet holds; write csv, or one layer")
    with aside(path) as written:
        if form == "csv":
            with written.open("w", encoding="utf-8-sig", newline="") as handle:
                out = csv.writer(handle, lineterminator="\r\n")
                out.writerow(heading for heading, _ in COLUMNS.values())
                out.writerows([_unformulated(cell) for cell in row] for row in table)
        else:
            _workbook(table).save(written)
    return (path,)


def _shown(key: str, value: Any) -> Any:
    return WORDS[value] if key == "severity" else value


def _unformulated(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _workbook(table: list[list[Any]]) -> Workbook:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("检查结果")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{len(table) + 1}"
    for number, (_, width) in enumerate(COLUMNS.values(), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    head = [WriteOnlyCell(sheet, heading) for heading, _ in COLUMNS.values()]
    for cell in head:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E3EFEE")
    sheet.append(head)
    wrapped = Alignment(wrap_text=True, vertical="top")
    for row in table:
        cells = []
        for value in row:
            text = isinstance(value, str)
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value) if text else value)
            if text:
                cell.data_type, cell.number_format = "s", "@"
            cell.alignment = wrapped
            cells.append(cell)
        sheet.append(cells)
    return book
