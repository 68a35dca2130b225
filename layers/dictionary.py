"""What follows from a layer's declaration: its data dictionary, its JSON Schema, its template for stewards."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from data.frames import FILLED_ON_IMPORT, Column
from data.write.template import choices, write_template
from layers.base import FacilityLayer

Lang = Literal["zh", "en"]

_TYPES: Final = {"int": "整数", "float": "数值", "bool": "是/否", "text": "文本", "date": "日期"}
_JSON: Final = {"int": "integer", "float": "number", "bool": "boolean", "text": "string", "date": "string"}
_UCUM: Final = {"m": "m", "m²": "m2", "km²": "km2", "m³": "m3", "t": "t", "亩": "[mu_cn]"}
_CODES: Final = {
    "area_code": ("12位统计用区划代码", "12-digit area code", r"^\d{6}(\d{3}(\d{3})?)?(;\d{12})*$"),
    "uscc": ("18位，含校验位（GB 32100）", "18 characters with a check digit (GB 32100)", "^[0-9A-HJ-NPQRTUWXY]{18}$"),
    "gb4754": ("GB/T 4754 行业代码", "industry code of GB/T 4754", r"^[A-T]?\d{2,4}$"),
    "year": ("4位年份", "a year of 4 digits", ""),
    "phone": ("固定电话带区号，或11位手机号", "with area code, or 11 digits", ""),
}


def dictionary(layer: FacilityLayer) -> pd.DataFrame:
    """Return the data dictionary: one row a field, in the order they are kept.

    Columns: 字段名, 中文名, English, 数据类型, 单位, 必填, 允许值, 说明, 公开属性, 示例.
    A field is 必填 where a steward must give it.
    """
    rows = [
        {
            "字段名": name,
            "中文名": column.zh,
            "English": column.en,
            "数据类型": _TYPES[column.kind],
            "单位": column.unit,
            "必填": "是" if name in layer.obligatory else "",
            "允许值": _allowed(column),
            "说明": _note(name, column),
            "公开属性": "公开" if column.tier == "public" and layer.tier == "public" else "内部",
            "示例": column.example,
        }
        for name, column in layer.spec.columns.items()
    ]
    return pd.DataFrame(rows)


def _allowed(column: Column) -> str:
    shown = zip(choices(column), column.values, strict=True)
    return "、".join(value if word == value else f"{word}（{value}）" for word, value in shown)


def _note(name: str, column: Column) -> str:
    parts = []
    if name in FILLED_ON_IMPORT:
        parts.append("导入时填写")
    if column.check:
        parts.append(_CODES[column.check][0])
    if column.low is not None and column.high is not None:
        parts.append(f"合理范围 {_plain(column.low)}–{_plain(column.high)}")
    if column.aliases:
        parts.append(f"也写作：{'、'.join(column.aliases)}")
    return "；".join(parts)


def _plain(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".")


def json_schema(layer: FacilityLayer, lang: Lang = "zh") -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a feature's properties, as OGC API – Features part 5 has it.

    Fields of the internal tier are not in it. A property that is empty is left out of a feature or ``null``.
    """
    properties: dict[str, Any] = {}
    for number, (name, column) in enumerate(layer.spec.columns.items(), 1):
        if column.tier == "public":
            properties[name] = _property(name, column, number, lang)
    properties["geometry"] = {"x-ogc-role": "primary-geometry", "format": "geometry-point"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:quantu:schema:{layer.layer}",
        "title": layer.title.zh if lang == "zh" else layer.title.en,
        "description": f"{layer.basis.title}: {layer.basis.clause}",
        "type": "object",
        "properties": properties,
        "required": [
            name for name, column in layer.spec.columns.items() if column.required and column.tier == "public"
        ],
        "additionalProperties": False,
    }


def _property(name: str, column: Column, number: int, lang: Lang) -> dict[str, Any]:
    own: dict[str, Any] = {
        "title": column.zh if lang == "zh" else column.en,
        "description": _description(column, lang),
        "type": _JSON[column.kind],
        "x-ogc-propertySeq": number,
    }
    role = {"FAC_ID": "id", "NAME": "title"}.get(name)
    if role:
        own["x-ogc-role"] = role
    if column.kind == "date":
        own["format"] = "date"
    allowed = column.values  # noqa: PD011
    if allowed:
        own["enum"] = [int(value) for value in allowed] if column.kind == "int" else list(allowed)
    if column.check and _CODES[column.check][2]:
        own["pattern"] = _CODES[column.check][2]
    if column.unit:
        ucum = _UCUM.get(column.unit)
        own |= {"x-ogc-unit": ucum, "x-ogc-unitLang": "UCUM"} if ucum else {"x-ogc-unit": column.unit}
    if column.example:
        own["examples"] = [_typed(column)]
    return own


def _description(column: Column, lang: Lang) -> str:
    said = [column.en if lang == "zh" else column.zh]
    if column.check:
        said.append(_CODES[column.check][0 if lang == "zh" else 1])
    if column.low is not None and column.high is not None:
        said.append(f"{'合理范围' if lang == 'zh' else 'plausible'} {_plain(column.low)}–{_plain(column.high)}")
    return "; ".join(said)


def _typed(column: Column) -> str | int | float:
    if column.kind == "int":
        return int(column.example)
    return float(column.example) if column.kind == "float" else column.example


def example_record(layer: FacilityLayer) -> Mapping[str, str]:
    """Return a record as a steward writes it: each field that has an example."""
    return {name: column.example for name, column in layer.spec.columns.items() if column.example}


def write_layer_template(layer: FacilityLayer, path: Path) -> Path:
    """Write the XLSX a bureau fills in for ``layer``. Raises ParameterError (the folder, the file's ending)."""
    return write_template(
        path,
        layer.spec,
        title=layer.title.zh,
        obligatory=layer.obligatory,
        fields=dictionary(layer),
        basis=f"{layer.basis.title}（{layer.basis.clause}）",
    )
