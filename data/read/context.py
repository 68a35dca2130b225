"""Context files (buildings, water, land use, points of interest) into context, sports places and demand.

A file tells what a row is by columns named as OSM keys, or by a column ``type`` of the form ``key.value``. Rows of
one object (ids ``123`` and ``123#1``, as a traffic simulator's converter writes them, one tag each) are one object
with all its tags.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.read.files import column, crs_name, finite_rows, id_text, read_vector, to_kept
from data.read.objects import Objects, Shapes
from data.read.osm_rules import AREA_KEYS
from data.read.places import places
from geo.errors import Fault, InputError

_MORE_KEYS: Final = (
    "name", "name:zh", "access", "fee", "indoor", "covered", "building:levels", "piste:type", "station", "historic",
    "craft", "power", "highway", "industrial", "abandoned", "disused", "ruins", "demolished", "proposed",
)  # fmt: skip
_BLANK: Final = {"", "nan", "none", "null", "<na>"}


@dataclass(frozen=True, slots=True, eq=False)
class ContextFrames:
    """What context files hold, every frame in EPSG:4490.

    Attributes:
        context: the CONTEXT frame, with the protected polygons as rows that are not public.
        facilities: by layer id.
        demand: the DEMAND frame, weight in m² of dwelling floor.
        protected: polygons that hid what lies inside them, given ones too; never to be shown. Hand them in with the
            next file; ``data.read.places.protected_of`` takes them from a CONTEXT frame that was kept.
        diagnostics: counts, by what they count.
    """

    context: gpd.GeoDataFrame
    facilities: dict[str, gpd.GeoDataFrame]
    demand: gpd.GeoDataFrame
    protected: gpd.GeoSeries
    diagnostics: dict[str, Any]


def read_context(
    path: Path | Sequence[Path], *, crs: str | None = None, protected: gpd.GeoSeries | None = None
) -> ContextFrames:
    """Return the frames of one context file, or of several read together.

    Together matters: military land of one file hides what lies inside it in the others. ``protected`` brings such
    land from files read before, in any CRS. Ids are the file's stem and its id (or row number):
    ``polygons-1018254356``.

    Raises InputError (no tags, coordinates that are no numbers, unreadable), MissingCRSError, CRSMismatchError.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    parts = [_objects(one, crs) for one in paths]
    merged = Objects(
        [name for part in parts for name in part.ids],
        [tags for part in parts for tags in part.tags],
        np.concatenate([part.shapes for part in parts]),
        {},
        ", ".join(one.name for one in paths),
        ", ".join(sorted({part.crs_source for part in parts})),
    )
    found = places(merged, protected=protected)
    return ContextFrames(
        context=found.context,
        facilities=found.facilities,
        demand=found.demand,
        protected=found.protected,
        diagnostics={
            "rows": {one.name: rows for one, rows in zip(paths, (len(part) for part in parts), strict=True)},
            **found.diagnostics,
        },
    )


def _objects(path: Path, crs: str | None) -> Objects:
    frame = read_vector(path, crs=crs)
    stated = crs if crs is not None else crs_name(frame.crs)
    frame = to_kept(frame)
    shapes = frame.geometry.to_numpy()
    _refuse_infinite(shapes, path)
    frame = frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))].reset_index(drop=True)
    tags = _tags(frame, path)
    name = column(frame, "id", "osm_id", "osmid")
    ids = [str(i) for i in range(len(frame))] if name is None else _own_ids(frame[name])
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    first: dict[tuple[str, int], int] = {}
    joined: list[dict[str, str]] = []
    rows: list[int] = []
    for row, (text, own) in enumerate(zip(ids, tags, strict=True)):
        key = (text.partition("#")[0], int(dimension[row]))
        if key in first and name is not None:
            joined[first[key]].update({k: v for k, v in own.items() if k not in joined[first[key]]})
        else:
            first[key] = len(joined)
            joined.append(dict(own))
            rows.append(row)
    shapes = shapely.force_2d(frame.geometry.to_numpy()[rows])
    names = _unique([f"{path.stem}-{ids[row].partition('#')[0]}" for row in rows])
    return Objects(names, joined, shapes, {}, path.name, stated)


def _own_ids(values: pd.Series) -> list[str]:
    """The ids as text; a row without one is an object of its own, named by its number."""
    return [f"row{row}" if text is None else text for row, text in enumerate(id_text(values))]


def _refuse_infinite(shapes: Shapes, path: Path) -> None:
    rows = np.flatnonzero(~finite_rows(shapes))
    if len(rows):
        raise InputError(
            Fault("off_earth", "the coordinates are no numbers.", "correct the row.", str(path), int(row), "geometry")
            for row in rows[:100]
        )


def _unique(names: list[str]) -> list[str]:
    """Names that repeat (an area and a line of one id) get a number."""
    seen: dict[str, int] = {}
    out: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return out


def _tags(frame: gpd.GeoDataFrame, path: Path) -> list[dict[str, str]]:
    keys = {key: column(frame, key) for key in dict.fromkeys((*AREA_KEYS, *_MORE_KEYS))}
    columns = {key: [str(value).strip() for value in frame[name]] for key, name in keys.items() if name is not None}
    tags = [
        {key: values[row] for key, values in columns.items() if values[row].lower() not in _BLANK}
        for row in range(len(frame))
    ]
    typed = column(frame, "type")
    if typed is None and not set(columns) & set(AREA_KEYS):
        raise InputError(
            Fault(
                "no_tags",
                "no column is an OSM key, and there is no column type of the form key.value.",
                "name the columns building, landuse, leisure … or give a column type such as building.yes.",
                str(path),
            )
        )
    if typed is not None:
        for own, value in zip(tags, frame[typed], strict=True):
            key, dot, rest = str(value).partition(".")
            if dot:
                own.setdefault(key, rest)
    return tags
