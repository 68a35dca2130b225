"""What layers and circles say of the plan, counted by hand."""

from datetime import date
from fractions import Fraction

import pytest
import shapely

from data.plan import plan
from geo.errors import ParameterError
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.plan.figure import NoFigure
from layers.plan.form import form_of
from layers.plan.settings import rules_of
from layers.plan.sources import SOURCES, Asked, Records, figure_of
from layers.plan.tables import LISTS, REPORTS, TABLES, TARGETS
from layers.plan.views import groups_of
from tests.layers.plan_town import CENSUS, NOW, Told, assessed, city_of, day, layer, one, table
from tests.town import ORIGIN, lonlat

LOGISTICS = [
    # parks: two of 2025 in service, one unfinished, one of 2024, one without a year, one neither new nor upgraded
    {"KIND": "物流园区", "NAME": "甲园", "BUILD_KIND": "新建", "DONE_YEAR": 2025, "STATUS": "运营"},
    {"KIND": "物流园区", "NAME": "乙园", "BUILD_KIND": "提升改造", "DONE_YEAR": 2025},
    {"KIND": "物流园区", "NAME": "丙园", "BUILD_KIND": "新建", "DONE_YEAR": 2025, "STATUS": "在建"},
    {"KIND": "物流园区", "NAME": "丁园", "BUILD_KIND": "新建", "DONE_YEAR": 2024},
    {"KIND": "物流园区", "NAME": "戊园", "BUILD_KIND": "新建"},
    {"KIND": "物流园区", "NAME": "己园", "DONE_YEAR": 2025},
    # county centres: three in service at the end of 2024, one closed before, one opened after, one of 2026
    {"KIND": "县级物流配送中心", "NAME": "永登", "OPEN_DATE": day("2023-05-01"), "XZQDM12": "620105001000"},
    {"KIND": "县级物流配送中心", "NAME": "皋兰", "DONE_YEAR": 2024},
    {"KIND": "县级物流配送中心", "NAME": "榆中", "OPEN_DATE": day("2024-12-31")},
    {"KIND": "县级物流配送中心", "NAME": "旧", "OPEN_DATE": day("2020-01-01"), "CLOSE_DATE": day("2024-06-30")},
    {"KIND": "县级物流配送中心", "NAME": "红古", "OPEN_DATE": day("2025-01-01")},
    {"KIND": "县级物流配送中心", "NAME": "西固", "DONE_YEAR": 2026},
    # cold stores: 600,000.5 t + 499,999.5 t in service; one shut, one without capacity
    {"KIND": "冷库", "NAME": "一库", "CAP_T": 600000.5},
    {"KIND": "冷库", "NAME": "二库", "CAP_T": 499999.5},
    {"KIND": "冷库", "NAME": "三库", "CAP_T": 900000.0, "STATUS": "停用"},
    {"KIND": "冷库", "NAME": "四库"},
]
SCENIC = [
    {"NAME": "兰州野生动物园", "GRADE": "4A", "GRADE_DATE": day("2024-11-02")},
    {"NAME": "李家庄田园综合体景区", "GRADE": "3A", "GRADE_DATE": day("2022-11-02")},
    {"NAME": "别的", "GRADE": "4A", "GRADE_DATE": day("2024-03-01")},
    {"NAME": "新三甲", "GRADE": "3A", "GRADE_DATE": day("2024-03-01")},
    {"NAME": "新三乙", "GRADE": "3A", "GRADE_DATE": day("2024-03-02")},
    {"NAME": "新三丙", "GRADE": "3A", "GRADE_DATE": day("2025-03-02")},
]
ELDERLY = [
    {"KIND": "养老机构", "NAME": "甲院", "BEDS": 100, "NURS_BEDS": 50},
    {"KIND": "养老机构", "NAME": "乙院", "BEDS": 60, "NURS_BEDS": 46, "XZQDM12": "620105001000"},
    {"KIND": "养老机构", "NAME": "丙院", "BEDS": 40},
    {"KIND": "社区养老服务中心", "NAME": "社区", "BEDS": 500, "NURS_BEDS": 0},
    {"KIND": "养老机构", "NAME": "示范", "BEDS": 0, "NURS_BEDS": 0, "DEMO_YEAR": 2024},
]


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    firms = [{"KIND": "专精特新企业", "NAME": f"企业{i}", "YEAR_REC": 2023 + i} for i in range(4)]
    certificates = [
        {"NAME": "有效", "GRADE": "3A", "VALID_TO": day("2026-12-31")},
        {"NAME": "过期", "GRADE": "4A", "VALID_TO": day("2026-12-30")},
        {"NAME": "无期", "GRADE": "1A"},
    ]
    health = [
        {"KIND": "医学影像中心", "NAME": "民营影像", "OWNER_KIND": "社会办"},
        {"KIND": "医学影像中心", "NAME": "公立影像", "OWNER_KIND": "公立"},
        {"KIND": "医院", "NAME": "一院", "PROV_SPEC": 9, "NAT_SPEC": 2},
        {"KIND": "医院", "NAME": "二院", "PROV_SPEC": 7},
    ]
    lists = [
        {"KIND": "全省文旅振兴乡村样板村", "NAME": f"村{i}", "YEAR": 2024 + i % 2, "AREA": "620105001201"}
        for i in range(5)
    ]
    return city_of(
        tmp_path_factory.mktemp("plan") / "ws",
        [
            layer("logistics", LOGISTICS), layer("scenic", SCENIC), layer("elderly", ELDERLY), layer("firms", firms),
            layer("logistics_firms", certificates), layer("health", health),
            layer("childcare", [{"KIND": "托育机构", "NAME": f"托{i}", "SEATS": 9250} for i in range(2)], synthetic=True),
            table(LISTS, lists),
        ],
    )  # fmt: skip


def figure(city, year, code, *settings, as_of="2027-01-31"):
    """The computed value alone."""
    state = min(date(year, 12, 31), date.fromisoformat(as_of))
    target = plan().target(code, year)
    return figure_of(
        Asked(city, Told(), plan().indicator(code), target, year, state, rules_of(settings).of(code), CENSUS)
    )


def names(items):
    return [item.name for item in items]


def test_parks_are_of_their_year(city):
    got = figure(city, 2025, "logistics-parks")
    assert (got.value, names(got.counted)) == (2, ["甲园", "乙园"])
    assert [(i.name, i.note) for i in got.missing] == [("丙园", "在建"), ("戊园", "缺 DONE_YEAR")]
    assert figure(city, 2024, "logistics-parks").value == 1
    assert {c.code: c.value for c in got.counties} == {"620102": 2, "620105": 0}


def test_a_facility_without_a_code_counts_where_it_stands(tmp_path):
    # ORIGIN + (1000, 300) is in the northern half, 安宁; the helper's point lies in neither
    rows = [{"KIND": "物流园区", "NAME": "北园", "BUILD_KIND": "新建", "DONE_YEAR": 2025, "XZQDM12": ""}]
    name, frame = layer("logistics", rows)
    frame["geometry"] = [lonlat([shapely.Point(*(ORIGIN + (1000, 300)))])[0]]
    got = figure(city_of(tmp_path / "ws", [(name, frame)]), 2025, "logistics-parks")
    assert {c.code: c.value for c in got.counties} == {"620102": 0, "620105": 1}


def test_counties_add_up_to_the_city(tmp_path):
    # the helper's point lies in no county, and no county has the code
    rows = [
        {"KIND": "养老机构", "NAME": "甲院", "BEDS": 10, "NURS_BEDS": 4},
        {"KIND": "养老机构", "NAME": "乙院", "BEDS": 30, "NURS_BEDS": 9, "XZQDM12": "629999001000"},
    ]
    got = figure(city_of(tmp_path / "ws", [layer("elderly", rows)]), 2026, "elderly-nursing-beds")
    assert [(c.code, c.name) for c in got.counties][-1] == ("", "（未定区县）")
    assert sum(c.numerator for c in got.counties) == got.numerator == 13
    assert sum(c.denominator for c in got.counties) == got.denominator == 40


def test_a_stock_is_that_of_the_years_end(city):
    got = figure(city, 2024, "logistics-county-centres")
    assert names(got.counted) == ["永登", "皋兰", "榆中"]
    assert names(got.missing) == ["红古", "西固"]
    assert {c.code: c.value for c in got.counties} == {"620102": 2, "620105": 1}
    assert names(figure(city, 2025, "logistics-county-centres").counted) == ["永登", "皋兰", "榆中", "红古"]
    # seen from within the year, the state is that of the day
    early = figure(city, 2024, "logistics-county-centres", as_of="2024-06-01")
    assert names(early.counted) == ["永登", "皋兰", "旧"]


def test_tonnes_become_ten_thousand_tonnes_exactly(city):
    got = figure(city, 2024, "logistics-cold-storage")
    assert got.value == Fraction(110)
    assert got.unit == "万吨"
    assert [note.zh for note in got.notes] == ["1 处未填CAP_T，未计入"]
    assert got.undated == 3


def test_undated_facilities_can_be_left_out(city):
    got = figure(city, 2024, "logistics-county-centres", "undated=left_out")
    assert names(got.counted) == ["永登", "皋兰", "榆中"]
    assert figure(city, 2024, "logistics-cold-storage", "undated=left_out").value == 0


def test_a_certificate_counts_until_its_last_day(city):
    got = figure(city, 2026, "logistics-graded-firms")
    assert names(got.counted) == ["有效", "无期"]
    assert [(i.name, i.note) for i in got.missing] == [("过期", "证书或资格已过期")]


def test_3a_spots_are_of_the_year_of_their_grade(city):
    assert [figure(city, y, "tourism-3a").value for y in (2024, 2025, 2026)] == [2, 1, 0]


def test_named_sites(city):
    got = figure(city, 2024, "tourism-4a-named")
    assert names(got.counted) == ["兰州野生动物园"]
    assert [(i.name, i.note) for i in got.missing] == [("李家庄田园综合体景区", "现为3A")]
    assert figure(city, 2024, "tourism-4a-named", "named_excess=all").value == 2
    assert [(i.name, i.note) for i in figure(city, 2025, "tourism-4a-named").missing] == [
        ("河口古镇", "图层中没有此景区")
    ]
    assert isinstance(figure(city, 2026, "tourism-4a-named"), NoFigure)
    assert figure(city, 2024, "tourism-4a-named", as_of="2024-11-01").value == 0


def test_nursing_beds(city):
    got = figure(city, 2026, "elderly-nursing-beds")
    assert (got.numerator, got.denominator, got.value) == (96, 160, 60)
    assert [(i.name, i.amount) for i in got.missing] == [("甲院", 50), ("乙院", 14)]
    assert [(c.code, c.numerator, c.denominator) for c in got.counties] == [("620102", 50, 100), ("620105", 46, 60)]
    assert [note.zh for note in got.notes] == ["1 处未填床位，分子分母均未计"]
    report = assessed(city, 2026)
    assert one(report, "elderly-nursing-beds").graded.grade == "good"
    gap = one(report, "elderly-nursing-beds").gap
    # excellent from 63 %: 100.8 of 160 beds, so 101
    assert (gap.needed, gap.to_excellent, gap.unit) == (0, 5, "张")


def test_private_centres_specialties_and_lists(city):
    assert names(figure(city, 2025, "health-imaging-centres").counted) == ["民营影像"]
    assert figure(city, 2025, "health-provincial-specialties").value == 16
    assert figure(city, 2025, "health-national-specialties").value == 2
    assert [figure(city, y, "tourism-model-villages").value for y in (2024, 2025)] == [3, 2]
    assert {c.code: c.value for c in figure(city, 2024, "tourism-model-villages").counties}["620105"] == 3
    assert figure(city, 2024, "elderly-demo-projects").value == 1


def test_a_register_counts_and_grades_nothing_until_told(city):
    row = one(assessed(city, 2025), "information-specialised-firms")
    assert (row.figure.value, row.value, row.graded.grade) == (1, None, "unreported")
    row = one(assessed(city, 2025, "register_grades=yes"), "information-specialised-firms")
    assert (row.value, row.origin, row.graded.grade) == (1, "computed", "poor")
    assert figure(city, 2025, "information-specialised-firms", "count_as=stock").value == 3


def test_places_per_thousand_need_a_population(city):
    got = figure(city, 2025, "health-childcare-rate")
    assert isinstance(got, NoFigure)
    assert "4359446 人计为 4.24" in got.reason.zh
    got = figure(city, 2025, "health-childcare-rate", "resident_population=4084000")
    assert got.value == Fraction(18500 * 1000, 4084000)
    assert one(assessed(city, 2025), "health-childcare-places").graded.grade == "good"


def test_nothing_recorded_is_not_nothing_there(city):
    got = figure(city, 2025, "health-labs")
    assert isinstance(got, NoFigure)
    assert "未采集" in got.reason.zh
    assert figure(city, 2025, "health-labs", "no_records=zero").value == 0
    assert isinstance(figure(city, 2024, "science-incubators"), NoFigure)


VILLAGES = [f"村{i}" for i in range(74)]


@pytest.mark.parametrize(
    ("covered", "grade", "needed"), [(658, "good", 0), (657, "poor", 1), (600, "poor", 58), (691, "excellent", 0)]
)
def test_villages(city, covered, grade, needed):
    circles = Told(village_logistics=(covered, 731, VILLAGES))
    row = one(assessed(city, 2025, circles=circles), "logistics-village-outlets")
    assert (row.value, row.graded.grade) == (Fraction(100 * covered, 731), grade)
    assert (row.gap.needed, row.gap.unit) == (needed, "村")
    assert names(row.gap.items)[:2] == ["村0", "村1"]
    assert row.gap.items[0].travel_s == 60.0


def test_a_circle_that_is_not_there_says_so(city):
    row = one(assessed(city, 2025), "logistics-village-outlets")
    assert row.graded.grade == "unreported"
    assert "village-logistics" in row.computed.reason.zh
    assert "no circle" in row.computed.reason.en


def test_settings_choose_the_circles_question(city):
    circles = Told(township_logistics=(61, 61, []))
    assessed(city, 2025, "township_denominator=with_streets", circles=circles)
    assert dict(circles.asked)["township-logistics"] != {}
    circles = Told(township_logistics=(61, 61, []))
    row = one(assessed(city, 2025, circles=circles), "logistics-township-stations")
    assert dict(circles.asked)["township-logistics"] == {}
    assert (row.graded.grade, row.graded.marks) == ("good", ("cannot_exceed",))


REPORTED = {"INDICATOR": "logistics-parks", "NAME": "物流园区", "YEAR": 2025, "UNIT": "个", "VALUE": "5"}


def test_both_values_and_their_difference(tmp_path):
    rows = [
        REPORTED,
        {**REPORTED, "SOURCE": "later", "DATE": day("2026-01-20"), "VALUE": "6"},
        {**REPORTED, "AREA": "620102", "VALUE": "1"},
        {**REPORTED, "INDICATOR": "overall-tax", "UNIT": "万元", "VALUE": "5291"},
        {**REPORTED, "INDICATOR": "creative-brand-lanxiaoniu", "VALUE": "完成", "UNIT": ""},
    ]
    split = [{**REPORTED, "AREA": "620102", "VALUE": "2"}, {**REPORTED, "AREA": "620105", "VALUE": "1"}]
    city = city_of(tmp_path / "ws", [layer("logistics", LOGISTICS), table(REPORTS, rows), table(TARGETS, split)])
    report = assessed(city, 2025)
    row = one(report, "logistics-parks")
    assert (row.value, row.origin, row.reported.value, row.difference) == (2, "computed", 6, -4)
    assert any("不一致" in note.zh for note in row.notes)
    assert (row.graded.grade, row.gap.needed) == ("poor", 3)
    by_report = one(assessed(city, 2025, "official_value=reported"), "logistics-parks")
    assert (by_report.value, by_report.graded.grade) == (6, "excellent")
    assert one(report, "overall-tax").graded.grade == "good"
    assert [(m.milestone.code, m.state) for m in report.milestones if m.state] == [
        ("creative-brand-lanxiaoniu", "完成")
    ]
    counties = {(c.code, c.indicator.code): c for c in report.counties}
    here, there = counties["620102", "logistics-parks"], counties["620105", "logistics-parks"]
    assert (here.value, here.target, here.graded.grade) == (2, "2", "good")
    assert (there.value, there.target, there.graded.grade) == (0, "1", "poor")
    assert [(g.id, g.counts["poor"]) for g in groups_of(report, "county")] == [("620102", 0), ("620105", 1)]


def test_counties_without_a_split_are_shown_and_not_graded(city):
    rows = [c for c in assessed(city, 2025).counties if c.indicator.code == "logistics-parks"]
    assert [(c.value, c.graded.grade) for c in rows] == [(2, "not_graded"), (0, "not_graded")]


def test_the_path_over_three_years(city):
    row = one(assessed(city, 2025, circles=Told(village_logistics=(658, 731, []))), "logistics-parks")
    assert [(p.year, p.target, p.value, p.graded.grade) for p in row.path] == [
        (2024, "5", 1, "poor"), (2025, "5", 2, "poor"), (2026, "5", 0, "poor"),
    ]  # fmt: skip
    row = one(assessed(city, 2025, circles=Told(village_logistics=(658, 731, []))), "logistics-village-outlets")
    assert [(p.year, p.value is None) for p in row.path] == [(2024, True), (2025, False), (2026, True)]


@pytest.mark.parametrize("view", ["sector", "lead", "agency"])
def test_every_indicator_is_in_a_group(city, view):
    groups = groups_of(assessed(city, 2025), view)
    assert {row.indicator.code for group in groups for row in group.rows} == {
        a.indicator.code for a in assessed(city, 2025).assessments
    }
    assert all(sum(group.counts.values()) == len(group.rows) for group in groups)


def test_unknown_views_and_years_are_refused(city):
    with pytest.raises(ParameterError, match="sector"):
        groups_of(assessed(city, 2025), "colour")
    with pytest.raises(ParameterError, match="2024, 2025, 2026"):
        assessed(city, 2023)


def test_the_plan_is_of_its_own_city_only(city):
    from dataclasses import replace

    other = replace(city.edition, city=replace(city.edition.city, code="620200", name="嘉峪关市"))
    from data.city import CityData

    with pytest.raises(ParameterError, match="嘉峪关"):
        assessed(CityData(city.store, other), 2025)


def test_sample_data_says_so(city):
    report = assessed(city, 2025)
    assert report.synthetic
    assert "示例数据" in form_of(report, {}, made=NOW).warnings[0]


def test_every_source_asks_for_fields_and_values_that_are_declared():
    for code, source in SOURCES.items():
        if not isinstance(source, Records):
            continue
        spec = TABLES.get(source.layer) or FACILITY_LAYERS[source.layer.removeprefix("facilities.")].spec
        asked = {source.year, source.since, source.valid_to, source.column, source.whole, *source.where} - {""}
        assert asked <= set(spec.columns), code
        for column, values in source.where.items():
            assert set(values) <= set(spec.columns[column].values), code
