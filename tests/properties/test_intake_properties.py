"""Whatever a list holds: no row is lost, a second time changes nothing, and what was set aside stays until corrected."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from api.intake import import_facilities
from api.intake_report import IntakeOptions, IntakeReport
from api.quarantine import ID, batches, write_quarantine
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from geo.errors import InputError
from layers.facilities.catalogue import FACILITY_LAYERS
from tests.messy import spots

TODAY = date(2026, 11, 22)
CITY = City("620100", "兰州市", "Lanzhou", "EPSG:4544")
LAYER = FACILITY_LAYERS["elderly"]
PLACES = [(f"{lon:.6f}", f"{lat:.6f}") for lon, lat in spots(6)]
HEADINGS = ["编号", "机构名称", "机构类型", "经度", "纬度", "床位数", "护理型床位数", "行政区划代码"]

PLACE = st.one_of(
    st.sampled_from(PLACES),
    st.sampled_from([("", ""), ("103.8", ""), ("0", "0"), ("36.06", "103.83"), ("103°50′", "36°03′"), ("东", "北"),
                     ("999999", "3"), ("nan", "inf"), ("203.8", "36.1")]),
)  # fmt: skip
ROW = st.tuples(
    st.one_of(st.just(""), st.sampled_from(["A1", "A2", " A1"])),
    st.sampled_from(["甲养老院", "乙养老院", "丙老年助餐点", "", "=1+1", "合计园", "养老院" * 30]),
    st.sampled_from(["养老机构", "老年助餐点", "养老院子", ""]),
    PLACE,
    st.sampled_from(["100", "１２０", "", "-5", "1e400", "many", "30.5", "99999999"]),
    st.sampled_from(["50", "", "500", "nan"]),
    st.sampled_from(["", "620102", "620102001000", "999999999999", "62010"]),
).map(lambda row: [*row[:3], *row[3], *row[4:]])
TABLE = st.lists(ROW, min_size=1, max_size=12)


def bring(store: EmbeddedStore, path: Path, crs: str | None = "wgs84") -> IntakeReport | None:
    """What became of a file; None where it has no record at all."""
    try:
        got = import_facilities(
            store, path, layer=LAYER, options=IntakeOptions(crs=crs, trust=crs is not None), today=TODAY
        )
    except InputError as error:
        assert {fault.code for fault in error.faults} <= {"no_rows", "no_headings"}, error
        return None
    assert got.rows == got.accepted + got.quarantined
    return got


def held(store: EmbeddedStore) -> pd.DataFrame:
    frame = store.present(LAYER.layer)
    return pd.DataFrame() if frame is None else pd.DataFrame(frame.to_wkb()).sort_values("FAC_ID", ignore_index=True)


def aside(store: EmbeddedStore) -> dict[str, tuple[object, ...]]:
    return {row.id: row.cells for row in store.quarantined()}


@settings(
    max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # shrinking takes minutes
@given(rows=TABLE, encoding=st.sampled_from(["utf-8-sig", "gbk"]), suffix=st.sampled_from([".csv", ".csv", ".xlsx"]))
def test_no_row_is_lost_and_twice_is_once(tmp_path_factory: pytest.TempPathFactory, rows, encoding, suffix) -> None:
    folder = tmp_path_factory.mktemp("p")
    store = EmbeddedStore.create(folder / "ws", CITY)
    path = folder / "a.csv"
    pd.DataFrame(rows, columns=HEADINGS).to_csv(path, index=False, encoding=encoding)
    first = bring(store, path)
    if first is None:
        return
    assert first.rows + len(first.left_out) == len(rows)
    before, kept = held(store), aside(store)
    assert len(before) == first.accepted
    assert len(kept) == first.quarantined

    again = bring(store, path)
    assert again is not None
    assert again.merge == {"added": 0, "changed": 0, "unchanged": first.accepted, "removed": 0}
    pd.testing.assert_frame_equal(held(store), before)
    assert aside(store) == kept

    if not kept:
        return
    back = folder / f"back{suffix}"
    write_quarantine(batches(store), back)
    read = pd.read_csv(back, dtype=str) if suffix == ".csv" else pd.read_excel(back, dtype=str, engine="openpyxl")
    assert set(read[ID]) == set(kept)
    bring(store, back)
    pd.testing.assert_frame_equal(held(store), before)
    assert set(aside(store)) == set(kept)
