"""Every format a result can be delivered in, behind one table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from data.write.delivery import Delivery, Options, as_deliveries
from data.write.gis import write_gpkg, write_parquet
from data.write.shapefile import write_shapefile
from data.write.table import write_xlsx
from data.write.text import write_csv, write_geojson, write_json
from geo.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the ending of its files, its media type, and the function that writes it."""

    name: str
    suffix: str
    media_type: str
    write: Callable[..., tuple[Path, ...]]
    several: bool = False


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("json", ".json", "application/json", write_json),
            Format("geojson", ".geojson", "application/geo+json", write_geojson),
            Format("gpkg", ".gpkg", "application/geopackage+sqlite3", write_gpkg, several=True),
            Format("shp", ".zip", "application/zip", write_shapefile, several=True),
            Format("parquet", ".parquet", "application/vnd.apache.parquet", write_parquet),
            Format("csv", ".csv", "text/csv; charset=utf-8", write_csv),
            Format("xlsx", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
        )
    }
)


def write(
    given: Delivery | Sequence[Delivery], path: Path, form: str, options: Options | None = None
) -> tuple[Path, ...]:
    """Write ``given`` to ``path`` in format ``form`` and return the paths written; whole or not at all.

    Raises ParameterError for an unknown format, for several deliveries in a format that holds one, and what the
    format's own function raises.
    """
    chosen = format_named(form)
    every = as_deliveries(given)
    if len(every) > 1 and not chosen.several:
        raise ParameterError(f"{form} holds one layer, not {', '.join(one.name for one in every)}")
    return chosen.write(every if chosen.several else every[0], path, options or Options())


def format_named(form: str) -> Format:
    """Return the format ``form``. Raises ParameterError naming the known ones."""
    try:
        return FORMATS[form]
    except KeyError:
        raise ParameterError(f"{form!r} is no format; choose one of {', '.join(FORMATS)}") from None
