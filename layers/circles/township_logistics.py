"""Townships with a township logistics station; subdistricts beside them."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import TOWNSHIPS, TOWNSHIPS_AND_STREETS
from layers.membership import Member
from layers.places import of_kind

_STATIONS: Final = of_kind("logistics", "乡级物流服务站")

TOWNSHIP_LOGISTICS: Final = Circle(
    id="township-logistics",
    version=1,
    title=Title(zh="乡级物流服务站覆盖", en="Township logistics"),
    choices=(
        Choice("towns", Title(zh="乡镇", en="townships"), Member(TOWNSHIPS, _STATIONS)),
        Choice("streets", Title(zh="含街道", en="with subdistricts"), Member(TOWNSHIPS_AND_STREETS, _STATIONS)),
    ),
    key="township_logistics",
    unit="1",
)
