"""A steward's list becomes rows of a facility layer: read, matched, typed, placed, checked, and merged into the draft.

Rows in = accepted + quarantined, always: a row with an error is kept as it came, with what is wrong, until it is
corrected. All that one import changes it changes in one transaction.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from api.datum import Placed, place, require_decided
from api.intake_report import IntakeOptions, IntakeReport
from api.intake_rows import Around, Found, assembled
from data.frames import CRS_KEPT, conform
from data.read.geometries import as_points
from data.read.guard import read_safely
from data.read.headings import Matching, known_headings, match_headings
from data.read.positions import Positions, read_positions
from data.read.raw import RawTable
from data.read.values import Typed, typed
from data.stores.base import DraftBatch, MergeResult, RowConflict, Store
from data.stores.quarantine import QuarantineRow, plain_cell, quarantine_row
from data.stores.rows import pair
from geo.errors import Fault, InputError, ParameterError
from layers.base import FacilityLayer
from layers.quality.catalogue import row_checks, set_checks

Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]
_OWN: Final = ("FAC_ID", "CRS_SRC", "SRC", "CAT", "SYNTHETIC", "OSM_TAG")
"""What an import says of a row itself."""
_SOURCE: Final = ("SRC", "CRS_SRC")
Says = Callable[[str, float], None]

MOST_FAULTS: Final = 10_000
"""Faults listed in a report; their counts and the quarantine hold them all."""
_AT_ONCE: Final = 100_000
_SET_CHECKED: Final = 200_000
"""Rows up to which records are compared with each other as they come in; ``quantu check`` does it for more."""


class _Rehearsed(Exception):  # noqa: N818 - nothing is wrong
    """A dry run has seen what it wanted; the batch is given up."""


def import_facilities(
    store: Store, path: Path, *, layer: FacilityLayer, options: IntakeOptions, today: date, says: Says = lambda *_: None
) -> IntakeReport:
    """Bring a file of facilities into the draft, or with ``dry_run`` say what it would do.

    Raises InputError for a file that cannot be used as a whole: unreadable, an obligatory field without a column, a
    datum that nobody has declared or that contradicts the map.
    """
    says("读取 reading", 0.0)
    raw = read_safely(
        path, sheet=options.sheet, encoding=options.encoding, layer=options.sheet, known=known_headings(layer.spec)
    )
    ready = prepare(store, raw, layer=layer, options=options, today=today, source=str(path.resolve()), says=says)
    merge = MergeResult(0, 0, 0, 0, ())
    says("写入草稿 writing the draft", 0.85)
    pa.default_memory_pool().release_unused()  # what reading a million rows has freed, the merge can use
    with suppress(_Rehearsed), store.batch() as batch:
        merge = ready.commit(batch)
        if options.dry_run:
            raise _Rehearsed
    says("完成 done", 1.0)
    return ready.report(merge)


def prepare(
    store: Store, raw: RawTable, *, layer: FacilityLayer, options: IntakeOptions, today: date, source: str,
    around: Around | None = None, says: Says = lambda *_: None,
) -> "Prepared":  # fmt: skip
    """Return a raw table of facilities ready to be written; ``source`` tells the file from others.

    ``around`` is what lies around the rows where that is not the store's own. Raises as ``import_facilities``.
    """
    if not len(raw.rows):
        raise InputError(
            Fault("empty_file", "the file holds no records.", "hand in a file with at least one.", raw.file)
        )
    here = around or Around(store, layer, today)
    says("识别字段 matching headings", 0.25)
    matching = match_headings(raw, layer.spec, declared=options.columns, accept_similar=options.accept_similar)
    matching = _without_ordinals(raw, matching)
    raw, matching = _filled(raw, matching, layer, options.fill)
    _require_columns(raw, matching, layer)
    cells = typed(raw, matching, layer.spec, obligatory=layer.obligatory)
    says("定位 placing", 0.45)
    positions = read_positions(raw, matching, bounds=here.bounds)
    placed = _place(raw, cells, positions, here, options, matching)
    if not options.dry_run:
        require_decided(placed)
    told, undecided = placed.told, placed.undecided
    frame, found, by_address = assembled(
        raw, cells, positions, placed, here, matching, store, overwrite=options.overwrite
    )
    del cells, positions, placed  # a million rows are held once, not at every stage
    if undecided is not None:
        found.faults.append(undecided)
    says("检查 checking", 0.6)
    _check_rows(frame, found, raw, matching, here)
    before = store.present(layer.layer)
    stale = _not_in(before, frame, found.bad) if options.replace else ()
    good = np.flatnonzero(~found.bad)
    if len(good) < len(frame):
        frame = frame.iloc[good].reset_index(drop=True)
    if before is not None and len(before):
        frame = _over(before, frame, [*matching.fields, *_OWN])
    ready = conform(frame, layer.spec, file=raw.file)
    del frame
    if before is not None and len(before):
        ready = _first_said(before, ready)
    del before
    says("比对 comparing", 0.75)
    between = _between(ready, store, here, raw, good)
    found.faults.extend(replace(one, column=matching.fields.get(one.column or "", one.column)) for one in between)
    for fault in found.faults:
        if fault.severity == "error" and fault.row is not None:
            found.of_row.setdefault(fault.row, []).append(fault)
    return Prepared(
        raw, layer, options, source, matching, told, found, ready, good, by_address, stale, store.quarantined()
    )


def _without_ordinals(raw: RawTable, matching: Matching) -> Matching:
    """Return the matching without an id column that only counts the rows: every list has a first and a second."""
    heading = matching.fields.get("FAC_ID")
    if (
        heading is None
        or len(raw.rows) < 2
        or any(p.heading == heading and p.how == "declared" for p in matching.proposals)
    ):
        return matching
    told = [str(value).strip().removesuffix(".0") for value in raw.cells[heading].dropna()]
    if sorted(told) != sorted(str(i) for i in range(1, len(told) + 1)):
        return matching
    message = f"{heading} only counts the rows and is not taken for the facilities' ids."
    mend = f"if it is, declare it with --map '{heading}=FAC_ID'."
    fault = Fault("bare_ordinals", message, mend, raw.file, None, heading, severity="notice")
    fields = {name: one for name, one in matching.fields.items() if name != "FAC_ID"}
    return replace(matching, fields=fields, faults=(*matching.faults, fault))


def _not_in(before: gpd.GeoDataFrame | None, frame: gpd.GeoDataFrame, bad: NDArray[np.bool_]) -> list[str]:
    """Return the ids that are there and not in the file; a faulty row of the file takes nothing out.

    A faulty row has no sure id: whatever bears its name stays, and where it has no name everything does.
    """
    if before is None:
        return []
    names = frame["NAME"][bad] if "NAME" in frame else pd.Series([None] * int(bad.sum()))
    if names.isna().any():
        return []
    gone = ~before["FAC_ID"].isin(frame["FAC_ID"]) & ~before["NAME"].isin(names)
    return [str(name) for name in before["FAC_ID"][gone]]


def _over(before: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, said: Collection[str]) -> gpd.GeoDataFrame:
    """Return the rows with what the records hold where the file has no column; an empty cell clears, that does not."""
    at = pd.Index(before["FAC_ID"]).get_indexer(pd.Index(frame["FAC_ID"]))
    known = at >= 0
    if not known.any():
        return frame
    out = frame.copy(deep=False)
    for name in before.columns:
        if name in said or name == "geometry" or before[name].isna().all():
            continue
        standing = before[name].astype("object").to_numpy()[at]
        own = out[name].astype("object").to_numpy() if name in out else np.full(len(out), None, dtype=object)
        out[name] = pd.Series(np.where(known, standing, own), index=out.index, dtype="object")
    return out


def _first_said(before: gpd.GeoDataFrame, ready: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the records with the source that first said them where nothing else is new: a copied file is no change."""
    pairs = pair(before, ready, "FAC_ID")
    told = np.zeros(len(ready), dtype=np.bool_)
    for name, unlike in pairs.unlike.items():
        if name not in _SOURCE:
            told |= unlike
    same = (pairs.at >= 0) & ~told
    if not same.any() or not any(name in pairs.unlike for name in _SOURCE):
        return ready
    out = ready.copy(deep=False)
    for name in _SOURCE:
        standing = before[name].astype("object").to_numpy()[pairs.at]
        out[name] = pd.Series(np.where(same, standing, out[name].astype("object").to_numpy()), dtype=out[name].dtype)
    return out


def _check_rows(frame: gpd.GeoDataFrame, found: Found, raw: RawTable, matching: Matching, around: Around) -> None:
    """Check each record by itself, some at a time; a cell that could not be read is told of once."""
    said = {(fault.row, fault.column) for fault in found.faults if fault.severity == "error"}
    for low in range(0, max(len(frame), 1), _AT_ONCE):
        rows = slice(low, low + _AT_ONCE)
        checked = row_checks(frame.iloc[rows].reset_index(drop=True), around.layer, around.surroundings())
        found.bad[rows] |= checked.bad
        for fault in (one.fault for one in checked.listed(file=raw.file, rows=raw.rows[rows])):
            heading = matching.fields.get(fault.column or "", fault.column)
            if (fault.row is None and low == 0) or (fault.row is not None and (fault.row, heading) not in said):
                found.faults.append(replace(fault, column=heading))


def _filled(
    raw: RawTable, matching: Matching, layer: FacilityLayer, fill: Mapping[str, str]
) -> tuple[RawTable, Matching]:
    """Return the table with the values a steward states for rows that have none, each under its field's heading.

    Raises ParameterError for a field the layer does not have.
    """
    unknown = [name for name in fill if name not in layer.spec.columns]
    if unknown:
        raise ParameterError(f"{layer.id} has no field {', '.join(unknown)}; known: {', '.join(layer.spec.columns)}")
    cells, headings, fields = raw.cells.copy(deep=False), list(raw.headings), dict(matching.fields)
    for name, value in fill.items():
        heading = fields.setdefault(name, name)
        if heading in headings:
            cells[heading] = cells[heading].astype("object").where(cells[heading].notna(), value)
        else:
            headings.append(heading)
            cells[heading] = pd.Series([value] * len(cells), index=cells.index, dtype="object")
    return replace(raw, headings=tuple(headings), cells=cells), replace(matching, fields=fields)


def _require_columns(raw: RawTable, matching: Matching, layer: FacilityLayer) -> None:
    """Raise InputError where an obligatory field has no column, naming what resembles it."""
    faults = [
        Fault(
            "publicity_unclear", f"{p.heading} seems to say who may see a row, and is not understood.",
            f"say what it is: --map '{p.heading}=PUB_LVL', or --map '{p.heading}=-' to leave it alone.",
            raw.file, column=p.heading,
        )
        for p in matching.proposals
        if p.how == "similar" and p.field == "PUB_LVL"
    ]  # fmt: skip
    for name in layer.obligatory:
        if name in matching.fields:
            continue
        like = [p.heading for p in matching.proposals if p.how == "similar" and p.field == name]
        title = layer.spec.columns[name].zh or name
        offer = like[0] if like else (matching.unmatched[0] if matching.unmatched else "列名")
        known = "、".join(raw.headings[:20])
        faults.append(
            Fault(
                "missing_column", f"no column is {title} ({name}); the columns are {known}.",
                f"name it with --map '{offer}={name}', or state one value for all rows with --fill {name}=…",
                raw.file, column=name,
            )
        )  # fmt: skip
    if faults:
        raise InputError(faults)


def _place(
    raw: RawTable, cells: Typed, positions: Positions, around: Around, options: IntakeOptions, matching: Matching
) -> Placed:
    frame = cells.frame
    kinds = frame["KIND"].to_numpy(dtype=object) if "KIND" in frame else None
    codes = frame["XZQDM12"].fillna("").to_numpy(dtype=object) if "XZQDM12" in frame else None
    return place(
        raw, positions, None if around.placed else around.evidence, kind=around.layer.id, kinds=kinds, codes=codes,
        declared=options.crs, hint=matching.position.hint, trust=options.trust,
        said=frame["CRS_SRC"].to_numpy(dtype=object) if "CRS_SRC" in frame and not around.placed else None,
    )  # fmt: skip


def _between(
    ready: gpd.GeoDataFrame, store: Store, around: Around, raw: RawTable, good: NDArray[np.int64]
) -> list[Fault]:
    """Return what is wrong between the accepted records and those that are there, of the records of this file."""
    name = around.layer.layer
    known = around.city.edition.layers.get(name)
    if len(ready) + (known.rows if known else 0) > _SET_CHECKED:
        note = f"{len(ready):,} records were not compared with each other and with those that are there."
        return [Fault("not_checked", note, "run quantu check.", raw.file, severity="notice")]
    before = store.present(name)
    together = ready
    if before is not None and len(before):
        others = before[~before["FAC_ID"].isin(ready["FAC_ID"])]
        together = gpd.GeoDataFrame(
            pd.concat([ready, others.reindex(columns=ready.columns)], ignore_index=True), crs=CRS_KEPT
        ) if len(others) else ready  # fmt: skip
    out = []
    for one in set_checks(together, around.layer, around.surroundings()).listed():
        row = one.fault.row
        if row is None:
            out.append(replace(one.fault, file=raw.file))
        elif row < len(ready):
            # It stands beside others: a warning, for which of the two is wrong only a person can say.
            grave = "warning" if one.fault.severity == "error" else one.fault.severity
            out.append(replace(one.fault, file=raw.file, row=int(raw.rows[good[row]]), severity=grave))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A file's rows, checked and not yet written: ``ready`` are the records of the rows ``good``.

    ``stale`` are ids to be taken out of the layer, ``held`` what was in quarantine, ``meta`` what is noted of the layer
    beside its titles.
    """

    raw: RawTable
    layer: FacilityLayer
    options: IntakeOptions
    source: str
    matching: Matching
    datum: Mapping[str, Any]
    found: Found
    ready: gpd.GeoDataFrame
    good: NDArray[np.int64]
    by_address: int
    stale: Collection[str] = ()
    held: Sequence[QuarantineRow] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    def commit(self, batch: DraftBatch) -> MergeResult:
        """Merge the good records, set the others aside, and let go what was set aside before."""
        raw, layer, options = self.raw, self.layer, self.options
        column = self.matching.quarantine_column
        meta = {"title_zh": layer.title.zh, "title_en": layer.title.en, **self.meta}
        result = MergeResult(0, 0, 0, 0, ())
        if len(self.ready) or self.stale:
            result = batch.merge(
                layer.layer, self.ready, meta, key="FAC_ID", overwrite=options.overwrite, remove=self.stale
            )
        aside = self._aside(result)
        marks = (self.matching.error_column, column)
        own = [p.heading for p in self.matching.proposals if p.heading not in marks]
        headings, cells = _cells(raw, own, [i for i, _ in aside])
        rows = [
            quarantine_row(self.source, raw.sheet, layer.layer, int(raw.rows[i]), headings, had, why)
            for (i, why), had in zip(aside, cells, strict=True)
        ]
        named = self._named(rows, [i for i, _ in aside])
        batch.quarantine(named)
        kept = {row.id for row in named}
        batch.release([one for one in self._done({i for i, _ in aside}) if one not in kept])
        return result

    def _owners(self) -> dict[str, int]:
        """Return which row each id of quarantine stands for: the one that bears it, or of copies the same record."""
        column, heading = self.matching.quarantine_column, self.matching.fields.get("NAME")
        if column is None:
            return {}
        told = self.raw.cells[column].to_numpy(dtype=object)
        rows: dict[str, list[int]] = {}
        for i, name in enumerate(told.tolist()):
            if isinstance(name, str):
                rows.setdefault(name.strip(), []).append(i)
        out = {}
        for one in self.held:
            mine = rows.get(one.id, []) if one.layer == self.layer.layer else []
            if len(mine) > 1:
                said = one.cells[one.headings.index(heading)] if heading in one.headings else None
                cells = self.raw.cells.get(heading)
                mine = [i for i in mine if cells is not None and plain_cell(cells.iloc[i]) == said]
            if mine:
                out[one.id] = mine[0]
        return out

    def _named(self, rows: Sequence[QuarantineRow], at: Sequence[int]) -> list[QuarantineRow]:
        """Return the rows under the ids they came back with."""
        ids = {i: name for name, i in self._owners().items()}
        return [replace(row, id=ids[i]) if i in ids else row for row, i in zip(rows, at, strict=True)]

    def _done(self, aside: Collection[int]) -> list[str]:
        """Return the entries that are done with: accepted by id, or at their row stands the same record again."""
        out = [name for name, i in self._owners().items() if i not in aside]
        heading = self.matching.fields.get("NAME")
        rows = {int(row): i for i, row in enumerate(self.raw.rows)} if self.held else {}
        for one in self.held:
            here = (one.file, one.sheet, one.layer) == (self.source, self.raw.sheet, self.layer.layer)
            if here and one.row in rows and heading in one.headings:
                cell = plain_cell(self.raw.cells[heading].iloc[rows[one.row]])
                if cell == one.cells[one.headings.index(heading)]:
                    out.append(one.id)
        return out

    def _aside(self, result: MergeResult) -> list[tuple[int, list[Fault]]]:
        """Return the rows that are not accepted, and why: those with an error, and those another steward holds."""
        rows = self.raw.rows
        out = [(int(i), self.found.of_row.get(int(rows[i]), [])) for i in np.flatnonzero(self.found.bad)]
        if result.conflicts:
            where = dict(zip(self.ready["FAC_ID"], self.good.tolist(), strict=True))
            at = [(where[one.key], one) for one in result.conflicts if one.key in where]
            out += [(i, [_conflict(self.raw, int(rows[i]), one)]) for i, one in at]
        return out

    def report(self, merge: MergeResult) -> IntakeReport:
        """Return what became of the file."""
        raw = self.raw
        aside = len(self._aside(merge))
        return IntakeReport(
            file=raw.file, layer=self.layer.layer, form=raw.form, sheet=raw.sheet, encoding=raw.encoding,
            dry_run=self.options.dry_run, rows=len(raw.rows), accepted=len(raw.rows) - aside, quarantined=aside,
            merge={name: getattr(merge, name) for name in ("added", "changed", "unchanged", "removed")},
            conflicts=merge.conflicts,
            left_out=tuple({"row": one.row, "text": one.text, "why": one.why} for one in raw.left_out),
            headings=tuple(
                {"heading": p.heading, "field": p.field, "how": p.how, "score": round(p.score)}
                for p in self.matching.proposals
            ),
            datum=self.datum, placed_by_address=self.by_address, faults=tuple(self.found.faults[:MOST_FAULTS]),
            counts=dict(Counter(fault.code for fault in self.found.faults)),
        )  # fmt: skip


def _cells(raw: RawTable, keep: Collection[str], rows: Sequence[int]) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Return the headings, and the cells of some rows, as they are set aside; a vector file's with their place."""
    taken = [raw.cells[heading].iloc[list(rows)].astype("object").tolist() for heading in keep]
    out = [list(row) for row in zip(*taken, strict=True)] if taken else [[] for _ in rows]
    if raw.geometry is None:
        return tuple(keep), out
    degrees = raw.crs is None or raw.crs.is_geographic
    at = np.array(rows, dtype=np.int64)
    points, _ = as_points(raw.geometry[at], raw.rows[at], file=raw.file)
    for k, point in enumerate(points):
        out[k] += [None, None] if point is None else [point.x, point.y]
    return (*keep, *(("经度", "纬度") if degrees else ("东坐标", "北坐标"))), out


def _conflict(raw: RawTable, row: int, one: RowConflict) -> Fault:
    differs = "; ".join(
        f"{name}: {(one.theirs or {}).get(name)} (theirs), {(one.yours or {}).get(name)} (yours)"
        for name in one.columns
    )
    return Fault(
        "conflict", f"{one.by} has changed {one.key} in this draft: {differs or 'taken out'}.",
        "agree on one, then import the row again, with --overwrite to write it over.", raw.file, row, None, one.key,
    )  # fmt: skip
