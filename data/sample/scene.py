"""What the sample's facilities are put into: where people live, which village that is, and how a row is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from data.frames import CRS_KEPT, FrameSpec, conform
from data.sample.areas import Land
from data.sample.plane import Bools, Floats, Ints, approximate, stream, table, to_lonlat, to_plane
from data.sample.river import River
from data.sample.ways import Net

MADE_UP: Final = "Quantu sample (synthetic)"
VALLEY: Final = ((103.555, 35.98), (103.96, 36.165))
"""The valley city: its south-western and north-eastern corner."""
_VILLAGE_M: Final = {True: 700.0, False: 2_000.0}
"""How far from its village's point a place still is of the village, in town and outside."""
_HOME_M: Final = 900.0
_SURE_M: Final = 1_000.0
_JITTER_M: Final = 12.0

MARKS: Final = {
    "logistics": "LG", "logistics_firms": "LF", "commerce": "CM", "scenic": "SC", "elderly": "EL", "health": "HE",
    "childcare": "CH", "culture": "CU", "expo": "EX", "incubators": "IN", "firms": "FI", "transport": "TR",
    "vegetable_bases": "VB", "education": "ED", "community": "CO", "new_communities": "NC",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The city as the facilities find it: metres of ``CRS_PLANE``; residents' points with weight and kind of place."""

    seed: int
    here: Land
    net: Net
    river: River
    xy: Floats
    weight: Floats
    urban: Bools
    valley: Bools
    township: Ints

    def stream(self, layer: str) -> np.random.Generator:
        """Return the layer's own random stream."""
        return stream(self.seed, f"facilities {layer}")


def scene_of(seed: int, here: Land, net: Net, river: River, people: gpd.GeoDataFrame) -> Scene:
    """Return the scene of the residents ``people``."""
    xy = to_plane(shapely.get_coordinates(people.geometry.to_numpy()))
    urban = people["method"].str.contains("urban").to_numpy(dtype=np.bool_)
    low, high = to_plane(VALLEY)
    valley = urban & np.all((xy > low) & (xy < high), axis=1)
    return Scene(
        seed, here, net, river, xy, people["weight"].to_numpy(dtype=np.float64), urban, valley, here.township_of(xy)
    )


def spread(rng: np.random.Generator, xy: Floats, worth: Floats, count: int, apart_m: float) -> Ints:
    """Return at most ``count`` row numbers drawn by ``worth``, no two in one cell of ``apart_m``."""
    order = np.argsort(-(np.log(worth) + rng.gumbel(size=len(worth))), kind="stable")
    taken: set[tuple[int, int]] = set()
    chosen: list[int] = []
    for k in order.tolist():
        cell = (int(xy[k, 0] // apart_m), int(xy[k, 1] // apart_m))
        if cell not in taken:
            taken.add(cell)
            chosen.append(k)
            if len(chosen) == count:
                break
    return np.array(chosen, dtype=np.int64)


def near_homes(scene: Scene, rng: np.random.Generator, counts: tuple[int, int, int], apart_m: float) -> Floats:
    """Return places beside homes: so many in the valley city, other towns and villages, spread by people."""
    groups = (scene.valley, scene.urban & ~scene.valley, ~scene.urban)
    picked = [
        rows[spread(rng, scene.xy[rows], scene.weight[rows], count, apart_m * grow)]
        for rows, count, grow in zip((np.flatnonzero(g) for g in groups), counts, (1.0, 1.0, 2.0), strict=True)
        if count
    ]
    at = scene.xy[np.sort(np.concatenate(picked))]
    moved = at + rng.normal(0.0, _JITTER_M, at.shape)
    wet = shapely.contains_xy(scene.river.water, moved[:, 0], moved[:, 1])
    moved[wet] = at[wet]
    return np.asarray(moved, dtype=np.float64)


def beside(scene: Scene, rng: np.random.Generator, points: Floats, *, reach_m: float = _HOME_M) -> Floats:
    """Return a place beside the nearest home of each point: where a village's or town's services are.

    Where the nearest home is farther off than ``reach_m`` or in another township, the place is the point.
    """
    away, nearest = (np.asarray(found) for found in cKDTree(scene.xy).query(points))
    own = scene.here.township_of(points)
    at = np.where(((away <= reach_m) & (scene.township[nearest] == own))[:, None], scene.xy[nearest], points)
    moved = at + rng.normal(0.0, _JITTER_M, at.shape)
    kept: Floats = np.where((scene.here.township_of(moved) == own)[:, None], moved, at)
    return kept


def where(scene: Scene, xy: Floats) -> pd.DataFrame:
    """Return XZQDM12 and XZQMC: of the village where the place is in one, else of the township, else empty."""
    towns, villages = scene.here.townships, scene.here.villages
    row = scene.here.township_of(xy)
    away, near = cKDTree(villages[["x", "y"]].to_numpy()).query(xy)
    own = np.where(row >= 0, towns["code"].to_numpy()[row], None)
    in_town = np.array([code is not None and code[6] == "0" for code in own], dtype=np.bool_)
    reach = np.where(in_town, _VILLAGE_M[True], _VILLAGE_M[False])
    inside = (villages["township_code"].to_numpy()[near] == own) & (away <= reach)
    code = np.where(row >= 0, towns["code"].to_numpy()[row] + "000", None)
    name = np.where(row >= 0, towns["name"].to_numpy()[row], None)
    return pd.DataFrame({
        "XZQDM12": np.where(inside, villages["code"].to_numpy()[near], code),
        "XZQMC": np.where(inside, villages["name"].to_numpy()[near], name),
    })  # fmt: skip


def numbered(kinds: Sequence[str]) -> list[str]:
    """Return 示例, the kind and a number of its own for each.

    >>> numbered(["超市", "便利店", "超市"])
    ['示例超市0001', '示例便利店0001', '示例超市0002']
    """
    count: dict[str, int] = {}
    names = []
    for kind in kinds:
        count[kind] = count.get(kind, 0) + 1
        names.append(f"示例{kind}{count[kind]:04d}")
    return names


def made_up(scene: Scene, xy: Floats, names: Sequence[str], fields: Mapping[str, Any]) -> pd.DataFrame:
    """Return rows of made-up facilities at (N, 2) metres; their names begin with 示例."""
    lonlat = to_lonlat(xy)
    rows = pd.DataFrame(
        {"NAME": list(names), "SRC": MADE_UP, "SYNTHETIC": True, "lon": lonlat[:, 0], "lat": lonlat[:, 1]}
    )
    return rows.join(where(scene, xy)).assign(**fields)


def known(scene: Scene, category: str, fields: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the places of ``places.csv`` of a category, with ``fields`` by name; positions are approximate.

    Farther off than 1 km may be another township: such a place has its county's code.
    """
    places = table("places")
    places = places[(places["category"] == category) & places["name"].isin(list(fields))].reset_index(drop=True)
    lonlat = places[["lon_wgs84", "lat_wgs84"]].to_numpy()
    of = where(scene, to_plane(lonlat))
    counties = scene.here.counties.set_index("name")["code"]
    county = places["county"].map(counties).to_numpy()
    sure = (places["error_m"].to_numpy() <= _SURE_M) & (of["XZQDM12"].str[:6].to_numpy() == county)
    town = of["XZQDM12"].str[:9] + "000"
    names = scene.here.townships.set_index("code")["name"]
    rows = pd.DataFrame({
        "NAME": places["name"], "ACC_M": places["error_m"].astype("float64"), "SRC": places["error_m"].map(approximate),
        "SYNTHETIC": False, "lon": lonlat[:, 0], "lat": lonlat[:, 1],
        "XZQDM12": np.where(sure, town, county + "000000"),
        "XZQMC": np.where(sure, town.str[:9].map(names), places["county"]),
    })  # fmt: skip
    own = pd.DataFrame([dict(fields[name]) for name in places["name"]])
    return own.combine_first(rows)


def layer_frame(layer: str, parts: Sequence[pd.DataFrame], spec: FrameSpec) -> gpd.GeoDataFrame:
    """Return the layer's frame of ``parts``, numbered: LZ-XX-0001 known, LZ-XXX-0001 made up."""
    frame = pd.concat([part.astype("object") for part in parts], ignore_index=True)
    synthetic = frame["SYNTHETIC"].astype(bool)
    number = synthetic.groupby(synthetic).cumcount() + 1
    mark = MARKS[layer]
    ids = [f"LZ-{mark}{'X' if made else ''}-{k:04d}" for made, k in zip(synthetic, number, strict=True)]
    defaults: dict[str, Any] = {"CAT": layer, "CRS_SRC": "EPSG:4326", "STATUS": "运营", "PUB_LVL": "public"}
    for name, value in defaults.items():
        frame[name] = frame[name].where(frame[name].notna(), value) if name in frame else value
    frame["FAC_ID"] = frame["FAC_ID"].where(frame["FAC_ID"].notna(), pd.Series(ids)) if "FAC_ID" in frame else ids
    shapes = shapely.points(frame[["lon", "lat"]].to_numpy(dtype=np.float64))
    return conform(gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS_KEPT), spec)


def some(rng: np.random.Generator, values: Mapping[Any, float], count: int) -> list[Any]:
    """Return ``count`` of the values, drawn by their shares."""
    odds = np.array(list(values.values()))
    keys = list(values)
    return [keys[k] for k in rng.choice(len(keys), size=count, p=odds / odds.sum())]


RUNNING: Final = {"运营": 0.965, "在建": 0.02, "停用": 0.015}
"""Shares of states among facilities of which nothing else is said."""
