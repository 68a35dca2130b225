"""Mapbox Vector Tiles, version 2.1: whole layers encoded with array operations, never feature by feature.

Geometry comes in tile units (x right, y down, the tile from 0 to ``extent``); ``web_mercator`` and
``to_tile_units`` make them from longitude and latitude.

Source of the format: Mapbox Vector Tile Specification 2.1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import Fault, InputError

EXTENT: Final = 4096
"""Units along a tile's side."""

_POINT: Final = 1
_LINE: Final = 2
_POLYGON: Final = 3
_MOVE_ONCE, _CLOSE = 9, 15
_CHUNK: Final = 1 << 15
_LATITUDE_LIMIT: Final = 85.0511287798066

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Geometries = NDArray[np.object_]


def web_mercator(lonlat: ArrayLike) -> NDArray[np.float64]:
    """Return (N, 2) Web Mercator positions in units of the whole world: x east, y south, both from 0 to 1.

    Latitudes beyond ±85.05° are held at the edge. CGCS2000 is taken as equal to WGS 84, as everywhere here.

    >>> web_mercator([[0.0, 0.0], [180.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.5]]
    """
    degrees = np.asarray(lonlat, np.float64).reshape(-1, 2)
    latitude = np.radians(np.clip(degrees[:, 1], -_LATITUDE_LIMIT, _LATITUDE_LIMIT))
    return np.column_stack([degrees[:, 0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(latitude)) / (2 * np.pi)])


def to_tile_units(world: NDArray[np.float64], z: int, x: int, y: int, *, extent: int = EXTENT) -> NDArray[np.float64]:
    """Return (N, 2) positions in units of tile ``z/x/y`` for (N, 2) positions of ``web_mercator``."""
    units: NDArray[np.float64] = (world * float(1 << z) - np.array([x, y], np.float64)) * extent
    return units


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute, factorised once: ``codes`` (N,), −1 where absent, into distinct values already encoded.

    Value ``i`` is ``buffer[offsets[i]:offsets[i + 1]]``. Make one with ``column``, cut it with ``take``.
    """

    codes: Integers
    buffer: Bytes
    offsets: Integers

    def take(self, rows: NDArray[Any]) -> "Column":
        """Return the column of these ``rows`` (indices or a mask), sharing the values."""
        return Column(self.codes[rows], self.buffer, self.offsets)

    def used(self) -> tuple[Integers, Bytes]:
        """Return codes numbered anew over the values that occur, and those values, one after the other."""
        distinct = len(self.offsets) - 1
        if distinct > 4 * len(self.codes):
            found, inverse = np.unique(self.codes, return_inverse=True)
            absent = int(len(found) > 0 and found[0] < 0)
            codes, found = inverse.astype(np.int64) - absent, found[absent:]
        else:
            seen = np.zeros(distinct + 1, np.bool_)
            seen[self.codes] = True
            found = np.flatnonzero(seen[:-1])
            number = np.cumsum(seen) - 1
            number[-1] = -1
            codes = number[self.codes]
        starts = self.offsets[found]
        return codes, _gather(self.buffer, starts, self.offsets[found + 1] - starts)


def column(values: ArrayLike | pd.Series) -> Column:
    """Return ``values`` (N,) of one kind (integers, floats, bools or text) as a ``Column``.

    None, NaN, NaT and infinite values are absent from their features. Float32 values take 4 bytes in the
    tile, other floats 8. Raises InputError for values of several kinds, or of another kind.
    """
    array = np.asarray(values.array if isinstance(values, pd.Series) else values)
    kind = pd.api.types.infer_dtype(array, skipna=True)
    if array.dtype.kind == "f":
        array = np.where(np.isfinite(array), array, np.array(np.nan, array.dtype))
    codes, distinct = pd.factorize(array)
    messages, lengths = _values(kind, np.asarray(distinct), single=array.dtype == np.float32)
    return Column(codes.astype(np.int64), messages, np.concatenate([[0], np.cumsum(lengths)]))


def encode_points(
    name: str, columns: Mapping[str, Column], xy: ArrayLike, ids: ArrayLike, *, extent: int = EXTENT
) -> bytes:
    """Return one layer of points at ``xy`` (N, 2) in tile units, with ``ids`` (N,) ≥ 0; b"" for none.

    Raises ValueError where columns, positions and ids differ in length.
    """
    units = np.rint(np.asarray(xy, np.float64).reshape(-1, 2)).astype(np.int64)
    return _layer(name, columns, _point_commands(units, np.arange(len(units))), np.asarray(ids), len(units), extent)


def encode_lines(
    name: str, columns: Mapping[str, Column], geometry: ArrayLike, ids: ArrayLike, *, extent: int = EXTENT
) -> bytes:
    """Return one layer of (Multi)LineStrings (N,) in tile units; those shorter than a unit fall out."""
    shapes = np.asarray(geometry, np.object_)
    return _layer(name, columns, _line_commands(shapes), np.asarray(ids), len(shapes), extent)


def encode_polygons(
    name: str, columns: Mapping[str, Column], geometry: ArrayLike, ids: ArrayLike, *, extent: int = EXTENT
) -> bytes:
    """Return one layer of (Multi)Polygons (N,) in tile units; what collapses at whole units falls out.

    Exterior rings have positive area in tile units, interior ones negative; what whole units made invalid
    is mended.
    """
    shapes = np.asarray(geometry, np.object_)
    return _layer(name, columns, _polygon_commands(shapes), np.asarray(ids), len(shapes), extent)


def encode_features(
    name: str, columns: Mapping[str, Column], geometry: ArrayLike, ids: ArrayLike, *, extent: int = EXTENT
) -> bytes:
    """Return one layer of points, lines and polygons mixed (N,), in tile units; order is kept."""
    shapes = np.asarray(geometry, np.object_)
    kind = shapely.get_type_id(shapes)
    made = []
    for types, commands in (((0, 4), _points_of), ((1, 5), _line_commands), ((3, 6, 7), _polygon_commands)):
        rows = np.flatnonzero(np.isin(kind, types))
        if len(rows):
            part = commands(shapes[rows])
            made.append(_Commands(part.kind, rows[part.rows], part.buffer, part.lengths))
    return _layer(name, columns, _merged(made), np.asarray(ids), len(shapes), extent)


@dataclass(frozen=True, slots=True)
class _Commands:
    """Encoded geometries: the ``rows`` (F,) they belong to, ``kind`` (F,), ``lengths`` (F,) in ``buffer``."""

    kind: NDArray[np.uint8]
    rows: Integers
    buffer: Bytes
    lengths: Integers


def _gather(buffer: Bytes, starts: Integers, lengths: Integers) -> Bytes:
    ends = np.cumsum(lengths)
    if not len(ends):
        return np.empty(0, np.uint8)
    picked: Bytes = buffer[np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1])]
    return picked


def _zigzag(values: Integers) -> NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).astype(np.uint64)


def _sizes(values: NDArray[np.uint64]) -> Integers:
    sizes = np.ones(values.shape, np.int64)
    top = int(values.max()) if values.size else 0
    for shift in range(7, 64, 7):
        if not top >> shift:
            break
        sizes += values >= np.uint64(1 << shift)
    return sizes


def _varints(values: NDArray[np.uint64], sizes: Integers) -> Bytes:
    """Return the base-128 bytes of flat ``values``; those of size 0 are left out."""
    if not sizes.all():
        there = sizes > 0
        values, sizes = values[there], sizes[there]
    ends = np.cumsum(sizes)
    if not len(ends):
        return np.empty(0, np.uint8)
    longest = int(sizes.max())
    low, seven = np.uint64(127), np.uint64(7)
    if longest == 1:
        return values.astype(np.uint8)
    out = np.empty(int(ends[-1]), np.uint8)
    at = ends - sizes
    out[at] = (values & low).astype(np.uint8) | ((sizes > 1).astype(np.uint8) << 7)
    for byte in range(1, longest):
        more = np.flatnonzero(sizes > byte)
        values, sizes, at = values[more] >> seven, sizes[more], at[more]
        out[at + byte] = (values & low).astype(np.uint8) | ((sizes > byte + 1).astype(np.uint8) << 7)
    return out


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _message(field: int, payload: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(payload)) + payload


def _values(kind: str, distinct: NDArray[Any], *, single: bool) -> tuple[Bytes, Integers]:
    """Return the Value messages of ``distinct`` one after the other, and their lengths."""
    count = len(distinct)
    if kind == "empty" or not count:
        return np.empty(0, np.uint8), np.empty(0, np.int64)
    if kind == "string":
        texts = [_message(4, _message(1, text.encode())) for text in distinct.tolist()]
        lengths = np.fromiter(map(len, texts), np.int64, count)
        return np.frombuffer(b"".join(texts), np.uint8), lengths
    if kind == "integer":
        numbers = distinct.astype(np.int64)
        negative = numbers < 0
        payload = np.where(negative, _zigzag(numbers), numbers.astype(np.uint64))
        head = np.full((count, 3), 0x22, np.uint64)
        head[:, 1] = _sizes(payload) + 1
        head[:, 2] = np.where(negative, 0x30, 0x28)
        tokens = np.column_stack([head, payload])
        sizes = _sizes(tokens)
        return _varints(tokens.ravel(), sizes.ravel()), sizes.sum(axis=1)
    fixed = _fixed(kind, distinct, single=single)
    return fixed.ravel(), np.full(count, fixed.shape[1], np.int64)


def _fixed(kind: str, distinct: NDArray[Any], *, single: bool) -> Bytes:
    if kind == "boolean":
        tag, payload = 0x38, distinct.astype(np.uint8).reshape(-1, 1)
    elif kind in {"floating", "mixed-integer-float"} and single:
        tag, payload = 0x15, np.ascontiguousarray(distinct, "<f4").view(np.uint8).reshape(-1, 4)
    elif kind in {"floating", "mixed-integer-float"}:
        tag, payload = 0x19, np.ascontiguousarray(distinct.astype("<f8")).view(np.uint8).reshape(-1, 8)
    else:
        raise InputError(
            Fault(
                "type",
                f"a tile's attribute cannot hold {kind} values.",
                "use integers, floats, bools or text.",
            )
        )
    head = np.broadcast_to(np.array([0x22, payload.shape[1] + 1, tag], np.uint8), (len(payload), 3))
    return np.hstack([head, payload])


def _point_commands(xy: Integers, feature: Integers) -> _Commands:
    """Encode positions (V, 2) of ``feature`` (V,), rising, each feature one or several points."""
    if not len(xy):
        return _merged([])
    first = np.diff(feature, prepend=feature[0] - 1) != 0
    start = np.flatnonzero(first)
    count = np.diff(start, append=len(xy))
    delta = xy.copy()
    delta[1:][~first[1:]] -= xy[:-1][~first[1:]]
    position = np.arange(len(xy)) * 2 + np.cumsum(first)
    tokens = np.empty(len(start) + 2 * len(xy), np.uint64)
    begin = position[start] - 1
    tokens[begin] = count << 3 | 1
    tokens[position], tokens[position + 1] = _zigzag(delta[:, 0]), _zigzag(delta[:, 1])
    return _encoded(_POINT, feature[start], tokens, begin)


def _points_of(shapes: Geometries) -> _Commands:
    xy, feature = shapely.get_coordinates(shapes, return_index=True)
    return _point_commands(np.rint(xy).astype(np.int64), feature)


def _line_commands(shapes: Geometries) -> _Commands:
    parts, feature = shapely.get_parts(shapes, return_index=True)
    lines = shapely.get_type_id(parts) == 1
    parts, feature = parts[lines], feature[lines]
    xy, part = shapely.get_coordinates(parts, return_index=True)
    return _path_commands(_LINE, np.rint(xy).astype(np.int64), part, feature)


def _polygon_commands(shapes: Geometries) -> _Commands:
    parts, feature = shapely.get_parts(on_whole_units(shapes), return_index=True)
    polygons = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    parts, feature = shapely.remove_repeated_points(parts[polygons]), feature[polygons]
    parts = shapely.orient_polygons(parts)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    closing = np.diff(ring, append=-1) != 0
    return _path_commands(_POLYGON, xy[~closing].astype(np.int64), ring[~closing], feature[part])


def on_whole_units(shapes: Geometries) -> Geometries:
    """Return polygons (N,) with vertices at whole units, all valid; collapsed ones are empty.

    Rounding alone keeps shared borders shared; only what it made invalid is snap-rounded (set_precision).
    """
    whole: Geometries = shapely.transform(shapes, np.rint)
    bad = np.flatnonzero(~shapely.is_valid(whole))
    if len(bad):
        sound = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        whole[bad] = shapely.set_precision(sound, 1.0)
    return whole


def _path_commands(kind: Literal[2, 3], xy: Integers, path: Integers, feature_of: Integers) -> _Commands:
    """Encode vertices (V, 2) of rising ``path`` (V,); ``feature_of`` has each path's feature, rising."""
    keep = np.ones(len(xy), np.bool_)
    keep[1:] = (np.diff(xy, axis=0) != 0).any(axis=1) | (path[1:] != path[:-1])
    xy, path = xy[keep], path[keep]
    count = np.bincount(path, minlength=len(feature_of))
    long_enough = count >= kind
    keep = long_enough[path]
    xy, path = xy[keep], path[keep]
    if not len(xy):
        return _merged([])
    count, feature = count[long_enough], feature_of[long_enough]
    start = np.cumsum(count) - count
    new_feature = np.diff(feature, prepend=-1) != 0
    delta = xy.copy()
    delta[1:] -= xy[:-1]
    delta[start[new_feature]] = xy[start[new_feature]]
    token_count = 2 * count + kind
    begin = np.cumsum(token_count) - token_count
    within = np.arange(len(xy)) - np.repeat(start, count)
    position = np.repeat(begin, count) + 1 + 2 * within + (within > 0)
    tokens = np.empty(int(token_count.sum()), np.uint64)
    tokens[begin], tokens[begin + 3] = _MOVE_ONCE, (count - 1) << 3 | 2
    tokens[position], tokens[position + 1] = _zigzag(delta[:, 0]), _zigzag(delta[:, 1])
    if kind == _POLYGON:
        tokens[begin + token_count - 1] = _CLOSE
    return _encoded(kind, feature[new_feature], tokens, begin[new_feature])


def _encoded(kind: int, rows: Integers, tokens: NDArray[np.uint64], begin: Integers) -> _Commands:
    sizes = _sizes(tokens)
    return _Commands(np.full(len(rows), kind, np.uint8), rows, _varints(tokens, sizes), np.add.reduceat(sizes, begin))


def _merged(parts: list[_Commands]) -> _Commands:
    if not parts:
        none = np.empty(0, np.int64)
        return _Commands(none.astype(np.uint8), none, none.astype(np.uint8), none)
    if len(parts) == 1:
        return parts[0]
    rows = np.concatenate([part.rows for part in parts])
    lengths = np.concatenate([part.lengths for part in parts])
    buffer = np.concatenate([part.buffer for part in parts])
    order = np.argsort(rows, kind="stable")
    starts = np.cumsum(lengths) - lengths
    return _Commands(
        np.concatenate([part.kind for part in parts])[order],
        rows[order],
        _gather(buffer, starts[order], lengths[order]),
        lengths[order],
    )


def _layer(
    name: str,
    columns: Mapping[str, Column],
    shapes: _Commands,
    ids: NDArray[Any],
    count: int,
    extent: int,
) -> bytes:
    lengths = {"ids": len(ids), **{key: len(values.codes) for key, values in columns.items()}}
    if set(lengths.values()) != {count}:
        raise ValueError(f"{count} geometries, but {lengths}")
    if not len(shapes.rows):
        return b""
    keys, values, tags, offset = b"", [], np.empty((len(shapes.rows), 2 * len(columns)), np.int64), 0
    for number, (key, values_of) in enumerate(columns.items()):
        codes, buffer = values_of.take(shapes.rows).used()
        keys += _message(3, key.encode())
        values.append(buffer.tobytes())
        tags[:, 2 * number] = np.where(codes < 0, -1, number)
        tags[:, 2 * number + 1] = np.where(codes < 0, -1, codes + offset)
        offset += int(codes.max(initial=-1)) + 1
    features = b"".join(_features(shapes, ids[shapes.rows].astype(np.uint64), tags))
    head = b"\x78\x02" + _message(1, name.encode())
    return _message(3, head + features + keys + b"".join(values) + b"\x28" + _varint(extent))


def _features(shapes: _Commands, ids: NDArray[np.uint64], tags: Integers) -> Iterator[bytes]:
    """Yield the Feature messages, some ten thousand at a time: the work stays in the processor's cache."""
    ends = np.cumsum(shapes.lengths)
    for low in range(0, len(ids), _CHUNK):
        chunk = slice(low, low + _CHUNK)
        sizes = shapes.lengths[chunk]
        heads, head_sizes = _heads(shapes.kind[chunk], ids[chunk], tags[chunk], sizes)
        head_ends = np.cumsum(head_sizes)
        out = np.empty(int(head_ends[-1] + sizes.sum()), np.uint8)
        body_ends = np.cumsum(sizes)
        out[np.arange(len(heads)) + np.repeat(body_ends - sizes, head_sizes)] = heads
        first, last = ends[low] - sizes[0], ends[min(low + _CHUNK, len(ends)) - 1]
        out[np.arange(last - first) + np.repeat(head_ends, sizes)] = shapes.buffer[first:last]
        yield out.tobytes()


def _heads(
    kind: NDArray[np.uint8], ids: NDArray[np.uint64], tags: Integers, geometry_sizes: Integers
) -> tuple[Bytes, Integers]:
    """Return everything of the Feature messages that stands before the geometry's bytes, and (F,) sizes."""
    count, width = tags.shape
    present = tags >= 0
    tokens = np.empty((count, 10 + width), np.uint64)
    tokens[:, [0, 2, 4, -4, -2]] = (0x12, 0x08, 0x12, 0x18, 0x22)
    tokens[:, 1] = tokens[:, 5] = 0
    tokens[:, 3], tokens[:, -3], tokens[:, -1] = ids, kind, geometry_sizes
    tokens[:, 6 : 6 + width] = np.where(present, tags, 0)
    sizes = _sizes(tokens)
    sizes[:, 6 : 6 + width] *= present
    tag_size = sizes[:, 6 : 6 + width].sum(axis=1)
    tokens[:, 5] = tag_size
    sizes[:, 5] = _sizes(tokens[:, 5])
    sizes[tag_size == 0, 4:6] = 0
    tokens[:, 1] = sizes[:, 2:].sum(axis=1) + geometry_sizes
    sizes[:, 1] = _sizes(tokens[:, 1])
    return _varints(tokens.ravel(), sizes.ravel()), sizes.sum(axis=1)
