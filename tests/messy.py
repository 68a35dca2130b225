"""Messy files as bureaus send them: what stands in ``fixtures/messy``, what each must come to, and how they are made.

Names are invented; positions are those of townships in ``data/tables`` with a stated offset. ``python -m tests.messy``
writes the committed files again (the .xls need LibreOffice). ``real_shops`` writes, at test time, files of the real
shops of ``lanzhou-core`` in any datum: real data is never committed.
"""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from geo.crs import project
from geo.datum import wgs84_to_bd09, wgs84_to_gcj02

REPO: Final = Path(__file__).parents[1]
FOLDER: Final = REPO / "tests" / "fixtures" / "messy"
F64 = np.ndarray


@dataclass(frozen=True)
class Messy:
    """A file and what it must come to: records, lines left out, rows with an error, matched fields, datum, exchanges.

    ``datum`` is the truth: wgs84, gcj02, bd09, EPSG:…, mixed, or none where the file has no positions.
    """

    name: str
    layer: str
    rows: int
    fields: tuple[str, ...]
    make: Callable[[], bytes]
    left_out: int = 0
    bad: int = 0
    datum: str = "wgs84"
    swapped: int = 0
    encoding: str | None = None
    sheet: str | None = None
    codes: tuple[str, ...] = field(default=())


def towns(n: int, *, skip: int = 0) -> list[tuple[str, str, str, float, float]]:
    """(code, county, name, lon, lat) of the first townships with a position."""
    counties = {r["code"]: r["name"] for r in table("census2020.csv")}
    rows = [r for r in table("townships.csv") if r["lon_wgs84"]]
    return [
        (r["code"], counties.get(r["county_code"], "兰州市"), r["name"], float(r["lon_wgs84"]), float(r["lat_wgs84"]))
        for r in rows[skip : skip + n]
    ]


def table(name: str) -> list[dict[str, str]]:
    with (REPO / "data" / "tables" / name).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def spots(n: int, *, skip: int = 0) -> np.ndarray:
    """(n, 2) positions in WGS 84, each some 200 m north-east of a township's."""
    return np.array([[lon + 0.0021, lat + 0.0013] for *_, lon, lat in towns(n, skip=skip)])


def text(lines: list[list[Any]], *, encoding: str = "utf-8", delimiter: str = ",", end: str = "\r\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(
        [["" if cell is None else cell for cell in line] for line in lines]
    )
    return out.getvalue().encode(encoding)


def book(*sheets: tuple[str, Callable[[Worksheet], None]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, fill in sheets:
        fill(made.create_sheet(name))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def lines_sheet(lines: list[list[Any]], *merged: str) -> Callable[[Worksheet], None]:
    def fill(sheet: Worksheet) -> None:
        for line in lines:
            sheet.append(line)
        for area in merged:
            sheet.merge_cells(area)

    return fill


def xls(content: bytes) -> bytes:
    """The workbook in the binary form of Excel 97, through LibreOffice."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "a.xlsx"
        source.write_bytes(content)
        subprocess.run(
            ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "xls", "--outdir", folder, str(source)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        return source.with_suffix(".xls").read_bytes()


def dms(value: float, *, marks: str = "°′″") -> str:
    total = round(abs(value) * 3600)
    return f"{total // 3600}{marks[0]}{total // 60 % 60:02d}{marks[1]}{total % 60:02d}{marks[2]}"


def wide(value: object) -> str:
    """Half-width digits and signs as full-width ones."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in str(value))


def elderly_merged() -> bytes:
    at = spots(8)
    lines: list[list[Any]] = [
        ["兰州市养老机构基本情况统计表"],
        ["填报单位：兰州市民政局", None, None, None, None, None, "填报日期：2024年6月"],
        ["序号", "所属区县", "机构名称", "位置", None, "床位", None, "备注"],
        [None, None, None, "经度", "纬度", "总床位（张）", "护理型床位\n（张）", None],
    ]
    for i in range(8):
        lines.append(
            [
                i + 1,
                "城关区" if i == 0 else "安宁区" if i == 5 else None,
                f"金城第{i + 1}养老院",
                *at[i].round(6),
                60 + i,
                30,
                None,
            ]
        )
    lines += [
        ["合计", None, None, None, None, 508, 240],
        [],
        ["注：数据截至2024年6月30日。"],
        ["填表人：张某", None, None, "审核人：李某"],
    ]
    return book(
        (
            "养老机构",
            lines_sheet(lines, "A1:H1", "D3:E3", "F3:G3", "A3:A4", "B3:B4", "C3:C4", "H3:H4", "B5:B9", "B10:B12"),
        )
    )


def elderly_gbk() -> bytes:
    at = spots(6)
    rows = [
        [f"{t[2]}老年食堂", "助餐点", t[2], f"{x:.6f}", f"{y:.6f}", b]
        for t, (x, y), b in zip(towns(6), at, ["约30张", "３０", "1,200", "三十", "30-40", "30（张）"], strict=True)
    ]
    return text([["设施名称", "类型", "所属街道", "经度", "纬度", "床位数"], *rows], encoding="gbk")


def scenic_dms() -> bytes:
    rows = [
        [f"第{i}景区", "AAAA" if i % 2 else "四A级", dms(x), dms(y), "2024年5月"] for i, (x, y) in enumerate(spots(7))
    ]
    return text(
        [["A级旅游景区名录"], [], ["景区名称", "等级", "经度", "纬度", "评定时间"], *rows, [], ["数据来源：市文旅局"]],
        encoding="utf-8-sig",
    )


def scenic_words() -> bytes:
    rows = [
        [f"第{i}景区", f"{i % 5 + 1}A级景区", dms(x, marks="度分秒"), dms(y, marks="度分秒"), "2023.10"]
        for i, (x, y) in enumerate(spots(5, skip=4))
    ]
    return book(("景区", lines_sheet([["名称", "质量等级", "经度", "纬度", "评定日期"], *rows])))


def letters_after() -> bytes:
    rows = [
        [f"{t[2]}托育园", wide(20 + i), f"{x:.5f}E", f"{y:.5f}N"]
        for i, (t, (x, y)) in enumerate(zip(towns(6), spots(6), strict=True))
    ]
    return text([["机构名称", "托位数（个）", "经度", "纬度"], *rows], delimiter="\t")


def one_cell() -> bytes:
    rows = [[f"{t[2]}托育中心", 30, f"{x:.5f}，{y:.5f}"] for t, (x, y) in zip(towns(5), spots(5), strict=True)]
    return text([["机构名称", "托位", "经纬度"], *rows], encoding="gb18030")


def one_cell_xlsx() -> bytes:
    rows = [
        [f"{t[2]}书房", "城市书房", f"东经{x:.5f}°，北纬{y:.5f}°"] for t, (x, y) in zip(towns(5), spots(5), strict=True)
    ]
    return book(("Sheet1", lines_sheet([["场馆名称", "类型", "坐标"], *rows])))


def swapped() -> bytes:
    rows = [
        [f"{t[2]}篮球场", "篮球场", f"{y:.6f}", f"{x:.6f}", 420] for t, (x, y) in zip(towns(6), spots(6), strict=True)
    ]
    return text([["场地名称", "场地类型", "经度", "纬度", "场地面积（㎡）"], *rows])


def partly_swapped() -> bytes:
    pairs = [(y, x) if i in {1, 4} else (x, y) for i, (x, y) in enumerate(spots(6))]
    rows = [
        [f"{t[2]}健身中心", "全民健身中心", f"{a:.6f}", f"{b:.6f}"] for t, (a, b) in zip(towns(6), pairs, strict=True)
    ]
    return text([["场地名称", "类型", "lng", "lat"], *rows], delimiter=";")


def shifted(shift: Callable[[F64], F64], headings: list[str], suffix: str, kind: str) -> Callable[[], bytes]:
    def make() -> bytes:
        at = shift(spots(12))
        rows = [
            [f"{t[2]}{suffix}", kind, t[2], f"{x:.6f}", f"{y:.6f}"] for t, (x, y) in zip(towns(12), at, strict=True)
        ]
        return text([[*headings], *rows])

    return make


def eastings(crs: str, *, headings: tuple[str, str], exchanged: bool = False) -> Callable[[], bytes]:
    def make() -> bytes:
        at = project(spots(6), "EPSG:4490", crs)
        rows = [
            [f"{t[2]}物流服务站", "乡级站", *(f"{v:.3f}" for v in (xy[::-1] if exchanged else xy))]
            for t, xy in zip(towns(6), at, strict=True)
        ]
        return text([["网点名称", "站点类型", *headings], *rows], encoding="gbk")

    return make


def mixed() -> bytes:
    at = spots(12)
    at[4:8] = wgs84_to_gcj02(at[4:8])
    at[8:] = wgs84_to_bd09(at[8:])
    said = ["WGS84"] * 4 + ["高德"] * 4 + ["百度"] * 4
    rows = [
        [f"{t[2]}超市", "超市", f"{x:.6f}", f"{y:.6f}", s] for t, (x, y), s in zip(towns(12), at, said, strict=True)
    ]
    return book(("网点", lines_sheet([["名称", "业态", "经度", "纬度", "坐标系"], *rows])))


def forms_mixed() -> bytes:
    at = spots(4)
    east, north = project(at[3:], "EPSG:4490", "EPSG:4544")[0]
    rows = [
        ["甲站", f"{at[0, 0]:.5f}", f"{at[0, 1]:.5f}"], ["乙站", dms(at[1, 0]), dms(at[1, 1])],
        ["丙站", f"Ｅ{wide(f'{at[2, 0]:.5f}')}", f"Ｎ{wide(f'{at[2, 1]:.5f}')}"], ["丁站", f"{east:,.2f}", f"{north:,.2f}"],
        ["戊站", "0", "0"], ["己站", "", ""], ["庚站", "103.8", ""], ["辛站", "待补充点位", "36.05"],
    ]  # fmt: skip
    return text([["站点名称", "经度", "纬度", "类型"], *[[*row, "客运站"] for row in rows]])


def hospitals_xls() -> bytes:
    rows = [
        [i + 1, f"兰州第{i + 1}医院", "三级" if i < 3 else "二级", "甲等", 300 + i, *spots(6)[i].round(6)]
        for i in range(6)
    ]
    return xls(
        book(
            (
                "医院",
                lines_sheet(
                    [
                        ["兰州市医院名录"],
                        ["序号", "医疗机构名称", "医院级别", "医院等次", "编制床位", "经度", "纬度"],
                        *rows,
                        ["合计", None, None, None, 1815],
                    ],
                    "A1:G1",
                ),
            )
        )
    )


def health_codes() -> bytes:
    rows: list[list[Any]] = [
        ["甲卫生院", "乡镇卫生院", 620121100.0, "12620121MB0000001X"], ["乙卫生院", "卫生院", "'620122101", None],
        ["丙卫生院", "乡镇卫生院", "6.20122E+11", None], ["丁卫生院", "乡镇卫生院", 620123100201, None],
    ]  # fmt: skip
    return book(("Sheet1", lines_sheet([["机构名称", "机构类型", "区划代码", "社会信用代码"], *rows])))


def culture_utf16() -> bytes:
    rows = [
        [f"{t[2]}文化站", "综合文化站", f"{x:.6f}", f"{y:.6f}", 300 + i]
        for i, (t, (x, y)) in enumerate(zip(towns(5), spots(5), strict=True))
    ]
    return text([["名称", "类型", "经度", "纬度", "建筑面积"], *rows], encoding="utf-16", delimiter="\t")


def parks_units() -> bytes:
    rows = [[f"第{i}物流园", "物流园", 300 + i, 1.2] for i in range(4)]
    return book(
        ("园区", lines_sheet([["名称", "类型", "占地面积", "静态库容"], [None, None, "（亩）", "（万吨）"], *rows]))
    )


def cold_stores() -> bytes:
    rows = [[f"第{i}冷库", "冷库", "低温库" if i % 2 else "高温库", 5000, "2021年"] for i in range(4)]
    return text([["冷库名称", "类型", "库温", "库容/吨", "建成年份"], *rows], encoding="gb18030")


def two_sheets() -> bytes:
    rows = [[f"第{i}孵化器", "孵化器", "省级", 2020 + i, date(2027, 12, 31)] for i in range(4)]
    words = lines_sheet([["填写说明"], ["一、本表由各区县科技局填报。"], ["二、日期写作2025-01-01。"]])
    return book(
        ("填写说明", words), ("名录", lines_sheet([["载体名称", "载体类型", "级别", "认定年度", "有效期至"], *rows]))
    )


def firms_repeated() -> bytes:
    head = ["序号", "企业名称", "名录类型", "入库年度"]
    first = [[i, f"甲{i}公司", "专精特新企业", "2023年"] for i in range(1, 5)]
    second = [[i, f"乙{i}公司", "规上服务业企业", 2024] for i in range(5, 8)]
    return text([head, *first, ["小计", None, 4, None], head, *second, [], ["合计", None, 7, None]], encoding="gbk")


def firms_formulas() -> bytes:
    rows: list[list[Any]] = [
        ["甲公司", "上市后备企业", 2023],
        ['=HYPERLINK("x")', "上市后备企业", 2024],
        ["乙公司", "上市后备企业", "=2000+24"],
        ["丙公司", "未知名录", 2024],
    ]
    return book(("企业", lines_sheet([["企业名称", "名录", "入库年度"], *rows])))


def csv_formula_text() -> bytes:
    return text(
        [
            ["企业名称", "名录", "入库年度"],
            ["=HYPERLINK(0)", "其他", 2023],
            ["@SUM(1)", "其他", 2024],
            ["+甲公司", "其他", 2024],
        ]
    )


def logistics_firms() -> bytes:
    rows = [
        [f"第{i}物流公司", "综合型" if i == 9 else "运输型", f"{'A' * (i + 1)}", f"WL{i:05d}", 45657 + i]
        for i in range(5)
    ]
    return book(("名单", lines_sheet([["企业名称", "企业类型", "等级", "证书编号", "有效期"], *rows])))


def ragged() -> bytes:
    return (
        "名称,类型,营业面积,经度,纬度\r\n甲市场,农贸市场,1200,103.81,36.06\r\n乙市场,农贸市场,1200,103.82\r\n"
        '丙市场,农贸市场,"1,300",103.83,36.05,多余,又多\r\n"丁\n市场",农贸市场,900,103.84,36.05\r\n戊市场,农贸市场,900,103.85,36.05,,\r\n'
    ).encode()


def sections() -> bytes:
    lines: list[list[Any]] = [
        ["名称", "类型", "种植面积（亩）", "产量（万吨）"],
        ["一、榆中县"],
        ["甲基地", "高原夏菜基地", 3000, 1.5],
        ["乙基地", "高原夏菜基地", 2000, 0.8],
        ["小计", None, 5000, 2.3],
        ["二、皋兰县"],
        ["丙基地", "设施蔬菜基地", 800, 0.4],
        ["小计", None, 800, 0.4],
        ["总 计", None, 5800, 2.7],
    ]
    return book(("蔬菜基地", lines_sheet(lines, "A2:D2", "A6:D6")))


def dates() -> bytes:
    written = ["2024年5月1日", "2024.5.1", "20240501", "2024/5", "45413", "2024年2月30日", "去年", "二〇二四年五月"]
    rows = [[f"第{i}中心", "会展中心", 1000 + i, day] for i, day in enumerate(written)]
    return text([["场馆名称", "类型", "展览面积", "启用日期"], *rows])


def numbers_fault() -> bytes:
    written = ["120", "NaN", "1e400", str(2**70), "-5", "12.5", "无", "９０", "99999"]
    rows = [[f"第{i}学校", "小学", "公办", seats] for i, seats in enumerate(written)]
    return text([["学校名称", "学段", "性质", "学位数"], *rows], encoding="utf-8-sig")


def new_communities() -> bytes:
    rows = [[f"第{i}小区", "2023年", 0.32, 120, "300平方米"] for i in range(4)]
    return book(
        (
            "小区",
            lines_sheet(
                [
                    ["小区名称", "交付年度", "规划人口（万人）", "室内健身面积", "室外健身面积"],
                    ["甲", "1", "2", "3", "4"],
                    *rows,
                ]
            ),
        )
    )


def community() -> bytes:
    rows = [
        [f"{t[2]}服务站", "社区服务中心", t[0], f"{x:.6f}", f"{y:.6f}"]
        for t, (x, y) in zip(towns(5), spots(5), strict=True)
    ]
    return text(
        [["名称", "类型", "乡镇代码", "经度（CGCS2000）", "纬度（CGCS2000）"], *rows], encoding="gbk", delimiter="\t"
    )


def traditional() -> bytes:
    rows = [[f"第{i}醫院", "医院", 100] for i in range(3)]
    return text([["機構名稱", "機構類型", "床位數（張）"], *rows], encoding="utf-16")


def hidden_xls() -> bytes:
    rows = [[f"第{i}步行街", "步行街", 1.2, date(2024, 1, 1 + i)] for i in range(4)]
    return xls(
        book(
            ("步行街", lines_sheet([["名称", "业态", "街区长度（公里）", "开业时间"], *rows])),
            ("说明", lines_sheet([["本表由商务局填报"]])),
        )
    )


def bureau_words() -> bytes:
    rows = [[f"{t[2]}助老餐厅", "社区食堂", "正常运营", "√"] for t in towns(4)]
    return text(
        [
            ["名称", "类别", "运营状态", "示范点"],
            *rows,
            ["（以上为已建成的助餐点，在建的另行上报；如有变动请及时联系市民政局养老服务处）"],
        ]
    )


MESSY: Final[tuple[Messy, ...]] = (
    Messy("养老机构_合并表头.xlsx", "elderly", 8, ("XZQMC", "NAME", "BEDS", "NURS_BEDS"), elderly_merged, 6),
    Messy("助餐点_GBK.csv", "elderly", 6, ("NAME", "KIND", "XZQMC", "BEDS"), elderly_gbk, bad=1, encoding="gbk", codes=("range", "approximate")),
    Messy("助餐点_表下有注.csv", "elderly", 4, ("NAME", "KIND", "STATUS"), bureau_words, 1, datum="none", encoding="utf-8"),
    Messy("A级景区_度分秒_BOM.csv", "scenic", 7, ("NAME", "GRADE", "GRADE_DATE"), scenic_dms, 4, encoding="utf-8-sig", codes=("first_day",)),
    Messy("A级景区_度分秒汉字.xlsx", "scenic", 5, ("NAME", "GRADE", "GRADE_DATE"), scenic_words),
    Messy("托育_全角_制表符.tsv", "childcare", 6, ("NAME", "SEATS"), letters_after, encoding="utf-8"),
    Messy("托育_经纬度一列_GB18030.csv", "childcare", 5, ("NAME", "SEATS"), one_cell, encoding="gbk"),
    Messy("城市书房_坐标一列.xlsx", "culture", 5, ("NAME", "KIND"), one_cell_xlsx),
    Messy("体育场地_经纬颠倒.csv", "sports", 6, ("NAME", "KIND", "AREA_M2"), swapped, swapped=6, codes=("swapped",)),
    Messy("健身中心_部分颠倒_分号.csv", "sports", 6, ("NAME", "KIND"), partly_swapped, swapped=2),
    Messy("便利店_GCJ02.csv", "commerce", 12, ("NAME", "KIND", "XZQMC"), shifted(wgs84_to_gcj02, ["名称", "业态", "所属街道", "经度", "纬度"], "便利店", "便利店"), datum="gcj02"),
    Messy("银行_百度.csv", "community", 12, ("NAME", "KIND", "XZQMC"), shifted(wgs84_to_bd09, ["名称", "类型", "所属街道", "百度经度", "百度纬度"], "支行", "银行"), datum="bd09"),
    Messy("药店_WGS84.csv", "community", 12, ("NAME", "KIND", "XZQMC"), shifted(lambda xy: xy, ["名称", "类型", "所属街道", "经度", "纬度"], "药店", "药店")),
    Messy("乡级站_带号东坐标.csv", "logistics", 6, ("NAME", "KIND"), eastings("EPSG:4523", headings=("东坐标", "北坐标")), datum="EPSG:4523", encoding="gbk"),
    Messy("乡级站_XY测量.csv", "logistics", 6, ("NAME", "KIND"), eastings("EPSG:4544", headings=("X坐标", "Y坐标"), exchanged=True), datum="EPSG:4544", swapped=6, encoding="gbk"),
    Messy("乡级站_102度带.csv", "logistics", 6, ("NAME", "KIND"), eastings("EPSG:4543", headings=("横坐标", "纵坐标")), datum="EPSG:4543", encoding="gbk"),
    Messy("超市_坐标系混用.xlsx", "commerce", 12, ("NAME", "KIND", "CRS_SRC"), mixed, datum="mixed"),
    Messy("客运站_写法混用.csv", "transport", 8, ("NAME", "KIND"), forms_mixed, bad=3, datum="mixed", codes=("placeholder", "half_position", "position")),
    Messy("医院名录.xls", "health", 6, ("NAME", "LEVEL", "CLASS", "BEDS"), hospitals_xls, 2),
    Messy("卫生院_代码.xlsx", "health", 4, ("NAME", "KIND", "XZQDM12", "USCC"), health_codes, bad=1, datum="none", codes=("lost_digits",)),
    Messy("文化站_UTF16.txt", "culture", 5, ("NAME", "KIND", "AREA_M2"), culture_utf16, encoding="utf-16"),
    Messy("物流园区_单位行.xlsx", "logistics", 4, ("NAME", "KIND", "AREA_KM2", "CAP_T"), parks_units, 1, datum="none", codes=("converted",)),
    Messy("冷库_GB18030.csv", "logistics", 4, ("NAME", "KIND", "TEMP", "CAP_T", "DONE_YEAR"), cold_stores, datum="none", encoding="gbk"),
    Messy("孵化器_两个表.xlsx", "incubators", 4, ("NAME", "KIND", "LEVEL", "YEAR_REC", "VALID_TO"), two_sheets, datum="none", sheet="名录"),
    Messy("名录企业_重复表头.csv", "firms", 7, ("NAME", "KIND", "YEAR_REC"), firms_repeated, 4, datum="none", encoding="gbk"),
    Messy("上市后备_公式.xlsx", "firms", 4, ("NAME", "KIND", "YEAR_REC"), firms_formulas, bad=3, datum="none", codes=("no_value", "not_allowed")),
    Messy("企业_注入文本.csv", "firms", 3, ("NAME", "KIND", "YEAR_REC"), csv_formula_text, datum="none"),
    Messy("物流企业_序列日期.xlsx", "logistics_firms", 5, ("NAME", "TYPE", "GRADE", "CERT_NO", "VALID_TO"), logistics_firms, datum="none", codes=("serial_date",)),
    Messy("农贸市场_列数不齐.csv", "commerce", 5, ("NAME", "KIND", "GFA_M2"), ragged, bad=2, codes=("too_many_cells", "too_few_cells")),
    Messy("蔬菜基地_分区县.xlsx", "vegetable_bases", 3, ("NAME", "KIND", "AREA_MU", "YIELD_T"), sections, 5, datum="none"),
    Messy("会展场馆_日期.csv", "expo", 8, ("NAME", "KIND", "HALL_M2", "OPEN_DATE"), dates, bad=2, datum="none", codes=("impossible_date", "not_a_date", "first_day", "serial_date")),
    Messy("学校_数值.csv", "education", 9, ("NAME", "KIND", "OWNER_KIND", "SEATS"), numbers_fault, bad=5, datum="none", encoding="utf-8-sig", codes=("not_finite", "too_large", "negative", "not_whole", "implausible")),
    Messy("新建社区_栏号行.xlsx", "new_communities", 4, ("NAME", "DONE_YEAR", "PERSONS", "SPT_IN_M2", "SPT_OUT_M2"), new_communities, 1, datum="none"),
    Messy("社区服务站_2000坐标.txt", "community", 5, ("NAME", "KIND", "XZQDM12"), community, encoding="gbk"),
    Messy("医院_繁体_UTF16.csv", "health", 3, ("NAME", "KIND", "BEDS"), traditional, datum="none", encoding="utf-16"),
    Messy("步行街_公里.xls", "commerce", 4, ("NAME", "KIND", "LEN_M", "OPEN_DATE"), hidden_xls, datum="none", sheet="步行街"),
)  # fmt: skip
"""Every committed file; ``rows`` + ``left_out`` + the lines of headings are all its lines."""

DATUMS: Final[dict[str, Callable[[F64], F64]]] = {
    "wgs84": lambda xy: xy,
    "gcj02": wgs84_to_gcj02,
    "bd09": wgs84_to_bd09,
    "EPSG:4544": lambda xy: project(xy, "EPSG:4490", "EPSG:4544"),
    "EPSG:4523": lambda xy: project(xy, "EPSG:4490", "EPSG:4523"),
    "EPSG:3857": lambda xy: project(xy, "EPSG:4326", "EPSG:3857"),
}


def real_shops(real: Path, path: Path, *, datum: str, limit: int = 400, encoding: str = "gbk") -> int:
    """Write the real shops of ``lanzhou-core`` as a bureau's CSV in ``datum`` and return how many they are."""
    features = json.loads((real / "lanzhou-core" / "pois.geojson").read_text(encoding="utf-8"))["features"]
    shops = [f for f in features if str(f["properties"].get("type", "")).startswith("shop")][:limit]
    at = DATUMS[datum](np.array([f["geometry"]["coordinates"][:2] for f in shops], dtype=np.float64))
    projected = datum.startswith("EPSG")
    names = ("东坐标", "北坐标") if projected else ("经度", "纬度")
    digits = 3 if projected else 7
    lines = [["商业网点名录"], ["序号", "名称", "业态", *names]]
    for i, (shop, (x, y)) in enumerate(zip(shops, at, strict=True), 1):
        name = str(shop["properties"].get("name") or f"商店{i}")
        lines.append([str(i), name, "便利店", f"{x:.{digits}f}", f"{y:.{digits}f}"])
    path.write_bytes(text(lines, encoding=encoding if encoding != "gbk" else "gb18030"))
    return len(shops)


def main() -> None:
    """Write the committed files again."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for messy in MESSY:
        (FOLDER / messy.name).write_bytes(messy.make())


if __name__ == "__main__":
    main()
