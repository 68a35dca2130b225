"""The plan end to end: a report sheet in, exact grades out, by command line and HTTP."""

import json
import time

import anyio
import httpx
import openpyxl
import pytest
import typer
from typer.testing import CliRunner

from api.app import create_app
from api.cli_plan import import_report as import_command
from api.cli_plan import plan as plan_command
from api.plan import EditionCircles, import_report, plan_document, plan_indicator, plan_report, write_plan
from api.routes import plan as routes
from api.wiring import open_runner
from geo.errors import InputError, NotFoundError, ParameterError
from tests.town import make_workspace

# indicator as a bureau writes it, value, unit, and the grade worked out by hand for 2025
REPORTED = [
    ("服务业增加值", 26775000, "万元", "excellent"),           # 2677.5 = 1.05 × 2550
    ("社会消费品零售总额", 2099.99, "亿元", "poor"),             # 2100
    ("生产性服务业增加值", 1270.4, "亿元", "good"),              # 1.05 × 1210 = 1270.5
    ("生产性服务业占第三产业比重", "49.35%", None, "excellent"),  # 1.05 × 47
    ("新增规模以上服务业企业", 105, "家", "excellent"),          # 1.05 × 100
    ("规模以上服务业企业总量", 819, "家", "excellent"),          # 1.05 × 780
    ("新增就业", 5.95, "万人", "good"),
    ("新增税收", 5555.54, "万元", "good"),                      # 1.05 × 5291 = 5555.55
    ("金融业增加值增速", 3.15, "%", "excellent"),               # 1.05 × 3
    ("引进金融机构", 1, "家", "good"),
    ("上市后备库企业", 74, "家", "poor"),                       # 75
    ("新建或提升改造物流园区", 6, "个", "excellent"),            # 1.05 × 5 = 5.25
    ("乡级物流服务站覆盖率", 100, "%", "good"),                 # cannot be exceeded
    ("行政村物流服务网点覆盖率", 89.99, "%", "poor"),            # 90
    ("批发和零售业增加值", 357, "亿元", "excellent"),            # 1.05 × 340
    ("住宿和餐饮业增加值", 57.7499, "亿元", "good"),             # 57.75
    ("培育专精特新企业", 15, "户", "good"),
    ("数据信息产业收入", 4500000, "万元", "good"),
    ("创建3A级景区", 6, "家", "excellent"),                     # over 5
    ("接待游客", 13000, "万人次", "poor"),                      # 突破 1.3 亿
    ("旅游花费", 1155, "亿元", "excellent"),                    # 1.05 × 1100
    ("会展交易额", 160, "亿元", "good"),
    ("托位数", 18499, "个", "poor"),
    ("每千人口托位数", 4.7565, "个", "excellent"),              # 1.05 × 4.53
    ("区域养老服务中心建有率", 63, "%", "excellent"),            # 1.05 × 60
    ("体育赛事活动", 100, "场", "good"),
]  # fmt: skip


def sheet(path, rows):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["2025年度三年行动计划完成情况"])
    page.merge_cells("A1:F1")
    page.append(["序号", "指标", "年度", "完成值", "单位", "填报单位"])
    for number, (name, value, unit, *_) in enumerate(rows, 1):
        page.append([number, name, 2025, value, unit, "市某局"])
    book.save(path)
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    path = make_workspace(folder / "ws")
    store = open_runner(path).store
    done = import_report(store, sheet(folder / "r.xlsx", REPORTED))
    assert (done.layer, done.rows, done.accepted, done.added) == ("plan.reports", 26, 26, 26)
    assert not done.faults
    store.publish("the report of 2025")
    return path


@pytest.fixture(scope="module")
def runner(workspace):
    return open_runner(workspace)


def asked(path, *args):
    app = typer.Typer()
    app.command("plan")(plan_command)
    app.command("report")(import_command)
    return CliRunner().invoke(app, [str(a) for a in (*args, "--workspace", path)], catch_exceptions=False)


def test_the_exact_grades_come_out(runner):
    got = {
        row.indicator.zh: row.graded.grade
        for row in plan_report(runner, 2025, settings=["as_of=2026-01-31"]).assessments
    }
    assert len(REPORTED) >= 20
    assert {name: got[name] for name, *_ in REPORTED} == {name: grade for name, _, _, grade in REPORTED}
    silent = {name: grade for name, grade in got.items() if name not in {one[0] for one in REPORTED}}
    assert set(silent.values()) == {"unreported", "not_graded"}


def test_nothing_is_graded_before_the_day(runner):
    document = plan_document(runner, 2025, settings=["as_of=2025-12-30"])
    assert document["grades"]["not_due"] == 40
    assert sum(document["grades"].values()) == 58
    reached = [one["code"] for one in document["indicators"] if "reached" in [m["id"] for m in one["marks"]]]
    assert len(reached) == sum(grade != "poor" for *_, grade in REPORTED)


def test_the_document_states_its_provenance(runner):
    document = plan_document(runner, 2025, by="lead", settings=["as_of=2026-01-31"])
    assert set(document["provenance"]) == {
        "edition_sha256", "code_version", "standards_sha256", "plan_sha256", "published_at",
    }  # fmt: skip
    assert document["settings_given"] == {"as_of": "2026-01-31"}
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert {group["id"] for group in document["groups"]} >= {"市商务局", "市民政局", ""}


def test_a_later_report_from_the_same_source_takes_its_place(runner, tmp_path):
    path = make_workspace(tmp_path / "ws")
    store = open_runner(path).store
    import_report(
        store, sheet(tmp_path / "a.xlsx", [("新增税收", 5000, "万元"), ("会展交易额", 160, "亿元")]), source="市局"
    )
    again = import_report(
        store, sheet(tmp_path / "b.xlsx", [("新增税收", 5291, "万元"), ("会展交易额", 160, "亿元")]), source="市局"
    )
    assert (again.added, again.changed, again.unchanged) == (0, 1, 1)
    other = import_report(store, sheet(tmp_path / "c.xlsx", [("新增税收", 5300, "万元")]), source="别局")
    assert other.added == 1
    store.publish("twice")
    row = next(a for a in plan_report(open_runner(path), 2025).assessments if a.indicator.code == "overall-tax")
    assert sorted(r.text for r in row.reports) == ["5291", "5300"]


def test_a_sheet_without_one_good_row_changes_nothing(tmp_path):
    path = make_workspace(tmp_path / "ws")
    store = open_runner(path).store
    with pytest.raises(InputError) as caught:
        import_report(store, sheet(tmp_path / "r.xlsx", [("不相干", 1, "家"), ("新增税收", 1, "万吨")]))
    assert [fault.row for fault in caught.value.faults] == [3, 4]
    assert "plan.reports" not in store.draft_layers()


def test_files_are_reproducible(runner, tmp_path):
    for form in ("json", "xlsx", "docx"):
        for name in ("a", "b"):
            write_plan(runner, 2025, form, tmp_path / name, settings=["as_of=2026-01-31"])
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes(), form
    with pytest.raises(ParameterError, match="json, xlsx, docx"):
        write_plan(runner, 2025, "pdf", tmp_path / "c")


def test_the_workbook_says_what_the_document_says(runner, tmp_path):
    write_plan(runner, 2025, "xlsx", tmp_path / "t.xlsx", settings=["as_of=2026-01-31"])
    page = openpyxl.load_workbook(tmp_path / "t.xlsx")["考核表"]
    got = {row[2].value: (row[6].value, row[4].value) for row in page.iter_rows(min_row=5)}
    assert len(got) == 58
    assert {name: got[name][0] for name, *_ in REPORTED} == {
        name: {"excellent": "优秀", "good": "良好", "poor": "较差"}[grade] for name, _, _, grade in REPORTED
    }
    assert got["服务业增加值"][1] == 2677.5
    assert got["每千人口托位数"][1] == 4.7565


def test_circles_are_asked_through_the_runner(runner):
    city = runner.city_data(runner.store.edition())
    circles = EditionCircles(runner, city)
    assert circles.answer("fitness", mode="walk").demand.covered == 300
    outside = circles.outside("fitness", mode="walk")
    # 1001 m, 2400 m and 3400 m by street from the venue, then what no street reaches
    assert [item.id for item in outside] == ["home-2", "home-3", "home-4", "home-5", "home-6"]
    times = [item.travel_s for item in outside]
    assert times[:3] == pytest.approx([900.9, 2160.0, 3060.0], abs=0.2)
    assert times[3:] == [None, None]
    assert [item.area_name for item in outside[:2]] == ["城关区", "安宁区"]
    assert circles.outside("fitness", mode="walk") == outside
    with pytest.raises(NotFoundError, match="no circle"):
        circles.answer("no-such-circle")


def test_one_indicator_has_its_evidence(runner):
    got = plan_indicator(runner, 2025, "overall-tax", settings=["as_of=2026-01-31"])
    assert got["reported"]["written"] == "5555.54 万元"
    assert got["quote"] == "新增税收5291万元"
    assert (got["value"], got["grade"], got["not_computed"]["zh"]) == ("5555.54", "good", "只由部门上报")
    with pytest.raises(NotFoundError, match="overall-tax"):
        plan_indicator(runner, 2025, "nonsense")


def test_command_line(workspace, tmp_path):
    done = asked(workspace, "plan", "--year", "2025", "--setting", "as_of=2026-01-31")
    assert done.exit_code == 0, done.output
    assert "优秀" in done.stdout and "社会消费品零售总额" in done.stdout
    done = asked(workspace, "plan", "--year", "2025", "--format", "json", "--by", "agency")
    assert json.loads(done.stdout)["year"] == 2025
    done = asked(workspace, "plan", "--year", "2025", "--format", "docx", "-o", tmp_path / "n.docx")
    assert done.exit_code == 0 and (tmp_path / "n.docx").stat().st_size > 10_000
    assert asked(workspace, "plan", "--setting", "as_of=2026-01-31", "--format", "json").stdout.find('"year": 2025') > 0


@pytest.mark.parametrize(
    "args",
    [
        ["--year", "2030"],
        ["--year", "2025", "--setting", "nonsense=1"],
        ["--year", "2025", "--by", "colour"],
        ["--year", "2025", "--format", "xlsx"],
        ["--year", "2025", "--edition", "9"],
    ],
)
def test_what_does_not_fit_is_refused(workspace, args):
    done = asked(workspace, "plan", *args)
    assert done.exit_code == 1
    assert "error" in done.stderr


def test_the_import_command_tells_faults(workspace, tmp_path):
    path = sheet(tmp_path / "r.xlsx", [("不相干", 1, "家"), ("会展交易额", 161, "亿元")])
    done = asked(workspace, "report", path)
    assert done.exit_code == 0, done.output
    assert "不相干" in done.stderr
    assert "plan.reports" in done.stdout


def get(runner, path):
    app = create_app(runner)
    if not any(getattr(route, "path", "").startswith("/api/plan") for route in app.routes):
        app.router.routes[:0] = routes.router.routes

    async def ask():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://quantu") as client:
            return await client.get(path)

    return anyio.run(ask)


def test_http_says_what_the_command_line_says(runner):
    got = get(runner, "/api/plan/2025?by=lead&setting=as_of=2026-01-31")
    assert got.status_code == 200
    assert got.json() == plan_document(runner, 2025, by="lead", settings=["as_of=2026-01-31"])
    one = get(runner, "/api/plan/2025/indicators/overall-tax?setting=as_of=2026-01-31")
    assert one.json() == plan_indicator(runner, 2025, "overall-tax", settings=["as_of=2026-01-31"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/plan/2023", 422), ("/api/plan/next", 422), ("/api/plan/2025?by=colour", 422),
        ("/api/plan/2025?colour=red", 422), ("/api/plan/2025?edition=9", 404), ("/api/plan/2025/indicators/x", 404),
        ("/api/plan/2025?setting=excellent_margin=2", 422),
    ],
)  # fmt: skip
def test_http_problems(runner, path, status):
    got = get(runner, path)
    assert got.status_code == status
    assert got.headers["content-type"] == "application/problem+json"


@pytest.mark.slow
def test_the_sample_is_graded_in_time(demo_path):
    began = time.monotonic()
    document = plan_document(open_runner(demo_path), 2025)
    assert time.monotonic() - began < 10
    assert document["synthetic"]
    assert "示例数据" in document["notices"][0]["zh"]
