"""Order along a Hilbert curve: neighbours on the map become neighbours in memory."""

import numpy as np
from numpy.typing import NDArray

from geo.jit import kernel

_ORDER = 16


@kernel
def _hilbert_keys(x: NDArray[np.int64], y: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """Return (N,) positions on the curve of 2^order × 2^order cells (Skilling's rotation rule)."""
    keys = np.empty(len(x), np.int64)
    for i in range(len(x)):
        a, b, key = x[i], y[i], 0
        side = 1 << (order - 1)
        while side > 0:
            rx = 1 if a & side else 0
            ry = 1 if b & side else 0
            key += side * side * ((3 * rx) ^ ry)
            if ry == 0:
                if rx == 1:
                    a = (2 * side - 1) - (a & (2 * side - 1))
                    b = (2 * side - 1) - (b & (2 * side - 1))
                a, b = b, a
            side >>= 1
        keys[i] = key
    return keys


def hilbert_order(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return (N,) the row numbers of the (N, 2) points in Hilbert order; equal cells keep their order."""
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    low = xy.min(axis=0)
    span = float((xy.max(axis=0) - low).max()) or 1.0
    cell = np.minimum((xy - low) / span * (1 << _ORDER), (1 << _ORDER) - 1).astype(np.int64)
    keys = _hilbert_keys(cell[:, 0].copy(), cell[:, 1].copy(), _ORDER)
    return np.argsort(keys, kind="stable")
