"""Why a place is served by a circle or not: one answer for every kind of rule."""

from typing import Any

from data.city import CityData
from layers.answer import Clause, Measure, Notice, Title
from layers.choices import Choice
from layers.circle import Circle
from layers.coverage import notices_of
from layers.explain import shape
from layers.explain.composite import sentence, services, states
from layers.explain.places import Found, as_unit
from layers.explain.reach import Reached, Story, reached, tell, trips
from layers.explain.travel import View
from layers.explain.units import At, UnitStory, holds_all, linked, member, owns
from layers.membership import HoldsAll, Linked, Member, Owns
from layers.rules import AllOf, Bench, Reach


def explain(circle: Circle, bench: Bench, params: Any, found: Found, view: View) -> shape.Explanation:
    """Return why the place ``found`` is or is not served by ``circle``, as asked by ``params``.

    What is said of a demand point is what the circle counts. Raises NotFoundError where the circle is about units
    and the place lies in none. The edition must have the layers of the choice.
    """
    choice = circle.choice(params.mode)
    rule = choice.rule
    value = circle.value_of(choice, params)
    if isinstance(rule, Reach):
        got = reached(bench.city, rule, value, found.xy)
        story = tell(got, view, _others(circle, choice, params))
        parts = _of_reach(got, story)
    elif isinstance(rule, AllOf):
        parts = _of_services(bench.city, rule, value, found, view)
    else:
        found = as_unit(bench, rule.demand, found, view)
        parts = _of_unit(bench, choice, circle, found, view)
    return shape.Explanation(
        circle=circle.id, title=circle.title, edition=bench.city.edition.id, choice=choice.id,
        choice_title=choice.title, place=found.place, clause=_clause(circle), notices=_notices(bench.city, choice),
        measures=_measures(circle, bench.city, found.place), **parts,
    )  # fmt: skip


def _others(circle: Circle, choice: Choice, params: Any) -> list[tuple[Choice, float]]:
    """Return the circle's other choices, each at the limit it would be asked with."""
    return [(one, circle.value_of(one, params)) for one in circle.choices if one.id != choice.id]


def _of_reach(got: Reached, story: Story) -> dict[str, Any]:
    return {
        "covered": got.covered,
        "status": got.status,
        "limit": shape.Amount(value=got.value, unit=got.rule.limit.unit),
        "over": got.over,
        "mode": got.best.target.mode,
        "trips": trips(got),
        **_of_story(story),
    }


def _of_story(story: Story) -> dict[str, Any]:
    return {
        "sentence": story.sentence,
        "facility": story.facility,
        "facility_hidden": story.hidden,
        "way": story.way,
        "straight": story.straight,
        "decides": story.decides,
        "changes": story.changes,
    }


def _of_services(city: CityData, rule: AllOf, value: float, found: Found, view: View) -> dict[str, Any]:
    """Return the answer of a composite: every service, and the whole story of the one that decides."""
    all_of = services(city, rule, value, found.xy)
    need, worst = all_of.every[0]
    story = tell(worst, view)
    out = _of_reach(worst, story)
    missing = all_of.missing
    first = story.changes
    if len(missing) > 1:
        # Mending one service of several does not serve the place.
        first = tuple(_for_service(one, need.title, last=False) for one in first)
    elif missing:
        first = tuple(_for_service(one, need.title, last=True) for one in first)
    out["changes"] = first
    out["sentence"] = sentence(all_of)
    out["status"] = all_of.status
    out["covered"] = not missing
    out["services"] = states(all_of, view)
    decides = story.sentence
    out["decides"] = shape.Decides(
        kind="service",
        sentence=Title(
            zh=f"由“{need.title.zh}”决定——{decides.zh.partition('：')[2] or decides.zh}",
            en=f"“{need.title.en}” decides: {decides.en.partition(': ')[2] or decides.en}",
        ),
    )
    return out


def _for_service(change: shape.Change, title: Title, *, last: bool) -> shape.Change:
    told = Title(zh=f"{title.zh}：{change.sentence.zh}", en=f"{title.en}: {change.sentence.en}")
    return change.model_copy(update={"sentence": told, "enough": change.enough and last})


def _of_unit(bench: Bench, choice: Choice, circle: Circle, found: Found, view: View) -> dict[str, Any]:
    rule = choice.rule
    assert found.row is not None
    at = At(found.row, found.place.name or str(found.place.id), found.xy, _mode_of(circle))
    got: UnitStory
    if isinstance(rule, Member):
        got = member(bench, rule, at, view)
    elif isinstance(rule, HoldsAll):
        got = holds_all(bench, rule, at, view)
    elif isinstance(rule, Linked):
        got = linked(bench, rule, at, view)
    elif isinstance(rule, Owns):
        got = owns(bench, rule, at, view)
    else:
        raise TypeError(f"{circle.id} by {choice.id} is decided by {type(rule).__name__}, which explains nothing")
    return {
        "covered": got.covered,
        "status": "ok" if got.covered else "absent",
        "limit": None,
        "over": None,
        "mode": got.mode,
        "services": got.parts,
        **_of_story(got.story),
    }


def _mode_of(circle: Circle) -> str:
    """Return how the way to a facility is shown where the rule is about no travel: as the circle's others go."""
    modes = [mode for one in circle.choices for mode in one.rule.modes]
    return modes[0] if modes else "walk"


def _clause(circle: Circle) -> Clause:
    found = circle.threshold().standard
    return Clause(
        text=found.clause, source=f"{found.title}（{found.issued}）", url=found.url, confidence=found.confidence
    )


def _notices(city: CityData, choice: Choice) -> list[Notice]:
    return [Notice(**one) for one in notices_of(city, choice.layers)]


def _measures(circle: Circle, city: CityData, place: shape.Place) -> list[Measure]:
    """Return the circle's further numbers of the county the place lies in."""
    extras = circle.extras
    if extras is None or place.county is None:
        return []
    own = city.keep(("explain extras", circle.id), lambda: extras.table(city)).get(place.county.code, {})
    where = place.county.name
    return [
        Measure(
            id=head.id, value=own.get(head.id), unit=head.unit,
            title=Title(zh=f"{where}：{head.title.zh}", en=f"{where}: {head.title.en}"),
        )
        for head in extras.heads
    ]  # fmt: skip
