"""What is said of the sample's layers wherever they are shown: what is real in them and what is made up."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd

NOTICE: Final = {
    "notice_kind": "synthetic",
    "notice_zh": "示例数据（合成）：街道、居民点位置、多数设施和乡镇界线为合成；"
    "区县界、普查人口与八座桥为真实；标注地点为真实、位置近似。",
    "notice_en": "Sample data (synthetic): streets, positions of residents, most facilities and township borders "
    "are made up; counties, census counts and eight bridges are real; named places are real, their positions "
    "approximate.",
}
CONVERSION: Final = {
    "conversion_zh": "2020年普查九单元按乡镇对应表换算到今日区县",
    "conversion_en": "nine census units of 2020 reported for today's counties by a table of townships",
}
_METRO: Final = "metromancn/MetroMapOpenMiniProgram (MIT)"
_PUBLIC: Final = "公开资料（位置近似）；其余为合成 · public sources (positions approximate), others made up"
_MADE_UP: Final = "Quantu sample (synthetic)"

_TITLES: Final = {
    "childcare": ("托育服务", "Childcare"), "commerce": ("商贸设施", "Commerce"),
    "community": ("社区服务", "Community services"),
    "culture": ("文化设施", "Culture"), "education": ("教育设施", "Education"),
    "elderly": ("养老服务设施", "Elderly care"),
    "expo": ("会展场馆", "Exhibition venues"), "firms": ("名录企业", "Listed firms"), "health": ("医疗卫生", "Health"),
    "incubators": ("孵化载体", "Incubators"), "logistics": ("物流设施", "Logistics facilities"),
    "logistics_firms": ("物流企业", "Logistics enterprises"), "new_communities": ("新建社区", "New residential areas"),
    "scenic": ("A级景区", "Graded scenic spots"), "sports": ("体育场地", "Sports venues"),
    "transport": ("交通枢纽", "Transport hubs"), "vegetable_bases": ("蔬菜基地", "Vegetable bases"),
}  # fmt: skip
_DETAILS: Final = {
    "sports": ("名为“示例健身点”的场地均为合成", "venues named 示例健身点 are made up"),
    "transport": (
        "地铁站、两座火车站和机场为真实、位置近似；名为“示例…”的客运站、公交站为合成",
        "metro stations, two railway stations and the airport are real, their positions approximate; coach stations "
        "and bus stops named 示例… are made up",
    ),
    "logistics": (
        "名为“示例…”的设施、村级网点及其服务村均为合成；标注的枢纽和园区为真实、位置近似",
        "facilities named 示例…, village outlets and the villages they serve are made up; the named hub and parks are "
        "real, their positions approximate",
    ),
}  # fmt: skip
_ALL_MADE_UP: Final = ("全部为合成，名称均以“示例”开头", "all of it is made up; every name begins with 示例")
_NAMED: Final = (
    "名为“示例…”的均为合成；其余为真实、位置近似",
    "those named 示例… are made up; others are real, positions approximate",
)


def facility_metas(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[str, dict[str, Any]]:
    """Return the metadata of the facility layers among ``frames``."""
    found = {name: name.removeprefix("facilities.") for name in frames if name.startswith("facilities.")}
    return {name: _facility_meta(layer, frames[name]) for name, layer in found.items()}


def _facility_meta(layer: str, frame: gpd.GeoDataFrame) -> dict[str, Any]:
    made = int(frame["SYNTHETIC"].sum())
    zh, en = _DETAILS.get(layer, _ALL_MADE_UP if made == len(frame) else _NAMED)
    return {
        "title_zh": _TITLES[layer][0], "title_en": _TITLES[layer][1], **NOTICE, "detail_zh": zh, "detail_en": en,
        "source": _MADE_UP if made == len(frame) else _PUBLIC, "attribution": [_METRO] if layer == "transport" else [],
        "diagnostics": {"known": len(frame) - made, "synthetic": made},
    }  # fmt: skip
