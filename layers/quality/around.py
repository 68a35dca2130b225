"""What is known around the records that are checked: outlines, codes, streets, water, protected land. All optional."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.city import CityData, metric_crs_of
from data.frames import AREAS, CRS_KEPT
from data.publicity import protected_land
from data.validity import valid_at
from geo.crs import project
from layers.answer import Title

F64 = NDArray[np.float64]
Objects = NDArray[np.object_]

_SURFACE: Final = (3, 6)
_STEP_M: Final = 50.0
"""Streets are sampled this often, so that most points are near one at a glance."""

ABSENT: Final[Mapping[str, Title]] = {
    "counties": Title(zh="缺少真实区县边界", en="no real county outlines (areas)"),
    "townships": Title(zh="缺少真实乡镇边界", en="no real township outlines (areas)"),
    "city": Title(zh="缺少真实市界", en="no real outline of the city (areas)"),
    "codes": Title(zh="缺少行政区划代码表", en="no areas"),
    "streets": Title(zh="缺少路网", en="no streets"),
    "water": Title(zh="缺少水域", en="no water (context)"),
    "context": Title(zh="缺少底图要素", en="no context"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Real polygons of one level, in metres, with their codes and names."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    shapes: Objects

    def containing(self, xy: F64) -> NDArray[np.int64]:
        """Return (N,) which of the outlines holds each of (N, 2) points, −1 where none; the first where several do."""
        out = np.full(len(xy), -1, dtype=np.int64)
        for number in range(len(self.shapes) - 1, -1, -1):
            out[inside(self.shapes[number : number + 1], xy)] = number
        return out


def inside(shapes: Objects, xy: F64) -> NDArray[np.bool_]:
    """Return (N,) whether each of (N, 2) points lies in one of the polygons."""
    out = np.zeros(len(xy), dtype=np.bool_)
    if not len(shapes) or not len(xy):
        return out
    if len(shapes) == 1:
        west, south, east, north = shapely.bounds(shapes[0])
        near = np.flatnonzero((xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north))
        shapely.prepare(shapes[0])
        out[near] = shapely.intersects_xy(shapes[0], xy[near, 0], xy[near, 1])
        return out
    out[shapely.STRtree(shapely.points(xy)).query(shapes, predicate="intersects")[1]] = True
    return out


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a check may lean on: the day, the metric CRS (``""`` where nothing tells), and frames in EPSG:4490.

    ``city`` is its 6-digit code, ``""`` where it has none. ``areas`` are as valid on the day ``on``. What is None is
    not known. Nothing is computed before a check asks for it.
    """

    on: date
    crs: str
    city: str = ""
    areas: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    context: gpd.GeoDataFrame | None = None

    def absent(self, need: str) -> Title | None:
        """Return why a check that needs ``need`` cannot be done, None where it can."""
        have: Mapping[str, Callable[[], bool]] = {
            "counties": lambda: bool(self.outlines("county").codes),
            "townships": lambda: bool(self.outlines("township").codes),
            "city": lambda: self.outline is not None,
            "codes": lambda: bool(self.codes),
            "streets": lambda: self.walkable is not None,
            "water": lambda: len(self.water) > 0,
            "context": lambda: self.context is not None,
        }
        return None if have[need]() else ABSENT[need]

    @cached_property
    def _outlines(self) -> dict[str, Outlines]:
        return {}

    def outlines(self, level: str) -> Outlines:
        """Return the polygons of a level ("city", "county", "township") that are not synthetic, in metres."""
        if level not in self._outlines:
            self._outlines[level] = self._outlines_of(level)
        return self._outlines[level]

    def _outlines_of(self, level: str) -> Outlines:
        if self.areas is None:
            return Outlines((), (), np.array([], dtype=object))
        shapes = self.areas.geometry.to_numpy()
        real = (self.areas["level"] == level).to_numpy() & ~self.areas["synthetic"].to_numpy(np.bool_)
        rows = self.areas[real & np.isin(shapely.get_type_id(shapes), _SURFACE)]
        return Outlines(tuple(rows["code"]), tuple(rows["name"]), self._metres(rows.geometry.to_numpy()))

    @cached_property
    def outline(self) -> Any:
        """Return the city's real outline in metres, of its counties where it has none of its own; None without both."""
        own = self.outlines("city")
        shapes = own.shapes[[code == self.city or not self.city for code in own.codes]] if own.codes else own.shapes
        shapes = shapes if len(shapes) else self.outlines("county").shapes
        return shapely.union_all(shapely.make_valid(shapes)) if len(shapes) else None

    @cached_property
    def codes(self) -> frozenset[str]:
        """Return the codes that exist on the day, as areas are kept, with those the tables hold of the same city."""
        held: set[str] = set()
        if self.areas is not None:
            levels = self.areas["level"].isin(["county", "township", "village", "zone"])
            held = set(self.areas.loc[levels, "code"])
        prefixes = {code[:4] for code in held if code.isdigit()} | ({self.city[:4]} if self.city else set())
        for name in ("townships", "villages"):
            with (files("data.tables") / f"{name}.csv").open("rb") as file:
                listed = pd.read_csv(file, dtype="str")["code"]
            held |= set(listed[listed.str[:4].isin(prefixes)])
        return frozenset(held)

    @cached_property
    def exact_to(self) -> int:
        """Return to how many digits the codes that exist are known: 12 where villages are, 9 townships, 6 counties."""
        return max((len(code) for code in self.codes if code.isdigit() and len(code) in (6, 9, 12)), default=0)

    @cached_property
    def county_of(self) -> Mapping[str, str]:
        """Return the county whose land each township lies in, where it is not the one its code says."""
        if self.areas is None:
            return {}
        counties = set(self.areas.loc[self.areas["level"] == "county", "code"])
        rows = self.areas[(self.areas["level"] == "township") & self.areas["parent"].isin(counties)]
        return dict(zip(rows["code"], rows["parent"], strict=True))

    @cached_property
    def above(self) -> tuple[str, ...]:
        """Return the names of city and counties, in the order in which names begin with them."""
        if self.areas is None:
            return ()
        return tuple(name for level in ("city", "county") for name in self.areas["name"][self.areas["level"] == level])

    @cached_property
    def walkable(self) -> tuple[shapely.STRtree, cKDTree] | None:
        """Return a tree of the walkable streets, in metres, and one of points on them; None without any."""
        if self.streets is None:
            return None
        lines = self._metres(self.streets.geometry.to_numpy()[self.streets["walk"].to_numpy(np.bool_)])
        if not len(lines):
            return None
        on_them = shapely.get_coordinates(shapely.segmentize(lines, _STEP_M))
        return shapely.STRtree(lines), cKDTree(on_them)

    @cached_property
    def water(self) -> Objects:
        """Return the surfaces of water in metres."""
        return self._surfaces(lambda context: context["kind"] == "water")

    @cached_property
    def protected(self) -> Objects:
        """Return the land that hides what lies in it, in metres: military sites, prisons, however they are tagged."""
        return np.array([], dtype=object) if self.context is None else self._metres(protected_land(self.context))

    def _surfaces(self, which: Callable[[gpd.GeoDataFrame], Any]) -> Objects:
        if self.context is None:
            return np.array([], dtype=object)
        shapes = self.context.geometry.to_numpy()[np.asarray(which(self.context), dtype=np.bool_)]
        return self._metres(shapely.make_valid(shapes[np.isin(shapely.get_type_id(shapes), _SURFACE)]))

    def _metres(self, shapes: Objects) -> Objects:
        out: Objects = shapely.transform(shapely.force_2d(shapes), lambda xy: project(xy, CRS_KEPT, self.crs))
        return out


def surroundings(
    frames: Mapping[str, gpd.GeoDataFrame | None], *, on: date, city: str = "", crs: str = ""
) -> Surroundings:
    """Return the Surroundings of frames by layer name: ``areas``, ``streets``, ``context``; others are passed over.

    Without a ``crs`` lengths are measured in the metric CRS of the middle of the first of them that holds anything.
    """
    areas, streets, context = (frames.get(name) for name in ("areas", "streets", "context"))
    if areas is not None:
        areas = valid_at(areas.assign(**{name: None for name in AREAS.columns if name not in areas}), on)
    if not crs:
        held = next((frame for frame in (streets, areas, context) if frame is not None and len(frame)), None)
        crs = "" if held is None else metric_crs_of(held)
    return Surroundings(on, crs, city, areas, streets, context)


def surroundings_of(city: CityData, *, on: date) -> Surroundings:
    """Return the Surroundings of an edition's records on a day."""
    names = ("areas", "streets", "context")
    frames = {name: city.frame(name) if city.has(name) else None for name in names}
    return surroundings(frames, on=on, city=city.edition.city.code, crs=city.edition.city.crs)
