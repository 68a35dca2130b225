"""Bringing data in: a file becomes layers of the draft, all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.city import metric_crs_of
from data.frames import AREAS, CONTEXT, DEMAND, STREETS, FrameSpec, conform
from data.network import with_elevation
from data.read.areas import area_of, read_areas
from data.read.context import read_context
from data.read.dem import open_elevation, require_cover
from data.read.files import SHIFTED, crs_name, id_text, read_vector, to_kept
from data.read.osm import read_osm
from data.read.places import PROTECTED, protected_of
from data.read.points import check_swapped
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


def _keep(store: Store, file: str, frames: Mapping[str, tuple[gpd.GeoDataFrame, FrameSpec, dict[str, Any]]],
          diagnostics: Mapping[str, Any]) -> ImportReport:  # fmt: skip
    """Put every frame into the draft in one transaction; what replaces another source's layer is reported."""
    ready = {layer: (conform(frame, spec, file=file), meta) for layer, (frame, spec, meta) in frames.items()}
    if "streets" in ready:
        _refuse_far_away(store, ready["streets"][0], file)
    replaced = {}
    for layer, (_, meta) in ready.items():
        before = _present_meta(store, layer).get("source")
        if before is not None and before != meta.get("source"):
            replaced[layer] = f"{before} by {meta.get('source')}"
    diagnostics = {**diagnostics, "replaced": replaced}
    with store.batch() as batch:
        for layer, (frame, meta) in ready.items():
            batch.put(layer, frame, meta)
    return ImportReport(file, {layer: len(frame) for layer, (frame, _) in ready.items()}, diagnostics)


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
    for layer in facility_layers:
        if len(got.facilities.get(layer.id, ())):
            frames[layer.layer] = (got.facilities[layer.id], layer.spec, source)
    if len(got.areas):
        frames["areas"] = (got.areas, AREAS, source)
    return _keep(store, str(path), frames, {**got.diagnostics, **raised})


def _with_protected(store: Store, context: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ``context`` with the protected land that was known before: it is never shown and never forgotten."""
    before = _present(store, "context")
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
    return _keep(store, str(path), {"streets": (streets, STREETS, meta)}, {**diagnostics, **raised})


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
    before = _present(store, "context")
    got = read_context(paths, crs=crs, protected=None if before is None else protected_of(before))
    source = {"source": ", ".join(p.name for p in paths), "attribution": [_OSM]}
    frames: dict[str, tuple[gpd.GeoDataFrame, FrameSpec, dict[str, Any]]] = {"context": (got.context, CONTEXT, source)}
    if len(got.demand):
        frames["demand.residents"] = (got.demand, DEMAND, {**source, **_FLOOR})
    for layer in facility_layers:
        if len(got.facilities.get(layer.id, ())):
            frames[layer.layer] = (got.facilities[layer.id], layer.spec, source)
    return _keep(store, ", ".join(str(p) for p in paths), frames, got.diagnostics)


def import_areas(store: Store, path: Path, *, crs: str | None, level: str, code: str, name: str) -> ImportReport:
    """Bring the areas of one level into the draft, beside those of the other levels."""
    frame = read_areas(path, crs=crs, level=level, code_column=code, name_column=name)
    before = _present(store, "areas")
    if before is not None:
        frame = pd.concat([before[before["level"] != level], frame], ignore_index=True)
    before_meta = _present_meta(store, "areas")
    meta = (
        {**before_meta, "source": path.name}
        if before is not None and (before["level"] != level).any()
        else {"source": path.name}
    )
    return _keep(store, str(path), {"areas": (frame, AREAS, meta)}, {})


def import_facilities(store: Store, path: Path, *, layer: FacilityLayer, crs: str | None) -> ImportReport:
    """Bring a file of facilities, its columns named as the layer's fields, into the draft.

    ``FAC_ID`` is made of the row number where it is absent.
    """
    read = read_vector(path, crs=crs)
    stated = crs_name(read.crs) if crs is None or crs.lower() not in SHIFTED else crs.lower()
    frame = _points(store, to_kept(read), path, layer.layer)
    named = {str(c).upper(): c for c in frame.columns if c != frame.geometry.name and str(c) not in layer.spec.columns}
    wanted = {old: new for new, old in named.items() if new in layer.spec.columns and new not in frame.columns}
    frame = frame.rename(columns=wanted)
    if "FAC_ID" in frame:
        frame["FAC_ID"] = _ids(frame["FAC_ID"], path, "FAC_ID")
    else:
        frame["FAC_ID"] = [f"{path.stem}-{i}" for i in range(len(frame))]
    defaults: dict[str, Any] = {"CRS_SRC": stated, "SRC": path.name, "SYNTHETIC": False}
    for column, value in defaults.items():
        if column not in frame:
            frame[column] = value
    return _keep(store, str(path), {layer.layer: (frame, layer.spec, {"source": path.name})}, {})


def import_demand(store: Store, path: Path, *, crs: str | None, weight: str, unit: str) -> ImportReport:
    """Bring demand points with a weight column into the draft as residents.

    Raises InputError naming every row whose weight is not a number of 0 or more.
    """
    frame = _points(store, to_kept(read_vector(path, crs=crs)), path, "demand")
    if weight not in frame:
        raise InputError(
            Fault(
                "missing_column",
                f"there is no column {weight!r}.",
                "name the column with --weight.",
                str(path),
            )
        )
    values = pd.to_numeric(frame[weight], errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~(values >= 0) | ~np.isfinite(values))
    if len(bad):
        raise InputError(
            Fault("weight", "the weight is not a number of 0 or more.", "correct it or take the row out.", str(path),
                  int(i), weight, str(frame[weight].iloc[i]))
            for i in bad[:100]
        )  # fmt: skip
    frame = frame.assign(weight=values, method=f"as given in {path.name}", synthetic=False)
    ids = next((c for c in frame.columns if str(c).lower() in {"demand_id", "id"}), None)
    frame["demand_id"] = _ids(frame[ids], path, ids) if ids else [str(i) for i in range(len(frame))]
    meta = {"unit": unit, "title_zh": "居民", "title_en": "residents", "source": path.name}
    return _keep(store, str(path), {"demand.residents": (frame, DEMAND, meta)}, {})


def _ids(values: pd.Series, path: Path, column: str) -> list[str | None]:
    """Return ids as text. Raises InputError naming every row without one."""
    text = id_text(values)
    empty = [row for row, one in enumerate(text) if one is None]
    if empty:
        raise InputError(
            Fault("no_id", "the row has no id.", "give each row its own.", str(path), row, column)
            for row in empty[:100]
        )
    return text


def _points(store: Store, frame: gpd.GeoDataFrame, path: Path, what: str) -> gpd.GeoDataFrame:
    """Return ``frame`` if it holds points, and not ones whose longitude and latitude are swapped."""
    wrong = np.flatnonzero((frame.geom_type != "Point").to_numpy())
    if len(wrong):
        raise InputError(
            Fault("geometry_type", "the row is no point.", "hand in points.", str(path), int(i), "geometry")
            for i in wrong[:100]
        )
    streets = _present(store, "streets")
    if streets is not None and len(streets):
        west, south, east, north = (float(v) for v in streets.total_bounds)
        check_swapped(frame, (west, south, east, north), file=str(path), what=what)
    return frame


def _present(store: Store, layer: str) -> gpd.GeoDataFrame | None:
    """Return a layer as the next edition would hold it: of the draft, else of the last edition, else None."""
    if layer in store.draft_layers():
        return store.read_draft(layer)
    editions = store.editions()
    return store.read(editions[-1], layer) if editions and layer in editions[-1].layers else None


def _present_meta(store: Store, layer: str) -> Mapping[str, Any]:
    """Return what is noted about a layer as the next edition would hold it; empty where there is none."""
    draft = store.draft_layers()
    if layer in draft:
        return draft[layer].meta
    editions = store.editions()
    return editions[-1].layers[layer].meta if editions and layer in editions[-1].layers else {}
