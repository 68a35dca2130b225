"""``quantu plan`` and ``quantu import report``: the plan graded, and what bureaus reported brought in."""

import json
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from api.cli_common import LIST, Workspace, busy, err, fail_cleanly, out, runner_of
from data.plan import plan as the_plan
from geo.errors import ParameterError
from layers.plan.units import decimal

_PLACES: Final = 4
_GRADE_STYLE: Final = {"excellent": "bold green", "good": "green", "poor": "bold red"}

Year = Annotated[int | None, typer.Option("--year", help="Year of the plan; the last that is due without it.")]
Setting = Annotated[
    list[str] | None,
    typer.Option("--setting", help="A reading of the plan, KEY=VALUE, or CODE.KEY=VALUE for one indicator."),
]


def plan(
    year: Year = None,
    form: Annotated[str, typer.Option("--format", help="table, json, xlsx or docx.")] = "table",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file to write.")] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Number of the edition; the newest without it.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Grouped by sector, lead, agency or county.")] = "sector",
    setting: Setting = None,
    workspace: Workspace = None,
) -> None:
    """Grade the city's plan: values from the map and from reports, targets, grades, evidence.

    [dim]Examples:[/] quantu plan --year 2025   ·   quantu plan --year 2025 --format docx -o 通报.docx
    """
    from api.plan import last_due, plan_document, write_plan

    with fail_cleanly():
        runner = runner_of(workspace)
        given: dict[str, Any] = {"edition": edition, "by": by, "settings": setting or ()}
        chosen = last_due(runner, edition=edition, settings=setting or ()) if year is None else year
        if form not in {"table", "json"} and output is None:
            raise ParameterError(f"--format {form} writes a file: name it with -o FILE")
        with busy("Grading 正在考核 …"):
            if output is not None:
                write_plan(runner, chosen, form, output, **given)
            else:
                document = plan_document(runner, chosen, **given)
        if output is not None:
            out.print(escape(f"Wrote {output}"))
        elif form == "json":
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        else:
            _show(document)


def import_report(
    file: Annotated[Path, typer.Argument(help="XLSX, XLS or CSV: reported values, split targets, or a list.")],
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook with several.")] = None,
    year: Annotated[int | None, typer.Option("--year", help="Year of rows that name none.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Source of rows that name none.")] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Made-up figures: every report says so.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over what another steward changed.")] = False,
    workspace: Workspace = None,
) -> None:
    """Bring what bureaus reported on the plan's indicators, or a split of targets, into the draft.

    [dim]Example:[/] quantu import report 2025年完成情况.xlsx --year 2025
    """
    from api.plan import import_report as bring

    with fail_cleanly():
        store = runner_of(workspace).store
        with busy("Reading 正在读取 …"):
            done = bring(store, file, sheet=sheet, year=year, source=source, synthetic=synthetic, overwrite=overwrite)
        for fault in done.faults:
            style = {"error": "red", "warning": "yellow"}.get(fault.severity, "dim")
            err.print(f"[{style}]{fault.severity}[/] {escape(str(fault))}", highlight=False)
        table = Table("layer in the draft", "rows", "accepted", "new", "changed", "without a value", **LIST)
        table.add_row(
            done.layer, str(done.rows), str(done.accepted), str(done.added), str(done.changed), str(done.skipped)
        )
        out.print(table)
        read = ", ".join(f"{heading} → {field}" for field, heading in done.headings.items())
        out.print(f"[dim]{escape(read)}[/]")
        if done.conflicts:
            out.print(f"[yellow]{done.conflicts} rows were changed by another steward and left (--overwrite)[/]")
        out.print('Next: quantu publish -m "…"')


def _show(document: Mapping[str, Any]) -> None:
    year, edition = document["year"], document["edition"]
    out.print(f"[bold]三年行动计划 {year} 年度[/] · edition {edition} · as of {document['as_of']}")
    for notice in document["notices"]:
        out.print(f"[yellow]{escape(notice['zh'])}\n{escape(notice['en'])}[/]")
    table = Table("no", "code", "indicator", "target", "value", "completion", "grade", "from", **LIST)
    for one in document["indicators"]:
        if one["target"] is None and one["value"] is None:
            continue
        share = one["completion"]
        style = _GRADE_STYLE.get(one["grade"], "dim")
        table.add_row(
            str(one["no"]), one["code"], escape(one["title"]["zh"]), one["target_zh"], _value(one),
            "—" if share is None else decimal(100 * Fraction(share), places=_PLACES) + "%",
            f"[{style}]{one['grade_zh']}[/]", one["origin"] or "—",
        )  # fmt: skip
    out.print(table)
    groups = Table("group", "indicators", *document["grades"], **LIST)
    for group in document["groups"]:
        counts = [str(n) for n in group["grades"].values()]
        groups.add_row(escape(group["title"]["zh"]), str(len(group["indicators"])), *counts)
    if document["groups"]:
        out.print(groups)
    missing = [one for one in document["indicators"] if one["grade"] == "poor" and one["gap"]]
    for one in missing:
        gap = one["gap"]
        out.print(f"{escape(one['title']['zh'])}: {gap['needed']} {gap['unit']} to the target")
    years = ", ".join(str(y) for y in the_plan().years)
    out.print(f"[dim]58 indicators; years {years}; --format json, xlsx or docx for the evidence[/]")


def _value(one: Mapping[str, Any]) -> str:
    return "—" if one["value"] is None else decimal(Fraction(one["value"]), places=_PLACES) + one["unit"]
