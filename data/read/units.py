"""The units stewards write in headings, and what converts them into a field's own. By definition, not by policy."""

import re
from typing import Final

from data.read.wording import plain

_MU_M2: Final = 10_000.0 / 15.0

_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("m2", "m^2", "平方米", "平米", "㎡", "sqm"), ("area", 1.0)),
    **dict.fromkeys(("km2", "km^2", "平方公里", "平方千米", "㎢"), ("area", 1e6)),
    **dict.fromkeys(("公顷", "ha", "hm2"), ("area", 1e4)),
    **dict.fromkeys(("万平方米", "万平米", "万㎡", "万m2"), ("area", 1e4)),
    "亩": ("area", _MU_M2),
    "万亩": ("area", _MU_M2 * 1e4),
    **dict.fromkeys(("m", "米"), ("length", 1.0)),
    **dict.fromkeys(("km", "公里", "千米"), ("length", 1e3)),
    "里": ("length", 500.0),
    **dict.fromkeys(("m3", "m^3", "立方米", "立方", "方"), ("volume", 1.0)),
    **dict.fromkeys(("万立方米", "万立方", "万m3", "万方"), ("volume", 1e4)),
    **dict.fromkeys(("t", "吨", "公吨"), ("mass", 1.0)),
    **dict.fromkeys(("万吨", "万t"), ("mass", 1e4)),
    **dict.fromkeys(("kg", "千克", "公斤"), ("mass", 1e-3)),
    **dict.fromkeys(("元", "人民币元"), ("money", 1.0)),
    "千元": ("money", 1e3),
    "万元": ("money", 1e4),
    "亿元": ("money", 1e8),
    **dict.fromkeys(("%", "百分比"), ("share", 1.0)),
    "‰": ("share", 0.1),
    **dict.fromkeys(("℃", "°c", "摄氏度"), ("temperature", 1.0)),
    **dict.fromkeys(("°", "度"), ("angle", 1.0)),
    **dict.fromkeys(("km/h", "公里/小时", "千米/小时"), ("speed", 1.0)),
    **dict.fromkeys(
        ("张", "个", "人", "家", "处", "户", "所", "辆", "位", "座", "名", "条", "间", "册", "片", "块", "台", "套",
         "次", "床", "beds", "places", "persons"),
        ("count", 1.0),
    ),
    **dict.fromkeys(("千人", "千张"), ("count", 1e3)),
    **dict.fromkeys(("万人", "万张", "万个", "万户", "万人次"), ("count", 1e4)),
}  # fmt: skip
_BRACKETED: Final = re.compile(r"[（(\[【]\s*(?:单位\s*[:：]\s*)?([^（）()\[\]【】]{1,10}?)\s*[）)\]】]")
_AFTER: Final = re.compile(r"(?:[/／,，]|单位\s*[:：])\s*([^/／,，]{1,6})$")
_YEARS: Final = frozenset({"年", "月", "日", "年月", "年月日"})


def is_unit(text: str) -> bool:
    """Return whether a text is the name of a unit that is known.

    >>> is_unit("㎡"), is_unit("张"), is_unit("张掖路")
    (True, True, False)
    """
    return plain(text) in _UNITS or plain(text) in _YEARS


def heading_unit(heading: str) -> str | None:
    """Return the unit a heading states in brackets or after a stroke, as written; None where it states none.

    >>> heading_unit("占地面积（亩）"), heading_unit("床位数"), heading_unit("面积/平方米"), heading_unit("等级（A级）")
    ('亩', None, '平方米', 'A级')
    """
    found = _BRACKETED.findall(heading)
    for text in found:
        if is_unit(text):
            return str(text)
    after = _AFTER.search(heading)
    if after is not None and is_unit(after.group(1)):
        return after.group(1)
    return str(found[-1]) if found else None


def factor(written: str, own: str) -> float | None:
    """Return what a number in the unit ``written`` is multiplied with to be in the unit ``own``; None where unknown.

    A field without a unit counts things.

    >>> factor("公顷", "m²"), factor("万人", ""), factor("吨", "m"), factor("平方米", "km²")
    (10000.0, 10000.0, None, 1e-06)
    """
    source = _UNITS.get(plain(written))
    target = _UNITS.get(plain(own)) if own else ("count", 1.0)
    if source is None or target is None or source[0] != target[0]:
        return None
    return source[1] / target[1]
