"""Ways as drawn, and the graph they become: cut at water, noded where they meet, chains joined, strays dropped."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.sample.plane import Bools, Floats, Ints
from data.sample.river import River

GRID_M: Final = 0.5
"""Everything drawn is snapped to this grid when it is noded."""
ROOM_M: Final = 10.0
"""A bridge begins this far from the water."""


@dataclass(slots=True)
class Ways:
    """Lines as drawn (plane, metres), each with what its segments inherit."""

    lines: list[Any] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        lines: Iterable[Any],
        highway: str,
        *,
        name: str | None = None,
        deck_name: str | None = None,
        oneway: bool = False,
        bridges: bool = True,
        zone: str = "",
        place: int = -1,
        fragment: bool = False,
    ) -> None:
        """Add ``lines``; ``bridges`` lets them cross water, ``zone`` says who lives there, ``place`` which village.

        ``deck_name`` names the bridge over the main river; the streets that lead to it keep ``name``.
        """
        fresh = [line for line in lines if line is not None and line.length > 1.0]
        row = {
            "highway": highway, "name": name, "deck_name": deck_name, "oneway": oneway, "bridges": bridges,
            "bridge": False, "zone": zone, "place": place, "fragment": fragment,
        }  # fmt: skip
        self.lines += fresh
        self.rows += [row] * len(fresh)


@dataclass(frozen=True, slots=True)
class Net:
    """The graph: node positions (M, 2) in metres, and one row a segment with its line, ends and inheritance."""

    nodes: Floats
    u: Ints
    v: Ints
    lines: np.ndarray
    rows: pd.DataFrame

    def take(self, keep: Bools | Ints) -> "Net":
        """Return the net with the segments ``keep`` only, nodes renumbered."""
        u, v = self.u[keep], self.v[keep]
        used, index = np.unique(np.concatenate([u, v]), return_inverse=True)
        return Net(
            self.nodes[used], index[: len(u)], index[len(u) :], self.lines[keep],
            self.rows.iloc[np.flatnonzero(keep) if keep.dtype == bool else keep].reset_index(drop=True),
        )  # fmt: skip

    def components(self, among: Bools | None = None) -> Ints:
        """Return (M,) the component of every node, by the segments ``among``."""
        u, v = (self.u, self.v) if among is None else (self.u[among], self.v[among])
        graph = coo_array((np.ones(len(u), dtype=np.int8), (u, v)), shape=(len(self.nodes), len(self.nodes)))
        return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def cut_at_water(ways: Ways, river: River) -> Ways:
    """Return the ways with their crossings of water as bridges of their own, or left out where none may be."""
    lines = np.array(ways.lines, dtype=object)
    wet = river.water.buffer(ROOM_M, quad_segs=2)
    shapely.prepare(wet)
    hit = np.flatnonzero(shapely.intersects(wet, lines))
    dry = np.setdiff1d(np.arange(len(lines)), hit)
    ground, ground_of = shapely.get_parts(shapely.difference(lines[hit], wet), return_index=True)
    decks, deck_of = shapely.get_parts(shapely.intersection(lines[hit], wet), return_index=True)
    out = Ways([*lines[dry], *ground], [ways.rows[i] for i in dry] + [ways.rows[hit[i]] for i in ground_of])
    for deck, i in zip(decks, deck_of, strict=True):
        row = ways.rows[hit[i]]
        if row["bridges"] and deck.length > 1.0:
            out.lines.append(deck)
            over_main = row["deck_name"] is not None and shapely.intersects(river.main, deck)
            out.rows.append({**row, "bridge": True, "name": row["deck_name"] if over_main else row["name"]})
    return out


def node(ways: Ways) -> Net:
    """Return the net of ``ways``: noded wherever they meet, each piece with the row of the way it came from."""
    drawn = np.array(ways.lines, dtype=object)
    pieces = shapely.get_parts(shapely.union_all(drawn, grid_size=GRID_M))
    pieces = pieces[shapely.length(pieces) > 0]
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, source = shapely.STRtree(drawn).query_nearest(middle, max_distance=3.0, all_matches=False)
    pieces = pieces[piece]
    ends = shapely.get_coordinates(
        [shapely.get_point(pieces, 0), shapely.get_point(pieces, -1)]
    ).reshape(2, -1, 2)  # fmt: skip
    located = shapely.line_locate_point(drawn[source], shapely.points(ends))
    pieces = np.where(located[0] > located[1], shapely.reverse(pieces), pieces)
    return assemble(pieces, pd.DataFrame(ways.rows).iloc[source].reset_index(drop=True))


def assemble(lines: np.ndarray, rows: pd.DataFrame) -> Net:
    """Return the net of ``lines`` that already end where they meet, each with its row of ``rows``."""
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    nodes, index = np.unique(np.round(np.vstack([first, last]), 3), axis=0, return_inverse=True)
    index = index.ravel()
    u, v = index[: len(lines)], index[len(lines) :]
    keep = u != v
    pair = np.sort(np.column_stack([u, v]), axis=1)
    length = np.round(shapely.length(lines), 1)
    _, first_of = np.unique(np.column_stack([pair, length]), axis=0, return_index=True)
    once = np.zeros(len(lines), dtype=bool)
    once[first_of] = True
    return Net(nodes, u, v, lines, rows).take(keep & once)


def join_chains(net: Net) -> Net:
    """Return the net without the nodes where exactly two segments of one kind and name meet: their lines are joined."""
    degree = np.bincount(np.concatenate([net.u, net.v]), minlength=len(net.nodes))
    alike = net.rows.assign(name=net.rows["name"].fillna(""))
    kind = alike.groupby(["highway", "name", "oneway", "bridge", "fragment"], sort=True).ngroup().to_numpy()
    oneway = net.rows["oneway"].to_numpy(dtype=bool)
    touching: list[list[int]] = [[] for _ in range(len(net.nodes))]
    for k, (a, b) in enumerate(zip(net.u.tolist(), net.v.tolist(), strict=True)):
        touching[a].append(k)
        touching[b].append(k)
    through = np.zeros(len(net.nodes), dtype=bool)
    for n in np.flatnonzero(degree == 2):
        a, b = touching[n]
        straight = (net.v[a] == n) == (net.u[b] == n) or not oneway[a]
        through[n] = a != b and kind[a] == kind[b] and straight
    done = np.zeros(len(net.u), dtype=bool)
    lines, keep = net.lines.copy(), np.ones(len(net.u), dtype=bool)
    ends = {}
    for start in range(len(net.u)):
        if done[start] or not (through[net.u[start]] or through[net.v[start]]):
            continue
        ahead, tail = _walk(net, touching, through, start, int(net.v[start]))
        back, head = _walk(net, touching, through, start, int(net.u[start]))
        chain = [k for k, _ in reversed(back)] + [start] + [k for k, _ in ahead]
        done[chain] = True
        if head == tail or len(set(chain)) < len(chain):
            continue
        turned = [_turn(net, k, from_node) for k, from_node in ahead]
        before = [_turn(net, k, from_node)[::-1] for k, from_node in reversed(back)]
        path = [*before, shapely.get_coordinates(net.lines[start]), *turned]
        lines[start] = shapely.LineString(np.vstack([path[0], *[p[1:] for p in path[1:]]]))
        ends[start] = (head, tail)
        keep[[k for k in chain if k != start]] = False
    u, v = net.u.copy(), net.v.copy()
    for k, (head, tail) in ends.items():
        u[k], v[k] = head, tail
    return Net(net.nodes, u, v, lines, net.rows).take(keep)


def _walk(
    net: Net, touching: list[list[int]], through: Bools, start: int, at: int
) -> tuple[list[tuple[int, int]], int]:
    """Return the segments met going on from ``start`` at node ``at``, each with the node it is entered by."""
    met: list[tuple[int, int]] = []
    last = start
    while through[at]:
        a, b = touching[at]
        last = b if a == last else a
        if last == start:
            break
        met.append((last, at))
        at = int(net.v[last] if net.u[last] == at else net.u[last])
    return met, at


def _turn(net: Net, segment: int, from_node: int) -> Floats:
    path = np.asarray(shapely.get_coordinates(net.lines[segment]))
    return path if net.u[segment] == from_node else path[::-1]
