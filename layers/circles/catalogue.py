"""Every circle Quantu knows."""

from typing import Final

from layers.base import Registry
from layers.circle import Circle
from layers.circles.childcare import CHILDCARE_CIRCLE
from layers.circles.commerce import COMMERCE_CIRCLE
from layers.circles.convenience import CONVENIENCE
from layers.circles.county_logistics import COUNTY_LOGISTICS
from layers.circles.elderly import ELDERLY_CIRCLE
from layers.circles.fitness import FITNESS
from layers.circles.living_5 import LIVING_5
from layers.circles.living_10 import LIVING_10
from layers.circles.living_15 import LIVING_15
from layers.circles.logistics_hub import LOGISTICS_HUB
from layers.circles.meal import MEAL
from layers.circles.new_community_sport import NEW_COMMUNITY_SPORT
from layers.circles.regional_elderly_centre import REGIONAL_ELDERLY_CENTRE
from layers.circles.rescue import RESCUE
from layers.circles.scenic import SCENIC_CIRCLE
from layers.circles.township_logistics import TOWNSHIP_LOGISTICS
from layers.circles.village_logistics import VILLAGE_LOGISTICS

CIRCLES: Final[Registry[Circle]] = Registry(
    "circle",
    (
        FITNESS,
        LIVING_15,
        LIVING_10,
        LIVING_5,
        CONVENIENCE,
        ELDERLY_CIRCLE,
        MEAL,
        REGIONAL_ELDERLY_CENTRE,
        CHILDCARE_CIRCLE,
        NEW_COMMUNITY_SPORT,
        VILLAGE_LOGISTICS,
        TOWNSHIP_LOGISTICS,
        COUNTY_LOGISTICS,
        LOGISTICS_HUB,
        COMMERCE_CIRCLE,
        SCENIC_CIRCLE,
        RESCUE,
    ),
)
