"""The searches on any directed graph against scipy and networkx, equal in every millisecond and label."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.kernels import NEVER, nearest_sources
from geo.repair import LiveField
from geo.search import node_catchments
from geo.streets import csr

COST = st.one_of(st.sampled_from([0, 1, 1, 2, 5]), st.integers(0, 40))
many = settings(max_examples=150, deadline=None)


@st.composite
def graphs(draw):
    """(nodes, [(tail, head, ms)]): parallel arcs, self-loops, zeros and parts apart among them."""
    nodes = draw(st.integers(1, 12))
    at = st.integers(0, nodes - 1)
    return nodes, draw(st.lists(st.tuples(at, at, COST), max_size=40))


def build(graph):
    nodes, arcs = graph
    tail, head, ms = np.array(arcs, np.int64).reshape(-1, 3).T
    return csr(tail, head, ms.astype(np.int32), nodes)


def exact(graph, sources):
    """Return (S, N) least ms by networkx over all arcs, parallel ones too; inf for no way."""
    nodes, arcs = graph
    net = nx.MultiDiGraph()
    net.add_nodes_from(range(nodes))
    net.add_weighted_edges_from(arcs)
    far = np.full((len(sources), nodes), np.inf)
    for i, source in enumerate(sources):
        for node, ms in nx.single_source_dijkstra_path_length(net, source).items():
            far[i, node] = ms
    return far


seeds = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 20)), min_size=1, max_size=8)


def field(graph, standing, limit):
    """Return (time, label) of {label: [(node, ms), …]} the plain way."""
    nodes = graph[0]
    label = [tag for tag, placed in standing.items() for _ in placed]
    node = [n for placed in standing.values() for n, _ in placed]
    ms = [m for placed in standing.values() for _, m in placed]
    time, who = np.full(nodes, NEVER), np.full(nodes, -1)
    if node:
        total = exact(graph, node) + np.array(ms)[:, None]
        least = total.min(axis=0)
        for n in np.flatnonzero(least <= limit):
            time[n] = least[n]
            who[n] = min(tag for tag, t in zip(label, total[:, n], strict=True) if t == least[n])
    return time, who


@many
@given(graphs(), seeds, st.integers(0, 60), st.sampled_from([1, 3, 8, 1000]), st.integers(1, 5), st.randoms())
def test_nearest_equals_networkx_whatever_the_width_and_block(graph, placed, limit, width, block, random):
    net = build(graph)
    tags = list(range(len(placed)))
    random.shuffle(tags)
    standing = {tag: [(n % graph[0], ms)] for tag, (n, ms) in zip(tags, placed, strict=True)}
    rows = sorted((n, ms, tag) for tag, [(n, ms)] in standing.items())
    node, ms, tag = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    time, label, _ = nearest_sources(net.indptr, net.indices, net.cost_ms, node, ms, tag, limit, width, block)
    want, who = field(graph, standing, limit)
    assert time.tolist() == want.tolist()
    assert label.tolist() == who.tolist()


@many
@given(graphs(), seeds, st.integers(0, 60), st.integers(1, 3))
def test_catchments_equal_networkx_and_scipy(graph, placed, limit, threads):
    net = build(graph)
    node = np.array([n % graph[0] for n, _ in placed], np.int32)
    ms = np.array([m for _, m in placed], np.int32)
    got = node_catchments(net, node, ms, limit_ms=limit, threads=threads)
    total = exact(graph, node.tolist()) + ms[:, None]
    row, column = np.nonzero(total <= limit)
    assert got.facility().tolist() == row.tolist()
    assert got.column.tolist() == column.tolist()
    assert got.ms.tolist() == total[row, column].tolist()
    if (net.cost_ms > 0).all():
        weights = csr_array((net.cost_ms.astype(float), net.indices, net.indptr), shape=(graph[0],) * 2)
        assert np.array_equal(dijkstra(weights, indices=node), total - ms[:, None])


@many
@given(graphs(), st.data(), st.integers(0, 60))
def test_a_repaired_field_equals_one_computed_anew(graph, data, limit):
    net = build(graph)
    at = st.lists(st.tuples(st.integers(0, graph[0] - 1), st.integers(0, 20)), max_size=3)
    standing = {tag: placed for tag, placed in enumerate(data.draw(st.lists(at, max_size=4))) if placed}

    def arrays(placed):
        return np.array([n for n, _ in placed], np.int32), np.array([ms for _, ms in placed], np.int64)

    every = [(n, ms, tag) for tag, placed in standing.items() for n, ms in placed]
    node, ms, tag = np.array(every, np.int64).reshape(-1, 3).T
    live = LiveField(net, node, ms, tag, limit_ms=limit)
    past = []
    for _ in range(data.draw(st.integers(1, 8))):
        before = dict(standing)
        doing = data.draw(st.sampled_from(["add", "remove", "move", "undo"]))
        if doing == "undo" and past:
            live.undo()
            standing = past.pop()
        elif doing == "add":
            label = data.draw(st.sampled_from(sorted(set(range(20)) - set(standing))))
            standing[label] = data.draw(at)
            live.add(label, *arrays(standing[label]))
            past.append(before)
        elif standing:
            label = data.draw(st.sampled_from(sorted(standing)))
            if doing == "remove":
                live.remove(label)
                del standing[label]
                past.append(before)
            elif doing == "move":
                standing[label] = data.draw(at)
                live.move(label, *arrays(standing[label]))
                past.append(before)
        assert live.labels == sorted(standing)
        time, who = live.times_and_labels()
        want, tags = field(graph, standing, limit)
        assert time.tolist() == want.tolist()
        assert who.tolist() == tags.tolist()
