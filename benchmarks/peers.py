"""The peers, each given the same graph: whole milliseconds, one thread, its own structures built beforehand."""

import importlib.util
from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.measure import OURS, Contestant, seconds
from geo.kernels import BUCKET_MS, NEVER, SOURCES_AT_ONCE, nearest_sources
from geo.search import node_catchments
from geo.streets import Graph

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Pairs = tuple[I64, I64, I64]
"""(facility, node, milliseconds), sorted."""


def has_pandana() -> bool:
    """Return whether pandana is installed."""
    return importlib.util.find_spec("pandana") is not None


def same_arrays(mine: Any, other: Any) -> bool:
    """Return whether two answers are equal in every number."""
    pairs = zip(mine, other, strict=True) if isinstance(mine, tuple) else [(mine, other)]
    return all(np.array_equal(a, b) for a, b in pairs)


def _ms(values: F64, reached: NDArray[np.bool_], unit: float = 1.0) -> I32:
    out = np.full(len(values), NEVER, np.int32)
    out[reached] = np.rint(values[reached] * unit)
    return out


def _tails(graph: Graph) -> I32:
    return np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.indptr))


def _matrix(graph: Graph) -> csr_array:
    narrow = np.int32 if len(graph.indices) < 2**31 else np.int64
    parts = (graph.cost_ms.astype(np.float64), graph.indices, graph.indptr.astype(narrow))
    return csr_array(parts, shape=(graph.nodes, graph.nodes))


def _digraph(graph: Graph) -> Any:
    made = nx.DiGraph()
    made.add_nodes_from(range(graph.nodes))
    arcs = zip(_tails(graph).tolist(), graph.indices.tolist(), graph.cost_ms.tolist(), strict=True)
    made.add_weighted_edges_from(arcs)
    return made


def _pandana(graph: Graph, xy: F64) -> Any:
    """Return a pandana network. Weights are seconds (of milliseconds it hangs), of which it keeps whole milliseconds.

    It cuts off what is left, hence the quarter of one.
    """
    import pandana

    ends = pd.Series(_tails(graph)), pd.Series(graph.indices)
    weight = pd.DataFrame({"s": (graph.cost_ms + 0.25) / 1000.0})
    return pandana.Network(pd.Series(xy[:, 0]), pd.Series(xy[:, 1]), *ends, weight, twoway=False)


def nearest_contestants(
    graph: Graph, xy: F64, node: I32, limit_ms: int, names: tuple[str, ...], rounds: dict[str, int]
) -> Iterator[Contestant]:
    """Yield contestants that find the time from the nearest of ``node`` to every node of ``graph``."""
    start, label = np.zeros(len(node), np.int32), np.arange(len(node), dtype=np.int32)
    if OURS in names:
        yield Contestant(
            OURS,
            lambda: nearest_sources(
                graph.indptr, graph.indices, graph.cost_ms, node, start, label, limit_ms, BUCKET_MS, SOURCES_AT_ONCE
            ),
            lambda found: found[0],
        )
    if "scipy" in names:
        took, matrix = seconds(lambda: _matrix(graph))
        yield Contestant(
            "scipy",
            lambda: dijkstra(matrix, indices=node, min_only=True, limit=float(limit_ms)),
            lambda found: _ms(found, np.isfinite(found)),
            took,
            rounds.get("scipy", 0),
        )
    if "networkx" in names:
        took, made = seconds(lambda: _digraph(graph))
        homes = set(node.tolist())

        def times(found: dict[int, int]) -> I32:
            out = np.full(graph.nodes, NEVER, np.int32)
            out[np.fromiter(found.keys(), np.int64, len(found))] = np.fromiter(found.values(), np.int64, len(found))
            return out

        yield Contestant(
            "networkx",
            lambda: nx.multi_source_dijkstra_path_length(made, homes, cutoff=limit_ms),
            times,
            took,
            rounds.get("networkx", 0),
        )
    if "pandana" in names and has_pandana():
        took, net = seconds(lambda: _pandana(graph, xy))
        horizon = limit_ms / 1000.0
        net.set_pois("all", horizon, 1, xy[node, 0], xy[node, 1])
        yield Contestant(
            "pandana",
            lambda: net.nearest_pois(horizon, "all", num_pois=1, max_distance=2.0 * horizon),
            lambda found: _ms(found[1].to_numpy(float), found[1].to_numpy(float) < 1.5 * horizon, 1000.0),
            took,
            rounds.get("pandana", 0),
        )


def _sorted(facility: I64, node: I64, ms: I64) -> Pairs:
    order = np.lexsort((node, facility))
    return facility[order].astype(np.int64), node[order].astype(np.int64), ms[order].astype(np.int64)


def _cropped(matrix: csr_array, xy: F64, node: I32, limit_ms: int, side_m: float, reach_m: float) -> Pairs:
    """Return the catchments by scipy, tile by tile: each tile's facilities on the part of the graph they can reach."""
    cell = np.floor(xy[node] / side_m).astype(np.int64)
    key = cell[:, 0] * 1_000_000 + cell[:, 1]
    found = []
    for one in np.unique(key):
        mine = np.flatnonzero(key == one)
        low, high = xy[node[mine]].min(axis=0) - reach_m, xy[node[mine]].max(axis=0) + reach_m
        inside = np.flatnonzero(((xy >= low) & (xy <= high)).all(axis=1))
        number = np.full(len(xy), -1)
        number[inside] = np.arange(len(inside))
        part = matrix[inside][:, inside]
        times = dijkstra(part, indices=number[node[mine]], limit=float(limit_ms))
        row, column = np.nonzero(np.isfinite(times))
        found.append((mine[row], inside[column], times[row, column]))
    return tuple(np.concatenate(values) for values in zip(*found, strict=True))  # type: ignore[return-value]


def catchment_contestants(
    graph: Graph, xy: F64, node: I32, limit_ms: int, mps: float, rounds: dict[str, int]
) -> Iterator[Contestant]:
    """Yield contestants that find every node within the limit of every one of ``node``, and its time."""
    start = np.zeros(len(node), np.int32)
    yield Contestant(
        OURS,
        lambda: node_catchments(graph, node, start, limit_ms=limit_ms),
        lambda found: (found.facility().astype(np.int64), found.column.astype(np.int64), found.ms.astype(np.int64)),
    )
    took, matrix = seconds(lambda: _matrix(graph))
    reach_m = limit_ms / 1000.0 * mps + 1.0
    for side_m in (2000.0, 4000.0, 8000.0):
        yield Contestant(
            f"scipy, tiles of {side_m / 1000:.0f} km",
            lambda side_m=side_m: _cropped(matrix, xy, node, limit_ms, side_m, reach_m),
            lambda found: _sorted(*found),
            took,
            rounds.get("scipy", 0),
        )
    took, made = seconds(lambda: _digraph(graph))

    def flat(found: list[dict[int, int]]) -> Pairs:
        row = np.repeat(np.arange(len(found)), [len(one) for one in found])
        nodes, times = ([value for one in found for value in pick(one)] for pick in (dict.keys, dict.values))
        return _sorted(row, np.array(nodes), np.array(times))

    yield Contestant(
        "networkx",
        lambda: [nx.single_source_dijkstra_path_length(made, n, cutoff=limit_ms) for n in node.tolist()],
        flat,
        took,
        rounds.get("networkx", 0),
    )
    if has_pandana():
        took, net = seconds(lambda: _pandana(graph, xy))
        asked, row_of = pd.Series(node.astype(np.int64)), np.full(graph.nodes, -1)
        row_of[node] = np.arange(len(node))

        def rows(found: Any) -> Pairs:
            by = [found[name].to_numpy() for name in found.columns[:2]]
            ms = np.rint(found.iloc[:, 2].to_numpy() * 1000.0)
            return _sorted(row_of[by[0].astype(np.int64)], by[1].astype(np.int64), ms)

        yield Contestant(
            "pandana",
            lambda: net.nodes_in_range(asked, limit_ms / 1000.0),
            rows,
            took,
            rounds.get("pandana", 0),
        )
