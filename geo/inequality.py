"""How unevenly access is shared out, and how much longer streets are than straight lines."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import Fault, InputError, ParameterError

F64 = NDArray[np.float64]


_NOTHING: Final = 1e-12


def _shared(values: ArrayLike, heads: ArrayLike | None) -> tuple[F64, F64]:
    """Return values ascending and the people who have them. Raises InputError, ParameterError."""
    value = np.asarray(values, dtype=np.float64)
    people = np.ones(len(value)) if heads is None else np.asarray(heads, dtype=np.float64)
    if value.ndim != 1 or value.shape != people.shape:
        raise ParameterError(f"{value.shape} values for {people.shape} people; one of each for every row")
    bad = np.flatnonzero(~(np.isfinite(value) & (value >= 0) & np.isfinite(people) & (people >= 0)))
    if len(bad):
        raise InputError(
            Fault("share", "a value or its number of people is not a finite number of 0 or more.",
                  "correct or leave out the row.", row=int(row)) for row in bad[:100]
        )  # fmt: skip
    if not (value * people).sum() > 0:
        raise ParameterError("there is nothing to share: all values are 0, or nobody has them")
    order = np.argsort(value, kind="stable")
    return value[order], people[order]


def gini(values: ArrayLike, heads: ArrayLike | None = None) -> float:
    """Return the Gini coefficient of (K,) values held by (K,) people: 0 all alike, towards 1 one has all.

    G = Σ_i Σ_k w(i)·w(k)·|x(i) − x(k)| / (2·W²·mean), by the area below the Lorenz curve. Gini, C. (1912)
    Variabilità e mutabilità. Raises InputError, ParameterError.

    >>> gini([1, 1, 1]), gini([0, 0, 0, 1]), round(gini([1, 3], [3, 1]), 6)
    (0.0, 0.75, 0.25)
    """
    value, people = _shared(values, heads)
    held = np.concatenate([[0.0], np.cumsum(value * people)])
    area = (people * (held[1:] + held[:-1])).sum() / (people.sum() * held[-1])
    return float(max(1.0 - area, 0.0))


def palma(values: ArrayLike, heads: ArrayLike | None = None) -> float:
    """Return the Palma ratio: what the richest tenth has ÷ what the poorest four tenths have; inf where that is 0.

    People at the margin are split between the groups. Palma, J. G. (2011) Homogeneous middles vs. heterogeneous
    tails, Development and Change 42(1), 87–153. Raises InputError, ParameterError.

    >>> palma([1] * 10), palma([1] * 9 + [8])
    (0.25, 2.0)
    """
    value, people = _shared(values, heads)
    share = np.concatenate([[0.0], np.cumsum(people)]) / people.sum()
    held = np.concatenate([[0.0], np.cumsum(value * people)])
    most = held[-1] - np.interp(0.9, share, held)
    least = np.interp(0.4, share, held)
    return float(most / least) if least > _NOTHING * held[-1] else float("inf")


def theil(values: ArrayLike, heads: ArrayLike | None = None) -> float:
    """Return the Theil index T: 0 all alike, log(people) where one has all.

    T = Σ w(i)/W · x(i)/mean · log(x(i)/mean), 0·log 0 taken as 0. Theil, H. (1967) Economics and Information Theory.
    Raises InputError, ParameterError.

    >>> theil([2, 2, 2]), round(theil([0, 0, 0, 1]), 6) == round(float(np.log(4)), 6)
    (0.0, True)
    """
    value, people = _shared(values, heads)
    relative = value / ((value * people).sum() / people.sum())
    some = relative > 0
    return max(float((people[some] * relative[some] * np.log(relative[some])).sum() / people.sum()), 0.0)


def pedestrian_shed_ratio(reached_m2: ArrayLike, *, radius_m: float) -> F64:
    """Return (K,) area that can be walked to ÷ area of the circle as wide as the walk is long: 1 at best.

    r = A / (π·radius²), radius = limit × flat speed. Schlossberg, M. and Brown, N. (2004) Comparing transit-oriented
    development sites by walkability indicators, Transportation Research Record 1887, 34–42. Raises ParameterError.

    >>> pedestrian_shed_ratio([2e6], radius_m=1000).round(4).tolist()
    [0.6366]
    """
    area = np.asarray(reached_m2, dtype=np.float64)
    if not (np.isfinite(radius_m) and radius_m > 0) or not (np.isfinite(area) & (area >= 0)).all():
        raise ParameterError("the radius is above 0 m, areas are 0 m² or more, all finite")
    return np.asarray(area / (np.pi * radius_m**2))


def detour_ratio(along_m: ArrayLike, straight_m: ArrayLike) -> F64:
    """Return (K,) length along streets ÷ straight length; NaN where the straight one is 0.

    Also pedestrian route directness. Hess, P. M. (1997) Measures of connectivity, Places 11(2), 58–65.
    Raises ParameterError.

    >>> detour_ratio([150, 0], [100, 0]).tolist()
    [1.5, nan]
    """
    along, straight = np.asarray(along_m, dtype=np.float64), np.asarray(straight_m, dtype=np.float64)
    if along.shape != straight.shape or not ((along >= 0) & (straight >= 0)).all():
        raise ParameterError("as many lengths along streets as straight ones, all 0 m or more")
    ratio = np.full(along.shape, np.nan)
    np.divide(along, straight, out=ratio, where=straight > 0)
    return ratio
