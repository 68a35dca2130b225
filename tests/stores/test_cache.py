import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

from data.stores.cache import ResultCache
from geo.errors import ParameterError

KEY = ("fitness", "1", "620105", "15")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_values_and_frames_come_back(directory: Path, residents: gpd.GeoDataFrame) -> None:
    cache = ResultCache(directory)
    assert cache.get(KEY) is None
    times = pd.DataFrame({"demand_id": ["a", "b"], "walk_s": [12.5, np.nan], "n": [1, 2]})
    cache.put(KEY, {"rate": 0.834, "名称": "安宁区", "gap": None}, times)
    found = ResultCache(directory).get(KEY)
    assert found
    assert found.value == {"rate": 0.834, "名称": "安宁区", "gap": None}
    assert found.frame is not None
    pd.testing.assert_frame_equal(found.frame, times)

    cache.put(KEY, [1, 2])
    assert (cache.get(KEY).value, cache.get(KEY).frame) == ([1, 2], None)  # type: ignore[union-attr]
    cache.put(("other",), None, residents)
    other = cache.get(("other",))
    assert other
    assert_geodataframe_equal(other.frame, residents)
    cache.clear()
    assert cache.get(KEY) is None


def test_keys_are_told_apart(directory: Path) -> None:
    cache = ResultCache(directory)
    keys = [("a", "b"), ("ab",), ("a,b",), ('a","b',), ("b", "a"), ()]
    for number, key in enumerate(keys):
        cache.put(key, number)
    assert [cache.get(key).value for key in keys] == list(range(len(keys)))  # type: ignore[union-attr]


@pytest.mark.parametrize("cut", [0, 3, 35, 60, -1])
def test_a_damaged_entry_is_absent_and_removed(directory: Path, cut: int) -> None:
    cache = ResultCache(directory)
    cache.put(KEY, {"rate": 0.5}, pd.DataFrame({"x": [1.0]}))
    (entry,) = directory.iterdir()
    entry.write_bytes(entry.read_bytes()[:cut])
    assert cache.get(KEY) is None
    assert not entry.exists()
    cache.put(KEY, 1)
    entry.write_bytes(entry.read_bytes()[:-1] + b"!")
    assert cache.get(KEY) is None


def test_the_longest_unused_go_first(directory: Path) -> None:
    cache = ResultCache(directory, max_bytes=2500)
    for number, name in enumerate("abc"):
        before = set(directory.glob("*"))
        cache.put((name,), "x" * 700)
        (entry,) = set(directory.glob("*")) - before
        os.utime(entry, (1000 + number, 1000 + number))
    assert cache.get(("a",))
    cache.put(("d",), "x" * 700)
    assert [bool(cache.get((name,))) for name in "abcd"] == [True, False, True, True]
    cache.put(("too large",), "x" * 3000)
    assert list(directory.iterdir()) == []


def test_half_written_entries(directory: Path) -> None:
    cache = ResultCache(directory)
    cache.put(KEY, 1)
    old, fresh = directory / ".tmp-old", directory / ".tmp-fresh"
    old.touch()
    fresh.touch()
    os.utime(old, (1000, 1000))
    ResultCache(directory).put(("b",), 2)  # a process looks around when it first puts
    assert (old.exists(), fresh.exists()) == (False, True)


def test_only_json_is_kept(directory: Path) -> None:
    for value in (np.nan, {1, 2}, object()):
        with pytest.raises(ParameterError, match="JSON"):
            ResultCache(directory).put(KEY, value)
    assert ResultCache(directory).get(KEY) is None
