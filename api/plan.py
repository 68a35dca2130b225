"""The plan's use cases: bring a bureau's sheet in, assess a year, show one indicator's evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from api.run import Runner
from api.version import code_version
from data.city import CityData
from data.frames import conform
from data.plan import plan, plan_sha256, residents_2020
from data.publicity import hidden_ids
from data.read.guard import read_safely
from data.read.percents import percent_cells
from data.standards import standards_sha256
from data.stores.base import Store, canonical_json
from data.validity import valid_at
from data.write.plan_docx import write_plan_docx
from data.write.plan_xlsx import write_plan_xlsx
from data.write.text import write_document
from geo.errors import Fault, InputError, NotFoundError, ParameterError
from layers.answer import CircleAnswer
from layers.plan.assess import PlanReport, Sources, assess
from layers.plan.counting import county_names, county_of
from layers.plan.document import indicator_document, report_document
from layers.plan.figure import Item
from layers.plan.form import form_of
from layers.plan.intake import Declared, known_names, read_sheet
from layers.plan.settings import rules_of
from layers.plan.views import groups_of

FORMS: Final = ("json", "xlsx", "docx")
_TITLES: Final = {
    "plan.reports": ("部门上报数据", "reported values"),
    "plan.targets": ("任务分解表", "split targets"),
    "plan.lists": ("认定名单", "recognitions and events"),
}
_ERROR: Final = "error"


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What an import of a sheet did: the layer it is of, rows by what became of them, headings read, faults."""

    file: str
    layer: str
    rows: int
    accepted: int
    added: int
    changed: int
    unchanged: int
    skipped: int
    conflicts: int
    headings: Mapping[str, str]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class EditionCircles:
    """The circles of one edition, asked through the runner."""

    runner: Runner
    city: CityData

    def answer(self, circle_id: str, **given: Any) -> CircleAnswer:
        """Return a circle's answer for the whole city."""
        return self.runner.answer(circle_id, edition=self.city.edition.id, **given)

    def outside(self, circle_id: str, **given: Any) -> Sequence[Item]:
        """Return the demand outside, nearest first, from the result cache where it was asked before."""
        circle = self.runner.circles[circle_id]
        params = self.runner.params(circle, given)
        key = (
            "outside", circle.id, str(circle.version), canonical_json(params.model_dump()),
            self.city.edition.sha256, standards_sha256(), code_version(),
        )  # fmt: skip
        kept = self.runner.results.get(key)
        if kept is None:
            rows = self._outside(circle_id, given)
            self.runner.results.put(key, rows)
        else:
            rows = kept.value
        names = county_names(self.city)
        return [
            Item(id=code, name=name, area=county, area_name=names.get(county, ""), note=why, travel_s=seconds)
            for code, name, county, why, seconds in rows
        ]

    def _outside(self, circle_id: str, given: Mapping[str, Any]) -> list[list[Any]]:
        _, products = self.runner.products(circle_id, edition=self.city.edition.id, **given)
        frame = next(one.frame for one in products if one.name == "demand")
        left = frame[~frame["COVERED"].astype(bool)].sort_values(["TRAVEL_S", "DEMAND_ID"], na_position="last")
        names = left["NAME"] if "NAME" in left else left["DEMAND_ID"]
        return [
            [
                str(code),
                str(code if pd.isna(name) else name),
                county_of(self.city, "" if pd.isna(town) else str(town)),
                str(why),
                None if pd.isna(seconds) else float(seconds),
            ]
            for code, name, town, why, seconds in zip(
                left["DEMAND_ID"], names, left["TOWNSHIP"], left["REASON"], left["TRAVEL_S"], strict=True
            )
        ]


def plan_report(runner: Runner, year: int, *, edition: str | None = None, settings: Sequence[str] = ()) -> PlanReport:
    """Return the assessment of a year by the newest edition, or the one named.

    Raises NotFoundError (edition), ParameterError (a year or a setting that does not fit).
    """
    rules = rules_of(settings)
    chosen = runner.store.edition(edition)
    city = runner.city_data(chosen)
    return assess(Sources(city, EditionCircles(runner, city), residents_2020()), year, rules)


def plan_document(
    runner: Runner, year: int, *, edition: str | None = None, by: str = "sector", settings: Sequence[str] = (),
    public: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return the assessment as JSON data, grouped ``by`` sector, lead, agency or county, with its provenance.

    ``public`` leaves out the names of what may not be shown.
    """
    report = plan_report(runner, year, edition=edition, settings=settings)
    told = {**report_document(report, groups_of(report, by)), "provenance": provenance_of(runner, report)}
    return _shown(told, _hidden(runner, edition)) if public else told


def plan_indicator(
    runner: Runner, year: int, code: str, *, edition: str | None = None, settings: Sequence[str] = (),
    public: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return one indicator with all its evidence, or what the public may see of it. Raises NotFoundError."""
    report = plan_report(runner, year, edition=edition, settings=settings)
    known = [one.indicator.code for one in report.assessments]
    if code not in known:
        raise NotFoundError(f"no indicator {code!r} in the plan; known: {', '.join(known)}")
    told = {**indicator_document(report, code), "provenance": provenance_of(runner, report)}
    return _shown(told, _hidden(runner, edition)) if public else told


def _hidden(runner: Runner, edition: str | None) -> frozenset[str]:
    return hidden_ids(runner.city_data(runner.store.edition(edition)))


def _shown(value: Any, hidden: frozenset[str]) -> Any:
    """Return plain data without the entries of facilities that may not be shown; the figures count them still."""
    if isinstance(value, dict):
        return {key: _shown(one, hidden) for key, one in value.items()}
    if isinstance(value, list):
        return [_shown(one, hidden) for one in value if not (isinstance(one, dict) and one.get("id") in hidden)]
    return value


def last_due(runner: Runner, *, edition: str | None = None, settings: Sequence[str] = ()) -> int:
    """Return the last year of the plan whose targets are due, the first where none is yet."""
    rules = rules_of(settings)
    day = rules.base.as_of or runner.city_data(runner.store.edition(edition)).question_day
    due = [year for year in plan().years if rules.base.due_day(year) <= day]
    return due[-1] if due else plan().years[0]


def write_plan(
    runner: Runner,
    year: int,
    form: str,
    path: Path,
    *,
    edition: str | None = None,
    by: str = "sector",
    settings: Sequence[str] = (),
) -> None:
    """Write the assessment as ``json``, ``xlsx`` (考核表) or ``docx`` (考核通报). Raises ParameterError for another.

    The same edition, settings and code give the same bytes.
    """
    if form not in FORMS:
        raise ParameterError(f"no format {form!r}; known: {', '.join(FORMS)}")
    if form == "json":
        write_document(plan_document(runner, year, edition=edition, by=by, settings=settings), path)
        return
    report = plan_report(runner, year, edition=edition, settings=settings)
    groups_of(report, by)
    made = runner.store.edition(report.edition).published_at
    content = form_of(report, provenance_of(runner, report), made=made, by=by)
    write = write_plan_xlsx if form == "xlsx" else write_plan_docx
    write(content, path)


def provenance_of(runner: Runner, report: PlanReport) -> dict[str, str]:
    """Return what a report is made from; nothing in it depends on when it is made."""
    chosen = runner.store.edition(report.edition)
    return {
        "edition_sha256": chosen.sha256,
        "code_version": code_version(),
        "standards_sha256": standards_sha256(),
        "plan_sha256": plan_sha256(),
        "published_at": chosen.published_at.isoformat(),
    }


def import_report(
    store: Store,
    path: Path,
    *,
    sheet: str | None = None,
    year: int | None = None,
    source: str | None = None,
    synthetic: bool = False,
    overwrite: bool = False,
) -> SheetReport:
    """Bring a sheet of reported values, split targets or recognitions into the draft, beside what is there.

    Rows with an error stay out and are told; the others are merged by indicator, year, area and source. Raises
    InputError where the file cannot be read, its headings are of no such sheet, or not one row is accepted.
    """
    raw = read_safely(path, sheet=sheet, known=known_names())
    read = read_sheet(
        raw,
        Declared(year, source or path.name, synthetic, _counties(store), percent_cells(path, raw.sheet)),
    )
    faults = (*raw.notices, *read.faults)
    if read.frame.empty:
        errors = tuple(fault for fault in faults if fault.severity == _ERROR)
        nothing = Fault("no_rows", "no row states a value.", "fill in 完成值 or 目标值.", path.name)
        raise InputError(errors or nothing)
    rows = conform(read.frame, read.spec, file=path.name)
    zh, en = _TITLES[read.spec.name]
    with store.batch() as batch:
        done = batch.merge(
            read.spec.name, rows, {"title_zh": zh, "title_en": en}, key=read.spec.key, overwrite=overwrite
        )
    return SheetReport(
        file=str(path),
        layer=read.spec.name,
        rows=len(raw.cells),
        accepted=len(rows) - len(done.conflicts),
        added=done.added,
        changed=done.changed,
        unchanged=done.unchanged,
        skipped=read.skipped,
        conflicts=len(done.conflicts),
        headings=read.headings,
        faults=faults,
    )


def _counties(store: Store) -> dict[str, str]:
    """Return the counties' codes by name, of the newest edition."""
    editions = store.editions()
    if not editions or "areas" not in editions[-1].layers:
        return {}
    areas = store.read(editions[-1], "areas")
    counties = valid_at(areas, editions[-1].published_at.date())
    counties = counties[counties["level"].isin(["county", "zone"])]
    return dict(zip(counties["name"], counties["code"], strict=False))
