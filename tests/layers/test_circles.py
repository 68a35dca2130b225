"""Every circle on a straight-street town (tests/layers/towns.py), each number worked out by hand."""

import pytest

from geo.errors import InputError
from tests.layers.towns import END, by_code, covered, services_at, together, town


@pytest.fixture
def at(tmp_path):
    """Build the town with facilities."""
    return lambda given=None, **more: town(tmp_path / "ws", given, **more)


def test_elderly(at):
    runner = at({"elderly": [
        {"KIND": "社区养老服务中心", "x": 1_750},  # 750 m from home 0 (10 persons): exactly 15 min at 3 km/h
        {"KIND": "养老机构", "x": 6_751},          # 751 m from home 1 (20): too long, but within 1000 m
        {"KIND": "老年助餐点", "x": 11_000},       # a meal point is no care
        {"KIND": "社区养老服务中心", "x": 16_000, "STATUS": "停用"},
    ]})  # fmt: skip
    got = runner.answer("elderly")
    assert (got.demand.kind, got.demand.total, got.demand.covered) == ("older", 100, 10)
    assert got.gap.beyond == 90
    assert covered(got) == {"minutes": 10, "metres": 30, "centres": 10}
    assert got.straight_line.covered == 10
    assert by_code(got)["620102"] == (10, 30)
    assert runner.answer("elderly", minutes=16).demand.covered == 30  # 800 m


def test_meal(at):
    got = at({"elderly": [
        {"KIND": "老年助餐点", "x": 11_750},  # 750 m from home 2 (30): exactly 15 min
        {"KIND": "老年助餐点", "x": 17_000},  # 1000 m from home 3 (40): 20 min for the old, 15 for adults
        {"KIND": "养老机构", "x": 1_000},
    ]}).answer("meal")  # fmt: skip
    assert covered(got) == {"older": 30, "walk": 70}


def test_childcare(at):
    got = at({"childcare": [
        {"KIND": "托育机构", "SEATS": 50, "x": 2_000},   # 1000 m from home 0 (4 children): exactly 15 min on foot
        {"KIND": "托育机构", "SEATS": 30, "x": 14_000},  # 3000 m from home 2 (8), 2000 m from home 3 (2): by bicycle
        {"KIND": "托育机构", "SEATS": 99, "x": 6_000, "STATUS": "在建"},
    ]}).answer("childcare")  # fmt: skip
    assert covered(got) == {"walk": 4, "cycle": 4 + 8 + 2}
    # 80 places; 1000 residents, 20 children
    assert {one.id: one.value for one in got.measures} == {
        "places_per_1000": 80, "places_per_1000_children": 4000, "places": 80,
    }  # fmt: skip
    assert got.measures[0].id == "places_per_1000"  # the plan's figure is the first
    rows = {row.code: row.measures for row in got.by_area}
    assert rows["620102"]["places_per_1000"] == pytest.approx(50_000 / 300)
    assert rows["620123"] == {
        "places_per_1000": pytest.approx(30_000 / 700),
        "places_per_1000_children": 3_000,
        "places": 30,
    }
    assert rows["620102100"] == {"places_per_1000": 0, "places_per_1000_children": 0, "places": 0}


def test_living_5(at):
    runner = at(together(
        services_at(1_000, "living-5", but={"toilet": 1_300}),  # home 0 (100): exactly 300 m to the toilet
        services_at(6_000, "living-5", but={"toilet": 6_301}),  # home 1 (200): 301 m
    ))  # fmt: skip
    got = runner.answer("living-5")
    assert (got.demand.covered, got.demand.total) == (100, 1000)
    have = {one.id: one.covered for one in got.services}
    assert have.pop("toilet") == 100
    assert len(have) == 7
    assert set(have.values()) == {300}
    assert got.diagnostics["worst_service"] == "toilet"
    # seven services for 300 of 1000, one for 100
    assert got.measures[0].value == pytest.approx(7 * 0.3 + 0.1)
    assert runner.answer("living-5", metres=301).demand.covered == 300


def test_living_10(at):
    got = at(together(
        services_at(1_000, "living-5", "living-10", but={"bus": 1_500}),  # home 0: exactly 500 m to the bus
        services_at(6_000, "living-5", "living-10", but={"bus": 6_501}),
        services_at(11_000, "living-10"),  # home 2 (300) has its own level's, not the lower one's
    )).answer("living-10")  # fmt: skip
    assert covered(got) == {"all": 100, "own": 400}
    assert {one.id: one.limit for one in got.services}["toilet"] == "300 m"
    assert any("15,000" in one.en for one in got.notices)


def test_living_15(at):
    every = ("living-5", "living-10", "living-15")
    got = at(together(
        services_at(1_000, *every, but={"bank": 2_000}),   # home 0: exactly 1000 m to the bank, more than 800
        services_at(6_000, *every, but={"bank": 6_800}),   # home 1: exactly 800 m
        services_at(11_000, *every, but={"toilet": 11_301}),  # home 2: the five-minute level fails
    )).answer("living-15")  # fmt: skip
    assert covered(got) == {"all": 300, "strict": 200, "own": 600}
    assert len(got.services) == 23
    assert got.gap.beyond == 700


def test_convenience(at):
    got = at(together(
        services_at(1_000, "convenience", but={"household": 2_000}),  # home 0: exactly 15 min on foot
        {"commerce": [{"KIND": "超市", "x": 6_000}, {"KIND": "便利店", "x": 11_000}]},
    )).answer("convenience")  # fmt: skip
    assert covered(got) == {"all": 100, "market": 300, "shop": 600}


def test_new_community_sport(at):
    got = at({"new_communities": [
        {"DONE_YEAR": 2024, "SPT_OUT_M2": 5.0, "PERSONS": 1000, "x": 1_000},    # some, below the norm
        {"DONE_YEAR": 2024, "SPT_IN_M2": 100.0, "PERSONS": 1000, "x": 6_000},   # exactly 0.1 m² a person
        {"DONE_YEAR": 2024, "SPT_OUT_M2": 299.9, "PERSONS": 1000, "x": 6_000},  # just below 0.3 m²
        {"DONE_YEAR": 2024, "SPT_IN_M2": 0.0, "SPT_OUT_M2": 0.0, "PERSONS": 9, "x": 11_000},
        {"DONE_YEAR": 2024, "x": 11_000},
        {"DONE_YEAR": 2023, "SPT_IN_M2": 500.0, "PERSONS": 1000, "x": 1_000},   # before the base date
        {"DONE_YEAR": 2049, "SPT_IN_M2": 500.0, "PERSONS": 1000, "x": 1_000},   # not finished yet
        {"DONE_YEAR": 2024, "SPT_IN_M2": 500.0, "PERSONS": 1000, "x": 1_000, "STATUS": "停用"},
        {"SPT_IN_M2": 500.0, "PERSONS": 1000, "x": 1_000},                      # no year
    ]}).answer("new-community-sport")  # fmt: skip
    assert (got.demand.kind, got.demand.total) == ("communities", 5)
    assert covered(got) == {"any": 3, "norm": 1}
    assert (got.gap.absent, got.straight_line) == (2, None)
    assert got.measures[0].value == 1
    assert by_code(got)["620123"] == (0, 2)


def test_village_logistics(at):
    runner = at({"logistics": [
        {"KIND": "村级物流服务网点", "x": 6_000, "XZQDM12": "620102100201", "SERVED_XZQ": "620123101201；620123101202"},
        {"KIND": "村级物流服务网点", "x": 16_000, "XZQDM12": "620123201201", "STATUS": "停用"},
        {"KIND": "村级物流服务网点", "x": 17_000, "XZQDM12": "620123201000"},  # the township's code: in no village
        {"KIND": "乡级物流服务站", "x": 19_000, "XZQDM12": "620171100201"},    # a station is no outlet
    ]})  # fmt: skip
    got = runner.answer("village-logistics")
    # inside: 二村; served: 三村, 四村. Along streets within 2 km of 6000 and 17000: 二村, 五村 (1 km), 六村 (2 km
    # exactly). By car, 15 min are 5 km: 三村 is 5 km from 6000, 四村 3 km from 17000.
    assert covered(got) == {"served": 3, "inside": 1, "near": 3, "drive": 5}
    assert (got.demand.total, got.gap.absent, got.straight_line) == (5, 2, None)
    rows = by_code(got)
    assert (rows["620102"], rows["620123"]) == ((1, 1), (2, 4))
    assert rows["620171"] == (0, 1)  # the zone stands apart; its village is counted in its county too
    assert rows["620123101"] == (2, 2)
    assert runner.answer("village-logistics", area="620171").demand.total == 1
    assert runner.answer("village-logistics", mode="near", metres=1_999).demand.covered == 2


def test_kinds_that_are_not_noted_are_told_by_the_code(at):
    given = {"logistics": [{"KIND": "乡级物流服务站", "x": 11_000}]}
    runner = at(given, kinds=False)
    assert runner.answer("village-logistics").demand.total == 5
    assert {v.id: v.total for v in runner.answer("township-logistics").variants} == {"towns": None, "streets": 5}
    assert {v.id: v.total for v in runner.answer("county-logistics").variants} == {"all": None, "counties": 1}


@pytest.mark.parametrize(("served", "grade"), [(658, True), (657, False)])
def test_of_731_villages_658_meet_nine_tenths(tmp_path, served, grade):
    from fractions import Fraction

    from api.plan import plan_indicator

    villages = [(f"6201231012{i:02d}"[:9] + f"{200 + i:03d}", f"村{i}", "村委会", 11_000) for i in range(200)]
    villages += [(f"620123201{200 + i:03d}", f"村{200 + i}", "村委会", 16_000) for i in range(200)]
    villages += [(f"620171100{200 + i:03d}", f"村{400 + i}", "村委会", 19_000) for i in range(200)]
    villages += [(f"620102100{200 + i:03d}", f"村{600 + i}", "村委会", 6_000) for i in range(131)]
    codes = [one[0] for one in villages]
    assert len(set(codes)) == 731
    given = {"logistics": [{"KIND": "村级物流服务网点", "x": 0, "SERVED_XZQ": ";".join(codes[:served])}]}
    runner = town(tmp_path / "ws", given, villages=villages)
    got = runner.answer("village-logistics")
    assert (got.demand.covered, got.demand.total) == (served, 731)
    assert (Fraction(served, 731) >= Fraction(90, 100)) is grade
    found = plan_indicator(runner, 2025, "logistics-village-outlets", settings=["as_of=2027-01-31"])
    text = str(found)
    assert ("较差" in text) is not grade


def test_township_logistics(at):
    got = at({"logistics": [
        {"KIND": "乡级物流服务站", "x": 11_000, "XZQDM12": "620123101000"},
        {"KIND": "乡级物流服务站", "x": 16_000},  # no code: 丁乡 by its place
        {"KIND": "乡级物流服务站", "x": 6_000, "STATUS": "规划"},
    ]}).answer("township-logistics")  # fmt: skip
    assert covered(got) == {"towns": 2, "streets": 2}
    assert (got.demand.total, got.variants[1].total) == (4, 5)
    rows = by_code(got)
    assert (rows["620102"], rows["620123"], rows["620171"]) == ((0, 1), (2, 3), (0, 1))
    assert "620102001" not in rows  # a street is no township


def test_county_logistics(at):
    got = at({"logistics": [
        {"KIND": "县级物流配送中心", "x": 12_000}, {"KIND": "县级物流配送中心", "x": 19_000},
        {"KIND": "县级物流配送中心", "x": 1_000, "STATUS": "在建"},
    ]}).answer("county-logistics")  # fmt: skip
    assert covered(got) == {"all": 1, "counties": 1}
    assert (got.demand.total, got.variants[1].total, got.variants[1].rate) == (2, 1, 1.0)
    assert {one.id: one.value for one in got.measures} == {"centres": 2, "planned": 6}
    assert {row.code: row.measures["centres"] for row in got.by_area} == {"620102": 0, "620123": 2}


def test_logistics_hub(at):
    runner = at({
        "logistics": [
            {"KIND": "物流枢纽", "x": 0},
            {"KIND": "物流园区", "x": END},              # 20 km at 20 km/h: exactly 60 min
            {"KIND": "物流园区", "x": END, "y": 200},    # and 200 m more to the street
            {"KIND": "乡级物流服务站", "x": 10_000},     # 30 min
            {"KIND": "冷库", "x": 6_000},
        ],
        "vegetable_bases": [{"x": 16_000}, {"x": 6_000, "y": 400}],  # 30 min; off the street by more than 300 m
    })  # fmt: skip
    got = runner.answer("logistics-hub")
    assert covered(got) == {"parks": 1, "stations": 1, "villages": 5, "cold": 1}
    assert (got.demand.kind, got.demand.total, got.gap.beyond) == ("parks", 2, 1)
    assert [one.total for one in got.variants] == [None, 1, 5, 2]
    assert runner.answer("logistics-hub", mode="cold").gap.off_network == 1
    assert runner.answer("logistics-hub", mode="stations", minutes=29).demand.covered == 0


def test_commerce(at):
    got = at({"commerce": [
        {"KIND": "商圈", "LEVEL": "市级", "x": 2_000},          # 1000 m from home 0 (100)
        {"KIND": "超市", "LEVEL": "乡镇级", "x": 11_000},       # no district: only its level counts, in 丙镇
        {"KIND": "购物中心", "LEVEL": "区县级", "x": 9_000},    # 3 km from home 1; in 乙镇
        {"KIND": "便利店", "LEVEL": "村级", "x": 16_000, "XZQDM12": "620123201201"},
    ]}).answer("commerce")  # fmt: skip
    assert covered(got) == {"walk": 100, "county": 1, "township": 2, "village": 1}
    assert [one.total for one in got.variants] == [None, 2, 4, 5]


def test_scenic(at):
    runner = at({
        "scenic": [
            {"NAME": "一", "GRADE": "3A", "x": 16_000},  # 30 min are 10 km: homes 1, 2, 3; home 0 is 45 min away
            {"NAME": "二", "x": 1_000},                  # no grade
        ],
        "transport": [{"KIND": "火车站", "x": 0}, {"KIND": "公交站", "x": 16_000}],
    })  # fmt: skip
    got = runner.answer("scenic")
    # seats: the median of 城关's people is home 1 (200 of 300), of 榆中's home 3 (400 of 700)
    assert covered(got) == {"near": 900, "wide": 1000, "high": 0, "seats": 2, "stations": 1, "airport": 0}
    assert {one.id: one.total for one in got.variants}["airport"] == 0
    airport = runner.answer("scenic", mode="airport")
    assert (airport.demand.total, airport.demand.rate) == (0, None)
    high = runner.answer("scenic", mode="high")
    assert (high.demand.rate, high.gap.unreachable, high.straight_line.covered) == (0, 1000, 0)
    assert by_code(runner.answer("scenic", mode="seats"))["620102100"] == (1, 1)


def test_rescue(at):
    five = ("胸痛", "卒中", "创伤", "危重孕产妇", "危重新生儿")
    centre = {"KIND": "救治中心", "x": END}
    runner = at({"health": [
        *({**centre, "FAC_ID": f"b{i}", "SPECIALTY": one, "XZQDM12": "620123101000"} for i, one in enumerate(five)),
        *({**centre, "FAC_ID": f"a{i}", "SPECIALTY": one, "XZQDM12": "620102001000"} for i, one in enumerate(five)
          if one != "卒中"),
        {**centre, "FAC_ID": "shut", "SPECIALTY": "卒中", "XZQDM12": "620102001000", "STATUS": "停用"},
        {"KIND": "乡镇卫生院", "FAC_ID": "c0", "CENTRE_ID": "b0", "x": 0},               # 20 km: exactly 60 min
        {"KIND": "乡镇卫生院", "FAC_ID": "c1", "CENTRE_ID": "shut", "x": 0, "y": 200},  # a closed centre; too far
        {"KIND": "乡镇卫生院", "FAC_ID": "c2", "x": 6_000},
    ]})  # fmt: skip
    got = runner.answer("rescue")
    assert covered(got) == {"counties": 1, "all": 1, "linked": 1, "drive": 2}
    assert [one.total for one in got.variants] == [None, 2, 3, 3]
    every = runner.answer("rescue", mode="all")
    assert {one.id: one.covered for one in every.services} == {
        "chest-pain": 2, "stroke": 1, "trauma": 2, "mothers": 2, "newborns": 2,
    }  # fmt: skip
    assert every.diagnostics["worst_service"] == "stroke"
    assert by_code(every) == {"620102": (0, 1), "620123": (1, 1)}


def test_regional_elderly_centre(at):
    got = at({"elderly": [
        {"KIND": "区域养老服务中心", "x": 1_000}, {"KIND": "区域养老服务中心", "x": 16_000},
        {"KIND": "区域养老服务中心", "x": 17_000}, {"KIND": "养老机构", "x": 6_000},
    ]}).answer("regional-elderly-centre")  # fmt: skip
    assert covered(got) == {"all": 2, "towns": 1}
    assert (got.demand.total, got.variants[1].total) == (5, 4)


def test_a_choice_without_its_layers_is_left_out_and_said(at):
    runner = at({"scenic": [{"NAME": "一", "GRADE": "3A", "x": 16_000}]})
    got = runner.answer("scenic")
    assert list(covered(got)) == ["near", "wide", "high", "seats"]
    (left,) = [one for one in got.notices if one.kind == "left_out"]
    assert "facilities.transport" in left.zh
    with pytest.raises(InputError, match=r"facilities\.transport"):
        runner.answer("scenic", mode="stations")
    assert runner.circles["scenic"].layers == ("streets", "facilities.scenic", "demand.residents")


def test_another_choice_answers_where_the_first_cannot(at):
    runner = at({"commerce": [{"KIND": "商圈", "LEVEL": "市级", "x": 2_000}]}, leave_out=("demand.residents",))
    with pytest.raises(InputError, match=r"demand\.residents"):
        runner.answer("commerce")
    got = runner.answer("commerce", mode="county")
    assert (got.demand.covered, got.demand.total) == (1, 2)


def test_without_areas_travel_still_answers(at):
    runner = at({"commerce": [{"KIND": "商圈", "LEVEL": "市级", "x": 2_000}]}, leave_out=("areas",))
    got = runner.answer("commerce")
    assert (covered(got), got.by_area) == ({"walk": 100}, [])


def test_no_facility_in_operation_and_no_demand(at):
    runner = at({"logistics": [{"KIND": "村级物流服务网点", "x": 0, "STATUS": "停用"}]}, villages=[])
    got = runner.answer("village-logistics")
    assert (got.demand.total, got.demand.rate, got.by_area) == (0, None, [])
    towns = runner.answer("township-logistics", area="甲街道")
    assert (towns.demand.total, towns.demand.rate) == (0, None)
    assert runner.answer("township-logistics").demand.covered == 0
