"""Rows of a file as records of a layer: placed, filled in, with an id; what is wrong with them goes along."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.datum import Placed
from api.who import Rows, metres_between, minted, rows_of, same_records, standing_rows
from data.city import CityData
from data.frames import CRS_KEPT
from data.read.addresses import locate
from data.read.evidence import Evidence, evidence_from
from data.read.headings import Matching
from data.read.positions import Bounds, Positions
from data.read.raw import RawTable
from data.read.values import Typed
from data.sensitive import INTERNAL, default_tiers, sensitive_names
from data.standards import standard
from data.stores.base import Edition, Store
from geo.errors import Fault, NotFoundError
from layers.base import FacilityLayer
from layers.quality.around import Surroundings, surroundings

Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]

_TWICE: Final = "duplicate_row"
_PLACED_BY: Final = {"village": "地址匹配到村（社区）", "township": "地址匹配到乡镇（街道）"}


class Around:
    """What is known where the rows will lie: the layers as the next edition would hold them.

    ``brought`` are layers that come in together with the rows; rows that a reader has ``placed`` are in no other datum
    than it says.
    """

    def __init__(
        self, store: Store, layer: FacilityLayer, today: date,
        *, brought: Mapping[str, gpd.GeoDataFrame] | None = None, placed: bool = False,
    ) -> None:  # fmt: skip
        self.store, self.layer, self.today, self.placed = store, layer, today, placed
        self._brought = dict(brought or {})
        try:
            seen = store.preview()
        except NotFoundError:
            seen = Edition(0, "", datetime.now(UTC), "", store.city(), {}, None)
        self.city = CityData(store, seen)
        self._seen: Surroundings | None = None

    def beside(self, layer: FacilityLayer) -> "Around":
        """Return the same for another layer that comes in together with this one."""
        other = copy(self)
        self.surroundings()
        other.layer, other._seen = layer, self._seen
        return other

    @property
    def bounds(self) -> Bounds | None:
        """Return the box of the streets or areas, degrees; None where there are none."""
        for name in ("areas", "streets"):
            frame = self._frame(name)
            if frame is not None and len(frame):
                west, south, east, north = (float(v) for v in frame.total_bounds)
                return west, south, east, north
        return None

    def _frame(self, name: str) -> gpd.GeoDataFrame | None:
        if name in self._brought:
            return self._brought[name]
        return self.city.frame(name) if self.city.has(name) else None

    def evidence(self) -> Evidence:
        """Return the map that positions are held against."""
        return evidence_from(self.city)

    def surroundings(self) -> Surroundings:
        """Return what the checks look at."""
        if self._seen is None:
            frames = {name: self._frame(name) for name in ("areas", "streets", "context")}
            here = self.store.city()
            self._seen = surroundings(frames, on=self.today, city=here.code, crs=here.crs)
        return self._seen


@dataclass(slots=True, eq=False)
class Found:
    """What is wrong so far: faults of the file and its rows, and which rows are kept out."""

    faults: list[Fault]
    bad: Bools
    of_row: dict[int, list[Fault]] = field(default_factory=dict)

    def add(self, faults: Sequence[Fault], at: Mapping[int, int]) -> None:
        """Take further faults; those of severity error keep their row out."""
        self.faults.extend(faults)
        for fault in faults:
            if fault.row is not None and fault.row in at and fault.severity == "error":
                self.bad[at[fault.row]] = True


def assembled(
    raw: RawTable,
    cells: Typed,
    positions: Positions,
    placed: Placed,
    around: Around,
    matching: Matching,
    store: Store,
    *,
    overwrite: bool = False,
) -> tuple[gpd.GeoDataFrame, Found, int]:
    """Return the rows as records of the layer, what is wrong so far, and how many an address has placed."""
    layer = around.layer
    frame = cells.frame.copy()
    lonlat = placed.lonlat.copy()
    found = Found([*raw.notices, *matching.faults, *cells.faults], cells.bad.copy())
    at = {int(row): i for i, row in enumerate(raw.rows)}
    found.add(positions.faults, at)
    found.add(placed.faults, at)
    found.bad |= positions.bad
    how = np.full(len(frame), "", dtype=object)
    nowhere = np.flatnonzero((positions.form == "none") & ~found.bad)
    if len(nowhere):
        how[nowhere] = _by_address(raw, frame, lonlat, nowhere, around, found, at, matching)
    frame = _defaults(frame, raw, layer, placed, how, by_reader=around.placed)
    frame["FAC_ID"] = _identified(frame, lonlat, raw, around, found, overwrite=overwrite)
    if matching.quarantine_column is not None:
        frame["SRC"] = _first_sources(raw, matching.quarantine_column, frame["SRC"], store)
        _still_twice(raw, matching.quarantine_column, frame["FAC_ID"], found, store, layer)
    points = np.full(len(frame), None, dtype=object)
    known = np.isfinite(lonlat).all(axis=1)
    points[known] = shapely.points(lonlat[known])
    out = gpd.GeoDataFrame(frame, geometry=points, crs=CRS_KEPT)
    return out, found, int((how != "").sum())


def _by_address(
    raw: RawTable, frame: pd.DataFrame, lonlat: NDArray[np.float64], rows: NDArray[np.int64], around: Around,
    found: Found, at: Mapping[int, int], matching: Matching,
) -> Objects:  # fmt: skip
    """Place rows without coordinates at the village or township their address names, and return which of the two."""
    texts = frame["ADDR"].to_numpy(dtype=object)[rows] if "ADDR" in frame else np.full(len(rows), None, dtype=object)
    codes = frame["XZQDM12"].to_numpy(dtype=object)[rows] if "XZQDM12" in frame else None
    here = around.store.city()
    got = locate(
        texts, codes, around.city.areas_ever, city=here.code, city_name=here.name,
        on=around.today, file=raw.file, rows=raw.rows[rows], column=matching.fields.get("ADDR", "ADDR"),
    )  # fmt: skip
    lonlat[rows] = got.xy
    if "ACC_M" not in frame:
        frame["ACC_M"] = np.nan
    placed = got.how != ""
    frame.loc[rows[placed], "ACC_M"] = got.error_m[placed]
    found.add(got.faults, at)
    found.bad[rows[~placed]] = True
    return got.how


def _defaults(
    frame: pd.DataFrame, raw: RawTable, layer: FacilityLayer, placed: Placed, how: Objects, *, by_reader: bool
) -> pd.DataFrame:
    """Return the rows with what an import fills in itself where the file says nothing."""
    words = {"wgs84": CRS_KEPT, "": "unknown"}
    sources = np.array([words.get(name, name) for name in placed.datum], dtype=object)
    sources[how != ""] = "address"
    filled: dict[str, Any] = {
        "CRS_SRC": sources, "SRC": raw.file, "SYNTHETIC": False, "CAT": layer.id,
        "PUB_LVL": default_tiers(_names(frame), layer.tier),
    }  # fmt: skip
    frame["CRS_SRC"] = sources  # what was undone, whatever a column says
    for name, value in filled.items():
        if name not in frame:
            frame[name] = value
        else:
            empty = frame[name].isna()
            frame[name] = frame[name].where(~empty, value)
    if by_reader:  # a map says of nothing that it may be shown
        hidden = sensitive_names(_names(frame))
        frame["PUB_LVL"] = frame["PUB_LVL"].where(~hidden, INTERNAL)
    frame["SYNTHETIC"] = frame["SYNTHETIC"].astype("bool")
    by_address = how != ""
    if by_address.any():
        state = frame["CHK_STATE"] if "CHK_STATE" in frame else pd.Series([None] * len(frame), dtype=object)
        words_of = np.array([_PLACED_BY.get(word, "") for word in how], dtype=object)
        frame["SRC"] = np.where(by_address, frame["SRC"].astype(str) + "（" + words_of + "）", frame["SRC"])
        frame["CHK_STATE"] = state.where(~by_address | state.notna(), "未核查")
    return frame


def _names(frame: pd.DataFrame) -> list[Any]:
    return frame["NAME"].tolist() if "NAME" in frame else [None] * len(frame)


def _identified(
    frame: pd.DataFrame, lonlat: NDArray[np.float64], raw: RawTable, around: Around, found: Found, *, overwrite: bool
) -> Objects:
    """Return the rows' ids: the file's; else that of the record it is; else a new one. A second of one is an error."""
    layer = around.layer
    before = around.store.present(layer.layer)
    out = np.full(len(frame), None, dtype=object)
    if "FAC_ID" in frame:
        given = frame["FAC_ID"].to_numpy(dtype=object)
        out[:] = [str(value).strip() or None if isinstance(value, str) else None for value in given]
    unnamed = np.array([value is None for value in out], dtype=np.bool_)
    rows = rows_of(frame, lonlat)
    there = None if before is None or not len(before) else standing_rows(before)
    if there is not None and before is not None and not unnamed.all():
        _not_others(rows, out, raw, before, there, found, overwrite=overwrite)
    if unnamed.any():
        whole = rows.whole()
        _twice(unnamed, whole.to_numpy(dtype=object), raw, found, "the same name, kind, area, address and place.")
        wanted = unnamed & ~found.bad
        known = np.full(len(frame), -1, dtype=np.int64)
        if there is not None:
            known = same_records(rows, wanted, there, layer)
        new = unnamed & (known < 0)
        out[new] = minted(layer, whole[new].tolist())
        if before is not None:
            out[known >= 0] = before["FAC_ID"].to_numpy(dtype=object)[known[known >= 0]]
    _twice(np.ones(len(out), dtype=np.bool_), out, raw, found, "the same FAC_ID.")
    return out


def _twice(which: Bools, names: Objects, raw: RawTable, found: Found, why: str) -> None:
    """Keep out the rows that stand in the file already."""
    first: dict[str, int] = {}
    for i in np.flatnonzero(which & ~found.bad).tolist():
        if names[i] in first:
            found.bad[i] = True
            message = f"the record stands already in row {int(raw.rows[first[names[i]]])}: {why}"
            found.faults.append(
                Fault(_TWICE, message, "take it out, or tell the two apart.", raw.file, int(raw.rows[i]), "FAC_ID")
            )
        else:
            first[names[i]] = i


def _not_others(
    rows: Rows, ids: Objects, raw: RawTable, before: gpd.GeoDataFrame, there: Rows, found: Found, *, overwrite: bool
) -> None:
    """Keep out rows whose id is another facility's: of another name, and not where that one is."""
    at = pd.Index(before["FAC_ID"]).get_indexer(pd.Index(ids))
    known = np.flatnonzero((at >= 0) & ~found.bad)
    if overwrite or not len(known):
        return
    far = metres_between(rows.lonlat[known], there.lonlat[at[known]])
    other = (rows.text["NAME"][known] != there.text["NAME"][at[known]]) & (rows.text["NAME"][known] != "")
    for i in known[other & (far > standard("same_record_distance", unit="m").value)].tolist():
        found.bad[i] = True
        message = f"the id {ids[i]} is that of {before['NAME'].iloc[at[i]]}, which lies elsewhere."
        found.faults.append(
            Fault("id_taken", message, "give the row its own id, or leave the column out with --map COLUMN=-.",
                  raw.file, int(raw.rows[i]), "FAC_ID", str(ids[i]))
        )  # fmt: skip


def _first_sources(raw: RawTable, column: str, sources: pd.Series, store: Store) -> Objects:
    """Return where rows that come back from quarantine first came from; other rows keep their source."""
    kept = {row.id: Path(row.file).name for row in store.quarantined()}
    named = raw.cells[column].to_numpy(dtype=object)
    return np.array([kept.get(str(name), source) for name, source in zip(named, sources, strict=True)], dtype=object)


def _still_twice(raw: RawTable, column: str, ids: pd.Series, found: Found, store: Store, layer: FacilityLayer) -> None:
    """Keep out what was set aside as a second record of another and comes back as that: it would write it over."""
    twice = {row.id for row in store.quarantined() if any(fault.code == _TWICE for fault in row.faults)}
    there = store.present(layer.layer)
    known = set() if there is None or not twice else set(there["FAC_ID"])
    for i, (told, name) in enumerate(zip(raw.cells[column], ids, strict=True)):
        if not found.bad[i] and str(told) in twice and name in known:
            found.bad[i] = True
            message = f"the record {name} is there already; this row was set aside as a second of it."
            found.faults.append(
                Fault(_TWICE, message, "take it out, or tell the two apart.", raw.file, int(raw.rows[i]), "FAC_ID")
            )


def as_raw(frame: gpd.GeoDataFrame, file: str) -> RawTable:
    """Return the records of a reader as a table whose headings are the fields' names, so that they go the same way."""
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype("object")
    return RawTable(
        file=file, form="frame", sheet=None, encoding=None, headings=tuple(map(str, cells.columns)),
        cells=cells.where(cells.notna(), None).reset_index(drop=True), rows=np.arange(len(frame), dtype=np.int64),
        geometry=frame.geometry.to_numpy(), crs=frame.crs,
    )  # fmt: skip
