"""What happened between two states of a city, and what it did to each circle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd

from api.run import Runner
from data.publicity import clear_of_protected
from data.stores.base import DRAFT, Edition
from data.stores.diff import EditionDiff, LayerDiff, diff_layers
from data.tiles import public_rows
from geo.errors import NotFoundError, ParameterError, QuantuError
from layers.answer import CircleAnswer, Title

_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class CircleEffect:
    """What happened to one circle, city-wide, with its default parameters; rates are shares from 0 to 1.

    ``covered`` is by how much the demand covered has grown, in ``unit``; None where the unit itself has changed.
    """

    circle: str
    title: Title
    unit: str
    rate_before: float | None
    rate_after: float | None
    covered_before: float
    covered_after: float
    covered: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What leads from one state to another: by layer, by circle, and why a circle cannot be compared."""

    diff: EditionDiff
    circles: tuple[CircleEffect, ...]
    unanswered: dict[str, str]


def compare(runner: Runner, a: str, b: str, *, layer: str | None = None) -> Comparison:
    """Return what leads from edition ``a`` to ``b``, either of which may be ``draft``; of one ``layer``, if named.

    Raises NotFoundError.
    """
    old, new = _state(runner, a), _state(runner, b)
    diff = runner.store.diff(a, b)
    if layer is not None:
        if layer not in old.layers and layer not in new.layers:
            held = ", ".join(sorted({*old.layers, *new.layers}))
            raise NotFoundError(f"no layer {layer!r} in {a} or {b}; they hold: {held}")
        diff = EditionDiff(diff.a, diff.b, {name: one for name, one in diff.layers.items() if name == layer})
    return Comparison(diff, *_effects(runner, (a, old), (b, new)))


def public_comparison(runner: Runner, a: str, b: str) -> dict[str, Any]:
    """Return counts by public layer and the effect on each circle, as plain data; no row, and nothing of a draft.

    Facilities and fields that are internal count as if they were not there. Raises NotFoundError, ParameterError.
    """
    if DRAFT in {a, b}:
        raise ParameterError("a draft is not public; compare two editions by number")
    old, new = _state(runner, a), _state(runner, b)
    layers = []
    for name in sorted({*old.layers, *new.layers}):
        if not _is_public(runner, name) or old.layers.get(name) == new.layers.get(name):
            continue
        before, after = (_public_rows(runner, edition, name) for edition in (old, new))
        found = diff_layers(name, before, after)
        if found.state != "changed" or any(found.counts.values()):
            layers.append({"layer": name, "state": found.state, **found.counts})
    effects, unanswered = _effects(runner, (a, old), (b, new))
    return {
        "a": a,
        "b": b,
        "layers": layers,
        "circles": [effect_json(one) for one in effects],
        "unanswered": sorted(unanswered),
    }


def effect_json(effect: CircleEffect) -> dict[str, Any]:
    """Return an effect as plain data."""
    return {
        "circle": effect.circle,
        "title": effect.title.model_dump(),
        "unit": effect.unit,
        "rate": {"before": effect.rate_before, "after": effect.rate_after},
        "covered": {"before": effect.covered_before, "after": effect.covered_after, "change": effect.covered},
    }


def comparison_json(found: Comparison, *, examples: int = _EXAMPLES) -> dict[str, Any]:
    """Return a comparison as plain data, with the first ``examples`` rows of each kind."""
    return {
        "a": found.diff.a,
        "b": found.diff.b,
        "layers": [_layer_json(one, examples) for one in found.diff.layers.values()],
        "circles": [effect_json(one) for one in found.circles],
        "unanswered": found.unanswered,
    }


def _layer_json(layer: LayerDiff, examples: int) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "state": layer.state,
        "key": layer.key,
        "rows": {"before": layer.before, "after": layer.after},
        **layer.counts,
        "columns": dict(layer.columns),
        "meta_changed": layer.meta_changed,
        "examples": {
            "added": [str(key) for key in layer.added[:examples]],
            "removed": [str(key) for key in layer.removed[:examples]],
            "changes": [
                {"key": one.key, "old": dict(one.old), "new": dict(one.new), "moved_m": _metres(one.moved_m)}
                for one in layer.changes(examples)
            ],
        },
    }


def _metres(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _state(runner: Runner, ref: str) -> Edition:
    return runner.store.preview() if ref == DRAFT else runner.store.edition(ref)


def _effects(runner: Runner, *states: tuple[str, Edition]) -> tuple[tuple[CircleEffect, ...], dict[str, str]]:
    """Return the effect on every circle that both states can answer, and why the others cannot be."""
    effects, unanswered = [], {}
    for circle in runner.circles.items:
        try:
            before, after = _answers(runner, circle.id, *states)
        except QuantuError as error:
            unanswered[circle.id] = str(error)
            continue
        unit = after.demand.unit
        grown = after.demand.covered - before.demand.covered if unit == before.demand.unit else None
        effects.append(
            CircleEffect(
                circle.id, circle.title, unit, before.demand.rate, after.demand.rate,
                before.demand.covered, after.demand.covered, grown,
            )
        )  # fmt: skip
    return tuple(effects), unanswered


def _answers(runner: Runner, circle: str, *states: tuple[str, Edition]) -> Iterator[CircleAnswer]:
    """Yield a circle's answer for each state. Raises NotFoundError before any is measured where a layer is missing."""
    chosen = runner.circles[circle]
    for ref, edition in states:
        missing = [name for name in chosen.layers if name not in edition.layers]
        if missing:
            raise NotFoundError(f"{ref} holds no {', '.join(missing)}")
    for ref, edition in states:
        if ref == DRAFT:
            # A preview is no edition yet: its answer is not kept.
            scope = runner.area(edition, None)
            yield chosen.answer(runner.measured(chosen, edition), runner.params(chosen, {}), scope)
        else:
            yield runner.answer(circle, edition=edition.id)


def _is_public(runner: Runner, name: str) -> bool:
    group, _, kind = name.partition(".")
    if group == "facilities":
        return any(one.id == kind and one.tier == "public" for one in runner.facility_layers.items)
    return group in {"streets", "areas", "demand"}


def _public_rows(runner: Runner, edition: Edition, name: str) -> gpd.GeoDataFrame | None:
    """Return a layer without what is internal in it, None where the edition lacks it."""
    if name not in edition.layers:
        return None
    frame = runner.store.read(edition, name)
    group, _, kind = name.partition(".")
    if group != "facilities":
        return frame
    columns = runner.facility_layers[kind].spec.columns
    internal = [column for column in frame.columns if column in columns and columns[column].tier == "internal"]
    frame = clear_of_protected(frame[public_rows(frame)], runner.city_data(edition))
    return frame.drop(columns=internal).reset_index(drop=True)
