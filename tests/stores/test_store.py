"""What every store must do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from data.frames import DEMAND, conform
from data.stores.base import Edition, Store
from geo.errors import (
    ConflictError,
    CRSMismatchError,
    InputError,
    MissingCRSError,
    NotFoundError,
    ParameterError,
)

Demand = Callable[..., gpd.GeoDataFrame]


def test_draft_publish_read(store: Store, streets: gpd.GeoDataFrame, residents: gpd.GeoDataFrame) -> None:
    store.put_draft("streets", streets, {"attribution": ["© OpenStreetMap contributors"]})
    entry = store.put_draft("demand.residents", residents, {"unit": "persons", "title_zh": "居民"})
    assert (entry.rows, entry.meta["title_zh"]) == (5, "居民")
    assert dict(store.draft_layers())["demand.residents"] == entry

    edition = store.publish("first  ")
    assert (edition.number, edition.id, edition.parent, edition.message) == (1, "1", None, "first")
    assert edition.city == store.city()
    assert edition.published_at.utcoffset() == timedelta(0)
    assert abs(edition.published_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert edition.layers["demand.residents"] == entry
    assert not store.draft_layers()
    assert store.editions() == [edition] == [store.edition("1")] == [store.edition()]
    assert_geodataframe_equal(store.read(edition, "streets"), streets)
    assert_geodataframe_equal(store.read(edition, "demand.residents"), residents)
    store.verify(edition)


@pytest.mark.parametrize("name", ["streets", "residents", "areas"])
def test_every_type_survives(store: Store, name: str, request: pytest.FixtureRequest) -> None:
    frame = request.getfixturevalue(name)
    store.put_draft(name, frame, {})
    assert_geodataframe_equal(store.read_draft(name), frame)
    read = store.read(store.publish("types"), name)
    assert_geodataframe_equal(read, frame)
    assert read.crs.to_epsg() == 4490
    assert read.dtypes.astype(str).to_dict() == frame.dtypes.astype(str).to_dict()


def test_elevation_dates_and_blanks_survive(store: Store, streets: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> None:
    with store.batch() as draft:
        draft.put("streets", streets, {})
        draft.put("areas", areas, {})
    edition = store.publish("blanks")
    read = store.read(edition, "streets")
    assert shapely.get_coordinates(read.geometry.to_numpy(), include_z=True)[0, 2] == 1520.5
    assert read["name"].isna().tolist() == [False, True, False]
    assert read["maxspeed_kph"].isna().tolist() == [False, True, False]
    valid_from = store.read(edition, "areas")["valid_from"]
    assert valid_from[0] == pd.Timestamp("2004-10-01")
    assert valid_from[1] is pd.NaT


def test_an_empty_layer_is_a_layer(store: Store, residents: gpd.GeoDataFrame) -> None:
    none = conform(residents.iloc[:0], DEMAND)
    store.put_draft("demand.residents", none, {})
    assert_geodataframe_equal(store.read(store.publish("none"), "demand.residents"), none)


def test_the_next_edition_keeps_what_the_draft_leaves(
    store: Store, streets: gpd.GeoDataFrame, residents: gpd.GeoDataFrame
) -> None:
    with store.batch() as draft:
        draft.put("streets", streets, {"source": "a"})
        draft.put("demand.residents", residents, {})
    first = store.publish("first")
    store.put_draft("demand.residents", residents.iloc[:2], {})
    second = store.publish("fewer")
    assert (second.number, second.parent) == (2, 1)
    assert second.layers["streets"] == first.layers["streets"]
    assert len(store.read(second, "demand.residents")) == 2
    assert len(store.read(first, "demand.residents")) == 5
    assert store.editions() == [first, second]
    assert store.edition(1) == first
    assert store.edition() == second


def test_metadata_alone_makes_an_edition(store: Store, residents: gpd.GeoDataFrame) -> None:
    store.put_draft("demand.residents", residents, {"unit": "persons"})
    first = store.publish("first")
    store.put_draft("demand.residents", residents, {"unit": "m2"})
    second = store.publish("unit")
    assert second.sha256 != first.sha256
    assert second.layers["demand.residents"].sha256 == first.layers["demand.residents"].sha256
    assert second.layers["demand.residents"].meta == {"unit": "m2"}


def test_nothing_to_publish(store: Store, residents: gpd.GeoDataFrame) -> None:
    with pytest.raises(ConflictError, match="nothing to publish"):
        store.publish("nothing")
    store.put_draft("demand.residents", residents, {"k": 1})
    with pytest.raises(ParameterError, match="message"):
        store.publish(" ")
    store.publish("first")
    store.put_draft("demand.residents", residents, {"k": 1})
    with pytest.raises(ConflictError, match=r"demand\.residents as in edition 1"):
        store.publish("the same again")
    assert len(store.editions()) == 1


def test_unknown_names(store: Store, residents: gpd.GeoDataFrame) -> None:
    with pytest.raises(NotFoundError, match="nothing is published"):
        store.edition()
    with pytest.raises(NotFoundError, match="holds: nothing"):
        store.read_draft("streets")
    with pytest.raises(NotFoundError, match="holds: nothing"):
        store.drop_draft("streets")
    store.put_draft("demand.residents", residents, {})
    edition = store.publish("first")
    for ref in (0, 2, "2", "-1", "latest", "1 ", "１", ""):
        with pytest.raises(NotFoundError, match="published: 1"):
            store.edition(ref)
    with pytest.raises(NotFoundError, match=r"holds: demand\.residents"):
        store.read(edition, "streets")


def test_only_conformed_frames_enter(store: Store, residents: gpd.GeoDataFrame) -> None:
    bare = gpd.GeoDataFrame(residents.drop(columns="geometry"), geometry=residents.geometry.to_numpy())
    with pytest.raises(MissingCRSError):
        store.put_draft("demand.residents", bare, {})
    with pytest.raises(CRSMismatchError, match="EPSG:4544"):
        store.put_draft("demand.residents", residents.to_crs("EPSG:4544"), {})
    odd = residents.assign(weight=residents["weight"].astype("float32"), area_code=[[1]] * 5)
    with pytest.raises(InputError) as caught:
        store.put_draft("demand.residents", odd, {})
    assert {fault.column for fault in caught.value.faults} == {"weight", "area_code"}
    with pytest.raises(InputError):
        store.put_draft("demand.residents", residents.rename_geometry("shape"), {})
    for layer in ("", "../x", "Streets", "a..b", "a.", "streets\n"):
        with pytest.raises(ParameterError, match="no layer name"):
            store.put_draft(layer, residents, {})
    for meta in ({"a": np.nan}, {"a": object()}, {"a": {1, 2}}):
        with pytest.raises(ParameterError, match="JSON"):
            store.put_draft("demand.residents", residents, meta)
    assert not store.draft_layers()


def test_a_batch_is_all_or_nothing(store: Store, streets: gpd.GeoDataFrame, residents: gpd.GeoDataFrame) -> None:
    before = store.put_draft("streets", streets, {"k": 1})

    def half() -> None:
        with store.batch() as draft:
            draft.put("streets", streets.iloc[:1], {"k": 2})
            draft.put("demand.residents", residents, {"k": 2})
            raise InterruptedError

    with pytest.raises(InterruptedError):
        half()
    assert dict(store.draft_layers()) == {"streets": before}

    with pytest.raises(NotFoundError), store.batch() as draft:
        draft.put("demand.residents", residents, {})
        draft.drop("areas")
    assert dict(store.draft_layers()) == {"streets": before}

    with store.batch() as draft:
        draft.put("demand.residents", residents, {})
        draft.drop("streets")
    assert list(store.draft_layers()) == ["demand.residents"]
    with store.batch():
        pass


def test_what_is_read_is_the_callers(store: Store, residents: gpd.GeoDataFrame) -> None:
    meta = {"unit": "persons", "list": [1]}
    store.put_draft("demand.residents", residents, meta)
    meta["list"].append(2)  # type: ignore[attr-defined]
    edition = store.publish("first")
    assert edition.layers["demand.residents"].meta == {"unit": "persons", "list": [1]}
    mine = store.read(edition, "demand.residents")
    mine.loc[0, "weight"] = 99.0
    mine.loc[1, "geometry"] = shapely.Point(0, 0)
    mine["extra"] = 1
    assert_geodataframe_equal(store.read(edition, "demand.residents"), residents)


def test_many_threads_read_at_once(store: Store, residents: gpd.GeoDataFrame) -> None:
    store.put_draft("demand.residents", residents, {})
    edition = store.publish("first")
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(lambda _: store.read(edition, "demand.residents"), range(16)))
    assert all(frame.equals(residents) for frame in frames)


def test_stewards_publish_at_once(store: Store, demand: Demand) -> None:
    stewards = 4
    start = Barrier(stewards, timeout=30)

    def work(k: int) -> Edition | None:
        store.put_draft(f"demand.d{k}", demand(3, weight=float(k)), {})
        start.wait()
        try:
            return store.publish(f"steward {k}")
        except ConflictError:
            return None

    with ThreadPoolExecutor(stewards) as pool:
        made = [edition for edition in pool.map(work, range(stewards)) if edition]
    assert sorted(edition.number for edition in made) == list(range(1, len(made) + 1))
    assert store.editions() == sorted(made, key=lambda edition: edition.number)
    assert sorted(store.edition().layers) == [f"demand.d{k}" for k in range(stewards)]
    assert not store.draft_layers()


def test_the_audit_names_every_change(store: Store, residents: gpd.GeoDataFrame) -> None:
    store.put_draft("demand.residents", residents, {})
    store.drop_draft("demand.residents")
    store.put_draft("demand.residents", residents, {})
    store.publish("first")
    audit = store.audit()
    assert [entry.action for entry in audit] == ["create", "put_draft", "drop_draft", "put_draft", "publish"]
    assert {entry.actor for entry in audit} == {"tester"}
    assert audit[-1].detail == {"edition": 1}
    assert audit[1].detail["rows"] == 5


def test_editions_can_be_keys(store: Store, residents: gpd.GeoDataFrame) -> None:
    store.put_draft("demand.residents", residents, {"a": [1]})
    edition = store.publish("first")
    assert {edition: 1}[store.edition(1)] == 1
