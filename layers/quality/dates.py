"""Dates: those that cannot be, grades that have run out, and a status that the dates deny."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from data.standards import standard
from layers.answer import Title
from layers.quality.base import Bools, Check, Days, Hits, Subject, hits

_OLD: Final = "GB/T 17775-2003"
_NEW: Final = "GB/T 17775-2024"


def _known(days: Days) -> Bools:
    return ~np.isnat(days)


def _closed_first(subject: Subject) -> Iterator[Hits]:
    mask = subject.day("CLOSE_DATE") < subject.day("OPEN_DATE")
    yield from hits(subject, mask, "CLOSE_DATE", "停用早于启用。", "closed before it opened.")


def _surveyed_ahead(subject: Subject) -> Iterator[Hits]:
    mask = subject.day("SURV_DATE") > subject.today
    yield from hits(subject, mask, "SURV_DATE", "调查日期在未来。", "the survey lies in the future.")


def _too_old(subject: Subject) -> Iterator[Hits]:
    year = int(standard("earliest_year", unit="year").value)
    for name in ("OPEN_DATE", "CLOSE_DATE", "SURV_DATE"):
        mask = subject.day(name) < np.datetime64(f"{year:04d}-01-01")
        yield from hits(subject, mask, name, f"早于 {year} 年。", f"before {year}.")


def _years(subject: Subject) -> Iterator[Hits]:
    first = standard("earliest_year", unit="year").value
    last = subject.around.on.year + standard("plan_years", unit="year").value
    for name, column in subject.layer.spec.columns.items():
        if column.check != "year" or not subject.has(name):
            continue
        low, high = max(first, column.low or first), min(last, column.high or last)
        year = subject.number(name)
        said = f"{column.zh}不在 {low:g}–{high:g} 年之间。", f"{column.en} is not within {low:g} to {high:g}."
        yield from hits(subject, (year < low) | (year > high), name, *said)


def _expired(subject: Subject) -> Iterator[Hits]:
    days = subject.day("VALID_TO")
    said = [f"等级有效期至 {day}。" for day in days], [f"the grade was valid to {day}." for day in days]
    yield from hits(subject, days < subject.today, "VALID_TO", said[0], said[1])


def _scenic(subject: Subject) -> Iterator[Hits]:
    number = int(standard("scenic_standard_from", unit="yyyymmdd").value)
    turn = np.datetime64(f"{number // 10000:04d}-{number // 100 % 100:02d}-{number % 100:02d}")
    day, by = subject.day("GRADE_DATE"), subject.text("STD_VER")
    late = _known(day) & (day >= turn) & (by == _OLD)
    yield from hits(subject, late, "STD_VER", f"{turn} 起应按 {_NEW} 评定。", f"from {turn} on {_NEW} holds.")
    early = _known(day) & (day < turn) & (by == _NEW)
    yield from hits(subject, early, "STD_VER", f"{_NEW} 自 {turn} 起实施。", f"{_NEW} holds from {turn} on.")
    ahead = day > subject.today
    yield from hits(subject, ahead, "GRADE_DATE", "评定日期在未来。", "graded in the future.")


def _scenic_ungrounded(subject: Subject) -> Iterator[Hits]:
    mask = (subject.text("GRADE") != "") & (subject.text("STD_VER") == "")
    yield from hits(subject, mask, "STD_VER", "有等级而无评定标准版本。", "graded, by which standard is not said.")


def _status(subject: Subject) -> Iterator[Hits]:
    status, today = subject.text("STATUS"), subject.today
    opened, closed = subject.day("OPEN_DATE"), subject.day("CLOSE_DATE")
    runs, planned = status == "运营", np.isin(status.astype(str), ["规划", "在建"])
    for mask, column, zh, en in (
        (runs & (closed <= today), "CLOSE_DATE", "运营中的设施已过停用日期。", "in service past its closing."),
        (runs & (opened > today), "OPEN_DATE", "运营中的设施尚未启用。", "in service before its opening."),
        (planned & (opened <= today), "OPEN_DATE", "已过启用日期，仍为规划或在建。", "opened, yet not in service."),
        ((status == "停用") & (closed > today), "CLOSE_DATE", "已停用的设施停用日期在未来。", "closed in the future."),
        (runs & (subject.number("DONE_YEAR") > subject.around.on.year), "DONE_YEAR", "运营中的设施竣工年度在未来。",
         "in service before it is finished."),
    ):  # fmt: skip
        yield from hits(subject, mask, column, zh, en)


DATE_CHECKS: Final = (
    Check(
        "closed_before_opened", "error", Title(zh="停用早于启用", en="Closed before opened"),
        Title(zh="核对两个日期。", en="Check both dates."), _closed_first,
    ),
    Check(
        "future_survey", "error", Title(zh="调查日期在未来", en="Survey in the future"),
        Title(zh="核对调查日期。", en="Check the date."), _surveyed_ahead,
    ),
    Check(
        "too_old", "warning", Title(zh="日期过早", en="Implausibly early date"),
        Title(zh="核对日期。", en="Check the date."), _too_old,
    ),
    Check(
        "implausible_year", "warning", Title(zh="年份不合理", en="Implausible year"),
        Title(zh="核对年份。", en="Check the year."), _years,
    ),
    Check(
        "expired_grade", "warning", Title(zh="等级已过期", en="Expired grade"),
        Title(zh="补充复核后的有效期，或去掉等级。", en="Give the renewed date, or take the grade out."), _expired,
        concerns=lambda subject: subject.has("VALID_TO"),
    ),
    Check(
        "scenic_standard", "warning", Title(zh="等级与评定标准不符", en="Grade and standard do not agree"),
        Title(zh="核对评定日期和标准版本。", en="Check the date and the standard."), _scenic,
        concerns=lambda subject: subject.has("GRADE_DATE", "STD_VER"),
    ),
    Check(
        "scenic_standard_unknown", "notice", Title(zh="未注明评定标准", en="Standard of the grade is not said"),
        Title(zh="填写标准版本。", en="Fill in the standard."), _scenic_ungrounded,
        concerns=lambda subject: subject.has("GRADE", "STD_VER"),
    ),
    Check(
        "status_dates", "warning", Title(zh="状态与日期矛盾", en="Status and dates contradict"),
        Title(zh="改正状态或日期。", en="Correct the status or the date."), _status,
    ),
)  # fmt: skip
