"""What lies on land that is never shown is never shown either, whatever file it came from.

Land that is once known to be protected stays so: what any edition or the draft says of it counts in every edition, an
older or a restored one too.
"""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.city import CityData
from data.protected import protected_rows
from data.read.objects import inside
from data.stores.base import Store
from data.tiles import public_rows
from geo.errors import NotFoundError

Shapes = NDArray[np.object_]
LandKey = tuple[str, ...]

_CONTEXT: Final = "context"
_KEPT: Final = 64
"""Contexts whose land is remembered: one of each state of the context, not of each edition."""


@dataclass(slots=True)
class _Lands:
    """The protected land of one store's contexts, by the hash of the context, and that of all of one state."""

    by_sha: OrderedDict[str, Shapes] = field(default_factory=OrderedDict)
    key: LandKey = ()
    land: Shapes = field(default_factory=lambda: np.array([], dtype=object))
    guard: Lock = field(default_factory=Lock)


_KNOWN: Final[WeakKeyDictionary[Store, _Lands]] = WeakKeyDictionary()
_GUARD: Final = Lock()


def protected_land(context: gpd.GeoDataFrame) -> Shapes:
    """Return the polygons of a CONTEXT frame, in its CRS, that hide what lies in them: military sites and prisons."""
    out: Shapes = shapely.make_valid(context.geometry.to_numpy()[protected_rows(context)])
    return out


def land_key(store: Store) -> LandKey:
    """Return what tells two states of the protected land apart: what was made with it is kept under this key."""
    draft = store.draft_layers().get(_CONTEXT)  # first: what is published meanwhile is an edition's below
    shas = {one.layers[_CONTEXT].sha256 for one in store.editions() if _CONTEXT in one.layers}
    return tuple(sorted(shas if draft is None else {*shas, draft.sha256}))


def known_land(store: Store) -> Shapes:
    """Return the polygons (EPSG:4490) that any edition or the draft says are protected; read once a context.

    Raises DamagedError where an edition's context cannot be read: what it hides is not known then.
    """
    with _GUARD:
        lands = _KNOWN.setdefault(store, _Lands())
    with lands.guard:
        key = land_key(store)
        if key != lands.key:
            lands.land = _together(store, lands, key)
            lands.key = key
        return lands.land


def clear_of_protected(frame: gpd.GeoDataFrame, city: CityData) -> gpd.GeoDataFrame:
    """Return the rows of an edition's frame (EPSG:4490) that touch no protected land of any edition or the draft."""
    if not len(frame):
        return frame
    land = known_land(city.store)
    if not len(land):
        return frame
    hidden = np.zeros(len(frame), dtype=np.bool_)
    hidden[shapely.STRtree(frame.geometry.to_numpy()).query(land, predicate="intersects")[1]] = True
    return frame[~hidden]


def clear_context(city: CityData) -> gpd.GeoDataFrame:
    """Return an edition's context (EPSG:4490) without protected land of any edition or the draft and what lies in it.

    What only reaches into it, as a river does, stays. Raises NotFoundError where the edition has no context.
    """
    frame = city.frame(_CONTEXT)
    hidden = protected_rows(frame)
    land = known_land(city.store)
    return frame[~(hidden | inside(frame.geometry.to_numpy(), land))]


def _together(store: Store, lands: _Lands, key: LandKey) -> Shapes:
    """Return the land of all contexts of ``key``, each polygon once."""
    contexts = {one.layers[_CONTEXT].sha256: one for one in store.editions() if _CONTEXT in one.layers}
    shapes: list[shapely.Geometry] = []
    for sha in key:
        if sha in contexts:
            if sha not in lands.by_sha:
                lands.by_sha[sha] = protected_land(store.read(contexts[sha], _CONTEXT))
            lands.by_sha.move_to_end(sha)
            shapes.extend(lands.by_sha[sha])
        else:
            with suppress(NotFoundError):  # published or given up since: the next key says so
                shapes.extend(protected_land(store.read_draft(_CONTEXT)))
    while len(lands.by_sha) > _KEPT:
        lands.by_sha.popitem(last=False)
    by_bytes = {shapely.to_wkb(one): one for one in shapes}
    return np.array(list(by_bytes.values()), dtype=object)


def hidden_ids(city: CityData) -> frozenset[str]:
    """Return the ids of an edition's facilities that may not be shown to the public: internal, or on protected land."""

    def make() -> frozenset[str]:
        out: set[str] = set()
        for layer in city.edition.layers:
            if layer.startswith("facilities."):
                frame = city.frame(layer)
                shown = clear_of_protected(frame[public_rows(frame)], city)["FAC_ID"]
                out |= set(frame["FAC_ID"]) - set(shown)
        return frozenset(out)

    return city.keep("hidden facilities", make)
