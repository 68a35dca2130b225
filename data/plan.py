"""The city's plan as data: its indicators, dated targets, milestones and sectors, and how its open words are read.

Every number is kept as the exact decimal text of the plan, beside the words it stands in.
"""

import csv
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from data.standards import Confidence
from geo.errors import NotFoundError

Comparison = Literal["at_least", "more_than", "about", "less_than", "growth_at_least", "range", "named"]
Kind = Literal["flow", "stock", "ratio", "growth"]
Computable = Literal["full", "partial", "reported"]

PLAN_TITLE: Final = "兰州市现代服务业三年行动计划（2024—2026年）"
PLAN_CITY: Final = "620100"
"""The city whose plan the tables hold."""
_TABLES: Final = ("plan_sectors.csv", "plan_indicators.csv", "plan.csv", "plan_milestones.csv", "plan_settings.toml")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sector(_Row):
    """One sector of the plan, and who leads it and who answers for it."""

    no: int
    zh: str
    en: str
    lead: tuple[str, ...]
    responsible: tuple[str, ...]


class Target(_Row):
    """What is to be reached at a year's end: exact decimal text, two joined by ``~`` for a range.

    ``quote`` is verbatim, slips of the pen and all. ``reading`` says how words without a number are read, and
    ``names`` are the sites the plan names.
    """

    code: str
    year: int
    target: str
    quote: str
    reading: str
    names: tuple[str, ...]


class Indicator(_Row):
    """One figure of the plan: what it is, in what unit, how it is compared, and whether layers can compute it."""

    code: str
    sector: int
    zh: str
    en: str
    unit: str
    comparison: Comparison
    kind: Kind
    computable: Computable
    definition_zh: str
    definition_en: str
    aliases: tuple[str, ...]
    note: str


class Milestone(_Row):
    """A qualitative aim: done or not done, never a grade."""

    code: str
    sector: int
    year: int
    zh: str
    en: str
    quote: str


class SettingRow(_Row):
    """One reading of the plan's words: its default, what else it may be, and where it comes from."""

    key: str
    value: str
    unit: str
    choices: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    zh: str
    en: str
    title: str
    clause: str
    issued: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan, in the order of its text."""

    sectors: tuple[Sector, ...]
    indicators: tuple[Indicator, ...]
    targets: tuple[Target, ...]
    milestones: tuple[Milestone, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Return the years that have targets, ascending."""
        return tuple(sorted({t.year for t in self.targets}))

    def indicator(self, code: str) -> Indicator:
        """Return the indicator of that code. Raises NotFoundError."""
        for one in self.indicators:
            if one.code == code:
                return one
        raise NotFoundError(f"no indicator {code!r} in the plan; known: {', '.join(x.code for x in self.indicators)}")

    def sector(self, no: int) -> Sector:
        """Return the sector of that number."""
        return next(one for one in self.sectors if one.no == no)

    def target(self, code: str, year: int) -> Target | None:
        """Return what the plan wants of an indicator by the end of a year, None where it names nothing."""
        return next((t for t in self.targets if t.code == code and t.year == year), None)


def _bytes(name: str) -> bytes:
    return (files("data.tables") / name).read_bytes()


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_bytes(name).decode("utf-8").splitlines()))


def _listed(row: dict[str, str], *columns: str) -> dict[str, object]:
    return {**row, **{c: tuple(filter(None, row[c].split(";"))) for c in columns}}


@cache
def plan() -> Plan:
    """Return the plan of the tables."""
    return Plan(
        sectors=tuple(Sector.model_validate(_listed(r, "lead", "responsible")) for r in _rows("plan_sectors.csv")),
        indicators=tuple(Indicator.model_validate(_listed(r, "aliases")) for r in _rows("plan_indicators.csv")),
        targets=tuple(Target.model_validate(_listed(r, "names")) for r in _rows("plan.csv")),
        milestones=tuple(Milestone.model_validate(r) for r in _rows("plan_milestones.csv")),
    )


@cache
def plan_settings() -> dict[str, SettingRow]:
    """Return every reading of the plan's words by its key."""
    raw = tomllib.loads(_bytes("plan_settings.toml").decode("utf-8"))
    return {key: SettingRow(key=key, **row) for key, row in raw.items()}


@cache
def plan_sha256() -> str:
    """Return the SHA-256 of the plan's tables, part of every report's provenance."""
    digest = hashlib.sha256()
    for name in _TABLES:
        digest.update(name.encode() + b"\0" + _bytes(name))
    return digest.hexdigest()


@cache
def residents_2020() -> int:
    """Return the residents of the plan's city in the census of 2020."""
    return next(int(row["population"]) for row in _rows("census2020.csv") if row["code"] == PLAN_CITY)
