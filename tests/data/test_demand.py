"""Spreading control totals: sums kept exactly, whatever carries them, in whatever order."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine

from data.demand.carriers import even, of_frame, unplaced_points
from data.demand.checks import day_faults, leap_faults
from data.demand.controls import controls_of
from data.demand.heads import persons_each
from data.demand.kinds import bare_heading, kind_named, kinds
from data.demand.layer import spread_over
from data.demand.spread import shares, spread
from data.demand.table import CountTable, read_counts
from data.frames import AREAS, DEMAND, conform
from data.read.raster import read_raster
from data.read.raw import LeftOut
from geo.errors import CRSMismatchError, InputError, MissingCRSError, NotFoundError, ParameterError
from tests.town import CITY

OLDER = kind_named("older")
RESIDENTS = kind_named("residents")


def keys(count):
    return np.array([f"k{i:03d}" for i in range(count)], dtype=object)


weights = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60)


@given(weights, st.integers(0, 10_000_000), st.randoms(use_true_random=False))
def test_whole_totals_are_kept_whole_in_any_order(values, total, random):
    weight, names = np.array(values), keys(len(values))
    got = shares(total, weight, names, whole=True)
    assert got.sum() == total
    assert (got == np.floor(got)).all()
    assert (got >= 0).all()
    exact = weight * (total / weight.sum())
    assert (np.abs(got - exact) < 1 + 1e-6 * (1 + exact)).all()
    order = list(range(len(values)))
    random.shuffle(order)
    assert shares(total, weight[order], names[order], whole=True).tolist() == got[order].tolist()


@given(weights, st.floats(0.0, 1e9))
def test_broken_totals_are_kept(values, total):
    got = shares(total, np.array(values), keys(len(values)), whole=False)
    assert got.sum() == pytest.approx(total, rel=1e-9)


@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=40), st.integers(0, 2**52))
@settings(max_examples=200)
def test_no_weight_is_too_odd(values, total):
    got = shares(total, np.array(values), keys(len(values)), whole=True)
    assert int(got.astype(np.int64).sum()) == total
    assert (got >= 0).all()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 100.0)), min_size=3, max_size=50),
       st.tuples(*[st.integers(0, 10_000)] * 3))  # fmt: skip
def test_every_area_sums_to_its_own_total(rows, totals):
    area = np.array([code for code, _ in rows], dtype=object)
    wanted = dict(zip("abc", map(float, totals), strict=True))
    got = spread(wanted, area, np.array([w for _, w in rows]), keys(len(rows)), whole=True)
    assert set(got.empty) == set("abc") - set(area)
    for code, total in wanted.items():
        if code not in got.empty:
            assert got.weight[area == code].sum() == total


def test_equal_remainders_go_to_the_lower_key():
    names = np.array(["c", "a", "b"], dtype=object)
    assert shares(4, np.ones(3), names, whole=True).tolist() == [1, 2, 1]


@pytest.mark.parametrize("weight", [[], [0.0, 1.0], [-1.0], [np.nan], [np.inf]])
def test_what_cannot_carry_is_refused(weight):
    with pytest.raises(ParameterError):
        shares(5, np.array(weight), keys(len(weight)), whole=True)


def test_a_broken_total_is_no_number_of_whole_persons():
    with pytest.raises(ParameterError, match="no whole number"):
        shares(1.5, np.ones(2), keys(2), whole=True)


def test_carriers_outside_get_nothing():
    got = spread({"a": 3.0}, np.array(["a", "", "b"], dtype=object), np.ones(3), keys(3), whole=True)
    assert got.weight[0] == 3
    assert np.isnan(got.weight[1:]).all()


# --- control tables -----------------------------------------------------------------------------------------------


def areas(rows):
    table = pd.DataFrame(rows, columns=["code", "level", "parent"]).assign(source="test", synthetic=False)
    table["name"] = table["code"]
    boxes = [shapely.box(103 + i, 36, 104 + i, 37) for i in range(len(rows))]
    return conform(gpd.GeoDataFrame(table, geometry=boxes, crs="EPSG:4490"), AREAS)


AT = areas([
    ("620102", "county", "620100"), ("620105", "county", "620100"), ("620102001", "township", "620102"),
    ("620102002", "township", "620102"), ("620105001", "township", "620105"), ("2020:620102", "unit_2020", "620100"),
])  # fmt: skip


def table(headings, *rows):
    return CountTable(
        "t.csv", headings, pd.DataFrame(list(rows), columns=list(headings)), tuple(range(2, len(rows) + 2))
    )


def asked(counts, kind=RESIDENTS, **more):
    return controls_of(counts, kind, **{"level": "county", "areas": AT, "city": CITY, **more})


@pytest.mark.parametrize(
    ("heading", "kind"),
    [("常住人口（人）", "residents"), ("人 口", "residents"), ("Population", "residents"), ("６０岁及以上人口", "older"),
     ("60岁以上", "older"), ("age60_plus", "older"), ("0—3岁", "children"), ("age0_3_approx", "children")],
)  # fmt: skip
def test_headings_are_matched_loosely(heading, kind):
    got = asked(table(("行政区划代码", heading), ("620102", "1,000"), ("620105000000", "２０")), kind_named(kind))
    assert dict(got.totals) == {"620102": 1000.0, "620105": 20.0}
    assert got.column == heading
    assert got.whole


def test_every_kind_has_headings_of_its_own():
    seen = [bare_heading(name) for kind in kinds().values() for name in {*map(bare_heading, kind.headings)}]
    assert len(seen) == len(set(seen))
    with pytest.raises(NotFoundError, match="residents, older, children"):
        kind_named("cats")


def test_the_census_table_of_the_repo_is_understood():
    held = areas([(f"2020:{code}", "unit_2020", "620100") for code in
                  ("620102", "620103", "620104", "620105", "620111", "620121", "620122", "620123", "620171")])  # fmt: skip
    counts = read_counts(Path(__file__).parents[2] / "data" / "tables" / "census2020.csv")
    for kind, total in (("residents", 4_359_446), ("older", 722_079), ("children", 228_516)):
        got = asked(counts, kind_named(kind), level="unit_2020", areas=held)
        assert sum(got.totals.values()) == total
        assert got.faults == ()


def test_a_table_that_cannot_be_used_says_all_at_once():
    with pytest.raises(InputError) as caught:
        asked(table(("code", "人口"), ("620102", "many"), ("620199", "5"), ("620105", "-1"), ("620105", "2")))
    assert [(f.code, f.row) for f in caught.value.faults] == [
        ("count", 2), ("count", 4), ("no_area", 3), ("duplicate_key", 5), ("no_count", 2), ("no_count", 4),
    ]  # fmt: skip
    with pytest.raises(InputError) as caught:
        asked(table(("x", "y"), ("620102", "5")))
    assert [f.code for f in caught.value.faults] == ["missing_column", "missing_column"]
    with pytest.raises(InputError, match=r"2 columns hold .*人口、总人口.*--controls-column"):
        asked(table(("code", "人口", "总人口"), ("620102", "5", "6")))
    assert asked(table(("code", "人口", "总人口"), ("620102", "5", "6")), column="总人口").totals["620102"] == 6


def test_rows_of_other_cities_and_areas_without_a_count_are_told():
    got = asked(table(("code", "人口"), ("620102", "5"), ("630102", "9"), (None, "3")))
    assert dict(got.totals) == {"620102": 5.0}
    assert got.others == 1
    assert {f.code for f in got.faults} == {"no_code", "not_counted"}
    assert all(f.severity == "warning" for f in got.faults)


def test_a_sum_that_differs_from_the_row_above_is_told():
    got = asked(table(("code", "人口"), ("620100", "11"), ("620102", "4"), ("620105", "6")))
    assert [f.code for f in got.faults] == ["parent_differs"]
    assert sum(got.totals.values()) == 10


def test_areas_without_an_age_count_have_their_part_of_the_area_above():
    # 620102 has 1000 residents and 100 older: 30 of them are known to live in 001, the other 70 go by residents
    counts = table(
        ("code", "人口", "60岁以上"),
        ("620102", "1000", "100"), ("620102001", "300", "30"), ("620102002", "700", None), ("620105001", "50", "7"),
    )  # fmt: skip
    got = asked(counts, OLDER, level="township")
    assert dict(got.totals) == {"620102001": 30.0, "620102002": 70.0, "620105001": 7.0}
    assert got.shared == ("620102002",)


def test_the_part_follows_the_residents_brought_before():
    counts = table(("code", "60岁以上"), ("620102", "101"), ("620105", "9"))
    got = asked(counts, OLDER, level="township", residents={"620102001": 300.0, "620102002": 700.0, "620105001": 1.0})
    assert dict(got.totals) == {"620102001": 30.0, "620102002": 71.0, "620105001": 9.0}
    with pytest.raises(InputError, match="sum to 40, its own row says 30"):
        asked(
            table(("code", "60岁以上"), ("620102", "30"), ("620102001", "40")),
            OLDER, level="township", residents={"620102002": 1.0},
        )  # fmt: skip


# --- rasters ------------------------------------------------------------------------------------------------------


def from_origin(west, north, x, y):
    return Affine(x, 0.0, west, 0.0, -y, north)


def write(path, data, transform, crs, **more):
    profile = {"driver": "GTiff", "height": data.shape[0], "width": data.shape[1], "count": 1, "dtype": data.dtype}
    with rasterio.open(path, "w", **profile, transform=transform, crs=crs, **more) as target:
        target.write(data, 1)
    return path


BOX = np.array([shapely.box(103.8, 36.0, 103.9, 36.1)], dtype=object)


def test_a_raster_gives_its_cells_by_their_centres(tmp_path):
    data = np.array([[1.0, -9999.0, 0.0], [2.5, np.nan, 4.0]], dtype="float32")
    path = write(tmp_path / "p.tif", data, from_origin(103.80, 36.06, 0.03, 0.03), "EPSG:4326", nodata=-9999.0)
    got = read_raster(path, BOX)
    assert got.names.tolist() == ["r0c0", "r1c0", "r1c2"]
    assert got.value.tolist() == [1.0, 2.5, 4.0]
    assert got.lonlat == pytest.approx(np.array([[103.815, 36.045], [103.815, 36.015], [103.875, 36.015]]))
    assert (got.nodata, got.zero, got.crs) == (2, 1, "EPSG:4326")


def test_a_projected_raster_lands_where_it_is(tmp_path):
    middle = gpd.GeoSeries([shapely.Point(103.85, 36.05)], crs="EPSG:4490").to_crs("EPSG:4544").iloc[0]
    data = np.zeros((101, 101), dtype="int32")
    data[50, 50] = 7
    path = write(tmp_path / "p.tif", data, from_origin(middle.x - 5050, middle.y + 5050, 100, 100), "EPSG:4544")
    got = read_raster(path, BOX)
    assert got.value.tolist() == [7]
    assert got.lonlat == pytest.approx(np.array([[103.85, 36.05]]), abs=1e-9)


def test_only_the_window_of_the_areas_is_read(tmp_path):
    data = np.ones((2000, 2000), dtype="uint8")
    path = write(tmp_path / "p.tif", data, from_origin(95.0, 45.0, 0.01, 0.01), "EPSG:4490", tiled=True)
    got = read_raster(path, BOX)
    assert 100 <= len(got.value) <= 200


@pytest.mark.parametrize("bad", [-1.0, np.inf])
def test_a_count_below_nothing_is_refused(tmp_path, bad):
    data = np.array([[1.0, bad]], dtype="float32")
    path = write(tmp_path / "p.tif", data, from_origin(103.80, 36.06, 0.03, 0.03), "EPSG:4326")
    with pytest.raises(InputError, match="a_nodata") as caught:
        read_raster(path, BOX)
    assert (caught.value.faults[0].row, caught.value.faults[0].column) == (0, "column 1")


def test_a_raster_says_where_it_is(tmp_path):
    data = np.ones((3, 3), dtype="float32")
    here = from_origin(103.80, 36.09, 0.03, 0.03)
    bare = write(tmp_path / "bare.tif", data, here, None)
    with pytest.raises(MissingCRSError):
        read_raster(bare, BOX)
    assert len(read_raster(bare, BOX, crs="EPSG:4490").value) == 9
    with pytest.raises(CRSMismatchError):
        read_raster(write(tmp_path / "a.tif", data, here, "EPSG:4326"), BOX, crs="EPSG:4544")
    with pytest.raises(InputError, match="does not reach"):
        read_raster(write(tmp_path / "b.tif", data, from_origin(10, 50, 0.03, 0.03), "EPSG:4326"), BOX)
    with pytest.raises(InputError, match="Beijing 54"):
        read_raster(write(tmp_path / "c.tif", data, here, "EPSG:4214"), BOX)
    (tmp_path / "no.tif").write_bytes(b"no raster at all")
    with pytest.raises(InputError, match="cannot be read"):
        read_raster(tmp_path / "no.tif", BOX)
    with pytest.raises(InputError, match="does not exist"):
        read_raster(tmp_path / "absent.tif", BOX)


# --- carriers -----------------------------------------------------------------------------------------------------


def test_an_even_grid_fills_its_areas_and_leaves_none_out():
    held = areas([("620102", "county", "620100")])
    small = shapely.box(103.8, 36.0, 103.8001, 36.0001)
    held = held.assign(geometry=[shapely.box(103.8, 36.0, 103.9, 36.1)])
    tiny = held.assign(code="620105", area_id="620105", geometry=[small])
    got = even(gpd.GeoDataFrame(pd.concat([held, tiny]), crs="EPSG:4490"), "EPSG:4544")
    inside = shapely.intersects(held.geometry.iloc[0], got.points)
    assert inside.all()
    assert len(got) == pytest.approx(9.01e3 * 11.09e3 / 250**2, rel=0.02)
    assert sum(key.startswith("even-620105") for key in got.keys) == 1
    assert got.synthetic


def test_points_of_no_weight_carry_nothing():
    frame = conform(
        gpd.GeoDataFrame(
            {"demand_id": ["a", "b"], "weight": [0.0, 2.0], "method": "m", "synthetic": False},
            geometry=shapely.points([[103.8, 36.0], [103.9, 36.0]]), crs="EPSG:4490",
        ),
        DEMAND,
    )  # fmt: skip
    got = of_frame(frame, "points", "persons", {})
    assert got.keys.tolist() == ["b"]
    assert len(got.given) == 2


def test_an_area_without_carriers_is_an_error_unless_allowed():
    with pytest.raises(InputError, match="--allow-unplaced"):
        unplaced_points(("620102",), AT, allowed=False, file="f")
    (point,) = unplaced_points(("620102",), AT, allowed=True, file="f")
    assert shapely.contains(AT.set_index("code").geometry["620102"], point)


# --- units of headings, leaps, days -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "counts", "unit"),
    [
        ("常住人口（万人）", ("148.4016", "41.0171"), "万人"), ("常住人口(千人)", ("1484.016", "410.171"), "千人"),
        ("人口（单位：万人）", (148.40160000000003, 41.0171), "万人"), ("人口（万）", ("148.4016", "41.0171"), "万"),
        ("population (10,000 persons)", ("148.4016", "41.0171"), "10000 persons"),
        ("population (thousand)", ("1484.016", "410.171"), "thousand"),
    ],
)  # fmt: skip
def test_counts_in_ten_thousands_become_persons_and_it_is_said(heading, counts, unit):
    got = asked(table(("代码", heading), ("620102", counts[0]), ("620105", counts[1])))
    assert dict(got.totals) == {"620102": 1_484_016.0, "620105": 410_171.0}
    assert got.whole
    (said,) = got.faults
    assert (said.code, said.severity) == ("unit_converted", "notice")
    assert f"单位“{unit}”已换算成人" in said.message


@pytest.mark.parametrize("heading", ["人口（人）", "人口（2020年）", "人口（不含集体户）", "人口", "persons (persons)"])
def test_counts_in_persons_stay(heading):
    got = asked(table(("代码", heading), ("620102", "5"), ("620105", "410.5")))
    assert dict(got.totals) == {"620102": 5.0, "620105": 410.5}
    assert got.faults == ()


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("人口（户）", "户"),
        ("人口（万户）", "万户"),
        ("人口（%）", "%"),
        ("总户数", "户"),
        ("人口（每千人）", "每千人"),
    ],
)
def test_a_unit_that_is_no_persons_is_refused(heading, unit):
    with pytest.raises(InputError, match="no number of persons") as caught:
        asked(table(("代码", heading), ("620102", "5"), ("620105", "4")), column=heading)
    assert f"单位“{unit}”不是人数" in str(caught.value)


def test_what_does_not_come_out_whole_is_named():
    with pytest.raises(InputError) as caught:
        asked(table(("代码", "人口（万人）"), ("620102", "41.00005"), ("620105", "410人")))
    assert [(f.code, f.row, f.value) for f in caught.value.faults if f.code != "no_count"] == [
        ("not_whole", 2, "41.00005"), ("count", 3, "410人"),
    ]  # fmt: skip
    assert "410,000.5" in str(caught.value)


@pytest.mark.parametrize("lines", ["单位：万人\n代码,人口\n", "2020年常住人口（单位：万人）,\n代码,人口\n"])
def test_the_unit_of_the_title_counts_where_the_heading_has_none(tmp_path, lines):
    (tmp_path / "t.csv").write_text(lines + "620102,148.4016\n620105,41.0171\n", encoding="utf-8")
    got = asked(read_counts(tmp_path / "t.csv"))
    assert dict(got.totals) == {"620102": 1_484_016.0, "620105": 410_171.0}
    with pytest.raises(InputError, match="Several units are stated: 万人、千人"):
        persons_each("人口", (LeftOut(1, "单位：万人", "title"), LeftOut(2, "单位：千人", "title")), "t")


def layer_of(total, unit="persons"):
    return pd.DataFrame({"weight": [total / 2, total / 2]}), {"unit": unit}


@pytest.mark.parametrize(("was", "now", "leaps"), [(100, 49, True), (100, 50, False), (100, 200, False), (100, 201, True),
                                                   (0, 5, False)])  # fmt: skip
def test_a_total_that_leaps_is_told(was, now, leaps):
    faults = leap_faults(RESIDENTS, *layer_of(was), *layer_of(now), file="f")
    assert [f.severity for f in faults] == ["warning"] * leaps
    if leaps:
        assert f"is {now}; the one it replaces is {was}" in faults[0].message
    assert leap_faults(RESIDENTS, *layer_of(was, "m2"), *layer_of(now), file="f") == []
    assert leap_faults(RESIDENTS, None, {}, *layer_of(now), file="f") == []


TODAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("file", "heading", "count", "year"),
    [
        ("2020年人口.csv", "人口", "5", "2020"), ("pop20201101.csv", "人口", "5", "2020"), ("七普.csv", "人口", "5", "2020"),
        ("t.csv", "人口（2010年）", "5", "2010"), ("t.csv", "人口", "1484016", "2020"), ("2023年.csv", "人口", "5", None),
        ("t.csv", "人口", "1484017", None), ("620100.csv", "人口", "5", None),
    ],
)  # fmt: skip
def test_a_census_of_an_older_day_is_told_where_no_day_is_said(file, heading, count, year):
    counts = table(("代码", heading), ("620102", count), ("620105", "7"))
    counts = replace(counts, file=file)
    got = day_faults(counts, asked(counts), RESIDENTS, AT, TODAY, said=False)
    assert [(f.code, f.value, f.severity) for f in got] == ([("controls_day", year, "warning")] if year else [])
    if year:
        assert f"--controls-date {year}-11-01" in got[0].mend
        assert "2022-02-01" in got[0].message


def test_a_day_whose_areas_are_not_here_is_told():
    counts = table(("代码", "人口"), ("620102", "5"), ("620105", "7"))
    controls = asked(counts)
    then = date(2020, 11, 1)
    (fault,) = day_faults(counts, controls, RESIDENTS, AT, then, said=True)
    assert (fault.code, fault.severity) == ("areas_of_day", "warning")
    assert day_faults(counts, controls, RESIDENTS, AT, TODAY, said=True) == []
    changed = AT.assign(valid_from=pd.Series([pd.Timestamp("2022-02-01")] * len(AT), index=AT.index))
    assert day_faults(counts, controls, RESIDENTS, changed, then, said=True) == []
    untouched = table(("代码", "人口"), ("620104", "5"))
    held = areas([("620104", "county", "620100")])
    assert day_faults(untouched, asked(untouched, areas=held), RESIDENTS, held, then, said=True) == []


@pytest.mark.parametrize(("whole", "off"), [(True, 1.0), (False, 1e-6)])
def test_a_layer_that_misses_its_totals_is_an_error(whole, off, monkeypatch):
    """It cannot happen; if it does, it is said, also where Python runs without assertions."""
    small = [shapely.box(103.8 + i / 100, 36.0, 103.81 + i / 100, 36.01) for i in range(2)]
    at = areas([("620102", "county", "620100"), ("620105", "county", "620100")]).assign(geometry=small)
    carriers = even(at, CITY.crs)
    counts = table(("代码", "人口"), ("620102", 100.0 if whole else 100.5), ("620105", 7.0))
    controls = asked(counts, areas=at)

    def wrong(*args, **how):
        got = spread(*args, **how)
        weight = got.weight.copy()
        weight[0] += off
        return replace(got, weight=weight)

    monkeypatch.setattr("data.demand.layer.spread", wrong)
    with pytest.raises(InputError, match="control total is") as caught:
        spread_over(carriers, controls, RESIDENTS, held=at, at=at, day=date(2026, 1, 1), allow_unplaced=False)
    assert [fault.code for fault in caught.value.faults] == ["sum"]
