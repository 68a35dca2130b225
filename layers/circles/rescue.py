"""Rescue: counties with all five kinds of centre, township clinics linked to one, and their drive there."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import COUNTIES, RURAL_COUNTIES, Sites
from layers.membership import HoldsAll, Linked, Part
from layers.places import Facilities, of_kind
from layers.rules import Limit, Reach

_CENTRES: Final = of_kind("health", "救治中心")
_CLINICS: Final = Sites(of_kind("health", "乡镇卫生院"), "clinics", Title(zh="乡镇卫生院", en="township clinics"))
_LIMIT: Final = Limit("rescue_minutes", "min", 5.0, 180.0)
_FIVE: Final = tuple(
    Part(
        key,
        Title(zh=f"{zh}救治中心", en=en),
        Facilities("facilities.health", {"KIND": ("救治中心",), "SPECIALTY": (zh,)}),
    )
    for key, zh, en in (
        ("chest-pain", "胸痛", "chest pain centre"),
        ("stroke", "卒中", "stroke centre"),
        ("trauma", "创伤", "trauma centre"),
        ("mothers", "危重孕产妇", "centre for mothers in danger"),
        ("newborns", "危重新生儿", "centre for newborns in danger"),
    )
)

RESCUE: Final = Circle(
    id="rescue",
    version=1,
    title=Title(zh="急危重症救治网络", en="Rescue network"),
    choices=(
        Choice("counties", Title(zh="县：五类中心齐备", en="counties with all five"), HoldsAll(RURAL_COUNTIES, _FIVE)),
        Choice("all", Title(zh="全部区县：五类中心齐备", en="counties and districts"), HoldsAll(COUNTIES, _FIVE)),
        Choice("linked", Title(zh="乡镇卫生院已联网", en="clinics linked"), Linked(_CLINICS, "CENTRE_ID", _CENTRES)),
        Choice("drive", Title(zh="乡镇卫生院驾车", en="clinics by car"), Reach(_CLINICS, _CENTRES, ("car",), _LIMIT)),
    ),
    key="rescue_centres",
    unit="1",
)
