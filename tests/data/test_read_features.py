"""Vector files of every form, in the shapes bureaus hand them in; and a short run over the damaged ones."""

import datetime
import resource
import shutil
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS
from shapely import LineString, MultiPoint, Point, Polygon

from data.read.features import read_features
from data.read.files import read_vector
from data.read.geometries import as_points, mended_areas
from data.read.guard import Limits, guarded, read_safely
from data.read.tables import read_table
from data.read.workbook_parts import inspect_workbook
from geo.errors import InputError, NotFoundError, ParameterError
from tests.damaged import corpus
from tests.data.greedy import crash, fail, len_of, refuse, take_memory, take_time
from tests.soak.test_damaged import trial

NAMES = ["兰州大学第一医院", "城关区广武门街道社区卫生服务中心", "榆中县人民医院"]


def frame(crs="EPSG:4490"):
    return gpd.GeoDataFrame(
        {
            "名称": NAMES,
            "代码": ["001", "620102001", None],
            "床位": pd.array([12, None, 2**53 + 1], dtype="Int64"),
            "面积": [1.5, np.nan, 3.0],
            "日期": [datetime.date(2020, 1, 2), None, datetime.date(2021, 3, 4)],
        },
        geometry=gpd.points_from_xy([103.8, 103.9, 104.1], [36.0, 36.1, 35.9]),
        crs=crs,
    )


def shp(folder: Path, name="医院.shp", encoding="GBK", given=None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    (frame() if given is None else given).to_file(path, encoding=encoding)
    return path


def said(raw) -> set[str]:
    return {fault.code for fault in raw.notices}


def check_values(raw, form):
    assert raw.form == form
    assert raw.headings == tuple(raw.cells.columns)
    assert raw.cells["名称"].tolist() == NAMES
    assert raw.cells["代码"].tolist() == ["001", "620102001", None]
    assert raw.rows.tolist() == [0, 1, 2]
    assert not raw.left_out
    assert [Point(p).coords[0] for p in raw.geometry] == [(103.8, 36.0), (103.9, 36.1), (104.1, 35.9)]


@pytest.mark.parametrize("name", ["医院.gpkg", "医院.fgb", "医院.parquet", "医院.geojson"])
def test_forms_give_the_same_cells(tmp_path, name):
    path = tmp_path / name
    index = {"SPATIAL_INDEX": "NO"} if name.endswith("fgb") else {}  # with one it sorts the rows
    frame().to_parquet(path) if name.endswith("parquet") else frame().to_file(
        path, layer_options=index, use_arrow=not name.endswith("json")
    )
    raw = read_features(path)
    check_values(raw, path.suffix[1:])
    assert raw.cells["床位"].tolist() == [12, None, 2**53 + 1]
    assert raw.cells["面积"].tolist() == [1.5, None, 3.0]
    day = datetime.datetime(2020, 1, 2) if raw.form == "fgb" else datetime.date(2020, 1, 2)  # it has no dates alone
    assert raw.cells["日期"].tolist()[:2] == [day, None]
    assert raw.crs == CRS("EPSG:4490")
    assert not raw.notices


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8", "GB18030"])
@pytest.mark.parametrize("cpg", ["kept", "gone", "wrong", "unknown"])
def test_shp_text_is_read_whatever_the_cpg_says(tmp_path, encoding, cpg):
    path = shp(tmp_path, encoding=encoding)
    beside = path.with_suffix(".cpg")
    if cpg == "gone":
        beside.unlink()
    elif cpg == "wrong":
        beside.write_text("GBK" if encoding == "UTF-8" else "UTF-8")
    elif cpg == "unknown":
        beside.write_text("SYSTEM")
    raw = read_features(path)
    check_values(raw, "shp")
    assert raw.encoding == ("utf-8" if encoding == "UTF-8" else "gb18030")
    assert ("encoding" in said(raw)) == (cpg == "wrong" or (encoding != "UTF-8" and cpg != "kept"))


def test_shp_language_driver_names_its_encoding_and_a_declared_one_decides(tmp_path):
    path = shp(tmp_path)
    path.with_suffix(".cpg").unlink()
    with path.with_suffix(".dbf").open("r+b") as handle:
        handle.seek(29)
        handle.write(b"\x4d")
    assert not read_features(path).notices
    check_values(read_features(path, encoding="gbk"), "shp")
    with pytest.raises(InputError, match="not in utf-8"):
        read_features(path, encoding="utf-8")
    with pytest.raises(ParameterError, match="klingon"):
        read_features(path, encoding="klingon")


def test_shp_whose_prj_is_no_text_is_one_fault(tmp_path):
    path = shp(tmp_path)
    prj = path.with_suffix(".prj")
    prj.write_bytes(prj.read_bytes()[:8] + b"\x80" + prj.read_bytes()[9:])
    with pytest.raises(InputError, match="CRS"):
        read_features(path)


def test_shp_text_in_no_known_encoding_is_an_error_never_mojibake(tmp_path):
    path = shp(
        tmp_path,
        encoding="ISO-8859-1",
        given=gpd.GeoDataFrame({"n": ["Café é è", "Düse"]}, geometry=[Point(1, 2)] * 2, crs="EPSG:4490"),
    )
    path.with_suffix(".cpg").unlink()
    with path.with_suffix(".dbf").open("r+b") as handle:
        handle.seek(29)
        handle.write(b"\0")
    with pytest.raises(InputError, match="--encoding"):
        read_features(path)
    assert read_features(path, encoding="latin-1").cells["n"].tolist() == ["Café é è", "Düse"]


def test_shp_text_cut_within_a_character_says_its_row(tmp_path):
    path = shp(tmp_path, encoding="UTF-8")
    dbf = path.with_suffix(".dbf")
    raw = dbf.read_bytes()
    whole = NAMES[0].encode()
    dbf.write_bytes(raw.replace(whole, whole[:-1] + b" ", 1))
    got = read_features(path)
    assert got.cells["名称"].iloc[0] == NAMES[0][:-1]
    assert [(fault.code, fault.row, fault.column) for fault in got.notices] == [("cut_text", 0, "名称")]


def test_shp_parts_in_any_case_without_shx_prj(tmp_path):
    path = shp(tmp_path)
    path.with_suffix(".shx").unlink()
    path.with_suffix(".prj").unlink()
    for part in list(tmp_path.iterdir()):
        part.rename(tmp_path / f"{part.stem}{part.suffix.upper() if part.suffix != '.dbf' else '.Dbf'}")
    before = sorted(tmp_path.iterdir())
    raw = read_features(tmp_path / "医院.SHP")
    check_values(raw, "shp")
    assert raw.crs is None
    assert said(raw) == {"no_shx"}
    assert sorted(tmp_path.iterdir()) == before


def test_shp_without_dbf_or_with_fewer_rows_is_refused(tmp_path):
    path = shp(tmp_path / "a")
    path.with_suffix(".dbf").unlink()
    with pytest.raises(InputError, match=r"\.dbf"):
        read_features(path)
    path = shp(tmp_path / "b")
    with path.with_suffix(".dbf").open("r+b") as handle:
        handle.seek(4)
        handle.write(struct.pack("<I", 2))
    with pytest.raises(InputError, match=r"3 features.*2 rows"):
        read_features(path)


def zipped(folder: Path, target: Path, *, inside="", codec="utf-8") -> Path:
    names = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for number, part in enumerate(sorted(folder.iterdir())):
            name = inside + part.name
            if codec == "gbk":  # as Windows writes names: the code page's bytes, without saying so
                name = f"{number}".ljust(len(name.encode("gbk")), "@")
                names[name.encode()] = (inside + part.name).encode("gbk")
            bundle.writestr(name, part.read_bytes())
    raw = target.read_bytes()
    for placeholder, name in names.items():
        raw = raw.replace(placeholder, name)
    target.write_bytes(raw)
    return target


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
@pytest.mark.parametrize("inside", ["", "成果/矢量/", "成果\\矢量\\"])
def test_zipped_shp(tmp_path, codec, inside):
    shp(tmp_path / "x")
    path = zipped(tmp_path / "x", tmp_path / "成果.zip", inside=inside, codec=codec)
    raw = read_features(path)
    check_values(raw, "shp")
    assert (raw.file, raw.sheet) == ("成果.zip", "医院")


def test_zip_of_several_layers_names_them(tmp_path):
    shp(tmp_path / "x")
    shp(tmp_path / "x", name="诊所.shp", given=frame().iloc[:1])
    path = zipped(tmp_path / "x", tmp_path / "z.zip")
    with pytest.raises(InputError, match="医院、诊所"):
        read_features(path)
    assert len(read_features(path, layer="诊所").rows) == 1
    with pytest.raises(NotFoundError, match="医院、诊所"):
        read_features(path, layer="药店")


def test_gpkg_of_several_layers_names_them(tmp_path):
    path = tmp_path / "a.gpkg"
    frame().to_file(path, layer="医院")
    frame().iloc[:2].to_file(path, layer="诊所")
    with pytest.raises(InputError, match="医院、诊所"):
        read_features(path)
    assert len(read_features(path, layer="诊所").rows) == 2
    with pytest.raises(NotFoundError, match="医院、诊所"):
        read_features(path, layer="药店")


def test_a_view_of_a_gpkg_is_not_run(tmp_path):
    import sqlite3
    from contextlib import closing

    path = tmp_path / "a.gpkg"
    frame().to_file(path, layer="a")
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c")
        opened.execute("INSERT INTO gpkg_contents (table_name, data_type) VALUES ('v', 'attributes')")
    with pytest.raises(InputError, match="view"):
        read_features(path, layer="v")
    assert len(read_features(path, layer="a").rows) == 3


def test_geojson_states_a_crs_only_by_its_member(tmp_path):
    frame("EPSG:4544").to_file(tmp_path / "a.geojson")
    assert read_features(tmp_path / "a.geojson").crs == CRS("EPSG:4544")
    text = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"n":"兰州市城关区"},"geometry":null}]}'
    )
    (tmp_path / "b.geojson").write_text(text)
    raw = read_features(tmp_path / "b.geojson")
    assert raw.crs is None
    assert raw.geometry is None  # no feature has one: a table
    (tmp_path / "c.geojson").write_bytes(text.encode("gbk"))
    raw = read_features(tmp_path / "c.geojson")
    assert raw.cells["n"].tolist() == ["兰州市城关区"]
    assert said(raw) == {"encoding"}


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>设施</name>
<Folder><name>医院</name><Placemark><name>甲</name><description><![CDATA[<b>三级</b>]]></description>
<ExtendedData><Data name="电话"><value>0931</value></Data>
<SchemaData><SimpleData name="床位">12</SimpleData></SchemaData></ExtendedData>
<Point><coordinates>103.8,36.0,1500</coordinates></Point></Placemark>
<Folder><name>县级</name><Placemark><name>乙</name>
<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 4,0 4,4 0,0</coordinates></LinearRing></outerBoundaryIs></Polygon>
</Placemark></Folder></Folder>
<Placemark><name>丙</name></Placemark><Placemark><name>丁</name><Point><coordinates>东,北</coordinates></Point></Placemark>
</Document></kml>"""


@pytest.mark.parametrize("form", ["kml", "kmz", "bare"])
def test_kml(tmp_path, form):
    path = tmp_path / ("a.kmz" if form == "kmz" else "a.kml")
    text = KML.replace(' xmlns="http://www.opengis.net/kml/2.2"', "") if form == "bare" else KML
    if form == "kmz":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("doc.kml", text)
            bundle.writestr("files/icon.png", b"x")
    else:
        path.write_text(text)
    raw = read_features(path)
    assert raw.headings == ("name", "description", "电话", "床位", "folder")
    assert raw.cells["name"].tolist() == ["甲", "乙", "丙", "丁"]
    assert raw.cells["folder"].tolist() == ["医院", "医院/县级", None, None]
    assert raw.cells.iloc[0].tolist()[1:4] == ["<b>三级</b>", "0931", "12"]
    assert raw.geometry[0] == Point(103.8, 36)
    assert raw.geometry[1].geom_type == "Polygon"
    assert raw.geometry[2:].tolist() == [None, None]
    assert raw.crs == CRS("EPSG:4326")
    assert [(fault.code, fault.row) for fault in raw.notices] == [("no_position", 3)]
    assert len(read_features(path, layer="县级").rows) == 1
    with pytest.raises(InputError, match="医院/县级"):
        read_features(path, layer="药店")


def dxf(*entities: str) -> str:
    head = [
        "0",
        "SECTION",
        "2",
        "HEADER",
        "9",
        "$ACADVER",
        "1",
        "AC1015",
        "9",
        "$DWGCODEPAGE",
        "3",
        "ANSI_936",
        "0",
        "ENDSEC",
    ]
    block = [
        "0",
        "SECTION",
        "2",
        "BLOCKS",
        "0",
        "BLOCK",
        "8",
        "0",
        "2",
        "HOSP",
        "70",
        "2",
        "10",
        "0",
        "20",
        "0",
        "30",
        "0",
    ]
    block += ["0", "CIRCLE", "8", "0", "10", "0", "20", "0", "40", "1", "0", "ENDBLK", "8", "0", "0", "ENDSEC"]
    return "\r\n".join([*head, *block, "0", "SECTION", "2", "ENTITIES", *entities, "0", "ENDSEC", "0", "EOF", ""])


POINT = ("0", "POINT", "8", "医院", "10", "500000.5", "20", "4000000.5", "30", "3.0")
INSERT = (
    "0", "INSERT", "8", "卫生院", "66", "1", "2", "HOSP", "10", "500001", "20", "4000001", "30", "0",
    "0", "ATTRIB", "8", "0", "10", "1", "20", "1", "40", "1", "1", "城关\\U+8BCA\\U+6240", "2", "名称", "70", "0",
    "0", "ATTRIB", "8", "0", "10", "1", "20", "1", "40", "1", "1", "001", "2", "编号", "70", "0",
    "0", "SEQEND", "8", "0",
)  # fmt: skip
TEXT = ("0", "TEXT", "8", "注记", "10", "500002", "20", "4000002", "30", "0", "40", "2.5", "1", "兰州市")
LINE = ("0", "LINE", "8", "路", "10", "0", "20", "0", "11", "1", "21", "1")


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_dxf_points_and_blocks(tmp_path, codec):
    path = tmp_path / "a.dxf"
    path.write_bytes(dxf(*POINT, *INSERT, *TEXT, *LINE).encode(codec))
    raw = read_features(path)
    assert raw.cells.to_dict("list") == {
        "图层": ["医院", "卫生院"], "块名": [None, "HOSP"], "名称": [None, "城关诊所"], "编号": [None, "001"],
    }  # fmt: skip
    assert [(one.row, one.text, one.why) for one in raw.left_out] == [(2, "兰州市", "text"), (3, "路", "shape")]
    assert shapely.get_coordinates(raw.geometry).tolist() == [[500000.5, 4000000.5], [500001, 4000001]]
    assert raw.crs is None
    assert len(read_features(path, every=True).rows) == 4
    path.write_bytes(dxf(*TEXT, *LINE).encode(codec))
    assert read_features(path).cells["文字"].tolist() == ["兰州市"]


def test_mapinfo(tmp_path):
    given = frame("EPSG:4326")[["名称", "geometry"]].rename(columns={"名称": "mc"})
    given.to_file(tmp_path / "a.tab", driver="MapInfo File", layer_options={"ENCODING": "CP936"})
    assert read_features(tmp_path / "a.tab").cells["mc"].tolist() == NAMES
    with pytest.raises(InputError, match="character set"):
        read_features(tmp_path / "a.tab", encoding="gbk")


def test_streets_and_areas_come_from_these_forms_too(tmp_path):
    shp(tmp_path / "x")
    found = read_vector(zipped(tmp_path / "x", tmp_path / "z.zip"), crs=None)
    assert (found.crs, found["名称"].tolist()) == ("EPSG:4490", NAMES)
    (tmp_path / "a.kml").write_text(
        KML.replace("<Placemark><name>丁</name><Point><coordinates>东,北</coordinates></Point></Placemark>", "")
    )
    assert read_vector(tmp_path / "a.kml", crs=None).geom_type.tolist()[:2] == ["Point", "Polygon"]
    (tmp_path / "b.kml").write_text(KML)
    with pytest.raises(InputError, match="row 3"):
        read_vector(tmp_path / "b.kml", crs=None)
    (tmp_path / "a.dxf").write_bytes(dxf(*POINT, *LINE).encode("gbk"))
    found = read_vector(tmp_path / "a.dxf", crs="EPSG:4544")
    assert found.geom_type.tolist() == ["Point", "LineString"]
    assert found["图层"].tolist() == ["医院", "路"]
    frame().to_file(tmp_path / "a.fgb")
    assert set(read_vector(tmp_path / "a.fgb", crs=None)["名称"]) == set(NAMES)


def test_plain_parquet_has_no_geometry(tmp_path):
    pd.DataFrame({"lon": [1.0], "名": ["甲"], "n": [2**62]}).to_parquet(tmp_path / "a.parquet")
    raw = read_features(tmp_path / "a.parquet")
    assert raw.geometry is None
    assert raw.cells.iloc[0].tolist() == [1.0, "甲", 2**62]


def test_as_points():
    crossing = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    shapes = np.array(
        [Point(1, 2, 3), MultiPoint([(1, 2)]), MultiPoint([(1, 2), (3, 4)]), None, Point(), Point(np.nan, 2),
         Polygon([(0, 0), (4, 0), (4, 4)]), crossing, LineString([(0, 0), (2, 0)]), Point(np.inf, 1)],
        dtype=object,
    )  # fmt: skip
    rows = np.arange(10, 20)
    points, faults = as_points(shapes, rows, file="a")
    assert [None if p is None else p.geom_type for p in points] == [
        "Point", "Point", None, None, None, None, "Point", "Point", "Point", None,
    ]  # fmt: skip
    assert not shapely.has_z(points[0])
    assert shapes[6].contains(points[6])
    assert sorted((fault.code, fault.row, fault.severity) for fault in faults) == [
        ("mended_area", 17, "warning"),
        ("no_position", 15, "error"),
        ("no_position", 19, "error"),
        ("several_points", 12, "error"),
        ("shape_for_point", 16, "notice"),
        ("shape_for_point", 17, "notice"),
        ("shape_for_point", 18, "notice"),
    ]


def test_mended_areas():
    crossing = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    flat = Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    ring = Polygon(np.random.default_rng(0).random((300_001, 2)))
    shapes = np.array([crossing, flat, ring, Point(1, 1), None, Polygon([(0, 0), (1, 0), (1, 1)])], dtype=object)
    out, faults = mended_areas(shapes, np.arange(6), file="a")
    assert out[0].is_valid
    assert out[0].area == pytest.approx(2.0)
    assert out[1] is None
    assert out[2] is None
    assert out[3:].tolist() == shapes[3:].tolist()
    assert sorted((fault.row, fault.severity) for fault in faults) == [(0, "warning"), (1, "error"), (2, "error")]


@pytest.mark.parametrize(
    "name", ["../a.shp", "/a.shp", "C:\\a.shp", "x/../../a.shp", "\\\\host\\share\\a.shp"]
)  # fmt: skip
def test_paths_that_leave_the_zip_are_refused(tmp_path, name):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(name, b"x")
    with pytest.raises(InputError, match="outside itself"):
        read_features(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_links_and_bombs_in_a_zip_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        link = zipfile.ZipInfo("a.shp")
        link.external_attr = 0o120777 << 16
        bundle.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="link"):
        read_features(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a.geojson", b"[" + b" " * 50_000_000 + b"]")
    with pytest.raises(InputError, match="200 times"):
        read_features(path)


def test_a_workbook_is_looked_through_once(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["名称"])
    book.save(tmp_path / "a.xlsx")
    assert inspect_workbook(tmp_path / "a.xlsx").notices == ()
    wide = openpyxl.Workbook()
    wide.active.append(list(range(5000)))
    wide.save(tmp_path / "w.xlsx")
    assert inspect_workbook(tmp_path / "w.xlsx").sheets["Sheet"].last_column == 5000
    with pytest.raises(InputError, match="column 5000"):
        read_table(tmp_path / "w.xlsx")
    shutil.copy(tmp_path / "a.xlsx", tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx", "a") as bundle:
        bundle.writestr("xl/vbaProject.bin", b"x")
    assert "macros" in inspect_workbook(tmp_path / "x.xlsx").notices[0].message
    with zipfile.ZipFile(tmp_path / "x.xlsx", "a") as bundle:
        bundle.writestr("xl/worksheets/sheet9.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(InputError, match="document type"):
        inspect_workbook(tmp_path / "x.xlsx")


def test_reading_a_small_workbook_costs_little(tmp_path):
    path = tmp_path / "a.xlsx"
    pd.DataFrame({"名称": NAMES, "经度": [103.8, 103.9, 104.1]}).to_excel(path, index=False)
    before = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert read_safely(path).cells["名称"].tolist() == NAMES
    after = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert after - before < 1.5


def test_features_without_any_geometry_are_a_table(tmp_path):
    given = frame().assign(经度=[103.8, 103.9, 104.1], geometry=None)
    gpd.GeoDataFrame(given, geometry="geometry", crs="EPSG:4490").to_file(tmp_path / "a.gpkg")
    raw = read_features(tmp_path / "a.gpkg")
    assert raw.geometry is None
    assert raw.crs is None
    assert raw.cells["经度"].tolist() == [103.8, 103.9, 104.1]


HARMFUL = {
    "csv_utf8.csv:csv:cut50", "csv_gbk.csv:csv:flip10", "csv_tabs.txt:txt:zeros", "csv_utf16.csv:csv:drop", "nul__a.csv",
    "nul_within__a.csv", "nan__a.csv", "huge_integers__a.csv", "formulas__a.csv", "columns_1000__a.csv", "big5__a.csv",
    "columns_200000__a.csv", "columns_late__a.csv", "quote_open__a.csv", "text_10mb__a.csv", "latin__a.csv",
    "mixed__a.csv", "surrogates__a.csv", "pdf__a.csv", "png__a.xlsx", "rar__a.zip", "csv__a.shp", "ole__a.xlsx",
    "not_a_file_folder", "not_a_file_fifo", "not_a_file_device", "not_a_file_link_nowhere", "not_a_file_absent",
    "not_a_file_sparse", "not_a_file_name_nul", "empty__a.gpkg", "book.xlsx:xlsx:cut50", "xxe__a.xlsx", "laughs__a.xlsx",
    "laughs__a.kml", "deep__a.geojson", "zip_path_0__a.zip", "zip_bomb_lying__a.zip", "gpkg_no_contents",
    "gpkg_geometry_noise", "shp_dbf_counts_more", "shp_nan", "lay.shp:dbf:cut50", "lay.fgb:fgb:flip200",
    "geo.parquet:parquet:noise", "cad.dxf:dxf:cut95", "parquet_metadata_deep", "self_crossing__a.geojson",
}  # fmt: skip
"""Of the corpus that ``make soak`` reads whole, those of every kind."""


def test_damaged_files_do_no_harm(tmp_path, caplog):
    bad, files = trial(corpus(tmp_path, HARMFUL), tmp_path, caplog)
    assert files == len(HARMFUL) >= 40
    assert not bad, "\n".join(bad)


def test_a_reader_that_takes_too_much_is_one_fault(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    for read, code in ((take_memory, "too_large"), (take_time, "too_slow"), (crash, "crash"), (fail, "reader_failed")):
        with pytest.raises(InputError) as caught:
            guarded(read, path, limits=Limits(memory_bytes=500_000_000, seconds=5 if read is take_time else 60))
        assert [fault.code for fault in caught.value.faults] == [code]
    with pytest.raises(ParameterError, match="no such"):
        guarded(refuse, path)
    assert guarded(len_of, path) == 1
