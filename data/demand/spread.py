"""Spreading control totals over carriers so that every sum is kept.

Whole persons by the largest remainder (Hamilton's method), anything else in proportion. What a carrier gets depends
on the carriers of its area and on their keys, never on the order of the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """(N,) weights of the carriers, NaN where none of the areas holds them, and the areas that hold no carrier."""

    weight: F64
    empty: tuple[str, ...]


def shares(total: float, weights: F64, keys: NDArray[np.object_], *, whole: bool) -> F64:
    """Return (N,) parts of ``total`` in proportion to ``weights``, whole numbers that sum to it exactly if ``whole``.

    Equal remainders go to the lower key. Raises ParameterError where there is nothing to share among, a weight is
    not positive, or a whole sharing of a broken total is asked for.

    >>> shares(10, np.ones(3), np.array(["b", "a", "c"], dtype=object), whole=True).tolist()
    [3.0, 4.0, 3.0]
    """
    if len(weights) == 0 or not (np.isfinite(weights).all() and (weights > 0.0).all()):
        raise ParameterError("a total is shared among positive weights, at least one")
    # sums of floats depend on their order; fsum's does not
    largest = float(weights.max())
    part = weights / largest
    exact = part * (total / fsum(part.tolist()))
    if not whole:
        return np.asarray(exact, dtype=np.float64)
    if total < 0 or not float(total).is_integer():
        raise ParameterError(f"{total} is no whole number to be shared whole")
    out = np.floor(exact).astype(np.int64)
    rest = exact - out
    order = np.lexsort((keys.astype(str), -rest))
    each, more = divmod(max(int(total) - int(out.sum()), 0), len(out))
    out += each
    out[order[:more]] += 1
    while (over := int(out.sum()) - int(total)) > 0:  # rounding of very large totals only
        back = order[::-1][out[order[::-1]] > 0][:over]
        out[back] -= 1
    return out.astype(np.float64)


def spread(
    totals: Mapping[str, float], area: NDArray[np.object_], weights: F64, keys: NDArray[np.object_], *, whole: bool
) -> Spread:
    """Return each control area's total spread over the carriers in it.

    ``area`` is the (N,) code each carrier lies in, "" for none; ``weights`` are positive, ``keys`` unique.
    """
    out = np.full(len(weights), np.nan)
    order = np.argsort(area.astype(str), kind="stable")
    named, start = np.unique(area.astype(str)[order], return_index=True)
    held = dict(zip(named.tolist(), np.split(order, start[1:]), strict=True)) if len(order) else {}
    for code, total in totals.items():
        rows = held.get(code)
        if rows is not None:
            out[rows] = shares(total, weights[rows], keys[rows], whole=whole)
    return Spread(out, tuple(sorted(code for code in totals if code not in held)))
