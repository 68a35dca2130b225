"""Polygon files into the AREAS frame."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from data.frames import AREAS, conform
from data.read.files import column, read_vector, to_kept
from geo.errors import Fault, InputError

LEVELS: Final = ("city", "county", "township", "village", "unit_2020")


def read_areas(
    path: Path, *, crs: str | None, level: str, code_column: str | None = None, name_column: str | None = None
) -> gpd.GeoDataFrame:
    """Return the AREAS frame of a polygon (or point) file, all of one ``level``.

    ``code_column`` and ``name_column`` name the file's columns; left out, ``code``, ``adcode``, ``gb`` or ``id`` and
    ``name`` are looked for. Codes are kept as text; the parent of a code of GB/T 2260's form is read off it.

    Raises InputError (no such column, no polygons, a level not known), MissingCRSError, CRSMismatchError.
    """
    if level not in LEVELS:
        raise InputError(
            Fault("level", f"{level!r} is no level.", f"use one of {', '.join(LEVELS)}.", str(path), column="level")
        )
    frame = read_vector(path, crs=crs)
    code = code_column or column(frame, "code", "adcode", "xzqdm", "xzqdm12", "gb", "id")
    name = name_column or column(frame, "name", "xzqmc", "名称")
    missing = [
        Fault("missing_column", f"no column {asked or wanted}.", f"name it with --map COLUMN={wanted}.", str(path))
        for wanted, asked, found in (("code", code_column, code), ("name", name_column, name))
        if found is None or found not in frame.columns
    ]
    if missing or code is None or name is None:
        raise InputError(missing)
    codes = [_code(value) for value in frame[code]]
    shapes = to_kept(frame).geometry.to_numpy()
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6))
    shapes = np.where(polygon & ~shapely.is_valid(shapes), shapely.make_valid(shapes), shapes)
    out = gpd.GeoDataFrame(
        {
            "code": codes,
            "name": frame[name].to_numpy(),
            "level": level,
            "parent": [parent_of(value, level) for value in codes],
            "source": path.name,
            "synthetic": False,
        },
        geometry=shapes,
        crs="EPSG:4490",
    )
    return conform(out, AREAS, file=str(path))


def _code(value: object) -> str:
    return str(value).strip().removesuffix(".0")


def parent_of(code: str, level: str) -> str | None:
    """Return the code one level up, where codes have the national form.

    >>> parent_of("620105", "county"), parent_of("620105001", "township"), parent_of("X1", "county")
    ('620100', '620105', None)
    """
    digits = code.isdigit()
    if level == "county" and digits and len(code) == 6:
        return f"{code[:4]}00"
    if level == "township" and digits and len(code) in (9, 12):
        return code[:6]
    if level == "village" and digits and len(code) == 12:
        return code[:9]
    return None
