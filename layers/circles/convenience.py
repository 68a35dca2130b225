"""一刻钟便民生活圈: every basic trade within a quarter of an hour on foot."""

from typing import Final

from layers.answer import Notice, Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import RESIDENTS
from layers.places import of_kind
from layers.rules import AllOf, Limit, Reach
from layers.services import needs_of

_LIMIT: Final = Limit("convenience_minutes", "min", 1.0, 60.0)

CONVENIENCE: Final = Circle(
    id="convenience",
    version=1,
    title=Title(zh="一刻钟便民生活圈", en="Quarter-hour convenience circle"),
    choices=(
        Choice(
            "all",
            Title(zh="全部基本保障类业态", en="every basic trade"),
            AllOf(RESIDENTS, needs_of({"convenience": _LIMIT}), "walk", _LIMIT),
        ),
        Choice(
            "market",
            Title(zh="菜市场或超市", en="a market or supermarket"),
            Reach(RESIDENTS, of_kind("commerce", "农贸市场", "超市"), ("walk",), _LIMIT),
        ),
        Choice(
            "shop",
            Title(zh="任一便民商业", en="any everyday shop"),
            Reach(RESIDENTS, of_kind("commerce", "农贸市场", "超市", "社区商业", "便利店"), ("walk",), _LIMIT),
        ),
    ),
    key=_LIMIT.key,
    notes=(
        Notice(
            kind="note",
            zh="基本保障类业态按2021年意见的一般了解列出（原文未核）；早餐店、照相文印、再生资源回收点无图层，未计。",
            en="The basic trades follow what is generally known of the notice of 2021 (its text was not checked); "
            "those no layer holds are left out.",
        ),
    ),
)
