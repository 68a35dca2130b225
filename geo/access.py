"""Access measures on catchments: one function each, with its formula, its paper and an example.

t(i, j) is the travel time between demand i and facility j, in seconds in the formulas; f is a decay of it. Pairs
beyond the catchments' limit count as out of reach, so a decay without an end of its own is cut there.

The examples share ``example()``: two facilities and three homes.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import Fault, InputError, ParameterError
from geo.search import Catchments

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Decay(Protocol):
    """What a travel time is worth, 1 at most."""

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights of (P,) seconds."""
        ...


def example() -> Catchments:
    """Return catchments of two facilities: the first has homes 0 and 1 in reach, the second homes 1 and 2.

    >>> example().facility().tolist(), example().column.tolist(), (example().ms // 1000).tolist()
    ([0, 0, 1, 1], [0, 1, 1, 2], [300, 600, 300, 900])
    """
    ms = np.array([300_000, 600_000, 300_000, 900_000], dtype=np.int32)
    return Catchments(np.array([0, 2, 4]), np.array([0, 1, 1, 2], dtype=np.int32), ms, 3, 900_000)


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise ParameterError(f"{name} is {value}; it is a finite number above 0")


def _whole_ms(seconds: ArrayLike) -> F64:
    """Return whole milliseconds, as the engine counts: 8.2 · 60 s and 492 s are one time."""
    return np.rint(np.asarray(seconds, dtype=np.float64) * 1000.0)


@dataclass(frozen=True, slots=True)
class Step:
    """f(t) = 1 where t ≤ limit, else 0.

    >>> Step(600)(np.array([0.0, 600.0, 600.001])).tolist()
    [1.0, 1.0, 0.0]
    """

    limit_s: float

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights."""
        _positive(limit_s=self.limit_s)
        return (_whole_ms(seconds) <= _whole_ms(self.limit_s)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Zones:
    """f(t) = the weight of the first zone whose end is at or beyond t, 0 beyond the last (Luo & Qi 2009).

    >>> Zones((600, 1200, 1800), (1.0, 0.68, 0.22))(np.array([600.0, 601.0, 1800.0, 1801.0])).tolist()
    [1.0, 0.68, 0.22, 0.0]
    """

    ends_s: tuple[float, ...]
    weights: tuple[float, ...]

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights. Raises ParameterError unless zones ascend and each has a weight."""
        if len(self.ends_s) != len(self.weights) or not self.ends_s or (np.diff(self.ends_s) <= 0).any():
            raise ParameterError("zones have ascending ends and one weight each")
        zone = np.searchsorted(_whole_ms(self.ends_s), _whole_ms(seconds), side="left")
        return np.append(np.asarray(self.weights, dtype=np.float64), 0.0)[zone]


@dataclass(frozen=True, slots=True)
class Linear:
    """f(t) = max(0, 1 − t / limit).

    >>> Linear(600)(np.array([0.0, 150.0, 700.0])).tolist()
    [1.0, 0.75, 0.0]
    """

    limit_s: float

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights."""
        _positive(limit_s=self.limit_s)
        return np.maximum(1.0 - seconds / self.limit_s, 0.0)


@dataclass(frozen=True, slots=True)
class Logistic:
    """f(t) = 1 / (1 + exp((t − median) / scale)): a half at the median, steeper for a smaller scale.

    Martínez, L. M. and Viegas, J. M. (2013) A new approach to modelling distance-decay functions for accessibility
    assessment in transport studies, Journal of Transport Geography 26, 87–96.

    >>> Logistic(600, 60)(np.array([600.0])).tolist()
    [0.5]
    """

    median_s: float
    scale_s: float

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights."""
        _positive(median_s=self.median_s, scale_s=self.scale_s)
        return 1.0 / (1.0 + np.exp(np.minimum((seconds - self.median_s) / self.scale_s, 700.0)))


@dataclass(frozen=True, slots=True)
class Exponential:
    """f(t) = exp(−t / scale); scale = 1/β (Wilson 1971, Environment and Planning 3).

    >>> Exponential(600)(np.array([0.0, 600.0])).round(4).tolist()
    [1.0, 0.3679]
    """

    scale_s: float

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights."""
        _positive(scale_s=self.scale_s)
        return np.asarray(np.exp(-seconds / self.scale_s))


@dataclass(frozen=True, slots=True)
class Gaussian:
    """f(t) = exp(−t² / (2·bandwidth²)).

    >>> Gaussian(600)(np.array([0.0, 600.0])).round(4).tolist()
    [1.0, 0.6065]
    """

    bandwidth_s: float

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights."""
        _positive(bandwidth_s=self.bandwidth_s)
        return np.asarray(np.exp(-((seconds / self.bandwidth_s) ** 2) / 2.0))


@dataclass(frozen=True, slots=True)
class GaussianToZero:
    """f(t) = (exp(−½(t/limit)²) − exp(−½)) / (1 − exp(−½)) where t ≤ limit, else 0: it ends at 0 (Dai 2010).

    >>> GaussianToZero(600)(np.array([0.0, 300.0, 600.0, 601.0])).round(4).tolist()
    [1.0, 0.7014, 0.0, 0.0]
    """

    limit_s: float

    def __call__(self, seconds: F64) -> F64:
        """Return (P,) weights."""
        _positive(limit_s=self.limit_s)
        floor = np.exp(-0.5)
        share = (np.exp(-0.5 * (seconds / self.limit_s) ** 2) - floor) / (1.0 - floor)
        return np.where(_whole_ms(seconds) <= _whole_ms(self.limit_s), np.maximum(share, 0.0), 0.0)


def _amounts(values: ArrayLike, count: int, name: str) -> F64:
    """Return ``values`` as (count,) floats. Raises InputError with every one that is negative or not finite."""
    amounts = np.asarray(values, dtype=np.float64)
    if amounts.shape != (count,):
        raise ParameterError(f"{name} has shape {amounts.shape}; it holds {count} numbers")
    bad = np.flatnonzero(~(np.isfinite(amounts) & (amounts >= 0)))
    if len(bad):
        raise InputError(
            Fault("amount", f"{name} is not a finite number of 0 or more.", "correct or leave out the row.",
                  row=int(row), column=name, value=str(amounts[row])) for row in bad[:100]
        )  # fmt: skip
    return amounts


def nearest(catchments: Catchments) -> tuple[F64, I64]:
    """Return ((K,) seconds to the nearest facility, NaN for none in reach; (K,) its row, the lowest on ties, else −1).

    A(i) = min over j of t(i, j).

    >>> seconds, facility = nearest(example())
    >>> seconds.tolist(), facility.tolist()
    ([300.0, 300.0, 900.0], [0, 1, 1])
    """
    facility = catchments.facility()
    order = np.lexsort((facility, catchments.ms, catchments.column))
    column, first = np.unique(catchments.column[order], return_index=True)
    seconds = np.full(catchments.columns, np.nan)
    which = np.full(catchments.columns, -1, dtype=np.int64)
    seconds[column] = catchments.ms[order][first] / 1000.0
    which[column] = facility[order][first]
    return seconds, which


def gravity(catchments: Catchments, opportunities: ArrayLike, decay: Decay) -> F64:
    """Return (K,) opportunities weighted by the decay of the time to them.

    A(i) = Σ_j O(j)·f(t(i, j)). Hansen, W. G. (1959) How accessibility shapes land use, Journal of the American
    Institute of Planners 25(2), 73–76. ``opportunities`` are (M,). Raises InputError, ParameterError.

    >>> gravity(example(), [10, 20], Linear(1200)).tolist()
    [7.5, 20.0, 5.0]
    """
    amount = _amounts(opportunities, catchments.facilities, "opportunities")
    worth = amount[catchments.facility()] * decay(catchments.ms / 1000.0)
    return np.bincount(catchments.column, worth, minlength=catchments.columns).astype(np.float64)


def cumulative_opportunities(catchments: Catchments, opportunities: ArrayLike, *, within_s: float) -> F64:
    """Return (K,) opportunities within ``within_s`` seconds, the limit included.

    A(i) = Σ_j O(j)·[t(i, j) ≤ T]. Wachs, M. and Kumagai, T. G. (1973) Physical accessibility as a social indicator,
    Socio-Economic Planning Sciences 7(5), 437–456. Raises ParameterError for a time the catchments do not reach.

    >>> cumulative_opportunities(example(), [10, 20], within_s=600).tolist()
    [10.0, 30.0, 0.0]
    """
    _within(catchments, within_s)
    return gravity(catchments, opportunities, Step(within_s))


def _within(catchments: Catchments, limit_s: float) -> None:
    if _whole_ms(limit_s) > catchments.limit_ms:
        raise ParameterError(f"{limit_s} s is beyond the catchments' limit of {catchments.limit_ms / 1000.0} s")


@dataclass(frozen=True, slots=True, eq=False)
class FloatingCatchment:
    """What a floating catchment area method found.

    Attributes:
        access: (K,) supply per head at each demand row.
        ratio: (M,) supply per head of each facility's catchment, NaN where nobody is in it.
    """

    access: F64
    ratio: F64


def floating_catchment(
    catchments: Catchments, supply: ArrayLike, population: ArrayLike, decay: Decay
) -> FloatingCatchment:
    """Return the FloatingCatchment of (M,) ``supply`` and (K,) ``population`` for any decay.

    R(j) = S(j) / Σ_k P(k)·f(t(k, j)); A(i) = Σ_j R(j)·f(t(i, j)). Supply is shared out whole: Σ_i P(i)·A(i) equals
    Σ_j S(j) of the facilities that have anyone in reach. Raises InputError, ParameterError.

    >>> got = floating_catchment(example(), [10, 20], [5, 5, 10], Step(900))
    >>> got.ratio.round(4).tolist(), got.access.round(4).tolist()
    ([1.0, 1.3333], [1.0, 2.3333, 1.3333])
    """
    stock = _amounts(supply, catchments.facilities, "supply")
    heads = _amounts(population, catchments.columns, "population")
    facility = catchments.facility()
    worth = decay(catchments.ms / 1000.0)
    demand = np.bincount(facility, heads[catchments.column] * worth, minlength=catchments.facilities)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = stock / demand
    served = (demand > 0) & np.isfinite(share)  # a demand too small to divide by is none
    ratio = np.where(served, share, np.nan)
    access = np.bincount(
        catchments.column, np.where(served, ratio, 0.0)[facility] * worth, minlength=catchments.columns
    )
    return FloatingCatchment(access.astype(np.float64), ratio)


def two_step(catchments: Catchments, supply: ArrayLike, population: ArrayLike, *, within_s: float) -> FloatingCatchment:
    """Return the two-step floating catchment areas (2SFCA): ``floating_catchment`` with ``Step``.

    Luo, W. and Wang, F. (2003) Measures of spatial accessibility to health care in a GIS environment, Environment
    and Planning B 30(6), 865–884.

    >>> two_step(example(), [10, 20], [5, 5, 10], within_s=600).access.tolist()
    [1.0, 5.0, 0.0]
    """
    _within(catchments, within_s)
    return floating_catchment(catchments, supply, population, Step(within_s))


def enhanced_two_step(
    catchments: Catchments, supply: ArrayLike, population: ArrayLike, zones: Zones
) -> FloatingCatchment:
    """Return the enhanced two-step floating catchment areas (E2SFCA): ``floating_catchment`` with ``Zones``.

    Luo, W. and Qi, Y. (2009) An enhanced two-step floating catchment area method for measuring spatial
    accessibility to primary care physicians, Health & Place 15(4), 1100–1107.

    >>> enhanced_two_step(example(), [10, 20], [5, 5, 10], Zones((300, 900), (1.0, 0.5))).access.tolist()
    [1.3333333333333333, 2.6666666666666665, 1.0]
    """
    _within(catchments, zones.ends_s[-1] if zones.ends_s else 0.0)
    return floating_catchment(catchments, supply, population, zones)


def gaussian_two_step(
    catchments: Catchments, supply: ArrayLike, population: ArrayLike, *, within_s: float
) -> FloatingCatchment:
    """Return the Gaussian two-step floating catchment areas: ``floating_catchment`` with ``GaussianToZero``.

    Dai, D. (2010) Black residential segregation, disparities in spatial access to health care facilities, and
    late-stage breast cancer diagnosis in metropolitan Detroit, Health & Place 16(5), 1038–1052.

    >>> gaussian_two_step(example(), [10, 20], [5, 5, 10], within_s=900).access.round(3).tolist()
    [1.272, 4.728, 0.0]
    """
    _within(catchments, within_s)
    return floating_catchment(catchments, supply, population, GaussianToZero(within_s))
