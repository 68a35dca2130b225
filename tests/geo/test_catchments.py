"""Catchments: by hand, against the nearest facility, and against scipy and networkx on a real city."""

import networkx as nx
import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from data.read.streets import read_streets
from geo.errors import ParameterError
from geo.outward import field_from_facilities, read_outward
from geo.reach import nearest_facility
from geo.search import catchments, node_catchments
from geo.segments import segments_from_lines
from geo.streets import build_streets
from geo.travel import Mode
from tests.geo.test_reach import GRID, town


def snapped(streets, places, max_snap=300.0):
    return streets.snap(np.array(places, float).reshape(-1, 2), crs=streets.crs, max_snap_m=max_snap)


def table(got):
    return list(zip(got.facility().tolist(), got.column.tolist(), got.ms.tolist(), strict=True))


def test_grid_town_by_hand():
    streets = town(GRID)
    homes = snapped(streets, [(30, 10), (250, 100), (0, -400), (0, 0)])
    got = catchments(streets, snapped(streets, [(0, 0), (400, 400), (0, -400)]), homes, limit_ms=350_000)
    # Exactly 350 s away counts; what is off the network is nowhere; facility 1 reaches home 1 in 450 s, too late.
    assert table(got) == [(0, 0, 40_000), (0, 1, 350_000), (0, 3, 0)]
    assert got.indptr.tolist() == [0, 3, 3, 3]
    assert catchments(streets, snapped(streets, [(0, 0)]), homes, limit_ms=349_999).column.tolist() == [0, 3]


def test_one_edge_and_one_way_in_both_directions():
    streets = town([[(0, 0), (1000, 0)]], backward=[False])
    places, homes = snapped(streets, [(500, 0)]), snapped(streets, [(400, 0), (600, 0), (500, 0)])
    towards = catchments(streets, places, homes, limit_ms=200_000)
    away = catchments(streets, places, homes, limit_ms=200_000, direction="from")
    assert table(towards) == [(0, 0, 100_000), (0, 2, 0)]
    assert table(away) == [(0, 1, 100_000), (0, 2, 0)]


def test_parameters_are_checked():
    streets = town(GRID)
    at = snapped(streets, [(0, 0)])
    for wrong in (
        {"limit_ms": -1},
        {"limit_ms": 2**31 - 1},
        {"limit_ms": 1, "threads": 0},
        {"limit_ms": 1, "direction": "by"},
    ):
        with pytest.raises(ParameterError):
            catchments(streets, at, at, **wrong)


def test_nobody_and_nothing():
    streets = town(GRID)
    none, one = snapped(streets, []), snapped(streets, [(0, 0)])
    assert table(catchments(streets, none, one, limit_ms=1000, threads=3)) == []
    assert table(catchments(streets, one, none, limit_ms=1000)) == []


@pytest.fixture(scope="module")
def wuhan(real_dir):
    frame, _ = read_streets(real_dir / "wuhan" / "streets.parquet", keep_crs=True)
    frame = frame[frame["walk"]]
    lines = frame.geometry.to_numpy()
    rng = np.random.default_rng(5)
    ways = {"walk": rng.random(len(lines)) < 0.95}, {"walk": rng.random(len(lines)) < 0.95}
    segments = segments_from_lines(
        lines, crs="EPSG:4544", seg_id=np.arange(len(lines)), u=frame["u"].to_numpy(), v=frame["v"].to_numpy(),
        forward=ways[0], backward=ways[1],
    )  # fmt: skip
    return build_streets(segments, Mode("walk", "walk", 4 / 3.6, None, 0.4)), lines


@pytest.mark.real
def test_nodes_equal_scipy_and_networkx_on_wuhan(wuhan):
    streets, _ = wuhan
    rng = np.random.default_rng(1)
    graph = streets.reverse
    node = rng.integers(0, graph.nodes, 300).astype(np.int32)
    got = node_catchments(graph, node, np.zeros(300, np.int32), limit_ms=900_000, threads=2)
    # csr() keeps the least of parallel arcs, so scipy has none to add up; it takes a cost of 0 for no arc.
    assert (graph.cost_ms > 0).all()
    weights = csr_array((graph.cost_ms.astype(float), graph.indices, graph.indptr), shape=(graph.nodes,) * 2)
    want = dijkstra(weights, indices=node, limit=900_000)
    row, column = np.nonzero(np.isfinite(want))
    assert (got.facility() == row).all()
    assert (got.column == column).all()
    assert (got.ms == want[row, column]).all()
    net = nx.DiGraph()
    tail = np.repeat(np.arange(graph.nodes), np.diff(graph.indptr))
    net.add_weighted_edges_from(zip(tail.tolist(), graph.indices.tolist(), graph.cost_ms.tolist(), strict=True))
    for j in range(30):
        found = nx.single_source_dijkstra_path_length(net, int(node[j]), cutoff=900_000)
        part = slice(got.indptr[j], got.indptr[j + 1])
        assert dict(zip(got.column[part].tolist(), got.ms[part].tolist(), strict=True)) == found


@pytest.mark.real
@pytest.mark.parametrize("direction", ["to", "from"])
def test_points_agree_with_the_nearest_facility_and_any_number_of_threads_on_wuhan(wuhan, direction):
    streets, lines = wuhan
    rng = np.random.default_rng(2)
    row = rng.integers(0, len(lines), 21_000)
    on = shapely.line_interpolate_point(lines[row], rng.random(len(row)), normalized=True)
    xy = shapely.get_coordinates(on) + rng.normal(0, 20, (len(row), 2))
    places, homes = snapped(streets, xy[:1000], 50), snapped(streets, xy[1000:], 50)
    got = catchments(streets, places, homes, limit_ms=900_000, direction=direction)
    if direction == "to":
        want = nearest_facility(streets, places, homes, limit_ms=900_000)
    else:
        want = read_outward(field_from_facilities(streets, places, limit_ms=900_000), homes)
    least = np.full(len(homes), 2**31 - 1)
    np.minimum.at(least, got.column, got.ms)
    assert (least == want.travel_ms).all()
    lowest = np.full(len(homes), len(places))
    ties = got.ms == least[got.column]
    np.minimum.at(lowest, got.column[ties], got.facility()[ties])
    assert (np.where(lowest == len(places), -1, lowest) == want.facility).all()
    for threads in (2, 3, 7):
        other = catchments(streets, places, homes, limit_ms=900_000, direction=direction, threads=threads)
        assert [x.tobytes() for x in (other.indptr, other.column, other.ms)] == [
            x.tobytes() for x in (got.indptr, got.column, got.ms)
        ]
