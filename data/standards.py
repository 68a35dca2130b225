"""Thresholds, paces and weights, each with its clause and source."""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from geo.errors import NotFoundError

Confidence = Literal["cited", "derived", "assumed"]


class Standard(BaseModel):
    """One number, the words it stands for, and where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
    value: float
    unit: str
    zh: str
    statement: str
    title: str
    clause: str
    issued: str
    confidence: Confidence
    url: str | None = None


def _bytes() -> bytes:
    return (files("data.tables") / "standards.toml").read_bytes()


@cache
def standards() -> dict[str, Standard]:
    """Return every standard by its key."""
    raw = tomllib.loads(_bytes().decode())
    return {key: Standard(key=key, **row) for key, row in raw.items()}


def standard(key: str, *, unit: str) -> Standard:
    """Return the standard ``key``.

    Raises NotFoundError, and ValueError for a unit the caller does not expect.
    """
    try:
        found = standards()[key]
    except KeyError:
        raise NotFoundError(f"no standard {key!r}; known: {', '.join(sorted(standards()))}") from None
    if found.unit != unit:
        raise ValueError(f"{key} is in {found.unit}, the caller expects {unit}")
    return found


@cache
def standards_sha256() -> str:
    """Return the SHA-256 of the tables of standards and modes, part of every provenance block and cache key."""
    tables = files("data.tables")
    return hashlib.sha256(_bytes() + (tables / "modes.toml").read_bytes()).hexdigest()
