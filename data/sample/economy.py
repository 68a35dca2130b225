"""Scenic spots, exhibitions, transport, firms, incubators and new residential areas of the sample."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import FrameSpec
from data.sample.plane import approximate, table, to_plane
from data.sample.scene import Scene, known, layer_frame, made_up, near_homes, numbered, some, spread, where

_NEW: Final = "GB/T 17775-2024"
_OLD: Final = "GB/T 17775-2003"
_UNCHECKED: Final = "公开资料，位置近似，等级待核"
_KNOWN_SCENIC: Final[dict[str, dict[str, Any]]] = {
    "金城关·黄河古渡景区": {"GRADE": "4A", "GRADE_DATE": pd.Timestamp("2023-12-20"), "STD_VER": _OLD},
    "白塔山公园": {"GRADE": "3A", "STD_VER": _OLD},
    "五泉山公园": {"GRADE": "4A", "SRC": _UNCHECKED},
    "兰州水车博览园": {"GRADE": "4A", "SRC": _UNCHECKED},
    "兴隆山景区": {"GRADE": "4A", "SRC": _UNCHECKED},
    "吐鲁沟国家森林公园": {"GRADE": "4A", "SRC": _UNCHECKED},
    "青城古镇": {"GRADE": "4A", "SRC": _UNCHECKED},
    "什川古梨园": {"GRADE": "4A", "STD_VER": _OLD},
    "石佛沟景区": {"GRADE": "4A", "SRC": _UNCHECKED},
    "水墨丹霞景区(树屏镇)": {"GRADE": "4A", "GRADE_DATE": pd.Timestamp("2023-12-20"), "STD_VER": _OLD},
    "河口古镇": {"GRADE": "4A", "STD_VER": _NEW},
    "李家庄田园综合体(榆中城关镇)": {},
    "兰州老街(马滩)": {},
}
_SCENIC: Final = (8, 6, 8)
_METRO_M: Final = 150.0
_RAIL: Final = (("兰州站", "兰州火车站"), ("兰州西站", "兰州西站北广场"))
_RAIL_M: Final = 500.0
_COACH: Final = (6, 5, 2)
_STOPS: Final = 1_240
_STOP_ROADS: Final = ("primary", "secondary", "tertiary")
_STOP_M: Final = 380.0
_ASIDE_M: Final = 6.0
_INCUBATORS: Final = {"众创空间": 84, "科技企业孵化器": 46, "加速器": 9, "创业苗圃": 17, "大学科技园": 5, "产业园": 20}
_LISTS: Final[dict[str, tuple[int, dict[int, float]]]] = {
    "规上服务业企业": (773, {2022: 0.55, 2023: 0.22, 2024: 0.11, 2025: 0.12}),
    "科技服务业规上企业": (167, {2022: 0.6, 2023: 0.2, 2024: 0.1, 2025: 0.1}),
    "专精特新企业": (46, {2022: 0.25, 2023: 0.2, 2024: 0.24, 2025: 0.31}),
    "上市后备企业": (73, {2023: 0.5, 2024: 0.25, 2025: 0.25}),
    "商务服务业企业": (158, {2023: 0.33, 2024: 0.33, 2025: 0.34}),
    "会展企业": (21, {2023: 0.6, 2024: 0.2, 2025: 0.2}),
    "文创企业": (34, {2023: 0.6, 2024: 0.2, 2025: 0.2}),
    "金融机构": (38, {2010: 0.5, 2018: 0.4, 2023: 0.1}),
    "家政品牌企业": (4, {2024: 0.5, 2025: 0.5}),
    "家政兴农品牌企业": (2, {2025: 1.0}),
}
_COMMUNITIES: Final = (41, 18, 2)
_NONE: Final = 0.07
"""Share of new residential areas without any sports area."""


def scenic(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return the known spots with the grades the sources give, and made-up ones of 2A to 4A."""
    rng = scene.stream("scenic")
    xy = near_homes(scene, rng, _SCENIC, 2_500.0)
    days = rng.integers(0, 3_500, len(xy))
    date = pd.Timestamp("2016-06-01") + pd.to_timedelta(days, unit="D")
    fields = {
        "GRADE": some(rng, {"2A": 0.25, "3A": 0.6, "4A": 0.15}, len(xy)), "GRADE_DATE": date,
        "STD_VER": np.where(date >= pd.Timestamp("2025-03-01"), _NEW, _OLD),
    }  # fmt: skip
    made = made_up(scene, xy, numbered(["景区"] * len(xy)), fields)
    return layer_frame("scenic", [known(scene, "scenic", _KNOWN_SCENIC), made], spec)


def expo(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return the known exhibition centre and three made-up venues."""
    rng = scene.stream("expo")
    xy = near_homes(scene, rng, (2, 1, 0), 3_000.0)
    kinds = ["展览馆", "会议中心", "博览园"]
    fields = {"KIND": kinds, "HALL_M2": [6_000.0, 2_400.0, 18_000.0], "YEAR_REC": [2012, 2016, 2021]}
    parts = [
        known(scene, "expo", {"甘肃国际会展中心": {"KIND": "会展中心"}}),
        made_up(scene, xy, numbered(kinds), fields),
    ]
    return layer_frame("expo", parts, spec)


def incubators(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up carriers of every kind."""
    rng = scene.stream("incubators")
    kinds = [kind for kind, count in _INCUBATORS.items() for _ in range(count)]
    xy = near_homes(scene, rng, (132, 47, 2), 250.0)
    fields = {
        "KIND": kinds, "LEVEL": some(rng, {"国家级": 0.15, "省级": 0.35, "市级": 0.5}, len(kinds)),
        "YEAR_REC": rng.integers(2014, 2026, len(kinds)),
    }  # fmt: skip
    return layer_frame("incubators", [made_up(scene, rng.permutation(xy), numbered(kinds), fields)], spec)


def firms(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up firms on the plan's lists, one row a firm and list."""
    rng = scene.stream("firms")
    parts = []
    for kind, (count, years) in _LISTS.items():
        split = (round(count * 0.7), round(count * 0.27))
        xy = near_homes(scene, rng, (*split, count - sum(split)), 120.0)
        parts.append(made_up(scene, xy, numbered([kind] * count), {"KIND": kind, "YEAR_REC": some(rng, years, count)}))
    return layer_frame("firms", parts, spec)


def transport(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return metro stations, the two railway stations and the airport, and made-up coach stations and stops."""
    rng = scene.stream("transport")
    xy = near_homes(scene, rng, _COACH, 2_500.0)
    coaches = made_up(scene, xy, numbered(["客运站"] * len(xy)), {"KIND": "客运站"})
    airport = known(scene, "anchor", {"兰州中川国际机场": {"KIND": "机场"}})
    return layer_frame("transport", [_stations(scene), airport, coaches, _bus_stops(scene, rng)], spec)


def _stations(scene: Scene) -> pd.DataFrame:
    metro = table("metro_stations")
    rail = metro.set_index("name").loc[[beside for _, beside in _RAIL]].reset_index()
    rows = pd.DataFrame({
        "NAME": [*(f"地铁{name.removesuffix('站')}站" for name in metro["name"]), *(name for name, _ in _RAIL)],
        "KIND": ["地铁站"] * len(metro) + ["火车站"] * len(rail),
        "LINES": [*(f"{line}".replace("/", ";") for line in metro["line"]), *[None] * len(rail)],
        "SRC": [*metro["source"], *[approximate(_RAIL_M)] * len(rail)],
        "ACC_M": [_METRO_M] * len(metro) + [_RAIL_M] * len(rail), "SYNTHETIC": False,
        "lon": [*metro["lon_wgs84"], *rail["lon_wgs84"]], "lat": [*metro["lat_wgs84"], *rail["lat_wgs84"]],
    })  # fmt: skip
    return rows.join(where(scene, to_plane(rows[["lon", "lat"]].to_numpy())))


def _bus_stops(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    roads = scene.net.rows
    open_road = roads["highway"].isin(_STOP_ROADS).to_numpy() & ~roads["bridge"].to_numpy(dtype=bool)
    lines = scene.net.lines[open_road]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    inside = np.flatnonzero(scene.here.township_of(middle) >= 0)
    at = inside[spread(rng, middle[inside], shapely.length(lines[inside]), _STOPS, _STOP_M)]
    xy = middle[np.sort(at)] + rng.choice([-_ASIDE_M, _ASIDE_M], (len(at), 2))
    served = [";".join(str(k) for k in sorted(rng.choice(160, int(rng.integers(1, 6)), replace=False) + 1)) for _ in at]
    return made_up(scene, xy, numbered(["公交站"] * len(at)), {"KIND": "公交站", "LINES": served})


def new_communities(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up new residential areas, some short of sports area indoors, outdoors or both."""
    rng = scene.stream("new_communities")
    xy = near_homes(scene, rng, _COMMUNITIES, 900.0)
    persons = np.round(rng.lognormal(7.9, 0.6, len(xy)).clip(300, 15_000), -1)
    built = rng.random(len(xy)) > _NONE
    fields = {
        "DONE_YEAR": some(rng, {2022: 0.15, 2023: 0.25, 2024: 0.3, 2025: 0.3}, len(xy)), "PERSONS": persons,
        "SPT_IN_M2": np.round(persons * rng.uniform(0.03, 0.16, len(xy)) * built),
        "SPT_OUT_M2": np.round(persons * rng.uniform(0.15, 0.5, len(xy)) * built),
    }  # fmt: skip
    return layer_frame("new_communities", [made_up(scene, xy, numbered(["新建小区"] * len(xy)), fields)], spec)
