"""Tagged objects, whatever file they come from, into facilities, demand and context.

Military land and prisons are never shown: neither
they nor anything inside them (``data/tables/osm_tags.toml``, ``[protected]``).
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import CONTEXT, CRS_KEPT, conform
from data.read.dwellings import dwellings
from data.read.objects import Objects, Shapes, inside, name_of
from data.read.osm_facilities import all_facilities
from data.read.osm_rules import tag_set, tag_table
from data.read.sports import sports_places

PROTECTED: Final = "protected"
"""The context kind of land that hides what lies inside it."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaceFrames:
    """What tagged objects become.

    Attributes:
        facilities: by layer id, in EPSG:4490: columns of a facility layer and its own; ``sports`` among them.
        demand: the DEMAND frame; weight is dwelling floor area, m².
        context: the CONTEXT frame; the protected polygons are among it, of kind ``protected``, bare and not public.
        protected: the polygons (EPSG:4490) that hid what lies inside them, given and found. Never to be shown or
            exported.
        diagnostics: counts, by what they count.
    """

    facilities: dict[str, gpd.GeoDataFrame]
    demand: gpd.GeoDataFrame
    context: gpd.GeoDataFrame
    protected: gpd.GeoSeries
    diagnostics: dict[str, Any]


def places(objects: Objects, *, protected: gpd.GeoSeries | None = None) -> PlaceFrames:
    """Return the frames of ``objects``. ``protected`` adds land from elsewhere that hides what is in it."""
    is_land = objects.fits("protected", "land")
    is_area = np.isin(shapely.get_type_id(objects.shapes), (3, 6))
    own = list(objects.shapes[is_land & is_area])
    given = [] if protected is None else list(protected.to_crs(CRS_KEPT).to_numpy())
    secret = _distinct([*given, *own])
    hidden = is_land | inside(objects.shapes, secret) | objects.fits("protected", "objects")
    seen = objects.where(~hidden)
    sports, sport_counts = sports_places(seen)
    facilities, facility_counts = all_facilities(seen)
    demand, demand_counts = dwellings(seen)
    context, context_counts = _context(seen)
    if len(secret):
        context = pd.concat([context, _protected_rows(secret, objects.source)], ignore_index=True)
    return PlaceFrames(
        facilities={"sports": sports, **facilities},
        demand=demand,
        context=context,
        protected=gpd.GeoSeries(secret, crs=CRS_KEPT),
        diagnostics={
            "objects": len(objects),
            "withheld": {
                "protected_areas": len(own),
                "objects_in_or_of_them": int(hidden.sum()),
            },
            "sports": sport_counts,
            "facilities": facility_counts,
            "demand": demand_counts,
            "context": context_counts,
        },
    )


def _distinct(shapes: list[Any]) -> Shapes:
    """The shapes, each once, in order: land handed in with the file it came from stays one."""
    by_name = {_name(shape): shape for shape in shapely.force_2d(np.array(shapes, dtype=object))}
    return np.array(list(by_name.values()), dtype=object)


def _name(shape: Any) -> str:
    return f"protected-{hashlib.sha256(shapely.to_wkb(shape)).hexdigest()[:16]}"


def _protected_rows(shapes: Shapes, source: str) -> gpd.GeoDataFrame:
    """Protected land as rows of the context that no tile, map or export takes, so that later files know it too.

    Its ids, names and tags are not kept.
    """
    frame = gpd.GeoDataFrame(
        {
            "ctx_id": [_name(shape) for shape in shapes],
            "kind": PROTECTED,
            "public": False,
            "source": source,
            "synthetic": False,
        },
        geometry=shapes,
        crs=CRS_KEPT,
    )
    return conform(frame, CONTEXT)


def _context(objects: Objects) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    kinds_by_rule: dict[str, str] = tag_table()["context"]
    rules, limits = tag_set("context"), tag_table()["context_rules"]
    keep: list[int] = []
    kinds: list[str] = []
    used: list[str] = []
    dimension = shapely.get_dimensions(objects.shapes)
    for i, tags in enumerate(objects.tags):
        rule = rules.match(tags)
        kind = kinds_by_rule[rule] if rule else ""
        if not rule or not kind:
            continue
        if dimension[i] == 0 and kind not in limits["points"]:
            continue
        if dimension[i] == 1 and kind not in limits["lines"]:
            continue
        key = rule.partition("=")[0]
        keep.append(i)
        kinds.append(kind)
        used.append(f"{key}={tags[key]}")
    frame = gpd.GeoDataFrame(
        {
            "ctx_id": [objects.ids[i] for i in keep],
            "kind": kinds,
            "name": [name_of(objects.tags[i]) for i in keep],
            "tag": used,
            "public": True,
            "source": objects.source,
            "synthetic": False,
        },
        geometry=objects.shapes[keep],
        crs=CRS_KEPT,
    )
    return conform(frame, CONTEXT), dict(sorted(Counter(kinds).items()))


def protected_of(context: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the protected land a CONTEXT frame keeps, for the next file's ``protected``."""
    land: gpd.GeoSeries = context.geometry[context["kind"] == PROTECTED].reset_index(drop=True)
    return land
