"""``quantu``: the command line over the use cases."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from api import cli_check, cli_editions, cli_explain, cli_facilities, cli_import, cli_layers, cli_plan
from api.cli_common import LIST, Workspace, busy, fail_cleanly, out, runner_of, show_answer
from data.standards import standard
from data.write.text import write_document
from geo.errors import ConflictError, ParameterError

app = typer.Typer(
    name="quantu",
    help="圈图 Quantu: exact coverage of a city's services on its streets.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(cli_import.app, name="import")
app.command("quarantine")(cli_facilities.quarantine)
app.add_typer(cli_layers.app)
app.add_typer(cli_check.app)
cli_editions.register(app)
app.add_typer(cli_explain.app)
app.command()(cli_plan.plan)
cli_import.app.command("report")(cli_plan.import_report)

Area = Annotated[str | None, typer.Option("--area", help="Name or code; the whole city without it.")]
Minutes = Annotated[float | None, typer.Option("--minutes", help="Time limit; the circle's own without it.")]
ModeName = Annotated[str | None, typer.Option("--mode", help="Way of travel; the circle's own without it.")]
EditionRef = Annotated[str | None, typer.Option("--edition", help="Number of the edition; the newest without it.")]


@app.command()
def demo(
    workspace: Workspace = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to serve on.")] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only build the workspace.")] = False,
) -> None:
    """Build the Lanzhou sample where it is absent, then serve it.

    [dim]Example:[/] quantu demo --port 8010
    """
    from api.demo import build_demo, demo_directory

    with fail_cleanly():
        directory = workspace or demo_directory()
        with busy("Building the Lanzhou sample 正在生成兰州示例 …"):
            built = build_demo(directory)
        out.print(f"{'Built' if built else 'Found'} the Lanzhou sample in {directory}")
        if not no_serve:
            _serve(directory, None, port)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="The new workspace, a directory.")],
    name: Annotated[str, typer.Option("--name", help="The city's name, shown on every map.")],
    name_en: Annotated[str, typer.Option("--name-en", help="Its English name.")] = "",
    code: Annotated[str, typer.Option("--code", help="Its 6-digit code; found by the name in China.")] = "",
    crs: Annotated[str, typer.Option("--crs", help="Metric CRS; found by place without it.")] = "",
) -> None:
    """Make a new, empty workspace.

    [dim]Example:[/] quantu init lanzhou --name 兰州市
    """
    from api.demo import new_workspace

    with fail_cleanly():
        city = new_workspace(directory, name=name, name_en=name_en, code=code, crs=crs)
        place = f" ({city.code}, {city.crs or 'metric CRS chosen by the first streets'})"
        out.print(f"Made workspace {directory} for {city.name}{place}")


@app.command()
def publish(
    message: Annotated[str, typer.Option("-m", "--message", help="What this edition is about.")],
    workspace: Workspace = None,
) -> None:
    """Make the draft an edition: whole or not at all.

    [dim]Example:[/] quantu publish -m "venues of November"
    """
    with fail_cleanly():
        edition = runner_of(workspace).store.publish(message)
        out.print(f"Published edition {edition.id} ({edition.sha256[:12]}): {', '.join(edition.layers)}")


@app.command()
def editions(workspace: Workspace = None) -> None:
    """List what has been published.

    [dim]Example:[/] quantu editions
    """
    with fail_cleanly():
        table = Table("edition", "published (UTC)", "message", "layers", "sha256", **LIST)
        for e in runner_of(workspace).store.editions():
            layers = ", ".join(f"{name} {entry.rows:,}" for name, entry in e.layers.items())
            table.add_row(e.id, f"{e.published_at:%Y-%m-%d %H:%M}", escape(e.message), layers, e.sha256[:12])
        out.print(table)


@app.command()
def circles(workspace: Workspace = None) -> None:
    """List the analyses: threshold, demand, clause.

    [dim]Example:[/] quantu circles
    """
    from layers.circles.catalogue import CIRCLES

    del workspace  # the catalogue is the same everywhere
    table = Table("circle", "title", "threshold", "facilities", "demand", "clause", **LIST)
    for circle in CIRCLES.items:
        limit = circle.threshold().standard
        table.add_row(
            circle.id,
            f"{circle.title.zh} {circle.title.en}",
            f"{limit.value:g} {limit.unit}" if circle.choices[0].rule.limit else "—",
            circle.facility_layer,
            circle.demand_layer,
            f"{limit.clause}（{limit.title}, {limit.issued}; {limit.confidence}）",
        )
    out.print(table)


@app.command()
def run(
    circle: Annotated[str, typer.Argument(help="The circle, e.g. fitness.")],
    area: Area = None,
    minutes: Minutes = None,
    mode: ModeName = None,
    edition: EditionRef = None,
    form: Annotated[
        str, typer.Option("--format", help="table, json, geojson, gpkg, shp, parquet, csv or xlsx.")
    ] = "table",
    layer: Annotated[
        str | None,
        typer.Option("--layer", help="areas, demand or facilities, for formats that hold one; all in gpkg and shp."),
    ] = None,
    crs: Annotated[str, typer.Option("--crs", help="CRS of gpkg and shp.")] = "EPSG:4490",
    encoding: Annotated[str, typer.Option("--encoding", help="Text of shp: gbk or utf-8.")] = "gbk",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file to write.")] = None,
    workspace: Workspace = None,
) -> None:
    """Answer a circle for an area: the rate, the gap, straight lines beside it.

    [dim]Examples:[/] quantu run fitness --area 安宁区 --minutes 10   ·   quantu run fitness --format shp -o fitness.zip
    """
    with fail_cleanly():
        runner = runner_of(workspace)
        given: dict[str, Any] = {"area": area, "edition": edition, "minutes": minutes, "mode": mode}
        with busy("Measuring 正在计算 …"):
            if form in {"table", "json"}:
                answer = runner.answer(circle, **given)
            elif output is None:
                raise ParameterError(f"--format {form} writes a file: name it with -o FILE")
            else:
                from api.export import export

                paths = export(runner, circle, form, output, layer=layer, crs=crs, encoding=encoding, **given)
        if form == "table":
            show_answer(answer)
        elif form == "json":
            if output is None:
                text = json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, indent=2)
                sys.stdout.write(text + "\n")
            else:
                write_document(answer.model_dump(mode="json"), output)
        else:
            out.print(escape(f"Wrote {', '.join(str(p) for p in paths)}"))


@app.command(name="map")
def map_(
    circle: Annotated[str, typer.Argument(help="The circle, e.g. fitness.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .html file to write.")],
    area: Area = None,
    minutes: Minutes = None,
    mode: ModeName = None,
    edition: EditionRef = None,
    workspace: Workspace = None,
) -> None:
    """Write a circle's map as one self-contained file that opens with the network off.

    [dim]Example:[/] quantu map fitness --area 620105 -o anning.html
    """
    from api.export import write_map

    with fail_cleanly():
        if output.suffix.lower() != ".html":
            raise ParameterError(f"{output} is no .html file; other formats of the map come later")
        with busy("Drawing 正在绘制 …"):
            write_map(runner_of(workspace), circle, output, area=area, edition=edition, minutes=minutes, mode=mode)
        out.print(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB)")


@app.command()
def nearest(
    streets: Annotated[Path, typer.Option("--streets", help="Street lines.")],
    facilities: Annotated[Path, typer.Option("--facilities", help="Facility points.")],
    demand: Annotated[Path, typer.Option("--demand", help="Demand points.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .csv or .parquet file to write.")],
    mode: Annotated[str, typer.Option("--mode", help="walk or cycle.")] = "walk",
    speed_kph: Annotated[float | None, typer.Option("--speed-kph", help="Speed on the level.")] = None,
    dem: Annotated[list[Path] | None, typer.Option("--dem", help="Elevation files or folders.")] = None,
    max_minutes: Annotated[float, typer.Option("--max-minutes", help="Longest time looked for.")] = 60.0,
    max_snap: Annotated[float | None, typer.Option("--max-snap", help="Farthest from a street, m.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="CRS or datum of files that state none.")] = None,
) -> None:
    """Find the travel time from every demand point to its nearest facility; no workspace needed.

    [dim]Example:[/] quantu nearest --streets s.parquet --facilities f.gpkg --demand d.csv --crs EPSG:4326 -o t.csv
    """
    from api.nearest import nearest as find
    from data.write.nearest import write_nearest

    with fail_cleanly():
        with busy("Searching 正在计算 …"):
            table = find(
                streets=streets,
                facilities=facilities,
                demand=demand,
                mode_id=mode,
                speed_kph=speed_kph,
                dem=dem or (),
                max_minutes=max_minutes,
                max_snap_m=standard("max_snap", unit="m").value if max_snap is None else max_snap,
                crs=crs,
            )
            write_nearest(table, output)
        counts = table["status"].value_counts()
        out.print(f"Wrote {output}: " + ", ".join(f"{n:,} {status}" for status, n in counts.items()))


@app.command()
def serve(
    workspace: Workspace = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that answer.")] = 1,
) -> None:
    """Serve the map and the HTTP interface.

    [dim]Example:[/] quantu serve --workspace lanzhou --port 8010
    """
    with fail_cleanly():
        _serve(workspace, host, port, workers)


def _serve(workspace: Path | None, host: str | None, port: int | None, workers: int = 1) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    runner = runner_of(workspace)
    runner.store.edition()  # nothing published is an error now, not in the browser
    settings = runner.settings
    os.environ["QUANTU_WORKSPACE"] = str(settings.workspace)
    at = (host or settings.host, port or settings.port)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(at)
        except OSError as error:
            raise ConflictError(
                f"cannot listen on {at[0]}:{at[1]} ({error.strerror}). Mend: choose another --port."
            ) from None
    out.print(f"[bold]圈图 Quantu[/]  http://{at[0]}:{at[1]}  (Ctrl-C ends it)")
    Granian(
        "api.app:from_environment",
        address=at[0],
        port=at[1],
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


def main() -> None:
    """Run the command line."""
    app()
