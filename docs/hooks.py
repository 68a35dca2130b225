"""Tables of the documentation that are made from the code at every build, so that they cannot drift from it.

A page asks for one with a comment on a line of its own, ``<!-- table: standards -->``; an unknown name stops
the build.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from mkdocs.exceptions import PluginError

import layers.facilities
from data import frames
from data.frames import Column, FrameSpec
from data.modes import modes
from data.standards import Standard, standards
from layers.base import FacilityLayer

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


def facility_layers() -> list[FrameSpec]:
    """Return the spec of every facility layer that has a module of its own."""
    specs: dict[str, FrameSpec] = {}
    for info in pkgutil.iter_modules(layers.facilities.__path__):
        module = importlib.import_module(f"layers.facilities.{info.name}")
        specs |= {found.spec.name: found.spec for found in vars(module).values() if isinstance(found, FacilityLayer)}
    return [specs[name] for name in sorted(specs)]


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


def own_fields_table() -> str:
    """Return the fields that each facility layer adds to the common ones."""
    common = frames.facility_spec("common", {}).columns
    parts = []
    for spec in facility_layers():
        own = [(name, one) for name, one in spec.columns.items() if name not in common]
        parts.append(f"### `{spec.name}`\n\n" + _columns_table(own))
    return "\n\n".join(parts)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "standards": standards_table,
    "slope_times": slope_times_table,
    "streets": lambda: _frame(frames.STREETS),
    "demand": lambda: _frame(frames.DEMAND),
    "areas": lambda: _frame(frames.AREAS),
    "context": lambda: _frame(frames.CONTEXT),
    "facilities_common": lambda: _frame(frames.facility_spec("common", {})),
    "facilities_own": own_fields_table,
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
