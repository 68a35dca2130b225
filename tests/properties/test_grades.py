"""Laws of grading, whatever the indicator, target and settings."""

from datetime import date
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.plan import plan
from layers.plan.grades import bar_of, bounds_of, grade_of
from layers.plan.settings import rules_of
from layers.plan.units import convert, exact, exact_text, shown

RANK = {"poor": 0, "good": 1, "excellent": 2}
AFTER = date(2027, 1, 31)
targets = st.sampled_from(plan().targets)
decimals = st.decimals(min_value=-10, max_value=20000, places=4, allow_nan=False).map(Fraction)
readings = st.builds(
    lambda *pairs: rules_of([f"{key}={value}" for key, value in zip(KEYS, pairs, strict=True)]).base,
    st.sampled_from(["0", "0.05", "0.1", "0.5"]),
    st.sampled_from(["yes", "no"]),
    st.sampled_from(["relative", "points"]),
    st.sampled_from(["good", "excellent"]),
    st.sampled_from(["0", "0.02"]),
    st.sampled_from(["above_upper", "upper_margin", "lower_margin"]),
    st.sampled_from(["named_only", "all"]),
    st.sampled_from(["two_minus", "target_over_value"]),
    st.sampled_from(["0", "5"]),
)
KEYS = (
    "excellent_margin", "margin_includes", "rate_margin", "ceiling_grade", "about_tolerance", "range_excellent",
    "named_excess", "inverse_completion", "zero_growth_points",
)  # fmt: skip


def values_near(target):
    """Values around a target's own numbers, where grades change, and anywhere."""
    low, high = bounds_of(target.target)
    near = [f * n for n in (low, high) for f in (Fraction(19, 20), Fraction(1), Fraction(21, 20))]
    steps = st.sampled_from([Fraction(0), Fraction(1, 10**6), Fraction(-1, 10**6), Fraction(5), Fraction(1)])
    return st.one_of(decimals, st.builds(lambda a, b: a + b, st.sampled_from(near), steps))


def graded(target, value, chosen):
    one = plan().indicator(target.code)
    return grade_of(one, target, value, chosen, year=target.year, as_of=AFTER)


@settings(deadline=None)
@given(st.data(), targets, readings)
def test_a_better_value_never_grades_worse(data, target, chosen):
    first, second = data.draw(values_near(target)), data.draw(values_near(target))
    less_is_better = plan().indicator(target.code).comparison == "less_than"
    worse, better = sorted([first, second], reverse=less_is_better)
    assert RANK[graded(target, worse, chosen).grade] <= RANK[graded(target, better, chosen).grade]


@settings(deadline=None)
@given(st.data(), targets, readings)
def test_completion_grows_with_the_value(data, target, chosen):
    one = plan().indicator(target.code)
    first, second = data.draw(values_near(target)), data.draw(values_near(target))
    worse, better = sorted([first, second], reverse=one.comparison == "less_than")
    low, high = graded(target, worse, chosen).completion, graded(target, better, chosen).completion
    assume(low is not None and high is not None)
    assert low <= high


@settings(deadline=None)
@given(st.data(), targets, readings)
def test_excellent_is_met_and_poor_is_not(data, target, chosen):
    value = data.draw(values_near(target))
    bar = bar_of(plan().indicator(target.code), target.target, chosen)
    got = graded(target, value, chosen).grade
    counted = value if bar.ceiling is None else min(value, bar.ceiling)
    assert (got == "poor") == (not bar.is_met(counted))
    assert got != "excellent" or bar.is_met(counted)


@settings(deadline=None)
@given(targets, st.fractions(min_value=Fraction(1, 100), max_value=100))
def test_a_stricter_margin_never_grades_better(target, value):
    lax, strict = rules_of(["excellent_margin=0.05"]).base, rules_of(["excellent_margin=0.2"]).base
    scaled = value * max(bounds_of(target.target)[0], Fraction(1)) / 50
    assert RANK[graded(target, scaled, strict).grade] <= RANK[graded(target, scaled, lax).grade]


@settings(deadline=None)
@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False), st.sampled_from(["元", "万元", "亿元"])
)
def test_units_there_and_back(number, unit):
    value = Fraction(number)
    assert convert(convert(value, unit, "亿元"), "亿元", unit) == value
    assert exact(exact_text(value)) == value


@settings(deadline=None)
@given(st.fractions(min_value=0, max_value=200), st.fractions(min_value=0, max_value=200))
def test_what_is_shown_keeps_its_side_of_a_limit(value, limit):
    assume(value == limit or abs(value - limit) > Fraction(1, 10**8))
    near = Fraction(shown(value, beside=[limit]))
    assert value == limit or (near - limit) * (value - limit) > 0
