"""Every format written and read back, by pyogrio, by Debian's GDAL, by openpyxl, by the json module."""

import csv
import datetime
import io
import json
import subprocess
import zipfile
from pathlib import Path
from shutil import which

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from data.frames import CRS_KEPT, STREETS, Column
from data.write.delivery import Delivery, Options, delivery
from data.write.formats import FORMATS, write
from data.write.text import write_document
from geo.errors import CRSMismatchError, InputError, MissingCRSError, ParameterError

COLUMNS = {
    "FAC_ID": Column("text", zh="设施编号", en="facility id"),
    "NAME": Column("text", required=False, zh="名称", en="name"),
    "XZQDM12": Column("text", required=False, zh="行政区划代码", en="12-digit area code"),
    "AREA_M2": Column("float", "m²", required=False, zh="面积", en="area"),
    "SEATS": Column("int", "个", required=False, zh="座位", en="seats"),
    "OPEN_DATE": Column("date", required=False, zh="启用日期", en="opened"),
    "SYNTHETIC": Column("bool", zh="合成", en="synthetic"),
}
PROVENANCE = {
    "edition": "1",
    "parameters": {"minutes": 15, "mode": "either"},
    "clause": {"text": "步行或骑行15分钟可达", "source": "国家体育总局"},
    "notices": [{"zh": "示例数据（合成）", "en": "sample data (synthetic)"}],
    "code_version": "0.1.0",
}
NAMES = ["兰州奥体中心", None, "黄河边“健身”步道, 一号", "=1+1"]
CODES = ["620102001000", "620105001001", None, "012345678901"]
AREAS = [12345.678, np.nan, 0.0, 0.1]
SEATS = [60000, None, 0, 99_999_999_999_999_999]
DATES = ["2021-12-31", None, "1999-01-01", "2026-11-22"]


def sample() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "FAC_ID": ["a", "b", "c", "d"],
            "NAME": pd.Series(NAMES, dtype="str"),
            "XZQDM12": pd.Series(CODES, dtype="str"),
            "AREA_M2": AREAS,
            "SEATS": pd.array(SEATS, dtype="Int64"),
            "OPEN_DATE": pd.to_datetime(pd.Series(DATES)).astype("datetime64[s]"),
            "SYNTHETIC": [False, True, False, True],
        },
        geometry=shapely.points([[103.8412345678, 36.05], [103.9, 36.1], [103.2, 36.3], [104.4, 35.7]]),
        crs=CRS_KEPT,
    )


@pytest.fixture
def given() -> Delivery:
    return delivery("facilities.sports", sample(), COLUMNS, PROVENANCE, title="体育场地")


def ogrinfo(path: str | Path) -> str:
    if which("ogrinfo") is None:
        pytest.skip("ogrinfo (Debian's gdal-bin) is absent")
    told = subprocess.run(["ogrinfo", "-al", str(path)], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    return told.stdout


def assert_same(read: pd.DataFrame, *, int_bool: bool = False) -> None:
    assert [None if pd.isna(v) else v for v in read["NAME"]] == NAMES
    assert [None if pd.isna(v) else v for v in read["XZQDM12"]] == CODES
    np.testing.assert_array_equal(read["AREA_M2"], AREAS)
    assert [None if pd.isna(v) else int(v) for v in read["SEATS"]] == SEATS
    dates = [None if pd.isna(v) else pd.Timestamp(v).date().isoformat() for v in read["OPEN_DATE"]]
    assert dates == DATES
    assert read["SYNTHETIC"].tolist() == ([0, 1, 0, 1] if int_bool else [False, True, False, True])


def table_of(read: pa.Table) -> pd.DataFrame:
    types = {pa.int64(): pd.Int64Dtype()}
    return read.to_pandas(types_mapper=types.get)


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4544", "EPSG:4523"])
def test_gpkg_comes_back(given: Delivery, tmp_path: Path, crs: str) -> None:
    path = tmp_path / "体育.gpkg"
    assert write(given, path, "gpkg", Options(crs=crs)) == (path,)
    meta, table = pyogrio.read_arrow(path, layer=given.name)
    assert table.schema.field("OPEN_DATE").type == pa.date32()
    assert_same(table_of(table))
    assert meta["crs"] == crs
    frame = pyogrio.read_dataframe(path, layer=given.name).to_crs(CRS_KEPT)
    assert shapely.equals_exact(frame.geometry.to_numpy(), sample().geometry.to_numpy(), 1e-9).all()
    info = pyogrio.read_info(path, layer=given.name)
    assert json.loads(info["dataset_metadata"]["provenance"]) == PROVENANCE
    facts = pyogrio.read_dataframe(path, layer="provenance").set_index("key")["value"]
    assert facts["edition"] == "1"
    assert json.loads(facts["clause"])["text"] == "步行或骑行15分钟可达"
    fields = pyogrio.read_dataframe(path, layer="fields").set_index("name")
    assert fields.loc["AREA_M2", ["title_zh", "unit"]].tolist() == ["面积", "m²"]
    told = ogrinfo(path)
    assert "兰州奥体中心" in told
    assert "OPEN_DATE (Date) = 2021/12/31" in told


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4544"])
def test_shapefile_comes_back(given: Delivery, tmp_path: Path, encoding: str, crs: str) -> None:
    path = tmp_path / "out.zip"
    write(given, path, "shp", Options(crs=crs, encoding=encoding))
    with zipfile.ZipFile(path) as bundle:
        names = set(bundle.namelist())
        stem = "facilities_sports"
        assert names == {f"{stem}.{end}" for end in ("shp", "shx", "dbf", "prj", "cpg")} | {"字段说明.xlsx"}
        assert bundle.read(f"{stem}.cpg").decode() == encoding.upper()
        assert "兰州奥体中心".encode(encoding) in bundle.read(f"{stem}.dbf")
        book = openpyxl.load_workbook(io.BytesIO(bundle.read("字段说明.xlsx")))
        bundle.extractall(tmp_path / "x")
    assert [row[0].value for row in book["字段说明"].iter_rows(min_row=2, max_row=8)] == list(COLUMNS)
    _, table = pyogrio.read_arrow(tmp_path / "x" / f"{stem}.shp")
    assert_same(table_of(table), int_bool=True)
    frame = pyogrio.read_dataframe(tmp_path / "x" / f"{stem}.shp")
    assert frame.crs == crs
    moved = frame.to_crs(CRS_KEPT).geometry.to_numpy()
    assert shapely.equals_exact(moved, sample().geometry.to_numpy(), 1e-9).all()
    told = ogrinfo(tmp_path / "x" / f"{stem}.shp")
    assert "NAME (String) = 兰州奥体中心" in told
    assert "SEATS (Integer64) = (null)" in told
    assert "SEATS (Integer64) = 0" in told


def test_every_gbk_character_survives(tmp_path: Path) -> None:
    kept = [chr(code) for code in range(0xA0, 0xFFFF) if not 0xD800 <= code < 0xE000]
    kept = [char for char in kept if char.encode("gbk", "ignore")]
    texts = ["".join(kept[at : at + 127]) for at in range(0, len(kept), 127)]
    frame = gpd.GeoDataFrame({"T": texts}, geometry=shapely.points(np.full((len(texts), 2), 36.0)), crs=CRS_KEPT)
    write(delivery("t", frame, {"T": Column("text")}, {}), tmp_path / "t.zip", "shp")
    read = pyogrio.read_dataframe(f"/vsizip/{tmp_path}/t.zip/t.shp")
    assert len(kept) > 20_000
    assert read["T"].tolist() == texts


def test_shapefile_faults_are_all_named(given: Delivery, tmp_path: Path) -> None:
    frame = sample().rename(columns={"XZQDM12": "行政区", "AREA_M2": "area_in_square_metres"})
    frame["name"] = ["汉" * 127, "汉" * 128, "村名䶮", "𠮷"]
    frame["SEATS"] = pd.array([10**17, None, -(10**17), 5], dtype="Int64")
    frame["AREA"] = [1e21, np.nan, 1e19, -1e300]
    columns = {str(key): COLUMNS.get(str(key), Column("text")) for key in frame.columns if key != "geometry"}
    columns["area_in_square_metres"] = Column("float", "m²")
    columns["行政区"] = Column("text")
    columns["AREA"] = Column("float", "m²")
    path = tmp_path / "bad.zip"
    with pytest.raises(InputError) as raised:
        write(delivery("bad", frame, columns, {}), path, "shp")
    found = {(fault.code, fault.row, fault.column) for fault in raised.value.faults}
    assert found == {
        ("field_name", None, "行政区"),
        ("field_name", None, "area_in_square_metres"),
        ("field_name", None, "name"),
        ("too_long", 1, "name"),
        ("encoding", 2, "name"),
        ("encoding", 3, "name"),
        ("too_large", 0, "AREA"),
        ("too_large", 3, "AREA"),
        ("too_large", 0, "SEATS"),
        ("too_large", 2, "SEATS"),
    }
    assert "䶮 (U+4DAE)" in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_rare_characters_pass_in_utf8(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"T": ["䶮𠮷㙟"]}, geometry=shapely.points([[103.8, 36]]), crs=CRS_KEPT)
    write(delivery("t", frame, {"T": Column("text")}, {}), tmp_path / "t.zip", "shp", Options(encoding="UTF-8"))
    assert pyogrio.read_dataframe(f"/vsizip/{tmp_path}/t.zip/t.shp")["T"].tolist() == ["䶮𠮷㙟"]


def test_a_shapefile_holds_one_kind_of_geometry(tmp_path: Path) -> None:
    square = shapely.box(103, 36, 103.1, 36.1)
    pair = shapely.MultiPolygon([square, shapely.box(104, 36, 104.1, 36.1)])
    frame = gpd.GeoDataFrame({"N": [1, 2]}, geometry=[square, pair], crs=CRS_KEPT)
    columns = {"N": Column("int")}
    for form, source in (("shp", "/vsizip/{}/t.shp"), ("gpkg", "{}")):
        path = tmp_path / f"t{FORMATS[form].suffix}"
        write(delivery("t", frame, columns, {}), path, form)
        read = pyogrio.read_dataframe(source.format(path), **({"layer": "t"} if form == "gpkg" else {}))
        assert shapely.area(read.geometry.to_numpy()) == pytest.approx(shapely.area(frame.geometry.to_numpy()))
    mixed = gpd.GeoDataFrame({"N": [1, 2]}, geometry=[square, shapely.Point(103, 36)], crs=CRS_KEPT)
    with pytest.raises(InputError, match="one kind of geometry"):
        write(delivery("t", mixed, columns, {}), tmp_path / "m.zip", "shp")
    write(delivery("t", mixed, columns, {}), tmp_path / "m.gpkg", "gpkg")
    assert len(pyogrio.read_dataframe(tmp_path / "m.gpkg", layer="t")) == 2


def test_streets_with_elevation_keep_it(tmp_path: Path) -> None:
    row = {key: {"int": 1, "text": "x", "bool": True, "float": 1.0}[c.kind] for key, c in STREETS.columns.items()}
    frame = gpd.GeoDataFrame([row], geometry=[shapely.LineString([(103, 36, 1520.5), (103.1, 36, 1530)])], crs=CRS_KEPT)
    made = delivery("streets", frame, STREETS, {}, title="路网")
    write(made, tmp_path / "s.gpkg", "gpkg")
    assert pyogrio.read_dataframe(tmp_path / "s.gpkg", layer="streets").geometry[0].has_z
    write(made, tmp_path / "s.geojson", "geojson")
    content = json.loads((tmp_path / "s.geojson").read_text("utf-8"))
    assert content["features"][0]["geometry"]["coordinates"][0] == [103.0, 36.0, 1520.5]
    with pytest.raises(InputError, match="maxspeed_kph is no shapefile field name"):
        write(made, tmp_path / "s.zip", "shp")


def test_geojson_follows_the_rfc(given: Delivery, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    write(given, path, "geojson", Options(decimals=4))
    content = json.loads(path.read_text("utf-8"))
    assert content["type"] == "FeatureCollection"
    assert "crs" not in content
    assert content["provenance"] == PROVENANCE
    assert content["columns"]["AREA_M2"]["unit"] == "m²"
    first, second = content["features"][:2]
    assert first["geometry"] == {"type": "Point", "coordinates": [103.8412, 36.05]}
    assert first["properties"] == {
        "FAC_ID": "a", "NAME": "兰州奥体中心", "XZQDM12": "620102001000", "AREA_M2": 12345.678,
        "SEATS": 60000, "OPEN_DATE": "2021-12-31", "SYNTHETIC": False,
    }  # fmt: skip
    assert second["properties"]["AREA_M2"] is None
    assert second["properties"]["NAME"] is None
    read = pyogrio.read_dataframe(path)
    assert read.crs == "EPSG:4326"
    assert read["NAME"].dropna().tolist() == [name for name in NAMES if name]


def test_geojson_rings_run_counterclockwise(tmp_path: Path) -> None:
    clockwise = shapely.Polygon([(103, 36), (103, 37), (104, 37), (104, 36)])
    frame = gpd.GeoDataFrame({"N": [1, 2]}, geometry=[clockwise, None], crs=CRS_KEPT)
    write(delivery("t", frame, {"N": Column("int")}, {}), tmp_path / "t.geojson", "geojson")
    first, second = json.loads((tmp_path / "t.geojson").read_text("utf-8"))["features"]
    assert shapely.geometry.shape(first["geometry"]).exterior.is_ccw
    assert second["geometry"] is None


def test_parquet_comes_back(given: Delivery, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(given, path, "parquet")
    frame = gpd.read_parquet(path)
    assert frame.crs == CRS_KEPT
    assert_same(frame)
    schema = pq.read_schema(path)
    assert json.loads(schema.metadata[b"quantu:provenance"]) == PROVENANCE
    assert json.loads(schema.field("AREA_M2").metadata[b"about"])["unit"] == "m²"
    assert schema.field("OPEN_DATE").type == pa.date32()
    assert shapely.equals(frame.geometry.to_numpy(), sample().geometry.to_numpy()).all()


def test_csv_has_a_bom_and_whole_codes(given: Delivery, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    paths = write(given, path, "csv", Options(decimals=4))
    assert [each.name for each in paths] == ["a.csv", "a.csv-metadata.json"]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0][3] == "AREA_M2 面积 [m²]"
    assert rows[1] == [
        "a", "兰州奥体中心", "620102001000", "12345.678", "60000", "2021-12-31", "false", "103.8412", "36.05",
    ]  # fmt: skip
    assert rows[2][1:6] == ["", "620105001001", "", "", ""]
    assert rows[3][1] == NAMES[2]
    assert rows[4][2] == "012345678901"
    assert json.loads(paths[1].read_text("utf-8"))["provenance"] == PROVENANCE


def test_csv_of_areas_has_wkt(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"N": [1]}, geometry=[shapely.box(103, 36, 103.5, 36.5)], crs=CRS_KEPT)
    write(delivery("t", frame, {"N": Column("int")}, {}), tmp_path / "t.csv", "csv")
    read = pd.read_csv(tmp_path / "t.csv")
    assert shapely.from_wkt(read["wkt"][0]).equals(frame.geometry[0])


def test_xlsx_is_a_ledger(given: Delivery, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write(given, path, "xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book["台账"]
    assert book.sheetnames == ["台账", "字段说明", "来源说明"]
    assert sheet["A1"].value == "体育场地"
    assert sheet["A2"].value == "示例数据（合成）"
    assert all(word in sheet["A3"].value for word in ("填报单位", "填表人", "审核人", "报出日期"))
    assert sheet.freeze_panes == "A5"
    assert sheet["D4"].value == "AREA_M2 面积 [m²]"
    assert (sheet["C5"].value, sheet["C5"].number_format, sheet["C5"].data_type) == ("620102001000", "@", "s")
    assert (sheet["B8"].value, sheet["B8"].data_type) == ("=1+1", "s")
    assert sheet["F5"].value == datetime.datetime(2021, 12, 31)
    assert [sheet[f"G{row}"].value for row in range(5, 9)] == ["否", "是", "否", "是"]
    assert sheet["D6"].value is None
    assert sheet["D7"].value == 0
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"是,否"', "G5:G8")
    facts = {row[0].value: row[1].value for row in book["来源说明"].iter_rows()}
    assert facts["版次"] == "1"


def test_xlsx_refuses_control_characters(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"T": ["ok", "a\x00b"]}, geometry=shapely.points([[1, 1], [2, 2]]), crs=CRS_KEPT)
    with pytest.raises(InputError, match="row 1, column T"):
        write(delivery("t", frame, {"T": Column("text")}, {}), tmp_path / "t.xlsx", "xlsx")


def test_json_tells_titles_and_rows(given: Delivery, tmp_path: Path) -> None:
    write(given, tmp_path / "a.json", "json", Options(decimals=3))
    content = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert content["rows"][0]["lon"] == 103.841
    assert content["rows"][1]["AREA_M2"] is None
    assert content["columns"][3] == {
        "name": "AREA_M2", "kind": "float", "unit": "m²", "required": False, "zh": "面积", "en": "area",
    }  # fmt: skip
    assert content["provenance"] == PROVENANCE


def test_a_document_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_document({"rate": float("nan")}, tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_empty_frame_can_be_delivered(tmp_path: Path, form: str) -> None:
    empty = delivery("empty", sample().iloc[:0], COLUMNS, PROVENANCE)
    path = tmp_path / f"e{FORMATS[form].suffix}"
    assert all(each.exists() for each in write(empty, path, form))


@pytest.mark.parametrize("form", list(FORMATS))
def test_nothing_half_written_is_left(
    given: Delivery, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure at the last moment leaves the older file and nothing beside it."""
    path = tmp_path / f"old{FORMATS[form].suffix}"
    path.write_text("the older file")

    def fail(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write(given, path, form)
    assert path.read_text() == "the older file"
    assert list(tmp_path.iterdir()) == [path]


def test_bad_deliveries_are_refused(tmp_path: Path) -> None:
    frame = sample()
    with pytest.raises(MissingCRSError):
        delivery("t", frame.set_crs(None, allow_override=True), COLUMNS, {})
    with pytest.raises(CRSMismatchError):
        delivery("t", frame.to_crs("EPSG:4544"), COLUMNS, {})
    with pytest.raises(ParameterError, match="no layer name"):
        delivery("体育", frame, COLUMNS, {})
    with pytest.raises(InputError) as raised:
        delivery("t", frame.drop(columns="NAME").assign(extra=1), COLUMNS, {})
    assert {(fault.code, fault.column) for fault in raised.value.faults} == {
        ("missing_column", "NAME"),
        ("no_unit", "extra"),
    }
    with pytest.raises(InputError, match="row 1, column AREA_M2: AREA_M2 is infinite"):
        delivery("t", frame.assign(AREA_M2=[1, np.inf, 2, 3]), COLUMNS, {})
    with pytest.raises(InputError, match="SEATS is not int"):
        delivery("t", frame.assign(SEATS=[1.5, 2, 3, 4]), COLUMNS, {})


@pytest.mark.parametrize("crs", ["EPSG:4214", "EPSG:4610", "EPSG:2334", "EPSG:1", "nonsense"])
def test_other_datums_are_refused(given: Delivery, tmp_path: Path, crs: str) -> None:
    with pytest.raises(ParameterError):
        write(given, tmp_path / "a.gpkg", "gpkg", Options(crs=crs))
    assert list(tmp_path.iterdir()) == []


def test_unknown_formats_encodings_and_folders_are_refused(given: Delivery, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no format"):
        write(given, tmp_path / "a.doc", "doc")
    with pytest.raises(ParameterError, match="no encoding"):
        write(given, tmp_path / "a.zip", "shp", Options(encoding="big5"))
    with pytest.raises(ParameterError, match="does not exist"):
        write(given, tmp_path / "absent" / "a.csv", "csv")
    with pytest.raises(ParameterError, match="is a folder"):
        write(given, tmp_path, "geojson")


def test_a_csv_that_fails_leaves_no_metadata(given: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ParameterError, match="is a folder"):
        write(given, tmp_path / "folder.csv", "csv")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]

    def fail(values: list[object]) -> list[object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.write.text._csv_cells", fail)
    with pytest.raises(OSError, match="No space left"):
        write(given, tmp_path / "t.csv", "csv")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_what_is_not_public_is_in_no_file(tmp_path: Path) -> None:
    columns = {"kind": Column("text"), "tag": Column("text", required=False), "public": Column("bool")}
    frame = gpd.GeoDataFrame(
        {"kind": ["green", "protected", "green", "water"], "tag": [None, None, "landuse=military", "natural=water"],
         "public": [False, False, True, True]},
        geometry=[shapely.box(103 + n, 36, 103.5 + n, 36.5) for n in range(4)],
        crs=CRS_KEPT,
    )  # fmt: skip
    (path,) = write(delivery("context", frame, columns, PROVENANCE), tmp_path / "c.geojson", "geojson")
    (feature,) = json.loads(path.read_text("utf-8"))["features"]
    assert feature["properties"]["kind"] == "water"
