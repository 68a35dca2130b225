"""Education: kindergartens to universities."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

EDUCATION: Final = FacilityLayer(
    id="education",
    title=Title(zh="教育设施", en="Education"),
    basis=Basis("GB 50180-2018 城市居住区规划设计标准", "幼儿园 300 m、小学 500 m、初中 1000 m", "cited"),
    own={
        "KIND": Column(
            "text", required=False, zh="学校类型", en="kind", example="小学",
            aliases=words("类型 类别 办学类型 学段 学校类别"),
            values=words("幼儿园 小学 初中 九年一贯制学校 高中 完全中学 中等职业学校 高等院校 特殊教育学校"),
            synonyms=also({
                "幼儿园": "幼儿 学前教育", "小学": "完全小学 教学点", "初中": "初级中学 独立初中",
                "九年一贯制学校": "九年制学校 九年一贯制",
                "高中": "高级中学 普通高中", "完全中学": "完中", "中等职业学校": "中职 职业中专 技工学校 中专",
                "高等院校": "大学 高校 学院 高职", "特殊教育学校": "特教学校",
            }),
        ),
        "SEATS": Column(
            "int", "个", required=False, zh="学位数", en="places", low=1, high=60_000, example="1080",
            aliases=words("学位 学位数（个） 办学规模 在校学生数"),
        ),
        "OWNER_KIND": Column(
            "text", required=False, zh="办学性质", en="run by", example="公办",
            aliases=words("办学主体 举办者类型 性质"),
            values=words("公办 民办"), synonyms=also({"公办": "公立", "民办": "私立 社会力量办"}),
        ),
    },
    tier="public",
    colour="#1f4e9c",
    shape="circle",
    identity=("NAME", "KIND", "XZQDM12"),
)  # fmt: skip
