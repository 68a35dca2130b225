"""Vector tiles of an edition; they never change, so they are cached for good."""

import hashlib

from fastapi import APIRouter, Request, Response

from api.routes.common import TheRunner

router = APIRouter(tags=["tiles"])

_FOREVER = "public, max-age=31536000, immutable"
_MVT = "application/vnd.mapbox-vector-tile"


@router.get("/tiles/{edition}/{layer}/{z}/{x}/{y}.mvt")
def tile(request: Request, runner: TheRunner, edition: str, layer: str, z: int, x: int, y: int) -> Response:
    """Return one tile; 204 where it is empty, 304 where the caller has it."""
    payload = runner.tile(edition, layer, z, x, y)
    tag = f'"{hashlib.sha256(payload).hexdigest()[:20]}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if not payload:
        return Response(status_code=204, headers=headers)
    return Response(payload, media_type=_MVT, headers=headers)
