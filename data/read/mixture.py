"""Rows of a mixed file, told apart: a hidden chain over the file's order, its odds learnt from the file itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_ROUNDS: Final = 60
_SETTLED: Final = 1e-4
_BELIEF: Final = 5.0
"""How many rows the table's odds weigh against those of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSigns:
    """What n rows show by each of H readings.

    Attributes:
        classes: one (H, n) array a sign: kind × class of distance, numbered kind by kind.
        chance: for each sign, how often each class comes by chance; the classes of a kind sum to 1.
        start: for each sign, the log odds of each class to begin with: at the right place against chance.
        kinds: how many kinds the classes are of.
        common: (H, n) log odds of all other signs.
    """

    classes: tuple[I64, ...]
    chance: tuple[F64, ...]
    start: tuple[F64, ...]
    kinds: int
    common: F64

    def of(self, readings: Sequence[int]) -> "RowSigns":
        """Return the signs by some of the readings."""
        picked = list(readings)
        return RowSigns(
            tuple(one[picked] for one in self.classes), self.chance, self.start, self.kinds, self.common[picked]
        )


def split_rows(signs: RowSigns, *, certainty: float) -> I64:
    """Return (n,) which of H readings each row belongs to, H where that is less certain than ``certainty``.

    Rows are in file order: the next row stays with the reading of the last with a probability learnt from the file
    (lists pasted below one another come in blocks), else it is drawn by the readings' shares. What a right place
    looks like is learnt too, from the table's odds on. Baum et al. 1970.
    """
    parts, count = signs.common.shape
    share, stay = np.full(parts, 1.0 / parts), 0.5
    prior = tuple(_shares(np.exp(odds) * by, signs.kinds) for odds, by in zip(signs.start, signs.chance, strict=True))
    right = prior
    posterior = np.zeros((count, parts))
    for _ in range(_ROUNDS):
        logs = signs.common.copy()
        for one, now, by in zip(signs.classes, right, signs.chance, strict=True):
            logs += np.log(now / by)[one]
        odds = np.exp(logs - logs.max(axis=0)).T
        last, (posterior, kept, drawn) = posterior, _smoothed(odds, share, stay)
        change = np.abs(posterior - last).max()
        before = stay
        # One imagined row of each sort keeps a short file from claiming to be all of a piece, or none.
        stay = (kept + 1.0) / (count - 1 + 2.0)
        share = (drawn + 1.0) / (drawn.sum() + parts)
        right = tuple(
            _shares(np.bincount(one.ravel(), posterior.T.ravel(), len(first)) + _BELIEF * first, signs.kinds)
            for one, first in zip(signs.classes, prior, strict=True)
        )
        if abs(stay - before) < _SETTLED and change < _SETTLED:
            break
    best = posterior.argmax(axis=1)
    return np.asarray(np.where(posterior.max(axis=1) >= certainty, best, parts), dtype=np.int64)


def _shares(weight: F64, kinds: int) -> F64:
    """Weights made to sum to 1 over the classes of each kind."""
    by_kind = weight.reshape(kinds, -1)
    return np.asarray((by_kind / by_kind.sum(axis=1, keepdims=True)).ravel())


def _smoothed(odds: F64, share: F64, stay: float) -> tuple[F64, float, F64]:
    """(n, H) posteriors, the expected number of rows that stayed, and (H,) of those drawn anew."""
    count, parts = odds.shape
    move = stay * np.eye(parts) + (1.0 - stay) * share
    forward, scale = np.empty((count, parts)), np.empty(count)
    ahead = share * odds[0]
    for i in range(count):
        if i:
            ahead = (forward[i - 1] @ move) * odds[i]
        scale[i] = ahead.sum()
        forward[i] = ahead / scale[i]
    backward = np.ones((count, parts))
    for i in range(count - 2, -1, -1):
        backward[i] = move @ (odds[i + 1] * backward[i + 1]) / scale[i + 1]
    posterior = forward * backward
    later = odds[1:] * backward[1:] / scale[1:, None]
    kept = stay * (forward[:-1] * later).sum()
    drawn = posterior[0] + (1.0 - stay) * share * later.sum(axis=0)
    return posterior, float(kept), drawn
