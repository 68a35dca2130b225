"""Polygon files into the AREAS frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from data.frames import AREAS, conform
from data.read.files import column, finite_rows, id_text, read_vector, to_kept
from geo.errors import Fault, InputError

LEVELS: Final = ("city", "county", "township", "village", "unit_2020")
_DIGITS: Final = {"city": 6, "county": 6, "township": 9}
_UNIT_PREFIX: Final = "2020:"
"""Before the code of a census unit of 2020: many are codes of today's counties too."""


def read_areas(
    path: Path, *, crs: str | None, level: str, code_column: str | None = None, name_column: str | None = None
) -> gpd.GeoDataFrame:
    """Return the AREAS frame of a polygon (or point) file, all of one ``level``.

    ``code_column`` and ``name_column`` name the file's columns; left out, ``code``, ``adcode``, ``gb`` or ``id`` and
    ``name`` are looked for. Codes are text as ``kept_code`` writes them; the parent of a code of GB/T 2260's form is
    read off it.

    Raises InputError (no such column, an empty or repeated code, a level not known), MissingCRSError,
    CRSMismatchError.
    """
    if level not in LEVELS:
        raise InputError(
            Fault("level", f"{level!r} is no level.", f"use one of {', '.join(LEVELS)}.", str(path), column="level")
        )
    frame = read_vector(path, crs=crs, text=[] if code_column is None else [code_column])
    code = code_column or column(frame, "code", "adcode", "xzqdm", "xzqdm12", "gb", "id")
    name = name_column or column(frame, "name", "xzqmc", "名称")
    missing = [
        Fault("missing_column", f"no column {asked or wanted}.", f"name it with --{wanted} COLUMN.", str(path))
        for wanted, asked, found in (("code", code_column, code), ("name", name_column, name))
        if found is None or found not in frame.columns
    ]
    if missing or code is None or name is None:
        raise InputError(missing)
    codes = [None if text is None else kept_code(text, level) for text in id_text(frame[code])]
    _refuse_codes(codes, code, path)
    shapes = to_kept(frame).geometry.to_numpy()
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6))
    shapes = np.where(polygon & ~shapely.is_valid(shapes), shapely.make_valid(shapes), shapes)
    out = gpd.GeoDataFrame(
        {
            "code": codes,
            "name": frame[name].to_numpy(),
            "level": level,
            "parent": [None if value is None else parent_of(value, level) for value in codes],
            "source": path.name,
            "synthetic": False,
        },
        geometry=shapes,
        crs="EPSG:4490",
    )
    return conform(out, AREAS, file=str(path))


def kept_code(code: str, level: str) -> str:
    """Return a code as it is kept at its level: six digits a city or county, nine a township, ``2020:`` before a unit.

    Longer national codes that end in zeros, twelve digits for instance, are cut; any other code stays as it is.

    >>> kept_code("620105000000", "county"), kept_code("620105001000", "township"), kept_code("620105", "unit_2020")
    ('620105', '620105001', '2020:620105')
    """
    if level == "unit_2020":
        return code if code.startswith(_UNIT_PREFIX) else f"{_UNIT_PREFIX}{code}"
    digits = _DIGITS.get(level)
    national = code.isascii() and code.isdigit() and len(code) in (9, 12)
    return code[:digits] if digits and national and not code[digits:].strip("0") else code


def _refuse_codes(codes: Sequence[str | None], column: str, path: Path) -> None:
    """Raise InputError naming the file's own rows whose code is empty or occurs twice."""
    rows: dict[str | None, list[int]] = {}
    for row, code in enumerate(codes):
        rows.setdefault(code, []).append(row)
    faults = [
        Fault("empty", "the area has no code.", "give it one.", str(path), row, column)
        for row in rows.pop(None, [])[:100]
    ]
    twice = [(row, code, of) for code, of in rows.items() if len(of) > 1 for row in of[1:]]
    faults += [
        Fault(
            "duplicate_key", f"the code occurs {len(of)} times, first in row {of[0]}.", "give each area its own code.",
            str(path), row, column, code,
        )
        for row, code, of in twice[:100]
    ]  # fmt: skip
    if faults:
        raise InputError(faults)


def area_of(path: Path, *, crs: str | None = None) -> Any:
    """Return the polygons of a file as one geometry (shapely, EPSG:4490), the ``area`` of ``read_osm``.

    Raises InputError naming every row that is no polygon, and as ``read_vector`` does.
    """
    frame = to_kept(read_vector(path, crs=crs))
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    wrong = ~np.isin(shapely.get_type_id(shapes), (3, 6)) | shapely.is_empty(shapes)
    faults = [
        Fault(
            "geometry_type" if shapes[row] is not None else "no_geometry",
            f"{'nothing' if shapes[row] is None else shapes[row].geom_type} where a polygon is expected.",
            "hand in polygons only.", str(path), int(row), "geometry",
        )
        for row in np.flatnonzero(wrong)[:100]
    ]  # fmt: skip
    faults += [
        Fault(
            "off_earth", "the coordinates are no numbers.", "correct the polygon.", str(path), int(row), "geometry"
        )
        for row in np.flatnonzero(~wrong & ~finite_rows(shapes))[:100]
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return shapely.union_all(shapely.make_valid(shapes))


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
