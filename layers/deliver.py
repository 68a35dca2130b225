"""The frames a coverage circle delivers: areas with rates, demand points with times, facilities."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.city import CityData
from data.frames import CRS_KEPT, Column
from data.product import Product
from data.publicity import clear_of_protected
from data.standards import Standard
from layers.base import AreaScope
from layers.coverage import ABSENT, BEYOND, OFF, OK, UNREACHABLE, Verdict, rows_by_area, within
from layers.demand import DemandPoints
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.places import Facilities

_UNIT: Final = "demand unit"
_UNITS: Final = {"persons": "人", "m2": "m²"}
_LEVELS: Final = {"county": "区县", "zone": "功能区", "township": "乡镇（街道）"}
REASONS: Final = {OK: "圈内", BEYOND: "超时", UNREACHABLE: "不可达", OFF: "路网外", ABSENT: "无设施"}

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
    "ABSENT": Column("float", _UNIT, zh="盲区：无设施", en="gap: no facility"),
    "CROWRATE": Column("float", "1", required=False, zh="直线法覆盖率", en="straight-line rate"),
    "SYN_GEOM": Column("bool", zh="合成边界", en="synthetic border"),
    "SYN_DATA": Column("bool", zh="结果用到合成数据", en="computed from synthetic data"),
    "NOTE": Column("text", required=False, zh="数据说明", en="what must be known of the data"),
}

DEMAND_COLUMNS: Final = {
    "DEMAND_ID": Column("text", zh="需求点编号", en="demand point"),
    "NAME": Column("text", required=False, zh="名称", en="name"),
    "WEIGHT": Column("float", _UNIT, zh="权重", en="weight"),
    "TOWNSHIP": Column("text", required=False, zh="乡镇（街道）代码", en="township code"),
    "TRAVEL_S": Column("float", "s", required=False, zh="到最近设施时间", en="time to the nearest facility"),
    "COVERED": Column("bool", zh="圈内", en="covered"),
    "REASON": Column("text", zh="判定", en="verdict"),
    "SYNTHETIC": Column("bool", zh="合成位置", en="synthetic position"),
}


def coverage_products(
    city: CityData,
    points: DemandPoints,
    verdict: Verdict,
    *,
    seconds: NDArray[np.float64] | None,
    facilities: Sequence[Facilities],
    area: AreaScope,
    standards: tuple[Standard, ...],
    provenance: Mapping[str, Any],
    notices: Sequence[Mapping[str, Any]],
) -> list[Product]:
    """Return the Products ``areas`` (where the edition has areas), ``demand`` and ``facilities``, EPSG:4490.

    ``seconds`` (K,) is the travel time of each point, NaN where there is none.
    """
    inside = within(points, area)
    frame = points.frame
    shown = gpd.GeoDataFrame(
        {
            "DEMAND_ID": frame["demand_id"],
            "NAME": frame["name"].astype("str").where(frame["name"].notna(), None),
            "WEIGHT": frame["weight"],
            "TOWNSHIP": pd.Series(points.codes["township"]).astype("str").replace("", None),
            "TRAVEL_S": np.full(len(frame), np.nan) if seconds is None else np.round(seconds, 3),
            "COVERED": verdict.reason == OK,
            "REASON": [REASONS[int(r)] for r in verdict.reason],
            "SYNTHETIC": frame["synthetic"],
        },
        geometry=frame.geometry.to_numpy(),
        crs=CRS_KEPT,
    )[inside].reset_index(drop=True)
    if points.layers[0].startswith("facilities."):
        shown = clear_of_protected(shown, city).reset_index(drop=True)
    out = [Product("demand", shown, _in_unit(DEMAND_COLUMNS, points.unit), standards, provenance)]
    table = pd.DataFrame([_flat(row) for row in rows_by_area(city, points, verdict, area)])
    if city.areas is not None and len(table):
        shapes = city.areas.drop_duplicates("code").set_index("code")
        table["SYN_GEOM"] = shapes.loc[table["CODE"], "synthetic"].to_numpy()
        table["SYN_DATA"] = any(notice["kind"] == "synthetic" for notice in notices)
        table["NOTE"] = " ".join(notice["zh"] for notice in notices) or None
        drawn = gpd.GeoDataFrame(table, geometry=shapes.loc[table["CODE"]].geometry.to_numpy(), crs=CRS_KEPT)
        out.insert(0, Product("areas", drawn, _in_unit(AREA_COLUMNS, points.unit), standards, provenance))
    out.append(_facilities(city, facilities, standards, provenance))
    return out


def _facilities(
    city: CityData, facilities: Sequence[Facilities], standards: tuple[Standard, ...], provenance: Mapping[str, Any]
) -> Product:
    """Return the facilities that are meant: with the fields of their layer, or the common ones of several layers."""
    layers = list(dict.fromkeys(f.layer for f in facilities))
    frames, columns = [], {}
    for layer in layers:
        meant = np.logical_or.reduce([f.chosen(city) for f in facilities if f.layer == layer])
        spec = _spec(layer)
        names = [name for name in spec if all(name in _spec(other) for other in layers)]
        columns = {name: spec[name] for name in names}
        frames.append(clear_of_protected(city.frame(layer)[meant], city)[[*names, "geometry"]])
    together = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return Product("facilities", together.reset_index(drop=True), columns, standards, provenance)


def _spec(layer: str) -> Mapping[str, Column]:
    """Return the fields of a layer that leave it: names and phones of persons do not."""
    columns = FACILITY_LAYERS[layer.removeprefix("facilities.")].spec.columns
    return {name: column for name, column in columns.items() if column.tier == "public"}


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
        "ABSENT": row.gap.absent,
        "CROWRATE": row.straight_rate,
    }


def _in_unit(columns: Mapping[str, Column], unit: str) -> dict[str, Column]:
    """Return ``columns`` with the demand's own unit where they are measured in it."""
    return {
        name: replace(column, unit=_UNITS.get(unit, unit)) if column.unit == _UNIT else column
        for name, column in columns.items()
    }
