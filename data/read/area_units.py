"""Counties, townships and villages by code and name, each with the place and error an address there may be given."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import AREAS
from data.standards import standard
from data.validity import valid_at
from geo.crs import GEOD

LEVELS: Final = ("county", "township", "village")
_COLUMNS: Final = ["code", "name", "level", "parent", "kind", "lon", "lat", "point_error_m", "reach_m"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One county, township or village; ``lon``, ``lat`` (degrees) and ``error_m`` are None where no place is known.

    ``above`` holds the codes of what it lies in, and the county its code is listed under where that differs.
    """

    code: str
    name: str
    level: str
    kind: str
    above: frozenset[str]
    lon: float | None
    lat: float | None
    error_m: float | None


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a city, in the order of their codes."""

    all: tuple[Unit, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Unit]:
        """Return the units by their codes."""
        return {unit.code: unit for unit in self.all}

    def township_of(self, unit: Unit) -> Unit | None:
        """Return the township a village lies in, a township itself; None for a county."""
        if unit.level == "township":
            return unit
        found = [self.by_code[code] for code in unit.above if code in self.by_code]
        return next((one for one in found if one.level == "township"), None)


def units_of(areas: gpd.GeoDataFrame | None, *, city: str = "", on: date | None = None) -> Units:
    """Return the units of an AREAS frame (EPSG:4490) as they are valid ``on`` that day, with those Quantu's tables add.

    The tables of townships and villages (``data/tables``) are facts about some cities; they are asked for the city
    whose 6-digit code is ``city``, or whose counties ``areas`` holds. A place is taken from a row of ``areas`` that is
    not synthetic or from the tables, never from a synthetic row, whose name and code count all the same.

    An address lies somewhere in its unit, so its error is the reach of the unit, beside the error of the point itself:
    the distance from the point to the farthest corner where the outline is known and real, else the reach of the unit
    above ÷ √(number of units it holds); where that is unknown too, the unit gives no place.
    """
    kept = _of_areas(areas, on)
    prefixes = {code[:4] for code in kept.loc[kept["level"] == "county", "code"] if code.isdigit() and len(code) == 6}
    known = _of_tables(prefixes | ({city[:4]} if city else set()))
    outlines = _outlines(areas, on)
    rows = _joined(kept, _believable(known, outlines))
    return Units(tuple(_with_errors(rows)))


def _held(areas: gpd.GeoDataFrame, on: date | None) -> gpd.GeoDataFrame:
    """Return the rows valid ``on`` a day, all for None, with the columns an older frame lacks."""
    frame = areas.assign(**{name: None for name in AREAS.columns if name not in areas})
    return frame if on is None else valid_at(frame, on)


def _of_areas(areas: gpd.GeoDataFrame | None, on: date | None) -> pd.DataFrame:
    if areas is None or not len(areas):
        return pd.DataFrame({name: pd.Series(dtype="object") for name in _COLUMNS})
    frame = _held(areas, on)
    frame = frame[frame["level"].isin(LEVELS)].drop_duplicates("code")
    shapes = frame.geometry.to_numpy()
    real = ~frame["synthetic"].to_numpy(np.bool_) & ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    centre = np.where(real, shapely.point_on_surface(shapes), None)
    surface = real & np.isin(shapely.get_type_id(shapes), (3, 6))
    reach = np.full(len(frame), np.nan)
    for row in np.flatnonzero(surface):
        reach[row] = _farthest_m(centre[row], shapes[row])
    noted = pd.to_numeric(frame["error_m"]).to_numpy(np.float64)
    point = np.where(surface, 0.0, np.where(np.isnan(noted), standard("address_point_error", unit="m").value, noted))
    text = {name: frame[name].astype("object").where(frame[name].notna(), "") for name in ("code", "name", "level",
            "parent", "kind")}  # fmt: skip
    return pd.DataFrame(
        {**text, "lon": shapely.get_x(centre), "lat": shapely.get_y(centre), "point_error_m": point, "reach_m": reach}
    ).reset_index(drop=True)


def _farthest_m(centre: shapely.Point, shape: shapely.Geometry) -> float:
    corners = shapely.get_coordinates(shape)
    lon, lat = np.full(len(corners), centre.x), np.full(len(corners), centre.y)
    return float(GEOD.inv(lon, lat, corners[:, 0], corners[:, 1])[2].max())


def _outlines(areas: gpd.GeoDataFrame | None, on: date | None) -> Mapping[str, Any]:
    """Return the real county polygons by code, degrees."""
    if areas is None:
        return {}
    frame = _held(areas, on)
    frame = frame[
        (frame["level"] == "county") & ~frame["synthetic"].astype("bool")
        & frame.geom_type.isin(["Polygon", "MultiPolygon"])
    ]  # fmt: skip
    return dict(zip(frame["code"], frame.geometry, strict=True))


def _table(name: str) -> pd.DataFrame:
    with (files("data.tables") / f"{name}.csv").open("rb") as file:
        return pd.read_csv(file, dtype="str")


def _of_tables(prefixes: set[str]) -> pd.DataFrame:
    """Return the townships and villages the tables hold of cities whose codes begin so; points given twice are none."""
    today = _table("units_2020").set_index("township_code")["county_today"]
    townships = _table("townships")
    townships = townships.assign(level="township", parent=townships["code"].map(today))
    villages = _table("villages").rename(columns={"township_code": "parent"}).assign(level="village")
    rows = pd.concat([townships, villages], ignore_index=True)
    rows = rows[rows["code"].str[:4].isin(prefixes)].reset_index(drop=True)
    place = rows[["lon_wgs84", "lat_wgs84"]].astype("float64")
    twice = place.duplicated(keep=False) & (rows["level"] == "village")
    twice |= rows.assign(**place).duplicated(["level", "lon_wgs84", "lat_wgs84"], keep=False)
    place[twice.to_numpy()] = np.nan
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("code", "name", "level", "parent", "kind")},
            "lon": place["lon_wgs84"], "lat": place["lat_wgs84"],
            "point_error_m": standard("address_point_error", unit="m").value, "reach_m": np.nan,
        }
    )  # fmt: skip


def _believable(known: pd.DataFrame, outlines: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table's rows, without the place of those that lie outside the county they belong to."""
    county = dict(zip(known["code"], known["parent"], strict=True))
    own = [county[parent] if level == "village" else parent for parent, level in
           zip(known["parent"], known["level"], strict=True)]  # fmt: skip
    out = known.copy()
    for row, code in enumerate(own):
        if code in outlines and not shapely.contains_xy(outlines[code], known["lon"].iloc[row], known["lat"].iloc[row]):
            out.loc[out.index[row], ["lon", "lat"]] = np.nan
    return out


def _joined(kept: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return what the workspace holds, and what the tables add to it.

    The workspace judges the places of the units whose points it holds: only what it knows by outline alone, or not at
    all, takes a place from the tables.
    """
    table = known.set_index("code")
    outlined = kept["lon"].isna() & (kept["level"] == "township") & kept["code"].isin(table.index)
    codes = kept.loc[outlined, "code"]
    for name in ("lon", "lat", "point_error_m"):
        kept.loc[outlined, name] = table.loc[codes, name].to_numpy()
    return pd.concat([kept, known[~known["code"].isin(kept["code"])]], ignore_index=True).sort_values("code")


def _with_errors(rows: pd.DataFrame) -> list[Unit]:
    records: list[dict[Any, Any]] = rows.astype("object").to_dict("records")
    parent = {row["code"]: row["parent"] for row in records}
    reach = {row["code"]: float(row["reach_m"]) for row in records}
    holds = Counter((row["parent"], row["level"]) for row in records)
    out: list[Unit] = []
    for level in LEVELS:
        for row in records:
            if row["level"] != level:
                continue
            code, above = row["code"], row["parent"]
            if np.isnan(reach[code]) and above in reach:
                reach[code] = reach[above] / math.sqrt(holds[above, level])
            error = float(row["point_error_m"]) + reach[code]
            place = (float(row["lon"]), float(row["lat"]), error)
            placed = not np.isnan(place).any()
            line = frozenset({above, parent.get(above, ""), code[:6]} - {"", code})
            out.append(Unit(code, row["name"], level, row["kind"], line, *(place if placed else (None, None, None))))
    return sorted(out, key=lambda unit: unit.code)
