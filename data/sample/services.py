"""Everyday services of the sample: commerce, schools, culture, communities, care of the young and the old."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.frames import FrameSpec
from data.sample.plane import shares
from data.sample.scene import RUNNING, Scene, beside, known, layer_frame, made_up, near_homes, numbered, some


@dataclass(frozen=True, slots=True)
class Sort:
    """So many made-up facilities of a kind in the valley city, other towns and villages, at least ``apart_m`` apart."""

    kind: str
    counts: tuple[int, int, int]
    apart_m: float
    level: str | None = None


COMMERCE: Final = (
    Sort("商圈", (9, 4, 0), 1_500.0, "区县级"), Sort("步行街", (7, 4, 0), 1_200.0, "区县级"),
    Sort("购物中心", (24, 7, 0), 900.0, "市级"), Sort("百货商场", (11, 6, 0), 900.0, "区县级"),
    Sort("超市", (168, 62, 34), 350.0, "社区级"), Sort("批发市场", (9, 5, 0), 1_800.0, "市级"),
    Sort("农贸市场", (84, 31, 19), 600.0, "社区级"), Sort("社区商业", (146, 48, 162), 400.0, "社区级"),
    Sort("便利店", (742, 171, 203), 140.0, "社区级"),
)  # fmt: skip
_FLOOR: Final = {"商圈": 90_000.0, "购物中心": 60_000.0, "百货商场": 22_000.0, "超市": 1_500.0, "批发市场": 40_000.0,
                 "农贸市场": 3_000.0, "社区商业": 420.0, "便利店": 80.0}  # fmt: skip
_KNOWN_COMMERCE: Final[dict[str, dict[str, Any]]] = {
    "张掖路步行街": {"KIND": "步行街", "LEVEL": "市级"}, "东方红广场-国芳商圈": {"KIND": "商圈", "LEVEL": "市级"},
    "西站商圈(兰州中心)": {"KIND": "商圈", "LEVEL": "市级"}, "建兰路步行街": {"KIND": "步行街", "LEVEL": "区县级"},
    "安宁西路商圈": {"KIND": "商圈", "LEVEL": "区县级"}, "西固城(福利路)商圈": {"KIND": "商圈", "LEVEL": "区县级"},
}  # fmt: skip
EDUCATION: Final = (
    Sort("幼儿园", (372, 131, 148), 300.0), Sort("小学", (148, 54, 178), 500.0), Sort("初中", (57, 22, 24), 900.0),
    Sort("九年一贯制学校", (19, 8, 16), 1_000.0), Sort("高中", (24, 9, 0), 1_200.0),
    Sort("完全中学", (18, 6, 0), 1_200.0),
    Sort("中等职业学校", (12, 6, 0), 1_500.0), Sort("高等院校", (19, 8, 0), 1_500.0),
    Sort("特殊教育学校", (4, 3, 0), 2_000.0),
)  # fmt: skip
_SEATS: Final = {"幼儿园": 240, "小学": 900, "初中": 950, "九年一贯制学校": 1_300, "高中": 1_500, "完全中学": 1_800,
                 "中等职业学校": 2_000, "高等院校": 9_000, "特殊教育学校": 160}  # fmt: skip
_VILLAGE_SEATS: Final = 0.25
CULTURE: Final = (
    Sort("博物馆", (11, 4, 1), 1_200.0), Sort("纪念馆", (3, 1, 1), 1_200.0), Sort("图书馆", (7, 4, 0), 1_500.0),
    Sort("文化馆", (6, 4, 0), 1_500.0), Sort("美术馆", (4, 1, 0), 1_500.0), Sort("科技馆", (2, 1, 0), 2_000.0),
    Sort("剧院", (8, 2, 0), 1_200.0), Sort("电影院", (38, 11, 0), 700.0), Sort("城市书房", (31, 9, 0), 700.0),
    Sort("文化活动中心", (64, 21, 58), 500.0), Sort("文创园区", (7, 2, 0), 1_500.0), Sort("非遗场所", (9, 4, 8), 900.0),
)  # fmt: skip
COMMUNITY: Final = (
    Sort("派出所", (58, 22, 14), 700.0), Sort("司法所", (44, 18, 12), 900.0), Sort("邮政", (62, 24, 36), 700.0),
    Sort("银行", (241, 66, 27), 350.0), Sort("电信营业厅", (88, 31, 19), 600.0),
    Sort("快递驿站", (486, 121, 64), 200.0),
    Sort("药店", (296, 78, 61), 250.0), Sort("家政服务", (52, 14, 0), 600.0), Sort("理发", (208, 54, 33), 250.0),
    Sort("洗衣", (92, 19, 0), 400.0), Sort("维修", (104, 32, 18), 400.0), Sort("公共厕所", (318, 74, 66), 300.0),
    Sort("垃圾收集站", (162, 46, 88), 450.0),
)  # fmt: skip
_CARE_SEATS: Final = 18_236
_CARE: Final = (
    Sort("托育机构", (118, 31, 6), 500.0), Sort("幼儿园托班", (78, 22, 11), 600.0),
    Sort("社区托育点", (19, 5, 0), 700.0),
    Sort("用人单位托育点", (6, 2, 0), 1_500.0), Sort("家庭托育点", (14, 3, 0), 600.0),
)  # fmt: skip
_CARE_SIZE: Final = {
    "托育机构": 80.0,
    "幼儿园托班": 55.0,
    "社区托育点": 40.0,
    "用人单位托育点": 50.0,
    "家庭托育点": 5.0,
}


def _sorts(scene: Scene, rng: np.random.Generator, sorts: tuple[Sort, ...]) -> pd.DataFrame:
    """Return x, y, KIND and LEVEL of every sort."""
    parts = []
    for one in sorts:
        xy = near_homes(scene, rng, one.counts, one.apart_m)
        parts.append(pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "KIND": one.kind, "LEVEL": one.level}))
    return pd.concat(parts, ignore_index=True)


def _made(scene: Scene, rng: np.random.Generator, sorts: tuple[Sort, ...], fields: Mapping[str, Any]) -> pd.DataFrame:
    rows = _sorts(scene, rng, sorts)
    kinds = rows["KIND"].tolist()
    own = {"KIND": kinds, "STATUS": some(rng, RUNNING, len(rows)), **fields}
    return made_up(scene, rows[["x", "y"]].to_numpy(), numbered(kinds), own)


def _rural(made: pd.DataFrame) -> np.ndarray:
    """Return which rows lie in a 镇 or 乡."""
    return np.asarray(made["XZQDM12"].str[6].isin(["1", "2", "3"]))


def commerce(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return the known commerce districts and streets, and made-up ones of every kind."""
    rng = scene.stream("commerce")
    made = _made(scene, rng, COMMERCE, {})
    floor = made["KIND"].map(_FLOOR).to_numpy(dtype=np.float64) * rng.lognormal(0.0, 0.45, len(made))
    made["GFA_M2"] = np.round(floor, -1)
    made["LEN_M"] = np.where(made["KIND"] == "步行街", np.round(rng.uniform(180, 900, len(made)), -1), np.nan)
    level = made["KIND"].map({one.kind: one.level for one in COMMERCE})
    small = made["KIND"].isin(["超市", "农贸市场", "社区商业", "便利店"])
    level = level.where(~(small & _rural(made)), "乡镇级")
    made["LEVEL"] = level.where(~(made["KIND"].isin(["社区商业", "便利店"]) & (made["XZQDM12"].str[9] == "2")), "村级")
    return layer_frame("commerce", [known(scene, "commerce", _KNOWN_COMMERCE), made], spec)


def education(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up schools with their places; those of villages are small."""
    rng = scene.stream("education")
    made = _made(scene, rng, EDUCATION, {})
    size = made["KIND"].map(_SEATS).to_numpy(dtype=np.float64) * rng.lognormal(0.0, 0.35, len(made))
    size = np.where(_rural(made), size * _VILLAGE_SEATS, size)
    made["SEATS"] = np.maximum(np.round(size / 10) * 10, 20).astype(np.int64)
    made["OWNER_KIND"] = np.where((made["KIND"] == "幼儿园") & (rng.random(len(made)) < 0.45), "民办", "公办")
    return layer_frame("education", [made], spec)


def culture(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up culture, and a station in most townships."""
    rng = scene.stream("culture")
    made = _made(scene, rng, CULTURE, {})
    made["AREA_M2"] = np.round(rng.lognormal(7.2, 0.9, len(made)), -1)
    towns = scene.here.townships
    keep = np.sort(rng.permutation(len(towns))[5:])
    names = [f"示例{name}综合文化站" for name in towns["name"].to_numpy()[keep]]
    at = beside(scene, rng, towns[["x", "y"]].to_numpy()[keep])
    area = np.round(rng.uniform(200, 900, len(keep)), -1)
    stations = made_up(scene, at, names, {"KIND": "综合文化站", "AREA_M2": area})
    return layer_frame("culture", [made, stations], spec)


def community(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return a station in every community and an office in every 街道 of the list, and other made-up services."""
    rng = scene.stream("community")
    units = scene.here.villages[scene.here.villages["kind"] == "居委会"]
    own = {"KIND": "社区服务站", "XZQDM12": units["code"].to_numpy(), "XZQMC": units["name"].to_numpy()}
    names = [f"示例{name.removesuffix('居委会')}服务站" for name in units["name"]]
    stations = made_up(scene, beside(scene, rng, units[["x", "y"]].to_numpy()), names, own)
    streets = scene.here.townships[scene.here.townships["kind"] == "街道"]
    own = {"KIND": "街道办事处", "XZQDM12": (streets["code"] + "000").to_numpy(), "XZQMC": streets["name"].to_numpy()}
    names = [f"示例{name}办事处" for name in streets["name"]]
    offices = made_up(scene, beside(scene, rng, streets[["x", "y"]].to_numpy()), names, own)
    return layer_frame("community", [stations, offices, _made(scene, rng, COMMUNITY, {})], spec)


def childcare(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up childcare; the places in service sum to about what the plan wants for 2025."""
    rng = scene.stream("childcare")
    made = _made(scene, rng, _CARE, {})
    size = made["KIND"].map(_CARE_SIZE).to_numpy(dtype=np.float64) * rng.lognormal(0.0, 0.3, len(made))
    made["SEATS"] = np.maximum(shares(_CARE_SEATS, size), 3)
    return layer_frame("childcare", [made], spec)


_INSTITUTIONS: Final = Sort("养老机构", (52, 21, 19), 900.0)
_BEDS: Final = 14_318
_NURSING: Final = 0.56
_REGIONAL: Final = 62
_CENTRES: Final = Sort("社区养老服务中心", (214, 61, 98), 500.0)
_MEALS: Final = Sort("老年助餐点", (196, 44, 37), 500.0)
_DEMO: Final = {None: 0.8, 2023: 0.05, 2024: 0.15}
_KNOWN_ELDERLY: Final = {"红古区综合老年福利中心": {"KIND": "养老机构"}, "永登县综合老年福利中心": {"KIND": "养老机构"}}


def elderly(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return the two known welfare centres, and made-up care: institutions, centres in over half of the towns."""
    rng = scene.stream("elderly")
    homes = _made(scene, rng, (_INSTITUTIONS,), {})
    beds = shares(_BEDS, rng.lognormal(0.0, 0.6, len(homes)))
    homes["BEDS"] = beds
    homes["NURS_BEDS"] = np.minimum(beds, np.round(beds * rng.normal(_NURSING, 0.13, len(homes)).clip(0.1, 0.95)))
    homes["GRADE"] = some(rng, {None: 0.3, 1: 0.15, 2: 0.25, 3: 0.2, 4: 0.08, 5: 0.02}, len(homes))
    towns = scene.here.townships[scene.here.townships["kind"].isin(["街道", "镇", "乡"])].reset_index(drop=True)
    keep = np.sort(rng.permutation(len(towns))[:_REGIONAL])
    chosen = towns.loc[keep]
    state = np.full(_REGIONAL, "运营", dtype=object)
    state[rng.permutation(_REGIONAL)[:3]] = "在建"
    regional = made_up(
        scene, beside(scene, rng, chosen[["x", "y"]].to_numpy()), [f"示例{n}区域养老服务中心" for n in chosen["name"]],
        {"KIND": "区域养老服务中心", "STATUS": state, "BEDS": rng.integers(10, 60, _REGIONAL),
         "XZQDM12": (chosen["code"] + "000").to_numpy(), "XZQMC": chosen["name"].to_numpy(),
         "DEMO_YEAR": some(rng, _DEMO, _REGIONAL)},
    )  # fmt: skip
    small = _made(scene, rng, (_CENTRES, _MEALS), {})
    demo = pd.Series(some(rng, _DEMO, len(small)), dtype="object")
    small["DEMO_YEAR"] = demo.where(small["KIND"] == _CENTRES.kind, None)
    return layer_frame("elderly", [known(scene, "elderly", _KNOWN_ELDERLY), homes, regional, small], spec)
