"""Facilities of every layer but sports, by OpenStreetMap tag (``data/tables/osm_tags.toml``, ``[facilities]``).

A tag says what an object is; its name may say more (a hospital called 卫生院). Nothing else is told: no grades, no
beds, no codes. A point inside an area of the same tag is one with it; what is marked disused is left out.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd

from data.frames import CRS_KEPT
from data.read.objects import Objects, name_of, positions, same_place
from data.read.osm_rules import Tags, TagSet, osm_feeds, tag_table

RUNNING: Final = "运营"


def fed_layers() -> tuple[str, ...]:
    """Return the ids of the layers that tags feed, sports apart."""
    return tuple(tag_table()["facilities"])


def facilities_from_objects(objects: Objects, layer: str) -> gpd.GeoDataFrame:
    """Return the facilities of ``layer`` in EPSG:4490: common fields, and those its tags fill.

    ``objects`` must have been freed of protected land and what lies in it (``data.read.places``).
    """
    rules = TagSet.of(osm_feeds(layer))
    matched = {i: rule for i, tags in enumerate(objects.tags) if (rule := rules.match(tags)) and not _unused(tags)}
    rows = list(matched)
    used = [_tag(matched[i], objects.tags[i]) for i in rows]
    double = same_place(objects, rows, used)
    rows = [i for i, twice in zip(rows, double, strict=True) if not twice]
    own = [_fields(layer, matched[i], objects.tags[i]) for i in rows]
    names = sorted({name for one in [*osm_feeds(layer).values(), *own] for name in one})
    return gpd.GeoDataFrame(
        {
            "FAC_ID": [objects.ids[i] for i in rows],
            "NAME": [name_of(objects.tags[i]) for i in rows],
            "CRS_SRC": objects.crs_source,
            "SRC": objects.source,
            "STATUS": RUNNING,
            "PUB_LVL": "public",
            "OSM_TAG": [_tag(matched[i], objects.tags[i]) for i in rows],
            "SYNTHETIC": False,
            **{name: [one.get(name) for one in own] for name in names},
        },
        geometry=positions(objects, rows),
        crs=CRS_KEPT,
    )


def all_facilities(objects: Objects) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, dict[str, int]]]:
    """Return the facilities of every fed layer by id, and counts by tag."""
    frames = {layer: facilities_from_objects(objects, layer) for layer in fed_layers()}
    return frames, {layer: dict(sorted(Counter(frame["OSM_TAG"]).items())) for layer, frame in frames.items()}


def _unused(tags: Tags) -> bool:
    return any(tags.get(key, "no") != "no" for key in tag_table()["facility_rules"]["unused_keys"])


def _tag(rule: str, tags: Tags) -> str:
    key = rule.partition("=")[0]
    return f"{key}={tags[key]}"


def _fields(layer: str, rule: str, tags: Tags) -> dict[str, str]:
    """The fields a rule fills, and over them those of the first word found in the name."""
    by_name: Mapping[str, Any] = tag_table()["facility_names"].get(layer, {})
    name = name_of(tags) or ""
    said: Mapping[str, str] = next((fields for word, fields in by_name.items() if word in name), {})
    return {**osm_feeds(layer)[rule], **said}
