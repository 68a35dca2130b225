"""Single facilities in the draft: added, moved and taken out, with a warning where another stands near."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Final
from uuid import uuid4

import geopandas as gpd
import numpy as np
import shapely

from data.frames import CRS_KEPT, conform
from data.standards import standard
from data.stores.base import MergeResult, Store
from data.stores.live import LiveIndex, Near
from geo.crs import metric_crs_for, project
from geo.errors import ConflictError, NotFoundError, ParameterError
from layers.base import FacilityLayer, Registry

_KEY: Final = "FAC_ID"


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did: the facility's id, and those of its layer that stand near it now, nearest first, in metres."""

    fac_id: str
    nearby: tuple[Near[str], ...]


@dataclass(slots=True)
class _Indexed:
    """The index of one state of a layer, told by the hash of its content."""

    sha256: str
    crs: str
    points: LiveIndex[str]


@dataclass(eq=False)
class Drafts:
    """Edits of single facilities. The index follows its own edits; what others have drafted meanwhile is read anew."""

    store: Store
    layers: Registry[FacilityLayer]
    _indexes: dict[str, _Indexed] = field(default_factory=dict)
    _guard: RLock = field(default_factory=RLock)

    def add(self, layer: str, record: Mapping[str, Any], *, lon: float, lat: float) -> Edited:
        """Add a facility of ``record`` (the layer's fields; without FAC_ID it gets one) at a place, EPSG:4490.

        Raises NotFoundError (no such layer), ParameterError (a field the layer has not, no place on Earth),
        InputError (what ``conform`` refuses) and ConflictError (its id is taken).
        """
        kind = self.layers[layer]
        unknown = sorted(set(record) - set(kind.spec.columns))
        if unknown:
            raise ParameterError(f"{layer} has no field {', '.join(unknown)}; it has: {', '.join(kind.spec.columns)}")
        row = {_KEY: f"new-{uuid4().hex[:8]}", "CRS_SRC": CRS_KEPT, "SRC": "by hand", "SYNTHETIC": False, **record}
        frame = conform(gpd.GeoDataFrame([row], geometry=[_point(lon, lat)], crs=CRS_KEPT), kind.spec)
        with self._guard:
            index = self._index(kind)
            if str(row[_KEY]) in index.points:
                raise ConflictError(f"there is a facility {row[_KEY]} in {layer} already; move it, or give another id")
            return self._written(kind, index, frame, lon=lon, lat=lat)

    def move(self, layer: str, fac_id: str, *, lon: float, lat: float) -> Edited:
        """Put a facility elsewhere. Raises NotFoundError, ParameterError and ConflictError (another has changed it)."""
        kind = self.layers[layer]
        point = _point(lon, lat)
        with self._guard:
            index = self._index(kind)
            frame = self.store.present(kind.layer)
            if frame is None or fac_id not in index.points:
                raise NotFoundError(f"no facility {fac_id!r} in {layer}")
            row = frame[frame[_KEY] == fac_id].reset_index(drop=True)
            return self._written(kind, index, row.set_geometry([point], crs=CRS_KEPT), lon=lon, lat=lat)

    def remove(self, layer: str, fac_id: str) -> None:
        """Take a facility out. Raises NotFoundError and ConflictError (another steward has changed it)."""
        kind = self.layers[layer]
        with self._guard:
            index = self._index(kind)
            frame = self.store.present(kind.layer)
            if frame is None or fac_id not in index.points:
                raise NotFoundError(f"no facility {fac_id!r} in {layer}")
            if self._merged(kind, index, frame.iloc[:0], remove=(fac_id,)):
                index.points.delete(fac_id)

    def nearby(self, layer: str, *, lon: float, lat: float) -> list[Near[str]]:
        """Return the facilities near enough to a place to be the same one, nearest first, distances in metres."""
        with self._guard:
            index = self._index(self.layers[layer])
            x, y = self._metres(index, lon, lat)
            return index.points.around(x, y, standard("duplicate_distance", unit="m").value)

    def _written(
        self, kind: FacilityLayer, index: _Indexed, row: gpd.GeoDataFrame, *, lon: float, lat: float
    ) -> Edited:
        """Merge one row, follow it in the index, and name its neighbours."""
        fac_id = str(row[_KEY].iloc[0])
        if self._merged(kind, index, row):
            x, y = self._metres(index, lon, lat)
            if fac_id in index.points:
                index.points.move(fac_id, x, y)
            else:
                index.points.insert(fac_id, x, y)
        near = self.nearby(kind.id, lon=lon, lat=lat)
        return Edited(fac_id, tuple(one for one in near if one.key != fac_id))

    def _merged(
        self, kind: FacilityLayer, index: _Indexed, rows: gpd.GeoDataFrame, *, remove: tuple[str, ...] = ()
    ) -> bool:
        """Merge into the draft; return whether ``index`` is to follow, else it is made anew when next needed."""
        with self.store.batch() as draft:
            result = draft.merge(kind.layer, rows, {}, key=_KEY, remove=remove)
            # From here to the end of the batch nobody else changes the draft.
            followed = index.sha256 == self._sha256(kind)
        _refuse_conflicts(result)
        if result.entry is None:
            return False
        if followed:
            index.sha256 = result.entry.sha256
        return followed

    def _index(self, kind: FacilityLayer) -> _Indexed:
        """Return the index of the layer as it stands now."""
        known = self._indexes.get(kind.id)
        sha = self._sha256(kind)
        if known is None or known.sha256 != sha:
            known = self._indexes[kind.id] = self._made(kind)
        return known

    def _made(self, kind: FacilityLayer) -> _Indexed:
        try:
            seen = self.store.preview()
            frame = self.store.read(seen, kind.layer)
        except NotFoundError:
            return _Indexed("", self.store.city().crs, LiveIndex())
        lonlat = shapely.get_coordinates(frame.geometry.to_numpy())
        crs = self.store.city().crs or (metric_crs_for(*lonlat.mean(axis=0)) if len(lonlat) else "")
        xy = project(lonlat, CRS_KEPT, crs) if len(lonlat) else lonlat
        return _Indexed(seen.layers[kind.layer].sha256, crs, LiveIndex(frame[_KEY].astype("object"), xy))

    def _sha256(self, kind: FacilityLayer) -> str:
        try:
            entry = self.store.preview().layers.get(kind.layer)
        except NotFoundError:
            return ""
        return entry.sha256 if entry else ""

    def _metres(self, index: _Indexed, lon: float, lat: float) -> tuple[float, float]:
        # The first facility of a city without a CRS of its own decides.
        index.crs = index.crs or metric_crs_for(lon, lat)
        x, y = project(np.array([[lon, lat]]), CRS_KEPT, index.crs)[0]
        return float(x), float(y)


def _point(lon: float, lat: float) -> shapely.Point:
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise ParameterError(f"{lon}, {lat} is no longitude and latitude in degrees")
    return shapely.Point(lon, lat)


def _refuse_conflicts(result: MergeResult) -> None:
    for one in result.conflicts:
        raise ConflictError(
            f"{one.by} has changed {one.key} in this draft ({one.at:%Y-%m-%d %H:%M} UTC); agree, then try again"
        )
