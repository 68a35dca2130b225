"""New residential areas, whose sports facilities the plan counts."""

from typing import Final

from data.frames import Column, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

NEW_COMMUNITIES: Final = FacilityLayer(
    id="new_communities",
    title=Title(zh="新建社区", en="New residential areas"),
    basis=Basis("关于构建更高水平的全民健身公共服务体系的意见（中办国办 2022）", "室内人均 0.1 m² 或室外人均 0.3 "
        "m²", "cited"),
    own={
        "DONE_YEAR": Column(
            "int", required=False, zh="竣工年度", en="year of completion", check="year", low=1990, high=2050,
            example="2024", aliases=words("竣工年份 建成年份 交付年度 交付年份 竣工验收年度"),
        ),
        "PERSONS": Column(
            "int", "人", required=False, zh="规划人口", en="persons", low=1, high=200_000, example="3200",
            aliases=words("人口 居住人口 规划居住人口 入住人口 人数"),
        ),
        "SPT_IN_M2": Column(
            "float", "m²", required=False, zh="室内体育面积", en="indoor sports area", low=0.0, high=100_000.0,
            example="320", aliases=words("室内健身面积 室内体育设施面积 室内健身设施面积"),
        ),
        "SPT_OUT_M2": Column(
            "float", "m²", required=False, zh="室外体育面积", en="outdoor sports area", low=0.0, high=500_000.0,
            example="960", aliases=words("室外健身面积 室外体育设施面积 室外健身设施面积"),
        ),
    },
    tier="public",
    colour="#7f3b08",
    shape="diamond",
    identity=("NAME", "XZQDM12"),
)  # fmt: skip
