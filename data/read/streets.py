"""Plain street files (GeoJSON, GeoParquet, GPKG, SHP) into the STREETS frame."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from data.frames import CRS_KEPT, STREETS, conform
from data.read.access import STREET_KEYS, StreetUse, street_use
from data.read.directed import SUMO_COLUMNS, merge_directions, permitted
from data.read.files import column, crs_name, id_text, read_vector, to_kept
from data.read.osm_streets import use_columns
from data.read.topology import Nodes, ends_of, nodes_by_ends, nodes_by_ids, one_line
from geo.crs import GEOD
from geo.errors import Fault, InputError

_YES_NO: Final = {"true": "yes", "1.0": "1", "-1.0": "-1", "false": "no", "0.0": "0", "t": "yes", "f": "no"}
_LETTERS: Final = {"f": "yes", "t": "-1", "b": "no"}
"""Geofabrik's shapefiles: one-way forward, against the line, both."""
_ALSO: Final = {"highway": ("fclass",)}
_BLANK: Final = {"", "nan", "none", "null", "<na>"}
_MEETS_M: Final = 0.01
"""Ends of lines this near one another meet."""
_FLAGS: Final = ("oneway", "bridge", "tunnel")
_NO_STREET: Final = ("railway", "waterway", "aerialway", "aeroway", "power")
"""OSM keys of lines that are no streets, where ``highway`` is not tagged too."""
_NOT: Final = {"no", "0", "false", "f"}
_TYPE: Final = re.compile(r"[a-z_:]+\.")
"""A ``type`` of the form key.value."""


def read_streets(
    path: Path,
    *,
    crs: str | None = None,
    directed: bool | None = None,
    keep_crs: bool = False,
    crs_is_fallback: bool = False,
) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Return the STREETS frame of a street file, and diagnostics.

    Tags are read where present by OSM's meaning; ``type`` = ``highway.primary`` is read as ``highway=primary``. A
    row that is tagged as something else (``type`` = ``railway.rail``, a column ``waterway``) is no street: it is
    dropped and counted. A row without any tag is open to all, both ways; a class OSM does not know is open too and
    named in ``unknown_classes``. Columns u and v define the topology where present (each line is turned so that it
    runs from u to v, and led on to the middle of a node whose ends do not meet; a line in parts is made one); else
    equal end points do, to 1 mm (1e-8° in degrees).

    ``directed`` says that each row is one direction only: opposite rows become one segment, a lone row is one-way
    for cycles and cars; None looks for the traffic simulator's columns ``allow`` and ``disallow``. The frame is in
    EPSG:4490, or with ``keep_crs`` in the file's own CRS. ``crs_is_fallback`` as in ``read_vector``.

    Raises InputError (no lines, an empty u or v, parts that are no one line from u to v), MissingCRSError,
    CRSMismatchError, each naming the file and the mend.
    """
    frame = read_vector(path, crs=crs, crs_is_fallback=crs_is_fallback)
    counts: dict[str, Any] = {"rows": len(frame), "crs": crs_name(frame.crs)}
    frame = _streets_only(_lines(frame, path, counts), path, counts)
    uses, tags = _uses(frame, counts)
    nodes = _nodes(frame, counts)
    table = _assemble(frame, uses, tags, nodes)
    one_direction = _is_directed(frame) if directed is None else directed
    counts["directed"] = one_direction
    if one_direction:
        table, merged = merge_directions(table)
        counts["merged_pairs"] = merged
    table, gaps = _ends_joined(table.reset_index(drop=True))
    table["seg_id"] = np.arange(len(table))
    table["synthetic"] = False
    counts |= _summary(table, tags, nodes) | gaps
    if keep_crs:
        blank = gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=_dummy(len(table)), crs=CRS_KEPT)
        typed = conform(blank, STREETS, file=str(path))
        return typed.set_geometry(gpd.GeoSeries(table.geometry.to_numpy(), crs=frame.crs)), counts
    return conform(to_kept(table), STREETS, file=str(path)), counts


def _dummy(count: int) -> NDArray[np.object_]:
    """Lines that pass the geometry gate, for frames that stay in their own CRS."""
    return np.full(count, shapely.LineString([(0.0, 0.0), (0.0, 1.0)]), dtype=object)


def _lines(frame: gpd.GeoDataFrame, path: Path, counts: dict[str, Any]) -> gpd.GeoDataFrame:
    """Single lines with finite ends; what is no line is a fault, what is empty is dropped and counted."""
    shapes = frame.geometry.to_numpy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    kind = shapely.get_type_id(shapes)
    wrong = np.flatnonzero(~empty & ~np.isin(kind, (1, 5)))
    if len(wrong):
        raise InputError(
            Fault(
                "geometry_type",
                f"{shapes[row].geom_type} where a line is expected.",
                "hand in lines only.",
                str(path),
                int(row),
            )
            for row in wrong[:100]
        )
    has_ids = column(frame, "u") is not None and column(frame, "v") is not None
    frame = _joined_by_ids(frame, ~empty, path) if has_ids else frame[~empty]
    frame = frame.explode(ignore_index=True) if (kind == 5).any() else frame.reset_index(drop=True)
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    infinite = ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    counts["dropped"] = {"no geometry": int(empty.sum()), "coordinates that are no numbers": int(infinite.sum())}
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))[~infinite].reset_index(drop=True)
    if not len(frame):
        raise InputError(Fault("no_streets", "the file holds no line.", "hand in a file of street lines.", str(path)))
    point = shapely.length(frame.geometry.to_numpy()) == 0.0
    if not has_ids:  # with u and v a line without length still joins two nodes
        counts["dropped"]["no length"] = int(point.sum())
        frame = frame[~point].reset_index(drop=True)
    counts["without_length_kept"] = int(point.sum()) if has_ids else 0
    return frame


def _joined_by_ids(frame: gpd.GeoDataFrame, keep: NDArray[np.bool_], path: Path) -> gpd.GeoDataFrame:
    """The rows at True, each one line from u to v. Raises InputError naming the rows whose u, v or parts forbid it."""
    faults: list[Fault] = []
    for name in (column(frame, "u"), column(frame, "v")):
        if pd.api.types.is_integer_dtype(frame[name].dtype) and not frame[name].hasnans:
            continue
        ids = id_text(frame[name])
        faults += [
            Fault(
                "empty", "the line has no node.", "fill it in, or hand in no u and v at all.", str(path), int(row), name
            )
            for row in [row for row in np.flatnonzero(keep) if (ids[row] or "").lower() in _BLANK][:100]
        ]
    shapes = frame.geometry.to_numpy().copy()
    parts = np.flatnonzero(keep & (shapely.get_type_id(shapes) == 5))
    shapes[parts] = [one_line(shapes[row]) for row in parts]
    faults += [
        Fault(
            "geometry_type", "the parts do not make one line from u to v.",
            "give each part a row with a u and v of its own.", str(path), int(row), "geometry",
        )
        for row in parts[shapely.is_missing(shapes[parts])][:100]
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))[keep]


def _streets_only(frame: gpd.GeoDataFrame, path: Path, counts: dict[str, Any]) -> gpd.GeoDataFrame:
    """The rows that are not tagged as something other than a street; the others are counted by what they are."""
    highway, typed = column(frame, "highway", *_ALSO["highway"]), column(frame, "type")
    known = [None] * len(frame) if highway is None else _text(frame[highway], "highway")
    types = [None] * len(frame) if typed is None else _text(frame[typed], "type")
    tags = {key: _text(frame[name], key) for key in _NO_STREET if (name := column(frame, key)) is not None}
    other: list[str | None] = []
    for row, (street, kind) in enumerate(zip(known, types, strict=True)):
        if street is not None or _typed(kind) is not None:
            other.append(None)
        elif kind is not None and _TYPE.match(kind):
            other.append(kind)
        else:
            values = ((key, column_of[row]) for key, column_of in tags.items())
            other.append(next((f"{k}.{v}" for k, v in values if v is not None and v.lower() not in _NOT), None))
    counts["dropped"] |= {f"no street: {kind}": n for kind, n in sorted(Counter(filter(None, other)).items())}
    frame = frame[[kind is None for kind in other]].reset_index(drop=True)
    if not len(frame):
        raise InputError(
            Fault("no_streets", "every line is tagged as other than a street.", "hand in streets.", str(path))
        )
    return frame


def _text(values: pd.Series, key: str) -> list[str | None]:
    """The tags of a column as OSM writes them, None where empty; each distinct value is looked at once."""
    number, distinct = pd.factorize(values, use_na_sentinel=False)
    told = _distinct_text(list(distinct), key)
    return [told[i] for i in number]


def _distinct_text(values: list[Any], key: str) -> list[str | None]:
    text = [str(value).strip() for value in values]
    out: list[str | None] = [None if value.lower() in _BLANK else value for value in text]
    if key == "oneway" and {value.lower() for value in out if value} <= set(_LETTERS):
        return [None if value is None else _LETTERS[value.lower()] for value in out]
    if key in _FLAGS:
        out = [None if value is None else _YES_NO.get(value.lower(), value.lower()) for value in out]
    if key == "highway":
        out = [None if value is None else _first(value) for value in out]
    if key in ("layer", "maxspeed"):
        out = [None if value is None else value.removesuffix(".0") for value in out]
    return out


def _first(value: str) -> str:
    """The first class where a simplified network lists several: ``['residential', 'tertiary']``."""
    return value.strip("[]").split(",")[0].strip(" '\"")


def _tag_columns(frame: gpd.GeoDataFrame) -> dict[str, list[str | None]]:
    found = {key: column(frame, key, *_ALSO.get(key, ()), key.replace(":", "_")) for key in STREET_KEYS}
    tags = {key: _text(frame[name], key) for key, name in found.items() if name is not None}
    typed = column(frame, "type")
    if typed is not None:
        classes = tags.get("highway", [None] * len(frame))
        tags["highway"] = [
            known if known is not None else _typed(value)
            for known, value in zip(classes, _text(frame[typed], "type"), strict=True)
        ]
    return tags


def _typed(value: str | None) -> str | None:
    """The street's class of ``highway.service``, and of what shares a line: ``railway.tram|highway.service``."""
    parts = (part.partition(".") for part in (value or "").split("|"))
    return next((rest for key, dot, rest in parts if dot and key == "highway"), None)


def _uses(frame: gpd.GeoDataFrame, counts: dict[str, Any]) -> tuple[list[StreetUse], dict[str, list[str | None]]]:
    tags = _tag_columns(frame)
    unknown: Counter[str] = Counter()
    uses: list[StreetUse] = []
    known: dict[tuple[str | None, ...], StreetUse] = {}
    # A file has few distinct sets of tags: each is judged once.
    for values in zip(*tags.values(), strict=True) if tags else [()] * len(frame):
        if values not in known:
            own = {key: value for key, value in zip(tags, values, strict=True) if value is not None}
            use = street_use(own)
            known[values] = use if use.known else street_use({k: v for k, v in own.items() if k != "highway"})
            if not use.known:
                unknown[own["highway"]] = 0
        uses.append(known[values])
    for value in tags.get("highway", ()):
        if value is not None and value in unknown:
            unknown[value] += 1
    counts["tags_read"] = sorted(tags)
    counts["unknown_classes"] = dict(sorted(unknown.items()))
    if _is_directed(frame):
        uses = permitted(uses, frame)
    return uses, tags


def _is_directed(frame: gpd.GeoDataFrame) -> bool:
    return all(name in frame.columns for name in SUMO_COLUMNS)


def _nodes(frame: gpd.GeoDataFrame, counts: dict[str, Any]) -> Nodes:
    u, v = column(frame, "u"), column(frame, "v")
    shapes = frame.geometry.to_numpy()
    if u is not None and v is not None:
        counts["topology"] = "columns u and v"
        nodes = nodes_by_ids(_node_ids(frame[u]), _node_ids(frame[v]), shapes)
    else:
        counts["topology"] = "equal end points"
        nodes = nodes_by_ends(shapes, degrees=bool(frame.crs.is_geographic))
    return nodes


def _node_ids(values: pd.Series) -> pd.Series:
    """Integers as they are, anything else as text: 7 and 7.0 are one node."""
    return values if pd.api.types.is_integer_dtype(values.dtype) else pd.Series(id_text(values), dtype="object")


def _assemble(
    frame: gpd.GeoDataFrame, uses: list[StreetUse], tags: dict[str, list[str | None]], nodes: Nodes
) -> gpd.GeoDataFrame:
    ids, names = column(frame, "id", "osm_id", "osmid", "way_id"), column(frame, "name")
    shapes = frame.geometry.to_numpy()
    columns: dict[str, Any] = {
        "u": nodes.u,
        "v": nodes.v,
        "way_id": None if ids is None else id_text(frame[ids]),
        "name": None if names is None else _text(frame[names], "name"),
        "highway": tags.get("highway"),
        **use_columns(uses),
    }
    return gpd.GeoDataFrame(
        {name: values for name, values in columns.items() if values is not None},
        geometry=np.where(nodes.turned, shapely.reverse(shapes), shapes),
        crs=frame.crs,
    )


def _classes(table: gpd.GeoDataFrame) -> list[str]:
    if "highway" not in table:
        return []
    return list(table["highway"].fillna("").astype("str"))


def _summary(table: gpd.GeoDataFrame, tags: dict[str, list[str | None]], nodes: Nodes) -> dict[str, Any]:
    missing = sorted({"bridge", "tunnel", "oneway"} - set(tags))
    return {
        "segments": len(table),
        "nodes": len(np.union1d(table["u"], table["v"])),
        "arcs": 2 * len(table),
        "lines_turned": int(nodes.turned.sum()),
        "node_ids_sharing_a_place": nodes.sharing,
        "segments_by_class": dict(sorted(Counter(_classes(table)).items())),
        "closed_to_walkers": int((~table["walk"]).sum()),
        "bridges": None if "bridge" in missing else int(table["bridge"].sum()),
        "not_in_file": missing,
    }


def _ends_joined(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Lines led on to the middle of their node where the ends that u and v join do not meet.

    Otherwise a junction would be crossed in no time, and a way along streets be shorter than the straight line.
    """
    shapes = table.geometry.to_numpy()
    first, last = ends_of(shapes)
    number, known = pd.factorize(np.concatenate([table["u"].to_numpy(), table["v"].to_numpy()]))
    order = np.argsort(number, kind="stable")
    places = np.concatenate([first, last])[order]
    begin = np.searchsorted(number[order], np.arange(len(known)))
    low, high = (extreme.reduceat(places, begin, axis=0) for extreme in (np.minimum, np.maximum))
    span = (high - low) * _metres_per_unit(table.crs, first)
    apart = span.max(axis=1) > _MEETS_M
    counts = {"nodes_with_ends_apart": int(apart.sum()), "widest_gap_at_a_node_m": round(float(span.max()), 1)}
    if not apart.any():
        return table, counts
    middle = pd.DataFrame(np.concatenate([first, last])).groupby(number).mean().to_numpy()
    u, v = number[: len(table)], number[len(table) :]
    joined = shapes.copy()
    for row in np.flatnonzero(apart[u] | apart[v]):
        before = [middle[u[row]]] if apart[u[row]] else []
        after = [middle[v[row]]] if apart[v[row]] else []
        joined[row] = shapely.LineString([*before, *shapely.get_coordinates(shapes[row]), *after])
    return table.set_geometry(gpd.GeoSeries(joined, index=table.index, crs=table.crs)), counts


def _metres_per_unit(crs: CRS, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    if not crs.is_geographic:
        return np.array([1.0, 1.0])
    lon, lat = (float(value) for value in np.median(xy, axis=0))
    return (
        np.array(
            [abs(GEOD.inv(lon, lat, lon + step_x, lat + step_y)[2]) for step_x, step_y in ((1e-3, 0.0), (0.0, 1e-3))]
        )
        / 1e-3
    )
