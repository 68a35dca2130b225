"""A computed value with the evidence behind it: what counted, what is missing, by county."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from layers.answer import CircleAnswer, Title


@dataclass(frozen=True, slots=True)
class Item:
    """One facility or area of the evidence: ``amount`` in the figure's own unit, ``travel_s`` where a circle has it."""

    id: str
    name: str
    area: str = ""
    area_name: str = ""
    amount: Fraction | None = None
    note: str = ""
    travel_s: float | None = None


@dataclass(frozen=True, slots=True)
class CountyFigure:
    """A county's share of a figure; ``value`` is None where its denominator is 0."""

    code: str
    name: str
    value: Fraction | None
    numerator: Fraction
    denominator: Fraction | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in the indicator's unit, computed from one layer or circle, exactly.

    Attributes:
        value: ``numerator``, or ``numerator ÷ denominator × scale`` of a ratio.
        scale: 100 of a percentage, 1000 per thousand, 1 otherwise.
        counted: what counts, in the order of its ids.
        missing: what would be needed or is nearest to counting, nearest to done first.
        undated: how many were counted without a date that proves the year.
        synthetic: how many of the counted records are made up.
    """

    value: Fraction
    numerator: Fraction
    denominator: Fraction | None
    scale: int
    unit: str
    how: Title
    source: str
    state: date
    counted: tuple[Item, ...] = ()
    missing: tuple[Item, ...] = ()
    undated: int = 0
    synthetic: int = 0
    counties: tuple[CountyFigure, ...] = ()
    notes: tuple[Title, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class NoFigure:
    """Why a value cannot be computed."""

    reason: Title


class Circles(Protocol):
    """What the plan asks of the circles of one edition."""

    def answer(self, circle_id: str, **given: Any) -> CircleAnswer:
        """Return a circle's answer for the whole city. Raises NotFoundError, ParameterError and InputError."""
        ...

    def outside(self, circle_id: str, **given: Any) -> Sequence[Item]:
        """Return the demand outside a circle, nearest first."""
        ...
