"""What the web application asks first: the city, its areas, the circles."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import label

from api.run import Runner, bounds_of
from api.version import code_version
from data.city import CityData
from data.stores.base import Edition
from data.tile_specs import AREAS, CONTEXT, STREETS, circle_tiles, facility_tiles
from layers.circle import Circle
from layers.coverage import notices_of
from layers.display import seconds_per_unit

_TITLES = {"areas": ("行政区划", "Areas"), "streets": ("道路", "Streets"), "context": ("底图", "Base map")}
_KINDS = {"areas": "area", "streets": "streets", "context": "context"}
_FILLED = 0.1
_FOCUS_EDGES = (0.01, 0.99)
_CELL_DEG = 0.02
_LEVELS = ("city", "county", "zone", "township")


def describe_circles(runner: Runner) -> list[dict[str, Any]]:
    """Return the catalogue of circles as plain data."""
    return [_describe_circle(runner, circle) for circle in runner.circles.items]


def _describe_circle(runner: Runner, circle: Circle) -> dict[str, Any]:
    limit = circle.threshold()
    newest = runner.store.editions()[-1:]
    meta = newest[0].layers[circle.demand_layer].meta if newest and circle.demand_layer in newest[0].layers else {}
    own = circle.choices[0].rule
    unit, title = own.demand.label(meta)
    lacks = [layer for layer in circle.layers if not newest or layer not in newest[0].layers]
    modes = [
        {
            "id": one.id,
            "zh": one.title.zh,
            "en": one.title.en,
            "limit": None if one.rule.limit is None else {
                "value": one.rule.limit.standard.value, "unit": one.rule.limit.unit,
                "min": one.rule.limit.low, "max": one.rule.limit.high,
                "seconds_per_unit": seconds_per_unit(one.rule),
            },
            "facilities": [{"layer": f.layer, "kinds": list(f.where.get("KIND", ()))} for f in one.rule.all_facilities],
            "travel": list(circle.columns[one.id]),
            "same_demand": one.rule.demand == own.demand,
        }
        for one in circle.choices
    ]  # fmt: skip
    return {
        "id": circle.id,
        "title": circle.title.model_dump(),
        "threshold": {
            "value": limit.standard.value,
            "unit": limit.standard.unit,
            "min": limit.low,
            "max": limit.high,
        },
        "seconds_per_unit": seconds_per_unit(circle.choices[0].rule),
        "ready": not lacks,
        "lacks": [{"id": layer, **_layer_title(runner, layer)} for layer in lacks],
        "modes": modes,
        "default_mode": modes[0]["id"],
        "facility_layer": circle.facility_layer,
        "facility_layers": list(circle.facility_layers),
        "demand": {
            "layer": circle.demand_layer,
            "kind": own.demand.kind,
            "unit": unit,
            "zh": title.zh,
            "en": title.en,
        },
        "clause": {
            "text": limit.standard.clause,
            "source": f"{limit.standard.title}（{limit.standard.issued}）",
            "url": limit.standard.url,
            "confidence": limit.standard.confidence,
        },
    }


def _layer_title(runner: Runner, layer: str) -> dict[str, str]:
    """Return what people call a layer, whether the edition has it or not."""
    group, _, rest = layer.partition(".")
    if group == "facilities":
        return runner.facility_layers[rest].title.model_dump()
    zh, en = _TITLES.get(layer, ("需求", f"Demand ({rest})"))
    return {"zh": zh, "en": en}


def describe_session(runner: Runner) -> dict[str, Any]:
    """Return the city, its newest edition and how to draw it. Raises NotFoundError where nothing is published."""
    edition = runner.store.edition()
    city = runner.city_data(edition)
    metas = [entry.meta for entry in edition.layers.values()]
    demand = _people(edition)
    extent = city.frame("areas") if city.has("areas") else city.frame("streets")
    return {
        "city": {"code": edition.city.code, "name": edition.city.name, "name_en": edition.city.name_en},
        "edition": edition.id,
        "edition_sha256": edition.sha256,
        "published_at": edition.published_at.isoformat(),
        "notices": notices_of(city, list(edition.layers)),
        "attribution": runner.attribution(edition),
        "review_no": runner.settings.map_review_no or None,
        "bounds": bounds_of(extent),
        "focus": _focus(city.frame(demand)) if demand and len(city.frame(demand)) else bounds_of(extent),
        "synthetic": any(meta.get("notice_kind") == "synthetic" for meta in metas),
        "layers": [_describe_layer(runner, edition, name) for name in runner.tile_layers(edition)],
    }


def _describe_layer(runner: Runner, edition: Edition, name: str) -> dict[str, Any]:
    group, _, rest = name.partition(".")
    base = {"areas": AREAS, "streets": STREETS, "context": CONTEXT}
    made_of = f"{edition.sha256[:12]}-{code_version().partition('+')[2]}-{runner.settings.public_decimals}"
    tiles = f"/tiles/{edition.id}/{name}/{{z}}/{{x}}/{{y}}.mvt?v={made_of}"  # another workspace, another address
    out: dict[str, Any] = {"id": name, "tiles": tiles}
    if group == "facilities":
        layer = runner.facility_layers[rest]
        spec = facility_tiles(name)
        out |= {"kind": "facility", "title": layer.title.model_dump(), "colour": layer.colour, "shape": layer.shape}
    elif group == "circles":
        spec = circle_tiles(rest)
        out |= {"kind": "circle", "title": runner.circles[rest].title.model_dump()}
    else:
        spec = base[name]
        out |= {"kind": _KINDS[name], "title": _layer_title(runner, name)}
    return out | {"minzoom": spec.minzoom, "maxzoom": spec.maxzoom}


def _focus(demand: gpd.GeoDataFrame) -> list[float]:
    """Return the box of the heaviest cluster of well-filled cells, in degrees: where the map opens."""
    xy = shapely.get_coordinates(demand.geometry.to_numpy())
    weight = demand["weight"].to_numpy()
    cell = np.floor(xy / _CELL_DEG).astype(np.int64)
    cell -= cell.min(axis=0)
    held = np.zeros(cell.max(axis=0) + 1)
    np.add.at(held, (cell[:, 0], cell[:, 1]), weight)
    clusters = label(held >= _FILLED * held.max(), structure=np.ones((3, 3)))[0]
    heaviest = np.argmax(np.bincount(clusters.ravel(), weights=held.ravel())[1:]) + 1
    inside = clusters[cell[:, 0], cell[:, 1]] == heaviest
    west, east = _quantiles(xy[inside, 0], weight[inside])
    south, north = _quantiles(xy[inside, 1], weight[inside])
    return [round(v, 4) for v in (west, south, east, north)]


def _quantiles(values: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    order = np.argsort(values)
    share = np.cumsum(weight[order]) / max(float(weight.sum()), 1e-12)
    low, high = np.interp(_FOCUS_EDGES, share, values[order])
    return float(low), float(high)


def describe_areas(runner: Runner) -> list[dict[str, Any]]:
    """Return city, counties, functional zones and townships with their boxes; none where the edition has no areas.

    ``point`` is the middle of the area's demand, where a name or a view belongs; null where nobody lives.
    """
    city = runner.city_data(runner.store.edition())
    areas = city.areas
    if areas is None:
        return []
    picked = areas[areas["level"].isin(_LEVELS)].drop_duplicates("code")
    boxes = np.round(picked.geometry.bounds.to_numpy(), 4)
    middles = _middles(city)
    columns = [picked[name] for name in ("code", "name", "name_en", "level", "parent", "synthetic")]
    return [
        {
            "code": code,
            "name": name,
            "name_en": _text(name_en) or (city.edition.city.name_en if level == "city" else None),
            "level": level,
            "parent": _text(parent),
            "bbox": [float(v) for v in box],
            "point": middles.get(code),
            "synthetic": bool(synthetic),
        }
        for code, name, name_en, level, parent, synthetic, box in zip(*columns, boxes, strict=True)
    ]


def _people(edition: Edition) -> str | None:
    """Return the layer that tells where people live: all residents, else the first demand there is."""
    layers = sorted(name for name in edition.layers if name.startswith("demand."))
    return "demand.residents" if "demand.residents" in layers else next(iter(layers), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _middles(city: CityData) -> dict[str, list[float]]:
    """Return, per county and township, the weighted median place of its demand, degrees."""
    layer = _people(city.edition)
    if layer is None:
        return {}
    xy = shapely.get_coordinates(city.frame(layer).geometry.to_numpy())
    weight = city.frame(layer)["weight"].to_numpy()
    out = {}
    for level in ("county", "township"):
        codes = city.codes_of(layer)[level]
        order = np.argsort(codes, kind="stable")
        for rows in np.split(order, np.flatnonzero(codes[order][1:] != codes[order][:-1]) + 1):
            if len(rows) and codes[rows[0]]:
                out[str(codes[rows[0]])] = [round(_median(xy[rows, i], weight[rows]), 4) for i in (0, 1)]
    return out


def _median(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2.0)])
