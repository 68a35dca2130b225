"""What is odd about counts beside what is known: a total that leaps, and a census of another day than its areas."""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from data.demand.controls import Controls
from data.demand.kinds import Kind
from data.demand.table import CountTable
from geo.errors import Fault

_LEAP: Final = 2.0
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=(?:[01]\d(?:[0-3]\d)?)?(?!\d))")
_CENSUSES: Final = (
    (re.compile("七普|第七次"), 2020),
    (re.compile("六普|第六次"), 2010),
    (re.compile("五普|第五次"), 2000),
)
_COLUMNS: Final = {"residents": "population", "older": "age60_plus", "children": "age0_3_approx"}
_CENSUS_DAY: Final = (11, 1)
"""A census counts those who are there on the first of November."""


def leap_faults(
    kind: Kind, before: gpd.GeoDataFrame | None, before_meta: Mapping[str, Any], after: gpd.GeoDataFrame,
    after_meta: Mapping[str, Any], *, file: str,
) -> list[Fault]:  # fmt: skip
    """Return a warning where a total is less than half or more than double of the one it replaces, in the same unit."""
    if before is None or before_meta.get("unit") != after_meta.get("unit"):
        return []
    was, now = float(before["weight"].sum()), float(after["weight"].sum())
    if was <= 0 or was / _LEAP <= now <= was * _LEAP:
        return []
    return [
        Fault(
            "total_leaps",
            f"{kind.zh}总数由 {was:,.10g} 变为 {now:,.10g}。 "
            f"The total of {kind.en} is {now:,.10g}; the one it replaces is {was:,.10g}.",
            "核对单位（人、万人）和范围。 Check the unit of the counts and which areas the file holds.",
            file, value=f"{now:,.10g}", severity="warning",
        )
    ]  # fmt: skip


def day_faults(
    table: CountTable, controls: Controls, kind: Kind, areas: gpd.GeoDataFrame, day: date, *, said: bool
) -> list[Fault]:
    """Return a warning where the counts seem to be of other areas than those of ``day``, on which they are put.

    ``areas`` are those of all days; ``said`` is whether the steward named the day. Without it, a year that the file
    names, or counts that are those of the census of 2020, tell of an older day; with it, areas of that day that are
    not there while a change since is known.
    """
    if controls.level == "unit_2020":
        return []
    if said:
        lost = [one for one in _known_changes(controls) if day < one]
        if not lost or any(day < one for one in _kept_changes(areas, controls)):
            return []
        return [
            Fault(
                "areas_of_day",
                f"区划在 {_days(lost)} 有变动，而工作区没有 {day} 的区划，数字落在今日区划上。 "
                f"Areas changed on {_days(lost)} and those of {day} are not here: the counts go by today's.",
                f"先导入当时的区划（quantu import areas … --valid-to {lost[0]}），或用 --level unit_2020。 "
                "Import the areas of then first, or use --level unit_2020.",
                controls.file, severity="warning",
            )
        ]  # fmt: skip
    hints = _hints(table, controls, kind)
    if not hints:
        return []
    year = min(hints)
    then = date(year, *_CENSUS_DAY)
    changed = sorted({one for one in (*_known_changes(controls), *_kept_changes(areas, controls)) if then < one <= day})
    if not changed:
        return []
    return [
        Fault(
            "controls_day",
            f"数字像是{year}年的（{hints[year]}），现按 {day} 的区划分配，而区划在 {_days(changed)} 有变动。 "
            f"The counts seem to be of {year} ({hints[year]}); they go by the areas of {day}, which changed on "
            f"{_days(changed)}.",
            f"用 --controls-date 说明哪一天的区划，如 {then}。 Say whose areas they count: --controls-date {then}.",
            controls.file, value=str(year), severity="warning",
        )
    ]  # fmt: skip


def _days(days: Sequence[date]) -> str:
    return "、".join(one.isoformat() for one in days)


def _hints(table: CountTable, controls: Controls, kind: Kind) -> dict[int, str]:
    """What tells the year of the counts, by year."""
    texts = [table.file, *(one.text for one in table.left_out if one.why in ("title", "heading")), controls.column]
    found: dict[int, str] = {}
    for text in texts:
        for year in (*map(int, _YEAR.findall(text)), *(year for known, year in _CENSUSES if known.search(text))):
            found.setdefault(year, text)
    if found:
        return found
    census = {code: float(row[_COLUMNS[kind.id]]) for code, row in _census().items()} if kind.id in _COLUMNS else {}
    same = [code for code, total in controls.totals.items() if total > 0 and census.get(code) == total]
    return {2020: f"{'、'.join(same[:3])} = data/tables/census2020.csv"} if same else {}


def _known_changes(controls: Controls) -> list[date]:
    """The days on which areas of these changed, as ``area_changes.csv`` knows them."""
    held = {code[:6] for code in controls.totals}
    return sorted(
        {
            date.fromisoformat(row["date"])
            for row in _rows("area_changes")
            if held & {row["from_parent"], row["to_parent"], row["code"][:6]}
        }
    )


def _kept_changes(areas: gpd.GeoDataFrame, controls: Controls) -> list[date]:
    """The days on which areas of the level begin or end, as the workspace has them."""
    mine = areas[areas["level"] == controls.level]
    days = pd.concat([pd.to_datetime(mine["valid_from"]), pd.to_datetime(mine["valid_to"])]).dropna()
    return sorted({one.date() for one in days})


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (files("data.tables") / f"{name}.csv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


@cache
def _census() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in _rows("census2020")}
