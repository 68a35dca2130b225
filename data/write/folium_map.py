"""One circle as one HTML file that opens from disk with the network off; the only module that knows folium.

Leaflet's script, style and images come from the package ``js_lib_leaflet`` and stand in the file itself. There is no
basemap: boundaries, water, facilities and homes are the map.
"""

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import Element, MacroElement
from folium.template import Template
from numpy.typing import NDArray

from data.frames import CRS_KEPT
from data.tiles import public_rows
from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError

_MOST_DOTS: Final = 30_000
_CELL_DEG: Final = 0.001
_FOCUS: Final = (0.05, 0.95)
_UNITS: Final = {"persons": "人", "m2": "平方米"}
_DEMANDS: Final = {"persons": "居民", "m2": "居住建筑面积"}
_MODES: Final = {"either": "步行或骑行", "walk": "步行", "cycle": "骑行"}
_FACTS: Final = {
    "edition_sha256": "数据校验",
    "standards_sha256": "标准校验",
    "code_version": "程序版本",
    "computed_at": "计算时间",
}
_NAMES: Final = {
    "polygon": "圈（可达范围）",
    "served": "圈内需求点",
    "unserved": "圈外需求点",
    "facilities": "设施",
    "labels": "区县名",
}


def folium_map(
    *,
    areas: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    answer: Mapping[str, Any],
    title: str,
    polygon: Mapping[str, Any] | None = None,
    context: gpd.GeoDataFrame | None = None,
    notices: Sequence[Mapping[str, str]] = (),
    attribution: Sequence[str] = (),
    review_no: str | None = None,
    decimals: int = 4,
) -> str:
    """Return the page as HTML.

    ``areas`` (code, name, level), ``facilities`` (NAME), ``demand`` (weight, served) and ``context`` (kind, name,
    public; its public water is drawn) are in EPSG:4490. ``polygon`` is a GeoJSON FeatureCollection, ``answer`` the
    circle's JSON. Homes are summed in cells apart for served and unserved, so that the dots' weights stay exact;
    positions are rounded to ``decimals``. Without ``review_no`` (审图号) the map says 内部资料.

    Raises MissingCRSError, CRSMismatchError, and InputError where a column is absent.
    """
    _check(areas, ("name", "level"), "areas")
    _check(facilities, ("NAME",), "facilities")
    _check(demand, ("weight", "served"), "demand")
    dots, cell = _dots(demand, decimals)
    levels = areas["level"]
    shown = areas[levels.isin(["county"]) if (levels == "county").any() else levels.notna()]
    west, south, east, north = (round(edge, decimals) for edge in _focus(shown, demand))
    page = _page((west + east) / 2, (south + north) / 2)
    shape_layer = _ground(page, shown, context, polygon)
    weights = [dot[2] for group in dots for dot in group]
    content = {
        "focus": [[south, west], [north, east]],
        "dots": dots,
        "scale": 10**decimals,
        "reference": float(np.mean(weights)) if weights else 1.0,
        "facilities": _places(facilities[public_rows(facilities)], "NAME", decimals),
        "labels": _places(shown, "name", decimals),
        "panel": _panel(answer, title, notices, cell),
        "mark": f"审图号：{review_no}" if review_no else "内部资料",
        "attribution": html.escape(" · ".join(attribution)),
    }
    page.add_child(_Script(content, shape_layer))
    rendered: str = page.get_root().render()
    return rendered


def _check(frame: gpd.GeoDataFrame, columns: Sequence[str], name: str) -> None:
    if frame.crs is None:
        raise MissingCRSError(f"{name} has no CRS")
    if frame.crs != CRS_KEPT:
        raise CRSMismatchError(f"{name} is in {frame.crs.to_string()}, the map is made from {CRS_KEPT}")
    faults = [
        Fault("missing_column", f"{name} has no column {key}.", "add it.", column=key)
        for key in columns
        if key not in frame
    ]
    if faults:
        raise InputError(faults)


def _dots(demand: gpd.GeoDataFrame, decimals: int) -> tuple[list[list[list[float]]], float]:
    """Return [unserved, served] lists of [lon·10ᵈ, lat·10ᵈ, weight], and the side of the cells in degrees.

    d is ``decimals``: no home is drawn nearer to its place than is public.
    """
    lonlat = shapely.get_coordinates(demand.geometry.to_numpy())
    weight = demand["weight"].to_numpy(np.float64)
    served = demand["served"].to_numpy(np.bool_)
    cell = _CELL_DEG / 4
    while True:
        cells = np.floor(lonlat / cell).astype(np.int64)
        key = pd.DataFrame({"x": cells[:, 0], "y": cells[:, 1], "served": served})
        group = key.groupby(["x", "y", "served"], sort=True).ngroup().to_numpy()
        count = int(group.max(initial=-1)) + 1
        if count <= _MOST_DOTS:
            break
        cell *= 2
    total = np.bincount(group, weight, minlength=count)
    # positions weigh by people; a cell of nobody keeps the mean of its points
    pull = np.where(total[group] > 0, weight, 1.0)
    mass = np.bincount(group, pull, minlength=count)
    middle = np.column_stack([np.bincount(group, pull * lonlat[:, axis], minlength=count) / mass for axis in (0, 1)])
    inside = np.zeros(count, np.bool_)
    inside[group] = served
    rows = np.column_stack([np.rint(middle * 10.0**decimals), np.round(total, 1)])
    return [rows[~inside].tolist(), rows[inside].tolist()], cell


def _places(frame: gpd.GeoDataFrame, key: str, decimals: int) -> list[list[Any]]:
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    xy: NDArray[np.float64] = np.round(shapely.get_coordinates(points), decimals)
    names = frame[key].astype("object").where(frame[key].notna(), "").tolist()
    return [[x, y, str(name)] for (x, y), name in zip(xy.tolist(), names, strict=True)]


def _focus(areas: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the box the map opens on: where most of the demand is, along either axis, else the areas."""
    lonlat = shapely.get_coordinates(demand.geometry.to_numpy())
    weight = demand["weight"].to_numpy(np.float64)
    edges = []
    for axis in (0, 1):
        order = np.argsort(lonlat[:, axis], kind="stable")
        share = np.cumsum(weight[order])
        if len(order) and share[-1] > 0:
            edges.append(lonlat[order[np.searchsorted(share, np.array(_FOCUS) * share[-1])], axis])
    if len(edges) == 2 and edges[0][0] < edges[0][1] and edges[1][0] < edges[1][1]:
        return float(edges[0][0]), float(edges[1][0]), float(edges[0][1]), float(edges[1][1])
    west, south, east, north = areas.total_bounds.tolist()
    return west, south, east, north


def _page(lon: float, lat: float) -> folium.Map:
    page = folium.Map(
        location=[lat, lon], tiles=None, prefer_canvas=True, zoom_control="bottomleft", zoom_start=11, min_zoom=5
    )
    page.default_js, page.default_css = [], []
    package = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    script = (package / "leaflet.js").read_text("utf-8").split("//# sourceMappingURL")[0]
    style = re.sub(
        r"url\(images/([\w.-]+)\)",
        lambda found: (
            "url(data:image/png;base64," + base64.b64encode((package / "images" / found[1]).read_bytes()).decode() + ")"
        ),
        (package / "leaflet.css").read_text("utf-8"),
    )
    own = (files("data.write") / "folium_map.css").read_text("utf-8")
    root: Any = page.get_root()
    # the texts are no templates, though they have braces
    for tag, text in (("style", style), ("script", script), ("style", own)):
        root.header.add_child(Element(f"{{% raw %}}<{tag}>{text}</{tag}>{{% endraw %}}"))
    return page


def _ground(
    page: folium.Map,
    areas: gpd.GeoDataFrame,
    context: gpd.GeoDataFrame | None,
    polygon: Mapping[str, Any] | None,
) -> str | None:
    """Add polygon, water and boundaries, from below; return the script's name of the polygon's layer."""
    name = None
    if polygon and polygon.get("features"):
        look = {"color": "#0b7a75", "weight": 1, "opacity": 0.5, "fillColor": "#0b7a75", "fillOpacity": 0.12}
        bare = [{**feature, "properties": {}} for feature in polygon["features"]]
        layer = _geojson({"type": "FeatureCollection", "features": bare}, look)
        layer.add_to(page)
        name = layer.get_name()
    if context is not None and len(context):
        _check(context, ("kind", "public"), "context")
        water = context[public_rows(context) & context["kind"].isin(["water", "river"]).to_numpy()]
        look = {"color": "#a9cfe3", "weight": 2, "fillColor": "#a9cfe3", "fillOpacity": 1.0}
        _shapes(page, water, look)
    _shapes(page, areas, {"color": "#7d8a93", "weight": 1.2, "dashArray": "6 3", "fill": False})
    return name


def _shapes(page: folium.Map, frame: gpd.GeoDataFrame, look: Mapping[str, Any]) -> None:
    shapes = frame.geometry.to_numpy()
    shapes = shapes[~shapely.is_missing(shapes) & ~np.isin(shapely.get_type_id(shapes), (0, 4))]
    if not len(shapes):
        return
    # 0.0002° is under a pixel until zoom 13; no topology is needed where only the drawing counts
    drawn = shapely.transform(shapely.simplify(shapely.force_2d(shapes), 0.0002), lambda xy: np.round(xy, 5))
    features = [
        {"type": "Feature", "properties": {}, "geometry": json.loads(text)}
        for text in shapely.to_geojson(drawn).tolist()
    ]
    _geojson({"type": "FeatureCollection", "features": features}, look).add_to(page)


def _geojson(content: Mapping[str, Any], look: Mapping[str, Any]) -> folium.GeoJson:
    return folium.GeoJson(content, style_function=lambda _: dict(look), control=False, interactive=False)


class _Script(MacroElement):
    """The part of the page that is Quantu's own: dots, facilities, labels, panel."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var quantu_data = {{ this.content }};
        quantu_data.polygonLayer = {{ this.polygon }};
        {{ this.code }}({{ this._parent.get_name() }}, quantu_data, {{ this.names }});
        {% endmacro %}
        """
    )

    def __init__(self, content: Mapping[str, Any], polygon: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Quantu"
        self.content = _script_json(content)
        self.names = _script_json(_NAMES)
        self.polygon = polygon or "null"
        self.code = (files("data.write") / "folium_map.js").read_text("utf-8").strip()


def _script_json(content: Any) -> str:
    """Return JSON that can neither end the script it stands in nor speak to the template it passes through."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in ("<", ">", "\u2028", "\u2029"):
        text = text.replace(char, f"\\u{ord(char):04x}")
    # folium renders what a macro made once more as a template; two braces in a row occur within texts only
    for opening in ("{{", "{%", "{#"):
        text = text.replace(opening, f"\\u007b\\u{ord(opening[1]):04x}")
    return text


def _percent(rate: float | None) -> str:
    return "—" if rate is None else f"{100 * rate:.1f} %"


def _panel(answer: Mapping[str, Any], title: str, notices: Sequence[Mapping[str, str]], cell: float) -> str:
    """Return the panel's HTML: question, answer, clause, straight line, counties, legend, provenance."""
    told = html.escape
    demand, parameters = answer["demand"], answer["parameters"]
    unit = _UNITS.get(demand["unit"], "个")
    who = _DEMANDS.get(demand["unit"], str(demand.get("title", {}).get("zh", demand["kind"])))
    outside = demand["total"] - demand["covered"]
    asked = str(parameters.get("mode", ""))
    named = {one["id"]: one["title"]["zh"] for one in answer.get("variants") or () if "title" in one}
    mode = str(named.get(asked, _MODES.get(asked, asked)))
    within = "已覆盖"
    if "minutes" in parameters:
        within = f"在 {parameters['minutes']:g} 分钟内到达"
    elif "metres" in parameters:
        within = f"在沿街 {parameters['metres']:g} 米内到达"
    parts = [f"<h1>{told(title)}</h1>"]
    parts += [f'<p><span class="q-notice">{told(notice["zh"])}</span></p>' for notice in notices]
    parts.append(f'<p class="q-small">{told(str(answer["area"]["name"]))} · {told(mode)}</p>')
    parts.append(
        f'<p><span class="q-big">{_percent(demand["rate"])}</span> 的{told(who)}{within}；'
        f"{outside:,.0f} {told(unit)}在圈外。</p>"
    )
    parts.append(_beside(answer))
    clause = answer.get("clause") or {}
    parts.append(
        f'<p class="q-small">依据：{told(str(clause.get("text", "")))}（{told(str(clause.get("source", "")))}）<br>'
        f"版次 {told(str(answer['edition']))}</p>"
    )
    parts.append(_by_area(answer))
    parts.append(_legend(unit, cell))
    facts = [
        f"{told(_FACTS.get(key, key))} {told(str(value))}" for key, value in (answer.get("provenance") or {}).items()
    ]
    parts.append(f'<p class="q-small">{"<br>".join(facts)}</p>')
    return "".join(parts)


def _beside(answer: Mapping[str, Any]) -> str:
    lines = [
        f"{html.escape(str(variant['title']['zh']))} {_percent(variant['rate'])}"
        for variant in answer.get("variants") or ()
    ]
    straight, rate = answer.get("straight_line") or {}, answer["demand"]["rate"]
    if straight.get("rate") is not None and rate is not None:
        points = 100 * (straight["rate"] - rate)
        lines.append(f"直线法 {_percent(straight['rate'])}，高估 {points:.1f} 个百分点")
    return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def _by_area(answer: Mapping[str, Any]) -> str:
    rows = [row for row in answer.get("by_area") or () if row.get("level") == "county" and row["rate"] is not None]
    cells = "".join(
        f"<tr><td>{html.escape(str(row['name']))}</td>"
        f'<td><span class="q-bar"><i style="width:{100 * row["rate"]:.1f}%"></i></span></td>'
        f"<td>{_percent(row['rate'])}</td></tr>"
        for row in sorted(rows, key=lambda row: float(row["rate"]))
    )
    return f"<table>{cells}</table>" if cells else ""


def _legend(unit: str, cell: float) -> str:
    def key(shape: str, text: str) -> str:
        return f'<div class="q-key"><svg width="16" height="16" viewBox="0 0 16 16">{shape}</svg>{text}</div>'

    metres = round(cell * 111_320)
    return (
        "<div>"
        + key('<circle cx="8" cy="8" r="5" fill="#0b7a75"/>', "圈内")
        + key('<circle cx="8" cy="8" r="5" fill="#f2a03d" stroke="#8a4b08" stroke-width="1.5"/>', "圈外（盲区）")
        + key('<path d="M8 2l6 6-6 6-6-6z" fill="#0072b2" stroke="#fff"/>', "设施")
        + f'<p class="q-small">圆点大小表示{html.escape(unit)}数，约 {metres} 米网格内合计。</p></div>'
    )
