"""Sports venues: public places to exercise."""

from typing import Final

from data.frames import Column
from layers.answer import Title
from layers.base import FacilityLayer

SPORTS: Final = FacilityLayer(
    id="sports",
    title=Title(zh="体育场地", en="Sports venues"),
    own={
        "KIND": Column("text", required=False, zh="场地类型", en="kind of venue"),
        "AREA_M2": Column("float", "m²", required=False, zh="场地面积", en="area"),
        "IN_OUT": Column("text", required=False, zh="室内/室外", en="indoor or outdoor"),
        "OPEN_KIND": Column("text", required=False, zh="开放方式", en="how it is open"),
        "OWNER_KIND": Column("text", required=False, zh="权属", en="owner"),
    },
    tier="public",
    colour="#5b3a8c",
    shape="diamond",
)
