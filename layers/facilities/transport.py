"""Transport hubs: railway and metro stations, the airport, coach stations, bus stops."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

TRANSPORT: Final = FacilityLayer(
    id="transport",
    title=Title(zh="交通枢纽", en="Transport hubs"),
    basis=Basis("GB 50180-2018 城市居住区规划设计标准", "公交站 500 m；其余无统一分类", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="站点类型", en="kind", example="公交站",
            aliases=words("类型 类别 设施类型 枢纽类型"), values=words("火车站 地铁站 机场 客运站 公交站"),
            synonyms=also({
                "火车站": "铁路客运站 高铁站 铁路站 动车站", "地铁站": "轨道交通站 轨道站 地铁站点",
                "机场": "民用机场 航空港",
                "客运站": "汽车站 长途汽车站 公路客运站 汽车客运站",
                "公交站": "公交站点 公交站台 公交停靠站 公交首末站",
            }),
        ),
        "LINES": Column(
            "text", required=False, zh="线路", en="lines, joined with ;", example="1;12;137",
            aliases=words("途经线路 所属线路 停靠线路 线路名称"),
        ),
    },
    tier="public",
    colour="#22313f",
    shape="circle",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "ADDR"),
)  # fmt: skip
