"""Headings matched to fields: what equals is used, what resembles is proposed, what is declared wins."""

import numpy as np
import pandas as pd
import pytest

from data.frames import Column, FrameSpec
from data.read.headings import Matching, known_headings, match_headings
from data.read.raw import RawTable
from geo.errors import InputError

SPEC = FrameSpec(
    "facilities.x",
    "FAC_ID",
    frozenset({"Point"}),
    {
        "FAC_ID": Column("text", zh="设施编号", en="facility id", aliases=("编号",)),
        "NAME": Column("text", required=False, zh="名称", en="name", aliases=("机构名称",)),
        "ADDR": Column("text", required=False, zh="地址", en="address", aliases=("详细地址", "位置")),
        "XZQMC": Column("text", required=False, zh="区划名称", aliases=("所属街道", "所属区县")),
        "BEDS": Column("int", "张", required=False, zh="床位数", en="beds", aliases=("床位总数",)),
        "NURS_BEDS": Column("int", "张", required=False, zh="护理型床位数", en="nursing beds"),
        "CAP_T": Column("float", "t", required=False, zh="静态库容", aliases=("库容",)),
        "CAP_M3": Column("float", "m³", required=False, zh="冷库容积", aliases=("库容（立方米）",)),
    },
)


def raw_of(*headings: str) -> RawTable:
    cells = pd.DataFrame({heading: pd.Series([], dtype="object") for heading in headings})
    return RawTable("a.csv", "csv", None, "utf-8", headings, cells, np.zeros(0, dtype=np.int64))


def match(*headings: str, **declared: str) -> Matching:
    return match_headings(raw_of(*headings), SPEC, declared=declared)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("名称", "NAME"), ("NAME", "NAME"), ("Name ", "NAME"), ("机构名称*", "NAME"), ("機構名稱：", "NAME"), ("基本情况/机构名称", "NAME"),
        ("床位数\n（张）", "BEDS"), ("床位/总数（张）", "BEDS"), ("床位/合计（张）", None), ("床位/床位总数", "BEDS"), ("床位数/张", "BEDS"), ("名称/NAME", "NAME"),
        ("ＢＥＤＳ", "BEDS"), ("护 理 型 床 位 数", "NURS_BEDS"), ("facility id", "FAC_ID"), ("床位总数/张", "BEDS"),
        ("库容（吨）", "CAP_T"), ("库容（立方米）", "CAP_M3"), ("库容(m³)", "CAP_M3"), ("冷库名称", "NAME"), ("所属社区名称", None),
    ],
)  # fmt: skip
def test_what_equals_a_name_is_used(heading: str, field: str | None) -> None:
    assert dict(match(heading).fields) == ({} if field is None else {field: heading})


def test_what_resembles_is_proposed_and_not_used() -> None:
    matching = match("护理型床位数量", "完全无关")
    assert not matching.fields
    first, second = matching.proposals
    assert (first.field, first.how) == ("NURS_BEDS", "similar")
    assert first.score > 75
    assert (second.field, second.how) == (None, "none")
    accepted = match_headings(raw_of("护理型床位数量"), SPEC, accept_similar=True)
    assert dict(accepted.fields) == {"NURS_BEDS": "护理型床位数量"}
    assert set(matching.unmatched) == {"护理型床位数量", "完全无关"}


def test_one_heading_a_field_and_both_are_named() -> None:
    matching = match("所属区县", "所属街道")
    assert matching.fields["XZQMC"] == "所属街道"
    (fault,) = matching.faults
    assert fault.code == "ambiguous_heading"
    assert "所属区县" in fault.message
    assert "所属街道" in fault.message
    assert match("机构名称", "名称").fields["NAME"] == "名称"


def test_what_is_declared_wins() -> None:
    matching = match("名称", "曾用名", 曾用名="NAME")
    assert matching.fields["NAME"] == "曾用名"
    assert matching.faults[0].code == "ambiguous_heading"
    assert match("甲列", 甲列="床位数").fields == {"BEDS": "甲列"}
    assert match("a", "b", a="lon", b="LAT").position.x == "a"
    assert not match("名称", 名称="-").fields


def test_unknown_declarations_are_all_named() -> None:
    with pytest.raises(InputError) as error:
        match("名称", 名字="NAME", 名称="NAMEN")
    assert {fault.code for fault in error.value.faults} == {"unknown_column", "unknown_field"}
    assert "NURS_BEDS" in str(error.value)
    with pytest.raises(InputError):
        match("甲", "乙", 甲="NAME", 乙="NAME")


@pytest.mark.parametrize(
    ("headings", "x", "y", "both", "hint"),
    [
        (("经度", "纬度"), "经度", "纬度", None, None),
        (("位置/经度", "位置/纬度"), "位置/经度", "位置/纬度", None, None),
        (("百度经度", "百度纬度"), "百度经度", "百度纬度", None, "bd09"),
        (("经度（GCJ-02）", "纬度（GCJ-02）"), "经度（GCJ-02）", "纬度（GCJ-02）", None, "gcj02"),
        (("LNG", "Lat"), "LNG", "Lat", None, None),
        (("东坐标", "北坐标"), "东坐标", "北坐标", None, None),
        (("X", "Y"), "X", "Y", None, None),
        (("坐标",), None, None, "坐标", None),
        (("经纬度",), None, None, "经纬度", None),
        (("高德坐标（经度，纬度）",), None, None, "高德坐标（经度，纬度）", "gcj02"),
    ],
)
def test_positions(headings: tuple[str, ...], x: str | None, y: str | None, both: str | None, hint: str | None) -> None:
    position = match(*headings).position
    assert (position.x, position.y, position.both, position.hint) == (x, y, both, hint)
    assert position


def test_half_a_position_is_said() -> None:
    matching = match("经度", "名称")
    assert not matching.position
    assert [fault.code for fault in matching.faults] == ["half_position"]


def test_service_columns() -> None:
    matching = match("隔离编号", "错误", "序号", "名称")
    assert (matching.error_column, matching.quarantine_column) == ("错误", "隔离编号")
    assert matching.unmatched == ()
    assert {"经度", "床位数", "beds", "错误"} <= known_headings(SPEC)
