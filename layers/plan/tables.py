"""The tables the plan takes in: what bureaus reported, the split of targets to counties, and lists of recognitions."""

from typing import Final

from data.frames import Column, FrameSpec

_AGENCY: Final = ("填报部门", "上报单位", "报送单位", "责任单位", "数据来源单位")
_AREA: Final = ("区县", "县区", "行政区划代码", "地区", "单位名称", "县（区）", "区县名称", "所属区县", "功能区")
_NAME: Final = ("指标名称", "考核指标", "指标项目", "目标名称", "项目指标", "目标任务")
_YEAR: Final = ("年份", "考核年度", "所属年度", "统计年度")
_UNIT: Final = ("计量单位", "数据单位")

_COMMON: Final = {
    "SECTOR": Column("text", required=False, zh="领域", en="sector", aliases=("行业", "行业领域", "板块")),
    "INDICATOR": Column("text", zh="指标代码", en="indicator code", aliases=("代码", "指标编码")),
    "NAME": Column("text", zh="指标", en="indicator as written", aliases=_NAME),
    "YEAR": Column("int", zh="年度", en="year", check="year", aliases=_YEAR),
    "UNIT": Column("text", required=False, zh="单位", en="unit of the plan", aliases=_UNIT),
    "AREA": Column("text", required=False, zh="区县代码", en="county code; empty for the city", aliases=_AREA),
    "SOURCE": Column("text", zh="数据来源", en="source", aliases=("来源", "来源文件", "文件")),
    "DATE": Column("date", required=False, zh="报出日期", en="reported on", aliases=("填报日期", "上报日期", "日期")),
    "NOTE": Column("text", required=False, zh="备注", en="note", aliases=("说明",)),
    "SYNTHETIC": Column("bool", zh="合成", en="synthetic"),
}

REPORTS: Final = FrameSpec(
    "plan.reports",
    "REPORT_ID",
    frozenset(),
    {
        "REPORT_ID": Column("text", zh="编号", en="indicator, year, area and source"),
        **_COMMON,
        "VALUE": Column(
            "text", zh="完成值", en="value in the plan's unit, exact decimal text",
            aliases=("完成情况", "实际完成值", "实际完成", "完成数", "实际值", "年度完成值", "上报值", "数值"),
        ),
        "WRITTEN": Column("text", required=False, zh="原填报值", en="value and unit as they were written"),
        "AGENCY": Column("text", required=False, zh="填报单位", en="who reported it", aliases=_AGENCY),
    },
    key_of=("INDICATOR", "YEAR", "AREA", "SOURCE"),
)  # fmt: skip
"""One row per indicator, year, area and source; a plain table."""

TARGETS: Final = FrameSpec(
    "plan.targets",
    "TARGET_ID",
    frozenset(),
    {
        "TARGET_ID": Column("text", zh="编号", en="indicator, year, area and source"),
        **_COMMON,
        "VALUE": Column(
            "text", zh="分解目标", en="target in the plan's unit, exact decimal text",
            aliases=("目标值", "年度目标", "任务数", "目标任务数", "任务目标", "分解任务", "分解目标值"),
        ),
        "WRITTEN": Column("text", required=False, zh="原填报值", en="target and unit as they were written"),
        "AGENCY": Column("text", required=False, zh="下达单位", en="who set it", aliases=_AGENCY),
    },
    key_of=("INDICATOR", "YEAR", "AREA", "SOURCE"),
)  # fmt: skip
"""任务分解表: what a county is to contribute by a year's end."""

LISTS: Final = FrameSpec(
    "plan.lists",
    "LIST_ID",
    frozenset(),
    {
        "LIST_ID": Column("text", zh="编号", en="list, name, year and area"),
        "KIND": Column(
            "text", zh="名单类别", en="list", aliases=("认定类别", "名单", "认定名单", "称号"),
            values=("全省文旅振兴乡村样板村", "全省乡村旅游示范县", "体育赛事活动"),
            synonyms={
                "文旅振兴乡村样板村": "全省文旅振兴乡村样板村", "样板村": "全省文旅振兴乡村样板村",
                "乡村旅游示范县": "全省乡村旅游示范县", "示范县": "全省乡村旅游示范县",
                "体育赛事": "体育赛事活动", "赛事": "体育赛事活动", "赛事活动": "体育赛事活动",
            },
        ),
        "NAME": Column("text", zh="名称", en="name", aliases=("村名", "县名", "赛事名称", "活动名称")),
        "YEAR": Column("int", zh="年度", en="year", check="year", aliases=(*_YEAR, "认定年度", "举办年度")),
        "AREA": Column("text", required=False, zh="行政区划代码", en="area code", aliases=("区划代码", "代码")),
        "VENUE": Column("text", required=False, zh="场馆编号", en="facility id of the venue", aliases=("场馆",)),
        "SOURCE": Column("text", zh="数据来源", en="source", aliases=("来源", "文件", "认定文件")),
        "NOTE": Column("text", required=False, zh="备注", en="note", aliases=("说明",)),
        "SYNTHETIC": Column("bool", zh="合成", en="synthetic"),
    },
    key_of=("KIND", "NAME", "YEAR", "AREA"),
)  # fmt: skip
"""Recognitions and events no facility layer holds: one row each, by year and area code."""

TABLES: Final = {spec.name: spec for spec in (REPORTS, TARGETS, LISTS)}
