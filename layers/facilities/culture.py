"""Culture: museums, libraries, theatres, reading rooms, cultural stations."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

CULTURE: Final = FacilityLayer(
    id="culture",
    title=Title(zh="文化设施", en="Culture"),
    basis=Basis("公共文化服务保障法（2016）", "第十四条 公共文化设施", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="设施类型", en="kind", example="图书馆",
            aliases=words("类型 类别 场馆类型 机构类型"),
            values=words(
                "博物馆 纪念馆 图书馆 文化馆 美术馆 科技馆 剧院 电影院 城市书房 综合文化站 文化活动中心 文创园区 "
                "非遗场所 其他"
            ),
            synonyms=also({
                "文化馆": "群众艺术馆 群艺馆", "剧院": "剧场 大剧院", "电影院": "影院 影城",
                "城市书房": "书屋 农家书屋 城市书屋",
                "综合文化站": "文化站 乡镇文化站 综合文化服务中心", "文化活动中心": "文化活动室 社区文化中心 文化中心",
                "文创园区": "文化产业园 文化创意产业园 文创园", "非遗场所": "非遗传习所 非遗工坊 非遗馆",
                "其他": "其它",
            }),
        ),
        "AREA_M2": Column(
            "float", "m²", required=False, zh="建筑面积", en="floor area", low=5.0, high=500_000.0, example="1800",
            aliases=words("面积 场馆面积 总建筑面积"),
        ),
        "YEAR_REC": Column(
            "int", required=False, zh="认定年度", en="year it was recognised", check="year", low=1950, high=2050,
            example="", aliases=words("认定年份 命名年度"),
        ),
    },
    tier="public",
    colour="#7a4b9d",
    shape="hexagon",
    identity=("NAME", "KIND", "XZQDM12"),
)  # fmt: skip
