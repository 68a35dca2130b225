"""Circles: the catalogue, answers and display polygons."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.catalogue import describe_circles
from api.routes.common import TheRunner, refuse_unknown
from layers.answer import CircleAnswer

router = APIRouter(prefix="/api/circles", tags=["circles"])


@router.get("")
def catalogue(runner: TheRunner) -> dict[str, list[dict[str, Any]]]:
    """Return every circle with its threshold, modes, demand and clause."""
    return {"circles": describe_circles(runner)}


@router.get("/{circle}")
def answer(
    request: Request,
    runner: TheRunner,
    circle: str,
    area: str | None = None,
    minutes: float | None = None,
    metres: float | None = None,
    mode: str | None = None,
    edition: str | None = None,
    f: Literal["json"] = "json",  # noqa: ARG001
) -> CircleAnswer:
    """Return a circle's answer for an area (a name or code), the whole city by default."""
    refuse_unknown(request, {"area", "minutes", "metres", "mode", "edition", "f"})
    return runner.answer(circle, area=area, edition=edition, minutes=minutes, metres=metres, mode=mode)


@router.get("/{circle}/polygon", response_class=JSONResponse)
def polygon(
    request: Request,
    runner: TheRunner,
    circle: str,
    minutes: float | None = None,
    metres: float | None = None,
    mode: str | None = None,
    edition: str | None = None,
) -> Response:
    """Return the area within the limit, for looking at, as GeoJSON."""
    refuse_unknown(request, {"minutes", "metres", "mode", "edition"})
    drawn = runner.polygon(circle, edition=edition, minutes=minutes, metres=metres, mode=mode)
    return JSONResponse(drawn, media_type="application/geo+json")
