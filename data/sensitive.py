"""Names that speak of a military site, a prison or a dangerous store: internal, unless someone says they are public."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

INTERNAL: Final = "internal"
_BLANK: Final = re.compile(r"\s+")


def sensitive_names(names: Iterable[Any]) -> NDArray[np.bool_]:
    """Return (N,) whether each name holds a word of ``data/tables/sensitive_names.toml``; what is no text does not.

    Width, case and blanks do not matter.

    >>> sensitive_names(["兰州 监狱医院", "湖滨露营区", None]).tolist()
    [True, False, False]
    """
    words, besides = _words()
    return np.array([isinstance(name, str) and _speaks(name, words, besides) for name in names], dtype=np.bool_)


def default_tiers(names: Iterable[Any], tier: str) -> NDArray[np.object_]:
    """Return (N,) the PUB_LVL of rows that state none: ``tier``, but internal where the name is sensitive.

    >>> default_tiers(["七里河看守所", "体育馆"], "public").tolist()
    ['internal', 'public']
    """
    hidden = sensitive_names(names)
    out = np.full(len(hidden), tier, dtype=object)
    out[hidden] = INTERNAL
    return out


def _speaks(name: str, words: re.Pattern[str], besides: re.Pattern[str]) -> bool:
    plain = unicodedata.normalize("NFKC", name).casefold()
    bare = _BLANK.sub("", plain)
    return any(words.search(besides.sub("\x1f", one)) is not None for one in dict.fromkeys((plain, bare)))


@cache
def _words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = tomllib.loads((files("data.tables") / "sensitive_names.toml").read_text("utf-8"))
    words = [word for group in table["words"].values() for word in group]
    return _any_of(words), _any_of(table["besides"]["words"])


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in words))
