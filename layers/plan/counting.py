"""Counting a layer's records for a year: which are of it, which were in force at its end, which nearly are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.city import CityData, containing
from layers.answer import Title
from layers.plan.figure import Item, NoFigure
from layers.plan.naming import layer_words
from layers.plan.settings import PlanSettings

Bools = NDArray[np.bool_]

_IN_SERVICE: Final = "运营"
_COMING: Final = ("规划", "在建")
_CLOSED: Final = "停用"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The records of one kind: the (N,) rows that count for the year, and the rows that nearly do, with their why."""

    frame: pd.DataFrame
    counts: Bools
    undated: Bools
    nearly: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """The columns that date a record: the year of what is done in one, else the first year, and the last day."""

    year: str = ""
    since: str = ""
    valid_to: str = ""


def choose(
    city: CityData,
    layer: str,
    where: Mapping[str, tuple[str, ...]],
    dated: Dated,
    *,
    year: int,
    state: date,
    settings: PlanSettings,
) -> Chosen | NoFigure:
    """Return the records of ``layer`` that count for ``year``, or why there are none to count.

    With a year column those of the year, else those in force on the day ``state``. Planned and unfinished
    ones, those closed by then, expired certificates and undated ones (by the setting) do not count.
    """
    if not city.has(layer):
        return NoFigure(Title(zh=f"尚无{layer_words(layer)}图层", en=f"the edition has no layer {layer}"))
    frame = city.frame(layer)
    wanted = [c for c in (*where, dated.year, dated.since, dated.valid_to) if c]
    absent = [c for c in wanted if c not in frame.columns]
    if absent:
        text = "、".join(absent)
        return NoFigure(
            Title(zh=f"{layer_words(layer)}图层缺少字段{text}", en=f"{layer} has no column {', '.join(absent)}")
        )
    of_kind = np.ones(len(frame), dtype=np.bool_)
    for column, values in where.items():
        of_kind &= frame[column].isin(values).to_numpy(dtype=np.bool_)
    if not of_kind.any() and settings.no_records == "unknown":
        return NoFigure(_nothing(layer, where))
    frame = frame[of_kind].reset_index(drop=True)
    ready, undated, nearly = _in_force(frame, state, dated, settings)
    if dated.year:
        return _of_year(frame, dated.year, year, state, ready, nearly)
    return Chosen(frame, ready, undated & ready, tuple(nearly))


def _nothing(layer: str, where: Mapping[str, tuple[str, ...]]) -> Title:
    zh = "、".join("或".join(values) for values in where.values()) or "任何"
    en = "; ".join(f"{column}={', '.join(values)}" for column, values in where.items()) or "any"
    return Title(
        zh=f"{layer_words(layer)}图层没有“{zh}”记录，视为未采集", en=f"{layer} holds no record with {en}: not collected"
    )


def _of_year(
    frame: pd.DataFrame, column: str, year: int, state: date, ready: Bools, nearly: list[tuple[int, str]]
) -> Chosen | NoFigure:
    values = frame[column]
    if str(values.dtype).startswith("datetime"):
        years = values.dt.year
        passed = (values <= pd.Timestamp(state)).fillna(value=False).to_numpy(dtype=np.bool_)
    else:
        years = pd.to_numeric(values)
        passed = np.ones(len(frame), dtype=np.bool_)
    known = years.notna().to_numpy(dtype=np.bool_)
    if len(frame) and not known.any():
        text = f"{column} 全部为空，无法判定年度"
        return NoFigure(Title(zh=text, en=f"{column} is empty in every record: no year is known"))
    of_year = known & (years.fillna(0) == year).to_numpy(dtype=np.bool_)
    late = [(int(i), why) for i, why in nearly if of_year[i]]
    blank = [(int(i), f"缺 {column}") for i in np.flatnonzero(~known & ready)]
    return Chosen(frame, of_year & passed & ready, np.zeros(len(frame), dtype=np.bool_), (*late, *blank))


def _in_force(
    frame: pd.DataFrame, state: date, dated: Dated, settings: PlanSettings
) -> tuple[Bools, Bools, list[tuple[int, str]]]:
    """Return (N,) in force on ``state``, (N,) without an opening date, and the rows not in force, with why."""
    day = pd.Timestamp(state)
    count = len(frame)
    status = frame["STATUS"] if "STATUS" in frame else pd.Series([None] * count)
    opened = _dates(frame, "OPEN_DATE")
    closed = _dates(frame, "CLOSE_DATE")
    until = _dates(frame, dated.valid_to)
    stock = not dated.year
    since = pd.to_numeric(frame[dated.since]) if dated.since else pd.Series([None] * count, dtype="Int64")
    shut = (closed <= day).to_numpy() | ((status == _CLOSED).to_numpy() & ~(closed > day).to_numpy())
    coming = status.isin(_COMING).to_numpy(dtype=np.bool_)
    future = (opened > day).to_numpy() | (since > state.year).fillna(value=False).to_numpy(dtype=np.bool_)
    expired = (until < day).to_numpy()
    good = ~shut & ~coming & ~expired
    if stock:
        good &= ~future
    undated = (opened.isna() & since.isna()).to_numpy(dtype=np.bool_) & stock
    if settings.undated == "left_out":
        good &= ~undated
    why = np.full(count, "", dtype=object)
    why[undated & ~good] = "缺启用日期"
    why[future & stock] = "期末后启用"
    why[expired] = "证书或资格已过期"
    for word in _COMING:
        why[(status == word).to_numpy()] = word
    why[shut] = ""
    return good, undated, [(int(i), str(why[i])) for i in np.flatnonzero(~good & (why != ""))]


def _dates(frame: pd.DataFrame, column: str) -> pd.Series:
    if column in frame:
        return frame[column]
    return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")


def items_of(city: CityData, chosen: Chosen, rows: Any) -> list[Item]:
    """Return the rows as evidence, with the county each lies in."""
    picked = chosen.frame.iloc[np.asarray(rows, dtype=np.int64)]
    names = county_names(city)
    ids = _texts(picked, "FAC_ID") if "FAC_ID" in picked else _texts(picked, "LIST_ID")
    codes = _texts(picked, "XZQDM12") if "XZQDM12" in picked else _texts(picked, "AREA")
    counties = _located(city, picked, [county_of(city, code) for code in codes])
    return [
        Item(id=one, name=name, area=county, area_name=names.get(county, ""))
        for one, name, county in zip(ids, _texts(picked, "NAME"), counties, strict=True)
    ]


def _located(city: CityData, picked: pd.DataFrame, counties: list[str]) -> list[str]:
    """Return the counties, those that no code tells by the polygon their position lies in."""
    unknown = [row for row, county in enumerate(counties) if not county]
    points = picked["geometry"].to_numpy()[unknown]
    if not unknown or city.areas is None or any(point is None for point in points):
        return counties
    found = dict(zip(unknown, containing(city.areas, points, "county"), strict=True))
    return [str(found.get(row, county)) for row, county in enumerate(counties)]


def county_names(city: CityData) -> dict[str, str]:
    """Return the counties' names by code; none where the edition has no areas."""
    if city.areas is None:
        return {}
    counties = city.areas[city.areas["level"] == "county"]
    return dict(zip(counties["code"], counties["name"], strict=True))


def county_of(city: CityData, code: str) -> str:
    """Return the 6-digit county of today that an area code lies in, "" where there is none."""
    if len(code) >= 9:
        return city.parents.get(code[:9], code[:6])
    return code[:6] if len(code) >= 6 else ""


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column's texts, "" where it is empty or absent."""
    if column not in frame:
        return [""] * len(frame)
    return ["" if value is None or pd.isna(value) else str(value) for value in frame[column].tolist()]
