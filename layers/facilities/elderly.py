"""Elderly care: institutions, regional and community centres, meal points."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

ELDERLY: Final = FacilityLayer(
    id="elderly",
    title=Title(zh="养老服务设施", en="Elderly care"),
    basis=Basis("GB/T 37276-2018 养老机构等级划分与评定", "一级至五级", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="设施类型", en="kind", example="社区养老服务中心",
            aliases=words("类型 类别 机构类型 机构类别 服务类型"),
            values=words("养老机构 区域养老服务中心 社区养老服务中心 老年助餐点"),
            synonyms=also({
                "养老机构": "养老院 敬老院 福利院 老年公寓 综合老年福利中心 社会福利院 护养院",
                "区域养老服务中心": "区域性养老服务中心 乡镇养老服务中心 街道养老服务中心 区域中心 "
                    "乡镇（街道）区域养老服务中心",
                "社区养老服务中心": "日间照料中心 社区日间照料中心 社区养老服务站 社区居家养老服务中心 "
                    "农村互助老人幸福院 幸福院",
                "老年助餐点": "助餐点 老年食堂 老年餐厅 社区食堂 幸福食堂 长者食堂 老年助餐服务点",
            }),
        ),
        "GRADE": Column(
            "int", required=False, zh="机构等级", en="grade, 1 to 5", low=1, high=5, example="3",
            aliases=words("等级 星级 评定等级"), values=words("1 2 3 4 5"),
            synonyms=also({
                "1": "一级 1级 一星 一星级", "2": "二级 2级 二星 二星级", "3": "三级 3级 三星 三星级",
                "4": "四级 4级 四星 四星级", "5": "五级 5级 五星 五星级",
            }),
        ),
        "BEDS": Column(
            "int", "张", required=False, zh="床位数", en="beds", low=0, high=5000, example="120",
            aliases=words("总床位 床位 总床位数 床位数（张） 核定床位 床位总数 设计床位"),
        ),
        "NURS_BEDS": Column(
            "int", "张", required=False, zh="护理型床位数", en="nursing beds", low=0, high=5000, example="66",
            aliases=words("护理型床位 护理床位 护理床位数 其中护理型床位 其中：护理型床位"),
        ),
        "DEMO_YEAR": Column(
            "int", required=False, zh="示范项目年度", en="year it became a demonstration project", check="year",
            low=2010, high=2050, example="", aliases=words("示范年度 示范项目年份"),
        ),
    },
    tier="public",
    colour="#8a4f00",
    shape="pentagon",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "XZQDM12"),
)  # fmt: skip
