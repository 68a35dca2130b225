"""``quantu import``: files become layers of the draft."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from api import imports
from api.cli_common import LIST, Workspace, busy, fail_cleanly, out, runner_of
from api.imports import ImportReport
from api.run import Runner

app = typer.Typer(help="Bring data into the draft.", no_args_is_help=True, rich_markup_mode="rich")

Crs = Annotated[str | None, typer.Option("--crs", help="CRS or datum (EPSG:…, gcj02, bd09) where none is stated.")]
Dem = Annotated[list[Path] | None, typer.Option("--dem", help="Elevation: .hgt, .hgt.zip, GeoTIFF, or folders.")]


def _do(workspace: Path | None, work: Callable[[Runner], ImportReport]) -> None:
    with fail_cleanly():
        runner = runner_of(workspace)
        with busy("Reading 正在读取 …"):
            report = work(runner)
        table = Table("layer in the draft", "rows", **LIST)
        for layer, rows in report.layers.items():
            table.add_row(layer, f"{rows:,}")
        out.print(table)
        _show(report.diagnostics, "")
        out.print('Next: quantu publish -m "…"')


def _show(value: Any, indent: str) -> None:
    for key, item in value.items():
        if isinstance(item, dict):
            if item:
                out.print(f"{indent}[dim]{escape(str(key))}[/]")
                _show(item, indent + "  ")
        elif item not in (None, 0, [], ""):
            shown = f"{item:,}" if isinstance(item, int) else escape(str(item))
            out.print(f"{indent}[dim]{escape(str(key))}[/] {shown}")


@app.command("osm")
def osm(
    file: Annotated[Path, typer.Argument(help="An OpenStreetMap file, .osm.pbf.")],
    area: Annotated[Path | None, typer.Option("--area", help="Polygons; nothing outside them is read.")] = None,
    dem: Dem = None,
    workspace: Workspace = None,
) -> None:
    """Bring streets, facilities, dwellings, areas and background of one OSM file.

    [dim]Example:[/] quantu import osm andorra.osm.pbf --dem elevation/
    """
    _do(
        workspace,
        lambda r: imports.import_osm(r.store, file, facility_layers=r.facility_layers.items, area=area, dem=dem or ()),
    )


@app.command("streets")
def streets(
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoParquet, GPKG or SHP of street lines.")],
    crs: Crs = None,
    directed: Annotated[
        bool | None, typer.Option("--directed/--undirected", help="Each row is one direction only.")
    ] = None,
    dem: Dem = None,
    workspace: Workspace = None,
) -> None:
    """Bring streets of a plain file.

    [dim]Example:[/] quantu import streets roads.geojson --dem elevation/
    """
    _do(workspace, lambda r: imports.import_streets(r.store, file, crs=crs, directed=directed, dem=dem or ()))


@app.command("context")
def context(
    files: Annotated[list[Path], typer.Argument(help="Files with OSM tags, or a type of the form key.value.")],
    crs: Crs = None,
    workspace: Workspace = None,
) -> None:
    """Bring buildings, water, land use and places; dwellings become demand, sports grounds facilities.

    [dim]Example:[/] quantu import context polygons.geojson pois.geojson
    """
    _do(
        workspace,
        lambda r: imports.import_context(r.store, files, facility_layers=r.facility_layers.items, crs=crs),
    )


@app.command("areas")
def areas(
    file: Annotated[Path, typer.Argument(help="Polygons with a code and a name.")],
    level: Annotated[str, typer.Option("--level", help="county, township, village or unit_2020.")],
    code: Annotated[str, typer.Option("--code", help="Column of the code.")] = "code",
    name: Annotated[str, typer.Option("--name", help="Column of the name.")] = "name",
    crs: Crs = None,
    workspace: Workspace = None,
) -> None:
    """Bring the areas of one level.

    [dim]Example:[/] quantu import areas counties.geojson --level county
    """
    _do(workspace, lambda r: imports.import_areas(r.store, file, crs=crs, level=level, code=code, name=name))


@app.command("facilities")
def facilities(
    file: Annotated[Path, typer.Argument(help="Points whose columns are named as the layer's fields.")],
    layer: Annotated[str, typer.Option("--layer", help="The facility layer, e.g. sports.")],
    crs: Crs = None,
    workspace: Workspace = None,
) -> None:
    """Bring a file of facilities of one layer.

    [dim]Example:[/] quantu import facilities venues.gpkg --layer sports
    """
    _do(workspace, lambda r: imports.import_facilities(r.store, file, layer=r.facility_layers[layer], crs=crs))


@app.command("demand")
def demand(
    file: Annotated[Path, typer.Argument(help="Points with a weight.")],
    weight: Annotated[str, typer.Option("--weight", help="Column of the weight.")] = "weight",
    unit: Annotated[str, typer.Option("--unit", help="Unit of the weight: persons, m2 …")] = "persons",
    crs: Crs = None,
    workspace: Workspace = None,
) -> None:
    """Bring residents as points with a weight.

    [dim]Example:[/] quantu import demand homes.csv --weight people --crs EPSG:4326
    """
    _do(workspace, lambda r: imports.import_demand(r.store, file, crs=crs, weight=weight, unit=unit))
