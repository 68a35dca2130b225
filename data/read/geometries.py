"""Geometry as strangers give it, made into what a layer takes; what was done is said, row by row."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import Fault

_POINT: Final = 0
_MULTIPOINT: Final = 4
_POLYGONAL: Final = (3, 6)
MOST_VERTICES: Final = 200_000
"""A ring crossing itself with more vertices than this is not mended: the mending may outgrow any memory."""


def as_points(
    shapes: NDArray[np.object_], rows: NDArray[np.int64], *, file: str
) -> tuple[NDArray[np.object_], list[Fault]]:
    """Return (N,) 2-D points, None where a row has no position, and what was done or is wrong, by row.

    A multi-point of one is its point; lines and areas are taken at a point inside them (notice), areas crossing
    themselves are mended first (warning). Several points, or coordinates that are no numbers, are errors.
    """
    given = shapely.force_2d(shapes)
    gone = shapely.is_missing(given) | shapely.is_empty(given)
    out: NDArray[np.object_] = given.copy()
    out[gone] = None
    faults: list[Fault] = []
    wild = ~gone & ~_finite(given)
    faults += _faults(
        rows[wild], "no_position", "the coordinates are no numbers.", "correct the row or take it out.", file
    )
    kinds = shapely.get_type_id(given)
    parts = shapely.get_num_geometries(given)
    single = (kinds == _MULTIPOINT) & (parts == 1)
    out[single] = shapely.get_geometry(given[single], 0)
    many = ~gone & (kinds == _MULTIPOINT) & (parts > 1)
    faults += _faults(
        rows[many], "several_points", "the row has several points.", "give each place a row of its own.", file
    )
    shaped = ~gone & ~wild & (kinds != _POINT) & (kinds != _MULTIPOINT)
    mended = given.copy()
    mended[~shaped] = None
    mended, said = mended_areas(mended, rows, file=file)
    faults += said
    lost = shaped & (shapely.is_missing(mended) | shapely.is_empty(mended))
    out[shaped] = shapely.point_on_surface(mended[shaped])
    faults += _faults(
        rows[shaped & ~lost], "shape_for_point", "the row is a line or an area; a point inside it is taken.",
        "give the entrance as a point where it matters.", file, "notice",
    )  # fmt: skip
    out[wild | many | lost] = None
    return out, faults


def mended_areas(
    shapes: NDArray[np.object_], rows: NDArray[np.int64], *, file: str
) -> tuple[NDArray[np.object_], list[Fault]]:
    """Return (N,) shapes with areas that cross themselves made valid, and a warning for each; others untouched.

    What is left of an area is area alone. A crossing ring of over 200,000 vertices, coordinates that are no numbers,
    and areas of which nothing is left are errors, None in the result.
    """
    out: NDArray[np.object_] = shapes.copy()
    area = np.isin(shapely.get_type_id(shapes), _POLYGONAL) & ~shapely.is_empty(shapes)
    wild = area & ~_finite(shapes)
    bad = area & ~wild
    bad[bad] = ~shapely.is_valid(shapes[bad])
    huge = bad & (shapely.get_num_coordinates(shapes) > MOST_VERTICES)
    bad &= ~huge
    why = shapely.is_valid_reason(shapes[bad])
    out[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    empty = bad.copy()
    empty[bad] = shapely.is_empty(out[bad])
    faults = [
        Fault("mended_area", f"the area is not valid ({reason}) and was mended.", "check its border.", file, int(row),
              "geometry", severity="warning")
        for row, reason, gone in zip(rows[bad], why, empty[bad], strict=True) if not gone
    ]  # fmt: skip
    for where, message in (
        (wild, "the coordinates of the area are no numbers."),
        (huge, "the area crosses itself and has too many vertices to be mended."),
        (empty, "nothing is left of the area once its crossings are mended."),
    ):
        faults += _faults(rows[where], "bad_area", message, "draw the border anew.", file)
        out[where] = None
    return out, faults


def _finite(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=np.bool_)
    finite[row[~np.isfinite(xy).all(axis=1)]] = False
    return finite


def _faults(
    rows: NDArray[np.int64], code: str, message: str, mend: str, file: str, severity: str = "error"
) -> list[Fault]:
    return [
        Fault(code, message, mend, file, int(row), "geometry", severity="notice" if severity == "notice" else "error")
        for row in rows
    ]
