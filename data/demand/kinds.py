"""The kinds of people demand is counted for, as data."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from geo.errors import NotFoundError

_SIGNS: Final = re.compile(r"\(.*?\)|[\s_\-—–~、,.:：]+")
RESIDENTS: Final = "residents"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of people: its layer is ``demand.{id}``; ``headings`` are what tables call its count."""

    id: str
    zh: str
    en: str
    unit: str
    zh_long: str
    headings: tuple[str, ...]

    @property
    def layer(self) -> str:
        """Return the name its points are kept under."""
        return f"demand.{self.id}"


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind by its id."""
    raw = tomllib.loads((files("data.tables") / "demand_kinds.toml").read_text(encoding="utf-8"))
    return {key: Kind(id=key, **{**row, "headings": tuple(row["headings"])}) for key, row in raw.items()}


def kind_named(name: str) -> Kind:
    """Return the kind ``name``. Raises NotFoundError naming the known ones."""
    try:
        return kinds()[name]
    except KeyError:
        raise NotFoundError(f"no kind of demand {name!r}; known: {', '.join(kinds())}") from None


def bare_heading(text: str) -> str:
    """Return a heading without width, case, signs and what stands in brackets, for comparing.

    >>> bare_heading("６０岁及以上 （人）"), bare_heading("age60_plus"), bare_heading("0—3岁")
    ('60岁及以上', 'age60plus', '03岁')
    """
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text).casefold())
