"""Codes that carry their own rule: credit codes, organisation codes, area codes, industry codes, telephone numbers.

Each ``*_ok`` takes (N,) texts and returns (N,) booleans; what is empty is neither right nor wrong and comes back
True. Nothing is mended here: small letters, spaces and full-width digits are for the reader to fold.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]

_USCC_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_PLACES: Final = 17
_USCC_WEIGHTS: Final = tuple(pow(3, place, len(_USCC_SIGNS)) for place in range(_USCC_PLACES))
_ORG_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_MODULUS: Final = 11
_ORG_START: Final = 8
_ORG_END: Final = 17
_DIVISIONS: Final = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60),
    "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79),
    "O": (80, 82), "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip
_INDUSTRY: Final = re.compile(r"([A-T])?(\d{2})?\d{0,2}")
_TELEPHONE: Final = re.compile(
    r"(?:\+?86[- ]?)?1[3-9]\d{9}"
    r"|(?:(?:\+?86[- ]?)?(?:\(0\d{2,3}\)|0\d{2,3})[- ]?)?[2-8]\d{6,7}(?:(?:-|转|ext\.? ?)\d{1,6})?"
    r"|[48]00[- ]?\d{3}[- ]?\d{4}|1\d{2}|1[02]\d{3}|9[56]\d{3,6}"
)
_BETWEEN: Final = re.compile(r"\s*[/,，、;；]\s*")


def uscc_check_sign(first: str) -> str | None:
    """Return the 18th sign of a 统一社会信用代码 from its first 17; None where one of them is not allowed.

    The sum of sign × 3^(place − 1) and the check sign is 0 modulo 31 (GB 32100-2015, 附录 A).

    >>> uscc_check_sign("91440300192203821"), uscc_check_sign("9144030071526726X"), uscc_check_sign("I" * 17)
    ('6', 'G', None)
    """
    if len(first) != _USCC_PLACES or any(sign not in _USCC_SIGNS for sign in first):
        return None
    total = sum(_USCC_SIGNS.index(sign) * weight for sign, weight in zip(first, _USCC_WEIGHTS, strict=True))
    return _USCC_SIGNS[-total % len(_USCC_SIGNS)]


def organisation_check_sign(first: str) -> str | None:
    """Return the 9th sign of an organisation code from its first 8; None where one of them is not allowed.

    11 − Σ sign × (3, 7, 9, 10, 5, 8, 4, 2) modulo 11; 10 is X and 11 is 0 (GB 11714-1997).

    >>> organisation_check_sign("71526726"), organisation_check_sign("19220382"), organisation_check_sign("1922038")
    ('X', '1', None)
    """
    if len(first) != len(_ORG_WEIGHTS) or any(sign not in _ORG_SIGNS for sign in first):
        return None
    total = sum(_ORG_SIGNS.index(sign) * weight for sign, weight in zip(first, _ORG_WEIGHTS, strict=True))
    return "0123456789X0"[_ORG_MODULUS - total % _ORG_MODULUS]


def is_uscc(text: str) -> bool:
    """Return whether ``text`` is 18 allowed signs with the right check sign (GB 32100-2015).

    >>> is_uscc("914403001922038216"), is_uscc("914403001922038217"), is_uscc("91440300192203821")
    (True, False, False)
    """
    return text[-1:] == uscc_check_sign(text[:-1])


def has_organisation_code(uscc: str) -> bool:
    """Return whether signs 9 to 17 of a credit code are an organisation code with its own right check sign."""
    part = uscc[_ORG_START:_ORG_END]
    return part[-1:] == organisation_check_sign(part[:-1])


def is_area_code(text: str) -> bool:
    """Return whether ``text`` has the form of a 12-digit area code; a county or township ends in zeros.

    Two digits province, city and county each (GB/T 2260), three township, three village. Whether it exists is
    another question. A province or a city as a whole is no place of a facility.

    >>> [is_area_code(code) for code in ("620105001003", "620105000000", "62010500", "620100000000", "000105001003")]
    [True, True, False, False, False]
    """
    if len(text) != 12 or not (text.isascii() and text.isdigit()) or text[:2] < "11":
        return False
    return text[4:6] != "00" and (text[6:9] != "000" or text[9:] == "000")


def area_prefix(text: str) -> str:
    """Return a 12-digit code as areas are kept: 6 digits a county, 9 a township, 12 a village.

    >>> area_prefix("620105000000"), area_prefix("620105001000"), area_prefix("620105001003")
    ('620105', '620105001', '620105001003')
    """
    if text[6:] == "000000":
        return text[:6]
    return text[:9] if text[9:] == "000" else text


def is_industry_code(text: str) -> bool:
    """Return whether ``text`` has the form of GB/T 4754-2017: a section A–T, and 2 to 4 digits within its divisions.

    >>> [is_industry_code(code) for code in ("Q", "Q8511", "8511", "85", "A8511", "98", "Q851101", "")]
    [True, True, True, True, False, False, False, False]
    """
    found = _INDUSTRY.fullmatch(text)
    if not found or not text:
        return False
    section, division = found.groups()
    if division is None:
        return text == section
    low, high = _DIVISIONS[section] if section else (1, 97)
    return low <= int(division) <= high


def is_telephone(text: str) -> bool:
    """Return whether every number in ``text`` has the form of one of mainland China, extensions included.

    >>> [is_telephone(text) for text in ("13893112345", "0931-8888888转8012", "8888888 / 400-800-8888", "1389311")]
    [True, True, True, False]
    """
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    return bool(parts) and all(_TELEPHONE.fullmatch(part) for part in parts)


def uscc_ok(values: Iterable[object]) -> Bools:
    """Return (N,) whether each text is a credit code with the right check sign."""
    return _each(values, is_uscc)


def organisation_ok(values: Iterable[object]) -> Bools:
    """Return (N,) whether each credit code holds a right organisation code; one that is wrong itself is passed over."""
    return _each(values, lambda text: not is_uscc(text) or has_organisation_code(text))


def area_code_ok(values: Iterable[object]) -> Bools:
    """Return (N,) whether each text has the form of a 12-digit area code."""
    return _each(values, is_area_code)


def industry_ok(values: Iterable[object]) -> Bools:
    """Return (N,) whether each text has the form of an industry code."""
    return _each(values, is_industry_code)


def telephone_ok(values: Iterable[object]) -> Bools:
    """Return (N,) whether each text has the form of telephone numbers."""
    return _each(values, is_telephone)


def _each(values: Iterable[object], rule: Callable[[str], bool]) -> Bools:
    """Apply ``rule`` once to every distinct text."""
    known: dict[str, bool] = {}
    out = []
    for value in values:
        if not isinstance(value, str) or not value:
            out.append(True)
            continue
        if value not in known:
            known[value] = rule(value)
        out.append(known[value])
    return np.array(out, dtype=np.bool_)
