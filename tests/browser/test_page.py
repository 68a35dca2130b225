"""The page that `quantu serve` opens, used as people use it."""

import json
import re
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.pixels import SERVED, UNSERVED, WATER, pixels

pytestmark = pytest.mark.browser

CORE = "map=13/36.0600/103.8340"
"""The old town of 城关, at a zoom where every dot is drawn."""
ANNING = "620105"
# Right of the panel, above the legend and the credits, below the search field: nothing but map.
MAP_ONLY = {"x": 430, "y": 70, "width": 590, "height": 370}


@pytest.fixture(scope="module")
def ask(served_demo):
    """Ask the HTTP interface the same question."""

    def call(path="/api/circles/fitness", **query):
        with urllib.request.urlopen(f"{served_demo}{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
            return json.load(answer)

    return call


def catalogued(ask, circle):
    """What the catalogue says of a circle."""
    return next(one for one in ask("/api/circles")["circles"] if one["id"] == circle)


def figures(answer):
    """The two numerals of an answer as the page sets them."""
    demand = answer["demand"]
    return f"{demand['rate']:.1%}".removesuffix("%"), f"{demand['total'] - demand['covered']:,.0f}"


def shows(page, answer):
    rate, outside = figures(answer)
    expect(page["rate"]).to_have_text(rate)
    expect(page["outside"]).to_have_text(outside)


def drag_minutes(page, to):
    """Drag the slider's thumb; returns the minutes it came to rest at."""
    slider = page["minutes"]
    slider.scroll_into_view_if_needed()
    box, value = slider.bounding_box(), int(slider.input_value())
    least, most = (int(slider.get_attribute(name)) for name in ("min", "max"))
    y = box["y"] + box["height"] / 2

    def x(minutes):  # the thumb, 18 px wide, stays within the track
        return box["x"] + 9 + (box["width"] - 18) * (minutes - least) / (most - least)

    page.page.mouse.move(x(value), y)
    page.page.mouse.down()
    page.page.mouse.move(x(to), y, steps=6)
    page.page.mouse.up()
    return int(slider.input_value())


def test_the_answer_is_the_interface_s(look, ask):
    answer = ask()
    shows(look, answer)
    expect(look.page.get_by_role("heading", level=1)).to_have_text(answer["title"]["zh"])
    expect(look.page.get_by_text(f"共 {answer['demand']['total']:,.0f}")).to_be_visible()


def test_the_clause_stands_under_the_answer(look, ask):
    clause = ask()["clause"]
    expect(look["clause"]).to_be_in_viewport()
    expect(look["clause"]).to_contain_text(clause["text"])
    expect(look["clause"]).to_contain_text(clause["source"])


def test_the_clause_says_where_the_question_is_not_the_standard_one(visit, ask):
    circle = catalogued(ask, "fitness")
    page = visit()
    expect(page["non-standard"]).to_have_count(0)
    page["minutes"].press("ArrowLeft")
    standard = f"{circle['threshold']['value']:g}"
    expect(page["non-standard"]).to_have_text(f"当前参数不是标准口径（标准：{standard} 分钟，步行或骑行）")
    page["minutes"].press("ArrowRight")
    expect(page["non-standard"]).to_have_count(0)
    page["mode-walk"].click()
    page["language"].click()
    expect(page["non-standard"]).to_contain_text(f"standard: {standard} minutes, walk or cycle")


def test_the_largest_gaps_are_named_beside_the_figure_and_lead_there(visit, ask):
    counties = [area for area in ask()["by_area"] if area["level"] == "county"]
    worst = sorted(counties, key=lambda area: area["covered"] - area["total"])[:2]
    page = visit()
    expect(page["worst"]).to_have_text("盲区多在 " + "、".join(area["name"] for area in worst))
    page["worst"].get_by_role("button").first.click()
    expect(page["area"]).to_have_value(worst[0]["code"])
    shows(page, ask(area=worst[0]["code"]))
    # A county opens shaded by townships, whose borders are made up.
    expect(page["legend"]).to_contain_text("按乡镇街道（合成）")
    expect(page["legend"]).to_contain_text("≥ 80")


def test_causes_that_nobody_suffers_from_are_left_out(look, ask):
    gap = ask()["gap"]
    said = {"beyond": "超出时限", "unreachable": "路网不连通", "off_network": "离路网过远", "absent": "没有设施"}
    causes = look.page.locator("section", has=look.page.get_by_role("heading", name="盲区成因")).locator("dt")
    expect(causes).to_have_count(sum(held > 0 for held in gap.values()))
    for cause, held in gap.items():
        expect(causes.filter(has_text=said[cause])).to_have_count(int(held > 0))


def test_synthetic_is_said_beside_the_figure(look):
    notice, rate = look["synthetic"], look["rate"]
    expect(notice).to_be_in_viewport()
    expect(notice).to_have_text("示例数据（合成）")
    said, figure = notice.bounding_box(), rate.bounding_box()
    assert abs(figure["y"] - (said["y"] + said["height"])) < 40
    expect(look["attribution"]).to_contain_text("示例数据（合成）")
    expect(look["attribution"]).to_contain_text("© OpenStreetMap contributors")
    expect(look["legend"]).to_contain_text("合成")


def test_straight_lines_and_other_modes_stand_beside_it(look, ask):
    answer = ask()
    body = look.page.locator("main")
    straight = answer["straight_line"]["rate"]
    expect(body).to_contain_text(f"{straight:.1%}".replace("%", " %"))
    for variant in answer["variants"]:
        expect(body).to_contain_text(f"{variant['rate']:.1%}".replace("%", " %"))


def test_the_map_shows_who_is_inside_and_who_is_not(visit):
    page = visit(f"#mode=walk&{CORE}")
    before = page.page.screenshot(clip=MAP_ONLY)
    assert pixels(before, SERVED) > 1_000
    assert pixels(before, UNSERVED) > 20
    assert pixels(before, WATER) > 1_000
    drag_minutes(page, 3)
    page.page.wait_for_timeout(500)
    after = page.page.screenshot(clip=MAP_ONLY)
    assert pixels(after, SERVED) < pixels(before, SERVED)
    assert pixels(after, UNSERVED) > 3 * pixels(before, UNSERVED)


def test_the_slider_asks_anew(visit, ask):
    page = visit()
    minutes = drag_minutes(page, 8)
    assert abs(minutes - 8) <= 1
    answer = ask(minutes=minutes)
    assert figures(answer) != figures(ask())
    shows(page, answer)
    page["minutes"].press("ArrowRight")
    shows(page, ask(minutes=minutes + 1))
    # The address is the question: whoever gets the link sees the same.
    expect(page.page).to_have_url(re.compile(rf"minutes={minutes + 1}\b"))


def test_the_mode_and_the_area_ask_anew(visit, ask):
    page = visit()
    for mode in ("walk", "cycle", "either"):
        page[f"mode-{mode}"].click()
        expect(page[f"mode-{mode}"]).to_have_attribute("aria-pressed", "true")
        shows(page, ask(mode=mode))
    page["area"].select_option(label="安宁区")
    anning = ask(area=ANNING)
    assert figures(anning) != figures(ask())
    shows(page, anning)
    page["area"].select_option(value="620100")
    shows(page, ask())
    page["search"].fill("安宁区")
    page["search"].press("Enter")
    shows(page, anning)


def test_a_link_opens_its_question(visit, ask):
    page = visit(f"#area={ANNING}&minutes=10&mode=walk&lang=en&theme=dark")
    shows(page, ask(area=ANNING, minutes=10, mode="walk"))
    expect(page["minutes"]).to_have_value("10")
    expect(page.page.locator("html")).to_have_attribute("lang", "en")


def test_a_walk_through_the_page_in_both_languages_stays_at_home(visit, ask):
    page = visit()
    page["language"].click()
    expect(page.page.locator("html")).to_have_attribute("lang", "en")
    expect(page.page.get_by_role("heading", level=1)).to_have_text(ask()["title"]["en"])
    expect(page["synthetic"]).to_have_text("Sample data (synthetic)")
    expect(page.page.get_by_text("of residents are within 15 minutes of sports venues")).to_be_visible()
    shows(page, ask())
    page["flavour"].click()
    page["mode-walk"].click()
    drag_minutes(page, 5)
    page["reach"].check()
    page["area"].select_option(value=ANNING)
    expect(page["legend"]).to_contain_text("Area reached", timeout=20_000)
    page["language"].click()
    expect(page["synthetic"]).to_have_text("示例数据（合成）")
    page.page.wait_for_load_state("networkidle")
    strangers = [url for url in page.requests if not url.startswith((page.url, f"blob:{page.url}", "data:"))]
    assert strangers == []
    assert page.complaints == []
    assert any(".mvt" in url for url in page.requests)


def test_on_a_phone_the_sheet_holds_the_answer(visit, ask):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=1)
    shows(page, ask())
    for part in ("rate", "synthetic"):
        expect(page[part]).to_be_in_viewport()
    sheet = page.page.locator("main").bounding_box()
    assert sheet["width"] == 390
    assert 300 < sheet["y"] < 600
    # Tapped away, the sheet still says the answer; the map has the room.
    handle = page.page.get_by_role("button", name="面板高度")
    handle.tap()
    handle.tap()
    expect(handle).to_contain_text(figures(ask())[0])
    expect(handle).to_contain_text("示例数据（合成）")
    expect(page.page.get_by_text("Quantu")).to_be_hidden()
    expect(page["minutes"]).to_be_hidden()
    assert page.page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_went_wrong_is_told_and_the_old_answer_kept(visit, ask):
    page = visit()
    why = "edition '1' is being repaired"
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": why}
    wanted = re.compile(r"/api/circles/fitness\?")
    page.page.route(
        wanted,
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem)),
    )
    drag_minutes(page, 30)
    alert = page.page.get_by_role("alert")
    expect(alert).to_contain_text("服务出错")
    expect(alert.get_by_text(why)).to_be_hidden()
    alert.get_by_text("详情", exact=True).click()
    expect(alert.get_by_text(why)).to_be_visible()
    expect(alert).to_contain_text("兰州市，15 分钟")
    shows(page, ask())
    page.page.unroute(wanted)
    alert.get_by_role("button").click()
    shows(page, ask(minutes=page["minutes"].input_value()))
    expect(alert).to_have_count(0)
    page.context.set_offline(True)
    page["minutes"].press("ArrowRight")
    expect(alert).to_contain_text("连接不上服务")
