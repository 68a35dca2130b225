"""Military sites, prisons, internal records and personal data never reach the public: every public answer is searched."""

import io
import json
import shutil
import zipfile
from itertools import product
from math import floor, log, pi, radians, tan

import anyio
import geopandas as gpd
import httpx
import mapbox_vector_tile
import numpy as np
import pandas as pd
import pytest
import shapely

from api.app import create_app
from api.export import export, write_map
from api.imports import import_context
from api.plan import plan_indicator
from api.wiring import open_runner
from data.frames import conform
from data.plan import plan
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from data.write.formats import FORMATS
from layers.facilities.sports import SPORTS
from tests.town import CITY, ORIGIN, frames, lonlat

SECRETS = {
    "army": "东岭训练场", "prison": "西坡高墙院", "barracks_hall": "营内体育馆", "internal": "内部健身中心",
    "person": "张秘密", "phone": "13900001234", "tagged": "靶场健身点", "fenced": "围墙里的球场",
}  # fmt: skip
IDS = ("SECRET-INTERNAL", "SECRET-TAGGED", "SECRET-FENCED", "secret-army", "secret-prison", "secret-hall")
ARMY_AT, PRISON_AT, FENCED_AT, INTERNAL_AT, TAGGED_AT = (3200, 0), (300, 400), (3210, 0), (2600, 0), (2800, 0)
HIDDEN = (FENCED_AT, INTERNAL_AT, TAGGED_AT)
EVERYWHERE = (*HIDDEN, ARMY_AT, PRISON_AT, (1200, 0), (2700, 0), (3000, 100), (3900, 400))
PUBLIC = {"v0": (1000, 0), "open": (1500, 0)}


def place(xy):
    return lonlat([shapely.Point(np.array(xy) + ORIGIN)])[0]


def around(xy, metres=40.0):
    return lonlat([shapely.Point(np.array(xy) + ORIGIN).buffer(metres, cap_style="square")])[0]


def context_file(path):
    rows = [
        ("secret-army", SECRETS["army"], {"landuse": "military"}, around(ARMY_AT)),
        ("secret-prison", SECRETS["prison"], {"amenity": "prison"}, around(PRISON_AT)),
        ("secret-hall", SECRETS["barracks_hall"], {"leisure": "sports_centre"}, around((3190, 5), 5.0)),
        ("river", "黄河", {"natural": "water"}, around((2000, 200), 60.0)),
    ]
    features = [
        {"type": "Feature", "id": name, "properties": {"id": name, "name": title, **tags}, "geometry": shapely.geometry.mapping(shape)}
        for name, title, tags, shape in rows
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    return path


def venues():
    common = {"KIND": "体育馆", "CRS_SRC": "EPSG:4544", "SRC": "by hand", "SYNTHETIC": False, "STATUS": "运营"}
    personal = {"CONTACT": SECRETS["person"], "PHONE": SECRETS["phone"]}
    rows = [
        {"FAC_ID": "v0", "NAME": "南岸体育馆", **personal},
        {"FAC_ID": "open", "NAME": "河畔球场", "PUB_LVL": "public", **personal},
        {"FAC_ID": "SECRET-INTERNAL", "NAME": SECRETS["internal"], "PUB_LVL": "internal", **personal},
        {"FAC_ID": "SECRET-TAGGED", "NAME": SECRETS["tagged"], "OSM_TAG": "military=range", **personal},
        {"FAC_ID": "SECRET-FENCED", "NAME": SECRETS["fenced"], **personal},
    ]
    at = [*PUBLIC.values(), INTERNAL_AT, TAGGED_AT, FENCED_AT]
    frame = pd.DataFrame([{**common, **row} for row in rows])
    return conform(gpd.GeoDataFrame(frame, geometry=[place(xy) for xy in at], crs="EPSG:4490"), SPORTS.spec)


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("public")
    store = EmbeddedStore.create(path / "ws", City(CITY.code, CITY.name, CITY.name_en, CITY.crs))
    for layer, frame in frames().items():
        meta = {"unit": "persons", "title_zh": "居民", "title_en": "residents"} if layer.startswith("demand") else {}
        store.put_draft(layer, frame, meta)
    runner = open_runner(path / "ws")
    import_context(
        store, [context_file(path / "context.geojson")], facility_layers=runner.facility_layers.items, crs=None
    )
    store.put_draft(SPORTS.layer, venues(), {"source": "by hand"})
    store.publish("with secrets")
    return open_runner(path / "ws")


@pytest.fixture(scope="module")
def get(secret):
    transport = httpx.ASGITransport(app=create_app(secret), raise_app_exceptions=False)

    def ask(*paths):
        async def run():
            async with httpx.AsyncClient(transport=transport, base_url="http://quantu") as client:
                return [await client.get(path) for path in paths]

        return anyio.run(run)

    return ask


def words_in(content: bytes) -> set[str]:
    """The secrets that stand in some bytes, as they are or escaped as JSON."""
    out = set()
    for word in (*SECRETS.values(), *IDS):
        forms = (word.encode(), json.dumps(word).strip('"').encode(), word.encode("gbk"), word.encode("utf-16-le"))
        if any(form in content for form in forms):
            out.add(word)
    return out


def unpacked(content: bytes) -> bytes:
    """The bytes with those of every member of a zip (a workbook, a shapefile package) behind them."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return content + b"".join(unpacked(archive.read(name)) for name in archive.namelist())


def tiles_of(zoom):
    n = 2**zoom
    west, north = place((-600, 1000)).x, place((-600, 1000)).y
    east, south = place((10_100, -1000)).x, place((10_100, -1000)).y

    def tile(lon, lat):
        return floor((lon + 180) / 360 * n), floor((1 - log(tan(pi / 4 + radians(lat) / 2)) / pi) / 2 * n)

    (x0, y0), (x1, y1) = tile(west, north), tile(east, south)
    return product(range(x0, x1 + 1), range(y0, y1 + 1))


def every_area(runner):
    areas = runner.city_data(runner.store.edition()).areas
    return ["", *sorted(areas["code"])]


def circle_questions(runner):
    for circle in runner.circles.items:
        if not all(layer in runner.store.edition().layers for layer in circle.layers):
            continue
        yield circle


WALKS = {
    "/api/session": lambda runner: ["/api/session"],
    "/api/areas": lambda runner: ["/api/areas"],
    "/api/editions": lambda runner: ["/api/editions"],
    "/api/editions/{a}/diff/{b}": lambda runner: ["/api/editions/1/diff/1"],
    "/api/plan/{year}": lambda runner: ["/api/plan/2025"],
    "/api/plan/{year}/indicators/{indicator}": lambda runner: [
        f"/api/plan/2025/indicators/{one.code}" for one in plan().indicators
    ],
    "/api/circles": lambda runner: ["/api/circles"],
    "/api/circles/{circle}": lambda runner: [
        f"/api/circles/{circle.id}?mode={choice.id}" + (f"&area={area}" if area else "")
        for circle in circle_questions(runner) for choice in circle.choices for area in every_area(runner)
    ],
    "/api/circles/{circle}/polygon": lambda runner: [
        f"/api/circles/{circle.id}/polygon?mode={choice.id}" for circle in circle_questions(runner) for choice in circle.choices
    ],
    "/api/explain": lambda runner: [
        f"/api/explain?circle={circle.id}&mode={choice.id}&{where}"
        for circle in circle_questions(runner) for choice in circle.choices
        for where in [*(f"dot={k}" for k in range(7)), *(f"at={place(xy).x},{place(xy).y}" for xy in EVERYWHERE),
                      *(f"at={code}" for code in every_area(runner)[1:])]
    ],
    "/tiles/{edition}/{layer}/{z}/{x}/{y}.mvt": lambda runner: [
        f"/tiles/1/{layer}/{z}/{x}/{y}.mvt"
        for layer in [*runner.store.edition().layers, *runner.tile_layers(runner.store.edition())]
        for z in (8, 11, 14) for x, y in tiles_of(z)
    ],
    "/health": lambda runner: ["/health"],
    "/ready": lambda runner: ["/ready"],
}  # fmt: skip
"""Every public way to ask, and all that can be asked there; a new route needs a line here."""


def test_every_route_is_walked(secret):
    spec = create_app(secret).openapi()["paths"]
    assert {path for path, ways in spec.items() if "get" in ways} == set(WALKS)


def test_the_secrets_are_in_the_workspace_at_all(secret):
    edition = secret.store.edition()
    held = secret.store.read(edition, SPORTS.layer)
    assert {"SECRET-INTERNAL", "SECRET-TAGGED", "SECRET-FENCED"} <= set(held["FAC_ID"])
    assert (held["PHONE"] == SECRETS["phone"]).all()
    land = secret.store.read(edition, "context")
    assert (land["kind"] == "protected").sum() == 2


@pytest.mark.parametrize("route", sorted(WALKS))
def test_no_answer_names_a_secret(route, secret, get):
    paths = WALKS[route](secret)
    assert paths
    found = {}
    answered = 0
    for path, got in zip(paths, get(*paths), strict=True):
        answered += got.status_code in {200, 204, 503}
        words = words_in(got.content)
        if words:
            found[path] = words
    assert found == {}
    assert answered > 0


def test_the_public_ones_are_shown(secret, get):
    """The walk looks where there is something to see."""
    paths = [
        path for path in WALKS["/tiles/{edition}/{layer}/{z}/{x}/{y}.mvt"](secret) if "facilities.sports/14" in path
    ]
    features = [
        feature["properties"]
        for got in get(*paths)
        if got.status_code == 200
        for feature in mapbox_vector_tile.decode(got.content)["facilities.sports"]["features"]
    ]
    assert {one["FAC_ID"] for one in features} == set(PUBLIC)


def test_no_tile_shows_a_hidden_place(secret, get):
    """No feature of a facility, and none of the base map, lies where the secret ones are."""
    near = 20 / 100_000
    for path in WALKS["/tiles/{edition}/{layer}/{z}/{x}/{y}.mvt"](secret):
        if "/14/" not in path or ("facilities" not in path and "context" not in path):
            continue
        (got,) = get(path)
        if got.status_code != 200:
            continue
        x, y = (int(part) for part in path.removesuffix(".mvt").split("/")[-2:])
        for layer in mapbox_vector_tile.decode(got.content).values():
            for feature in layer["features"]:
                shape = shapely.geometry.shape(feature["geometry"])
                shape = shapely.transform(shape, lambda xy, x=x, y=y: degrees(xy, x, y))
                for at in (*HIDDEN, ARMY_AT, PRISON_AT):
                    assert shape.distance(place(at)) > near, (path, feature["properties"])


def degrees(xy, x, y, zoom=14, extent=4096):
    px, py = x + xy[:, 0] / extent, y + 1 - xy[:, 1] / extent
    n = 2**zoom
    return np.column_stack([px / n * 360 - 180, np.degrees(np.arctan(np.sinh(pi * (1 - 2 * py / n))))])


def test_no_map_page_names_a_secret(secret, tmp_path):
    for circle in circle_questions(secret):
        path = tmp_path / f"{circle.id}.html"
        write_map(secret, circle.id, path)
        assert words_in(path.read_bytes()) == set()


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_stewards_files_hold_nothing_protected(form, secret, tmp_path):
    """Exports are a steward's: internal facilities may be in them, sites that are never public may not."""
    never = {SECRETS[key] for key in ("army", "prison", "barracks_hall", "tagged", "fenced")} | {
        "SECRET-TAGGED", "SECRET-FENCED", "secret-army", "secret-prison", "secret-hall",
    }  # fmt: skip
    for circle in circle_questions(secret):
        for layer in ("areas", "demand", "facilities"):
            path = tmp_path / f"{circle.id}_{layer}.{'zip' if form == 'shp' else form}"
            for written in export(secret, circle.id, form, path, layer=layer):
                assert not words_in(unpacked(written.read_bytes())) & never, (circle.id, layer)


def test_evidence_and_dots_of_what_is_internal_are_left_out(demo_path, tmp_path):
    """The plan's figures count internal facilities; their names, and the dots of those a circle is about, stay inside."""
    shutil.copytree(demo_path, tmp_path / "ws")
    runner = open_runner(tmp_path / "ws")
    for layer in ("facilities.logistics", "facilities.new_communities"):
        frame = runner.store.read(runner.store.edition(), layer)
        frame["PUB_LVL"] = "internal"
        runner.store.put_draft(layer, frame, runner.store.edition().layers[layer].meta)
    runner.store.publish("all internal")
    told = json.dumps(plan_indicator(runner, 2025, "logistics-parks", public=True), ensure_ascii=False)
    assert "LZ-LG" not in told
    assert plan_indicator(runner, 2025, "logistics-parks")["evidence"]["counted"]
    layer = runner.tile_layer(runner.store.edition(), "circles.new-community-sport")
    assert all(not layer.tile(8, x, y) for x in range(196, 206) for y in range(96, 106))
