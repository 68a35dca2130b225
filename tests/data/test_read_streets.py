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
    assert streets["walk"].tolist() == [True, False, True, False, True, True, False]
    assert streets["cycle_fwd"].tolist() == [True, False, False, False, True, True, False]
    assert streets["bridge"].tolist() == [True] + [False] * 6
    assert streets["tunnel"].tolist() == [False] * 6 + [True]
    assert counts["dropped"]["no street: railway.rail"] == 1
    assert streets["maxspeed_kph"].iloc[0] == 50.0
    assert streets["incline_pct"].iloc[0] == 6.0
    assert counts["unknown_classes"] == {"主干道": 1}


def test_what_is_tagged_as_other_than_a_street_is_none(tmp_path):
    tags = [
        {"type": "railway.rail"}, {"type": "waterway.river"}, {"type": "railway.rail"}, {"railway": "tram"},
        {}, {"type": "主干道"}, {"type": "1.5"}, {"type": "railway.tram|highway.footway"}, {"waterway": "no"},
        {"type": "highway.service", "railway": "tram"}, {"highway": "path", "type": "waterway.dam"},
    ]  # fmt: skip
    places = [[(10 * i, 0), (10 * i + 10, 0)] for i in range(len(tags))]
    columns = {key: [tag.get(key) for tag in tags] for key in ("type", "railway", "waterway", "highway")}
    streets, counts = read_streets(write(lines(*places, **columns), tmp_path / "s.parquet"), keep_crs=True)
    assert [line.coords[0][0] for line in streets.geometry] == [40, 50, 60, 70, 80, 90, 100]
    assert streets["highway"].fillna("").tolist() == ["", "", "", "footway", "", "service", "path"]
    assert streets["walk"].all()
    assert counts["dropped"] == {
        "no geometry": 0, "coordinates that are no numbers": 0, "no length": 0,
        "no street: railway.rail": 2, "no street: railway.tram": 1, "no street: waterway.river": 1,
    }  # fmt: skip
    only = lines(*places[:2], type=["railway.rail", "waterway.river"])
    with pytest.raises(InputError, match="every line is tagged as other than a street"):
        read_streets(write(only, tmp_path / "s.parquet"))


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


@pytest.mark.parametrize(
    ("u", "v"),
    [
        (["a", None, "c", None], ["b", "c", " ", None]),
        ([1.0, np.nan, 3.0, np.nan], [2.0, 3.0, np.nan, np.nan]),
        (pd.array([1, None, 3, None], dtype="Int64"), pd.array([2, 3, None, None], dtype="Int64")),
        (["a", "nan", "c", ""], ["b", "c", "NULL", ""]),
    ],
)
def test_a_line_without_a_node_is_a_fault(tmp_path, u, v):
    frame = lines(*CROSS[:3], [(9, 9), (9, 8)], u=u, v=v)
    frame.geometry.array[3] = None  # it is dropped: its nodes do not matter
    with pytest.raises(InputError) as caught:
        read_streets(write(frame, tmp_path / "s.parquet"))
    assert [(fault.code, fault.row, fault.column) for fault in caught.value.faults] == [
        ("empty", 1, "u"), ("empty", 2, "v"),
    ]  # fmt: skip


def test_nullable_and_whole_number_node_ids_are_one_kind(tmp_path):
    ends = {"u": pd.array([1, 2, 2], dtype="Int64"), "v": [2.0, 3.0, 4.0]}
    streets, _ = read_streets(write(lines(*CROSS[:3], **ends), tmp_path / "s.parquet"))
    assert streets[["u", "v"]].to_numpy().tolist() == [[0, 1], [1, 2], [1, 3]]
    ends = {name: pd.array(values, dtype="Int64") for name, values in (("u", [11, 12, 12]), ("v", [12, 13, 14]))}
    streets, _ = read_streets(write(lines(*CROSS[:3], **ends), tmp_path / "s.parquet"))
    assert streets[["u", "v"]].to_numpy().tolist() == [[11, 12], [12, 13], [12, 14]]


def test_lines_in_parts_are_one_line_between_their_nodes(tmp_path):
    frame = gpd.GeoDataFrame(
        {"u": [1, 2, 4], "v": [2, 3, 4]},
        geometry=[
            MultiLineString([[(0, 0), (50, 0)], [(50, 0), (100, 0)]]),
            MultiLineString([[(150, 0), (200, 0)], [(150, 0), (100, 0)]]),
            MultiLineString([[(0, 9), (5, 9)], [(5, 9), (5, 14), (0, 9)]]),
        ],
        crs=UTM,
    )
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"), keep_crs=True)
    assert streets[["u", "v"]].to_numpy().tolist() == [[1, 2], [2, 3], [4, 4]]
    assert [line.coords[0] for line in streets.geometry] == [(0, 0), (100, 0), (0, 9)]
    assert [line.coords[-1] for line in streets.geometry] == [(100, 0), (200, 0), (0, 9)]
    assert streets.geometry.length.tolist()[:2] == [100, 100]
    assert counts["nodes_with_ends_apart"] == 0
    frame.geometry.array[0] = MultiLineString([[(0, 0), (50, 0)], [(60, 0), (100, 0)]])
    frame.geometry.array[2] = MultiLineString([[(5, 9), (5, 14), (0, 9)], [(5, 9), (0, 9)]])
    with pytest.raises(InputError) as caught:
        read_streets(write(frame, tmp_path / "s.parquet"))
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [("geometry_type", 0), ("geometry_type", 2)]


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


def test_loops_at_one_node_are_one_street_by_their_ids_only(tmp_path):
    frame = lines(
        [(0, 0), (9, 0), (0, 9), (0, 0)], [(0, 0), (-9, 0), (0, -9), (0, 0)],
        [(0, 0), (5, 0), (0, 5), (0, 0)], [(0, 0), (0, 5), (5, 0), (0, 0)],
        id=["1", "2", "3", "-3"], u=[7] * 4, v=[7] * 4, highway=["residential"] * 4,
    )  # fmt: skip
    streets, counts = read_streets(write(frame, tmp_path / "s.parquet"), directed=True, keep_crs=True)
    assert counts["merged_pairs"] == 1
    assert streets["way_id"].tolist() == ["1", "2", "3"]
    assert streets["drive_bwd"].tolist() == [False, False, True]


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
    for datum in ("gcj02", "bd09"):
        with pytest.raises(CRSMismatchError, match=r"s\.gpkg: .*EPSG:32650.*Mend"):
            read_streets(path, crs=datum)


def test_geojson_without_a_crs_member_takes_the_declared_one(tmp_path):
    path = tmp_path / "s.geojson"
    path.write_text(lines([(500000, 3990000), (500100, 3990000)]).set_crs(None, allow_override=True).to_json())
    streets, _ = read_streets(path, crs="EPSG:4544")
    assert streets.geometry.iloc[0].coords[0] == pytest.approx((105.0, 36.04), abs=0.01)


def test_a_crs_member_counts_wherever_it_stands(tmp_path):
    path = tmp_path / "s.geojson"
    path.write_text(
        lines(*[[(500000 + i, 3990000), (500100, 3990000 + i)] for i in range(100)], crs="EPSG:4544").to_json()
    )
    assert '"crs"' not in path.read_text()[:4096]
    with pytest.raises(CRSMismatchError):
        read_streets(path, crs=UTM)
    frame = gpd.GeoDataFrame({"crs": ["x"]}, geometry=[LineString([(500000, 3990000), (500100, 3990000)])])
    path.write_text(frame.to_json())
    assert len(read_streets(path, crs="EPSG:4544")[0]) == 1


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
