"""Why a unit counts as having a service, without travel: what stands in it, what names it, what it records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.city import CityData
from data.standards import standard
from layers.answer import Title
from layers.explain import shape
from layers.explain.reach import Story
from layers.explain.travel import View, crow, facility_ref, shown_rows, target, travel, way_of
from layers.explain.words import MODES, metres
from layers.membership import HoldsAll, Linked, Member, Owns
from layers.places import Facilities
from layers.rules import Bench

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class UnitStory:
    """A Story and the lines of the parts a unit must hold, the missing ones first."""

    covered: bool
    mode: str | None
    story: Story
    parts: tuple[shape.ServiceState, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class At:
    """The unit asked about: its row among the rule's points, its name, where it stands, and how one travels there."""

    row: int
    name: str
    xy: F64
    mode: str


def _measured(bench: Bench, rule: Any) -> Any:
    """Return what a rule finds in the edition, kept with it."""
    return bench.city.keep(("explain", rule), lambda: rule.measure(bench))


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The nearest facility that may be named: along streets, straight where no street leads there; how that is told."""

    facility: shape.FacilityRef | None
    way: shape.Way | None
    metres: float | None
    far: Title


def _nearest(city: CityData, facilities: Facilities, at: At, view: View) -> Near:
    """Return the facility nearest to a unit by length along streets."""
    layer = facilities.layer
    only = shown_rows(city, layer, view)
    to = target(city, facilities, at.mode, sloped=False, only=only, name=f"named:{view.internal}")
    got = travel(to, at.xy)
    if got.status == "ok":
        far, mode = metres(got.metres), MODES[at.mode]
        told = Title(zh=f"{mode.zh}沿路 {far} 米", en=f"{far} m along streets {mode.en}")
        return Near(facility_ref(city, layer, got.facility, view), way_of(got, view), round(got.metres, 1), told)
    line = crow(to, at.xy)
    if line is None:
        return Near(None, None, None, Title(zh="", en=""))
    far = metres(line.metres)
    told = Title(zh=f"直线 {far} 米，沿路不通", en=f"{far} m in a straight line, no street leads there")
    return Near(facility_ref(city, layer, line.row, view), None, round(line.metres, 1), told)


def member(bench: Bench, rule: Member, at: At, view: View) -> UnitStory:
    """Return why a unit holds a facility or is named by one, or the nearest that could serve it."""
    city, layer = bench.city, rule.facilities.layer
    got = _measured(bench, rule)
    inside, named = int(got.inside[at.row]), int(got.named[at.row])
    row = inside if inside >= 0 else named
    if row >= 0:
        facility = facility_ref(city, layer, row, view)
        name = facility.name if facility else "不公开的设施"
        name_en = facility.name if facility else "a facility that is not public"
        if inside >= 0:
            sentence = Title(zh=f"圈内：{at.name}内有{name}。", en=f"Served: {name_en} stands in {at.name}.")
            rule_said = Title(zh="单元内有设施。", en="A facility stands in the unit.")
        else:
            sentence = Title(
                zh=f"圈内：{at.name}内没有，但{name}的服务范围写明了它（{rule.names}）。",
                en=f"Served: none stands in {at.name}, but {name_en} names it among those it serves ({rule.names}).",
            )
            rule_said = Title(zh="有设施写明服务该单元。", en="A facility names the unit as served.")
        decides = shape.Decides(kind="inside" if inside >= 0 else "named", sentence=rule_said)
        return UnitStory(True, None, Story(facility, facility is None, None, None, sentence, decides, ()))
    near = _nearest(city, rule.facilities, at, view)
    tail = Title(zh="，也没有设施写明服务它", en=", and no facility names it") if rule.names else Title(zh="", en="")
    sentence = Title(
        zh=f"圈外：{at.name}内没有设施{tail.zh}。", en=f"Not served: no facility stands in {at.name}{tail.en}."
    )
    needs = Title(zh="单元内有设施才算圈内。", en="It counts when a facility stands in it.")
    if rule.names:
        needs = Title(
            zh="单元内有设施，或被设施写明服务，才算圈内。", en="It counts when a facility stands in it or names it."
        )
    decides = shape.Decides(kind="nobody", sentence=needs)
    story = Story(near.facility, False, near.way, None, sentence, decides, _member_changes(rule, at, near))
    return UnitStory(False, at.mode if near.way else None, story)


def _member_changes(rule: Member, at: At, near: Near) -> tuple[shape.Change, ...]:
    facility, far = near.facility, near.far
    inside = shape.Change(
        kind="inside", enough=True, sentence=Title(zh=f"在{at.name}内设一处。", en=f"A facility in {at.name}.")
    )
    if facility is None:
        return (inside,)
    if rule.names is None:
        told = Title(
            zh=f"在{at.name}内设一处；最近的是{facility.name}（{far.zh}）。",
            en=f"A facility in {at.name}; the nearest is {facility.name} ({far.en}).",
        )
        return (inside.model_copy(update={"sentence": told}),)
    name_it = shape.Change(
        kind="name_it", enough=True, metres=near.metres, facility=facility,
        sentence=Title(
            zh=f"由最近的{facility.name}（{facility.id}，{far.zh}）服务{at.name}，并写入其 {rule.names}。",
            en=f"Let the nearest, {facility.name} ({facility.id}, {far.en}), serve {at.name} and name it "
            f"in {rule.names}.",
        ),
    )  # fmt: skip
    return name_it, inside


def holds_all(bench: Bench, rule: HoldsAll, at: At, view: View) -> UnitStory:
    """Return which kinds of facility a unit holds, the missing ones first."""
    city = bench.city
    parts, missing = [], []
    for need in rule.needs:
        row = int(_measured(bench, Member(rule.demand, need.facilities)).inside[at.row])
        facility = facility_ref(city, need.facilities.layer, row, view) if row >= 0 else None
        status: shape.Status = "ok" if row >= 0 else "absent"
        if row < 0:
            missing.append(need.title)
        parts.append(
            shape.ServiceState(
                id=need.id, title=need.title, covered=row >= 0, status=status, limit=None, minutes=None, metres=None,
                facility=facility,
            )
        )  # fmt: skip
    parts.sort(key=lambda one: one.covered)
    story = _held(at.name, missing, len(parts))
    return UnitStory(not missing, None, story, tuple(parts))


def _held(name: str, missing: Sequence[Title], count: int) -> Story:
    zh, en = "、".join(one.zh for one in missing), ", ".join(one.en for one in missing)
    if not missing:
        sentence = Title(zh=f"圈内：{name}的 {count} 类设施齐备。", en=f"Served: {name} has all {count} kinds.")
        decides = shape.Decides(kind="inside", sentence=Title(zh="每一类都有。", en="Each kind is there."))
        return Story(None, False, None, None, sentence, decides, ())
    lacks = len(missing)
    sentence = Title(
        zh=f"圈外：{name}的 {count} 类设施缺 {lacks} 类——{zh}。",
        en=f"Not served: {name} lacks {lacks} of {count} kinds: {en}.",
    )
    decides = shape.Decides(
        kind="service", sentence=Title(zh="缺一类即不算。", en="It counts only when no kind is missing.")
    )
    change = shape.Change(
        kind="inside", enough=True, sentence=Title(zh=f"在{name}内补齐：{zh}。", en=f"In {name}, add: {en}.")
    )
    return Story(None, False, None, None, sentence, decides, (change,))


def linked(bench: Bench, rule: Linked, at: At, view: View) -> UnitStory:
    """Return the facility a site is linked to, or the nearest it could be linked to."""
    city = bench.city
    held = bool(_measured(bench, rule).held[at.row])
    frame = city.frame(rule.facilities.layer)
    noted = rule.demand.records(city)[rule.column].iloc[at.row]
    if held:
        row = int(np.flatnonzero((frame["FAC_ID"] == noted).to_numpy() & rule.facilities.serving(city))[0])
        facility = facility_ref(city, rule.facilities.layer, row, view)
        name = facility.name if facility else "不公开的设施"
        name_en = facility.name if facility else "a facility that is not public"
        sentence = Title(zh=f"圈内：{at.name}已与{name}联网。", en=f"Served: {at.name} is linked to {name_en}.")
        decides = shape.Decides(
            kind="record", sentence=Title(zh=f"由 {rule.column} 决定。", en=f"{rule.column} decides.")
        )
        return UnitStory(True, None, Story(facility, facility is None, None, None, sentence, decides, ()))
    near = _nearest(city, rule.facilities, at, view)
    facility = near.facility
    blank = not isinstance(noted, str) or not noted
    why = Title(
        zh=f"{rule.column} 为空" if blank else f"{rule.column} 所写的 {noted} 不是在用的设施",
        en=f"{rule.column} is empty" if blank else f"{rule.column} says {noted}, which is no facility in operation",
    )
    sentence = Title(zh=f"圈外：{at.name}未联网，{why.zh}。", en=f"Not served: {at.name} is not linked, {why.en}.")
    decides = shape.Decides(kind="record", sentence=Title(zh=f"{why.zh}。", en=f"{why.en}."))
    told = Title(zh=f"填写 {rule.column}。", en=f"Fill in {rule.column}.")
    if facility:
        told = Title(
            zh=f"与最近的{facility.name}（{facility.id}，{near.far.zh}）联网，写入 {rule.column}。",
            en=f"Link it to the nearest, {facility.name} ({facility.id}, {near.far.en}), and write it in "
            f"{rule.column}.",
        )
    change = shape.Change(kind="record", enough=True, sentence=told, facility=facility)
    story = Story(facility, False, near.way, None, sentence, decides, (change,))
    return UnitStory(False, at.mode if near.way else None, story)


def owns(bench: Bench, rule: Owns, at: At, view: View) -> UnitStory:  # noqa: ARG001
    """Return what a site records of what it must have, and how much is missing of each."""
    held = bool(_measured(bench, rule).held[at.row])
    record = rule.demand.records(bench.city).iloc[at.row]
    per = float(record[rule.per]) if rule.per and record.notna()[rule.per] else None
    said, lacks, lacks_en = [], [], []
    for column, key in rule.columns.items():
        amount = float(record[column]) if record.notna()[column] else 0.0
        said.append(f"{column} = {amount:g}")
        if not key:
            lacks.append(f"{column} 大于 0")
            lacks_en.append(f"{column} above 0")
        elif per is not None:
            need = standard(key, unit=rule.unit).value * per
            said[-1] += f" / {need:g}"
            lacks.append(f"{column} 再有 {max(need - amount, 0.0):g}")
            lacks_en.append(f"{max(need - amount, 0.0):g} more of {column}")
    if rule.per:
        said.append(f"{rule.per} = {'—' if per is None else f'{per:g}'}")
    if not lacks:
        lacks, lacks_en = [f"填写 {rule.per}"], [f"fill in {rule.per}"]
    numbers = "，".join(said)
    sentence = Title(
        zh=f"{'圈内' if held else '圈外'}：{at.name}登记 {numbers}。",
        en=f"{'Served' if held else 'Not served'}: {at.name} records {', '.join(said)}.",
    )
    decides = shape.Decides(
        kind="record", sentence=Title(zh=f"由登记的数值决定：{numbers}。", en=f"The record decides: {', '.join(said)}.")
    )
    change = shape.Change(
        kind="record",
        enough=True,
        sentence=Title(zh=f"需要{'，或'.join(lacks)}。", en=f"It needs {', or '.join(lacks_en)}."),
    )
    return UnitStory(held, None, Story(None, False, None, None, sentence, decides, () if held else (change,)))
