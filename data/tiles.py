"""Vector tiles of a frame: prepared once, then any tile in a few milliseconds.

What each layer shows is declared in a ``TileSpec``; ``tile_layer`` prepares a frame for it. What may not be
public (military, prisons, internal records) never enters a layer, whatever the declaration says.

Lines and polygons are simplified per zoom to half a pixel, polygons of one coverage together, so that shared
borders stay shared, and cut at 64 units around the tile. A point is in exactly one tile of each zoom.

Below the largest zoom points are thinned to one per cell, honestly: the point that stands for a cell is drawn
by exponential clocks (Efraimidis and Spirakis 2006, Weighted random sampling with a reservoir), so with
probability weight ÷ weight of the cell, and carries the summed weight of the cell. The total of every tile
is thus exact, and the weight shown as served is unbiased for any threshold, though each point keeps its own
travel times. The clocks hang on the row's key alone: the same points are drawn at every start, and what is
seen at one zoom is still there at the next.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.frames import CRS_KEPT
from data.sensitive import sensitive_names
from data.tile_specs import TileSpec
from geo import mvt
from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError, ParameterError

_BUFFER: Final = 64
_BITS: Final = 32
_HALF_PIXEL: Final = 4.0
_NEVER_SHOWN: Final = r"(?:^|[=.:;])\s*(?:military|prison|protected\s*$|军事|监狱)"
_PUBLIC_TIERS: Final = {"", "public", "公开"}

Geometries = NDArray[np.object_]


class TileLayer(Protocol):
    """A layer ready to be cut into tiles."""

    @property
    def spec(self) -> TileSpec:
        """The declaration it was made by."""

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Return the tile as MVT; b"" where it is empty or outside the layer's zooms.

        Raises ParameterError where there is no such tile.
        """

    def prepare(self) -> None:
        """Do ahead what the first tile of a zoom would wait for."""


def tile_layer(frame: gpd.GeoDataFrame, spec: TileSpec, *, decimals: int | None = None) -> TileLayer:
    """Return ``frame`` (EPSG:4490) prepared for ``spec``; safe to use from several threads.

    Where ``spec`` says so, coordinates are first rounded to ``decimals`` of a degree: the public position of
    facilities and homes. Feature ids are row numbers of ``frame``. Columns a frame lacks are left out.

    Raises MissingCRSError, CRSMismatchError, and InputError where a thinned layer holds other than points or
    lacks its key or weight.
    """
    if frame.crs is None:
        raise MissingCRSError(f"the frame for the tiles of {spec.name} has no CRS")
    if frame.crs != CRS_KEPT:
        raise CRSMismatchError(f"tiles of {spec.name} are made from {CRS_KEPT}, not {frame.crs.to_string()}")
    first = np.where(public_rows(frame), _first_zoom(frame, spec), spec.maxzoom + 1)
    drawn = (first <= spec.maxzoom) & ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    rows = np.flatnonzero(drawn)
    shown = frame.iloc[rows]
    shapes: Geometries = shapely.force_2d(shown.geometry.to_numpy())
    if spec.rounded and decimals is not None:
        shapes = shapely.transform(shapes, lambda xy: np.round(xy, decimals))
    columns = {name: _attribute(shown, name, spec) for name in spec.fields if spec.fields[name] in shown}
    if spec.cell:
        return _points(spec, shown, shapes, columns, rows)
    world = shapely.transform(shapes, mvt.web_mercator)
    broken = ~shapely.is_valid(world)
    world[broken] = shapely.make_valid(world[broken], method="structure", keep_collapsed=False)
    groups = shown[spec.coverage].to_numpy() if spec.coverage else None
    return _ShapeTiles(spec, columns, rows, world, first[rows], groups)


def public_rows(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return (N,) True where a row may be shown to anyone: deliverable, and its ``PUB_LVL`` empty, public or 公开.

    Any other ``PUB_LVL`` is internal, whatever it is called; an empty one is too where the name is sensitive.
    """
    shown = deliverable_rows(frame) & public_tiers(frame)
    if "NAME" in frame:
        unsaid = np.ones(len(frame), np.bool_) if "PUB_LVL" not in frame else _tiers(frame).eq("").to_numpy(np.bool_)
        doubt = np.flatnonzero(shown & unsaid)
        shown[doubt] = ~sensitive_names(frame["NAME"].iloc[doubt])
    return shown


def public_tiers(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return (N,) whether the ``PUB_LVL`` of a row is public, 公开 or empty; True where there is no such column."""
    if "PUB_LVL" not in frame:
        return np.ones(len(frame), np.bool_)
    return _tiers(frame).isin(_PUBLIC_TIERS).to_numpy(np.bool_)


def _tiers(frame: gpd.GeoDataFrame) -> pd.Series:
    return _plain_text(frame["PUB_LVL"]).str.strip().str.casefold()


def deliverable_rows(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return (N,) True where a row may leave the store at all: ``public`` true, no protected land, military or prison.

    An internal facility may be delivered to those who keep it; only ``public_rows`` may be shown to anyone.
    """
    shown = np.ones(len(frame), np.bool_)
    if "public" in frame:
        shown &= frame["public"].eq(True).fillna(False).to_numpy(np.bool_)
    for name in ("kind", "tag", "OSM_TAG", "CAT", "KIND"):
        if name in frame:
            text = _plain_text(frame[name])
            shown &= ~text.str.contains(_NEVER_SHOWN, case=False, regex=True).to_numpy(np.bool_)
    return shown


def _plain_text(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), "").astype("str")


def _first_zoom(frame: gpd.GeoDataFrame, spec: TileSpec) -> NDArray[np.int64]:
    never = spec.maxzoom + 1
    zoom = np.full(len(frame), -1, np.int64)
    for name, by_value in spec.zooms:
        if name in frame:
            text = frame[name].astype("object").where(frame[name].notna(), "")
            found = text.map(by_value).fillna(-1).to_numpy(np.int64)
            zoom = np.where(zoom < 0, found, zoom)
    zoom[zoom < 0] = never if spec.otherwise is None else spec.otherwise
    return np.maximum(zoom, spec.minzoom)


def _attribute(frame: gpd.GeoDataFrame, name: str, spec: TileSpec) -> mvt.Column:
    values = frame[spec.fields[name]]
    if name in spec.ceiled:
        seconds = np.ceil(values.to_numpy(np.float64, na_value=np.nan))
        finite = np.isfinite(seconds)
        whole = mvt.column(seconds[finite].astype(np.int64))
        codes = np.full(len(seconds), -1, np.int64)
        codes[finite] = whole.codes
        return mvt.Column(codes, whole.buffer, whole.offsets)
    return mvt.column(values)


def _checked(spec: TileSpec, z: int, x: int, y: int) -> bool:
    """Return whether the layer has tiles at ``z``; raise ParameterError where no such tile exists."""
    if not (0 <= z <= 30 and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ParameterError(f"there is no tile {z}/{x}/{y}")
    return spec.minzoom <= z <= spec.maxzoom


@dataclass(frozen=True, slots=True)
class _PointLevel:
    """The points of one zoom in Morton order: code, row of the layer, clock rank, summed weight; all (K,)."""

    code: NDArray[np.uint64]
    rows: NDArray[np.int64]
    rank: NDArray[np.int64]
    weight: NDArray[np.float64]
    weight_column: mvt.Column | None


@dataclass(frozen=True, slots=True)
class _PointTiles:
    spec: TileSpec
    columns: Mapping[str, mvt.Column]
    ids: NDArray[np.int64]
    x: NDArray[np.uint64]
    y: NDArray[np.uint64]
    levels: Mapping[int, _PointLevel]

    def tile(self, z: int, x: int, y: int) -> bytes:
        if not _checked(self.spec, z, x, y):
            return b""
        level = self.levels[z]
        shift = 2 * (_BITS - z)
        begin = int(_morton(np.array([x]), np.array([y]))[0]) << shift
        low = int(np.searchsorted(level.code, np.uint64(begin)))
        last = np.uint64(begin + (1 << shift) - 1)
        high = int(np.searchsorted(level.code, last, side="right"))
        if low == high:
            return b""
        rows = level.rows[low:high]
        columns = {name: values.take(rows) for name, values in self.columns.items()}
        if self.spec.weight and level.weight_column:
            columns = {self.spec.weight: level.weight_column.take(np.arange(low, high)), **columns}
        down = np.uint64(_BITS - z - 12)
        units = np.column_stack([self.x[rows] >> down, self.y[rows] >> down]) & np.uint64(mvt.EXTENT - 1)
        return mvt.encode_points(self.spec.name, columns, units, self.ids[rows])

    def prepare(self) -> None:
        """Nothing is left to do: points are ready from the start."""


def _points(
    spec: TileSpec,
    frame: gpd.GeoDataFrame,
    shapes: Geometries,
    columns: dict[str, mvt.Column],
    rows: NDArray[np.int64],
) -> _PointTiles:
    faults = [
        Fault("missing_column", f"tiles of {spec.name} need the column {name}.", "add it.", column=name)
        for name in (spec.key, spec.fields.get(spec.weight or ""))
        if name and name not in frame
    ]
    if not (shapely.get_type_id(shapes) == 0).all():
        faults.append(Fault("geometry_type", f"tiles of {spec.name} hold points only.", "take points."))
    if faults:
        raise InputError(faults)
    world = mvt.web_mercator(shapely.get_coordinates(shapes))
    whole = np.clip(world * 2.0**_BITS, 0, 2.0**_BITS - 1).astype(np.uint64)
    weight = np.ones(len(rows))
    if spec.weight:
        weight = frame[spec.fields[spec.weight]].to_numpy(np.float64, na_value=0.0)
        columns.pop(spec.weight)
    rank = _clocks(frame[spec.key] if spec.key else pd.Series(rows), weight)
    code = _morton(whole[:, 0], whole[:, 1])
    order = np.lexsort((rank, code))
    levels: dict[int, _PointLevel] = {}
    level = _level(spec, code[order], order, rank[order], weight[order])
    for z in range(spec.maxzoom, spec.minzoom - 1, -1):
        if z < spec.maxzoom and len(level.code):
            level = _thinned(spec, level, z)
        levels[z] = level
    return _PointTiles(spec, columns, rows, whole[:, 0], whole[:, 1], levels)


def _level(
    spec: TileSpec,
    code: NDArray[np.uint64],
    rows: NDArray[np.int64],
    rank: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> _PointLevel:
    column = mvt.column(weight.astype(np.float32)) if spec.weight else None
    return _PointLevel(code, rows, rank, weight, column)


def _thinned(spec: TileSpec, level: _PointLevel, z: int) -> _PointLevel:
    """Return the points that stand for their cells at zoom ``z``, each with the cell's weight."""
    cell = level.code >> np.uint64(2 * (_BITS - z - 12) + 2 * (spec.cell.bit_length() - 1))
    start = np.flatnonzero(np.diff(cell, prepend=cell[0] + np.uint64(1)) != 0)
    if len(start) == len(level.code):
        return level
    least = np.minimum.reduceat(level.rank, start)
    place = np.empty(int(level.rank.max()) + 1, np.int64)
    place[level.rank] = np.arange(len(level.rank))
    kept = place[least]
    weight = np.add.reduceat(level.weight, start)
    return _level(spec, level.code[kept], level.rows[kept], least, weight)


def _clocks(keys: pd.Series, weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return (N,) ranks of a weighted random order that hangs on the keys alone."""
    hashed = pd.util.hash_array(keys.astype("str").to_numpy(dtype=object))
    uniform = (hashed.astype(np.float64) + 0.5) / 2.0**64
    with np.errstate(divide="ignore"):
        clock = -np.log(uniform) / np.maximum(weight, 0.0)
    rank = np.empty(len(keys), np.int64)
    rank[np.lexsort((hashed, clock))] = np.arange(len(keys))
    return rank


def _morton(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.uint64]:
    """Return (N,) codes that interleave the 32 bits of ``x`` and ``y``: the Z-order curve."""

    def spread(values: NDArray[Any]) -> NDArray[np.uint64]:
        bits = values.astype(np.uint64)
        for shift, mask in (
            (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333), (1, 0x5555555555555555),
        ):  # fmt: skip
            bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
        return bits

    return spread(x) | spread(y) << np.uint64(1)


@dataclass(frozen=True, slots=True)
class _ShapeLevel:
    rows: NDArray[np.int64]
    shapes: Geometries
    tree: shapely.STRtree


@dataclass(frozen=True, slots=True)
class _ShapeTiles:
    spec: TileSpec
    columns: Mapping[str, mvt.Column]
    ids: NDArray[np.int64]
    world: Geometries
    first: NDArray[np.int64]
    groups: NDArray[np.object_] | None
    levels: dict[int, _ShapeLevel] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tile(self, z: int, x: int, y: int) -> bytes:
        if not _checked(self.spec, z, x, y):
            return b""
        level = self._level(z)
        side, margin = 1.0 / (1 << z), _BUFFER / mvt.EXTENT
        box = shapely.box((x - margin) * side, (y - margin) * side, (x + 1 + margin) * side, (y + 1 + margin) * side)
        found = np.sort(level.tree.query(box))
        if not len(found):
            return b""
        to_units = partial(mvt.to_tile_units, z=z, x=x, y=y)
        shapes = _cut(shapely.transform(level.shapes[found], to_units))
        there = ~shapely.is_empty(shapes)
        rows = level.rows[found[there]]
        columns = {name: values.take(rows) for name, values in self.columns.items()}
        return mvt.encode_features(self.spec.name, columns, shapes[there], self.ids[rows])

    def prepare(self) -> None:
        """Simplify the geometry for every zoom."""
        for z in range(self.spec.minzoom, self.spec.maxzoom + 1):
            self._level(z)

    def _level(self, z: int) -> _ShapeLevel:
        with self.lock:
            if z not in self.levels:
                rows = np.flatnonzero(self.first <= z)
                groups = None if self.groups is None else self.groups[rows]
                unit = 1.0 / (mvt.EXTENT << z)
                tolerance = unit * (1.0 if z == self.spec.maxzoom else _HALF_PIXEL)
                shapes = _simplified(self.world[rows], groups, tolerance, self.spec.smallest * unit)
                there = ~shapely.is_empty(shapes)
                self.levels[z] = _ShapeLevel(rows[there], shapes[there], shapely.STRtree(shapes[there]))
            return self.levels[z]


def _simplified(world: Geometries, groups: NDArray[np.object_] | None, tolerance: float, smallest: float) -> Geometries:
    """Return the shapes simplified; polygons under ``smallest`` squared in area become empty."""
    shapes = world.copy()
    kind = shapely.get_type_id(world)
    lines, polygons = np.isin(kind, (1, 5)), np.isin(kind, (3, 6))
    shapes[lines] = shapely.simplify(world[lines], tolerance, preserve_topology=False)
    if groups is None:
        seen = polygons & (shapely.area(world) >= smallest**2)
        shapes[polygons & ~seen] = shapely.Polygon()
        shapes[seen] = shapely.simplify(world[seen], tolerance)
        return shapes
    for group in pd.unique(groups):
        members = np.flatnonzero(polygons & (groups == group))
        if len(members):
            shapes[members] = shapely.coverage_simplify(world[members], tolerance)
    # where the areas handed in overlap, simplifying them together can break one: that one keeps its detail
    broken = polygons & ~shapely.is_valid(shapes)
    shapes[broken] = world[broken]
    return shapes


def _cut(shapes: Geometries) -> Geometries:
    """Return shapes in tile units cut at the buffer; points outside the tile itself become empty."""
    kind = shapely.get_type_id(shapes)
    bounds = shapely.bounds(shapes)
    low, high = -float(_BUFFER), float(mvt.EXTENT + _BUFFER)
    over = ~((bounds[:, :2] >= low) & (bounds[:, 2:] <= high)).all(axis=1)
    lines, polygons = over & np.isin(kind, (1, 5)), over & np.isin(kind, (3, 6))
    shapes[lines] = shapely.clip_by_rect(shapes[lines], low, low, high, high)
    shapes[polygons] = shapely.intersection(shapes[polygons], shapely.box(low, low, high, high))
    points = kind == 0
    inside = ((bounds[:, :2] >= 0) & (bounds[:, :2] < mvt.EXTENT)).all(axis=1)
    shapes[points & ~inside] = shapely.Point()
    return shapes
