"""Merging, held to a dictionary: whatever stewards bring, in whatever order, what stands is what the rules say."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.frames import DEMAND, conform
from data.stores.merge import Request, Standing, merge

KEYS = st.sampled_from("abcdef")
ROWS = st.dictionaries(KEYS, st.integers(0, 2), max_size=5)
IMPORT = st.tuples(st.sampled_from(["李", "王"]), ROWS, st.booleans(), st.booleans(), st.sets(KEYS, max_size=2))


def frame(rows: dict[str, int]) -> gpd.GeoDataFrame:
    columns = {
        "demand_id": list(rows),
        "weight": [float(v) for v in rows.values()],
        "method": ["x"] * len(rows),
        "synthetic": [False] * len(rows),
    }
    points = shapely.points([[103.8, 36.0]] * len(rows)) if rows else []
    return conform(gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4490"), DEMAND)


def values(made: gpd.GeoDataFrame | None) -> dict[str, int]:
    return {} if made is None else dict(zip(made["demand_id"], made["weight"].astype(int), strict=True))


@settings(max_examples=80, deadline=None)
@given(published=ROWS, imports=st.lists(IMPORT, max_size=6))
def test_what_stands_is_what_the_rules_say(
    published: dict[str, int], imports: list[tuple[str, dict[str, int], bool, bool, set[str]]]
) -> None:
    base = frame(published)
    standing = Standing(base, {}, None)
    plain, author = dict(published), dict[str, str]()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for actor, rows, replace, overwrite, remove in imports:
        at += timedelta(minutes=1)
        ask = Request({}, "demand_id", replace, overwrite, remove, actor, at.isoformat())
        merged = merge(standing, lambda: base, frame(rows), ask)

        drafted = {key for key in {*plain, *published} if plain.get(key) != published.get(key)}
        leaving = (set(plain) if replace else remove & set(plain)) - set(rows)
        wanted = {key: value for key, value in rows.items() if plain.get(key) != value}
        held = {
            key
            for key in {*wanted, *leaving}
            if not overwrite and key in drafted and author.get(key) not in {None, actor}
        }
        assert {one.key for one in merged.result.conflicts} == held
        for one in merged.result.conflicts:
            assert one.by == author[one.key]
            assert (one.yours is None, one.theirs is None) == (one.key not in rows, one.key not in plain)
        result = merged.result
        assert result.removed == len(leaving - held)
        assert result.added == len([key for key in wanted if key not in plain and key not in held])
        assert result.changed == len([key for key in wanted if key in plain and key not in held])
        assert result.added + result.changed + result.unchanged + len(held & set(wanted)) == len(rows)
        for key in {*wanted, *leaving} - held:
            author[key] = actor
        plain = {key: value for key, value in {**plain, **{k: wanted[k] for k in {*wanted} - held}}.items()
                 if key not in leaving - held}  # fmt: skip
        assert (merged.standing is None) == (result.added + result.changed + result.removed == 0)
        standing = merged.standing or standing
        assert values(standing.frame) == plain
