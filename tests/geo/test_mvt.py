"""The encoder against an independent decoder and GDAL."""

import gzip
import subprocess
from pathlib import Path
from shutil import which

import mapbox_vector_tile
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from geo import mvt
from geo.errors import InputError


def decode(tile: bytes, layer: str = "layer") -> list[dict]:
    assert tile
    decoded = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    assert decoded[layer]["extent"] == mvt.EXTENT
    assert decoded[layer]["version"] == 2
    return decoded[layer]["features"]


def polygons(seed: int, count: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        corner = random.uniform(0, 3800, 2)
        size = random.uniform(2, 250)
        blob = shapely.MultiPoint(corner + random.uniform(0, size, (9, 2))).convex_hull
        hole = shapely.affinity.scale(blob, 0.4, 0.4)
        ring = blob.difference(hole)
        far = shapely.affinity.translate(blob, 260, 0)
        made.append([blob, ring, shapely.union_all([ring, far])][random.integers(3)])
    return np.array(made, object)


TEXT = st.none() | st.text(max_size=8)
INTEGER = st.none() | st.integers(-(2**63), 2**63 - 1)
FLOAT = st.none() | st.floats()
BOOL = st.none() | st.booleans()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXT, INTEGER, FLOAT, BOOL, st.integers(0, 2**64 - 1)), min_size=1, max_size=40))
def test_attributes_and_ids_come_back(rows: list[tuple]) -> None:
    texts, integers, floats, bools, ids = zip(*rows, strict=True)
    columns = {
        "名称": mvt.column(np.array(texts, object)),
        "n": mvt.column(np.array(integers, object)),
        "x": mvt.column(np.array([np.nan if v is None else v for v in floats], float)),
        "yes": mvt.column(np.array(bools, object)),
    }
    xy = np.random.default_rng(len(rows)).integers(-64, 4160, (len(rows), 2))
    features = decode(mvt.encode_points("layer", columns, xy, np.array(ids, np.uint64)))
    assert [feature["id"] for feature in features] == list(ids)
    assert [feature["geometry"]["coordinates"] for feature in features] == xy.tolist()
    for feature, (text, integer, number, yes, _) in zip(features, rows, strict=True):
        finite = number if number is not None and np.isfinite(number) else None
        expected = {"名称": text, "n": integer, "x": finite, "yes": yes}
        assert feature["properties"] == {key: value for key, value in expected.items() if value is not None}
        assert type(feature["properties"].get("yes", True)) is bool


@pytest.mark.parametrize("count", [1, 5, 300])
def test_polygons_keep_ids_area_and_winding(count: int) -> None:
    shapes = polygons(count, count)
    ids = np.arange(count) + 7
    tile = mvt.encode_polygons("layer", {"n": mvt.column(ids)}, shapes, ids)
    features = {feature["id"]: feature for feature in decode(tile)}
    for id_, source in zip(ids.tolist(), shapes, strict=True):
        whole = mvt.on_whole_units(np.array([source], object))[0]
        if whole.is_empty:
            assert id_ not in features
            continue
        found = shape(features[id_]["geometry"])
        assert found.is_valid
        assert found.normalize().equals(whole.normalize())
        assert abs(found.area - source.area) <= 1.5 * source.length + 4
        assert features[id_]["properties"] == {"n": id_}


def test_exterior_rings_have_positive_area() -> None:
    """Read the commands by hand: the decoder mends windings before it shows them."""
    donut = shapely.Point(100, 100).buffer(50).difference(shapely.Point(100, 100).buffer(20))
    for given_shape in (donut, shapely.reverse(donut)):
        shapes = np.array([given_shape], object)
        commands = mvt._polygon_commands(shapes)
        areas = [ring_area(ring) for ring in rings_of(commands.buffer.tolist())]
        assert areas[0] > 0 > areas[1]


def rings_of(raw: list[int]) -> list[list[tuple[int, int]]]:
    tokens, value, shift = [], 0, 0
    for byte in raw:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            tokens.append(value)
            value = shift = 0
    rings, x, y, at = [], 0, 0, 0
    while at < len(tokens):
        command, count = tokens[at] & 7, tokens[at] >> 3
        at += 1
        if command == 7:
            continue
        if command == 1:
            rings.append([])
        for _ in range(count):
            x += (tokens[at] >> 1) ^ -(tokens[at] & 1)
            y += (tokens[at + 1] >> 1) ^ -(tokens[at + 1] & 1)
            rings[-1].append((x, y))
            at += 2
    return rings


def ring_area(ring: list[tuple[int, int]]) -> float:
    turned = [*ring[1:], ring[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, turned, strict=True)) / 2


def test_rounding_that_breaks_a_polygon_is_mended() -> None:
    spike = shapely.Polygon([(0, 0), (100, 0), (100, 100), (50.2, 0.3), (0, 100)])
    sliver = shapely.Polygon([(0, 0), (100, 0.2), (100, 0.4), (0, 0.3)])
    features = decode(mvt.encode_polygons("layer", {}, [spike, sliver], [1, 2]))
    assert [feature["id"] for feature in features] == [1]
    assert shape(features[0]["geometry"]).is_valid
    assert shape(features[0]["geometry"]).area == pytest.approx(5000, abs=50)


def test_a_repeated_closing_vertex_is_dropped() -> None:
    ring = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0.2, 0.2)])
    commands = mvt._polygon_commands(np.array([ring], object))
    assert rings_of(commands.buffer.tolist()) == [[(0, 0), (10, 0), (10, 10)]]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.tuples(st.floats(0, 4096), st.floats(0, 4096)), min_size=2, max_size=9), min_size=1))
def test_lines_come_back(lines: list[list[tuple[float, float]]]) -> None:
    shapes = np.array([shapely.LineString(line) for line in lines], object)
    tile = mvt.encode_lines("layer", {}, shapes, np.arange(len(lines)))
    expected = {}
    for number, line in enumerate(lines):
        whole = np.rint(line).astype(int).tolist()
        kept = [point for at, point in enumerate(whole) if at == 0 or point != whole[at - 1]]
        if len(kept) > 1:
            expected[number] = kept
    found = {feature["id"]: feature["geometry"]["coordinates"] for feature in decode(tile)} if tile else {}
    assert found == expected


def test_mixed_geometry_keeps_order_and_columns() -> None:
    shapes = np.array(
        [
            shapely.box(10, 10, 20, 20),
            shapely.Point(5, 6),
            shapely.LineString([(0, 0), (9, 9)]),
            shapely.MultiPoint([(1, 1), (2, 2)]),
            shapely.MultiLineString([[(0, 0), (5, 5)], [(7, 7), (9, 1)]]),
            shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(10, 0, 15, 5)]),
            shapely.LineString([(3, 3), (3.1, 3.1)]),
        ],
        object,
    )
    names = mvt.column(np.array(["a", None, "c", "d", None, "f", "g"], object))
    features = decode(mvt.encode_features("layer", {"name": names}, shapes, np.arange(7)))
    assert [feature["id"] for feature in features] == [0, 1, 2, 3, 4, 5]
    assert [feature["properties"].get("name") for feature in features] == ["a", None, "c", "d", None, "f"]
    for feature, source in zip(features, shapes, strict=False):
        assert shape(feature["geometry"]).normalize().equals(source.normalize())


def test_only_values_in_use_are_written() -> None:
    column = mvt.column(np.array([f"name {number}" for number in range(1000)], object))
    few, many = column.take(np.array([3, 3, 7])), column.take(np.arange(900))
    tile = mvt.encode_points("layer", {"name": few}, [[1, 1], [2, 2], [3, 3]], [1, 2, 3])
    assert tile.count(b"name ") == 2
    assert [f["properties"]["name"] for f in decode(tile)] == ["name 3", "name 3", "name 7"]
    tile = mvt.encode_points("layer", {"name": many}, np.zeros((900, 2)), np.arange(900))
    assert [f["properties"]["name"] for f in decode(tile)] == [f"name {number}" for number in range(900)]


def test_many_features_cross_the_chunks() -> None:
    count = mvt._CHUNK + 5
    xy = np.random.default_rng(0).integers(0, 4096, (count, 2))
    tile = mvt.encode_points("layer", {"n": mvt.column(np.arange(count))}, xy, np.arange(count))
    features = decode(tile)
    assert [f["geometry"]["coordinates"] for f in features[-10:]] == xy[-10:].tolist()
    assert [f["properties"]["n"] for f in features] == list(range(count))


def test_nullable_and_narrow_columns() -> None:
    whole = mvt.column(pd.array([1, None, -3], dtype="Int64"))
    short = mvt.column(np.array([0.1, np.nan, np.inf], np.float32))
    features = decode(mvt.encode_points("layer", {"a": whole, "b": short}, np.zeros((3, 2)), [0, 1, 2]))
    assert [f["properties"] for f in features] == [{"a": 1, "b": pytest.approx(0.1)}, {}, {"a": -3}]


def test_empty_layers_are_no_bytes() -> None:
    assert mvt.encode_points("layer", {}, np.empty((0, 2)), []) == b""
    assert mvt.encode_lines("layer", {}, np.empty(0, object), []) == b""
    assert mvt.encode_polygons("layer", {}, np.empty(0, object), []) == b""
    assert mvt.encode_features("layer", {}, np.empty(0, object), []) == b""


def test_bad_columns_are_refused() -> None:
    with pytest.raises(InputError, match="cannot hold"):
        mvt.column(np.array([1, "a"], object))
    with pytest.raises(ValueError, match="2 geometries"):
        mvt.encode_points("layer", {"n": mvt.column(np.arange(3))}, np.zeros((2, 2)), [1, 2])


def test_mercator_agrees_with_proj() -> None:
    from pyproj import Transformer

    lonlat = np.random.default_rng(1).uniform((-180, -84), (180, 84), (500, 2))
    project = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    half = 20037508.342789244
    x, y = project.transform(*lonlat.T)
    world = mvt.web_mercator(lonlat)
    np.testing.assert_allclose(world, np.column_stack([0.5 + x / half / 2, 0.5 - y / half / 2]), atol=1e-12)


def test_gdal_reads_the_tile(tmp_path: Path) -> None:
    if which("ogrinfo") is None:
        pytest.skip("ogrinfo (Debian's gdal-bin) is absent")
    shapes = polygons(5, 30)
    columns = {"name": mvt.column(np.array([f"区{number}" for number in range(30)], object))}
    path = tmp_path / "0.mvt"
    path.write_bytes(gzip.compress(mvt.encode_polygons("layer", columns, shapes, np.arange(30))))
    told = subprocess.run(["ogrinfo", "-al", "-q", path], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert told.stdout.count("OGRFeature(layer)") == 30
    assert "name (String) = 区29" in told.stdout
