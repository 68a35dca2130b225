"""Positions in every form they are written in; exchanged ones put back, placeholders refused, nothing raised."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.frames import Column, FrameSpec
from data.read.headings import match_headings
from data.read.positions import Positions, angle, read_positions
from data.read.raw import RawTable

SPEC = FrameSpec("x", "NAME", frozenset(), {"NAME": Column("text", zh="名称")})
CITY = (102.5, 35.5, 104.7, 37.1)


def read(
    pairs: list[tuple[Any, Any]], *, headings: tuple[str, str] = ("经度", "纬度"), as_text: bool = False, **options: Any
) -> Positions:
    kind = "str" if as_text else "object"
    cells = pd.DataFrame({h: pd.Series([pair[i] for pair in pairs], dtype=kind) for i, h in enumerate(headings)})
    raw = RawTable("a.csv", "csv", None, None, headings, cells, np.arange(2, len(pairs) + 2, dtype=np.int64))
    return read_positions(raw, match_headings(raw, SPEC), **options)


def one(a: Any, b: Any, **options: Any) -> tuple[list[float], str, bool, list[str]]:
    found = read([(a, b)], **options)
    return found.xy[0].round(6).tolist(), found.form[0], bool(found.swapped[0]), [f.code for f in found.faults]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("103.83", "36.05"), (103.83, 36.05), ("１０３．８３", "３６．０５"), ("103°49′48″", "36°03′00″"), ("103度49分48秒", "36度3分"),
        ("E103.83", "N36.05"), ("103.83E", "36.05N"), ("103.83°E", "36.05°N"), ("103°49′48″E", "N36°3'"), ("东经103.83°", "北纬36.05°"),
        ("103,83", "36,05"), ("103°49'48\"", "36°03'00\""), ("103 49 48", "36 3 0"), ("103:49:48", "36:03:00"), ("103º49´48”", "36º3’"),
        ("经度：103.83", "纬度：36.05"), ("36.05N", "103.83E"), (" 103.83 ", "36.05 "), ("103°49.8′", "36°3.0′"),
    ],
)  # fmt: skip
def test_forms_of_degrees(a: Any, b: Any) -> None:
    xy, form, _, codes = one(a, b)
    assert xy == pytest.approx([103.83, 36.05], abs=1e-6)
    assert form == "lonlat"
    assert set(codes) <= {"swapped"}


@pytest.mark.parametrize(
    "cell",
    ["103.83,36.05", "103.83，36.05", "(103.83, 36.05)", "103.83 36.05", "POINT(103.83 36.05)", "103.83;36.05", "E103°49′48″，N36°03′", "36.05N,103.83E",
     "东经103.83°北纬36.05°", "[103.83,36.05]", "103,83;36,05", "103.83/36.05", "经度:103.83,纬度:36.05"],
)  # fmt: skip
def test_both_in_one_cell(cell: str) -> None:
    cells = pd.DataFrame({"坐标": pd.Series([cell], dtype="object")})
    raw = RawTable("a.csv", "csv", None, None, ("坐标",), cells, np.array([2]))
    found = read_positions(raw, match_headings(raw, SPEC))
    assert found.xy[0] == pytest.approx([103.83, 36.05])
    assert found.form[0] == "lonlat"


@pytest.mark.parametrize(
    ("a", "b", "bounds", "xy", "swapped"),
    [
        (36.05, 103.83, None, [103.83, 36.05], True),
        (42.5, 1.5, (1.4, 42.4, 1.8, 42.7), [1.5, 42.5], True),
        (42.5, 1.5, None, [42.5, 1.5], False),
        (1.5, 42.5, (1.4, 42.4, 1.8, 42.7), [1.5, 42.5], False),
        (10.0, 20.0, CITY, [10.0, 20.0], False),
        ("36.05N", "103.83E", None, [103.83, 36.05], True),
    ],
)
def test_exchanged_rows_are_put_back(a: Any, b: Any, bounds: Any, xy: list[float], swapped: bool) -> None:
    found, form, was, codes = one(a, b, bounds=bounds)
    assert (found, form, was) == (xy, "lonlat", swapped)
    assert codes == (["swapped"] if swapped else [])


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        (0, 0, "placeholder"), ("0", "36.05", "placeholder"), (999, 999, "placeholder"), (-1, -1, "placeholder"), (103.83, None, "half_position"),
        ("", "36.05", "half_position"), ("某处", "36.05", "position"), ("103°75′", "36°", "position"), (float("inf"), 36.0, "position"),
        ("1e400", "36", "position"), (200.0, 95.0, "off_earth"), (103.83, 4_000_000, "off_earth"), (5e9, 4e9, "off_earth"), ("103.8-103.9", "36", "position"),
        (True, 36.0, "position"), ("nan", "36.0", "position"),
    ],
)  # fmt: skip
def test_what_is_no_position_is_a_fault(a: Any, b: Any, code: str) -> None:
    found = read([(a, b)])
    assert [(f.code, f.row, f.severity) for f in found.faults] == [(code, 2, "error")]
    assert found.bad[0]
    assert np.isnan(found.xy).all()
    assert found.form[0] == "none"


def test_a_row_without_position_is_no_fault() -> None:
    found = read([(None, None), ("无", "/"), (103.8, 36.0)])
    assert found.form.tolist() == ["none", "none", "lonlat"]
    assert not found.bad.any()
    assert not found.faults


@pytest.mark.parametrize(
    ("a", "b", "headings", "xy", "swapped", "codes"),
    [
        (395_000.5, 3_992_000.0, ("东坐标", "北坐标"), [395_000.5, 3_992_000.0], False, []),
        ("35,395,000.5", "3,992,000", ("东坐标", "北坐标"), [35_395_000.5, 3_992_000.0], False, []),
        (3_992_000, 395_000, ("东坐标", "北坐标"), [395_000, 3_992_000], True, ["swapped"]),
        (3_992_000, 35_395_000, ("X", "Y"), [35_395_000, 3_992_000], True, []),
        (11_558_000, 4_310_000, ("经度", "纬度"), [11_558_000, 4_310_000], False, []),
    ],
)
def test_eastings(a: Any, b: Any, headings: tuple[str, str], xy: list[float], swapped: bool, codes: list[str]) -> None:
    assert one(a, b, headings=headings) == (xy, "projected", swapped, codes)


def test_geometries() -> None:
    square = shapely.box(103.0, 36.0, 103.2, 36.2)
    shapes = np.array(
        [shapely.Point(103.8, 36.0), None, square, shapely.Point(), shapely.Point(36.0, 103.8)], dtype=object
    )
    cells = pd.DataFrame({"名称": pd.Series(list("abcde"), dtype="object")})
    raw = RawTable("a.geojson", "geojson", None, None, ("名称",), cells, np.arange(5), shapes)
    found = read_positions(raw, match_headings(raw, SPEC))
    assert found.form.tolist() == ["lonlat", "none", "lonlat", "none", "lonlat"]
    assert found.swapped.tolist() == [False, False, False, False, True]
    assert square.contains(shapely.Point(found.xy[2]))


@settings(max_examples=200, deadline=None)
@given(st.floats(-179.9, 179.9), st.sampled_from(["°′″", "度分秒", "°'\""]))
def test_degrees_survive_being_written(value: float, marks: str) -> None:
    total = round(abs(value) * 36000)
    degrees, rest = divmod(total, 36000)
    minutes, tenths = divmod(rest, 600)
    written = f"{'-' if value < 0 else ''}{degrees}{marks[0]}{minutes}{marks[1]}{tenths / 10:.1f}{marks[2]}"
    found = angle(written)
    assert found is not None
    assert abs(abs(found[0]) - total / 36000) < 1e-9
    assert (found[0] < 0) == (value < 0 and total > 0)


CELLS = st.one_of(
    st.none(), st.text(max_size=20), st.floats(), st.integers(), st.booleans(), st.dates(),
    st.from_regex(r"[0-9０-９°′″.,，;:EWNS度分秒+\- ]{1,16}", fullmatch=True),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), st.booleans())
def test_no_position_raises_and_each_row_is_placed_or_said(pairs: list[tuple[Any, Any]], text: bool) -> None:
    if text:
        pairs = [tuple(None if c is None else str(c).strip() or None for c in pair) for pair in pairs]  # type: ignore[misc]
    found = read(pairs, bounds=CITY, as_text=text)
    said = {f.row for f in found.faults if f.severity == "error"}
    for i in range(len(pairs)):
        placed = found.form[i] != "none"
        assert placed == bool(np.isfinite(found.xy[i]).all())
        assert found.bad[i] == (i + 2 in said)
        assert not (placed and found.bad[i])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=24))
def test_one_cell_never_raises(cell: str) -> None:
    cells = pd.DataFrame({"坐标": pd.Series([cell], dtype="object")})
    raw = RawTable("a.csv", "csv", None, None, ("坐标",), cells, np.array([2]))
    read_positions(raw, match_headings(raw, SPEC))
