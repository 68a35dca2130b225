"""Demand through the command line: control totals on buildings, rasters, points and grids of a town made by hand."""

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio import Affine

from api.imports import import_context
from api.wiring import open_runner
from data.city import CityData
from data.frames import AREAS, conform
from data.stores.embedded import EmbeddedStore
from tests.town import CITY, ORIGIN, lonlat

DAY = "--controls-date", "2026-01-01"


def box(x, y, w, h):
    return shapely.box(ORIGIN[0] + x, ORIGIN[1] + y, ORIGIN[0] + x + w, ORIGIN[1] + y + h)


COUNTIES = {"620102": box(0, 0, 1000, 1000), "620105": box(1000, 0, 1000, 1000), "620111": box(2000, 0, 1000, 1000)}
TOWNSHIPS = {
    "620102001": box(0, 0, 500, 1000), "620102002": box(500, 0, 500, 1000), "620105001": box(1000, 0, 1000, 1000),
    "620111001": box(2000, 0, 1000, 1000),
}  # fmt: skip
# (x, y, levels): every house is 20 m × 20 m, so floor area goes by levels
HOUSES = [(100, 100, 1), (100, 900, 2), (900, 500, 3), (1100, 100, 4), (1900, 900, 4), (3500, 500, 9)]


def town_areas():
    rows = [(code, "county", "620100", shape) for code, shape in COUNTIES.items()]
    rows += [(code, "township", code[:6], shape) for code, shape in TOWNSHIPS.items()]
    rows += [(f"2020:{code}", "unit_2020", "620100", shape) for code, shape in COUNTIES.items()]
    table = pd.DataFrame(rows, columns=["code", "level", "parent", "geometry"])
    table = table.assign(name=table["code"], source="by hand", synthetic=False)
    shapes = lonlat(table["geometry"].tolist()).to_numpy()
    return conform(gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes, crs="EPSG:4490"), AREAS)


@pytest.fixture
def place(tmp_path):
    """A workspace with three counties and six houses, one of them outside."""
    path = tmp_path / "ws"
    store = EmbeddedStore.create(path, CITY)
    store.put_draft("areas", town_areas(), {})
    houses = gpd.GeoDataFrame(
        {"id": [f"h{i}" for i in range(len(HOUSES))], "building": "apartments",
         "building:levels": [str(levels) for *_, levels in HOUSES]},
        geometry=lonlat([box(x, y, 20, 20) for x, y, _ in HOUSES]).to_numpy(), crs="EPSG:4490",
    )  # fmt: skip
    houses.to_file(tmp_path / "houses.geojson", driver="GeoJSON")
    import_context(store, [tmp_path / "houses.geojson"], facility_layers=(), crs="EPSG:4490")
    return path


@pytest.fixture
def census(tmp_path):
    """A census table: CSV in GBK, as an office would write it."""

    def write(text, name="census.csv"):
        (tmp_path / name).write_bytes(text.encode("gbk"))
        return tmp_path / name

    return write


def layer(path, name="demand.residents"):
    store = open_runner(path).store
    return store.present(name), store.present_meta(name)


def by(frame, column):
    return {str(key): float(value) for key, value in frame.groupby(column)["weight"].sum().items()}


FULL = "行政区划代码,地区,常住人口（人）,60岁及以上,0—3岁\n620102,城关区,600,60,6\n620105,安宁区,7,3,1\n"


def test_totals_go_by_floor_area_whole_and_exact(quantu, place, census):
    table = census(FULL)
    code, out, err = quantu(
        "import", "demand", table, "--by", "buildings", "--level", "county", *DAY, "--workspace", place
    )
    assert code == 0, err
    got, meta = layer(place)
    assert dict(zip(got["demand_id"], got["weight"], strict=True)) == {
        "houses-h0": 100, "houses-h1": 200, "houses-h2": 300, "houses-h3": 4, "houses-h4": 3,
    }  # fmt: skip
    assert got["area_code"].tolist() == ["620102001", "620102001", "620102002", "620105001", "620105001"]
    assert got["unit_2020"].tolist() == ["620102"] * 3 + ["620105"] * 2
    assert meta["unit"] == "persons"
    assert meta["controls"]["totals"] == {"620102": 600, "620105": 7}
    assert meta["controls"]["carriers_outside"] == 1
    assert meta["method_zh"] == "区县控制总数（census.csv：常住人口（人））按住宅建筑面积分配"
    assert "OpenStreetMap" in " ".join(meta["attribution"])
    assert "only partly covered" in out
    assert "620111" in out


def test_ages_come_after_residents_on_the_same_houses(quantu, place, census):
    table = census(FULL)
    for kind in ("residents", "older", "children"):
        args = ["--by", "buildings", "--level", "county", "--kind", kind, *DAY, "--workspace", place]
        assert quantu("import", "demand", table, *args)[0] == 0
    older, meta = layer(place, "demand.older")
    assert older["weight"].tolist() == [10, 20, 30, 2, 1]
    assert (meta["title_zh"], meta["unit"]) == ("60岁及以上老年人", "persons")
    assert layer(place, "demand.children")[0]["weight"].sum() == 7
    floor, floor_meta = layer(place, "demand.dwellings")
    assert len(floor) == len(HOUSES)
    assert floor_meta["unit"] == "m2"


def test_the_same_file_twice_changes_nothing(quantu, place, census):
    table = census(FULL)
    args = ["import", "demand", table, "--by", "buildings", "--level", "county", *DAY, "--workspace", place]
    quantu(*args)
    before = {name: entry.sha256 for name, entry in open_runner(place).store.draft_layers().items()}
    quantu(*args)
    assert {name: entry.sha256 for name, entry in open_runner(place).store.draft_layers().items()} == before


def test_a_county_nothing_can_carry_is_an_error_unless_allowed(quantu, place, census):
    table = census(FULL + "620111,红古区,5,1,0\n")
    args = ["import", "demand", table, "--by", "buildings", "--level", "county", *DAY, "--workspace", place]
    before = open_runner(place).store.draft_layers()
    code, _, err = quantu(*args)
    assert code == 1
    assert "nothing in control area 620111 can carry its total" in err.lower()
    assert open_runner(place).store.draft_layers() == before
    assert quantu(*args, "--allow-unplaced")[0] == 0
    got, meta = layer(place)
    (spot,) = got[got["demand_id"] == "unplaced-620111"].itertuples()
    assert (spot.weight, spot.synthetic, spot.area_code) == (5, True, "620111001")
    assert "unplaced" in spot.method
    assert meta["controls"]["unplaced"] == {"620111": 5}
    assert got["weight"].sum() == 612


def test_an_age_without_a_count_of_its_own_follows_the_area_above(quantu, place, census, tmp_path):
    book = openpyxl.Workbook()
    for row in (["代码", "人口", "60岁以上"], ["620102", 600, 61], ["620102001", 300, None], ["620102002", 300, None],
                ["620105001", 7, 2]):  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "c.xlsx")
    args = ["--by", "buildings", "--level", "township", *DAY, "--workspace", place]
    assert quantu("import", "demand", tmp_path / "c.xlsx", *args)[0] == 0
    code, _, err = quantu("import", "demand", tmp_path / "c.xlsx", "--kind", "older", *args)
    assert code == 0, err
    got, meta = layer(place, "demand.older")
    assert by(got, "area_code") == {"620102001": 31, "620102002": 30, "620105001": 2}
    assert meta["controls"]["shared"] == ["620102001", "620102002"]
    assert "按上级占比推算" in meta["method_zh"]


def test_counts_that_are_not_whole_keep_their_sum(quantu, place, census):
    table = census("代码,人口\n620102,1000.5\n620105,2.25\n")
    assert (
        quantu("import", "demand", table, "--by", "buildings", "--level", "county", *DAY, "--workspace", place)[0] == 0
    )
    got, _ = layer(place)
    assert got["weight"].sum() == pytest.approx(1002.75, rel=1e-12)


def test_units_of_2020_are_named_and_converted(quantu, place, census):
    table = census("代码,人口\n620102,600\n620105,7\n")
    args = ["--by", "buildings", "--level", "unit_2020", *DAY, "--workspace", place]
    assert quantu("import", "demand", table, *args)[0] == 0
    got, meta = layer(place)
    assert by(got, "unit_2020") == {"620102": 600, "620105": 7}
    assert "2020年普查单元" in meta["conversion_zh"]


def raster(path, values, *, crs="EPSG:4544", nodata=-1.0):
    """Cells of 250 m from the town's north-western corner; ``values`` by (row, column)."""
    data = np.full((4, 12), nodata, dtype="float32")
    for (row, column), value in values.items():
        data[row, column] = value
    profile = {"driver": "GTiff", "height": 4, "width": 12, "count": 1, "dtype": "float32", "nodata": nodata}
    way = Affine(250.0, 0.0, ORIGIN[0], 0.0, -250.0, ORIGIN[1] + 1000)
    with rasterio.open(path, "w", **profile, transform=way, crs=crs) as target:
        target.write(data, 1)
    return path


def test_a_raster_is_scaled_to_the_controls(quantu, place, census, tmp_path):
    source = raster(tmp_path / "pop.tif", {(0, 0): 1.0, (3, 3): 3.0, (1, 5): 0.5, (2, 9): 8.0})
    table = census(FULL)
    args = [source, "--controls", table, "--level", "county", *DAY, "--workspace", place]
    code, out, err = quantu("import", "demand", *args)
    assert code == 0, err
    got, meta = layer(place)
    assert by(got, "area_code") == {"620102001": 150, "620102002": 450, "620105001": 7}
    assert "像元按中心点归属" in meta["method_zh"]
    assert "nodata_cells 36" in out
    assert meta["controls"]["carriers_outside"] == 1
    assert meta["source"] == "census.csv; pop.tif"


def test_a_raster_alone_is_taken_as_it_is(quantu, place, tmp_path):
    source = raster(tmp_path / "pop.tif", {(0, 0): 1.5, (2, 9): 8.0})
    assert quantu("import", "demand", source, *DAY, "--workspace", place)[0] == 0
    got, meta = layer(place)
    assert by(got, "area_code") == {"620102001": 1.5, "620111001": 8.0}
    assert "controls" not in meta
    assert meta["unit"] == "persons"


def test_points_may_be_scaled_too(quantu, place, census, tmp_path):
    points = gpd.GeoDataFrame(
        {"id": ["a", "b", "c"], "people": [1.0, 3.0, 5.0]},
        geometry=lonlat([shapely.Point(ORIGIN[0] + x, ORIGIN[1] + 500) for x in (100, 900, 1500)]).to_numpy(), crs="EPSG:4490",
    )  # fmt: skip
    points.to_file(tmp_path / "p.gpkg")
    plain = ["import", "demand", tmp_path / "p.gpkg", "--weight", "people", *DAY, "--workspace", place]
    assert quantu(*plain, "--kind", "older")[0] == 0
    got, meta = layer(place, "demand.older")
    assert got["weight"].tolist() == [1, 3, 5]
    assert got["area_code"].tolist() == ["620102001", "620102002", "620105001"]
    assert meta["title_en"] == "residents aged 60 and over"
    code, _, err = quantu(*plain, "--controls", census(FULL), "--level", "county")
    assert code == 0, err
    assert layer(place)[0]["weight"].tolist() == [150, 450, 7]


def test_where_nothing_is_known_people_are_spread_evenly(quantu, place, census):
    table = census("代码,人口\n620102,1600\n620111,3\n")
    assert quantu("import", "demand", table, "--by", "even", "--level", "county", *DAY, "--workspace", place)[0] == 0
    got, meta = layer(place)
    assert by(got, "unit_2020") == {"620102": 1600, "620111": 3}
    assert got["synthetic"].all()
    assert set(got.loc[got["unit_2020"] == "620102", "weight"]) == {100.0}
    assert "均匀分布" in meta["method_zh"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--by", "buildings"], "--level"), (["--by", "magic", "--level", "county"], "no way to spread"),
        (["--by", "raster", "--level", "county"], "is not a raster"), (["--kind", "cats"], "known: residents"),
        (["--by", "even", "--level", "planet"], "no level of controls"),
        (["--by", "even", "--level", "county", "--controls", "x.csv"], "leave --controls out"),
        (["--by", "even", "--level", "county", "--controls-column", "车辆"], "--controls-column"),
        (["--by", "even", "--level", "county", "--controls-date", "2020"], "write it as 2022-02-01"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_named(quantu, place, census, args, said):
    code, _, err = quantu("import", "demand", census(FULL), *args, "--workspace", place)
    assert code == 1
    assert said in err


def test_without_areas_there_are_no_controls(quantu, tmp_path, census):
    EmbeddedStore.create(tmp_path / "bare", CITY)
    args = ["--by", "buildings", "--level", "county", "--workspace", tmp_path / "bare"]
    code, _, err = quantu("import", "demand", census(FULL), *args)
    assert code == 1
    assert "import areas first" in err.lower()


def test_the_areas_are_those_of_the_day_counted(quantu, place, census, tmp_path):
    # since 2022 the county 620105 holds the eastern half of 620102 too
    wide = gpd.GeoDataFrame(
        {"code": ["620102", "620105"], "name": ["甲", "乙"]},
        geometry=lonlat([box(0, 0, 500, 1000), box(500, 0, 1500, 1000)]).to_numpy(), crs="EPSG:4490",
    )  # fmt: skip
    wide.to_file(tmp_path / "w.gpkg")
    args = [
        "import",
        "areas",
        tmp_path / "w.gpkg",
        "--level",
        "county",
        "--valid-from",
        "2022-02-01",
        "--workspace",
        place,
    ]
    code, out, err = quantu(*args)
    assert code == 0, err
    assert "closed 2" in out
    table = census(FULL)
    plain = ["import", "demand", table, "--by", "buildings", "--level", "county", "--workspace", place]
    for day, third in (("2020-11-01", 300), ("2026-01-01", None)):
        assert quantu(*plain, "--controls-date", day)[0] == 0
        got = layer(place)[0].set_index("demand_id")["weight"]
        assert got.get("houses-h2") == third if third else got["houses-h2"] <= 7
        assert got.sum() == 607


def test_sums_by_county_are_the_controls_even_where_a_township_lies_elsewhere(quantu, place, census):
    store = open_runner(place).store
    areas = store.present("areas")
    odd = areas.assign(parent=areas["parent"].where(areas["code"] != "620102002", "620105"))
    store.put_draft("areas", odd, {})
    assert (
        quantu("import", "demand", census(FULL), "--by", "buildings", "--level", "county", *DAY, "--workspace", place)[
            0
        ]
        == 0
    )
    store = open_runner(place).store
    city = CityData(store, store.publish("odd"))
    got = city.frame("demand.residents")
    codes = city.codes_of("demand.residents")["county"]
    assert {code: got["weight"][codes == code].sum() for code in ("620102", "620105")} == {"620102": 600, "620105": 7}


def test_ten_thousands_are_persons_and_a_leap_is_told(quantu, place, census):
    args = ["--by", "buildings", "--level", "county", *DAY, "--workspace", place]
    code, out, err = quantu("import", "demand", census("代码,常住人口（万人）\n620102,0.06\n620105,0.0007\n"), *args)
    assert code == 0, err
    assert layer(place)[0]["weight"].sum() == 607
    assert "“万人”已换算成人" in out
    code, out, err = quantu("import", "demand", census("代码,人口\n620102,60\n620105,7\n"), *args)
    assert code == 0, err
    assert "The total of residents is 67; the one it replaces is 607." in " ".join(out.split())
    code, _, err = quantu("import", "demand", census("代码,人口（户）\n620102,60\n"), *args)
    assert code == 1
    assert "no number of persons" in " ".join(err.split())


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_census_table_without_a_way_to_spread_is_one_clear_fault(quantu, place, census, tmp_path, form):
    path = tmp_path / "人口2.xlsx"
    book = openpyxl.Workbook()
    for row in (["区划代码", "常住人口"], ["620102", 600], ["620105", 7]):
        book.active.append(row)
    book.save(path)
    code, _, err = quantu("import", "demand", path if form == "xlsx" else census(FULL), "--workspace", place)
    assert code == 1
    said = " ".join(err.split())
    assert said.count("表中没有坐标") == 1
    assert "add --by buildings or --by even" in said
    assert "Traceback" not in said


def test_a_sheet_of_points_has_its_position_in_columns(quantu, place, tmp_path):
    lon, lat = lonlat([shapely.Point(ORIGIN[0] + 100, ORIGIN[1] + 500)]).iloc[0].coords[0]
    book = openpyxl.Workbook()
    for row in (["编号", "经度", "纬度", "人数"], ["a", lon, lat, 12], ["b", lon, lat, 3]):
        book.active.append(row)
    book.save(tmp_path / "p.xlsx")
    args = ["--weight", "人数", "--crs", "EPSG:4490", "--workspace", place]
    code, _, err = quantu("import", "demand", tmp_path / "p.xlsx", *args)
    assert code == 0, err
    assert layer(place)[0]["weight"].tolist() == [12, 3]


def test_a_census_of_2020_asks_for_its_day(quantu, place, census):
    args = ["--by", "buildings", "--level", "county", "--workspace", place]
    code, out, err = quantu("import", "demand", census(FULL, "2020年人口.csv"), *args)
    assert code == 0, err
    assert "--controls-date 2020-11-01" in " ".join(out.split())
    code, out, err = quantu("import", "demand", census(FULL, "2020年人口.csv"), *args, *DAY)
    assert code == 0, err
    assert "--controls-date" not in out


def test_areas_of_chinese_headings_are_reported_in_km2(quantu, place, tmp_path):
    shapes = lonlat([box(0, 0, 1000, 1000), box(500, 0, 1500, 1000), box(2000, 0, 1000, 1000)]).to_numpy()
    source = gpd.GeoDataFrame(
        {"区划代码": list(COUNTIES), "名称": ["城关区", "安宁区", "红古区"]}, geometry=shapes, crs="EPSG:4490"
    )
    source.to_file(tmp_path / "X.shp", encoding="GBK")
    code, out, err = quantu("import", "areas", tmp_path / "X.shp", "--level", "county", "--workspace", place)
    assert code == 0, err
    assert "替换 replaced 2" in out or "替换 replaced 3" in out
    assert "重叠 overlap 0.5 km²" in out
    assert "_m2" not in out


@pytest.mark.real
def test_the_census_of_chengguan_on_the_mapped_core(quantu, tmp_path, real_dir):
    path = tmp_path / "ws"
    quantu("init", path, "--name", "兰州市")
    units = real_dir / "lanzhou-boundaries" / "census_units_2020.geojson"
    code, _, err = quantu("import", "areas", units, "--level", "unit_2020", "--name", "code", "--workspace", path)
    assert code == 0, err
    core = real_dir / "lanzhou-core"
    assert quantu("import", "context", core / "polygons.geojson", core / "pois.geojson", "--workspace", path)[0] == 0
    (tmp_path / "c.csv").write_text("区划代码,总人口,60岁及以上,0-3岁\n620102,1484016,240506,73768\n", encoding="utf-8")
    for kind, total in (("residents", 1_484_016), ("older", 240_506), ("children", 73_768)):
        args = ["--by", "buildings", "--level", "unit_2020", "--kind", kind, "--workspace", path]
        code, out, err = quantu("import", "demand", tmp_path / "c.csv", *args)
        assert code == 0, err
        assert "control area 2020:620102 is only partly covered by carriers" in out
        got, meta = layer(path, f"demand.{kind}")
        assert got["weight"].sum() == total
        assert (got["weight"] == got["weight"].round()).all()
        assert len(got) > 8_000
        assert meta["notice_kind"] == "partly_covered"
        json.dumps(dict(meta))


def test_demand_another_steward_has_drafted_is_a_conflict(quantu, place, census, monkeypatch):
    table = census(FULL)
    args = "import", "demand", table, "--by", "buildings", "--level", "county", *DAY, "--workspace", place
    monkeypatch.setenv("QUANTU_STEWARD", "乙")
    before = open_runner(place).store.draft_layers()
    code, _, err = quantu(*args)
    assert code == 1
    assert "demand.residents has been drafted by local (" in " ".join(err.split())
    assert open_runner(place).store.draft_layers() == before
    assert quantu(*args, "--overwrite")[0] == 0
    assert layer(place)[1]["unit"] == "persons"
    assert layer(place, "demand.dwellings")[1]["unit"] == "m2"
    # His own he may bring again, and what is published is nobody's.
    assert quantu(*args)[0] == 0
    open_runner(place).store.publish("agreed")
    monkeypatch.setenv("QUANTU_STEWARD", "甲")
    code, _, err = quantu("import", "demand", census(FULL.replace("600", "601")), *args[3:])
    assert code == 0, err
