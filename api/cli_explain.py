"""``quantu explain``: why a place is served by a circle or not."""

import json
import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.cli_common import LIST, Workspace, busy, fail_cleanly, out, runner_of
from geo.errors import ParameterError
from layers.explain.shape import Explanation

app = typer.Typer()


@app.command()
def explain(
    circle: Annotated[str, typer.Argument(help="The circle, e.g. fitness.")],
    at: Annotated[str, typer.Option("--at", help="LON,LAT; or the name or code of an area, village or demand point.")],
    mode: Annotated[str | None, typer.Option("--mode", help="The circle's choice; its first without it.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Time limit; the circle's own without it.")] = None,
    metres: Annotated[float | None, typer.Option("--metres", help="Length limit; the circle's own without it.")] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Number of the edition; the newest without it.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    workspace: Workspace = None,
) -> None:
    """Say why a place is, or is not, served: nearest facility, way, what decides, the least change that would serve it.

    [dim]Examples:[/] quantu explain fitness --at 103.83,36.06   ·   quantu explain village-logistics --at 榆中县/和平镇
    """
    from api.explain import explain_place

    with fail_cleanly():
        if form not in {"table", "json"}:
            raise ParameterError(f"--format {form} is unknown; it is table or json")
        runner = runner_of(workspace)
        with busy("Looking 正在查找 …"):
            answer = explain_place(
                runner, circle, at, edition=edition, internal=True, mode=mode, minutes=minutes, metres=metres
            )
        if form == "json":
            sys.stdout.write(json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n")
        else:
            _show(answer)


def _show(answer: Explanation) -> None:
    """Print an explanation for people: the sentence, the way, what decides, services, what would change it."""
    place = answer.place
    where = " · ".join(x for x in (place.county and place.county.name, place.township and place.township.name) if x)
    name = place.name or place.id or f"{place.lon}, {place.lat}"
    title = (
        f"[bold]{answer.title.zh} {answer.title.en}[/] · {escape(name)} · {escape(where)} · edition {answer.edition}"
    )
    out.print(title)
    for notice in answer.notices:
        out.print(f"[yellow]{escape(notice.zh)}\n{escape(notice.en)}[/]")
    if place.note:
        out.print(escape(f"{place.note.zh} {place.note.en}"))
    colour = "green" if answer.covered else "red"
    out.print(f"[{colour}]{escape(answer.sentence.zh)}\n{escape(answer.sentence.en)}[/]")
    out.print(escape(f"{answer.decides.sentence.zh} {answer.decides.sentence.en}"))
    _show_way(answer)
    if answer.straight and answer.straight.why:
        out.print(escape(f"{answer.straight.why.zh}\n{answer.straight.why.en}"))
    if answer.services:
        table = Table("", "service", "limit", "min", "m", "facility", **LIST)
        for one in answer.services:
            limit = f"{one.limit.value:g} {one.limit.unit}" if one.limit else "—"
            took = "—" if one.minutes is None else f"{one.minutes:.1f}"
            far = "—" if one.metres is None else f"{one.metres:,.0f}"
            name = escape(one.facility.name) if one.facility else "—"
            table.add_row("✓" if one.covered else "✗", f"{one.title.zh} {one.title.en}", limit, took, far, name)
        out.print(table)
    for measure in answer.measures:
        value = "—" if measure.value is None else f"{measure.value:,.2f}"
        out.print(escape(f"{measure.title.zh} {measure.title.en}: {value}"))
    for change in answer.changes:
        out.print(f"[bold]→[/] {escape(change.sentence.zh)}\n  {escape(change.sentence.en)}")


def _show_way(answer: Explanation) -> None:
    way = answer.way
    if way is None:
        return
    parts = [f"{way.metres:,.0f} m", f"{way.minutes:.1f} min"]
    if way.climb_m is not None:
        parts.append(f"climb {way.climb_m:,.0f} m, descent {way.descent_m:,.0f} m")
    if way.streets:
        parts.append(" › ".join(way.streets))
    out.print(escape("沿路 way: " + " · ".join(parts)))
    slow = way.slowest
    if slow is not None:
        slope = "" if slow.slope is None else f", slope {slow.slope:+.1%}"
        where = slow.name or slow.street_class or "—"
        out.print(escape(f"最慢 slowest: {where}, {slow.length_m:,.0f} m at {slow.kph:.1f} km/h{slope}"))
