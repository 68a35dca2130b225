"""The 10-minute living circle: services of its level and those below, each within its own level's walk."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import RESIDENTS
from layers.rules import AllOf, Limit
from layers.services import level_notes, needs_of

_WALK: Final = Limit("living_10_metres", "m", 100.0, 2000.0)
_LOWER: Final = {"living-5": Limit("living_5_metres", "m", 100.0, 1000.0)}

LIVING_10: Final = Circle(
    id="living-10",
    version=1,
    title=Title(zh="10分钟生活圈", en="10-minute living circle"),
    choices=(
        Choice(
            "all",
            Title(zh="全部基本服务", en="every basic service"),
            AllOf(RESIDENTS, needs_of({"living-10": _WALK, **_LOWER}), "walk", _WALK),
        ),
        Choice(
            "own",
            Title(zh="仅本级服务", en="services of this level alone"),
            AllOf(RESIDENTS, needs_of({"living-10": _WALK}), "walk", _WALK),
        ),
    ),
    key=_WALK.key,
    notes=level_notes("living-10"),
)
