"""Bringing demand in: points as they are, or control totals spread over what carries them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, get_args

import geopandas as gpd

from api.imports import ImportReport
from data.city import containing, metric_crs_of
from data.demand.carriers import By, Carriers, even, of_frame, of_raster
from data.demand.checks import day_faults, leap_faults
from data.demand.controls import Controls, controls_of
from data.demand.kinds import RESIDENTS, Kind, kind_named
from data.demand.layer import as_given, spread_over
from data.demand.points import read_points_file
from data.demand.table import CountTable, left_out_words, read_counts
from data.frames import DEMAND, conform
from data.read.raster import read_raster
from data.stores.base import Store
from data.validity import valid_at
from geo.errors import Fault, InputError, ParameterError

DWELLINGS: Final = "demand.dwellings"
"""Floor area of dwellings, kept apart once persons take its place as residents: it carries the next census too."""
_RASTERS: Final = (".tif", ".tiff", ".gtiff")
_POLYGONS: Final = ["Polygon", "MultiPolygon"]


@dataclass(frozen=True, slots=True)
class DemandQuestion:
    """What an import of demand is told.

    Attributes:
        by: what carries the totals; None: the raster or the points that the file holds.
        weight: the column of the points' weight.
        unit: the unit of the points' weight; the kind's own where controls are given.
        controls: a census table of control totals, where the file is a raster or points.
        controls_column: the heading of its counts; None: the one that means the kind.
        level: the level of its areas.
        day: the day whose areas they are.
        day_said: whether the steward named that day; where not, what tells of another is warned of.
        allow_unplaced: a control area without any carrier is put at one inner point of it.
        overwrite: a layer that another steward has drafted is replaced all the same.
    """

    day: date
    kind: str = RESIDENTS
    by: str | None = None
    weight: str = "weight"
    unit: str = "persons"
    crs: str | None = None
    controls: Path | None = None
    controls_column: str | None = None
    level: str | None = None
    allow_unplaced: bool = False
    overwrite: bool = False
    day_said: bool = True


def import_demand(store: Store, path: Path, ask: DemandQuestion) -> ImportReport:
    """Bring demand of one kind into the draft: points with a weight, a population raster, or a census table.

    A table (``by`` buildings or even) and ``controls`` are control totals: what the layer sums to, area by area,
    whole persons exactly. How it was made stands in the layer's metadata.

    Raises InputError naming every fault, MissingCRSError, CRSMismatchError, ParameterError, NotFoundError, and
    ConflictError where another steward has drafted the layer.
    """
    kind = kind_named(ask.kind)
    by = _way(path, ask)
    areas = store.present("areas")
    held = None if areas is None else valid_at(areas, ask.day).reset_index(drop=True)
    table = path if by in ("buildings", "even") else ask.controls
    if table is None:
        carriers, notes = _carriers(store, path, by, ask, held, None)
        return _keep(store, path, ask, kind, *as_given(carriers, kind, held, file=path.name), carriers, notes)
    counts = read_counts(table)
    controls = _controls(store, counts, kind, ask, held)
    assert held is not None and areas is not None
    at = held[held["code"].isin(controls.totals) & (held["level"] == controls.level)]
    _refuse_points(at, controls, table)
    carriers, notes = _carriers(store, path, by, ask, held, at)
    frame, meta, faults = spread_over(
        carriers, controls, kind, held=held, at=at, day=ask.day, allow_unplaced=ask.allow_unplaced
    )
    notes = {
        **notes, "others_in_table": controls.others, "left_out": left_out_words(counts.left_out),
    }  # fmt: skip
    faults = [*controls.faults, *faults, *day_faults(counts, controls, kind, areas, ask.day, said=ask.day_said)]
    return _keep(store, path, ask, kind, frame, meta, carriers, notes, faults)


def _way(path: Path, ask: DemandQuestion) -> By:
    """Return what carries the totals. Raises ParameterError where file and options do not fit together."""
    ways = get_args(By)
    if ask.by is not None and ask.by not in ways:
        raise ParameterError(f"{ask.by!r} is no way to spread; use one of {', '.join(ways)}")
    raster = path.suffix.lower() in _RASTERS
    by: By = "raster" if raster and ask.by is None else next((one for one in ways if one == ask.by), "points")
    if raster != (by == "raster"):
        raise ParameterError(f"{path.name} {'is' if raster else 'is not'} a raster, which --by {by} does not go with")
    if by in ("buildings", "even") and ask.controls is not None:
        raise ParameterError(f"with --by {by} the file is the census table itself; leave --controls out")
    if (by in ("buildings", "even") or ask.controls is not None) and ask.level is None:
        raise ParameterError("say which areas the census table counts: --level county, township or unit_2020")
    return by


def _controls(
    store: Store, counts: CountTable, kind: Kind, ask: DemandQuestion, held: gpd.GeoDataFrame | None
) -> Controls:
    assert ask.level is not None
    if held is None:
        raise InputError(Fault("no_areas", "the workspace has no areas.", "import areas first.", counts.file))
    people = store.present(f"demand.{RESIDENTS}") if kind.id != RESIDENTS else None
    unit = str(store.present_meta(f"demand.{RESIDENTS}").get("unit", ""))
    residents: dict[str, float] = {}
    if people is not None and unit == "persons":
        code = containing(held, people.geometry.to_numpy(), ask.level)
        summed = people["weight"].groupby(code.astype(str)).sum()
        residents = {str(one): float(value) for one, value in summed.items() if one}
    return controls_of(
        counts, kind, level=ask.level, areas=held, city=store.city(), column=ask.controls_column, residents=residents
    )


def _refuse_points(at: gpd.GeoDataFrame, controls: Controls, table: Path) -> None:
    polygon = at.set_index("code").geometry.geom_type.isin(_POLYGONS)
    bad = [code for code in controls.totals if not polygon[code]]
    if bad:
        raise InputError(
            Fault("no_outline", "the control area is a point, not a polygon.", "import its polygon.", str(table),
                  value=code)
            for code in bad
        )  # fmt: skip


def _carriers(
    store: Store, path: Path, by: By, ask: DemandQuestion, held: gpd.GeoDataFrame | None,
    at: gpd.GeoDataFrame | None,
) -> tuple[Carriers, dict[str, Any]]:  # fmt: skip
    """Return the carriers, and what is to be reported of them."""
    if by == "buildings":
        layer = _dwellings(store)
        frame = store.present(layer)
        assert frame is not None
        return of_frame(frame, by, "m2", store.present_meta(layer)), {"carriers": f"{layer}, {len(frame):,} points"}
    if by == "even":
        assert at is not None
        return even(at, store.city().crs or metric_crs_of(at)), {}
    if by == "raster":
        within = at if at is not None else held
        if within is None:
            raise InputError(Fault("no_areas", "the workspace has no areas.", "import areas first.", str(path)))
        cells = read_raster(path, within.geometry.to_numpy(), crs=ask.crs)
        return of_raster(cells, path.name), {"crs": cells.crs, "nodata_cells": cells.nodata, "zero_cells": cells.zero}
    streets = store.present("streets")
    frame = read_points_file(path, crs=ask.crs, weight=ask.weight, streets=streets)
    return of_frame(frame, by, ask.unit, {"source": path.name}), {}


def _dwellings(store: Store) -> str:
    """Return the layer that holds the floor area of dwellings, the freshest. Raises InputError where none does."""
    if store.present_meta(f"demand.{RESIDENTS}").get("unit") == "m2":
        return f"demand.{RESIDENTS}"
    if store.present(DWELLINGS) is not None:
        return DWELLINGS
    raise InputError(
        Fault("no_dwellings", "no floor area of dwellings is known.", "import an OSM file or context with buildings.")
    )


def _keep(
    store: Store, path: Path, ask: DemandQuestion, kind: Kind, frame: gpd.GeoDataFrame, meta: Mapping[str, Any],
    carriers: Carriers, notes: Mapping[str, Any], faults: Sequence[Fault] = (),
) -> ImportReport:  # fmt: skip
    """Put the layer into the draft; floor area it takes the place of is kept apart, in the same transaction.

    Raises ConflictError where another steward has drafted either.
    """
    ready = conform(frame, DEMAND, file=str(path))
    layers = {kind.layer: len(ready)}
    replaced = {}
    with store.batch() as batch:
        before, floor = batch.present_meta(kind.layer), batch.present(kind.layer)
        if before.get("source") not in (None, meta.get("source")):
            replaced[kind.layer] = f"{before['source']} by {meta.get('source')}"
        batch.put(kind.layer, ready, meta, overwrite=ask.overwrite)
        if carriers.by == "buildings" and kind.id == RESIDENTS and before.get("unit") == "m2" and floor is not None:
            batch.put(DWELLINGS, floor, before, overwrite=ask.overwrite)
            layers[DWELLINGS] = len(floor)
    leaps = leap_faults(kind, floor, before, ready, meta, file=path.name)
    notes = {**notes, **_said([*leaps, *faults])}
    told = {key: meta[key] for key in ("method_zh", "method_en", "controls") if key in meta}
    return ImportReport(str(path), layers, {**notes, **told, "sum": float(ready["weight"].sum()), "replaced": replaced})


def _said(faults: Sequence[Fault]) -> dict[str, Any]:
    """Return what is reported of faults that do not keep the layer out."""
    out: dict[str, Any] = {
        name: [str(fault) for fault in faults if fault.severity == severity]
        for name, severity in (("warnings", "warning"), ("notices", "notice"))
    }
    return {**out, "faults": [fault.as_dict() for fault in faults]}
