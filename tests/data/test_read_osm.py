"""OSM files written here, tag by tag, and a real one."""

import collections
import itertools
import shutil

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

from data.frames import AREAS, CONTEXT, DEMAND, STREETS, conform, facility_spec
from data.read.access import street_use
from data.read.osm import read_osm
from data.read.places import protected_of
from geo.crs import geodesic_area_m2
from geo.errors import InputError


class Writer:
    """A tiny OSM file: nodes on a 0.001° grid by (column, row)."""

    def __init__(self, path):
        self.path, self.nodes, self.ways, self.relations, self.tags = path, {}, [], [], {}

    def node(self, x, y, **tags):
        ref = self.nodes.setdefault((x, y), len(self.nodes) + 1)
        self.tags.setdefault(ref, {}).update(tags)
        return ref

    def way(self, places, tags, ref=None):
        ref = ref or 100 + len(self.ways)
        self.ways.append((ref, [self.node(*place) for place in places], tags))
        return ref

    def box(self, x, y, size, tags):
        return self.way([(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)], tags)

    def close(self):
        writer = osmium.SimpleWriter(str(self.path), overwrite=True)
        for (x, y), ref in self.nodes.items():
            place = (round(103.8 + x * 1e-3, 7), round(36.0 + y * 1e-3, 7))
            writer.add_node(osmium.osm.mutable.Node(id=ref, location=place, tags=self.tags[ref]))
        for ref, nodes, tags in self.ways:
            writer.add_way(osmium.osm.mutable.Way(id=ref, nodes=nodes, tags=tags))
        for ref, members, tags in self.relations:
            writer.add_relation(osmium.osm.mutable.Relation(id=ref, members=members, tags=tags))
        writer.close()
        return read_osm(self.path)


@pytest.fixture
def osm(tmp_path):
    return Writer(tmp_path / "tiny.osm.pbf")


BOTH, NONE, FWD, BWD = "both", "none", "fwd", "bwd"

RULES = [
    # tags, walk, cycle, drive
    ({"highway": "residential"}, True, BOTH, BOTH),
    ({"highway": "residential", "oneway": "yes"}, True, FWD, FWD),
    ({"highway": "residential", "oneway": "1"}, True, FWD, FWD),
    ({"highway": "residential", "oneway": "-1"}, True, BWD, BWD),
    ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, True, BOTH, FWD),
    ({"highway": "residential", "oneway": "yes", "cycleway": "opposite"}, True, BOTH, FWD),
    ({"highway": "residential", "oneway": "yes", "cycleway:left": "opposite_lane"}, True, BOTH, FWD),
    ({"highway": "residential", "oneway": "yes", "cycleway:left:oneway": "-1"}, True, BOTH, FWD),
    ({"highway": "residential", "oneway": "no", "oneway:bicycle": "yes"}, True, FWD, BOTH),
    ({"highway": "primary", "junction": "roundabout"}, True, FWD, FWD),
    ({"highway": "primary", "junction": "roundabout", "oneway": "no"}, True, BOTH, BOTH),
    ({"highway": "motorway"}, False, NONE, FWD),
    ({"highway": "motorway", "access": "yes"}, False, NONE, FWD),
    ({"highway": "motorway", "foot": "yes"}, True, NONE, FWD),
    ({"highway": "motorway_link"}, False, NONE, BOTH),
    ({"highway": "trunk"}, True, BOTH, BOTH),
    ({"highway": "trunk", "motorroad": "yes"}, False, NONE, BOTH),
    ({"highway": "trunk", "motorroad": "yes", "sidewalk": "both"}, True, NONE, BOTH),
    ({"highway": "trunk", "motorroad": "yes", "bicycle": "yes"}, False, BOTH, BOTH),
    ({"highway": "footway"}, True, NONE, NONE),
    ({"highway": "footway", "bicycle": "yes"}, True, BOTH, NONE),
    ({"highway": "footway", "access": "yes"}, True, NONE, NONE),
    ({"highway": "pedestrian"}, True, NONE, NONE),
    ({"highway": "cycleway", "oneway": "yes"}, True, FWD, NONE),
    ({"highway": "cycleway", "foot": "no"}, False, BOTH, NONE),
    ({"highway": "path"}, True, BOTH, NONE),
    ({"highway": "track"}, True, BOTH, NONE),
    ({"highway": "steps"}, True, NONE, NONE),
    ({"highway": "steps", "bicycle": "yes"}, True, NONE, NONE),
    ({"highway": "service", "access": "private"}, False, NONE, NONE),
    ({"highway": "service", "access": "private", "foot": "yes"}, True, NONE, NONE),
    ({"highway": "service", "access": "no", "bicycle": "designated"}, False, BOTH, NONE),
    ({"highway": "service", "access": "customers"}, True, BOTH, BOTH),
    ({"highway": "service", "access": "destination"}, True, BOTH, BOTH),
    ({"highway": "residential", "vehicle": "no"}, True, NONE, NONE),
    ({"highway": "residential", "vehicle": "no", "bicycle": "yes"}, True, BOTH, NONE),
    ({"highway": "residential", "motor_vehicle": "no"}, True, BOTH, NONE),
    ({"highway": "residential", "bicycle": "dismount"}, True, NONE, BOTH),
    ({"highway": "residential", "bicycle": "use_sidepath"}, True, NONE, BOTH),
    ({"highway": "residential", "foot": "private"}, False, BOTH, BOTH),
    ({"highway": "residential", "access": "no_idea"}, True, BOTH, BOTH),
    ({"highway": "construction", "construction": "primary", "foot": "yes"}, False, NONE, NONE),
    ({"highway": "proposed"}, False, NONE, NONE),
    ({"highway": "rest_in_peace"}, False, NONE, NONE),
    ({"highway": "pedestrian", "area": "yes"}, True, NONE, NONE),
]


def way(forward, backward):
    return {(True, True): BOTH, (False, False): NONE, (True, False): FWD, (False, True): BWD}[forward, backward]


@pytest.mark.parametrize(("tags", "walk", "cycle", "drive"), RULES, ids=str)
def test_access_by_meaning(tags, walk, cycle, drive):
    use = street_use(tags)
    assert (use.walk, way(use.cycle_fwd, use.cycle_bwd), way(use.drive_fwd, use.drive_bwd)) == (walk, cycle, drive)


def test_the_file_keeps_what_the_rules_say(osm):
    osm.way([(0, -1), (1, -1)], {"highway": "residential"})
    kept = {}
    for row, (tags, walk, cycle, drive) in enumerate(RULES):
        ref = osm.way([(0, row), (1, row)], tags)
        if walk or cycle != NONE or drive != NONE:
            kept[str(ref)] = (walk, cycle, drive)
    frames = osm.close()
    rows = frames.streets.set_index("way_id").drop(index="100")
    found = {ref: (r.walk, way(r.cycle_fwd, r.cycle_bwd), way(r.drive_fwd, r.drive_bwd)) for ref, r in rows.iterrows()}
    assert found == kept
    assert frames.diagnostics["ways_dropped"] == {
        "highway=construction: closed to all": 1,
        "highway=proposed: closed to all": 1,
        "highway=rest_in_peace: not a street class": 1,
        "highway=service: closed to all": 1,
    }


@pytest.mark.parametrize(
    ("tags", "bridge", "tunnel"),
    [
        ({"bridge": "yes"}, True, False),
        ({"bridge": "viaduct", "layer": "1"}, True, False),
        ({"bridge": "no"}, False, False),
        ({"tunnel": "yes", "layer": "-1"}, False, True),
        ({"tunnel": "building_passage"}, False, False),
        ({"layer": "1"}, False, False),
    ],
)
def test_bridges_and_tunnels(tags, bridge, tunnel):
    use = street_use({"highway": "path", **tags})
    assert (use.bridge, use.tunnel) == (bridge, tunnel)


def test_ways_are_split_where_they_share_a_node(osm):
    through = osm.way([(0, 0), (1, 0), (2, 0), (3, 0)], {"highway": "residential"})
    osm.way([(2, 0), (2, 1)], {"highway": "footway"})
    osm.way([(1, 5), (1, 0)], {"highway": "construction"})  # dropped: no junction
    bridge = osm.way([(0.5, -1), (0.5, 1)], {"highway": "primary", "bridge": "yes"})  # crosses without a node
    streets = osm.close().streets
    assert streets["way_id"].value_counts().to_dict() == {str(through): 2, "101": 1, str(bridge): 1}
    first, second = (row for _, row in streets[streets.way_id == str(through)].iterrows())
    assert first.v == second.u
    assert [len(line.coords) for line in (first.geometry, second.geometry)] == [3, 2]
    assert first.geometry.coords[0] == (103.8, 36.0)
    degree = collections.Counter([*streets.u, *streets.v])
    assert sorted(degree.values()) == [1, 1, 1, 1, 1, 3]


def test_a_way_through_itself_and_a_ring(osm):
    osm.way([(0, 0), (2, 0), (2, 1), (1, 1), (1, 0.5), (2, 0)], {"highway": "residential"})
    osm.way([(5, 5), (6, 5), (6, 6), (5, 5)], {"highway": "residential", "junction": "roundabout"})
    streets = osm.close().streets
    assert len(streets) == 3
    assert (streets.u == streets.v).sum() == 2


def test_nodes_the_file_lacks_break_a_way(tmp_path):
    path = tmp_path / "cut.osm.pbf"
    writer = osmium.SimpleWriter(str(path))
    for ref in (1, 2, 4, 5):
        writer.add_node(osmium.osm.mutable.Node(id=ref, location=(1 + ref / 1000, 42)))
    writer.add_way(osmium.osm.mutable.Way(id=9, nodes=[1, 2, 3, 4, 5], tags={"highway": "path"}))
    writer.close()
    frames = read_osm(path)
    assert sorted(zip(frames.streets.u, frames.streets.v, strict=True)) == [(1, 2), (4, 5)]
    assert frames.diagnostics["node_references_missing"] == 1


def test_sports_places(osm):
    osm.way([(0, -1), (1, -1)], {"highway": "residential"})
    wanted = {
        osm.box(0, 0, 1, {"leisure": "pitch", "sport": "soccer"}): "足球场",
        osm.box(2, 0, 1, {"leisure": "pitch"}): "多功能运动场",
        osm.box(
            4, 0, 1, {"leisure": "sports_centre", "building": "yes", "name:zh": "体育馆", "name": "Hall"}
        ): "体育馆",
        osm.box(6, 0, 1, {"leisure": "track", "sport": "athletics"}): "田径场",
        osm.box(8, 0, 1, {"leisure": "swimming_pool", "access": "yes", "covered": "yes"}): "游泳馆",
        osm.box(10, 0, 1, {"sport": "basketball"}): "篮球场",
    }
    for x, tags in enumerate(
        [
            {"leisure": "track", "sport": "skiing", "piste:type": "downhill"},
            {"sport": "climbing"},
            {"leisure": "pitch", "access": "private"},
            {"leisure": "swimming_pool"},
            {"shop": "sports", "sport": "tennis"},
            {"leisure": "playground"},
            {"leisure": "golf_course"},
        ]
    ):
        osm.box(2 * x, 3, 1, tags)
    osm.way([(0, 8), (5, 8)], {"sport": "running"})
    osm.node(20, 0, leisure="fitness_station")
    osm.node(2.5, 0.5, leisure="pitch")  # inside the second pitch: the same place
    found = osm.close()
    sports = found.facilities["sports"].set_index("FAC_ID")
    node = next(ref for ref, tags in osm.tags.items() if tags.get("leisure") == "fitness_station")
    assert sports["KIND"].to_dict() == {
        **{f"osm-way-{ref}": kind for ref, kind in wanted.items()},
        f"osm-node-{node}": "健身路径",
    }
    assert sports.loc["osm-way-103", "NAME"] == "体育馆"
    counts = found.diagnostics["sports"]
    assert counts["set_aside"] == {
        "a line": 1,
        "a sport nobody walks to": 1,
        "point inside an area of the same tag": 1,
        "pool nobody says is open": 1,
        "private": 1,
        "shop, office or club": 1,
        "ski run, area or shop (piste:type, sport=skiing)": 1,
    }
    assert sum(counts["kept"].values()) == counts["total"] == len(sports)


def test_a_place_stands_at_its_entrance_and_a_relation_is_one_place(osm):
    osm.way([(0, -1), (1, -1)], {"highway": "residential"})
    osm.node(1, 0, entrance="main")
    osm.node(0, 0, entrance="yes")
    centre = osm.box(0, 0, 1, {"leisure": "sports_centre"})
    outer, inner = osm.box(10, 0, 3, {}), osm.box(11, 1, 1, {})
    members = [osmium.osm.RelationMember(outer, "w", "outer"), osmium.osm.RelationMember(inner, "w", "inner")]
    osm.relations.append((7, members, {"type": "multipolygon", "leisure": "stadium"}))
    sports = osm.close().facilities["sports"].set_index("FAC_ID")
    place = sports.loc[f"osm-way-{centre}"].geometry
    assert (place.x, place.y) == (103.801, 36.0)
    ring = shapely.box(103.81, 36, 103.813, 36.003).difference(shapely.box(103.811, 36.001, 103.812, 36.002))
    assert sports.loc["osm-relation-7", "AREA_M2"] == pytest.approx(geodesic_area_m2(np.array([ring]))[0], abs=0.1)
    assert ring.contains(sports.loc["osm-relation-7"].geometry)


def test_dwellings(osm):
    osm.way([(0, -1), (1, -1)], {"highway": "residential"})
    flats = osm.box(0, 0, 1, {"building": "apartments", "building:levels": "6"})
    unsaid = osm.box(2, 0, 1, {"building": "yes"})
    osm.box(4, 0, 1, {"building": "yes", "shop": "supermarket"})
    osm.box(6, 0, 1, {"building": "industrial"})
    osm.box(20, 0, 3, {"landuse": "industrial"})
    osm.box(21, 1, 1, {"building": "yes"})
    osm.box(30, -2, 4, {"landuse": "residential"})
    osm.box(31, 0, 1, {"building": "house"})
    land = osm.box(40, 0, 5, {"landuse": "residential"})
    tiny = osm.box(50, 0, 0.2, {"landuse": "residential"})
    found = osm.close()
    demand = found.demand.set_index("demand_id")
    square = geodesic_area_m2(np.array([shapely.box(103.8, 36, 103.801, 36.001)]))[0]
    assert demand.loc[f"osm-way-{flats}", "weight"] == pytest.approx(6 * square)
    assert demand.loc[f"osm-way-{unsaid}", "weight"] == pytest.approx(square)
    grid = demand[demand.index.str.startswith(f"osm-way-{land}#")]
    whole = geodesic_area_m2(np.array([shapely.box(103.84, 36, 103.845, 36.005)]))[0]
    assert grid.weight.sum() == pytest.approx(0.8 * whole)
    assert len(grid) == pytest.approx(whole / 100**2, rel=0.1)
    assert demand.index.str.startswith(f"osm-way-{tiny}#").sum() == 1
    counts = found.diagnostics["demand"]
    assert counts["unit"] == "m2"
    assert counts["dwellings_by_kind"] == {"apartments": 1, "house": 1, "yes": 1}
    assert (counts["residential_areas"], counts["residential_areas_used"]) == (3, 2)
    assert counts["unsaid_on_other_land"] == 1


@pytest.mark.parametrize("tags", [{"landuse": "military"}, {"military": "barracks"}, {"amenity": "prison"}])
def test_military_land_and_prisons_are_never_shown(osm, tags):
    osm.way([(0, -9), (1, -9)], {"highway": "residential"})
    inside = osm.way([(1, 1), (2, 2)], {"highway": "service"})
    osm.box(0, 0, 10, tags)
    osm.box(1, 1, 1, {"leisure": "pitch"})
    osm.box(3, 1, 1, {"building": "apartments"})
    osm.box(5, 1, 1, {"natural": "water"})
    osm.box(9, 3, 3, {"landuse": "forest"})  # a third of it lies inside
    frames = osm.close()
    assert not len(frames.facilities["sports"])
    assert not len(frames.demand)
    assert frames.context["kind"].tolist() == ["green", "protected"]
    (land,) = frames.context[frames.context["kind"] == "protected"].itertuples()
    assert not land.public
    assert land.geometry.equals(frames.protected.iloc[0])
    assert pd.isna(land.name)
    assert pd.isna(land.tag)
    assert "way" not in land.ctx_id
    assert str(inside) not in set(frames.streets["way_id"])
    assert frames.diagnostics["segments_inside_protected_land"] == 1
    assert len(frames.protected) == 1


def test_area_keeps_whole_what_meets_it(osm):
    osm.way([(0, 0), (10, 0)], {"highway": "residential"})
    osm.way([(20, 0), (30, 0)], {"highway": "residential"})
    frames = osm.close()
    assert len(frames.streets) == 2
    cut = read_osm(osm.path, area=shapely.box(103.805, 35.9, 103.812, 36.1))
    assert cut.streets["way_id"].tolist() == ["100"]
    assert cut.streets.geometry.iloc[0].length == pytest.approx(0.01)
    assert cut.diagnostics["outside_area"]["streets"] == 1


def test_an_area_that_meets_no_street_is_one_error(osm):
    osm.way([(0, 0), (10, 0)], {"highway": "residential"})
    osm.box(20, 20, 1, {"building": "yes"})
    osm.close()
    with pytest.raises(InputError) as caught:
        read_osm(osm.path, area=shapely.box(103.82, 36.02, 103.83, 36.03))
    (fault,) = caught.value.faults
    assert (fault.code, fault.file) == ("outside_area", str(osm.path))
    assert "103.8200, 36.0200, 103.8300, 36.0300" in fault.message
    assert "103.8000, 36.0000, 103.8100, 36.0000" in fault.message


def test_protected_land_outside_the_area_stays_known(osm):
    osm.way([(0, 0), (10, 0)], {"highway": "residential"})
    osm.box(20, 20, 5, {"landuse": "military"})
    osm.close()
    frames = read_osm(osm.path, area=shapely.box(103.8, 35.9, 103.81, 36.01))
    assert protected_of(frames.context).geom_equals(frames.protected).all()
    assert len(frames.protected) == 1


def test_bad_files_give_one_error(tmp_path, osm):
    osm.way([(0, 0), (1, 0)], {"building": "yes"})
    bad = tmp_path / "not.osm.pbf"
    bad.write_bytes(b"hello world" * 100)
    for path, code in ((tmp_path / "absent.osm.pbf", "no_file"), (bad, "not_osm")):
        with pytest.raises(InputError) as caught:
            read_osm(path)
        (fault,) = caught.value.faults
        assert (fault.code, fault.file) == (code, str(path))
    with pytest.raises(InputError, match="no way tagged highway"):
        osm.close()


@pytest.mark.real
@pytest.mark.parametrize("keep", [1000, 300_000, -5])
def test_a_truncated_file_is_one_error(real_dir, tmp_path, keep):
    whole = (real_dir / "andorra" / "andorra.osm.pbf").read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(whole[:keep])
    with pytest.raises(InputError) as caught:
        read_osm(path)
    (fault,) = caught.value.faults
    assert fault.code == "truncated"
    assert str(path) in str(fault)


@pytest.fixture(scope="module")
def andorra(real_dir):
    return read_osm(real_dir / "andorra" / "andorra.osm.pbf")


@pytest.mark.real
def test_andorra_streets(andorra):
    streets = conform(andorra.streets, STREETS)
    assert not streets["synthetic"].any()
    ways = andorra.diagnostics["ways_by_class"]
    assert sum(ways.values()) == 1615
    assert sum(andorra.diagnostics["ways_dropped"].values()) == 14
    starts, ends = (shapely.get_point(streets.geometry.to_numpy(), at) for at in (0, -1))
    places = {}
    for node, place in zip([*streets.u, *streets.v], [*starts, *ends], strict=True):
        assert places.setdefault(node, place.coords[0]) == place.coords[0]
    assert not streets[streets.highway == "steps"][["cycle_fwd", "cycle_bwd"]].to_numpy().any()
    assert streets["bridge"].sum() == 158
    assert streets["maxspeed_kph"].dropna().isin([20, 30, 50, 60, 70, 80, 90]).all()


@pytest.mark.real
def test_andorra_topology_against_the_raw_file(andorra, real_dir):
    """Consecutive nodes of a kept way are joined, and nothing else: the chains of segments give the ways back."""
    raw = {
        str(item.id): [node.ref for node in item.nodes]
        for item in osmium.FileProcessor(real_dir / "andorra" / "andorra.osm.pbf", osmium.osm.WAY)
        if "highway" in item.tags
    }
    for way_id, part in andorra.streets.groupby("way_id", sort=False):
        refs = raw[way_id]
        assert (part.u.iloc[0], part.v.iloc[-1]) == (refs[0], refs[-1])
        assert (part.v.to_numpy()[:-1] == part.u.to_numpy()[1:]).all()
        assert sum(len(line.coords) - 1 for line in part.geometry) == sum(a != b for a, b in itertools.pairwise(refs))


@pytest.mark.real
def test_andorra_sports_places_by_tag(andorra):
    """28 objects are leisure=pitch or track; 15 of them are ski runs. What is left, and one pool, are the places."""
    counts = andorra.diagnostics["sports"]
    assert counts["tagged"]["leisure=pitch"] + counts["tagged"]["leisure=track"] == 28
    assert counts["kept"] == {"amenity=swimming_pool": 1, "leisure=pitch": 12, "leisure=track": 1}
    own = {"KIND": "text", "AREA_M2": "float", "IN_OUT": "text", "OPEN_KIND": "text", "OWNER_KIND": "text"}
    sports = conform(andorra.facilities["sports"], facility_spec("sports", {}))
    assert len(sports) == 14
    assert set(own) <= set(andorra.facilities["sports"].columns)


@pytest.mark.real
def test_andorra_demand_context_areas(andorra):
    demand = conform(andorra.demand, DEMAND)
    assert (demand["weight"] > 0).all()
    counts = andorra.diagnostics["demand"]
    assert (counts["buildings"], counts["dwellings"], counts["residential_areas"]) == (301, 277, 26)
    assert demand["method"].value_counts().to_dict() == {
        "building footprint × default levels": 277,
        "residential land × plot ratio": counts["points_from_land"],
    }
    assert {"water", "building", "peak", "place"} <= set(conform(andorra.context, CONTEXT)["kind"])
    areas = conform(andorra.areas, AREAS)
    assert "Andorra la Vella" in set(areas["name"])
    assert set(areas["level"]) == {"county"}
    assert andorra.attribution == ("© OpenStreetMap contributors",)


@pytest.mark.real
def test_reading_twice_gives_the_same(andorra, real_dir, tmp_path):
    copy = tmp_path / "copy.osm.pbf"
    shutil.copy(real_dir / "andorra" / "andorra.osm.pbf", copy)
    again = read_osm(copy)
    for one, other in (
        (andorra.streets, again.streets),
        (andorra.demand, again.demand),
        (andorra.facilities["sports"], again.facilities["sports"]),
    ):
        assert isinstance(one, gpd.GeoDataFrame)
        assert one.to_wkb().equals(other.to_wkb())
