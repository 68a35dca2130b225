"""The places the plan names or counts: hubs, clusters, belts, zones. Their outlines come from a steward's file."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

LEVEL: Final = "region"
"""The level of the areas frame that holds their outlines, once a file gives them."""


@dataclass(frozen=True, slots=True)
class Region:
    """One region of the plan.

    Attributes:
        code: the code an areas file must give it.
        kind: 枢纽, 商贸物流聚集区, 运动带, 文旅空间, 蔬菜基地, 消费集聚区 or 功能区.
        quote: the plan's own words for it.
        sector: the plan's sector, 0 for all of them.
        note: what is not the plan's: a name it does not give.
    """

    code: str
    kind: str
    name_zh: str
    name_en: str
    quote: str
    sector: int
    note: str


@cache
def regions() -> tuple[Region, ...]:
    """Return the regions of the plan, in its order.

    >>> [one.name_zh for one in regions() if one.kind == "枢纽"]
    ['陆港型枢纽', '商贸服务型枢纽', '空港型枢纽']
    """
    text = (files("data.tables") / "regions.csv").read_text(encoding="utf-8")
    return tuple(
        Region(row["code"], row["kind"], row["name_zh"], row["name_en"], row["quote"], int(row["sector"]), row["note"])
        for row in csv.DictReader(text.splitlines())
    )
