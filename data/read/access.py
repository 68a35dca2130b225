"""Who may use a street: OpenStreetMap's access, one-way and structure tags, by their meaning.

Not read: turn restrictions, ``hgv``, conditional restrictions (``*:conditional``), and
``oneway:foot`` (walkers always go both ways). ``layer`` only orders crossings, which share no node: it changes
nothing here.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from data.read.osm_rules import Tags, access_table

STREET_KEYS: Final = (
    "highway", "foot", "bicycle", "access", "vehicle", "motor_vehicle", "motorcar", "oneway", "oneway:bicycle",
    "oneway:motor_vehicle", "junction", "cycleway", "cycleway:left", "cycleway:right", "cycleway:both",
    "cycleway:left:oneway", "cycleway:right:oneway", "motorroad", "sidewalk", "sidewalk:both", "sidewalk:left",
    "sidewalk:right", "bridge", "tunnel", "layer", "maxspeed", "incline",
)  # fmt: skip
"""The tags that say who may use a way and how."""

Direction = Literal["both", "forward", "backward"]
Default = bool | Literal["never"]
_NUMBER: Final = re.compile(r"^\s*([-+]?\d+(?:[.,]\d+)?)\s*(.*?)\s*$")
_FASTEST_KPH: Final = 200.0
_STEEPEST_PCT: Final = 100.0


@dataclass(frozen=True, slots=True)
class StreetUse:
    """Who may use one way, along (``fwd``) and against (``bwd``) the way it is drawn, and what it is.

    ``known`` is False where the table does not list its class.
    """

    walk: bool
    cycle_fwd: bool
    cycle_bwd: bool
    drive_fwd: bool
    drive_bwd: bool
    bridge: bool
    tunnel: bool
    maxspeed_kph: float
    incline_pct: float
    known: bool

    @property
    def used(self) -> bool:
        """Return whether any mode may use it."""
        return self.walk or self.cycle_fwd or self.cycle_bwd or self.drive_fwd or self.drive_bwd


def street_use(tags: Tags) -> StreetUse:
    """Return who may use the way; without ``highway`` it is open both ways unless tagged otherwise.

    A class the table does not list is closed and ``known`` is False.
    """
    return _street_use(tuple(tags.get(key) for key in STREET_KEYS))


@lru_cache(maxsize=65536)
def _street_use(values: tuple[str | None, ...]) -> StreetUse:
    tags = {key: value for key, value in zip(STREET_KEYS, values, strict=True) if value is not None}
    foot, bicycle, motor, known = _class_defaults(tags)
    walk = _allowed("foot", _opened_by_sidewalk(foot, tags), tags)
    cycle = _allowed("bicycle", bicycle, tags)
    drive = _allowed("motor", motor, tags)
    cycle_way, drive_way = cycle_direction(tags), drive_direction(tags)
    structure = access_table()["structure"]
    bridge, tunnel = tags.get("bridge"), tags.get("tunnel")
    return StreetUse(
        walk=walk,
        cycle_fwd=cycle and cycle_way != "backward",
        cycle_bwd=cycle and cycle_way != "forward",
        drive_fwd=drive and drive_way != "backward",
        drive_bwd=drive and drive_way != "forward",
        bridge=bridge is not None and bridge not in structure["no_bridge"],
        tunnel=tunnel is not None and tunnel not in structure["no_tunnel"],
        maxspeed_kph=parse_maxspeed(tags.get("maxspeed")),
        incline_pct=parse_incline(tags.get("incline")),
        known=known,
    )


def _class_defaults(tags: Tags) -> tuple[Default, Default, Default, bool]:
    highway = tags.get("highway")
    if highway is None:
        foot: Default = True
        bicycle: Default = True
        motor: Default = True
        known = True
    else:
        known = highway in access_table()["classes"]
        foot, bicycle, motor = access_table()["classes"].get(highway, ("never", "never", "never"))
    if tags.get("motorroad") == "yes":
        foot = False if foot is True else foot
        bicycle = False if bicycle is True else bicycle
    return foot, bicycle, motor, known


def _opened_by_sidewalk(foot: Default, tags: Tags) -> Default:
    """A pavement opens a class or motorroad that is closed to walkers by default."""
    if foot is not False:
        return foot
    along = access_table()["structure"]["sidewalk"]
    return tags.get("sidewalk") in along or any(
        tags.get(f"sidewalk:{side}") == "yes" for side in ("both", "left", "right")
    )


def _allowed(mode: str, default: Default, tags: Tags) -> bool:
    if default == "never":
        return False
    table = access_table()
    for key in table["keys"][mode]:
        value = tags.get(key)
        if value in table["values"]["closed"]:
            return False
        if value in table["values"]["open"]:
            # a general access=yes does not open what a class reserves (a footway to cars)
            return bool(default) or key not in ("access", "vehicle")
    return bool(default)


def barred_at(tags: Tags) -> frozenset[str]:
    """Return the access classes ("walk", "cycle", "drive") that may not pass a node tagged ``barrier``.

    Tags of access there come before what the barrier implies; a removable or rising bollard is a bollard.

    >>> sorted(barred_at({"barrier": "bollard"})), sorted(barred_at({"barrier": "gate", "access": "private"}))
    (['drive'], ['cycle', 'drive', 'walk'])
    """
    value = tags.get("barrier")
    if value is None:
        return frozenset()
    table = access_table()
    implied = table["barriers"].get(value, table["barriers"]["other"])
    classes = {"walk": "foot", "cycle": "bicycle", "drive": "motor"}
    return frozenset(
        access
        for (access, mode), default in zip(classes.items(), implied, strict=True)
        if not _passes(table["keys"][mode], default, tags)
    )


def _passes(keys: list[str], default: bool, tags: Tags) -> bool:
    values = access_table()["values"]
    for key in keys:
        if tags.get(key) in values["closed"]:
            return False
        if tags.get(key) in values["open"]:
            return True
    return default


def _stated(value: str | None) -> Direction | None:
    rules = access_table()["oneway"]
    if value in rules["forward"]:
        return "forward"
    if value in rules["backward"]:
        return "backward"
    return "both" if value in rules["both"] else None


def _general_direction(tags: Tags) -> Direction:
    stated = _stated(tags.get("oneway"))
    if stated is not None:
        return stated
    rules = access_table()["oneway"]
    implied = tags.get("junction") in rules["implied_junction"] or tags.get("highway") in rules["implied_highway"]
    return "forward" if implied else "both"


def drive_direction(tags: Tags) -> Direction:
    """Return the direction motor cars may take."""
    return _stated(tags.get("oneway:motor_vehicle")) or _general_direction(tags)


def cycle_direction(tags: Tags) -> Direction:
    """Return the direction cycles may take: ``oneway:bicycle``, then contraflow lanes, then ``oneway``."""
    stated = _stated(tags.get("oneway:bicycle"))
    if stated is not None:
        return stated
    general = _general_direction(tags)
    if general == "both":
        return "both"
    contraflow = access_table()["oneway"]["contraflow_cycleway"]
    keys = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    against = any(tags.get(key) in contraflow for key in keys) or any(
        tags.get(f"cycleway:{side}:oneway") in ("no", "-1") for side in ("left", "right")
    )
    return "both" if against else general


def parse_maxspeed(value: str | None) -> float:
    """Return km/h, NaN where none is stated as one number (``none``, ``CN:urban``, lists).

    >>> parse_maxspeed("50"), parse_maxspeed("30 mph"), parse_maxspeed("CN:urban")
    (50.0, 48.28032, nan)
    """
    found = _NUMBER.match(value) if value else None
    if found is None:
        return math.nan
    unit = access_table()["maxspeed_units"].get(found.group(2).lower())
    if unit is None:
        return math.nan
    speed = float(found.group(1).replace(",", ".")) * float(unit)
    return speed if 0.0 < speed <= _FASTEST_KPH else math.nan


def parse_incline(value: str | None) -> float:
    """Return the incline in percent along the way drawn, NaN for ``up``, ``down`` and anything not a number.

    >>> parse_incline("-8%"), round(parse_incline("10°"), 2), parse_incline("up")
    (-8.0, 17.63, nan)
    """
    found = _NUMBER.match(value) if value else None
    if found is None or found.group(2) not in ("", "%", "°"):
        return math.nan
    number = float(found.group(1).replace(",", "."))
    percent = math.tan(math.radians(number)) * 100.0 if found.group(2) == "°" else number
    return percent if abs(percent) <= _STEEPEST_PCT else math.nan
