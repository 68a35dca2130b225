"""Why a place is served by a circle or not."""

from fastapi import APIRouter, Request

from api.explain import explain_place
from api.routes.common import TheRunner, refuse_unknown
from geo.errors import ParameterError
from layers.explain.shape import Explanation

router = APIRouter(prefix="/api/explain", tags=["explain"])


@router.get("")
def explained(
    request: Request,
    runner: TheRunner,
    circle: str,
    lon: float | None = None,
    lat: float | None = None,
    at: str | None = None,
    dot: int | None = None,
    minutes: float | None = None,
    metres: float | None = None,
    mode: str | None = None,
    edition: str | None = None,
) -> Explanation:
    """Return why a place is served or not, and what would change it.

    It is given once: by ``lon`` and ``lat``, by ``at`` (LON,LAT, a name or a code), or as a ``dot`` of the tiles.
    """
    refuse_unknown(request, {"circle", "lon", "lat", "at", "dot", "minutes", "metres", "mode", "edition"})
    point = None if lon is None or lat is None else (lon, lat)
    where = [one for one in (point, at, dot) if one is not None]
    if len(where) != 1 or (lon is None) != (lat is None):
        raise ParameterError("say where once: lon and lat, or at=LON,LAT|NAME|CODE, or dot=NUMBER")
    return explain_place(runner, circle, where[0], edition=edition, minutes=minutes, metres=metres, mode=mode)
