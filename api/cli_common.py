"""What the commands share: the workspace option, clean failure, progress, and how an answer is printed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from api.run import Runner
from api.wiring import open_runner
from geo.errors import InputError, QuantuError
from layers.answer import CircleAnswer

out: Final = Console(soft_wrap=True)
err: Final = Console(stderr=True, soft_wrap=True)
LIST: Final[dict[str, Any]] = {"header_style": "bold", "box": None, "pad_edge": False}
_SHOWN_FAULTS: Final = 20

Workspace = Annotated[
    Path | None, typer.Option("--workspace", help="The workspace; else QUANTU_WORKSPACE, else ./workspace.")
]


def runner_of(workspace: Path | None) -> Runner:
    """Return the Runner of the selected workspace."""
    return open_runner(workspace)


@contextmanager
def fail_cleanly() -> Iterator[None]:
    """Turn Quantu's errors into a message and exit code 1."""
    try:
        yield
    except InputError as error:
        for fault in error.faults[:_SHOWN_FAULTS]:
            err.print(f"[red]error[/] {fault}", markup=True, highlight=False)
        left = len(error.faults) - _SHOWN_FAULTS
        if left > 0:
            err.print(f"… and {left} more.")
        raise typer.Exit(1) from None
    except QuantuError as error:
        err.print(f"[red]error[/] {error}", highlight=False)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        os._exit(0)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show that something is going on, on a terminal."""
    with err.status(what):
        yield


def show_answer(answer: CircleAnswer) -> None:
    """Print an answer for people: the sentence, the gap, straight lines, areas, clause."""
    demand = answer.demand
    unit = {"persons": "residents", "m2": "m² of dwelling floor"}.get(demand.unit, demand.unit)
    rate = "—" if demand.rate is None else f"{demand.rate:.1%}"
    out.print(f"[bold]{answer.title.zh} {answer.title.en}[/] · {answer.area.name} · edition {answer.edition}")
    for notice in answer.notices:
        out.print(f"[yellow]{notice.zh} {notice.en}[/]")
    gone = demand.total - demand.covered
    out.print(f"{rate} of {demand.total:,.0f} {unit} within {answer.parameters['minutes']:g} min "
              f"({answer.parameters['mode']}); {gone:,.0f} outside")  # fmt: skip
    gap = answer.gap
    out.print(f"gap: {gap.beyond:,.0f} beyond, {gap.unreachable:,.0f} unreachable, {gap.off_network:,.0f} off network")
    table = Table("variant", "covered", "rate", "straight line", "false share", **LIST)
    for v in answer.variants:
        table.add_row(v.title.en, f"{v.covered:,.0f}", _pct(v.rate), _pct(v.straight_rate), _pct(v.false_share))
    out.print(table)
    counties = [row for row in answer.by_area if row.level == "county"] or answer.by_area
    if counties:
        table = Table("code", "area", "total", "covered", "rate", "straight line", **LIST)
        for row in counties:
            table.add_row(
                row.code, row.name, f"{row.total:,.0f}", f"{row.covered:,.0f}", _pct(row.rate), _pct(row.straight_rate)
            )
        out.print(table)
    out.print(f"[dim]{answer.clause.text} — {answer.clause.source} ({answer.clause.confidence})[/]")


def _pct(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"
