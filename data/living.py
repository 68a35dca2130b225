"""The services composite circles ask for: which kinds of facility stand for each, and where the list is from."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict

from data.standards import Confidence


class LivingService(BaseModel):
    """One service of a circle: the kinds of ``facilities.{layer}`` of which any serves, and its clause."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    circle: str
    id: str
    zh: str
    en: str
    layer: str
    kinds: tuple[str, ...]
    clause: str
    confidence: Confidence


class LivingLevel(BaseModel):
    """How many persons a level of the living circle is planned for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    circle: str
    persons_low: int
    persons_high: int
    clause: str
    confidence: Confidence


@cache
def _tables() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((files("data.tables") / "living_services.toml").read_text(encoding="utf-8"))


@cache
def living_levels() -> tuple[LivingLevel, ...]:
    """Return every level of the living circle, the widest first."""
    return tuple(LivingLevel(**row) for row in _tables()["level"])


@cache
def living_services() -> tuple[LivingService, ...]:
    """Return every service, in the order of the table."""
    return tuple(LivingService(**row) for row in _tables()["service"])
