"""One OpenStreetMap file into streets, sports places, demand, context and areas, through pyosmium.

Reads ``.osm.pbf`` (and ``.osm``, ``.osm.bz2``). Turn restrictions are not read yet.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from data.frames import AREAS, CRS_KEPT, conform
from data.read.objects import Objects, name_of
from data.read.osm_rules import AREA_KEYS, Tags, tag_table
from data.read.osm_streets import WayStore, segments
from data.read.places import PROTECTED, PlaceFrames, places
from geo.errors import Fault, InputError

ATTRIBUTION: Final = "© OpenStreetMap contributors"
SOURCE: Final = "OpenStreetMap"
_OSM_CRS: Final = "EPSG:4326"
_ENTRANCES: Final = {"main": 0, "yes": 1}

Stops = dict[int, tuple[dict[str, str], str]]
"""Tags and WKB of bus stops by node."""


@dataclass(frozen=True, slots=True, eq=False)
class OsmFrames:
    """What one OSM file holds, every frame in EPSG:4490.

    Attributes:
        streets: the STREETS frame; u and v are OSM node ids.
        facilities: by layer id.
        demand: the DEMAND frame, weight in m² of dwelling floor.
        context: the CONTEXT frame.
        areas: the AREAS frame of administrative boundaries that are whole in the file; may be empty.
        protected: polygons that hid what lies inside them; never to be shown.
        diagnostics: counts, by what they count.
        attribution: who is to be named.
    """

    streets: gpd.GeoDataFrame
    facilities: dict[str, gpd.GeoDataFrame]
    demand: gpd.GeoDataFrame
    context: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    protected: gpd.GeoSeries
    diagnostics: dict[str, Any]
    attribution: tuple[str, ...]


def read_osm(path: Path, *, area: Any = None) -> OsmFrames:
    """Return the frames of the OSM file at ``path``; ``area`` (shapely, EPSG:4490) keeps what meets it.

    Whole segments and objects are kept, none is cut at the border of ``area``.

    Raises InputError, naming the file, where it is absent, truncated, no OSM file, or holds no streets (in ``area``).
    """
    if not path.is_file():
        raise InputError(Fault("no_file", "the file does not exist.", "check the path.", str(path)))
    try:
        ways, stops = _read_ways(path)
        objects, boundaries = _read_objects(path, stops)
    except RuntimeError as error:
        raise InputError(_broken(path, error)) from error
    if not ways.ids:
        raise InputError(
            Fault(
                "no_streets",
                "the file holds no way tagged highway that anyone may use.",
                "use an extract that has streets and their nodes.",
                str(path),
            )
        )
    streets = segments(ways)
    found = places(objects)
    streets, on_protected = _outside(streets, found.protected)
    areas = _areas(boundaries)
    outside: dict[str, int] = {}
    if area is not None:
        _refuse_outside(streets, area, path)
        streets, outside["streets"] = _meeting(streets, area)
        streets["seg_id"] = np.arange(len(streets))
        found, areas, outside = _clip(found, areas, area, outside)
    return OsmFrames(
        streets=streets,
        facilities=found.facilities,
        demand=found.demand,
        context=found.context,
        areas=areas,
        protected=found.protected,
        diagnostics={
            **_street_counts(ways, streets, on_protected),
            **found.diagnostics,
            "areas": len(areas),
            "outside_area": outside,
            "not_read": ["turn restrictions", "ferries"],
        },
        attribution=(ATTRIBUTION,),
    )


def _broken(path: Path, error: RuntimeError) -> Fault:
    truncated = "EOF" in str(error) or "truncated" in str(error)
    return Fault(
        "truncated" if truncated else "not_osm",
        f"the file {'ends too early' if truncated else 'is not an OSM file'} ({error}).",
        "fetch it again and compare its size or checksum.",
        str(path),
    )


def _read_ways(path: Path) -> tuple[WayStore, Stops]:
    """The streets, and the bus stops among their nodes."""
    ways = WayStore()
    stops: Stops = {}
    factory = osmium.geom.WKBFactory()
    reader = (
        osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.KeyFilter("highway", "barrier"))
    )
    for item in reader:
        if isinstance(item, osmium.osm.Way):
            if "highway" in item.tags:
                ways.add(item)
        elif isinstance(item, osmium.osm.Node):
            ways.add_node(item)
            if item.tags.get("highway") == "bus_stop":
                stops[item.id] = (dict(item.tags), factory.create_point(item))
    return ways, stops


def _read_objects(path: Path, stops: Stops) -> tuple[Objects, list[tuple[str, dict[str, str], Any]]]:
    """All objects a rule may speak of, bus ``stops`` too, and the administrative areas among them."""
    ids: list[str] = []
    tags: list[Tags] = []
    wkb: list[str] = []
    doors: dict[int, tuple[int, int, str]] = {}
    outlines: dict[str, list[int]] = {}
    factory = osmium.geom.WKBFactory()
    interesting = osmium.filter.KeyFilter(*AREA_KEYS, "entrance")
    boundaries: list[tuple[str, dict[str, str], Any]] = []
    for item in osmium.FileProcessor(path).with_areas(osmium.filter.KeyFilter(*AREA_KEYS)).with_filter(interesting):
        own = dict(item.tags)
        if isinstance(item, osmium.osm.Node):
            name, shape = f"osm-node-{item.id}", factory.create_point(item)
            if own.get("entrance") in _ENTRANCES:
                doors[item.id] = (_ENTRANCES[own["entrance"]], item.id, shape)
        elif isinstance(item, osmium.osm.Way):
            name = f"osm-way-{item.id}"
            if "leisure" in own or "sport" in own:
                outlines[name] = [node.ref for node in item.nodes]
            if item.is_closed() and own.get("area") != "no":
                continue  # comes again as an area
            try:
                shape = factory.create_linestring(item)
            except osmium.InvalidLocationError:
                continue
        elif isinstance(item, osmium.osm.Area):
            name = f"osm-{'way' if item.from_way() else 'relation'}-{item.orig_id()}"
            shape = factory.create_multipolygon(item)
            if own.get("boundary") == "administrative":
                boundaries.append((name, own, shape))
        else:
            continue
        ids.append(name)
        tags.append(own)
        wkb.append(shape)
    known = set(ids)
    for number, (own, shape) in stops.items():
        if f"osm-node-{number}" not in known:
            ids.append(f"osm-node-{number}")
            tags.append(own)
            wkb.append(shape)
    shapes = _single(shapely.from_wkb(np.array(wkb, dtype=object)))
    keep = ~shapely.is_empty(shapes)
    objects = Objects(ids, tags, shapes, _entrances(doors, outlines), SOURCE, _OSM_CRS).where(keep)
    return objects, boundaries


def _single(shapes: Any) -> Any:
    """Multipolygons of one part as polygons."""
    one = (shapely.get_type_id(shapes) == 6) & (shapely.get_num_geometries(shapes) == 1)
    shapes[one] = shapely.get_geometry(shapes[one], 0)
    return shapes


def _entrances(doors: Mapping[int, tuple[int, int, str]], outlines: Mapping[str, list[int]]) -> dict[str, Any]:
    """The main entrance on each outline, else the entrance of the lowest id, by the outline's object."""
    found: dict[str, Any] = {}
    for name, refs in outlines.items():
        known = [doors[ref] for ref in refs if ref in doors]
        if known:
            found[name] = shapely.from_wkb(min(known)[2])
    return found


def _outside(streets: gpd.GeoDataFrame, protected: gpd.GeoSeries) -> tuple[gpd.GeoDataFrame, int]:
    """Streets without those wholly inside protected land, and the number left out."""
    if not len(protected):
        return streets, 0
    land = shapely.union_all(shapely.make_valid(protected.to_numpy()))
    shapely.prepare(land)
    hidden = shapely.contains_properly(land, streets.geometry.to_numpy())
    kept = streets[~hidden].reset_index(drop=True)
    kept["seg_id"] = np.arange(len(kept))
    return kept, int(hidden.sum())


def _refuse_outside(streets: gpd.GeoDataFrame, area: Any, path: Path) -> None:
    shapely.prepare(area)
    if shapely.intersects(area, streets.geometry.to_numpy()).any():
        return
    of_area, of_file = (
        ", ".join(f"{value:.4f}" for value in bounds) for bounds in (shapely.bounds(area), streets.total_bounds)
    )
    raise InputError(
        Fault(
            "outside_area",
            f"the area ({of_area}) meets no street of the file, whose streets lie in ({of_file}).",
            "choose an area within the file, or the extract of the area's place.",
            str(path),
        )
    )


def _meeting(frame: gpd.GeoDataFrame, area: Any) -> tuple[gpd.GeoDataFrame, int]:
    shapely.prepare(area)
    meets = shapely.intersects(area, frame.geometry.to_numpy())
    return frame[meets].reset_index(drop=True), int((~meets).sum())


def _clip(
    found: PlaceFrames, areas: gpd.GeoDataFrame, area: Any, outside: dict[str, int]
) -> tuple[PlaceFrames, gpd.GeoDataFrame, dict[str, int]]:
    facilities = {}
    for layer, frame in found.facilities.items():
        facilities[layer], outside[layer] = _meeting(frame, area)
    demand, outside["demand"] = _meeting(found.demand, area)
    land = found.context["kind"] == PROTECTED  # all of it stays: the next file may reach beyond the area
    context, outside["context"] = _meeting(found.context[~land], area)
    if land.any():
        context = pd.concat([context, found.context[land]], ignore_index=True)
    kept, outside["areas"] = _meeting(areas, area)
    return PlaceFrames(facilities, demand, context, found.protected, found.diagnostics), kept, outside


def _areas(boundaries: list[tuple[str, dict[str, str], Any]]) -> gpd.GeoDataFrame:
    levels: dict[str, str] = tag_table()["areas"]
    rows = [
        (name, tags, int(tags["admin_level"]), shapely.from_wkb(wkb))
        for name, tags, wkb in sorted(boundaries, key=lambda row: row[0])
        if tags.get("admin_level") in levels
    ]
    shapes = _single(np.array([shape for *_, shape in rows], dtype=object))
    parents: list[str | None] = []
    for (_, _, own, _), shape in zip(rows, shapes, strict=True):
        middle = shape.representative_point()
        above = [
            (level, name)
            for (name, _, level, _), other in zip(rows, shapes, strict=True)
            if level < own and other.contains(middle)
        ]
        parents.append(max(above)[1] if above else None)
    frame = gpd.GeoDataFrame(
        {
            "code": [name for name, *_ in rows],
            "name": [name_of(tags) or name for name, tags, *_ in rows],
            "level": [levels[tags["admin_level"]] for _, tags, *_ in rows],
            "parent": parents,
            "kind": [f"admin_level={tags['admin_level']}" for _, tags, *_ in rows],
            "source": SOURCE,
            "synthetic": False,
        },
        geometry=shapes,
        crs=CRS_KEPT,
    )
    return conform(frame, AREAS)


def _street_counts(ways: WayStore, streets: gpd.GeoDataFrame, on_protected: int) -> dict[str, Any]:
    return {
        "ways_by_class": dict(sorted(ways.by_class.items())),
        "ways_dropped": dict(sorted(ways.dropped.items())),
        "node_references_missing": ways.missing_nodes,
        "barrier_nodes": len(ways.barriers),
        "segments": len(streets),
        "segments_by_class": dict(sorted(Counter(streets["highway"]).items())),
        "segments_inside_protected_land": on_protected,
        "nodes": len(np.union1d(streets["u"], streets["v"])),
        "bridges": int(streets["bridge"].sum()),
        "tunnels": int(streets["tunnel"].sum()),
    }
