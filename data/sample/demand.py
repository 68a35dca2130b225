"""Residents: points along the streets whose weights sum to the 2020 census of each of its nine units."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import Polygon

from data.frames import CRS_KEPT, DEMAND, conform
from data.sample.areas import Land
from data.sample.plane import Floats, Ints, shares, stream, table, to_lonlat, to_plane
from data.sample.river import River
from data.sample.sketch import WORKS
from data.sample.terrain import valley_floor
from data.sample.ways import Net

PERSONS_A_POINT: Final = {"urban": 150.0, "rural": 55.0}
"""A residential compound's block of flats; a cluster of farmhouses."""
FAR_SHARE: Final = 0.006
"""Rural points that lie far from every street: hill farms and herders."""
HOMES: Final = {"residential": 1.0, "service": 1.3, "footway": 1.0, "unclassified": 0.8, "tertiary": 0.45,
                "secondary": 0.2,
                "steps": 0.4, "path": 0.06, "track": 0.05}  # fmt: skip
"""How many homes stand along a metre of street, by class, as a share of a residential street's."""


def _density(xy: Floats, here: Land) -> Floats:
    """Return (N,) how densely people live: high in the old town and the subcentres, low at the edges."""
    out = np.full(len(xy), 0.35)
    centres = (
        ((394_600, 3_990_900), 3_600.0, 2.6), ((388_300, 3_992_900), 3_000.0, 2.0),
        ((384_800, 3_997_200), 3_000.0, 1.7),
        ((375_200, 3_997_200), 2_600.0, 1.7), ((398_200, 3_992_800), 2_600.0, 1.9),
        ((401_800, 3_990_600), 2_400.0, 1.2),
    )  # fmt: skip
    for (x, y), reach, height in centres:
        out += height * np.exp(-((xy[:, 0] - x) ** 2 + (xy[:, 1] - y) ** 2) / (2 * reach**2))
    works = Polygon(to_plane(WORKS))
    out[shapely.contains_xy(works, xy[:, 0], xy[:, 1])] = 0.03
    outer = ~shapely.contains_xy(valley_floor().buffer(1500.0), xy[:, 0], xy[:, 1])
    seats = here.townships
    county_seat = seats["code"].isin(["620123100", "620121100", "620122100", "620111101"]).to_numpy()
    for x, y in seats.loc[county_seat, ["x", "y"]].to_numpy():
        out += 2.2 * outer * np.exp(-((xy[:, 0] - x) ** 2 + (xy[:, 1] - y) ** 2) / (2 * 1800.0**2))
    return out


def _candidates(
    rng: np.random.Generator, net: Net, worth: Floats, count: int, river: River
) -> tuple[Floats, Ints]:  # fmt: skip
    """Return (≤count, 2) places 5–60 m beside segments drawn by ``worth``, none in water, and their segments."""
    segment = np.sort(rng.choice(len(worth), size=count, p=worth / worth.sum()))
    along = rng.uniform(0.03, 0.97, count)
    lines = net.lines[segment]
    at = shapely.get_coordinates(shapely.line_interpolate_point(lines, along, normalized=True))
    ahead = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, np.minimum(along + 0.02, 1.0), normalized=True)
    )
    heading = ahead - at
    heading /= np.maximum(np.linalg.norm(heading, axis=1), 1e-9)[:, None]
    aside = np.clip(rng.lognormal(2.9, 0.55, count), 5.0, 60.0) * rng.choice([-1.0, 1.0], count)
    places = at + np.column_stack([-heading[:, 1], heading[:, 0]]) * aside[:, None]
    dry = ~shapely.contains_xy(river.water, places[:, 0], places[:, 1])
    return places[dry], segment[dry]


def residents(seed: int, here: Land, net: Net, river: River) -> gpd.GeoDataFrame:
    """Return the ``demand`` frame: whole persons, summing exactly to the census's urban and rural counts by unit.

    The census counts by unit are facts (``census2020.csv``); every position, and the split below the unit, is
    made up.
    """
    rng = stream(seed, "residents")
    census = table("census2020").set_index("code")
    units = here.townships["unit_2020"].to_numpy()
    length = shapely.length(net.lines)
    middles = shapely.get_coordinates(shapely.line_interpolate_point(net.lines, 0.5, normalized=True))
    zone = net.rows["zone"].to_numpy(dtype=str)
    homes = net.rows["highway"].map(HOMES).fillna(0.0).to_numpy() * length
    town = np.isin(zone, ["urban", "main"]) * homes * _density(middles, here)
    farm = np.where(zone == "village", homes * _village_size(seed, net), 0.0) + 0.12 * homes * np.isin(zone, ["hill"])
    farm = farm + 0.012 * homes * (zone == "road")
    township = here.township_of(middles)
    of_segment = np.where(township >= 0, units[township], "")
    parts: list[pd.DataFrame] = []
    for unit in sorted(set(units)):
        mine = of_segment == unit
        for kind, worth in (("urban", town), ("rural", farm)):
            persons = int(census.loc[unit, kind])
            if persons == 0:
                continue
            chosen = np.where(mine, worth, 0.0)
            if kind == "urban":
                chosen = chosen + 0.25 * np.where(mine & (zone == "hill"), homes, 0.0)
            parts.append(_unit_points(rng, net, chosen, persons, str(unit), kind, here, units, river))
    frame = pd.concat(parts, ignore_index=True)
    frame["demand_id"] = [f"R{k:06d}" for k in range(1, len(frame) + 1)]
    frame["synthetic"] = True
    lonlat = to_lonlat(frame[["x", "y"]].to_numpy())
    return conform(gpd.GeoDataFrame(frame, geometry=shapely.points(lonlat), crs=CRS_KEPT), DEMAND)


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """An age group of the census: its column, and how unevenly it lives among the residents (log-normal sigma)."""

    id: str
    column: str
    sigma: float


AGE_GROUPS: Final = (AgeGroup("older", "age60_plus", 0.30), AgeGroup("children", "age0_3_approx", 0.25))
"""Residents aged 60 and over; children under three, estimated by the table from ages 0–4."""


def of_age(seed: int, people: gpd.GeoDataFrame, group: AgeGroup) -> gpd.GeoDataFrame:
    """Return the residents' points with the weights of an age group: whole persons, summing to the census by unit.

    Within a unit the group is spread over the residents with some unevenness, at no point more than live there. The
    counts by unit are facts; the split below is made up.
    """
    rng = stream(seed, f"demand {group.id}")
    census = table("census2020").set_index("code")[group.column]
    residents = people["weight"].to_numpy(dtype=np.float64)
    weight = np.zeros(len(people))
    luck = rng.lognormal(0.0, group.sigma, len(people))
    for unit, rows in people.groupby("unit_2020", sort=True).indices.items():
        weight[rows] = _within(residents[rows], shares(int(census[unit]), residents[rows] * luck[rows]))
    method = f"census2020_{group.column}_synthetic"
    return conform(people.assign(weight=weight, method=method), DEMAND)


def _within(most: Floats, counts: Ints) -> Floats:
    """Return ``counts`` with what exceeds ``most`` moved to the rows with the most room; the sum stays."""
    kept = np.minimum(counts, most)
    left = int(counts.sum() - kept.sum())
    room = np.argsort(-(most - kept), kind="stable")[:left]
    kept[room] += 1.0
    return np.asarray(kept, dtype=np.float64)


def _village_size(seed: int, net: Net) -> Floats:
    """Return (segments,) how populous the village of each segment is, around 1."""
    place = net.rows["place"].to_numpy(dtype=np.int64)
    sizes = stream(seed, "village sizes").lognormal(0.0, 0.5, max(int(place.max()) + 1, 1))
    return np.where(place >= 0, sizes[np.maximum(place, 0)], 0.0)


def _unit_points(
    rng: np.random.Generator, net: Net, worth: Floats, persons: int, unit: str, kind: str, here: Land,
    units: np.ndarray, river: River,
) -> pd.DataFrame:  # fmt: skip
    """Return the points of one unit's urban or rural persons."""
    count = max(int(persons / PERSONS_A_POINT[kind]), 1)
    places, _ = _candidates(rng, net, worth, int(count * 1.12) + 40, river)
    if kind == "rural":
        far = rng.random(len(places)) < FAR_SHARE
        turn = rng.uniform(0, 2 * np.pi, len(places))
        away = rng.uniform(380.0, 1300.0, len(places)) * far
        places = places + np.column_stack([np.cos(turn), np.sin(turn)]) * away[:, None]
    township = here.township_of(places)
    inside = (township >= 0) & (units[township] == unit)
    inside &= ~shapely.contains_xy(river.water, places[:, 0], places[:, 1])
    keep = np.flatnonzero(inside)
    keep = np.sort(rng.permutation(keep)[:count])
    weights = shares(persons - len(keep), rng.lognormal(0.0, 0.45, len(keep))) + 1
    return pd.DataFrame({
        "x": places[keep, 0], "y": places[keep, 1], "weight": weights.astype(np.float64),
        "area_code": here.townships["code"].to_numpy()[township[keep]], "unit_2020": unit,
        "method": f"census2020_{kind}_synthetic",
    })  # fmt: skip
