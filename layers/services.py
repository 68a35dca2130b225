"""Composite circles' services as rules: each service of the table at the walk its level allows."""

from collections.abc import Mapping

from data.living import living_levels, living_services
from layers.answer import Notice, Title
from layers.places import of_kind
from layers.rules import Limit, Need


def needs_of(walks: Mapping[str, Limit]) -> tuple[Need, ...]:
    """Return a Need for every service of the levels named, in the table's order, within its level's limit."""
    return tuple(
        Need(one.id, Title(zh=one.zh, en=one.en), of_kind(one.layer, *one.kinds), walks[one.circle])
        for one in living_services()
        if one.circle in walks
    )


SERVICES_NOTE = Notice(
    kind="note",
    zh="服务项目按 GB 50180-2018 附录 B 的一般了解列出（条文原文未核），见 living_services 表；"
    "标准针对城市居住区，此处按全部常住人口计。",
    en="The services follow what is generally known of GB 50180-2018, annex B (its text was not checked), table "
    "living_services; the standard is for urban housing, here all residents are counted.",
)


def level_notes(circle: str) -> tuple[Notice, ...]:
    """Return what a reader of a living circle must know: its population band, and where its services come from."""
    band = next(one for one in living_levels() if one.circle == circle)
    low, high = f"{band.persons_low:,}", f"{band.persons_high:,}"
    return (
        Notice(
            kind="note",
            zh=f"该级生活圈规划人口规模 {low}–{high} 人（{band.clause}）；本结果按沿街距离计，不按人口规模划分。",
            en=f"A circle of this level is planned for {low} to {high} persons ({band.clause}); this answer goes "
            "by the walk, not by that number.",
        ),
        SERVICES_NOTE,
    )
