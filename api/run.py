"""The use cases: what the command line and HTTP both call."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any, Final, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from pydantic import ValidationError

from api.executor import Serial, open_executor
from api.places import as_of, named_day, resolve_area
from api.settings import Settings
from api.version import code_version
from data.city import CityData
from data.frames import CRS_KEPT
from data.product import Product
from data.publicity import clear_context, clear_of_protected, land_key
from data.standards import standards_sha256
from data.stores.base import Edition, Store, canonical_json
from data.stores.cache import ResultCache
from data.tile_specs import AREAS, CONTEXT, STREETS, TileSpec, circle_tiles, facility_tiles
from data.tiles import TileLayer, tile_layer
from geo.crs import project
from geo.errors import NotFoundError, ParameterError
from layers.answer import CircleAnswer, Provenance
from layers.base import WHOLE, AreaScope, CircleParams, Cut, FacilityLayer, Registry
from layers.circle import Circle
from layers.display import demand_times, reach_polygon

T = TypeVar("T")
_TILES: Final = 16
_DISPLAY_DEGREES: Final = 1e-5
_BASE_TILES: Final[Mapping[str, TileSpec]] = {"areas": AREAS, "streets": STREETS, "context": CONTEXT}


class Once:
    """Values made once per key, however many threads ask; the newest ``room`` are kept."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: dict[Hashable, Any] = {}
        self._locks: dict[Hashable, Lock] = {}
        self._guard = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of ``key``, made by ``make`` where there is none; what ``make`` raises is not kept."""
        with self._guard:
            if key in self._values:
                found: T = self._values[key]
                return found
            lock = self._locks.setdefault(key, Lock())
        with lock:
            with self._guard:
                if key in self._values:
                    again: T = self._values[key]
                    return again
            try:
                value = make()
            finally:
                with self._guard:
                    self._locks.pop(key, None)
            with self._guard:
                self._values[key] = value
                while len(self._values) > self._room:
                    del self._values[next(iter(self._values))]
            return value


@dataclass(eq=False)
class Runner:
    """A store, the registries and the settings, put together in ``api/wiring.py``."""

    store: Store
    circles: Registry[Circle]
    facility_layers: Registry[FacilityLayer]
    settings: Settings
    results: ResultCache
    _cities: Once = field(default_factory=lambda: Once(2))
    _measured: Once = field(default_factory=lambda: Once(4))
    _tiles: Once = field(default_factory=lambda: Once(32))
    _polygons: Once = field(default_factory=lambda: Once(64))
    _fields: Once = field(default_factory=lambda: Once(8))
    _scopes: Once = field(default_factory=lambda: Once(4096))

    def city_data(self, edition: Edition, at: date | None = None) -> CityData:
        """Return an edition's layers, loaded once; ``at`` names a day whose areas are meant."""
        if at is not None:
            return self._cities.get((edition.sha256, at), lambda: self.city_data(edition).on(at))
        return self._cities.get(edition.sha256, lambda: CityData(self.store, edition))

    def measured(self, circle: Circle, edition: Edition, at: date | None = None) -> Any:
        """Return a circle's travel times for an edition, measured once."""
        key = (circle.id, circle.version, edition.sha256, at)
        return self._measured.get(key, lambda: self._measure(circle, self.city_data(edition, at)))

    def _measure(self, circle: Circle, city: CityData) -> Any:
        """Measure here, or cut into tiles where the executor works elsewhere."""
        with open_executor(self.settings.executor) as executor:
            return circle.measure(city, WHOLE if isinstance(executor, Serial) else Cut(_TILES, executor.map))

    def area(self, edition: Edition, text: str | None) -> AreaScope:
        """Return the one area ``text`` means, on the day after its ``@``; raises NotFoundError, AmbiguousError."""
        name, at = named_day(text)

        def find() -> AreaScope:
            areas = self.city_data(edition, at).areas if name else None
            return resolve_area(edition.city, areas, name, at=at)

        return self._scopes.get((edition.sha256, name, at), find)

    def params(self, circle: Circle, given: Mapping[str, Any]) -> CircleParams:
        """Return the circle's validated parameters; absent ones take their defaults.

        Raises ParameterError naming every parameter that is unknown or does not fit.
        """
        try:
            return circle.params.model_validate({k: v for k, v in given.items() if v is not None})
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(x) for x in f['loc'])}: {f['msg']} (given: {f.get('input')!r})" for f in error.errors()
            )
            raise ParameterError(f"parameters of {circle.id}: {faults}") from None

    def answer(
        self, circle_id: str, *, area: str | None = None, edition: str | None = None, **given: Any
    ) -> CircleAnswer:
        """Return a circle's answer with its provenance, from the result cache where it was asked before."""
        circle = self.circles[circle_id]
        params = self.params(circle, given)
        chosen = self.store.edition(edition)
        scope = self.area(chosen, area)
        key = (
            "answer",
            circle.id,
            str(circle.version),
            scope.code if scope.at is None else f"{scope.code}@{scope.at}",
            canonical_json(params.model_dump()),
            chosen.id,
            chosen.sha256,
            standards_sha256(),
            code_version(),
        )
        kept = self.results.get(key)
        if kept is not None:
            return CircleAnswer.model_validate(kept.value)
        more: dict[str, Any] = {"provenance": self.provenance(chosen)}
        if scope.at is not None:
            more["conversion"] = as_of(scope.at)
        answer = circle.answer(self.measured(circle, chosen, scope.at), params, scope).model_copy(update=more)
        self.results.put(key, answer.model_dump(mode="json"))
        return answer

    def provenance(self, edition: Edition) -> Provenance:
        """Return what an answer computed now is made from and with."""
        return Provenance(
            edition_sha256=edition.sha256,
            code_version=code_version(),
            standards_sha256=standards_sha256(),
            computed_at=datetime.now(UTC).replace(microsecond=0),
        )

    def products(
        self, circle_id: str, *, area: str | None = None, edition: str | None = None, **given: Any
    ) -> tuple[CircleAnswer, list[Product]]:
        """Return the answer and the frames a circle delivers for an area."""
        circle = self.circles[circle_id]
        answer = self.answer(circle_id, area=area, edition=edition, **given)
        chosen = self.store.edition(edition)
        params = self.params(circle, given)
        block = answer.model_dump(mode="json", exclude={"by_area", "variants"})
        scope = self.area(chosen, area)
        return answer, circle.products(self.measured(circle, chosen, scope.at), params, scope, block)

    def polygon(self, circle_id: str, *, edition: str | None = None, **given: Any) -> dict[str, Any]:
        """Return the circle's display polygon as a GeoJSON FeatureCollection, WGS 84 longitude and latitude."""
        circle = self.circles[circle_id]
        params = self.params(circle, given)
        chosen = self.store.edition(edition)
        key = (circle.id, chosen.sha256, canonical_json(params.model_dump()))

        def draw() -> dict[str, Any]:
            shape = reach_polygon(circle, self.measured(circle, chosen), params, self._fields)
            return _as_geojson(shape, self.city_data(chosen).crs, params.model_dump(mode="json"))

        return self._polygons.get(key, draw)

    def tile(self, edition: str, layer: str, z: int, x: int, y: int) -> bytes:
        """Return one vector tile. Raises NotFoundError for an unknown edition or layer."""
        chosen = self.store.edition(edition)
        return self.tile_layer(chosen, layer).tile(z, x, y)

    def tile_layer(self, edition: Edition, layer: str) -> TileLayer:
        """Return a layer of an edition ready to be cut into tiles, prepared once."""
        # What is learnt to be protected later hides it in every edition.
        key = (edition.sha256, layer, land_key(self.store))
        return self._tiles.get(key, lambda: self._prepare_tiles(edition, layer))

    def _prepare_tiles(self, edition: Edition, layer: str) -> TileLayer:
        city = self.city_data(edition)
        decimals = self.settings.public_decimals
        if layer in _BASE_TILES and city.has(layer):
            now = city.areas if layer == "areas" else clear_context(city) if layer == "context" else None
            return tile_layer(city.frame(layer) if now is None else now, _BASE_TILES[layer])
        group, _, name = layer.partition(".")
        if group == "facilities" and city.has(layer) and self.facility_layers[name].tier == "public":
            shown = clear_of_protected(city.frame(layer), city)
            return tile_layer(shown, facility_tiles(layer), decimals=decimals)
        if group == "circles":
            circle = self.circles[name]
            times = demand_times(circle, self.measured(circle, edition))
            own = [column for column in times if column.endswith("_s")]
            spec = circle_tiles(name, own, named=bool(times["name"].notna().any()))
            return tile_layer(times, spec, decimals=decimals)
        raise NotFoundError(f"edition {edition.id} has no tiles of {layer!r}")

    def attribution(self, edition: Edition) -> list[str]:
        """Return whom an edition's layers name as their source, each once."""
        names: dict[str, None] = {}
        for entry in edition.layers.values():
            names.update(dict.fromkeys(entry.meta.get("attribution", ())))
        return list(names)

    def tile_layers(self, edition: Edition) -> list[str]:
        """Return the names of the layers an edition has tiles of."""
        base = [name for name in _BASE_TILES if name in edition.layers]
        public = [x.layer for x in self.facility_layers.items if x.tier == "public" and x.layer in edition.layers]
        served = [f"circles.{c.id}" for c in self.circles.items if all(layer in edition.layers for layer in c.layers)]
        return [*base, *public, *served]

    def warm(self) -> None:
        """Do ahead what the first visitor would wait for; nothing where nothing is published yet."""
        for edition in self.store.editions()[-1:]:
            for layer in self.tile_layers(edition):
                self.tile_layer(edition, layer)
            for circle in self.circles.items:
                if f"circles.{circle.id}" in self.tile_layers(edition):
                    self.answer(circle.id)


def _as_geojson(shape: shapely.Geometry, crs: str, properties: dict[str, Any]) -> dict[str, Any]:
    lonlat = shapely.set_precision(shapely.transform(shape, lambda xy: project(xy, crs, CRS_KEPT)), _DISPLAY_DEGREES)
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": shapely.geometry.mapping(part), "properties": properties}
            for part in shapely.get_parts(lonlat)
            if not part.is_empty
        ],
    }


def bounds_of(frame: gpd.GeoDataFrame) -> list[float]:
    """Return [west, south, east, north] of a frame, degrees, rounded outward to 4 decimals."""
    west, south, east, north = (float(x) for x in frame.total_bounds)
    return [
        float(np.floor(west * 1e4) / 1e4),
        float(np.floor(south * 1e4) / 1e4),
        float(np.ceil(east * 1e4) / 1e4),
        float(np.ceil(north * 1e4) / 1e4),
    ]
