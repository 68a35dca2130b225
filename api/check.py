"""What is wrong with the draft: every facility layer as the next edition would hold it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from data.stores.base import City, Store
from geo.errors import Fault, NotFoundError, ParameterError, Severity
from layers.base import FacilityLayer, Registry
from layers.circle import Circle
from layers.quality.around import Surroundings, surroundings
from layers.quality.base import NOT_CHECKED, Finding, Findings, Subject, examine
from layers.quality.catalogue import CHECKS

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "notice")
_GROUND: Final = ("areas", "streets", "context")
_LACKS: Final = "circle_lacks"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was looked at and what was found: rows by layer, findings by severity, rows in quarantine."""

    city: City
    on: date
    rows: Mapping[str, int]
    findings: tuple[Finding, ...]
    quarantined: int

    def counts(self) -> dict[str, int]:
        """Return the number of findings by severity, all of them named."""
        found = Counter(one.fault.severity for one in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    def by_check(self) -> list[dict[str, Any]]:
        """Return the number of findings by layer and check, the gravest first."""
        found = Counter((one.fault.severity, one.layer, one.fault.code) for one in self.findings)
        ordered = sorted(found.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -item[1], item[0][1:]))
        return [
            {"severity": severity, "layer": layer, "check": code, **_titles(code), "count": count}
            for (severity, layer, code), count in ordered
        ]

    def as_dict(self, *, least: Severity = "notice") -> dict[str, Any]:
        """Return the report as plain data, its list down to the severity ``least``."""
        return {
            "city": {"code": self.city.code, "name": self.city.name},
            "on": self.on.isoformat(),
            "rows": dict(self.rows),
            "quarantined": self.quarantined,
            "counts": self.counts(),
            "by_check": self.by_check(),
            "findings": [one.as_dict() for one in self.at_least(least)],
        }

    def at_least(self, severity: Severity) -> list[Finding]:
        """Return the findings of that severity and graver ones, the gravest first."""
        kept = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return [one for grade in kept for one in self.findings if one.fault.severity == grade]


def _titles(code: str) -> dict[str, str]:
    extra = {NOT_CHECKED: ("未检查", "Not checked"), _LACKS: ("分析缺少图层", "A circle lacks a layer")}
    if code in extra:
        return {"zh": extra[code][0], "en": extra[code][1]}
    title = CHECKS[code].title
    return {"zh": title.zh, "en": title.en}


def severity_named(text: str) -> Severity:
    """Return the severity of that name. Raises ParameterError."""
    for severity in SEVERITIES:
        if severity == text:
            return severity
    raise ParameterError(f"no severity {text!r}; known: {', '.join(SEVERITIES)}")


def draft_surroundings(store: Store, *, on: date) -> Surroundings:
    """Return what surrounds the records of the draft on a day: its areas, streets and context."""
    city = store.city()
    return surroundings({name: store.present(name) for name in _GROUND}, on=on, city=city.code, crs=city.crs)


def check(
    store: Store,
    *,
    facility_layers: Registry[FacilityLayer],
    circles: Registry[Circle],
    on: date,
    layer: str | None = None,
) -> CheckReport:
    """Return what is wrong with the facility layers as the next edition would hold them, or with the one named.

    Raises NotFoundError for a layer that is not known or not there.
    """
    chosen = facility_layers.items if layer is None else (facility_layers[layer.removeprefix("facilities.")],)
    around = draft_surroundings(store, on=on)
    rows: dict[str, int] = {}
    findings: list[Finding] = []
    for one in chosen:
        frame = store.present(one.layer)
        if frame is None:
            continue
        rows[one.layer] = len(frame)
        findings += _of(examine(CHECKS.items, Subject(frame, one, around)))
    if layer is not None and not rows:
        raise NotFoundError(f"neither the draft nor the last edition holds {chosen[0].layer}. Mend: import it first.")
    if layer is None:
        findings += _lacking(store, circles)
    waiting = len(store.quarantined())
    return CheckReport(store.city(), on, rows, tuple(findings), waiting)


def _of(found: Findings) -> list[Finding]:
    return found.listed(file=found.subject.layer.layer)


def _lacking(store: Store, circles: Registry[Circle]) -> list[Finding]:
    """Return a finding for every circle that has its facilities and lacks something else."""
    have: dict[str, bool] = {}
    out = []
    for circle in circles.items:
        for name in circle.layers:
            if name not in have:
                frame = store.present(name)
                have[name] = frame is not None and len(frame) > 0
        absent = [name for name in circle.layers if not have[name]]
        if absent and any(have[name] for name in circle.facility_layers):
            out.append(Finding(_lacks(circle, absent), circle.facility_layer, None, None, None))
    return out


def _lacks(circle: Circle, absent: Sequence[str]) -> Fault:
    names = ", ".join(absent)
    return Fault(
        _LACKS,
        f"“{circle.title.zh}”缺少图层 {names}，无法计算。 {circle.title.en} cannot be computed without {names}.",
        "导入所缺图层。 Import what is missing.",
        value=circle.id,
        severity="warning",
    )
