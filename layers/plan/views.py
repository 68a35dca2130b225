"""The assessment by sector, lead agency, responsible agency or county."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from geo.errors import ParameterError
from layers.answer import Title
from layers.plan.assess import Assessment, CountyAssessment, PlanReport
from layers.plan.grades import GRADE_ZH, Grade

View = Literal["sector", "lead", "agency", "county"]
VIEWS: Final[tuple[str, ...]] = get_args(View)
_NOBODY: Final = Title(zh="（未列牵头单位）", en="(no agency named)")


@dataclass(frozen=True, slots=True)
class Group:
    """One sector, agency or county: how many of its indicators have which grade, and which they are."""

    id: str
    title: Title
    rows: tuple[Assessment | CountyAssessment, ...]

    @property
    def counts(self) -> dict[Grade, int]:
        """Return the number of indicators by grade; every grade is named."""
        out: dict[Grade, int] = dict.fromkeys(GRADE_ZH, 0)
        for row in self.rows:
            out[row.graded.grade] += 1
        return out


def groups_of(report: PlanReport, view: str) -> tuple[Group, ...]:
    """Return the assessment grouped. Raises ParameterError for a view that is none."""
    if view == "county":
        codes = {row.code: row.name for row in report.counties}
        return tuple(
            Group(code, Title(zh=name, en=name), tuple(r for r in report.counties if r.code == code))
            for code, name in codes.items()
        )
    if view not in VIEWS:
        raise ParameterError(f"no view {view!r}; known: {', '.join(VIEWS)}")
    keyed: dict[str, tuple[Title, list[Assessment]]] = {}
    for row in report.assessments:
        for key, title in _keys(row, view):
            keyed.setdefault(key, (title, []))[1].append(row)
    return tuple(Group(key, title, tuple(rows)) for key, (title, rows) in keyed.items())


def _keys(row: Assessment, view: str) -> Iterable[tuple[str, Title]]:
    sector = row.sector
    if view == "sector":
        return [(str(sector.no), Title(zh=sector.zh, en=sector.en))]
    named = sector.lead if view == "lead" else sector.responsible
    return [(name, Title(zh=name, en=name)) for name in named] or [("", _NOBODY)]
