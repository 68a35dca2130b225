"""``quantu import``: files become layers of the draft."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from api import imports
from api.cli_common import LIST, Workspace, busy, fail_cleanly, out, runner_of
from api.cli_facilities import facilities
from api.import_areas import import_areas
from api.import_demand import DemandQuestion, import_demand
from api.imports import ImportReport
from api.run import Runner
from data.validity import parse_day

app = typer.Typer(help="Bring data into the draft.", no_args_is_help=True, rich_markup_mode="rich")
app.command("facilities")(facilities)

Crs = Annotated[str | None, typer.Option("--crs", help="CRS or datum (EPSG:…, gcj02, bd09) where none is stated.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write what another steward has changed in this draft.")]
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
        elif isinstance(item, list) and item and isinstance(item[0], str):
            for line in item:
                out.print(f"{indent}[dim]{escape(str(key))}[/] {escape(line)}")
        elif isinstance(item, list):
            continue
        elif item not in (None, 0, ""):
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


def _day(text: str | None) -> date | None:
    return None if text is None else parse_day(text, year_too=False)


@app.command("areas")
def areas(
    file: Annotated[Path, typer.Argument(help="Polygons or points with a code and a name.")],
    level: Annotated[str, typer.Option("--level", help="city, county, zone, township, village, unit_2020 or region.")],
    code: Annotated[str | None, typer.Option("--code", help="Column of the code.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Column of the name.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Column of the kind: 镇, 乡, 街道, 村委会 …")] = None,
    parent: Annotated[str | None, typer.Option("--parent", help="Column of the code above.")] = None,
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First day they are valid.")] = None,
    valid_to: Annotated[str | None, typer.Option("--valid-to", help="First day they no longer are.")] = None,
    overwrite: Overwrite = False,
    crs: Crs = None,
    workspace: Workspace = None,
) -> None:
    """Bring the areas of one level; with a day, as a change of boundaries beside what was valid before.

    [dim]Example:[/] quantu import areas counties.geojson --level county --valid-from 2022-02-01
    """
    _do(
        workspace,
        lambda r: import_areas(
            r.store, file, crs=crs, level=level, code=code, name=name, kind=kind, parent=parent,
            valid_from=_day(valid_from), valid_to=_day(valid_to), today=datetime.now(UTC).date(),
            overwrite=overwrite,
        ),
    )  # fmt: skip


@app.command("demand")
def demand(
    file: Annotated[Path, typer.Argument(help="Points with a weight, a population raster (.tif), or a census table.")],
    kind: Annotated[str, typer.Option("--kind", help="residents, older (60+) or children (0 to 3).")] = "residents",
    by: Annotated[str | None, typer.Option("--by", help="What carries it: buildings, raster, points, even.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="Areas counted: county, township, unit_2020.")] = None,
    controls: Annotated[
        Path | None, typer.Option("--controls", help="Census table the points or the raster must sum to.")
    ] = None,
    controls_column: Annotated[str | None, typer.Option("--controls-column", help="Column of its counts.")] = None,
    controls_date: Annotated[
        str | None, typer.Option("--controls-date", help="The day whose areas it counts; today without it.")
    ] = None,
    allow_unplaced: Annotated[
        bool, typer.Option("--allow-unplaced", help="Put a total that nothing carries at one point of its area.")
    ] = False,
    weight: Annotated[str, typer.Option("--weight", help="Column of the points' weight.")] = "weight",
    unit: Annotated[str, typer.Option("--unit", help="Unit of the points' weight: persons, m2 …")] = "persons",
    overwrite: Overwrite = False,
    crs: Crs = None,
    workspace: Workspace = None,
) -> None:
    """Bring residents, older people or small children: points, or census totals spread over buildings or a raster.

    [dim]Examples:[/] quantu import demand homes.csv --weight people --crs EPSG:4326
    quantu import demand census.xlsx --by buildings --level county --kind older
    """
    _do(
        workspace,
        lambda r: import_demand(
            r.store,
            file,
            DemandQuestion(
                day=_day(controls_date) or datetime.now(UTC).date(), kind=kind, by=by, weight=weight, unit=unit,
                crs=crs, controls=controls, controls_column=controls_column, level=level,
                allow_unplaced=allow_unplaced, overwrite=overwrite,
            ),
        ),
    )  # fmt: skip
