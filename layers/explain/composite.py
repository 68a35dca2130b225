"""Why a place has every service of a composite, or which it lacks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.city import CityData
from layers.answer import Title
from layers.explain import shape
from layers.explain.reach import Reached, reached
from layers.explain.travel import View, facility_ref
from layers.rules import AllOf, Need

F64 = NDArray[np.float64]
_NAMED = 5
_WORST = {"ok": 0, "beyond": 1, "unreachable": 2, "off_network": 3, "absent": 4}


@dataclass(frozen=True, slots=True, eq=False)
class Services:
    """What an AllOf says of one place, by service, the missing ones first; the first one decides."""

    every: tuple[tuple[Need, Reached], ...]

    @property
    def missing(self) -> tuple[tuple[Need, Reached], ...]:
        """Return the services that are not within their limit."""
        return tuple(one for one in self.every if not one[1].covered)

    @property
    def status(self) -> shape.Status:
        """Return the worst reason."""
        return max((got.status for _, got in self.every), key=_WORST.__getitem__)


def services(city: CityData, rule: AllOf, value: float, xy: F64) -> Services:
    """Return the Services of a place, (2,) metres: missing ones first, the farthest beyond its limit before others."""
    found = [(need, reached(city, rule.reach(need), rule.allowed(need, value), xy)) for need in rule.needs]

    def rank(one: tuple[Need, Reached]) -> tuple[int, float]:
        got = one[1]
        return -_WORST[got.status], -got.best.ms / max(got.limit_ms, 1)

    return Services(tuple(sorted(found, key=rank)))


def states(found: Services, view: View) -> tuple[shape.ServiceState, ...]:
    """Return every service as a line of the answer."""
    out = []
    for need, got in found.every:
        arrived = got.best.status == "ok"
        layer = need.facilities.layer
        out.append(
            shape.ServiceState(
                id=need.id, title=need.title, covered=got.covered, status=got.status,
                limit=shape.Amount(value=got.value, unit=need.limit.unit),
                minutes=got.best.ms / 60_000.0 if arrived else None,
                metres=round(got.best.metres, 1) if arrived else None,
                facility=facility_ref(got.city, layer, got.best.facility, view) if arrived else None,
            )
        )  # fmt: skip
    return tuple(out)


def sentence(found: Services) -> Title:
    """Return which services are missing, or that none is."""
    count = len(found.every)
    if not found.missing:
        return Title(
            zh=f"圈内：{count} 项服务全部在限值以内。", en=f"Served: all {count} services are within their limits."
        )
    missing = len(found.missing)
    first = found.missing if missing <= _NAMED else found.missing[:_NAMED]
    zh = "、".join(need.title.zh for need, _ in first) + ("" if len(first) == missing else "等")
    en = ", ".join(need.title.en for need, _ in first) + ("" if len(first) == missing else " and others")
    return Title(
        zh=f"圈外：{count} 项服务中缺 {missing} 项——{zh}。",
        en=f"Not served: {missing} of {count} services missing: {en}.",
    )
