"""The 15-minute fitness circle: residents who reach a sports venue within 15 minutes on foot or by bicycle."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import RESIDENTS
from layers.places import of_kind
from layers.rules import Limit, Reach

_VENUES: Final = of_kind("sports")
_LIMIT: Final = Limit("fitness_minutes", "min", 1.0, 60.0)

FITNESS: Final = Circle(
    id="fitness",
    version=2,
    title=Title(zh="15分钟健身圈", en="15-minute fitness circle"),
    choices=(
        Choice(
            "either", Title(zh="步行或骑行", en="walk or cycle"), Reach(RESIDENTS, _VENUES, ("walk", "cycle"), _LIMIT)
        ),
        Choice("walk", Title(zh="步行", en="walk"), Reach(RESIDENTS, _VENUES, ("walk",), _LIMIT)),
        Choice("cycle", Title(zh="骑行", en="cycle"), Reach(RESIDENTS, _VENUES, ("cycle",), _LIMIT)),
    ),
    key=_LIMIT.key,
)
