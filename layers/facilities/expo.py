"""Exhibition and conference venues."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

EXPO: Final = FacilityLayer(
    id="expo",
    title=Title(zh="会展场馆", en="Exhibition venues"),
    basis=Basis("现代服务业发展行动方案（2024–2026）", "八、会展服务业", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="场馆类型", en="kind", example="会展中心",
            aliases=words("类型 类别 设施类型"), values=words("会展中心 展览馆 会议中心 博览园"),
            synonyms=also({"会展中心": "国际会展中心 博览中心", "展览馆": "展览中心 展馆", "会议中心": "国际会议中心"}),
        ),
        "HALL_M2": Column(
            "float", "m²", required=False, zh="室内展览面积", en="indoor exhibition area", low=50.0, high=1_000_000.0,
            example="20000", aliases=words("展览面积 展厅面积 展馆面积 室内展厅面积"),
        ),
        "YEAR_REC": Column(
            "int", required=False, zh="投用年度", en="year of opening", check="year", low=1950, high=2050,
            example="2009",
            aliases=words("建成年度 投用年份"),
        ),
    },
    tier="public",
    colour="#8e1b6b",
    shape="star",
    identity=("NAME",),
)  # fmt: skip
