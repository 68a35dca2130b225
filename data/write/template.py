"""XLSX 台账 template of a facility layer: what a bureau fills in, and what the import reads back as it is.

One row of Chinese headings with units, which the import knows; above it a title, the signatures and how to fill the
sheet in; below it an example, whose first cell says 示例: the reader of sheets leaves such a row out. A second
sheet, 字段说明, is the data dictionary.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from data.frames import FILLED_ON_IMPORT, Column, FrameSpec, common_facility_columns
from data.write.delivery import aside
from geo.errors import ParameterError

EXAMPLE_MARK: Final = "示例"
"""What the first cell (序号) of the example row says; a row that begins so is no record."""
HEAD_ROW: Final = 4
SHEET: Final = "台账"

_ROWS: Final = 2000
_SHOWN_ROWS: Final = 36
_ROW_HEIGHT: Final = 21
_LINE_HEIGHT: Final = 14
_LIST_TEXT: Final = 255
_SIGNATURES: Final = (
    "填报单位：　　　　　　　　填表人：　　　　　　审核人：　　　　　　报出日期：　　　　年　　月　　日"
)
_HOW: Final = (
    "填写说明：① 深色表头为必填项，其余有则填；② 代码、证书号按文本填写，日期写作 2025-10-31；"
    "③ 带下拉箭头的列从列表中选；"
    "④ 经纬度用十进制度，坐标系（请勾选）：□ CGCS2000　□ WGS84　□ GCJ-02（高德、腾讯）　□ BD-09（百度），"
    "没有坐标的写清地址；"
    "⑤ 灰色示例行请删除，不删也不会导入；⑥ 各列含义见“字段说明”表。"
)
_AFTER_OWN: Final = (
    "XZQMC", "XZQDM12", "ADDR", "LON", "LAT", "STATUS", "OPEN_DATE", "CLOSE_DATE", "USCC", "GB4754", "CONTACT", "PHONE",
    "SRC", "SURV_DATE", "PUB_LVL", "FAC_ID",
)  # fmt: skip
_POSITION: Final[Mapping[str, Column]] = {
    "LON": Column("float", "°", zh="经度", en="longitude", low=73.0, high=136.0, example="103.834000"),
    "LAT": Column("float", "°", zh="纬度", en="latitude", low=3.0, high=54.0, example="36.061000"),
}
_TEXT_FONT: Final = "宋体"
_LINE: Final = Side("thin", color="9AA5A3")
_BORDER: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_MUST: Final = PatternFill("solid", fgColor="0B5F5B")
_MAY: Final = PatternFill("solid", fgColor="DCEBEA")
_GREY: Final = PatternFill("solid", fgColor="EFEFEF")


def template_columns(spec: FrameSpec) -> dict[str, Column]:
    """Return the columns a steward fills in, in the sheet's order: name, the layer's own, then where and since when."""
    common = common_facility_columns()
    own = [name for name in spec.columns if name not in common]
    listed = {**spec.columns, **_POSITION}
    order = ["NAME", *own, *(name for name in _AFTER_OWN if name in listed)]
    return {name: listed[name] for name in order if name not in FILLED_ON_IMPORT}


def template_heading(column: Column) -> str:
    r"""Return a column's heading, its unit below it.

    >>> template_heading(Column("int", "张", zh="床位数"))
    '床位数\n（张）'
    """
    return f"{column.zh}\n（{column.unit}）" if column.unit else column.zh


def choices(column: Column) -> tuple[str, ...]:
    """Return the values to choose from, as a Chinese steward writes them.

    >>> choices(Column("text", values=("public",), synonyms={"公开": "public"}))
    ('公开',)
    """
    said: dict[str, str] = {}
    for word, value in column.synonyms.items():
        said.setdefault(value, word)
    allowed = column.values  # noqa: PD011
    return tuple(said.get(value, value) if value.islower() else value for value in allowed)


def write_template(
    path: Path,
    spec: FrameSpec,
    *,
    title: str,
    obligatory: Sequence[str],
    fields: pd.DataFrame,
    basis: str = "",
    rows: Iterable[Mapping[str, Any]] = (),
) -> Path:
    """Write the template of ``spec`` and return ``path``; ``rows`` are filled in already, by field.

    ``fields`` is the data dictionary, its columns the headings. Raises ParameterError: not .xlsx, no such folder, or
    a list of choices longer than a sheet can hold (255 characters).
    """
    if path.suffix.lower() != ".xlsx":
        raise ParameterError(f"{path} is no .xlsx file")
    columns = template_columns(spec)
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    _heads(sheet, columns, title, obligatory)
    _records(sheet, columns, rows)
    _validations(sheet, columns)
    _page(sheet, len(columns) + 1)
    _fields_sheet(book.create_sheet("字段说明"), fields, title, basis)
    with aside(path) as written:
        book.save(written)
    return path


def _heads(sheet: Worksheet, columns: Mapping[str, Column], title: str, obligatory: Sequence[str]) -> None:
    last = get_column_letter(len(columns) + 1)
    above = ((f"{title}台账", 18, 34), (_SIGNATURES, 11, 24), (_HOW, 10, 50))
    for row, (text, size, height) in enumerate(above, 1):
        sheet.merge_cells(f"A{row}:{last}{row}")
        cell = sheet.cell(row, 1, text)
        cell.font = Font(name=_TEXT_FONT, size=size, bold=row == 1)
        cell.alignment = Alignment(
            horizontal="center" if row == 1 else "left", vertical="center", wrap_text=row == HEAD_ROW - 1
        )
        sheet.row_dimensions[row].height = height
    sheet.row_dimensions[HEAD_ROW].height = 36
    heads = ["序号", *(template_heading(column) for column in columns.values())]
    for number, (name, text) in enumerate(zip(["", *columns], heads, strict=True), 1):
        cell = sheet.cell(HEAD_ROW, number, text)
        must = name in obligatory
        cell.font = Font(name=_TEXT_FONT, size=11, bold=True, color="FFFFFF" if must else "12312F")
        cell.fill = _MUST if must else _MAY
        cell.border = _BORDER
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(number)].width = _width(name, text, columns.get(name))


def _wide(text: str) -> int:
    """The room a text takes in a column: a Chinese character two, others one."""
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)


def _width(name: str, text: str, column: Column | None) -> float:
    """A column as wide as its values, or as half its heading, which wraps."""
    if column is None:
        return 6.0
    shown = [*choices(column), column.example, "0000-00-00" if column.kind == "date" else ""]
    longest = max(_wide(word) for word in shown)
    return {"NAME": 26.0, "ADDR": 26.0}.get(name, float(min(24, max(8, longest + 2, _wide(text) // 2 + 2))))


def _records(sheet: Worksheet, columns: Mapping[str, Column], rows: Iterable[Mapping[str, Any]]) -> None:
    example = {name: _value(column, column.example) for name, column in columns.items() if column.example}
    last = HEAD_ROW
    for last, (mark, record) in enumerate([(EXAMPLE_MARK, example), *((None, row) for row in rows)], HEAD_ROW + 1):
        sheet.cell(last, 1, mark)
        for number, name in enumerate(columns, 2):
            value = record.get(name)
            sheet.cell(last, number, None if value is None or pd.isna(value) else value)
    for row in range(HEAD_ROW + 1, max(last, HEAD_ROW + _SHOWN_ROWS) + 1):
        sheet.row_dimensions[row].height = _ROW_HEIGHT
        for number, name in enumerate(["", *columns], 1):
            cell = sheet.cell(row, number)
            cell.border = _BORDER
            cell.number_format = _format(name, columns.get(name))
            if row == HEAD_ROW + 1:
                cell.fill = _GREY
                cell.font = Font(name=_TEXT_FONT, size=10, italic=True, color="6B6B6B")
                cell.alignment = Alignment(vertical="center", shrink_to_fit=True)
    for number, (name, column) in enumerate(columns.items(), 2):
        sheet.column_dimensions[get_column_letter(number)].number_format = _format(name, column)


def _value(column: Column, text: str) -> str | int | float | datetime.date:
    """The example as the cell holds it."""
    if column.kind == "int":
        return int(text)
    if column.kind == "float":
        return float(text)
    if column.kind == "date":
        return datetime.date.fromisoformat(text)
    shown = choices(column)
    return shown[column.values.index(text)] if shown else text  # noqa: PD011


def _format(name: str, column: Column | None) -> str:
    if name in _POSITION:
        return "0.000000"
    kind = "int" if column is None else column.kind
    return {"text": "@", "date": "yyyy-mm-dd"}.get(kind, "General")


def _validations(sheet: Worksheet, columns: Mapping[str, Column]) -> None:
    for number, column in enumerate(columns.values(), 2):
        rule = _rule(column)
        if rule is not None:
            letter = get_column_letter(number)
            rule.add(f"{letter}{HEAD_ROW + 1}:{letter}{HEAD_ROW + _ROWS}")
            sheet.add_data_validation(rule)


def _rule(column: Column) -> DataValidation | None:
    listed = ("是", "否") if column.kind == "bool" else choices(column)
    if listed:
        text = ",".join(listed)
        if len(text) > _LIST_TEXT:
            raise ParameterError(f"{column.zh}: the list of values is longer than {_LIST_TEXT} characters")
        rule = DataValidation(type="list", formula1=f'"{text}"', allow_blank=True)
        rule.errorTitle, rule.error = "不在列表中", f"{column.zh}请从下拉列表中选择。"
        return rule
    if column.kind == "date":
        rule = DataValidation(type="date", operator="between", formula1="DATE(1900,1,1)", formula2="DATE(2100,12,31)")
        rule.errorTitle, rule.error = "不是日期", f"{column.zh}请写作 2025-10-31。"
    elif column.kind in {"int", "float"} and column.low is not None and column.high is not None:
        kind = "whole" if column.kind == "int" else "decimal"
        rule = DataValidation(
            type=kind, operator="between", formula1=f"{column.low:.10g}", formula2=f"{column.high:.10g}"
        )
        rule.errorTitle, rule.error = (
            "超出合理范围",
            f"{column.zh}一般在 {column.low:.10g} 至 {column.high:.10g} 之间，确认无误可继续。",
        )
        rule.errorStyle = "warning"
    elif column.kind == "text" and column.check == "uscc":
        rule = DataValidation(type="textLength", operator="equal", formula1="18")
        rule.errorTitle, rule.error, rule.errorStyle = "位数不对", "统一社会信用代码为 18 位。", "warning"
    else:
        return None
    rule.allow_blank = True
    return rule


def _page(sheet: Worksheet, width: int) -> None:
    sheet.freeze_panes = f"C{HEAD_ROW + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = 0.4
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.print_area = f"A1:{get_column_letter(width)}{HEAD_ROW + _SHOWN_ROWS}"
    sheet.oddFooter.left.text = "填表人：　　　　　　审核人："
    sheet.oddFooter.center.text = "第 &P 页　共 &N 页"
    sheet.oddFooter.right.text = "报出日期："


def _fields_sheet(sheet: Worksheet, fields: pd.DataFrame, title: str, basis: str) -> None:
    widths = {
        "字段名": 13,
        "中文名": 18,
        "English": 30,
        "数据类型": 10,
        "单位": 8,
        "必填": 7,
        "允许值": 42,
        "说明": 52,
        "公开级别": 10,
    }
    names = [str(name) for name in fields.columns]
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(names))
    sheet.cell(1, 1, f"{title}字段说明" + (f"　依据：{basis}" if basis else "")).font = Font(name=_TEXT_FONT, bold=True)
    room = [widths.get(name, 22) for name in names]
    for row, values in enumerate([names, *fields.astype("str").to_numpy().tolist()], 2):
        lines = max(-(-_wide(value) // (width - 1)) for value, width in zip(values, room, strict=True))
        sheet.row_dimensions[row].height = 6 + _LINE_HEIGHT * max(1, lines)
        for number, value in enumerate(values, 1):
            cell = sheet.cell(row, number, value or None)
            cell.font = Font(name=_TEXT_FONT, size=10, bold=row == 2)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.border = _BORDER
            cell.number_format = "@"
            if row == 2:
                cell.fill = _MAY
    for number, width in enumerate(room, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "C3"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
