"""One place's travel to its nearest facility, however far: time, way, the street that slows it, straight lines."""

from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.city import CityData
from data.frames import CRS_KEPT
from data.publicity import clear_of_protected, land_key
from data.standards import standard
from data.tiles import deliverable_rows, public_rows
from geo.crs import project
from geo.kernels import NEVER
from geo.path import Path, Ways, trace_path, ways_of
from geo.reach import Field, field_to_facilities, read_field
from geo.streets import Snapped, Streets
from geo.units import kph_to_mps
from layers.answer import Title
from layers.explain import shape
from layers.explain.words import MODES
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.places import Facilities

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

LONGEST_MS: Final = int(NEVER) - 1
_STREET_DECIMALS: Final = 6
_SHORTEST_EDGE_M: Final = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """Who is told: decimals of positions, and whether facilities of the internal tier may be named."""

    decimals: int
    internal: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Facilities as one mode reaches them, without a limit; kept with the edition."""

    city: CityData
    facilities: Facilities
    mode: str
    streets: Streets
    snapped: Snapped
    field: Field
    ways: Ways
    serving: Bools

    @property
    def straight_mps(self) -> float:
        """Return the speed straight lines are travelled at."""
        driven = self.streets.mode.access == "drive"
        return kph_to_mps(standard("drive_straight_speed", unit="km/h").value) if driven else self.streets.mode.flat_mps


def target(
    city: CityData, facilities: Facilities, mode: str, *, sloped: bool, only: Bools | None = None, name: str = ""
) -> Target:
    """Return the Target, made once an edition; ``only`` leaves out further rows and needs a ``name`` of its own."""

    def make() -> Target:
        streets = city.streets(mode, slope=sloped)
        serving = facilities.serving(city) if only is None else facilities.serving(city) & only
        places = streets.snap(
            city.metres(facilities.layer), crs=streets.crs, max_snap_m=standard("max_snap", unit="m").value
        )
        places = replace(places, on=places.on & serving)
        field = field_to_facilities(streets, places, limit_ms=LONGEST_MS)
        ways = city.keep(("ways", mode, sloped), lambda: ways_of(streets))
        return Target(city, facilities, mode, streets, places, field, ways, serving)

    return city.keep(("explain", facilities.key, mode, sloped, name), make)


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """What one mode finds from one place: status without a limit, milliseconds, facility row, and the path."""

    target: Target
    xy: F64
    snapped: Snapped
    status: str
    ms: int
    facility: int
    path: Path | None

    @property
    def metres(self) -> float:
        """Return the metres of the whole way, access legs included."""
        assert self.path is not None
        far = float(self.snapped.snapped_m[0]) + float(self.target.snapped.snapped_m[self.facility])
        return far + float(self.path.length_m.sum())


def travel(to: Target, xy: F64, *, max_snap_m: float | None = None) -> Travel:
    """Return the Travel from one place, (2,) metres."""
    far = standard("max_snap", unit="m").value if max_snap_m is None else max_snap_m
    snapped = to.streets.snap(xy[None, :], crs=to.streets.crs, max_snap_m=far)
    nearest = read_field(to.field, snapped)
    path = trace_path(to.field, to.snapped, snapped, 0, to.ways)
    return Travel(
        to, xy, snapped, str(nearest.status[0]), int(nearest.travel_ms[0]), int(nearest.facility[0]), path
    )  # fmt: skip


def shown_rows(city: CityData, layer: str, view: View) -> Bools:
    """Return (M,) which facilities of a layer may be named: never protected ones; internal ones to insiders alone."""

    def make() -> Bools:
        frame = city.frame(layer)
        declared = FACILITY_LAYERS[layer.removeprefix("facilities.")]
        keep = deliverable_rows(frame) if view.internal else public_rows(frame) & (declared.tier == "public")
        return np.asarray(keep & frame.index.isin(clear_of_protected(frame, city).index))

    return city.keep(("named", layer, view.internal, land_key(city.store)), make)


def facility_ref(city: CityData, layer: str, row: int, view: View) -> shape.FacilityRef | None:
    """Return a facility as it may be shown, None where it may not."""
    if not shown_rows(city, layer, view)[row]:
        return None
    one = city.frame(layer).iloc[row]
    kind = one["KIND"] if "KIND" in one.index and isinstance(one["KIND"], str) else None
    lon, lat = (round(float(v), view.decimals) for v in (one.geometry.x, one.geometry.y))
    name = one["NAME"] if isinstance(one["NAME"], str) else str(one["FAC_ID"])
    return shape.FacilityRef(
        id=str(one["FAC_ID"]), name=name, kind=kind, layer=layer, lon=lon, lat=lat, synthetic=bool(one["SYNTHETIC"])
    )


def lonlat(city: CityData, xy: F64, decimals: int) -> list[list[float]]:
    """Return (N, 2) metres as rounded longitudes and latitudes."""
    degrees = project(np.atleast_2d(xy), city.crs, CRS_KEPT)
    return [[round(float(x), decimals), round(float(y), decimals)] for x, y in degrees]


def way_of(got: Travel, view: View) -> shape.Way:
    """Return the way of a Travel that arrives, positions rounded at both ends as the viewer may see them."""
    path, city = got.path, got.target.city
    assert path is not None
    rows = street_rows(city, path.seg_id)
    streets = city.frame("streets")
    names = [name if isinstance(name, str) else None for name in streets["name"].to_numpy()[rows]]
    bridge = streets["bridge"].to_numpy(dtype=bool)[rows]
    bridges = [name for name, deck in zip(names, bridge, strict=True) if deck]
    first = np.flatnonzero(bridge & ~np.concatenate([[False], bridge])[:-1])
    place = city.metres(got.target.facilities.layer)[got.facility]
    ends = lonlat(city, np.vstack([got.xy, place]), view.decimals)
    inner = lonlat(city, path.street_xy(), _STREET_DECIMALS) if len(path.lines) else []
    ups = path.climb_m, path.descent_m
    known = len(path.ms) > 0 and all(np.isfinite(part).all() for part in ups)
    climb, descent = (round(float(part.sum()), 1) if known else None for part in ups)
    return shape.Way(
        metres=round(got.metres, 1),
        minutes=got.ms / 60_000.0,
        street_m=round(float(path.length_m.sum()), 1),
        access_m=round(float(got.snapped.snapped_m[0]), 1),
        facility_access_m=round(float(got.target.snapped.snapped_m[got.facility]), 1),
        climb_m=climb,
        descent_m=descent,
        slowest=_slowest(path, streets, rows),
        streets=[name for name in dict.fromkeys(names) if name],
        bridges=[name for name in dict.fromkeys(bridges) if name],
        unnamed_bridges=sum(1 for k in first if names[k] is None),
        geometry={"type": "LineString", "coordinates": [ends[0], *inner, ends[1]]},
    )


def street_rows(city: CityData, seg_id: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the streets frame of (S,) segments."""
    ids = city.frame("streets")["seg_id"].to_numpy()
    order = city.keep("street_order", lambda: np.argsort(ids, kind="stable"))
    return np.asarray(order[np.searchsorted(ids, seg_id, sorter=order)])


def _slowest(path: Path, streets: gpd.GeoDataFrame, rows: NDArray[np.int64]) -> shape.Edge | None:
    """Return the segment that loses most against the mode's speed on the level or, where that is more, the way's own.

    None where none does.
    """
    if not path.ms.sum():
        return None
    speed = max(path.streets.mode.flat_mps, float(path.length_m.sum() / path.ms.sum()) * 1000.0)
    lost = path.ms - path.length_m / speed * 1000.0
    lost[path.length_m < _SHORTEST_EDGE_M] = 0.0
    if lost.max() < 1.0 + len(lost):
        return None
    k = int(lost.argmax())
    row = streets.iloc[int(rows[k])]
    length, ms = float(path.length_m[k]), float(path.ms[k])
    rise = float(path.climb_m[k] - path.descent_m[k])
    return shape.Edge(
        name=row["name"] if isinstance(row["name"], str) else None,
        street_class=row["highway"] if isinstance(row["highway"], str) else None,
        length_m=round(length, 1),
        minutes=ms / 60_000.0,
        kph=round(length / ms * 3600.0, 2),
        slope=round(rise / length, 4) if np.isfinite(rise) else None,
        bridge=bool(row["bridge"]),
        tunnel=bool(row["tunnel"]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Crow:
    """The straight line from a place to its nearest facility: its row, metres, and the water it crosses, if any."""

    row: int
    metres: float
    wet: bool
    water: str | None


def crow(to: Target, xy: F64) -> Crow | None:
    """Return the straight line to the nearest facility that counts, None where none does."""
    rows = np.flatnonzero(to.serving)
    if not len(rows):
        return None
    city = to.city
    places = city.metres(to.facilities.layer)[rows]
    tree = city.keep(("crow", to.facilities.key, rows.tobytes()), lambda: cKDTree(places))
    far, k = tree.query(xy)
    line = shapely.LineString([xy, places[int(k)]])
    wet, name = water_on(city, line)
    return Crow(int(rows[int(k)]), float(far), wet, name)


def water_on(city: CityData, line: shapely.Geometry) -> tuple[bool, str | None]:
    """Return whether a line (metres) crosses water that parts its banks, and the water's name."""
    if city.water is None or not shapely.intersects(city.water, line):
        return False, None
    context = city.frame("context")
    degrees = shapely.transform(line, lambda xy: project(xy, city.crs, CRS_KEPT))
    met = context[(context["kind"] == "water") & shapely.intersects(context.geometry.to_numpy(), degrees)]
    names: Any = met["name"].dropna() if len(met) else []
    return True, str(names.iloc[0]) if len(names) else None


def trip_of(got: Travel, limit_ms: int) -> shape.Trip:
    """Return a Travel as one mode's line of the answer."""
    arrived = got.status == "ok"
    title: Title = MODES[got.target.mode]
    return shape.Trip(
        mode=got.target.mode,
        title=title,
        status="beyond" if arrived and got.ms > limit_ms else got.status,
        minutes=got.ms / 60_000.0 if arrived else None,
        metres=round(got.metres, 1) if arrived else None,
    )
