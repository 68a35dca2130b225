"""What the table and the notice of an assessment hold, as text ready to be set: no analysis is left to do."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

HEADS: Final = ("序号", "领域", "指标", "年度目标", "完成值", "完成率", "等次", "牵头单位", "数据来源", "备注")
"""The columns of a 考核通报's table."""


@dataclass(frozen=True, slots=True)
class FormRow:
    """One indicator: its texts by the columns of ``HEADS``, and the numbers behind two of them where there are any.

    ``value`` has ``decimals`` decimals and is followed by ``unit``; ``completion`` is a share.
    """

    texts: tuple[str, ...]
    value: float | None
    decimals: int
    unit: str
    completion: float | None
    completion_decimals: int
    targeted: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One further table: its name, headings, rows of text, and the columns' widths in characters."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SectorText:
    """One sector's paragraph of the notice."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanForm:
    """A year's assessment as a table and a notice."""

    year: int
    table_title: str
    notice_title: tuple[str, ...]
    addressed: str
    issuer: str
    as_of: date
    warnings: tuple[str, ...]
    opening: str
    overall: tuple[str, ...]
    sectors: tuple[SectorText, ...]
    gaps: tuple[str, ...]
    milestones: tuple[str, ...]
    closing: str
    rows: tuple[FormRow, ...]
    sheets: tuple[Sheet, ...]
    made: datetime

    def sheet(self, name: str) -> Sheet:
        """Return the further table of that name."""
        return next(one for one in self.sheets if one.name == name)


def chinese_date(day: date) -> str:
    """Return a date as official papers write it.

    >>> chinese_date(date(2025, 12, 31))
    '2025年12月31日'
    """
    return f"{day.year}年{day.month}月{day.day}日"
