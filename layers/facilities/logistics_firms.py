"""Logistics enterprises with a grade from 1A to 5A."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer
from layers.facilities.grades import A_GRADES, a_grade_synonyms

LOGISTICS_FIRMS: Final = FacilityLayer(
    id="logistics_firms",
    title=Title(zh="物流企业", en="Logistics enterprises"),
    basis=Basis("GB/T 19680-2013 物流企业分类与评估指标", "运输型、仓储型、综合服务型；1A–5A", "cited"),
    own={
        "TYPE": Column(
            "text", required=False, zh="企业类型", en="type", example="综合服务型",
            aliases=words("物流企业类型 类型 类别"), values=words("运输型 仓储型 综合服务型"),
            synonyms=also({"运输型": "运输 运输类", "仓储型": "仓储 仓储类",
            "综合服务型": "综合 综合型 综合类 综合服务"}),
        ),
        "GRADE": Column(
            "text", required=False, zh="等级", en="grade", example="4A", values=A_GRADES, synonyms=a_grade_synonyms(),
            aliases=words("企业等级 A级等级 评估等级 级别 A级"),
        ),
        "CERT_NO": Column(
            "text", required=False, zh="证书编号", en="certificate number", example="W2024-0001",
            aliases=words("证书号 等级证书编号"),
        ),
        "VALID_TO": Column(
            "date", required=False, zh="有效期至", en="valid to", example="2027-12-31",
            aliases=words("有效期 证书有效期 有效期限 到期日期 截止有效期"),
        ),
    },
    tier="public",
    colour="#00496e",
    shape="hexagon",
    identity=("NAME",),
)  # fmt: skip
