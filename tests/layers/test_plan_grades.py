"""Grades, worked out by hand for every comparison, unit and edge."""

from datetime import date
from fractions import Fraction

import pytest

from data.plan import plan
from geo.errors import ParameterError
from layers.plan.grades import bar_of, grade_of
from layers.plan.settings import rules_of
from layers.plan.units import convert, decimal, exact, exact_text, number_and_unit, shown

AFTER = date(2027, 1, 31)


def graded(code, target, value, *settings, as_of=AFTER, year=2025):
    rules = rules_of(settings)
    given = None if value is None else Fraction(str(value))
    return grade_of(plan().indicator(code), target, given, rules.of(code), year=year, as_of=as_of)


def grade(*args, **kwargs):
    return graded(*args, **kwargs).grade


# (indicator, target, value, grade): the default readings.
BY_HAND = [
    # at least, counts: 80 firms; 1.05 × 80 = 84 exactly
    ("overall-new-firms", "80", "79", "poor"),
    ("overall-new-firms", "80", "80", "good"),
    ("overall-new-firms", "80", "83", "good"),
    ("overall-new-firms", "80", "84", "excellent"),
    ("overall-new-firms", "80", "0", "poor"),
    # one firm: 1.05 firms, so two are excellent and one is good
    ("finance-institutions", "1", "0", "poor"),
    ("finance-institutions", "1", "1", "good"),
    ("finance-institutions", "1", "2", "excellent"),
    # 亿元: 1.05 × 1080 = 1134
    ("overall-producer-services", "1080", "1079.99", "poor"),
    ("overall-producer-services", "1080", "1080", "good"),
    ("overall-producer-services", "1080", "1133.99", "good"),
    ("overall-producer-services", "1080", "1134", "excellent"),
    # 万人, decimals that binary numbers cannot hold: 1.05 × 5.6 = 5.88; 1.05 × 5.95 = 6.2475
    ("overall-jobs", "5.6", "5.88", "excellent"),
    ("overall-jobs", "5.6", "5.8799", "good"),
    ("overall-jobs", "5.95", "6.2475", "excellent"),
    ("overall-jobs", "5.95", "6.2474", "good"),
    ("overall-jobs", "5.95", "5.949", "poor"),
    # 万元: 1.05 × 4612 = 4842.6
    ("overall-tax", "4612", "4842.6", "excellent"),
    ("overall-tax", "4612", "4842.5", "good"),
    # 万吨: 1.05 × 120 = 126
    ("logistics-cold-storage", "120", "126", "excellent"),
    ("logistics-cold-storage", "120", "119.9999", "poor"),
    # 个/千人: 1.05 × 3.45 = 3.6225; it is no share of a whole and has no ceiling
    ("health-childcare-rate", "3.45", "3.6225", "excellent"),
    ("health-childcare-rate", "3.45", "3.6224", "good"),
    ("health-childcare-rate", "3.45", "345", "excellent"),
    # about (左右): no tolerance; 1.05 × 2410 = 2530.5
    ("overall-services-value-added", "2410", "2409.9", "poor"),
    ("overall-services-value-added", "2410", "2410", "good"),
    ("overall-services-value-added", "2410", "2530.4", "good"),
    ("overall-services-value-added", "2410", "2530.5", "excellent"),
    # more than (突破): the number itself does not do; 1.05 × 1.3 = 1.365
    ("tourism-visitors", "1.3", "1.3", "poor"),
    ("tourism-visitors", "1.3", "1.3001", "good"),
    ("tourism-visitors", "1.3", "1.365", "excellent"),
    ("tourism-visitors", "1.3", "1.3649", "good"),
    # less than (低于 1%): 1 does not do; 0.95 is excellent
    ("finance-guarantee-fee", "1", "1", "poor"),
    ("finance-guarantee-fee", "1", "1.2", "poor"),
    ("finance-guarantee-fee", "1", "0.99", "good"),
    ("finance-guarantee-fee", "1", "0.951", "good"),
    ("finance-guarantee-fee", "1", "0.95", "excellent"),
    ("finance-guarantee-fee", "1", "0", "excellent"),
    # growth: 15 % → 15.75 %; 3 % → 3.15 %; 0 % → 5 points
    ("finance-guarantee-growth", "15", "14.99", "poor"),
    ("finance-guarantee-growth", "15", "15", "good"),
    ("finance-guarantee-growth", "15", "15.75", "excellent"),
    ("finance-guarantee-growth", "15", "15.74", "good"),
    ("finance-growth", "3", "3.15", "excellent"),
    ("finance-growth", "3", "-1", "poor"),
    ("finance-growth", "0", "-0.1", "poor"),
    ("finance-growth", "0", "0", "good"),
    ("finance-growth", "0", "4.99", "good"),
    ("finance-growth", "0", "5", "excellent"),
    # range 3–5: three do, more than five are excellent
    ("tourism-3a", "3~5", "2", "poor"),
    ("tourism-3a", "3~5", "3", "good"),
    ("tourism-3a", "3~5", "5", "good"),
    ("tourism-3a", "3~5", "6", "excellent"),
    # named sites: all of them, and none can be exceeded
    ("tourism-4a-named", "2", "1", "poor"),
    ("tourism-4a-named", "2", "2", "good"),
    ("tourism-4a-named", "2", "3", "good"),
    # shares: 90 % → 94.5 %; 47 % → 49.35 %; 60 % → 63 %; 100 % cannot be exceeded
    ("logistics-village-outlets", "90", "89.99", "poor"),
    ("logistics-village-outlets", "90", "90", "good"),
    ("logistics-village-outlets", "90", "94.49", "good"),
    ("logistics-village-outlets", "90", "94.5", "excellent"),
    ("overall-producer-share", "47", "49.35", "excellent"),
    ("elderly-nursing-beds", "60", "62.99", "good"),
    ("elderly-nursing-beds", "60", "63", "excellent"),
    ("logistics-township-stations", "100", "99.99", "poor"),
    ("logistics-township-stations", "100", "100", "good"),
    ("logistics-township-stations", "100", "106", "good"),
]


@pytest.mark.parametrize(("code", "target", "value", "expected"), BY_HAND)
def test_by_hand(code, target, value, expected):
    assert grade(code, target, value) == expected


def test_every_comparison_and_unit_is_worked_out():
    done = {code for code, *_ in BY_HAND}
    assert {plan().indicator(c).comparison for c in done} == {i.comparison for i in plan().indicators}
    assert {plan().indicator(c).kind for c in done} == {i.kind for i in plan().indicators}
    counters = {"户", "场", "名"}
    assert {plan().indicator(c).unit for c in done} | counters >= {i.unit for i in plan().indicators}


# (settings, indicator, target, value, grade)
SET = [
    (["rate_margin=points"], "logistics-village-outlets", "90", "94.9", "good"),
    (["rate_margin=points"], "logistics-village-outlets", "90", "95", "excellent"),
    (["rate_margin=points", "rate_points=3"], "logistics-village-outlets", "90", "93", "excellent"),
    (["rate_margin=points"], "finance-growth", "3", "7.99", "good"),
    (["rate_margin=points"], "finance-growth", "3", "8", "excellent"),
    # points are of shares and growth only: firms and fees keep the relative margin
    (["rate_margin=points"], "overall-new-firms", "80", "84", "excellent"),
    (["rate_margin=points"], "finance-guarantee-fee", "1", "0.95", "excellent"),
    (["zero_growth_points=3"], "finance-growth", "0", "3", "excellent"),
    (["about_tolerance=0.02"], "overall-services-value-added", "2410", "2361.8", "good"),
    (["about_tolerance=0.02"], "overall-services-value-added", "2410", "2361.7", "poor"),
    # the tolerance is of 左右 only, and excellence is still from the number itself
    (["about_tolerance=0.02"], "overall-producer-services", "1080", "1079", "poor"),
    (["about_tolerance=0.02"], "overall-services-value-added", "2410", "2530.5", "excellent"),
    (["excellent_margin=0.1"], "overall-new-firms", "80", "87", "good"),
    (["excellent_margin=0.1"], "overall-new-firms", "80", "88", "excellent"),
    (["margin_includes=no"], "overall-new-firms", "80", "84", "good"),
    (["margin_includes=no"], "overall-new-firms", "80", "85", "excellent"),
    (["margin_includes=no"], "finance-guarantee-fee", "1", "0.95", "good"),
    (["margin_includes=no"], "tourism-3a", "3~5", "6", "excellent"),
    (["range_excellent=upper_margin"], "tourism-3a", "3~5", "5.2", "good"),
    (["range_excellent=upper_margin"], "tourism-3a", "3~5", "5.25", "excellent"),
    (["range_excellent=lower_margin"], "tourism-3a", "3~5", "3", "good"),
    (["range_excellent=lower_margin"], "tourism-3a", "3~5", "4", "excellent"),
    (["named_excess=all"], "tourism-4a-named", "2", "2", "good"),
    (["named_excess=all"], "tourism-4a-named", "2", "3", "excellent"),
    (["ceiling_grade=excellent"], "logistics-township-stations", "100", "100", "excellent"),
    (["ceiling_grade=excellent"], "logistics-township-stations", "100", "99.9", "poor"),
    # a target of 98 % would be excellent from 102.9 %, which no share reaches
    ([], "logistics-village-outlets", "98", "100", "good"),
    (["ceiling_grade=excellent"], "logistics-village-outlets", "98", "100", "excellent"),
    # of one indicator only
    (["overall-new-firms.excellent_margin=0.5"], "overall-new-firms", "80", "119", "good"),
    (["overall-new-firms.excellent_margin=0.5"], "overall-new-firms", "80", "120", "excellent"),
    (["overall-new-firms.excellent_margin=0.5"], "overall-firms", "680", "714", "excellent"),
]


@pytest.mark.parametrize(("settings", "code", "target", "value", "expected"), SET)
def test_by_setting(settings, code, target, value, expected):
    assert grade(code, target, value, *settings) == expected


def test_marks():
    assert graded("logistics-township-stations", "100", "100").marks == ("cannot_exceed",)
    assert graded("logistics-township-stations", "100", "106").marks == ("capped", "cannot_exceed")
    assert graded("logistics-township-stations", "100", "99").marks == ()
    assert graded("logistics-village-outlets", "90", "101").marks == ("capped",)
    assert graded("tourism-4a-named", "2", "2").marks == ("cannot_exceed",)
    assert graded("logistics-village-outlets", "90", "93").marks == ()


def test_missing_is_unreported_never_poor():
    assert grade("overall-new-firms", "80", None) == "unreported"
    assert graded("overall-new-firms", "80", None).completion is None


def test_no_target_that_year_is_not_graded():
    assert grade("overall-new-firms", None, "500") == "not_graded"
    assert grade("overall-new-firms", None, None) == "not_graded"


@pytest.mark.parametrize(
    ("as_of", "value", "expected", "marks"),
    [
        (date(2025, 12, 30), "1", "not_due", ()),
        (date(2025, 12, 30), "84", "not_due", ("reached",)),
        (date(2025, 12, 30), None, "not_due", ()),
        (date(2025, 12, 31), "1", "poor", ()),
        (date(2025, 12, 31), None, "unreported", ()),
        (date(2026, 1, 1), "84", "excellent", ()),
    ],
)
def test_not_due(as_of, value, expected, marks):
    got = graded("overall-new-firms", "80", value, as_of=as_of)
    assert (got.grade, got.marks) == (expected, marks)


def test_another_due_day():
    assert grade("overall-new-firms", "80", "84", "due=10-31", as_of=date(2025, 10, 31)) == "excellent"


@pytest.mark.parametrize(
    ("code", "target", "value", "settings", "completion"),
    [
        ("overall-new-firms", "80", "84", [], "1.05"),
        ("overall-new-firms", "80", "0", [], "0"),
        ("logistics-village-outlets", "90", "45", [], "0.5"),
        ("logistics-township-stations", "100", "106", [], "1"),
        ("tourism-3a", "3~5", "6", [], "2"),
        ("tourism-4a-named", "2", "1", [], "0.5"),
        ("finance-growth", "3", "-3", [], "-1"),
        ("finance-growth", "0", "2", [], None),
        ("finance-guarantee-fee", "1", "0.9", [], "1.1"),
        ("finance-guarantee-fee", "1", "2.5", [], "-0.5"),
        ("finance-guarantee-fee", "1", "0.8", ["inverse_completion=target_over_value"], "1.25"),
        ("finance-guarantee-fee", "1", "0", ["inverse_completion=target_over_value"], None),
    ],
)
def test_completion(code, target, value, settings, completion):
    got = graded(code, target, value, *settings).completion
    assert got == (None if completion is None else Fraction(completion))


def test_658_of_731_villages_meet_ninety_per_cent_and_657_do_not():
    one, settings = plan().indicator("logistics-village-outlets"), rules_of().base
    for covered, expected in ((658, "good"), (657, "poor"), (691, "excellent"), (690, "good")):
        got = grade_of(one, "90", Fraction(100 * covered, 731), settings, year=2025, as_of=AFTER)
        assert got.grade == expected, covered


def test_a_target_that_is_no_number_is_refused():
    with pytest.raises(ParameterError, match="no number"):
        bar_of(plan().indicator("tourism-3a"), "三到五", rules_of().base)


def test_settings_are_refused_together():
    with pytest.raises(ParameterError) as caught:
        rules_of(
            ["nonsense=1", "due=13-01", "excellent_margin=abc", "x", "no-such.due=1", "overall-tax.as_of=2025-01-01"]
        )
    told = str(caught.value)
    for part in ("nonsense", "due", "excellent_margin", "'x'", "no-such", "as_of is of the whole report"):
        assert part in told
    with pytest.raises(ParameterError, match="no such day"):
        rules_of(["due=02-30"])


def test_residents_are_an_explicit_input():
    assert rules_of().base.population(2025, 4359446) is None
    assert rules_of(["resident_population=census"]).base.population(2025, 4359446) == 4359446
    assert rules_of(["resident_population=4084000"]).base.population(2025, 4359446) == 4084000
    by_year = rules_of(["resident_population=2024:4058000,2025:4084000"]).base
    assert [by_year.population(y, 1) for y in (2024, 2025, 2026)] == [4058000, 4084000, None]


@pytest.mark.parametrize(
    ("value", "given", "wanted", "expected"),
    [
        ("25812000", "万元", "亿元", "2581.2"),
        ("2410", "亿元", "亿元", "2410"),
        ("461200000", "元", "万元", "46120"),
        ("1200000", "吨", "万吨", "120"),
        ("13000", "万人次", "亿人次", "1.3"),
        ("56000", "人", "万人", "5.6"),
        ("0.912", "小数", "%", "91.2"),
        ("9", "‰", "%", "0.9"),
        ("3", "个百分点", "%", "3"),
        ("15", "户", "家", "15"),
        ("1000", "人", "名", "1000"),
        ("1.2", "万个", "个", "12000"),
        ("4.53", "个", "个/千人", "4.53"),
        ("45.3", "个/万人", "个/千人", "4.53"),
        ("1.2", "万亿元", "亿元", "12000"),
    ],
)
def test_units(value, given, wanted, expected):
    assert convert(Fraction(value), given, wanted) == Fraction(expected)


@pytest.mark.parametrize(
    ("given", "wanted"), [("万元", "万吨"), ("家", "%"), ("斤两", "吨"), ("亿", "亿元"), ("%", "个")]
)
def test_units_that_do_not_fit(given, wanted):
    with pytest.raises(ParameterError):
        convert(Fraction(1), given, wanted)


def test_numbers_as_written():
    assert number_and_unit("２，４１０．５亿元") == (Fraction("2410.5"), "亿元")
    assert number_and_unit("-0.3 %") == (Fraction("-0.3"), "%")
    assert exact("1,234,567") == 1234567
    for text in ("", "一百", "12.3.4", "1,23", "约80"):
        with pytest.raises(ParameterError):
            exact(text)


def test_rounding_never_crosses_a_limit():
    assert shown(Fraction(8996, 100), beside=[Fraction(90)]) == "89.96"
    assert shown(Fraction(89999, 1000), beside=[Fraction(90)]) == "89.999"
    assert shown(Fraction(90), beside=[Fraction(90)]) == "90"
    assert shown(Fraction(900001, 10000), beside=[Fraction(90)]) == "90.0001"
    assert decimal(Fraction(-1, 200), places=2) == "-0.01"
    assert decimal(Fraction(1, 1000), places=2) == "0"
    assert exact_text(Fraction(119, 20)) == "5.95"
    assert exact_text(Fraction(1, 3)) == "0.333333333"
    assert exact_text(Fraction(1, 1024)) == "0.0009765625"
