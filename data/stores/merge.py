"""Laying rows over a layer that several stewards draft at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.frames import CRS_KEPT
from data.stores.base import MergeResult, RowConflict
from data.stores.codec import write_parquet
from data.stores.rows import GEOMETRY, Pairs, Places, Truth, check_key, find, pair, row_values
from geo.errors import Fault, InputError

_WHOLE: Final = frozenset({"int64", "Int64"})


@dataclass(frozen=True, slots=True, eq=False)
class Authors:
    """Who has drafted a layer's rows, and when: one steward for all, and apart the rows of others (key, by, at)."""

    by: str
    at: str
    rows: pd.DataFrame | None = None

    def of(self, keys: pd.Series) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """Return (N,) who has drafted each key, and (N,) when."""
        by, at = np.full(len(keys), self.by, dtype=object), np.full(len(keys), self.at, dtype=object)
        if self.rows is not None:
            row = find(self.rows["key"], keys)
            known = row >= 0
            by[known] = self.rows["by"].to_numpy(dtype=object)[row[known]]
            at[known] = self.rows["at"].to_numpy(dtype=object)[row[known]]
        return by, at

    def and_then(self, keys: pd.Series, by: str, at: str) -> "Authors":
        """Return the authors after ``by`` has drafted the rows of ``keys``."""
        if len(keys) == 0:
            return self
        mine = pd.DataFrame({"key": keys.to_numpy(), "by": by, "at": at})
        if self.rows is None:
            return Authors(self.by, self.at, mine)
        others = self.rows[find(keys, self.rows["key"]) < 0]
        return Authors(self.by, self.at, pd.concat([others, mine], ignore_index=True))

    def others(self, actor: str) -> list[tuple[str, str]]:
        """Return who beside ``actor`` has drafted any of it, each once and with the last time, the latest first."""
        last = {self.by: self.at}
        if self.rows is not None:
            for by, at in self.rows.groupby("by")["at"].max().items():
                last[str(by)] = max(str(at), last.get(str(by), ""))
        found = [(by, at) for by, at in last.items() if by != actor]
        return sorted(found, key=lambda one: one[1], reverse=True)

    def packed(self) -> bytes | None:
        """Return the rows of others as bytes."""
        return None if self.rows is None else write_parquet(self.rows)

    @classmethod
    def unpacked(cls, by: str, at: str, payload: bytes | None) -> "Authors":
        """Return the authors from what was kept of them."""
        return cls(by, at, None if payload is None else pd.read_parquet(BytesIO(payload)))


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A layer as the next edition would hold it: its rows (None: no such layer), metadata, and who drafted them.

    ``authors`` is None where the draft says nothing of the layer; it is the remover where it was taken out.
    """

    frame: gpd.GeoDataFrame | None
    meta: Mapping[str, Any]
    authors: Authors | None


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """What a merge makes: its result, and the layer's new standing, None where nothing changes."""

    result: MergeResult
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Request:
    """What a steward asks of a merge; see ``DraftBatch.merge``."""

    meta: Mapping[str, Any]
    key: str
    replace: bool
    overwrite: bool
    remove: Collection[Any]
    actor: str
    at: str


def merge(
    standing: Standing, published: Callable[[], gpd.GeoDataFrame | None], rows: gpd.GeoDataFrame, ask: Request
) -> Merged:
    """Return the layer with ``rows`` laid over it; ``published`` gives the layer of the last edition.

    Raises InputError.
    """
    check_key(rows, ask.key)
    before = rows.iloc[:0] if standing.frame is None else standing.frame
    check_key(before, ask.key)
    pairs = pair(before, rows, ask.key)
    write, drop = pairs.new | pairs.other, _dropped(before, pairs, ask)
    conflicts: list[RowConflict] = []
    if standing.authors is not None and not ask.overwrite:
        search = _Search(before, rows, pairs, ask, standing.authors, published)
        conflicts = [*search.among_written(write), *search.among_dropped(drop)]
        drop = drop[~search.held_back[drop]]
        write &= ~search.refused
    result = MergeResult(
        int((write & pairs.new).sum()), int((write & ~pairs.new).sum()),
        int((~pairs.new & ~pairs.other).sum()), len(drop), tuple(conflicts),
    )  # fmt: skip
    meta = {**standing.meta, **ask.meta}
    still = not (result.added or result.changed or result.removed)
    if still and standing.frame is not None and (conflicts or meta == standing.meta):
        return Merged(result, None)
    frame = before if still and standing.frame is not None else _laid_over(before, rows, pairs.at, write, drop)
    written = pd.concat([rows[ask.key][write], before[ask.key].take(drop)])
    authors = Authors(ask.actor, ask.at)
    if standing.authors is not None:
        authors = standing.authors.and_then(written, ask.actor, ask.at)
    return Merged(result, Standing(frame, meta, authors))


def _dropped(before: gpd.GeoDataFrame, pairs: Pairs, ask: Request) -> Places:
    if ask.replace:
        return pairs.gone
    if not ask.remove:
        return np.empty(0, dtype=np.intp)
    asked = find(before[ask.key], pd.Series(list(ask.remove), dtype=before[ask.key].dtype, name=ask.key))
    return np.intersect1d(asked[asked >= 0], pairs.gone)


class _Search:
    """The search for rows that another steward has drafted otherwise."""

    def __init__(self, before: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, pairs: Pairs, ask: Request,
                 authors: Authors, published: Callable[[], gpd.GeoDataFrame | None]) -> None:  # fmt: skip
        self._before, self._rows, self._pairs, self._ask, self._authors = before, rows, pairs, ask, authors
        self._load = published
        self._columns = tuple(str(c) for c in dict.fromkeys([*rows.columns, *before.columns]) if c != ask.key)
        self.refused: Truth = np.zeros(len(rows), dtype=bool)
        self.held_back: Truth = np.zeros(len(before), dtype=bool)

    def among_written(self, write: Truth) -> list[RowConflict]:
        """Return the conflicts of rows that are handed in, and mark them refused."""
        at = np.flatnonzero(write)
        by, when = self._authors.of(self._rows[self._ask.key].take(at))
        foreign = by != self._ask.actor
        at, by, when = at[foreign], by[foreign], when[foreign]
        if len(at) == 0:
            return []
        here = self._pairs.at[at]  # noqa: PD008
        drafted = np.zeros(len(at), dtype=bool)
        drafted[here >= 0] = self._drafted(here[here >= 0])
        # A row that is new here but was published has been taken out.
        drafted[here < 0] = self._was_published(self._rows[self._ask.key].take(at[here < 0]))
        self.refused[at[drafted]] = True
        return [
            self._conflict(int(row), int(theirs), who, then)
            for row, theirs, who, then in zip(at[drafted], here[drafted], by[drafted], when[drafted], strict=True)
        ]

    def among_dropped(self, drop: Places) -> list[RowConflict]:
        """Return the conflicts of rows to be taken out, and mark them held back."""
        by, when = self._authors.of(self._before[self._ask.key].take(drop))
        foreign = by != self._ask.actor
        drop, by, when = drop[foreign], by[foreign], when[foreign]
        if len(drop) == 0:
            return []
        drafted = self._drafted(drop)
        self.held_back[drop[drafted]] = True
        return [
            self._conflict(None, int(row), who, then)
            for row, who, then in zip(drop[drafted], by[drafted], when[drafted], strict=True)
        ]

    def _drafted(self, rows: Places) -> Truth:
        """Return (N,) whether the row as it stands differs from that of the last edition."""
        published = self._load()
        standing = self._before.iloc[rows]
        if published is None:
            return np.ones(len(rows), dtype=bool)
        pairs = pair(published, standing, self._ask.key)
        return pairs.new | pairs.other

    def _was_published(self, keys: pd.Series) -> Truth:
        published = self._load()
        if published is None:
            return np.zeros(len(keys), dtype=bool)
        return find(published[self._ask.key], keys) >= 0

    def _conflict(self, row: int | None, standing: int, by: str, at: str) -> RowConflict:
        """Return one conflict; ``row`` is None for a row to be taken out, ``standing`` < 0 for one taken out."""
        columns = self._columns
        if row is not None and standing >= 0:
            columns = tuple(c for c in columns if c in self._pairs.unlike and self._pairs.unlike[c][row])
        key = self._before[self._ask.key].iloc[standing] if row is None else self._rows[self._ask.key].iloc[row]
        yours = None if row is None else row_values(self._rows, row, columns)
        theirs = None if standing < 0 else row_values(self._before, standing, columns)
        return RowConflict(str(key), columns, yours, theirs, by, datetime.fromisoformat(at))


def _laid_over(
    before: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, at: Places, write: Truth, drop: Places
) -> gpd.GeoDataFrame:
    """Return ``before`` with the rows to ``write`` in the place of their pairs or at the end, without ``drop``."""
    count = len(before)
    if count == 0 and write.all():
        return rows.reset_index(drop=True)
    take = np.arange(count)
    changed = np.flatnonzero(write & (at >= 0))
    take[at[changed]] = count + changed
    take = np.concatenate([np.delete(take, drop), count + np.flatnonzero(write & (at < 0))])
    out: dict[str, Any] = {}
    faults: list[Fault] = []
    for name in dict.fromkeys([*before.columns, *rows.columns]):
        if name != GEOMETRY:
            out[str(name)] = _joined(str(name), before, rows, take, faults)
    if faults:
        raise InputError(faults)
    shapes = np.concatenate([np.asarray(before.geometry, dtype=object), np.asarray(rows.geometry, dtype=object)])
    return gpd.GeoDataFrame(out, geometry=shapes[take], crs=CRS_KEPT)


def _joined(
    name: str, before: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, take: Places, faults: list[Fault]
) -> pd.Series | None:
    """Return one column of both frames, in the order of ``take``; a fault where it cannot be."""
    parts: list[pd.Series | None] = [frame.get(name) for frame in (before, rows)]
    known = [part for part in parts if part is not None]
    kinds = {str(part.dtype) for part in known}
    if len(known) < 2:
        lacking = take < len(before) if parts[0] is None else take >= len(before)
        if kinds == {"bool"} and lacking.any():
            faults.append(
                Fault("missing_column", f"{name} is not in all rows and cannot be left empty.",
                      "bring the whole layer in again, with the column.", column=name)
            )  # fmt: skip
            return None
        dtype: Any = "Int64" if kinds <= _WHOLE else known[0].dtype
        parts = [pd.Series([None] * len(frame), dtype=dtype) if part is None else part.astype(dtype)
                 for part, frame in zip(parts, (before, rows), strict=True)]  # fmt: skip
    elif len(kinds) > 1:
        if not kinds <= _WHOLE | {"float64"}:
            faults.append(Fault("type", f"{name} is {kinds.pop()} here and {kinds.pop()} there.",
                                "correct the column.", column=name))  # fmt: skip
            return None
        parts = [part.astype("Int64" if kinds <= _WHOLE else "float64") for part in known]
    whole: pd.Series = pd.concat(parts, ignore_index=True)
    return whole.take(take).reset_index(drop=True)
