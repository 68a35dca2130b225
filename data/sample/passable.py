"""Nobody is trapped: what bicycles may use is one network, and no one-way street leads where none leads back."""

from typing import Final

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from data.sample.plane import Bools, Ints
from data.sample.ways import Net

NO_WALK: Final = frozenset({"motorway", "motorway_link"})
NO_CYCLE: Final = NO_WALK | {"footway", "steps", "pedestrian"}
NO_DRIVE: Final = frozenset({"footway", "steps", "pedestrian", "path", "track", "service"})
"""Service ways are the inner ways of gated compounds, closed to the public's cars; tracks are farm tracks."""

STEPS_COST: Final = 50.0
"""Steps are widened only where nothing else leads on: a metre of them counts as so many of a footway."""


def passable(net: Net) -> Net:
    """Return ``net`` with footways widened to where cycles were cut off, and one-way traps opened both ways."""
    net = _widened(net)
    for closed in (NO_CYCLE, NO_DRIVE):
        net.rows.loc[_traps(net, ~net.rows["highway"].isin(closed).to_numpy()), "oneway"] = False
    return net


def _widened(net: Net) -> Net:
    """Return ``net`` with the shortest footways from the main cycle network to every part cut off made service ways."""
    highway = net.rows["highway"]
    open_ = ~highway.isin(NO_CYCLE).to_numpy()
    main = _largest(net, open_)
    cost = np.where(open_, 1e-3, 1.0) * shapely.length(net.lines) * np.where(highway == "steps", STEPS_COST, 1.0)
    size = len(net.nodes)
    best = np.lexsort((cost, np.maximum(net.u, net.v), np.minimum(net.u, net.v)))
    pair = np.sort(np.column_stack([net.u, net.v]), axis=1)[best]
    first = np.r_[True, np.any(np.diff(pair, axis=0) != 0, axis=1)]
    pair, segment = pair[first], best[first]
    of_pair = {(int(a), int(b)): int(k) for (a, b), k in zip(pair, segment, strict=True)}
    graph = coo_array((cost[segment], (pair[:, 0], pair[:, 1])), shape=(size, size)).tocsr()
    _, before, _ = dijkstra(graph, directed=False, indices=main, min_only=True, return_predecessors=True)
    wide: set[int] = set()
    for cut_off in np.setdiff1d(np.concatenate([net.u[open_], net.v[open_]]), main).tolist():
        at = cut_off
        while before[at] >= 0:
            onward = int(before[at])
            wide.add(of_pair[(min(at, onward), max(at, onward))])
            at = onward
    chosen = np.array(sorted(wide), dtype=np.int64)
    rows = net.rows.copy()
    rows.loc[chosen[~open_[chosen]], "highway"] = "service"
    return Net(net.nodes, net.u, net.v, net.lines, rows)


def _largest(net: Net, among: Bools) -> Ints:
    """Return the nodes of the largest component of the segments ``among``."""
    part = net.components(among)
    return np.flatnonzero(part == np.argmax(np.bincount(part)))


def _traps(net: Net, among: Bools) -> Bools:
    """Return which one-way segments ``among`` lead from one strong component into another.

    With these opened both ways, whatever is joined is joined in both directions.
    """
    back = among & ~net.rows["oneway"].to_numpy(dtype=bool)
    start, end = np.concatenate([net.u[among], net.v[back]]), np.concatenate([net.v[among], net.u[back]])
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(len(net.nodes), len(net.nodes)))
    part = connected_components(graph, connection="strong")[1]
    return np.asarray(among & (part[net.u] != part[net.v]), dtype=np.bool_)
