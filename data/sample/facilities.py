"""Sports facilities: the known places of ``places.csv``, and made-up ones where people live."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import CRS_KEPT, FrameSpec, conform
from data.sample.areas import Land
from data.sample.plane import Floats, Ints, approximate, stream, table, to_lonlat, to_plane
from data.sample.scene import Scene, spread

KINDS: Final[tuple[tuple[str, float, float, str, str, str], ...]] = (
    ("社区健身点", 0.40, 220.0, "室外", "全天开放", "社区"),
    ("健身路径", 0.22, 350.0, "室外", "全天开放", "街道办事处"),
    ("多功能运动场", 0.19, 1_200.0, "室外", "分时开放", "学校"), ("足球场", 0.07, 5_500.0, "室外", "分时开放", "学校"),
    ("全民健身中心", 0.06, 2_400.0, "室内", "分时开放", "体育部门"),
    ("体育馆", 0.03, 4_000.0, "室内", "分时开放", "学校"),
    ("游泳馆", 0.02, 1_800.0, "室内", "分时开放", "企业"), ("体育场", 0.01, 12_000.0, "室外", "分时开放", "体育部门"),
)  # fmt: skip
"""Kind, share, typical area (m²), in or out, how open, whose."""

KNOWN_KIND: Final = {
    "兰州奥体中心": ("体育场", "室内外"), "七里河体育场": ("体育场", "室外"),
    "兰州体育馆(东方红广场)": ("体育馆", "室内"),
    "红山体育场": ("体育场", "室外"),
}  # fmt: skip
IN_VALLEY: Final = 265
IN_TOWNS: Final = 165
IN_VILLAGES: Final = 190
"""How many are made up in the valley city, in other towns, and in villages: fewer than there are neighbourhoods."""


def sports(scene: Scene, spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return the ``facilities.sports`` frame: known places (``SYNTHETIC`` false) and made-up ones."""
    rng, here, river = stream(scene.seed, "sports"), scene.here, scene.river
    xy, weight, urban, valley = scene.xy, scene.weight, scene.urban, scene.valley
    chosen: list[Ints] = []
    for group, count, apart in (
        (valley, IN_VALLEY, 420.0),
        (urban & ~valley, IN_TOWNS, 500.0),
        (~urban, IN_VILLAGES, 900.0),
    ):
        rows = np.flatnonzero(group)
        chosen.append(rows[spread(rng, xy[rows], weight[rows] * _luck(rng, xy[rows]), count, apart)])
    at = np.sort(np.concatenate(chosen))
    made = xy[at] + rng.normal(0.0, 12.0, (len(at), 2))
    wet = shapely.contains_xy(river.water, made[:, 0], made[:, 1])
    made[wet] = xy[at][wet]
    frame = pd.concat([_known(here), _made_up(rng, here, made, ~urban[at])], ignore_index=True)
    lonlat = frame[["lon", "lat"]].to_numpy(dtype=np.float64)
    return conform(gpd.GeoDataFrame(frame, geometry=shapely.points(lonlat), crs=CRS_KEPT), spec)


def _luck(rng: np.random.Generator, xy: Floats) -> Floats:
    """Return (N,) how well a neighbourhood of 1.4 km is provided for; some are forgotten, as in any city."""
    cell = np.floor(xy / 1_400.0).astype(np.int64) % 97
    return np.asarray(rng.lognormal(0.0, 0.9, (97, 97))[cell[:, 0], cell[:, 1]], dtype=np.float64)


def _where(here: Land, xy: Floats) -> pd.DataFrame:
    rows = here.townships.iloc[here.township_of(xy)]
    return pd.DataFrame({"XZQDM12": rows["code"].to_numpy() + "000", "XZQMC": rows["name"].to_numpy()})


def _known(here: Land) -> pd.DataFrame:
    places = table("places")
    places = places[places["category"] == "sports"].reset_index(drop=True)
    lonlat = places[["lon_wgs84", "lat_wgs84"]].to_numpy()
    kinds = [KNOWN_KIND[name] for name in places["name"]]
    return pd.DataFrame({
        "FAC_ID": [f"LZ-S-{k:04d}" for k in range(1, len(places) + 1)], "NAME": places["name"], "CAT": "sports",
        "CRS_SRC": "EPSG:4326", "ACC_M": places["error_m"].astype("float64"),
        "SRC": places["error_m"].map(approximate), "STATUS": "运营", "PUB_LVL": "public",
        "SYNTHETIC": False, "KIND": [kind for kind, _ in kinds], "IN_OUT": [where for _, where in kinds],
        "OPEN_KIND": None, "OWNER_KIND": None, "AREA_M2": None, "lon": lonlat[:, 0], "lat": lonlat[:, 1],
    }).join(_where(here, to_plane(lonlat)))  # fmt: skip


def _made_up(rng: np.random.Generator, here: Land, xy: Floats, rural: np.ndarray) -> pd.DataFrame:
    odds = np.array([share for _, share, *_ in KINDS])
    kind = rng.choice(len(KINDS), size=len(xy), p=odds / odds.sum())
    kind = np.where(rural & (kind > 3), kind % 3, kind)
    picked = [KINDS[k] for k in kind]
    area = np.array([row[2] for row in picked]) * rng.lognormal(0.0, 0.3, len(xy))
    lonlat = to_lonlat(xy)
    return pd.DataFrame({
        "FAC_ID": [f"LZ-SX-{k:04d}" for k in range(1, len(xy) + 1)],
        "NAME": [f"示例健身点 {k:04d}" for k in range(1, len(xy) + 1)], "CAT": "sports", "CRS_SRC": "EPSG:4326",
        "ACC_M": None, "SRC": "Quantu sample (synthetic)", "STATUS": "运营", "PUB_LVL": "public", "SYNTHETIC": True,
        "KIND": [row[0] for row in picked], "IN_OUT": [row[3] for row in picked],
        "OPEN_KIND": [row[4] for row in picked],
        "OWNER_KIND": [("村委会" if r and row[5] != "学校" else row[5]) for row, r in zip(picked, rural, strict=True)],
        "AREA_M2": np.round(area, -1), "lon": lonlat[:, 0], "lat": lonlat[:, 1],
    }).join(_where(here, xy))  # fmt: skip
