"""One edition of a city, loaded: what a circle may read."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.frames import AREAS
from data.modes import mode
from data.network import segments_from_frame
from data.stores.base import Edition, Store
from data.stores.live import edition_index
from data.validity import valid_at
from geo.crs import metric_crs_for, project
from geo.segments import Segments
from geo.streets import Streets, build_streets

F64 = NDArray[np.float64]
T = TypeVar("T")


_RIVER_LINE_M: Final = 5.0


def metric_crs_of(frame: gpd.GeoDataFrame) -> str:
    """Return the metric CRS for the middle of a frame in EPSG:4490."""
    west, south, east, north = frame.total_bounds
    return metric_crs_for((west + east) / 2.0, (south + north) / 2.0)


@dataclass(eq=False)
class CityData:
    """The layers of one edition in the city's metric CRS, read and built when first asked for."""

    store: Store
    edition: Edition
    at: date | None = None
    _streets: dict[str, Streets] = field(default_factory=dict)
    _indexes: dict[str, shapely.STRtree] = field(default_factory=dict)
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    @cached_property
    def crs(self) -> str:
        """Return the metric CRS of the workspace, or where none is set that of the streets' middle."""
        return self.edition.city.crs or metric_crs_of(self.frame("streets"))

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under ``key``, by ``make`` the first time: what several analyses need of one edition."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Return a layer in EPSG:4490. Raises NotFoundError."""
        return self.store.read(self.edition, layer)

    def has(self, layer: str) -> bool:
        """Return whether the edition holds ``layer``."""
        return layer in self.edition.layers

    def meta(self, layer: str) -> Mapping[str, Any]:
        """Return what is noted about a layer: unit, method, notices, attribution."""
        return self.edition.layers[layer].meta if self.has(layer) else {}

    @cached_property
    def segments(self) -> Segments:
        """Return the street segments in metres."""
        return segments_from_frame(self.frame("streets"), self.crs)

    def streets(self, mode_id: str, *, slope: bool = True) -> Streets:
        """Return the streets of a mode, with or without the effect of slope."""
        key = mode_id if slope else f"{mode_id}:level"
        if key not in self._streets:
            chosen = mode(mode_id)
            self._streets[key] = build_streets(self.segments, chosen if slope else chosen.level())
        return self._streets[key]

    def index(self, layer: str) -> shapely.STRtree:
        """Return a tree over a layer's geometries in metres, made once; it numbers them as the layer's rows."""
        if layer not in self._indexes:
            self._indexes[layer] = edition_index(self.frame(layer), self.crs)
        return self._indexes[layer]

    def metres(self, layer: str) -> F64:
        """Return the (N, 2) metric coordinates of a point layer."""
        return self.metres_of(self.frame(layer))

    def metres_of(self, frame: gpd.GeoDataFrame) -> F64:
        """Return the (N, 2) metric coordinates of a frame of points in EPSG:4490."""
        return project(shapely.get_coordinates(frame.geometry.to_numpy()), "EPSG:4490", self.crs)

    @cached_property
    def water(self) -> shapely.Geometry | None:
        """Return the water that parts the banks, metres, or None: surfaces, and rivers known only as a line."""
        if not self.has("context"):
            return None
        context = self.frame("context")
        surface = (context["kind"] == "water") & context.geom_type.isin(["Polygon", "MultiPolygon"])
        river = (context["tag"] == "waterway=river") & context.geom_type.isin(["LineString", "MultiLineString"])
        wet = context[surface | river]
        if wet.empty:
            return None
        shapes = wet.to_crs(self.crs).geometry.to_numpy()
        lines = river[wet.index].to_numpy()
        shapes[lines] = shapely.buffer(shapes[lines], _RIVER_LINE_M)
        return shapely.union_all(shapely.make_valid(shapes))

    @cached_property
    def areas_ever(self) -> gpd.GeoDataFrame | None:
        """Return the areas frame with closed rows too, or None; a column an old edition lacks is empty."""
        if not self.has("areas"):
            return None
        frame = self.frame("areas")
        return frame.assign(**{name: None for name in AREAS.columns if name not in frame})

    @property
    def question_day(self) -> date:
        """Return the day whose areas count: ``at``, else that of publishing, so that an answer never changes."""
        return self.at or self.edition.published_at.date()

    def on(self, at: date | None) -> "CityData":
        """Return the same edition with the areas of another day, its streets shared."""
        return self if at == self.at else CityData(self.store, self.edition, at, self._streets)

    @cached_property
    def areas(self) -> gpd.GeoDataFrame | None:
        """Return the areas valid on the question's day, or None; each code occurs once."""
        return self.areas_at(self.question_day)

    def areas_at(self, at: date) -> gpd.GeoDataFrame | None:
        """Return the areas valid on a day, or None; each code occurs once."""
        return None if self.areas_ever is None else valid_at(self.areas_ever, at).reset_index(drop=True)

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """Return the code above each area, where one is noted: a township of 兰州新区 lies in a county of today."""
        if self.areas is None:
            return {}
        noted = self.areas[self.areas["parent"].notna()]
        return dict(zip(noted["code"], noted["parent"], strict=True))

    def codes_of(self, layer: str) -> Mapping[str, NDArray[np.object_]]:
        """Return, per level ("county", "township", "zone", "unit_2020"), the (N,) codes of a demand layer's points.

        The township noted in the data decides; where there is none, the polygon the point lies in. "" is nowhere.
        Areas are those valid on the question's day.
        """
        return self.codes_in(self.frame(layer))

    def codes_in(self, demand: gpd.GeoDataFrame) -> Mapping[str, NDArray[np.object_]]:
        """Return the codes of a frame's points by its ``area_code`` and ``unit_2020``; see ``codes_of``."""
        areas = self.areas
        noted = demand["area_code"].fillna("").to_numpy(dtype=object)
        above = self.parents
        township = _known(areas, [c[:9] if len(c) >= 9 else "" for c in noted], "township")
        county = _known(areas, [above.get(t, c[:6]) for t, c in zip(township, noted, strict=True)], "county")
        out: dict[str, NDArray[np.object_]] = {
            "township": township,
            "county": county,
            "zone": _in_zone(areas, noted),
            "unit_2020": demand["unit_2020"].fillna("").to_numpy(dtype=object),
        }
        for level in ("county", "township"):
            empty = out[level] == ""
            if empty.any() and areas is not None:
                out[level][empty] = containing(areas, demand.geometry.to_numpy()[empty], level)
        return out


def _known(areas: gpd.GeoDataFrame | None, codes: list[str], level: str) -> NDArray[np.object_]:
    """Return the codes, "" for those the areas of that level, where there are any, do not hold."""
    out = np.array(codes, dtype=object)
    if areas is None:
        return out
    held = areas.loc[areas["level"] == level, "code"]
    if len(held):
        out[~np.isin(out.astype(str), held.to_numpy(dtype=str))] = ""
    return out


def _in_zone(areas: gpd.GeoDataFrame | None, noted: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the statistical code of the functional zone a township code begins with, "" where it is no zone's."""
    zones = set() if areas is None else set(areas.loc[areas["level"] == "zone", "code"])
    return np.array([code[:6] if code[:6] in zones else "" for code in noted], dtype=object)


def containing(areas: gpd.GeoDataFrame, points: NDArray[np.object_], level: str) -> NDArray[np.object_]:
    """Return the (N,) code of the first polygon of ``level`` each point lies in; "" is nowhere."""
    at = areas[(areas["level"] == level) & areas.geom_type.isin(["Polygon", "MultiPolygon"])]
    found = np.full(len(points), "", dtype=object)
    if len(at):
        which, who = shapely.STRtree(points).query(at.geometry.to_numpy(), predicate="intersects")
        order = np.argsort(which, kind="stable")[::-1]
        found[who[order]] = at["code"].to_numpy()[which[order]]
    return found
