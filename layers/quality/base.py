"""What a check is, what it looks at, and what it finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.frames import CRS_KEPT
from geo.crs import metric_crs_for, project
from geo.errors import Fault, Severity
from layers.answer import Title
from layers.base import FacilityLayer
from layers.quality.around import Surroundings

Bools = NDArray[np.bool_]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Objects = NDArray[np.object_]
Days = NDArray[np.datetime64]
Words = Sequence[str] | Objects | str

_ZOOM: Final = 16.0
NOT_CHECKED: Final = "not_checked"


@dataclass(frozen=True, eq=False)
class Subject:
    """The records that are looked at: a frame in EPSG:4490, the layer it is of, and what is known around it.

    ``frame`` may lack columns and have empty geometries; its row numbers count from 0.
    """

    frame: gpd.GeoDataFrame
    layer: FacilityLayer
    around: Surroundings

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.frame)

    def has(self, *names: str) -> bool:
        """Return whether the frame has all of these columns."""
        return all(name in self.frame.columns for name in names)

    @cached_property
    def _texts(self) -> dict[str, Objects]:
        return {}

    def text(self, name: str) -> Objects:
        """Return (N,) texts of a column, ``""`` where there is none."""
        if name not in self._texts:
            if name not in self.frame:
                self._texts[name] = np.full(len(self.frame), "", dtype=object)
            else:
                values = self.frame[name].astype("object")
                out = values.where(values.notna(), "").to_numpy(dtype=object)
                self._texts[name] = np.array([_plain(value) for value in out], dtype=object)
        return self._texts[name]

    def number(self, name: str) -> F64:
        """Return (N,) numbers of a column, NaN where there is none."""
        if name not in self.frame:
            return np.full(len(self.frame), np.nan)
        out: F64 = pd.to_numeric(self.frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return out

    def day(self, name: str) -> Days:
        """Return (N,) days of a column, NaT where there is none."""
        if name not in self.frame:
            return np.full(len(self.frame), np.datetime64("NaT"), dtype="datetime64[D]")
        out: Days = pd.to_datetime(self.frame[name], errors="coerce").to_numpy().astype("datetime64[D]")
        return out

    @cached_property
    def today(self) -> np.datetime64:
        """Return the day the records are looked at."""
        return np.datetime64(self.around.on, "D")

    @cached_property
    def lonlat(self) -> F64:
        """Return (N, 2) degrees, NaN where a record has no position."""
        points = self.frame.geometry.to_numpy()
        return np.column_stack([shapely.get_x(points), shapely.get_y(points)])

    @cached_property
    def xy(self) -> F64:
        """Return (N, 2) metres in the metric CRS of the surroundings, NaN where a record has no position."""
        out = np.full((len(self.frame), 2), np.nan)
        known = np.isfinite(self.lonlat).all(axis=1)
        if known.any():
            middle = self.lonlat[known].mean(axis=0)
            crs = self.around.crs or metric_crs_for(float(middle[0]), float(middle[1]))
            out[known] = project(self.lonlat[known], CRS_KEPT, crs)
        return np.where(np.isfinite(out), out, np.nan)

    @cached_property
    def placed(self) -> I64:
        """Return the row numbers of the records that have a position."""
        return np.flatnonzero(np.isfinite(self.xy).all(axis=1))

    @cached_property
    def error_m(self) -> F64:
        """Return (N,) metres within which a record's own position is known; 0 where nothing is said."""
        return np.nan_to_num(self.number("ACC_M"), nan=0.0)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value.date()) if isinstance(value, pd.Timestamp) else str(value)


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Records a check has something against: (K,) row numbers, what they hold, and what is said of each.

    ``zh`` and ``en`` are one text for all or one each; a hit of no single record has row −1.
    """

    rows: I64
    column: str | None
    given: Objects
    zh: Words
    en: Words

    def at(self, i: int) -> tuple[str, str]:
        """Return what is said of the ``i``-th hit, in Chinese and English."""
        zh = self.zh if isinstance(self.zh, str) else str(self.zh[i])
        en = self.en if isinstance(self.en, str) else str(self.en[i])
        return zh, en


def hits(subject: Subject, mask: Bools, column: str | None, zh: Words, en: Words) -> list[Hits]:
    """Return the records under the (N,) ``mask`` as Hits with what ``column`` holds; (N,) words are cut to them."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return []
    values = subject.text(column)[rows] if column else np.full(len(rows), "", dtype=object)
    cut = [part if isinstance(part, str) else np.asarray(part, dtype=object)[rows] for part in (zh, en)]
    return [Hits(rows, column, values, cut[0], cut[1])]


def _any(_: Subject) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be wrong: how grave it is, its title and mend, what it needs, and how it is found.

    An ``error`` contradicts itself, a public list or the ground; a ``warning`` is implausible; a ``notice`` is only
    worth knowing. ``scope`` is ``"row"`` where a record is judged by itself, ``"set"`` where by the others. ``needs``
    names what of the surroundings it cannot do without: where that is absent, the check says it was not done.
    """

    id: str
    severity: Severity
    title: Title
    mend: Title
    find: Callable[[Subject], Iterable[Hits]] = field(hash=False, repr=False)
    scope: Literal["row", "set"] = "row"
    needs: tuple[str, ...] = ()
    concerns: Callable[[Subject], bool] = field(default=_any, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: the fault, the layer and record it is of, and where it lies (degrees, None where nowhere)."""

    fault: Fault
    layer: str
    fac_id: str | None
    lon: float | None
    lat: float | None

    @property
    def link(self) -> str | None:
        """Return where the web map shows it, without a host."""
        if self.lon is None or self.lat is None:
            return None
        return f"/#map={_ZOOM:.2f}/{self.lat:.4f}/{self.lon:.4f}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        place = {"fac_id": self.fac_id, "lon": self.lon, "lat": self.lat, "link": self.link}
        return {"layer": self.layer, **self.fault.as_dict(), **place}


@dataclass(frozen=True, eq=False)
class Findings:
    """What a set of checks found on a subject, kept as columns; ``not_checked`` tells why a check was not done."""

    subject: Subject
    found: tuple[tuple[Check, Hits], ...]
    not_checked: Mapping[str, str]

    @cached_property
    def bad(self) -> Bools:
        """Return (N,) True where a record has an error."""
        out = np.zeros(len(self.subject), dtype=np.bool_)
        for check, some in self.found:
            if check.severity == "error":
                out[some.rows[some.rows >= 0]] = True
        return out

    def counts(self) -> dict[str, int]:
        """Return the number of hits by check, those with none left out."""
        out: dict[str, int] = {}
        for check, some in self.found:
            out[check.id] = out.get(check.id, 0) + len(some.rows)
        return out

    def listed(self, *, file: str | None = None, rows: I64 | None = None, limit: int | None = None) -> list[Finding]:
        """Return the findings one by one, the first ``limit`` of each check, and a notice per check not done.

        ``file`` and (N,) ``rows`` say where the records came from; else the row number in the frame is given.
        """
        out = [
            self._one(check, some, i, file, rows)
            for check, some in self.found
            for i in range(len(some.rows) if limit is None else min(limit, len(some.rows)))
        ]
        layer = self.subject.layer.layer
        for check, why in self.not_checked.items():
            fault = Fault(
                NOT_CHECKED, why, "补充所缺数据。 Import what is missing.", file, value=check, severity="notice"
            )
            out.append(Finding(fault, layer, None, None, None))
        return out

    def _one(self, check: Check, some: Hits, i: int, file: str | None, rows: I64 | None) -> Finding:
        row = int(some.rows[i])
        zh, en = some.at(i)
        single = row >= 0
        fault = Fault(
            check.id,
            f"{check.title.zh}：{zh} {check.title.en}: {en}" if zh else f"{check.title.zh}。 {check.title.en}.",
            f"{check.mend.zh} {check.mend.en}",
            file,
            (row if rows is None else int(rows[row])) if single else None,
            some.column,
            some.given[i] or None,
            check.severity,
        )
        lon, lat = self.subject.lonlat[row] if single else (np.nan, np.nan)
        there = bool(np.isfinite(lon) and np.isfinite(lat))
        return Finding(
            fault,
            self.subject.layer.layer,
            (self.subject.text("FAC_ID")[row] or None) if single else None,
            round(float(lon), 6) if there else None,
            round(float(lat), 6) if there else None,
        )


def examine(checks: Iterable[Check], subject: Subject) -> Findings:
    """Return what ``checks`` find on ``subject``; a check that lacks what it needs is named, not passed."""
    found: list[tuple[Check, Hits]] = []
    missing: dict[str, str] = {}
    for check in checks:
        if not check.concerns(subject):
            continue
        absent = [why for need in check.needs if (why := subject.around.absent(need))]
        if absent:
            zh, en = "；".join(one.zh for one in absent), "; ".join(one.en for one in absent)
            missing[check.id] = f"未检查“{check.title.zh}”：{zh}。 Not checked ({check.title.en}): {en}."
        elif len(subject):
            found += [(check, some) for some in check.find(subject)]
    return Findings(subject, tuple(found), missing)
