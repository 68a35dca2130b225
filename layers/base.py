"""What a facility layer is, what a question may ask of a circle, and the frozen registries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from data.frames import Column, FrameSpec, facility_spec
from data.read.osm_rules import osm_feeds
from data.standards import Confidence, Standard
from geo.errors import NotFoundError
from layers.answer import Title

Shape = Literal["circle", "diamond", "triangle", "square", "pentagon", "star", "hexagon"]
"""The marks the map can draw."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The standard a layer's fields follow, where in it, and how sure that reference is."""

    title: str
    clause: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class FacilityLayer:
    """One kind of facility, declared: its own fields, the standard behind them, publicity and how it is drawn.

    Attributes:
        own: the layer's own fields; a common field here takes the common one's place.
        obligatory: fields a steward must fill in; without one the row is not accepted.
        identity: the fields that tell one row from another where a file has no ``FAC_ID``.
        tier: ``internal`` layers leave by no public way.
        colour: ``#rrggbb``; with ``shape`` no two layers are drawn alike.
    """

    id: str
    title: Title
    own: Mapping[str, Column]
    basis: Basis
    tier: Literal["public", "internal"]
    colour: str
    shape: Shape
    obligatory: tuple[str, ...] = ("NAME",)
    identity: tuple[str, ...] = ("NAME", "XZQDM12")

    @property
    def layer(self) -> str:
        """Return the name the layer is kept under."""
        return f"facilities.{self.id}"

    @property
    def spec(self) -> FrameSpec:
        """Return the columns of its records."""
        return facility_spec(self.id, self.own)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of facility it holds, none where it has one kind only."""
        return self.own["KIND"].values if "KIND" in self.own else ()

    @property
    def feeds(self) -> Mapping[str, Mapping[str, str]]:
        """Return the OpenStreetMap tags that feed it, each with the fields it fills."""
        return osm_feeds(self.id)


@dataclass(frozen=True, slots=True)
class AreaScope:
    """The area a question is about: its code, name and level; "city" is everything.

    ``at`` is the day whose areas are meant, None the edition's own.
    """

    code: str
    name: str
    level: str
    at: date | None = None


class CircleParams(BaseModel):
    """Base of circle parameters: frozen, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A circle's default limit, the range a caller may ask for, and the standard it stands on."""

    standard: Standard
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cut:
    """How a computation is cut, and what maps its tasks; answers do not depend on it."""

    tiles: int
    map: Callable[..., Iterable[Any]]


WHOLE: Final = Cut(1, map)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


@dataclass(frozen=True, slots=True)
class Registry(Generic[T]):
    """An immutable set of named things."""

    kind: str
    items: tuple[T, ...]

    def __getitem__(self, key: str) -> T:
        """Return the item ``key``. Raises NotFoundError naming the known ones."""
        for item in self.items:
            if item.id == key:
                return item
        raise NotFoundError(f"no {self.kind} {key!r}; known: {', '.join(x.id for x in self.items)}")
