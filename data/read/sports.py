"""Sports places by tag: pitches, centres, halls, stadiums, tracks, pools, fitness stations open to the public.

Not among them: ski runs (``piste:type``, or ``sport=skiing``) and other sports a resident does not walk to,
shops and clubs, places marked private, pools nobody says are open, and lines other than running tracks. Places
inside one another (the pitch in a stadium) stay separate; a point inside an area of the same tag is one with it.
The position is the main entrance where the file knows one, else a point inside the area.
"""

from collections import Counter
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.frames import CRS_KEPT
from data.read.objects import Objects, Shapes, name_of, positions, same_place
from data.read.osm_rules import Tags, split_values, tag_set, tag_table
from geo.crs import geodesic_area_m2, metric_crs_for, project

CATEGORY: Final = "体育"
RUNNING: Final = "运营"
_FEE: Final = {"yes": "收费", "no": "免费"}
_OF_SPORT: Final = "sport=*"


def sports_places(objects: Objects) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Return the sports places in EPSG:4490, and counts of what was tagged, kept and set aside.

    Columns are those of a facility layer and ``KIND``, ``AREA_M2`` (geodesic, NaN for points and lines),
    ``IN_OUT``, ``OPEN_KIND``, ``OWNER_KIND``.
    """
    rules = [place_rule(tags) for tags in objects.tags]
    dimension = shapely.get_dimensions(objects.shapes)
    tagged: Counter[str] = Counter()
    aside: Counter[str] = Counter()
    rows: list[int] = []
    for i, rule in enumerate(rules):
        if rule is None:
            continue
        tagged[_tag(rule, objects.tags[i])] += 1
        reason = set_aside(rule, objects.tags[i], is_line=bool(dimension[i] == 1))
        if reason is None:
            rows.append(i)
        else:
            aside[reason] += 1
    keep, joined = _joined_tracks(objects, rows)
    same = same_place(objects, keep, [_tag(str(rules[i]), objects.tags[i]) for i in keep])
    keep = [i for i, double in zip(keep, same, strict=True) if not double]
    aside["piece of a track already counted"] += joined
    aside["point inside an area of the same tag"] += int(same.sum())
    frame = _frame(objects, keep, [str(rules[i]) for i in keep])
    grounds = objects.shapes[(dimension == 2) & objects.fits("sports", "rules", "school_grounds")]
    in_school = (
        len(np.unique(shapely.STRtree(shapely.make_valid(grounds)).query(frame.geometry, predicate="intersects")[0]))
        if len(grounds)
        else 0
    )
    counts: dict[str, Any] = {
        "tagged": dict(sorted(tagged.items())),
        "kept": dict(sorted(Counter(frame["OSM_TAG"]).items())),
        "set_aside": {reason: count for reason, count in sorted(aside.items()) if count},
        "total": len(frame),
        "in_school_grounds": in_school,
    }
    return frame, counts


def place_rule(tags: Tags) -> str | None:
    """Return the rule that makes an object a candidate: a place's tag, or its sport alone; else None."""
    rule = tag_set("sports", "places").match(tags)
    if rule is None and "sport" in tags and "leisure" not in tags and "highway" not in tags:
        return _OF_SPORT
    return rule


def set_aside(rule: str, tags: Tags, *, is_line: bool) -> str | None:
    """Return why a candidate is no public sports place, or None where it is one."""
    rules = tag_table()["sports"]["rules"]
    sports = split_values(tags.get("sport"))
    if "piste:type" in tags or tags.get("landuse") == "opm:piste" or sports == ("skiing",):
        return "ski run, area or shop (piste:type, sport=skiing)"
    if sports and all(sport in rules["other_sports"] for sport in sports):
        return "a sport nobody walks to"
    if tag_set("sports", "rules", "shops").match(tags) is not None:
        return "shop, office or club"
    if tags.get("access") in rules["private_access"]:
        return "private"
    if rule in rules["pools"] and "swimming" not in sports and tags.get("access") not in rules["pool_open_access"]:
        return "pool nobody says is open"
    if is_line and rule not in rules["tracks"]:
        return "a line"
    return None


def _tag(rule: str, tags: Tags) -> str:
    key = rule.partition("=")[0]
    return f"{key}={tags[key]}"


def _kind(rule: str, tags: Tags) -> tuple[str, str | None]:
    table = tag_table()["sports"]
    sports = split_values(tags.get("sport"))
    kind, place = table["places"].get(rule, (None, ""))
    named = {table["by_sport"][sport] for sport in sports if sport in table["by_sport"]}
    if rule in ("leisure=pitch", _OF_SPORT):
        many = table["places"]["leisure=pitch"][0]
        kind = named.pop() if len(named) == 1 and len(sports) == 1 else many
    roofed = tags.get("indoor") == "yes" or tags.get("covered") == "yes" or tags.get("building", "no") != "no"
    if roofed and rule != "leisure=stadium":
        place = table["indoor"]["inside"]
        if "swimming" in sports or rule in table["rules"]["pools"]:
            kind = table["indoor"]["pool"]
        elif rule == "leisure=sports_centre":
            kind = table["places"]["leisure=sports_hall"][0]
    return str(kind), place or None


def _joined_tracks(objects: Objects, rows: list[int]) -> tuple[list[int], int]:
    """Drop all but the first of track lines whose ends meet: several ways drawn for one track."""
    lines = [i for i in rows if shapely.get_dimensions(objects.shapes[i]) == 1]
    if len(lines) < 2:
        return rows, 0
    shapes = objects.shapes[lines]
    middle = shapely.centroid(shapes[0])
    metric = metric_crs_for(middle.x, middle.y)
    flat = shapely.transform(shapes, lambda xy: project(xy, CRS_KEPT, metric))
    gap = float(tag_table()["sports"]["rules"]["track_gap_m"])
    one, other = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=gap)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(lines), len(lines)))
    _, group = connected_components(links, directed=False)
    _, first = np.unique(group, return_index=True)
    drop = set(np.array(lines)[np.setdiff1d(np.arange(len(lines)), first)].tolist())
    return [i for i in rows if i not in drop], len(drop)


def _areas(shapes: Shapes) -> NDArray[np.float64]:
    area = np.full(len(shapes), np.nan)
    polygon = shapely.get_dimensions(shapes) == 2
    area[polygon] = geodesic_area_m2(shapes[polygon])
    return area


def _frame(objects: Objects, rows: list[int], rules: list[str]) -> gpd.GeoDataFrame:
    tags = [objects.tags[i] for i in rows]
    kinds = [_kind(rule, tag) for rule, tag in zip(rules, tags, strict=True)]
    return gpd.GeoDataFrame(
        {
            "FAC_ID": [objects.ids[i] for i in rows],
            "NAME": [name_of(tag) for tag in tags],
            "CAT": CATEGORY,
            "CRS_SRC": objects.crs_source,
            "SRC": objects.source,
            "STATUS": RUNNING,
            "PUB_LVL": "public",
            "OSM_TAG": [_tag(rule, tag) for rule, tag in zip(rules, tags, strict=True)],
            "SYNTHETIC": False,
            "KIND": [kind for kind, _ in kinds],
            "AREA_M2": np.round(_areas(objects.shapes[rows]), 1),
            "IN_OUT": [place for _, place in kinds],
            "OPEN_KIND": [_FEE.get(tag.get("fee", "")) for tag in tags],
            "OWNER_KIND": [None] * len(rows),
        },
        geometry=positions(objects, rows),
        crs=CRS_KEPT,
    )
