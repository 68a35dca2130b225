"""Areas: validity, what an import does to what was valid before, codes, parents, overlaps and gaps."""

from datetime import date
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.import_areas import import_areas
from api.places import named_day, resolve_area
from api.wiring import open_runner
from data.area_checks import code_faults, tilings
from data.city import CityData
from data.frames import AREAS, conform
from data.read.areas import areas_file
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from data.validity import succeed, valid_at
from geo.errors import ConflictError, InputError, NotFoundError, ParameterError
from tests.town import CITY, make_workspace

CHANGE = date(2022, 2, 1)
TODAY = date(2026, 1, 1)


def square(x, y, size=1.0):
    return shapely.box(103 + x, 36 + y, 103 + x + size, 36 + y + size)


def frame(rows):
    """Rows (code, level, parent, shape, valid_from, valid_to) as an AREAS frame."""
    columns = ["code", "level", "parent", "geometry", "valid_from", "valid_to"]
    table = pd.DataFrame([tuple(row) + (None,) * (6 - len(row)) for row in rows], columns=columns)
    table = table.assign(name=table["code"] + "名", source="test", synthetic=False)
    return conform(gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490"), AREAS)


def spans(got, code):
    """(from, to) of the rows of a code, ISO or None."""
    rows = got[got["code"] == code]
    return [
        tuple(None if pd.isna(day) else day.date().isoformat() for day in row)
        for row in zip(rows["valid_from"], rows["valid_to"], strict=True)
    ]


def test_the_id_is_made_of_code_and_first_day():
    areas = frame(
        [("620105", "county", None, square(0, 0), None, CHANGE), ("620105", "county", None, square(0, 0), CHANGE)]
    )
    assert areas["area_id"].tolist() == ["620105", "620105@2022-02-01"]
    pd.testing.assert_frame_equal(pd.DataFrame(conform(areas, AREAS)), pd.DataFrame(areas))
    with pytest.raises(InputError, match="the id occurs twice"):
        frame([("620105", "county", None, square(0, 0)), ("620105", "county", None, square(1, 0))])


@pytest.mark.parametrize(("day", "code"), [("2022-01-31", 0), ("2022-02-01", 1), ("2030-01-01", 1), ("1949-10-01", 0)])
def test_a_day_has_one_row_of_each_code(day, code):
    shapes = [square(0, 0), square(0, 0, 2)]
    areas = frame([("620105", "county", None, shapes[0], None, CHANGE), ("620105", "county", None, shapes[1], CHANGE)])
    (found,) = valid_at(areas, date.fromisoformat(day)).geometry
    assert found.equals(shapes[code])


def test_a_change_closes_what_was_valid_and_can_be_brought_twice():
    before = frame([("620105", "county", "620100", square(0, 0)), ("620102", "county", "620100", square(2, 0))])
    new = frame([("620105", "county", None, square(0, 0, 2))])
    got = succeed(before, new, level="county", valid_from=CHANGE)
    assert spans(got.frame, "620105") == [(None, "2022-02-01"), ("2022-02-01", None)]
    assert spans(got.frame, "620102") == [(None, None)]
    assert (got.closed, got.added, got.replaced, got.unchanged, got.removed) == (("620105",), (), (), (), ())
    assert got.frame.loc[got.frame["code"] == "620105", "parent"].tolist() == ["620100", "620100"]
    again = succeed(conform(got.frame, AREAS), new, level="county", valid_from=CHANGE)
    assert again.unchanged == ("620105",)
    pd.testing.assert_frame_equal(
        pd.DataFrame(conform(again.frame, AREAS)), pd.DataFrame(conform(got.frame, AREAS)), check_like=True
    )


def test_what_was_valid_once_can_be_brought_after_what_is_valid_now():
    before = frame([("620105", "county", None, square(0, 0))])
    new = frame([("620105", "county", None, square(0, 0, 2))])
    got = succeed(before, new, level="county", valid_to=CHANGE)
    assert spans(got.frame, "620105") == [(None, "2022-02-01"), ("2022-02-01", None)]
    assert got.opened == ("620105",)
    assert valid_at(conform(got.frame, AREAS), TODAY).geometry.iloc[0].equals(square(0, 0))
    middle = succeed(before, new, level="county", valid_from=date(2010, 1, 1), valid_to=date(2012, 1, 1))
    assert spans(middle.frame, "620105") == [(None, "2010-01-01"), ("2010-01-01", "2012-01-01"), ("2012-01-01", None)]


def test_a_correction_takes_the_place_of_the_open_row_only():
    before = frame([
        ("620105", "county", None, square(0, 0), None, CHANGE), ("620105", "county", None, square(0, 0, 2), CHANGE),
        ("620111", "county", None, square(5, 0)), ("620105001", "township", "620105", square(0, 0)),
    ])  # fmt: skip
    got = succeed(before, frame([("620105", "county", None, square(0, 0, 3))]), level="county")
    assert spans(got.frame, "620105") == [(None, "2022-02-01"), ("2022-02-01", None)]
    assert (got.replaced, got.removed) == (("620105",), ("620111",))
    assert "620105001" in set(got.frame["code"])


def test_a_later_row_is_not_wiped_out():
    before = frame([("620105", "county", None, square(0, 0), CHANGE)])
    new = frame([("620105", "county", None, square(0, 0, 2))])
    with pytest.raises(InputError, match=r"known from 2022-02-01 on already.*--valid-to 2022-02-01"):
        succeed(before, new, level="county", valid_from=date(2020, 1, 1))
    got = succeed(before, new, level="county", valid_from=date(2020, 1, 1), valid_to=CHANGE)
    assert spans(got.frame, "620105") == [("2020-01-01", "2022-02-01"), ("2022-02-01", None)]
    with pytest.raises(ParameterError, match="the first day must come before"):
        succeed(before, new, level="county", valid_from=CHANGE, valid_to=CHANGE)


def test_no_sequence_of_changes_leaves_two_rows_of_a_code_on_one_day():
    rng = np.random.default_rng(5)
    days = [date(2000 + k, 1, 1) for k in range(8)]
    for _ in range(15):
        held = None
        for k in range(5):
            begin, end = sorted(rng.choice(9, 2, replace=False).tolist())
            end -= begin == 0 and end == 8  # without any day it would be a correction
            new = frame([("620105", "county", None, square(0, 0, 1.0 + k))])
            given = {"valid_from": days[begin - 1] if begin else None, "valid_to": days[end - 1] if end < 8 else None}
            try:
                held = conform(succeed(held, new, level="county", **given).frame, AREAS)
            except InputError:
                continue
            inside = given["valid_from"] or date(1990, 1, 1)
            assert valid_at(held, inside).geometry.iloc[0].equals(square(0, 0, 1.0 + k))
            rows = sorted(spans(held, "620105"), key=lambda span: span[0] or "")
            assert all(end is not None and end <= (begin or "") for (_, end), (begin, _) in pairwise(rows))


def test_a_polygon_that_crosses_itself_is_mended_and_said(tmp_path):
    bow = shapely.Polygon([(103, 36), (104, 37), (104, 36), (103, 37)])
    source = gpd.GeoDataFrame(
        {"code": ["620105", "620102"], "name": ["甲", "乙"]}, geometry=[bow, square(3, 0)], crs="EPSG:4490"
    )
    source.to_file(tmp_path / "a.gpkg")
    got = areas_file(tmp_path / "a.gpkg", crs=None, level="county")
    (fault,) = got.faults
    assert (fault.code, fault.row, fault.severity) == ("self_crossing", 0, "warning")
    assert got.frame.geometry.is_valid.all()
    assert set(got.frame.geom_type) <= {"Polygon", "MultiPolygon"}


def test_kinds_and_parents_come_from_their_columns(tmp_path):
    source = gpd.GeoDataFrame(
        {"code": ["620171101"], "name": ["中川镇"], "类": ["镇"], "上级": ["620121000000"]},
        geometry=[square(0, 0)],
        crs="EPSG:4490",
    )
    source.to_file(tmp_path / "a.gpkg")
    got = areas_file(tmp_path / "a.gpkg", crs=None, level="township", kind_column="类", parent_column="上级").frame
    assert got[["code", "kind", "parent"]].to_numpy().tolist() == [["620171101", "镇", "620121"]]
    with pytest.raises(InputError, match="no column 级"):
        areas_file(tmp_path / "a.gpkg", crs=None, level="township", kind_column="级")


@pytest.mark.parametrize(
    ("code", "name"),
    [("区划代码", "名称"), ("行政区划代码", "行政区划名称"), ("代码", "名称"), ("XZQDM", "XZQMC"), ("code", "name")],
)
@pytest.mark.parametrize("form", ["shp", "gpkg"])
def test_columns_of_codes_and_names_are_known(tmp_path, code, name, form):
    if form == "shp":  # ten bytes of GBK
        code, name = code[:5], name[:5]
    source = gpd.GeoDataFrame({code: ["620105"], name: ["安宁区"]}, geometry=[square(0, 0)], crs="EPSG:4490")
    source.to_file(tmp_path / f"a.{form}", encoding="GBK" if form == "shp" else None)
    got = areas_file(tmp_path / f"a.{form}", crs=None, level="county").frame
    assert got[["code", "name", "parent"]].to_numpy().tolist() == [["620105", "安宁区", "620100"]]


def test_only_what_is_needed_is_asked_for(tmp_path):
    source = gpd.GeoDataFrame({"甲": ["620105"], "乙": ["安宁区"]}, geometry=[square(0, 0)], crs="EPSG:4490")
    source.to_file(tmp_path / "a.gpkg")
    with pytest.raises(InputError, match="there are 甲、乙") as caught:
        areas_file(tmp_path / "a.gpkg", crs=None, level="county")
    assert [fault.mend.split()[-2] for fault in caught.value.faults] == ["--code", "--name"]


def test_codes_are_held_to_their_level():
    held = frame([
        ("620105", "county", "620100", square(0, 0)), ("620105001", "township", "620105", square(0, 0)),
        ("620105002001", "township", "620105", square(1, 0)), ("620199001", "township", "620199", square(2, 0)),
        ("X1", "township", "620105", square(3, 0)), ("630105001", "township", "620105", square(4, 0)),
    ])  # fmt: skip
    new = held[held["level"] == "township"].reset_index(drop=True)
    got = {(fault.code, fault.value, fault.severity) for fault in code_faults(new, held, CITY, file="f")}
    assert got == {
        ("code_length", "620105002001", "error"), ("parent_unknown", "620199", "warning"),
        ("code_form", "X1", "warning"), ("other_city", "630105001", "warning"),
    }  # fmt: skip
    abroad = City("AD", "Andorra", "Andorra", "EPSG:32631")
    assert {f.code for f in code_faults(new, held, abroad, file="f")} == {"parent_unknown"}


def test_overlaps_and_gaps_are_measured():
    held = frame([
        ("620105", "county", "620100", square(0, 0, 2)), ("620105001", "township", "620105", square(0, 0)),
        ("620105002", "township", "620105", square(0.9, 0)), ("620105003", "township", "620105", square(1.5, 1)),
    ])  # fmt: skip
    (one,), faults = tilings(held, "township", file="f")
    degree = 111.0e3 * 89.9e3  # m² of a square degree at 36° N, roughly
    assert (one.parent, one.children) == ("620105", 3)
    assert one.overlap_m2 == pytest.approx(0.1 * degree, rel=0.02)
    assert one.gap_m2 == pytest.approx((4 - 1.9 - 0.5) * degree, rel=0.02)
    assert one.outside_m2 == pytest.approx(0.5 * degree, rel=0.02)
    assert [fault.code for fault in faults] == ["overlap", "gap", "outside_parent"]
    assert all(fault.severity == "warning" for fault in faults)
    whole = frame([("620105", "county", "620100", square(0, 0)), ("620105001", "township", "620105", square(0, 0))])
    (tidy,), none = tilings(whole, "township", file="f")
    assert (tidy.overlap_m2, tidy.gap_m2, tidy.outside_m2, none) == (0.0, 0.0, 0.0, [])


def test_regions_may_overlap():
    held = frame([("R1", "region", None, square(0, 0)), ("R2", "region", None, square(0, 0))])
    assert tilings(held, "region", file="f") == ([], [])


@pytest.fixture
def store(tmp_path):
    return EmbeddedStore.open(make_workspace(tmp_path / "ws"))


def bring(store, path, **more):
    told = {"crs": None, "code": None, "name": None, "today": TODAY, **more}
    return import_areas(store, path, **told)


def test_an_import_with_a_day_keeps_what_was(store, tmp_path):
    was = store.present("areas")
    moved = was[was["code"] == "620105001"][["code", "name", "geometry"]].assign(parent="620102")
    moved.to_file(tmp_path / "t.gpkg")
    report = bring(store, tmp_path / "t.gpkg", level="township", parent="parent", valid_from=CHANGE)
    assert report.diagnostics["closed"] == 1
    assert report.layers == {"areas": len(was) + 1}
    store.publish("a change")
    city = CityData(store, store.edition())
    assert city.parents["620105001"] == "620102"
    then = city.on(date(2020, 12, 31))
    assert then.parents["620105001"] == "620105"
    assert (city.codes_of("demand.residents")["county"] == "620105").sum() == 0
    assert (then.codes_of("demand.residents")["county"] == "620105").sum() == 2
    again = bring(store, tmp_path / "t.gpkg", level="township", parent="parent", valid_from=CHANGE)
    assert again.diagnostics["unchanged"] == 1
    assert store.draft_layers() == {}


def test_a_wrong_code_writes_nothing(store, tmp_path):
    gpd.GeoDataFrame({"code": ["6201050"], "name": ["甲"]}, geometry=[square(0, 0)], crs="EPSG:4490").to_file(
        tmp_path / "a.gpkg"
    )
    with pytest.raises(InputError, match="has 6 digits, this one 7"):
        bring(store, tmp_path / "a.gpkg", level="county")
    assert store.draft_layers() == {}


def test_a_question_names_its_day():
    areas = frame([("620105", "county", "620100", square(0, 0))])
    assert named_day("皋兰县@2020") == ("皋兰县", date(2020, 12, 31))
    assert named_day("2020:620122") == ("2020:620122", None)
    got = resolve_area(CITY, areas, "620105", at=date(2020, 12, 31))
    assert (got.code, got.name, got.at) == ("620105", "620105名（2020-12-31）", date(2020, 12, 31))
    with pytest.raises(ParameterError, match="is no day"):
        named_day("皋兰县@then")


def test_a_question_of_2020_and_one_of_today(demo_path):
    runner = open_runner(demo_path)
    city = runner.city_data(runner.store.edition())
    then = city.on(date(2020, 11, 1))
    assert city.areas["code"].is_unique and then.areas["code"].is_unique
    assert (city.parents["620105101"], then.parents["620105101"]) == ("620105", "620122")
    old, new = (runner.answer("fitness", area=f"皋兰县{day}") for day in ("@2020", ""))
    today, before = (runner.answer("fitness", area=f"安宁区{day}") for day in ("", "@2020"))
    people = city.frame("demand.residents")
    moved = people["weight"][people["area_code"].isin(["620105100", "620105101"])].sum()
    assert moved > 0
    assert old.demand.total - new.demand.total == moved == today.demand.total - before.demand.total
    assert {row.code for row in old.by_area} - {row.code for row in new.by_area} == {"620105100", "620105101"}
    assert "2020-12-31" in old.area.name
    assert "2020-12-31" in old.conversion.zh
    assert "2020-12-31" not in new.conversion.zh
    with pytest.raises(NotFoundError):
        runner.answer("fitness", area="皋兰县九合@2020")


def test_counties_of_2020_fill_the_city_as_those_of_today(demo_path):
    runner = open_runner(demo_path)
    city = runner.city_data(runner.store.edition())
    for at in (city, city.on(date(2020, 11, 1))):
        (one,), _ = tilings(at.areas, "county", file="")
        size = 13_100e6
        assert one.overlap_m2 / size < 1e-5
        assert one.gap_m2 / size < 1e-5
    was = city.on(date(2020, 11, 1)).areas.set_index("code")
    assert was.loc[["620105", "620122"], "synthetic"].all()
    assert not city.areas.set_index("code").loc[["620105", "620122"], "synthetic"].any()


def counties(path, *rows):
    gpd.GeoDataFrame(
        {"code": [one[0] for one in rows], "name": [one[1] for one in rows]},
        geometry=[one[2] for one in rows], crs="EPSG:4490",
    ).to_file(path)  # fmt: skip
    return path


@pytest.fixture
def stewards(tmp_path):
    EmbeddedStore.create(tmp_path / "two", City(CITY.code, CITY.name, CITY.name_en, CITY.crs))
    return tuple(EmbeddedStore.open(tmp_path / "two", actor=name) for name in ("甲", "乙"))


def test_another_stewards_areas_are_not_replaced(stewards, tmp_path):
    ours, theirs = stewards
    first = counties(tmp_path / "a.geojson", ("620102", "城关区", square(0, 0)), ("620103", "七里河区", square(1, 0)))
    second = counties(tmp_path / "b.geojson", ("620102", "城关区", square(0, 0, 0.9)))
    bring(ours, first, level="county")
    with pytest.raises(
        ConflictError, match=r"2 of these.*620102 \(.*geometry\) by 甲, .* UTC; 620103 \(not in.*\) by 甲"
    ):
        bring(theirs, second, level="county")
    assert theirs.present("areas")["code"].tolist() == ["620102", "620103"]
    assert bring(theirs, first, level="county").diagnostics["unchanged"] == 2
    bring(theirs, second, level="county", overwrite=True)
    assert ours.present("areas")["code"].tolist() == ["620102"]
    ours.publish("agreed")
    bring(theirs, first, level="county")


def test_areas_brought_at_once_from_nothing_are_all_there(stewards, tmp_path, monkeypatch):
    ours, theirs = stewards
    county = counties(tmp_path / "a.geojson", ("620102", "城关区", square(0, 0)))
    zone = counties(tmp_path / "b.geojson", ("620171", "兰州新区", square(1, 0)))
    own = theirs.batch

    def late():
        bring(ours, county, level="county")
        return own()

    monkeypatch.setattr(theirs, "batch", late)
    bring(theirs, zone, level="zone")
    assert dict(ours.present("areas")[["code", "level"]].to_numpy().tolist()) == {"620102": "county", "620171": "zone"}
