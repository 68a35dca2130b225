"""What a facility layer and a circle are, and the frozen registries that hold them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from data.city import CityData
from data.frames import Column, FrameSpec, facility_spec
from data.product import Product
from data.standards import Standard
from geo.errors import NotFoundError
from layers.answer import CircleAnswer, Title


@dataclass(frozen=True, slots=True)
class FacilityLayer:
    """One kind of facility, declared: its own fields, publicity and how it is drawn."""

    id: str
    title: Title
    own: Mapping[str, Column]
    tier: Literal["public", "internal"]
    colour: str
    shape: str
    kinds: tuple[str, ...] = field(default=())

    @property
    def layer(self) -> str:
        """Return the name the layer is kept under."""
        return f"facilities.{self.id}"

    @property
    def spec(self) -> FrameSpec:
        """Return the columns of its records."""
        return facility_spec(self.id, self.own)


@dataclass(frozen=True, slots=True)
class AreaScope:
    """The area a question is about: its code, name and level; "city" is everything."""

    code: str
    name: str
    level: str


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
class ModeChoice:
    """A way of reaching that a circle offers."""

    id: str
    title: Title


@dataclass(frozen=True, slots=True)
class Cut:
    """How a computation is cut, and what maps its tasks; answers do not depend on it."""

    tiles: int
    map: Callable[..., Iterable[Any]]


WHOLE: Final = Cut(1, map)


class Circle(Protocol):
    """A coverage analysis: metadata, one heavy pure step per edition, one light pure step per question."""

    id: ClassVar[str]
    version: ClassVar[int]
    title: ClassVar[Title]
    facility_layer: ClassVar[str]
    demand_layer: ClassVar[str]
    mode_choices: ClassVar[tuple[ModeChoice, ...]]
    params: ClassVar[type[CircleParams]]

    def threshold(self) -> Threshold:
        """Return the default limit and its clause."""
        ...

    def standards(self) -> tuple[Standard, ...]:
        """Return every standard the circle's numbers stand on."""
        ...

    def measure(self, city: CityData, cut: Cut = WHOLE) -> Any:
        """Return the travel times of one edition, from which every question is answered."""
        ...

    def answer(self, measured: Any, params: Any, area: AreaScope) -> CircleAnswer:
        """Return the answer for an area."""
        ...

    def products(self, measured: Any, params: Any, area: AreaScope, provenance: Mapping[str, Any]) -> list[Product]:
        """Return the frames that are delivered for an area."""
        ...


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
