"""Ways of asking a circle: each a rule with a name; and what was found by each in one edition."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from data.city import CityData
from geo.errors import Fault
from layers.answer import Title
from layers.demand import DemandPoints
from layers.rules import Leg, Rule, Travelled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """One way of asking a circle: its name and its rule."""

    id: str
    title: Title
    rule: Rule

    @property
    def layers(self) -> tuple[str, ...]:
        """Return every layer it cannot do without."""
        streets = ("streets",) if self.rule.modes else ()
        facilities = (one.layer for one in self.rule.all_facilities)
        return tuple(dict.fromkeys((*streets, *facilities, *self.rule.demand.layers)))


@dataclass(frozen=True, slots=True)
class Head:
    """What a further number is called, and its unit."""

    id: str
    title: Title
    unit: str


@dataclass(frozen=True, slots=True)
class Extras:
    """Further numbers of every area: their heads, and the values by area code and id; None where there is none."""

    heads: tuple[Head, ...]
    table: Callable[[CityData], Mapping[str, Mapping[str, float | None]]]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a circle found for one edition, by choice; a choice whose layers are not there is left out."""

    city: CityData
    by_choice: Mapping[str, Any]
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def points(self) -> DemandPoints:
        """Return the demand points of the circle's own question."""
        found: DemandPoints = next(iter(self.by_choice.values())).points
        return found

    @property
    def legs(self) -> Mapping[str, Leg]:
        """Return the travel of the circle's own question by mode, none where it is about no travel."""
        got = next(iter(self.by_choice.values()))
        return got.legs if isinstance(got, Travelled) else {}

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under ``key``, by ``make`` the first time: it is the same for every area."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found


def lacking(city: CityData, layers: tuple[str, ...]) -> list[Fault]:
    """Return a fault for every one of ``layers`` that the edition lacks or that is empty, ``column`` its name."""
    faults = []
    for layer in layers:
        group = layer.partition(".")[0]
        mend = {
            "streets": "import an OSM file or streets, then publish.",
            "demand": "import demand, buildings or an OSM file, then publish.",
            "areas": "import areas, then publish.",
        }.get(group, "import facilities, then publish.")
        if not city.has(layer):
            faults.append(Fault("no_layer", f"edition {city.edition.id} has no layer {layer}.", mend, column=layer))
        elif city.edition.layers[layer].rows == 0:
            faults.append(
                Fault("empty_layer", f"layer {layer} of edition {city.edition.id} is empty.", mend, column=layer)
            )
    return faults
