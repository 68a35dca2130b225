"""The folium file: one file, no request, honest dots."""

import json
import os
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.frames import CRS_KEPT
from data.write import folium_map as module
from data.write.folium_map import folium_map
from geo.errors import CRSMismatchError, InputError, MissingCRSError

CHROMIUM = Path("/usr/bin/chromium")
ANSWER: dict[str, Any] = {
    "circle": "fitness",
    "area": {"code": "620100", "name": "兰州市"},
    "edition": "1",
    "parameters": {"minutes": 15, "mode": "either", "max_snap_m": 300},
    "clause": {"text": "步行或骑行15分钟范围内有公共体育设施", "source": "国家体育总局", "url": None},
    "demand": {"kind": "residents", "unit": "persons", "total": 4359446, "covered": 3635778, "rate": 0.834},
    "gap": {"beyond": 700000, "unreachable": 20000, "off_network": 3668},
    "straight_line": {"covered": 4032487, "rate": 0.925, "false_share": 0.098},
    "variants": [
        {"id": "walk", "title": {"zh": "仅步行", "en": "walk only"}, "covered": 2000000, "rate": 0.459},
        {"id": "cycle", "title": {"zh": "仅骑行", "en": "cycle only"}, "covered": 3600000, "rate": 0.826},
    ],
    "by_area": [
        {"code": "620102", "name": "城关区", "level": "county", "rate": 0.96},
        {"code": "620105", "name": "安宁区", "level": "county", "rate": 0.91},
        {"code": "620121", "name": "永登县", "level": "county", "rate": 0.42},
        {"code": "620103001", "name": "某街道", "level": "township", "rate": 0.1},
        {"code": "620199", "name": "无人区", "level": "county", "rate": None},
    ],
    "provenance": {"edition_sha256": "ab" * 32, "code_version": "0.1.0", "computed_at": "2026-11-22T08:00:00Z"},
}
NASTY = '</script><script>alert("x")</script><img src=x onerror=alert(1)>{{ 7*7 }}'


def pieces(count: int = 3000) -> dict[str, Any]:
    random = np.random.default_rng(1)
    lonlat = random.normal((103.83, 36.06), (0.06, 0.02), (count, 2))
    names = [NASTY, "安宁区"]
    areas = gpd.GeoDataFrame(
        {"code": ["620102", "620105"], "name": names, "level": "county"},
        geometry=[shapely.box(103.82, 35.98, 104.0, 36.12), shapely.box(103.6, 35.98, 103.82, 36.12)],
        crs=CRS_KEPT,
    )
    facilities = gpd.GeoDataFrame(
        {"NAME": [NASTY, "兰州奥体中心", None, "内部操场"], "PUB_LVL": [None, None, "public", "internal"]},
        geometry=shapely.points([[103.83, 36.06], [103.75, 36.09], [103.9, 36.04], [103.7, 36.0]]),
        crs=CRS_KEPT,
    )
    demand = gpd.GeoDataFrame(
        {"weight": random.gamma(2, 30, count), "served": np.abs(lonlat[:, 0] - 103.83) < 0.06},
        geometry=shapely.points(lonlat),
        crs=CRS_KEPT,
    )
    river = shapely.LineString([(103.5, 36.10), (103.7, 36.07), (103.83, 36.065), (104.1, 36.03)])
    context = gpd.GeoDataFrame(
        {"kind": ["water", "military", "water"], "name": "黄河", "public": [True, True, False]},
        geometry=[river, shapely.box(103.9, 36.0, 103.95, 36.05), shapely.box(103.2, 36.0, 103.25, 36.05)],
        crs=CRS_KEPT,
    )
    ring = shapely.Point(103.83, 36.06).buffer(0.06)
    polygon = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(ring)}],
    }
    return {
        "areas": areas,
        "facilities": facilities,
        "demand": demand,
        "context": context,
        "polygon": polygon,
        "answer": ANSWER,
        "title": "兰州市15分钟健身圈 <1>",
        "notices": [{"zh": "示例数据（合成）", "en": "sample data (synthetic)"}],
        "attribution": ["© OpenStreetMap contributors"],
    }


def content_of(page: str) -> dict[str, Any]:
    found = re.search(r"var quantu_data = (\{.*\});", page)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def test_the_file_asks_for_nothing() -> None:
    page = folium_map(**pieces())
    assert "<link" not in page
    assert not re.search(r"<(?:script|img|iframe|link)[^>]*\s(?:src|href)=", page.replace(NASTY, ""))
    assert not re.search(r"url\((?!data:|#)", page)
    assert "sourceMappingURL" not in page


def test_weights_stay_exact_whatever_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pieces()
    demand = given["demand"]
    for most in (30_000, 500, 40):
        monkeypatch.setattr(module, "_MOST_DOTS", most)
        unserved, served = content_of(folium_map(**given))["dots"]
        assert len(unserved) + len(served) <= most
        for dots, mask in ((served, demand["served"]), (unserved, ~demand["served"])):
            total = demand["weight"][mask].sum()
            assert sum(dot[2] for dot in dots) == pytest.approx(total, abs=0.05 * len(dots))


def test_a_large_city_stays_small() -> None:
    given = pieces(200_000)
    page = folium_map(**given)
    assert len(page.encode()) < 15_000_000
    assert sum(map(len, content_of(page)["dots"])) <= 30_000


def test_names_cannot_become_markup() -> None:
    page = folium_map(**pieces())
    assert NASTY not in page
    assert "<script>alert" not in page
    assert content_of(page)["facilities"][0][2] == NASTY
    assert "&lt;1&gt;" in content_of(page)["panel"]


def test_what_is_not_public_is_not_in_the_file() -> None:
    page = folium_map(**pieces())
    assert "内部操场" not in page
    assert "103.2" not in page
    assert "103.95" not in page


@pytest.mark.parametrize("tier", ["Internal", "内部资料", "secret", "restricted"])
def test_facilities_of_any_other_tier_are_not_in_the_file(tier: str) -> None:
    given = pieces()
    given["facilities"]["PUB_LVL"] = [None, tier, " 公开 ", "PUBLIC"]
    page = folium_map(**given)
    assert "兰州奥体中心" not in page
    assert [place[2] for place in content_of(page)["facilities"]] == [NASTY, "", "内部操场"]


@pytest.mark.parametrize("decimals", [2, 3, 4, 6])
def test_homes_stand_no_nearer_than_the_public_decimals(decimals: int) -> None:
    given = pieces(40)
    content = content_of(folium_map(**given, decimals=decimals))
    assert content["scale"] == 10**decimals
    for group in content["dots"]:
        assert all(x == int(x) and y == int(y) for x, y, _ in group)
    lonlat = {(round(x, decimals), round(y, decimals)) for x, y in shapely.get_coordinates(given["demand"].geometry)}
    drawn = {(round(x / 10**decimals, decimals), round(y / 10**decimals, decimals))
             for group in content["dots"] for x, y, _ in group}  # fmt: skip
    assert len(drawn & lonlat) >= len(lonlat) - 2  # a cell may hold two homes
    assert all(edge == round(edge, decimals) for corner in content["focus"] for edge in corner)


def test_the_panel_tells_the_answer() -> None:
    content = content_of(folium_map(**pieces()))
    panel = content["panel"]
    for text in ("83.4 %", "723,668 人在圈外", "示例数据（合成）", "直线法 92.5 %，高估 9.1 个百分点", "仅步行 45.9 %",
                 "永登县", "步行或骑行15分钟范围内有公共体育设施", "数据校验 abab"):  # fmt: skip
        assert text in panel
    assert panel.index("永登县") < panel.index("城关区")
    assert "某街道" not in panel
    assert content["mark"] == "内部资料"
    reviewed = content_of(folium_map(**pieces(), review_no="甘S(2026)001号"))
    assert reviewed["mark"] == "审图号：甘S(2026)001号"


def test_no_demand_and_no_facilities_still_make_a_map() -> None:
    given = pieces()
    empty = {**ANSWER, "demand": {"kind": "residents", "unit": "m2", "total": 0, "covered": 0, "rate": None}}
    for key in ("demand", "facilities", "context"):
        given[key] = given[key].iloc[:0]
    content = content_of(folium_map(**{**given, "answer": empty, "polygon": None}))
    assert content["dots"] == [[], []]
    assert "—" in content["panel"]


def test_bad_frames_are_refused() -> None:
    given = pieces(10)
    with pytest.raises(MissingCRSError):
        folium_map(**{**given, "areas": given["areas"].set_crs(None, allow_override=True)})
    with pytest.raises(CRSMismatchError):
        folium_map(**{**given, "facilities": given["facilities"].to_crs("EPSG:4544")})
    with pytest.raises(InputError, match="served"):
        folium_map(**{**given, "demand": given["demand"].drop(columns="served")})


@pytest.mark.browser
def test_it_opens_from_disk_without_a_network(tmp_path: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is absent")
    from playwright.sync_api import sync_playwright

    path = tmp_path / "fitness.html"
    path.write_text(folium_map(**pieces(20_000)), encoding="utf-8")
    requests: list[str] = []
    faults: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        try:
            context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.on("request", lambda request: requests.append(request.url))
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
            page.on("dialog", lambda dialog: (faults.append("a dialog"), dialog.dismiss()))
            page.goto(path.as_uri())
            page.wait_for_selector(".q-panel")
            page.wait_for_timeout(500)
            picture = page.screenshot(path=os.environ.get("QUANTU_TEST_SCREENSHOT"))
            text = page.inner_text(".q-panel")
            drawn = page.evaluate(
                "() => { const c = document.querySelector('canvas');"
                " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let teal = 0, amber = 0;"
                " for (let i = 0; i < d.length; i += 4) { if (d[i+3] < 200) continue;"
                " if (d[i] < 60 && d[i+1] > 90 && d[i+2] > 90 && d[i+2] < 150) teal++;"
                " if (d[i] > 220 && d[i+1] > 130 && d[i+1] < 190 && d[i+2] < 110) amber++; }"
                " return {teal, amber}; }"
            )
            page.keyboard.press("Escape")
            page.mouse.move(900, 400)
            page.mouse.wheel(0, -400)
            page.wait_for_timeout(500)
        finally:
            browser.close()
    assert faults == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert [url for url in requests if url.startswith("file:")] == [path.as_uri()]
    assert "83.4 %" in text
    assert drawn["teal"] > 500
    assert drawn["amber"] > 200
    assert len(picture) > 20_000
