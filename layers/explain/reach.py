"""Why a place is, or is not, within reach of a facility."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.city import CityData
from data.standards import standard
from layers.answer import Title
from layers.choices import Choice
from layers.explain import shape
from layers.explain.ground import Apart, apart, off_streets
from layers.explain.travel import (
    LONGEST_MS,
    Crow,
    Travel,
    View,
    crow,
    facility_ref,
    lonlat,
    target,
    travel,
    trip_of,
    way_of,
)
from layers.explain.words import MODES, lapse, metres, minutes, street_class
from layers.rules import Limit, Reach

F64 = NDArray[np.float64]
_ORDER: Final = ("ok", "beyond", "unreachable", "off_network")


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """What a Reach says of one place: the travel of each mode, the one that decides, and the limit it is held to."""

    city: CityData
    rule: Reach
    value: float
    every: tuple[Travel, ...]
    best: Travel

    @property
    def limit_ms(self) -> int:
        """Return the limit in milliseconds of the deciding mode."""
        return self.rule.limit.ms(self.value, self.best.target.streets.mode.flat_mps)

    @property
    def status(self) -> shape.Status:
        """Return the reason, as the circle's verdict has it."""
        return _status(self.best, self.limit_ms)

    @property
    def covered(self) -> bool:
        """Return whether the place is served."""
        return self.status == "ok"

    @property
    def over(self) -> float | None:
        """Return how far beyond the limit it is, in the limit's unit; negative is to spare, None is no arrival."""
        if self.best.status != "ok":
            return None
        late = self.best.ms - self.limit_ms
        return late / 60_000.0 if self.rule.limit.unit == "min" else late / 1000.0 * _flat(self.best)


def _flat(got: Travel) -> float:
    return got.target.streets.mode.flat_mps


def _status(got: Travel, limit_ms: int) -> shape.Status:
    if got.status != "ok":
        return "unreachable" if got.status == "unreachable" else "off_network"
    return "beyond" if got.ms > limit_ms else "ok"


def reached(city: CityData, rule: Reach, value: float, xy: F64) -> Reached:
    """Return what ``rule`` says of a place, (2,) metres, held to ``value`` in its limit's unit."""
    every = tuple(travel(target(city, rule.facilities, mode, sloped=rule.sloped), xy) for mode in rule.modes)

    def rank(got: Travel) -> tuple[int, float]:
        """Return what the best mode has least of; of modes that do not arrive, the fastest is the best."""
        limit_ms = rule.limit.ms(value, _flat(got))
        ratio = got.ms / max(limit_ms, 1) if got.status == "ok" else -_flat(got)
        return _ORDER.index(_status(got, limit_ms)), ratio

    return Reached(city, rule, value, every, min(every, key=rank))


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """The parts of an explanation that are about one way."""

    facility: shape.FacilityRef | None
    hidden: bool
    way: shape.Way | None
    straight: shape.Straight | None
    sentence: Title
    decides: shape.Decides
    changes: tuple[shape.Change, ...]


def limit_text(limit: Limit, value: float) -> Title:
    """Return a limit as it is said."""
    if limit.unit == "min":
        return Title(zh=f"{value:g} 分钟", en=f"{value:g} min")
    return Title(zh=f"{value:,g} 米", en=f"{value:,g} m")


def tell(got: Reached, view: View, others: Sequence[tuple[Choice, float]] = ()) -> Story:
    """Return the Story of a place; ``others`` are the circle's other choices, each with its limit."""
    best, city = got.best, got.city
    layer = got.rule.facilities.layer
    facility = way = None
    if best.status == "ok":
        facility = facility_ref(city, layer, best.facility, view)
        way = way_of(best, view) if facility is not None else None
    hidden = best.status == "ok" and facility is None
    straight = _straight(got, way, view)
    if best.status == "ok":
        sentence, decides = _arrived(got, facility)
        changes = [] if got.covered else _closer(got, facility, straight, view)
    elif best.status == "off_network":
        sentence, decides, changes = _off(got, view)
    else:
        sentence, decides, changes = _apart(got, view)
    if not got.covered:
        changes = [*_other_modes(got, others), *changes]
    changes.sort(key=lambda one: not one.enough)
    return Story(facility, hidden, way, straight, sentence, decides, tuple(changes))


def _straight(got: Reached, way: shape.Way | None, view: View) -> shape.Straight | None:
    to = got.best.target
    line: Crow | None = crow(to, got.best.xy)
    if line is None or facility_ref(got.city, got.rule.facilities.layer, line.row, view) is None:
        return None
    ms = round(line.metres / to.straight_mps * 1000.0)
    allowed = got.limit_ms if got.rule.limit.unit == "min" else got.rule.limit.ms(got.value, to.straight_mps)
    covered = ms <= allowed
    why = None
    if covered and not got.covered:
        why = _false(line, way)
    return shape.Straight(
        metres=round(line.metres, 1), minutes=ms / 60_000.0, covered=covered, crosses_water=line.wet,
        water=line.water, why=why,
    )  # fmt: skip


def _false(line: Crow, way: shape.Way | None) -> Title:
    """Return why the straight line deceives: the water it crosses, the bridge that is taken, the way round."""
    far = metres(line.metres)
    zh, en = f"直线只有 {far} 米，会算作圈内；", f"In a straight line it is only {far} m, which would count as served; "
    if line.wet:
        zh += f"但直线穿过{line.water or '水面'}，"
        en += f"but that line crosses {line.water or 'water'}, "
    else:
        zh, en = zh + "但没有这样的直路，", en + "but no street runs so, "
    if way is None:
        return Title(zh=zh + "沿路到不了。", en=en + "and along streets there is no way.")
    if way.bridges or way.unnamed_bridges:
        by = "、".join(way.bridges) or "一座无名桥"
        by_en = ", ".join(way.bridges) or "an unnamed bridge"
        return Title(
            zh=f"{zh}沿路要经{by}绕行 {metres(way.metres)} 米。",
            en=f"{en}and along streets, by {by_en}, it is {metres(way.metres)} m.",
        )
    return Title(zh=f"{zh}沿路是 {metres(way.metres)} 米。", en=f"{en}and along streets it is {metres(way.metres)} m.")


def _arrived(got: Reached, facility: shape.FacilityRef | None) -> tuple[Title, shape.Decides]:
    best, limit = got.best, limit_text(got.rule.limit, got.value)
    mode = MODES[best.target.mode]
    name = facility.name if facility else "不公开的设施"
    name_en = facility.name if facility else "a facility that is not public"
    over = got.over or 0.0
    far_over = metres(abs(over))
    spare = Title(zh=f"{far_over} 米", en=f"{far_over} m")
    if got.rule.limit.unit == "min":
        spare = lapse(abs(best.ms - got.limit_ms))
    took = minutes(best.ms, beside_ms=got.limit_ms)
    far = metres(best.metres)
    kind: Title
    if over == 0.0:
        kind = Title(zh=f"正好等于 {limit.zh}的限值", en=f"exactly at the limit of {limit.en}")
    elif got.covered:
        kind = Title(zh=f"在 {limit.zh}的限值以内，余 {spare.zh}", en=f"within {limit.en}, {spare.en} to spare")
    else:
        kind = Title(zh=f"超出 {limit.zh}的限值 {spare.zh}", en=f"{spare.en} beyond the limit of {limit.en}")
    zh = f"{'圈内' if got.covered else '圈外'}：{mode.zh}到最近的{name}沿路 {far} 米、{took} 分钟，{kind.zh}。"
    en = (
        f"{'Served' if got.covered else 'Not served'}: the nearest, {name_en}, is {far} m and {took} min away "
        f"{mode.en}, {kind.en}."
    )
    return Title(zh=zh, en=en), shape.Decides(
        kind="limit", sentence=Title(zh=f"由限值决定：{kind.zh}。", en=f"The limit decides: {kind.en}.")
    )


def _closer(
    got: Reached, facility: shape.FacilityRef | None, straight: shape.Straight | None, view: View
) -> list[shape.Change]:
    """Return where on the way a facility would serve; and a crossing, where the straight line would."""
    best, out = got.best, []
    assert best.path is not None
    at = best.path.at(got.limit_ms)
    if facility is None or at is None:
        out.append(_within(got))
    else:
        xy, gone = at
        head = float(best.snapped.snapped_m[0]) + gone
        lon, lat = lonlat(got.city, xy, view.decimals)[0]
        left = best.metres - head
        out.append(
            shape.Change(
                kind="nearer", enough=True, metres=round(left, 1), lon=lon, lat=lat,
                sentence=Title(
                    zh=f"在这条路的前 {metres(head)} 米内（最远到 {lon}, {lat}）设一处即可；"
                    f"现有的远了 {metres(left)} 米。",
                    en=f"A facility on the first {metres(head)} m of this way (at the farthest at {lon}, {lat}) would "
                    f"serve it; the present one is {metres(left)} m too far.",
                ),
            )
        )  # fmt: skip
    if straight is not None and straight.covered and straight.crosses_water:
        far = metres(straight.metres)
        out.append(
            shape.Change(
                kind="crossing", enough=True, metres=straight.metres,
                sentence=Title(zh=f"或在此修直达通道（直线 {far} 米）。", en=f"Or a direct crossing here ({far} m)."),
            )
        )  # fmt: skip
    return out


def _within(got: Reached) -> shape.Change:
    limit = limit_text(got.rule.limit, got.value)
    told = Title(
        zh=f"在此处沿路 {limit.zh}以内设一处即可。", en=f"A facility within {limit.en} of here would serve it."
    )
    return shape.Change(kind="nearer", enough=True, sentence=told)


def _other_modes(got: Reached, others: Sequence[tuple[Choice, float]]) -> list[shape.Change]:
    """Return the first other choice of the circle, for the same facilities, that covers the place as things are."""
    for choice, value in sorted(others, key=lambda one: len(one[0].rule.modes)):
        rule = choice.rule
        if not isinstance(rule, Reach) or rule.facilities.key != got.rule.facilities.key:
            continue
        if rule.demand != got.rule.demand or set(rule.modes) <= set(got.rule.modes):
            continue
        other = reached(got.city, rule, value, got.best.xy)
        if other.covered:
            limit, took = limit_text(rule.limit, value), minutes(other.best.ms)
            mode = MODES[other.best.target.mode]
            return [
                shape.Change(
                    kind="mode", enough=True, choice=choice.id,
                    sentence=Title(
                        zh=f"改用{mode.zh}即在圈内：{took} 分钟（限值 {limit.zh}）。",
                        en=f"Covered {mode.en}: {took} min (limit {limit.en}).",
                    ),
                )
            ]  # fmt: skip
    return []


def _off(got: Reached, view: View) -> tuple[Title, shape.Decides, list[shape.Change]]:
    best, city = got.best, got.city
    found = off_streets(best)
    most = standard("max_snap", unit="m").value
    mode = MODES[best.target.mode]
    far, snap = metres(found.usable_m), metres(most)
    zh = f"圈外：离最近的可{mode.zh}道路 {far} 米，超过 {snap} 米，接不上路网。"
    en = (
        f"Not served: the nearest street open to travel {mode.en} is {far} m away, more than {snap} m: off the network."
    )
    decides = shape.Decides(
        kind="off_network",
        sentence=Title(
            zh=f"由接入规则决定：离路网超过 {snap} 米的地方算路网外。",
            en=f"The snapping rule decides: a place over {snap} m from a street is off the network.",
        ),
    )
    if found.any_m <= most:
        row = city.frame("streets").iloc[found.any_row]
        name = row["name"] if isinstance(row["name"], str) else ""
        kind = street_class(row["highway"] if isinstance(row["highway"], str) else None)
        near = metres(found.any_m)
        decides = shape.Decides(
            kind="closed_class",
            sentence=Title(
                zh=f"{near} 米处的{name}（{kind.zh}）不许{mode.zh}，所以不能接入。",
                en=f"The {kind.en} {name} {near} m away may not be used {mode.en}.".replace("  ", " "),
            ),
        )
    missing = found.usable_m - most
    then = travel(best.target, best.xy, max_snap_m=found.usable_m + 1.0)
    enough = then.status == "ok" and then.ms <= got.limit_ms
    lon, lat = lonlat(city, found.usable_xy, view.decimals)[0]
    after = (
        Title(zh=f"接通后 {minutes(then.ms)} 分钟", en=f"then it takes {minutes(then.ms)} min")
        if then.status == "ok"
        else Title(zh="但那里的道路不通任何设施", en="but the streets there lead to no facility")
    )
    change = shape.Change(
        kind="street", enough=enough, metres=round(missing, 1), lon=lon, lat=lat,
        sentence=Title(
            zh=f"从 {lon}, {lat} 的道路向这里修至少 {metres(missing)} 米，{after.zh}，"
            f"{'即在圈内' if enough else '仍在圈外'}。",
            en=f"At least {metres(missing)} m of street from {lon}, {lat} towards here: {after.en}"
            f"{', within the limit' if enough else ', still not within the limit'}.",
        ),
    )  # fmt: skip
    return Title(zh=zh, en=en), decides, [change]


def _apart(got: Reached, view: View) -> tuple[Title, shape.Decides, list[shape.Change]]:
    best = got.best
    found = apart(best)
    mode = MODES[best.target.mode]
    km = f"{found.length_m / 1000.0:,.1f}"
    count = f"{found.segments} segment{'' if found.segments == 1 else 's'}"
    if found.kind == "no_facility":
        return (
            Title(zh="圈外：路网上没有在用的设施。", en="Not served: no facility in operation is on the network."),
            shape.Decides(
                kind="no_facility",
                sentence=Title(zh="没有设施，谁也到不了。", en="There is no facility for anyone to reach."),
            ),
            [_within(got)],
        )  # fmt: skip
    if found.kind == "one_way":
        return (
            Title(
                zh=f"圈外：道路相连，但单行规定使{mode.zh}到不了任何设施。",
                en=f"Not served: the streets are joined, but one-way rules leave no way to a facility {mode.en}.",
            ),
            shape.Decides(
                kind="one_way",
                sentence=Title(zh="由单行规定决定。", en="One-way rules decide."),
            ),
            [_within(got)],
        )
    return (
        Title(
            zh=f"圈外：所在的 {km} 公里道路（{found.segments} 段）自成一片，与任何设施都不相通。",
            en=f"Not served: its {km} km of streets ({count}) are an island with no facility.",
        ),
        shape.Decides(kind="island", sentence=_parted(found)),
        [*_link(got, found, view), _within(got)],
    )


def _parted(found: Apart) -> Title:
    gap = metres(found.gap_m)
    if found.wet:
        return Title(
            zh=f"与有设施的路网最近相隔 {gap} 米，中间是{found.water or '水面'}。",
            en=f"{gap} m part it from the streets with a facility, across {found.water or 'water'}.",
        )
    return Title(
        zh=f"与有设施的路网最近相隔 {gap} 米。", en=f"{gap} m part it from the streets that lead to a facility."
    )


def _link(got: Reached, found: Apart, view: View) -> list[shape.Change]:
    enough = found.then_ms <= got.limit_ms
    (lon, lat), _ = lonlat(got.city, found.ends, view.decimals)
    gap = metres(found.gap_m)
    if found.then_ms == LONGEST_MS:
        after = Title(zh="但从这里到不了该处", en="but that place cannot be got to from here")
    else:
        took = minutes(found.then_ms)
        after = Title(
            zh=f"接通后 {took} 分钟，{'即在圈内' if enough else '仍在圈外'}",
            en=f"then {took} min, {'within the limit' if enough else 'still beyond the limit'}",
        )
    return [
        shape.Change(
            kind="link", enough=enough, metres=round(found.gap_m, 1), lon=lon, lat=lat,
            sentence=Title(
                zh=f"在 {lon}, {lat} 处修 {gap} 米连接道路，{after.zh}。",
                en=f"A link of {gap} m at {lon}, {lat}: {after.en}.",
            ),
        )
    ]  # fmt: skip


def trips(got: Reached) -> tuple[shape.Trip, ...]:
    """Return every mode's travel."""
    return tuple(trip_of(one, got.rule.limit.ms(got.value, _flat(one))) for one in got.every)
