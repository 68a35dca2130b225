"""Townships and subdistricts with a regional elderly-care centre."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import TOWNSHIPS, TOWNSHIPS_AND_STREETS
from layers.membership import Member
from layers.places import of_kind

_CENTRES: Final = of_kind("elderly", "区域养老服务中心")

REGIONAL_ELDERLY_CENTRE: Final = Circle(
    id="regional-elderly-centre",
    version=1,
    title=Title(zh="区域养老服务中心建有率", en="Regional elderly-care centres"),
    choices=(
        Choice("all", Title(zh="乡镇和街道", en="townships and subdistricts"), Member(TOWNSHIPS_AND_STREETS, _CENTRES)),
        Choice("towns", Title(zh="仅乡镇", en="townships alone"), Member(TOWNSHIPS, _CENTRES)),
    ),
    key="regional_elderly_centre",
    unit="1",
)
