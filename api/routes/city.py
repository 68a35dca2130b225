"""The city at hand: what is published, its areas."""

from typing import Any

from fastapi import APIRouter

from api.catalogue import describe_areas, describe_session
from api.routes.common import TheRunner

router = APIRouter(prefix="/api", tags=["city"])


@router.get("/session")
def session(runner: TheRunner) -> dict[str, Any]:
    """Return the city, the newest edition, what must be said about its data, and its map layers."""
    return describe_session(runner)


@router.get("/areas")
def areas(runner: TheRunner) -> dict[str, list[dict[str, Any]]]:
    """Return the areas one may ask about."""
    return {"areas": describe_areas(runner)}
