"""Every check finds what it is for, keeps quiet where nothing is wrong, and says where it could not look."""

import json
import time
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from api.check import check
from api.cli_check import app
from api.wiring import open_runner
from data.frames import CONTEXT, conform
from layers.base import FacilityLayer
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.quality.around import surroundings
from layers.quality.base import Subject, examine
from layers.quality.catalogue import CHECKS, check_layer, row_checks, set_checks
from layers.quality.duplicates import bare_name
from tests.town import ORIGIN, frames, lonlat, make_workspace

TODAY = date(2026, 11, 22)
SOUTH_BANK = (1000, 0)
NORTH_BANK = (1000, 400)
GOOD = {
    "FAC_ID": "F1", "NAME": "示例", "XZQDM12": "620102001000", "CRS_SRC": "EPSG:4544", "SRC": "by hand",
    "SYNTHETIC": False, "STATUS": "运营", "PUB_LVL": "public", "OPEN_DATE": "2020-06-01", "SURV_DATE": "2026-01-01",
    "USCC": "914403001922038216", "GB4754": "Q8514", "PHONE": "0931-8888888",
}  # fmt: skip
OWN = {
    "elderly": {"KIND": "养老机构", "GRADE": 3, "BEDS": 100, "NURS_BEDS": 60},
    "logistics": {"KIND": "物流园区", "AREA_KM2": 0.5, "DONE_YEAR": 2024, "SERVED_XZQ": "620102001003"},
    "logistics_firms": {"TYPE": "运输型", "GRADE": "3A", "VALID_TO": "2027-01-01"},
    "scenic": {"GRADE": "4A", "GRADE_DATE": "2025-06-01", "STD_VER": "GB/T 17775-2024"},
    "health": {"KIND": "乡镇卫生院"},
    "sports": {"KIND": "体育馆", "AREA_M2": 800.0},
    "new_communities": {"DONE_YEAR": 2024, "PERSONS": 3000, "SPT_IN_M2": 320.0},
}


def layer_of(name) -> FacilityLayer:
    return FACILITY_LAYERS[name]


def records(name, *changes, at=None):
    """A frame of good records of a layer, each with its own changes; positions in the town's metres."""
    rows = [
        {**GOOD, "FAC_ID": f"F{i}", "NAME": f"示例{'甲乙丙丁戊'[i % 5]}{i}", **OWN[name], **change}
        for i, change in enumerate(changes or ({},))
    ]
    places = at or [(1000 + 300 * i, 0) for i in range(len(rows))]
    shapes = [None if xy is None else shapely.Point(np.array(xy) + ORIGIN) for xy in places]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=lonlat(shapes).to_numpy(), crs="EPSG:4490")
    for key in frame.columns:
        if key.endswith("_DATE") or key == "VALID_TO":
            frame[key] = pd.to_datetime(frame[key])
    return frame


@pytest.fixture(scope="module")
def town():
    return frames()


@pytest.fixture(scope="module")
def around(town):
    return surroundings(town, on=TODAY, city="620100", crs="EPSG:4544")


def codes(frame, name, around, *, but=()):
    """{check: row numbers} of what is found, without the checks that could not be done."""
    out: dict[str, list[int]] = {}
    for one in check_layer(frame, layer_of(name), around):
        if one.fault.code not in {"not_checked", *but}:
            out.setdefault(one.fault.code, []).append(one.fault.row)
    return out


@pytest.mark.parametrize("name", sorted(OWN))
def test_nothing_is_said_of_what_is_right(name, around):
    assert codes(records(name), name, around) == {}


ONE_ROW = [
    # layer, change of the second record, check, severity
    ("elderly", {"NAME": None}, "missing", "error"),
    ("elderly", {"KIND": None}, "missing", "error"),
    ("elderly", {"KIND": "养老大院"}, "not_allowed", "error"),
    ("elderly", {"STATUS": "不详"}, "not_allowed", "error"),
    ("elderly", {"USCC": "914403001922038217"}, "uscc", "error"),
    ("elderly", {"USCC": "91440300192203821"}, "uscc", "error"),
    ("elderly", {"XZQDM12": "62010200100"}, "area_code_form", "error"),
    ("elderly", {"XZQDM12": "620102999000"}, "unknown_code", "error"),
    ("elderly", {"XZQDM12": "620102001999"}, "unknown_code", "error"),
    ("elderly", {"XZQDM12": "110101001000"}, "unknown_code", "error"),
    ("elderly", {"GB4754": "A8514"}, "industry_form", "warning"),
    ("elderly", {"PHONE": "见墙上"}, "phone_form", "warning"),
    ("elderly", {"BEDS": -3, "NURS_BEDS": None}, "negative", "error"),
    ("elderly", {"BEDS": 90_000}, "implausible_number", "warning"),
    ("elderly", {"NURS_BEDS": 101}, "nursing_beds", "error"),
    ("new_communities", {"SPT_IN_M2": 3.0}, "tiny_area", "warning"),
    ("logistics", {"AREA_KM2": 0.09}, "small_park", "warning"),
    ("logistics", {"DONE_YEAR": 2099, "STATUS": "规划", "OPEN_DATE": None}, "implausible_year", "warning"),
    ("logistics", {"SERVED_XZQ": "620102001003;6201020010"}, "served_form", "error"),
    ("logistics", {"SERVED_XZQ": "620102001003;620102001998"}, "unknown_served", "error"),
    ("elderly", {"CLOSE_DATE": "2019-01-01", "STATUS": "停用"}, "closed_before_opened", "error"),
    ("elderly", {"SURV_DATE": "2027-01-01"}, "future_survey", "error"),
    ("elderly", {"OPEN_DATE": "1899-12-31"}, "too_old", "warning"),
    ("logistics_firms", {"VALID_TO": "2026-11-21"}, "expired_grade", "warning"),
    ("scenic", {"STD_VER": "GB/T 17775-2003"}, "scenic_standard", "warning"),
    ("scenic", {"GRADE_DATE": "2025-02-28"}, "scenic_standard", "warning"),
    ("scenic", {"STD_VER": None}, "scenic_standard_unknown", "notice"),
    ("elderly", {"CLOSE_DATE": "2026-01-01"}, "status_dates", "warning"),
    ("elderly", {"OPEN_DATE": "2027-01-01"}, "status_dates", "warning"),
    ("elderly", {"STATUS": "在建"}, "status_dates", "warning"),
    ("elderly", {"STATUS": "停用", "CLOSE_DATE": "2027-05-01"}, "status_dates", "warning"),
    ("elderly", {"CAT": "military=barracks"}, "never_public", "error"),
    ("elderly", {"NAME": "某监狱老干部活动室"}, "sensitive_name", "warning"),
    ("health", {"CENTRE_ID": "F0"}, "no_such_centre", "error"),
    ("health", {"CENTRE_ID": "nowhere"}, "no_such_centre", "error"),
    ("elderly", {"FAC_ID": "F0"}, "same_id", "error"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "check_id", "severity"), ONE_ROW)
def test_one_wrong_record_among_right_ones_is_found(name, change, check_id, severity, around):
    found = check_layer(records(name, {}, change, {}), layer_of(name), around)
    told = [one for one in found if one.fault.code not in {"not_checked"}]
    assert [(one.fault.code, one.fault.row, one.fault.severity) for one in told] == [(check_id, 1, severity)]
    assert told[0].fac_id == change.get("FAC_ID", "F1")
    assert told[0].fault.mend


PLACES = [
    ({}, NORTH_BANK, {}),  # 200 m beyond the border: within what outlines err
    ({}, (1000, 720), {"wrong_county", "off_network"}),
    ({"ACC_M": 100.0}, (1000, 720), {"off_network"}),
    ({"XZQDM12": "620105001000"}, (1000, 720), {"off_network"}),
    ({"XZQDM12": None}, (1000, 720), {"off_network"}),
    ({}, (1000, -299), {}),
    ({}, (1000, -301), {"off_network"}),
    ({}, (1000, 150), {"in_water"}),
    ({}, (1000, -2000), {"wrong_county", "outside_city", "off_network"}),
    ({}, (1000, -200_000), {"wrong_county", "far_away", "off_network"}),
    ({}, None, {"no_place"}),
]


@pytest.mark.parametrize(("change", "at", "want"), PLACES)
def test_places(change, at, want, around):
    found = codes(records("elderly", {}, change, at=[SOUTH_BANK, at]), "elderly", around, but=("wrong_township",))
    assert found == {one: [1] for one in want}


def test_protected_land_is_an_error_that_names_nothing(town, around):
    land = town["context"].geometry[1].representative_point()
    frame = records("elderly", {}, {})
    frame.loc[1, "geometry"] = land
    found = [one for one in check_layer(frame, layer_of("elderly"), around) if one.fault.row == 1]
    assert "on_protected_land" in {one.fault.code for one in found}
    assert "军事" not in json.dumps([one.as_dict() for one in found], ensure_ascii=False)
    hidden = gpd.GeoDataFrame(
        {"ctx_id": ["p"], "kind": ["protected"], "public": [False], "source": "x", "synthetic": False},
        geometry=[land.buffer(1e-4)], crs="EPSG:4490",
    )  # fmt: skip
    other = surroundings({"context": conform(hidden, CONTEXT)}, on=TODAY)
    assert codes(frame, "elderly", other)["on_protected_land"] == [1]


def test_made_up_borders_are_no_evidence(town):
    frame = records("elderly", {}, {}, at=[SOUTH_BANK, (1000, 720)])
    made_up = frames(synthetic=True)["areas"]
    half = town["areas"].assign(synthetic=town["areas"]["level"] == "township")
    around = surroundings({"areas": half}, on=TODAY, crs="EPSG:4544")
    assert codes(frame, "elderly", around) == {"wrong_county": [1]}
    without = surroundings({"areas": made_up}, on=TODAY, crs="EPSG:4544")
    assert codes(frame, "elderly", without) == {}
    names = {one.fault.value for one in check_layer(frame, layer_of("elderly"), without)}
    assert {"wrong_county", "wrong_township", "outside_city", "off_network"} <= names


def test_a_real_township_border_warns(around):
    found = check_layer(records("elderly", {"XZQDM12": "620105001000"}, at=[(1000, -700)]), layer_of("elderly"), around)
    assert {one.fault.code: one.fault.severity for one in found if one.fault.row == 0} == {
        "wrong_county": "error", "wrong_township": "warning", "off_network": "warning",
    }  # fmt: skip


def test_a_township_counts_to_the_county_its_land_lies_in(town):
    areas = town["areas"].copy()
    zone = areas[areas["code"] == "620105001"].assign(code="620171101", parent="620105", area_id="620171101")
    around = surroundings({"areas": pd.concat([areas, zone])}, on=TODAY, crs="EPSG:4544")
    frame = records("elderly", {"XZQDM12": "620171101000"}, {"XZQDM12": "620171101000"}, at=[(1000, 400), (1000, -500)])
    assert codes(frame, "elderly", around, but=("wrong_township",)) == {"wrong_county": [1]}


def test_codes_are_those_of_the_day(town):
    areas = town["areas"]
    closed = areas[areas["code"] == "620102001"].assign(
        code="620102777", area_id="620102777", valid_to=np.datetime64("2022-02-01", "s")
    )
    frame = records("elderly", {"XZQDM12": "620102777000"})
    for day, want in ((date(2021, 1, 1), {}), (date(2023, 1, 1), {"unknown_code": [0]})):
        around = surroundings({"areas": pd.concat([areas, closed])}, on=day, crs="EPSG:4544")
        assert codes(frame, "elderly", around, but=("future_survey", "status_dates")) == want


def test_codes_are_checked_as_far_down_as_they_are_known(town):
    areas = town["areas"].copy()
    for name in ("code", "parent", "area_id"):
        areas[name] = areas[name].str.replace("^62", "42", regex=True)
    around = surroundings({"areas": areas}, on=TODAY, crs="EPSG:4544")
    wanted = [{"XZQDM12": code} for code in ("420102001003", "420102001000", "420102009003")]
    assert codes(records("elderly", *wanted), "elderly", around, but=("wrong_township",)) == {"unknown_code": [2]}


def test_what_was_not_looked_at_is_said():
    nothing = surroundings({}, on=TODAY)
    found = check_layer(records("elderly"), layer_of("elderly"), nothing)
    assert {one.fault.code for one in found} == {"not_checked"}
    assert {one.fault.severity for one in found} == {"notice"}
    needing = {one.id for one in CHECKS.items if one.needs} - {"unknown_served"}
    assert {one.fault.value for one in found} == needing
    assert all("未检查" in one.fault.message for one in found)


def test_a_clinic_may_be_linked_to_a_rescue_centre(around):
    frame = records("health", {"KIND": "救治中心", "SPECIALTY": "胸痛"}, {"CENTRE_ID": "F0"})
    assert codes(frame, "health", around) == {}


DUPLICATES = [
    ("兰州市城关区酒泉路社区卫生服务中心", "酒泉路社区卫生服务中心", 90, True),
    ("酒泉路社区卫生服务中心", "酒泉路社区卫生服务中心", 110, False),
    ("酒泉路社区卫生服务中心", "酒泉路街道社区卫生服务中心", 50, True),
    ("第一中学食堂餐厅", "第二中学食堂餐厅", 10, False),
    ("幸福路老年助餐点1号", "幸福路老年助餐点2号", 10, False),
    ("东岗老年公寓服务站", "西岗老年公寓服务站", 10, False),
    ("金城养老院", "夕阳红敬老院", 0, False),
    ("金 城（养老）院", "金城养老院", 0, True),
]


@pytest.mark.parametrize(("one", "other", "metres", "found"), DUPLICATES)
def test_likely_duplicates(one, other, metres, found, around):
    frame = records(
        "elderly", {"NAME": one, "USCC": None}, {"NAME": other, "USCC": None}, at=[(1000, 0), (1000 + metres, 0)]
    )
    assert codes(frame, "elderly", around) == ({"likely_duplicate": [1]} if found else {})
    apart = frame.assign(KIND=["养老机构", "老年助餐点"])
    assert codes(apart, "elderly", around) == {}


def test_the_same_firm_twice_is_a_warning_only_near_and_of_one_kind(around):
    def at(metres, **more):
        return codes(records("elderly", {}, more, at=[(1000, 0), (1000 + metres, 0)]), "elderly", around)

    assert at(50) == {"one_credit_code": [1]}
    assert at(500) == {}
    assert at(50, KIND="老年助餐点") == {}


def test_the_same_record_twice_is_an_error(around):
    frame = records("elderly", {"NAME": "金城养老院"}, {"NAME": "金城养老院"}, at=[(1000, 0)] * 2)
    found = codes(frame, "elderly", around)
    assert found["same_row"] == [1]
    assert row_checks(frame, layer_of("elderly"), around).bad.tolist() == [False, False]
    assert set_checks(frame, layer_of("elderly"), around).bad.tolist() == [False, True]


def test_names_are_compared_without_what_all_share():
    assert bare_name("甘肃省兰州市华联超市（西固店）", ["兰州市"]) == "华联超市西固店"
    assert bare_name("兰州市", ["兰州市"]) == "兰州市"


def test_what_nobody_fills_in_is_no_fault(around):
    frame = records("sports", {"NAME": None, "OSM_TAG": "leisure=pitch"}, {"NAME": None, "SYNTHETIC": True})
    found = [one.fault for one in check_layer(frame, layer_of("sports"), around) if one.fault.code != "not_checked"]
    assert [(one.code, one.severity, one.row) for one in found] == [("unnamed", "notice", None)]


def test_a_finding_says_where_it_is_and_links_to_the_map(around):
    frame = records("elderly", {"NURS_BEDS": 500})
    found = row_checks(frame, layer_of("elderly"), around).listed(file="养老.xlsx", rows=np.array([17]))
    (one,) = [one for one in found if one.fault.severity == "error"]
    assert (one.fault.file, one.fault.row, one.fault.column, one.fault.value) == ("养老.xlsx", 17, "NURS_BEDS", "500")
    lon, lat = frame.geometry[0].x, frame.geometry[0].y
    assert one.link == f"/#map=16.00/{lat:.4f}/{lon:.4f}"
    assert "护理型床位" in one.fault.message
    assert "nursing beds" in one.fault.message


def test_every_check_declares_itself_in_both_languages():
    ids = [one.id for one in CHECKS.items]
    assert len(ids) == len(set(ids))
    for one in CHECKS.items:
        assert one.title.zh != one.title.en
        assert one.mend.zh
        assert one.mend.en
    covered = {case[2] for case in ONE_ROW} | {name for case in PLACES for name in case[2]} | {
        "wrong_township", "on_protected_land", "likely_duplicate", "one_credit_code", "same_row", "unnamed",
        "uscc_organisation",
    }  # fmt: skip
    assert covered == set(ids)


def test_a_wrong_organisation_code_warns(around):
    frame = records("elderly", {"USCC": "91620100192203820X"})
    found = codes(frame, "elderly", around)
    assert set(found) in ({"uscc_organisation"}, {"uscc"})
    from data.codes import uscc_check_sign

    first = "91620100192203820"
    good = records("elderly", {"USCC": first + uscc_check_sign(first)})
    assert codes(good, "elderly", around) == {"uscc_organisation": [0]}


def test_an_empty_layer_and_an_empty_frame(around):
    for name in OWN:
        assert codes(records(name).iloc[:0], name, around) == {}


def many(count):
    rng = np.random.default_rng(7)
    xy = rng.uniform([0, -300], [4000, 700], (count, 2)) + ORIGIN
    base = records("elderly").iloc[[0] * count].reset_index(drop=True)
    base["FAC_ID"] = [f"F{i}" for i in range(count)]
    base["NAME"] = [
        f"{a}{b}养老院" for a, b in zip(rng.integers(0, 9999, count), rng.integers(0, 9999, count), strict=True)
    ]
    base["USCC"] = None
    base["geometry"] = lonlat(shapely.points(xy)).to_numpy()
    return base.set_crs("EPSG:4490", allow_override=True)


def test_a_hundred_thousand_records_in_seconds_and_the_work_grows_evenly(around):
    took = {}
    for count in (25_000, 100_000):
        frame = many(count)
        start = time.process_time()
        examine(CHECKS.items, Subject(frame, layer_of("elderly"), around))
        took[count] = time.process_time() - start
    assert took[100_000] < 10.0  # under 5 s on a machine that does nothing else
    assert took[100_000] < 10 * took[25_000]


def test_thousands_on_one_point_stay_cheap(around):
    frame = many(20_000)
    frame["geometry"] = frame.geometry.iloc[0]
    frame["NAME"] = "金城养老院"
    start = time.perf_counter()
    found = set_checks(frame, layer_of("elderly"), around)
    assert time.perf_counter() - start < 5
    assert found.counts()["likely_duplicate"] == 19_999


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path / "ws")


def cli(*args):
    done = CliRunner().invoke(app, [str(one) for one in args], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_check_looks_at_the_draft_over_the_edition(workspace):
    runner = open_runner(workspace)
    before = check(runner.store, facility_layers=runner.facility_layers, circles=runner.circles, on=TODAY)
    assert set(before.rows) == {"facilities.sports"}
    assert before.counts()["error"] == 0
    bad = conform(records("elderly", {}, {"NURS_BEDS": 500}), layer_of("elderly").spec)
    runner.store.put_draft("facilities.elderly", bad, {})
    after = check(runner.store, facility_layers=runner.facility_layers, circles=runner.circles, on=TODAY)
    assert after.rows == {"facilities.sports": 1, "facilities.elderly": 2}
    (error,) = after.at_least("error")
    assert (error.layer, error.fac_id, error.fault.code) == ("facilities.elderly", "F1", "nursing_beds")
    held = runner.store.preview().layers
    lacking = {one.fault.value for one in after.findings if one.fault.code == "circle_lacks"}
    assert lacking == {
        one.id for one in runner.circles.items if set(one.layers) - set(held) and "facilities.elderly" in one.layers
    }


def test_the_command_and_its_exit_code(workspace, tmp_path):
    code, text, _ = cli("--workspace", workspace)
    assert code == 0
    assert "0 errors" in text
    store = open_runner(workspace).store
    store.put_draft(
        "facilities.elderly",
        conform(records("elderly", {"NURS_BEDS": 500, "NAME": "=1+1"}), layer_of("elderly").spec),
        {},
    )
    code, text, _ = cli("--workspace", workspace)
    assert code == 1
    assert "nursing_beds" in text
    code, text, _ = cli("--workspace", workspace, "--format", "json", "--severity", "error", "--layer", "elderly")
    assert code == 1
    got = json.loads(text)
    assert got["counts"]["error"] == 1
    assert [one["code"] for one in got["findings"]] == ["nursing_beds"]
    for form in ("csv", "xlsx", "json"):
        path = tmp_path / f"f.{form}"
        assert cli("--workspace", workspace, "--format", form, "-o", path)[0] == 1
        assert path.stat().st_size > 100
    assert (tmp_path / "f.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx").active
    assert [cell.value for cell in sheet[1]][:3] == ["严重程度 severity", "图层 layer", "检查项 check"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_command_called_wrongly(workspace):
    for args, word in (
        (["--format", "pdf"], "pdf"), (["--format", "csv"], "-o FILE"), (["--severity", "grave"], "grave"),
        (["--layer", "nothing"], "nothing"), (["--layer", "scenic"], "scenic"), (["-o", "x.txt"], "--format"),
    ):  # fmt: skip
        code, _, told = cli("--workspace", workspace, *args)
        assert code == 1
        assert word in told


def test_the_docs_name_every_check_with_its_severity():
    text = (Path(__file__).resolve().parents[2] / "docs" / "quality.md").read_text()
    for one in CHECKS.items:
        assert f"| `{one.id}` | {one.severity} | {one.title.zh} | {one.title.en} |" in text
