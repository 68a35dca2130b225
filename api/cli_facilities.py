"""``quantu import facilities`` and ``quantu quarantine``: a steward's lists, and what was not accepted of them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.cli_common import LIST, Workspace, err, fail_cleanly, out, runner_of
from api.intake import import_facilities
from api.intake_report import IntakeOptions, IntakeReport
from api.quarantine import batches, write_quarantine
from api.run import Runner
from data.write.text import write_document
from geo.errors import InputError, ParameterError
from layers.base import FacilityLayer

_SHOWN: Final = 12
_ASKED: Final = frozenset({"undeclared_datum", "datum_mixed"})
_LEFT_OUT: Final = {
    "title": "titles", "heading": "headings", "unit": "unit lines", "index": "index lines", "blank": "blank lines",
    "total": "totals", "note": "notes", "example": "template example", "repeated_heading": "repeated headings",
}  # fmt: skip


def facilities(
    file: Annotated[Path, typer.Argument(help="XLSX, CSV, SHP, GPKG, GeoJSON, KML, GeoParquet, FlatGeobuf or DXF.")],
    layer: Annotated[str, typer.Option("--layer", help="The facility layer, e.g. elderly; see quantu layers.")],
    crs: Annotated[
        str | None, typer.Option("--crs", help="Datum or CRS: wgs84, gcj02, bd09, EPSG:…, or mixed (row by row).")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook, layer of a vector file.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Of a text table that does not tell.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD; FIELD may be lon, lat, lonlat, x, y, or - for none."),
    ] = None,
    fill: Annotated[
        list[str] | None, typer.Option("--fill", help="FIELD=VALUE, for every row without one, e.g. KIND=养老机构.")
    ] = None,
    accept_similar: Annotated[
        bool, typer.Option("--accept-similar", help="Use columns that only resemble a field.")
    ] = False,
    trust_crs: Annotated[
        bool, typer.Option("--trust-crs", help="Keep the declared datum though the map says another.")
    ] = False,
    replaces: Annotated[
        bool, typer.Option("--replace", help="The file is the whole layer: take out what it does not hold.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over what another steward has changed in this draft.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Write the whole report, a .json file.")] = None,
    workspace: Workspace = None,
) -> None:
    """Bring a list of facilities: matched, placed, checked; what fails is set aside, nothing is lost.

    [dim]Examples:[/] quantu import facilities 养老机构.xlsx --layer elderly --dry-run   ·   … --crs gcj02
    """
    with fail_cleanly():
        runner = runner_of(workspace)
        options = IntakeOptions(
            crs=crs, sheet=sheet, encoding=encoding, columns=_pairs(columns or [], "--map wants COLUMN=FIELD"),
            fill=_pairs(fill or [], "--fill wants FIELD=VALUE"), accept_similar=accept_similar,
            trust=trust_crs, replace=replaces, overwrite=overwrite, dry_run=dry_run,
        )  # fmt: skip
        got = _confirmed(runner, file, runner.facility_layers[layer], options)
        _show(got)
        if report is not None:
            write_document(got.as_dict(), report)
            out.print(escape(f"Wrote {report}"))
        if got.rows and not got.accepted:
            raise typer.Exit(1)


def _confirmed(runner: Runner, file: Path, layer: FacilityLayer, options: IntakeOptions) -> IntakeReport:
    """Import; where nobody has said which datum it is, ask the person at the terminal, if there is one."""
    today = date.today()
    try:
        with _progress() as says:
            return import_facilities(runner.store, file, layer=layer, options=options, today=today, says=says)
    except InputError as error:
        code = error.faults[0].code if len(error.faults) == 1 else ""
        if code not in _ASKED or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        with _progress() as says:
            dry = replace(options, dry_run=True)
            seen = import_facilities(runner.store, file, layer=layer, options=dry, today=today, says=says)
        best = "mixed" if code == "datum_mixed" else seen.datum["best"]
        if best is None:
            raise
        err.print(escape(error.faults[0].message))
        _show_datum(seen)
        if not typer.confirm(f"按 {best} 导入？ Import as {best}?", default=False, err=True):
            raise
        with _progress() as says:
            sure = replace(options, crs=best)
            return import_facilities(runner.store, file, layer=layer, options=sure, today=today, says=says)


@contextmanager
def _progress() -> Iterator[Any]:
    """Yield what shows how far an import is, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def _pairs(given: list[str], wanted: str) -> dict[str, str]:
    faulty = [one for one in given if "=" not in one or not one.partition("=")[0].strip()]
    if faulty:
        raise ParameterError(f"{wanted}, not {', '.join(map(repr, faulty))}")
    return {name.strip(): to.strip() for name, _, to in (one.partition("=") for one in given)}


def _show(got: IntakeReport) -> None:
    where = f" · sheet {got.sheet}" if got.sheet else ""
    text = f" · {got.encoding}" if got.encoding else ""
    out.print(f"[bold]{escape(got.file)}[/]{escape(where)} → {got.layer} · {got.form}{text}")
    columns = Table("column", "field", "", **LIST)
    for one in got.headings:
        shown = f"{one['how']} {one['score']:g}" if one["how"] == "similar" else one["how"]
        columns.add_row(escape(str(one["heading"])), one["field"] or "—", shown)
    out.print(columns)
    if any(one["how"] == "similar" for one in got.headings):
        out.print("[yellow]similar columns are not used; confirm them with --map COLUMN=FIELD or --accept-similar[/]")
    _show_datum(got)
    kinds: dict[str, int] = {}
    for line in got.left_out:
        kinds[str(line["why"])] = kinds.get(str(line["why"]), 0) + 1
    if kinds:
        out.print("left out: " + ", ".join(f"{count} {_LEFT_OUT.get(why, why)}" for why, count in kinds.items()))
    if got.placed_by_address:
        out.print(f"{got.placed_by_address:,} placed by their address (see ACC_M)")
    _show_faults(got)
    verb = "would be " if got.dry_run else ""
    out.print(
        f"[bold]{got.rows:,} rows = {got.accepted:,} {verb}accepted + {got.quarantined:,} {verb}quarantined[/]"
        + ("" if got.dry_run else f"  ({', '.join(f'{count:,} {name}' for name, count in got.merge.items())})")
    )
    if got.dry_run:
        out.print("Nothing was changed.")
    elif got.quarantined:
        out.print("Next: quantu quarantine -o FILE.xlsx, correct, import again")
    else:
        out.print('Next: quantu publish -m "…"')


def _show_datum(got: IntakeReport) -> None:
    datum = got.datum
    if not datum.get("hypotheses"):
        return
    far = f", {datum['shift_m']:,.0f} m from what is said" if datum.get("shift_m") else ""
    said = datum["declared"] or datum["stated"] or "nothing declared"
    sure = "sure" if datum["confidence"] == "sure" else "not sure"
    best = f"fits {datum['best']} ({sure}{far})" if datum["best"] else "the map does not tell"
    out.print(f"datum: {said}; {best}" + (f"; mixed: {datum['rows']}" if datum.get("rows") else ""))
    for one in datum["hypotheses"][:4]:
        score = "—" if one["score"] is None else f"{one['score']:g}"
        out.print(f"  [dim]{one['datum']:<12} {score:>7}  {escape(one['why'])}[/]")


def _show_faults(got: IntakeReport) -> None:
    for severity, colour in (("error", "red"), ("warning", "yellow"), ("notice", "dim")):
        some = [fault for fault in got.faults if fault.severity == severity]
        for fault in some[:_SHOWN]:
            out.print(f"[{colour}]{severity}[/] {escape(str(fault))}", highlight=False)
        if len(some) > _SHOWN:
            out.print(f"… and {len(some) - _SHOWN:,} more; see --report")
    for one in got.conflicts:
        out.print(f"[red]conflict[/] {escape(one.key)}: changed by {escape(one.by)}; {', '.join(one.columns)}")


def quarantine(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The .xlsx or .csv to write; a list without it.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only the rows of this file.")] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Only the rows of this layer.")] = None,
    workspace: Workspace = None,
) -> None:
    """Show the rows that were not accepted, or write them in the form they came in, to be corrected.

    [dim]Example:[/] quantu quarantine -o 待更正.xlsx
    """
    with fail_cleanly():
        found = batches(runner_of(workspace).store, source=source, layer=layer)
        if output is not None:
            write_quarantine(found, output)
            out.print(escape(f"Wrote {sum(len(one.rows) for one in found):,} rows to {output}"))
            return
        table = Table("file", "sheet", "layer", "rows", "first fault", **LIST)
        for one in found:
            first = one.rows[0].faults[0].message if one.rows[0].faults else "—"
            table.add_row(escape(one.name), escape(one.sheet or "—"), one.layer, f"{len(one.rows):,}", escape(first))
        out.print(table)
