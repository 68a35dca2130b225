"""Circles of every kind on the page: by length, by membership, of several services."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pixels import SERVED, UNSERVED, pixels
from tests.browser.test_page import CORE, MAP_ONLY, ask, catalogued, shows  # noqa: F401

pytestmark = pytest.mark.browser


def said(page, words):
    expect(page["sentence"]).to_have_text(re.compile(words))


def limits(answer):
    """The limits of the variants as the page tells them."""
    return [
        re.sub(r" m$", " 米", re.sub(r" min$", " 分钟", one["limit"])) for one in answer["variants"] if one["limit"]
    ]


def test_every_circle_of_the_catalogue_can_be_chosen(visit, ask):  # noqa: F811
    circles = ask("/api/circles")["circles"]
    page = visit()
    options = page["circle"].locator("option")
    assert sorted(options.evaluate_all("all => all.map(one => one.value)")) == sorted(one["id"] for one in circles)
    assert "生活圈" in page["circle"].locator("optgroup").evaluate_all("all => all.map(one => one.label)")
    for circle in circles:
        page["circle"].select_option(circle["id"])
        answer = ask(f"/api/circles/{circle['id']}")
        expect(page.page.get_by_role("heading", level=1)).to_have_text(circle["title"]["zh"])
        shows(page, answer)
        expect(page.page.get_by_role("alert")).to_have_count(0)
        expect(page["non-standard"]).to_have_count(0)
        assumed = circle["clause"]["confidence"] != "cited"
        expect(page["confidence"]).to_have_count(int(assumed))
    page.page.wait_for_load_state("networkidle")
    assert page.complaints == []


def test_a_circle_by_membership_counts_villages(visit, ask):  # noqa: F811
    answer = ask("/api/circles/village-logistics")
    page = visit("#circle=village-logistics")
    demand = answer["demand"]
    shows(page, answer)
    said(
        page,
        rf"^{demand['total']:.0f} 个行政村中 {demand['covered']:.0f} 个（{demand['rate']:.1%}）有物流网点$".replace(
            "%", " %"
        ),
    )
    expect(page["minutes"]).to_have_count(0)
    expect(page["metres"]).to_have_count(0)
    expect(page["reach"]).to_have_count(0)
    expect(page["other-dots"]).to_have_count(0)
    causes = page.page.locator("section", has=page.page.get_by_role("heading", name="盲区成因")).locator("dt")
    expect(causes).to_have_count(1)
    expect(causes).to_contain_text("没有设施")
    for limit in limits(answer):
        expect(page["compare"]).to_contain_text(f"{float(limit.split()[0]):,.0f} {limit.split()[1]}")
    expect(page["compare"]).not_to_contain_text("直线法")
    seen = page.page.screenshot(clip=MAP_ONLY)
    assert pixels(seen, SERVED) > 500
    assert pixels(seen, UNSERVED) > 50


def test_its_choices_ask_by_length_and_by_time(visit, ask):  # noqa: F811
    page = visit("#circle=village-logistics")
    page["mode-inside"].click()
    shows(page, ask("/api/circles/village-logistics", mode="inside"))
    expect(page["other-dots"]).to_contain_text("村内有网点或被服务")
    expect(page["non-standard"]).to_have_text("当前参数不是标准口径（标准：村内有网点或被服务）")
    page["mode-near"].click()
    shows(page, ask("/api/circles/village-logistics", mode="near"))
    expect(page["other-dots"]).to_have_count(0)
    expect(page["reach"]).to_have_count(1)
    page["metres"].fill("500")
    shows(page, ask("/api/circles/village-logistics", mode="near", metres=500))
    said(page, "在 500 米内到达村级物流服务网点$")
    expect(page.page).to_have_url(re.compile(r"#circle=village-logistics&area=\d+&metres=500&mode=near"))
    # The metres are those of that choice: the next has its own minutes.
    page["mode-drive"].click()
    expect(page["minutes"]).to_have_value("15")
    shows(page, ask("/api/circles/village-logistics", mode="drive"))


def test_a_new_area_is_shown_apart(visit, ask):  # noqa: F811
    zones = [one for one in ask("/api/circles/village-logistics")["by_area"] if one["level"] == "zone"]
    page = visit("#circle=village-logistics")
    ranking = page.page.locator("section", has=page.page.get_by_role("heading", name="盲区最大的地方"))
    for zone in zones:
        expect(ranking).not_to_contain_text(zone["name"])
    page.page.get_by_role("button", name="其中：功能区").click()
    expect(ranking).to_contain_text("不计入合计")
    for zone in zones:
        expect(ranking).to_contain_text(zone["name"])
    ranking.get_by_role("button", name=zones[0]["name"]).click()
    shows(page, ask("/api/circles/village-logistics", area=zones[0]["code"]))
    expect(page["area"]).to_have_value(zones[0]["code"])


def test_a_circle_by_length_colours_by_metres(visit, ask):  # noqa: F811
    page = visit(f"#circle=elderly&mode=metres&{CORE}")
    shows(page, ask("/api/circles/elderly", mode="metres"))
    far = page.page.screenshot(clip=MAP_ONLY)
    page["metres"].fill("300")
    shows(page, ask("/api/circles/elderly", mode="metres", metres=300))
    page.page.wait_for_timeout(500)
    near = page.page.screenshot(clip=MAP_ONLY)
    assert pixels(near, SERVED) < pixels(far, SERVED)
    assert pixels(near, UNSERVED) > 2 * pixels(far, UNSERVED)


def test_a_composite_lists_its_services_worst_first(visit, ask):  # noqa: F811
    answer = ask("/api/circles/living-15")
    worst = sorted(answer["services"], key=lambda one: one["rate"])
    page = visit("#circle=living-15")
    shows(page, answer)
    page["services"].get_by_role("button").click()
    rows = page["services"].locator("li")
    expect(rows).to_have_count(len(worst))
    expect(rows.first).to_contain_text(worst[0]["title"]["zh"])
    expect(rows.first).to_contain_text(f"{worst[0]['rate']:.1%}".replace("%", " %"))
    expect(rows.last).to_contain_text(worst[-1]["title"]["zh"])
    expect(page["measures"]).to_contain_text(answer["measures"][0]["title"]["zh"])
    page["language"].click()
    expect(rows.first).to_contain_text(re.compile(worst[0]["title"]["en"], re.IGNORECASE))
    # What lies along the last of the services is told live: at 3 km more have them all.
    wide = catalogued(ask, "living-15")["modes"][0]["limit"]["max"]
    page["metres"].fill(f"{wide:g}")
    shows(page, ask("/api/circles/living-15", metres=wide))
    expect(page["non-standard"]).to_contain_text("1,000 m")


def test_places_by_residents_rank_the_counties(visit, ask):  # noqa: F811
    answer = ask("/api/circles/childcare")
    counties = [one for one in answer["by_area"] if one["level"] == "county"]
    least = min(counties, key=lambda one: one["measures"]["places_per_1000"])
    page = visit("#circle=childcare")
    measure = answer["measures"][0]
    expect(page["measures"]).to_contain_text(measure["title"]["zh"])
    expect(page["measures"]).to_contain_text(f"{measure['value']:.2f}".rstrip("0").rstrip("."))
    ranking = page.page.locator("section", has=page.page.get_by_role("heading", name="盲区最大的地方"))
    ranking.get_by_role("button", name=measure["title"]["zh"], exact=True).click()
    expect(ranking.locator("ol li").first).to_contain_text(least["name"])


def test_old_links_still_open_the_fitness_circle(visit, ask):  # noqa: F811
    page = visit("#area=620105&minutes=10&mode=walk")
    shows(page, ask("/api/circles/fitness", area="620105", minutes=10, mode="walk"))
    expect(page["minutes"]).to_have_value("10")
    expect(page.page).to_have_url(re.compile(r"#circle=fitness&area=620105&minutes=10&mode=walk"))


def test_what_lacks_its_data_says_so(visit):
    def lacking(route):
        body = route.fetch().json()
        for circle in body["circles"]:
            if circle["id"] == "scenic":
                circle |= {
                    "ready": False,
                    "lacks": [{"id": "facilities.scenic", "zh": "A级景区", "en": "Scenic spots"}],
                }
        route.fulfill(json=body)

    page = visit()
    page.context.route(re.compile(r"/api/circles$"), lacking)
    page.page.reload()
    option = page["circle"].locator("option[value=scenic]")
    expect(option).to_be_disabled()
    expect(option).to_contain_text("缺少数据：A级景区")
    page.page.goto(f"{page.url}/#circle=scenic")
    expect(page["lacking"]).to_contain_text("A级景区")
    expect(page["rate"]).to_have_count(0)


def test_on_a_phone_the_answer_stays_in_view(visit, ask):  # noqa: F811
    page = visit(
        "#circle=village-logistics", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        device_scale_factor=1,
    )  # fmt: skip
    shows(page, ask("/api/circles/village-logistics"))
    expect(page["rate"]).to_be_in_viewport()
    page["mode"].select_option("inside")
    shows(page, ask("/api/circles/village-logistics", mode="inside"))


def test_the_plan_is_graded_and_leads_to_the_map(visit, ask):  # noqa: F811
    graded = ask("/api/plan/2025")
    villages = next(one for one in graded["indicators"] if one["code"] == "logistics-village-outlets")
    page = visit()
    page["plan"].click()
    page["year-2025"].click()
    for grade, count in graded["grades"].items():
        expect(page[f"grade-{grade}"]).to_have_count(int(count > 0))
        if count:
            expect(page[f"grade-{grade}"]).to_contain_text(str(count))
    row = page["indicator-logistics-village-outlets"]
    expect(row).to_contain_text(villages["grade_zh"])
    expect(row).to_contain_text(villages["target_zh"])
    expect(row).to_contain_text(f"{float(villages['value']):.2f}")
    page[f"grade-{villages['grade']}"].click()
    expect(page.page.locator("[data-testid^=indicator-]")).to_have_count(graded["grades"][villages["grade"]])
    row.click()
    expect(page["evidence"]).to_contain_text(villages["quote"])
    expect(page["evidence"]).to_contain_text(f"还差 {villages['gap']['needed']} {villages['gap']['unit']}")
    expect(page.page).to_have_url(re.compile(r"#plan=2025&"))
    page["year-2026"].click()
    expect(page["grade-not_due"]).to_have_count(int(ask("/api/plan/2026")["grades"]["not_due"] > 0))
    page["year-2025"].click()
    page["on-map"].click()
    shows(page, ask("/api/circles/village-logistics"))
    assert page.complaints == []
