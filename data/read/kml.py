"""KML placemarks: GDAL's drivers lose Chinese names of extended data, so the elements are read here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import shapely
from defusedxml.ElementTree import iterparse
from numpy.typing import NDArray
from pyproj import CRS
from shapely.errors import ShapelyError

from data.read.markup import check_xml
from data.read.vectors import Layer
from geo.errors import Fault, InputError

_TEXTS: Final = ("name", "description", "address", "phoneNumber")
_FOLDERS: Final = {"Folder", "Document"}
_SHAPES: Final = {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack"}


def read_kml(path: Path, *, folder: str | None, file: str) -> Layer:
    """Return the placemarks of a KML file, of one folder where it is named, in longitude and latitude (EPSG:4326).

    Columns: name, description (as written, HTML too), address, phoneNumber, folder (joined with "/"), and every name
    of the extended data; columns without any value are left out. A geometry that is damaged is a fault of its row.
    Raises InputError for damaged XML and for no such folder.
    """
    with path.open("rb") as stream:
        check_xml(stream, file=file)
    records: list[dict[str, str]] = []
    shapes: list[shapely.Geometry | None] = []
    notices: list[Fault] = []
    seen: dict[str, None] = {}
    number = -1
    try:
        for number, (element, folders) in enumerate(_placemarks(path)):
            where = "/".join(folders)
            seen[where] = None
            if folder is not None and folder not in {where, *folders}:
                continue
            records.append({**_attributes(element), **({"folder": where} if where else {})})
            try:
                shapes.append(_geometry(element))
            except (ValueError, ShapelyError) as error:
                shapes.append(None)
                message = f"the geometry cannot be read ({error})."
                notices.append(Fault("no_position", message, "draw it anew.", file, number, "geometry"))
    except ParseError as error:
        raise InputError(
            Fault("unreadable", f"the KML is damaged ({error}).", "hand in a whole file.", file)
        ) from error
    if folder is not None and not records:
        listed = "、".join(list(seen)[:20])
        raise InputError(Fault("no_layer", f"no folder {folder!r}; it has {listed}.", "name one of them.", file))
    geometry = np.empty(len(shapes), dtype=object)
    geometry[:] = shapes
    rows = np.arange(len(records), dtype=np.int64)
    return Layer(_columns(records), geometry, CRS.from_epsg(4326), rows, tuple(notices))


def _columns(records: list[dict[str, str]]) -> dict[str, NDArray[np.object_]]:
    names = dict.fromkeys(name for record in records for name in record)
    out: dict[str, NDArray[np.object_]] = {}
    for name in names:
        cells = np.empty(len(records), dtype=object)
        cells[:] = [record.get(name) or None for record in records]
        out[name] = cells
    return out


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _placemarks(path: Path) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Yield every placemark with the names of the folders it lies in; what is done with is let go."""
    inside: list[tuple[Element, list[str]]] = []
    in_placemark = 0
    for event, element in iterparse(str(path), events=("start", "end"), forbid_dtd=True):
        name = _local(element)
        if event == "start":
            in_placemark += name == "Placemark"
            if name in _FOLDERS and not in_placemark:
                inside.append((element, [""]))
        elif name == "Placemark":
            in_placemark -= 1
            if not in_placemark:
                yield element, tuple(label[0] for holder, label in inside if label[0] and _local(holder) == "Folder")
                element.clear()
        elif in_placemark:
            continue
        elif name == "name" and inside and element in inside[-1][0]:
            inside[-1][1][0] = _text(element)
        elif inside and element is inside[-1][0]:
            inside.pop()
            element.clear()


def _attributes(element: Element) -> dict[str, str]:
    out = {_local(child): _text(child) for child in element if _local(child) in _TEXTS}
    for child in element.iter():
        kind = _local(child)
        key = child.get("name", "")
        if kind == "Data" and key:
            parts = {_local(part): _text(part) for part in child}
            out[_free(key, out)] = parts.get("value", "")
        elif kind == "SimpleData" and key:
            out[_free(key, out)] = _text(child)
    return {name: text for name, text in out.items() if text}


def _free(key: str, taken: dict[str, Any]) -> str:
    return f"{key}_2" if key in taken else key


def _geometry(element: Element) -> shapely.Geometry | None:
    shapes = [_shape(child) for child in element if _local(child) in _SHAPES]
    found = [shape for shape in shapes if shape is not None]
    return found[0] if len(found) == 1 else _joined(found)


def _joined(shapes: list[shapely.Geometry]) -> shapely.Geometry | None:
    """Several geometries as one of their kind, else a collection; None for none."""
    if not shapes:
        return None
    kinds = {shape.geom_type for shape in shapes}
    many = {"Point": shapely.multipoints, "LineString": shapely.multilinestrings, "Polygon": shapely.multipolygons}
    make = many.get(kinds.pop(), shapely.geometrycollections) if len(kinds) == 1 else shapely.geometrycollections
    return make(shapes)


def _shape(element: Element) -> shapely.Geometry | None:
    kind = _local(element)
    if kind in {"MultiGeometry", "MultiTrack"}:
        return _joined([one for one in (_shape(child) for child in element if _local(child) in _SHAPES) if one])
    if kind == "Polygon":
        rings = {"outerBoundaryIs": [], "innerBoundaryIs": []}  # type: dict[str, list[NDArray[np.float64]]]
        for child in element:
            if _local(child) in rings:
                rings[_local(child)] += [_positions(ring) for ring in child]
        if not rings["outerBoundaryIs"]:
            return None
        holes = [shapely.linearrings(ring) for ring in rings["innerBoundaryIs"]]
        return shapely.polygons(shapely.linearrings(rings["outerBoundaryIs"][0]), holes or None)
    xy = _positions(element)
    if not len(xy):
        return None
    return shapely.points(xy[0]) if kind == "Point" else shapely.linestrings(xy)


def _positions(element: Element) -> NDArray[np.float64]:
    """(N, 2) of an element's coordinates. Raises ValueError for what is no number."""
    out: list[tuple[float, float]] = []
    for child in element:
        if _local(child) == "coordinates":
            out += [_pair(part.split(",")) for part in (child.text or "").split()]
        elif _local(child) == "coord" and _local(element) == "Track":
            out.append(_pair((child.text or "").split()))
    return np.array(out, dtype=np.float64).reshape(-1, 2)


def _pair(parts: list[str]) -> tuple[float, float]:
    if len(parts) < 2:
        raise ValueError(f"{','.join(parts)!r} is no position")
    return float(parts[0]), float(parts[1])
