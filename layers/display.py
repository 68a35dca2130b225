"""What a coverage circle shows on the map: demand points with their times, and the reach polygon."""

from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.frames import CRS_KEPT
from data.modes import mode
from data.publicity import hidden_ids
from geo.errors import NotFoundError
from geo.isochrone import TimeField, display_polygons, time_field
from layers.choices import Measured
from layers.circle import ALL, Circle
from layers.coverage import OK, REASONS
from layers.rules import AllOf, Reach, Rule


class _Keeper(Protocol):
    def get(self, key: Any, make: Any) -> Any: ...


def demand_times(circle: Circle, measured: Measured) -> gpd.GeoDataFrame:
    """Return the demand points, EPSG:4490, with ``{column}_s`` seconds (NaN: not within the measured limit) and ``st``.

    The columns are those of ``Circle.columns``. ``st`` is the reason nearest to being served over the own choice's
    modes within the longest limit; for what is no travel, the verdict itself: ok, beyond, unreachable, off_network
    or absent.
    """
    points = measured.points
    frame = points.frame
    columns = {"demand_id": frame["demand_id"], "name": frame["name"], "weight": frame["weight"]}
    if points.layers[0].startswith("facilities."):
        secret = frame["demand_id"].isin(hidden_ids(measured.city))
        columns["PUB_LVL"] = np.where(secret, "internal", "public")
    legs = circle.legs(measured)
    for key, leg in legs.items():
        columns[f"{key}_s"] = np.where(leg.status == OK, leg.travel_ms / 1000.0, np.nan)
    last = _last_s(circle, measured)
    if last is not None:
        columns[f"{ALL}_s"] = last
    first = circle.choices[0]
    if isinstance(first.rule, Reach):
        best = np.min([legs[name].status for name in circle.columns[first.id]], axis=0)
    else:
        best = circle.verdict(measured, circle.params())[1].reason
    columns["st"] = np.array(REASONS, dtype=object)[best]
    return gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=CRS_KEPT)


def reach_polygon(circle: Circle, measured: Measured, params: Any, keeper: _Keeper) -> shapely.Geometry:
    """Return the display polygon, metres, of the limit of the choice asked for; ``keeper`` keeps the time fields.

    Raises NotFoundError where the choice is not about travel.
    """
    choice = circle.choice(params.mode)
    if not isinstance(choice.rule, Reach):
        raise NotFoundError(f"{circle.id} by {choice.id} draws no reach: it is not about travel")
    legs = measured.by_choice[choice.id].legs
    field: TimeField = keeper.get(
        (measured.city.edition.sha256, *choice.rule.key[1:], tuple(legs)),
        lambda: time_field(*(leg.field for leg in legs.values()), water=measured.city.water),
    )
    limits = [choice.rule.limit.ms(circle.value_of(choice, params), leg.flat_mps) for leg in legs.values()]
    return display_polygons(field, [limits[0]])[0]


def seconds_per_unit(rule: Rule) -> float:
    """Return how many seconds of a tile's times one unit of a rule's limit is: 60, or a metre at its mode's pace."""
    if rule.limit is None or rule.limit.unit == "min" or not rule.modes:
        return 60.0
    return 1.0 / mode(rule.modes[0]).flat_mps


def _last_s(circle: Circle, measured: Measured) -> NDArray[np.float64] | None:
    """Return (K,) seconds to the last of a composite's own services, NaN where one of another limit is missing."""
    choice = circle.choices[0]
    rule, got = choice.rule, measured.by_choice[choice.id]
    if not isinstance(rule, AllOf):
        return None
    own = [part.best_s() for need, part in zip(rule.needs, got.parts, strict=True) if need.limit.key == rule.limit.key]
    lesser = [
        verdict.reason == OK
        for need, verdict in zip(rule.needs, rule.parts(got, rule.limit.high), strict=True)
        if need.limit.key != rule.limit.key
    ]
    last = np.max(own, axis=0)
    return np.where(np.logical_and.reduce(lesser), last, np.nan) if lesser else last
