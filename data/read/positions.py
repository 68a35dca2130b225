"""The positions of a raw table, in whatever form they were written: degrees, minutes and seconds, eastings, one cell.

Nothing is said about a datum here. Longitude and latitude that are exchanged are put back, row by row, where no other
reading is possible, and reported.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from data.read.geometries import as_points
from data.read.headings import Matching
from data.read.raw import RawTable, text_array
from geo.errors import Fault, Severity

F64 = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

_NORTHING: Final = (1_500_000.0, 6_500_000.0)
"""Northings between 13° and 59° north, China among them, and Web Mercator's there."""
_EASTING: Final = (100_000.0, 1_000_000.0)
"""Eastings with a false easting of 500 km and no prefix."""
_LONG_EASTING: Final = (7_000_000.0, 50_000_000.0)
"""Eastings with the zone before them (13 to 45), and Web Mercator's in China."""
_METRES: Final = 1000.0
_FAR: Final = 1e12
_PLACEHOLDERS: Final = (0.0, 1.0, -1.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
_CLEAN: Final = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,17})?$"
_NUMBER: Final = r"\d+(?:\.\d+)?"
_ANGLE: Final = re.compile(
    rf"(?P<before>[EWNS])?(?P<sign>[+-])?(?P<d>{_NUMBER})"
    rf"(?:[°:](?:(?P<m>{_NUMBER})(?:[':](?:(?P<s>{_NUMBER})(?:\"|'')?)?)?)?)?(?P<after>[EWNS])?"
)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[EWNS]?[+-]?\d{1,3},\d+[°]?[EWNS]?")
_WORDS: Final = (
    (re.compile(r"东经|经度|lon(?:gitude)?|lng", re.IGNORECASE), "E"),
    (re.compile(r"西经", re.IGNORECASE), "W"),
    (re.compile(r"北纬|纬度|lat(?:itude)?", re.IGNORECASE), "N"),
    (re.compile(r"南纬", re.IGNORECASE), "S"),
    (re.compile(r"[度º˚o∘]"), "°"),
    (re.compile(r"[分′’‘´`ˊ＇]"), "'"),
    (re.compile(r"[秒″”“〞＂]"), '"'),
    (re.compile(r"米|公尺|m$", re.IGNORECASE), ""),
)
_NOTHING: Final = frozenset(
    ("", "-", "--", "—", "/", "无", "暂无", "不详", "未知", "NULL", "NONE", "N/A", "待定", "空")
)


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Where the rows are.

    Attributes:
        xy: (N, 2) longitude and latitude in degrees, or easting and northing in metres; NaN where there is none.
        form: (N,) "lonlat", "projected" or "none".
        swapped: (N,) whether the two were exchanged in the file and are put back.
        faults: what is wrong, with rows as in ``raw.rows``.
        bad: (N,) rows with a position that cannot be used; a row without any position is not among them.
    """

    xy: F64
    form: NDArray[np.object_]
    swapped: NDArray[np.bool_]
    faults: list[Fault] = field(default_factory=list)
    bad: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


@dataclass(slots=True, eq=False)
class _Pair:
    """Two numbers a row as written, the hemisphere letters that stood with them, and what could not be read."""

    a: F64
    b: F64
    a_is: NDArray[np.object_]
    b_is: NDArray[np.object_]
    unread: dict[int, tuple[str, str]]


def read_positions(raw: RawTable, matching: Matching, *, bounds: Bounds | None = None) -> Positions:
    """Return the position of every row, from its geometry or from the columns of ``matching``; never raises for a cell.

    ``bounds`` (west, south, east, north; degrees) are the city's: a longitude and latitude that lie in them only when
    exchanged are exchanged. A line or area is taken at a point inside it, as ``data.read.geometries.as_points`` says.
    """
    survey = False
    where = "geometry"
    said: list[Fault] = []
    if raw.geometry is not None:
        points, said = as_points(raw.geometry, raw.rows, file=raw.file)
        pair = _of_geometry(points)
    elif matching.position.both is not None:
        where = matching.position.both
        pair = _of_one_column(raw.cells[where])
    elif matching.position.x is not None and matching.position.y is not None:
        x, y = matching.position.x, matching.position.y
        where, survey = f"{x}, {y}", matching.position.survey
        pair = _of_two_columns(raw.cells[x], raw.cells[y])
    else:
        n = len(raw.rows)
        none = np.full(n, "none", dtype=object)
        return Positions(np.full((n, 2), np.nan), none, np.zeros(n, np.bool_), [], np.zeros(n, np.bool_))
    found = _resolved(pair, raw, where, survey, bounds)
    return _with(found, said, raw) if said else found


def _with(found: Positions, said: list[Fault], raw: RawTable) -> Positions:
    """The positions with what the geometry's own faults say: a row with an error among them has none."""
    wrong = [fault.row for fault in said if fault.severity == "error"]
    bad = found.bad | np.isin(raw.rows, np.array(wrong, dtype=np.int64))
    faults = sorted([*said, *found.faults], key=lambda fault: -1 if fault.row is None else fault.row)
    return replace(found, bad=bad, faults=faults)


def _of_geometry(points: NDArray[np.object_]) -> _Pair:
    n = len(points)
    xy = np.full((n, 2), np.nan)
    there = ~shapely.is_missing(points)
    xy[there] = shapely.get_coordinates(points[there])
    blank = np.full(n, None, dtype=object)
    return _Pair(xy[:, 0], xy[:, 1], blank, blank.copy(), {})


def _of_two_columns(first: pd.Series, second: pd.Series) -> _Pair:
    a, a_is, a_bad = _angles(first)
    b, b_is, b_bad = _angles(second)
    unread = {i: ("position", f"{_shown(first, i)}, {_shown(second, i)}") for i in (*a_bad, *b_bad)}
    half = np.isnan(a) != np.isnan(b)
    for i in np.flatnonzero(half).tolist():
        unread.setdefault(i, ("half_position", f"{_shown(first, i)}, {_shown(second, i)}"))
    return _Pair(a, b, a_is, b_is, unread)


def _shown(cells: pd.Series, i: int) -> str:
    value: Any = cells.iloc[i]
    return "" if pd.isna(value) else str(value)[:60]


def _of_one_column(cells: pd.Series) -> _Pair:
    n = len(cells)
    a, b = np.full(n, np.nan), np.full(n, np.nan)
    a_is, b_is = np.full(n, None, dtype=object), np.full(n, None, dtype=object)
    unread: dict[int, tuple[str, str]] = {}
    for i, (cell, empty) in enumerate(zip(cells.tolist(), cells.isna().tolist(), strict=True)):
        if empty or _tidy(str(cell)) in _NOTHING:
            continue
        found = two_angles(str(cell))
        if found is None:
            unread[i] = ("position", str(cell)[:80])
            continue
        (a[i], a_is[i]), (b[i], b_is[i]) = found
    return _Pair(a, b, a_is, b_is, unread)


def _angles(cells: pd.Series) -> tuple[F64, NDArray[np.object_], list[int]]:
    """(N,) numbers of a column, the hemisphere letters, and the rows that could not be read."""
    n = len(cells)
    out = np.full(n, np.nan)
    letters = np.full(n, None, dtype=object)
    filled = np.asarray(cells.notna().to_numpy(), dtype=np.bool_)
    todo = filled.copy()
    if isinstance(cells.dtype, pd.StringDtype):
        array = text_array(cells)
        clean = pc.fill_null(pc.match_substring_regex(array, _CLEAN), False)
        mask = np.asarray(clean.to_numpy(zero_copy_only=False), dtype=np.bool_)
        out[mask] = pc.cast(array.filter(pa.array(mask)), pa.float64()).to_numpy(zero_copy_only=False)
        todo &= ~mask
    unread: list[int] = []
    at = np.flatnonzero(todo)
    for i, cell in zip(at.tolist(), cells.iloc[at].tolist(), strict=True):
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            out[i] = float(cell) if abs(cell) < _FAR else np.inf
            if not np.isfinite(out[i]):
                out[i] = np.nan
                unread.append(i)
            continue
        if _tidy(str(cell)) in _NOTHING:
            continue
        found = angle(str(cell)) if isinstance(cell, str) else None
        if found is None:
            unread.append(i)
        else:
            out[i], letters[i] = found
    return out, letters, unread


def _tidy(text: str) -> str:
    """The text in half width and capitals, with one sign each for degrees, minutes, seconds and hemispheres."""
    out = text.translate({0x2032: "'", 0x2033: '"', 0x00BA: "°", 0x02DA: "°", 0x00B4: "'"})
    out = unicodedata.normalize("NFKC", out).strip()
    for pattern, sign in _WORDS:
        out = pattern.sub(sign, out)
    return out.upper().replace("：", ":").replace("−", "-").replace("–", "-")


def angle(text: str) -> tuple[float, str | None] | None:
    """Return the number a text is, degrees or metres, and its hemisphere's letter; None where it is none.

    >>> angle("103°30′"), angle("36.06Ｎ"), angle("东经103度50分"), angle("103,8342"), angle("3,990,123.4")
    ((103.5, None), (36.06, 'N'), (103.83333333333333, 'E'), (103.8342, None), (3990123.4, None))
    >>> angle("103°75′") is None
    True
    """
    tidy = _tidy(text)
    if re.fullmatch(rf"[EWNS]?\s*{_NUMBER}(?:\s+{_NUMBER}){{1,2}}\s*[EWNS]?", tidy):
        tidy = re.sub(r"(?<=\d)\s+(?=\d)", ":", tidy)
    tidy = "".join(tidy.split()).replace("E:", "E").replace("N:", "N")
    if _THOUSANDS.fullmatch(tidy) and (tidy.count(",") > 1 or abs(int(tidy.split(",")[0])) > 180):
        tidy = tidy.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(tidy):
        tidy = tidy.replace(",", ".")
    if re.fullmatch(r"[+-]?\d(?:\.\d+)?E\+?\d", tidy):
        return float(tidy), None
    found = _ANGLE.fullmatch(tidy)
    if found is None or (found["before"] and found["after"]):
        return None
    minutes, seconds = float(found["m"] or 0.0), float(found["s"] or 0.0)
    if minutes >= 60.0 or seconds >= 60.0 or (found["m"] and "." in found["d"]) or (found["s"] and "." in found["m"]):
        return None
    value = float(found["d"]) + minutes / 60.0 + seconds / 3600.0
    letter = found["before"] or found["after"]
    negative = (found["sign"] == "-") != (letter in {"W", "S"})
    if not np.isfinite(value):
        return None
    return (-value if negative else value), letter


def two_angles(text: str) -> tuple[tuple[float, str | None], tuple[float, str | None]] | None:
    """Return both numbers of a cell with a whole position, in the order they stand; None where there are not two.

    >>> two_angles("103.83，36.06"), two_angles("POINT (103.83 36.06)"), two_angles("36°03′N 103°50′E")
    (((103.83, None), (36.06, None)), ((103.83, None), (36.06, None)), ((36.05, 'N'), (103.83333333333333, 'E')))
    >>> two_angles("东经103.83°北纬36.06°")
    ((103.83, 'E'), (36.06, 'N'))
    """
    tidy = re.sub(r"^\s*POINT\s*Z?|[()\[\]{}]", " ", _tidy(text)).strip().strip(",;")
    for mark in (
        r"\s*[;|、/]\s*",
        r"\s*,\s+",
        r"\s*,\s*",
        r"(?<=[EWNS])\s*(?=[+-]?\d)",
        r"\s+",
        r"(?<=[\d°'\"])(?=[EWNS]\s*\d)",
    ):
        parts = [part for part in re.split(mark, tidy) if part]
        if len(parts) == 2:
            first, second = angle(parts[0]), angle(parts[1])
            if first is not None and second is not None:
                return first, second
    return None


def _resolved(pair: _Pair, raw: RawTable, where: str, survey: bool, bounds: Bounds | None) -> Positions:
    """The pairs put in order, with their forms; what fits nothing is a fault."""
    a, b = pair.a, pair.b
    n = len(a)
    bad = np.zeros(n, dtype=np.bool_)
    faults: list[Fault] = []

    def say(i: int, code: str, message: str, mend: str, value: str | None = None, severity: Severity = "error") -> None:
        bad[i] |= severity == "error"
        shown = f"{a[i]:.10g}, {b[i]:.10g}" if value is None else value
        faults.append(Fault(code, message, mend, raw.file, int(raw.rows[i]), where, shown, severity))

    for i, (code, value) in sorted(pair.unread.items()):
        half = code == "half_position"
        message = "half of the position is missing." if half else "the position cannot be read."
        say(i, code, message, "fill it in." if half else "write it as 103.8342 and 36.0611.", value)
    there = ~np.isnan(a) & ~np.isnan(b) & ~bad
    placeholder = there & ((a == b) | (a == 0.0) | (b == 0.0) | (np.isin(a, _PLACEHOLDERS) & np.isin(b, _PLACEHOLDERS)))
    if bounds is not None:  # a city on the meridian of Greenwich, or on the equator
        placeholder &= ~_within(a, b, bounds)
    for i in np.flatnonzero(placeholder).tolist():
        say(i, "placeholder", "the position is a placeholder.", "fill in the position or leave it empty.")
    there &= ~placeholder
    lonlat, swap = _degrees(pair, there, bounds)
    projected, turned = _metres(a, b, there & ~lonlat)
    for i in np.flatnonzero(there & ~lonlat & ~projected).tolist():
        say(i, "off_earth", "the numbers are no longitude and latitude, nor easting and northing.", "correct them.")
    for i in np.flatnonzero(swap).tolist():
        say(
            i, "swapped", "longitude and latitude were exchanged; they are put back.", "exchange them.", None, "warning"
        )
    if not survey:  # surveyors call the northing X
        for i in np.flatnonzero(turned).tolist():
            say(
                i,
                "swapped",
                "easting and northing were exchanged; they are put back.",
                "exchange them.",
                None,
                "warning",
            )
    swapped = swap | turned
    xy = np.column_stack([np.where(swapped, b, a), np.where(swapped, a, b)])
    placed = lonlat | projected
    xy[~placed] = np.nan
    form = np.full(n, "none", dtype=object)
    form[lonlat], form[projected] = "lonlat", "projected"
    faults.sort(key=lambda fault: -1 if fault.row is None else fault.row)
    return Positions(xy, form, swapped & placed, faults, bad)


def _degrees(
    pair: _Pair, there: NDArray[np.bool_], bounds: Bounds | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(N,) rows in degrees, and those of them that are exchanged: by letter, by range, by the city's bounds."""
    a, b = pair.a, pair.b
    straight = there & (np.abs(a) <= 180.0) & (np.abs(b) <= 90.0)
    crosswise = there & (np.abs(b) <= 180.0) & (np.abs(a) <= 90.0)
    lettered = np.isin(pair.a_is, ("N", "S")) | np.isin(pair.b_is, ("E", "W"))
    kept = np.isin(pair.a_is, ("E", "W")) | np.isin(pair.b_is, ("N", "S"))
    swap = crosswise & ((lettered & ~kept) | ~straight)
    straight &= ~(lettered & ~kept & ~crosswise)
    if bounds is not None:
        only = crosswise & straight & ~kept & ~_within(a, b, bounds) & _within(b, a, bounds)
        swap |= only
    return straight | swap, swap


def _within(x: F64, y: F64, bounds: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north), dtype=np.bool_)


def _metres(a: F64, b: F64, there: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(N,) rows with easting and northing, and those of them that are exchanged."""

    def easting(v: F64) -> NDArray[np.bool_]:
        plain = (v >= _EASTING[0]) & (v <= _EASTING[1])
        return np.asarray(plain | ((v >= _LONG_EASTING[0]) & (v <= _LONG_EASTING[1])), dtype=np.bool_)

    def northing(v: F64) -> NDArray[np.bool_]:
        return np.asarray((v >= _NORTHING[0]) & (v <= _NORTHING[1]), dtype=np.bool_)

    large = there & (np.abs(a) >= _METRES) & (np.abs(b) >= _METRES)
    straight = large & easting(a) & northing(b)
    turned = large & easting(b) & northing(a) & ~straight
    return straight | turned, turned
