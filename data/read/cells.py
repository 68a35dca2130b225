"""One cell at a time: numbers, dates, truths, codes as people write them. A cell is read, or what is wrong is said.

Each reader takes what stands in the cell, never empty, and returns the value (None: it says that there is none) and
what is to be said about it (a ``Remark``), or raises ``Unreadable``.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import numpy as np

from data.read.units import factor
from geo.errors import Severity

_EXACT: Final = 2**53
_DIGITS_KEPT: Final = 10**15
"""Excel keeps fifteen digits of a number; a longer code that was once a number has lost its end."""
_NOTHING: Final = frozenset(
    (
        "-",
        "--",
        "—",
        "——",
        "–",
        "/",
        "\\",
        "无",
        "暂无",
        "没有",
        "不详",
        "未知",
        "n/a",
        "na",
        "null",
        "none",
        "空",
        "未填",
        "待定",
        "待补充",
    )
)
_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[+-]?\d+)?|[+-]?\.\d+", re.IGNORECASE)
_AMOUNT: Final = re.compile(
    r"(?P<about>约|大约|约为|共|共计|合计|计)?(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?P<scale>[万亿千](?![克米瓦]))?"
    r"[(\[]?(?P<unit>[^\d()\[\]]{0,8})[)\]]?"
)
_RANGE: Final = re.compile(r"[约]?\d[\d.,]*\D{0,4}?\s*[-~—–至到]+\s*\d[\d.,]*\D{0,6}")
_SCALES: Final = {"千": 1e3, "万": 1e4, "亿": 1e8}
_NUMERALS: Final = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_PLACES: Final = {"十": 10, "百": 100, "千": 1000}
_YES: Final = frozenset(("是", "有", "对", "√", "✓", "✔", "☑", "yes", "y", "true", "t", "1", "on"))
_NO: Final = frozenset(("否", "无", "不", "没有", "错", "×", "✗", "✘", "x", "no", "n", "false", "f", "0", "off", "☐"))
_DAY: Final = re.compile(
    r"(?P<y>(?:19|20)\d\d)(?:[-/.年](?P<m>\d{1,2})(?:[-/.月](?P<d>\d{1,2})日?|月)?|年度?)?"
    r"(?:[t ]?\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?"
)
_COMPACT: Final = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)?")
_SERIALS: Final = (10_000, 80_000)
"""Serial days of Excel between 1927 and 2119; a smaller number is a year or a count."""
_FOREVER: Final = frozenset(("长期", "永久", "无固定期限", "至今"))


class Unreadable(Exception):  # noqa: N818 - it is a finding, turned into a Fault by whoever knows the place
    """A cell that is not what its column holds: the code, what is wrong, and the mend."""

    def __init__(self, code: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.code, self.message, self.mend = code, message, mend


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said about a cell that was read."""

    code: str
    message: str
    mend: str
    severity: Severity = "notice"


def folded(text: str) -> str:
    """Return text in half width without spaces and zero-width characters.

    >>> folded(" １，２００ 张"), folded("№")
    ('1,200张', 'No')
    """
    return "".join(unicodedata.normalize("NFKC", text).split()).translate({0x200B: None, 0xFEFF: None})


def is_nothing(text: str) -> bool:
    """Return whether a text says that there is no value: 无, /, — ….

    >>> is_nothing("／"), is_nothing("0")
    (True, False)
    """
    return folded(text).lower() in _NOTHING


def read_number(
    cell: Any, *, unit: str, heading_factor: float = 1.0, whole: bool = False
) -> tuple[float | int | None, Remark | None]:
    """Return a cell's number in the field's ``unit``; ``heading_factor`` converts from the heading's unit.

    A unit written in the cell outweighs the heading's. Raises Unreadable.

    >>> read_number("１，２００张", unit="张")[0], read_number("三十", unit=""), read_number("1.5万", unit="人")[0]
    (1200.0, (30.0, None), 15000.0)
    """
    remark: Remark | None = None
    if isinstance(cell, bool | np.bool_ | date | time | timedelta):
        raise Unreadable("not_a_number", "the cell is no number.", "write a number, and format the cell as one.")
    if isinstance(cell, int | float | np.integer | np.floating):
        value = float(cell) * heading_factor
    else:
        text = folded(str(cell))
        if text.lower() in _NOTHING:
            return None, Remark("read_as_empty", f"{text} was read as empty.", "write 0 if none is meant.")
        value, remark = _written(text, unit, heading_factor)
    if not math.isfinite(value):
        raise Unreadable("not_finite", "the number is not finite.", "write a number.")
    if abs(value) > _EXACT:
        raise Unreadable("too_large", "the number is too large to be kept exactly.", "correct the number.")
    if not whole:
        return value, remark
    nearest = round(value)
    if abs(value - nearest) > 1e-9 * max(1.0, abs(value)):
        raise Unreadable("not_whole", "a whole number is expected.", "write a whole number.")
    return int(nearest), remark


def _written(text: str, unit: str, heading_factor: float) -> tuple[float, Remark | None]:
    if _PLAIN.fullmatch(text):
        return _float(text.replace(",", "")) * heading_factor, None
    if text.lower() in {"nan", "inf", "-inf", "+inf", "infinity", "-infinity"}:
        raise Unreadable("not_finite", "the number is not finite.", "write a number, or leave the cell empty.")
    if _RANGE.fullmatch(text):
        raise Unreadable("range", "the cell holds a range.", "write one number.")
    numeral = chinese_number(text)
    if numeral is not None:
        return float(numeral) * heading_factor, None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise Unreadable("not_a_number", "the cell is no number.", "write a number without words.")
    value = _float(found["number"].replace(",", "")) * _SCALES.get(found["scale"] or "", 1.0)
    remark = (
        Remark("approximate", "the number is given as approximate.", "write the exact one.") if found["about"] else None
    )
    own = found["unit"]
    if not own:
        return value * heading_factor, remark
    by = factor(own, unit)
    if by is None:
        raise Unreadable(
            "unit",
            f"the unit {own!r} does not fit{f' ({unit} is kept)' if unit else ''}.",
            "write the number in the field's unit.",
        )
    if by != 1.0:
        remark = Remark("converted", f"{own} was converted to {unit or 'units'}.", "check the unit.")
    return value * by, remark


def _float(text: str) -> float:
    try:
        return float(text)
    except (ValueError, OverflowError) as error:
        raise Unreadable("not_a_number", "the cell is no number.", "write a number.") from error


def chinese_number(text: str) -> int | None:
    """Return the number a text of Chinese numerals is, None where it is none.

    >>> [chinese_number(text) for text in ("三十", "一百二十五", "十二", "两千零五", "一万二千", "二〇二四", "五一")]
    [30, 125, 12, 2005, 12000, 2024, None]
    """
    if not text or any(letter not in _NUMERALS and letter not in _PLACES and letter != "万" for letter in text):
        return None
    if all(letter in _NUMERALS for letter in text):
        if len(text) == 1:
            return _NUMERALS[text]
        return int("".join(str(_NUMERALS[letter]) for letter in text)) if len(text) == 4 else None
    if text.count("万") == 1:
        upper, lower = text.split("万")
        high, low = chinese_number(upper), chinese_number(lower.lstrip("零〇")) if lower else 0
        return None if high is None or low is None else high * 10_000 + low
    total, digit, last = 0, None, 10_000
    for letter in text:
        if letter in _NUMERALS:
            if digit:
                return None
            digit = _NUMERALS[letter]
        elif _PLACES.get(letter, last) >= last or (digit is None and total):
            return None
        else:
            last = _PLACES[letter]
            total, digit = total + (1 if digit is None else digit) * last, None
    return total + (digit or 0)


def read_day(cell: Any, *, dates_1904: bool = False) -> tuple[date | None, Remark | None]:
    """Return a cell's day; a month or year alone is its first day, with a remark. Raises Unreadable.

    >>> read_day("2024年5月1日")[0], read_day("2024.5")[0], read_day(45413)[0], read_day("２０２４０５０１")[0]
    (datetime.date(2024, 5, 1), datetime.date(2024, 5, 1), datetime.date(2024, 5, 1), datetime.date(2024, 5, 1))
    """
    if isinstance(cell, datetime):
        return _day(cell.year, cell.month, cell.day)
    if isinstance(cell, date):
        return _day(cell.year, cell.month, cell.day)
    if isinstance(cell, bool | np.bool_ | time | timedelta):
        raise Unreadable("not_a_date", "the cell is no date.", "write it as 2024-05-01.")
    if isinstance(cell, int | float | np.integer | np.floating):
        number = float(cell)
        if not math.isfinite(number):
            raise Unreadable("not_a_date", "the cell is no date.", "write it as 2024-05-01.")
        if not number.is_integer() and 1900 <= number < 2100:
            raise Unreadable(
                "ambiguous_date", "a number such as 2024.1 may be January or October.", "write it as 2024-10."
            )
        text = str(int(number)) if abs(number) < 1e9 else str(cell)
    else:
        text = folded(str(cell)).lower()
    if text in _NOTHING or text in _FOREVER:
        return None, Remark("read_as_empty", f"{text} was read as empty.", "write a date if one is meant.")
    text = text.rstrip(".") if text.endswith(".") else text
    found = _DAY.fullmatch(text) or _COMPACT.fullmatch(text) or _DAY.fullmatch(_arabic(text))
    if found is not None:
        month, day = found["m"], found["d"]
        out, _ = _day(int(found["y"]), int(month or 1), int(day or 1))
        if day is not None:
            return out, None
        return out, Remark(
            "first_day",
            f"only the {'month' if month else 'year'} is given: its first day is kept.",
            "write the day if it is known.",
        )
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
        start = date(1904, 1, 1) if dates_1904 else date(1899, 12, 30)
        out = start + timedelta(days=int(float(text)))
        return out, Remark(
            "serial_date", f"{text} was read as Excel's day {out.isoformat()}.", "format the cell as a date."
        )
    raise Unreadable("not_a_date", "the cell is no date.", "write it as 2024-05-01.")


def _arabic(text: str) -> str:
    """The date 二〇二四年五月十二日 in digits."""

    def number(found: re.Match[str]) -> str:
        value = chinese_number(found.group())
        return found.group() if value is None else str(value)

    return re.sub(r"[零〇一二三四五六七八九十]+", number, text)


def _day(year: int, month: int, day: int) -> tuple[date, None]:
    if not 1900 <= year <= 2100:
        raise Unreadable("implausible_date", "the year is not between 1900 and 2100.", "correct the year.")
    try:
        return date(year, month, day), None
    except ValueError as error:
        raise Unreadable("impossible_date", "there is no such day.", "correct the day or the month.") from error


def read_truth(cell: Any) -> tuple[bool | None, Remark | None]:
    """Return whether a cell says yes. Raises Unreadable.

    >>> read_truth("√")[0], read_truth("否")[0], read_truth(1)[0]
    (True, False, True)
    """
    if isinstance(cell, bool | np.bool_):
        return bool(cell), None
    text = folded(str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)).lower()
    if text in _YES:
        return True, None
    if text in _NO:
        return False, None
    if text in _NOTHING:
        return None, Remark("read_as_empty", f"{text} was read as empty.", "write 是 or 否.")
    raise Unreadable("not_a_truth", "the cell says neither yes nor no.", "write 是 or 否.")


def read_text(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without a point, spaces single. Raises Unreadable where digits are lost."""
    if isinstance(cell, bool | np.bool_):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    if isinstance(cell, int | np.integer) or (isinstance(cell, float | np.floating) and float(cell).is_integer()):
        whole = int(cell)
        if abs(whole) >= _DIGITS_KEPT:
            raise _lost()
        return str(whole)
    if isinstance(cell, float | np.floating):
        if not math.isfinite(cell):
            raise Unreadable("not_finite", "the number is not finite.", "correct the cell.")
        return repr(float(cell))
    return " ".join(str(cell).translate({0x200B: None, 0xFEFF: None, 0: None}).split()) or None


def read_code(cell: Any) -> str | None:
    """Return a cell as a code: text without a decimal point, quotation mark or space. Raises Unreadable.

    >>> read_code("'620105001"), read_code("620105001.0"), read_code("６２０１０５"), read_code("6.20105001201E+11")
    ('620105001', '620105001', '620105', '620105001201')
    """
    text = read_text(cell)
    if text is None:
        return None
    text = folded(text).lstrip("'’‘`").rstrip("'’‘`")
    if re.fullmatch(r"\d+\.0+", text):
        return text.split(".")[0]
    power = re.fullmatch(r"(\d)(?:\.(\d+))?e\+?(\d{1,3})", text, re.IGNORECASE)
    if power is not None:
        digits = power[1] + (power[2] or "")
        # All digits are there only where the mantissa has every one of them; a shorter one may stand for zeros or not.
        if len(digits) != int(power[3]) + 1 or len(digits) > 15:
            raise _lost()
        return digits
    return text or None


def _lost() -> Unreadable:
    return Unreadable(
        "lost_digits",
        "the code was kept as a number and has lost digits.",
        "format the column as text and enter the code again.",
    )
