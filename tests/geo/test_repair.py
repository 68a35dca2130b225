"""What-if: by hand, and after any number of changes equal to the field computed anew."""

import numpy as np
import pytest

from geo.errors import ConflictError, NotFoundError, ParameterError
from geo.reach import field_to_facilities, read_field
from geo.repair import LiveField, live_field, read_live, seeds_of
from geo.streets import Snapped, csr
from tests.geo.test_reach import GRID, town


def path_of(costs):
    tail = np.arange(len(costs))
    both = np.concatenate([tail, tail + 1]), np.concatenate([tail + 1, tail])
    return csr(*both, np.array(costs * 2, np.int32), len(costs) + 1)


def state(field):
    time, label = field.times_and_labels()
    return np.where(label < 0, -1, time).tolist(), label.tolist()


def test_a_path_by_hand():
    live = LiveField(path_of([10, 10, 10, 10]), np.array([0]), np.array([5]), np.array([3]), limit_ms=30)
    assert state(live) == ([5, 15, 25, -1, -1], [3, 3, 3, -1, -1])
    assert live.add(7, np.array([4]), np.array([5])).touched == 2
    assert state(live) == ([5, 15, 25, 15, 5], [3, 3, 3, 7, 7])
    # Label 1 ties with both at node 2 and takes it.
    assert live.add(1, np.array([2]), np.array([25])).touched == 1
    assert state(live)[1] == [3, 3, 1, 7, 7]
    assert live.remove(3).touched == 2
    assert state(live) == ([-1, -1, 25, 15, 5], [-1, -1, 1, 7, 7])
    assert live.move(7, np.array([0]), np.array([0])).touched == 5
    assert state(live) == ([0, 10, 20, 30, -1], [7, 7, 7, 7, -1])
    assert live.undo().label == 7
    assert state(live) == ([-1, -1, 25, 15, 5], [-1, -1, 1, 7, 7])
    for _ in range(3):
        live.undo()
    assert state(live) == ([5, 15, 25, -1, -1], [3, 3, 3, -1, -1])
    assert (live.labels, live.changes) == ([3], 0)


def test_what_cannot_be_done_is_refused_and_changes_nothing():
    live = LiveField(path_of([10]), np.array([0]), np.array([0]), np.array([0]), limit_ms=30)
    with pytest.raises(ConflictError):
        live.undo()
    with pytest.raises(ConflictError):
        live.add(0, np.array([1]), np.array([0]))
    with pytest.raises(NotFoundError):
        live.remove(1)
    with pytest.raises(ParameterError):
        live.add(1, np.array([2]), np.array([0]))
    with pytest.raises(ParameterError):
        live.move(0, np.array([0]), np.array([-1]))
    with pytest.raises(ParameterError):
        LiveField(path_of([10]), np.array([0]), np.array([0]), np.array([0]), limit_ms=-1)
    assert state(live) == ([0, 10], [0, 0])
    assert live.labels == [0]


def test_on_streets_it_equals_the_field_computed_anew():
    rng = np.random.default_rng(8)
    ways = rng.random((2, len(GRID))) < 0.85
    streets = town(GRID, forward=ways[0], backward=ways[1])
    xy = rng.integers(0, 401, (12, 2)).astype(float)
    homes = streets.snap(rng.uniform(0, 400, (200, 2)), crs=streets.crs, max_snap_m=100)

    def snapped(places):
        return streets.snap(places, crs=streets.crs, max_snap_m=30)

    live = live_field(streets, snapped(xy), limit_ms=250_000)
    live.remove(2)
    xy[5] = 210.0, 390.0
    live.move(5, *seeds_of(streets, snapped(xy[5:6])))
    xy = np.vstack([xy, [[55.0, 100.0]]])
    live.add(12, *seeds_of(streets, snapped(xy[12:])))
    at = snapped(xy)
    on = at.on & (np.arange(13) != 2)
    anew = field_to_facilities(
        streets, Snapped(on, at.segment, at.fraction, at.snapped_m, at.access_ms), limit_ms=250_000
    )
    now = read_live(streets, live, at)
    for name in ("time_ms", "label", "reached", "first_of_chain", "member"):
        assert getattr(now, name).tobytes() == getattr(anew, name).tobytes(), name
    one, other = read_field(now, homes), read_field(anew, homes)
    assert (one.travel_ms == other.travel_ms).all()
    assert (one.facility == other.facility).all()
    assert (one.status == other.status).all()
