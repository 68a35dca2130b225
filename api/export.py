"""Results as files: one circle in any format, and as a self-contained map."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import geopandas as gpd

from api.run import Runner
from data.frames import AREAS, CRS_KEPT
from data.product import Product
from data.write.delivery import Options, aside, delivery
from data.write.formats import format_named, write
from geo.errors import NotFoundError, ParameterError

_TITLES = {"areas": "各区县乡镇覆盖率", "demand": "需求点", "facilities": "可用设施（含范围外）"}


def export(
    runner: Runner,
    circle: str,
    form: str,
    path: Path,
    *,
    layer: str | None = None,
    crs: str = "EPSG:4490",
    encoding: str = "gbk",
    **given: Any,
) -> tuple[Path, ...]:
    """Write a circle's products to ``path`` and return the paths written.

    GeoPackage and shapefile hold all of areas, demand and facilities; other formats the one named ``layer``
    (areas where there are any). Raises ParameterError for an unknown format or layer.
    """
    answer, products = runner.products(circle, **given)
    picked = _pick(products, layer, every=format_named(form).several)
    ready = [
        delivery(
            f"{circle.replace('-', '_')}_{p.name}",
            p.frame,
            p.columns,
            p.provenance,
            title=f"{answer.title.zh}·{answer.area.name}·{_TITLES[p.name]}",
        )
        for p in picked
    ]
    return write(ready, path, form, Options(crs=crs, encoding=encoding, decimals=runner.settings.public_decimals))


def _pick(products: Sequence[Product], layer: str | None, *, every: bool) -> list[Product]:
    names = [p.name for p in products]
    if layer is None:
        return list(products) if every else [products[0]]
    if layer not in names:
        raise ParameterError(f"no layer {layer!r} in this circle; it has {', '.join(names)}")
    return [p for p in products if p.name == layer]


def write_map(runner: Runner, circle_id: str, path: Path, **given: Any) -> None:
    """Write a circle's map as one self-contained HTML file to ``path``, whole or not at all."""
    from data.write.folium_map import folium_map

    answer = runner.answer(circle_id, **given)
    edition = runner.store.edition(answer.edition)
    city = runner.city_data(edition)
    _, products = runner.products(circle_id, **{**given, "edition": edition.id})
    by_name = {p.name: p.frame for p in products}
    points = by_name["demand"].rename(columns={"WEIGHT": "weight", "COVERED": "served"})
    parameters = {k: given[k] for k in given if k not in {"area", "edition"}}
    drawn = None
    with suppress(NotFoundError):  # what is no travel draws no reach
        drawn = runner.polygon(circle_id, edition=edition.id, **parameters)
    page = folium_map(
        areas=city.areas if city.areas is not None else _no_areas(),
        facilities=by_name["facilities"],
        demand=points,
        answer=answer.model_dump(mode="json"),
        title=f"{answer.title.zh} · {answer.area.name}",
        polygon=drawn,
        context=city.frame("context") if city.has("context") else None,
        notices=[{"zh": n.zh, "en": n.en} for n in answer.notices],
        attribution=runner.attribution(edition),
        review_no=runner.settings.map_review_no or None,
        decimals=runner.settings.public_decimals,
    )
    with aside(path) as written:
        written.write_text(page, encoding="utf-8")


def _no_areas() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: [] for name in AREAS.columns}, geometry=[], crs=CRS_KEPT)
