"""Why a place is served or not: the use case behind ``quantu explain`` and ``/api/explain``."""

import re
from typing import Any, Final

from api.places import resolve_area
from api.run import Runner
from data.city import CityData
from data.stores.base import Edition
from geo.errors import InputError, ParameterError
from layers.choices import lacking
from layers.demand import DemandSource
from layers.explain.explain import explain
from layers.explain.places import Found, at_area, at_dot, at_point, named
from layers.explain.shape import Explanation
from layers.explain.travel import View
from layers.rules import Bench

_POINT: Final = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*[,，]\s*([-+]?\d+(?:\.\d*)?)\s*")
_LEVELS: Final = ("city", "county", "zone", "township", "village")


def explain_place(
    runner: Runner,
    circle_id: str,
    at: str | int | tuple[float, float],
    *,
    edition: str | None = None,
    internal: bool = False,
    **given: Any,
) -> Explanation:
    """Return why a place is or is not served by a circle, and the least change that would serve it.

    ``at`` is a longitude and latitude (EPSG:4490; as numbers, or as text with a comma), or a name: the id or name of
    one of the circle's demand points, or the name or code of an area down to a village;
    or the number of a dot of the circle's tiles. ``given`` are the circle's
    parameters; ``internal`` lets facilities be named that are not public. Positions are rounded either way.

    Raises NotFoundError, AmbiguousError, ParameterError, and InputError where the edition lacks a layer.
    """
    circle = runner.circles[circle_id]
    params = runner.params(circle, given)
    chosen = runner.store.edition(edition)
    city = runner.city_data(chosen)
    bench = city.keep("bench", lambda: Bench(city))
    view = View(runner.settings.public_decimals, internal)
    choice = circle.choice(params.model_dump()["mode"])
    demand = choice.rule.demand
    missing = lacking(city, choice.layers)
    if missing:
        raise InputError(missing)
    if isinstance(at, int):
        found = at_dot(bench, circle.choices[0].rule.demand, demand, at, view)
    else:
        found = _find(chosen, city, bench, demand, at, view)
    answer = explain(circle, bench, params, found, view)
    return answer.model_copy(update={"provenance": runner.provenance(chosen)})


def _find(
    edition: Edition, city: CityData, bench: Bench, demand: DemandSource, at: str | tuple[float, float], view: View
) -> Found:
    if not isinstance(at, str):
        return at_point(bench, demand, *at, view)
    text = at.strip()
    if not text:
        raise ParameterError("say where: LON,LAT, or the name or code of a place")
    point = _POINT.fullmatch(text)
    if point is not None:
        return at_point(bench, demand, float(point[1]), float(point[2]), view)
    known = named(bench, demand, text, view)
    if known is not None:
        return known
    return at_area(bench, demand, resolve_area(edition.city, city.areas, text, levels=_LEVELS), view)
