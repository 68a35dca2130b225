"""Childcare for children under three, with its places."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

CHILDCARE: Final = FacilityLayer(
    id="childcare",
    title=Title(zh="托育服务", en="Childcare"),
    basis=Basis("托育机构设置标准（试行）（国卫人口发〔2019〕58号）", "托位", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="机构类型", en="kind", example="托育机构",
            aliases=words("类型 类别 托育类型 机构类别"),
            values=words("托育机构 幼儿园托班 社区托育点 用人单位托育点 家庭托育点"),
            synonyms=also({
                "托育机构": "独立托育机构 托育中心 综合托育服务中心", "幼儿园托班": "托班 幼儿园（托班） 托幼一体",
                "社区托育点": "社区托育 社区托育服务点", "用人单位托育点": "单位办托 用人单位办托",
                "家庭托育点": "家庭托育",
            }),
        ),
        "SEATS": Column(
            "int", "个", required=False, zh="托位数", en="places", low=1, high=1000, example="60",
            aliases=words("托位 托位数（个） 总托位 总托位数 可提供托位数"),
        ),
    },
    tier="public",
    colour="#c2185b",
    shape="triangle",
    obligatory=("NAME", "SEATS"),
    identity=("NAME", "XZQDM12"),
)  # fmt: skip
