"""What is still missing: how much to the target, and which ones are nearest to filling it."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final

from data.plan import Indicator, Target
from layers.plan.figure import Figure, Item
from layers.plan.grades import bar_of
from layers.plan.settings import PlanSettings

_PIECES: Final = frozenset({"个", "家", "户", "场", "名", "处"})


@dataclass(frozen=True, slots=True)
class Gap:
    """What a target still wants: ``needed`` in ``unit``, 0 where it is met, and what would fill it, nearest first.

    Of a ratio ``needed`` is how many more of its numerator; ``to_excellent`` is None where nothing can be excellent.
    """

    needed: Fraction
    to_excellent: Fraction | None
    unit: str
    items: tuple[Item, ...]


def gap_of(
    indicator: Indicator, target: Target | None, value: Fraction | None, figure: Figure | None, settings: PlanSettings
) -> Gap | None:
    """Return what is missing to a year's target, None where there is no target or no value at all."""
    known = value if value is not None else figure.value if figure else None
    if target is None or known is None:
        return None
    bar = bar_of(indicator, target.target, settings)
    ratio = figure is not None and figure.denominator is not None and known == figure.value
    whole = indicator.unit in _PIECES or ratio
    if ratio and figure is not None and figure.denominator is not None:
        scale = figure.denominator / figure.scale
        have, unit = figure.numerator, _unit_of(figure)
    else:
        scale, have, unit = Fraction(1), known, indicator.unit

    def lacks(limit: Fraction, *, strict: bool) -> Fraction:
        wanted = limit * scale
        if bar.sign < 0:
            return max(have - wanted, Fraction(0))
        if whole:
            wanted = Fraction(floor(wanted) + 1 if strict else ceil(wanted))
        return max(wanted - have, Fraction(0))

    needed = lacks(bar.met, strict=bar.met_strict)
    best = None if bar.excellent is None else max(needed, lacks(bar.excellent, strict=bar.excellent_strict))
    return Gap(needed, best, unit, figure.missing if figure else ())


def _unit_of(figure: Figure) -> str:
    if figure.source.startswith("circle:"):
        return {"village-logistics": "村", "township-logistics": "乡镇", "regional-elderly-centre": "乡镇（街道）"}.get(
            figure.source.removeprefix("circle:"), "个"
        )
    return "张" if figure.scale == 100 else "个"
