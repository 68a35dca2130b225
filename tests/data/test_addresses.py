"""Addresses matched to villages and townships: what is placed, how far off, and what is refused."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.frames import AREAS, conform
from data.read.addresses import locate
from data.read.area_units import units_of
from data.sample.build import build_sample
from geo.crs import GEOD


def areas(rows):
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=["code", "name", "level", "parent", "kind", "synthetic", "geometry"]).assign(
            source="by hand"
        ),
        geometry="geometry",
        crs="EPSG:4490",
    )
    return conform(frame, AREAS)


BOX = shapely.box(110.0, 30.0, 110.4, 30.2)
WEST, EAST = shapely.box(110.0, 30.0, 110.2, 30.2), shapely.box(110.2, 30.0, 110.4, 30.2)
ROWS = [
    ("429900", "新城市", "city", None, "市", False, BOX),
    ("429901", "江南区", "county", "429900", "区", False, BOX),
    ("429901100", "和平镇", "township", "429901", "镇", False, WEST),
    ("429901101", "太平镇", "township", "429901", "镇", False, EAST),
    ("429901001", "解放路街道", "township", "429901", "街道", True, EAST),
    ("429901100200", "新营村委会", "village", "429901100", "村委会", False, shapely.Point(110.05, 30.05)),
    ("429901101200", "新营村委会", "village", "429901101", "村委会", False, shapely.Point(110.25, 30.05)),
    ("429901100201", "和平村委会", "village", "429901100", "村委会", True, shapely.Point(110.15, 30.05)),
    ("429901101201", "大桥社区居委会", "village", "429901101", "居委会", False, shapely.Point(110.3, 30.1)),
]


@pytest.fixture(scope="module")
def town():
    return areas(ROWS)


@pytest.fixture(scope="module")
def sample():
    return build_sample().frames["areas"]


@pytest.mark.parametrize(
    ("text", "code", "how"),
    [
        ("新城市江南区和平镇新营村12号", "429901100200", "village"),
        ("湖北省新城市江南区太平镇新营村委会", "429901101200", "village"),
        ("江南区 太平镇 新营", "429901101200", "village"),
        ("江南区太平镇大桥社区居民委员会", "429901101201", "village"),
        ("大桥社区", "429901101201", "village"),
        ("江南和平新营三社", "429901100200", "village"),
        ("江南区和平", "429901100", "township"),
        ("和平镇和平村", "429901100201", "township"),  # the village is known by name, its place is made up
        ("和平镇政府东侧200米", "429901100", "township"),
        ("江南区和平镇无名村3号", "429901100", "township"),
        ("  江南区　和平镇 ", "429901100", "township"),
    ],
)  # fmt: skip
def test_what_an_address_names(town, text, code, how):
    got = locate([text], None, town)
    assert (got.code[0], got.how[0]) == (code, how)
    assert not got.faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("新营村", "address_ambiguous"),
        ("江南区新营村委会", "address_ambiguous"),
        ("江南区", "address_too_coarse"),
        ("新城市江南区解放路100号", "address_too_coarse"),
        ("和平饭店", "address_unknown"),
        ("和平路12号", "address_unknown"),
        ("太平洋大厦", "address_unknown"),
        ("大新营村", "address_unknown"),
        ("武汉市江岸区和平镇", "address_elsewhere"),
        ("解放路街道", "address_no_position"),
        ("", "address_unknown"),
        (None, "address_unknown"),
    ],
)
def test_what_is_refused(town, text, fault):
    got = locate([text], None, town, file="f.xlsx", rows=np.array([7]))
    assert [(one.code, one.row, one.file, one.severity) for one in got.faults] == [(fault, 7, "f.xlsx", "error")]
    assert np.isnan(got.xy).all()
    assert np.isnan(got.error_m).all()
    assert got.how[0] == ""


def test_ambiguous_candidates_are_named(town):
    (fault,) = locate(["新营村"], None, town).faults
    assert "429901100200" in fault.message
    assert "429901101200" in fault.message


def test_the_code_wins_over_the_words(town):
    got = locate(["太平镇新营村"] * 4, ["429901100200", "429901100000", "429901000000", "999999999999"], town)
    assert got.code.tolist() == ["429901100200", "429901100200", "429901101200", "429901101200"]
    only = locate([None, None], ["429901101201", "429901000000"], town)
    assert only.how.tolist() == ["village", ""]
    assert [one.code for one in only.faults] == ["address_too_coarse"]


def test_the_error_is_the_reach_of_the_unit(town):
    got = locate(["太平镇", "太平镇新营村"], None, town)
    # a township: the farthest corner of its outline from the point given
    corners = np.array([[110.2, 30.0], [110.2, 30.2], [110.4, 30.0], [110.4, 30.2]])
    lon, lat = got.xy[0]
    far = GEOD.inv(np.full(4, lon), np.full(4, lat), corners[:, 0], corners[:, 1])[2].max()
    assert got.error_m[0] == pytest.approx(far)
    # a village: the error of its point, and the township's reach over the root of the two villages in it
    assert got.error_m[1] == pytest.approx(1000 + far / np.sqrt(2))
    assert shapely.contains_xy(EAST, *got.xy.T).all()


def test_a_unit_whose_reach_is_unknown_gives_no_place():
    rows = [("429901101200", "新营村委会", "village", None, "村委会", False, shapely.Point(110.25, 30.05))]
    (fault,) = locate(["新营村"], None, areas(rows)).faults
    assert fault.code == "address_no_position"


def test_areas_are_read_as_of_the_day(town):
    frame = town.copy()
    frame.loc[frame["code"] == "429901101200", "valid_to"] = pd.Timestamp("2022-02-01")
    assert locate(["新营村"], None, frame, on=date(2024, 1, 1)).code[0] == "429901100200"
    assert locate(["新营村"], None, frame, on=date(2021, 1, 1)).faults[0].code == "address_ambiguous"


def test_rows_say_that_they_stand_on_an_address(town):
    marks = locate(["太平镇新营村", "和平饭店"], None, town).marks("民政局台账")
    assert marks["SRC"].tolist()[0] == "民政局台账（按地址定位到村（社区））"
    assert marks["CHK_STATE"].tolist()[0] == "未核查"
    assert marks["ACC_M"].iloc[0] > 1000
    assert marks.iloc[1].isna().all()


def test_no_synthetic_position_places_an_address(sample):
    """Every unit of the sample is asked for by code and by name: where made-up places lie makes no difference."""
    units = sample[sample["level"].isin(["township", "village"])]
    made_up = sample["synthetic"].to_numpy(np.bool_)
    assert made_up.sum() > 1000
    moved = sample.copy()
    moved.loc[made_up, "geometry"] = moved.geometry[made_up].translate(3.0, -2.0)
    points = units.geometry[units["synthetic"].astype(bool) & (units.geom_type == "Point")]
    bad = {(round(x, 7), round(y, 7)) for x, y in zip(points.x, points.y, strict=True)}
    asked = [None] * len(units), [code.ljust(12, "0") for code in units["code"]]
    for texts, codes in (asked, (units["name"].tolist(), None)):
        got, again = (locate(texts, codes, one, city="620100") for one in (sample, moved))
        placed = got.how != ""
        assert 100 < placed.sum() <= len(units)
        assert not {(round(x, 7), round(y, 7)) for x, y in got.xy[placed]} & bad
        assert (got.error_m[placed] >= 1000).all()
        np.testing.assert_array_equal(got.xy, again.xy)
        np.testing.assert_array_equal(got.error_m, again.error_m)


def test_the_tables_place_the_townships_of_the_sample(sample):
    got = locate(["榆中县和平镇", "兰州市城关区酒泉路街道", "雁南街道", "永登县高家湾村"], None, sample, city="620100")
    assert got.xy[0] == pytest.approx([103.9659, 36.0065])
    assert got.how.tolist() == ["township", "township", "", ""]
    # two 街道 share one point in the source, which is thus no place of either
    assert [one.code for one in got.faults] == ["address_no_position", "address_ambiguous"]


def test_a_city_the_tables_do_not_know_gets_nothing_of_them(town):
    assert {unit.code[:4] for unit in units_of(town).all} == {"4299"}
    assert units_of(None).all == ()
    assert len(units_of(None, city="620100").all) == 115 + 1176


def test_a_thousand_times_the_same_is_as_one(town):
    got = locate(["太平镇新营村", "和平饭店"] * 500, None, town)
    assert len(set(got.code)) == 2
    assert len(got.faults) == 500
    assert [one.row for one in got.faults[:2]] == [1, 3]
