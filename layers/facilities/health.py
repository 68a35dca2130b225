"""Health: hospitals, township clinics, rescue centres by specialty, rehabilitation, nursing, laboratories."""

from typing import Final

from data.frames import Column, also, words
from layers.answer import Title
from layers.base import Basis, FacilityLayer

HEALTH: Final = FacilityLayer(
    id="health",
    title=Title(zh="医疗卫生", en="Health"),
    basis=Basis("医疗机构基本标准（卫生部 "
        "1994）；五大救治中心", "医院分级分等；胸痛、卒中、创伤、危重孕产妇、危重新生儿", "assumed"),
    own={
        "KIND": Column(
            "text", required=False, zh="机构类型", en="kind", example="乡镇卫生院",
            aliases=words("类型 类别 机构类别 医疗机构类别 设施类型"),
            values=words(
                "医院 乡镇卫生院 社区卫生服务中心 急救站 救治中心 康复机构 护理机构 医学检验实验室 医学影像中心 "
                "病理诊断中心 诊所 村卫生室"
            ),
            synonyms=also({
                "医院": "综合医院 中医医院 专科医院 妇幼保健院 人民医院",
                "乡镇卫生院": "卫生院 中心卫生院 镇卫生院 乡卫生院",
                "社区卫生服务中心": "社区卫生服务站 社区卫生中心", "急救站": "急救中心 120急救站 急救分站",
                "救治中心": "急危重症救治中心 胸痛中心 卒中中心 创伤中心", "康复机构": "康复医院 康复医疗中心",
                "护理机构": "护理院 疗养院 护理中心 安宁疗护中心 安宁疗护院",
                "医学检验实验室": "医学检验中心 检验中心 医学检验所", "医学影像中心": "医学影像诊断中心 影像中心",
                "病理诊断中心": "病理中心", "诊所": "门诊部 门诊 中医诊所 口腔诊所",
                "村卫生室": "卫生室 卫生所 村卫生所",
            }),
        ),
        "LEVEL": Column(
            "text", required=False, zh="级别", en="level", example="一级", aliases=words("医院级别 机构级别"),
            values=words("三级 二级 一级 未定级"), synonyms=also({"三级": "3级", "二级": "2级", "一级": "1级"}),
        ),
        "CLASS": Column(
            "text", required=False, zh="等次", en="class", example="甲等", aliases=words("等别 医院等次 医院等级"),
            values=words("甲等 乙等 丙等 未定等"), synonyms=also({"甲等": "甲", "乙等": "乙", "丙等": "丙",
            "未定等": "未评等"}),
        ),
        "SPECIALTY": Column(
            "text", required=False, zh="救治专科", en="kind of rescue centre", example="",
            aliases=words("救治中心类型 救治中心类别 专科 中心类型"),
            values=words("胸痛 卒中 创伤 危重孕产妇 危重新生儿"),
            synonyms=also({
                "胸痛": "胸痛中心 胸痛救治中心", "卒中": "卒中中心 脑卒中 卒中救治中心",
                "创伤": "创伤中心 创伤救治中心",
                "危重孕产妇": "危重孕产妇救治中心 孕产妇", "危重新生儿": "危重新生儿救治中心 新生儿 危重儿童和新生儿",
            }),
        ),
        "CENTRE_ID": Column(
            "text", required=False, zh="所属救治中心编号", en="facility id of the rescue centre it is linked to",
            example="LZ-0100", aliases=words("救治中心编号 所属救治中心 上级救治中心"),
        ),
        "BEDS": Column(
            "int", "张", required=False, zh="床位数", en="beds", low=0, high=10_000, example="40",
            aliases=words("床位 总床位 编制床位 开放床位 核定床位 床位数（张）"),
        ),
        "OWNER_KIND": Column(
            "text", required=False, zh="举办主体", en="run by", example="公立",
            aliases=words("办医主体 举办性质 所有制"),
            values=words("公立 社会办"), synonyms=also({"公立": "公办 政府办", "社会办": "民营 社会资本 私立 民办"}),
        ),
        "PROV_SPEC": Column(
            "int", "个", required=False, zh="省级临床重点专科数", en="key specialties of the province", low=0, high=60,
            example="", aliases=words("省级临床重点专科 省级重点专科数"),
        ),
        "NAT_SPEC": Column(
            "int", "个", required=False, zh="国家临床重点专科数", en="key specialties of the state", low=0, high=40,
            example="", aliases=words("国家临床重点专科 国家重点专科数 国家临床重点专科建设项目"),
        ),
    },
    tier="public",
    colour="#a4262c",
    shape="square",
    obligatory=("NAME", "KIND"),
    identity=("NAME", "KIND", "SPECIALTY", "XZQDM12"),
)  # fmt: skip
