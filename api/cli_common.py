"""What the commands share: the workspace option, clean failure, progress, and how an answer is printed."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.run import Runner
from api.wiring import open_runner
from data.words import mend_en, mend_zh, told_en, told_zh
from geo.errors import Fault, InputError, QuantuError
from layers.answer import CircleAnswer

_WIDE: Final = None if sys.stdout.isatty() else 200
out: Final = Console(soft_wrap=True, width=_WIDE)
err: Final = Console(stderr=True, soft_wrap=True)
LIST: Final[dict[str, Any]] = {"header_style": "bold", "box": None, "pad_edge": False}
_SHOWN_FAULTS: Final = 20
_SEVERITIES: Final = {
    "error": ("错误 error", "red"),
    "warning": ("警告 warning", "yellow"),
    "notice": ("提示 notice", "dim"),
}

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
        show_faults(error.faults, err, most=_SHOWN_FAULTS)
        raise typer.Exit(1) from None
    except QuantuError as error:
        err.print(f"[red]错误 error[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        os._exit(0)


def show_faults(faults: Iterable[Fault], console: Console, *, most: int, more: str = "") -> None:
    """Print the first ``most`` faults of each severity, by row; ``more`` says where the others are."""
    ordered = sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row)
    for severity, (word, colour) in _SEVERITIES.items():
        some = [fault for fault in ordered if fault.severity == severity]
        for fault in some[:most]:
            console.print(f"[{colour}]{word}[/] {escape(fault_line(fault))}", highlight=False)
        left = len(some) - most
        if left > 0:
            console.print(f"… 另有 {left:,} 条{word} and {left:,} more{more}", highlight=False)


def fault_line(fault: Fault) -> str:
    """Return a fault in a line: its place, what is wrong and the mend, in Chinese and then in English.

    >>> fault_line(Fault("negative", "the number is negative.", "correct it.", "a.csv", 5, "床位数", "-5"))
    "a.csv 第5行 “床位数” 值 '-5'：数值为负。The number is negative. 更正 Mend：请更正。Correct it."
    """
    place = [
        text
        for text in (
            fault.file,
            None if fault.row is None else f"第{fault.row}行",
            None if fault.column is None else f"“{fault.column}”",
            None if fault.value is None else f"值 {fault.value!r}",
        )
        if text is not None
    ]
    told, mend = f"{told_zh(fault) or ''}{told_en(fault)}", f"{mend_zh(fault) or ''}{mend_en(fault)}"
    return f"{' '.join(place)}{'：' if place else ''}{told} 更正 Mend：{mend}"


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show that something is going on, on a terminal."""
    with err.status(what):
        yield


def show_answer(answer: CircleAnswer) -> None:
    """Print an answer for people: the sentence, the gap, straight lines, areas, clause."""
    demand = answer.demand
    unit = {"persons": "residents", "m2": "m² of dwelling floor"}.get(demand.unit, demand.unit)
    ways = {v.id: v.title.en for v in answer.variants}
    way = ways.get(str(answer.parameters["mode"]), str(answer.parameters["mode"]))
    title = f"[bold]{answer.title.zh} {answer.title.en}[/] · {escape(answer.area.name)} · edition {answer.edition}"
    out.print(title)
    for notice in answer.notices:
        out.print(f"[yellow]{escape(notice.zh)}\n{escape(notice.en)}[/]")
    gone = demand.total - demand.covered
    told = {"minutes": "{:g} min", "metres": "{:g} m"}
    limit = "".join(
        f" within {form.format(answer.parameters[k])}" for k, form in told.items() if k in answer.parameters
    )
    out.print(f"{_pct(demand.rate)} of {demand.total:,.0f} {unit}{limit}, {way}; {gone:,.0f} outside")
    gap = answer.gap
    absent = f", {gap.absent:,.0f} without a facility" if gap.absent else ""
    reasons = f"{gap.beyond:,.0f} beyond, {gap.unreachable:,.0f} unreachable, {gap.off_network:,.0f} off network"
    out.print(f"gap: {reasons}{absent}")
    line = answer.straight_line
    if line is not None and line.false_share is not None:
        out.print(f"straight lines would say {_pct(line.rate)}; {_pct(line.false_share)} of that is false")
    table = Table("variant", "covered", "rate", "straight line", "of it false", **LIST)
    for v in answer.variants:
        table.add_row(v.title.en, f"{v.covered:,.0f}", _pct(v.rate), _pct(v.straight_rate), _pct(v.false_share))
    out.print(table)
    _show_areas(answer)
    if answer.conversion:
        out.print(f"[dim]{escape(answer.conversion.zh)} {escape(answer.conversion.en)}[/]")
    clause = answer.clause
    out.print(f"[dim]{escape(clause.text)} — {escape(clause.source)} (confidence: {clause.confidence})[/]")
    if not answer.standard_question:
        out.print("[yellow]当前参数不是标准口径 These are not the clause's own minutes and mode.[/]")


def _show_areas(answer: CircleAnswer) -> None:
    """Print the counties of a city, the townships of anything smaller."""
    counties = [row for row in answer.by_area if row.level == "county"]
    rows = counties if len(counties) > 1 else answer.by_area
    if not rows:
        return
    table = Table("code", "area", "total", "covered", "rate", "straight line", **LIST)
    for row in rows:
        total, covered = f"{row.total:,.0f}", f"{row.covered:,.0f}"
        table.add_row(row.code, escape(row.name), total, covered, _pct(row.rate), _pct(row.straight_rate))
    out.print(table)


def _pct(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"
