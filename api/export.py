"""Results as files: one circle in any format, and as a self-contained map."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api.run import Runner
from data.product import Product
from data.write.delivery import Options, delivery
from data.write.formats import PACKED, write
from geo.errors import ParameterError

_TITLES = {"areas": "各区县乡镇覆盖率", "demand": "需求点", "facilities": "设施"}


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
    picked = _pick(products, layer, every=form in PACKED)
    ready = [
        delivery(
            f"{circle}_{p.name}",
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
