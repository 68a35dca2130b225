"""Tagged objects (id, OSM tags, geometry in EPSG:4490): what the OSM and context readers have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.read.osm_rules import Tags, tag_set, tag_table

Shapes = NDArray[np.object_]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """N tagged objects in EPSG:4490.

    Attributes:
        ids: (N,) unique text.
        tags: (N,) OSM tags.
        shapes: (N,) points, lines, polygons and multipolygons.
        entrances: point of the main entrance by id, where the file knows it.
        source: what ``SRC`` and ``source`` say.
        crs_source: what ``CRS_SRC`` says.
    """

    ids: Sequence[str]
    tags: Sequence[Tags]
    shapes: Shapes
    entrances: Mapping[str, Any]
    source: str
    crs_source: str

    def __len__(self) -> int:
        """Return N."""
        return len(self.ids)

    def where(self, keep: Bools) -> "Objects":
        """Return the objects at True."""
        rows = [int(row) for row in np.flatnonzero(keep)]
        return Objects(
            [self.ids[i] for i in rows],
            [self.tags[i] for i in rows],
            self.shapes[rows],
            self.entrances,
            self.source,
            self.crs_source,
        )

    def fits(self, *path: str) -> Bools:
        """Return (N,) whether the object fits a rule at ``path`` of ``osm_tags.toml``."""
        rules = tag_set(*path)
        return np.array([rules.match(tags) is not None for tags in self.tags], dtype=np.bool_)


def inside(shapes: Shapes, lands: Shapes) -> Bools:
    """Return (N,) whether the table's share of each shape, or more, lies in ``lands``."""
    found = np.zeros(len(shapes), dtype=np.bool_)
    if not len(lands) or not len(shapes):
        return found
    union = shapely.union_all(shapely.make_valid(lands))
    shapely.prepare(union)
    for i in np.flatnonzero(shapely.intersects(union, shapes)):
        shape = shapes[i]
        measure = shape.area or shape.length
        if not measure:
            found[i] = True
            continue
        common = shapely.intersection(shapely.make_valid(shape), union)
        part = common.area if shape.area else common.length
        found[i] = part >= tag_table()["protected"]["share"] * measure
    return found


def name_of(tags: Tags) -> str | None:
    """Return the name people read: Chinese where tagged, else the local one."""
    return tags.get("name:zh") or tags.get("name")


def positions(objects: Objects, rows: Sequence[int]) -> Shapes:
    """Return (len(rows),) points: the main entrance where the file knows one, else a point inside."""
    inner = shapely.point_on_surface(objects.shapes[list(rows)])
    found = [objects.entrances.get(objects.ids[i], inner[k]) for k, i in enumerate(rows)]
    return np.array(found, dtype=object)


def same_place(objects: Objects, rows: Sequence[int], tags: Sequence[str]) -> Bools:
    """Return (len(rows),) whether the row is a point within an area of the same ``tags``."""
    double = np.zeros(len(rows), dtype=np.bool_)
    shapes = objects.shapes[list(rows)]
    dimension = shapely.get_dimensions(shapes)
    points, areas = np.flatnonzero(dimension == 0), np.flatnonzero(dimension == 2)
    if len(points) and len(areas):
        who, where = shapely.STRtree(shapely.make_valid(shapes[areas])).query(shapes[points], predicate="intersects")
        for point, area in zip(points[who], areas[where], strict=True):
            double[point] |= tags[point] == tags[area]
    return double
