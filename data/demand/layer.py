"""A demand layer made of carriers: as they are given, or with control totals spread over them."""

from collections.abc import Sequence
from datetime import date
from math import fsum
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.city import containing
from data.demand.carriers import WAYS, Carriers, cover_faults, unplaced_points
from data.demand.controls import Controls
from data.demand.kinds import RESIDENTS, Kind
from data.demand.spread import spread
from data.frames import CRS_KEPT
from geo.errors import Fault, InputError

_LEVELS: Final = {
    "county": ("区县", "county"), "township": ("乡镇（街道）", "township"),
    "unit_2020": ("2020年普查单元", "census unit of 2020"),
}  # fmt: skip
_SHARED: Final = (
    "；无分项的区域按上级占比推算", "; areas without a count of their own have their part of their parent's"
)  # fmt: skip
_CONVERSION: Final = (
    "2020年普查单元的总数按单元分配到点，再按点所在位置归入今日区县",
    "totals of the census units of 2020 are spread within each unit, its points counted in today's counties",
)


def as_given(
    carriers: Carriers, kind: Kind, held: gpd.GeoDataFrame | None, *, file: str
) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Return the layer of carriers that are demand themselves, no control totals given."""
    unit = carriers.unit if carriers.by == "points" else kind.unit
    frame = carriers.given
    if frame is None:
        assert held is not None
        inside = np.logical_or.reduce(
            [containing(held, carriers.points, level) != "" for level in ("city", "county", "township", "unit_2020")]
        )
        frame = _frame(carriers.keys, carriers.weight, carriers.points, f"as given in {file}", False)[inside]
    frame = _located(frame.reset_index(drop=True), held)
    zh, en = ("人口栅格像元值", "cells of a population raster as they are") if carriers.by == "raster" else (
        "点位权重，如文件所给", "weights of points as they are in the file")  # fmt: skip
    meta = {
        **carriers.meta, "unit": unit, "title_zh": kind.zh, "title_en": kind.en, "by": carriers.by, "method": en,
        "method_zh": zh, "method_en": en,
    }  # fmt: skip
    return frame, meta


def spread_over(
    carriers: Carriers, controls: Controls, kind: Kind, *, held: gpd.GeoDataFrame, at: gpd.GeoDataFrame, day: date,
    allow_unplaced: bool,
) -> tuple[gpd.GeoDataFrame, dict[str, Any], list[Fault]]:  # fmt: skip
    """Return the layer that sums to the control totals, its metadata, and warnings."""
    area = containing(at, carriers.points, controls.level)
    whole = controls.whole and kind.unit == "persons"
    got = spread(controls.totals, area, carriers.weight, carriers.keys, whole=whole)
    empty = tuple(code for code in got.empty if controls.totals[code] > 0)
    spots = unplaced_points(empty, at, allowed=allow_unplaced, file=controls.file)
    kept = got.weight > 0  # NaN is outside every control area
    frames = [_frame(carriers.keys[kept], got.weight[kept], carriers.points[kept], WAYS[carriers.by][1],
                     carriers.synthetic)]  # fmt: skip
    frames[0]["control"] = area[kept]
    if spots:
        keys = np.array([f"unplaced-{code}" for code in empty], dtype=object)
        totals = np.array([controls.totals[code] for code in empty])
        one = _frame(keys, totals, np.array(spots, dtype=object), "unplaced: an inner point of its control area", True)
        frames.append(one.assign(control=np.array(empty, dtype=object)))
    frame = _located(gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=CRS_KEPT), held, controls.level)
    _check_sums(frame, controls, whole=whole)
    faults = cover_faults(carriers, area, controls.totals, at, persons=kind.id == RESIDENTS, file=controls.file)
    outside = np.isnan(got.weight)
    meta = _meta(carriers, controls, kind, day, faults)
    meta["controls"] |= {
        "unplaced": {code: controls.totals[code] for code in empty},
        "carriers_outside": int(outside.sum()),
        "carriers_without_anyone": int((got.weight == 0).sum()),
    }
    return frame, meta, faults


def _check_sums(frame: gpd.GeoDataFrame, controls: Controls, *, whole: bool) -> None:
    """Raise InputError where a control area does not sum to its total: it is what the layer is for."""
    sums = frame["weight"].groupby(frame["control"]).sum()
    faults = []
    for code, total in controls.totals.items():
        had = float(sums.get(code, 0.0))
        if had != total and (whole or not np.isclose(had, total, rtol=1e-9, atol=0.0)):
            faults.append(
                Fault("sum", f"its carriers sum to {had:,.10g}, its control total is {total:,.10g}.",
                      "check the total; report this with the file if it is right.", controls.file, value=code)
            )  # fmt: skip
    if faults:
        raise InputError(faults)


def _meta(carriers: Carriers, controls: Controls, kind: Kind, day: date, faults: Sequence[Fault]) -> dict[str, Any]:
    """Return what is noted about the layer: unit, titles, source, and the method with its totals."""
    way, level = WAYS[carriers.by], _LEVELS[controls.level]
    counted = f"{controls.file}：{controls.column}"
    shared = _SHARED if controls.shared else ("", "")
    noted = {key: value for key, value in carriers.meta.items() if key in ("attribution", "diagnostics")}
    source = carriers.meta.get("source")
    meta: dict[str, Any] = {
        **noted, "unit": kind.unit, "title_zh": kind.zh, "title_en": kind.en, "by": carriers.by,
        "source": controls.file if source is None else f"{controls.file}; {source}",
        "method": f"{counted}, {way[1]}{shared[1]}",
        "method_zh": f"{level[0]}控制总数（{counted}）{way[0]}{shared[0]}",
        "method_en": f"control totals by {level[1]} ({counted}), {way[1]}{shared[1]}",
        "controls": {
            "file": controls.file, "column": controls.column, "level": controls.level, "valid_on": day.isoformat(),
            "totals": dict(controls.totals), "sum": fsum(controls.totals.values()), "shared": list(controls.shared),
        },
    }  # fmt: skip
    if controls.level == "unit_2020":
        meta |= dict(zip(("conversion_zh", "conversion_en"), _CONVERSION, strict=True))
    if faults:
        codes = "、".join(str(fault.value) for fault in faults)
        meta["notice_kind"] = "partly_covered"
        meta["notice_zh"] = f"{codes} 只有部分范围有承载人口的数据，其全部{kind.zh}都落在这一部分，仅供参考。"
        meta["notice_en"] = (
            f"Only part of {codes} is mapped; all its {kind.en} are put there, so the figures are for reference."
        )
    return meta


def _frame(keys: NDArray[np.object_], weight: Any, points: Any, method: str, synthetic: bool) -> gpd.GeoDataFrame:
    columns = {"demand_id": keys, "weight": weight, "method": method, "synthetic": synthetic}
    return gpd.GeoDataFrame(columns, geometry=points, crs=CRS_KEPT)


def _located(frame: gpd.GeoDataFrame, held: gpd.GeoDataFrame | None, level: str | None = None) -> gpd.GeoDataFrame:
    """Return the points with the township and unit of 2020 they lie in, where none is noted.

    Where a point was counted for a county (column ``control``) other than its township's, the county's own code
    stands: sums by county are the control totals'.
    """
    if held is None:
        return frame
    points = frame.geometry.to_numpy()
    township = containing(held, points, "township")
    unit = np.array([code.removeprefix("2020:") for code in containing(held, points, "unit_2020")], dtype=object)
    if level is not None:
        control = frame["control"].to_numpy(dtype=object)
        if level == "unit_2020":
            unit = np.array([code.removeprefix("2020:") for code in control], dtype=object)
        elif level == "township":
            township = control
        else:
            above = dict(zip(held["code"], held["parent"], strict=True))
            same = np.array([above.get(t) == c for t, c in zip(township, control, strict=True)], dtype=np.bool_)
            township = np.array(
                [t if ok else c for t, c, ok in zip(township, control, same, strict=True)], dtype=object
            )
    out = frame.copy()
    for column, found in (("area_code", township), ("unit_2020", unit)):
        noted = out[column] if column in out else pd.Series(None, index=out.index, dtype="object")
        filled = pd.Series([code or None for code in found], index=out.index, dtype="object")
        out[column] = noted.astype("object").where(noted.notna(), filled)
    return out
