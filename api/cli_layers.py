"""``quantu layers`` and ``quantu template``: what facility layers hold, and the sheet a bureau fills in."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from api.cli_common import LIST, fail_cleanly, out
from data.read.wording import plain
from geo.errors import NotFoundError, ParameterError
from layers.base import FacilityLayer, Registry
from layers.dictionary import dictionary, json_schema, write_layer_template
from layers.facilities.catalogue import FACILITY_LAYERS

app = typer.Typer()

_WIDE: Final = 110
"""Columns of a terminal from which on everything is shown."""
_ONLY_WIDE: Final = ("English", "公开属性", "示例")


@app.command("layers")
def layers(
    layer: Annotated[
        str | None, typer.Argument(help="A layer, e.g. elderly or 养老服务设施; all of them without it.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, or json: a layer's JSON Schema.")] = "table",
    lang: Annotated[str, typer.Option("--lang", help="Language of the JSON Schema's titles: zh or en.")] = "zh",
) -> None:
    """List the facility layers, or the fields of one: type, unit, allowed values, tier.

    [dim]Examples:[/] quantu layers   ·   quantu layers elderly   ·   quantu layers elderly --format json
    """
    with fail_cleanly():
        chosen = None if layer is None else layer_named(layer)
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


def layer_named(text: str, known: Registry[FacilityLayer] = FACILITY_LAYERS) -> FacilityLayer:
    """Return the layer with that id (``facilities.`` or not), Chinese title or English title.

    Raises NotFoundError that lists the ids with their Chinese titles.

    >>> layer_named("养老服务设施").id, layer_named("facilities.elderly").id, layer_named("Elderly care").id
    ('elderly', 'elderly', 'elderly')
    """
    wanted = plain(text)
    for one in known.items:
        if wanted in {plain(name) for name in (one.id, one.layer, one.title.zh, one.title.en)}:
            return one
    listed = "、".join(f"{one.id} {one.title.zh}" for one in known.items)
    raise NotFoundError(f"没有图层 {text}。可用的有：{listed}。 There is no facility layer {text!r}.")


def _list() -> None:
    wide = out.width >= _WIDE
    table = _folding(["图层 layer", "名称 title", "类型 kinds", "必填 must be given"], names=1)
    if wide:
        table.add_column("英文 English", overflow="fold")
        table.add_column("OSM 来源 fed by OSM", overflow="fold")
        table.add_column("依据 standard", overflow="fold")
    for one in FACILITY_LAYERS.items:
        row = [one.id, one.title.zh, "、".join(one.kinds), ", ".join(one.obligatory)]
        if wide:
            row += [one.title.en, ", ".join(one.feeds), f"{one.basis.title}（{one.basis.confidence}）"]
        table.add_row(*map(escape, row))
    out.print(table, soft_wrap=False)


def _fields(layer: FacilityLayer) -> None:
    out.print(f"[bold]{layer.title.zh} {layer.title.en}[/] · {layer.layer}")
    fields = dictionary(layer)
    if out.width < _WIDE:
        fields = fields.drop(columns=list(_ONLY_WIDE))
    table = _folding([str(name) for name in fields.columns], names=1)
    for row in fields.astype("str").to_numpy().tolist():
        table.add_row(*(escape(value) for value in row))
    out.print(table, soft_wrap=False)


def _folding(headings: Sequence[str], *, names: int) -> Table:
    """Return an empty table that cuts nothing: the first ``names`` columns keep their width, the others fold."""
    table = Table(**LIST)
    for k, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=k < names)
    return table


@app.command("template")
def template(
    layer: Annotated[str, typer.Argument(help="The layer, e.g. elderly or 养老服务设施.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .xlsx file to write.")],
) -> None:
    """Write the sheet a bureau fills in for a layer, which ``quantu import facilities`` reads back.

    [dim]Example:[/] quantu template elderly -o 养老服务设施.xlsx
    """
    with fail_cleanly():
        write_layer_template(layer_named(layer), output)
        out.print(escape(f"已写入 Wrote {output}"))
