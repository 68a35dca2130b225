"""The ways to travel, built from the tables of standards and of street classes."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, PositiveFloat

from data.standards import Confidence, standard
from geo.errors import NotFoundError
from geo.travel import Access, GradeLimit, LinearCycling, Mode, PowerLimited, SlopeRule, Tobler
from geo.units import kph_to_mps


class ClassRule(BaseModel):
    """Speeds (km/h) or closures of some street classes for one mode, the words for them, and where they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kph: dict[str, PositiveFloat] = {}
    closed: frozenset[str] = frozenset()
    zh: str
    statement: str
    title: str
    clause: str
    issued: str
    confidence: Confidence


@cache
def class_rules() -> Mapping[str, tuple[ClassRule, ...]]:
    """Return the rules for street classes of every mode that has some. ValueError where a class has two speeds."""
    raw = tomllib.loads((files("data.tables") / "modes.toml").read_text(encoding="utf-8"))
    found = {key: tuple(ClassRule(**group) for group in groups) for key, groups in raw.items()}
    for key, rules in found.items():
        named = [name for rule in rules for name in (*rule.kph, *rule.closed)]
        if len(named) != len(set(named)):
            raise ValueError(f"modes.toml: {key} names a street class twice")
    return MappingProxyType(found)


def _kph(key: str) -> float:
    return kph_to_mps(standard(key, unit="km/h").value)


def _tobler() -> Tobler:
    return Tobler(standard("tobler_factor", unit="1").value, standard("tobler_optimum", unit="1").value)


def _cycling() -> LinearCycling:
    return LinearCycling(
        standard("cycle_uphill_loss", unit="1/%").value,
        standard("cycle_downhill_gain", unit="1/%").value,
        _kph("cycle_push_speed"),
        _kph("cycle_downhill_cap"),
    )


def _electric() -> PowerLimited:
    mass = standard("ebike_mass", unit="kg").value + standard("ebike_load", unit="kg").value
    return PowerLimited(
        standard("ebike_power", unit="W").value / mass,
        standard("ebike_rolling", unit="1").value,
        standard("ebike_drag", unit="1/m").value,
        _kph("cycle_push_speed"),
    )


def _truck() -> PowerLimited:
    return PowerLimited(
        standard("truck_power", unit="W/kg").value,
        standard("truck_rolling", unit="1").value,
        standard("truck_drag", unit="1/m").value,
        0.0,
    )


def _mode(key: str, access: Access, flat_mps: float, slope: SlopeRule | None, grade: GradeLimit | None = None) -> Mode:
    rules = class_rules().get(key, ())
    return Mode(
        key,
        access,
        flat_mps,
        slope,
        standard("slope_clip", unit="1").value,
        closed=frozenset().union(*(rule.closed for rule in rules)),
        class_mps=tuple(sorted((name, kph_to_mps(kph)) for rule in rules for name, kph in rule.kph.items())),
        grade=grade,
    )


@cache
def modes() -> Mapping[str, Mode]:
    """Return every mode by its id."""
    grade = GradeLimit(
        standard("wheelchair_max_slope", unit="1").value, standard("wheelchair_steep_run", unit="m").value
    )
    every = (
        _mode("walk", "walk", _kph("walk_speed"), _tobler()),
        _mode("cycle", "cycle", _kph("cycle_speed"), _cycling()),
        _mode("older", "walk", _kph("older_walk_speed"), _tobler()),
        _mode("child", "walk", _kph("child_walk_speed"), _tobler()),
        _mode("wheelchair", "walk", _kph("wheelchair_speed"), None, grade),
        _mode("ebike", "cycle", min(_kph("ebike_speed"), _kph("ebike_speed_cap")), _electric()),
        _mode("car", "drive", _kph("motor_access_speed"), None),
        _mode("truck", "drive", _kph("motor_access_speed"), _truck()),
    )
    return MappingProxyType({one.id: one for one in every})


def mode(key: str) -> Mode:
    """Return the mode ``key``. Raises NotFoundError naming the known ones."""
    try:
        return modes()[key]
    except KeyError:
        raise NotFoundError(f"no mode {key!r}; known: {', '.join(modes())}") from None
