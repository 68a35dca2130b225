"""Bases that grow vegetables for other places."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

VEGETABLE_BASES: Final = FacilityLayer(
    id="vegetable_bases",
    title=Title(zh="蔬菜基地", en="Vegetable bases"),
    basis=Basis("现代服务业发展行动方案（2024–2026）", "三、五大商品蔬菜基地", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="基地类型", en="kind", example="高原夏菜基地",
            aliases=words("类型 类别 基地类别"), values=words("高原夏菜基地 设施蔬菜基地 供港蔬菜基地 其他"),
            synonyms=also({"高原夏菜基地": "高原夏菜", "设施蔬菜基地": "设施蔬菜 日光温室", "其他": "其它"}),
        ),
        "AREA_MU": Column(
            "float", "亩", required=False, zh="种植面积", en="planted area, mu (1/15 ha)", low=1.0, high=1_000_000.0,
            example="12000", aliases=words("面积 基地面积 种植规模 播种面积"),
        ),
        "YIELD_T": Column(
            "float", "t", required=False, zh="年产量", en="yield a year", low=0.1, high=5_000_000.0, example="36000",
            aliases=words("产量 年总产量"),
        ),
    },
    tier="public",
    colour="#2e7d32",
    shape="triangle",
    identity=("NAME",),
)  # fmt: skip
