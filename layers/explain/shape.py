"""The shape of an explanation: what is true of one place, in fields and in sentences of both languages."""

from typing import Any, Literal

from layers.answer import AreaRef, Clause, Measure, Notice, Part, Provenance, Title

Status = Literal["ok", "beyond", "unreachable", "off_network", "absent"]


class Amount(Part):
    """A number and its unit, "min" or "m"."""

    value: float
    unit: str


class Place(Part):
    """What is explained: a point asked for, a demand point, or an area standing at one point.

    ``note`` says how a name became a point; ``weight`` is what a demand point counts.
    """

    kind: Literal["point", "demand", "unit", "area"]
    lon: float
    lat: float
    id: str | None = None
    name: str | None = None
    weight: float | None = None
    township: AreaRef | None = None
    county: AreaRef | None = None
    note: Title | None = None


class FacilityRef(Part):
    """A facility that may be named: position rounded as the public sees it."""

    id: str
    name: str
    kind: str | None
    layer: str
    lon: float
    lat: float
    synthetic: bool


class Edge(Part):
    """One segment of a way: its street's name and class, and how it is travelled; slope is rise ÷ run."""

    name: str | None
    street_class: str | None
    length_m: float
    minutes: float
    kph: float
    slope: float | None
    bridge: bool
    tunnel: bool


class Way(Part):
    """The way to a facility: lengths in metres, access legs included in ``metres`` and ``minutes``.

    ``streets`` and ``bridges`` are the names met, in order; ``geometry`` is a GeoJSON LineString, EPSG:4490.
    """

    metres: float
    minutes: float
    street_m: float
    access_m: float
    facility_access_m: float
    climb_m: float | None
    descent_m: float | None
    slowest: Edge | None
    streets: list[str]
    bridges: list[str]
    unnamed_bridges: int
    geometry: dict[str, Any]


class Trip(Part):
    """One mode's travel to its nearest facility, however long it takes; numbers are null where there is none."""

    mode: str
    title: Title
    status: Status
    minutes: float | None
    metres: float | None


class Straight(Part):
    """The straight line beside it; ``covered`` by it but not along streets is its false share, and ``why`` says so."""

    metres: float
    minutes: float
    covered: bool
    crosses_water: bool
    water: str | None
    why: Title | None


class Decides(Part):
    """What the answer hangs on: an edge, a rule or a limit, with its numbers."""

    kind: Literal[
        "limit", "off_network", "closed_class", "island", "one_way", "no_facility", "service", "inside", "named",
        "nobody", "record",
    ]  # fmt: skip
    sentence: Title


class Change(Part):
    """One change that would serve the place; ``enough`` is false where it helps without being sufficient."""

    kind: Literal["mode", "nearer", "link", "street", "crossing", "name_it", "inside", "record"]
    sentence: Title
    enough: bool
    metres: float | None = None
    lon: float | None = None
    lat: float | None = None
    choice: str | None = None
    facility: FacilityRef | None = None


class ServiceState(Part):
    """One service of a composite, or one kind a unit must hold."""

    id: str
    title: Title
    covered: bool
    status: Status
    limit: Amount | None
    minutes: float | None
    metres: float | None
    facility: FacilityRef | None


class Explanation(Part):
    """Why a place is served by a circle or not.

    ``sentence`` answers it in one sentence; ``over`` is how far beyond the limit it is (negative: to spare), in the
    limit's unit; ``facility_hidden`` is true where the deciding facility is not public, and then it is not located.
    ``changes`` are what would serve the place, the least first; none where it is served.
    """

    circle: str
    title: Title
    edition: str
    choice: str
    choice_title: Title
    place: Place
    covered: bool
    status: Status
    limit: Amount | None
    over: float | None
    sentence: Title
    mode: str | None = None
    facility: FacilityRef | None = None
    facility_hidden: bool = False
    way: Way | None = None
    trips: tuple[Trip, ...] = ()
    straight: Straight | None = None
    decides: Decides
    services: tuple[ServiceState, ...] = ()
    changes: tuple[Change, ...] = ()
    measures: tuple[Measure, ...] = ()
    clause: Clause
    notices: tuple[Notice, ...] = ()
    provenance: Provenance | None = None
