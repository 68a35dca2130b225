"""A hand-computable town as a workspace: two streets on either bank of a river, one bridge, two townships."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import AREAS, CONTEXT, DEMAND, STREETS, conform
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from layers.facilities.sports import SPORTS

CRS = "EPSG:4544"
ORIGIN = np.array([500_000.0, 3_990_000.0])
CITY = City("620100", "兰州市", "Lanzhou", CRS)

# metres from ORIGIN; the banks are 400 m apart, the bridge is at x = 2000
SOUTH, NORTH = 0.0, 400.0
STREET_LINES = [
    ((0, SOUTH), (2000, SOUTH)), ((2000, SOUTH), (4000, SOUTH)),
    ((0, NORTH), (2000, NORTH)), ((2000, NORTH), (4000, NORTH)),
    ((2000, SOUTH), (2000, NORTH)),
    ((9000, SOUTH), (9500, SOUTH)),
]  # fmt: skip
BRIDGE = 4
# one venue on the south bank at x = 1000
VENUES = [(1000, SOUTH)]
# (x, y, residents): walking 4 km/h from the venue: 15 minutes are 1000 m; cycling 12 km/h: 3000 m
HOMES = [
    (1000, SOUTH, 100),   # at the venue
    (2000, SOUTH, 200),   # exactly 1000 m: on foot exactly 15 min
    (2001, SOUTH, 40),    # 1001 m: not on foot
    (1000, NORTH, 300),   # straight 400 m, by street 1000 + 400 + 1000 = 2400 m: only by bicycle
    (4000, NORTH, 60),    # 1000 + 400 + 2000 = 3400 m: beyond by bicycle
    (9200, SOUTH, 70),    # an island of streets: unreachable
    (1000, -310, 30),     # 310 m from the street: off network
]  # fmt: skip


def lonlat(shapes):
    return gpd.GeoSeries(shapes, crs=CRS).to_crs("EPSG:4490")


def frames(*, synthetic=False):
    lines = [shapely.LineString(np.array(line) + ORIGIN) for line in STREET_LINES]
    ends = np.array([[line[0], line[1]] for line in STREET_LINES]).reshape(-1, 2)
    node = np.unique(ends, axis=0, return_inverse=True)[1].reshape(-1, 2)
    count = len(lines)
    streets = gpd.GeoDataFrame(
        {
            "seg_id": range(count), "u": node[:, 0], "v": node[:, 1], "highway": "residential",
            "walk": True, "cycle_fwd": True, "cycle_bwd": True, "drive_fwd": True, "drive_bwd": True,
            "bridge": [i == BRIDGE for i in range(count)], "tunnel": False, "synthetic": synthetic,
        },
        geometry=lonlat(lines).to_numpy(), crs="EPSG:4490",
    )  # fmt: skip
    homes = np.array([h[:2] for h in HOMES], float) + ORIGIN
    demand = gpd.GeoDataFrame(
        {
            "demand_id": [f"home-{i}" for i in range(len(HOMES))], "weight": [float(h[2]) for h in HOMES],
            "area_code": ["620102001" if h[1] <= SOUTH else "620105001" for h in HOMES],
            "unit_2020": ["620102" if h[1] <= SOUTH else "620122" for h in HOMES],
            "method": "by hand", "synthetic": synthetic,
        },
        geometry=lonlat(shapely.points(homes)).to_numpy(), crs="EPSG:4490",
    )  # fmt: skip
    venues = gpd.GeoDataFrame(
        {"FAC_ID": ["v0"], "NAME": ["南岸体育馆"], "KIND": ["体育馆"], "CRS_SRC": "EPSG:4544", "SRC": "by hand", "SYNTHETIC": synthetic},
        geometry=lonlat(shapely.points(np.array(VENUES, float) + ORIGIN)).to_numpy(), crs="EPSG:4490",
    )  # fmt: skip
    x, y = ORIGIN
    halves = lonlat(
        [shapely.box(x - 500, y - 900, x + 10_000, y + 200), shapely.box(x - 500, y + 200, x + 10_000, y + 900)]
    )
    city = lonlat([shapely.box(x - 500, y - 900, x + 10_000, y + 900)])
    areas = gpd.GeoDataFrame(
        pd.DataFrame(
            [
                ("620100", "兰州市", "city", None), ("620102", "城关区", "county", "620100"),
                ("620105", "安宁区", "county", "620100"), ("620102001", "南岸街道", "township", "620102"),
                ("620105001", "同名镇", "township", "620105"), ("620102100", "同名镇", "township", "620102"),
            ],
            columns=["code", "name", "level", "parent"],
        ).assign(source="by hand", synthetic=synthetic),
        geometry=[city[0], halves[0], halves[1], halves[0], halves[1], halves[0]], crs="EPSG:4490",
    )  # fmt: skip
    river = lonlat([shapely.box(x - 500, y + 100, x + 10_000, y + 300)])
    context = gpd.GeoDataFrame(
        {"ctx_id": ["river", "base"], "kind": ["water", "building"], "name": ["黄河", "军事禁区"], "tag": ["natural=water", "military=base"],
         "public": [True, False], "source": "by hand", "synthetic": synthetic},
        geometry=[river[0], halves[0].representative_point().buffer(1e-4)], crs="EPSG:4490",
    )  # fmt: skip
    return {
        "streets": conform(streets, STREETS),
        "demand.residents": conform(demand, DEMAND),
        "facilities.sports": conform(venues, SPORTS.spec),
        "areas": conform(areas, AREAS),
        "context": conform(context, CONTEXT),
    }


def make_workspace(path):
    store = EmbeddedStore.create(path, CITY)
    meta = {"demand.residents": {"unit": "persons", "title_zh": "居民", "title_en": "residents"}}
    with store.batch() as draft:
        for layer, frame in frames().items():
            draft.put(layer, frame, meta.get(layer, {}))
    store.publish("the town")
    return path
