"""Where the table in a sheet begins and ends: titles above it, headings of several rows, notes and totals below.

A sheet is a list of lines of cells; the first lines decide the headings (``find_layout``), each later line is a record
or is left out for a reason (``why_left_out``). What is uncertain stays a record: its faults are seen, never lost.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from data.read.raw import LeftOut
from data.read.units import is_unit
from data.read.wording import heading_key

Line = Sequence[Any]
Spans = list[tuple[int, int]]

HEAD_LINES: Final = 60
"""The headings stand in so many first lines; forms have at most a dozen lines of titles and instructions."""
_LONGEST_HEADING: Final = 60
_KNOWN_SHARE: Final = 0.4
_FULL_SHARE: Final = 0.6
_MAX_LEVELS: Final = 3
_GENERIC: Final = re.compile(
    r"(?:.{0,10}(?:名称|名|地址|经度|纬度|坐标|电话|类型|类别|等级|级别|备注|区县|县区|乡镇|面积|床位数?|日期|时间|联系人|状态"
    r"|代码|编号|编码|性质|数量|年份|来源|位数|方式|负责人)|序号|(?:所在|所属).{0,6}|id|name|address|addr|lon|lat|lng|longitude|latitude|x|y|type|kind|code)"
)
_TOTAL: Final = re.compile(r"[\u4e00-\u9fff]{0,8}?(?:合计|小计|总计|共计|累计)(?:[（(][^（）()]*[）)])?[:：]?")
_NOTE: Final = re.compile(
    r"(?:备注|注|说明|附注|填表说明|填报说明|填表人|填报人|填表单位|填报单位|填报部门|审核人|审核|复核|制表人?|单位负责人|统计负责人|负责人"
    r"|经办人|联系人|联系电话|报出日期|填表日期|填报日期|填报时间|制表日期|制表时间|数据来源|资料来源|来源|单位|截止日期|截至日期|统计截止)"
    r"(?:[（(][^（）()]{0,10}[）)])?\d{0,2}[:：].*|注\d?[、.．].*|[（(]?盖章[）)]?",
    re.DOTALL,
)
_SECTION: Final = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]).{1,30}", re.DOTALL
)
_EXAMPLE: Final = re.compile(r"[（(【\[]?(?:示例|样例|填写示例|举例)(?:[）)】\]，,、:：（(].*)?", re.DOTALL)
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,9}")
_SENTENCE: Final = re.compile(r"[。；;]|.{25}", re.DOTALL)
_NUMBERING: Final = frozenset({"序号", "行号"})
_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"


@dataclass(frozen=True, slots=True)
class Layout:
    """The headings of a sheet: their texts (None where a column has none) and the first line after them."""

    headings: tuple[str | None, ...]
    levels: tuple[int, ...]
    start: int
    known: int
    left_out: tuple[LeftOut, ...]


def find_layout(
    head: Sequence[Line],
    rows: Sequence[int],
    *,
    merges: Collection[tuple[int, int, int, int]] | None,
    known: Collection[str],
    lengths: Sequence[int] | None = None,
) -> Layout | None:
    """Return where the headings stand in the first lines of a sheet, None where no line can be one.

    ``rows`` are the lines' numbers; ``merges`` are (first line, first column, last line, last column) of merged
    cells, as positions in ``head``, None where the form has no such; ``known`` are keys of headings that are known;
    ``lengths`` are the cells of each line as written: one that is longer than the headings does not subdivide them.
    """
    width = max((_filled(line) for line in head), default=0)
    at = _heading_line(head, width, known)
    if at is None:
        return None
    columns = max(len(line) for line in head)
    first = at - 1 if at and _is_parent(head[at - 1], head[at]) else at
    levels, spans = [first], [_spans(head[first], first, (0, columns), merges)]
    while len(levels) < _MAX_LEVELS and levels[-1] + 1 < len(head):
        below = levels[-1] + 1
        longer = lengths is not None and lengths[below] > lengths[at]
        if below != at and (longer or not _is_child(head[below], spans[-1])):
            break
        children = [_spans(head[below], below, span, merges) for span in spans[-1]]
        spans.append([child for group in children for child in group])
        levels.append(below)
    headings = _joined(head, levels, spans, columns)
    left = [LeftOut(rows[i], line_text(head[i]), "title" if _filled(head[i]) else "blank") for i in range(first)]
    start = levels[-1] + 1
    while start < len(head) and (why := _is_second(head[start], headings)):
        if why == "unit":
            headings = [
                _with_unit(text, cell) for text, cell in zip(headings, _padded(head[start], columns), strict=True)
            ]
        if why == "codes":
            headings = [
                _with_code(text, cell) for text, cell in zip(headings, _padded(head[start], columns), strict=True)
            ]
        left.append(LeftOut(rows[start], line_text(head[start]), "heading" if why == "codes" else why))
        start += 1
    hits = sum(1 for text in headings if text and heading_key(text.rsplit("/", 1)[-1]) in known)
    return Layout(tuple(headings), tuple(levels), start, hits, tuple(left))


def why_left_out(line: Line, layout: Layout, *, nth: int, wide: bool) -> str | None:
    """Return why a line after the headings is no record, None where it is one.

    ``nth`` counts the lines after the headings from 0; ``wide`` says that its one cell is merged across the table.
    """
    cells = [(i, cell) for i, cell in enumerate(line) if cell is not None]
    if all(i < len(layout.headings) and heading_key(layout.headings[i] or "") in _NUMBERING for i, _ in cells):
        return "blank"
    texts = [cell.strip() for _, cell in cells[:3] if isinstance(cell, str)]
    if nth < 3 and any(_EXAMPLE.fullmatch(text) for text in texts[:2]):
        return "example"
    if _repeats(line, layout.headings):
        return "repeated_heading"
    if any(_TOTAL.fullmatch(re.sub(r"\s", "", text)) for text in texts):
        return "total"
    columns = sum(heading is not None for heading in layout.headings)
    if texts and len(cells) <= max(3, columns // 2) and columns > 1 and isinstance(cells[0][1], str):
        if _NOTE.fullmatch(re.sub(r"\s", "", texts[0])):
            return "note"
        if len(cells) == 1 and columns >= 3 and (wide or _SECTION.fullmatch(texts[0])):
            return "section" if not _SENTENCE.search(texts[0]) else "note"
    return None


def is_tail_note(line: Line, layout: Layout) -> bool:
    """Return whether a line after the last record is one sentence below the table."""
    cells = [cell for cell in line if cell is not None]
    columns = sum(heading is not None for heading in layout.headings)
    return len(cells) == 1 and columns >= 3 and isinstance(cells[0], str) and bool(_SENTENCE.search(cells[0]))


def line_text(line: Line) -> str:
    """Return the cells of a line as one text.

    >>> line_text(["合计", None, 3.0])
    '合计 | 3'
    """
    return " | ".join(cell_text(cell) for cell in line if cell is not None)


def cell_text(cell: Any) -> str:
    """Return a cell as people see it: whole numbers without a decimal point."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return " ".join(str(cell).split())


def _filled(line: Line) -> int:
    return sum(cell is not None for cell in line)


def _padded(line: Line, width: int) -> list[Any]:
    return [*line, *[None] * (width - len(line))]


def _is_number(cell: Any) -> bool:
    if isinstance(cell, str):
        return re.fullmatch(
            r"[\s\d.,，+\-%：:°′″'\"/年月日]*\d[\s\d.,，+\-%：:°′″'\"/年月日]*", cell
        ) is not None and not re.fullmatch(r"(?:19|20)\d\d年?", cell.strip())
    return isinstance(cell, int | float | date | time | timedelta) and not (
        isinstance(cell, int | float) and 1949 <= cell <= 2100
    )


def _texts_only(line: Line) -> bool:
    return all(not _is_number(cell) and len(str(cell)) <= _LONGEST_HEADING for cell in line if cell is not None)


def _hits(line: Line, known: Collection[str]) -> int:
    keys = [heading_key(cell) for cell in line if isinstance(cell, str) and len(cell) <= _LONGEST_HEADING]
    return sum(key in known or (len(key) <= 16 and _GENERIC.fullmatch(key) is not None) for key in keys if key)


def _heading_line(head: Sequence[Line], width: int, known: Collection[str]) -> int | None:
    candidate = None
    for i, line in enumerate(head):
        filled = _filled(line)
        if not filled or filled < min(2, width):
            continue
        texts = _texts_only(line) and not any(isinstance(c, str) and _NOTE.fullmatch(c.strip()) for c in line)
        hits = _hits(line, known)
        if texts and (hits >= 2 or (hits and width == 1)) and hits >= _KNOWN_SHARE * filled:
            return i
        if filled >= max(_FULL_SHARE * width, 1) and candidate is None:
            candidate = i if texts else -1
    return candidate if candidate is not None and candidate >= 0 else None


def _is_parent(above: Line, line: Line) -> bool:
    """Whether the line above the headings groups them: several short texts, fewer than the headings."""
    texts = [cell for cell in above if cell is not None]
    return (
        2 <= len(texts) < _filled(line)
        and _texts_only(above)
        and not any(isinstance(c, str) and (_NOTE.fullmatch(c.strip()) or re.search("[:：]", c)) for c in texts)
    )


def _spans(line: Line, at: int, within: tuple[int, int], merges: Collection[tuple[int, int, int, int]] | None) -> Spans:
    """The columns each text of a heading line stands for: its merged cells, or up to the next text."""
    start, end = within
    filled = [i for i in range(start, min(end, len(line))) if line[i] is not None]
    if not filled:
        return [within]
    out: Spans = [(start, filled[0])] if filled[0] > start else []
    for i, following in zip(filled, [*filled[1:], end], strict=True):
        if merges is None:
            out.append((i, following))
            continue
        last = max((right for top, left, bottom, right in merges if top <= at <= bottom and left == i), default=i) + 1
        out += [(i, min(last, following)), *((j, j + 1) for j in range(min(last, following), following))]
    return out


def _is_child(line: Line, spans: Spans) -> bool:
    """Whether a line subdivides the headings above it: texts only, and only beneath those that span columns."""
    filled = {i for i, cell in enumerate(line) if cell is not None}
    if not _texts_only(line) or any(len(str(line[i])) > _LONGEST_HEADING // 2 for i in filled):
        return False
    grouped = [set(range(*span)) for span in spans if span[1] - span[0] > 1]
    return bool(filled) and filled <= set().union(*grouped) and any(len(filled & group) > 1 for group in grouped)


def _joined(head: Sequence[Line], levels: Sequence[int], spans: Sequence[Spans], columns: int) -> list[str | None]:
    out: list[str | None] = []
    for column in range(columns):
        parts: list[str] = []
        for level, groups in zip(levels, spans, strict=True):
            begin = next((left for left, right in groups if left <= column < right), column)
            last = level == levels[-1]
            source = column if last or begin >= len(head[level]) else begin
            cell = head[level][source] if source < len(head[level]) else None
            text = "" if cell is None else cell_text(cell)
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        out.append("/".join(parts) or None)
    return out


def _is_second(line: Line, headings: Sequence[str | None]) -> str | None:
    """Why a line right below the headings is none of the records: units, column numbers, field codes."""
    cells = [cell for cell in line if cell is not None]
    if not cells:
        return None
    texts = [cell_text(cell).strip("（）()") for cell in cells]
    if all(isinstance(cell, str) and is_unit(text) for cell, text in zip(cells, texts, strict=True)):
        return "unit"
    stems = [text for text in texts if text in _STEMS]
    numbers = [text for text in texts if text not in _STEMS]
    counted = [str(i) for i in range(1, len(numbers) + 1)]
    if (
        len(cells) >= 4
        and numbers == counted
        and "".join(stems) == _STEMS[: len(stems)]
        and len(cells) == len(headings)
    ):
        return "index"
    if len(cells) >= 3 and len(set(texts)) == len(texts) and all(_CODE.fullmatch(text) for text in texts):
        return "codes" if len(cells) >= _FULL_SHARE * len(headings) else None
    return None


def _with_unit(text: str | None, cell: Any) -> str | None:
    unit = "" if cell is None else cell_text(cell).strip("（）()")
    return text if not unit or text is None else f"{text}（{unit}）"


def _with_code(text: str | None, cell: Any) -> str | None:
    parts = [part for part in (text, None if cell is None else cell_text(cell)) if part]
    return "/".join(dict.fromkeys(parts)) or None


def _repeats(line: Line, headings: Sequence[str | None]) -> bool:
    """Whether a line says the headings again, as each printed page of a long list does."""
    pairs = [(cell, heading) for cell, heading in zip(line, headings, strict=False) if cell is not None and heading]
    same = sum(
        isinstance(cell, str) and heading_key(cell) in {heading_key(part) for part in [heading, *heading.split("/")]}
        for cell, heading in pairs
    )
    return bool(pairs) and same >= min(2, len(headings)) and same > len(pairs) // 2
