"""Which ends of lines are one node: by ids, or by equal end points."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Shapes = NDArray[np.object_]

_DECIMALS_M: Final = 3
_DECIMALS_DEGREES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The topology of N lines.

    Attributes:
        u: (N,) node the line runs from, once turned.
        v: (N,) node it runs to.
        turned: (N,) whether the line is drawn from v to u and is to be turned.
        sharing: nodes at exactly the place of another node; they are not joined.
    """

    u: I64
    v: I64
    turned: Bools
    sharing: int


def ends_of(shapes: Shapes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ((N, 2) first, (N, 2) last) coordinates of N lines."""
    xy, after = shapely.get_coordinates(shapes), np.cumsum(shapely.get_num_coordinates(shapes))
    return xy[np.concatenate([[0], after[:-1]])[: len(shapes)]], xy[after - 1]


def one_line(shape: Any) -> Any:
    """Return the parts of a MultiLineString as one line, or None where they make none or its ends are not certain.

    Parts that follow one another keep their direction. A ring of parts out of order could start at any of them.
    """
    parts = [part.coords for part in shape.geoms if not part.is_empty]
    if all(before[-1] == after[0] for before, after in pairwise(parts)):
        return shapely.LineString([*parts[0], *(place for part in parts[1:] for place in part[1:])])
    merged = shapely.line_merge(shape)
    return merged if merged.geom_type == "LineString" and not merged.is_closed else None


def nodes_by_ends(shapes: Shapes, *, degrees: bool) -> Nodes:
    """Return the topology where equal end points, to 1 mm or 1e-8°, are one node; nodes are numbered by place."""
    start, stop = ends_of(shapes)
    both = np.round(np.concatenate([start, stop]), _DECIMALS_DEGREES if degrees else _DECIMALS_M)
    _, node = np.unique(both, axis=0, return_inverse=True)
    node = node.astype(np.int64).ravel()
    return Nodes(node[: len(shapes)], node[len(shapes) :], np.zeros(len(shapes), dtype=np.bool_), 0)


def nodes_by_ids(u: "pd.Series[Any]", v: "pd.Series[Any]", shapes: Shapes) -> Nodes:
    """Return the topology the ids ``u`` and ``v`` state; integers are kept, text is numbered in sorted order.

    Files without direction name u and v in any order. A line is turned where the ends of its neighbours show that
    u lies at its far end; where no neighbour meets it, it stays as drawn.
    """
    a, b = _numbered(u, v)
    start, stop = ends_of(shapes)
    xy = np.concatenate([start, stop]) + 0.0  # −0.0 and 0.0 are one place
    place = pd.factorize(xy[:, 0] + 1j * xy[:, 1])[0].astype(np.int64)
    first, last = place[: len(shapes)], place[len(shapes) :]
    node = pd.factorize(np.concatenate([a, b]))[0].astype(np.int64)
    of_a, of_b = node[: len(shapes)], node[len(shapes) :]
    span = np.int64(place.max(initial=0) + 1)
    pairs = np.concatenate([n * span + p for n, p in ((of_a, first), (of_b, first), (of_a, last), (of_b, last))])
    _, which, votes = np.unique(pairs, return_inverse=True, return_counts=True)
    a_first, b_first, a_last, b_last = votes[which.ravel()].reshape(4, -1)
    drawn, reverse = a_first + b_last, a_last + b_first
    turned = reverse > drawn
    _settle_ties(a, b, first, last, turned, np.flatnonzero((drawn == reverse) & (first != last) & (a != b)))
    ends = ((of_a, np.where(turned, last, first)), (of_b, np.where(turned, first, last)))
    here = np.unique(np.concatenate([n * span + p for n, p in ends])) % span
    return Nodes(a, b, turned, len(here) - len(np.unique(here)))


def _settle_ties(a: I64, b: I64, first: I64, last: I64, turned: Bools, ties: NDArray[np.intp]) -> None:
    """Parallel lines between two nodes that nothing else touches: all follow the one that comes first."""
    seen: dict[int, int] = {}
    for row in ties:
        u, v = int(a[row]), int(b[row])
        if seen.get(u) == int(last[row]) or seen.get(v) == int(first[row]):
            turned[row] = True
        at_u, at_v = (last[row], first[row]) if turned[row] else (first[row], last[row])
        seen.setdefault(u, int(at_u))
        seen.setdefault(v, int(at_v))


def _numbered(u: "pd.Series[Any]", v: "pd.Series[Any]") -> tuple[I64, I64]:
    if pd.api.types.is_integer_dtype(u.dtype) and pd.api.types.is_integer_dtype(v.dtype):
        return u.to_numpy(np.int64), v.to_numpy(np.int64)
    both = np.concatenate([u.astype(str).to_numpy(object), v.astype(str).to_numpy(object)])
    _, node = np.unique(both.astype(str), return_inverse=True)
    node = node.astype(np.int64).ravel()
    return node[: len(u)], node[len(u) :]
