"""A straight-street town for circles: distances along it are differences of x, and every area is a stretch of it.

One level street from x = 0 to 20 000 m. Walking 4 km/h: 15 minutes are 1000 m; an older person's 3 km/h: 750 m; by
bicycle 12 km/h: 3000 m; by car and truck, on a residential street, 20 km/h: 60 minutes are 20 000 m.
"""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.wiring import open_runner
from data.frames import AREAS, DEMAND, STREETS, conform
from data.living import living_services
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from layers.facilities.catalogue import FACILITY_LAYERS

CRS = "EPSG:4544"
ORIGIN = np.array([500_000.0, 3_990_000.0])
CITY = City("620100", "兰州市", "Lanzhou", CRS)
END = 20_000

# code, name, level, kind, parent, from x, to x
AREAS_AT = [
    ("620100", "兰州市", "city", "地级市", None, -500, 20_500),
    ("620102", "城关区", "county", "区", "620100", -500, 10_000),
    ("620123", "榆中县", "county", "县", "620100", 10_000, 20_500),
    ("620171", "兰州新区", "zone", "功能区", "620100", 18_000, 20_500),
    ("620102001", "甲街道", "township", "街道", "620102", -500, 5_000),
    ("620102100", "乙镇", "township", "镇", "620102", 5_000, 10_000),
    ("620123101", "丙镇", "township", "镇", "620123", 10_000, 15_000),
    ("620123201", "丁乡", "township", "乡", "620123", 15_000, 18_000),
    ("620171100", "戊镇", "township", "镇", "620123", 18_000, 20_500),
]
# a 居委会 and five villages, at their x; the last is the zone's
COMMUNITY = ("620102001001", "一社区", "居委会", 1_000)
VILLAGES = [
    ("620102100201", "二村", "村委会", 6_000),
    ("620123101201", "三村", "村委会", 11_000),
    ("620123101202", "四村", "村委会", 14_000),
    ("620123201201", "五村", "村委会", 16_000),
    ("620171100201", "六村", "村委会", 19_000),
]
# x, township, residents, 60 and over, under three
HOMES = [
    (1_000, "620102001", 100, 10, 4),
    (6_000, "620102100", 200, 20, 6),
    (11_000, "620123101", 300, 30, 8),
    (16_000, "620123201", 400, 40, 2),
]


def lonlat(shapes):
    return gpd.GeoSeries(shapes, crs=CRS).to_crs("EPSG:4490").to_numpy()


def point(x, y=0):
    return shapely.Point(*(ORIGIN + [x, y]))


def streets():
    xs = np.arange(0, END + 1, 1_000)
    lines = [shapely.LineString([ORIGIN + [a, 0], ORIGIN + [b, 0]]) for a, b in itertools.pairwise(xs)]
    n = len(lines)
    frame = gpd.GeoDataFrame(
        {
            "seg_id": range(n), "u": range(n), "v": range(1, n + 1), "highway": "residential", "walk": True,
            "cycle_fwd": True, "cycle_bwd": True, "drive_fwd": True, "drive_bwd": True, "bridge": False,
            "tunnel": False, "synthetic": False,
        },
        geometry=lonlat(lines), crs="EPSG:4490",
    )  # fmt: skip
    return conform(frame, STREETS)


def areas(*, villages=None, kinds=True):
    rows = [
        (c, n, lv, k, p, shapely.box(*(ORIGIN + [a, -900]), *(ORIGIN + [b, 900]))) for c, n, lv, k, p, a, b in AREAS_AT
    ]
    rows += [
        (c, n, "village", k, c[:9], point(x))
        for c, n, k, x in (villages if villages is not None else [COMMUNITY, *VILLAGES])
    ]
    frame = pd.DataFrame([row[:5] for row in rows], columns=["code", "name", "level", "kind", "parent"])
    frame = frame.assign(source="by hand", synthetic=False, kind=frame["kind"] if kinds else None)
    return conform(gpd.GeoDataFrame(frame, geometry=lonlat([row[5] for row in rows]), crs="EPSG:4490"), AREAS)


def demand(column):
    frame = gpd.GeoDataFrame(
        {
            "demand_id": [f"home-{i}" for i in range(len(HOMES))], "weight": [float(h[column]) for h in HOMES],
            "area_code": [h[1] for h in HOMES], "unit_2020": None, "method": "by hand", "synthetic": False,
        },
        geometry=lonlat([point(h[0]) for h in HOMES]), crs="EPSG:4490",
    )  # fmt: skip
    return conform(frame, DEMAND)


def facilities(layer, rows):
    """Rows of a layer: each a dict of its fields with ``x``, and ``y`` where it stands off the street."""
    spec = FACILITY_LAYERS[layer].spec
    frame = pd.DataFrame([{k: v for k, v in row.items() if k not in "xy"} for row in rows])
    if "FAC_ID" not in frame:
        frame["FAC_ID"] = [f"{layer}-{i}" for i in range(len(rows))]
    frame = frame.assign(CRS_SRC=CRS, SRC="by hand", SYNTHETIC=False)
    places = lonlat([point(row["x"], row.get("y", 0)) for row in rows])
    return conform(gpd.GeoDataFrame(frame, geometry=places, crs="EPSG:4490"), spec)


def town(path, given=None, *, leave_out=(), **areas_as):
    """Return a runner over the town with the facilities ``given`` by layer, published."""
    store = EmbeddedStore.create(path, CITY)
    layers = {"streets": streets(), "areas": areas(**areas_as)}
    layers |= {"demand.residents": demand(2), "demand.older": demand(3), "demand.children": demand(4)}
    layers |= {f"facilities.{layer}": facilities(layer, rows) for layer, rows in (given or {}).items()}
    with store.batch() as draft:
        for name, frame in layers.items():
            if name not in leave_out:
                draft.put(name, frame, {"unit": "persons"} if name.startswith("demand.") else {})
    store.publish("the town")
    return open_runner(path)


def services_at(x, *circles, but=None):
    """One facility for each service of the circles' tables, at ``x`` or where ``but`` says by service."""
    given = {}
    for one in living_services():
        if one.circle in circles:
            at = (but or {}).get(one.id, x)
            if at is not None:
                given.setdefault(one.layer, []).append({"KIND": one.kinds[0], "x": at})
    return given


def together(*parts):
    out = {}
    for part in parts:
        for layer, rows in part.items():
            out.setdefault(layer, []).extend(rows)
    return out


def covered(answer):
    """What each choice covers, by id."""
    return {one.id: one.covered for one in answer.variants}


def by_code(answer):
    return {row.code: (row.covered, row.total) for row in answer.by_area}
