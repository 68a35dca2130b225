"""``quantu explain`` and ``/api/explain``: one use case, two ways in."""

import json
import time

import anyio
import httpx
import pytest

from api.app import create_app
from api.wiring import open_runner


@pytest.fixture(scope="module")
def get(town):
    transport = httpx.ASGITransport(app=create_app(town), raise_app_exceptions=False)

    def ask(path):
        async def run():
            async with httpx.AsyncClient(transport=transport, base_url="http://quantu") as client:
                return await client.get(path)

        return anyio.run(run)

    return ask


def test_both_ways_in_say_the_same(get, quantu, town_path):
    code, said, _ = quantu(
        "explain", "fitness", "--at", "home-3", "--mode", "walk", "--format", "json", "--workspace", town_path
    )
    assert code == 0
    told, web = json.loads(said), get("/api/explain?circle=fitness&at=home-3&mode=walk").json()
    for one in (told, web):
        one["provenance"].pop("computed_at")
    assert told == web
    assert (web["covered"], web["over"], web["way"]["metres"]) == (False, 21.0, 2400.0)
    assert web["way"]["geometry"]["type"] == "LineString"
    assert web["place"]["lon"] == round(web["place"]["lon"], 4)
    assert web["facility"]["lon"] == round(web["facility"]["lon"], 4)


def test_a_table_for_people(quantu, town_path):
    code, said, _ = quantu("explain", "fitness", "--at", "home-3", "--mode", "walk", "--workspace", town_path)
    assert code == 0
    for word in ("圈外", "Not served", "2,400 m", "36.0 min", "黄河", "→"):
        assert word in said


def test_minutes_are_the_question_s(get):
    assert get("/api/explain?circle=fitness&at=home-3&mode=walk&minutes=36").json()["over"] == 0.0
    assert not get("/api/explain?circle=fitness&at=home-3&mode=walk&minutes=35").json()["covered"]


def test_a_dot_of_the_tiles_is_the_demand_point(get):
    assert get("/api/explain?circle=fitness&dot=3").json()["place"]["id"] == "home-3"
    assert get("/api/explain?circle=fitness&dot=99").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("circle=none&at=home-1", 404, "none"),
        ("circle=fitness", 422, "say where once"),
        ("circle=fitness&lon=103", 422, "say where once"),
        ("circle=fitness&at=home-1&dot=1", 422, "say where once"),
        ("circle=fitness&lat=36&at=home-1", 422, "say where once"),
        ("circle=fitness&at=home-1&hours=1", 422, "hours"),
        ("circle=fitness&at=home-1&minutes=99", 422, "minutes"),
        ("circle=fitness&at=%20", 422, "say where"),
        ("circle=fitness&at=同名镇", 409, "620105001"),
        ("circle=fitness&lon=nan&lat=36", 422, "degrees"),
        ("circle=childcare&at=home-1", 422, "facilities.childcare"),
    ],
)
def test_what_does_not_fit_is_told(get, query, status, word):
    got = get(f"/api/explain?{query}")
    assert got.status_code == status
    assert word in got.json()["detail"]


def test_the_command_line_fails_cleanly(quantu, town_path):
    code, _, err = quantu("explain", "fitness", "--at", "nowhere", "--workspace", town_path)
    assert (code, "nowhere" in err) == (1, True)
    code, _, err = quantu("explain", "fitness", "--at", "home-1", "--format", "xml", "--workspace", town_path)
    assert (code, "xml" in err) == (1, True)


def test_it_answers_fast_once_warm_on_the_sample(demo_path):
    runner = open_runner(demo_path)
    client = create_app(runner)

    async def run():
        transport = httpx.ASGITransport(app=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://quantu") as http:
            took = []
            for k in range(12):
                begin = time.perf_counter()
                got = await http.get(f"/api/explain?circle=fitness&dot={k * 3000}")
                took.append(time.perf_counter() - begin)
                assert got.status_code == 200
            return took

    took = anyio.run(run)
    assert sorted(took[1:])[5] < 0.2
