"""Exact numbers and the units Chinese reports write them in."""

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from geo.errors import ParameterError

_PREFIX: Final = {
    "": 1, "十": 10, "百": 10**2, "千": 10**3, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7,
    "亿": 10**8, "万亿": 10**12,
}  # fmt: skip
_COUNTERS: Final = ["个", "家", "户", "所", "处", "场", "座", "项", "张", "间", "条", "台", "支", "片", "次", "项目"]
_BASE: Final[dict[str, tuple[str, Fraction]]] = {
    "元": ("money", Fraction(1)),
    "吨": ("mass", Fraction(1)),
    "t": ("mass", Fraction(1)),
    "公斤": ("mass", Fraction(1, 1000)),
    "千克": ("mass", Fraction(1, 1000)),
    "人": ("people", Fraction(1)),
    "名": ("people", Fraction(1)),
    "人次": ("visits", Fraction(1)),
    "%": ("share", Fraction(1)),
    "‰": ("share", Fraction(1, 10)),
    "百分点": ("share", Fraction(1)),
    "个百分点": ("share", Fraction(1)),
    "小数": ("share", Fraction(100)),
    "比例": ("share", Fraction(100)),
    "个/千人": ("per_thousand", Fraction(1)),
    "张/千人": ("per_thousand", Fraction(1)),
    "个/万人": ("per_thousand", Fraction(1, 10)),
    **{counter: ("count", Fraction(1)) for counter in _COUNTERS},
}
_UNIT: Final = re.compile(rf"({'|'.join(sorted(filter(None, _PREFIX), key=len, reverse=True))})?(.+)")
_NUMBER: Final = re.compile(r"\s*([-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?|[-+]?\.\d+)\s*(\S*)\s*")
_MOST_PLACES: Final = 9


def plain(text: str) -> str:
    """Return ``text`` with full-width digits, signs and letters as ASCII, and no blanks around it."""
    return unicodedata.normalize("NFKC", text).replace("−", "-").strip()


def exact(text: str) -> Fraction:
    """Return the number a decimal text states, exactly. Raises ParameterError.

    >>> exact("5.95")
    Fraction(119, 20)
    """
    value, unit = number_and_unit(text)
    if unit:
        raise ParameterError(f"{text!r} is no bare number")
    return value


def number_and_unit(text: str) -> tuple[Fraction, str]:
    """Return the number and what is written after it. Raises ParameterError where no number stands first.

    >>> number_and_unit("2,410.5亿元")
    (Fraction(4821, 2), '亿元')
    """
    found = _NUMBER.fullmatch(plain(text))
    if found is None:
        raise ParameterError(f"{text!r} is no number")
    return Fraction(found[1].replace(",", "")), found[2]


def _measure(unit: str) -> tuple[str, Fraction]:
    """Return the dimension of a unit and its factor to the dimension's base. Raises ParameterError."""
    text = plain(unit).replace(" ", "").replace("人民币", "")
    if text in _BASE:
        return _BASE[text]
    found = _UNIT.fullmatch(text)
    if found is None or found[2] not in _BASE:
        raise ParameterError(f"the unit {unit!r} is not known")
    dimension, factor = _BASE[found[2]]
    return dimension, factor * _PREFIX[found[1] or ""]


def convert(value: Fraction, given: str, wanted: str) -> Fraction:
    """Return ``value`` of the unit ``given`` in the unit ``wanted``, exactly.

    Raises ParameterError for a unit that is not known or measures something else. A bare count is taken for a
    number per thousand: the indicator's name says of what.

    >>> convert(Fraction(24_100_000), "万元", "亿元")
    Fraction(2410, 1)
    """
    (have, factor), (want, base) = _measure(given), _measure(wanted)
    if have != want and (have, want) != ("count", "per_thousand"):
        raise ParameterError(f"{given} cannot be stated in {wanted}")
    return value * factor / base


def decimal(value: Fraction, *, places: int) -> str:
    """Return ``value`` rounded half away from zero to at most ``places`` decimals, without trailing zeros.

    >>> decimal(Fraction(658 * 100, 731), places=2)
    '90.01'
    """
    scaled = abs(value) * 10**places
    whole = int(scaled + Fraction(1, 2))
    digits = f"{whole:0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".") if places else digits
    return f"-{text}" if value < 0 and whole else text


def shown(value: Fraction, *, places: int = 2, beside: Iterable[Fraction] = ()) -> str:
    """Return ``value`` for people: rounded, but never onto or across a number it is compared with.

    >>> shown(Fraction(89_996, 1000), beside=[Fraction(90)])
    '89.996'
    """
    limits = [limit for limit in beside if limit != value]
    while places < _MOST_PLACES:
        text = decimal(value, places=places)
        near = Fraction(text)
        if all((near - limit) * (value - limit) > 0 for limit in limits):
            return text
        places += 1
    return decimal(value, places=_MOST_PLACES)


def exact_text(value: Fraction) -> str:
    """Return the decimal text of ``value``, exact where it has one, else to nine places."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return decimal(value, places=_MOST_PLACES)
    places = max(value.denominator.bit_length(), 1)
    return decimal(value, places=places)
