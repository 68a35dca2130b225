"""The XLSX template of every layer: opens, guides, refuses, and reads back as nothing but an example."""

import datetime

import openpyxl
import pytest

from data.frames import FILLED_ON_IMPORT, Column
from data.read.headings import known_headings, match_headings
from data.read.tables import read_table
from data.write.template import (
    EXAMPLE_MARK,
    HEAD_ROW,
    SHEET,
    choices,
    template_columns,
    template_heading,
    write_template,
)
from geo.errors import ParameterError
from layers.dictionary import dictionary, write_layer_template
from layers.facilities.catalogue import FACILITY_LAYERS

every_layer = pytest.mark.parametrize("layer", FACILITY_LAYERS.items, ids=lambda layer: layer.id)


@pytest.fixture
def sheet_of(tmp_path):
    def opened(layer):
        path = write_layer_template(layer, tmp_path / f"{layer.id}.xlsx")
        return openpyxl.load_workbook(path)

    return opened


@every_layer
def test_every_template_opens_and_guides(layer, sheet_of):
    book = sheet_of(layer)
    assert book.sheetnames == [SHEET, "字段说明"]
    sheet = book[SHEET]
    heads = [cell.value for cell in sheet[HEAD_ROW]]
    columns = template_columns(layer.spec)
    assert heads == ["序号", *(template_heading(column) for column in columns.values())]
    assert not FILLED_ON_IMPORT & set(columns)
    assert {"LON", "LAT", "NAME", *layer.own} <= set(columns)
    assert sheet["A1"].value == f"{layer.title.zh}台账"
    for word in ("填报单位", "填表人", "审核人", "报出日期"):
        assert word in sheet["A2"].value
    assert sheet.freeze_panes == f"C{HEAD_ROW + 1}"
    letters = {name: cell.column_letter for name, cell in zip(columns, sheet[HEAD_ROW][1:], strict=True)}
    for name in ("XZQDM12", "USCC", "PHONE"):
        assert sheet[f"{letters[name]}{HEAD_ROW + 9}"].number_format == "@", "codes are text"
    must = {name for name, cell in zip(columns, sheet[HEAD_ROW][1:], strict=True) if cell.font.color.rgb == "00FFFFFF"}
    assert must == set(layer.obligatory)
    listed = {
        str(rule.sqref).partition("5")[0]: rule.formula1
        for rule in sheet.data_validations.dataValidation
        if rule.type == "list"
    }
    for name, column in columns.items():
        if column.values:
            assert listed[letters[name]] == f'"{",".join(choices(column))}"'
    types = {rule.type for rule in sheet.data_validations.dataValidation}
    assert {"list", "date", "decimal"} <= types


@every_layer
def test_the_example_is_marked_and_typed(layer, sheet_of):
    sheet = sheet_of(layer)[SHEET]
    row = [cell.value for cell in sheet[HEAD_ROW + 1]]
    assert row[0] == EXAMPLE_MARK
    example = dict(zip(template_columns(layer.spec), row[1:], strict=True))
    assert example["STATUS"] == "运营"
    assert example["OPEN_DATE"] == datetime.datetime(2024, 6, 1)
    assert isinstance(example["USCC"], str)
    assert example["PUB_LVL"] == "公开"


@every_layer
def test_the_dictionary_is_the_second_sheet(layer, sheet_of):
    sheet = sheet_of(layer)["字段说明"]
    table = dictionary(layer)
    assert [cell.value for cell in sheet[2]] == list(table.columns)
    assert [sheet.cell(row, 1).value for row in range(3, 3 + len(table))] == list(table["字段名"])


def test_rows_are_filled_in(tmp_path):
    layer = FACILITY_LAYERS["childcare"]
    rows = [{"NAME": "甲园", "SEATS": 60}, {"NAME": "乙园", "SEATS": None}]
    path = write_template(
        tmp_path / "t.xlsx", layer.spec, title="托育", obligatory=("NAME",), fields=dictionary(layer), rows=rows
    )
    sheet = openpyxl.load_workbook(path)[SHEET]
    columns = list(template_columns(layer.spec))
    at = [columns.index(name) + 2 for name in ("NAME", "SEATS")]
    got = [[sheet.cell(HEAD_ROW + 2 + k, number).value for number in at] for k in range(3)]
    assert got == [["甲园", 60], ["乙园", None], [None, None]]


def test_what_cannot_be_written_is_said(tmp_path):
    layer = FACILITY_LAYERS["childcare"]
    with pytest.raises(ParameterError, match=r"\.xlsx"):
        write_layer_template(layer, tmp_path / "t.csv")
    with pytest.raises(ParameterError, match="does not exist"):
        write_layer_template(layer, tmp_path / "none" / "t.xlsx")
    long = Column("text", required=False, zh="类型", en="kind", values=tuple(f"很长的类型{k:03d}" for k in range(40)))
    spec = type(layer.spec)("x", "FAC_ID", layer.spec.geometry, {**layer.spec.columns, "KIND": long})
    with pytest.raises(ParameterError, match="255"):
        write_template(tmp_path / "t.xlsx", spec, title="x", obligatory=(), fields=dictionary(layer))
    assert list(tmp_path.iterdir()) == []


@every_layer
def test_the_import_reads_the_template_back(layer, tmp_path):
    rows = [{"NAME": f"单位{k}", "LON": 103.8, "LAT": 36.0, "STATUS": "运营"} for k in range(3)]
    path = write_template(
        tmp_path / "t.xlsx", layer.spec, title=layer.title.zh, obligatory=("NAME",), fields=dictionary(layer), rows=rows
    )
    raw = read_table(path, known=known_headings(layer.spec))
    assert raw.sheet == SHEET
    assert raw.rows.tolist() == [HEAD_ROW + 2 + k for k in range(3)]
    assert [one.row for one in raw.left_out if one.why == "example"] == [HEAD_ROW + 1]
    found = match_headings(raw, layer.spec, declared={})
    assert set(found.fields) == set(template_columns(layer.spec)) - {"LON", "LAT"}
    assert found.position.x is not None
    assert found.position.y is not None
