"""Damaged and hostile files, the same at every build: good files of every form, mutated, and nasties made by hand."""

import io
import json
import os
import random
import sqlite3
import struct
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

ROWS = 40
"""Records of every good file."""


def good_frame() -> gpd.GeoDataFrame:
    """Forty facilities of a made-up list."""
    rng = np.random.default_rng(7)
    return gpd.GeoDataFrame(
        {
            "名称": [f"城关区第{i}卫生服务中心" for i in range(ROWS)],
            "编码": [f"62010200{i:04d}" for i in range(ROWS)],
            "床位": rng.integers(0, 500, ROWS),
            "面积": rng.random(ROWS) * 1000,
        },
        geometry=shapely.points(np.column_stack([103.7 + rng.random(ROWS) / 3, 36.0 + rng.random(ROWS) / 9])),
        crs="EPSG:4490",
    )


def _table() -> pd.DataFrame:
    frame = good_frame()
    return pd.DataFrame(frame.drop(columns="geometry")).assign(经度=frame.geometry.x, 纬度=frame.geometry.y)


def _workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(info, content)
    return out.getvalue()


def _kml(frame: gpd.GeoDataFrame) -> bytes:
    marks = "".join(
        f"<Placemark><name>{name}</name><ExtendedData><Data name='编码'><value>{code}</value></Data></ExtendedData>"
        f"<Point><coordinates>{x},{y}</coordinates></Point></Placemark>"
        for name, code, x, y in zip(frame["名称"], frame["编码"], frame.geometry.x, frame.geometry.y, strict=True)
    )
    head = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>医院</name>'
    return f"{head}{marks}</Folder></Document></kml>".encode()


def _dxf(frame: gpd.GeoDataFrame) -> bytes:
    lines = ["0", "SECTION", "2", "HEADER", "9", "$ACADVER", "1", "AC1015", "9", "$DWGCODEPAGE", "3", "ANSI_936"]
    lines += ["0", "ENDSEC", "0", "SECTION", "2", "ENTITIES"]
    for x, y in zip(frame.geometry.x, frame.geometry.y, strict=True):
        lines += ["0", "POINT", "8", "医疗设施", "10", str(x), "20", str(y), "30", "0"]
    return "\r\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]).encode("gbk")


def good_files(folder: Path) -> dict[str, dict[str, bytes]]:
    """Return, by a name, the parts of a good file of each form; the first part is the one handed in."""
    frame, table = good_frame(), _table()
    csv = table.to_csv(index=False)
    out: dict[str, dict[str, bytes]] = {
        "csv_utf8.csv": {"csv": csv.encode()},
        "csv_bom.csv": {"csv": csv.encode("utf-8-sig")},
        "csv_gbk.csv": {"csv": csv.encode("gbk")},
        "csv_tabs.txt": {"txt": table.to_csv(index=False, sep="\t").encode("gb18030")},
        "csv_utf16.csv": {"csv": csv.encode("utf-16")},
        "book.xlsx": {"xlsx": _workbook([list(table.columns), *table.to_numpy().tolist()])},
        "mark.kml": {"kml": _kml(frame)},
        "mark.kmz": {"kmz": _zip({"doc.kml": _kml(frame)})},
        "cad.dxf": {"dxf": _dxf(frame)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, given in (("lay.gpkg", {}), ("lay.geojson", {}), ("lay.fgb", {}), ("lay.shp", {"encoding": "GBK"}),
                        ("lay.tab", {"layer_options": {"ENCODING": "CP936"}})):  # fmt: skip
        path = folder / name
        (frame.rename(columns={"名称": "mc", "编码": "bm", "床位": "cw", "面积": "mj"}).to_crs("EPSG:4326")
         if name.endswith("tab") else frame).to_file(path, **given)  # fmt: skip
        parts = sorted(folder.glob("lay.*"), key=lambda one, first=path: (one != first, one.suffix))
        out[name] = {part.suffix[1:]: part.read_bytes() for part in parts}
        for part in parts:
            part.unlink()
    frame.to_parquet(folder / "g.parquet")
    table.to_parquet(folder / "t.parquet")
    out["geo.parquet"] = {"parquet": (folder / "g.parquet").read_bytes()}
    out["plain.parquet"] = {"parquet": (folder / "t.parquet").read_bytes()}
    out["pack.zip"] = {"zip": _zip({f"成果/医院.{end}": raw for end, raw in out["lay.shp"].items()})}
    return out


def mutated(raw: bytes, kind: str, rng: random.Random) -> bytes:
    """Return ``raw`` damaged in one way."""
    size = len(raw)
    at = rng.randrange(size) if size else 0
    out = bytearray(raw)
    if kind.startswith("cut"):
        return raw[: max(1, size * int(kind[3:]) // 100)]
    if kind.startswith("flip"):
        for _ in range(int(kind[4:])):
            out[rng.randrange(size)] ^= 1 << rng.randrange(8)
    elif kind == "zeros":
        out[at : at + max(16, size // 20)] = bytes(max(16, size // 20))
    elif kind == "noise":
        out[at : at + 64] = rng.randbytes(64)
    elif kind == "insert":
        out[at:at] = rng.randbytes(17)
    elif kind == "drop":
        del out[at : at + max(5, size // 50)]
    elif kind == "twice":
        return raw + raw
    elif kind == "ones":
        place = rng.randrange(min(size, 200))
        out[place : place + 8] = b"\xff" * 8
    elif kind == "head":
        out[: min(16, size)] = rng.randbytes(min(16, size))
    elif kind == "tail":
        out[-min(64, size) :] = rng.randbytes(min(64, size))
    elif kind == "crlf":
        return raw.replace(b"\n", b"\r\n")
    elif kind == "bit7":
        return bytes(one & 0x7F for one in raw)
    return bytes(out)


KINDS = ("cut3", "cut50", "cut95", "cut99", "flip1", "flip10", "flip200", "zeros", "noise", "insert", "drop", "twice",
         "ones", "head", "tail", "crlf", "bit7")  # fmt: skip


def write(folder: Path, name: str, parts: dict[str, bytes]) -> Path:
    """Write the parts of a file beside one another; return the one that is handed in."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = Path(name).stem
    for end, raw in parts.items():
        (folder / f"{stem}.{end}").write_bytes(raw)
    return folder / f"{stem}.{next(iter(parts))}"


def corpus(folder: Path, only: Collection[str] | None = None) -> Iterator[tuple[str, Path]]:
    """Yield (name, path) of every damaged file, built below ``folder`` one at a time: over 300, always the same.

    ``only`` builds those named.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the writers' words on good files
        good = good_files(folder / "good")
    for name, parts in good.items():
        for end, raw in parts.items():
            if not raw:
                continue
            kinds = KINDS if len(parts) == 1 else KINDS[1:13:2] if end not in {"prj", "cpg"} else ("cut3", "noise")
            for kind in kinds:
                label = f"{name}:{end}:{kind}"
                if only is not None and label not in only:
                    continue
                bad = mutated(raw, kind, random.Random(label))
                yield label, write(folder / label.replace(":", "_"), name, {**parts, end: bad})
    for label, make in NASTIES.items():
        if only is not None and label not in only:
            continue
        where = folder / label
        where.mkdir(parents=True, exist_ok=True)
        yield label, make(where, good)


Good = dict[str, dict[str, bytes]]
NASTIES: dict[str, Callable[[Path, Good], Path]] = {}


def _nasty(name: str, content: Callable[[Good], bytes] | bytes) -> None:
    def make(folder: Path, good: Good) -> Path:
        path = folder / name.partition("__")[2]
        path.write_bytes(content if isinstance(content, bytes) else content(good))
        return path

    NASTIES[name] = make


def _xlsx_with(parts: dict[str, bytes | Callable[[], bytes]], drop: tuple[str, ...] = ()) -> Callable[[Good], bytes]:
    def make(good: Good) -> bytes:
        with zipfile.ZipFile(io.BytesIO(good["book.xlsx"]["xlsx"])) as bundle:
            held = {name: bundle.read(name) for name in bundle.namelist() if name not in drop}
        return _zip({**held, **{name: raw() if callable(raw) else raw for name, raw in parts.items()}})

    return make


def _sheet(rows: str, more: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{more}<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def _lying_zip(name: str, true: bytes, claimed: int) -> bytes:
    raw = bytearray(_zip({name: true}))
    central = raw.index(b"PK\x01\x02")
    raw[22:26] = struct.pack("<I", claimed)
    raw[central + 24 : central + 28] = struct.pack("<I", claimed)
    return bytes(raw)


def _raw_name(name: bytes, content: bytes = b"x") -> bytes:
    """A zip whose member's name is these bytes."""
    holder = b"@" * len(name)
    return _zip({holder.decode(): content}).replace(holder, name)


def _symlink_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        info = zipfile.ZipInfo("a.shp")
        info.external_attr = 0o120777 << 16
        bundle.writestr(info, "/etc/passwd")
    return out.getvalue()


def _features(*shapes: str) -> bytes:
    each = ",".join(
        f'{{"type":"Feature","properties":{{"名称":"甲{i}"}},"geometry":{one}}}' for i, one in enumerate(shapes)
    )
    return f'{{"type":"FeatureCollection","features":[{each}]}}'.encode()


_LAUGH = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
_BOMB = f'<!DOCTYPE a [<!ENTITY l0 "ha">{_LAUGH}]>'
_XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
_HEAD = "名称,经度,纬度,床位\n"
_BASE = "xl/worksheets/sheet1.xml"
_MARK = "<Placemark><name>{}</name><Point><coordinates>103.8,36.0</coordinates></Point></Placemark>"

_nasty("empty__a.csv", b"")
_nasty("empty__a.shp", b"")
_nasty("empty__a.xlsx", b"")
_nasty("empty__a.gpkg", b"")
_nasty("nul__a.csv", bytes(10_000))
_nasty("nul_within__a.csv", (_HEAD + "甲\0乙,103.8,36.0,1\n").encode())
_nasty("headings_only__a.csv", _HEAD.encode())
_nasty("nan__a.csv", (_HEAD + "甲,nan,inf,NaN\n乙,-inf,1e999,-1e400\n").encode())
_nasty("huge_integers__a.csv", (_HEAD + f"甲,{'9' * 5000},36,{'9' * 400}\n").encode())
_nasty("formulas__a.csv", (_HEAD + "=cmd|'/c calc'!A1,103.8,36,=1+1\n@SUM(A1),+1,-1,=HYPERLINK(\"x\")\n").encode())
_nasty("columns_1000__a.csv", (",".join(f"列{i}" for i in range(1000)) + "\n" + ",".join("1" * 1000) + "\n").encode())
_nasty("columns_200000__a.csv", (",".join(["a"] * 200_000) + "\n").encode())
_nasty("columns_ragged__a.csv", (_HEAD + "甲,103.8,36,1,,,,,9\n乙\n丙,103.8\n").encode())
_nasty("columns_late__a.csv", (_HEAD + "甲,103.8,36,1\n" * 50 + "x" + "," * 3_000_000 + "\n").encode())
_nasty("quote_open__a.csv", (_HEAD + '"甲,103.8,36,1\n' + "乙,103.8,36,1\n" * 5000).encode())
_nasty("quotes__a.csv", (_HEAD + '"' * 100_001 + "\n").encode())
_nasty("text_10mb__a.csv", (_HEAD + "甲" * 3_500_000 + ",103.8,36,1\n").encode())
_nasty("one_line_10mb__a.csv", b"a" * 10_000_000)
_nasty("latin__a.csv", "name,lon,lat\nCafé Düsseldorf,1,2\n".encode("latin-1"))
_nasty("big5__a.csv", "名稱,經度,緯度\n蘭州醫院與診療所,103.8,36\n".encode("big5"))
_nasty("shift_jis__a.csv", "ナマエ,lon,lat\nサクラびょういん,1,2\n".encode("shift_jis"))
_nasty("mixed__a.csv", _HEAD.encode() + "甲乙丙丁,103.8,36,1\n".encode("gbk") + "戊己庚辛,103.8,36,1\n".encode())
_nasty("surrogates__a.csv", _HEAD.encode() + b"\xed\xa0\x80,103.8,36,1\n")
_nasty("utf32__a.csv", (_HEAD + "甲,103.8,36,1\n").encode("utf-32"))
_nasty("bom_twice__a.csv", b"\xef\xbb\xbf\xef\xbb\xbf" + (_HEAD + "甲,103.8,36,1\n").encode())
_nasty("carriage_returns__a.csv", (_HEAD + "甲,103.8,36,1\n").replace("\n", "\r").encode())
_nasty("pdf__a.csv", b"%PDF-1.7\n" + bytes(range(256)) * 20)
_nasty("png__a.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(1000))
_nasty("rar__a.zip", b"Rar!\x1a\x07\x01\x00" + bytes(1000))
_nasty("html__a.xls", b"<html><table><tr><td>1</td></tr></table></html>")
_nasty("csv__a.xlsx", (_HEAD + "甲,103.8,36,1\n").encode())
_nasty("csv__a.shp", (_HEAD + "甲,103.8,36,1\n").encode())
_nasty("ole__a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))
_nasty("ole__a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4096)
_nasty("biff__a.xls", b"\x09\x08\x10\x00\x00\x06\x05\x00" + random.Random(1).randbytes(3000))
_nasty("unknown__a.xyz", random.Random(2).randbytes(3000))
_nasty("noise__a.gpkg", b"SQLite format 3\0" + random.Random(3).randbytes(8192))
_nasty("noise__a.fgb", b"fgb\x03fgb\x01" + random.Random(4).randbytes(8192))
_nasty("noise__a.parquet", b"PAR1" + random.Random(5).randbytes(8192) + b"PAR1")
_nasty("noise__a.zip", b"PK\x03\x04" + random.Random(6).randbytes(8192))
_nasty("length_lie__a.parquet", b"PAR1" + bytes(100) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1")

_nasty("columns_1000__a.xlsx", lambda good: _workbook([[f"列{i}" for i in range(1000)], list(range(1000))]))
_nasty("columns_16384__a.xlsx", lambda good: _workbook([list(range(16384))]))
_nasty(
    "formulas__a.xlsx", lambda good: _workbook([["名称", "经度", "纬度"], ["=1/0", "=A1", '=HYPERLINK("file:///x")']])
)
_nasty("xxe__a.xlsx", _xlsx_with({_BASE: _sheet('<row r="1"><c r="A1" t="str"><v>&x;</v></c></row>', _XXE)}))
_nasty("laughs__a.xlsx", _xlsx_with({_BASE: _sheet('<row r="1"><c r="A1" t="str"><v>&l9;</v></c></row>', _BOMB)}))
_nasty(
    "laughs_strings__a.xlsx", _xlsx_with({"xl/sharedStrings.xml": f"{_BOMB}<sst><si><t>&l9;</t></si></sst>".encode()})
)
_nasty("xxe_theme__a.xlsx", _xlsx_with({"xl/theme/theme1.xml": f"{_XXE}<a>&x;</a>".encode()}))
_nasty("deep__a.xlsx", _xlsx_with({_BASE: b"<worksheet>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</worksheet>"}))
_nasty("bomb__a.xlsx", _xlsx_with({"xl/media/a.bin": lambda: bytes(300_000_000)}))
_nasty("bomb_sheet__a.xlsx", _xlsx_with({_BASE: lambda: _sheet('<row r="1"><c r="A1"><v>1</v></c></row>' * 3_000_000)}))
_nasty(
    "far_cell__a.xlsx",
    _xlsx_with(
        {_BASE: _sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')}
    ),
)
_nasty(
    "far_row__a.xlsx",
    _xlsx_with(
        {_BASE: _sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="D1048576"><v>1</v></c></row>')}
    ),
)
_nasty(
    "absurd_row__a.xlsx",
    _xlsx_with({_BASE: _sheet('<row r="99999999999999"><c r="A99999999999999"><v>1</v></c></row>')}),
)
_nasty(
    "bad_reference__a.xlsx",
    _xlsx_with({_BASE: _sheet('<row r="x"><c r="??"><v>1</v></c><c t="s" r="B1"><v>999999</v></c></row>')}),
)
_nasty("negative_string__a.xlsx", _xlsx_with({_BASE: _sheet('<row r="1"><c t="s" r="A1"><v>-5</v></c></row>')}))
_nasty(
    "nan_cells__a.xlsx",
    _xlsx_with({_BASE: _sheet('<row r="1"><c r="A1"><v>NaN</v></c><c r="B1"><v>1e999</v></c></row>' * 3)}),
)
_nasty("huge_number__a.xlsx", _xlsx_with({_BASE: _sheet(f'<row r="1"><c r="A1"><v>{"9" * 100_000}</v></c></row>')}))
_nasty(
    "text_10mb__a.xlsx",
    _xlsx_with({_BASE: _sheet(f'<row r="1"><c r="A1" t="str"><v>{"甲乙丙丁戊" * 700_000}</v></c></row>')}),
)
_nasty("no_workbook__a.xlsx", _xlsx_with({}, drop=("xl/workbook.xml",)))
_nasty("no_sheet__a.xlsx", _xlsx_with({}, drop=(_BASE,)))
_nasty("no_strings__a.xlsx", _xlsx_with({}, drop=("xl/sharedStrings.xml",)))
_nasty("no_types__a.xlsx", _xlsx_with({}, drop=("[Content_Types].xml",)))
_nasty("macros__a.xlsx", _xlsx_with({"xl/vbaProject.bin": b"x" * 100, "xl/externalLinks/externalLink1.xml": b"<a/>"}))
_nasty("evil_path__a.xlsx", _xlsx_with({"../../evil.xml": b"<a/>"}))
_nasty(
    "merged_all__a.xlsx",
    _xlsx_with(
        {
            _BASE: _sheet('<row r="1"><c r="A1"><v>1</v></c></row>').replace(
                b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
            )
        }
    ),
)
_nasty(
    "merged_many__a.xlsx",
    _xlsx_with(
        {
            _BASE: _sheet('<row r="1"><c r="A1"><v>1</v></c></row>').replace(
                b"</sheetData>",
                b'</sheetData><mergeCells count="1">' + b'<mergeCell ref="A1:ZZ100000"/>' * 2000 + b"</mergeCells>",
            )
        }
    ),
)

_nasty("xxe__a.kml", f"{_XXE}<kml><Document>{_MARK.format('&x;')}</Document></kml>".encode())
_nasty("laughs__a.kml", f"{_BOMB}<kml><Document>{_MARK.format('&l9;')}</Document></kml>".encode())
_nasty("parameter_entity__a.kml", b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><kml/>')
_nasty("deep__a.kml", b"<kml>" + b"<Folder>" * 50_000 + b"</Folder>" * 50_000 + b"</kml>")
_nasty(
    "deep_geometry__a.kml",
    b"<kml><Placemark>" + b"<MultiGeometry>" * 5000 + b"</MultiGeometry>" * 5000 + b"</Placemark></kml>",
)
_nasty("network__a.kml", b"<kml><NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink></kml>")
_nasty(
    "nan__a.kml",
    f"<kml><Document>{_MARK.replace('103.8', 'nan').format('甲')}{_MARK.replace('36.0', '1e999').format('乙')}</Document></kml>".encode(),
)
_nasty("no_numbers__a.kml", f"<kml><Document>{_MARK.replace('103.8,36.0', 'x').format('甲')}</Document></kml>".encode())
_nasty(
    "utf16__a.kml",
    f'<?xml version="1.0" encoding="UTF-16"?><kml><Document>{_MARK.format("甲")}</Document></kml>'.encode("utf-16"),
)
_nasty("gbk_unsaid__a.kml", f"<kml><Document>{_MARK.format('甲')}</Document></kml>".encode("gbk"))
_nasty(
    "gbk_said__a.kml",
    f'<?xml version="1.0" encoding="GBK"?><kml><Document>{_MARK.format("兰州")}</Document></kml>'.encode("gbk"),
)
_nasty("encoding_unknown__a.kml", b'<?xml version="1.0" encoding="klingon"?><kml/>')
_nasty("million_marks__a.kml", f"<kml><Document>{_MARK.format('甲') * 200_000}</Document></kml>".encode())
_nasty("text_10mb__a.kml", f"<kml><Document>{_MARK.format('甲' * 3_500_000)}</Document></kml>".encode())
_nasty(
    "open_ring__a.kml",
    b"<kml><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,1 2,0</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>",
)
_nasty(
    "two_points__a.kml", b"<kml><Placemark><LineString><coordinates>0,0</coordinates></LineString></Placemark></kml>"
)

_nasty("deep__a.geojson", b'{"type":"FeatureCollection","features":' + b"[" * 10_000 + b"]" * 10_000 + b"}")
_nasty(
    "deep_properties__a.geojson",
    _features('{"type":"Point","coordinates":[103.8,36]}').replace(
        '"甲0"'.encode(), b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    ),
)
_nasty("deep_geometry__a.geojson", _features('{"type":"GeometryCollection","geometries":[' * 3000 + "]}" * 3000))
_nasty(
    "nan__a.geojson",
    _features('{"type":"Point","coordinates":[NaN,Infinity]}', '{"type":"Point","coordinates":[1e999,36]}'),
)
_nasty(
    "text_coordinates__a.geojson",
    _features('{"type":"Point","coordinates":["103.8","36"]}', '{"type":"Point","coordinates":[]}'),
)
_nasty("unknown_type__a.geojson", _features('{"type":"Circle","coordinates":[103.8,36]}', "5", '"x"', "null"))
_nasty(
    "wrong_types__a.geojson",
    _features(
        '{"type":"LineString","coordinates":[[103.8,36],[103.9,36]]}',
        '{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}',
    ),
)
_nasty("self_crossing__a.geojson", _features('{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}'))
_nasty("open_ring__a.geojson", _features('{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0]]]}'))
_nasty(
    "hole_outside__a.geojson",
    _features('{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,0]],[[9,9],[9,8],[8,8],[9,9]]]}'),
)
_nasty("flat_area__a.geojson", _features('{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2],[0,0]]]}'))
_nasty(
    "ring_million__a.geojson",
    lambda good: _features(
        json.dumps(
            {"type": "Polygon", "coordinates": [np.random.default_rng(0).random((1_000_000, 2)).round(6).tolist()]}
        )
    ),
)
_nasty(
    "huge_integers__a.geojson",
    _features('{"type":"Point","coordinates":[103.8,36]}').replace('"甲0"'.encode(), b"9" * 500),
)
_nasty(
    "mixed_properties__a.geojson",
    b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":null},{"type":"Feature","properties":{"a":[1,{"b":2}]},"geometry":null},{"type":"Feature","properties":null,"geometry":null}]}',
)
_nasty(
    "columns_5000__a.geojson",
    b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":'
    + json.dumps({f"c{i}": i for i in range(5000)}).encode()
    + b',"geometry":null}]}',
)
_nasty(
    "text_10mb__a.geojson",
    _features('{"type":"Point","coordinates":[103.8,36]}').replace("甲0".encode(), "甲".encode() * 3_500_000),
)
_nasty(
    "crs_absurd__a.geojson",
    _features('{"type":"Point","coordinates":[103.8,36]}').replace(
        b'"features"', b'"crs":{"type":"name","properties":{"name":"klingon:1"}},"features"'
    ),
)
_nasty(
    "crs_file__a.geojson",
    _features('{"type":"Point","coordinates":[103.8,36]}').replace(
        b'"features"', b'"crs":{"type":"link","properties":{"href":"file:///etc/passwd"}},"features"'
    ),
)
_nasty("no_features__a.geojson", b'{"type":"FeatureCollection","features":[]}')
_nasty("no_geojson__a.geojson", b'{"hello":"world"}')
_nasty("array__a.json", b"[1,2,3]")
_nasty("topology__a.json", b'{"type":"Topology","objects":{},"arcs":[]}')
_nasty(
    "gbk__a.geojson",
    _features('{"type":"Point","coordinates":[103.8,36]}').decode().replace("甲", "兰州市").encode("gbk"),
)
_nasty("driver_switch__a.json", b'{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline read /etc/passwd"}')
_nasty(
    "vrt__a.geojson",
    b"<OGRVRTDataSource><OGRVRTLayer name='passwd'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
)
_nasty(
    "vrt__a.kml",
    b"<OGRVRTDataSource><OGRVRTLayer name='passwd'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
)

for _number, _name in enumerate(
    (
        b"../a.shp",
        b"/etc/a.shp",
        b"C:\\a.shp",
        b"..\\..\\a.shp",
        b"a\0.shp",
        b"\\\\host\\a.shp",
        b"x/../../a.shp",
        b"a/./..//../a.shp",
    )
):
    _nasty(f"zip_path_{_number}__a.zip", _raw_name(_name))
_nasty("zip_symlink__a.zip", lambda good: _symlink_zip())
_nasty("zip_bomb__a.zip", lambda good: _zip({"a.geojson": b"[" + b" " * 400_000_000 + b"]"}))
_nasty("zip_bomb_lying__a.zip", lambda good: _lying_zip("a.geojson", b"[" + b" " * 100_000_000 + b"]", 100))
_nasty("zip_claims_4gb__a.zip", lambda good: _lying_zip("a.geojson", b"[]", 0xFFFFFFF0))
_nasty("zip_nested__a.zip", lambda good: _zip({"b.zip": _zip({"c.zip": _zip({"a.shp": b"x"})})}))
_nasty("zip_many__a.zip", lambda good: _zip({f"{i}.txt": b"" for i in range(20_000)}))
_nasty("zip_empty__a.zip", lambda good: _zip({}))
_nasty("zip_no_layer__a.zip", lambda good: _zip({"readme.txt": b"x"}))
_nasty("zip_no_dbf__a.zip", lambda good: _zip({"a.shp": good["lay.shp"]["shp"], "a.shx": good["lay.shp"]["shx"]}))
_nasty(
    "zip_twice__a.zip",
    lambda good: _zip(
        {"a.shp": good["lay.shp"]["shp"], "A.SHP": good["lay.shp"]["shp"], "a.dbf": good["lay.shp"]["dbf"]}
    ),
)
_nasty(
    "zip_long_name__a.zip", lambda good: _zip({"长" * 3000 + f".{end}": raw for end, raw in good["lay.shp"].items()})
)
_nasty("zip_surrogate_name__a.zip", lambda good: _raw_name(b"\xed\xa0\x80.geojson", b"[]"))
_nasty("zip_vrt__a.zip", lambda good: _zip({"a.vrt": b"<OGRVRTDataSource/>"}))
_nasty("kmz_without_kml__a.kmz", lambda good: _zip({"a.png": b"x"}))
_nasty("kmz_xxe__a.kmz", lambda good: _zip({"doc.kml": f"{_XXE}<kml>&x;</kml>".encode()}))


def _changed(name: str, end: str, at: int, raw: bytes) -> Callable[[Path, Good], Path]:
    def make(folder: Path, good: Good) -> Path:
        parts = dict(good[name])
        parts[end] = parts[end][:at] + raw + parts[end][at + len(raw) :]
        return write(folder, name, parts)

    return make


NASTIES |= {
    "shp_dbf_counts_more": _changed("lay.shp", "dbf", 4, struct.pack("<I", 4_000_000_000)),
    "shp_dbf_counts_less": _changed("lay.shp", "dbf", 4, struct.pack("<I", 3)),
    "shp_dbf_width_0": _changed("lay.shp", "dbf", 10, struct.pack("<H", 0)),
    "shp_dbf_head_0": _changed("lay.shp", "dbf", 8, struct.pack("<H", 0)),
    "shp_dbf_field_width": _changed("lay.shp", "dbf", 32 + 16, b"\xff"),
    "shp_dbf_memo": _changed("lay.shp", "dbf", 32 + 11, b"M"),
    "shp_length_lie": _changed("lay.shp", "shp", 24, struct.pack(">i", 2_000_000_000)),
    "shp_length_negative": _changed("lay.shp", "shp", 24, struct.pack(">i", -5)),
    "shp_type_unknown": _changed("lay.shp", "shp", 32, struct.pack("<i", 99)),
    "shp_first_record_polygon": _changed("lay.shp", "shp", 108, struct.pack("<i", 5)),
    "shp_nan": _changed("lay.shp", "shp", 112, struct.pack("<dd", float("nan"), float("inf"))),
    "shp_shx_far": _changed("lay.shp", "shx", 100, struct.pack(">ii", 1_000_000_000, 10)),
    "shp_prj_noise": _changed("lay.shp", "prj", 0, b'PROJCS["'),
    "shp_cpg_long": _changed("lay.shp", "cpg", 0, b"x" * 100_000),
}


def _gpkg(change: str | None = None, *, script: str = "") -> Callable[[Path, Good], Path]:
    def make(folder: Path, good: Good) -> Path:
        path = write(folder, "lay.gpkg", good["lay.gpkg"])
        with closing(sqlite3.connect(path)) as opened, opened:
            opened.execute("PRAGMA trusted_schema = OFF")
            opened.executescript("".join(
                f"DROP TRIGGER IF EXISTS \"{name}\";"
                for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            ) + script)  # fmt: skip
        return path

    return make


_LOOP = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
NASTIES |= {
    "gpkg_no_contents": _gpkg(script="DROP TABLE gpkg_contents;"),
    "gpkg_no_geometry_columns": _gpkg(script="DROP TABLE gpkg_geometry_columns;"),
    "gpkg_no_srs": _gpkg(script="DROP TABLE gpkg_spatial_ref_sys;"),
    "gpkg_endless_view": _gpkg(
        script=f"CREATE VIEW v AS {_LOOP}; INSERT INTO gpkg_contents (table_name, data_type) VALUES ('v', 'attributes'); DELETE FROM gpkg_contents WHERE table_name = 'lay';"
    ),
    "gpkg_view_for_layer": _gpkg(script=f"ALTER TABLE lay RENAME TO old; CREATE VIEW lay AS {_LOOP};"),
    "gpkg_trigger": _gpkg(script="CREATE TRIGGER t AFTER INSERT ON lay BEGIN DELETE FROM lay; END;"),
    "gpkg_geometry_noise": _gpkg(script="UPDATE lay SET geom = randomblob(50);"),
    "gpkg_geometry_text": _gpkg(script="UPDATE lay SET geom = 'POINT(1 2)';"),
    "gpkg_geometry_null": _gpkg(script="UPDATE lay SET geom = NULL;"),
    "gpkg_geometry_empty_blob": _gpkg(script="UPDATE lay SET geom = zeroblob(0);"),
    "gpkg_wrong_type": _gpkg(script="UPDATE lay SET 床位 = 'many', 面积 = x'00ff';"),
    "gpkg_text_noise": _gpkg(script="UPDATE lay SET 名称 = CAST(x'ff00fe41' AS TEXT);"),
    "gpkg_text_10mb": _gpkg(script="UPDATE lay SET 名称 = CAST(zeroblob(10000000) AS TEXT) WHERE fid = 1;"),
    "gpkg_blob_1gb": _gpkg(script="CREATE TABLE b AS SELECT zeroblob(100000000) AS a;"),
    "gpkg_names_missing_table": _gpkg(script="UPDATE gpkg_contents SET table_name = 'nowhere';"),
    "gpkg_srs_absurd": _gpkg(
        script="UPDATE gpkg_spatial_ref_sys SET definition = 'klingon', organization = 'NONE', organization_coordsys_id = 77;"
    ),
    "gpkg_table_name_quoted": _gpkg(
        script="ALTER TABLE lay RENAME TO \"a'; DROP TABLE x; --\"; UPDATE gpkg_contents SET table_name = 'a''; DROP TABLE x; --'; UPDATE gpkg_geometry_columns SET table_name = 'a''; DROP TABLE x; --';"
    ),
    "gpkg_virtual": _gpkg(script="DROP TABLE lay; CREATE VIRTUAL TABLE lay USING fts5(a);"),
}


def _parquet(
    change: Callable[[dict[str, object]], object] | None, table: Callable[[], pa.Table] | None = None
) -> Callable[[Path, Good], Path]:
    def make(folder: Path, good: Good) -> Path:
        held = pq.read_table(io.BytesIO(good["geo.parquet"]["parquet"])) if table is None else table()
        if change is not None:
            geo = json.loads(held.schema.metadata[b"geo"])
            geo = change(geo) or geo
            held = held.replace_schema_metadata({b"geo": geo if isinstance(geo, bytes) else json.dumps(geo).encode()})
        path = folder / "a.parquet"
        pq.write_table(held, path)
        return path

    return make


def _set(**given: object) -> Callable[[dict[str, object]], object]:
    return lambda geo: {**geo, **given}


def _column(**given: object) -> Callable[[dict[str, object]], object]:
    return lambda geo: {**geo, "columns": {"geometry": {**geo["columns"]["geometry"], **given}}}  # type: ignore[index]


NASTIES |= {
    "parquet_primary_missing": _parquet(_set(primary_column="nowhere")),
    "parquet_columns_list": _parquet(_set(columns=[1, 2])),
    "parquet_columns_none": _parquet(_set(columns=None)),
    "parquet_no_version": _parquet(_set(version=None)),
    "parquet_metadata_text": _parquet(lambda geo: b"\xff\xfe{"),
    "parquet_metadata_deep": _parquet(lambda geo: b"[" * 100_000),
    "parquet_metadata_list": _parquet(lambda geo: b"[1]"),
    "parquet_crs_absurd": _parquet(_column(crs={"klingon": 1})),
    "parquet_crs_text": _parquet(_column(crs="EPSG:99999999")),
    "parquet_encoding_unknown": _parquet(_column(encoding="klingon")),
    "parquet_geometry_is_name": _parquet(
        lambda geo: {**geo, "primary_column": "名称", "columns": {"名称": {"encoding": "WKB"}}}
    ),
    "parquet_columns_6000": _parquet(None, lambda: pa.table({f"c{i}": [1] for i in range(6000)})),
    "parquet_nested": _parquet(None, lambda: pa.table({"a": [[1, 2], None], "b": [{"x": 1}, {"x": None}]})),
    "parquet_huge_decimal": _parquet(None, lambda: pa.table({"a": pa.array([10**37], pa.decimal128(38, 0))})),
    "parquet_far_dates": _parquet(
        None, lambda: pa.table({"a": pa.array([2**62], pa.timestamp("us")), "b": pa.array([2**30], pa.date32())})
    ),
    "parquet_zeros_1e8": _parquet(None, lambda: pa.table({"a": np.zeros(100_000_000, dtype=np.int8)})),
    "parquet_text_bomb": _parquet(
        None,
        lambda: pa.table(
            {"a": pa.DictionaryArray.from_arrays(np.zeros(3000, dtype=np.int32), pa.array(["甲" * 1_000_000]))}
        ),
    ),
}


def _other(kind: str) -> Callable[[Path, Good], Path]:
    def make(folder: Path, good: Good) -> Path:
        path = folder / ("a.csv" if kind != "folder_shp" else "a.shp")
        if kind.startswith("folder"):
            path.mkdir(exist_ok=True)
        elif kind == "fifo":
            if not path.exists():
                os.mkfifo(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind == "link_nowhere":
            path.symlink_to("nowhere")
        elif kind == "link_itself":
            path.symlink_to("a.csv")
        elif kind == "no_permission":
            path.write_text(_HEAD)
            path.chmod(0)
        elif kind == "sparse":
            with path.open("wb") as handle:
                handle.truncate(3_000_000_000)
        elif kind == "name_long":
            return folder / ("长" * 200 + ".csv")
        elif kind == "name_nul":
            return folder / "a\0.csv"
        return path

    return make


for _kind in ("folder", "folder_shp", "fifo", "device", "link_nowhere", "link_itself", "no_permission", "sparse",
              "absent", "name_long", "name_nul"):  # fmt: skip
    NASTIES[f"not_a_file_{_kind}"] = _other(_kind)


def _with_folder_parts(folder: Path, good: Good) -> Path:
    path = write(folder, "lay.shp", {end: raw for end, raw in good["lay.shp"].items() if end != "dbf"})
    (folder / "lay.dbf").mkdir(exist_ok=True)
    return path


NASTIES["shp_dbf_is_a_folder"] = _with_folder_parts
