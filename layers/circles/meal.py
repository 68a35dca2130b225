"""老年助餐: persons of 60 and over who walk to a meal point at an older person's pace."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import OLDER
from layers.places import of_kind
from layers.rules import Limit, Reach

_POINTS: Final = of_kind("elderly", "老年助餐点")
_LIMIT: Final = Limit("meal_minutes", "min", 1.0, 60.0)

MEAL: Final = Circle(
    id="meal",
    version=1,
    title=Title(zh="老年助餐圈", en="Meals for the old"),
    choices=(
        Choice("older", Title(zh="老年人步速", en="older pace"), Reach(OLDER, _POINTS, ("older",), _LIMIT)),
        Choice("walk", Title(zh="一般步速", en="adult pace"), Reach(OLDER, _POINTS, ("walk",), _LIMIT)),
    ),
    key=_LIMIT.key,
)
