"""Grades by the plan's own rule: 优秀, 良好, 较差, in exact numbers.

The rule (五、保障体系（五）): 高于目标任务5%以上的评定为“优秀”，完成目标任务的评定为“良好”，低于目标任务的评定为“较差”.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from data.plan import Indicator, Target
from layers.plan.settings import PlanSettings
from layers.plan.units import exact

Grade = Literal["excellent", "good", "poor", "unreported", "not_due", "not_graded"]
Mark = Literal["cannot_exceed", "capped", "reached"]

GRADE_ZH: Final[dict[Grade, str]] = {
    "excellent": "优秀",
    "good": "良好",
    "poor": "较差",
    "unreported": "未报",
    "not_due": "未到期",
    "not_graded": "不评",
}
MARK_ZH: Final[dict[Mark, str]] = {
    "cannot_exceed": "已达上限，无法超过",
    "capped": "超过上限，按上限计",
    "reached": "已提前达到目标",
}
_RANGE: Final = "~"


@dataclass(frozen=True, slots=True)
class Bar:
    """What a target asks: from where it is met and from where excellent, in the indicator's unit.

    Attributes:
        sign: 1 where more is better, -1 where less is.
        met: the number from which the target is met, itself only if not ``met_strict``.
        excellent: the number from which it is exceeded enough, None where nothing can be.
        ceiling: values count up to here only; None where there is no limit.
        base: what completion is measured against.
    """

    sign: Literal[1, -1]
    met: Fraction
    met_strict: bool
    excellent: Fraction | None
    excellent_strict: bool
    ceiling: Fraction | None
    base: Fraction

    def is_met(self, value: Fraction) -> bool:
        """Return whether ``value`` meets the target."""
        return _reaches(value, self.met, self.sign, strict=self.met_strict)

    def is_excellent(self, value: Fraction) -> bool:
        """Return whether ``value`` exceeds the target by the margin."""
        return self.excellent is not None and _reaches(value, self.excellent, self.sign, strict=self.excellent_strict)


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade, the share of the target reached (1 is all of it; None where there is no such share), and marks."""

    grade: Grade
    completion: Fraction | None = None
    marks: tuple[Mark, ...] = ()


def _reaches(value: Fraction, limit: Fraction, sign: int, *, strict: bool) -> bool:
    ahead = (value - limit) * sign
    return ahead > 0 if strict else ahead >= 0


def bounds_of(target: str) -> tuple[Fraction, Fraction]:
    """Return the lower and upper number of a target, the same twice unless it is a range.

    Raises ParameterError.
    """
    parts = [exact(part) for part in target.split(_RANGE)]
    return parts[0], parts[-1]


def bar_of(indicator: Indicator, target: str, settings: PlanSettings) -> Bar:
    """Return what ``target`` (decimal text, ``3~5`` for a range) asks of an indicator. Raises ParameterError."""
    low, high = bounds_of(target)
    margin = Fraction(settings.excellent_margin)
    strict = not settings.margin_includes
    over = low + abs(low) * margin
    match indicator.comparison:
        case "less_than":
            return Bar(-1, low, True, low - abs(low) * margin, strict, None, low)
        case "range":
            top = {"above_upper": high, "upper_margin": high * (1 + margin), "lower_margin": over}
            above = settings.range_excellent == "above_upper"
            return Bar(1, low, False, top[settings.range_excellent], above or strict, None, low)
        case "named" if settings.named_excess == "named_only":
            return Bar(1, low, False, None, strict, low, low)
        case "about":
            return Bar(1, low * (1 - Fraction(settings.about_tolerance)), False, over, strict, None, low)
        case "more_than":
            return Bar(1, low, True, over, strict, None, low)
        case "growth_at_least":
            if low == 0:
                over = Fraction(settings.zero_growth_points)
            elif settings.rate_margin == "points":
                over = low + Fraction(settings.rate_points)
            return Bar(1, low, False, over, strict, None, low)
    if indicator.kind == "ratio" and indicator.unit == "%":
        return _share_bar(low, over, settings)
    return Bar(1, low, False, over, strict, None, low)


def _share_bar(low: Fraction, over: Fraction, settings: PlanSettings) -> Bar:
    """Return the bar of a share of a whole, which ends at the ceiling."""
    strict = not settings.margin_includes
    if settings.rate_margin == "points":
        over = low + Fraction(settings.rate_points)
    ceiling = Fraction(settings.rate_ceiling)
    beyond = over > ceiling or (strict and over == ceiling)
    if not beyond:
        return Bar(1, low, False, over, strict, ceiling, low)
    if settings.ceiling_grade == "excellent":
        return Bar(1, low, False, ceiling, False, ceiling, low)
    return Bar(1, low, False, None, strict, ceiling, low)


def grade_of(
    indicator: Indicator,
    target: Target | str | None,
    value: Fraction | None,
    settings: PlanSettings,
    *,
    year: int,
    as_of: date,
) -> Graded:
    """Return the grade of ``value`` (in the indicator's unit) against a year's target, seen from the day ``as_of``.

    No target that year is not graded; before the due day nothing is, though a target reached is marked; a value
    that is missing is unreported, never poor. Raises ParameterError for a target that is no number.
    """
    if target is None:
        return Graded("not_graded")
    bar = bar_of(indicator, target.target if isinstance(target, Target) else target, settings)
    early = as_of < settings.due_day(year)
    if value is None:
        return Graded("not_due" if early else "unreported")
    counted = value if bar.ceiling is None else min(value, bar.ceiling)
    marks: list[Mark] = []
    if counted < value:
        marks.append("capped")
    if counted == bar.ceiling and bar.excellent is None:
        marks.append("cannot_exceed")
    met = bar.is_met(counted)
    completion = _completion(bar, counted, settings)
    if early:
        return Graded("not_due", completion, (*marks, "reached") if met else tuple(marks))
    grade: Grade = "poor"
    if met:
        grade = "excellent" if bar.is_excellent(counted) else "good"
    return Graded(grade, completion, tuple(marks))


def _completion(bar: Bar, value: Fraction, settings: PlanSettings) -> Fraction | None:
    """Return 完成率: value ÷ target (÷ the lower number of a range); for less-is-better the setting's formula."""
    if bar.base <= 0:
        return None
    if bar.sign > 0:
        return value / bar.base
    if settings.inverse_completion == "two_minus":
        return 2 - value / bar.base
    return bar.base / value if value > 0 else None
