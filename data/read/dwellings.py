"""Where people live, from tagged objects: floor area of dwellings, or of residential land without buildings."""

from collections import Counter
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.frames import CRS_KEPT, DEMAND, conform
from data.read.objects import Bools, Objects, Shapes
from data.read.osm_rules import Tags, tag_table
from data.standards import standard
from geo.crs import geodesic_area_m2, metric_crs_for, project

F64 = NDArray[np.float64]

UNIT: Final = "m2"
"""The unit of the weight: square metres of dwelling floor."""

METHOD_BUILDING: Final = "building footprint × levels"
METHOD_LEVEL: Final = "building footprint × default levels"
METHOD_LAND: Final = "residential land × plot ratio"


def dwellings(objects: Objects) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Return the DEMAND frame of ``objects``, weight in m² of dwelling floor, and counts of what was used.

    A building of a residential kind counts with its geodesic footprint times ``building:levels``; so does one
    without a kind, unless another use is tagged on it or it stands on land of another use. Residential land
    without any such building becomes points on a grid (standard ``demand_cell``), each standing for an equal
    share of the land, weighed by the standard ``residential_plot_ratio``.
    """
    rules = tag_table()["dwellings"]
    is_area = np.isin(shapely.get_type_id(objects.shapes), (3, 6))
    why = [_dwelling_kind(tags, rules) for tags in objects.tags]
    building = is_area & np.array([kind is not None for kind in why], dtype=np.bool_)
    unsaid = building & np.array([kind == "unsaid" for kind in why], dtype=np.bool_)
    inner = _inner_points(objects.shapes)
    other_land = objects.shapes[is_area & objects.fits("dwellings", "other_land")]
    on_other = np.zeros(len(objects), dtype=np.bool_)
    on_other[unsaid] = _in_any(inner[unsaid], other_land)
    homes = building & ~on_other
    houses, by_levels = _buildings(objects, [int(row) for row in np.flatnonzero(homes)], inner)
    land, used = _land(objects, is_area, inner[homes], other_land)
    frame = gpd.GeoDataFrame(
        {
            "demand_id": houses["id"] + land["id"],
            "weight": np.concatenate([houses["weight"], land["weight"]]),
            "method": houses["method"] + land["method"],
            "synthetic": False,
        },
        geometry=np.concatenate([houses["point"], land["point"]]),
        crs=CRS_KEPT,
    )
    counts: dict[str, Any] = {
        "unit": UNIT,
        "buildings": sum("building" in tags for tags in objects.tags),
        "dwellings": int(homes.sum()),
        "dwellings_by_kind": dict(
            sorted(Counter(objects.tags[i]["building"] for i in map(int, np.flatnonzero(homes))).items())
        ),
        "dwellings_with_levels": by_levels,
        "unsaid_on_other_land": int(on_other.sum()),
        "buildings_without_outline": int(
            sum(not area and kind is not None for area, kind in zip(is_area, why, strict=True))
        ),
        "residential_areas": int((is_area & objects.fits("dwellings", "land")).sum()),
        "residential_areas_used": used,
        "points_from_land": len(land["id"]),
    }
    return conform(frame, DEMAND), counts


def _dwelling_kind(tags: Tags, rules: dict[str, Any]) -> str | None:
    """``said`` for a residential kind, ``unsaid`` for a building without kind or other use, else None."""
    kind = tags.get("building")
    if kind is None or any(tags.get(key, "no") != "no" for key in rules["abandoned_keys"]):
        return None
    if kind in rules["kinds"]:
        return "said"
    if kind in rules["unsaid"] and not any(tags.get(key, "no") != "no" for key in rules["other_use_keys"]):
        return "unsaid"
    return None


def parse_levels(value: str | None) -> float | None:
    """Return the number of levels, None where it is absent, no number, or beyond belief.

    >>> parse_levels("6"), parse_levels("2,5"), parse_levels("3;4"), parse_levels("many")
    (6.0, 2.5, 4.0, None)
    """
    if value is None:
        return None
    found: list[float] = []
    for part in value.replace(",", ".").split(";"):
        try:
            found.append(float(part))
        except ValueError:
            return None
    levels = max(found)
    return levels if 0.0 < levels <= tag_table()["dwellings"]["most_levels"] else None


def _buildings(objects: Objects, rows: list[int], inner: Shapes) -> tuple[dict[str, Any], int]:
    levels = [parse_levels(objects.tags[i].get("building:levels")) for i in rows]
    assumed = float(tag_table()["dwellings"]["default_levels"])
    storeys = np.array([assumed if level is None else level for level in levels], dtype=np.float64)
    return {
        "id": [objects.ids[i] for i in rows],
        "weight": geodesic_area_m2(objects.shapes[rows]) * storeys,
        "method": [METHOD_LEVEL if level is None else METHOD_BUILDING for level in levels],
        "point": inner[rows],
    }, sum(level is not None for level in levels)


def _land(objects: Objects, is_area: Bools, homes: Shapes, other_land: Shapes) -> tuple[dict[str, Any], int]:
    rows = [int(row) for row in np.flatnonzero(is_area & objects.fits("dwellings", "land"))]
    tree = shapely.STRtree(homes)
    cell = standard("demand_cell", unit="m").value
    ratio = standard("residential_plot_ratio", unit="1").value
    out: dict[str, Any] = {"id": [], "weight": [], "method": [], "point": []}
    lands = shapely.make_valid(objects.shapes[rows])
    bare = np.ones(len(rows), dtype=np.bool_)
    bare[np.unique(tree.query(lands, predicate="intersects")[0])] = False
    one, other = shapely.STRtree(lands).query(lands, predicate="intersects")
    overlaps = (other < one) & bare[one] & bare[other]
    used = 0
    for k in map(int, np.flatnonzero(bare)):
        i, shape = rows[k], lands[k]
        earlier = other[overlaps & (one == k)]
        if len(earlier):
            # land drawn twice counts once
            shape = shapely.difference(shape, shapely.union_all(lands[earlier]))
        if shape.area == 0.0:
            continue
        used += 1
        points = _grid(shape, cell)
        weight = float(geodesic_area_m2(np.array([shape], dtype=object))[0]) * ratio / len(points)
        open_land = ~_in_any(points, other_land)
        out["id"] += [f"{objects.ids[i]}#{k}" for k in np.flatnonzero(open_land)]
        out["point"] += list(points[open_land])
        out["weight"] += [weight] * int(open_land.sum())
        out["method"] += [METHOD_LAND] * int(open_land.sum())
    out["weight"] = np.array(out["weight"], dtype=np.float64)
    out["point"] = np.array(out["point"], dtype=object)
    return out, used


def _grid(shape: Any, cell_m: float) -> Shapes:
    """Points ``cell_m`` apart inside ``shape``, on the metric grid; an inner point of its own if none fits."""
    middle = shape.representative_point()
    metric = metric_crs_for(middle.x, middle.y)
    flat = shapely.transform(shape, lambda xy: project(xy, CRS_KEPT, metric))
    west, south, east, north = shapely.bounds(flat)
    x = np.arange(np.floor(west / cell_m) + 0.5, np.ceil(east / cell_m) + 0.5) * cell_m
    y = np.arange(np.floor(south / cell_m) + 0.5, np.ceil(north / cell_m) + 0.5) * cell_m
    mesh = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
    shapely.prepare(flat)
    mesh = mesh[shapely.contains_xy(flat, mesh[:, 0], mesh[:, 1])]
    if not len(mesh):
        return np.array([middle], dtype=object)
    points: Shapes = shapely.points(project(mesh, metric, CRS_KEPT))
    return points


def _inner_points(shapes: Shapes) -> Shapes:
    points: Shapes = shapely.point_on_surface(shapes)
    return points


def _in_any(points: Shapes, lands: Shapes) -> Bools:
    found = np.zeros(len(points), dtype=np.bool_)
    if len(points) and len(lands):
        found[np.unique(shapely.STRtree(shapely.make_valid(lands)).query(points, predicate="intersects")[0])] = True
    return found
