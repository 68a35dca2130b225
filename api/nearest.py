"""``quantu nearest``: three files in, travel time from every demand point to its nearest facility out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.city import metric_crs_of
from data.modes import mode
from data.network import segments_from_frame, with_elevation
from data.read.dem import open_elevation, require_cover
from data.read.files import to_kept
from data.read.points import check_swapped, read_points
from data.read.streets import read_streets
from geo.crs import is_metric
from geo.errors import ParameterError
from geo.reach import nearest_facility
from geo.streets import Streets, build_streets
from geo.units import kph_to_mps, minutes_to_ms

Bounds = tuple[float, float, float, float]

_ALLOWED_KPH: Final = (0.1, 300.0)

COLUMNS: Final = ("demand_id", "facility_id", "travel_s", "access_m", "snapped_m", "status")


def nearest(
    *,
    streets: Path,
    facilities: Path,
    demand: Path,
    max_snap_m: float,
    mode_id: str = "walk",
    speed_kph: float | None = None,
    dem: Sequence[Path] = (),
    max_minutes: float = 60.0,
    crs: str | None = None,
) -> pd.DataFrame:
    """Return one row per demand point: ``demand_id facility_id travel_s access_m snapped_m status``.

    ``travel_s`` (three decimals) and ``facility_id`` are empty unless ``status`` is "ok"; ``access_m`` is from the
    facility to its street, ``snapped_m`` from the demand point to its own. Lengths are planar in the street file's
    own projected CRS, else in the metric CRS of its place. Raises InputError and the other errors of the readers.
    """
    if not 0 < max_minutes <= 24 * 60:
        raise ParameterError(f"--max-minutes is {max_minutes}; it is a time above 0 and up to 1440 minutes")
    if speed_kph is not None and not _ALLOWED_KPH[0] <= speed_kph <= _ALLOWED_KPH[1]:
        raise ParameterError(
            f"--speed-kph is {speed_kph}; it is a speed from {_ALLOWED_KPH[0]} to {_ALLOWED_KPH[1]} km/h"
        )
    network, near = _network(streets, crs, mode_id, speed_kph, dem)
    places = _read_points(facilities, crs, "facilities", near, network.crs)
    people = _read_points(demand, crs, "demand", near, network.crs)
    order = _by_id(places["id"])
    places = places.iloc[order]
    at = network.snap(shapely.get_coordinates(places.geometry), crs=network.crs, max_snap_m=max_snap_m)
    of = network.snap(shapely.get_coordinates(people.geometry), crs=network.crs, max_snap_m=max_snap_m)
    got = nearest_facility(network, at, of, limit_ms=minutes_to_ms(max_minutes))
    ok = got.facility >= 0
    chosen = np.where(ok, got.facility, 0)
    ids = places["id"].to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "demand_id": people["id"].to_numpy(),
            "facility_id": pd.Series(np.where(ok, ids[chosen], None)),
            "travel_s": np.round(got.seconds(), 3),
            "access_m": np.where(ok, np.round(at.snapped_m[chosen], 3), np.nan),
            "snapped_m": np.round(of.snapped_m, 3),
            "status": got.status,
        }
    )


def _network(
    path: Path, crs: str | None, mode_id: str, speed_kph: float | None, dem: Sequence[Path]
) -> tuple[Streets, Bounds]:
    chosen = mode(mode_id)
    if speed_kph is not None:
        chosen = replace(chosen, flat_mps=kph_to_mps(speed_kph))
    frame, _ = read_streets(path, crs=crs, keep_crs=True, crs_is_fallback=True)
    kept = to_kept(frame)
    projected = is_metric(frame.crs)
    metric = frame.crs.to_string() if projected else metric_crs_of(kept)
    if dem:
        model = open_elevation(dem)
        require_cover(model, tuple(kept.total_bounds))
        frame, _ = with_elevation(kept, model, metric)
    elif not projected:
        frame = kept
    west, south, east, north = (float(v) for v in kept.total_bounds)
    return build_streets(segments_from_frame(frame, metric), chosen), (west, south, east, north)


def _read_points(path: Path, crs: str | None, what: str, near: Bounds, metric: str) -> gpd.GeoDataFrame:
    frame = read_points(path, crs=crs, what=what, crs_is_fallback=True)
    check_swapped(to_kept(frame), near, file=str(path), what=what)
    return frame.to_crs(metric)


def _by_id(ids: pd.Series) -> NDArray[np.int64]:
    """Return the order of ascending ids: whole numbers by value where all are, else as text."""
    text = ids.astype("str").to_numpy(dtype=object)
    whole = all(t.isascii() and t.removeprefix("-").isdigit() for t in text)
    keys = np.array([int(t) for t in text] if whole else text, dtype=object)
    return np.asarray(np.argsort(keys, kind="stable"), dtype=np.int64)
