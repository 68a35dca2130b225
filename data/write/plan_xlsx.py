"""XLSX: the assessment's table as a bureau prints and files it, with evidence, gaps, settings and sources behind it."""

import io
import unicodedata
from copy import copy
from math import ceil
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from data.write.plan_form import HEADS, FormRow, PlanForm, Sheet, chinese_date
from data.write.reproducible import write_reproducibly

_WIDTHS: Final = (5, 11, 25, 13, 13, 9, 8, 20, 20, 34)
_CENTRED: Final = frozenset({0, 3, 4, 5, 6})
_HEAD_ROW: Final = 4
_VALUE, _COMPLETION, _GRADE = (HEADS.index(name) for name in ("完成值", "完成率", "等次"))
_TITLE: Final = Font(name="方正小标宋简体", size=18)
_HEAD: Final = Font(name="黑体", size=11)
_BODY: Final = Font(name="仿宋_GB2312", size=10.5)
_BOLD: Final = Font(name="仿宋_GB2312", size=10.5, bold=True)
_WARN: Final = Font(name="黑体", size=11, color="C00000")
_LINE: Final = Side(style="thin", color="000000")
_BOX: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FILL: Final = PatternFill("solid", fgColor="E7ECEF")
_POOR: Final = PatternFill("solid", fgColor="E4E4E4")
_POINTS_A_LINE: Final = 15.0
_A4: Final = 9
_CELL_TEXT: Final = 32_767


def write_plan_xlsx(form: PlanForm, path: Path) -> None:
    """Write the table (考核表) and the sheets behind it; A4 landscape, panes frozen, reproducible."""
    book = Workbook()
    _table(book.active, form)
    for one in form.sheets:
        _further(book.create_sheet(one.name), one, form)
    book.properties.creator = form.issuer or "Quantu"
    book.properties.title = form.table_title
    buffer = io.BytesIO()
    book.save(buffer)
    write_reproducibly(buffer.getvalue(), path, made=form.made)


def _table(sheet: Worksheet, form: PlanForm) -> None:
    sheet.title = "考核表"
    last = get_column_letter(len(HEADS))
    for row, (text, font, height) in enumerate(
        (
            (form.table_title, _TITLE, 32.0),
            ("　".join(form.warnings), _WARN, _POINTS_A_LINE * (1.4 if form.warnings else 0.4)),
            (_signatures(form), _BODY, 22.0),
        ),
        1,
    ):
        sheet.merge_cells(f"A{row}:{last}{row}")
        cell = sheet.cell(row, 1, text)
        cell.font = font
        cell.alignment = Alignment(horizontal="left" if row == 3 else "center", vertical="center", wrap_text=True)
        sheet.row_dimensions[row].height = height
    _heads(sheet, HEADS, _WIDTHS, _HEAD_ROW)
    for number, one in enumerate(form.rows, _HEAD_ROW + 1):
        _indicator(sheet, number, one)
    sheet.auto_filter.ref = f"A{_HEAD_ROW}:{last}{_HEAD_ROW + len(form.rows)}"
    _print(sheet, form, _HEAD_ROW)


def _signatures(form: PlanForm) -> str:
    who = form.issuer or "________________"
    return f"填报单位：{who}　　填表人：________　　审核人：________　　报出日期：{chinese_date(form.as_of)}"


def _heads(sheet: Worksheet, heads: tuple[str, ...], widths: tuple[int, ...], row: int) -> None:
    for number, (head, width) in enumerate(zip(heads, widths, strict=True), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
        cell = sheet.cell(row, number, head)
        cell.font, cell.fill, cell.border = _HEAD, _FILL, _BOX
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    sheet.row_dimensions[row].height = 24.0
    sheet.freeze_panes = sheet.cell(row + 1, 4 if heads is HEADS else 1)


def _indicator(sheet: Worksheet, number: int, row: FormRow) -> None:
    for column, text in enumerate(row.texts):
        cell = _put(sheet, number, column + 1, text, centred=column in _CENTRED)
        if column == _VALUE and row.value is not None:
            cell.value, cell.data_type = row.value, "n"
            digits = "0" if row.decimals == 0 else "0." + "0" * row.decimals
            cell.number_format = f'#,##{digits}"{row.unit}"'
        elif column == _COMPLETION and row.completion is not None:
            cell.value, cell.data_type = row.completion, "n"
            cell.number_format = "0." + "0" * max(1, row.completion_decimals) + "%"
        elif column == _GRADE and text in {"优秀", "良好", "较差"}:
            cell.font = _BOLD
            if text == "较差":
                cell.fill = _POOR
    sheet.cell(number, 1).value, sheet.cell(number, 1).data_type = int(row.texts[0]), "n"
    sheet.cell(number, 1).number_format = "0"
    _height(sheet, number, row.texts, _WIDTHS)


def _put(sheet: Worksheet, row: int, column: int, text: str, *, centred: bool = False, like: Any = None) -> Any:
    """Return the cell, text as text: codes keep their zeros and nothing is a formula. ``like`` lends its style."""
    cell = sheet.cell(row, column, ILLEGAL_CHARACTERS_RE.sub("", text)[:_CELL_TEXT])
    if like is not None:
        cell.data_type, cell._style = "s", copy(like._style)
        return cell
    cell.data_type, cell.number_format = "s", "@"
    cell.font, cell.border = _BODY, _BOX
    cell.alignment = Alignment(horizontal="center" if centred else "left", vertical="center", wrap_text=True)
    return cell


def _height(sheet: Worksheet, row: int, texts: tuple[str, ...], widths: tuple[int, ...]) -> None:
    lines = max(
        sum(max(1, ceil(_width(part) * 1.05 / width)) for part in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    )
    sheet.row_dimensions[row].height = max(20.0, lines * _POINTS_A_LINE + 4.0)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def _further(sheet: Worksheet, given: Sheet, form: PlanForm) -> None:
    title = sheet.cell(1, 1, f"{form.year}年度考核 · {given.name}")
    title.font = _TITLE
    sheet.cell(2, 1, "　".join(part for part in (*form.warnings, given.note) if part)).font = _WARN
    _heads(sheet, given.heads, given.widths, 3)
    first = None
    for number, row in enumerate(given.rows, 4):
        for column, text in enumerate(row, 1):
            cell = _put(sheet, number, column, text, like=first)
            first = first or cell
        _height(sheet, number, row, given.widths)
    _print(sheet, form, 3)


def _print(sheet: Worksheet, form: PlanForm, head_row: int) -> None:
    setup = sheet.page_setup
    setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", _A4, 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{head_row}:{head_row}"
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.7, 0.7, 0.3, 0.3
    sheet.oddFooter.center.text = "第 &P 页　共 &N 页"
    if form.warnings:
        sheet.oddHeader.right.text = form.warnings[0]
