"""Elevation along streets, on grounds whose answer is known."""

import numpy as np
import pytest

from geo.terrain import densify, drape


class Ground:
    """Elevation given by a formula of the plane (degrees stand for metres here)."""

    def __init__(self, height):
        self.height = height

    def sample(self, lonlat):
        return np.asarray(self.height(lonlat[:, 0], lonlat[:, 1]), dtype=float)


def lay(lines, nodes, ground, *, way=None, deck=None, window=100.0):
    xy = np.array([p for line in lines for p in line], float)
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    u, v = np.array(nodes).T
    return drape(
        xy, xy, starts, u, v,
        way=np.arange(len(lines)) if way is None else np.array(way),
        deck=np.zeros(len(lines), bool) if deck is None else np.array(deck),
        model=Ground(ground), step_m=50.0, window_m=window,
    )  # fmt: skip


def test_vertices_are_kept_and_never_farther_apart_than_the_step():
    xy = np.array([[0, 0], [120, 0], [120, 20], [0, 50], [10, 50]], float)
    piece, fraction, starts = densify(xy, np.array([0, 3, 5]), step_m=50.0)
    assert piece.tolist() == [0, 0, 0, 1, 2, 3, 4]
    assert fraction == pytest.approx([0, 1 / 3, 2 / 3, 0, 0, 0, 0])
    assert starts.tolist() == [0, 5, 7]


def test_an_even_slope_stays_as_it_is():
    got = lay(
        [[(0, 0), (430, 0)], [(430, 0), (700, 0)]],
        [(0, 1), (1, 2)],
        lambda x, y: 0.08 * x + 0 * y,
        way=[7, 7],
    )
    assert got.z == pytest.approx(got.xy[:, 0] * 0.08)


def test_a_bump_shorter_than_the_window_is_smoothed():
    bump = lambda x, y: np.where(np.abs(x - 500) < 1, 30.0, 0.0)  # noqa: E731
    line = [(float(x), 0.0) for x in range(0, 1001, 10)]
    got = lay([line], [(0, 1)], bump)
    # one sample of 30 m among ten of 10 m spacing: a tenth of it stays
    assert got.z.max() == pytest.approx(30 / 10, rel=0.01)


def test_a_bridge_of_several_pieces_is_straight_between_its_banks():
    valley = lambda x, y: 100 + 0.02 * x - 60 * ((x > 300) & (x < 700))  # noqa: E731
    lines = [[(0, 0), (300, 0)], [(300, 0), (450, 0)], [(450, 0), (700, 0)], [(700, 0), (1000, 0)]]
    got = lay(lines, [(0, 1), (1, 2), (2, 3), (3, 4)], valley, way=[1, 1, 1, 1], deck=[False, True, True, False])
    on_deck = (got.xy[:, 0] >= 300) & (got.xy[:, 0] <= 700)
    slope = np.diff(got.z[on_deck]) / np.where(np.diff(got.xy[on_deck, 0]) > 0, np.diff(got.xy[on_deck, 0]), np.inf)
    assert np.abs(slope).max() < 0.03
    assert got.z[on_deck].min() > 100


def test_streets_meet_level_at_their_nodes():
    rough = lambda x, y: 10 * np.sin(x / 40) + 8 * np.cos(y / 30)  # noqa: E731
    lines = [[(0, 0), (200, 0)], [(200, 0), (400, 0)], [(200, 0), (200, 300)]]
    got = lay(lines, [(0, 1), (1, 2), (1, 3)], rough, way=[1, 1, 2])
    at_node = np.hypot(got.xy[:, 0] - 200, got.xy[:, 1]) < 1e-9
    assert np.ptp(got.z[at_node]) < 1e-9


def test_places_without_elevation_stay_without():
    got = lay([[(0, 0), (100, 0)]], [(0, 1)], lambda x, y: np.where(x < 50, 5.0, np.nan))
    assert np.isnan(got.z[-1])
