"""Cells typed: numbers, units, dates, truths, allowed values and codes as people write them."""

from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.frames import Column, FrameSpec
from data.read.headings import match_headings
from data.read.raw import RawTable
from data.read.values import Typed, typed
from geo.errors import Fault

COLUMNS = {
    "BEDS": Column("int", "张", required=False, zh="床位数", low=0, high=5000),
    "AREA": Column("float", "m²", required=False, zh="面积"),
    "PERSONS": Column("int", "人", required=False, zh="人口"),
    "CAP": Column("float", "t", required=False, zh="库容"),
    "RATE": Column("float", "%", required=False, zh="比例"),
    "DAY": Column("date", required=False, zh="日期"),
    "YEAR": Column("int", required=False, zh="年度", check="year", low=1950, high=2050),
    "OPEN": Column("bool", required=False, zh="是否开放"),
    "KIND": Column(
        "text", required=False, zh="类型", values=("养老机构", "老年助餐点"), synonyms={"养老院": "养老机构"}
    ),
    "GRADE": Column("int", required=False, zh="等级", values=("1", "2", "3"), synonyms={"一级": "1"}),
    "CODE": Column("text", required=False, zh="区划代码", check="area_code"),
    "USCC": Column("text", required=False, zh="信用代码", check="uscc"),
    "NAME": Column("text", required=False, zh="名称"),
}
SPEC = FrameSpec("x", "NAME", frozenset(), COLUMNS)


def read(heading: str, *cells: Any, as_text: bool = False, **options: Any) -> Typed:
    column = pd.Series(list(cells), dtype="str" if as_text else "object")
    rows = np.arange(2, len(cells) + 2, dtype=np.int64)
    raw = RawTable("a.csv", "csv", None, None, (heading,), pd.DataFrame({heading: column}), rows, **options)
    matching = match_headings(raw, SPEC)
    assert matching.fields, heading
    return typed(raw, matching, SPEC)


def one(heading: str, cell: Any, **options: Any) -> tuple[Any, list[Fault]]:
    """The value of one cell, the same whether it comes from a spreadsheet or a text table."""
    out = read(heading, cell, **options)
    value = out.frame.iloc[0, 0]
    if isinstance(cell, str):
        again = read(heading, cell, as_text=True, **options)
        other = again.frame.iloc[0, 0]
        assert (pd.isna(value) and pd.isna(other)) or value == other
        assert [f.code for f in again.faults] == [f.code for f in out.faults]
    assert out.bad[0] == any(f.severity == "error" and f.row == 2 for f in out.faults)
    return (None if pd.isna(value) else value), out.faults


@pytest.mark.parametrize(
    ("heading", "cell", "value"),
    [
        ("床位数", "３０", 30), ("床位数", "1,200", 1200), ("床位数", "1，200", 1200), ("床位数", "30张", 30), ("床位数", "30（张）", 30),
        ("床位数", "30.0", 30), ("床位数", 30.0, 30), ("床位数", "三十", 30), ("床位数", "一百二十", 120), ("床位数", " 30 ", 30),
        ("床位数", "共30张", 30), ("床位数", "0", 0), ("面积", "1.5万", 15000.0), ("面积", "2公顷", 20000.0), ("面积", "12.5", 12.5),
        ("面积", "1.2E+3", 1200.0), ("面积", "3亩", 2000.0), ("比例", "60%", 60.0), ("比例", "６０％", 60.0), ("库容", "300公斤", 0.3),
        ("年度", "2024年", 2024), ("年度", 2024.0, 2024), ("年度", date(2023, 5, 1), 2023), ("年度", "2023年5月", 2023),
        ("是否开放", "√", True), ("是否开放", "否", False), ("是否开放", "×", False), ("是否开放", 1, True),
        ("类型", "养老院", "养老机构"), ("类型", " 养 老 机 构 ", "养老机构"), ("等级", "一级", 1), ("等级", 2.0, 2), ("等级", "3", 3),
        ("区划代码", 620105001.0, "620105001"), ("区划代码", "'620105001", "620105001"), ("区划代码", "620105001.0", "620105001"),
        ("区划代码", "６２０１０５", "620105"), ("区划代码", 620105001201, "620105001201"), ("区划代码", "620105001，620105002；", "620105001;620105002"),
        ("信用代码", "91620102ＭＡ00000009 ", "91620102MA00000009"), ("名称", "=HYPERLINK(\"x\")", "=HYPERLINK(\"x\")"),
        ("名称", "甲\n乙", "甲 乙"), ("名称", 7.0, "7"), ("名称", "１号院", "１号院"),
    ],
)  # fmt: skip
def test_cells_that_are_read(heading: str, cell: Any, value: Any) -> None:
    found, faults = one(heading, cell)
    assert found == pytest.approx(value) if isinstance(value, float) else found == value
    assert not [f for f in faults if f.severity != "notice"], faults


@pytest.mark.parametrize(
    ("heading", "cell", "code"),
    [
        ("床位数", "30-40", "range"), ("床位数", "30～40张", "range"), ("床位数", "30至40", "range"), ("床位数", "许多", "not_a_number"),
        ("床位数", "NaN", "not_finite"), ("床位数", "inf", "not_finite"), ("床位数", "1e400", "not_finite"), ("床位数", str(2**70), "too_large"),
        ("床位数", 2**70, "too_large"), ("床位数", float("inf"), "not_finite"), ("床位数", "30.5", "not_whole"), ("床位数", -3, "negative"),
        ("床位数", "-3", "negative"), ("床位数", "30公里", "unit"), ("床位数", True, "not_a_number"), ("床位数", datetime(2024, 5, 1), "not_a_number"),
        ("床位数", "1,20", "not_a_number"), ("床位数", "超过100张", "not_a_number"), ("面积", "9" * 400, "not_finite"),
        ("日期", "2024年2月30日", "impossible_date"), ("日期", "2024-13-01", "impossible_date"), ("日期", "1024年5月", "not_a_date"),
        ("日期", "去年", "not_a_date"), ("日期", "01/05/2024", "not_a_date"), ("日期", 2024.1, "ambiguous_date"), ("日期", True, "not_a_date"),
        ("日期", time(3, 4), "not_a_date"), ("日期", float("inf"), "not_a_date"), ("日期", "2024.5.1-2025.5.1", "not_a_date"),
        ("是否开放", "也许", "not_a_truth"), ("是否开放", 7, "not_a_truth"), ("类型", "幼儿园", "not_allowed"), ("等级", "7", "not_allowed"),
        ("区划代码", "6.20105E+11", "lost_digits"), ("信用代码", 9.162010212345678e17, "lost_digits"), ("名称", 1.2e20, "lost_digits"),
    ],
)  # fmt: skip
def test_cells_that_are_faults(heading: str, cell: Any, code: str) -> None:
    _, faults = one(heading, cell)
    (fault,) = [f for f in faults if f.severity == "error"]
    assert (fault.code, fault.row, fault.column, fault.file) == (code, 2, heading, "a.csv")
    assert fault.mend


@pytest.mark.parametrize(
    ("cell", "day", "code"),
    [
        ("2024年5月1日", "2024-05-01", None), ("2024.5.1", "2024-05-01", None), ("2024/5/1", "2024-05-01", None), ("20240501", "2024-05-01", None),
        ("2024年5月", "2024-05-01", "first_day"), ("2024/5", "2024-05-01", "first_day"), ("2024.10", "2024-10-01", "first_day"),
        ("202405", "2024-05-01", "first_day"), ("2024", "2024-01-01", "first_day"), (2024, "2024-01-01", "first_day"), ("2024年", "2024-01-01", "first_day"),
        ("二〇二四年五月十二日", "2024-05-12", None), ("2024-05-01 12:30:00", "2024-05-01", None), ("2024-05-01T00:00:00Z", "2024-05-01", None),
        ("45413", "2024-05-01", "serial_date"), (45413, "2024-05-01", "serial_date"), (45413.75, "2024-05-01", "serial_date"),
        (datetime(2024, 5, 1, 3), "2024-05-01", None), (date(2024, 5, 1), "2024-05-01", None), ("长期", None, "read_as_empty"), ("/", None, "read_as_empty"),
    ],
)  # fmt: skip
def test_days(cell: Any, day: str | None, code: str | None) -> None:
    found, faults = one("日期", cell)
    assert (None if found is None else str(found.date())) == day
    assert [f.code for f in faults] == ([] if code is None else [code])


def test_serial_days_of_1904() -> None:
    assert str(one("日期", 43951, dates_1904=True)[0].date()) == "2024-05-01"


@pytest.mark.parametrize(
    ("heading", "cell", "value"),
    [
        ("人口（万人）", "0.32", 3200),
        ("面积（亩）", 3, 2000.0),
        ("面积（km²）", "0.5", 500_000.0),
        ("库容（万吨）", 1.2, 12_000.0),
        ("库容/公斤", 500, 0.5),
    ],
)
def test_units_of_headings_convert_and_say_so(heading: str, cell: Any, value: float) -> None:
    found, faults = one(heading, cell)
    assert found == pytest.approx(value)
    assert [(f.code, f.severity, f.row) for f in faults] == [("converted", "notice", None)]


def test_a_unit_in_the_cell_outweighs_the_headings() -> None:
    assert one("面积（亩）", "300平方米")[0] == 300.0


def test_an_unknown_unit_is_a_warning() -> None:
    found, faults = one("面积（坪）", 30)
    assert found == 30.0
    assert [(f.code, f.severity) for f in faults] == [("unknown_unit", "warning")]
    assert not one("面积（必填）", 30)[1]


def test_implausible_is_a_warning_and_the_value_stays() -> None:
    found, faults = one("床位数", "99999")
    assert found == 99999
    assert [(f.code, f.severity) for f in faults] == [("implausible", "warning")]


def test_a_fault_names_what_is_allowed() -> None:
    (fault,) = one("类型", "幼儿园")[1]
    assert "养老机构, 老年助餐点" in fault.mend


def test_rows_that_are_out_already_stay_out_and_obligatory_fields_are_asked_for() -> None:
    cells = pd.DataFrame({"名称": pd.Series(["甲", None, "丙"], dtype="object")})
    out_already = Fault("too_many_cells", "m", "m", "a.csv", 4)
    raw = RawTable("a.csv", "csv", None, None, ("名称",), cells, np.array([2, 3, 4]), notices=(out_already,))
    result = typed(raw, match_headings(raw, SPEC), SPEC, obligatory=("NAME",))
    assert result.bad.tolist() == [False, True, True]
    assert [(f.code, f.row) for f in result.faults] == [("empty", 3)]


NATIVE = st.one_of(
    st.none(), st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.datetimes(), st.dates(), st.times(), st.timedeltas(),
    st.from_regex(r"[0-9０-９.,，eE+\-年月日°万亿张至~%一二十百千]{1,12}", fullmatch=True),
)  # fmt: skip


def test_years_written_as_numbers() -> None:
    years = [name for name, column in COLUMNS.items() if column.check == "year"]
    result = read(COLUMNS[years[0]].zh, 2024, 2024.0, 20240501, 2.0**64, -(2**70), float("inf"), None)
    assert result.frame.iloc[:3, 0].tolist() == [2024, 2024, 2024]
    assert result.frame.iloc[3:, 0].isna().all()
    assert result.bad.tolist() == [False] * 3 + [True] * 3 + [False]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([column.zh for column in COLUMNS.values()]), st.lists(NATIVE, max_size=6))
def test_no_cell_raises_and_none_is_lost(heading: str, cells: list[Any]) -> None:
    result = read(heading, *cells)
    assert len(result.frame) == len(result.bad) == len(cells)
    faulty = {f.row for f in result.faults if f.row is not None}
    for i, cell in enumerate(cells):
        empty = (
            cell is None
            or cell != cell
            or (isinstance(cell, str) and not cell.replace("\u200b", "").strip(" \x00\ufeff\u200b"))
        )
        if (
            pd.isna(result.frame.iloc[i, 0])
            and not empty
            and str(cell).split()
            and heading not in {"名称", "区划代码", "信用代码"}
        ):
            assert i + 2 in faulty, cell


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([column.zh for column in COLUMNS.values()]),
    st.lists(st.one_of(st.none(), st.text(max_size=20)), min_size=1, max_size=6),
)
def test_text_tables_and_spreadsheets_agree(heading: str, cells: list[str | None]) -> None:
    cells = [(cell.strip() or None) if cell else None for cell in cells]
    as_cells, as_text = read(heading, *cells), read(heading, *cells, as_text=True)
    assert [f.code for f in as_cells.faults] == [f.code for f in as_text.faults]
    assert (
        as_cells.frame.astype("object")
        .where(as_cells.frame.notna(), None)
        .equals(as_text.frame.astype("object").where(as_text.frame.notna(), None))
    )
