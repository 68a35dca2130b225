"""The 5-minute living circle: the services of its level, each within the walk of its own level."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import RESIDENTS
from layers.rules import AllOf, Limit
from layers.services import level_notes, needs_of

_WALK: Final = Limit("living_5_metres", "m", 100.0, 1000.0)

LIVING_5: Final = Circle(
    id="living-5",
    version=1,
    title=Title(zh="5分钟生活圈", en="5-minute living circle"),
    choices=(
        Choice(
            "all",
            Title(zh="全部基本服务", en="every basic service"),
            AllOf(RESIDENTS, needs_of({"living-5": _WALK}), "walk", _WALK),
        ),
    ),
    key=_WALK.key,
    notes=level_notes("living-5"),
)
