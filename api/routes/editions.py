"""Editions: what has been published, and what happened between two of them."""

from typing import Any

from fastapi import APIRouter, Request

from api.editions import public_comparison
from api.routes.common import TheRunner, refuse_unknown

router = APIRouter(prefix="/api/editions", tags=["editions"])


@router.get("")
def editions(runner: TheRunner) -> dict[str, list[dict[str, Any]]]:
    """Return every edition, newest last."""
    return {
        "editions": [
            {
                "id": e.id,
                "sha256": e.sha256,
                "published_at": e.published_at.isoformat(),
                "message": e.message,
                "layers": {name: entry.rows for name, entry in e.layers.items()},
            }
            for e in runner.store.editions()
        ]
    }


@router.get("/{a}/diff/{b}")
def diff(request: Request, runner: TheRunner, a: str, b: str) -> dict[str, Any]:
    """Return how many rows of each layer were added, removed, moved and changed, and what it did to each circle."""
    refuse_unknown(request, set())
    return public_comparison(runner, a, b)
