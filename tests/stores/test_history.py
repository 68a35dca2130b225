"""What was published: told apart, brought back, and deleted when it is no longer wanted."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.stores.base import Store
from geo.errors import ConflictError, NotFoundError, ParameterError

Venues = Callable[..., gpd.GeoDataFrame]
Demand = Callable[..., gpd.GeoDataFrame]
LAYER = "facilities.sports"


@pytest.fixture
def three(store: Store, venues: Venues, demand: Demand, areas: gpd.GeoDataFrame) -> Store:
    """Three editions: venues and areas; venues changed and demand new; areas gone."""
    with store.batch() as draft:
        draft.put(LAYER, venues(("a", "甲", 0), ("b", "乙", 10), ("c", "丙", 20)), {})
        draft.put("areas", areas, {"k": 1})
    store.publish("first")
    with store.batch() as draft:
        draft.put(LAYER, venues(("b", "乙馆", 10), ("c", "丙", 110), ("d", "丁", 30)), {})
        draft.put("demand.residents", demand(4), {"unit": "persons"})
    store.publish("second")
    with store.batch() as draft:
        draft.remove("areas")
    store.publish("third")
    return store


def test_a_removed_layer_is_gone_from_the_next_edition(three: Store, areas: gpd.GeoDataFrame) -> None:
    assert sorted(three.edition(2).layers) == ["areas", "demand.residents", LAYER]
    assert sorted(three.edition(3).layers) == ["demand.residents", LAYER]
    assert three.removed_layers() == ()
    assert three.present("areas") is None
    assert three.present_meta("areas") == {}
    with pytest.raises(NotFoundError, match="anyway"), three.batch() as draft:
        draft.remove("areas")
    with three.batch() as draft:
        draft.put("areas", areas, {"k": 2})
        draft.remove("areas")
    assert three.removed_layers() == ()
    with pytest.raises(ConflictError, match="nothing to publish"):
        three.publish("nothing")
    three.put_draft("areas", areas, {"k": 3})
    assert "areas" in three.publish("back").layers


def test_a_mark_goes_when_the_layer_is_put_again(store: Store, venues: Venues, areas: gpd.GeoDataFrame) -> None:
    store.put_draft("areas", areas, {})
    store.put_draft(LAYER, venues(("a", "甲", 0)), {})
    store.publish("first")
    with store.batch() as draft:
        draft.remove("areas")
    assert (store.removed_layers(), store.present("areas")) == (("areas",), None)
    assert list(store.preview().layers) == [LAYER]
    store.put_draft("areas", areas.iloc[:1], {})
    assert store.removed_layers() == ()
    assert store.publish("second").layers["areas"].rows == 1


def test_preview_is_what_publishing_makes(three: Store, venues: Venues) -> None:
    three.put_draft(LAYER, venues(("x", "新", 0)), {})
    seen = three.preview()
    assert (seen.number, seen.parent) == (4, 3)
    assert three.read(seen, LAYER)["FAC_ID"].tolist() == ["x"]
    assert len(three.read(seen, "demand.residents")) == 4
    made = three.publish("fourth")
    assert (made.number, made.sha256, made.layers) == (seen.number, seen.sha256, seen.layers)
    three.put_draft(LAYER, venues(("y", "又新", 0)), {})
    stale = three.preview()
    three.put_draft(LAYER, venues(("z", "再新", 0)), {})
    with pytest.raises(NotFoundError, match="moved on"):
        three.read(stale, LAYER)


def test_nothing_can_be_previewed_of_nothing(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.preview()


def test_diff_names_what_happened(three: Store) -> None:
    diff = three.diff(1, 2)
    assert (diff.a, diff.b, sorted(diff.layers)) == ("1", "2", ["demand.residents", LAYER])
    venues = diff.layers[LAYER]
    assert (venues.state, venues.key, venues.before, venues.after) == ("changed", "FAC_ID", 3, 3)
    assert (venues.added.tolist(), venues.removed.tolist()) == (["d"], ["a"])
    assert (venues.moved.tolist(), venues.changed.tolist()) == (["c"], ["b"])
    # 90 m of longitude as the fixture writes it, along the ellipsoid at 36.05 N: 90 / 90,000 degrees
    assert venues.moved_m == pytest.approx([90.1], abs=0.2)
    assert venues.counts == {"added": 1, "removed": 1, "moved": 1, "changed": 1}
    assert dict(venues.columns) == {"NAME": 1, "SEATS": 1, "geometry": 1}
    b, c = venues.changes()
    assert (b.key, dict(b.old), dict(b.new), b.moved_m) == (
        "b", {"NAME": "乙", "SEATS": 1}, {"NAME": "乙馆", "SEATS": 2}, None,
    )  # fmt: skip
    assert c.key == "c"
    assert c.moved_m == pytest.approx(venues.moved_m[0])
    assert c.old["geometry"] != c.new["geometry"]
    demand = diff.layers["demand.residents"]
    assert (demand.state, demand.before, demand.after, len(demand.added)) == ("added", 0, 4, 4)


def test_diff_backwards_sideways_and_with_the_draft(three: Store, venues: Venues) -> None:
    back = three.diff(2, 1).layers
    assert back["demand.residents"].state == "removed"
    assert back[LAYER].added.tolist() == ["a"]
    assert three.diff(2, 2).layers == {}
    assert three.diff(2, 3).layers["areas"].state == "removed"
    assert three.diff(3, "draft").layers == {}
    three.put_draft(LAYER, venues(("b", "乙馆", 10)), {})
    assert three.diff("3", "draft").layers[LAYER].removed.tolist() == ["c", "d"]
    assert three.diff("draft", 1).layers[LAYER].added.tolist() == ["a", "c"]
    with pytest.raises(NotFoundError):
        three.diff(1, 9)


def test_diff_of_shapes_and_metadata(store: Store, areas: gpd.GeoDataFrame) -> None:
    store.put_draft("areas", areas, {"k": 1})
    store.publish("first")
    shapes = areas.geometry.to_numpy().copy()
    shapes[0] = shapely.box(103.7, 36.0, 103.95, 36.1)
    store.put_draft("areas", areas.set_geometry(shapes, crs=4490), {"k": 1})
    store.publish("reshaped")
    layer = store.diff(1, 2).layers["areas"]
    assert (layer.moved.tolist(), layer.changed.tolist(), dict(layer.columns)) == (
        [], [areas[layer.key].iloc[0]], {"geometry": 1},
    )  # fmt: skip
    store.put_draft("areas", areas.set_geometry(shapes, crs=4490), {"k": 2})
    store.publish("noted")
    layer = store.diff(2, 3).layers["areas"]
    assert layer.meta_changed
    assert sum(layer.counts.values()) == 0


@pytest.mark.parametrize("number", [1, 2])
def test_restoring_gives_the_same_edition_again(three: Store, number: int) -> None:
    wanted = three.edition(number)
    changed = three.restore(number)
    assert "areas" in changed
    assert three.preview().layers == wanted.layers
    made = three.publish("back")
    assert (made.sha256, made.layers, made.number) == (wanted.sha256, wanted.layers, 4)
    three.verify(made)
    assert three.diff(number, 4).layers == {}
    assert not three.draft_layers()
    assert three.restore(3) == tuple(sorted({*changed}))
    assert three.publish("and forth").sha256 == three.edition(3).sha256


def test_restore_takes_out_what_the_edition_lacked(three: Store) -> None:
    three.restore("1")
    assert three.removed_layers() == ("demand.residents",)
    assert sorted(three.publish("back").layers) == ["areas", LAYER]


def test_restore_gives_up_a_draft_only_when_asked(three: Store, venues: Venues) -> None:
    three.put_draft(LAYER, venues(("x", "新", 0)), {})
    with pytest.raises(ConflictError, match=r"facilities\.sports.*--discard"):
        three.restore(1)
    assert list(three.draft_layers()) == [LAYER]
    three.restore(1, discard=True)
    assert three.preview().sha256 == three.edition(1).sha256
    assert three.restore(3, discard=True) == ()
    assert not three.draft_layers()
    assert three.removed_layers() == ()
    for ref in (9, "draft"):
        with pytest.raises(NotFoundError):
            three.restore(ref)
    with three.batch() as draft:
        draft.remove(LAYER)
    with pytest.raises(ConflictError):
        three.restore(1)


def test_prune_keeps_the_newest_and_the_named(three: Store, steward: Callable[[str], Store], venues: Venues) -> None:
    assert three.prune(1, dry_run=True) == (1, 2)
    assert [e.number for e in three.editions()] == [1, 2, 3]
    old = three.edition(1)
    assert three.prune(1, also=[2]) == (1,)
    assert [e.number for e in three.editions()] == [2, 3]
    with pytest.raises(NotFoundError, match="published: 2, 3"):
        three.edition(1)
    with pytest.raises(NotFoundError, match="no longer there"):
        steward("fresh").read(old, "areas")
    assert three.edition(2).parent == 1
    assert three.prune(5) == ()
    assert three.prune(1) == (2,)
    three.put_draft(LAYER, venues(("x", "新", 0)), {})
    made = three.publish("fourth")
    assert (made.number, made.parent) == (4, 3)
    for edition in three.editions():
        three.verify(edition)
    assert [entry.detail["editions"] for entry in three.audit() if entry.action == "prune"] == [[1], [2]]


def test_prune_refuses_what_makes_no_sense(three: Store, store: Store) -> None:
    for keep in (0, -1):
        with pytest.raises(ParameterError):
            three.prune(keep)
    with pytest.raises(NotFoundError):
        three.prune(1, also=[7])
    assert len(three.editions()) == 3


def test_history_of_nothing(store: Store) -> None:
    assert store.prune(1) == ()
    with pytest.raises(NotFoundError):
        store.restore(1)


def test_diff_with_an_edition_from_before_the_key(store: Store, venues: Venues) -> None:
    old = venues(("a", "甲", 0), ("b", "乙", 10)).rename(columns={"FAC_ID": "OLD_ID"})
    store.put_draft(LAYER, old, {})
    store.publish("old")
    store.put_draft(LAYER, old.assign(FAC_ID=old["OLD_ID"] + "-1"), {})
    store.publish("new")
    layer = store.diff(1, 2).layers[LAYER]
    assert (layer.key, layer.counts["added"], dict(layer.columns)) == ("OLD_ID", 0, {"FAC_ID": 2})


def test_diff_of_many_rows_is_exact(store: Store, demand: Demand) -> None:
    chance = np.random.default_rng(4)
    before = demand(5000)
    after = before.sample(frac=1.0, random_state=1).iloc[:4800].reset_index(drop=True)
    heavier = chance.choice(4800, 300, replace=False)
    weights = after["weight"].to_numpy().copy()
    weights[heavier] = 2.0
    after["weight"] = weights
    store.put_draft("demand.residents", before, {})
    store.publish("before")
    store.put_draft("demand.residents", after, {})
    layer = store.diff(1, "draft").layers["demand.residents"]
    assert set(layer.changed) == set(after["demand_id"].iloc[heavier])
    assert set(layer.removed) == set(before["demand_id"]) - set(after["demand_id"])
    assert layer.counts == {"added": 0, "removed": 200, "moved": 0, "changed": 300}
    assert len(list(layer.changes(7))) == 7
