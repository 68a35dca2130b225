"""OpenStreetMap's meaning as tables (``data/tables/osm_*.toml``): who may use a way, what an object is."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

Tags = Mapping[str, str]


def _table(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((files("data.tables") / name).read_text(encoding="utf-8"))
    return loaded


@cache
def access_table() -> dict[str, Any]:
    """Return the access rules of ``osm_access.toml``."""
    return _table("osm_access.toml")


@cache
def tag_table() -> dict[str, Any]:
    """Return the object rules of ``osm_tags.toml``."""
    return _table("osm_tags.toml")


@dataclass(frozen=True, slots=True)
class TagSet:
    """A set of rules ``key=value`` or ``key=*``, in order; the first that fits an object decides."""

    exact: Mapping[str, int]
    keys: Mapping[str, int]
    rules: tuple[str, ...]

    @classmethod
    def of(cls, rules: Iterable[str]) -> "TagSet":
        """Return the set of ``rules``."""
        listed = tuple(rules)
        exact = {rule: i for i, rule in enumerate(listed) if not rule.endswith("=*")}
        keys = {rule[:-2]: i for i, rule in enumerate(listed) if rule.endswith("=*")}
        return cls(exact, keys, listed)

    def match(self, tags: Tags) -> str | None:
        """Return the first rule that fits ``tags``, or None.

        >>> TagSet.of(["leisure=pitch", "shop=*"]).match({"shop": "sports"})
        'shop=*'
        """
        best: int | None = None
        for key, value in tags.items():
            for found in (self.exact.get(f"{key}={value}"), self.keys.get(key) if value != "no" else None):
                if found is not None and (best is None or found < best):
                    best = found
        return None if best is None else self.rules[best]


@cache
def tag_set(*path: str) -> TagSet:
    """Return the TagSet at ``path`` of ``osm_tags.toml``: a list of rules or a table keyed by rules."""
    found: Any = tag_table()
    for part in path:
        found = found[part]
    return TagSet.of(found)


def split_values(value: str | None) -> tuple[str, ...]:
    """Return the values of a tag that lists several, separated by semicolons.

    >>> split_values("soccer; running")
    ('soccer', 'running')
    """
    return () if value is None else tuple(part.strip() for part in value.split(";") if part.strip())


AREA_KEYS: Final = (
    "leisure", "sport", "building", "landuse", "natural", "amenity", "waterway", "shop", "tourism", "military",
    "boundary", "railway", "aeroway", "man_made", "place", "office", "club", "station", "healthcare", "social_facility",
    "emergency",
)  # fmt: skip
"""The keys any rule speaks of; objects without one are never looked at."""


@cache
def osm_feeds(layer: str) -> Mapping[str, Mapping[str, str]]:
    """Return the tag rules that feed facility layer ``layer``, each with the fields it fills; none where none does.

    >>> osm_feeds("health")["amenity=hospital"]["KIND"]
    '医院'
    """
    if layer == "sports":
        filled = {
            rule: {"KIND": kind, "IN_OUT": place} for rule, (kind, place) in tag_table()["sports"]["places"].items()
        }
        return {rule: {field: value for field, value in own.items() if value} for rule, own in filled.items()}
    rules: Mapping[str, Mapping[str, str]] = tag_table()["facilities"].get(layer, {})
    return rules
