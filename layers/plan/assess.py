"""A year's assessment: every indicator's value from map and report, its grade, its gap and its path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from data.city import CityData
from data.plan import PLAN_CITY, Indicator, Milestone, Sector, Target, plan
from geo.errors import ParameterError
from layers.answer import Title
from layers.plan.figure import Circles, Figure, NoFigure
from layers.plan.gaps import Gap, gap_of
from layers.plan.grades import Graded, grade_of
from layers.plan.reported import Reported, latest, reports_of
from layers.plan.settings import PlanSettings, Rules
from layers.plan.sources import SOURCES, Asked, Covered, figure_of

Origin = Literal["computed", "reported"]
_STATE_ONLY: Final = Title(
    zh="分析结果是版次当日的状态，不属于其他年度", en="a circle's state is of the edition's day, of no other year"
)
_REGISTER: Final = Title(
    zh="名录数仅供参考，以部门上报数为准", en="a register's count grades nothing: the figure is to be reported"
)


@dataclass(frozen=True, slots=True)
class YearPoint:
    """One year of an indicator's path: its target, value and grade."""

    year: int
    target: str | None
    value: Fraction | None
    origin: Origin | None
    graded: Graded


@dataclass(frozen=True, slots=True)
class Assessment:
    """One indicator in one year: both values where there are two, the one that is graded, and what is missing.

    Attributes:
        computed: the map's value with its evidence, or why there is none.
        reports: what was reported, the one that counts first.
        difference: computed − reported where both exist.
    """

    indicator: Indicator
    sector: Sector
    target: Target | None
    computed: Figure | NoFigure
    reports: tuple[Reported, ...]
    value: Fraction | None
    origin: Origin | None
    difference: Fraction | None
    graded: Graded
    gap: Gap | None
    path: tuple[YearPoint, ...]
    notes: tuple[Title, ...]
    settings: PlanSettings

    @property
    def figure(self) -> Figure | None:
        """Return the computed figure, None where there is none."""
        return self.computed if isinstance(self.computed, Figure) else None

    @property
    def reported(self) -> Reported | None:
        """Return the reported value that counts."""
        return self.reports[0] if self.reports else None


@dataclass(frozen=True, slots=True)
class MilestoneState:
    """A qualitative aim and what was reported of it; None: nothing."""

    milestone: Milestone
    sector: Sector
    state: str | None
    report: Reported | None


@dataclass(frozen=True, slots=True)
class CountyAssessment:
    """A county's part in an indicator: its value, and a grade where a split gives it a target."""

    code: str
    name: str
    indicator: Indicator
    target: str | None
    value: Fraction | None
    origin: Origin | None
    graded: Graded


@dataclass(frozen=True, slots=True)
class PlanReport:
    """The whole plan in one year, seen from the day ``as_of``."""

    city: str
    edition: str
    year: int
    as_of: date
    rules: Rules
    assessments: tuple[Assessment, ...]
    milestones: tuple[MilestoneState, ...]
    counties: tuple[CountyAssessment, ...]
    synthetic: bool
    notices: tuple[Title, ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What an assessment reads: an edition, its circles, and the residents of the census."""

    city: CityData
    circles: Circles
    census: int


def assess(sources: Sources, year: int, rules: Rules) -> PlanReport:
    """Return the plan's assessment of a year.

    Raises ParameterError for a year without targets and a workspace of a city the plan is not of.
    """
    table = plan()
    city = sources.city
    if year not in table.years:
        raise ParameterError(f"the plan has no year {year}; it has {', '.join(str(y) for y in table.years)}")
    if city.edition.city.code != PLAN_CITY:
        raise ParameterError(f"the plan is of 兰州市 ({PLAN_CITY}), the workspace of {city.edition.city.name}")
    as_of = rules.base.as_of or city.question_day
    reports = reports_of(city, "plan.reports")
    splits = reports_of(city, "plan.targets")
    done = tuple(_assessment(sources, one, year, as_of, rules, reports) for one in table.indicators)
    milestones = tuple(_milestone(one, reports, year) for one in table.milestones if one.year <= year)
    made_up = any(
        (a.figure is not None and a.figure.synthetic) or (a.reported is not None and a.reported.synthetic) for a in done
    )
    return PlanReport(
        city=city.edition.city.name, edition=city.edition.id, year=year, as_of=as_of, rules=rules, assessments=done,
        milestones=milestones, counties=_counties(city, done, reports, splits, year, as_of, rules),
        synthetic=made_up or _of_a_sample(city), notices=_notices(city, made_up or _of_a_sample(city)),
    )  # fmt: skip


def _of_a_sample(city: CityData) -> bool:
    return any(entry.meta.get("notice_kind") == "synthetic" for entry in city.edition.layers.values())


def _notices(city: CityData, made_up: bool) -> tuple[Title, ...]:
    out: list[Title] = []
    if made_up:
        out.append(
            Title(zh="示例数据：部分数据为合成，仅供演示，不得作为考核依据。",
                  en="Sample data: some of it is made up. It shows how the report works and grades nobody.")
        )  # fmt: skip
    if not city.has("plan.reports"):
        out.append(Title(zh="未导入部门上报数据（quantu import report）。", en="No reported values were imported."))
    return tuple(out)


def _state_day(year: int, as_of: date) -> date:
    return min(date(year, 12, 31), as_of)


def _figure(sources: Sources, one: Indicator, year: int, as_of: date, rules: Rules) -> Figure | NoFigure:
    return figure_of(
        Asked(
            sources.city, sources.circles, one, plan().target(one.code, year), year, _state_day(year, as_of),
            rules.of(one.code), sources.census,
        )
    )  # fmt: skip


def _chosen(
    indicator: Indicator, figure: Figure | None, report: Reported | None, rules: Rules
) -> tuple[Fraction | None, Origin | None, tuple[Title, ...]]:
    """Return the value that is graded, where it is from, and what must be said of it."""
    settings = rules.of(indicator.code)
    first: Origin = "computed" if indicator.computable == "full" else "reported"
    if settings.official_value != "by_kind":
        first = settings.official_value
    if report is not None and (first == "reported" or figure is None):
        return report.value, "reported", ()
    if figure is None:
        return None, None, ()
    if indicator.computable == "partial" and not settings.register_grades and settings.official_value != "computed":
        return None, None, (_REGISTER,)
    return figure.value, "computed", ()


def _assessment(
    sources: Sources, one: Indicator, year: int, as_of: date, rules: Rules, reports: Mapping[str, tuple[Reported, ...]]
) -> Assessment:
    table = plan()
    target = table.target(one.code, year)
    computed = _figure(sources, one, year, as_of, rules)
    figure = computed if isinstance(computed, Figure) else None
    given = latest(reports.get(one.code, ()), year, "")
    value, origin, notes = _chosen(one, figure, given[0] if given else None, rules)
    settings = rules.of(one.code)
    graded = grade_of(one, target, value, settings, year=year, as_of=as_of)
    if len({r.value for r in given}) > 1:
        notes = (*notes, Title(zh="多个来源上报值不一致，取报出日期最新者", en="sources differ; the latest counts"))
    if figure is not None and figure.undated:
        notes = (*notes, Title(zh=f"{figure.undated} 处无启用日期", en=f"{figure.undated} without an opening date"))
    if figure is not None and figure.state > date(year, 12, 31):
        notes = (
            *notes,
            Title(zh=f"计算值为版次当日（{figure.state}）状态", en=f"computed as of the edition's day, {figure.state}"),
        )
    path = tuple(
        _point(sources, one, y, as_of, rules, reports) if y != year
        else YearPoint(y, target.target if target else None, value, origin, graded)
        for y in table.years
    )  # fmt: skip
    return Assessment(
        indicator=one, sector=table.sector(one.sector), target=target, computed=computed, reports=given, value=value,
        origin=origin, difference=figure.value - given[0].value if figure is not None and given else None,
        graded=graded, gap=gap_of(one, target, value, figure, settings), path=path, notes=notes,
        settings=settings,
    )  # fmt: skip


def _point(
    sources: Sources, one: Indicator, year: int, as_of: date, rules: Rules, reports: Mapping[str, tuple[Reported, ...]]
) -> YearPoint:
    """Return another year's point: layers are dated and can say it, circles are of the edition's day only."""
    target = plan().target(one.code, year)
    computed: Figure | NoFigure = NoFigure(_STATE_ONLY)
    if not isinstance(SOURCES.get(one.code), Covered) and year <= as_of.year:
        computed = _figure(sources, one, year, as_of, rules)
    given = latest(reports.get(one.code, ()), year, "")
    figure = computed if isinstance(computed, Figure) else None
    value, origin, _ = _chosen(one, figure, given[0] if given else None, rules)
    graded = grade_of(one, target, value, rules.of(one.code), year=year, as_of=as_of)
    return YearPoint(year, target.target if target else None, value, origin, graded)


def _milestone(one: Milestone, reports: Mapping[str, tuple[Reported, ...]], year: int) -> MilestoneState:
    given = [r for r in reports.get(one.code, ()) if r.year <= year and not r.area]
    newest = max(given, key=lambda r: (r.year, r.date or date.min), default=None)
    return MilestoneState(one, plan().sector(one.sector), newest.text if newest else None, newest)


def _counties(
    city: CityData,
    done: tuple[Assessment, ...],
    reports: Mapping[str, tuple[Reported, ...]],
    splits: Mapping[str, tuple[Reported, ...]],
    year: int,
    as_of: date,
    rules: Rules,
) -> tuple[CountyAssessment, ...]:
    """Return each county's part: what the map says of it or it reported, graded where a split names a target."""
    if city.areas is None:
        return ()
    counties = city.areas[city.areas["level"] == "county"]
    names = dict(zip(counties["code"], counties["name"], strict=True))
    out: list[CountyAssessment] = []
    for code, name in sorted(names.items()):
        for one in done:
            kind = one.indicator
            split = latest(splits.get(kind.code, ()), year, code)
            given = latest(reports.get(kind.code, ()), year, code)
            parts = {c.code: c for c in one.figure.counties} if one.figure else {}
            here = parts[code].value if code in parts else None
            if not split and not given and here is None:
                continue
            report = given[0] if given else None
            by_map = one.origin == "computed" or report is None
            value = here if by_map and here is not None else (report.value if report else None)
            origin: Origin | None = None if value is None else "computed" if by_map and here is not None else "reported"
            target = split[0].text if split else None
            graded = grade_of(kind, target, value, rules.of(kind.code), year=year, as_of=as_of)
            out.append(CountyAssessment(code, name, kind, target, value, origin, graded))
    return tuple(out)
