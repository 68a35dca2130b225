"""A steward's list from the file to the draft: every layer's template, and files as bureaus send them."""

import dataclasses
import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from api.intake import import_facilities
from api.intake_report import IntakeOptions, IntakeReport
from api.quarantine import ERROR, ID, batches, write_quarantine
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from data.write.template import HEAD_ROW, SHEET, template_columns
from geo.crs import GEOD
from geo.errors import InputError
from layers.dictionary import write_layer_template
from layers.facilities.catalogue import FACILITY_LAYERS
from tests.messy import FOLDER, MESSY, Messy, spots

TODAY = date(2026, 11, 22)
LANZHOU = City("620100", "兰州市", "Lanzhou", "EPSG:4544")


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore.create(tmp_path / "ws", LANZHOU)


def bring(store: EmbeddedStore, path: Path, layer: str, **said) -> IntakeReport:
    got = import_facilities(store, path, layer=FACILITY_LAYERS[layer], options=IntakeOptions(**said), today=TODAY)
    assert got.rows == got.accepted + got.quarantined
    json.dumps(got.as_dict(), ensure_ascii=False, allow_nan=False)
    return got


def held(store: EmbeddedStore, layer: str) -> int:
    frame = store.present(f"facilities.{layer}")
    return 0 if frame is None else len(frame)


def declared(file: Messy) -> str | None:
    return None if file.datum == "none" else file.datum


def lacking(file: Messy) -> dict[str, str]:
    """What a steward says of all rows of a list that has no column for it."""
    layer = FACILITY_LAYERS[file.layer]
    spec = layer.spec.columns
    return {name: spec[name].values[0] for name in layer.obligatory if spec[name].values and name not in file.fields}  # noqa: PD011


@pytest.mark.parametrize("file", MESSY, ids=lambda one: one.name)
def test_a_messy_file_comes_in_and_nothing_is_lost(store: EmbeddedStore, file: Messy) -> None:
    said = {"crs": declared(file), "sheet": file.sheet, "trust": True, "fill": lacking(file)}
    got = bring(store, FOLDER / file.name, file.layer, **said)
    assert got.rows == file.rows
    assert got.encoding == file.encoding or file.encoding is None
    assert {one["field"] for one in got.headings} >= set(file.fields)
    assert got.quarantined >= file.bad
    assert got.accepted == held(store, file.layer)
    assert len(store.quarantined()) == got.quarantined
    assert all(row.faults for row in store.quarantined())
    again = bring(store, FOLDER / file.name, file.layer, **said)
    assert again.merge == {"added": 0, "changed": 0, "unchanged": got.accepted, "removed": 0}
    assert len(store.quarantined()) == got.quarantined


def test_what_is_not_declared_is_not_guessed(store: EmbeddedStore) -> None:
    with pytest.raises(InputError, match="does not say which datum"):
        bring(store, FOLDER / "药店_WGS84.csv", "community")
    assert store.present("facilities.community") is None
    dry = bring(store, FOLDER / "药店_WGS84.csv", "community", dry_run=True)
    assert dry.datum["declared"] is None
    assert dry.datum["hypotheses"]


def test_positions_of_a_shifted_list_are_put_back(store: EmbeddedStore) -> None:
    shifted = next(one for one in MESSY if one.datum == "bd09" and one.rows - one.bad >= 5)
    got = bring(store, FOLDER / shifted.name, shifted.layer, crs="bd09", trust=True)
    frame = store.present(f"facilities.{shifted.layer}")
    at = shapely.get_coordinates(frame.geometry.to_numpy())
    known = spots(99)
    _, _, metres = GEOD.inv(*np.repeat(at, len(known), axis=0).T, *np.tile(known, (len(at), 1)).T)
    assert got.accepted >= 5
    assert metres.reshape(len(at), -1).min(axis=1).max() < 1.0
    assert set(frame["CRS_SRC"]) == {"bd09"}


def fill(path: Path, layer: str, records: list[dict[str, object]]) -> None:
    """Write records under the template's headings, as a bureau would."""
    book = openpyxl.load_workbook(path)
    sheet = book[SHEET]
    names = list(template_columns(FACILITY_LAYERS[layer].spec))
    first = next(
        k for k in range(1, 4) if sheet.cell(HEAD_ROW, k).value and "序号" not in str(sheet.cell(HEAD_ROW, k).value)
    )
    row = HEAD_ROW + 1
    while sheet.cell(row, 1).value is not None and str(sheet.cell(row, 1).value).startswith("示例"):
        row += 1
    for i, record in enumerate(records):
        for k, name in enumerate(names):
            if name in record:
                sheet.cell(row + i, first + k).value = record[name]
    book.save(path)


@pytest.mark.parametrize("layer", [one.id for one in FACILITY_LAYERS.items])
def test_every_layer_comes_in_from_its_own_template(store: EmbeddedStore, tmp_path: Path, layer: str) -> None:
    path = tmp_path / f"{layer}.xlsx"
    one = FACILITY_LAYERS[layer]
    write_layer_template(one, path)
    record: dict[str, object] = {
        name: column.example for name, column in one.spec.columns.items() if column.example and name != "FAC_ID"
    }
    record.pop("CENTRE_ID", None)
    record.pop("SERVED_XZQ", None)
    lon, lat = spots(1)[0]
    record |= {"NAME": "某处", "LON": f"{lon:.6f}", "LAT": f"{lat:.6f}", "XZQDM12": "620102001000"}
    fill(path, layer, [record, {**record, "NAME": "另一处", "LON": f"{lon + 0.01:.6f}"}])
    got = bring(store, path, layer, crs="EPSG:4490")
    assert (got.rows, got.accepted) == (2, 2), [str(fault) for fault in got.faults if fault.severity == "error"]
    frame = store.present(one.layer)
    for name in one.spec.columns:
        if name in record and name not in {"XZQDM12", "NAME", "CAT", "PUB_LVL"}:
            assert frame[name].notna().all(), name
    assert any(line["why"] == "example" for line in got.left_out)


def bad_elderly(path: Path) -> None:
    lon, lat = spots(1)[0]
    rows = [
        ["甲养老院", "养老机构", lon, lat, 100, 50],
        ["乙养老院", "养老机构", lon + 0.01, lat, 100, 500],
        ["丙养老院", "养老院子", lon + 0.02, lat, 100, 50],
        ["丁养老院", "养老机构", "", "", 10, 5],
    ]
    frame = pd.DataFrame(rows, columns=["机构名称", "机构类型", "经度", "纬度", "床位数", "护理型床位数"])
    frame.to_csv(path, index=False, encoding="gb18030")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_rows_set_aside_come_back_corrected_and_merge(store: EmbeddedStore, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "养老.csv"
    bad_elderly(source)
    got = bring(store, source, "elderly", crs="wgs84", trust=True)
    assert (got.accepted, got.quarantined) == (1, 3)
    aside = tmp_path / f"待更正{suffix}"
    write_quarantine(batches(store), aside)
    read = pd.read_csv(aside, dtype="str") if suffix == ".csv" else pd.read_excel(aside, dtype="str", engine="openpyxl")
    assert list(read.columns) == [ERROR, ID, "机构名称", "机构类型", "经度", "纬度", "床位数", "护理型床位数"]
    assert read[ERROR].str.len().min() > 0
    half = read.copy()
    half.loc[half["机构名称"] == "乙养老院", "护理型床位数"] = "50"
    half.loc[half["机构名称"] == "丙养老院", "机构类型"] = "养老机构"
    write = tmp_path / f"更正{suffix}"
    half.to_csv(write, index=False) if suffix == ".csv" else half.to_excel(write, index=False)
    again = bring(store, write, "elderly", crs="wgs84", trust=True)
    assert (again.rows, again.accepted, again.quarantined) == (3, 2, 1)
    assert held(store, "elderly") == 3
    (left,) = store.quarantined()
    assert left.cells[0] == "丁养老院"
    assert set(store.present("facilities.elderly")["SRC"]) == {"养老.csv"}
    bring(store, source, "elderly", crs="wgs84", trust=True)
    assert held(store, "elderly") == 3


def test_two_stewards_who_change_one_row_are_both_told(tmp_path: Path) -> None:
    EmbeddedStore.create(tmp_path / "ws", LANZHOU)
    source = tmp_path / "养老.csv"
    bad_elderly(source)
    one = EmbeddedStore.open(tmp_path / "ws", actor="甲")
    other = EmbeddedStore.open(tmp_path / "ws", actor="乙")
    bring(one, source, "elderly", crs="wgs84", trust=True)
    text = source.read_text("gb18030").replace("100,50", "120,50")
    source.write_text(text, "gb18030")
    got = bring(other, source, "elderly", crs="wgs84", trust=True)
    (clash,) = got.conflicts
    assert (clash.by, clash.columns) == ("甲", ("BEDS",))
    assert got.quarantined == 4
    assert one.present("facilities.elderly")["BEDS"].tolist() == [100]
    told = [row for row in other.quarantined() if row.cells[0] == "甲养老院"]
    assert told[0].faults[0].code == "conflict"
    forced = bring(other, source, "elderly", crs="wgs84", trust=True, overwrite=True)
    assert forced.merge["changed"] == 1
    assert one.present("facilities.elderly")["BEDS"].tolist() == [120]


def test_a_dry_run_changes_nothing(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "养老.csv"
    bad_elderly(source)
    got = bring(store, source, "elderly", crs="wgs84", trust=True, dry_run=True)
    assert (got.dry_run, got.accepted, got.quarantined) == (True, 1, 3)
    assert not store.draft_layers()
    assert not store.quarantined()


def test_an_obligatory_field_without_a_column_stops_the_file(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("机构的叫法,经度,纬度\n甲,103.8,36.0\n", "utf-8")
    with pytest.raises(InputError, match="no column is 名称"):
        bring(store, source, "elderly", crs="wgs84")
    with pytest.raises(InputError, match="--fill KIND="):
        bring(store, source, "elderly", crs="wgs84", columns={"机构的叫法": "NAME"}, trust=True)
    said = {"columns": {"机构的叫法": "NAME"}, "fill": {"KIND": "养老机构"}}
    got = bring(store, source, "elderly", crs="wgs84", trust=True, **said)
    assert got.rows == 1


def test_the_same_record_twice_in_a_file_is_kept_once(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    line = "甲养老院,养老机构,103.8321,36.0514\n"
    source.write_text("名称,类型,经度,纬度\n" + line + line, "utf-8")
    got = bring(store, source, "elderly", crs="wgs84", trust=True)
    assert (got.accepted, got.quarantined) == (1, 1)
    assert got.counts["duplicate_row"] == 1


def test_the_report_names_what_interface_promises(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "养老.csv"
    bad_elderly(source)
    told = bring(store, source, "elderly", crs="wgs84", trust=True).as_dict()
    assert {"rows", "accepted", "quarantined", "faults", "datum"} <= told.keys()
    assert {"row", "column", "value", "code", "message", "mend"} <= told["faults"][0].keys()
    assert {"declared", "best", "confidence", "shift_m", "hypotheses"} <= told["datum"].keys()
    assert dataclasses.is_dataclass(IntakeReport)


def test_replacing_a_layer_takes_out_what_the_file_does_not_name_and_keeps_what_is_faulty(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    source = tmp_path / "a.csv"
    head = "设施编号,名称,类型,经度,纬度,床位数\n"
    rows = [f"E{i},第{i}养老院,养老机构,{103.83 + i / 1000:.4f},36.0514,50\n" for i in range(3)]
    source.write_text(head + "".join(rows), "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    source.write_text(head + rows[0] + rows[1].replace(",50", ",五十几"), "utf-8")
    got = bring(store, source, "elderly", crs="wgs84", trust=True, replace=True)
    assert (got.accepted, got.quarantined, got.merge["removed"]) == (1, 1, 1)
    assert store.present("facilities.elderly")["FAC_ID"].tolist() == ["E0", "E1"]


def test_places_of_one_name_are_told_apart_by_address_then_place(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    lines = [
        "连锁超市,超市,东路1号,103.8321,36.0514", "连锁超市,超市,西路2号,103.8421,36.0514",
        "连锁超市,超市,西路2号,103.8422,36.0619", "独家超市,超市,,103.8500,36.0600",
    ]  # fmt: skip
    head = "名称,类型,地址,经度,纬度\n"
    source.write_text(head + "\n".join(lines), "utf-8")
    got = bring(store, source, "commerce", crs="wgs84", trust=True)
    assert (got.accepted, got.quarantined) == (4, 0)
    source.write_text(head + "\n".join(reversed(lines)), "utf-8")
    again = bring(store, source, "commerce", crs="wgs84", trust=True)
    assert again.merge == {"added": 0, "changed": 0, "unchanged": 4, "removed": 0}


HEAD = "名称,类型,经度,纬度,床位数\n"


def test_two_places_of_one_name_in_two_counties_stay_two(store: EmbeddedStore, tmp_path: Path) -> None:
    one, other = tmp_path / "榆中.csv", tmp_path / "皋兰.csv"
    one.write_text(HEAD + "幸福院,养老机构,104.1100,35.8400,50\n", "utf-8")
    other.write_text(HEAD + "幸福院,养老机构,103.9500,36.3300,60\n", "utf-8")
    bring(store, one, "elderly", crs="wgs84", trust=True)
    bring(store, other, "elderly", crs="wgs84", trust=True)
    assert sorted(store.present("facilities.elderly")["BEDS"]) == [50, 60]
    moved = tmp_path / "榆中2.csv"
    moved.write_text(HEAD + "幸福院,养老机构,104.1103,35.8401,55\n", "utf-8")
    got = bring(store, moved, "elderly", crs="wgs84", trust=True)
    assert got.merge["changed"] == 1
    assert sorted(store.present("facilities.elderly")["BEDS"]) == [55, 60]


def test_a_twin_that_was_faulty_does_not_write_over_the_other(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(HEAD + "幸福院,养老机构,103.8300,36.0500,50\n幸福院,养老机构,103.9300,36.0500,不知\n", "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    aside = tmp_path / "待更正.csv"
    write_quarantine(batches(store), aside)
    aside.write_text(aside.read_text("utf-8-sig").replace("不知", "70"), "utf-8")
    for _ in range(2):
        bring(store, aside, "elderly", crs="wgs84", trust=True)
        assert sorted(store.present("facilities.elderly")["BEDS"]) == [50, 70]
        assert not store.quarantined()
    bring(store, source, "elderly", crs="wgs84", trust=True)
    assert held(store, "elderly") == 2


def test_ids_that_only_count_are_no_ids_and_anothers_id_is_refused(store: EmbeddedStore, tmp_path: Path) -> None:
    one, other = tmp_path / "一县.csv", tmp_path / "二县.csv"
    one.write_text("编号,名称,类型,经度,纬度\n1,甲院,养老机构,103.83,36.05\n2,乙院,养老机构,103.84,36.05\n", "utf-8")
    other.write_text("编号,名称,类型,经度,纬度\n1,丙院,养老机构,104.11,35.84\n2,丁院,养老机构,104.12,35.84\n", "utf-8")
    bring(store, one, "elderly", crs="wgs84", trust=True)
    bring(store, other, "elderly", crs="wgs84", trust=True)
    assert held(store, "elderly") == 4
    taken = tmp_path / "三县.csv"
    name = store.present("facilities.elderly")["FAC_ID"].iloc[0]
    taken.write_text(f"FAC_ID,名称,类型,经度,纬度\n{name},戊院,养老机构,103.30,36.70\n", "utf-8")
    got = bring(store, taken, "elderly", crs="wgs84", trust=True)
    assert got.counts["id_taken"] == 1
    assert held(store, "elderly") == 4


def test_a_copied_quarantine_id_loses_neither_row(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(HEAD + "甲院,养老机构,103.83,36.05,不知\n", "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    (row,) = store.quarantined()
    back = tmp_path / "b.csv"
    line = "{name},养老机构,{lon},36.05,{beds}," + row.id + "\n"
    head = HEAD.strip() + f",{ID}\n"
    back.write_text(
        head + line.format(name="甲院", lon=103.83, beds=5) + line.format(name="乙院", lon=103.84, beds="?"), "utf-8"
    )
    got = bring(store, back, "elderly", crs="wgs84", trust=True)
    assert (got.accepted, got.quarantined) == (1, 1)
    assert [one.cells[0] for one in store.quarantined()] == ["乙院"]
    faulty = line.format(name="丙院", lon=103.85, beds="?") + line.format(name="丁院", lon=103.86, beds="?")
    back.write_text(head + faulty, "utf-8")
    bring(store, back, "elderly", crs="wgs84", trust=True)
    assert sorted(one.cells[0] for one in store.quarantined()) == ["丁院", "丙院", "乙院"]


def test_another_list_at_the_same_path_lets_nothing_go(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(HEAD + "甲院,养老机构,103.83,36.05,不知\n", "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    source.write_text(HEAD + "乙院,养老机构,103.84,36.05,5\n", "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    assert [one.cells[0] for one in store.quarantined()] == ["甲院"]
    source.write_text(HEAD + "甲院,养老机构,103.83,36.05,6\n", "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    assert not store.quarantined()


def test_a_file_without_a_column_keeps_what_was_said_before(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("名称,类型,经度,纬度,床位数,地址\n甲院,养老机构,103.83,36.05,50,东路1号\n", "utf-8")
    bring(store, source, "elderly", crs="wgs84", trust=True)
    bare = tmp_path / "b.csv"
    bare.write_text("名称,类型,经度,纬度,地址\n甲院,养老机构,103.8301,36.05,\n", "utf-8")
    got = bring(store, bare, "elderly", crs="wgs84", trust=True)
    assert got.merge["changed"] == 1
    (row,) = store.present("facilities.elderly").itertuples()
    assert row.BEDS == 50
    assert row.ADDR is None or row.ADDR != row.ADDR
    copy = tmp_path / "c.csv"
    copy.write_bytes(bare.read_bytes())
    assert bring(store, copy, "elderly", crs="wgs84", trust=True).merge["unchanged"] == 1


def test_what_the_file_says_of_its_datum_is_heard(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("名称,类型,百度经度,百度纬度\n甲院,养老机构,103.84,36.06\n", "utf-8")
    with pytest.raises(InputError, match="the headings say bd09"):
        bring(store, source, "elderly", crs="wgs84")
    each = tmp_path / "b.csv"
    each.write_text(
        "名称,类型,经度,纬度,坐标系\n甲院,养老机构,103.830000,36.060000,WGS84\n乙院,养老机构,103.830000,36.060000,高德\n",
        "utf-8",
    )
    with pytest.raises(InputError, match="1 rows say otherwise"):
        bring(store, each, "elderly", crs="wgs84")
    got = bring(store, each, "elderly", crs="mixed")
    assert got.accepted == 2
    frame = store.present("facilities.elderly").set_index("NAME")
    assert frame["CRS_SRC"].to_dict() == {"甲院": "EPSG:4490", "乙院": "gcj02"}
    assert frame.geometry["甲院"].distance(frame.geometry["乙院"]) > 0.001


def test_a_row_is_placed_by_its_address(demo_path: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_path, tmp_path / "ws")
    store = EmbeddedStore.open(tmp_path / "ws")
    before = held(store, "elderly")
    source = tmp_path / "a.csv"
    source.write_text("名称,类型,地址\n甲院,养老机构,榆中县夏官营镇\n乙院,养老机构,皋兰县石洞镇\n", "utf-8")
    got = bring(store, source, "elderly")
    assert (got.accepted, got.placed_by_address) == (2, 2), [str(one) for one in got.faults]
    assert held(store, "elderly") == before + 2
    frame = store.present("facilities.elderly")
    mine = frame[frame["NAME"].isin(["甲院", "乙院"])]
    assert (mine["ACC_M"] > 0).all()
    assert set(mine["CRS_SRC"]) == {"address"}
    assert set(mine["CHK_STATE"]) == {"未核查"}


def test_a_row_edited_and_still_wrong_is_one_entry(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    for beds in ("不知", "还不知"):
        source.write_text(HEAD + f"甲院,养老机构,103.83,36.05,{beds}\n", "utf-8")
        bring(store, source, "elderly", crs="wgs84", trust=True)
    (row,) = store.quarantined()
    assert row.cells[4] == "还不知"


def test_a_name_that_must_not_be_shown_is_internal_unless_the_row_says_otherwise(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    source = tmp_path / "a.csv"
    head = "名称,类型,经度,纬度,公开级别\n"
    source.write_text(head + "某监狱医院,医院,103.83,36.05,\n某医院,医院,103.84,36.05,\n", "utf-8")
    bring(store, source, "health", crs="wgs84", trust=True)
    frame = store.present("facilities.health").set_index("NAME")
    assert frame["PUB_LVL"].to_dict() == {"某监狱医院": "internal", "某医院": "public"}
