"""Places: in the wrong county, outside the city, off the network, in water, on protected land."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import shapely

from data.sensitive import sensitive_names
from data.standards import standard
from data.tiles import deliverable_rows, public_tiers
from layers.answer import Title
from layers.quality.around import Outlines, inside
from layers.quality.base import F64, Bools, Check, Hits, Subject, hits


def _no_place(subject: Subject) -> Iterator[Hits]:
    mask = np.ones(len(subject), dtype=np.bool_)
    mask[subject.placed] = False
    yield from hits(subject, mask, "ADDR", "没有坐标，地址也未定位。", "neither coordinates nor a known address.")


def _noted(subject: Subject, level: str) -> list[str]:
    """Return (N,) the county or township a record's code says, as land lies today; "" where it says none."""
    digits = 6 if level == "county" else 9
    home = subject.around.county_of
    out = []
    for code in subject.text("XZQDM12"):
        own = code[:digits] if len(code) in (6, 9, 12) and len(code) >= digits and code.isdigit() else ""
        if level == "township" and own.endswith("000"):
            own = ""
        out.append(home.get(code[:9], own) if level == "county" and own else own)
    return out


def _elsewhere(level: str) -> Callable[[Subject], Iterator[Hits]]:
    """Return what finds records that lie outside the area their code says, farther than outlines and places err."""

    def find(subject: Subject) -> Iterator[Hits]:
        known = subject.around.outlines(level)
        rows = subject.placed
        where = {code: number for number, code in enumerate(known.codes)}
        said = np.array([where.get(code, -1) for code in _noted(subject, level)], dtype=np.int64)[rows]
        lies = known.containing(subject.xy[rows])
        doubt = np.flatnonzero((said >= 0) & (lies != said))
        points = shapely.points(subject.xy[rows[doubt]])
        away = shapely.distance(known.shapes[said[doubt]], points)
        allowed = standard("border_tolerance", unit="m").value + subject.error_m[rows[doubt]]
        wrong = doubt[away > allowed]
        mask = np.zeros(len(subject), dtype=np.bool_)
        mask[rows[wrong]] = True
        zh, en = np.full(len(subject), "", dtype=object), np.full(len(subject), "", dtype=object)
        for i, far in zip(wrong, away[away > allowed], strict=True):
            zh[rows[i]], en[rows[i]] = _told(known, int(said[i]), int(lies[i]), float(far))
        yield from hits(subject, mask, "XZQDM12", zh, en)

    return find


def _told(known: Outlines, said: int, lies: int, far: float) -> tuple[str, str]:
    there = f"位于{known.names[lies]}" if lies >= 0 else "不在任何已知范围内"
    there_en = known.codes[lies] if lies >= 0 else "no known area"
    return (
        f"登记为{known.names[said]}，{there}，相距 {far:,.0f} m。",
        f"recorded in {known.codes[said]}, lies in {there_en}, {far:,.0f} m away.",
    )


def _beyond(subject: Subject) -> F64:
    """Return (N,) metres from each record to the city, 0 within it and where a record has no place."""
    out = np.zeros(len(subject))
    city, rows = subject.around.outline, subject.placed
    outside = rows[~inside(np.array([city], dtype=object), subject.xy[rows])]
    out[outside] = shapely.distance(city, shapely.points(subject.xy[outside]))
    return out


def _far_m() -> float:
    return standard("far_from_city", unit="km").value * 1000.0


def _outside(subject: Subject) -> Iterator[Hits]:
    away = _beyond(subject)
    mask = (away > standard("border_tolerance", unit="m").value + subject.error_m) & (away <= _far_m())
    yield from _how_far(subject, mask, away)


def _far(subject: Subject) -> Iterator[Hits]:
    away = _beyond(subject)
    # what cannot be put into the metric CRS lies on the other side of the Earth
    lost = np.isfinite(subject.lonlat).all(axis=1) & ~np.isfinite(subject.xy).all(axis=1)
    yield from _how_far(subject, (away > _far_m()) | lost, away)


def _how_far(subject: Subject, mask: Bools, away: F64) -> Iterator[Hits]:
    zh, en = np.full(len(subject), "", dtype=object), np.full(len(subject), "", dtype=object)
    for row in np.flatnonzero(mask):
        zh[row], en[row] = f"距市界 {away[row] / 1000:,.1f} km。", f"{away[row] / 1000:,.1f} km from the city."
    yield from hits(subject, mask, None, zh, en)


def _off_network(subject: Subject) -> Iterator[Hits]:
    assert subject.around.walkable is not None
    tree, on_them = subject.around.walkable
    limit = standard("max_snap", unit="m").value
    rows = subject.placed
    near = np.isfinite(on_them.query(subject.xy[rows], distance_upper_bound=limit)[0])
    doubt = rows[~near]
    points = shapely.points(subject.xy[doubt])
    reached = np.zeros(len(doubt), dtype=np.bool_)
    reached[tree.query(points, predicate="dwithin", distance=limit)[0]] = True
    mask = np.zeros(len(subject), dtype=np.bool_)
    mask[doubt[~reached]] = True
    said = f"距最近可步行道路超过 {limit:g} m，计为路网外。", f"farther than {limit:g} m from every walkable street."
    yield from hits(subject, mask, None, *said)


def _in_water(subject: Subject) -> Iterator[Hits]:
    mask = np.zeros(len(subject), dtype=np.bool_)
    mask[subject.placed] = inside(subject.around.water, subject.xy[subject.placed])
    yield from hits(subject, mask, None, "位于水面上。", "lies on water.")


def _protected(subject: Subject) -> Iterator[Hits]:
    mask = np.zeros(len(subject), dtype=np.bool_)
    mask[subject.placed] = inside(subject.around.protected, subject.xy[subject.placed])
    yield from hits(subject, mask, None, "", "")


def _never_shown(subject: Subject) -> Iterator[Hits]:
    yield from hits(subject, ~deliverable_rows(subject.frame), None, "", "")


def _sensitive(subject: Subject) -> Iterator[Hits]:
    mask = sensitive_names(subject.text("NAME")) & public_tiers(subject.frame)
    yield from hits(subject, mask, "NAME", "名称涉及军事、监管或危险品。", "the name speaks of a sensitive site.")


PLACE_CHECKS: Final = (
    Check(
        "no_place", "error", Title(zh="没有位置", en="No position"),
        Title(zh="给出坐标或可定位的地址。", en="Give coordinates, or an address with its township."), _no_place,
    ),
    Check(
        "wrong_county", "error", Title(zh="所在区县不符", en="In another county"),
        Title(zh="核对坐标（坐标系）与区划代码。", en="Check the coordinates, their datum, and the code."),
        _elsewhere("county"), needs=("counties",), concerns=lambda subject: subject.has("XZQDM12"),
    ),
    Check(
        "wrong_township", "warning", Title(zh="所在乡镇不符", en="In another township"),
        Title(zh="核对坐标与区划代码。", en="Check the coordinates and the code."),
        _elsewhere("township"), needs=("townships",), concerns=lambda subject: subject.has("XZQDM12"),
    ),
    Check(
        "outside_city", "warning", Title(zh="在市界之外", en="Outside the city"),
        Title(zh="核对坐标；确为邻市设施可保留。", en="Check the coordinates; a neighbour's facility may stay."),
        _outside, needs=("city",),
    ),
    Check(
        "far_away", "error", Title(zh="远离本市", en="Far from the city"),
        Title(zh="声明正确的坐标系，或改正坐标。", en="Declare the right CRS, or correct the coordinates."),
        _far, needs=("city",),
    ),
    Check(
        "off_network", "warning", Title(zh="远离路网", en="Off the network"),
        Title(zh="核对坐标，或补充附近道路。", en="Check the coordinates, or add the missing street."),
        _off_network, needs=("streets",),
    ),
    Check(
        "in_water", "warning", Title(zh="位于水面", en="In water"),
        Title(zh="核对坐标（坐标系）。", en="Check the coordinates and their datum."), _in_water, needs=("water",),
    ),
    Check(
        "on_protected_land", "error", Title(zh="位于不得公开的地块内", en="On land that is never public"),
        Title(zh="从台账中撤下，不得公开。", en="Take it out: it may not be published."), _protected,
        needs=("context",),
    ),
    Check(
        "never_public", "error", Title(zh="属于不得公开的设施", en="A facility that is never public"),
        Title(zh="从台账中撤下，不得公开。", en="Take it out: it may not be published."), _never_shown,
    ),
    Check(
        "sensitive_name", "warning", Title(zh="名称可能涉密", en="Name may be sensitive"),
        Title(zh="确认可以公开，否则公开级别填 internal。", en="Make sure it may be public, else mark it internal."),
        _sensitive,
    ),
)  # fmt: skip
