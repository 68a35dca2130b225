"""Counties with a county distribution centre, and how many centres there are beside the plan's number."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice, Extras, Head
from layers.circle import Circle
from layers.demand import COUNTIES, RURAL_COUNTIES
from layers.membership import Member
from layers.places import of_kind
from layers.tallies import Tally

_CENTRES: Final = of_kind("logistics", "县级物流配送中心")

COUNTY_LOGISTICS: Final = Circle(
    id="county-logistics",
    version=1,
    title=Title(zh="县级物流配送中心覆盖", en="County logistics"),
    choices=(
        Choice("all", Title(zh="全部区县", en="counties and districts"), Member(COUNTIES, _CENTRES)),
        Choice("counties", Title(zh="仅县", en="counties alone"), Member(RURAL_COUNTIES, _CENTRES)),
    ),
    key="county_logistics",
    unit="1",
    extras=Extras(
        (
            Head("centres", Title(zh="配送中心数", en="centres"), "1"),
            Head("planned", Title(zh="规划目标数", en="centres the plan wants"), "1"),
        ),
        lambda city: Tally(_CENTRES).table(city, "centres", target=("planned", "logistics-county-centres")),
    ),
)
