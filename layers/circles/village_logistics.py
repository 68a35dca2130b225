"""Villages with a logistics outlet: inside or serving them, as the plan counts; inside alone; near along streets."""

from typing import Final

from layers.answer import Title
from layers.choices import Choice
from layers.circle import Circle
from layers.demand import VILLAGES
from layers.membership import Member
from layers.places import of_kind
from layers.rules import Limit, Reach

_OUTLETS: Final = of_kind("logistics", "村级物流服务网点")
_LENGTH: Final = Limit("village_outlet_metres", "m", 100.0, 10_000.0)
_DRIVE: Final = Limit("village_outlet_minutes", "min", 1.0, 60.0)

VILLAGE_LOGISTICS: Final = Circle(
    id="village-logistics",
    version=1,
    title=Title(zh="行政村物流服务网点覆盖", en="Village logistics"),
    choices=(
        Choice(
            "served", Title(zh="村内有网点或被服务", en="inside or served"), Member(VILLAGES, _OUTLETS, "SERVED_XZQ")
        ),
        Choice("inside", Title(zh="仅村内有网点", en="inside alone"), Member(VILLAGES, _OUTLETS)),
        Choice(
            "near",
            Title(zh="沿街距离内（非官方）", en="near along streets"),
            Reach(VILLAGES, _OUTLETS, ("walk",), _LENGTH),
        ),
        Choice(
            "drive", Title(zh="驾车时间内（非官方）", en="near by car"), Reach(VILLAGES, _OUTLETS, ("car",), _DRIVE)
        ),
    ),
    key="village_logistics",
    unit="1",
)
