"""Logistics of the sample: hubs, parks, centres, stations, village outlets, cold stores, firms, vegetable bases."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.frames import FrameSpec
from data.sample.plane import Ints, shares, to_plane
from data.sample.scene import RUNNING, Scene, beside, known, layer_frame, made_up, near_homes, numbered, some

_KNOWN: Final[dict[str, dict[str, Any]]] = {
    "甘肃(兰州)国际陆港/东川铁路物流中心": {
        "KIND": "物流枢纽",
        "LEVEL": "国家级",
        "HUB_TYPE": "陆港型",
        "AREA_KM2": 14.0,
    },
    "兰州国际高原夏菜副食品采购中心(和平定远)": {"KIND": "冷库", "LEVEL": "国家级", "CAP_M3": 300_000.0},
    "中川北站物流园": {"KIND": "物流园区", "LEVEL": "市级"},
    "兰州新区综合保税区": {"KIND": "物流园区", "LEVEL": "国家级"},
    "忠和水阜聚集区(水阜镇)": {"KIND": "物流园区", "LEVEL": "市级"},
}
_HUBS: Final = (("商贸服务型", (103.985, 35.985)), ("空港型", (103.632, 36.53)))
_PARKS: Final = 17
_PARK_YEARS: Final = {2016: 1, 2018: 1, 2020: 1, 2021: 2, 2022: 2, 2023: 3, 2024: 4, 2025: 3}
_CENTRES: Final = ("620103", "620104", "620111", "620121", "620122", "620123")
_NO_STATION: Final = 3
_DIRECT: Final = 0.605
"""Share of villages with an outlet of their own."""
_SERVED: Final = 0.72
"""Share of the other villages that an outlet of their township serves."""
_STORES: Final = 40
_STORES_T: Final = 1_142_600
_BRANDS: Final = {"邮政": 0.3, "邮政、中通": 0.2, "邮政、圆通、韵达": 0.2, "中通、圆通、申通": 0.15, "极兔、韵达": 0.15}
_FIRMS: Final = {"5A": 3, "4A": 9, "3A": 15, "2A": 6, "1A": 1}


def logistics(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return logistics facilities; villages are those of the list, outlets and whom they serve are made up."""
    rng = scene.stream("logistics")
    parts = [known(scene, "logistics", _KNOWN), _hubs(scene, rng), _parks(scene, rng), _centres(scene, rng)]
    return layer_frame("logistics", [*parts, _stations(scene, rng), _outlets(scene, rng), _stores(scene, rng)], spec)


def _hubs(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    xy = beside(scene, rng, to_plane([at for _, at in _HUBS]))
    kinds = [kind for kind, _ in _HUBS]
    names = [f"示例{kind}物流枢纽" for kind in kinds]
    fields = {"KIND": "物流枢纽", "LEVEL": "市级", "HUB_TYPE": kinds, "AREA_KM2": [3.6, 5.2]}
    return made_up(scene, xy, names, fields)


def _parks(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    xy = near_homes(scene, rng, (5, 7, 5), 3_000.0)
    years = [year for year, count in _PARK_YEARS.items() for _ in range(count)]
    fields = {
        "KIND": "物流园区", "LEVEL": some(rng, {"省级": 0.2, "市级": 0.8}, _PARKS), "DONE_YEAR": rng.permutation(years),
        "AREA_KM2": np.round(rng.lognormal(-1.0, 0.7, _PARKS).clip(0.1, 4.0), 2),
        "BUILD_KIND": some(rng, {"新建": 0.55, "提升改造": 0.45}, _PARKS),
    }  # fmt: skip
    return made_up(scene, xy, numbered(["物流园区"] * _PARKS), fields)


def _centres(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    seats = scene.here.townships
    first = seats[seats["county"].isin(_CENTRES)].groupby("county", sort=True).head(1)
    xy = beside(scene, rng, first[["x", "y"]].to_numpy())
    names = [
        f"示例{name}县级物流配送中心" for name in scene.here.counties.set_index("code").loc[first["county"], "name"]
    ]
    fields = {
        "KIND": "县级物流配送中心",
        "LEVEL": "县级",
        "DONE_YEAR": rng.integers(2021, 2025, len(xy)),
        "BUILD_KIND": "新建",
    }
    return made_up(scene, xy, names, fields)


def rural_towns(scene: Scene) -> pd.DataFrame:
    """Return the 镇 and 乡, in the order of their codes."""
    towns = scene.here.townships
    return pd.DataFrame(towns[towns["kind"].isin(["镇", "乡"])]).reset_index(drop=True)


def _stations(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    towns = rural_towns(scene)
    keep = np.sort(rng.permutation(len(towns))[_NO_STATION:])
    xy = beside(scene, rng, towns.loc[keep, ["x", "y"]].to_numpy())
    names = [f"示例{name}物流服务站" for name in towns.loc[keep, "name"]]
    state = np.full(len(keep), "运营", dtype=object)
    state[rng.integers(len(keep))] = "在建"
    fields = {
        "KIND": "乡级物流服务站", "LEVEL": "乡级", "STATUS": state, "BRANDS": some(rng, _BRANDS, len(keep)),
        "XZQDM12": (towns.loc[keep, "code"] + "000").to_numpy(), "XZQMC": towns.loc[keep, "name"].to_numpy(),
    }  # fmt: skip
    return made_up(scene, xy, names, fields)


def villages_of(scene: Scene) -> pd.DataFrame:
    """Return the 村委会, in the order of their codes."""
    villages = scene.here.villages
    return pd.DataFrame(villages[villages["kind"] == "村委会"]).reset_index(drop=True)


def _outlets(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    """Outlets in most villages; most of the others are served, by code, from the nearest outlet of their township."""
    villages = villages_of(scene)
    order = rng.permutation(len(villages))
    at = np.sort(order[: round(_DIRECT * len(villages))])
    serves: dict[int, list[str]] = {}
    for row in np.setdiff1d(order, at).tolist():
        near = _nearest_of_township(villages, row, at)
        if rng.random() < _SERVED and near is not None:
            serves.setdefault(near, []).append(villages["code"].iloc[row])
    own = villages.loc[at]
    codes = [";".join([code, *serves[k]]) if k in serves else None for k, code in zip(at, own["code"], strict=True)]
    fields = {
        "KIND": "村级物流服务网点", "LEVEL": "村级", "SERVED_XZQ": codes, "BRANDS": some(rng, _BRANDS, len(at)),
        "STATUS": some(rng, RUNNING, len(at)), "XZQDM12": own["code"].to_numpy(), "XZQMC": own["name"].to_numpy(),
    }  # fmt: skip
    xy = beside(scene, rng, own[["x", "y"]].to_numpy())
    return made_up(scene, xy, numbered(["村级物流网点"] * len(at)), fields)


def _nearest_of_township(villages: pd.DataFrame, row: int, at: Ints) -> int | None:
    """Return which of the rows ``at`` is nearest to ``row`` in its township, None where none is."""
    same = at[villages["township_code"].to_numpy()[at] == villages["township_code"].iloc[row]]
    if not len(same):
        return None
    xy = villages[["x", "y"]].to_numpy(dtype=np.float64)
    return int(same[np.argmin(np.linalg.norm(xy[same] - xy[row], axis=1))])


def _stores(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    xy = near_homes(scene, rng, (14, 12, 14), 1_500.0)
    tonnes = shares(_STORES_T // 100, rng.lognormal(0.0, 0.9, _STORES)) * 100
    fields = {
        "KIND": "冷库", "LEVEL": some(rng, {"市级": 0.4, "县级": 0.6}, _STORES), "CAP_T": tonnes.astype(np.float64),
        "CAP_M3": tonnes * 5.0, "TEMP": some(rng, {"冷藏": 0.4, "冷冻": 0.3, "气调": 0.1, "多温层": 0.2}, _STORES),
        "DONE_YEAR": rng.integers(2012, 2026, _STORES),
    }  # fmt: skip
    return made_up(scene, xy, numbered(["冷库"] * _STORES), fields)


def logistics_firms(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up firms with grades, the certificates of some expired."""
    rng = scene.stream("logistics_firms")
    grades = [grade for grade, count in _FIRMS.items() for _ in range(count)]
    xy = near_homes(scene, rng, (20, 11, 3), 900.0)
    days = rng.integers(-160, 1_000, len(grades))
    fields = {
        "TYPE": some(rng, {"运输型": 0.35, "仓储型": 0.25, "综合服务型": 0.4}, len(grades)), "GRADE": grades,
        "CERT_NO": [f"SAMPLE-{k:03d}" for k in range(1, len(grades) + 1)],
        "VALID_TO": pd.Timestamp("2025-12-31") + pd.to_timedelta(days, unit="D"),
    }  # fmt: skip
    return layer_frame("logistics_firms", [made_up(scene, xy, numbered(["物流企业"] * len(grades)), fields)], spec)


def vegetable_bases(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return five made-up bases: the plan counts five and names none."""
    rng = scene.stream("vegetable_bases")
    centres = to_plane([(104.16, 35.90), (103.33, 36.62), (103.97, 36.33), (103.02, 36.33), (104.05, 36.02)])
    names = [f"示例{county}蔬菜基地" for county in ("榆中", "永登", "皋兰", "红古", "和平定远")]
    area = np.round(rng.uniform(8_000, 60_000, 5), -2)
    fields = {"KIND": "高原夏菜基地", "AREA_MU": area, "YIELD_T": np.round(area * rng.uniform(2.4, 3.4, 5), -2)}
    return layer_frame(
        "vegetable_bases", [made_up(scene, beside(scene, rng, centres, reach_m=np.inf), names, fields)], spec
    )
