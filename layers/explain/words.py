"""How amounts are said: metres whole, minutes with as few decimals as keep the comparison with the limit true."""

from typing import Final

from layers.answer import Title

MODES: Final = {
    "walk": Title(zh="步行", en="on foot"),
    "cycle": Title(zh="骑行", en="by bicycle"),
    "older": Title(zh="老年人步行", en="at an older person's pace"),
    "child": Title(zh="儿童步行", en="at a child's pace"),
    "wheelchair": Title(zh="轮椅", en="by wheelchair"),
    "ebike": Title(zh="电动自行车", en="by e-bike"),
    "car": Title(zh="驾车", en="by car"),
    "truck": Title(zh="货车", en="by truck"),
}

CLASSES: Final = {
    "motorway": "高速公路", "motorway_link": "高速公路匝道", "trunk": "快速路", "trunk_link": "快速路匝道",
    "primary": "主干路", "secondary": "次干路", "tertiary": "支路", "residential": "居住区道路",
    "living_street": "生活街道", "service": "内部道路", "unclassified": "一般道路", "track": "机耕路",
    "path": "小路", "footway": "人行道", "steps": "台阶", "cycleway": "自行车道", "pedestrian": "步行街",
}  # fmt: skip
"""Street classes as planners call them; OSM highway values."""

_MS: Final = 60_000.0
_FINEST: Final = 5


def minutes(ms: float, *, beside_ms: float | None = None) -> str:
    """Return milliseconds as minutes, one decimal, or as many as tell it from another time.

    >>> minutes(900_000), minutes(900_900, beside_ms=900_000), minutes(120)
    ('15.0', '15.02', '0.002')
    """
    for decimals in range(1, _FINEST):
        text = f"{ms / _MS:.{decimals}f}"
        told = float(text) > 0.0 or ms <= 0.0
        if told and (beside_ms is None or ms == beside_ms or f"{beside_ms / _MS:.{decimals}f}" != text):
            return text
    return f"{ms / _MS:.{_FINEST}f}"


def lapse(ms: float) -> Title:
    """Return a difference of times: minutes, seconds where it is under a tenth of one.

    >>> lapse(1_260_000).zh, lapse(900).en
    ('21.0 分钟', '0.9 s')
    """
    if ms and ms < _MS / 10.0:
        return Title(zh=f"{ms / 1000.0:.3g} 秒", en=f"{ms / 1000.0:.3g} s")
    return Title(zh=f"{ms / _MS:.1f} 分钟", en=f"{ms / _MS:.1f} min")


def metres(value: float) -> str:
    """Return whole metres in thousands, one decimal below 10 m.

    >>> metres(2400.2), metres(0.97)
    ('2,400', '1.0')
    """
    return f"{value:,.0f}" if round(value) >= 10 else f"{value:.1f}"


def street_class(name: str | None) -> Title:
    """Return a street class in both languages, in OSM's own word where no other is known."""
    if not name:
        return Title(zh="道路", en="street")
    return Title(zh=CLASSES.get(name, f"道路（{name}）"), en=name.replace("_", " "))
