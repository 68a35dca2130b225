"""DOCX: the 考核通报 as an official paper is set (GB/T 9704-2012: margins, type, 28-point lines, page numbers)."""

import io
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from data.write.plan_form import HEADS, FormRow, PlanForm, Sheet, chinese_date
from data.write.reproducible import write_reproducibly

_TITLE: Final = "方正小标宋简体"
_BODY: Final = "仿宋_GB2312"
_FIRST: Final = "黑体"
_SECOND: Final = "楷体_GB2312"
_PAGE: Final = "宋体"
_LATIN: Final = "Times New Roman"
_A4: Final = (Mm(210), Mm(297))
_MARGINS: Final = {"top_margin": Mm(37), "bottom_margin": Mm(35), "left_margin": Mm(28), "right_margin": Mm(26)}
_TABLE_MARGINS: Final = {"top_margin": Mm(26), "bottom_margin": Mm(22), "left_margin": Mm(18), "right_margin": Mm(18)}
_LINE: Final = Pt(28)
_ALIGN: Final[dict[str, Any]] = {
    "LEFT": WD_ALIGN_PARAGRAPH.LEFT,
    "RIGHT": WD_ALIGN_PARAGRAPH.RIGHT,
    "CENTER": WD_ALIGN_PARAGRAPH.CENTER,
    "JUSTIFY": WD_ALIGN_PARAGRAPH.JUSTIFY,
}
_NUMERALS: Final = "一二三四五六七八九十"
_TABLE_MM: Final = (10, 22, 40, 26, 26, 18, 13, 34, 36, 36)
_CENTRED: Final = frozenset({0, 3, 4, 5, 6})
_GAP_MM: Final = (12, 50, 28, 28, 34, 50, 24, 35)
_GAP_ROWS: Final = 60
_WARN: Final = RGBColor(0xC0, 0, 0)


def write_plan_docx(form: PlanForm, path: Path) -> None:
    """Write the notice with its three annexes: the table, the gaps, and how it was graded; reproducible."""
    document = Document()
    _defaults(document)
    _portrait(document.sections[0])
    _page_numbers(document, form)
    _notice(document, form)
    _annex_table(document, form)
    _annex_gaps(document, form)
    _annex_sources(document, form)
    core = document.core_properties
    core.author, core.title, core.comments = form.issuer or "Quantu", "".join(form.notice_title), ""
    core.created = core.modified = form.made
    core.last_modified_by, core.revision = core.author, 1
    buffer = io.BytesIO()
    document.save(buffer)
    write_reproducibly(buffer.getvalue(), path, made=form.made)


def _font(run: Any, name: str, size: float, *, bold: bool = False, latin: str = _LATIN) -> Any:
    run.font.name, run.font.size, run.font.bold = latin, Pt(size), bold
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:hint"), "eastAsia")
    return run


def _defaults(document: Any) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = _LATIN, Pt(16)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _BODY)
    language = style.element.get_or_add_rPr().find(qn("w:lang"))
    if language is None:
        language = OxmlElement("w:lang")
        style.element.get_or_add_rPr().append(language)
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    document.settings.odd_and_even_pages_header_footer = True


def _portrait(section: Any) -> None:
    section.page_width, section.page_height = _A4
    section.orientation = WD_ORIENT.PORTRAIT
    for name, value in _MARGINS.items():
        setattr(section, name, value)
    section.footer_distance = Mm(25)


def _landscape(document: Any) -> None:
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_height, section.page_width = _A4
    for name, value in _TABLE_MARGINS.items():
        setattr(section, name, value)
    section.footer_distance = Mm(12)


def _paragraph(
    holder: Any, text: str, name: str = _BODY, size: float = 16, *, indent: bool = True, align: str = "JUSTIFY",
    line: Any = _LINE, bold: bool = False, colour: Any = None,
) -> Any:  # fmt: skip
    """Add a paragraph: exact line pitch, no space around it, two characters in unless told otherwise."""
    paragraph = holder.add_paragraph()
    form = paragraph.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, line
    form.widow_control = False
    paragraph.alignment = _ALIGN[align]
    if indent:
        form.first_line_indent = Pt(2 * size)
        paragraph._p.get_or_add_pPr().get_or_add_ind().set(qn("w:firstLineChars"), "200")
    run = _font(paragraph.add_run(text), name, size, bold=bold)
    if colour is not None:
        run.font.color.rgb = colour
    return paragraph


def _page_numbers(document: Any, form: PlanForm) -> None:
    """Set — 1 — outside on every page, and what must be known of the data above every page."""
    section = document.sections[0]
    for footer, align in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = _ALIGN[align]
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(14)
        _font(paragraph.add_run("— "), _PAGE, 14, latin=_PAGE)
        _field(_font(paragraph.add_run(), _PAGE, 14, latin=_PAGE), "PAGE")
        _font(paragraph.add_run(" —"), _PAGE, 14, latin=_PAGE)
    for header in (section.header, section.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if form.warnings:
            _font(paragraph.add_run(form.warnings[0]), _FIRST, 10.5).font.color.rgb = _WARN


def _field(run: Any, code: str) -> None:
    for kind in ("begin", "", "end"):
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.text = code
        run._r.append(part)


def _notice(document: Any, form: PlanForm) -> None:
    for line in form.notice_title:
        _paragraph(document, line, _TITLE, 22, indent=False, align="CENTER", line=Pt(34))
    _paragraph(document, "", indent=False)
    _paragraph(document, form.addressed, indent=False)
    _paragraph(document, form.opening)
    _paragraph(document, "一、总体情况", _FIRST)
    for text in form.overall:
        _paragraph(document, text)
    _paragraph(document, "二、各领域情况", _FIRST)
    for number, sector in enumerate(form.sectors, 1):
        paragraph = _paragraph(document, f"（{_chinese(number)}）{sector.name}。", _SECOND)
        _font(paragraph.add_run(sector.text), _BODY, 16)
    heading = 3
    for title, texts in (("主要差距", form.gaps), ("定性目标", form.milestones)):
        if texts:
            _paragraph(document, f"{_chinese(heading)}、{title}", _FIRST).paragraph_format.keep_with_next = True
            for number, text in enumerate(texts, 1):
                _paragraph(document, f"{number}. {text}")
            heading += 1
    for text in (form.closing, ""):
        _paragraph(document, text, indent=bool(text)).paragraph_format.keep_with_next = True
    annexes = ("目标任务考核表", "缺口清单", "评定口径与数据来源")
    for number, annex in enumerate(annexes, 1):
        lead = "附件：" if number == 1 else "　　　"
        line = _paragraph(document, f"{lead}{number}. {form.year}年度{annex}", align="LEFT")
        line.paragraph_format.keep_with_next = True
    for _ in range(2):
        _paragraph(document, "", indent=False).paragraph_format.keep_with_next = True
    for text, inset in ((form.issuer or "（发文机关署名）", 2), (chinese_date(form.as_of), 4)):
        paragraph = _paragraph(document, text, indent=False, align="RIGHT")
        paragraph.paragraph_format.right_indent = Pt(16 * inset)
        paragraph.paragraph_format.keep_with_next = inset == 2


def _chinese(number: int) -> str:
    if number <= 10:
        return _NUMERALS[number - 1]
    return "十" + _NUMERALS[number - 11]


def _annex(document: Any, number: int, title: str) -> None:
    _paragraph(document, f"附件{number}", _FIRST, indent=False, align="LEFT")
    _paragraph(document, title, _TITLE, 20, indent=False, align="CENTER", line=Pt(32))


def _annex_table(document: Any, form: PlanForm) -> None:
    _landscape(document)
    _annex(document, 1, form.table_title)
    for warning in form.warnings:
        _paragraph(document, warning, _FIRST, 10.5, indent=False, align="CENTER", line=Pt(16), colour=_WARN)
    who = form.issuer or "____________"
    line = f"填报单位：{who}　　填表人：________　　审核人：________　　报出日期：{chinese_date(form.as_of)}"
    _paragraph(document, line, _BODY, 10.5, indent=False, align="LEFT", line=Pt(20))
    rows = [row for row in form.rows if row.targeted]
    table = _table(document, HEADS, _TABLE_MM, [_numbered(row, n) for n, row in enumerate(rows, 1)], _CENTRED)
    _merge_runs(table, 1)
    others = [row for row in form.rows if not row.targeted]
    if others:
        stated = [f"{row.texts[2]}{row.texts[4]}" for row in others if row.value is not None]
        text = f"注：另有{len(others)}项指标本年度未设目标，不评等次"
        text += f"；其中已有完成值的：{'、'.join(stated)}。" if stated else "。"
        _paragraph(document, text, _BODY, 10.5, indent=False, align="LEFT", line=Pt(18))


def _numbered(row: FormRow, number: int) -> tuple[str, ...]:
    return (str(number), *row.texts[1:])


def _annex_gaps(document: Any, form: PlanForm) -> None:
    _break(document)
    sheet = form.sheet("缺口清单")
    _annex(document, 2, f"{form.year}年度缺口清单")
    if not sheet.rows:
        _paragraph(document, "本年度没有可列出的缺口。", size=14)
        return
    _table(document, sheet.heads, _GAP_MM, sheet.rows[:_GAP_ROWS], frozenset({0, 2, 3}))
    if len(sheet.rows) > _GAP_ROWS:
        text = f"注：共{len(sheet.rows)}行，此处列前{_GAP_ROWS}行，全部见考核表电子版“缺口清单”。"
        _paragraph(document, text, _BODY, 10.5, indent=False, align="LEFT", line=Pt(18))


def _annex_sources(document: Any, form: PlanForm) -> None:
    _break(document)
    _annex(document, 3, f"{form.year}年度评定口径与数据来源")
    settings: Sheet = form.sheet("设置")
    keep = (1, 2, 5, 6)
    rows = [tuple(row[i] for i in keep) for row in settings.rows]
    _table(document, tuple(settings.heads[i] for i in keep), (112, 34, 85, 30), rows, frozenset({1, 3}))
    _paragraph(document, "", indent=False, line=Pt(12))
    sources = form.sheet("来源")
    _table(document, sources.heads, (55, 206), sources.rows, frozenset())


def _break(document: Any) -> None:
    """Begin the next paragraph on a new page of the same section."""
    document.add_section(WD_SECTION.NEW_PAGE)


def _table(document: Any, heads: tuple[str, ...], widths: Any, rows: Any, centred: frozenset[int]) -> Any:
    table = document.add_table(rows=1 + len(rows), cols=len(heads))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for width, column in zip(widths, table.columns, strict=True):
        column.width = Mm(width)
    for number, (cells, texts) in enumerate(zip(table.rows, (heads, *rows), strict=True)):
        row = cells._tr.get_or_add_trPr()
        whole = OxmlElement("w:cantSplit")
        row.append(whole)
        if number == 0:
            row.append(OxmlElement("w:tblHeader"))
        for place, (cell, text, width) in enumerate(zip(cells.cells, texts, widths, strict=True)):
            cell.width = Mm(width)
            _cell(cell, text, head=number == 0, centred=number == 0 or place in centred)
    return table


def _cell(cell: Any, text: str, *, head: bool, centred: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.LEFT
    form = paragraph.paragraph_format
    form.space_before = form.space_after = Pt(1)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(13.5)
    bold = text in {"优秀", "较差"}
    _font(paragraph.add_run(text), _FIRST if head else _BODY, 10 if head else 9.5, bold=bold)
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _merge_runs(table: Any, column: int) -> None:
    """Merge the cells of a column that say the same, one below the other, below the headings."""
    before = None
    for row in table.rows[1:]:
        cell = row._tr.tc_lst[column]
        text = "".join(part.text or "" for part in cell.iter(qn("w:t")))
        cell.vMerge = "continue" if text == before else "restart"
        if text == before:
            for part in cell.iter(qn("w:t")):
                part.text = ""
        before = text
