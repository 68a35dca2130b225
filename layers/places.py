"""The facilities a circle counts: a layer, the kinds of it, and whether they are in operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.city import CityData
from data.standards import standard

Bools = NDArray[np.bool_]

NOT_OPEN: Final = ("规划", "在建", "停用")
"""States in which a facility serves nobody."""


@dataclass(frozen=True, slots=True)
class Facilities:
    """Facilities of one layer: all of them, or those whose columns hold one of the values named in ``where``.

    ``years`` names the standard with the first year that counts, by column; the last is that of the question's day.
    """

    layer: str
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    years: Mapping[str, str] = field(default_factory=dict, hash=False)

    def chosen(self, city: CityData) -> Bools:
        """Return (M,) which rows of the layer are meant, in operation or not."""
        frame = city.frame(self.layer)
        keep = np.ones(len(frame), dtype=np.bool_)
        for column, values in self.where.items():
            keep &= frame[column].isin(values).to_numpy()
        for column, key in self.years.items():
            first, last = standard(key, unit="year").value, city.question_day.year
            keep &= frame[column].between(first, last).fillna(value=False).to_numpy(dtype=np.bool_)
        return keep

    def serving(self, city: CityData) -> Bools:
        """Return (M,) which rows are meant and in operation on the day of the question, by their state and dates."""

        def make() -> Bools:
            frame = city.frame(self.layer)
            closed = frame["STATUS"].isin(NOT_OPEN).to_numpy()
            day = np.datetime64(city.question_day, "s")
            gone = (frame["CLOSE_DATE"].to_numpy() <= day) | (frame["OPEN_DATE"].to_numpy() > day)
            return np.asarray(self.chosen(city) & ~closed & ~gone)

        return city.keep(("serving", self.key), make)

    @property
    def key(self) -> tuple[object, ...]:
        """Return what tells this selection from others."""
        return (self.layer, *sorted(self.where.items()), *sorted(self.years.items()))


def of_kind(layer: str, *kinds: str) -> Facilities:
    """Return the facilities of ``facilities.{layer}`` whose KIND is one of ``kinds``; all where none is named."""
    return Facilities(f"facilities.{layer}", {"KIND": kinds} if kinds else {})
