"""The HTTP application: routes over the use cases, one error shape, the web application's files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from api.routes import circles, city, editions, explain, plan, tiles
from api.run import Runner
from api.version import code_version
from api.wiring import open_runner
from data.stores.base import DamagedError
from geo.errors import (
    AmbiguousError,
    ConflictError,
    CRSMismatchError,
    InputError,
    MissingCRSError,
    NotFoundError,
    ParameterError,
    QuantuError,
)

STATUS: Final[dict[type[QuantuError], int]] = {
    AmbiguousError: 409,
    NotFoundError: 404,
    ParameterError: 422,
    InputError: 422,
    MissingCRSError: 422,
    CRSMismatchError: 422,
    ConflictError: 409,
    DamagedError: 500,
    QuantuError: 500,
}
"""HTTP status by error; the nearest class in an error's ancestry decides."""

_DIST: Final = Path(__file__).resolve().parents[1] / "web" / "dist"
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "worker-src 'self' blob:; connect-src 'self'; font-src 'self'; frame-ancestors 'self'; base-uri 'none'"
)


def create_app(runner: Runner) -> FastAPI:
    """Return the application over ``runner``; it says it is ready once the newest edition is warm."""
    ready = {"status": "starting"}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        Thread(target=_warm, args=(runner, ready), daemon=True).start()
        yield

    app = FastAPI(
        title="Quantu",
        version=code_version(),
        lifespan=lifespan,
        docs_url="/api/docs",
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.runner = runner
    for error in STATUS:
        app.add_exception_handler(error, _quantu_problem)
    app.add_exception_handler(RequestValidationError, _validation_problem)
    app.add_exception_handler(HTTPException, _http_problem)
    for router in (city.router, circles.router, editions.router, explain.router, plan.router, tiles.router):
        app.include_router(router)

    @app.get("/health", tags=["service"])
    def health() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "ok"}

    @app.get("/ready", tags=["service"])
    def is_ready(response: Response) -> dict[str, str]:
        """Whether the newest edition is loaded; 503 before."""
        response.status_code = HTTPStatus.OK if ready["status"] == "ready" else HTTPStatus.SERVICE_UNAVAILABLE
        return ready

    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)

    @app.middleware("http")
    async def secure(request: Request, call_next):  # type: ignore[no-untyped-def]
        response = await call_next(request)
        if not request.url.path.startswith("/api/docs"):
            response.headers["Content-Security-Policy"] = _POLICY
        if request.url.path.startswith("/assets/") and response.status_code == HTTPStatus.OK:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    if _DIST.is_dir():
        app.mount("/", StaticFiles(directory=_DIST, html=True), name="web")
    return app


def from_environment() -> FastAPI:
    """Return the application of the workspace that ``QUANTU_WORKSPACE`` names."""
    return create_app(open_runner())


def _warm(runner: Runner, ready: dict[str, str]) -> None:
    try:
        runner.warm()
    except QuantuError as error:
        ready["problem"] = str(error)
    ready["status"] = "ready"


def problem(status: int, title: str, detail: str, faults: list[dict[str, Any]] | None = None) -> JSONResponse:
    """Return an RFC 9457 problem body."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if faults is not None:
        body["faults"] = faults
    return JSONResponse(body, status, media_type="application/problem+json")


def _quantu_problem(_: Request, error: Exception) -> JSONResponse:
    kind = next(k for k in type(error).__mro__ if k in STATUS)
    faults = [dict(f.as_dict()) for f in error.faults] if isinstance(error, InputError) else None
    return problem(STATUS[kind], type(error).__name__.removesuffix("Error"), str(error), faults)


def _validation_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults: list[dict[str, Any]] = [
        {"column": ".".join(str(x) for x in f["loc"]), "value": str(f.get("input")), "message": f["msg"]}
        for f in error.errors()
    ]
    detail = "; ".join(f"{f['column']}: {f['message']}" for f in faults)
    return problem(422, "Parameter", detail, faults)


def _http_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, HTTPStatus(error.status_code).phrase, str(error.detail))
