"""Sports venues: public places to exercise."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

SPORTS: Final = FacilityLayer(
    id="sports",
    title=Title(zh="体育场地", en="Sports venues"),
    basis=Basis("全国体育场地统计调查制度（国家体育总局）", "场地类型", "cited"),
    own={
        "KIND": Column(
            "text", required=False, zh="场地类型", en="kind of venue", example="健身路径",
            aliases=words("类型 类别 场馆类型 设施类型 场地类别 项目类型"),
            values=words(
                "体育场 体育馆 全民健身中心 体育公园 田径场 足球场 篮球场 排球场 网球场 羽毛球场 乒乓球场 门球场 "
                "轮滑场 "
                "多功能运动场 游泳馆 游泳池 滑冰场 健身路径 健身步道 健身广场 社区健身点 国球项目 农民体育健身工程 其他"
            ),
            synonyms=also({
                "全民健身中心": "健身中心 全民健身活动中心", "多功能运动场": "多功能场地 多功能球场 灯光球场 运动场",
                "足球场": "笼式足球场 五人制足球场", "游泳馆": "室内游泳馆 游泳馆（室内）", "游泳池": "室外游泳池",
                "健身路径": "全民健身路径 健身器材 健身苑", "健身步道": "登山步道 健身绿道",
                "健身广场": "文体广场 文化体育广场",
                "社区健身点": "健身点 社区健身房", "国球项目": "国球进社区 国球进公园 国球 乒乓球台",
                "农民体育健身工程": "农体工程 村级健身广场", "其他": "其它",
            }),
        ),
        "AREA_M2": Column(
            "float", "m²", required=False, zh="场地面积", en="area", low=4.0, high=2_000_000.0, example="350",
            aliases=words("面积 占地面积 用地面积 建筑面积"),
        ),
        "IN_OUT": Column(
            "text", required=False, zh="室内/室外", en="indoor or outdoor", example="室外",
            aliases=words("室内外 室内或室外"), values=words("室内 室外 室内外"),
            synonyms=also({"室内外": "室内和室外 综合"}),
        ),
        "OPEN_KIND": Column(
            "text", required=False, zh="开放方式", en="how it is open", example="全天开放",
            aliases=words("开放情况 开放类型 对外开放情况 开放时间"),
            values=words("全天开放 分时开放 免费 收费 不开放"),
            synonyms=also({
                "全天开放": "全天 全天候开放 全天候", "分时开放": "部分时段开放 部分时段 分时段开放 定时开放",
                "免费": "免费开放", "收费": "收费开放 低收费", "不开放": "不对外开放",
            }),
        ),
        "OWNER_KIND": Column(
            "text", required=False, zh="权属", en="owner", example="街道办事处",
            aliases=words("产权单位类型 权属单位 产权 管理单位类型"),
            values=words("体育部门 教育部门 学校 街道办事处 乡镇政府 社区 村委会 企业 个人 其他"),
            synonyms=also({"体育部门": "体育系统 体育局", "教育部门": "教育系统 教育局", "其他": "其它"}),
        ),
        "DONE_YEAR": Column(
            "int", required=False, zh="建成年度", en="year of completion", check="year", low=1950, high=2050,
            example="2024", aliases=words("建成年份 建设年度 建设年份 竣工年份"),
        ),
    },
    tier="public",
    colour="#5b3a8c",
    shape="diamond",
    identity=("NAME", "KIND", "XZQDM12"),
)  # fmt: skip
