"""What is never shown: land that any edition knows to be protected, and names that speak of it."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from api.editions import public_comparison
from api.wiring import open_runner
from data.city import CityData
from data.frames import CONTEXT, conform
from data.publicity import clear_context, clear_of_protected, known_land, land_key
from data.sensitive import default_tiers, sensitive_names
from data.stores.base import DamagedError
from data.stores.embedded import EmbeddedStore
from data.tiles import public_rows
from geo.errors import NotFoundError
from tests.town import CITY, ORIGIN, lonlat, make_workspace

LAYER = "facilities.sports"
AT = (1000, 0)
"""Where the town's venue v0 stands."""


def land(name, xy, *, half=40.0, kind="protected", tag=None):
    shape = lonlat([shapely.Point(np.array(xy) + ORIGIN).buffer(half, cap_style="square")])[0]
    row = {
        "ctx_id": name,
        "kind": kind,
        "tag": tag,
        "public": kind != "protected",
        "source": "test",
        "synthetic": False,
    }
    return conform(gpd.GeoDataFrame([row], geometry=[shape], crs="EPSG:4490"), CONTEXT)


def learn(store, *rows):
    with store.batch() as draft:
        for one in rows:
            draft.merge("context", one, {}, key="ctx_id")


def shown(store, ref):
    city = CityData(store, store.edition(ref))
    return clear_of_protected(city.frame(LAYER), city)["FAC_ID"].tolist()


@pytest.fixture
def store(tmp_path):
    return EmbeddedStore.open(make_workspace(tmp_path / "ws"))


@pytest.mark.parametrize("more", [{}, {"kind": "residential", "tag": "landuse=military"}])
def test_land_learnt_later_hides_in_every_edition(store, more):
    assert shown(store, 1) == ["v0"]
    before = land_key(store)
    learn(store, land("fort", AT, **more), land("barracks", AT, half=10.0, kind="building", tag="building=yes"))
    assert land_key(store) != before
    assert shown(store, 1) == []  # what is drafted is known already
    store.publish("learnt")
    assert shown(store, 1) == shown(store, 2) == []
    # A reader that has just started knows it as well.
    assert shown(EmbeddedStore.open(store.path), 1) == []


def test_a_context_shows_neither_the_land_nor_what_lies_in_it(store):
    learn(store, land("barracks", AT, half=10.0, kind="building", tag="building=yes"),
          land("river", AT, half=400.0, kind="water", tag="natural=water"))  # fmt: skip
    store.publish("mapped")
    learn(store, land("fort", AT))
    store.publish("learnt")
    for ref in (2, 3):
        ids = set(clear_context(CityData(store, store.edition(ref)))["ctx_id"])
        assert "river" in ids
        assert not {"fort", "barracks"} & ids


def test_restoring_an_edition_does_not_forget_land(store):
    learn(store, land("fort", AT))
    store.publish("learnt")
    changed = store.restore(1)
    assert "context" not in changed or "fort" in set(store.present("context")["ctx_id"])
    with store.batch() as draft:
        draft.put(LAYER, store.present(LAYER), {"k": 1})
    store.publish("back")
    assert "fort" in set(store.read(store.edition(), "context")["ctx_id"])
    assert shown(store, 3) == []
    store.prune(1)
    assert shown(store, 3) == []


def test_restoring_keeps_land_where_the_edition_had_no_context_or_the_draft_alone_knows(store):
    with store.batch() as draft:
        draft.remove("context")
    store.publish("no context")
    learn(store, land("fort", AT), land("lake", (500, 0), kind="water", tag="natural=water"))
    store.publish("learnt")
    learn(store, land("second", (1500, 0)))
    store.restore(2, discard=True)
    kept = store.present("context")
    assert sorted(kept["ctx_id"]) == ["base", "fort", "second"]
    assert not public_rows(kept).any()
    store.publish("back")
    assert len(known_land(store)) == 3
    # What the restored edition says of land by the same id is its own.
    assert store.restore(4) == ()


def test_a_row_that_turned_out_to_be_protected_stays_so(store):
    learn(store, land("x", AT, kind="building", tag="building=yes"))
    store.publish("harmless")
    learn(store, land("x", AT, kind="building", tag="military=barracks"))
    store.publish("learnt")
    store.restore(2)
    context = store.present("context").set_index("ctx_id")
    assert context.loc["x", "tag"] == "military=barracks"


def test_land_that_cannot_be_read_hides_nothing_silently(store):
    learn(store, land("fort", AT))
    edition = store.publish("learnt")
    fresh = EmbeddedStore.open(store.path)
    (directory,) = (store.path / "editions").glob(f"{edition.number:06d}-*")
    file = directory / "context.parquet"
    payload = file.read_bytes()
    file.unlink()
    file.write_bytes(payload[:-8] + b"xxxxxxxx")
    with pytest.raises(DamagedError, match=r"context\.parquet"):
        shown(fresh, 1)


def test_the_public_comparison_knows_tiers_land_and_names(tmp_path):
    runner = open_runner(make_workspace(tmp_path / "ws"))
    store = runner.store

    def venue(fac_id, x, **more):
        row = store.present(LAYER).iloc[:1].assign(FAC_ID=fac_id, **more).astype({"FAC_ID": "str"})
        return row.set_geometry(lonlat([shapely.Point(np.array([x, 0]) + ORIGIN)]).to_numpy(), crs="EPSG:4490")

    with store.batch() as draft:
        for one in (
            venue("open", 1500), venue("tier", 1600, PUB_LVL="内部"), venue("secret", 1700, PUB_LVL="Internal "),
            venue("fenced", 3000), venue("jail", 1800, NAME="某监狱球场", PUB_LVL=""),
        ):  # fmt: skip
            draft.merge(LAYER, one, {}, key="FAC_ID")
    store.publish("more")
    learn(store, land("fort", (3000, 0)))
    store.publish("learnt")
    (layer,) = public_comparison(runner, "1", "2")["layers"]
    assert (layer["layer"], layer["added"]) == (LAYER, 1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("兰州监狱医院", True), ("武警部队某营区卫生所", True), ("兰州军分区招待所", True), ("兰州　看守所", True),
        ("强制隔离戒毒所", True), ("军用机场", True), ("Lanzhou PRISON", True), ("某营区", True),
        ("黄河露营区", False), ("商业运营区", False), ("兰州市体育馆", False), ("", False), (None, False), (np.nan, False),
    ],
)  # fmt: skip
def test_names_that_speak_of_a_protected_site(name, told):
    assert sensitive_names([name]).tolist() == [told]
    assert default_tiers([name], "public").tolist() == ["internal" if told else "public"]


def test_a_sensitive_name_is_shown_only_where_the_row_says_public():
    tiers = [None, "", "public", "公开", "internal"]
    rows = gpd.GeoDataFrame(
        {"NAME": ["军区总医院"] * 5, "PUB_LVL": tiers}, geometry=shapely.points(np.zeros((5, 2))), crs=CITY.crs
    )
    assert public_rows(rows).tolist() == [False, False, True, True, False]
    assert public_rows(rows.drop(columns="PUB_LVL")).tolist() == [False] * 5
    assert sensitive_names([]).tolist() == []


def test_a_draft_that_is_given_up_meanwhile_is_no_error(store, monkeypatch):
    learn(store, land("fort", AT))

    def gone(layer):
        raise NotFoundError(layer)

    monkeypatch.setattr(store, "read_draft", gone)
    assert len(known_land(store)) == 1  # the town's own
