"""一刻钟养老服务圈: persons of 60 and over who walk to elderly care at an older person's pace."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import OLDER
from layers.places import of_kind
from layers.rules import Limit, Reach

_CARE: Final = of_kind("elderly", "社区养老服务中心", "区域养老服务中心", "养老机构")
_CENTRES: Final = of_kind("elderly", "社区养老服务中心")
_LIMIT: Final = Limit("elderly_minutes", "min", 1.0, 60.0)
_LENGTH: Final = Limit("elderly_metres", "m", 100.0, 3000.0)

ELDERLY_CIRCLE: Final = Circle(
    id="elderly",
    version=1,
    title=Title(zh="一刻钟养老服务圈", en="Quarter-hour elderly-care circle"),
    choices=(
        Choice("minutes", Title(zh="老年人步行15分钟", en="older pace"), Reach(OLDER, _CARE, ("older",), _LIMIT)),
        Choice("metres", Title(zh="沿街 1000 m", en="1000 m along streets"), Reach(OLDER, _CARE, ("older",), _LENGTH)),
        Choice(
            "centres",
            Title(zh="仅社区养老服务中心", en="community centres alone"),
            Reach(OLDER, _CENTRES, ("older",), _LIMIT),
        ),
    ),
    key=_LIMIT.key,
)
