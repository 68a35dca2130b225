"""Graded scenic spots by car: residents near one, and county seats, stations and the airport."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import RESIDENTS, Seats, Sites
from layers.facilities.grades import A_GRADES
from layers.places import Facilities, of_kind
from layers.rules import Limit, Reach

_CAR: Final = ("car",)
_SPOTS: Final = Facilities("facilities.scenic", {"GRADE": A_GRADES})
_HIGH: Final = Facilities("facilities.scenic", {"GRADE": ("4A", "5A")})
_NEAR: Final = Limit("scenic_near_minutes", "min", 5.0, 120.0)
_WIDE: Final = Limit("scenic_minutes", "min", 5.0, 120.0)
_SEATS: Final = Seats(
    RESIDENTS, "county_seats", Title(zh="区县人口中心（代县城）", en="middles of the counties' people, for their seats")
)
_STATIONS: Final = Sites(
    of_kind("transport", "火车站", "客运站"), "stations", Title(zh="火车站和客运站", en="rail and coach stations")
)
_AIRPORT: Final = Sites(of_kind("transport", "机场"), "airports", Title(zh="机场", en="airports"))

SCENIC_CIRCLE: Final = Circle(
    id="scenic",
    version=1,
    title=Title(zh="A级景区驾车圈", en="Scenic spots by car"),
    choices=(
        Choice("near", Title(zh="居民30分钟", en="residents, 30 min"), Reach(RESIDENTS, _SPOTS, _CAR, _NEAR)),
        Choice("wide", Title(zh="居民60分钟", en="residents, 60 min"), Reach(RESIDENTS, _SPOTS, _CAR, _WIDE)),
        Choice(
            "high", Title(zh="居民到4A级以上", en="residents to 4A and above"), Reach(RESIDENTS, _HIGH, _CAR, _WIDE)
        ),
        Choice("seats", Title(zh="区县人口中心", en="middles of counties"), Reach(_SEATS, _SPOTS, _CAR, _WIDE)),
        Choice("stations", Title(zh="火车站和客运站", en="stations"), Reach(_STATIONS, _SPOTS, _CAR, _WIDE)),
        Choice("airport", Title(zh="机场", en="the airport"), Reach(_AIRPORT, _SPOTS, _CAR, _WIDE)),
    ),
    key=_NEAR.key,
)
