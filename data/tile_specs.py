"""What the vector tiles of each layer show, from which zoom on, and how points are thinned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TileSpec:
    """What a tile layer shows: attributes, zooms and thinning.

    ``fields`` maps a tile's attribute to the frame's column. A row is drawn from the zoom of the first of
    ``zooms`` (a column and the zoom by value, ``""`` for none) that knows its value, else from ``otherwise``;
    None never. ``coverage`` names the column whose equal values are areas that share borders; polygons under
    ``smallest`` units squared are left out. Points are thinned in cells of ``cell`` tile units, a power of
    two, by the row's ``key``, ``weight`` (an attribute) is summed; attributes in ``ceiled`` become whole
    numbers, upwards. ``rounded`` layers take the public decimals.
    """

    name: str
    fields: Mapping[str, str]
    minzoom: int
    maxzoom: int
    zooms: tuple[tuple[str, Mapping[str, int]], ...] = ()
    otherwise: int | None = 0
    coverage: str | None = None
    smallest: float = 0.0
    cell: int = 0
    key: str | None = None
    weight: str | None = None
    ceiled: frozenset[str] = frozenset()
    rounded: bool = False


AREAS: Final = TileSpec(
    "areas",
    {"code": "code", "name": "name", "level": "level"},
    minzoom=4,
    maxzoom=14,
    zooms=(("level", {"city": 4, "county": 5, "township": 9}),),
    otherwise=None,
    coverage="level",
)

STREETS: Final = TileSpec(
    "streets",
    {"highway": "highway", "name": "name", "bridge": "bridge", "tunnel": "tunnel", "synthetic": "synthetic"},
    minzoom=5,
    maxzoom=14,
    zooms=(
        (
            "highway",
            {
                "motorway": 5, "trunk": 6, "primary": 8, "secondary": 10, "tertiary": 12,
                "motorway_link": 10, "trunk_link": 10, "primary_link": 11, "secondary_link": 12,
                "tertiary_link": 13, "unclassified": 13, "residential": 13, "living_street": 13,
                "pedestrian": 13, "": 12,
            },
        ),
    ),
    otherwise=14,
)  # fmt: skip

CONTEXT: Final = TileSpec(
    "context",
    {"kind": "kind", "name": "name"},
    minzoom=4,
    maxzoom=14,
    zooms=(
        (
            "tag",
            {"place=city": 4, "place=town": 8, "place=suburb": 11, "place=village": 11, "place=hamlet": 13},
        ),
        (
            "kind",
            {
                "water": 4, "river": 4, "green": 8, "residential": 10, "industrial": 10, "station": 10,
                "place": 11, "peak": 10, "building": 13,
            },
        ),
    ),
    otherwise=12,
    smallest=6.0,
)  # fmt: skip


def facility_tiles(layer: str) -> TileSpec:
    """Return the declaration of facility layer ``layer``; of dots within 2 pixels one is drawn."""
    fields = {"FAC_ID": "FAC_ID", "NAME": "NAME", "KIND": "KIND", "SYNTHETIC": "SYNTHETIC", "ACC_M": "ACC_M"}
    return TileSpec(layer, fields, minzoom=4, maxzoom=14, cell=16, key="FAC_ID", rounded=True)


def circle_tiles(circle: str, times: Sequence[str] = ("walk_s", "cycle_s"), *, named: bool = False) -> TileSpec:
    """Return the declaration of a circle's demand points.

    The frame has ``demand_id``, ``weight``, ``st`` and ``times``, columns of seconds (NaN where not reached); where
    the points are ``named`` (villages, facilities; never homes), ``name`` too, and both it and the id are shown.
    Seconds are rounded up: t ≤ T holds for them as for the times they come from, T being whole seconds.
    """
    return TileSpec(
        f"circles.{circle}",
        {
            "w": "weight",
            **{name: name for name in times},
            "st": "st",
            **({"code": "demand_id", "name": "name"} if named else {}),
        },
        minzoom=4,
        maxzoom=14,
        cell=32,
        key="demand_id",
        weight="w",
        ceiled=frozenset(times),
        rounded=True,
    )
