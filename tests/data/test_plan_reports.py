"""The table and the notice: what they say, how they are set, and that their bytes never vary."""

import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from data.write.plan_docx import write_plan_docx
from data.write.plan_form import HEADS, FormRow, PlanForm, SectorText, Sheet
from data.write.plan_xlsx import write_plan_xlsx

SAMPLE = "示例数据：部分数据为合成，仅供演示，不得作为考核依据。"


def row(number, sector, name, target, value, completion, grade, *, figure=None, decimals=0, unit="", share=None):
    texts = (str(number), sector, name, target, value, completion, grade, "市商务局", "部门上报：市商务局", "备注")
    return FormRow(texts, figure, decimals, unit, share, 1, target != "—")


def form(**changes):
    given = {
        "year": 2025,
        "table_title": "三年行动计划2025年度目标任务考核表",
        "notice_title": ("关于三年行动计划", "2025年度目标任务完成情况的考核通报"),
        "addressed": "各县区人民政府：",
        "issuer": "某局",
        "as_of": date(2026, 1, 31),
        "warnings": (),
        "opening": "现通报如下：",
        "overall": ("共58项。",),
        "sectors": (SectorText("金融业", "考核指标1项。"),),
        "gaps": ("尚差16村。",),
        "milestones": ("打造文创品牌：未报",),
        "closing": "请核实数据。",
        "rows": (
            row(1, "现代物流业", "覆盖率", "≥90%", "89.996%", "99.996%", "较差", figure=89.996, decimals=3, unit="%",
                share=0.99996),
            row(2, "现代物流业", "园区", "≥5个", "6个", "120%", "优秀", figure=6.0, unit="个", share=1.2),
            row(3, "会展业", "交易额", "≥160亿元", "—", "—", "未报"),
            row(4, "会展业", "无目标", "—", "7个", "—", "不评", figure=7.0, unit="个"),
        ),
        "sheets": (
            Sheet("证据", ("序号", "编号"), (("1", "620102001"), ("1", "=1+1")), (6, 20)),
            Sheet("缺口清单", ("序号", "指标", "距目标尚差", "距优秀尚差", "编号", "名称", "区县", "现状"),
                  tuple((str(i), "覆盖率", "16村", "—", "", f"村{i}", "", "") for i in range(90)), (6,) * 8),
            Sheet("设置", ("设置", "口径", "采用", "默认", "可选", "出处", "可信度"), (("due", "到期日", "12-31", "12-31", "", "计划", "推算"),),
                  (10,) * 7),
            Sheet("来源", ("项目", "内容"), (("版次", "1"), ("程序版本", "0.1.0+abc")), (10, 40)),
        ),
        "made": datetime(2026, 2, 1, 8, 30),
    }  # fmt: skip
    return PlanForm(**{**given, **changes})


@pytest.mark.parametrize("write", [write_plan_xlsx, write_plan_docx])
def test_the_same_form_gives_the_same_bytes(tmp_path, write):
    for name in ("a", "b"):
        write(form(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert package.namelist()[0] == "[Content_Types].xml"
        core = package.read("docProps/core.xml").decode()
        assert core.count("2026-02-01T08:30:00Z") == 2
    write(form(issuer="别的局"), tmp_path / "c")
    assert (tmp_path / "c").read_bytes() != (tmp_path / "a").read_bytes()


@pytest.fixture
def book(tmp_path):
    write_plan_xlsx(form(warnings=(SAMPLE,)), tmp_path / "t.xlsx")
    return openpyxl.load_workbook(tmp_path / "t.xlsx")


def test_the_table_has_the_official_columns(book):
    sheet = book["考核表"]
    assert book.sheetnames == ["考核表", "证据", "缺口清单", "设置", "来源"]
    assert tuple(cell.value for cell in sheet[4]) == HEADS
    assert sheet["A1"].value == "三年行动计划2025年度目标任务考核表"
    assert SAMPLE in sheet["A2"].value
    for word in ("填报单位：某局", "填表人", "审核人", "报出日期：2026年1月31日"):
        assert word in sheet["A3"].value


def test_numbers_are_numbers_shown_as_the_text_says(book):
    sheet = book["考核表"]
    value, share = sheet["E5"], sheet["F5"]
    assert (value.value, value.number_format) == (89.996, '#,##0.000"%"')
    assert (share.value, share.number_format) == (0.99996, "0.0%")
    assert (sheet["E6"].value, sheet["E6"].number_format) == (6, '#,##0"个"')
    assert (sheet["E7"].value, sheet["E7"].data_type) == ("—", "s")
    assert [sheet.cell(r, 7).value for r in range(5, 9)] == ["较差", "优秀", "未报", "不评"]


def test_codes_and_formulas_stay_text(book):
    cells = [book["证据"].cell(row, 2) for row in (4, 5)]
    assert [(c.value, c.data_type) for c in cells] == [("620102001", "s"), ("=1+1", "s")]


def test_sheets_print_on_a4_across(book):
    for sheet in book:
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.freeze_panes
        assert sheet.print_title_rows
        assert SAMPLE in (sheet.oddHeader.right.text or "")
    assert book["考核表"].freeze_panes == "D5"
    assert book["考核表"].print_title_rows == "$4:$4"


@pytest.fixture
def notice(tmp_path):
    write_plan_docx(form(warnings=(SAMPLE,)), tmp_path / "n.docx")
    return Document(tmp_path / "n.docx")


def texts(notice):
    return [paragraph.text for paragraph in notice.paragraphs if paragraph.text]


def test_the_notice_is_in_order(notice):
    got = texts(notice)
    wanted = [
        "关于三年行动计划", "2025年度目标任务完成情况的考核通报", "各县区人民政府：", "现通报如下：", "一、总体情况", "共58项。",
        "二、各领域情况", "（一）金融业。考核指标1项。", "三、主要差距", "1. 尚差16村。", "四、定性目标", "1. 打造文创品牌：未报",
        "请核实数据。", "附件：1. 2025年度目标任务考核表", "某局", "2026年1月31日", "附件1", "附件2", "附件3",
    ]  # fmt: skip
    places = [got.index(text) for text in wanted]
    assert places == sorted(places)


def test_a_notice_without_gaps_numbers_on(tmp_path):
    write_plan_docx(form(gaps=(), issuer=""), tmp_path / "n.docx")
    got = texts(Document(tmp_path / "n.docx"))
    assert "三、定性目标" in got
    assert "（发文机关署名）" in got


def test_the_notice_is_set_as_an_official_paper(notice):
    page = notice.sections[0]
    assert abs(page.page_width - Mm(210)) < Pt(0.1) and abs(page.page_height - Mm(297)) < Pt(0.1)
    margins = [page.top_margin, page.bottom_margin, page.left_margin, page.right_margin]
    assert all(abs(a - b) < Pt(0.1) for a, b in zip(margins, (Mm(37), Mm(35), Mm(28), Mm(26)), strict=True))
    assert notice.sections[1].page_width > notice.sections[1].page_height
    fonts = {
        paragraph.text: (paragraph.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia")), paragraph.runs[0].font.size.pt)
        for paragraph in notice.paragraphs
        if paragraph.text
    }
    assert fonts["关于三年行动计划"] == ("方正小标宋简体", 22)
    assert fonts["一、总体情况"] == ("黑体", 16)
    assert fonts["（一）金融业。考核指标1项。"] == ("楷体_GB2312", 16)
    assert fonts["共58项。"] == ("仿宋_GB2312", 16)
    body = next(p for p in notice.paragraphs if p.text == "共58项。")
    assert body.paragraph_format.line_spacing == Pt(28)
    assert SAMPLE in page.header.paragraphs[0].text
    assert "PAGE" in page.footer._element.xml and "PAGE" in page.even_page_footer._element.xml


def test_the_notices_table_has_only_what_had_a_target(notice):
    table = notice.tables[0]
    assert tuple(cell.text for cell in table.rows[0].cells) == HEADS
    assert [row.cells[2].text for row in table.rows[1:]] == ["覆盖率", "园区", "交易额"]
    assert any("另有1项指标本年度未设目标" in text and "无目标7个" in text for text in texts(notice))
    assert len(notice.tables[1].rows) == 61
    assert any("共90行" in text for text in texts(notice))
    assert "程序版本" in notice.tables[3].rows[2].cells[0].text
