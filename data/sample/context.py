"""What stands around the streets on the map: water, green, land use, stations, names."""

from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from contourpy import FillType, contour_generator
from scipy import ndimage
from shapely import Point, Polygon

from data.frames import CONTEXT, CRS_KEPT, conform
from data.sample.areas import KNOWN_SOURCE, Land
from data.sample.plane import approximate, lonlat_geometry, table, to_lonlat, to_plane
from data.sample.river import River
from data.sample.sketch import AIRPORT, NEW_AREA, WORKS
from data.sample.terrain import Terrain, terraces, valley_floor

DRAWN: Final = "Quantu sample (synthetic), drawn from general knowledge"
RIVER_SOURCE: Final = (
    "centre line © OpenStreetMap contributors (ODbL) from 103.534 to 104.006 E, drawn elsewhere; width made up"
)
PEAKS: Final = (("皋兰山", (103.8480, 36.0195)), ("白塔山", (103.8140, 36.0715)))


def context_frame(here: Land, river: River, ground: Terrain) -> gpd.GeoDataFrame:
    """Return the ``context`` frame: made-up shapes marked so, stations and places at their known positions."""
    rows = [*_waters(river), *_lands(river, ground), *_stations(), *_names(here)]
    frame = pd.DataFrame(rows)
    frame["ctx_id"] = [f"C{k:05d}" for k in range(1, len(frame) + 1)]
    frame["public"] = True
    return conform(gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS_KEPT), CONTEXT)


def _row(kind: str, shape: Any, source: str, *, name: str | None = None, tag: str | None = None,
         synthetic: bool = True, plane: bool = True) -> dict[str, Any]:  # fmt: skip
    return {
        "kind": kind, "name": name, "tag": tag, "source": source, "synthetic": synthetic,
        "geometry": lonlat_geometry(shape) if plane else shape,
    }  # fmt: skip


def _waters(river: River) -> list[dict[str, Any]]:
    rows = [_row("water", river.main, RIVER_SOURCE, name="黄河", tag="natural=water"),
            _row("water", river.channel, DRAWN, name="南河道", tag="natural=water")]  # fmt: skip
    return rows + [_row("water", shape, DRAWN, name=name, tag="natural=water") for name, shape in river.streams]


def _wooded(ground: Terrain) -> list[Any]:
    """Return the planted slopes (plane) above the valley city: one height band of the hills within 2.6 km."""
    (west, south), (east, north) = to_plane([(103.55, 35.965), (104.0, 36.185)])
    x, y = np.arange(west, east, 75.0), np.arange(south, north, 75.0)
    xy = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
    belt = shapely.union_all([valley_floor(), *terraces()]).buffer(2_600.0)
    near = shapely.contains_xy(belt, xy[:, 0], xy[:, 1])
    rise = np.where(near, ground.rise(xy), -1.0)
    heights = np.where(near, ground.at(xy) % 190.0, 0.0)
    planted = np.where((rise > 25.0) & (heights < 125.0), 1.0, 0.0).reshape(len(y), len(x))
    planted = ndimage.gaussian_filter(planted, 2.0)
    bands = contour_generator(x, y, planted, fill_type=FillType.OuterOffset).filled(0.5, 2.0)
    shapes = [
        Polygon(points[offsets[0] : offsets[1]], [points[a:b] for a, b in pairwise(offsets[1:])])
        for points, offsets in zip(*bands, strict=True)
    ]
    return [shape.buffer(0).simplify(15.0) for shape in shapes if shape.area > 40_000.0]


def _lands(river: River, ground: Terrain) -> list[dict[str, Any]]:
    floor = valley_floor()
    city = shapely.union_all([floor, *terraces()])
    works = Polygon(to_plane(WORKS))
    dry = river.water.buffer(4.0)
    hills = shapely.union_all(_wooded(ground)).difference(shapely.union_all([city.buffer(25.0), dry]))
    banks = river.main.buffer(34.0).difference(shapely.union_all([dry, floor.exterior.buffer(1.0)]))
    banks = banks.intersection(floor)
    rows = [_row("residential", part, DRAWN, tag="landuse=residential")
            for part in shapely.get_parts(city.difference(shapely.union_all([works, dry])).simplify(5.0))]  # fmt: skip
    rows += [_row("industrial", works, DRAWN, tag="landuse=industrial"),
             _row("residential", Polygon(to_plane(NEW_AREA)), DRAWN, tag="landuse=residential"),
             _row("airport", Polygon(to_plane(AIRPORT)), DRAWN, tag="aeroway=aerodrome")]  # fmt: skip
    rows += [_row("green", part, DRAWN, name="南北两山绿化带", tag="landuse=forest")
             for part in shapely.get_parts(hills) if part.area > 50_000.0]  # fmt: skip
    return rows + [_row("green", part, DRAWN, tag="leisure=park") for part in shapely.get_parts(banks)
                   if part.geom_type == "Polygon" and part.area > 5_000.0]  # fmt: skip


def _stations() -> list[dict[str, Any]]:
    metro = table("metro_stations")
    rows = [
        _row("station", Point(lon, lat), source, name=name, tag="station=subway", synthetic=False, plane=False)
        for name, lon, lat, source in metro[["name", "lon_wgs84", "lat_wgs84", "source"]].itertuples(index=False)
    ]
    at = metro.set_index("name")[["lon_wgs84", "lat_wgs84"]]
    for name, metro_name in (("兰州站", "兰州火车站"), ("兰州西站", "兰州西站北广场")):
        rows.append(_row("station", Point(at.loc[metro_name]), f"beside the metro station {metro_name}, within 500 m",
                         name=name, tag="railway=station", synthetic=False, plane=False))  # fmt: skip
    return rows


def _names(here: Land) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    places = table("places")
    wanted = ["category", "name", "lon_wgs84", "lat_wgs84", "error_m", "confidence", "source"]
    for category, name, lon, lat, error, trust, origin in places[wanted].astype("object").itertuples(index=False):
        if category not in {"anchor", "seat", "scenic"} or str(name).startswith("地铁"):
            continue
        kind = "airport" if "机场" in str(name) else "place"
        tag = {"seat": "place=town", "scenic": "tourism=attraction"}.get(str(category))
        source = f"{origin}（误差约 {error:.0f} m）" if trust == "high" else approximate(error)
        rows.append(_row(kind, Point(lon, lat), source, name=str(name), tag=tag, synthetic=False, plane=False))
    lonlat = to_lonlat(here.townships[["x", "y"]].to_numpy())
    for town, (lon, lat) in zip(here.townships.itertuples(), lonlat, strict=True):
        source = KNOWN_SOURCE if town.known else DRAWN
        rows.append(_row("place", Point(lon, lat), source, name=town.name, tag="place=suburb" if town.code[6] == "0"
                         else "place=town", synthetic=not town.known, plane=False))  # fmt: skip
    return rows + [_row("peak", Point(at), DRAWN, name=name, tag="natural=peak", plane=False) for name, at in PEAKS]
