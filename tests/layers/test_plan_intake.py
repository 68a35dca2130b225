"""Bureaus' sheets as they are really written: headings, names, units, years, areas."""

import openpyxl
import pytest

from data.frames import conform
from data.plan import plan
from data.read.percents import percent_cells
from data.read.tables import read_table
from geo.errors import InputError
from layers.plan.intake import Declared, known_names, read_sheet
from layers.plan.naming import indicator_named

COUNTIES = {"城关区": "620102", "安宁区": "620105"}
HEADS = ["序号", "领域", "指标", "年度", "完成值", "单位", "填报单位", "报出日期", "备注"]


def workbook(path, heads, rows, *, title="2025年度完成情况", percents=()):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([title])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(heads))
    sheet.append(heads)
    for row in rows:
        sheet.append(row)
    for row, column in percents:
        sheet.cell(row, column).number_format = "0.0%"
    book.save(path)
    return path


def read(path, *, year=None):
    raw = read_table(path, known=known_names())
    got = read_sheet(raw, Declared(year, path.name, False, COUNTIES, percent_cells(path, raw.sheet)))
    return got, conform(got.frame, got.spec)


def line(name, value, unit, *, year="2025年"):
    return [1, "领域", name, year, value, unit, "市某局", "2026.1.15", None]


def values(frame):
    return dict(zip(frame["INDICATOR"], frame["VALUE"], strict=True))


def test_names_units_and_numbers(tmp_path):
    rows = [
        line("1. 全市服务业增加值（亿元）", 25812000, "万元"),
        line("社零总额", 2098.4, "亿元"),
        line("全年新增就业", "59,500", "人"),
        line("接待游客人次", "13000万人次", None),
        line("行政村物流服务网点覆盖率", 0.912, "%"),
        line("乡级物流服务站覆盖率", "100%", None),
        line("加权平均费率", 0.93, "%"),
        line("冷库静态库容", 1263000, "吨"),
        line("“新三板”新增挂牌企业", 2, "户"),
        line("每千人口托位数", 4.6, "个"),
        line("登记技术合同成交额", None, "亿元"),
    ]
    got, frame = read(workbook(tmp_path / "r.xlsx", HEADS, rows, percents=[(7, 5)]))
    assert values(frame) == {
        "overall-services-value-added": "2581.2",
        "overall-retail-sales": "2098.4",
        "overall-jobs": "5.95",
        "tourism-visitors": "1.3",
        "logistics-village-outlets": "91.2",
        "logistics-township-stations": "100",
        "finance-guarantee-fee": "0.93",
        "logistics-cold-storage": "126.3",
        "finance-neeq": "2",
        "health-childcare-rate": "4.6",
    }
    assert not got.faults
    assert got.skipped == 1
    assert set(frame["YEAR"]) == {2025}
    assert set(frame["AGENCY"]) == {"市某局"}
    assert {str(day.date()) for day in frame["DATE"]} == {"2026-01-15"}
    assert set(frame["UNIT"]) == {plan().indicator(code).unit for code in frame["INDICATOR"]}


def test_faults_name_row_value_and_mend(tmp_path):
    rows = [
        line("批发零售额", 320, "亿元"),
        line("新增税收", 5291, "万吨"),
        line("会展交易额", "约160", "亿元"),
        line("会展交易额", -1, "亿元"),
        line("旅游花费", 1155, None),
        line("新增就业", 6, "万人", year="今年"),
        line("养老机构护理型床位占比", 0.61, "%"),
        line("社会物流总额", 1, "亿元"),
        line("社会物流总额", 2, "亿元"),
    ]
    got, frame = read(workbook(tmp_path / "r.xlsx", HEADS, rows))
    told = {(fault.code, fault.row, fault.severity) for fault in got.faults}
    assert told == {
        ("unknown_indicator", 3, "error"),
        ("value", 4, "error"),
        ("value", 5, "error"),
        ("negative", 6, "error"),
        ("no_unit", 7, "warning"),
        ("no_year", 8, "error"),
        ("share", 9, "warning"),
        ("duplicate_key", None, "error"),
    }
    assert values(frame) == {"tourism-spending": "1155", "elderly-nursing-beds": "0.61", "logistics-total-value": "1"}
    unknown = next(fault for fault in got.faults if fault.code == "unknown_indicator")
    assert unknown.value == "批发零售额"
    assert "批发和零售业增加值" in unknown.mend


def test_years_side_by_side_and_units_in_headings(tmp_path):
    heads = ["指标名称", "2024年完成值（万元）", "2025年完成值（万元）"]
    got, frame = read(workbook(tmp_path / "r.xlsx", heads, [["新增税收", 4612, 5291], ["会展交易额", 1400000, None]]))
    assert sorted(zip(frame["INDICATOR"], frame["YEAR"], frame["VALUE"], strict=True)) == [
        ("expo-transactions", 2024, "140"), ("overall-tax", 2024, "4612"), ("overall-tax", 2025, "5291"),
    ]  # fmt: skip
    assert got.skipped == 1


def test_the_callers_year_and_csv(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("指标,完成值,单位\n新增税收,5291,万元\n行政村物流服务网点覆盖率,90.02%,\n".encode("gb18030"))
    _, frame = read(path, year=2025)
    assert values(frame) == {"overall-tax": "5291", "logistics-village-outlets": "90.02"}
    assert set(frame["SOURCE"]) == {"r.csv"}


def test_split_targets(tmp_path):
    heads = ["指标", "区县", "年度", "目标值", "单位"]
    rows = [
        ["托位数", "城关", 2025, 6000, "个"],
        ["托位数", "620105", 2025, 2000, "个"],
        ["托位数", "天水市", 2025, 1, "个"],
    ]
    got, frame = read(workbook(tmp_path / "t.xlsx", heads, rows, title="任务分解表"))
    assert got.spec.name == "plan.targets"
    assert sorted(zip(frame["AREA"], frame["VALUE"], strict=True)) == [("620102", "6000"), ("620105", "2000")]
    assert [(f.code, f.value) for f in got.faults] == [("unknown_area", "天水市")]


def test_recognitions_and_milestones(tmp_path):
    heads = ["名单类别", "名称", "认定年度", "区划代码"]
    rows = [["样板村", "某村", 2025, "620105001201"], ["别的", "某村", 2025, ""]]
    got, frame = read(workbook(tmp_path / "l.xlsx", heads, rows, title="认定名单"))
    assert (got.spec.name, list(frame["KIND"])) == ("plan.lists", ["全省文旅振兴乡村样板村"])
    assert [f.code for f in got.faults] == ["unknown_list"]
    rows = [line("打造“兰小牛”文创品牌", "已完成", None), line("打造兰州城市文创IP", "差不多", None)]
    got, frame = read(workbook(tmp_path / "m.xlsx", HEADS, rows))
    assert values(frame) == {"creative-brand-lanxiaoniu": "完成"}
    assert [f.code for f in got.faults] == ["state"]


def test_a_sheet_of_something_else_is_refused(tmp_path):
    path = workbook(tmp_path / "x.xlsx", ["姓名", "电话"], [["张三", "0931"]])
    with pytest.raises(InputError) as caught:
        read(path)
    assert "完成值" in str(caught.value) or "headings" in str(caught.value)


@pytest.mark.parametrize("one", [*plan().indicators, *plan().milestones], ids=lambda one: one.code)
def test_every_indicator_is_known_by_its_names(one):
    for name in (one.code, one.zh, f"（1）全市{one.zh}", *getattr(one, "aliases", ())):
        assert indicator_named(name).code == one.code, name


@pytest.mark.parametrize("name", ["", "增加值", "企业数", "完全不相干的东西", "3A"])
def test_what_is_not_clear_is_not_guessed(name):
    assert indicator_named(name).code is None
