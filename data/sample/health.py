"""Health in the sample: hospitals, clinics of every township, the five kinds of rescue centre by county with gaps."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.frames import FrameSpec
from data.sample.logistics import rural_towns
from data.sample.scene import RUNNING, Scene, beside, layer_frame, made_up, near_homes, numbered, some

SPECIALTIES: Final = ("胸痛", "卒中", "创伤", "危重孕产妇", "危重新生儿")
_NO_CENTRE: Final = {
    ("620111", "卒中"),
    ("620105", "创伤"),
    ("620122", "危重新生儿"),
    ("620122", "创伤"),
    ("620104", "危重孕产妇"),
}
_BUILDING: Final = {("620123", "危重新生儿")}
_NOT_LINKED: Final = 7
_HOSPITALS: Final = {"三级": (14, 3, 0), "二级": (21, 9, 0), "一级": (16, 7, 4)}
_BEDS: Final = {"三级": 1_100, "二级": 320, "一级": 70}
_OTHERS: Final[dict[str, tuple[tuple[int, int, int], float]]] = {
    "社区卫生服务中心": ((58, 17, 0), 700.0), "急救站": ((13, 7, 4), 2_000.0), "康复机构": ((2, 1, 0), 2_000.0),
    "护理机构": ((1, 1, 0), 3_000.0), "医学检验实验室": ((4, 1, 0), 2_000.0), "医学影像中心": ((2, 0, 0), 2_000.0),
    "病理诊断中心": ((1, 0, 0), 2_000.0), "诊所": ((211, 58, 44), 350.0),
}  # fmt: skip
_PRIVATE: Final = {"康复机构", "护理机构", "医学检验实验室", "医学影像中心", "病理诊断中心", "诊所"}


def health(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return made-up health: a 卫生院 in every 镇 and 乡 of the list, most linked to a centre of their county."""
    rng = scene.stream("health")
    centres = _rescue(scene, rng)
    parts = [_hospitals(scene, rng), _clinics(scene, rng, centres), *_rest(scene, rng), centres]
    return layer_frame("health", parts, spec)


def _hospitals(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for level, counts in _HOSPITALS.items():
        xy = near_homes(scene, rng, counts, 900.0)
        beds = np.round(_BEDS[level] * rng.lognormal(0.0, 0.35, len(xy)) / 10) * 10
        public = level == "三级" or rng.random(len(xy)) < 0.7
        fields: dict[str, Any] = {
            "KIND": "医院", "LEVEL": level, "CLASS": some(rng, {"甲等": 0.5, "乙等": 0.3, "未定等": 0.2}, len(xy)),
            "BEDS": beds, "OWNER_KIND": np.where(public, "公立", "社会办"),
        }  # fmt: skip
        if level == "三级":
            fields["PROV_SPEC"] = np.r_[3, 3, 2, 2, 2, 1, 1, 1, np.zeros(len(xy) - 8, dtype=np.int64)]
            fields["NAT_SPEC"] = np.r_[1, 1, np.zeros(len(xy) - 2, dtype=np.int64)]
        parts.append(made_up(scene, xy, numbered([f"{level}医院"] * len(xy)), fields))
    return pd.concat(parts, ignore_index=True)


def _rescue(scene: Scene, rng: np.random.Generator) -> pd.DataFrame:
    """One centre a county and specialty but where there is none, beside the county's first seat."""
    counties, towns = scene.here.counties, scene.here.townships
    seats = towns.groupby("county", sort=True).head(1).set_index("county")
    pairs = [(code, one) for code in counties["code"] for one in SPECIALTIES if (code, one) not in _NO_CENTRE]
    name = counties.set_index("code")["name"]
    xy = beside(scene, rng, seats.loc[[code for code, _ in pairs], ["x", "y"]].to_numpy())
    fields = {
        "KIND": "救治中心", "SPECIALTY": [one for _, one in pairs], "OWNER_KIND": "公立",
        "STATUS": ["在建" if pair in _BUILDING else "运营" for pair in pairs],
        "FAC_ID": [f"LZ-HEX-C{code[4:]}{SPECIALTIES.index(one) + 1}" for code, one in pairs],
    }  # fmt: skip
    return made_up(scene, xy, [f"示例{name[code]}{one}救治中心" for code, one in pairs], fields)


def _clinics(scene: Scene, rng: np.random.Generator, centres: pd.DataFrame) -> pd.DataFrame:
    towns = rural_towns(scene)
    first = centres[centres["SPECIALTY"] == SPECIALTIES[0]]
    of_county = dict(zip(first["XZQDM12"].str[:6], first["FAC_ID"], strict=True))
    linked = towns["county"].map(of_county).to_numpy(dtype=object)
    linked[rng.permutation(len(towns))[:_NOT_LINKED]] = None
    fields = {
        "KIND": "乡镇卫生院", "LEVEL": "一级", "OWNER_KIND": "公立", "CENTRE_ID": linked,
        "BEDS": rng.integers(15, 90, len(towns)), "XZQDM12": (towns["code"] + "000").to_numpy(),
        "XZQMC": towns["name"].to_numpy(),
    }  # fmt: skip
    xy = beside(scene, rng, towns[["x", "y"]].to_numpy())
    return made_up(scene, xy, [f"示例{name}卫生院" for name in towns["name"]], fields)


def _rest(scene: Scene, rng: np.random.Generator) -> list[pd.DataFrame]:
    parts = []
    for kind, (counts, apart) in _OTHERS.items():
        xy = near_homes(scene, rng, counts, apart)
        fields = {
            "KIND": kind, "OWNER_KIND": "社会办" if kind in _PRIVATE else "公立",
            "STATUS": some(rng, RUNNING, len(xy)) if kind == "诊所" else "运营",
        }  # fmt: skip
        parts.append(made_up(scene, xy, numbered([kind] * len(xy)), fields))
    return parts
