"""``quantu check``: what is wrong with the draft."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from api.check import CheckReport, check, severity_named
from api.cli_common import LIST, Workspace, busy, fail_cleanly, out, runner_of
from api.cli_layers import layer_named
from data.write.findings import WORDS, write_findings
from data.write.text import write_document
from geo.errors import ParameterError, Severity

app = typer.Typer()

_FORMS: Final = ("table", "json", "csv", "xlsx")
_SHOWN: Final = 30
_COLOURS: Final = {"error": "red", "warning": "yellow", "notice": "dim"}


@app.command("check")
def check_(
    layer: Annotated[str | None, typer.Option("--layer", help="One facility layer; all of them without it.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json, csv or xlsx.")] = "table",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file to write.")] = None,
    severity: Annotated[str, typer.Option("--severity", help="List these and graver.")] = "notice",
    workspace: Workspace = None,
) -> None:
    """Say what is wrong with the draft, by severity; exit code 1 where there is an error.

    [dim]Examples:[/] quantu check --layer elderly --severity error   ·   quantu check --format xlsx -o f.xlsx
    """
    with fail_cleanly():
        if form not in _FORMS:
            raise ParameterError(f"--format {form} is not known; use {', '.join(_FORMS)}")
        if form in {"csv", "xlsx"} and output is None:
            raise ParameterError(f"--format {form} writes a file: name it with -o FILE")
        if form == "table" and output is not None:
            raise ParameterError("the table is printed; choose --format json, csv or xlsx for -o FILE")
        least = severity_named(severity)
        runner = runner_of(workspace)
        chosen = None if layer is None else layer_named(layer, runner.facility_layers).id
        with busy("Checking 正在检查 …"):
            report = check(
                runner.store,
                facility_layers=runner.facility_layers,
                circles=runner.circles,
                on=datetime.now(UTC).astimezone().date(),
                layer=chosen,
            )
            if output is not None and form != "json":
                write_findings([one.as_dict() for one in report.at_least(least)], output, form)
        if form == "json":
            _json(report, least, output)
        elif form == "table":
            _table(report, least)
        if output is not None:
            out.print(escape(f"Wrote {output}: {_counted(report)}"))
    if report.counts()["error"]:
        raise typer.Exit(1)


def _json(report: CheckReport, least: Severity, output: Path | None) -> None:
    content = report.as_dict(least=least)
    if output is None:
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    else:
        write_document(content, output)


def _counted(report: CheckReport) -> str:
    counts = report.counts()
    return f"{counts['error']:,} errors, {counts['warning']:,} warnings, {counts['notice']:,} notices"


def _nothing(report: CheckReport) -> str:
    """Return what to say where nothing is listed, though less grave findings may be there."""
    counts = report.counts()
    if not report.findings:
        return "Nothing to mend 未发现问题"
    return (
        f"没有所列级别的问题；另有警告 {counts['warning']:,} 条、提示 {counts['notice']:,} 条。 "
        f"None so grave; {counts['warning']:,} warnings and {counts['notice']:,} notices: --severity notice"
    )


def _table(report: CheckReport, least: Severity) -> None:
    rows = sum(report.rows.values())
    looked = f"{rows:,} records in {len(report.rows)} layers"
    out.print(f"[bold]{escape(report.city.name)}[/] · {looked} · {_counted(report)}")
    if report.quarantined:
        out.print(f"{report.quarantined:,} rows wait in quarantine 待改正: quantu quarantine")
    findings = report.at_least(least)
    if not findings:
        out.print(_nothing(report))
        return
    summary = Table("severity", "layer", "check", "what", "count", **LIST)
    for one in report.by_check():
        colour = _COLOURS[one["severity"]]
        word = f"[{colour}]{WORDS[one['severity']]}[/]"
        summary.add_row(word, one["layer"], one["check"], f"{one['zh']} {one['en']}", f"{one['count']:,}")
    out.print(summary)
    listed = Table("", "layer", "row", "id", "column", "value", "what", "mend", "map", **LIST)
    for found in findings[:_SHOWN]:
        fault = found.fault
        listed.add_row(
            f"[{_COLOURS[fault.severity]}]{fault.severity}[/]",
            found.layer,
            "" if fault.row is None else str(fault.row),
            *(escape(text or "") for text in (found.fac_id, fault.column, fault.value)),
            escape(fault.message),
            escape(fault.mend),
            found.link or "",
        )
    out.print(listed)
    if len(findings) > _SHOWN:
        out.print(f"… and {len(findings) - _SHOWN:,} more: quantu check --format xlsx -o faults.xlsx")
