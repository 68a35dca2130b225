"""Street files of a traffic simulator: one row a direction, and lists of the vehicle classes that may use it."""

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.read.access import StreetUse

SUMO_COLUMNS: Final = ("allow", "disallow")
"""Lists of vehicle classes; an ``allow`` that is not empty names all who may, else ``disallow`` who may not."""

_SAME_LENGTH: Final = 0.01


def permitted(uses: list[StreetUse], frame: gpd.GeoDataFrame) -> list[StreetUse]:
    """Return ``uses`` narrowed by the lists of ``frame``: pedestrian, bicycle and passenger are our three modes.

    The row is one direction: its backward direction is closed to cycles and cars.
    """
    out: list[StreetUse] = []
    for use, allow, disallow in zip(uses, frame["allow"], frame["disallow"], strict=True):
        may = {mode: _may(mode, allow, disallow) for mode in ("pedestrian", "bicycle", "passenger")}
        out.append(
            replace(
                use,
                walk=use.walk and may["pedestrian"],
                cycle_fwd=use.cycle_fwd and may["bicycle"],
                cycle_bwd=False,
                drive_fwd=use.drive_fwd and may["passenger"],
                drive_bwd=False,
            )
        )
    return out


def _may(mode: str, allow: object, disallow: object) -> bool:
    allowed = str(allow).split() if isinstance(allow, str) else []
    barred = str(disallow).split() if isinstance(disallow, str) else []
    return mode in allowed if allowed else not (mode in barred or "all" in barred)


def merge_directions(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Return ``table`` with opposite rows joined into one segment, and the number of pairs joined.

    Two rows are the two directions of one street where their u and v are exchanged and either their ids differ by
    a leading minus only, or they are of one class and their lengths differ by less than 1 %. The row without the
    minus (else the earlier one) stays; the other gives it its backward direction. Walkers need only one of them.
    Two loops at one node are one street by their ids only: alike in class and length they may still be two.
    A row left alone is one-way for cycles and cars and open both ways to walkers.
    """
    table = table.reset_index(drop=True)
    table["cycle_bwd"] = False
    table["drive_bwd"] = False
    ids = table["way_id"].astype("object") if "way_id" in table else pd.Series([None] * len(table))
    classes = table["highway"].astype("object") if "highway" in table else pd.Series([None] * len(table))
    length = shapely.length(table.geometry.to_numpy())
    u, v = table["u"].to_numpy(), table["v"].to_numpy()
    by_ends: dict[tuple[int, int], list[int]] = {}
    for row in range(len(table)):
        by_ends.setdefault((int(u[row]), int(v[row])), []).append(row)
    partner = np.full(len(table), -1)
    for exact in (True, False):
        for row in range(len(table)):
            if partner[row] >= 0:
                continue
            for other in by_ends.get((int(v[row]), int(u[row])), []):
                if other == row or partner[other] >= 0:
                    continue
                if exact:
                    fits = ids[row] is not None and str(ids[other]) == f"-{ids[row]}"
                else:
                    fits = (
                        u[row] != v[row]
                        and str(classes[row]) == str(classes[other])
                        and abs(length[row] - length[other]) <= _SAME_LENGTH * max(length[row], length[other])
                    )
                if fits:
                    partner[row], partner[other] = other, row
                    break
    pairs = [(row, int(other)) for row, other in enumerate(partner) if other >= 0 and _leads(row, int(other), ids)]
    keep, gone = [row for row, _ in pairs], [other for _, other in pairs]
    for mode in ("cycle", "drive"):
        table.loc[keep, f"{mode}_bwd"] = table.loc[gone, f"{mode}_fwd"].to_numpy()
    table.loc[keep, "walk"] = table.loc[keep, "walk"].to_numpy() | table.loc[gone, "walk"].to_numpy()
    return table.drop(index=gone), len(pairs)


def _leads(row: int, other: int, ids: "pd.Series[str]") -> bool:
    """Whether ``row`` is the one of the pair that stays."""
    minus, other_minus = str(ids[row]).startswith("-"), str(ids[other]).startswith("-")
    return row < other if minus == other_minus else not minus
