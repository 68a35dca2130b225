"""What a fault says in Chinese and in English: most readers say it in English, the quality checks in both."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from geo.errors import Fault

_TWO: Final = re.compile(r"(?s)^(?P<zh>[^A-Za-z]*[\u4e00-\u9fff].*?[。！？])\s+(?P<en>[A-Za-z(].*)$")
"""Chinese sentences, then English ones."""
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


@cache
def fault_words() -> Mapping[str, Mapping[str, Any]]:
    """Return ``data/tables/fault_words.toml``: fault code → zh, mend and, where it says several things, when."""
    return tomllib.loads((files("data.tables") / "fault_words.toml").read_text(encoding="utf-8"))


def told_zh(fault: Fault) -> str | None:
    """Return what is wrong in Chinese, ending in a full stop; None where there are no words for it.

    >>> told_zh(Fault("negative", "the number is negative.", "correct it."))
    '数值为负。'
    """
    return _zh(fault, fault.message, "zh")


def mend_zh(fault: Fault) -> str | None:
    """Return the mend in Chinese, ending in a full stop; None where there are no words for it.

    >>> mend_zh(Fault("not_allowed", "the value is not one of those allowed.", "write one of: 公办, 民办."))
    '填写其中之一：公办、民办。'
    """
    return _zh(fault, fault.mend, "mend")


def told_en(fault: Fault) -> str:
    """Return what is wrong in English, as a sentence."""
    return _en(fault.message)


def mend_en(fault: Fault) -> str:
    """Return the mend in English, as a sentence."""
    return _en(fault.mend)


def _zh(fault: Fault, text: str, which: Literal["zh", "mend"]) -> str | None:
    two = _TWO.match(text)
    if two:
        return two["zh"]
    if _HAN.search(text) and text.endswith(("。", "！", "？")):
        return text
    words = fault_words().get(fault.code)
    if words is None:
        return None
    for case in words.get("when", ()):
        found = re.search(case["says"], f"{fault.message}\n{fault.mend}", re.MULTILINE)
        if found and which in case:
            said = {name: _listed(value or "") for name, value in found.groupdict().items()}
            return f"{str(case[which]).format(**said)}。"
        if found:
            break
    return f"{words[which]}。"


def _listed(text: str) -> str:
    """Return a list with the signs Chinese has for it."""
    return text.replace(", ", "、") if _HAN.search(text) else text


def _en(text: str) -> str:
    two = _TWO.match(text)
    out = two["en"] if two else text
    return out[:1].upper() + out[1:]
