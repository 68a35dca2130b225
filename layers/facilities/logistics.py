"""Logistics facilities, from hubs and parks down to village outlets, and cold stores."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

LOGISTICS: Final = FacilityLayer(
    id="logistics",
    title=Title(zh="物流设施", en="Logistics facilities"),
    basis=Basis("GB/T 21334-2017 物流园区分类与规划基本要求", "园区面积不小于 0.1 km²", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="设施类型", en="kind", example="村级物流服务网点",
            aliases=words("类型 类别 设施类别 物流设施类型 站点类型 网点类型"),
            values=words("物流枢纽 物流园区 县级物流配送中心 乡级物流服务站 村级物流服务网点 冷库"),
            synonyms=also({
                "物流枢纽": "枢纽 国家物流枢纽",
                "物流园区": "园区 物流园 物流中心 物流基地",
                "县级物流配送中心": "县级配送中心 县域物流配送中心 县级物流中心 县级中心 县级公共配送中心",
                "乡级物流服务站": "乡镇物流服务站 乡镇级物流服务站 乡镇站 乡级站 乡镇快递服务站 乡镇寄递物流服务站",
                "村级物流服务网点": "村级网点 村级物流网点 村级寄递物流综合服务站 村级物流服务点 村级服务点 村级站 "
                    "快递进村网点",
                "冷库": "冷链 冷藏库 冷冻库 冷链仓储 冷链物流中心 气调库",
            }),
        ),
        "LEVEL": Column(
            "text", required=False, zh="级别", en="level", example="村级", aliases=words("层级 等级 设施级别"),
            values=words("国家级 省级 市级 县级 乡级 村级"),
            synonyms=also({"国家级": "国家", "县级": "区县级 县区级", "乡级": "乡镇级 乡镇", "村级": "村"}),
        ),
        "AREA_KM2": Column(
            "float", "km²", required=False, zh="占地面积", en="land area", low=0.0001, high=50.0, example="0.35",
            aliases=words("面积 园区面积 规划面积 用地面积"),
        ),
        "BUILD_KIND": Column(
            "text", required=False, zh="建设性质", en="built anew or upgraded", example="新建",
            aliases=words("建设类型 建设类别"), values=words("新建 提升改造"),
            synonyms=also({"提升改造": "改造 改建 扩建 改扩建 提升 升级改造 改造提升"}),
        ),
        "DONE_YEAR": Column(
            "int", required=False, zh="竣工年度", en="year of completion", check="year", low=1950, high=2050,
            example="2025", aliases=words("竣工年份 建成年份 建成年度 完工年度"),
        ),
        "HUB_TYPE": Column(
            "text", required=False, zh="枢纽类型", en="type of hub", example="",
            aliases=words("物流枢纽类型"), values=words("陆港型 商贸服务型 空港型"),
            synonyms=also({"陆港型": "陆港", "商贸服务型": "商贸 商贸型", "空港型": "空港"}),
        ),
        "SERVED_XZQ": Column(
            "text", required=False, zh="服务行政村代码", en="villages served: 12-digit codes joined with ;",
            check="area_code", example="620123100201;620123100202",
            aliases=words("服务村代码 服务行政村 服务村 覆盖村 覆盖行政村 服务范围"),
        ),
        "BRANDS": Column(
            "text", required=False, zh="合作快递品牌", en="parcel brands", example="邮政、中通、圆通",
            aliases=words("快递品牌 入驻品牌 合作品牌 入驻快递企业"),
        ),
        "CAP_T": Column(
            "float", "t", required=False, zh="静态库容", en="static capacity by weight", low=1.0, high=1_000_000.0,
            example="5000", aliases=words("库容 冷库库容 冷链静态库容 储存能力 库容量 总库容"),
        ),
        "CAP_M3": Column(
            "float", "m³", required=False, zh="冷库容积", en="capacity by volume", low=1.0, high=5_000_000.0,
            example="20000", aliases=words("容积 库容积 公称容积 库容（立方米）"),
        ),
        "TEMP": Column(
            "text", required=False, zh="温层", en="temperature class", example="冷冻",
            aliases=words("温度 库温 温区 冷库类型"), values=words("冷藏 冷冻 气调 多温层"),
            synonyms=also({"冷藏": "高温库 保鲜", "冷冻": "低温库 速冻", "气调": "气调保鲜",
            "多温层": "冷藏冷冻 多温区"}),
        ),
    },
    tier="public",
    colour="#0072b2",
    shape="square",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "XZQDM12"),
)  # fmt: skip
