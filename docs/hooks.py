"""Tables of the documentation that are made from the code at every build, so that they cannot drift from it.

A page asks for one with a comment on a line of its own, ``<!-- table: standards -->``; an unknown name stops
the build.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from mkdocs.exceptions import PluginError

from data import frames
from data.frames import Column, FrameSpec
from data.living import living_services
from data.modes import modes
from data.regions import regions
from data.standards import Standard, standards
from layers.circle import Circle
from layers.circles.catalogue import CIRCLES
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.rules import Rule

_MARK: Final = re.compile(r"^<!-- table: ([a-z_]+) -->$", re.MULTILINE)

_CONFIDENCE: Final = {
    "cited": "cited: a source was found",
    "derived": "derived: computed from a cited number",
    "assumed": "**assumed**: a working value",
}


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ") or "—"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _source(one: Standard) -> str:
    parts = [one.title, one.clause, one.issued]
    return "; ".join(part for part in parts if part not in {"", "—"})


def standards_table() -> str:
    """Return every threshold, pace and weight with its clause, source and confidence."""
    return _table(
        ("Key", "Value", "What it says", "Source and clause", "Confidence"),
        (
            (
                f"`{one.key}`",
                f"{one.value:g}" + ("" if one.unit == "1" else f" {one.unit}"),
                f"{one.zh}<br>{one.statement}",
                _source(one),
                _CONFIDENCE[one.confidence],
            )
            for one in standards().values()
        ),
    )


def _columns_table(columns: Iterable[tuple[str, Column]]) -> str:
    return _table(
        ("Field", "Title", "Meaning", "Type", "Unit", "Must be filled"),
        ((f"`{name}`", one.zh, one.en, one.kind, one.unit, "yes" if one.required else "no") for name, one in columns),
    )


def _frame(spec: FrameSpec) -> str:
    return f"Key `{spec.key}`; geometry {' or '.join(sorted(spec.geometry))}.\n\n" + _columns_table(
        spec.columns.items()
    )


def slope_times_table() -> str:
    """Return how long 1000 m take each mode on a few slopes, computed by the engine's own rules."""
    slopes = np.array([-0.10, -0.05, 0.0, 0.05, 0.10])
    rows = []
    for one in modes().values():
        if one.class_mps:  # driven by road class: no pace of its own
            continue
        speeds = one.slope.speed(one.flat_mps, slopes) if one.slope else np.full(len(slopes), one.flat_mps)
        seconds = np.rint(1000.0 / speeds).astype(int)
        rows.append([f"{one.id}, 1000 m", *(f"{s // 60} min {s % 60:02d} s" for s in seconds)])
    return _table(["Slope", *(f"{100 * slope:+.0f} %" if slope else "level" for slope in slopes)], rows)


def layers_table() -> str:
    """Return the facility layers: what they hold, and what stands behind them."""
    return _table(
        ("Layer", "Title", "Must be given", "Tells rows apart", "Drawn", "Standard", "Confidence"),
        (
            (
                f"[`{one.layer}`](#{one.layer.replace('.', '')})",
                f"{one.title.zh}<br>{one.title.en}",
                ", ".join(f"`{name}`" for name in one.obligatory),
                ", ".join(f"`{name}`" for name in one.identity),
                f"{one.shape} {one.colour}",
                f"{one.basis.title}; {one.basis.clause}",
                _CONFIDENCE[one.basis.confidence],
            )
            for one in FACILITY_LAYERS.items
        ),
    )


def own_fields_table() -> str:
    """Return the fields each layer adds to the common ones, their values, and the tags that feed it."""
    common = frames.common_facility_columns()
    parts = []
    for layer in FACILITY_LAYERS.items:
        own = [(name, one) for name, one in layer.spec.columns.items() if name not in common]
        feeds = [
            f"`{tag}`" + (" → " + ", ".join(f"{k} {v}" for k, v in filled.items()) if filled else "")
            for tag, filled in layer.feeds.items()
        ]
        fed = "Fed by OpenStreetMap: " + "; ".join(feeds) + "." if feeds else "No tag of OpenStreetMap feeds it."
        parts.append(f"### `{layer.layer}`\n\n{layer.title.zh}, {layer.title.en}. {fed}\n\n{_fields_table(own)}")
    return "\n\n".join(parts)


def _fields_table(columns: Iterable[tuple[str, Column]]) -> str:
    return _table(
        ("Field", "Title", "Meaning", "Type", "Unit", "Values", "Plausible", "Tier"),
        (
            (
                f"`{name}`",
                one.zh,
                one.en,
                one.kind,
                one.unit,
                " · ".join(one.values),
                "" if one.low is None or one.high is None else f"{one.low:,.10g} to {one.high:,.10g}",
                one.tier,
            )
            for name, one in columns
        ),
    )


def regions_table() -> str:
    """Return the regions of the plan, whose outlines a steward's file gives."""
    return _table(
        ("Code", "Kind", "Name", "In the plan", "Note"),
        ((f"`{one.code}`", one.kind, f"{one.name_zh}<br>{one.name_en}", one.quote, one.note) for one in regions()),
    )


_BY: Final = {"Reach": "reached by {}", "AllOf": "all within a walk", "Member": "holds one", "HoldsAll": "holds all",
              "Linked": "linked to one", "Owns": "has enough"}  # fmt: skip


def _told(rule: Rule) -> str:
    """Return how a rule decides: its kind, its modes and its limit."""
    text = _BY[type(rule).__name__].format(" or ".join(rule.modes))
    if getattr(rule, "names", None):
        text += ", or is named by one"
    if rule.limit is None:
        return text
    return f"{text}, {rule.limit.standard.value:g} {rule.limit.unit} (`{rule.limit.key}`)"


def _circle_rows(circle: Circle) -> Iterable[Iterable[object]]:
    for number, one in enumerate(circle.choices):
        layers = dict.fromkeys(facilities.layer for facilities in one.rule.all_facilities)
        yield (
            f"**`{circle.id}`** {circle.title.zh}<br>{circle.title.en}" if number == 0 else "",
            f"`{one.id}` {one.title.zh}<br>{one.title.en}",
            one.rule.demand.label({})[1].zh if one.rule.demand.kind not in _PEOPLE else _PEOPLE[one.rule.demand.kind],
            _told(one.rule),
            ", ".join(f"`{layer}`" for layer in layers),
        )


_PEOPLE: Final = {"residents": "居民", "older": "60岁及以上", "children": "0–3岁儿童"}


def circles_table() -> str:
    """Return every circle and its choices: whom they are for, how they decide, what they read."""
    head = ("Circle", "Choice (`--mode`)", "For", "Covered if", "Facilities")
    return _table(head, (row for circle in CIRCLES.items for row in _circle_rows(circle)))


def services_table() -> str:
    """Return the services of the composite circles."""
    return _table(
        ("Circle", "Service", "Layer", "Any of", "Clause", "Confidence"),
        (
            (
                f"`{one.circle}`",
                f"`{one.id}` {one.zh}<br>{one.en}",
                f"`facilities.{one.layer}`",
                " · ".join(one.kinds),
                one.clause,
                _CONFIDENCE[one.confidence],
            )
            for one in living_services()
        ),
    )


TABLES: Final[dict[str, Callable[[], str]]] = {
    "standards": standards_table,
    "slope_times": slope_times_table,
    "streets": lambda: _frame(frames.STREETS),
    "demand": lambda: _frame(frames.DEMAND),
    "areas": lambda: _frame(frames.AREAS),
    "context": lambda: _frame(frames.CONTEXT),
    "facilities_common": lambda: _fields_table(frames.common_facility_columns().items()),
    "facility_layers": layers_table,
    "regions": regions_table,
    "facilities_own": own_fields_table,
    "circles": circles_table,
    "living_services": services_table,
}


def _made(match: re.Match[str]) -> str:
    try:
        make = TABLES[match[1]]
    except KeyError:
        raise PluginError(f"no table {match[1]!r}; known: {', '.join(TABLES)}") from None
    return make()


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables where a page asks for them (called by mkdocs)."""
    return _MARK.sub(_made, markdown)
