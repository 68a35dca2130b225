"""Bringing data in: a file becomes layers of the draft, all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from api.intake import Prepared, prepare
from api.intake_report import IntakeOptions
from api.intake_rows import Around, as_raw
from data.city import metric_crs_of
from data.frames import AREAS, CONTEXT, DEMAND, STREETS, FrameSpec, conform
from data.network import with_elevation
from data.read.areas import area_of
from data.read.context import read_context
from data.read.dem import open_elevation, require_cover
from data.read.osm import read_osm
from data.read.places import PROTECTED, protected_of
from data.read.streets import read_streets
from data.stores.base import Store
from geo.crs import out_of_use
from geo.errors import Fault, InputError
from layers.base import FacilityLayer

_OSM: Final = "© OpenStreetMap contributors (ODbL 1.0)"
_FLOOR: Final = {
    "unit": "m2",
    "title_zh": "住宅建筑面积",
    "title_en": "dwelling floor area",
    "method": "footprints × levels, residential land where no building is mapped",
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import brought into the draft: rows by layer, and what the reader noticed."""

    file: str
    layers: Mapping[str, int]
    diagnostics: Mapping[str, Any]


Frames = Mapping[str, tuple[gpd.GeoDataFrame, FrameSpec, dict[str, Any]]]
Places = Sequence[tuple[FacilityLayer, gpd.GeoDataFrame, dict[str, Any]]]


def keep(
    store: Store,
    file: str,
    frames: Frames,
    diagnostics: Mapping[str, Any],
    *,
    places: Places = (),
    today: date | None = None,
) -> ImportReport:
    """Put what a reader found into the draft in one transaction; what replaces another source's layer is reported.

    ``places`` are facilities: they go the way of a steward's list, checked and merged, the faulty set aside.
    """
    ready = {layer: (conform(frame, spec, file=file), meta) for layer, (frame, spec, meta) in frames.items()}
    if "streets" in ready:
        _refuse_far_away(store, ready["streets"][0], file)
    replaced = {}
    for layer, (_, meta) in ready.items():
        before = store.present_meta(layer).get("source")
        if before is not None and before != meta.get("source"):
            replaced[layer] = f"{before} by {meta.get('source')}"
    brought = {layer: frame for layer, (frame, _) in ready.items()}
    day = today or datetime.now(UTC).date()
    around = Around(store, places[0][0], day, brought=brought, placed=True) if places else None
    lists = [_prepared(store, file, one, around, day) for one in places if around is not None]
    with store.batch() as batch:
        for layer, (frame, meta) in ready.items():
            batch.put(layer, frame, meta)
        reports = [one.report(one.commit(batch)) for one in lists]
    rows = {layer: len(frame) for layer, (frame, _) in ready.items()} | {one.layer: one.accepted for one in reports}
    aside = {one.layer: one.quarantined for one in reports if one.quarantined}
    merged = {
        one.layer: {what: count for what, count in one.merge.items() if count and what != "unchanged"}
        for one in reports
    }
    told = {one.layer: dict(one.counts) for one in reports if one.counts}
    return ImportReport(
        file, rows, {**diagnostics, "replaced": replaced, "merged": merged, "quarantined": aside, "checked": told}
    )


def _prepared(
    store: Store, file: str, one: tuple[FacilityLayer, gpd.GeoDataFrame, dict[str, Any]],
    around: Around, today: date,
) -> Prepared:  # fmt: skip
    """Return a reader's facilities ready to be merged; what its file brought before and brings no more is taken out."""
    layer, frame, meta = one
    # A map seldom names what it draws, and knows no seats: what a bureau must state is not asked of it.
    layer = replace(layer, obligatory=())
    around = around.beside(layer)
    got = prepare(
        store, as_raw(frame, Path(file).name), layer=layer, options=IntakeOptions(), today=today, source=file,
        around=around,
    )  # fmt: skip
    before = store.present(layer.layer)
    stale: list[str] = []
    if before is not None and "OSM_TAG" in before:
        # Of this very file: what another map brought is for whoever brought it.
        fed = before[before["OSM_TAG"].notna() & before["SRC"].isin(frame["SRC"])]["FAC_ID"]
        stale = fed[~fed.isin(frame["FAC_ID"])].tolist()
    return replace(got, stale=stale, meta=meta)


def _refuse_far_away(store: Store, streets: gpd.GeoDataFrame, file: str) -> None:
    """Raise InputError where the streets lie outside what the workspace's metric CRS can measure."""
    crs = store.city().crs
    west, south, east, north = (float(v) for v in streets.total_bounds)
    if crs and out_of_use(crs, (west, south, east, north)):
        raise InputError(
            Fault(
                "far_away",
                f"the streets lie far from {store.city().name}, whose lengths are measured in {crs}.",
                "import them into a workspace of their own city.",
                file,
                value=f"{west:.3f}, {south:.3f}, {east:.3f}, {north:.3f}",
            )
        )


def _crs(store: Store, streets: gpd.GeoDataFrame) -> str:
    return store.city().crs or metric_crs_of(streets)


def _raised(store: Store, streets: gpd.GeoDataFrame, dem: Sequence[Path]) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Return the streets on their terrain, and what to report of it. Raises InputError where the DEM falls short."""
    if not dem:
        return streets, {"elevation": False}
    model = open_elevation(dem)
    require_cover(model, tuple(streets.total_bounds))
    raised, counts = with_elevation(streets, model, _crs(store, streets))
    filled = int(model.voids) - int(model.voids_left)
    return raised, {"elevation": True, "dem_voids_filled": filled, "dem_voids_left": int(model.voids_left), **counts}


def import_osm(
    store: Store, path: Path, *, facility_layers: Sequence[FacilityLayer], area: Path | None, dem: Sequence[Path]
) -> ImportReport:
    """Bring streets, facilities, demand, context and areas of one OSM file into the draft.

    Raises InputError for a damaged file, an empty area and an elevation model that does not cover the streets.
    """
    within = None if area is None else area_of(area)
    got = read_osm(path, area=within)
    streets, raised = _raised(store, got.streets, dem)
    source = {"source": path.name, "attribution": [_OSM]}
    frames: dict[str, tuple[gpd.GeoDataFrame, FrameSpec, dict[str, Any]]] = {
        "streets": (streets, STREETS, {**source, **raised}),
    }
    # What the file does not hold is left as the steward brought it.
    if len(got.demand):
        frames["demand.residents"] = (got.demand, DEMAND, {**source, **_FLOOR})
    if len(got.context):
        frames["context"] = (_with_protected(store, got.context), CONTEXT, source)
    places = [(one, got.facilities[one.id], source) for one in facility_layers if len(got.facilities.get(one.id, ()))]
    if len(got.areas):
        frames["areas"] = (got.areas, AREAS, source)
    return keep(store, str(path), frames, {**got.diagnostics, **raised}, places=places)


def _with_protected(store: Store, context: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ``context`` with the protected land that was known before: it is never shown and never forgotten."""
    before = store.present("context")
    if before is None:
        return context
    known = before[before["kind"] == PROTECTED]
    return pd.concat([context, known], ignore_index=True).drop_duplicates("ctx_id")


def import_streets(
    store: Store, path: Path, *, crs: str | None, directed: bool | None, dem: Sequence[Path]
) -> ImportReport:
    """Bring a plain street file into the draft. Raises InputError, MissingCRSError, CRSMismatchError."""
    streets, diagnostics = read_streets(path, crs=crs, directed=directed)
    streets, raised = _raised(store, streets, dem)
    meta = {"source": path.name, **raised} | _notice(diagnostics)
    return keep(store, str(path), {"streets": (streets, STREETS, meta)}, {**diagnostics, **raised})


def _notice(diagnostics: Mapping[str, Any]) -> dict[str, Any]:
    classes = set(diagnostics.get("segments_by_class", {}))
    small = {"residential", "living_street", "footway", "path", "unclassified", "steps", "track"}
    if not classes or classes & small:
        return {}
    return {
        "notice_kind": "arterials_only",
        "notice_zh": "路网仅含三级及以上道路（无支路、步道），结果偏低，仅供参考。",
        "notice_en": "Arterials only: the streets hold no residential streets or footways, so coverage is understated.",
    }


def import_context(
    store: Store, paths: Sequence[Path], *, facility_layers: Sequence[FacilityLayer], crs: str | None
) -> ImportReport:
    """Bring buildings, water, land use and places of one or more files into the draft, as one context layer.

    Dwellings among them become demand, sports grounds facilities; each only where the files hold any.
    """
    before = store.present("context")
    got = read_context(paths, crs=crs, protected=None if before is None else protected_of(before))
    source = {"source": ", ".join(p.name for p in paths), "attribution": [_OSM]}
    frames: dict[str, tuple[gpd.GeoDataFrame, FrameSpec, dict[str, Any]]] = {"context": (got.context, CONTEXT, source)}
    if len(got.demand):
        frames["demand.residents"] = (got.demand, DEMAND, {**source, **_FLOOR})
    places = [(one, got.facilities[one.id], source) for one in facility_layers if len(got.facilities.get(one.id, ()))]
    return keep(store, ", ".join(str(p) for p in paths), frames, got.diagnostics, places=places)
