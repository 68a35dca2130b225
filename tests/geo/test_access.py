"""Access measures: sums that must hold, against plain double loops, and what is refused."""

import numpy as np
import pytest

from geo.access import (
    Exponential,
    Gaussian,
    GaussianToZero,
    Linear,
    Logistic,
    Step,
    Zones,
    cumulative_opportunities,
    enhanced_two_step,
    floating_catchment,
    gaussian_two_step,
    gravity,
    nearest,
    two_step,
)
from geo.errors import InputError, ParameterError
from geo.inequality import detour_ratio, gini, palma, pedestrian_shed_ratio, theil
from geo.search import Catchments

DECAYS = [
    Step(700), Zones((300, 600, 900), (1.0, 0.6, 0.2)), Linear(800), Logistic(500, 90), Exponential(400),
    Gaussian(350), GaussianToZero(900),
]  # fmt: skip


def random_city(seed, facilities=12, homes=40):
    """Catchments and the same as an (M, K) array of seconds, inf beyond 900."""
    rng = np.random.default_rng(seed)
    ms = rng.integers(0, 2_000_000, (facilities, homes))
    ms[3] = 2_000_000
    row, column = np.nonzero(ms <= 900_000)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=facilities))])
    sparse = Catchments(indptr, column.astype(np.int32), ms[row, column].astype(np.int32), homes, 900_000)
    return sparse, np.where(ms <= 900_000, ms / 1000.0, np.inf), rng


def worth(decay, seconds):
    return np.where(np.isfinite(seconds), decay(np.where(np.isfinite(seconds), seconds, 0.0)), 0.0)


@pytest.mark.parametrize("decay", DECAYS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("seed", range(5))
def test_supply_is_shared_out_whole(decay, seed):
    sparse, seconds, rng = random_city(seed)
    supply, people = rng.uniform(1, 50, 12), rng.integers(0, 90, 40)
    got = floating_catchment(sparse, supply, people, decay)
    f = worth(decay, seconds)
    served = (f * people).sum(axis=1) > 0
    assert not served[3]
    assert (people * got.access).sum() == pytest.approx(supply[served].sum())
    assert np.isnan(got.ratio).tolist() == (~served).tolist()
    ratio = np.array([s / (people * w).sum() if ok else 0.0 for s, w, ok in zip(supply, f, served, strict=True)])
    assert got.access == pytest.approx((ratio[:, None] * f).sum(axis=0))


@pytest.mark.parametrize("decay", DECAYS, ids=lambda d: type(d).__name__)
def test_gravity_equals_the_double_sum_and_decays_fall(decay):
    sparse, seconds, rng = random_city(7)
    amount = rng.uniform(0, 50, 12)
    assert gravity(sparse, amount, decay) == pytest.approx((amount[:, None] * worth(decay, seconds)).sum(axis=0))
    falling = decay(np.arange(0.0, 2000.0, 7.0))
    assert (np.diff(falling) <= 0).all()
    assert falling.min() >= 0
    assert falling.max() <= 1


def test_the_named_methods_are_the_general_one_with_their_decay():
    sparse, seconds, rng = random_city(9)
    supply, people = rng.uniform(1, 50, 12), rng.integers(1, 90, 40)
    zones = Zones((300, 900), (1.0, 0.4))
    for got, decay in (
        (two_step(sparse, supply, people, within_s=600), Step(600)),
        (enhanced_two_step(sparse, supply, people, zones), zones),
        (gaussian_two_step(sparse, supply, people, within_s=900), GaussianToZero(900)),
    ):
        assert (got.access == floating_catchment(sparse, supply, people, decay).access).all()
    within = cumulative_opportunities(sparse, np.ones(12), within_s=600)
    assert within.tolist() == (seconds <= 600).sum(axis=0).tolist()


def test_nearest_takes_the_least_time_and_the_lowest_row():
    ms = np.array([500, 500, 400, 300], np.int32)
    sparse = Catchments(np.array([0, 2, 4]), np.array([0, 1, 1, 0], np.int32), ms, 3, 1000)
    seconds, facility = nearest(sparse)
    assert seconds[:2].tolist() == [0.3, 0.4]
    assert np.isnan(seconds[2])
    assert facility.tolist() == [1, 1, -1]
    tie = Catchments(np.array([0, 1, 2]), np.array([0, 0], np.int32), ms[:2], 1, 1000)
    assert nearest(tie)[1].tolist() == [0]


def test_bad_amounts_are_all_named_and_bad_parameters_refused():
    sparse, _, _ = random_city(1)
    amount = np.ones(12)
    amount[[2, 5]] = -1, np.nan
    with pytest.raises(InputError) as caught:
        gravity(sparse, amount, Step(600))
    assert [fault.row for fault in caught.value.faults] == [2, 5]
    with pytest.raises(ParameterError):
        gravity(sparse, np.ones(11), Step(600))
    with pytest.raises(ParameterError):
        cumulative_opportunities(sparse, np.ones(12), within_s=901)
    for wrong in (Step(0), Linear(np.inf), Logistic(1, -1), Exponential(0), Gaussian(np.nan), GaussianToZero(0)):
        with pytest.raises(ParameterError):
            wrong(np.zeros(1))
    with pytest.raises(ParameterError):
        Zones((600, 300), (1.0, 0.5))(np.zeros(1))


def test_inequality_is_the_same_for_people_and_for_groups_of_them():
    rng = np.random.default_rng(4)
    value, heads = rng.uniform(0, 9, 30), rng.integers(0, 6, 30)
    each = np.repeat(value, heads)
    pairs = np.abs(each[:, None] - each).sum() / (2 * len(each) ** 2 * each.mean())
    assert gini(value, heads) == pytest.approx(pairs)
    for measure in (gini, palma, theil):
        assert measure(value, heads) == pytest.approx(measure(each))
        assert measure(value * 7, heads) == pytest.approx(measure(value, heads))
    assert palma([0, 0, 0, 0, 5]) == float("inf")


def test_inequality_and_ratios_refuse_what_they_cannot_mean():
    for measure in (gini, palma, theil):
        with pytest.raises(InputError):
            measure([1, -1])
        with pytest.raises(ParameterError):
            measure([0, 0])
        with pytest.raises(ParameterError):
            measure([1, 2], [1])
    with pytest.raises(ParameterError):
        pedestrian_shed_ratio([1.0], radius_m=0)
    with pytest.raises(ParameterError):
        detour_ratio([1.0], [-1.0])
