"""An independent reference: networkx, floating seconds, every edge split where a point is snapped to it."""

from collections import defaultdict
from itertools import pairwise

import networkx as nx
import numpy as np
import shapely


def snap_reference(lines, points, max_snap):
    """Return (row, fraction, metres) of the nearest line per point, the lowest row on ties, −1 beyond ``max_snap``."""
    who, which = shapely.STRtree(lines).query(points, predicate="dwithin", distance=max_snap)
    metres = shapely.distance(points[who], lines[which])
    order = np.lexsort((which, metres, who))
    first = order[np.unique(who[order], return_index=True)[1]]
    row = np.full(len(points), -1)
    away = np.full(len(points), np.nan)
    row[who[first]], away[who[first]] = which[first], metres[first]
    fraction = shapely.line_locate_point(lines[row], points, normalized=True)
    return row, np.nan_to_num(fraction), away


def split_graph(u, v, forward_s, backward_s, placed):
    """Return the DiGraph with every segment split at ``placed`` = {row: [(fraction, label), …]}; None is closed."""
    graph = nx.DiGraph()

    def arc(a, b, seconds):
        if seconds is not None and (not graph.has_edge(a, b) or graph[a][b]["s"] > seconds):
            graph.add_edge(a, b, s=seconds)

    for row in range(len(u)):
        stops = [
            (0.0, ("node", u[row])),
            *sorted(placed.get(row, ()), key=lambda x: x[0]),
            (1.0, ("node", v[row])),
        ]
        for (f0, a), (f1, b) in pairwise(stops):
            graph.add_nodes_from([a, b])
            same = f0 == f1  # one place: no direction to forbid
            arc(a, b, 0.0 if same else None if forward_s[row] is None else (f1 - f0) * forward_s[row])
            arc(b, a, 0.0 if same else None if backward_s[row] is None else (f1 - f0) * backward_s[row])
    return graph


def nearest_reference(lines, u, v, forward_s, backward_s, facilities, demand, *, speed_mps, max_snap):
    """Return (seconds, facility, on, graph, access seconds of facilities and of demand), per demand point.

    Seconds are NaN and the facility −1 where none is reachable or the point is not ``on`` the network.
    """
    f_row, f_frac, f_m = snap_reference(lines, facilities, max_snap)
    d_row, d_frac, d_m = snap_reference(lines, demand, max_snap)
    placed = defaultdict(list)
    for i in np.flatnonzero(f_row >= 0):
        placed[f_row[i]].append((f_frac[i], ("facility", int(i))))
    for i in np.flatnonzero(d_row >= 0):
        placed[d_row[i]].append((d_frac[i], ("demand", int(i))))
    graph = split_graph(u, v, forward_s, backward_s, placed)
    for i in np.flatnonzero(f_row >= 0):
        graph.add_edge(("facility", int(i)), "sink", s=f_m[i] / speed_mps)
    seconds, nearest = np.full(len(demand), np.nan), np.full(len(demand), -1)
    if "sink" in graph:
        before, times = nx.dijkstra_predecessor_and_distance(graph.reverse(copy=False), "sink", weight="s")
        serving = {}
        for node in sorted(times, key=times.get):
            if node != "sink":
                served_by = [node[1] if prior == "sink" else serving.get(prior) for prior in before[node]]
                serving[node] = min((one for one in served_by if one is not None), default=None)
        for i in np.flatnonzero(d_row >= 0):
            key = ("demand", int(i))
            if key in times:
                seconds[i], nearest[i] = times[key] + d_m[i] / speed_mps, serving[key]
    return seconds, nearest, d_row >= 0, graph, f_m / speed_mps, d_m / speed_mps


def seconds_from_demand(graph, i):
    """Return {facility: network seconds} from demand point ``i`` to every facility."""
    found = nx.single_source_dijkstra_path_length(graph, ("demand", i), weight="s")
    return {key[1]: s for key, s in found.items() if isinstance(key, tuple) and key[0] == "facility"}
