"""What leads from one state of a city to another: rows added, removed, moved and changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.stores.rows import GEOMETRY, Pairs, Places, key_of, pair, row_values
from geo.crs import GEOD

State = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs: its key, the old and new values of the columns that do, and how far it has moved, m."""

    key: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    moved_m: float | None


@dataclass(frozen=True, slots=True, eq=False)
class LayerDiff:
    """What happened to one layer.

    Attributes:
        name: the layer.
        state: ``added`` or ``removed`` as a whole, else ``changed``.
        key: the column that tells its rows apart.
        before: the rows it had.
        after: the rows it has.
        added: (A,) keys that are new.
        removed: (R,) keys that are gone.
        moved: (M,) keys of points that stand elsewhere.
        moved_m: (M,) how far, metres along the ellipsoid.
        changed: (C,) keys of rows with any other value that differs, a line's or polygon's shape included.
        columns: how many rows differ, by column; ``geometry`` counts the moved and the reshaped.
        meta_changed: whether what is noted about the layer differs.
    """

    name: str
    state: State
    key: str
    before: int
    after: int
    added: NDArray[np.object_]
    removed: NDArray[np.object_]
    moved: NDArray[np.object_]
    moved_m: NDArray[np.float64]
    changed: NDArray[np.object_]
    columns: Mapping[str, int]
    meta_changed: bool
    _frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, Pairs] | None = field(repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of rows added, removed, moved and changed."""
        return {name: len(getattr(self, name)) for name in ("added", "removed", "moved", "changed")}

    def changes(self, limit: int | None = None) -> Iterator[Change]:
        """Yield every row that was moved or changed, the first ``limit`` of them, in the order of the later state."""
        if self._frames is None:
            return
        before, after, pairs = self._frames
        for row in np.flatnonzero(pairs.other)[:limit]:
            columns = tuple(name for name, mask in pairs.unlike.items() if mask[row])
            old, new = int(pairs.at[row]), int(row)
            moved = None
            if GEOMETRY in columns and _is_point(before.geometry.iloc[old]) and _is_point(after.geometry.iloc[new]):
                moved = float(_metres(before.geometry.iloc[[old]], after.geometry.iloc[[new]])[0])
            yield Change(
                str(after[self.key].iloc[new]),
                row_values(before, old, columns),
                row_values(after, new, columns),
                moved,
            )


@dataclass(frozen=True, slots=True, eq=False)
class EditionDiff:
    """What leads from state ``a`` to state ``b``, each an edition's number or ``draft``; like layers are left out."""

    a: str
    b: str
    layers: Mapping[str, LayerDiff]


def diff_layers(
    name: str, before: gpd.GeoDataFrame | None, after: gpd.GeoDataFrame | None, *, meta_changed: bool = False
) -> LayerDiff:
    """Return what happened to one layer; a frame of None is a layer that is not there."""
    if before is None or after is None:
        whole = before if after is None else after
        assert whole is not None
        key = key_of(name, whole)
        keys, none = whole[key].to_numpy(dtype=object), np.empty(0, dtype=object)
        gone = after is None
        return LayerDiff(
            name, "removed" if gone else "added", key, len(keys) if gone else 0, 0 if gone else len(keys),
            none if gone else keys, keys if gone else none, none, np.empty(0), none, {}, meta_changed, None,
        )  # fmt: skip
    key = key_of(name, after, before)
    pairs = pair(before, after, key)
    keys = after[key].to_numpy(dtype=object)
    here = pairs.unlike.get(GEOMETRY, np.zeros(len(after), dtype=bool))
    rows = np.flatnonzero(here)
    points = _are_points(before, pairs.at[rows]) & _are_points(after, rows)
    moved = rows[points]
    other = np.zeros(len(after), dtype=bool)
    other[rows[~points]] = True
    for column, mask in pairs.unlike.items():
        if column != GEOMETRY:
            other |= mask
    metres = _metres(before.geometry.iloc[pairs.at[moved]], after.geometry.iloc[moved])
    return LayerDiff(
        name, "changed", key, len(before), len(after), keys[pairs.new],
        before[key].to_numpy(dtype=object)[pairs.gone], keys[moved], metres, keys[other],
        {column: int(mask.sum()) for column, mask in pairs.unlike.items()}, meta_changed, (before, after, pairs),
    )  # fmt: skip


def _are_points(frame: gpd.GeoDataFrame, rows: Places) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = shapely.get_type_id(np.asarray(frame.geometry.iloc[rows], dtype=object)) == 0
    return found


def _is_point(shape: object) -> bool:
    return isinstance(shape, shapely.Point) and not shape.is_empty


def _metres(a: gpd.GeoSeries, b: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return how far points lie apart, in metres along the ellipsoid of CGCS2000."""
    (x, y), (u, v) = (np.asarray((shapely.get_x(s.to_numpy()), shapely.get_y(s.to_numpy()))) for s in (a, b))
    return np.asarray(GEOD.inv(x, y, u, v)[2], dtype=np.float64).reshape(-1)
