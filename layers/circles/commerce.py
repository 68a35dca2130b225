"""Commerce: residents who walk to a commerce district, and the levels county, township and village each with theirs."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import COUNTIES, RESIDENTS, TOWNSHIPS, VILLAGES
from layers.membership import Member
from layers.places import Facilities, of_kind
from layers.rules import Limit, Reach

_LIMIT: Final = Limit("commerce_minutes", "min", 1.0, 60.0)
_COUNTY: Final = Facilities("facilities.commerce", {"LEVEL": ("市级", "区县级")})
_TOWNSHIP: Final = Facilities("facilities.commerce", {"LEVEL": ("市级", "区县级", "乡镇级")})
_VILLAGE: Final = Facilities("facilities.commerce", {"LEVEL": ("村级",)})

COMMERCE_CIRCLE: Final = Circle(
    id="commerce",
    version=1,
    title=Title(zh="商圈可达", en="Commerce within reach"),
    choices=(
        Choice(
            "walk",
            Title(zh="步行到商圈、步行街、购物中心或百货", en="on foot to a district, street or mall"),
            Reach(RESIDENTS, of_kind("commerce", "商圈", "步行街", "购物中心", "百货商场"), ("walk",), _LIMIT),
        ),
        Choice("county", Title(zh="区县有县级以上商业", en="counties with commerce"), Member(COUNTIES, _COUNTY)),
        Choice(
            "township", Title(zh="乡镇有乡镇级以上商业", en="townships with commerce"), Member(TOWNSHIPS, _TOWNSHIP)
        ),
        Choice("village", Title(zh="行政村有村级商业", en="villages with a shop"), Member(VILLAGES, _VILLAGE)),
    ),
    key=_LIMIT.key,
)
