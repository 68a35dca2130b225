"""The plan: a year's grades, and one indicator with its evidence."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.plan import plan_document, plan_indicator
from api.routes.common import TheRunner, refuse_unknown

router = APIRouter(prefix="/api/plan", tags=["plan"])

Settings = Annotated[list[str] | None, Query(description="KEY=VALUE or CODE.KEY=VALUE; may be repeated")]


@router.get("/{year}")
def assessment(
    request: Request,
    runner: TheRunner,
    year: int,
    by: str = "sector",
    edition: str | None = None,
    setting: Settings = None,
) -> dict[str, Any]:
    """Return every indicator's target, value, grade and gap, grouped by sector, lead, agency or county."""
    refuse_unknown(request, {"by", "edition", "setting"})
    return plan_document(runner, year, edition=edition, by=by, settings=setting or (), public=True)


@router.get("/{year}/indicators/{indicator}")
def indicator(
    request: Request,
    runner: TheRunner,
    year: int,
    indicator: str,
    edition: str | None = None,
    setting: Settings = None,
) -> dict[str, Any]:
    """Return one indicator with what counts, what is missing, and by which settings."""
    refuse_unknown(request, {"edition", "setting"})
    return plan_indicator(runner, year, indicator, edition=edition, settings=setting or (), public=True)
