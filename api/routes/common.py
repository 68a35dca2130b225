"""What routes share: the runner behind a request, and refusing query parameters nobody reads."""

from typing import Annotated

from fastapi import Depends, Request

from api.run import Runner
from geo.errors import ParameterError


def _runner(request: Request) -> Runner:
    found: Runner = request.app.state.runner
    return found


TheRunner = Annotated[Runner, Depends(_runner)]


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raise ParameterError naming every query parameter that is not ``known``."""
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ParameterError(f"unknown parameters: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
