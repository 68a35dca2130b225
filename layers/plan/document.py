"""An assessment as plain JSON data: numbers as exact decimal text, titles in both languages."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

from layers.answer import Title
from layers.plan.assess import Assessment, CountyAssessment, MilestoneState, PlanReport
from layers.plan.figure import Figure, Item
from layers.plan.gaps import Gap
from layers.plan.grades import GRADE_ZH, MARK_ZH, Graded
from layers.plan.reported import Reported
from layers.plan.units import decimal, exact_text
from layers.plan.views import Group
from layers.plan.wording import target_words

_SHARE_PLACES: Final = 6


def report_document(report: PlanReport, groups: Sequence[Group] = ()) -> dict[str, Any]:
    """Return the whole assessment; evidence is counted here and listed by ``indicator_document``."""
    return {
        "year": report.year,
        "city": report.city,
        "edition": report.edition,
        "as_of": report.as_of.isoformat(),
        "synthetic": report.synthetic,
        "notices": [_title(one) for one in report.notices],
        "grades": {grade: sum(a.graded.grade == grade for a in report.assessments) for grade in GRADE_ZH},
        "indicators": [_indicator(one, number) for number, one in enumerate(report.assessments, 1)],
        "milestones": [_milestone(one) for one in report.milestones],
        "counties": [_county(one) for one in report.counties],
        "groups": [
            {
                "id": group.id,
                "title": _title(group.title),
                "grades": dict(group.counts),
                "indicators": [_code(row) for row in group.rows],
            }
            for group in groups
        ],
        "settings": report.rules.base.model_dump(mode="json"),
        "settings_given": dict(report.rules.given),
    }


def indicator_document(report: PlanReport, code: str) -> dict[str, Any]:
    """Return one indicator with its whole evidence: what counts, what is missing, by county, and by which settings."""
    number, one = next((n, a) for n, a in enumerate(report.assessments, 1) if a.indicator.code == code)
    out = _indicator(one, number)
    if one.figure is not None:
        out["evidence"] |= {
            "counted": [_item(item) for item in one.figure.counted],
            "missing": [_item(item) for item in one.figure.missing],
        }
    out["reports"] = [_report(report) for report in one.reports]
    out["settings"] = report.rules.of(code).model_dump(mode="json")
    out["counties"] = [_county(row) for row in report.counties if row.indicator.code == code]
    return {"year": report.year, "edition": report.edition, "as_of": report.as_of.isoformat(), **out}


def _title(title: Title) -> dict[str, str]:
    return {"zh": title.zh, "en": title.en}


def _text(value: Fraction | None) -> str | None:
    return None if value is None else exact_text(value)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _code(row: Assessment | CountyAssessment) -> str:
    return row.indicator.code


def _graded(graded: Graded) -> dict[str, Any]:
    share = graded.completion
    return {
        "grade": graded.grade,
        "grade_zh": GRADE_ZH[graded.grade],
        "completion": None if share is None else decimal(share, places=_SHARE_PLACES),
        "marks": [{"id": mark, "zh": MARK_ZH[mark]} for mark in graded.marks],
    }


def _indicator(one: Assessment, number: int) -> dict[str, Any]:
    what = one.indicator
    return {
        "no": number,
        "code": what.code,
        "sector": {"no": one.sector.no, "zh": one.sector.zh, "en": one.sector.en},
        "title": {"zh": what.zh, "en": what.en},
        "unit": what.unit,
        "kind": what.kind,
        "comparison": what.comparison,
        "computable": what.computable,
        "definition": {"zh": what.definition_zh, "en": what.definition_en},
        "lead": list(one.sector.lead),
        "responsible": list(one.sector.responsible),
        "target": None if one.target is None else one.target.target,
        "target_zh": target_words(what, one.target.target if one.target else None),
        "quote": None if one.target is None else one.target.quote,
        "reading": (one.target.reading or None) if one.target else None,
        "value": _text(one.value),
        "origin": one.origin,
        **_graded(one.graded),
        "computed": _text(one.figure.value) if one.figure else None,
        "not_computed": None if isinstance(one.computed, Figure) else _title(one.computed.reason),
        "reported": _report(one.reported) if one.reported else None,
        "difference": _text(one.difference),
        "gap": _gap(one.gap),
        "evidence": _evidence(one.figure),
        "path": [
            {
                "year": p.year,
                "target": p.target,
                "value": _text(p.value),
                "origin": p.origin,
                "grade": p.graded.grade,
                "grade_zh": GRADE_ZH[p.graded.grade],
            }
            for p in one.path
        ],
        "notes": [_title(note) for note in one.notes],
    }


def _report(one: Reported) -> dict[str, Any]:
    return {
        "value": one.text,
        "written": one.written,
        "agency": one.agency or None,
        "source": one.source,
        "date": _day(one.date),
        "note": one.note or None,
        "synthetic": one.synthetic,
    }


def _gap(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    return {
        "needed": exact_text(gap.needed),
        "to_excellent": _text(gap.to_excellent),
        "unit": gap.unit,
        "candidates": len(gap.items),
    }


def _evidence(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {
        "source": figure.source,
        "how": _title(figure.how),
        "state": figure.state.isoformat(),
        "numerator": exact_text(figure.numerator),
        "denominator": _text(figure.denominator),
        "count": len(figure.counted),
        "undated": figure.undated,
        "synthetic": figure.synthetic,
        "notes": [_title(note) for note in figure.notes],
        "by_county": [
            {
                "code": c.code,
                "name": c.name,
                "value": _text(c.value),
                "numerator": exact_text(c.numerator),
                "denominator": _text(c.denominator),
            }
            for c in figure.counties
        ],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "county": item.area or None,
        "area": item.area_name or None,
        "amount": _text(item.amount),
        "travel_s": item.travel_s,
        "note": item.note or None,
    }


def _milestone(one: MilestoneState) -> dict[str, Any]:
    what = one.milestone
    return {
        "code": what.code,
        "sector": {"no": one.sector.no, "zh": one.sector.zh, "en": one.sector.en},
        "year": what.year,
        "title": {"zh": what.zh, "en": what.en},
        "quote": what.quote,
        "state_zh": one.state,
        "reported": _report(one.report) if one.report else None,
    }


def _county(one: CountyAssessment) -> dict[str, Any]:
    return {
        "county": {"code": one.code, "name": one.name},
        "code": one.indicator.code,
        "target": one.target,
        "value": _text(one.value),
        "origin": one.origin,
        **_graded(one.graded),
    }
