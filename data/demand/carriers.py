"""What carries a control total down to points: floor area of dwellings, raster cells, given points, an even grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.frames import CRS_KEPT
from data.read.raster import RasterCells
from data.standards import standard
from geo.crs import geodesic_area_m2, project
from geo.errors import Fault, InputError

F64 = NDArray[np.float64]
By = Literal["buildings", "raster", "points", "even"]

WAYS: Final[Mapping[str, tuple[str, str]]] = {
    "buildings": ("按住宅建筑面积分配", "by floor area of dwellings"),
    "raster": (
        "按人口栅格分配（像元按中心点归属）",
        "by a population raster, each cell where its centre lies",
    ),
    "points": ("按所给点的权重分配", "by the weights of the points given"),
    "even": ("在区域内均匀分布", "evenly over the area"),
}
"""How totals are spread, as people read it."""


@dataclass(frozen=True, slots=True, eq=False)
class Carriers:
    """N places with a positive weight each, EPSG:4490, and a key that is theirs alone.

    ``meta`` is what is noted about where they come from: source, attribution, notices. ``given`` is the DEMAND frame
    they were taken from, with its points of weight 0.
    """

    by: By
    points: NDArray[np.object_]
    weight: F64
    keys: NDArray[np.object_]
    unit: str
    synthetic: bool
    meta: Mapping[str, Any]
    given: gpd.GeoDataFrame | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.weight)


def of_frame(frame: gpd.GeoDataFrame, by: By, unit: str, meta: Mapping[str, Any]) -> Carriers:
    """Return the rows of a DEMAND frame whose weight is above 0 as carriers."""
    kept = frame[(frame["weight"] > 0).to_numpy()]
    return Carriers(
        by, kept.geometry.to_numpy(), kept["weight"].to_numpy(dtype=np.float64),
        kept["demand_id"].to_numpy(dtype=object), unit, bool(frame["synthetic"].any()), meta, frame,
    )  # fmt: skip


def of_raster(cells: RasterCells, source: str) -> Carriers:
    """Return the cells of a raster as carriers."""
    keys = np.array([f"{source}-{name}" for name in cells.names], dtype=object)
    return Carriers("raster", shapely.points(cells.lonlat), cells.value, keys, "1", False, {"source": source})


def even(areas: gpd.GeoDataFrame, crs: str) -> Carriers:
    """Return a grid of points of equal weight in the polygons of ``areas`` (EPSG:4490), one inner point at least each.

    The grid is that of the metric ``crs``, its spacing the standard ``demand_even_cell``.
    """
    cell = standard("demand_even_cell", unit="m").value
    points: list[Any] = []
    keys: list[str] = []
    for code, shape in zip(areas["code"], areas.geometry, strict=True):
        flat = shapely.transform(shape, lambda xy: project(xy, CRS_KEPT, crs))
        west, south, east, north = shapely.bounds(flat)
        x = (np.arange(np.floor(west / cell), np.ceil(east / cell)) + 0.5) * cell
        y = (np.arange(np.floor(south / cell), np.ceil(north / cell)) + 0.5) * cell
        mesh = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
        shapely.prepare(flat)
        mesh = mesh[shapely.contains_xy(flat, mesh[:, 0], mesh[:, 1])]
        inner = (
            shapely.points(project(mesh, crs, CRS_KEPT)) if len(mesh) else np.array([shapely.point_on_surface(shape)])
        )
        points += list(inner)
        keys += [f"even-{code}-{k}" for k in range(len(inner))]
    weight = np.ones(len(points), dtype=np.float64)
    return Carriers("even", np.array(points, dtype=object), weight, np.array(keys, dtype=object), "1", True, {})


def cover_faults(
    carriers: Carriers, area: NDArray[np.object_], totals: Mapping[str, float], areas: gpd.GeoDataFrame, *,
    persons: bool, file: str,
) -> list[Fault]:  # fmt: skip
    """Return a warning for each control area that its carriers seem to cover only in part.

    ``area`` is the (N,) code each carrier lies in. Signs: the convex hull of the carriers fills less of the area than
    the standard ``carrier_spread``, or, for all residents by floor area, a person has less floor than
    ``floor_per_person_low``.
    """
    if carriers.by == "even":
        return []
    least, floor = standard("carrier_spread", unit="1").value, standard("floor_per_person_low", unit="m2").value
    shapes = areas.set_index("code").geometry
    faults = []
    for code, total in totals.items():
        mine = area == code
        if not mine.any() or total <= 0:
            continue
        hull = shapely.intersection(shapely.convex_hull(shapely.multipoints(carriers.points[mine])), shapes[code])
        inside, whole = geodesic_area_m2(np.array([hull, shapes[code]], dtype=object))
        signs = [f"they span {inside / whole:.0%} of it"] if inside < least * whole else []
        each = float(carriers.weight[mine].sum()) / total
        if persons and carriers.unit == "m2" and each < floor:
            signs.append(f"{each:.1f} m² of floor a person")
        if signs:
            faults.append(
                Fault(
                    "partly_covered",
                    f"control area {code} is only partly covered by carriers: {', '.join(signs)}; "
                    f"its {total:,.10g} are put on {int(mine.sum()):,} of them.",
                    "bring the carriers of the whole area, or take the figures as those of a part crowded with all.",
                    file, value=code, severity="warning",
                )
            )  # fmt: skip
    return faults


def unplaced_points(codes: tuple[str, ...], areas: gpd.GeoDataFrame, *, allowed: bool, file: str) -> list[Any]:
    """Return an inner point of each control area without a carrier. InputError names them if not ``allowed``."""
    if codes and not allowed:
        raise InputError(
            Fault(
                "no_carrier", f"nothing in control area {code} can carry its total.",
                "bring buildings or cells of it, or put it at one point with --allow-unplaced.", file, value=code,
            )
            for code in codes
        )  # fmt: skip
    shapes = areas.set_index("code").geometry
    return [shapely.point_on_surface(shapes[code]) for code in codes]
