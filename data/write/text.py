"""JSON, GeoJSON and CSV."""

import csv
from collections.abc import Mapping
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from data.write.delivery import Delivery, Options, aside, document, heading, plain_columns


def write_document(content: Mapping[str, Any], path: Path) -> tuple[Path, ...]:
    """Write one JSON object, the answer of a circle for instance."""
    with aside(path) as written:
        written.write_text(document(content, indent=2) + "\n", encoding="utf-8")
    return (path,)


def write_json(given: Delivery, path: Path, options: Options) -> tuple[Path, ...]:
    """Write the rows as one JSON object with titles, units and provenance; points bring ``lon`` and ``lat``."""
    rows = _with_position(given, options)
    content = {
        "name": given.name,
        "title": given.title,
        "columns": [{"name": key, **column.described()} for key, column in given.columns.items()],
        "rows": [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)],
        "provenance": given.provenance,
    }
    return write_document(content, path)


def write_geojson(given: Delivery, path: Path, options: Options) -> tuple[Path, ...]:
    """Write GeoJSON (RFC 7946) in CRS84, provenance and columns as foreign members.

    CGCS2000 is taken as equal to WGS 84. Coordinates are rounded to ``options.decimals``, exterior rings run
    counterclockwise, missing values are null.
    """
    shapes = shapely.orient_polygons(given.frame.geometry.to_numpy())
    rounded = shapely.transform(
        shapes, lambda xy: np.round(xy, options.decimals), include_z=bool(shapely.has_z(shapes).any())
    )
    geometry = ("null" if text is None else text for text in shapely.to_geojson(rounded).tolist())
    columns = plain_columns(given)
    rows = zip(*columns.values(), strict=True) if columns else repeat(())
    head = document(
        {
            "type": "FeatureCollection",
            "name": given.name,
            "title": given.title,
            "columns": {key: column.described() for key, column in given.columns.items()},
            "provenance": given.provenance,
        }
    )
    with aside(path) as written, written.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(head[:-1] + ', "features": [')
        for number, (shape, values) in enumerate(zip(geometry, rows, strict=False)):
            properties = document(dict(zip(columns, values, strict=True)))
            comma = ",\n" if number else "\n"
            handle.write(f'{comma}{{"type": "Feature", "geometry": {shape}, "properties": {properties}}}')
        handle.write("\n]}\n")
    return (path,)


def write_csv(given: Delivery, path: Path, options: Options) -> tuple[Path, ...]:
    """Write CSV (UTF-8 with BOM, heads with titles and units) and its ``-metadata.json`` beside it.

    Points bring ``lon`` and ``lat``, other geometries a column ``wkt``; empty is empty, never zero. The metadata
    follow the W3C's CSV on the Web, provenance added.
    """
    columns = _with_position(given, options)
    if "lon" not in columns:
        columns["wkt"] = shapely.to_wkt(given.frame.geometry.to_numpy(), options.decimals).tolist()
    heads = [heading(key, given.columns[key]) if key in given.columns else key for key in columns]
    about = path.with_name(path.name + "-metadata.json")
    facts = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "zh"}],
        "url": path.name,
        "dc:title": given.title,
        "tableSchema": {
            "columns": [
                {"name": key, "titles": head, **(given.columns[key].described() if key in given.columns else {})}
                for key, head in zip(columns, heads, strict=True)
            ]
        },
        "provenance": given.provenance,
    }
    with aside(about) as told, aside(path) as written:  # neither file without the other
        told.write_text(document(facts, indent=2) + "\n", encoding="utf-8")
        with written.open("w", encoding="utf-8-sig", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(heads)
            writer.writerows(zip(*map(_csv_cells, columns.values()), strict=True))
    return (path, about)


def _csv_cells(values: list[Any]) -> list[Any]:
    return [str(value).lower() if isinstance(value, bool) else value for value in values]


def _with_position(given: Delivery, options: Options) -> dict[str, list[Any]]:
    columns = plain_columns(given)
    shapes = given.frame.geometry.to_numpy()
    if not (shapely.get_type_id(shapes) == 0).all():
        return columns
    for key, values in (("lon", shapely.get_x(shapes)), ("lat", shapely.get_y(shapes))):
        columns[key] = np.round(values, options.decimals).tolist()
    return columns
