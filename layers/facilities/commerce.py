"""Commerce: districts and pedestrian streets, malls and markets, shops of a community or village."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

COMMERCE: Final = FacilityLayer(
    id="commerce",
    title=Title(zh="商贸设施", en="Commerce"),
    basis=Basis("GB/T 18106-2021 零售业态分类", "业态名称；商圈无官方分级", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="业态", en="kind", example="农贸市场",
            aliases=words("类型 类别 商业类型 业态类型 设施类型 市场类型"),
            values=words("商圈 步行街 购物中心 百货商场 超市 批发市场 农贸市场 社区商业 便利店"),
            synonyms=also({
                "商圈": "城市商圈 商业中心", "步行街": "特色街区 商业步行街 商业街",
                "购物中心": "商业综合体 城市综合体 综合体 购物广场", "百货商场": "百货 百货店 商场",
                "超市": "大型超市 综合超市 生鲜超市 大卖场", "批发市场": "专业市场 农产品批发市场",
                "农贸市场": "菜市场 集贸市场 标准化菜市场 便民市场 菜店",
                "社区商业": "社区商业中心 便民生活圈 社区商店 村级商店 小卖部", "便利店": "连锁便利店 便民店",
            }),
        ),
        "LEVEL": Column(
            "text", required=False, zh="级别", en="level", example="社区级", aliases=words("层级 商圈级别"),
            values=words("市级 区县级 乡镇级 村级 社区级"),
            synonyms=also({"区县级": "县级 区级 县区级", "乡镇级": "乡级 镇级 乡镇", "村级": "村", "社区级": "社区"}),
        ),
        "GFA_M2": Column(
            "float", "m²", required=False, zh="建筑面积", en="gross floor area", low=5.0, high=2_000_000.0,
            example="3200", aliases=words("营业面积 经营面积 商业面积 面积 总建筑面积"),
        ),
        "LEN_M": Column(
            "float", "m", required=False, zh="街区长度", en="length of the street", low=20.0, high=10_000.0,
            example="", aliases=words("长度 步行街长度 街道长度"),
        ),
    },
    tier="public",
    colour="#b3467e",
    shape="circle",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "XZQDM12"),
)  # fmt: skip
