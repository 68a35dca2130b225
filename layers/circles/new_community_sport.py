"""New communities with sports facilities inside: any at all, as the plan counts, or as much as the norm asks."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice, Extras, Head
from layers.circle import Circle
from layers.demand import Sites
from layers.membership import Owns
from layers.places import Facilities
from layers.tallies import undated

_LAYER: Final = "facilities.new_communities"
_NEW: Final = Sites(
    Facilities(_LAYER, years={"DONE_YEAR": "new_community_since"}),
    "communities",
    Title(zh="新建社区", en="new communities"),
)

NEW_COMMUNITY_SPORT: Final = Circle(
    id="new-community-sport",
    version=1,
    title=Title(zh="新建社区体育设施", en="Sport in new communities"),
    choices=(
        Choice("any", Title(zh="有体育设施", en="any facility"), Owns(_NEW, {"SPT_IN_M2": "", "SPT_OUT_M2": ""})),
        Choice(
            "norm",
            Title(zh="达到人均指标", en="by the norm a person"),
            Owns(
                _NEW,
                {"SPT_IN_M2": "sport_indoor_norm", "SPT_OUT_M2": "sport_outdoor_norm"},
                unit="m2/person",
                per="PERSONS",
            ),
        ),
    ),
    key="new_community_sport",
    unit="1",
    extras=Extras(
        (Head("undated", Title(zh="无竣工年度、未计入的社区", en="communities without a year, not counted"), "1"),),
        undated(Facilities(_LAYER), "DONE_YEAR", "undated"),
    ),
)
