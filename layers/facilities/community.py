"""Services of a community: stations, post, banks, pharmacies, public toilets."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

COMMUNITY: Final = FacilityLayer(
    id="community",
    title=Title(zh="社区服务", en="Community services"),
    basis=Basis("GB 50180-2018 城市居住区规划设计标准", "附录 B 居住区配套设施", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="设施类型", en="kind", example="社区服务站",
            aliases=words("类型 类别 服务类型 设施类别"),
            values=words(
                "社区服务站 街道办事处 派出所 司法所 邮政 银行 电信营业厅 快递驿站 药店 家政服务 理发 洗衣 维修 "
                "公共厕所 垃圾收集站 其他"
            ),
            synonyms=also({
                "社区服务站": "社区服务中心 党群服务中心 社区党群服务中心 便民服务站 居委会",
                "街道办事处": "街道办 乡镇政府 镇政府",
                "邮政": "邮局 邮政所 邮政支局 邮政网点", "银行": "银行网点 银行营业网点 信用社",
                "快递驿站": "快递点 驿站 快递柜 菜鸟驿站",
                "药店": "药房", "家政服务": "家政", "理发": "理发店 美发", "洗衣": "洗衣店 干洗店",
                "维修": "维修点 家电维修",
                "公共厕所": "公厕 卫生间", "垃圾收集站": "垃圾站 垃圾收集点", "电信营业厅": "营业厅 通信营业厅",
                "其他": "其它",
            }),
        ),
    },
    tier="public",
    colour="#7a5c00",
    shape="hexagon",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "ADDR"),
)  # fmt: skip
