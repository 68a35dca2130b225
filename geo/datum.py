"""China's shifted datums: GCJ-02 and BD-09, to and from WGS 84 (CGCS2000 is treated as equal to it).

The forward shift is the published polynomial; the inverse is found by iteration, so that a round trip is exact to
under a millimetre. Control point: WGS (103.834, 36.061) → GCJ (103.836403734, 36.060673256) → BD
(103.842938666, 36.066570522).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_A: Final = 6378245.0
_EE: Final = 0.00669342162296594323
_BD: Final = np.pi * 3000.0 / 180.0
_ROUNDS: Final = 6


def _waves(x: F64) -> F64:
    return (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0


def _shift(lonlat: F64) -> F64:
    x = lonlat[:, 0] - 105.0
    y = lonlat[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + _waves(x)
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + _waves(x)
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = np.radians(lonlat[:, 1])
    magic = 1.0 - _EE * np.sin(latitude) ** 2
    dlat = north * 180.0 / ((_A * (1.0 - _EE)) / (magic * np.sqrt(magic)) * np.pi)
    dlon = east * 180.0 / (_A / np.sqrt(magic) * np.cos(latitude) * np.pi)
    return np.column_stack([dlon, dlat])


def wgs84_to_gcj02(lonlat: F64) -> F64:
    """Return (N, 2) degrees in GCJ-02 of the (N, 2) degrees in WGS 84.

    >>> wgs84_to_gcj02(np.array([[103.834, 36.061]])).round(6).tolist()
    [[103.836404, 36.060673]]
    """
    return lonlat + _shift(lonlat)


def gcj02_to_wgs84(lonlat: F64) -> F64:
    """Return (N, 2) degrees in WGS 84 of the (N, 2) degrees in GCJ-02, by fixed-point iteration."""
    guess = lonlat - _shift(lonlat)
    for _ in range(_ROUNDS):
        guess = lonlat - _shift(guess)
    return guess


def gcj02_to_bd09(lonlat: F64) -> F64:
    """Return (N, 2) degrees in BD-09 of the (N, 2) degrees in GCJ-02.

    >>> gcj02_to_bd09(np.array([[103.836403734, 36.060673256]])).round(6).tolist()
    [[103.842939, 36.066571]]
    """
    x, y = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def bd09_to_gcj02(lonlat: F64) -> F64:
    """Return (N, 2) degrees in GCJ-02 of the (N, 2) degrees in BD-09, by fixed-point iteration."""
    guess = lonlat - np.array([0.0065, 0.006])
    for _ in range(_ROUNDS):
        guess = guess + lonlat - gcj02_to_bd09(guess)
    return np.asarray(guess)


def wgs84_to_bd09(lonlat: F64) -> F64:
    """Return (N, 2) degrees in BD-09 of the (N, 2) degrees in WGS 84."""
    return gcj02_to_bd09(wgs84_to_gcj02(lonlat))


def bd09_to_wgs84(lonlat: F64) -> F64:
    """Return (N, 2) degrees in WGS 84 of the (N, 2) degrees in BD-09."""
    return gcj02_to_wgs84(bd09_to_gcj02(lonlat))
