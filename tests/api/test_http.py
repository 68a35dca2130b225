"""The HTTP interface, through the ASGI application and, once, a real server."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import mapbox_vector_tile
import pytest

from api.app import STATUS, create_app
from geo import errors


@pytest.fixture(scope="module")
def client(town):
    transport = httpx.ASGITransport(app=create_app(town), raise_app_exceptions=False)

    class Client:
        def get(self, path, **headers):
            import anyio

            async def ask():
                async with httpx.AsyncClient(transport=transport, base_url="http://quantu") as c:
                    return await c.get(path, headers=headers)

            return anyio.run(ask)

    return Client()


def test_the_answer_is_the_command_lines(client, town):
    got = client.get("/api/circles/fitness?minutes=15&mode=walk&area=620102").json()
    want = town.answer("fitness", minutes=15, mode="walk", area="城关区").model_dump(mode="json")
    assert got == want


def test_the_catalogue_states_threshold_and_clause(client):
    circles = client.get("/api/circles").json()["circles"]
    circle = circles[0]
    assert circle["id"] == "fitness"
    assert circle["ready"]
    assert not next(one for one in circles if one["id"] == "village-logistics")["ready"]
    assert circle["threshold"] == {"value": 15.0, "unit": "min", "min": 1.0, "max": 60.0}
    assert circle["clause"]["text"]


def test_session_names_what_the_map_needs(client):
    got = client.get("/api/session").json()
    assert got["city"]["code"] == "620100"
    assert got["edition"] == "1"
    ids = [layer["id"] for layer in got["layers"]]
    assert ids == ["areas", "streets", "context", "facilities.sports", "circles.fitness"]
    west, south, east, north = got["bounds"]
    assert west < east
    assert south < north


def test_areas_can_be_asked_for(client):
    levels = {a["level"] for a in client.get("/api/areas").json()["areas"]}
    assert levels == {"city", "county", "township"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/circles/none", 404),
        ("/api/circles/fitness?area=nowhere", 404),
        ("/api/circles/fitness?area=同名镇", 409),
        ("/api/circles/fitness?minutes=0", 422),
        ("/api/circles/fitness?minutes=soon", 422),
        ("/api/circles/fitness?metres=9", 422),
        ("/api/circles/fitness?edition=99", 404),
        ("/tiles/1/none/0/0/0.mvt", 404),
        ("/tiles/1/facilities.none/0/0/0.mvt", 404),
        ("/tiles/1/streets/3/99/0.mvt", 422),
        ("/api/nothing", 404),
    ],
)
def test_every_error_has_one_shape(client, path, status):
    got = client.get(path)
    assert got.status_code == status
    assert got.headers["content-type"] == "application/problem+json"
    body = got.json()
    assert body["status"] == status
    assert {"type", "title", "status", "detail"} <= set(body)


def test_every_error_of_the_tree_has_a_status():
    tree = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.QuantuError)]
    assert len(tree) >= 7
    for error in tree:
        assert next(STATUS[k] for k in error.__mro__ if k in STATUS)
        assert error in STATUS


def every_tile(client, layer, zoom):
    from math import floor, log, pi, radians, tan

    lon, lat = 105.0, 36.05
    n = 2**zoom
    x, y = floor((lon + 180) / 360 * n), floor((1 - log(tan(pi / 4 + radians(lat) / 2)) / pi) / 2 * n)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            got = client.get(f"/tiles/1/{layer}/{zoom}/{x + i}/{y + j}.mvt")
            assert got.status_code in {200, 204}
            if got.status_code == 200:
                yield mapbox_vector_tile.decode(got.content)


def test_tiles_hold_the_demand_with_its_times_and_nothing_military(client):
    points = [
        f["properties"]
        for tile in every_tile(client, "circles.fitness", 10)
        for f in tile["circles.fitness"]["features"]
    ]
    assert sum(p["w"] for p in points) == 800
    assert {p["st"] for p in points} == {"ok", "unreachable", "off_network"}
    assert min(p["walk_s"] for p in points if "walk_s" in p) == 0
    names = {
        f["properties"].get("name") for tile in every_tile(client, "context", 14) for f in tile["context"]["features"]
    }
    assert "军事禁区" not in names


def test_tiles_are_cached_for_good(client):
    first = client.get("/tiles/1/areas/8/202/100.mvt")
    assert "immutable" in first.headers["cache-control"]
    again = client.get("/tiles/1/areas/8/202/100.mvt", **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_the_polygon_is_geojson(client):
    got = client.get("/api/circles/fitness/polygon?minutes=10&mode=walk").json()
    assert got["type"] == "FeatureCollection"
    assert got["features"][0]["geometry"]["type"] == "Polygon"


def test_openapi_describes_the_answer(client):
    spec = client.get("/api/openapi.json").json()
    assert spec["openapi"].startswith("3.1")
    assert "CircleAnswer" in spec["components"]["schemas"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_quantu_serve_answers(town_path):
    port = free_port()
    env = {**os.environ, "QUANTU_WORKSPACE": str(town_path)}
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "the server did not become ready"
            time.sleep(0.2)
        got = httpx.get(f"http://127.0.0.1:{port}/api/circles/fitness", timeout=20).json()
        assert got["demand"]["rate"] == 0.8
        page = httpx.get(f"http://127.0.0.1:{port}/health", timeout=5)
        assert "default-src 'self'" in page.headers["content-security-policy"]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def test_a_busy_port_is_a_clear_error(town_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [
            sys.executable,
            "-c",
            "from api.cli import main; main()",
            "serve",
            "--port",
            str(taken.getsockname()[1]),
        ]
        done = subprocess.run(
            [*command, "--workspace", str(town_path)], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "--port" in done.stderr
