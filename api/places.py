"""From what a person calls an area to one code."""

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches

import geopandas as gpd

from data.stores.base import City
from data.validity import parse_day
from geo.errors import AmbiguousError, NotFoundError, ParameterError
from layers.answer import Title
from layers.base import AreaScope

_ASKABLE = ("city", "county", "zone", "township", "unit_2020")
_SUFFIXES = ("街道", "新区", "区", "县", "镇", "乡", "市")


def named_day(text: str | None) -> tuple[str | None, date | None]:
    """Return what ``text`` names and the day after its ``@``, a year meaning its last day; None where it has none.

    Raises ParameterError.

    >>> named_day("皋兰县@2020"), named_day("620105")
    (('皋兰县', datetime.date(2020, 12, 31)), ('620105', None))
    """
    if text is None or "@" not in text:
        return text, None
    name, _, day = text.rpartition("@")
    return name.strip(), parse_day(day.strip())


def as_of(at: date) -> Title:
    """Return the named conversion of an answer about the areas of another day."""
    return Title(
        zh=f"按 {at.isoformat()} 有效的行政区划汇总，需求点按所在乡镇归属",
        en=f"summed by the areas valid on {at.isoformat()}, each demand point by the township it lies in",
    )


def resolve_area(
    city: City,
    areas: gpd.GeoDataFrame | None,
    text: str | None,
    *,
    at: date | None = None,
    levels: Sequence[str] = _ASKABLE,
) -> AreaScope:
    """Return the one area that ``text``, a code or a name, means; the whole city for None.

    ``areas`` are those of one day; ``at`` is that day where the question names it, and is noted in the answer's name.
    ``levels`` are those that may be meant.

    A name also fits without its ending (安宁 for 安宁区). "县/镇" style paths tell equal names apart: 皋兰县/石洞镇.
    Raises NotFoundError naming near names, AmbiguousError naming every match with its county.
    """
    noted = "" if at is None else f"（{at.isoformat()}）"
    whole = AreaScope(city.code, f"{city.name}{noted}", "city", at)
    if text is None or text.strip() in {"", city.code, city.name, "city"}:
        return whole
    wanted = text.strip()
    if areas is None:
        raise NotFoundError(
            f"no area {wanted!r}: the edition has no areas. Mend: import areas, or ask for {city.name}."
        )
    known = areas[areas["level"].isin(levels)]
    names = dict(zip(known["code"], known["name"], strict=True))
    by_code = known[known["code"] == wanted]
    found = by_code if len(by_code) else _by_name(known, wanted, names)
    if len(found) == 0:
        near = get_close_matches(wanted, sorted(set(known["name"])), n=3, cutoff=0.3)
        counties = sorted(known.loc[known["level"] == "county", "name"])
        hint = f" Near: {'、'.join(near)}." if near else ""
        raise NotFoundError(
            f"no area {wanted!r} in {city.name}.{hint} Mend: give a code, or the name of a township or of one of "
            f"{'、'.join(counties) or city.name}."
        )
    if len(found) > 1:
        listed = "; ".join(
            f"{row.code} {names.get(row.parent, '')}/{row.name}" for row in found.sort_values("code").itertuples()
        )
        raise AmbiguousError(f"{wanted!r} fits {len(found)} areas: {listed}. Mend: give the code, or 县/镇.")
    row = found.iloc[0]
    if row["level"] == "city" and row["code"] != city.code:
        raise ParameterError(f"this workspace is of {city.name}; ask for it or for an area in it, not {row['name']}")
    if row["level"] == "city":
        return whole
    return AreaScope(str(row["code"]), f"{row['name']}{noted}", str(row["level"]), at)


def _by_name(known: gpd.GeoDataFrame, wanted: str, names: dict[str, str]) -> gpd.GeoDataFrame:
    above, _, own = wanted.rpartition("/")
    today = known[known["level"] != "unit_2020"]
    exact = today[today["name"] == own]
    if exact.empty:
        bare = today["name"].map(_bare)
        exact = today[bare == own]
    if above:
        parent = exact["parent"].map(lambda code: names.get(code, ""))
        exact = exact[(parent == above) | (parent.map(_bare) == above)]
    return exact


def _bare(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name.removesuffix(suffix)
    return name
