"""By truck to the hubs: parks, township stations and villages; and from vegetable bases to cold stores."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import VILLAGES, Sites
from layers.places import of_kind
from layers.rules import Limit, Reach

_HUBS: Final = of_kind("logistics", "物流枢纽")
_LIMIT: Final = Limit("hub_minutes", "min", 5.0, 180.0)
_COLD: Final = Limit("cold_store_minutes", "min", 5.0, 180.0)
_PARKS: Final = Sites(of_kind("logistics", "物流园区"), "parks", Title(zh="物流园区", en="logistics parks"))
_STATIONS: Final = Sites(
    of_kind("logistics", "乡级物流服务站"), "stations", Title(zh="乡级物流服务站", en="township stations")
)
_BASES: Final = Sites(of_kind("vegetable_bases"), "bases", Title(zh="蔬菜基地", en="vegetable bases"))
_STORES: Final = of_kind("logistics", "冷库")

LOGISTICS_HUB: Final = Circle(
    id="logistics-hub",
    version=1,
    title=Title(zh="物流枢纽货车时距", en="Truck reach of logistics hubs"),
    choices=(
        Choice("parks", Title(zh="园区到枢纽", en="parks to hubs"), Reach(_PARKS, _HUBS, ("truck",), _LIMIT)),
        Choice(
            "stations", Title(zh="乡级站到枢纽", en="stations to hubs"), Reach(_STATIONS, _HUBS, ("truck",), _LIMIT)
        ),
        Choice("villages", Title(zh="行政村到枢纽", en="villages to hubs"), Reach(VILLAGES, _HUBS, ("truck",), _LIMIT)),
        Choice(
            "cold", Title(zh="蔬菜基地到冷库", en="bases to cold stores"), Reach(_BASES, _STORES, ("truck",), _COLD)
        ),
    ),
    key=_LIMIT.key,
)
