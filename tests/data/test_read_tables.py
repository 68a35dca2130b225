"""Spreadsheets and text tables: every line accounted for, encodings decided, limits kept, the messy corpus read."""

import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.read.encodings import decide_encoding, decode_texts
from data.read.headings import known_headings, match_headings
from data.read.positions import read_positions
from data.read.tables import read_table
from data.read.values import typed
from geo.errors import InputError, ParameterError
from layers.facilities.catalogue import FACILITY_LAYERS
from tests.messy import DATUMS, FOLDER, MESSY, Messy, real_shops, text

BOUNDS = (102.5, 35.5, 104.7, 37.1)


def spec_of(layer: str):
    return next(found.spec for found in FACILITY_LAYERS.items if found.id == layer)


def codes(error: pytest.ExceptionInfo[InputError]) -> set[str]:
    return {fault.code for fault in error.value.faults}


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(folder: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    path = folder / "a.xlsx"
    book.save(path)
    return path


def test_there_are_thirty_messy_files_of_every_layer() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {messy.name for messy in MESSY}
    assert len(MESSY) >= 30
    assert {messy.layer for messy in MESSY} == {layer.id for layer in FACILITY_LAYERS.items}


@pytest.mark.parametrize("messy", MESSY, ids=lambda messy: messy.name)
def test_messy_file(messy: Messy) -> None:
    spec = spec_of(messy.layer)
    raw = read_table(FOLDER / messy.name, known=known_headings(spec))
    matching = match_headings(raw, spec, declared={})
    values = typed(raw, matching, spec)
    positions = read_positions(raw, matching, bounds=BOUNDS)
    said = [*raw.notices, *matching.faults, *values.faults, *positions.faults]
    assert len(raw.rows) == messy.rows
    assert len(raw.left_out) == messy.left_out, raw.left_out
    assert set(matching.fields) == set(messy.fields), (matching.fields, matching.unmatched)
    assert int((values.bad | positions.bad).sum()) == messy.bad, [str(f) for f in said if f.severity == "error"]
    assert set(messy.codes) <= {fault.code for fault in said}
    assert int(positions.swapped.sum()) == messy.swapped
    if messy.encoding is not None:
        assert raw.encoding == messy.encoding
    if messy.sheet is not None:
        assert raw.sheet == messy.sheet
    placed = positions.form != "none"
    assert placed.any() == (messy.datum != "none")
    if messy.datum == "wgs84":
        west, south, east, north = BOUNDS
        assert ((positions.xy[placed] > (west, south)) & (positions.xy[placed] < (east, north))).all()
    assert (positions.form[placed] == "projected").all() == messy.datum.startswith("EPSG") or not placed.any()


def test_values_of_the_messy_files() -> None:
    def frame(name: str):
        messy = next(m for m in MESSY if m.name == name)
        spec = spec_of(messy.layer)
        raw = read_table(FOLDER / name, known=known_headings(spec))
        return typed(raw, match_headings(raw, spec), spec).frame

    assert frame("养老机构_合并表头.xlsx")["XZQMC"].tolist() == ["城关区"] * 5 + ["安宁区"] * 3
    assert frame("助餐点_GBK.csv")["BEDS"].dropna().tolist() == [30, 30, 1200, 30, 30]
    assert set(frame("A级景区_度分秒_BOM.csv")["GRADE"]) == {"4A"}
    assert np.allclose(frame("物流园区_单位行.xlsx")["AREA_KM2"], [x / 1500 for x in range(300, 304)])
    assert set(frame("物流园区_单位行.xlsx")["CAP_T"]) == {12000.0}
    assert set(frame("冷库_GB18030.csv")["DONE_YEAR"]) == {2021}
    assert frame("卫生院_代码.xlsx")["XZQDM12"].dropna().tolist() == ["620121100", "620122101", "620123100201"]
    assert set(frame("新建社区_栏号行.xlsx")["PERSONS"]) == {3200}
    assert set(frame("新建社区_栏号行.xlsx")["SPT_OUT_M2"]) == {300.0}
    assert set(frame("步行街_公里.xls")["LEN_M"]) == {1200.0}
    days = frame("会展场馆_日期.csv")["OPEN_DATE"]
    assert {str(day.date()) for day in days.dropna()} == {"2024-05-01"}
    assert frame("企业_注入文本.csv")["NAME"].tolist() == ["=HYPERLINK(0)", "@SUM(1)", "+甲公司"]


@pytest.mark.real
@pytest.mark.parametrize("datum", DATUMS)
def test_real_shops_in_every_datum(datum: str, real_dir: Path, tmp_path: Path) -> None:
    n = real_shops(real_dir, tmp_path / "shops.csv", datum=datum)
    spec = spec_of("commerce")
    raw = read_table(tmp_path / "shops.csv", known=known_headings(spec))
    positions = read_positions(raw, match_headings(raw, spec))
    assert n >= 100
    assert len(raw.rows) == n
    assert set(positions.form) == {"projected" if datum.startswith("EPSG") else "lonlat"}
    assert not positions.faults


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]
)
def test_encoding_is_decided(encoding: str, tmp_path: Path) -> None:
    letters = "名称,地址\n兰州市养老院,城关区酒泉路12号\n" + ("䶮𠮷" if encoding == "gb18030" else "")
    path = write(tmp_path, "a.csv", letters.encode(encoding))
    assert decide_encoding(path).encoding == encoding
    assert read_table(path).headings == ("名称", "地址")


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        ("名称,地址\n甲,乙\n".encode() + b"\xe5\x85", 3, "0xE5"),
        ("名称,地址\n甲,乙".encode().replace("乙".encode(), b"\xff"), 2, "0xFF"),
        ("名稱,地址\n醫院,臺灣\n".encode("big5"), 1, "0xA6"),
        (("名称,地址\n" + "兰州市,城关区\n" * 40).encode("gbk") + b"\xc0", 42, "0xC0"),
        ("a,é\n1,2\n".encode("latin-1"), 1, "0xE9"),
    ],
)
def test_no_encoding_fits(content: bytes, line: int, byte: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, "a.csv", content))
    (fault,) = error.value.faults
    assert (fault.code, fault.row, fault.value) == ("encoding", line, byte)


def test_declared_encoding_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "名稱,地址\n醫院,臺灣\n".encode("big5"))
    assert read_table(path, encoding="big5").headings == ("名稱", "地址")
    with pytest.raises(InputError):
        read_table(path, encoding="utf-8")
    for none in ("klingon", "base64", "idna", "undefined"):
        with pytest.raises(ParameterError, match="no encoding"):
            read_table(path, encoding=none)
    plain = write(tmp_path, "b.csv", "名称,地址\n甲,乙\n".encode("utf-8-sig"))
    assert read_table(plain, encoding="utf-8").headings == ("名称", "地址")
    with pytest.raises(InputError) as error:
        read_table(plain, encoding="utf-16")
    assert codes(error) == {"encoding"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("cut", [1, 3])
def test_wide_text_that_is_cut_is_a_fault(encoding: str, cut: int, tmp_path: Path) -> None:
    content = ("名称,地址\n" + "兰州市养老院,酒泉路12号\n" * 40).encode(encoding)[:-cut]
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, "a.csv", content))
    (fault,) = error.value.faults
    assert (fault.code, fault.row) == ("encoding", 41)


@pytest.mark.parametrize(
    ("raw", "encoding", "unsure"),
    [
        ("name,lon\n医院,1\n".encode("gbk"), "gbk", True),  # valid UTF-8 too: ҽԺ
        ("name,lon\n医院门口,1\n".encode("gbk"), "gbk", False),
        ("name,lon\n医院,1\n".encode(), "utf-8", False),
        ("name,lon\nҽԺ,1\n".encode(), "gbk", True),
        ("name,lon\nCafé,1\n".encode(), "utf-8", True),  # reads Caf茅 in GBK
        ("name,lon\nA,103°50′\n".encode(), "utf-8", False),
        ("name,lon\nПриветливая больница,1\n".encode(), "utf-8", True),
        ("name,lon\nབོད་ལྗོངས།,1\n".encode(), "utf-8", False),
    ],
)
def test_text_that_two_encodings_fit(raw: bytes, encoding: str, unsure: bool, tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", raw)
    table = read_table(path)
    assert table.encoding == encoding
    assert ({fault.code for fault in table.notices} == {"encoding_unsure"}) == unsure
    assert "encoding_unsure" not in {fault.code for fault in read_table(path, encoding=encoding).notices}


def test_one_decision_for_tables_and_values(tmp_path: Path) -> None:
    for text_of in ("医院", "兰州市", "Café", "嘉峪关", "103°"):
        for codec in ("utf-8", "gbk"):
            if codec == "gbk" and not text_of.isascii() and text_of in {"Café"}:
                continue
            raw = text_of.encode(codec)
            of_file = decide_encoding(write(tmp_path, "a.csv", raw)).encoding
            of_value = decode_texts([raw], declared=None, stated=None, file="a").encoding
            assert {of_file, of_value} in ({"utf-8"}, {"gbk", "gb18030"}), (text_of, codec)


def test_a_cell_without_end_names_its_row(tmp_path: Path) -> None:
    lines = "名称,地址\n甲,乙\n" + '丙,"' + "字" * 1_100_000 + '"\n'
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, "a.csv", lines))
    assert [(fault.code, fault.row) for fault in error.value.faults] == [("endless_cell", 3)]
    long = "名称,地址\n甲,乙\n" + '丙,"' + "字" * 200_000 + '"\n'
    assert len(read_table(write(tmp_path, "b.csv", long)).cells["地址"].iloc[1]) == 200_000


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "empty_file"),
        ("a.csv", b" \n\n", "empty_file"),
        ("a.csv", b"a,b\n\x01\x02,2\n", "not_text"),
        ("a.csv", b'a,b\n1,"2\n3,4\n', "unclosed_quote"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "not_a_table"),
        ("a.xlsx", b"PK\x03\x04 cut short", "unreadable"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unreadable"),
        ("a.csv", b"1,2\n3,4\n", "no_headings"),
        ("a.csv", ",".join(f"c{i}" for i in range(1000)).encode() + b"\n", "too_wide"),
    ],
)
def test_damaged(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_table(write(tmp_path, name, content))
    assert codes(error) == {code}


def with_part(path: Path, part: str, change) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            target.writestr(info.filename, change(content) if info.filename == part else content)
    path.write_bytes(out.getvalue())
    return path


def test_workbook_limits(tmp_path: Path) -> None:
    far = openpyxl.Workbook()
    far.active["A1"], far.active["XFD1048576"] = "名称", 1
    far.save(tmp_path / "far.xlsx")
    path = workbook(tmp_path, a=[["名称", "地址"], ["甲", "乙"]])
    part = "xl/worksheets/sheet1.xml"
    bomb = with_part(path, part, lambda content: content.replace(b"</sheetData>", b" " * 60_000_000 + b"</sheetData>"))
    for file, code in ((tmp_path / "far.xlsx", "too_large"), (bomb, "unsafe_zip")):
        with pytest.raises(InputError) as error:
            read_table(file)
        assert codes(error) == {code}
    entity = workbook(tmp_path, a=[["名称", "地址"], ["甲", "乙"]])
    with_part(entity, part, lambda content: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + content)
    with pytest.raises(InputError) as error:
        read_table(entity)
    assert codes(error) == {"unsafe_xml"}


def test_sheets_are_chosen_not_guessed(tmp_path: Path) -> None:
    lines: list[list[object]] = [["名称", "地址"], ["甲", "乙"]]
    path = workbook(tmp_path, 一=lines, 二=lines)
    with pytest.raises(InputError) as error:
        read_table(path)
    assert codes(error) == {"which_sheet"}
    assert "一, 二" in str(error.value)
    assert read_table(path, sheet="二").sheet == "二"
    with pytest.raises(InputError) as error:
        read_table(path, sheet="三")
    assert codes(error) == {"no_sheet"}


def test_hidden_rows_and_sheets_are_reported(tmp_path: Path) -> None:
    path = workbook(tmp_path, 表=[["名称", "地址"], ["甲", "乙"], ["丙", "丁"]], 密=[["名称", "地址"], ["戊", "己"]])
    book = openpyxl.load_workbook(path)
    book["密"].sheet_state = "hidden"
    book["表"].row_dimensions[3].hidden = True
    book.save(path)
    raw = read_table(path)
    assert raw.rows.tolist() == [2, 3]
    assert {fault.code for fault in raw.notices} == {"hidden_rows", "hidden_sheets"}


def test_error_cells_are_faults_with_their_place(tmp_path: Path) -> None:
    raw = read_table(workbook(tmp_path, a=[["名称", "数"], ["甲", "=1+1"], ["乙", "#N/A"], ["丙", 3]]))
    assert [(f.code, f.row, f.column) for f in raw.notices] == [("no_value", 2, "数"), ("formula_error", 3, "数")]


def test_lines_keep_their_numbers_across_newlines_in_cells(tmp_path: Path) -> None:
    raw = read_table(write(tmp_path, "a.csv", '名称,地址\n甲,"一\n二"\n\n乙,三\n'))
    assert raw.rows.tolist() == [2, 5]
    assert [(left.row, left.why) for left in raw.left_out] == [(4, "blank")]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=1, max_size=5), max_size=12),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], mark: str, encoding: str
) -> None:
    # Cells full of another delimiter are that delimiter's table, as far as anyone can tell.
    others = str.maketrans(dict.fromkeys({",", "\t", ";", "|"} - {mark}))
    lines = [[cell.translate(others) for cell in line] for line in lines]
    head = ["名称", "地址", "经度", "纬度"]
    path = write(tmp_path_factory.mktemp("t"), "a.csv", text([head, *lines], encoding=encoding, delimiter=mark))
    raw = read_table(path)
    left = [left.row for left in raw.left_out]
    assert sorted([*raw.rows.tolist(), *left]) == list(range(2, len(lines) + 2))
