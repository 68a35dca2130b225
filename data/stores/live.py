"""Where things are: an index that changes with a draft or a scenario, and one for what no longer changes."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from threading import RLock
from typing import Final, Generic, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rtree.index import Index, Property

from geo.errors import ConflictError, NotFoundError, ParameterError

F64 = NDArray[np.float64]
_NODE: Final = 50
_LEAST_FILL: Final = 0.1
"""Measured at 100,000 points: with rtree's own 100 and 0.7 deletions pull nodes apart (p99 4 ms, here 0.1 ms)."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Near(Generic[K]):
    """A point found: its key, and how far it is in the unit of the coordinates."""

    key: K
    distance: float


class LiveIndex(Generic[K]):
    """Points by key in one planar CRS, for a draft or a scenario: each change costs microseconds (an R-tree).

    Any thread may call.
    """

    def __init__(self, keys: Iterable[K] = (), xy: F64 | None = None) -> None:
        """Index the (N, 2) coordinates ``xy`` of ``keys`` at once.

        Raises ParameterError (numbers do not match or are not finite) and ConflictError (a key twice).
        """
        points = np.empty((0, 2)) if xy is None else np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
        listed = list(keys)
        if len(listed) != len(points) or not np.isfinite(points).all():
            raise ParameterError(f"{len(listed)} keys for {len(points)} points; each needs finite coordinates")
        self._places = {
            key: (place, float(x), float(y)) for place, (key, (x, y)) in enumerate(zip(listed, points, strict=True))
        }
        if len(self._places) != len(listed):
            raise ConflictError("a key occurs twice")
        self._keys = dict(enumerate(listed))
        self._next = len(listed)
        self._guard = RLock()
        shape = Property(dimension=2, leaf_capacity=_NODE, index_capacity=_NODE, fill_factor=_LEAST_FILL)
        numbers = np.arange(len(listed), dtype=np.int64)
        self._tree = Index((numbers, points, points), properties=shape) if listed else Index(properties=shape)

    def __len__(self) -> int:
        """Return how many points there are."""
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        """Return whether ``key`` is here."""
        return key in self._places

    def at(self, key: K) -> tuple[float, float]:
        """Return where ``key`` is. Raises NotFoundError."""
        return self._place(key)[1:]

    def insert(self, key: K, x: float, y: float) -> None:
        """Add a point. Raises ConflictError (the key is here) and ParameterError (no finite coordinates)."""
        _check(x, y)
        with self._guard:
            if key in self._places:
                raise ConflictError(f"{key} is here already; move it")
            self._add(key, x, y)

    def move(self, key: K, x: float, y: float) -> None:
        """Put a point elsewhere. Raises NotFoundError and ParameterError."""
        _check(x, y)
        with self._guard:
            self._take_out(key)
            self._add(key, x, y)

    def delete(self, key: K) -> None:
        """Take a point out. Raises NotFoundError."""
        with self._guard:
            self._take_out(key)

    def nearest(self, x: float, y: float, k: int = 1) -> list[Near[K]]:
        """Return the ``k`` nearest points, nearest first; where distances tie, by key as text."""
        _check(x, y)
        with self._guard:
            # The tree gives all that tie with the last, in no order.
            found = (
                [self._keys[place] for place in self._tree.nearest((x, y, x, y), k)] if self._places and k > 0 else []
            )
            near = [Near(key, float(np.hypot(self._places[key][1] - x, self._places[key][2] - y))) for key in found]
        return sorted(near, key=lambda one: (one.distance, str(one.key)))[: max(k, 0)]

    def within(self, west: float, south: float, east: float, north: float) -> list[K]:
        """Return the keys in a box, its edge included, in the order of their text. Raises ParameterError."""
        if not (west <= east and south <= north):
            raise ParameterError(f"{west}, {south}, {east}, {north} is no box")
        with self._guard:
            return sorted((self._keys[place] for place in self._tree.intersection((west, south, east, north))), key=str)

    def around(self, x: float, y: float, distance: float) -> list[Near[K]]:
        """Return the points at most ``distance`` away, nearest first."""
        keys = self.within(x - distance, y - distance, x + distance, y + distance)
        near = [Near(key, float(np.hypot(self.at(key)[0] - x, self.at(key)[1] - y))) for key in keys]
        return sorted((one for one in near if one.distance <= distance), key=lambda one: (one.distance, str(one.key)))

    def _add(self, key: K, x: float, y: float) -> None:
        place, self._next = self._next, self._next + 1
        self._tree.insert(place, (x, y, x, y))
        self._places[key], self._keys[place] = (place, x, y), key

    def _take_out(self, key: K) -> None:
        place, x, y = self._place(key)
        self._tree.delete(place, (x, y, x, y))
        del self._places[key], self._keys[place]

    def _place(self, key: K) -> tuple[int, float, float]:
        if key not in self._places:
            raise NotFoundError(f"{key} is not in the index")
        return self._places[key]


def edition_index(frame: gpd.GeoDataFrame, crs: str) -> shapely.STRtree:
    """Return a tree over the geometries of a layer in the metric ``crs``, in the order of its rows."""
    shapes = frame.geometry if frame.crs == crs else frame.geometry.to_crs(crs)
    return shapely.STRtree(shapes.to_numpy())


def _check(x: float, y: float) -> None:
    if not (np.isfinite(x) and np.isfinite(y)):
        raise ParameterError(f"{x}, {y} is no place: coordinates are finite numbers")
