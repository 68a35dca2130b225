"""``quantu layers`` and ``quantu template``: what facility layers hold, and the sheet a bureau fills in."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.cli_common import LIST, fail_cleanly, out
from geo.errors import ParameterError
from layers.base import FacilityLayer
from layers.dictionary import dictionary, json_schema, write_layer_template
from layers.facilities.catalogue import FACILITY_LAYERS

app = typer.Typer()


@app.command("layers")
def layers(
    layer: Annotated[str | None, typer.Argument(help="A layer, e.g. elderly; all of them without it.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, or json: a layer's JSON Schema.")] = "table",
    lang: Annotated[str, typer.Option("--lang", help="Language of the JSON Schema's titles: zh or en.")] = "zh",
) -> None:
    """List the facility layers, or the fields of one: type, unit, allowed values, tier.

    [dim]Examples:[/] quantu layers   ·   quantu layers elderly   ·   quantu layers elderly --format json
    """
    with fail_cleanly():
        chosen = None if layer is None else FACILITY_LAYERS[layer]
        if form not in {"table", "json"} or lang not in {"zh", "en"}:
            raise ParameterError("--format is table or json, --lang zh or en")
        if form == "json":
            some = FACILITY_LAYERS.items if chosen is None else (chosen,)
            schemas = {one.id: json_schema(one, "en" if lang == "en" else "zh") for one in some}
            shown = schemas if chosen is None else schemas[chosen.id]
            sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
        elif chosen is None:
            _list()
        else:
            _fields(chosen)


def _list() -> None:
    table = Table("layer", "title", "kinds", "must be given", "fed by OSM", "standard", **LIST)
    for one in FACILITY_LAYERS.items:
        table.add_row(
            one.id,
            f"{one.title.zh} {one.title.en}",
            "、".join(one.kinds),
            ", ".join(one.obligatory),
            ", ".join(one.feeds),
            escape(f"{one.basis.title}（{one.basis.confidence}）"),
        )
    out.print(table)


def _fields(layer: FacilityLayer) -> None:
    out.print(f"[bold]{layer.title.zh} {layer.title.en}[/] · {layer.layer}")
    fields = dictionary(layer)
    table = Table(*fields.columns, **LIST)
    for row in fields.astype("str").to_numpy().tolist():
        table.add_row(*(escape(value) for value in row))
    out.print(table)


@app.command("template")
def template(
    layer: Annotated[str, typer.Argument(help="The layer, e.g. elderly.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .xlsx file to write.")],
) -> None:
    """Write the sheet a bureau fills in for a layer, which ``quantu import facilities`` reads back.

    [dim]Example:[/] quantu template elderly -o 养老服务设施.xlsx
    """
    with fail_cleanly():
        write_layer_template(FACILITY_LAYERS[layer], output)
        out.print(escape(f"Wrote {output}"))
