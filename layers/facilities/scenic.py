"""Scenic spots with a grade from A to 5A."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer
from layers.facilities.grades import A_GRADES, a_grade_synonyms

SCENIC: Final = FacilityLayer(
    id="scenic",
    title=Title(zh="A级景区", en="Graded scenic spots"),
    basis=Basis("GB/T 17775-2024 旅游景区质量等级划分（2025-03-01 前为 2003 版）", "1A–5A", "cited"),
    own={
        "GRADE": Column(
            "text", required=False, zh="质量等级", en="grade", example="4A", values=A_GRADES,
            synonyms=a_grade_synonyms(), aliases=words("等级 景区等级 A级 级别 景区级别"),
        ),
        "GRADE_DATE": Column(
            "date", required=False, zh="评定日期", en="date of the grade", example="2024-12-20",
            aliases=words("评定时间 授牌时间 批准日期 评定年度 晋升时间"),
        ),
        "STD_VER": Column(
            "text", required=False, zh="评定标准", en="edition of the standard", example="GB/T 17775-2024",
            aliases=words("标准版本 依据标准"), values=("GB/T 17775-2003", "GB/T 17775-2024"),
            synonyms=also({"GB/T 17775-2003": "2003 2003版", "GB/T 17775-2024": "2024 2024版"}),
        ),
    },
    tier="public",
    colour="#3f6b0c",
    shape="star",
    identity=("NAME",),
)  # fmt: skip
