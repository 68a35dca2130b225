"""Carriers of innovation: maker spaces, incubators, accelerators."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

INCUBATORS: Final = FacilityLayer(
    id="incubators",
    title=Title(zh="孵化载体", en="Incubators"),
    basis=Basis("科技企业孵化器管理办法（国科发区〔2018〕300号）", "认定与级别", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="载体类型", en="kind", example="众创空间",
            aliases=words("类型 类别 孵化载体类型"),
            values=words("创业苗圃 众创空间 科技企业孵化器 加速器 大学科技园 产业园"),
            synonyms=also({
                "众创空间": "星创天地 创客空间", "科技企业孵化器": "孵化器 科技孵化器 创业孵化基地",
                "加速器": "企业加速器 科技企业加速器", "产业园": "创业园 科技产业园",
            }),
        ),
        "LEVEL": Column(
            "text", required=False, zh="级别", en="level", example="省级", aliases=words("等级 认定级别"),
            values=words("国家级 省级 市级 区县级"), synonyms=also({"区县级": "县级 区级 县区级"}),
        ),
        "YEAR_REC": Column(
            "int", required=False, zh="认定年度", en="year it was recognised", check="year", low=1985, high=2050,
            example="2023", aliases=words("认定年份 认定时间 备案年度"),
        ),
        "VALID_TO": Column(
            "date", required=False, zh="有效期至", en="valid to", example="", aliases=words("有效期 资格有效期"),
        ),
    },
    tier="public",
    colour="#31688e",
    shape="pentagon",
    identity=("NAME", "KIND"),
)  # fmt: skip
