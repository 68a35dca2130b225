"""Targets, values and grades in the words and numbers people read."""

from fractions import Fraction
from typing import Final

from data.plan import Indicator
from layers.plan.assess import Assessment
from layers.plan.figure import Figure
from layers.plan.grades import GRADE_ZH, MARK_ZH, bar_of, bounds_of
from layers.plan.naming import layer_words
from layers.plan.settings import PlanSettings
from layers.plan.units import shown

_TARGETS: Final = {
    "at_least": "≥{}{}",
    "more_than": "＞{}{}",
    "about": "{}{}左右",
    "less_than": "＜{}{}",
    "growth_at_least": "增长≥{}{}",
    "range": "{}{}",
    "named": "{}{}（点名）",
}
ORIGIN_ZH: Final = {"computed": "地图计算", "reported": "部门上报"}


def target_words(indicator: Indicator, target: str | None) -> str:
    """Return a target as the table shows it, "—" where there is none.

    >>> from data.plan import plan
    >>> target_words(plan().indicator("tourism-3a"), "3~5")
    '3–5家'
    """
    if target is None:
        return "—"
    return _TARGETS[indicator.comparison].format(target.replace("~", "–"), indicator.unit)


def value_words(
    indicator: Indicator, value: Fraction | None, target: str | None, settings: PlanSettings, *, unit: bool = True
) -> str:
    """Return a value rounded to two decimals, but never onto or across a limit it is graded by; "—" for none."""
    if value is None:
        return "—"
    limits: list[Fraction] = []
    if target is not None:
        bar = bar_of(indicator, target, settings)
        limits = [*bounds_of(target), bar.met, *([] if bar.excellent is None else [bar.excellent])]
    text = shown(value, beside=limits)
    return text + indicator.unit if unit else text


def percent_words(share: Fraction | None, settings: PlanSettings) -> str:
    """Return 完成率 with one decimal, never rounded onto 100 % or the margin above it; "—" for none."""
    if share is None:
        return "—"
    limits = [Fraction(100), 100 * (1 + Fraction(settings.excellent_margin))]
    return f"{shown(100 * share, places=1, beside=limits)}%"


def notes_words(one: Assessment) -> str:
    """Return the remarks on an indicator, Chinese, parted by ；."""
    parts = [MARK_ZH[mark] for mark in one.graded.marks]
    if one.target is not None and one.target.reading:
        parts.append(one.target.reading)
    parts += [note.zh for note in one.notes]
    if one.difference is not None and one.reported is not None:
        sign = "+" if one.difference > 0 else ""
        other = "上报" if one.origin == "computed" else "地图"
        shown_other = one.reported.value if one.origin == "computed" or one.figure is None else one.figure.value
        text = f"{other}值 {shown(shown_other)}{one.indicator.unit}，地图−上报 {sign}{shown(one.difference)}"
        parts.append(text)
    if one.figure is None and one.indicator.computable != "reported" and one.value is None:
        parts.append(one.computed.reason.zh if hasattr(one.computed, "reason") else "")
    if one.figure is not None and one.figure.synthetic:
        parts.append(f"示例数据（合成 {one.figure.synthetic} 条）")
    return "；".join(dict.fromkeys(part for part in parts if part))


def source_words(one: Assessment) -> str:
    """Return where the graded value is from, or why there is none."""
    if one.origin == "reported" and one.reported is not None:
        agency = one.reported.agency or one.reported.source
        return f"部门上报：{agency}"
    if one.origin == "computed" and one.figure is not None:
        return f"地图计算：{place_words(one.figure)}"
    return "待部门上报" if one.indicator.computable != "full" else "待补图层或上报"


def place_words(figure: Figure) -> str:
    """Return the layer or circle a figure is from, in Chinese."""
    if figure.source.startswith("circle:"):
        return f"“{figure.how.zh}”分析"
    return f"{layer_words(figure.source)}图层"


def grade_words(one: Assessment) -> str:
    """Return the grade in Chinese."""
    return GRADE_ZH[one.graded.grade]
