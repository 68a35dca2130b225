"""What happened between two editions, on the town: by layer, by circle, on the command line and over HTTP."""

import json

import anyio
import geopandas as gpd
import httpx
import numpy as np
import pytest
import shapely
import typer
from typer.testing import CliRunner

from api import cli_editions
from api.app import create_app
from api.editions import compare, comparison_json, public_comparison
from api.routes import editions as routes
from api.wiring import open_runner
from geo.errors import NotFoundError, ParameterError
from tests.town import CITY, ORIGIN, make_workspace

LAYER = "facilities.sports"


def venue(store, fac_id, x, y, **more):
    """A venue of the town as a frame of one row."""
    row = store.present(LAYER).iloc[:1].assign(FAC_ID=fac_id, **more).astype({"FAC_ID": "str"})
    point = gpd.GeoSeries([shapely.Point(np.array([x, y]) + ORIGIN)], crs=CITY.crs).to_crs("EPSG:4490")
    return row.set_geometry(point.to_numpy(), crs="EPSG:4490")


def merge(store, rows, **how):
    with store.batch() as draft:
        return draft.merge(LAYER, rows, {}, key="FAC_ID", **how)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Edition 1 is the town; 2 adds a venue on the north bank; 3 moves that of the south, internally renamed."""
    path = make_workspace(tmp_path_factory.mktemp("editions") / "ws")
    store = open_runner(path).store
    merge(store, venue(store, "v1", 3500, 400))
    merge(store, venue(store, "secret", 9300, 0, PUB_LVL="internal"))
    store.publish("a venue on the north bank")
    merge(store, venue(store, "v0", 1100, 0, NAME="南岸新馆"))
    store.publish("moved")
    return path


@pytest.fixture(scope="module")
def runner(path):
    return open_runner(path)


@pytest.fixture
def fresh(tmp_path):
    return make_workspace(tmp_path / "ws")


def fitness(found):
    (one,) = [effect for effect in found.circles if effect.circle == "fitness"]
    return one


def test_what_it_did_to_a_circle_is_counted(runner):
    found = compare(runner, "1", "2")
    assert {name: dict(one.counts) for name, one in found.diff.layers.items()} == {
        LAYER: {"added": 2, "removed": 0, "moved": 0, "changed": 0}
    }
    # Of 800 residents 640 were within reach by bicycle; the north end's 60 are 500 m from v1, the island's 70 100 m.
    effect = fitness(found)
    assert (effect.covered_before, effect.covered_after, effect.covered) == (640.0, 770.0, 130.0)
    assert (effect.rate_before, effect.rate_after) == (0.8, 770 / 800)
    assert effect.unit == "persons"
    want = [runner.answer("fitness", edition=e).demand.covered for e in ("1", "2")]
    assert [effect.covered_before, effect.covered_after] == want


def test_moves_are_measured(runner):
    layer = compare(runner, "2", "3").diff.layers[LAYER]
    assert layer.moved_m == pytest.approx([100.0], abs=0.2)
    (change,) = layer.changes()
    assert (change.key, change.new["NAME"]) == ("v0", "南岸新馆")
    told = comparison_json(compare(runner, "2", "3"))
    assert told["layers"][0]["examples"]["changes"][0]["moved_m"] == pytest.approx(100.0, abs=0.2)
    json.dumps(told, allow_nan=False)


def test_a_draft_is_answered_like_the_edition_it_becomes(fresh):
    runner = open_runner(fresh)
    merge(runner.store, venue(runner.store, "v1", 3500, 400))
    before = fitness(compare(runner, "1", "draft"))
    assert before.covered == 60.0
    runner.store.publish("second")
    after = fitness(compare(open_runner(fresh), "1", "2"))
    assert after == before
    assert runner.results.get(("nothing",)) is None


def test_a_circle_that_lost_its_layer_says_so(fresh):
    runner = open_runner(fresh)
    with runner.store.batch() as draft:
        draft.remove(LAYER)
    found = compare(runner, "1", "draft")
    assert "fitness" not in [effect.circle for effect in found.circles]
    assert found.unanswered["fitness"] == f"draft holds no {LAYER}"


def test_one_layer_can_be_asked_for(runner):
    assert list(compare(runner, "1", "2", layer=LAYER).diff.layers) == [LAYER]
    assert compare(runner, "1", "2", layer="streets").diff.layers == {}
    with pytest.raises(NotFoundError, match="facilities"):
        compare(runner, "1", "2", layer="facilities.none")
    with pytest.raises(NotFoundError, match="published: 1, 2, 3"):
        compare(runner, "1", "9")


def test_the_public_sees_counts_and_nothing_internal(runner):
    found = public_comparison(runner, "1", "2")
    (layer,) = found["layers"]
    assert layer == {"layer": LAYER, "state": "changed", "added": 1, "removed": 0, "moved": 0, "changed": 0}
    text = json.dumps(found, ensure_ascii=False)
    assert not [word for word in ("secret", "v1", "南岸", "军事", "context") if word in text]
    for a, b in (("1", "draft"), ("draft", "1")):
        with pytest.raises(ParameterError, match="draft"):
            public_comparison(runner, a, b)


def test_only_internal_changes_are_no_change_to_the_public(fresh):
    runner = open_runner(fresh)
    merge(runner.store, venue(runner.store, "secret", 9300, 0, PUB_LVL="internal"))
    with runner.store.batch() as draft:
        context = runner.store.present("context")
        draft.merge("context", context.iloc[:0], {}, key="ctx_id", remove=["base"])
    runner.store.publish("internal")
    assert public_comparison(runner, "1", "2")["layers"] == []


@pytest.fixture
def quantu():
    """Run one of the commands of this page."""
    app = typer.Typer()
    cli_editions.register(app)

    def call(*args):
        done = CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return call


def test_diff_speaks_to_people(quantu, path):
    code, out, _ = quantu("diff", 1, 2, "--workspace", path)
    assert code == 0
    assert "15分钟健身圈" in out
    assert "80.0% → 96.2%" in out
    assert "+130 persons" in out
    assert "+ v1, secret" in out
    code, out, _ = quantu("diff", 2, 3, "--workspace", path)
    assert "v0 moved 100 m NAME: 南岸体育馆 → 南岸新馆" in out
    code, out, _ = quantu("diff", 2, 2, "--workspace", path)
    assert "hold the same" in out


def test_diff_as_json(quantu, path):
    code, out, _ = quantu("diff", 1, 3, "--layer", LAYER, "--format", "json", "--workspace", path)
    assert code == 0
    got = json.loads(out)
    assert (got["a"], got["b"]) == ("1", "3")
    (layer,) = got["layers"]
    assert layer["columns"] == {"NAME": 1, "geometry": 1}
    assert (layer["added"], layer["moved"], layer["changed"]) == (2, 1, 1)
    assert layer["examples"]["added"] == ["v1", "secret"]


def test_diff_fails_cleanly(quantu, path):
    for args, word in (
        (("1", "9"), "9"),
        (("1", "2", "--format", "xml"), "xml"),
        (("1", "2", "--layer", "x"), "streets"),
    ):
        code, _, err = quantu("diff", *args, "--workspace", path)
        assert code == 1
        assert word in err


def test_restore_and_prune(quantu, fresh):
    store = open_runner(fresh).store
    merge(store, venue(store, "v1", 3500, 400))
    code, _, err = quantu("restore", 1, "--workspace", fresh)
    assert code == 1
    assert "--discard" in err
    store.publish("second")
    code, out, _ = quantu("restore", 1, "--workspace", fresh)
    assert code == 0
    assert LAYER in out
    code, out, _ = quantu("restore", 2, "--discard", "--workspace", fresh)
    assert "the draft is empty" in out
    code, out, _ = quantu("prune", "--keep", 1, "--dry-run", "--workspace", fresh)
    assert "Would delete editions 1" in out
    assert len(store.editions()) == 2
    code, out, _ = quantu("prune", "--keep", 1, "--also", 1, "--workspace", fresh)
    assert "Deleted no edition" in out
    code, out, _ = quantu("prune", "--keep", 1, "--workspace", fresh)
    assert [e.number for e in store.editions()] == [2]
    code, _, err = quantu("prune", "--keep", 0, "--workspace", fresh)
    assert code == 1


@pytest.fixture(scope="module")
def ask(runner):
    app = create_app(runner)
    app.router.routes[:0] = routes.router.routes

    def get(url):
        async def asking():
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://quantu") as client:
                return await client.get(url)

        return anyio.run(asking)

    return get


def test_http_lists_and_compares(ask, runner):
    listed = ask("/api/editions").json()["editions"]
    assert [one["id"] for one in listed] == ["1", "2", "3"]
    got = ask("/api/editions/1/diff/2")
    assert got.status_code == 200
    assert got.json() == public_comparison(runner, "1", "2")
    (effect,) = [one for one in got.json()["circles"] if one["circle"] == "fitness"]
    assert effect["covered"] == {"before": 640.0, "after": 770.0, "change": 130.0}
    assert (ask("/api/editions/1/diff/9").status_code, ask("/api/editions/1/diff/draft").status_code) == (404, 422)
    assert ask("/api/editions/1/diff/2?x=1").status_code == 422
