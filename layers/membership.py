"""How a circle decides without travel: what stands in a unit or names it, what a place has, what it is linked to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from data.city import CityData, containing
from data.standards import Standard, standard
from layers.answer import Title
from layers.coverage import ABSENT, OK, Verdict
from layers.demand import DemandPoints, DemandSource, Sites
from layers.places import Facilities
from layers.rules import Bench, Limit

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
_LENGTHS: Final = {6: "county", 9: "township", 12: "village"}
_EXACT: Final = 9
"""Decimals to which amounts are told apart, finer than any record's."""


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """What a Member found: per unit the row of the facility inside it, and of the one that names it, −1 for none."""

    points: DemandPoints
    inside: I64
    named: I64


@dataclass(frozen=True, slots=True)
class Member:
    """Covered ⇔ a facility stands in the unit or, where ``names`` is a column of codes, names it as served."""

    modes: ClassVar[tuple[str, ...]] = ()
    limit: ClassVar[Limit | None] = None
    demand: DemandSource
    facilities: Facilities
    names: str | None = None

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return what must be there."""
        return (self.facilities,)

    def standards(self) -> tuple[Standard, ...]:
        """Return nothing of its own: the circle's clause is the rule."""
        return ()

    def measure(self, bench: Bench) -> Members:
        """Return which units hold, or are named by, a facility in operation."""
        points = bench.points(self.demand)
        frame = bench.city.frame(self.facilities.layer)
        rows = np.flatnonzero(self.facilities.serving(bench.city))
        codes = points.frame["demand_id"].to_numpy(dtype=object)
        inside = _first(codes, _stands_in(bench.city, frame.iloc[rows], rows, codes))
        named = np.full(len(codes), -1, dtype=np.int64)
        if self.names is not None:
            lists = frame[self.names].iloc[rows].fillna("").to_numpy()
            pairs = ((code, int(row)) for row, text in zip(rows, lists, strict=True) for code in _codes(str(text)))
            named = _first(codes, pairs)
        return Members(points, inside, named)

    def judge(self, got: Members, value: float) -> Verdict:  # noqa: ARG002
        """Return the Verdict: covered or absent; straight lines mean nothing here."""
        return _verdict((got.inside >= 0) | (got.named >= 0))


def _verdict(held: Bools) -> Verdict:
    return Verdict(np.where(held, OK, ABSENT).astype(np.int8), None)


def _codes(text: str) -> list[str]:
    parts = text.replace("；", ";").replace("，", ";").replace(",", ";").replace("、", ";").split(";")
    return [part.strip() for part in parts if part.strip()]


def _stands_in(city: CityData, frame: Any, rows: I64, codes: NDArray[np.object_]) -> Iterable[tuple[str, int]]:
    """Yield (unit, row) for facilities whose noted code lies in the unit; the polygon decides where none is noted."""
    level = _LENGTHS.get(len(codes[0])) if len(codes) else None
    if level is None or not len(rows):
        return []
    noted = frame["XZQDM12"].fillna("").astype(str).to_numpy(dtype=object)
    if level != "village":
        at = city.codes_in(frame.assign(area_code=[code[:9] for code in noted], unit_2020=None))[level]
        return zip(at, rows.tolist(), strict=True)
    areas = city.areas
    assert areas is not None
    known = set(areas.loc[areas["level"] == level, "code"])
    at = np.array([code if code in known else "" for code in noted], dtype=object)
    empty = at == ""
    if empty.any():
        at[empty] = containing(areas, frame.geometry.to_numpy()[empty], level)
    return zip(at, rows.tolist(), strict=True)


def _first(codes: NDArray[np.object_], pairs: Iterable[tuple[str, int]]) -> I64:
    """Return (K,) the lowest row paired with each code, −1 for none."""
    lowest: dict[str, int] = {}
    for code, row in pairs:
        lowest[code] = min(int(row), lowest.get(code, int(row)))
    return np.array([lowest.get(code, -1) for code in codes], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several kinds of facility a unit must hold."""

    id: str
    title: Title
    facilities: Facilities


@dataclass(frozen=True, slots=True, eq=False)
class HeldParts:
    """What a HoldsAll found: the units, and which of them hold each part, in the order of the parts."""

    points: DemandPoints
    parts: Sequence[Members]


@dataclass(frozen=True, slots=True)
class HoldsAll:
    """Covered ⇔ a facility of every part stands in the unit."""

    modes: ClassVar[tuple[str, ...]] = ()
    limit: ClassVar[Limit | None] = None
    demand: DemandSource
    needs: tuple[Part, ...]

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return what must be there."""
        return tuple(part.facilities for part in self.needs)

    def standards(self) -> tuple[Standard, ...]:
        """Return nothing of its own: the circle's clause is the rule."""
        return ()

    def measure(self, bench: Bench) -> HeldParts:
        """Return which units hold which part."""
        found = [Member(self.demand, part.facilities).measure(bench) for part in self.needs]
        return HeldParts(bench.points(self.demand), found)

    def judge(self, got: HeldParts, value: float) -> Verdict:
        """Return the Verdict: covered, or absent where one part is."""
        return _verdict(np.logical_and.reduce([part.reason == OK for part in self.parts(got, value)]))

    def parts(self, got: HeldParts, value: float) -> list[Verdict]:
        """Return the Verdict of each part."""
        return [Member(self.demand, p.facilities).judge(m, value) for p, m in zip(self.needs, got.parts, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Sites, and which of them have what is asked for."""

    points: DemandPoints
    held: Bools


@dataclass(frozen=True, slots=True)
class Linked:
    """Covered ⇔ the site's ``column`` names the FAC_ID of a facility in operation."""

    modes: ClassVar[tuple[str, ...]] = ()
    limit: ClassVar[Limit | None] = None
    demand: Sites
    column: str
    facilities: Facilities

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return what must be there."""
        return (self.facilities,)

    def standards(self) -> tuple[Standard, ...]:
        """Return nothing of its own: the circle's clause is the rule."""
        return ()

    def measure(self, bench: Bench) -> Marked:
        """Return which sites are linked."""
        city = bench.city
        centres = city.frame(self.facilities.layer)["FAC_ID"][self.facilities.serving(city)]
        own = self.demand.records(city)[self.column]
        return Marked(bench.points(self.demand), own.isin(set(centres)).to_numpy(dtype=np.bool_))

    def judge(self, got: Marked, value: float) -> Verdict:  # noqa: ARG002
        """Return the Verdict: covered, or absent."""
        return _verdict(got.held)


@dataclass(frozen=True, slots=True)
class Owns:
    """Covered ⇔ the site records enough of one of ``columns``: more than nothing, or the standard named for it.

    Attributes:
        columns: the standard's key by column, "" for anything above 0.
        unit: of those standards.
        per: the column the amounts are divided by, "" for none; a site without it is not covered.
    """

    modes: ClassVar[tuple[str, ...]] = ()
    limit: ClassVar[Limit | None] = None
    demand: Sites
    columns: Mapping[str, str] = field(hash=False)
    unit: str = ""
    per: str = ""

    @property
    def all_facilities(self) -> tuple[Facilities, ...]:
        """Return what must be there: the sites themselves."""
        return (self.demand.facilities,)

    def standards(self) -> tuple[Standard, ...]:
        """Return the norms."""
        return tuple(standard(key, unit=self.unit) for key in self.columns.values() if key)

    def measure(self, bench: Bench) -> Marked:
        """Return which sites have enough."""
        records = self.demand.records(bench.city)
        per = records[self.per].to_numpy(dtype=np.float64, na_value=np.nan) if self.per else np.ones(len(records))
        held = np.zeros(len(records), dtype=np.bool_)
        for column, key in self.columns.items():
            amount = records[column].to_numpy(dtype=np.float64, na_value=np.nan)
            if key:
                enough = np.round(amount - standard(key, unit=self.unit).value * per, _EXACT) >= 0
                held |= enough & (amount > 0)
            else:
                held |= amount > 0
        return Marked(bench.points(self.demand), held)

    def judge(self, got: Marked, value: float) -> Verdict:  # noqa: ARG002
        """Return the Verdict: covered, or absent."""
        return _verdict(got.held)
