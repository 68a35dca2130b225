"""What bureaus reported and what targets were split, read from an edition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import pandas as pd

from data.city import CityData
from geo.errors import ParameterError
from layers.plan.units import exact


@dataclass(frozen=True, slots=True)
class Reported:
    """One reported value or split target, in the plan's unit; ``text`` is its exact decimal, or a milestone's state."""

    code: str
    year: int
    area: str
    value: Fraction
    text: str
    written: str
    agency: str
    source: str
    date: date | None
    note: str
    synthetic: bool


def reports_of(city: CityData, layer: str) -> Mapping[str, tuple[Reported, ...]]:
    """Return the rows of ``plan.reports`` or ``plan.targets`` by indicator; none where there is no such layer."""
    out: dict[str, list[Reported]] = {}
    if not city.has(layer):
        return {}
    for row in city.frame(layer).to_dict("records"):
        one = _reported(row)
        out.setdefault(one.code, []).append(one)
    return {code: tuple(rows) for code, rows in out.items()}


def latest(rows: Iterable[Reported], year: int, area: str) -> tuple[Reported, ...]:
    """Return the rows of a year and area, the one reported last first, undated ones behind."""
    mine = [one for one in rows if one.year == year and one.area == area]
    return tuple(sorted(mine, key=lambda one: (one.date or date.min, one.source), reverse=True))


def _reported(row: Mapping[str, object]) -> Reported:
    text = _text(row["VALUE"])
    try:
        value = exact(text)
    except ParameterError:  # a milestone's state is a word
        value = Fraction(0)
    day = row["DATE"]
    return Reported(
        code=_text(row["INDICATOR"]),
        year=int(str(row["YEAR"])),
        area=_text(row["AREA"]),
        value=value,
        text=text,
        written=_text(row["WRITTEN"]),
        agency=_text(row["AGENCY"]),
        source=_text(row["SOURCE"]),
        date=day.date() if isinstance(day, pd.Timestamp) and not pd.isna(day) else None,
        note=_text(row["NOTE"]),
        synthetic=bool(row["SYNTHETIC"]),
    )


def _text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and pd.isna(value)) or value is pd.NA else str(value)
