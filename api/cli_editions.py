"""``quantu diff``, ``restore`` and ``prune``: what was published, told apart, brought back, deleted."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from api.cli_common import LIST, Workspace, busy, fail_cleanly, out, runner_of
from api.editions import Comparison, compare, comparison_json
from geo.errors import ParameterError

_SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(diff)
    app.command()(restore)
    app.command()(prune)


def diff(
    a: Annotated[str, typer.Argument(help="The number of the earlier edition.")],
    b: Annotated[str, typer.Argument(help="The number of the later one, or draft.")],
    layer: Annotated[str | None, typer.Option("--layer", help="One layer only, e.g. facilities.sports.")] = None,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    workspace: Workspace = None,
) -> None:
    """Tell what happened between two editions: rows added, removed, moved, changed, and what it did to each circle.

    [dim]Examples:[/] quantu diff 3 4   ·   quantu diff 4 draft --layer facilities.sports
    """
    with fail_cleanly():
        if form not in {"table", "json"}:
            raise ParameterError(f"--format {form} is not known; there are table and json")
        with busy("Comparing 正在比较 …"):
            found = compare(runner_of(workspace), a, b, layer=layer)
        if form == "json":
            sys.stdout.write(json.dumps(comparison_json(found), ensure_ascii=False, indent=2) + "\n")
        else:
            _show(found)


def restore(
    edition: Annotated[str, typer.Argument(help="The number of the edition to go back to.")],
    discard: Annotated[bool, typer.Option("--discard", help="Give up what is drafted.")] = False,
    workspace: Workspace = None,
) -> None:
    """Make the draft such that publishing it gives an earlier edition's layers again.

    [dim]Example:[/] quantu restore 3
    """
    with fail_cleanly():
        changed = runner_of(workspace).store.restore(edition, discard=discard)
        if changed:
            out.print(f"The draft leads back to edition {escape(edition)}: {', '.join(changed)}")
            out.print('Next: quantu publish -m "…"')
        else:
            out.print(f"Edition {escape(edition)} is what the newest holds; the draft is empty")


def prune(
    keep: Annotated[int, typer.Option("--keep", help="How many of the newest editions stay.")],
    also: Annotated[list[int] | None, typer.Option("--also", help="Another edition that stays.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which would go.")] = False,
    workspace: Workspace = None,
) -> None:
    """Delete old editions; the newest always stays, and no number is used again.

    [dim]Example:[/] quantu prune --keep 10 --also 1
    """
    with fail_cleanly():
        gone = runner_of(workspace).store.prune(keep, also=also or (), dry_run=dry_run)
        done = "Would delete" if dry_run else "Deleted"
        out.print(f"{done} {_numbers(gone)}")


def _numbers(editions: tuple[int, ...]) -> str:
    return f"editions {', '.join(map(str, editions))}" if editions else "no edition"


def _show(found: Comparison) -> None:
    """Print a comparison for people."""
    if not found.diff.layers:
        out.print(f"{escape(found.diff.a)} and {escape(found.diff.b)} hold the same")
    table = Table("layer", "rows", "added", "removed", "moved", "changed", "in columns", **LIST)
    for one in found.diff.layers.values():
        counts = [f"{count:,}" for count in one.counts.values()]
        columns = ", ".join(f"{name} {count:,}" for name, count in one.columns.items())
        what = one.name if one.state == "changed" else f"{one.name} ({one.state})"
        table.add_row(
            what, f"{one.before:,} → {one.after:,}", *counts, columns or ("metadata" if one.meta_changed else "")
        )
    if found.diff.layers:
        out.print(table)
    for one in found.diff.layers.values():
        for mark, keys in (("+", one.added), ("−", one.removed)):
            _list(one.name, mark, [str(key) for key in keys[: _SHOWN + 1]], len(keys))
        for change in one.changes(_SHOWN):
            moved = "" if change.moved_m is None else f" moved {change.moved_m:,.0f} m"
            values = ", ".join(
                f"{name}: {_text(change.old[name])} → {_text(change.new[name])}"
                for name in change.new
                if name != "geometry"
            )
            out.print(f"[dim]{escape(one.name)}[/] ~ {escape(change.key)}{moved} {escape(values)}", highlight=False)
    effects = Table("circle", "rate", "covered", **LIST)
    for effect in found.circles:
        grown = "" if effect.covered is None else f"{effect.covered:+,.0f} {effect.unit}"
        title = f"{effect.title.zh} {effect.title.en}"
        effects.add_row(title, f"{_rate(effect.rate_before)} → {_rate(effect.rate_after)}", grown)
    if found.circles:
        out.print(effects)
    for circle, why in found.unanswered.items():
        out.print(f"[dim]{escape(circle)}: {escape(why)}[/]")


def _list(layer: str, mark: str, keys: list[str], count: int) -> None:
    if keys:
        more = f" … and {count - _SHOWN:,} more" if count > _SHOWN else ""
        out.print(f"[dim]{escape(layer)}[/] {mark} {escape(', '.join(keys[:_SHOWN]))}{more}", highlight=False)


def _text(value: Any) -> str:
    return "—" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _rate(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"
