"""XLSX: the 台账 a bureau fills and files, and the data dictionary of a shapefile."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from data.frames import Column
from data.write.delivery import Delivery, Options, aside, heading, plain_columns
from data.write.gis import fields_table
from data.write.words import WORDS
from geo.errors import Fault, InputError

_ROWS: Final = 1_048_576
_CELL_TEXT: Final = 32_767
_HEAD_ROW: Final = 4
_PLAIN: Final = {int, float, type(None)}
_SIGNATURES: Final = "填报单位：____________　填表人：________　审核人：________　报出日期：____年__月__日"
_HEAD_FILL: Final = PatternFill("solid", fgColor="E3EFEE")


def write_xlsx(given: Delivery, path: Path, options: Options) -> tuple[Path, ...]:
    """Write the 台账: title, notices, signatures, heads with units, then the rows; panes frozen under the heads.

    Codes and all text are text cells, never formulas; dates are dates; bools 是 and 否 with a list to choose from.
    Points bring ``lon`` and ``lat``. Two more sheets hold 字段说明 and 来源说明. Raises InputError for control
    characters, text over 32,767 characters (row and column are named), or more rows than a sheet has.
    """
    columns = plain_columns(given)
    shapes = given.frame.geometry.to_numpy()
    heads = [heading(key, column) for key, column in given.columns.items()]
    if (shapely.get_type_id(shapes) == 0).all():
        columns["lon"] = np.round(shapely.get_x(shapes), options.decimals).tolist()
        columns["lat"] = np.round(shapely.get_y(shapes), options.decimals).tolist()
        heads += ["lon 经度 [°]", "lat 纬度 [°]"]
    faults = _faults(columns, len(shapes))
    if faults:
        raise InputError(faults)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    sheet.freeze_panes = f"A{_HEAD_ROW + 1}"
    for number, head in enumerate(heads, 1):
        sheet.column_dimensions[get_column_letter(number)].width = max(10, min(40, 2 + 1.6 * len(head)))
    _choices(sheet, given, len(shapes))
    sheet.append([_cell(sheet, given.title, bold=True, size=16)])
    sheet.append([_cell(sheet, _notices(given), size=10)])
    sheet.append([_cell(sheet, _SIGNATURES, size=10)])
    sheet.append([_cell(sheet, head, bold=True, fill=True) for head in heads])
    formats = [_number_format(given.columns.get(key)) for key in columns]
    for row in zip(*columns.values(), strict=True):
        # whole and plain numbers need no style, and cells with one are slow
        sheet.append(
            [
                value if type(value) in _PLAIN and not (form and value is not None) else _cell(sheet, value, form=form)
                for value, form in zip(row, formats, strict=True)
            ]
        )
    _side_sheets(book, given, note="")
    with aside(path) as written:
        book.save(written)
    return (path,)


def write_dictionary(given: Delivery, path: Path, *, note: str) -> None:
    """Write 字段说明 and 来源说明 as a workbook of their own, ``note`` under the fields."""
    book = Workbook(write_only=True)
    _side_sheets(book, given, note=note)
    book.save(path)


def _side_sheets(book: Workbook, given: Delivery, *, note: str) -> None:
    fields = fields_table(given)
    heads = ["字段", "标题", "英文标题", "类型", "单位", "必填"]
    notes = [[], [note]] if note else []
    _sheet(book, "字段说明", chain([heads], fields.to_numpy().tolist(), notes), (14, 22, 34, 10, 12, 10))
    facts = [[item, str(value)] for item, value in _facts(given.provenance)]
    _sheet(book, "来源说明", chain([["项目", "内容"], ["标题", given.title]], facts), (28, 100))


def _facts(block: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the provenance flat, as (项目, 内容): nested items joined by ·, Chinese where there is Chinese."""
    if isinstance(block, Mapping) and set(block) == {"zh", "en"}:
        yield path, block["zh"]
    elif isinstance(block, Mapping):
        for key, value in block.items():
            word = WORDS.get(str(key), str(key))
            yield from _facts(value, f"{path} · {word}" if path else word)
    elif isinstance(block, list):
        for number, value in enumerate(block, 1):
            yield from _facts(value, f"{path} {number}" if len(block) > 1 else path)
    else:
        yield path, "" if block is None else block


def _sheet(book: Workbook, name: str, rows: Iterable[list[Any]], widths: tuple[int, ...]) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, row in enumerate(rows):
        sheet.append([_cell(sheet, value, bold=number == 0, fill=number == 0, wrap=True) for value in row])


def _number_format(column: Column | None) -> str | None:
    """Return how a column's numbers are shown: shares as percentages, other decimals as they are."""
    if column is None or column.kind != "float":
        return None
    return "0.0%" if column.unit == "1" else "#,##0.##"


def _cell(
    sheet: Any,
    value: Any,
    *,
    bold: bool = False,
    size: int = 11,
    fill: bool = False,
    wrap: bool = False,
    form: str | None = None,
) -> WriteOnlyCell:
    """Return a cell that shows ``value`` as it is: text as text (format @), dates as ISO dates."""
    if isinstance(value, bool):
        value = "是" if value else "否"
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type, cell.number_format = "s", "@"
    elif isinstance(value, datetime.date):
        cell.number_format = "yyyy-mm-dd"
    elif form is not None:
        cell.number_format = form
    if bold or size != 11:
        cell.font = Font(bold=bold, size=size)
    if fill:
        cell.fill = _HEAD_FILL
    if fill or wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _choices(sheet: Any, given: Delivery, count: int) -> None:
    for number, column in enumerate(given.columns.values(), 1):
        if column.kind == "bool" and count:
            letter = get_column_letter(number)
            choice = DataValidation(type="list", formula1='"是,否"', allow_blank=True)
            choice.add(f"{letter}{_HEAD_ROW + 1}:{letter}{_HEAD_ROW + count}")
            sheet.data_validations.append(choice)


def _notices(given: Delivery) -> str:
    notices = given.provenance.get("notices") or []
    texts = [notice.get("zh", "") if isinstance(notice, dict) else str(notice) for notice in notices]
    return "　".join(text for text in texts if text)


def _faults(columns: dict[str, list[Any]], count: int) -> list[Fault]:
    if count + _HEAD_ROW > _ROWS:
        return [Fault("too_large", f"{count} rows do not fit a sheet.", "choose CSV or a smaller area.")]
    faults = []
    for key, values in columns.items():
        for row, value in enumerate(values):
            if isinstance(value, str) and (len(value) > _CELL_TEXT or ILLEGAL_CHARACTERS_RE.search(value)):
                faults.append(
                    Fault(
                        "cell", "a sheet's cell cannot hold this text.", "take out control characters, or shorten it.",
                        row=row, column=key, value=value[:80],
                    )
                )  # fmt: skip
    return faults
