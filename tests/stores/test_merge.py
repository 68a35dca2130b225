"""Stewards on one draft: rows merge by key, equal rows change nothing, and nobody's work is overwritten unseen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from data.stores.base import MergeResult, Store
from geo.errors import ConflictError, CRSMismatchError, InputError, NotFoundError, ParameterError

Venues = Callable[..., gpd.GeoDataFrame]
Steward = Callable[[str], Store]
LAYER = "facilities.sports"


def merge(store: Store, rows: gpd.GeoDataFrame, meta: dict | None = None, **how: object) -> MergeResult:
    with store.batch() as draft:
        return draft.merge(LAYER, rows, meta or {}, key="FAC_ID", **how)  # type: ignore[arg-type]


def counts(result: MergeResult) -> tuple[int, int, int, int, int]:
    return result.added, result.changed, result.unchanged, result.removed, len(result.conflicts)


def names(store: Store) -> dict[str, str | None]:
    frame = store.present(LAYER)
    assert frame is not None
    return {k: None if pd.isna(v) else v for k, v in zip(frame["FAC_ID"], frame["NAME"], strict=True)}


def test_rows_merge_by_key(store: Store, venues: Venues) -> None:
    assert counts(merge(store, venues(("a", "甲", 0), ("b", "乙", 10)), {"source": "1.xlsx"})) == (2, 0, 0, 0, 0)
    store.publish("first")
    assert store.present_meta(LAYER) == {"source": "1.xlsx"}
    result = merge(store, venues(("c", "丙", 20), ("b", "乙馆", 10), ("a", "甲", 0)), {"unit": "x"})
    assert counts(result) == (1, 1, 1, 0, 0)
    assert names(store) == {"a": "甲", "b": "乙馆", "c": "丙"}
    assert store.present_meta(LAYER) == {"source": "1.xlsx", "unit": "x"}
    second = store.publish("second")
    assert_geodataframe_equal(store.read(second, LAYER), venues(("a", "甲", 0), ("b", "乙馆", 10), ("c", "丙", 20)))


@pytest.mark.parametrize("published", [True, False])
def test_the_same_rows_again_change_nothing(store: Store, venues: Venues, published: bool) -> None:
    rows = venues(("a", "甲", 0), ("b", None, 10), ("c", "丙", 20), dates=None)
    merge(store, rows, {"source": "1.xlsx"})
    if published:
        store.publish("first")
    before, audit = dict(store.draft_layers()), len(store.audit())
    shuffled = rows.iloc[[2, 0, 1]].reset_index(drop=True)
    for again in (rows, shuffled, rows.iloc[:1]):
        assert counts(merge(store, again, {"source": "1.xlsx"})) == (0, 0, len(again), 0, 0)
    assert dict(store.draft_layers()) == before
    assert len(store.audit()) == audit
    if published:
        with pytest.raises(ConflictError, match="nothing to publish"):
            store.publish("again")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("NAME", "别名"), ("NAME", None), ("ACC_M", 5.000001), ("ACC_M", np.nan), ("SEATS", 7), ("SEATS", None),
        ("OPEN_DATE", "2020-05-02"), ("OPEN_DATE", None), ("SYNTHETIC", True),
        ("geometry", shapely.Point(np.nextafter(103.8, 104), 36.05)),
    ],
)  # fmt: skip
def test_every_difference_is_seen(store: Store, venues: Venues, column: str, value: object) -> None:
    rows = venues(("a", "甲", 0), ("b", "乙", 10))
    merge(store, rows)
    other = rows.copy()
    kind = other[column].dtype
    values = other[column].astype(object).to_list()
    values[0] = value
    other[column] = gpd.GeoSeries(values, crs=4490) if column == "geometry" else pd.Series(values).astype(kind)
    assert counts(merge(store, other)) == (0, 1, 1, 0, 0)
    assert_geodataframe_equal(store.present(LAYER), other)
    assert counts(merge(store, other)) == (0, 0, 2, 0, 0)


def test_a_height_is_a_difference_and_a_table_has_none(store: Store, streets: gpd.GeoDataFrame) -> None:
    def lay(rows: gpd.GeoDataFrame) -> MergeResult:
        with store.batch() as draft:
            return draft.merge("streets", rows, {}, key="seg_id")

    lay(streets)
    raised = streets.copy()
    raised.geometry = shapely.force_3d(shapely.force_2d(streets.geometry.to_numpy()), 9.0)
    assert counts(lay(raised)) == (0, 3, 0, 0, 0)
    assert counts(lay(raised)) == (0, 0, 3, 0, 0)
    bare = raised.set_geometry(np.full(3, None, dtype=object), crs="EPSG:4490")
    assert counts(lay(bare)) == (0, 3, 0, 0, 0)
    assert counts(lay(bare)) == (0, 0, 3, 0, 0)


def test_replace_and_remove_take_rows_out(store: Store, venues: Venues) -> None:
    rows = venues(("a", "甲", 0), ("b", "乙", 10), ("c", "丙", 20))
    merge(store, rows)
    store.publish("first")
    assert counts(merge(store, rows.iloc[:0], remove=["b", "nobody"])) == (0, 0, 0, 1, 0)
    assert list(names(store)) == ["a", "c"]
    assert counts(merge(store, venues(("c", "丙", 20), ("d", "丁", 30)), replace=True)) == (1, 0, 1, 1, 0)
    assert list(names(store)) == ["c", "d"]
    assert counts(merge(store, rows.iloc[:0], replace=True)) == (0, 0, 0, 2, 0)
    assert names(store) == {}


def test_another_stewards_row_is_not_overwritten(store: Store, steward: Steward, venues: Venues) -> None:
    merge(store, venues(("a", "甲", 0), ("b", "乙", 10), ("c", "丙", 20)))
    store.publish("first")
    li, wang = steward("李"), steward("王")
    assert counts(merge(li, venues(("a", "李改", 0), ("n", "新", 50)))) == (1, 1, 0, 0, 0)
    result = merge(wang, venues(("a", "王改甲", 7), ("b", "王改", 10), ("n", "新", 50)))
    assert counts(result) == (0, 1, 1, 0, 1)
    (conflict,) = result.conflicts
    assert (conflict.key, conflict.by, set(conflict.columns)) == ("a", "李", {"NAME", "SEATS", "geometry"})
    assert conflict.yours
    assert conflict.theirs
    assert (conflict.yours["NAME"], conflict.theirs["NAME"]) == ("王改甲", "李改")
    assert conflict.yours["geometry"].startswith("POINT (103.80007")
    assert conflict.at.utcoffset() is not None
    assert names(store) == {"a": "李改", "b": "王改", "c": "丙", "n": "新"}
    # What he wrote himself, or another wrote the same, is no conflict; what was published is nobody's any more.
    assert counts(merge(wang, venues(("b", "王再改", 10)))) == (0, 1, 0, 0, 0)
    assert counts(merge(li, venues(("b", "王再改", 10)))) == (0, 0, 1, 0, 0)
    assert counts(merge(li, venues(("b", "李要改", 10)))) == (0, 0, 0, 0, 1)
    store.publish("second")
    assert counts(merge(li, venues(("b", "李要改", 10)))) == (0, 1, 0, 0, 0)


def test_overwrite_takes_over(store: Store, steward: Steward, venues: Venues) -> None:
    li, wang = steward("李"), steward("王")
    merge(li, venues(("a", "李", 0)))
    assert counts(merge(wang, venues(("a", "王改", 0)))) == (0, 0, 0, 0, 1)
    assert counts(merge(wang, venues(("a", "王改", 0)), overwrite=True)) == (0, 1, 0, 0, 0)
    assert merge(li, venues(("a", "李", 0))).conflicts[0].by == "王"


def test_taking_out_can_conflict_too(store: Store, steward: Steward, venues: Venues) -> None:
    merge(store, venues(("a", "甲", 0), ("b", "乙", 10), ("c", "丙", 20)))
    store.publish("first")
    li, wang = steward("李"), steward("王")
    merge(li, venues(("b", "李改", 10)), remove=["a"])
    result = merge(wang, venues(("a", "甲馆", 0)), replace=True)
    assert counts(result) == (0, 0, 0, 1, 2)
    a, b = sorted(result.conflicts, key=lambda one: one.key)
    assert (a.key, a.theirs, a.by) == ("a", None, "李")
    assert (b.key, b.yours, b.by) == ("b", None, "李")
    assert names(store) == {"b": "李改"}
    with li.batch() as draft:
        draft.remove(LAYER)
    assert merge(wang, venues(("c", "丙馆", 20))).conflicts[0].by == "李"


def test_a_layer_that_was_put_whole_is_its_stewards(store: Store, steward: Steward, venues: Venues) -> None:
    steward("李").put_draft(LAYER, venues(("a", "李", 0)), {})
    assert merge(steward("王"), venues(("a", "王改", 0))).conflicts[0].by == "李"


def test_a_batch_sees_its_own_changes(store: Store, venues: Venues) -> None:
    merge(store, venues(("z", "旧", 0)))
    store.publish("first")
    with store.batch() as draft:
        draft.put(LAYER, venues(("a", "甲", 0)), {"k": 1})
        assert counts(draft.merge(LAYER, venues(("b", "乙", 1)), {}, key="FAC_ID")) == (1, 0, 0, 0, 0)
        assert counts(draft.merge(LAYER, venues(("b", "乙", 1)), {}, key="FAC_ID")) == (0, 0, 1, 0, 0)
        draft.drop(LAYER)
        assert counts(draft.merge(LAYER, venues(("z", "新名", 0)), {}, key="FAC_ID")) == (0, 1, 0, 0, 0)
        draft.remove(LAYER)
        with pytest.raises(NotFoundError, match="anyway"):
            draft.remove(LAYER)
        assert counts(draft.merge(LAYER, venues(("c", "丙", 2)), {}, key="FAC_ID")) == (1, 0, 0, 0, 0)
    assert names(store) == {"c": "丙"}
    with pytest.raises(InterruptedError), store.batch() as draft:
        draft.merge(LAYER, venues(("d", "丁", 2)), {}, key="FAC_ID")
        raise InterruptedError
    assert names(store) == {"c": "丙"}


def test_what_cannot_be_merged_is_said(store: Store, venues: Venues, streets: gpd.GeoDataFrame) -> None:
    rows = venues(("a", "甲", 0), ("b", "乙", 1))
    for frame, word in (
        (rows.assign(FAC_ID=pd.Series(["a", "a"], dtype="str")), "twice"),
        (rows.assign(FAC_ID=pd.Series([None, "a"], dtype="str")), "empty"),
        (rows.drop(columns="FAC_ID"), "no column FAC_ID"),
        (rows.assign(ACC_M=pd.Series([1.0, 2.0], dtype="float32")), "float32"),
    ):
        with pytest.raises(InputError, match=word):
            merge(store, frame)
    with pytest.raises(CRSMismatchError):
        merge(store, rows.to_crs("EPSG:4544"))
    with pytest.raises(ParameterError, match="layer name"), store.batch() as draft:
        draft.merge("../x", rows, {}, key="FAC_ID")
    merge(store, rows)
    numbered = rows.assign(FAC_ID=[1, 2])
    with pytest.raises(InputError, match="int64"):
        merge(store, numbered)
    with pytest.raises(InputError, match="bool"):
        merge(store, rows.assign(NAME=[True, False]))
    assert names(store) == {"a": "甲", "b": "乙"}


def test_a_column_more_or_less(store: Store, venues: Venues) -> None:
    rows = venues(("a", "甲", 0), ("b", "乙", 1))
    merge(store, rows.drop(columns=["SEATS", "SYNTHETIC"]))
    plain = rows.drop(columns="SYNTHETIC")
    empty = plain.assign(SEATS=pd.Series([None, None], dtype="Int64"))
    assert counts(merge(store, empty)) == (0, 0, 2, 0, 0)
    assert counts(merge(store, plain.iloc[:1])) == (0, 1, 0, 0, 0)
    assert store.present(LAYER)["SEATS"].isna().tolist() == [False, True]  # type: ignore[index]
    with pytest.raises(InputError, match="SYNTHETIC is not in all rows"):
        merge(store, rows.iloc[:1])
    assert counts(merge(store, rows)) == (0, 2, 0, 0, 0)


def test_a_merge_waits_for_another_and_loses_nothing(store: Store, steward: Steward, venues: Venues) -> None:
    merged, ended = Event(), []

    def slow() -> None:
        with steward("李").batch() as draft:
            draft.merge(LAYER, venues(("a", "李", 0), ("l", "李", 1)), {}, key="FAC_ID")
            merged.set()
            Event().wait(0.3)
            ended.append("李")

    def other() -> MergeResult:
        merged.wait(10)
        result = merge(steward("王"), venues(("a", "王改", 0), ("w", "王", 2)))
        ended.append("王")
        return result

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(slow), pool.submit(other)
        first.result()
        result = second.result()
    assert ended == ["李", "王"]
    assert [one.by for one in result.conflicts] == ["李"]
    assert names(store) == {"a": "李", "l": "李", "w": "王"}


def test_many_stewards_merge_at_once(store: Store, steward: Steward, venues: Venues) -> None:
    crowd = 6
    start = Barrier(crowd, timeout=30)

    def work(k: int) -> list[MergeResult]:
        mine = steward(f"s{k}")
        start.wait()
        return [merge(mine, venues((f"{k}-{i}", "x", i), ("common", f"s{k}", 0))) for i in range(4)]

    with ThreadPoolExecutor(crowd) as pool:
        results = list(pool.map(work, range(crowd)))
    held = names(store)
    assert set(held) == {f"{k}-{i}" for k in range(crowd) for i in range(4)} | {"common"}
    owner = held["common"]
    for k, mine in enumerate(results):
        named = {one.by for result in mine for one in result.conflicts}
        assert named == (set() if owner == f"s{k}" else {owner})


def test_the_audit_names_every_merge(store: Store, venues: Venues) -> None:
    merge(store, venues(("a", "甲", 0)))
    with store.batch() as draft:
        draft.remove(LAYER)
    assert [entry.action for entry in store.audit()] == ["create", "merge_draft", "remove_layer"]
    assert store.audit()[1].detail["added"] == 1


def test_an_empty_table_is_made_by_merging_nothing(store: Store, venues: Venues) -> None:
    assert counts(merge(store, venues())) == (0, 0, 0, 0, 0)
    assert names(store) == {}


def test_a_whole_layer_of_another_steward_is_replaced_only_when_asked(
    store: Store, steward: Steward, venues: Venues
) -> None:
    li, wang = steward("李"), steward("王")
    ours, theirs = venues(("a", "李", 0)), venues(("a", "王", 0))
    with li.batch() as draft:
        draft.put(LAYER, ours, {"k": 1}, overwrite=False)
    for frame, meta in ((theirs, {"k": 1}), (ours, {"k": 2})):
        said = r"facilities\.sports has been drafted by 李 \(\d{4}-.* UTC\)"
        with pytest.raises(ConflictError, match=said), wang.batch() as draft:
            draft.put("other", ours, {})
            draft.put(LAYER, frame, meta, overwrite=False)
        assert list(store.draft_layers()) == [LAYER]
    with wang.batch() as draft:
        draft.put(LAYER, ours, {"k": 1}, overwrite=False)
    with li.batch() as draft:
        draft.put(LAYER, theirs, {}, overwrite=True)
    assert names(store) == {"a": "王"}
    store.publish("first")
    with wang.batch() as draft:
        draft.put(LAYER, ours, {}, overwrite=False)
    assert names(store) == {"a": "李"}
    # One row of another's is enough, and so is a layer another has taken out.
    merge(li, venues(("b", "李", 5)))
    with pytest.raises(ConflictError, match="drafted by 李"), wang.batch() as draft:
        draft.put(LAYER, theirs, {}, overwrite=False)
    with li.batch() as draft:
        draft.remove(LAYER)
    with pytest.raises(ConflictError, match="taken out by 李"), wang.batch() as draft:
        draft.put(LAYER, theirs, {}, overwrite=False)


def test_a_batch_that_has_looked_holds_the_draft(store: Store, venues: Venues) -> None:
    merge(store, venues(("a", "甲", 0)))
    with store.batch() as draft:
        seen = draft.present(LAYER)
        assert seen is not None
        assert seen["FAC_ID"].tolist() == ["a"]
        assert draft.present("nothing") is None
        assert draft.present_meta("nothing") == {}
        late = Thread(target=merge, args=(store, venues(("b", "乙", 5))))
        late.start()
        late.join(0.3)
        assert late.is_alive()
        draft.put(LAYER, seen.assign(NAME="改"), {"k": 1})
        again = draft.present(LAYER)
        assert again is not None
        assert again["NAME"].tolist() == ["改"]
        assert draft.present_meta(LAYER) == {"k": 1}
    late.join(30)
    assert names(store) == {"a": "改", "b": "乙"}
