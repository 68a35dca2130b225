"""Plain street files: topology, tags, directed pieces, CRS."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiLineString, Point

from data.frames import STREETS, conform
from data.read.streets import read_streets
from data.read.topology import nodes_by_ids
from geo.errors import CRSMismatchError, InputError, MissingCRSError, ParameterError

UTM = "EPSG:32650"


def lines(*coordinates, crs=UTM, **columns):
    return gpd.GeoDataFrame(columns, geometry=[LineString(one) for one in coordinates], crs=crs)


def write(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, engine="pyogrio")
    return path


CROSS = ([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 50)], [(50, -50), (50, 50)])


@pytest.mark.parametrize("name", ["s.parquet", "s.gpkg", "s.shp", "s.geojson"])
def test_every_format_gives_the_same_streets(tmp_path, name):
    frame = lines(*CROSS, name=["东路", "东路", None, "桥"], oneway=["yes", None, "-1", None])
    if name.endswith("geojson"):
        frame = frame.to_crs("EPSG:4326")
    streets, counts = read_streets(write(frame, tmp_path / name))
    assert conform(streets, STREETS).equals(streets)
    assert counts["topology"] == "equal end points"
    assert counts["nodes"] == 6
    assert streets["walk"].all()
    assert streets[["cycle_fwd", "cycle_bwd"]].to_numpy().tolist() == [
        [True, False],
        [True, True],
        [False, True],
        [True, True],
    ]
    assert streets["name"].iloc[0] == "东路"
    assert streets["v"].iloc[0] == streets["u"].iloc[1] == streets["u"].iloc[2]


def test_its_own_crs_is_kept_on_request(tmp_path):
    path = write(lines(*CROSS), tmp_path / "s.parquet")
    streets, _ = read_streets(path, keep_crs=True)
    assert streets.crs == UTM
    assert streets.geometry.length.tolist() == [100, 100, 50, 100]
    assert list(streets.columns) == [*STREETS.columns, "geometry"]


def test_tags_by_osm_meaning(tmp_path):
    tags = [
        {"type": "highway.primary", "bridge": "yes", "maxspeed": "50", "incline": "6%"},
        {"type": "highway.motorway"},
        {"type": "highway.steps"},
        {"type": "railway.rail"},
        {"type": "highway.steps", "foot": "no"},
        {"highway": "['footway', 'path']", "bicycle": "yes"},
        {"highway": "主干道"},
        {"highway": "residential", "access": "private", "tunnel": "yes", "layer": "-1"},
    ]
    places = [[(10 * i, 0), (10 * i + 10, 0)] for i in range(len(tags))]
    frame = lines(*places, **{key: [tag.get(key) for tag in tags] for key in {k for tag in tags for k in tag}})
    streets, counts = read_streets(write(frame, tmp_path / "s.gpkg"))
    assert streets["walk"].tolist() == [True, False, True, True, False, True, True, False]
    assert streets["cycle_fwd"].tolist() == [True, False, False, True, False, True, True, False]
    assert streets["bridge"].tolist() == [True] + [False] * 7
    assert streets["tunnel"].tolist() == [False] * 7 + [True]
    assert streets["maxspeed_kph"].iloc[0] == 50.0
    assert streets["incline_pct"].iloc[0] == 6.0
    assert counts["unknown_classes"] == {"主干道": 1}


@pytest.mark.parametrize(
    ("values", "forward", "backward"),
    [
        ([True, False, None], [1, 1, 1], [0, 1, 1]),
        ([1, 0, -1], [1, 1, 0], [0, 1, 1]),
        (["F", "T", "B"], [1, 0, 1], [0, 1, 1]),
    ],
)
def test_oneway_as_it_is_written(tmp_path, values, forward, backward):
    frame = lines(*CROSS[:3], oneway=values)
    streets, _ = read_streets(write(frame, tmp_path / "s.parquet"))
    assert streets["cycle_fwd"].tolist() == [bool(one) for one in forward]
    assert streets["cycle_bwd"].tolist() == [bool(one) for one in backward]


def test_u_and_v_define_the_topology_and_turn_the_lines(tmp_path):
    # the crossing (100, 0) is node 7 twice and node 8 once: the third line passes over it
    frame = lines([(0, 0), (100, 0)], [(200, 0), (100, 0)], [(100, 0), (100, 50)], u=[5, 7, 8], v=[7, 6, 9])
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"), keep_crs=True)
    assert streets[["u", "v"]].to_numpy().tolist() == [[5, 7], [7, 6], [8, 9]]
    assert streets.geometry.iloc[1].coords[0] == (100, 0)
    assert (counts["nodes"], counts["lines_turned"], counts["node_ids_sharing_a_place"]) == (5, 1, 1)


def test_node_ids_as_text_and_parallel_lines_alone(tmp_path):
    frame = lines([(0, 0), (9, 0)], [(9, 0), (5, 5), (0, 0)], u=["b", "b"], v=["a", "a"])
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"), keep_crs=True)
    assert streets[["u", "v"]].to_numpy().tolist() == [[1, 0], [1, 0]]
    assert {line.coords[0] for line in streets.geometry} == {(0, 0)}
    assert counts["lines_turned"] == 1


def test_turning_is_right_whatever_the_order(tmp_path):
    rng = np.random.default_rng(5)
    place = {node: (float(x), float(y)) for node, (x, y) in enumerate(rng.integers(0, 10_000, (60, 2)))}
    ends = rng.choice(60, (150, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    turn = rng.random(len(ends)) < 0.5
    shapes = np.array(
        [
            LineString([place[b], place[a]] if back else [place[a], place[b]])
            for (a, b), back in zip(ends, turn, strict=True)
        ],
        dtype=object,
    )
    nodes = nodes_by_ids(pd.Series(ends[:, 0]), pd.Series(ends[:, 1]), shapes)
    touched = np.bincount(ends.ravel(), minlength=60)
    sure = (touched[ends] > 1).any(axis=1)
    assert (nodes.turned == turn)[sure].all()


def test_many_parts_empty_rows_and_no_length(tmp_path):
    frame = gpd.GeoDataFrame(
        {"name": list("abcd")},
        geometry=[
            MultiLineString([[(0, 0), (1, 0)], [(1, 0), (1, 1)]]),
            LineString([(1, 1), (1, 1)]),
            None,
            LineString([(1, 1), (2, 1)]),
        ],
        crs=UTM,
    )
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"))
    assert streets["name"].tolist() == ["a", "a", "d"]
    assert counts["dropped"] == {"no geometry": 1, "coordinates that are no numbers": 0, "no length": 1}


def test_no_length_between_two_nodes_still_joins_them(tmp_path):
    frame = lines([(0, 0), (1, 0)], [(1, 0), (1, 0)], [(1, 0), (2, 0)], u=[1, 2, 3], v=[2, 3, 4])
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"), keep_crs=True)
    assert len(streets) == 3
    assert counts["without_length_kept"] == 1


def test_directed_pieces(tmp_path):
    frame = lines(
        [(0, 0), (90, 0)], [(90, 2), (0, 2)], [(100, 0), (200, 0)], [(200, 0), (100, 1)], [(100, 5), (100, 50)],
        id=["17", "-17", "x", "y", "z"],
        u=["a", "b", "b", "c", "b"],
        v=["b", "a", "c", "b", "d"],
        type=["highway.primary"] * 5,
        allow=["", "", "", "", "pedestrian delivery bicycle"],
        disallow=["tram rail", "bicycle tram rail", "", "pedestrian", ""],
    )  # fmt: skip
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"), keep_crs=True)
    assert counts["directed"]
    assert counts["merged_pairs"] == 2
    rows = streets.set_index("way_id")
    assert rows["walk"].tolist() == [True, True, True]
    found = rows[["cycle_fwd", "cycle_bwd", "drive_fwd", "drive_bwd"]].to_numpy().tolist()
    assert found == [[True, False, True, True], [True, True, True, True], [True, False, False, False]]
    # ends that do not meet are led on to the middle of their node
    ends = {}
    for row in streets.itertuples():
        for node, at in ((row.u, 0), (row.v, -1)):
            ends.setdefault(node, set()).add(row.geometry.coords[at])
    assert all(len(places) == 1 for places in ends.values())
    assert counts["nodes_with_ends_apart"] == 1
    assert not read_streets(tmp_path / "s.parquet", directed=False)[1]["directed"]


def test_no_crs_is_one_error_and_may_be_declared(tmp_path):
    frame = lines(*CROSS)
    shp = write(frame, tmp_path / "s.shp")
    (tmp_path / "s.prj").unlink()
    parquet = write(frame.set_crs(None, allow_override=True), tmp_path / "s.parquet")
    for path in (shp, parquet):
        with pytest.raises(MissingCRSError, match="Mend: declare it") as caught:
            read_streets(path)
        assert str(path) in str(caught.value)
        declared, _ = read_streets(path, crs=UTM)
        assert declared.crs == "EPSG:4490"


def test_declared_and_stated_crs_must_agree(tmp_path):
    path = write(lines(*CROSS), tmp_path / "s.gpkg")
    with pytest.raises(CRSMismatchError, match=r"s\.gpkg"):
        read_streets(path, crs="EPSG:4544")
    with pytest.raises(ParameterError):
        read_streets(path, crs="EPSG:0")


def test_geojson_without_a_crs_member_takes_the_declared_one(tmp_path):
    path = tmp_path / "s.geojson"
    path.write_text(lines([(500000, 3990000), (500100, 3990000)]).set_crs(None, allow_override=True).to_json())
    streets, _ = read_streets(path, crs="EPSG:4544")
    assert streets.geometry.iloc[0].coords[0] == pytest.approx((105.0, 36.04), abs=0.01)


def test_xian80_is_refused(tmp_path):
    frame = lines([(103.8, 36.0), (103.9, 36.0)], crs="EPSG:4610")
    with pytest.raises(InputError, match="Xi'an 80"):
        read_streets(write(frame, tmp_path / "s.parquet"))


def test_swapped_streets_are_one_error(tmp_path):
    path = write(
        lines([(36.0, 103.8), (36.1, 103.9)], [(36.1, 103.9), (36.2, 103.9)], crs="EPSG:4326"), tmp_path / "s.gpkg"
    )
    with pytest.raises(InputError, match="swapped") as caught:
        read_streets(path)
    (fault,) = caught.value.faults
    assert fault.file == str(path)


def test_bad_files(tmp_path):
    (tmp_path / "broken.gpkg").write_bytes(b"nothing")
    points = gpd.GeoDataFrame(geometry=[Point(1, 1), Point(2, 2)], crs=UTM)
    write(points, tmp_path / "points.parquet")
    write(lines(*CROSS).iloc[:0], tmp_path / "empty.parquet")
    for name, code in (
        ("absent.gpkg", "no_file"),
        ("broken.gpkg", "unreadable"),
        ("points.parquet", "geometry_type"),
        ("empty.parquet", "empty_file"),
    ):
        with pytest.raises(InputError) as caught:
            read_streets(tmp_path / name)
        assert {fault.code for fault in caught.value.faults} == {code}
        assert {fault.file for fault in caught.value.faults} == {str(tmp_path / name)}


@pytest.mark.real
def test_wuhan(real_dir):
    """185,334 arcs; u and v name 82,902 nodes at 82,891 places: eleven pairs of ids share one and stay apart."""
    streets, counts = read_streets(real_dir / "wuhan" / "streets.parquet", keep_crs=True)
    assert (counts["arcs"], counts["nodes"], counts["node_ids_sharing_a_place"]) == (185_334, 82_902, 11)
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(streets.geometry, at)) for at in (0, -1)])
    assert len(np.unique(ends, axis=0)) == 82_891
    places = pd.DataFrame(ends).groupby(np.concatenate([streets.u, streets.v])).nunique()
    assert (places == 1).to_numpy().all()
    raw = gpd.read_parquet(real_dir / "wuhan" / "streets.parquet")
    assert np.allclose(streets.geometry.length, raw.geometry.length, rtol=1e-12)
    assert streets.crs == raw.crs
    assert (streets["walk"] == ~raw["highway"].isin(["motorway", "motorway_link"]).to_numpy()).all()


@pytest.mark.real
def test_lanzhou_core(real_dir):
    streets, counts = read_streets(real_dir / "lanzhou-core" / "roads.geojson")
    raw = gpd.read_file(real_dir / "lanzhou-core" / "roads.geojson")
    assert (counts["rows"], counts["nodes"]) == (1239, 657)
    assert counts["segments"] + counts["merged_pairs"] == 1239
    barred = raw["disallow"].str.contains("pedestrian")
    assert barred.sum() == 119
    closed = set(raw["id"][barred | ((raw["allow"] != "") & ~raw["allow"].str.contains("pedestrian"))])
    assert set(streets["way_id"][~streets["walk"]]) <= closed
    assert streets["way_id"][streets["walk"]].isin(closed).sum() == 0
    assert counts["not_in_file"] == ["bridge", "oneway", "tunnel"]
    assert not streets["bridge"].any()
    assert streets["maxspeed_kph"].isna().all()
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(streets.geometry, at)) for at in (0, -1)])
    span = pd.DataFrame(ends).groupby(np.concatenate([streets.u, streets.v])).agg(["min", "max"])
    assert np.abs(span.to_numpy()[:, ::2] - span.to_numpy()[:, 1::2]).max() < 1e-6
