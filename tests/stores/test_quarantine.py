"""Rows that were not accepted: kept once, released when they are, and never lost."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from data.stores.base import Store
from data.stores.quarantine import QuarantineRow, again, quarantine_row
from geo.errors import Fault, NotFoundError

LAYER = "facilities.sports"
HEADINGS = ("名称", "座位", "启用日期")


def bad(row: int, *cells: object, file: str = "甲.xlsx", sheet: str | None = "表1") -> QuarantineRow:
    fault = Fault("type", "座位 is no number.", "write a number.", file, row, "座位", str(cells[1]), "error")
    return quarantine_row(file, sheet, LAYER, row, HEADINGS, cells, [fault])


def keep(store: Store, *rows: QuarantineRow) -> None:
    with store.batch() as draft:
        draft.quarantine(rows)


def test_rows_come_back_as_they_came(store: Store) -> None:
    cells = (
        ("体育馆", "三百", date(2020, 5, 1)),
        (None, np.float64(1.5), np.nan),
        ("x", 2**70, pd.Timestamp("2020-05-01")),
    )
    keep(store, *(bad(7 + i, *row) for i, row in enumerate(cells)))
    one, two, three = store.quarantined()
    assert (one.file, one.sheet, one.layer, one.row) == ("甲.xlsx", "表1", LAYER, 7)
    assert (one.headings, one.cells) == (HEADINGS, ("体育馆", "三百", "2020-05-01"))
    assert two.cells == (None, 1.5, None)
    assert three.cells == ("x", 2**70, "2020-05-01T00:00:00")
    assert one.faults == bad(7, *cells[0]).faults
    assert one.actor == "tester"
    assert one.at
    assert abs(one.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_ids_are_short_text_and_the_rows_own(store: Store) -> None:
    rows = [bad(i, f"名{i}", "x", None) for i in range(2000)]
    ids = {row.id for row in rows}
    assert len(ids) == 2000
    assert all(len(one) == 13 and one[0] == "Q" and one.isalnum() for one in ids)
    assert bad(3, "名3", "x", None).id in ids
    for other in (bad(4, "名3", "x", None), bad(3, "名3", "y", None), bad(3, "名3", "x", None, sheet=None)):
        assert other.id not in {bad(3, "名3", "x", None).id}


def test_the_same_file_again_doubles_nothing(store: Store) -> None:
    rows = [bad(7, "甲", "x", None), bad(8, "乙", "y", None), bad(7, "甲", "x", None, sheet=None)]
    keep(store, *rows)
    before, audit = store.quarantined(), len(store.audit())
    keep(store, *rows)
    assert store.quarantined() == before
    assert len(store.audit()) == audit


def test_other_cells_at_a_place_stand_beside_it(store: Store) -> None:
    """Whether it is the same record only the importer knows, who lets the old one go."""
    keep(store, bad(7, "甲", "x", None), bad(8, "乙", "y", None))
    keep(store, bad(7, "甲", "仍错", None))
    assert sorted(row.cells[1] for row in store.quarantined()) == ["x", "y", "仍错"]


def test_accepted_rows_are_released_and_only_they(store: Store) -> None:
    keep(
        store, bad(7, "甲", "x", None), bad(8, "乙", "y", None), bad(8, "乙", "y", None, file="乙.xlsx"),
        bad(8, "乙", "y", None, sheet=None), bad(9, "丙", "z", None),
    )  # fmt: skip
    with store.batch() as draft:
        draft.accept("甲.xlsx", "表1", LAYER, np.array([1, 8, 9, 100]))
        draft.quarantine([bad(7, "甲", "x", None)])
    assert {(row.file, row.sheet, row.row) for row in store.quarantined()} == {
        ("甲.xlsx", "表1", 7), ("甲.xlsx", None, 8), ("乙.xlsx", "表1", 8),
    }  # fmt: skip
    with store.batch() as draft:
        draft.accept("甲.xlsx", None, "facilities.other", np.array([8]))
    assert len(store.quarantined()) == 3


def test_a_corrected_row_keeps_its_id_and_place(store: Store) -> None:
    entry = bad(7, "甲", "x", None)
    keep(store, entry)
    (held,) = store.quarantined()
    still = again(held, ["甲", "仍错", None], [Fault("type", "still no number.", "write one.")])
    keep(store, still)
    (held,) = store.quarantined()
    assert (held.id, held.file, held.row, held.cells[1]) == (entry.id, "甲.xlsx", 7, "仍错")
    assert held.faults[0].message == "still no number."
    with store.batch() as draft:
        draft.release([held.id, "Q0"])
    assert store.quarantined() == []
    with store.batch() as draft:
        draft.release([held.id])
    assert [e.action for e in store.audit()] == ["create", "quarantine", "quarantine", "release"]


def test_rows_and_quarantine_are_one_transaction(store: Store, venues: Callable[..., gpd.GeoDataFrame]) -> None:
    with pytest.raises(NotFoundError), store.batch() as draft:
        draft.merge(LAYER, venues(("a", "甲", 0)), {}, key="FAC_ID")
        draft.quarantine([bad(7, "甲", "x", None)])
        draft.drop("areas")
    assert store.quarantined() == []
    assert store.present(LAYER) is None


def test_publishing_and_restoring_leave_the_quarantine(store: Store, venues: Callable[..., gpd.GeoDataFrame]) -> None:
    for name in "ab":
        store.put_draft(LAYER, venues((name, "甲", 0)), {})
        keep(store, bad(7, "甲", "x", None))
        store.publish(name)
    store.restore(1)
    assert len(store.quarantined()) == 1
