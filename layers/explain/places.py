"""From what is asked for to one point: a demand point, a unit, an area's middle, or the point itself."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data.city import CityData, containing
from data.frames import CRS_KEPT
from geo.crs import project
from geo.errors import AmbiguousError, NotFoundError, ParameterError
from layers.answer import AreaRef, Title
from layers.base import AreaScope
from layers.coverage import within
from layers.demand import DemandPoints, DemandSource, Sites, Units
from layers.explain import shape
from layers.explain.travel import View, shown_rows
from layers.rules import Bench

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A place in (2,) metres, how it is told, and its row among the demand points where it is one of them."""

    xy: F64
    place: shape.Place
    row: int | None


def at_point(bench: Bench, demand: DemandSource, lon: float, lat: float, view: View) -> Found:
    """Return the place at a longitude and latitude.

    Coordinates that are rounded as the public sees them mean the demand point shown there, where there is one: the
    nearest, the lowest on ties. Raises ParameterError for what is no place on Earth.
    """
    if not (np.isfinite(lon) and np.isfinite(lat) and abs(lon) <= 180.0 and abs(lat) <= 90.0):
        raise ParameterError(f"{lon}, {lat} is no longitude and latitude in degrees")
    city = bench.city
    if round(lon, view.decimals) == lon and round(lat, view.decimals) == lat:
        points = bench.points(demand)
        shown = city.keep(("rounded", demand, view.decimals), lambda: _rounded(points, view.decimals))
        same = np.flatnonzero((shown == (lon, lat)).all(axis=1) & _told(bench, demand, view))
        if len(same):
            xy = project(np.array([[lon, lat]]), CRS_KEPT, city.crs)[0]
            return at_row(bench, demand, int(same[np.argmin(np.hypot(*(bench.metres(demand)[same] - xy).T))]), view)
    xy = project(np.array([[lon, lat]]), CRS_KEPT, city.crs)[0]
    lies = _lies_in(city, xy)
    if lies.get("county") is None and _has_counties(city):
        raise NotFoundError("此处不在本市范围内。 This place lies outside the city.")
    lon, lat = round(lon, view.decimals), round(lat, view.decimals)
    return Found(xy, shape.Place(kind="point", lon=lon, lat=lat, **lies), None)


def _has_counties(city: CityData) -> bool:
    """Return whether the outlines of counties are known."""
    if city.areas is None:
        return False
    counties = city.areas[city.areas["level"] == "county"]
    return bool(counties.geom_type.isin(["Polygon", "MultiPolygon"]).any())


def _told(bench: Bench, demand: DemandSource, view: View) -> Bools:
    """Return (N,) which demand points may be told of: all, but for facilities that are not public."""
    if not isinstance(demand, Sites):
        return np.ones(len(bench.points(demand).frame), dtype=np.bool_)
    city = bench.city
    return shown_rows(city, demand.facilities.layer, view)[demand.facilities.serving(city)]


def _rounded(points: DemandPoints, decimals: int) -> F64:
    return np.asarray(np.round(shapely.get_coordinates(points.frame.geometry.to_numpy()), decimals))


def at_row(bench: Bench, demand: DemandSource, row: int, view: View, *, note: Title | None = None) -> Found:
    """Return a demand point as a place."""
    points, xy = bench.points(demand), bench.metres(demand)[row]
    one = points.frame.iloc[row]
    name = one["name"] if isinstance(one["name"], str) else None
    lies = {
        level: _ref(bench.city, str(points.codes[level][row]), level) if points.codes[level][row] else None
        for level in ("township", "county")
    }
    place = shape.Place(
        kind="unit" if name else "demand", id=str(one["demand_id"]), name=name, weight=float(one["weight"]), note=note,
        lon=round(float(one.geometry.x), view.decimals), lat=round(float(one.geometry.y), view.decimals), **lies,
    )  # fmt: skip
    return Found(xy, place, row)


def at_dot(bench: Bench, own: DemandSource, asked: DemandSource, row: int, view: View) -> Found:
    """Return the demand point that the circle's tiles number ``row``; for a choice about others, the place it is at.

    Raises NotFoundError where there is none.
    """
    told = _told(bench, own, view)
    if not 0 <= row < len(told) or not told[row]:
        raise NotFoundError(f"the circle has no dot {row}; dots are numbered as in its tiles of the same edition")
    found = at_row(bench, own, row, view)
    return found if asked == own else Found(found.xy, found.place, None)


def named(bench: Bench, demand: DemandSource, text: str, view: View) -> Found | None:
    """Return the demand point that ``text`` is the id or name of, None where there is none.

    Raises AmbiguousError naming every match.
    """
    points = bench.points(demand)
    told = _told(bench, demand, view)
    rows = np.flatnonzero((points.frame["demand_id"] == text).to_numpy(dtype=bool) & told)
    if not len(rows):
        rows = np.flatnonzero((points.frame["name"] == text).fillna(value=False).to_numpy(dtype=bool) & told)
    if len(rows) > 1:
        listed = "; ".join(_listed(bench.city, points, int(row)) for row in rows)
        raise AmbiguousError(f"{text!r} fits {len(rows)} places: {listed}. Mend: give the code.")
    return at_row(bench, demand, int(rows[0]), view) if len(rows) else None


def _listed(city: CityData, points: DemandPoints, row: int) -> str:
    code = str(points.codes["township"][row])
    above = _ref(city, code, "township").name if code else ""
    return f"{points.frame['demand_id'].iloc[row]} {above}/{points.frame['name'].iloc[row]}"


def at_area(bench: Bench, demand: DemandSource, area: AreaScope, view: View) -> Found:
    """Return an area as a place: the unit itself, or the demand point nearest to the middle of its demand.

    Raises ParameterError for the whole city.
    """
    points, city = bench.points(demand), bench.city
    if isinstance(demand, Units):
        rows = np.flatnonzero((points.frame["demand_id"] == area.code).to_numpy(dtype=bool))
        if len(rows):
            return at_row(bench, demand, int(rows[0]), view)
    if area.level == "city":
        raise ParameterError(f"{area.name} is the whole city; name a county, a township, a village or a point")
    if area.level in points.codes:
        rows = np.flatnonzero(within(points, area) & _told(bench, demand, view))
        if len(rows) and points.weight[rows].sum() > 0:
            xy = bench.metres(demand)[rows]
            middle = np.average(xy, axis=0, weights=points.weight[rows])
            row = int(rows[np.argmin(np.hypot(*(xy - middle).T))])
            note = Title(
                zh=f"以{area.name}{points.title.zh}分布中心最近的一点代表。",
                en=f"{area.name} stands at the one of its {points.title.en} nearest to their middle.",
            )
            found = at_row(bench, demand, row, view, note=note)
            told = found.place.model_copy(update={"kind": "area", "id": area.code, "name": area.name})
            return Found(found.xy, told, row)
    assert city.areas is not None
    shapes = city.areas.loc[city.areas["code"] == area.code]
    point = shapely.point_on_surface(shapes.geometry.to_numpy()[0])
    xy = project(shapely.get_coordinates(point), CRS_KEPT, city.crs)[0]
    place = shape.Place(
        kind="area", id=area.code, name=area.name, lon=round(float(point.x), view.decimals),
        lat=round(float(point.y), view.decimals), **_lies_in(city, xy),
    )  # fmt: skip
    return Found(xy, place, None)


def as_unit(bench: Bench, demand: DemandSource, found: Found, view: View) -> Found:
    """Return the unit or site a place stands for: the unit it lies in, else the nearest one known as a point.

    Raises NotFoundError where it lies in none that counts.
    """
    if found.row is not None:
        return found
    points, city = bench.points(demand), bench.city
    codes = points.frame["demand_id"].to_numpy(dtype=object)
    point = shapely.Point(project(found.xy[None, :], city.crs, CRS_KEPT)[0])
    if isinstance(demand, Units) and city.areas is not None:
        at = city.areas[city.areas["level"] == demand.level]
        if at.geom_type.isin(["Polygon", "MultiPolygon"]).any():
            code = containing(city.areas, np.array([point], dtype=object), demand.level)[0]
            rows = np.flatnonzero(codes == code)
            if not len(rows):
                raise _nowhere(points)
            return at_row(bench, demand, int(rows[0]), view)
    town = found.place.township
    near = np.flatnonzero(_told(bench, demand, view))
    if town is not None and isinstance(demand, Units):
        near = np.flatnonzero(points.codes["township"] == town.code)
    if not len(near):
        raise _nowhere(points)
    far = np.hypot(*(bench.metres(demand)[near] - found.xy).T)
    row = int(near[np.argmin(far)])
    note = Title(
        zh=f"此处最近的{points.title.zh}，相距 {far.min():,.0f} 米。",
        en=f"The nearest of the {points.title.en}, {far.min():,.0f} m from here.",
    )
    return at_row(bench, demand, row, view, note=note)


def _nowhere(points: DemandPoints) -> NotFoundError:
    return NotFoundError(
        f"此处不在本圈统计的{points.title.zh}之内。 This place lies in none of the {points.title.en} the circle counts."
    )


def _lies_in(city: CityData, xy: F64) -> dict[str, AreaRef | None]:
    if city.areas is None:
        return {}
    point = np.array([shapely.Point(project(xy[None, :], city.crs, CRS_KEPT)[0])], dtype=object)
    codes = {level: str(containing(city.areas, point, level)[0]) for level in ("township", "county")}
    return {level: _ref(city, code, level) if code else None for level, code in codes.items()}


def _ref(city: CityData, code: str, level: str) -> AreaRef:
    areas = city.areas
    if areas is None:
        return AreaRef(code=code, name=code)
    names = areas.loc[(areas["code"] == code) & (areas["level"] == level), "name"]
    return AreaRef(code=code, name=str(names.iloc[0]) if len(names) else code)
