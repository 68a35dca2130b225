"""The frames a coverage circle delivers: areas with rates, demand points with times, facilities."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.frames import CRS_KEPT, Column
from data.product import Product
from data.standards import Standard
from layers.base import AreaScope
from layers.coverage import (
    BEYOND,
    OFF,
    OK,
    UNREACHABLE,
    Measured,
    best_seconds,
    judge,
    notices_of,
    rows_by_area,
    within,
)
from layers.facilities.catalogue import FACILITY_LAYERS

_UNIT: Final = "demand unit"
_UNITS: Final = {"persons": "人", "m2": "m²"}
_LEVELS: Final = {"county": "区县", "township": "乡镇（街道）"}
REASONS: Final = {OK: "圈内", BEYOND: "超时", UNREACHABLE: "不可达", OFF: "路网外"}

AREA_COLUMNS: Final = {
    "CODE": Column("text", zh="行政区划代码", en="area code"),
    "NAME": Column("text", zh="名称", en="name"),
    "LEVEL": Column("text", zh="层级", en="level"),
    "TOTAL": Column("float", _UNIT, zh="需求总量", en="demand, total"),
    "COVERED": Column("float", _UNIT, zh="圈内", en="demand covered"),
    "RATE": Column("float", "1", required=False, zh="覆盖率", en="coverage rate"),
    "BEYOND": Column("float", _UNIT, zh="盲区：超时", en="gap: beyond the limit"),
    "UNREACH": Column("float", _UNIT, zh="盲区：不可达", en="gap: unreachable"),
    "OFFNET": Column("float", _UNIT, zh="盲区：路网外", en="gap: off network"),
    "CROWRATE": Column("float", "1", required=False, zh="直线法覆盖率", en="straight-line rate"),
    "SYN_GEOM": Column("bool", zh="合成边界", en="synthetic border"),
    "SYN_DATA": Column("bool", zh="结果用到合成数据", en="computed from synthetic data"),
    "NOTE": Column("text", required=False, zh="数据说明", en="what must be known of the data"),
}

DEMAND_COLUMNS: Final = {
    "DEMAND_ID": Column("text", zh="需求点编号", en="demand point"),
    "WEIGHT": Column("float", _UNIT, zh="权重", en="weight"),
    "TOWNSHIP": Column("text", required=False, zh="乡镇（街道）代码", en="township code"),
    "TRAVEL_S": Column("float", "s", required=False, zh="到最近设施时间", en="time to the nearest facility"),
    "COVERED": Column("bool", zh="圈内", en="covered"),
    "REASON": Column("text", zh="判定", en="verdict"),
    "SYNTHETIC": Column("bool", zh="合成位置", en="synthetic position"),
}


def coverage_products(
    measured: Measured,
    *,
    modes: Sequence[str],
    limit_ms: int,
    area: AreaScope,
    standards: tuple[Standard, ...],
    provenance: Mapping[str, Any],
) -> list[Product]:
    """Return the Products ``areas`` (where the edition has areas), ``demand`` and ``facilities``, EPSG:4490."""
    verdict = judge(measured, modes, limit_ms)
    inside = within(measured, area)
    unit = str(measured.city.meta(measured.demand_layer).get("unit", "1"))
    seconds = best_seconds(measured, modes)
    demand = measured.demand
    points = gpd.GeoDataFrame(
        {
            "DEMAND_ID": demand["demand_id"],
            "WEIGHT": demand["weight"],
            "TOWNSHIP": pd.Series(measured.codes["township"]).astype("str").replace("", None),
            "TRAVEL_S": np.round(seconds, 3),
            "COVERED": verdict.reason == OK,
            "REASON": [REASONS[int(r)] for r in verdict.reason],
            "SYNTHETIC": demand["synthetic"],
        },
        geometry=demand.geometry.to_numpy(),
        crs=CRS_KEPT,
    )[inside].reset_index(drop=True)
    out = [Product("demand", points, _in_unit(DEMAND_COLUMNS, unit), standards, provenance)]
    table = pd.DataFrame([_flat(row) for row in rows_by_area(measured, verdict, area)])
    if measured.city.areas is not None and len(table):
        shapes = measured.city.areas.drop_duplicates("code").set_index("code")
        notices = notices_of(measured.city, ("streets", measured.facility_layer, measured.demand_layer))
        table["SYN_GEOM"] = shapes.loc[table["CODE"], "synthetic"].to_numpy()
        table["SYN_DATA"] = any(notice["kind"] == "synthetic" for notice in notices)
        table["NOTE"] = " ".join(notice["zh"] for notice in notices) or None
        frame = gpd.GeoDataFrame(table, geometry=shapes.loc[table["CODE"]].geometry.to_numpy(), crs=CRS_KEPT)
        out.insert(0, Product("areas", frame, _in_unit(AREA_COLUMNS, unit), standards, provenance))
    layer = FACILITY_LAYERS[measured.facility_layer.removeprefix("facilities.")]
    places = measured.city.frame(measured.facility_layer)
    out.append(Product("facilities", places, layer.spec.columns, standards, provenance))
    return out


def _flat(row: Any) -> dict[str, Any]:
    return {
        "CODE": row.code,
        "NAME": row.name,
        "LEVEL": _LEVELS[row.level],
        "TOTAL": row.total,
        "COVERED": row.covered,
        "RATE": row.rate,
        "BEYOND": row.gap.beyond,
        "UNREACH": row.gap.unreachable,
        "OFFNET": row.gap.off_network,
        "CROWRATE": row.straight_rate,
    }


def _in_unit(columns: Mapping[str, Column], unit: str) -> dict[str, Column]:
    """Return ``columns`` with the demand's own unit where they are measured in it."""
    return {
        name: replace(column, unit=_UNITS.get(unit, unit)) if column.unit == _UNIT else column
        for name, column in columns.items()
    }
