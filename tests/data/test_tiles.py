"""Tile layers: what they show, where, and that thinning keeps weights honest."""

import threading

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from data.frames import CRS_KEPT
from data.tile_specs import AREAS, CONTEXT, STREETS, TileSpec, circle_tiles, facility_tiles
from data.tiles import TileLayer, public_rows, tile_layer
from geo import mvt
from geo.errors import CRSMismatchError, InputError, MissingCRSError, ParameterError

WEST, SOUTH, EAST, NORTH = 103.4, 35.8, 104.2, 36.3


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    x, y = mvt.web_mercator([[lon, lat]])[0] * (1 << z)
    return z, int(x), int(y)


def tiles_over(z: int) -> list[tuple[int, int, int]]:
    _, left, top = tile_of(WEST, NORTH, z)
    _, right, bottom = tile_of(EAST, SOUTH, z)
    return [(z, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def features(layer: TileLayer, z: int, x: int, y: int) -> list[dict]:
    tile = layer.tile(z, x, y)
    if not tile:
        return []
    decoded = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    assert list(decoded) == [layer.spec.name]
    return decoded[layer.spec.name]["features"]


def everything(layer: TileLayer, z: int) -> list[dict]:
    return [feature for tile in tiles_over(z) for feature in features(layer, *tile)]


def homes(count: int, seed: int = 0) -> gpd.GeoDataFrame:
    random = np.random.default_rng(seed)
    walk = random.gamma(2, 500, count)
    state = np.where(walk < 3000, "ok", "unreachable")
    return gpd.GeoDataFrame(
        {
            "demand_id": [f"d{number:06d}" for number in range(count)],
            "weight": random.gamma(1.5, 40, count),
            "walk_s": np.where(state == "ok", walk, np.nan),
            "cycle_s": np.where(state == "ok", walk / 3, np.nan),
            "st": state,
        },
        geometry=shapely.points(random.uniform((WEST, SOUTH), (EAST, NORTH), (count, 2))),
        crs=CRS_KEPT,
    )


@pytest.fixture(scope="module")
def circle() -> tuple[gpd.GeoDataFrame, TileLayer]:
    frame = homes(40_000)
    return frame, tile_layer(frame, circle_tiles("fitness"), decimals=4)


def test_every_home_is_in_exactly_one_tile_of_the_last_zoom() -> None:
    frame = homes(600)
    layer = tile_layer(frame, circle_tiles("fitness"))
    found = everything(layer, 14)
    assert sorted(feature["id"] for feature in found) == list(range(len(frame)))
    for feature in found:
        row = frame.iloc[feature["id"]]
        properties = feature["properties"]
        assert properties["w"] == pytest.approx(row["weight"], rel=1e-6)
        assert properties["st"] == row["st"]
        if np.isnan(row["walk_s"]):
            assert "walk_s" not in properties
        else:
            assert properties["walk_s"] == int(np.ceil(row["walk_s"]))
            assert properties["cycle_s"] == int(np.ceil(row["cycle_s"]))


@pytest.mark.parametrize("z", [4, 7, 9, 11])
def test_thinning_keeps_the_total_and_the_share(circle: tuple[gpd.GeoDataFrame, TileLayer], z: int) -> None:
    frame, layer = circle
    found = pd.DataFrame([feature["properties"] for feature in everything(layer, z)])
    assert len(found) < len(frame)
    assert found["w"].sum() == pytest.approx(frame["weight"].sum(), rel=1e-5)
    for minutes in (5, 15, 30):
        share = found["w"][found["walk_s"] <= minutes * 60].sum() / found["w"].sum()
        true = frame["weight"][frame["walk_s"] <= minutes * 60].sum() / frame["weight"].sum()
        effective = found["w"].sum() ** 2 / (found["w"] ** 2).sum()
        assert abs(share - true) < 4 * np.sqrt(true * (1 - true) / effective) + 1e-9


def test_the_sample_is_unbiased_over_many_keys() -> None:
    """One cell, two homes of weights 1 and 3: the second stands for the cell three times in four."""
    count, drawn = 2000, 0
    lonlat = np.column_stack([np.linspace(100, 110, count), np.full(count, 36.0)])
    frame = gpd.GeoDataFrame(
        {
            "demand_id": [f"{n}" for n in range(2 * count)],
            "weight": np.tile([1.0, 3.0], count),
            "walk_s": np.tile([100.0, 2000.0], count),
            "cycle_s": np.nan,
            "st": "ok",
        },
        geometry=shapely.points(np.repeat(lonlat, 2, axis=0)),
        crs=CRS_KEPT,
    )
    layer = tile_layer(frame, circle_tiles("fitness"))
    z, x, y = tile_of(105, 36, 13)
    for column in range(x - 400, x + 400):
        for feature in features(layer, z, column, y):
            if feature["properties"]["w"] == 4.0:
                drawn += (feature["properties"]["walk_s"] == 2000) - 0.75
    assert abs(drawn) < 4 * np.sqrt(count * 0.75 * 0.25)


def test_what_is_seen_stays_when_zooming_in_and_at_every_start(
    circle: tuple[gpd.GeoDataFrame, TileLayer],
) -> None:
    frame, layer = circle
    seen = [{feature["id"] for feature in everything(layer, z)} for z in (6, 8, 10)]
    assert seen[0] < seen[1] < seen[2]
    order = np.random.default_rng(3).permutation(len(frame))
    shuffled = tile_layer(frame.iloc[order].reset_index(drop=True), circle_tiles("fitness"), decimals=4)
    assert {int(order[f["id"]]) for f in everything(shuffled, 8)} == seen[1]


def test_thinned_tiles_fill_their_cells(circle: tuple[gpd.GeoDataFrame, TileLayer]) -> None:
    """A limited tile would leave most cells empty; here every cell that holds a home shows one."""
    frame, layer = circle
    z = 9
    world = mvt.web_mercator(np.round(shapely.get_coordinates(frame.geometry.to_numpy()), 4))
    cells = {tuple(cell) for cell in np.floor(world * (1 << z) * (4096 // 32)).astype(int).tolist()}
    shown = [
        (x * 128 + f["geometry"]["coordinates"][0] // 32, y * 128 + f["geometry"]["coordinates"][1] // 32)
        for _, x, y in tiles_over(z)
        for f in features(layer, z, x, y)
    ]
    assert len(shown) == len(set(shown))
    assert set(shown) == cells


def test_public_positions_are_rounded() -> None:
    frame = homes(50)
    exact = tile_layer(frame, circle_tiles("fitness"))
    public = tile_layer(frame, circle_tiles("fitness"), decimals=2)
    rounded = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, 2)))
    again = tile_layer(rounded.set_crs(CRS_KEPT), circle_tiles("fitness"))
    assert [public.tile(*tile) for tile in tiles_over(10)] == [again.tile(*tile) for tile in tiles_over(10)]
    assert [public.tile(*tile) for tile in tiles_over(10)] != [exact.tile(*tile) for tile in tiles_over(10)]


def test_facilities_show_what_is_public() -> None:
    frame = gpd.GeoDataFrame(
        {
            "FAC_ID": ["a", "b", "c"],
            "NAME": ["体育馆", None, "内部操场"],
            "KIND": ["stadium", "pitch", "pitch"],
            "PUB_LVL": [None, "public", "internal"],
            "OSM_TAG": ["leisure=stadium", "leisure=pitch", "leisure=pitch"],
            "SYNTHETIC": [False, True, False],
        },
        geometry=shapely.points([[103.81, 36.05], [103.82, 36.06], [103.83, 36.07]]),
        crs=CRS_KEPT,
    )
    layer = tile_layer(frame, facility_tiles("facilities.sports"), decimals=4)
    properties = [feature["properties"] for feature in everything(layer, 14)]
    assert sorted(properties, key=lambda p: p["FAC_ID"]) == [
        {"FAC_ID": "a", "NAME": "体育馆", "KIND": "stadium", "SYNTHETIC": False},
        {"FAC_ID": "b", "KIND": "pitch", "SYNTHETIC": True},
    ]


@pytest.mark.parametrize(
    ("tier", "shown"),
    [
        (None, True), (np.nan, True), ("", True), ("  ", True), ("public", True), (" Public ", True), ("PUBLIC", True),
        ("公开", True), (" 公开", True), ("internal", False), ("Internal", False), ("内部", False), ("内部资料", False),
        ("秘密", False), ("不公开", False), ("restricted", False), ("0", False), ("publicc", False),
    ],
)  # fmt: skip
def test_a_tier_nobody_knows_is_internal(tier: object, shown: bool) -> None:
    frame = gpd.GeoDataFrame(
        {"FAC_ID": ["a"], "NAME": "x", "KIND": None, "PUB_LVL": pd.Series([tier], dtype="object"), "SYNTHETIC": False},
        geometry=shapely.points([[103.81, 36.05]]),
        crs=CRS_KEPT,
    )
    assert public_rows(frame).tolist() == [shown]
    assert len(everything(tile_layer(frame, facility_tiles("facilities.sports")), 14)) == int(shown)


@pytest.mark.parametrize("public", [False, None, "False", "true", pd.NA])
def test_public_is_true_or_it_is_not(public: object) -> None:
    frame = context([("green", "landuse=grass", True)]).assign(public=pd.Series([public], dtype="object"))
    assert public_rows(frame).tolist() == [False]


def context(rows: list[tuple[str, str, bool]]) -> gpd.GeoDataFrame:
    kinds, tags, public = zip(*rows, strict=True)
    boxes = [shapely.box(103.80 + n / 100, 36.05, 103.805 + n / 100, 36.06) for n in range(len(rows))]
    names = [f"place {n}" for n in range(len(rows))]
    return gpd.GeoDataFrame(
        {"ctx_id": names, "kind": kinds, "tag": tags, "name": names, "public": public},
        geometry=boxes,
        crs=CRS_KEPT,
    )


def test_military_and_prisons_are_never_shown() -> None:
    frame = context(
        [
            ("green", "landuse=grass", True),
            ("military", "landuse=military", True),
            ("industrial", "landuse=military", True),
            ("building", "building=prison", True),
            ("building", "amenity=prison", True),
            ("other", "military=barracks", True),
            ("green", "landuse=grass", False),
        ]
    )
    layer = tile_layer(frame, CONTEXT)
    layer.prepare()
    for z in range(CONTEXT.minzoom, CONTEXT.maxzoom + 1):
        assert {f["properties"]["name"] for f in everything(layer, z)} <= {"place 0"}
        assert all(b"place 1" not in layer.tile(*tile) for tile in tiles_over(min(z, 11)))
    assert len({f["id"] for f in everything(layer, 14)}) == 1


def test_context_mixes_points_lines_and_polygons() -> None:
    frame = gpd.GeoDataFrame(
        {
            "ctx_id": ["river", "lake", "peak", "speck"],
            "kind": ["water", "water", "peak", "water"],
            "tag": None,
            "name": ["黄河", None, "皋兰山", None],
            "public": True,
        },
        geometry=[
            shapely.LineString([(103.0, 36.0), (103.83, 36.06), (104.9, 36.2)]),
            shapely.box(103.80, 36.04, 103.82, 36.05),
            shapely.Point(103.815, 36.045),
            shapely.box(103.8, 36.0, 103.80001, 36.00001),
        ],
        crs=CRS_KEPT,
    )
    layer = tile_layer(frame, CONTEXT)
    found = features(layer, *tile_of(103.815, 36.045, 12))
    assert {f["properties"]["kind"] + f["geometry"]["type"] for f in found} == {
        "waterLineString", "waterPolygon", "peakPoint",
    }  # fmt: skip
    assert sum(f["properties"]["kind"] == "peak" for f in everything(layer, 12)) == 1
    for feature in found:
        low, high = np.min(shape(feature["geometry"]).bounds), np.max(shape(feature["geometry"]).bounds)
        assert low >= -64
        assert high <= 4096 + 64


def test_streets_come_by_class() -> None:
    classes = ["trunk", "primary", "tertiary", "residential", "footway", None]
    lines = [shapely.LineString([(103.8, 36 + n / 1000, 1500), (103.9, 36.05, 1510)]) for n in range(6)]
    frame = gpd.GeoDataFrame(
        {"highway": classes, "name": "路", "bridge": False, "tunnel": False, "synthetic": True},
        geometry=lines,
        crs=CRS_KEPT,
    )
    layer = tile_layer(frame, STREETS)
    shown = {z: {f["properties"].get("highway") for f in everything(layer, z)} for z in (6, 8, 9, 12, 13, 14)}
    assert shown[6] == {"trunk"}
    assert shown[8] == shown[9] == {"trunk", "primary"}
    assert shown[12] == {"trunk", "primary", "tertiary", None}
    assert shown[14] == set(classes)
    assert set(everything(layer, 14)[0]["properties"]) >= {"bridge", "tunnel", "synthetic", "name"}


def test_shared_borders_stay_shared() -> None:
    """Neighbours cut from one wavy line meet without gap or overlap at every zoom."""
    ys = np.linspace(35.9, 36.2, 400)
    xs = 103.8 + 0.01 * np.sin(ys * 200) + np.random.default_rng(0).normal(0, 0.001, len(ys))
    border = np.column_stack([xs, ys])
    west = shapely.Polygon([(103.5, 35.9), *border.tolist(), (103.5, 36.2)])
    east = shapely.Polygon([(104.1, 35.9), *border.tolist(), (104.1, 36.2)])
    frame = gpd.GeoDataFrame(
        {
            "code": ["620102", "620105", "620100", "2020:620102", "620102001"],
            "name": ["城关区", "安宁区", "兰州市", "城关区", "街道"],
            "level": ["county", "county", "city", "unit_2020", "township"],
        },
        geometry=[west, east, west.union(east), west, west],
        crs=CRS_KEPT,
    )
    assert west.is_valid
    assert east.is_valid
    layer = tile_layer(frame, AREAS)
    sizes = []
    for z in (6, 8, 10, 12):
        for tile in tiles_over(z):
            found = features(layer, *tile)
            counties = [shape(f["geometry"]) for f in found if f["properties"]["level"] == "county"]
            if len(counties) == 2:
                assert counties[0].intersection(counties[1]).area <= 1e-6
                assert shapely.coverage_is_valid(counties)
        sizes.append(sum(len(layer.tile(*tile)) for tile in tiles_over(z)))
        levels = {f["properties"]["level"] for f in everything(layer, z)}
        assert levels == ({"city", "county"} if z < 9 else {"city", "county", "township"})
    assert sizes == sorted(sizes)


def test_overlapping_areas_still_make_valid_tiles() -> None:
    random = np.random.default_rng(4)
    shapes = [shapely.Point(xy).buffer(0.05) for xy in random.uniform((103.6, 35.9), (104.0, 36.2), (30, 2))]
    frame = gpd.GeoDataFrame({"code": ["1"] * 30, "name": "x", "level": "county"}, geometry=shapes, crs=CRS_KEPT)
    layer = tile_layer(frame, AREAS)
    for z in (5, 8, 11):
        found = everything(layer, z)
        assert found
        assert all(shape(feature["geometry"]).is_valid for feature in found)


def test_a_polygon_larger_than_the_tile_fills_it() -> None:
    frame = gpd.GeoDataFrame(
        {"code": ["1"], "name": ["x"], "level": ["county"]},
        geometry=[shapely.box(WEST, SOUTH, EAST, NORTH)],
        crs=CRS_KEPT,
    )
    (found,) = features(tile_layer(frame, AREAS), *tile_of(103.8, 36.05, 13))
    assert shape(found["geometry"]).bounds == (-64, -64, 4160, 4160)


def test_outside_is_empty_and_impossible_tiles_are_refused() -> None:
    for layer in (
        tile_layer(homes(10), circle_tiles("fitness")),
        tile_layer(context([("water", "", True)]), CONTEXT),
    ):
        assert layer.tile(10, 0, 0) == b""
        assert layer.tile(2, 3, 1) == b""
        assert layer.tile(15, 0, 0) == b""
        for z, x, y in ((3, 8, 0), (3, -1, 0), (-1, 0, 0), (3, 0, 8), (99, 0, 0)):
            with pytest.raises(ParameterError, match="no tile"):
                layer.tile(z, x, y)


def test_empty_frames_make_empty_layers() -> None:
    assert tile_layer(homes(0), circle_tiles("fitness")).tile(5, 25, 12) == b""
    assert tile_layer(context([("military", "", True)]), CONTEXT).tile(5, 25, 12) == b""


def test_bad_frames_are_refused() -> None:
    frame = homes(3)
    with pytest.raises(MissingCRSError):
        tile_layer(frame.set_crs(None, allow_override=True), circle_tiles("fitness"))
    with pytest.raises(CRSMismatchError):
        tile_layer(frame.to_crs("EPSG:3857"), circle_tiles("fitness"))
    blobs = shapely.buffer(frame.geometry.to_numpy(), 0.1)
    lines = frame.drop(columns=["demand_id", "weight"]).set_geometry(blobs, crs=CRS_KEPT)
    with pytest.raises(InputError) as raised:
        tile_layer(lines, circle_tiles("fitness"))
    assert len(raised.value.faults) == 3


def test_many_threads_get_the_same_tiles() -> None:
    layer = tile_layer(context([("water", "", True)] * 20), CONTEXT)
    wanted = tile_of(103.81, 36.055, 12)
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(layer.tile(*wanted))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0]


def test_cells_are_powers_of_two() -> None:
    specs: list[TileSpec] = [circle_tiles("fitness"), facility_tiles("facilities.sports")]
    assert all(spec.cell.bit_count() == 1 for spec in specs)
