"""Single facilities in the draft: what is near, what others did meanwhile, and the index that follows."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from api.drafts import Drafts
from data.stores.embedded import EmbeddedStore
from geo.errors import ConflictError, InputError, NotFoundError, ParameterError
from layers.facilities.catalogue import FACILITY_LAYERS
from tests.town import CITY, ORIGIN, make_workspace

LAYER = "facilities.sports"


def place(x, y):
    """Longitude and latitude of a place of the town."""
    point = gpd.GeoSeries([shapely.Point(np.array([x, y]) + ORIGIN)], crs=CITY.crs).to_crs("EPSG:4490")[0]
    return {"lon": point.x, "lat": point.y}


@pytest.fixture
def path(tmp_path):
    return make_workspace(tmp_path / "ws")


def drafts(path, actor="李"):
    return Drafts(EmbeddedStore.open(path, actor=actor), FACILITY_LAYERS)


def ids(path):
    return sorted(EmbeddedStore.open(path).present(LAYER)["FAC_ID"])


def test_add_move_and_remove(path):
    mine = drafts(path)
    added = mine.add("sports", {"FAC_ID": "v1", "NAME": "北岸体育馆", "KIND": "体育馆"}, **place(3000, 400))
    assert (added.fac_id, added.nearby) == ("v1", ())
    assert ids(path) == ["v0", "v1"]
    mine.move("sports", "v1", **place(3500, 400))
    row = mine.store.present(LAYER).set_index("FAC_ID").loc["v1"]
    assert row["NAME"] == "北岸体育馆"
    assert (row.geometry.x, row.geometry.y) == tuple(place(3500, 400).values())
    mine.remove("sports", "v1")
    assert ids(path) == ["v0"]
    with pytest.raises(ConflictError, match="nothing to publish"):
        mine.store.publish("nothing left")
    assert mine.add("sports", {"NAME": "无号"}, **place(3000, 400)).fac_id.startswith("new-")


def test_what_stands_near_is_named(path):
    mine = drafts(path)
    (near,) = mine.add("sports", {"FAC_ID": "v1"}, **place(1020, 0)).nearby
    assert near.key == "v0"
    assert near.distance == pytest.approx(20, abs=0.1)
    assert [one.key for one in mine.nearby("sports", **place(1005, 0))] == ["v0", "v1"]
    assert mine.move("sports", "v1", **place(3000, 0)).nearby == ()
    assert [one.key for one in mine.nearby("sports", **place(1010, 0))] == ["v0"]
    mine.remove("sports", "v1")
    assert mine.nearby("sports", **place(3000, 0)) == []


def test_the_index_keeps_step_with_others(path):
    mine, theirs = drafts(path, "李"), drafts(path, "王")
    mine.add("sports", {"FAC_ID": "v1"}, **place(3000, 0))
    assert [one.key for one in theirs.nearby("sports", **place(3000, 0))] == ["v1"]
    theirs.add("sports", {"FAC_ID": "v2"}, **place(3010, 0))
    assert [one.key for one in mine.nearby("sports", **place(3000, 0))] == ["v1", "v2"]
    frame = mine.store.present(LAYER)
    with EmbeddedStore.open(path, actor="张").batch() as draft:
        draft.merge(LAYER, frame.iloc[:0], {}, key="FAC_ID", remove=["v0"])
    assert mine.nearby("sports", **place(1000, 0)) == []
    mine.store.publish("all of it")
    assert [one.key for one in mine.nearby("sports", **place(3000, 0))] == ["v1", "v2"]


def test_an_edit_follows_the_index_without_reading_anew(path, monkeypatch):
    mine = drafts(path)
    mine.nearby("sports", **place(0, 0))
    made = []
    monkeypatch.setattr(Drafts, "_made", lambda *_: made.append(1))
    mine.add("sports", {"FAC_ID": "v1"}, **place(3000, 0))
    mine.move("sports", "v1", **place(3100, 0))
    assert [one.key for one in mine.nearby("sports", **place(3100, 0))] == ["v1"]
    assert made == []


def test_another_stewards_facility_is_left_alone(path):
    mine, theirs = drafts(path, "李"), drafts(path, "王")
    mine.move("sports", "v0", **place(1500, 0))
    with pytest.raises(ConflictError, match="李 has changed v0"):
        theirs.move("sports", "v0", **place(500, 0))
    with pytest.raises(ConflictError, match="李 has changed v0"):
        theirs.remove("sports", "v0")
    assert [one.key for one in theirs.nearby("sports", **place(1500, 0))] == ["v0"]


def test_what_cannot_be_done_is_said(path):
    mine = drafts(path)
    with pytest.raises(NotFoundError, match="sports"):
        mine.add("swimming", {}, **place(0, 0))
    with pytest.raises(ParameterError, match="no field SEATZ"):
        mine.add("sports", {"SEATZ": 3}, **place(0, 0))
    with pytest.raises(ConflictError, match="v0"):
        mine.add("sports", {"FAC_ID": "v0"}, **place(0, 0))
    with pytest.raises(InputError):
        mine.add("sports", {"FAC_ID": "v9", "OPEN_DATE": "yesterday"}, **place(0, 0))
    with pytest.raises(ParameterError, match="degrees"):
        mine.add("sports", {}, lon=500_000, lat=3_990_000)
    for edit in (lambda: mine.move("sports", "v9", **place(0, 0)), lambda: mine.remove("sports", "v9")):
        with pytest.raises(NotFoundError, match="v9"):
            edit()
    assert not mine.store.draft_layers()


def test_the_first_facility_of_an_empty_city(tmp_path):
    mine = Drafts(EmbeddedStore.create(tmp_path / "ws", CITY), FACILITY_LAYERS)
    mine.add("sports", {"FAC_ID": "v0"}, **place(0, 0))
    assert mine.add("sports", {"FAC_ID": "v1"}, **place(10, 0)).nearby[0].key == "v0"
