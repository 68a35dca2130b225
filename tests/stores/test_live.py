"""The index of what changes: held to the plainest search there is, after every kind of change."""

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.city import CityData
from data.stores.embedded import EmbeddedStore
from data.stores.live import LiveIndex, edition_index
from geo.errors import ConflictError, NotFoundError, ParameterError
from tests.town import ORIGIN, make_workspace

# Few values, so that places coincide and distances tie.
PLACE = st.tuples(st.integers(0, 6), st.integers(0, 6))
CHANGE = st.tuples(st.sampled_from(["insert", "move", "delete"]), st.integers(0, 11), PLACE)


@settings(max_examples=80, deadline=None)
@given(st.lists(PLACE, max_size=8), st.lists(CHANGE, max_size=40), PLACE, st.integers(1, 5))
def test_every_answer_is_the_plain_searchs(
    start: list[tuple[int, int]], changes: list[tuple[str, int, tuple[int, int]]], at: tuple[int, int], k: int
) -> None:
    plain = dict(enumerate(start))
    index = LiveIndex(plain, np.array(start, dtype=float).reshape(-1, 2))
    for kind, key, place in changes:
        if kind == "insert" and key not in plain:
            index.insert(key, *place)
            plain[key] = place
        elif kind == "move" and key in plain:
            index.move(key, *place)
            plain[key] = place
        elif kind == "delete" and key in plain:
            index.delete(key)
            del plain[key]
    assert len(index) == len(plain)
    far = {key: float(np.hypot(x - at[0], y - at[1])) for key, (x, y) in plain.items()}
    order = sorted(far, key=lambda key: (far[key], str(key)))
    assert [(one.key, one.distance) for one in index.nearest(*at, k)] == [(key, far[key]) for key in order[:k]]
    assert [one.key for one in index.around(*at, 2.0)] == [key for key in order if far[key] <= 2.0]
    inside = [key for key, (x, y) in plain.items() if at[0] - 1 <= x <= at[0] + 2 and at[1] <= y <= at[1] + 1]
    assert index.within(at[0] - 1, at[1], at[0] + 2, at[1] + 1) == sorted(inside, key=str)
    assert all(index.at(key) == place and key in index for key, place in plain.items())


def test_what_makes_no_sense_is_refused() -> None:
    index = LiveIndex(["a"], np.array([[1.0, 2.0]]))
    with pytest.raises(ConflictError):
        index.insert("a", 0, 0)
    for change in (lambda: index.move("b", 0, 0), lambda: index.delete("b"), lambda: index.at("b")):
        with pytest.raises(NotFoundError):
            change()
    for change in (
        lambda: index.insert("c", np.nan, 0),
        lambda: index.move("a", np.inf, 0),
        lambda: index.nearest(np.nan, 0),
        lambda: index.within(1, 0, 0, 1),
        lambda: LiveIndex(["a"], np.array([[np.nan, 1.0]])),
        lambda: LiveIndex(["a", "b"], np.array([[0.0, 1.0]])),
    ):
        with pytest.raises(ParameterError):
            change()
    with pytest.raises(ConflictError):
        LiveIndex(["a", "a"], np.zeros((2, 2)))
    assert (len(index), index.at("a")) == (1, (1.0, 2.0))
    assert index.nearest(0, 0, 0) == []
    assert LiveIndex().nearest(0, 0, 3) == []


def test_a_change_among_100_000_is_quick() -> None:
    """In the time of the processor, for other work may have the core: the median, and one in twenty."""
    rng = np.random.default_rng(2)
    index = LiveIndex(range(100_000), rng.random((100_000, 2)) * 50_000)
    new = rng.random((600, 2)) * 50_000
    took: dict[str, list[float]] = {"insert": [], "move": [], "delete": []}
    for turn, (x, y) in enumerate(new):
        for kind, change in (
            ("insert", lambda turn=turn, x=x, y=y: index.insert(100_000 + turn, x, y)),
            ("move", lambda turn=turn, x=x, y=y: index.move(turn, y, x)),
            ("delete", lambda turn=turn: index.delete(99_999 - turn)),
        ):
            begun = time.thread_time()
            change()
            took[kind].append(time.thread_time() - begun)
    assert {kind: bool(np.percentile(times, 95) < 0.001) for kind, times in took.items()} == dict.fromkeys(took, True)


def test_an_edition_has_one_index_a_layer(tmp_path: Path) -> None:
    store = EmbeddedStore.open(make_workspace(tmp_path / "town"))
    city = CityData(store, store.edition())
    tree = city.index("demand.residents")
    assert city.index("demand.residents") is tree
    # The three homes on the south bank within 1001 m of the venue at x = 1000, and that across the river.
    found = tree.query(shapely.Point(ORIGIN + [1000.0, 0.0]), predicate="dwithin", distance=1000.5)
    assert set(city.frame("demand.residents")["demand_id"].iloc[found]) == {"home-0", "home-1", "home-3", "home-6"}


def test_an_editions_index_is_in_metres() -> None:
    frame = gpd.GeoDataFrame(geometry=shapely.points([[103.80, 36.05], [103.81, 36.05]]), crs="EPSG:4490")
    tree = edition_index(frame, "EPSG:4544")
    home = gpd.GeoSeries(shapely.points([[103.808, 36.05]]), crs="EPSG:4490").to_crs("EPSG:4544").to_numpy()
    (_, row), distance = tree.query_nearest(home, return_distance=True)
    assert row.tolist() == [1]
    assert distance == pytest.approx([180.2], abs=0.5)
