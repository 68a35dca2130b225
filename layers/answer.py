"""The shape of a circle's answer, one object for the command line, HTTP and exports."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of the parts of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(Part):
    """A title in Chinese and English."""

    zh: str
    en: str


class AreaRef(Part):
    """An area by code and name."""

    code: str
    name: str


class Clause(Part):
    """The words a threshold stands on, and where they are written."""

    text: str
    source: str
    url: str | None
    confidence: str


class Demand(Part):
    """Whom the circle is for: total, covered (in ``unit``) and their ratio, null where there is no demand."""

    kind: str
    unit: str
    title: Title
    total: float
    covered: float
    rate: float | None


class Gap(Part):
    """Demand outside the circle, by reason, in its unit; ``absent``: no facility in it nor any that names it."""

    beyond: float
    unreachable: float
    off_network: float
    absent: float = 0.0


class StraightLine(Part):
    """The straight-line variant: distance ÷ flat speed within the limit.

    ``false_share`` is the weight covered straight but not along streets ÷ the weight covered straight.
    """

    covered: float
    rate: float | None
    false_share: float | None


class Variant(Part):
    """The same question with another mode or rule, shown beside the answer.

    ``total`` and ``unit`` are its own where it counts something else; ``limit`` says its threshold.
    """

    id: str
    title: Title
    covered: float
    rate: float | None
    straight_rate: float | None = None
    false_share: float | None = None
    total: float | None = None
    unit: str | None = None
    limit: str | None = None


class Measure(Part):
    """One more number of an area: its title, value (null where there is none) and unit."""

    id: str
    title: Title
    value: float | None
    unit: str


class Service(Part):
    """One service of a composite circle: its limit, and how much of the demand has it."""

    id: str
    title: Title
    limit: str
    covered: float
    rate: float | None
    facilities: int


class AreaRow(Part):
    """The answer for one area within the area asked for."""

    code: str
    name: str
    level: str
    total: float
    covered: float
    rate: float | None
    gap: Gap
    straight_rate: float | None
    measures: dict[str, float | None] = {}


class FacilityCount(Part):
    """Facilities in the edition, and how many of them are off the network of every mode."""

    total: int
    off_network: int
    synthetic: int


class Notice(Part):
    """Something a reader must know about the data, in both languages."""

    kind: str
    zh: str
    en: str


class Provenance(Part):
    """What the answer was made from and with."""

    edition_sha256: str
    code_version: str
    standards_sha256: str
    computed_at: datetime


class CircleAnswer(Part):
    """The answer of a circle for one area.

    ``standard_question`` is false where the caller asked for other parameters than the clause's own.
    """

    circle: str
    title: Title
    area: AreaRef
    edition: str
    parameters: dict[str, float | str | bool]
    clause: Clause
    standard_question: bool
    demand: Demand
    gap: Gap
    straight_line: StraightLine | None
    variants: list[Variant]
    measures: list[Measure] = []
    services: list[Service] = []
    by_area: list[AreaRow]
    facilities: FacilityCount
    diagnostics: dict[str, float | str]
    conversion: Title | None = None
    notices: list[Notice]
    provenance: Provenance | None = None
