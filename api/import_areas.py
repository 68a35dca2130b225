"""Bringing areas in: a file of one level becomes rows of the draft's areas, closed ones kept beside the new."""

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

from api.imports import ImportReport
from data.area_checks import code_faults, tilings
from data.frames import AREAS, conform
from data.read.areas import AreasFile, areas_file
from data.stores.base import City, DraftBatch, RowConflict, Store
from data.validity import Succession, succeed, valid_at
from geo.errors import ConflictError, InputError

_MOST_NAMED: Final = 20


def import_areas(
    store: Store,
    path: Path,
    *,
    crs: str | None,
    level: str,
    code: str | None,
    name: str | None,
    kind: str | None = None,
    parent: str | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    today: date,
    overwrite: bool = False,
) -> ImportReport:
    """Bring the areas of one level into the draft, beside those of the other levels.

    Without a day they take the place of the level's areas that are valid now; with one they are valid for that time,
    and what was valid then for the same codes is cut there (see ``data.validity.succeed``). Codes, parents, overlaps
    and gaps are checked on ``valid_from``, else on the last day before ``valid_to``, else ``today``, and reported.

    What another steward has changed in this draft is not written over, unless ``overwrite`` says so.

    Raises InputError naming every fault, MissingCRSError, CRSMismatchError, ParameterError, and ConflictError naming
    the areas another steward has changed.
    """
    read = areas_file(
        path, crs=crs, level=level, code_column=code, name_column=name, kind_column=kind, parent_column=parent
    )
    day = valid_from or (today if valid_to is None else valid_to - timedelta(days=1))
    # What is there is read inside the batch: nobody else changes the draft between the look and the writing.
    with store.batch() as batch:
        before = batch.present("areas")
        after = succeed(before, read.frame, level=level, valid_from=valid_from, valid_to=valid_to)
        frame = conform(after.frame, AREAS, file=str(path))
        diagnostics = _checked(frame, read, after, store.city(), day=day, level=level, file=str(path))
        _write(batch, path, frame, before, after, level, overwrite=overwrite)
    return ImportReport(str(path), {"areas": len(frame)}, diagnostics)


def _checked(
    frame: gpd.GeoDataFrame, read: AreasFile, after: Succession, city: City, *, day: date, level: str, file: str
) -> dict[str, Any]:
    """Return what is to be reported of the areas as they will be. Raises InputError naming every fault."""
    held = valid_at(frame, day)
    named = held[held["code"].isin(read.frame["code"])].set_index("code").loc[read.frame["code"]].reset_index()
    faults = [*read.faults, *code_faults(named, held, city, file=file)]
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors:
        raise InputError(errors)
    filled, loose = tilings(held, level, file=file)
    faults += loose
    return {
        "level": level, **_counts(after), "checked_on": day.isoformat(),
        "tiling": {one.parent or "—": {k: v for k, v in asdict(one).items() if k != "parent"} for one in filled},
        "warnings": [str(fault) for fault in faults], "faults": [fault.as_dict() for fault in faults],
    }  # fmt: skip


def _write(
    batch: DraftBatch, path: Path, frame: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, after: Succession,
    level: str, *, overwrite: bool,
) -> None:  # fmt: skip
    """Write what changed. Raises ConflictError naming what another steward has changed."""
    meta = {"source": path.name}
    if before is not None and AREAS.key not in before:
        batch.put("areas", frame, {**batch.present_meta("areas"), **meta}, overwrite=overwrite)  # an edition of old
        return
    touched = {*after.added, *after.replaced, *after.closed, *after.opened}
    rows = frame[(frame["level"] == level) & frame["code"].isin(touched)]
    gone = [] if before is None else sorted(set(before[AREAS.key]) - set(frame[AREAS.key]))
    done = batch.merge("areas", rows, meta, key=AREAS.key, remove=gone, overwrite=overwrite)
    if done.conflicts:
        named = "; ".join(_named(one) for one in done.conflicts[:_MOST_NAMED])
        if len(done.conflicts) > _MOST_NAMED:
            named += f"; and {len(done.conflicts) - _MOST_NAMED} more"
        raise ConflictError(
            f"another steward has changed {len(done.conflicts)} of these areas in the draft: {named}. "
            "Nothing is written. Mend: publish or agree first, then import again; or overwrite them (--overwrite)."
        )


def _named(one: RowConflict) -> str:
    what = "not in your file" if one.yours is None else "taken out" if one.theirs is None else ", ".join(one.columns)
    return f"{one.key} ({what}) by {one.by}, {one.at:%Y-%m-%d %H:%M} UTC"


def _counts(after: Succession) -> dict[str, int]:
    """Return how many codes each thing happened to."""
    return {
        name: len(getattr(after, name)) for name in ("added", "replaced", "closed", "opened", "unchanged", "removed")
    }
