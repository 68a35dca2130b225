"""Childcare: children under three within reach on foot, and places by residents as the plan counts them."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice, Extras, Head
from layers.circle import Circle
from layers.demand import CHILDREN, RESIDENTS
from layers.places import of_kind
from layers.rules import Limit, Reach
from layers.tallies import Tally

_CARE: Final = of_kind("childcare")
_LIMIT: Final = Limit("childcare_minutes", "min", 1.0, 60.0)
_SEATS: Final = Tally(_CARE, "SEATS")

CHILDCARE_CIRCLE: Final = Circle(
    id="childcare",
    version=1,
    title=Title(zh="托育服务圈", en="Childcare circle"),
    choices=(
        Choice("walk", Title(zh="步行", en="on foot"), Reach(CHILDREN, _CARE, ("walk",), _LIMIT)),
        Choice("cycle", Title(zh="骑行", en="by bicycle"), Reach(CHILDREN, _CARE, ("cycle",), _LIMIT)),
    ),
    key=_LIMIT.key,
    extras=Extras(
        (
            Head("places_per_1000", Title(zh="每千人口托位数", en="places per 1,000 residents"), "1"),
            Head("places_per_1000_children", Title(zh="每千名0–3岁儿童托位数", en="places per 1,000 children"), "1"),
            Head("places", Title(zh="托位数", en="places"), "1"),
        ),
        lambda city: _SEATS.table(city, "places", {"places_per_1000": RESIDENTS, "places_per_1000_children": CHILDREN}),
    ),
)
