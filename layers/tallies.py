"""Further numbers of areas: how many facilities they hold, or what these sum up to, also per thousand persons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from data.city import CityData
from data.plan import PLAN_CITY, plan
from layers.answer import Title
from layers.coverage import ratio
from layers.demand import DemandPoints, People, Sites
from layers.places import Facilities

Table = Mapping[str, Mapping[str, float | None]]
_LEVELS: Final = ("county", "zone", "township")


@dataclass(frozen=True, slots=True)
class Tally:
    """Facilities in operation, or the sum of one of their columns, by the area they stand in."""

    facilities: Facilities
    column: str = ""

    def table(
        self, city: CityData, name: str, per: Mapping[str, People] | None = None, *, target: tuple[str, str] = ("", "")
    ) -> Table:
        """Return ``name``, and the numbers ``per`` 1,000 persons, by area code; nothing where there is no layer.

        ``target`` is the name and the plan's indicator of a number wanted, for the plan's city.
        """
        if not city.has(self.facilities.layer):
            return {}
        sites = Sites(self.facilities, "", Title(zh="", en=""))
        records = sites.records(city)
        amount = records[self.column].fillna(0).to_numpy(dtype=np.float64) if self.column else np.ones(len(records))
        held = _by_area(city, sites.points(city), amount)
        out: dict[str, dict[str, float | None]] = {code: {name: held.get(code, 0.0)} for code in _codes(city)}
        for key, people in (per or {}).items():
            there = people.points(city) if city.has(people.layer) and people.counted(city) else None
            persons = {} if there is None else _by_area(city, there, there.weight)
            for code, row in out.items():
                row[key] = ratio(1000.0 * held.get(code, 0.0), persons.get(code, 0.0))
        if city.edition.city.code == PLAN_CITY and target[1]:
            newest = max((one for one in plan().targets if one.code == target[1]), key=lambda one: one.year)
            out[city.edition.city.code][target[0]] = float(newest.target)
        return out


def undated(facilities: Facilities, column: str, name: str) -> Callable[[CityData], Table]:
    """Return a table of how many facilities in operation have nothing in ``column``."""

    def table(city: CityData) -> Table:
        sites = Sites(facilities, "", Title(zh="", en=""))
        blank = sites.records(city)[column].isna().to_numpy(dtype=np.float64)
        held = _by_area(city, sites.points(city), blank)
        return {code: {name: held.get(code, 0.0)} for code in _codes(city)}

    return table


def _codes(city: CityData) -> list[str]:
    own = city.edition.city.code
    if city.areas is None:
        return [own]
    return [own, *city.areas.loc[city.areas["level"].isin(_LEVELS), "code"]]


def _by_area(city: CityData, points: DemandPoints, amount: np.ndarray) -> dict[str, float]:
    out = {city.edition.city.code: float(amount.sum())}
    for level in _LEVELS:
        names, number = points.numbered[level]
        sums = np.bincount(number, amount, len(names))
        out |= {code: float(total) for code, total in zip(names, sums, strict=True) if code}
    return out
