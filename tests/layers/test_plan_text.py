"""The plan's tables hold what its text says: every value stands in its quote, and no number is left out."""

import csv
import re
from pathlib import Path

import pytest

from data.plan import PLAN_TITLE, Target, plan, plan_settings
from layers.plan.settings import PlanSettings
from layers.plan.sources import SOURCES
from tests.conftest import REAL

SHARED = REAL.parent / "plan"
DOCS = Path(__file__).parents[2] / "docs" / "plan.md"
NUMBER = re.compile(r"\d+(?:\.\d+)?")

# Numbers of the text that are no targets: the pattern (its group is the number), and why.
NO_TARGETS = {
    r"(20\d\d)年": "a year",
    r"(3)\+(2)现代产业体系": "the name of a policy",
    r"(7)个现代服务业重点行业": "how many sectors there are",
    r"(5)个成长型服务业": "how many sectors there are",
    r"(7)\+N现代服务业体系": "the name of a policy",
    r"([56])G": "a generation of mobile networks",
    r"([34])A级景区": "a grade of scenic spots",
    r"(10)大“[硬软]件”": "how many actions there are",
    r"“(15)分钟健身圈”": "the name of a circle; a milestone of the plan",
    r"高于目标任务(5)%以上": "the rule of grading",
}
# Words that set a target without a number.
WORDS = re.compile(r"持平|全覆盖|覆盖所有|晋升|翻番|全部")
IN_WORDS = re.compile(r"[一二两三四五六七八九十百千]+(?:个|家|户|名|场|倍|成|所|处|亿|万)")


@pytest.fixture(scope="module")
def text():
    path = SHARED / "action-plan-2024-2026.txt"
    if not path.is_file():
        pytest.skip("../shared/plan is absent")
    return path.read_text(encoding="utf-8")


def segments(text):
    """(start, end) of each year's words, by sector number (0: the overall targets) and year."""
    found = {}
    for line in re.finditer(r"^--(20\d\d)年.*$", text, re.MULTILINE):
        found[0, int(line[1])] = line.span()
    names = {one.zh: one.no for one in plan().sectors}
    chapter = text.index("四、重点任务")
    for line in re.finditer(r"^\([一二三四五六七八九十]+\)([^。]+)。.*$", text[chapter:], re.MULTILINE):
        if line[1] not in names:
            continue
        start, end = line.start() + chapter, line.end() + chapter
        marks = [(int(m[1]), m.start()) for m in re.finditer(r"(20\d\d)年", text[start:end])]
        last = text.rindex("牵头单位", start, end)
        for (year, at), following in zip(marks, [*(m[1] for m in marks[1:]), last - start], strict=True):
            found[names[line[1]], year] = (start + at, start + following)
        for year in plan().years:
            found["every", names[line[1]], year] = (start, start + marks[0][1])
    return found


def place(text, where, target):
    """The span of a target's quote: in the words of its sector and year, or in those for every year."""
    sector = plan().indicator(target.code).sector
    for key in ((sector, target.year), ("every", sector, target.year)):
        if key in where:
            start, end = where[key]
            at = text.find(target.quote, start, end)
            if at >= 0:
                return at, at + len(target.quote)
    return None


def uncovered(text, targets):
    """Every number of the text that is neither a target of ``targets`` nor known to be none."""
    where = segments(text)
    known = set()
    for pattern in NO_TARGETS:
        for found in re.finditer(pattern, text):
            known |= {found.span(group) for group in range(1, len(found.groups()) + 1)}
    for target in targets:
        span = place(text, where, target)
        if span is None or target.reading:
            continue
        wanted = target.target.split("~")
        for found in NUMBER.finditer(text, *span):
            if found[0] in wanted and found.span() not in known:
                known.add(found.span())
    return [
        (found[0], text[max(0, found.start() - 12) : found.end() + 8])
        for found in NUMBER.finditer(text)
        if found.span() not in known
    ]


def test_the_table_has_what_the_plan_has():
    table = plan()
    assert (len(table.sectors), len(table.indicators), len(table.targets), len(table.milestones)) == (13, 58, 112, 10)
    assert table.years == (2024, 2025, 2026)
    codes = [one.code for one in table.indicators] + [one.code for one in table.milestones]
    assert len(set(codes)) == 68
    assert {t.code for t in table.targets} == {one.code for one in table.indicators}
    assert len({(t.code, t.year) for t in table.targets}) == 112
    kinds = [one.computable for one in table.indicators]
    assert (kinds.count("full"), kinds.count("partial"), kinds.count("reported")) == (25, 14, 19)
    assert {one.code for one in table.indicators if one.computable != "reported"} == set(SOURCES)


def test_every_quote_stands_in_its_sector_and_year(text):
    where = segments(text)
    assert len([key for key in where if key[0] != "every"]) == 3 * 13
    lost = [(t.code, t.year, t.quote) for t in plan().targets if place(text, where, t) is None]
    assert not lost
    assert [m.code for m in plan().milestones if text.count(m.quote) != 1] == []


def test_every_value_stands_in_its_quote(text):
    worded = []
    for target in plan().targets:
        unit = plan().indicator(target.code).unit.replace("/千人", "")
        number = target.target.replace("~", "-")
        stands = re.search(rf"(?<![\d.]){re.escape(number)}\s*{re.escape(unit)}", target.quote)
        if target.reading:
            assert not stands, target
            worded.append((target.code, target.year, target.target))
        else:
            assert stands, target
    assert worded == [
        ("finance-growth", 2024, "0"),
        ("tourism-4a-named", 2024, "2"),
        ("tourism-4a-named", 2025, "1"),
        ("health-rescue-counties", 2026, "100"),
        ("health-rescue-clinics", 2026, "100"),
    ]


def test_the_words_of_a_comparison_stand_in_its_text(text):
    where = segments(text)
    for target in plan().targets:
        start, end = place(text, where, target)
        around = text[start : end + 2]
        comparison = plan().indicator(target.code).comparison
        word = {"about": "左右", "more_than": "突破", "less_than": "低于"}.get(comparison)
        assert (word is None) or word in around, target
        if word is None and not target.reading:
            assert not re.search("左右|突破|低于", target.quote.split("，")[0].split(",全市")[0]), target


def test_named_sites_stand_in_their_quote():
    named = [t for t in plan().targets if t.names]
    assert [(t.year, len(t.names), t.target) for t in named] == [(2024, 2, "2"), (2025, 1, "1")]
    assert all(name in t.quote for t in named for name in t.names)


def test_no_number_of_the_text_is_left_out(text):
    assert uncovered(text, plan().targets) == []


def test_the_scan_would_see_a_missing_value(text):
    # two targets share the sentence on imaging and pathology, three the one on parks "every year"
    shared = {"health-imaging-centres", "health-pathology-centres", "logistics-parks"}
    seen = 0
    for gone in plan().targets:
        if gone.code in shared or gone.reading:
            continue
        left = uncovered(text, [t for t in plan().targets if t != gone])
        assert [number for number, _ in left] == gone.target.split("~"), gone
        seen += 1
    assert seen == 112 - 5 - 2 - 3


def test_the_shared_sentences_have_all_their_targets(text):
    assert [t.year for t in plan().targets if t.code == "logistics-parks"] == [2024, 2025, 2026]
    assert "每年新建或提升改造物流园区5个" in text
    both = [t for t in plan().targets if t.quote == "社会资本举办医学影像和病理中心分别达到1家以上"]
    assert {t.code for t in both} == {"health-imaging-centres", "health-pathology-centres"}


def test_a_number_that_is_no_target_says_why(text):
    for pattern, why in NO_TARGETS.items():
        assert re.search(pattern, text), f"{pattern} ({why}) is in the text no longer"
    assert uncovered(text.replace("10大“硬件”", "10项“硬件”"), plan().targets) != []


def test_no_target_in_words_is_left_out(text):
    where = segments(text)
    spans = [place(text, where, t) for t in plan().targets if t.reading]
    for key, (start, end) in where.items():
        if key[0] == "every":
            continue
        for found in WORDS.finditer(text, start, end):
            assert any(a <= found.start() < b for a, b in spans), text[found.start() - 15 : found.end() + 5]
        assert not IN_WORDS.search(text, start, end)


def test_the_table_is_the_shared_one_code_by_code(text):
    with (SHARED / "targets.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["comparison"] != "milestone"]
    assert len(rows) == 112
    mine = [
        (plan().sector(i.sector).zh, i.zh, str(t.year), t.target, i.comparison, i.kind, i.computable, t.quote)
        for t in plan().targets
        for i in [plan().indicator(t.code)]
    ]
    theirs = [
        (
            r["sector"], r["indicator_zh"].replace("(", "（").replace(")", "）"), r["year"],
            r["target"].replace("-", "~"), r["comparison"], r["kind"], r["computable"], r["quote"],
        )
        for r in rows
    ]  # fmt: skip
    assert mine == theirs


def test_slips_are_kept_in_quotes_and_mended_in_names(text):
    assert "社会销售品零售总额" in text
    assert plan().target("overall-retail-sales", 2026).quote.startswith("社会销售品零售总额")
    assert plan().indicator("overall-retail-sales").zh == "社会消费品零售总额"


def test_agencies_are_those_of_the_text(text):
    for sector in plan().sectors:
        if sector.no == 0:
            assert (sector.lead, sector.responsible) == ((), ())
            continue
        line = next(x for x in text.splitlines() if re.match(rf"\([一二三四五六七八九十]+\){sector.zh}。", x))
        said = line[line.rindex("(牵头单位") :]
        assert sector.lead
        assert all(agency in said for agency in (*sector.lead, *sector.responsible))


def test_every_setting_is_a_row_and_every_row_a_setting():
    assert set(PlanSettings.model_fields) == set(plan_settings())
    for row in plan_settings().values():
        assert row.zh and row.en and row.title, row.key
        assert set(row.labels) == set(row.choices), row.key
        assert row.confidence == "assumed" or row.clause != "—", row.key
    assert PLAN_TITLE.startswith("兰州市")


def test_an_unknown_target_is_none():
    assert plan().target("logistics-village-outlets", 2024) is None
    assert isinstance(plan().target("logistics-village-outlets", 2025), Target)


def test_the_docs_give_every_setting_and_its_default():
    shown = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert shown == {key: f"`{row.value}`" if row.value else "—" for key, row in plan_settings().items()}
