"""Firms on the plan's lists, one row per firm and list."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

FIRMS: Final = FacilityLayer(
    id="firms",
    title=Title(zh="名录企业", en="Listed firms"),
    basis=Basis("现代服务业发展行动方案（2024–2026）；统计上规上服务业企业名录", "各领域名录指标", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="名录", en="list it stands on", example="规上服务业企业",
            aliases=words("名录类型 企业类型 类型 类别 名录名称"),
            values=words(
                "规上服务业企业 科技服务业规上企业 专精特新企业 上市后备企业 新三板挂牌企业 金融机构 商务服务业企业 "
                "会展企业 文创企业 家政品牌企业 家政兴农品牌企业 其他"
            ),
            synonyms=also({
                "规上服务业企业": "规模以上服务业企业 规上服务业",
                "科技服务业规上企业": "规上科技服务业企业 规上科技服务企业",
                "专精特新企业": "专精特新 专精特新中小企业", "上市后备企业": "上市后备库企业 上市后备",
                "新三板挂牌企业": "新三板 新三板企业", "商务服务业企业": "商务服务机构 商务服务企业",
                "家政品牌企业": "品牌家政企业", "家政兴农品牌企业": "家政兴农企业 家政兴农品牌家政企业", "其他": "其它",
            }),
        ),
        "YEAR_REC": Column(
            "int", required=False, zh="入库年度", en="year it was listed", check="year", low=1980, high=2050,
            example="2025", aliases=words("认定年度 入统年度 入库年份 认定年份 入统年份 挂牌年度 成立年度"),
        ),
    },
    tier="public",
    colour="#4d4d4d",
    shape="triangle",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "YEAR_REC"),
)  # fmt: skip
