"""What a coverage circle shows on the map: demand points with their times, and the reach polygon."""

from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import shapely

from data.frames import CRS_KEPT
from geo.isochrone import TimeField, display_polygons, time_field
from geo.units import minutes_to_ms
from layers.coverage import BEYOND, OFF, OK, UNREACHABLE, Measured

_WORDS = {OK: "ok", BEYOND: "beyond", UNREACHABLE: "unreachable", OFF: "off_network"}


class _Keeper(Protocol):
    def get(self, key: Any, make: Any) -> Any: ...


def demand_times(measured: Measured) -> gpd.GeoDataFrame:
    """Return the demand points, EPSG:4490, with ``{mode}_s`` seconds (NaN: not within the measured limit) and ``st``.

    ``st`` is the reason nearest to being served over all modes: ok, beyond, unreachable or off_network.
    """
    demand = measured.demand
    columns = {"demand_id": demand["demand_id"], "weight": demand["weight"]}
    for key, leg in measured.legs.items():
        columns[f"{key}_s"] = np.where(leg.status == OK, leg.travel_ms / 1000.0, np.nan)
    best = np.min([leg.status for leg in measured.legs.values()], axis=0)
    columns["st"] = np.array([_WORDS[i] for i in range(len(_WORDS))], dtype=object)[best]
    return gpd.GeoDataFrame(columns, geometry=demand.geometry.to_numpy(), crs=CRS_KEPT)


def reach_polygon(measured: Measured, params: Any, keeper: _Keeper) -> shapely.Geometry:
    """Return the display polygon, metres, of the circle's limit, for the best of the modes asked for.

    ``keeper`` keeps the time fields, which serve every limit.
    """
    chosen = tuple(measured.legs) if params.mode not in measured.legs else (params.mode,)
    field: TimeField = keeper.get(
        (measured.city.edition.sha256, measured.facility_layer, chosen),
        lambda: time_field(*(measured.legs[key].field for key in chosen), water=measured.city.water),
    )
    return display_polygons(field, [minutes_to_ms(params.minutes)])[0]
