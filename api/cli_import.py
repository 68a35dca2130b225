"""``quantu import``: files become layers of the draft."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

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

_ONE_LINE: Final = 4
"""So many figures stand in one line."""
_LEAST_M2: Final = 5e4
"""Below it one decimal of a km² says nothing."""


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


_ZH: Final = {
    "level": "级别", "added": "新增", "replaced": "替换", "closed": "到期", "opened": "起始后移", "unchanged": "未变",
    "removed": "移除", "checked_on": "检查日", "tiling": "铺满情况", "warnings": "警告", "notices": "说明",
    "children": "下级数", "overlap": "重叠", "gap": "空隙", "outside": "超出上级", "carriers": "承载",
    "others_in_table": "表中他市行数", "left_out": "非记录行", "method_zh": "方法", "controls": "控制总数",
    "file": "文件", "column": "栏目", "valid_on": "区划日", "totals": "各区总数", "sum": "合计", "shared": "推算的区",
    "unplaced": "无承载的区", "carriers_outside": "区外承载点", "carriers_without_anyone": "无人承载点",
    "crs": "坐标系", "nodata_cells": "空值像元", "zero_cells": "零值像元",
    "merged": "合并", "quarantined": "待核", "checked": "已核",
}  # fmt: skip
"""What the report's words are in Chinese; English is the key itself."""


def _show(value: Any, indent: str) -> None:
    """Print a report line by line, in Chinese and English; areas in km²."""
    for key, item in value.items():
        if isinstance(item, dict):
            if item and not any(isinstance(one, dict | list) for one in item.values()) and len(item) <= _ONE_LINE:
                parts = [f"{_label(k)} {_amount(k, one)}" for k, one in item.items() if one not in (None, 0, "")]
                out.print(f"{indent}[dim]{_label(key)}[/] {', '.join(parts)}")
            elif item:
                out.print(f"{indent}[dim]{_label(key)}[/]")
                _show(item, indent + "  ")
        elif isinstance(item, list) and item and isinstance(item[0], str):
            for line in item:
                out.print(f"{indent}[dim]{_label(key)}[/] {escape(line)}")
        elif isinstance(item, list):
            continue
        elif item not in (None, 0, ""):
            out.print(f"{indent}[dim]{_label(key)}[/] {_amount(key, item)}")


def _label(key: Any) -> str:
    word = str(key).removesuffix("_m2")
    zh = _ZH.get(word)
    return escape(word if zh is None else f"{zh} {word}")


def _amount(key: Any, item: Any) -> str:
    """A value as people read it: m² as km² with one decimal, counts with separators."""
    if str(key).endswith("_m2") and isinstance(item, int | float):
        return f"{item / 1e6:,.1f} km²" if item >= _LEAST_M2 else "<0.1 km²"
    if isinstance(item, float):
        return f"{item:,.10g}"
    return f"{item:,}" if isinstance(item, int) else escape(str(item))


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
                allow_unplaced=allow_unplaced, overwrite=overwrite, day_said=controls_date is not None,
            ),
        ),
    )  # fmt: skip
