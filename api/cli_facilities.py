"""``quantu import facilities`` and ``quantu quarantine``: a steward's lists, and what was not accepted of them."""

import re
import sys
from collections import Counter
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

from api.cli_common import LIST, Workspace, err, fail_cleanly, fault_line, out, runner_of, show_faults
from api.cli_layers import layer_named
from api.intake import import_facilities
from api.intake_report import IntakeOptions, IntakeReport
from api.quarantine import batches, let_go, write_quarantine
from api.run import Runner
from data.words import told_zh
from data.write.text import write_document
from geo.errors import InputError, ParameterError
from layers.base import FacilityLayer
from layers.facilities.catalogue import FACILITY_LAYERS

_SHOWN: Final = 12
_ASKED: Final = frozenset({"undeclared_datum", "datum_mixed"})
_LEFT_OUT: Final = {
    "title": "标题行 titles", "heading": "表头行 headings", "unit": "单位行 unit lines", "index": "序号行 index lines",
    "blank": "空行 blank lines", "total": "合计行 totals", "note": "注释行 notes",
    "example": "模板示例行 template example",
    "repeated_heading": "重复表头行 repeated headings",
}  # fmt: skip
_HOW: Final = {
    "exact": "一致", "alias": "常用名", "similar": "相似（未采用）", "none": "未采用", "declared": "已声明",
}  # fmt: skip
_MERGE: Final = {"added": "新增", "changed": "更改", "unchanged": "未变", "removed": "移除"}


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
        got = _confirmed(runner, file, layer_named(layer, runner.facility_layers), options)
        _show(got, similar_used=accept_similar)
        if report is not None:
            write_document(got.as_dict(), report)
            out.print(escape(f"已写入 Wrote {report}"))
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
        err.print(escape(fault_line(error.faults[0])), highlight=False)
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


def _show(got: IntakeReport, *, similar_used: bool) -> None:
    where = f" · 工作表 {got.sheet}" if got.sheet else ""
    text = f" · {got.encoding}" if got.encoding else ""
    title = FACILITY_LAYERS[got.layer.removeprefix("facilities.")].title.zh
    out.print(f"[bold]{escape(got.file)}[/]{escape(where)} → {title} {got.layer} · {got.form}{text}")
    columns = Table("列 column", "字段 field", "", **LIST)
    for one in got.headings:
        shown = _HOW.get(one["how"], one["how"])
        if one["how"] == "similar":
            shown = f"{'相似（已采用）' if similar_used else shown} {one['score']:g}"
        columns.add_row(escape(str(one["heading"])), one["field"] or "—", shown)
    out.print(columns)
    if any(one["how"] == "similar" for one in got.headings) and not similar_used:
        out.print(
            "[yellow]相似的列未采用；用 --map 列名=字段 或 --accept-similar 确认。\n"
            "similar columns are not used; confirm them with --map COLUMN=FIELD or --accept-similar[/]"
        )
    _show_datum(got)
    kinds = Counter(str(line["why"]) for line in got.left_out)
    if kinds:
        out.print("略去 left out: " + "，".join(f"{count} {_LEFT_OUT.get(why, why)}" for why, count in kinds.items()))
    if got.placed_by_address:
        count = f"{got.placed_by_address:,}"
        out.print(f"{count} 行按地址定位（见 ACC_M） {count} placed by their address (see ACC_M)")
    show_faults(got.faults, out, most=_SHOWN, more="; --report")
    for clash in got.conflicts:
        changed = f"已由 {clash.by} 改过 changed by {clash.by}; {', '.join(clash.columns)}"
        out.print(f"[red]冲突 conflict[/] {escape(f'{clash.key}: {changed}')}", highlight=False)
    _show_sum(got)


def _show_sum(got: IntakeReport) -> None:
    will, verb = ("将", "would be ") if got.dry_run else ("", "")
    zh = f"共 {got.rows:,} 行 = {will}接收 {got.accepted:,} 行 + {will}隔离 {got.quarantined:,} 行"
    en = f"{got.rows:,} rows = {got.accepted:,} {verb}accepted + {got.quarantined:,} {verb}quarantined"
    merged = "，".join(f"{_MERGE.get(name, '')} {name} {count:,}" for name, count in got.merge.items())
    out.print(f"[bold]{zh} · {en}[/]" + ("" if got.dry_run else f"（{merged}）"))
    if got.dry_run:
        out.print("未作任何改动。 Nothing was changed.")
    elif got.quarantined:
        out.print("下一步 Next: quantu quarantine -o 待更正.xlsx；更正后再次导入 correct, import again")
    else:
        out.print('下一步 Next: quantu publish -m "…"')


def _show_datum(got: IntakeReport) -> None:
    datum = got.datum
    if not datum.get("hypotheses"):
        return
    shift = datum.get("shift_m")
    said = datum["declared"] or datum["stated"]
    best, sure = datum["best"], datum["confidence"] == "sure"
    far_zh, far = (f"，与所述相差 {shift:,.0f} 米", f", {shift:,.0f} m from what is said") if shift else ("", "")
    fits_zh = f"与地图比对为 {best}（{'确定' if sure else '不确定'}{far_zh}）" if best else "与地图比对看不出"
    fits = f"fits {best} ({'sure' if sure else 'not sure'}{far})" if best else "the map does not tell"
    rows = datum.get("rows")
    mixed_zh, mixed = ("", "")
    if rows:
        mixed_zh = "；混用：" + "、".join(f"{name} {count} 行" for name, count in rows.items())
        mixed = "; mixed: " + ", ".join(f"{count} {name}" for name, count in rows.items())
    out.print(
        escape(f"坐标系：{said or '未声明'}；{fits_zh}{mixed_zh}\ndatum: {said or 'nothing declared'}; {fits}{mixed}")
    )
    for one in datum["hypotheses"][:4]:
        score = "—" if one["score"] is None else f"{one['score']:g}"
        why = " ".join(text for text in (one.get("why_zh"), one["why"]) if text)
        out.print(f"  [dim]{one['datum']:<12} {score:>7}  {escape(why)}[/]")


def quarantine(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The .xlsx or .csv to write; a list without it.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only the rows of this file.")] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Only the rows of this layer.")] = None,
    release: Annotated[
        list[str] | None,
        typer.Option("--release", help="Drop these entries (隔离编号), several with commas; they are not imported."),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Show the rows that were not accepted, write them in the form they came in to be corrected, or drop some.

    [dim]Examples:[/] quantu quarantine -o 待更正.xlsx   ·   quantu quarantine --release Q1TC0YC8P474T
    """
    with fail_cleanly():
        runner = runner_of(workspace)
        if release is not None:
            if output is not None or source is not None or layer is not None:
                raise ParameterError("--release goes by 隔离编号 alone: leave -o, --source and --layer out")
            count = let_go(runner.store, [one for text in release for one in re.split(r"[\s,，、;；]+", text) if one])
            out.print(f"已移出隔离 {count:,} 行，未导入。 {count:,} rows were dropped from quarantine, not imported.")
            return
        chosen = None if layer is None else layer_named(layer, runner.facility_layers).layer
        found = batches(runner.store, source=source, layer=chosen)
        if output is not None:
            write_quarantine(found, output)
            count = sum(len(one.rows) for one in found)
            out.print(escape(f"已写入 {count:,} 行 Wrote {count:,} rows to {output}"))
            return
        table = Table("文件 file", "工作表 sheet", "图层 layer", "行数 rows", "首个错误 first fault", **LIST)
        for one in found:
            fault = next(iter(one.rows[0].faults), None)
            first = "—" if fault is None else told_zh(fault) or fault.message
            table.add_row(escape(one.name), escape(one.sheet or "—"), one.layer, f"{len(one.rows):,}", escape(first))
        out.print(table)
