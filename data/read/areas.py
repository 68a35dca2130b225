"""Files of polygons or points into the AREAS frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.frames import AREAS, conform
from data.read.files import column, finite_rows, id_text, read_vector, to_kept
from geo.errors import Fault, InputError

LEVELS: Final = ("city", "county", "zone", "township", "village", "unit_2020", "region")
_DIGITS: Final = {"city": 6, "county": 6, "township": 9}
_UNIT_PREFIX: Final = "2020:"
"""Before the code of a census unit of 2020: many are codes of today's counties too."""
_CODE_NAMES: Final = (
    "code", "adcode", "xzqdm", "xzqdm12", "行政区划代码", "行政区划代", "区划代码", "行政区代码", "统计用区划代码",
    "统计用区划", "地区代码", "普查区代码", "区县代码", "乡镇代码", "村代码", "代码", "编码", "dm", "gb", "id",
)  # fmt: skip
"""Headings of codes, the surest first; 行政区划代 is what ten bytes of GBK leave of 行政区划代码 in a shapefile."""
_NAME_NAMES: Final = (
    "name", "xzqmc", "行政区划名称", "行政区划名", "区划名称", "行政区名称", "地区名称", "统计用区划名称", "区县名称",
    "乡镇名称", "村名称", "名称", "区县", "乡镇", "地区", "mc",
)  # fmt: skip
_ABOVE: Final = {"county": "city", "township": "county", "village": "township"}


@dataclass(frozen=True, slots=True, eq=False)
class AreasFile:
    """The AREAS frame of a file, and what had to be mended in it."""

    frame: gpd.GeoDataFrame
    faults: tuple[Fault, ...]


def read_areas(
    path: Path, *, crs: str | None, level: str, code_column: str | None = None, name_column: str | None = None
) -> gpd.GeoDataFrame:
    """Return the AREAS frame of a polygon (or point) file, all of one ``level``; see ``areas_file``."""
    return areas_file(path, crs=crs, level=level, code_column=code_column, name_column=name_column).frame


def areas_file(
    path: Path,
    *,
    crs: str | None,
    level: str,
    code_column: str | None = None,
    name_column: str | None = None,
    kind_column: str | None = None,
    parent_column: str | None = None,
) -> AreasFile:
    """Return the AREAS frame of a polygon (or point) file, all of one ``level``, and warnings of what was mended.

    ``code_column`` and ``name_column`` name the file's columns; left out, ``code``, ``区划代码``, ``XZQDM`` and the
    like, ``name``, ``名称``, ``XZQMC`` and the like are looked for. Codes are text as ``kept_code`` writes them;
    the parent is ``parent_column``'s, else read off a code of GB/T 2260's form. A polygon that crosses itself is
    made valid, which its warning says.

    Raises InputError (no such column, an empty or repeated code, a level not known), MissingCRSError,
    CRSMismatchError.
    """
    if level not in LEVELS:
        raise InputError(
            Fault("level", f"{level!r} is no level.", f"use one of {', '.join(LEVELS)}.", str(path), column="level")
        )
    asked = [name for name in (code_column, parent_column) if name is not None]
    frame = read_vector(path, crs=crs, text=asked)
    code = code_column or column(frame, *_CODE_NAMES)
    name = name_column or column(frame, *_NAME_NAMES)
    held = "、".join(str(one) for one in frame.columns if one != frame.geometry.name)
    missing = [
        Fault(
            "missing_column",
            f"没有{zh}栏{f'“{given}”' if given else ''}。 There is no column {given or wanted}; there are {held}.",
            f"用 --{wanted} 指明栏目。 name it with --{wanted} COLUMN.", str(path),
        )
        for wanted, zh, given, found in (
            ("code", "代码", code_column, code), ("name", "名称", name_column, name),
            ("kind", "类别", kind_column, kind_column), ("parent", "上级代码", parent_column, parent_column),
        )
        if (found is None and wanted in ("code", "name")) or (found is not None and found not in frame.columns)
    ]  # fmt: skip
    if missing or code is None or name is None:
        raise InputError(missing)
    codes = [None if text is None else kept_code(text, level) for text in id_text(frame[code])]
    _refuse_codes(codes, code, path)
    shapes, mended = _mended(to_kept(frame).geometry.to_numpy(), path)
    out = gpd.GeoDataFrame(
        {
            "code": codes,
            "name": frame[name].to_numpy(),
            "level": level,
            "parent": _parents(codes, level, None if parent_column is None else id_text(frame[parent_column])),
            "kind": None if kind_column is None else frame[kind_column].to_numpy(),
            "source": path.name,
            "synthetic": False,
        },
        geometry=shapes,
        crs="EPSG:4490",
    )
    return AreasFile(conform(out, AREAS, file=str(path)), tuple(mended))


def _parents(codes: Sequence[str | None], level: str, given: Sequence[str | None] | None) -> list[str | None]:
    """Return the codes above, those of the file where it has a column for them, else read off the codes."""
    read = [None if code is None else parent_of(code, level) for code in codes]
    if given is None:
        return read
    above = _ABOVE.get(level, "")
    kept = [None if text is None else kept_code(text, above) for text in given]
    return [own if one is None else one for one, own in zip(kept, read, strict=True)]


def _mended(shapes: NDArray[np.object_], path: Path) -> tuple[NDArray[np.object_], list[Fault]]:
    """Return the shapes, polygons that cross themselves made valid, and a warning for each of those."""
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6))
    crossing = polygon & ~shapely.is_valid(shapes)
    out = shapes.copy()
    # only surfaces remain: a spike without width is no area
    out[crossing] = shapely.make_valid(shapes[crossing], method="structure", keep_collapsed=False)
    faults = [
        Fault(
            "self_crossing",
            f"the polygon is not simple ({shapely.is_valid_reason(shapes[row])}); it was made valid.",
            "look at it on the map, or correct it in the file.",
            str(path), row, "geometry", severity="warning",
        )
        for row in np.flatnonzero(crossing).tolist()
    ]  # fmt: skip
    return out, faults


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
