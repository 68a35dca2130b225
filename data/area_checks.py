"""What is wrong with areas: codes that do not fit their level, parents that do not exist, overlaps and gaps."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.standards import standard
from data.stores.base import City
from geo.crs import geodesic_area_m2
from geo.errors import Fault

_LENGTH: Final = {"city": 6, "county": 6, "township": 9, "village": 12}
_UNIT: Final = "2020:"
_ABOVE: Final = {"county": "city", "township": "county", "village": "township", "unit_2020": "city"}
_FREE: Final = ("zone", "region")
"""Levels whose areas may overlap and need not fill anything."""
_SURFACE: Final = (3, 6)


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the areas of a level fill the area above them, m², geodesic."""

    parent: str
    children: int
    overlap_m2: float
    gap_m2: float
    outside_m2: float


def code_faults(new: gpd.GeoDataFrame, held: gpd.GeoDataFrame, city: City, *, file: str) -> list[Fault]:
    """Return what is wrong with the codes of ``new`` areas, ``held`` being all that are valid with them.

    The length of a code must fit its level where the city's own code is of GB/T 2260's form; a code that is no
    number, one of another city, and a parent that is not there are warnings.
    """
    national = city.code.isdigit() and len(city.code) == _LENGTH["city"]
    faults: list[Fault] = []
    there = {*held["code"].astype("str"), city.code}
    levels = set(held["level"])
    rows = zip(new["code"], new["level"], new["parent"], strict=True)
    for row, (code, level, parent) in enumerate(rows):
        if national:
            faults += _form_faults(row, str(code), str(level), city, file)
        above = _ABOVE.get(str(level))
        if isinstance(parent, str) and parent not in there and above in levels:
            faults.append(
                Fault(
                    "parent_unknown", f"no area {parent} is known above {code}.",
                    f"import the {above} first, or name the parent with --parent COLUMN.", file, row, "parent", parent,
                    severity="warning",
                )
            )  # fmt: skip
    return faults


def _form_faults(row: int, code: str, level: str, city: City, file: str) -> list[Fault]:
    wanted = _LENGTH.get(level, _LENGTH["county"] if level == "unit_2020" else None)
    bare = code.removeprefix(_UNIT)
    if wanted is None:
        return []
    if not (bare.isascii() and bare.isdigit()):
        message, mend = f"{bare} is no code of GB/T 2260's form.", f"give the {wanted} digits where there are any."
        return [Fault("code_form", message, mend, file, row, "code", code, severity="warning")]
    if len(bare) != wanted:
        message = f"a code of level {level} has {wanted} digits, this one {len(bare)}."
        return [Fault("code_length", message, "correct the code, or say the right --level.", file, row, "code", code)]
    if level != "city" and bare[:4] != city.code[:4]:
        message = f"the code is of another city than {city.name} ({city.code})."
        return [Fault("other_city", message, "leave it out if it is not meant.", file, row, "code", code,
                      severity="warning")]  # fmt: skip
    return []


def tilings(held: gpd.GeoDataFrame, level: str, *, file: str) -> tuple[list[Tiling], list[Fault]]:
    """Return how the polygons of ``level`` fill each area above them, and a warning for each place worth a look.

    ``held`` are areas valid on one day. Overlaps are between any two areas of the level, noted under the first's
    parent; a gap is land of the parent that is in none of them. A pair, gap or part outside is warned of above the
    standard ``area_sliver``, a share of the smaller area or of the parent.
    """
    at = held[(held["level"] == level) & held.geometry.type.isin(["Polygon", "MultiPolygon"])]
    if level in _FREE or at.empty:
        return [], []
    sliver = standard("area_sliver", unit="1").value
    at = at.sort_values("code", kind="stable").reset_index(drop=True)
    shapes, codes = at.geometry.to_numpy(), at["code"].to_numpy(dtype=str)
    size = geodesic_area_m2(shapes)
    parents = at["parent"].fillna("").to_numpy(dtype=str)
    overlap = dict.fromkeys(np.unique(parents).tolist(), 0.0)
    faults: list[Fault] = []
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    shared = _surface_m2(shapely.intersection(shapes[one], shapes[other]))
    for i, j, both in zip(one.tolist(), other.tolist(), shared.tolist(), strict=True):
        overlap[str(parents[i])] += both
        if both > sliver * min(size[i], size[j]):
            faults.append(_warning("overlap", f"{codes[i]} and {codes[j]} overlap by {both / 1e6:.3f} km².",
                                   "correct the border they share.", file, str(codes[i])))  # fmt: skip
    above = held[held.geometry.type.isin(["Polygon", "MultiPolygon"])].set_index("code").geometry
    out = []
    for parent in sorted(overlap):
        mine = parents == parent
        gap, outside = _misfit(shapes[mine], above.get(parent))
        out.append(Tiling(parent, int(mine.sum()), round(overlap[parent], 1), round(gap, 1), round(outside, 1)))
        whole = float(size[mine].sum())
        for code, amount, words in (
            ("gap", gap, f"of {parent} lie in none of its areas of level {level}"),
            ("outside_parent", outside, f"of the areas of level {level} lie outside {parent}, of which they are part"),
        ):
            if amount > sliver * whole:
                faults.append(_warning(code, f"{amount / 1e6:.3f} km² {words}.", "correct the borders.", file, parent))
    return out, faults


def _misfit(children: NDArray[np.object_], parent: Any) -> tuple[float, float]:
    """Return the m² of the parent outside its children, and of the children outside it; 0 without a parent."""
    if parent is None:
        return 0.0, 0.0
    joined = shapely.union_all(children)
    gap, outside = _surface_m2(
        np.array([shapely.difference(parent, joined), shapely.difference(joined, parent)], dtype=object)
    )
    return float(gap), float(outside)


def _surface_m2(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the (N,) geodesic m² of the surfaces in each of ``shapes``; borders that touch have none."""
    parts, row = shapely.get_parts(shapes, return_index=True)
    for _ in range(2):  # a collection may hold multipolygons
        parts, inner = shapely.get_parts(parts, return_index=True)
        row = row[inner]
    surface = np.isin(shapely.get_type_id(parts), _SURFACE)
    out = np.zeros(len(shapes), dtype=np.float64)
    np.add.at(out, row[surface], geodesic_area_m2(parts[surface]))
    return out


def _warning(code: str, message: str, mend: str, file: str, value: str) -> Fault:
    return Fault(code, message, mend, file, None, "geometry", value, severity="warning")
