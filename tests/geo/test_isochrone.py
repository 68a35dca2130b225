"""Display polygons: what they cover, what they leave out, that they nest and stop at water."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from api.wiring import open_runner
from geo.errors import ParameterError
from geo.isochrone import display_polygons, isochrones, time_field
from geo.reach import field_to_facilities, read_field
from scripts.measured import lanzhou_core
from tests.geo.test_reach import CRS, GRID, town


def field_of(streets, facilities, seconds, water=None):
    snapped = streets.snap(np.array(facilities, float), crs=CRS, max_snap_m=300)
    return time_field(field_to_facilities(streets, snapped, limit_ms=round(seconds * 1000)), cell_m=10, water=water)


def test_a_straight_street_is_covered_as_far_as_one_walks():
    streets = town([[(0, 0), (2000, 0)]])
    (area,) = display_polygons(field_of(streets, [(1000, 0)], 300), [300_000])
    west, south, east, north = area.bounds
    assert (west, east) == (pytest.approx(700, abs=10), pytest.approx(1300, abs=10))
    assert (south, north) == (pytest.approx(-60, abs=10), pytest.approx(60, abs=10))
    assert area.is_valid


def test_bands_nest():
    bands = display_polygons(field_of(town(GRID), [(200, 200)], 400), [100_000, 200_000, 400_000])
    assert all(b.is_valid for b in bands)
    assert all(shapely.covers(large, small) for small, large in pairwise(bands))
    assert bands[0].area < bands[1].area < bands[2].area


RIVER = shapely.box(-100, 40, 2100, 90)


def test_no_polygon_crosses_a_river_without_a_bridge():
    banks = town([[(0, 0), (2000, 0)], [(0, 130), (2000, 130)]])
    (area,) = display_polygons(field_of(banks, [(1000, 0)], 400, RIVER), [400_000])
    assert area.bounds[3] <= 40 + 1e-6


def test_a_reached_bridge_carries_the_polygon_across():
    lines = [[(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(1000, 0), (1000, 130)], [(0, 130), (1000, 130)]]
    banks = town(lines, deck=np.array([False, False, True, False]))
    (area,) = display_polygons(field_of(banks, [(900, 0)], 400, RIVER), [400_000])
    assert shapely.covers(area, shapely.Point(1000, 65))
    assert shapely.covers(area, shapely.Point(950, 130))
    assert not shapely.covers(area, shapely.Point(500, 65))
    assert area.geom_type == "Polygon"


def test_nothing_reached_is_an_empty_polygon():
    (area,) = display_polygons(field_of(town(GRID), np.empty((0, 2)), 400, RIVER), [400_000])
    assert area.is_empty


def accuracy(measured, mode, limit_ms, count=20_000, within_m=50.0, seed=5):
    """(share of the drawn points that are not inside, share of the inside ones that are not drawn).

    Against the exact times of random points at most ``within_m`` from a street, on land.
    """
    field = measured.legs[mode].field
    streets, water = field.streets, measured.city.water
    (area,) = display_polygons(time_field(field, water=water), [limit_ms])
    rng = np.random.default_rng(seed)
    length = shapely.length(streets.lines)
    row = rng.choice(len(length), 2 * count, p=length / length.sum())
    on = shapely.line_interpolate_point(streets.lines[row], rng.random(2 * count), normalized=True)
    turn, off = rng.random(2 * count) * 2 * np.pi, within_m * np.sqrt(rng.random(2 * count))
    xy = shapely.get_coordinates(on) + np.column_stack([off * np.cos(turn), off * np.sin(turn)])
    if water is not None:
        shapely.prepare(water)
        xy = xy[~shapely.intersects_xy(water, xy)]
    xy = xy[:count]
    got = read_field(field, streets.snap(xy, crs=streets.crs, max_snap_m=within_m))
    inside = got.travel_ms <= limit_ms
    shapely.prepare(area)
    drawn = shapely.intersects_xy(area, xy)
    assert area.is_valid
    assert len(xy) == count
    return (drawn & ~inside).sum() / drawn.sum(), (inside & ~drawn).sum() / inside.sum()


@pytest.mark.real
@pytest.mark.parametrize("mode", ["walk", "cycle"])
def test_polygons_are_close_to_exact_times_on_the_real_core(tmp_path, real_dir, mode):
    runner, _ = lanzhou_core(tmp_path / "ws")
    measured = runner.measured(runner.circles["fitness"], runner.store.edition())
    over, missed = accuracy(measured, mode, 900_000)
    print(f"\nlanzhou-core {mode}: over {over:.2%}, missed {missed:.2%}")
    assert over <= 0.04
    assert missed <= 0.005


@pytest.mark.parametrize("mode", ["walk", "cycle"])
def test_polygons_are_close_to_exact_times_on_the_sample(demo_path, mode):
    runner = open_runner(demo_path)
    measured = runner.measured(runner.circles["fitness"], runner.store.edition())
    over, missed = accuracy(measured, mode, 900_000)
    print(f"\nsample {mode}: over {over:.2%}, missed {missed:.2%}")
    assert over <= 0.04
    assert missed <= 0.005


def leaks(runner, limits=(300_000, 900_000)):
    """m² of each band that lie on water farther than 60 m from any street that crosses it."""
    measured = runner.measured(runner.circles["fitness"], runner.store.edition())
    water = measured.city.water
    legs = [measured.legs[key].field for key in ("walk", "cycle")]
    lines = np.concatenate([leg.streets.lines for leg in legs])
    crossing = shapely.union_all(lines[shapely.intersects(lines, water)])
    away = shapely.difference(water, shapely.buffer(crossing, 60))
    bands = display_polygons(time_field(*legs, water=water), list(limits))
    assert all(band.is_valid for band in bands)
    assert all(shapely.covers(large, small) for small, large in pairwise(bands))
    return [shapely.area(shapely.intersection(band, away)) for band in bands], bands, water, crossing


def bank_pairs(water, crossing, count=200, seed=3):
    """Pairs of places on either bank of the river, 400 m and more from any crossing."""
    river = max(shapely.get_parts(water), key=shapely.area)
    rng = np.random.default_rng(seed)
    shore = shapely.line_interpolate_point(river.exterior, rng.random(20 * count), normalized=True)
    far = shore[shapely.distance(shore, crossing) > 400]
    xy = shapely.get_coordinates(far)
    near = cKDTree(xy).query_pairs(600, output_type="ndarray")
    near = near[rng.permutation(len(near))[:20_000]]
    across = shapely.linestrings(xy[near])
    shapely.prepare(river)
    inside = shapely.covers(shapely.buffer(river, 1), across) & (shapely.length(across) > 5)
    middle = shapely.line_interpolate_point(across, 0.5, normalized=True)
    return across[inside & shapely.covers(river, middle)][:count]


def test_the_sample_never_leaks_over_the_river(demo_path):
    areas, bands, water, crossing = leaks(open_runner(demo_path))
    assert max(areas) < 1.0
    pairs = bank_pairs(water, crossing)
    assert len(pairs) >= 50
    assert not any(shapely.covers(band, pairs).any() for band in bands)


@pytest.mark.real
def test_the_real_core_never_leaks_over_the_river(tmp_path, real_dir):
    runner, _ = lanzhou_core(tmp_path / "ws")
    areas, bands, water, crossing = leaks(runner)
    assert max(areas) < 1.0
    pairs = bank_pairs(water, crossing)
    assert len(pairs) >= 20
    assert not any(shapely.covers(band, pairs).any() for band in bands)


def test_each_facility_has_bands_of_its_own():
    streets = town(GRID)
    snapped = streets.snap(np.array([(0.0, 0.0), (400.0, 400.0), (0.0, 9000.0)]), crs=CRS, max_snap_m=300)
    one, other, off = isochrones(streets, snapped, [100_000, 200_000])
    assert shapely.covers(one[1], one[0])
    assert shapely.covers(one[0], shapely.Point(50, 0))
    assert not shapely.intersects(one[1], shapely.Point(400, 400))
    assert shapely.covers(other[1], shapely.Point(400, 250))
    assert all(band.is_empty for band in off)


def test_limits_that_do_not_ascend_are_refused():
    with pytest.raises(ParameterError):
        display_polygons(field_of(town(GRID), [(0, 0)], 400), [200_000, 100_000])


def test_a_place_beside_a_bridgehead_joins_the_deck():
    """A band that stops short of the water still meets the deck that reaches over it: one valid polygon."""
    lines = [[(0, 0), (1000, 0)], [(1000, 0), (1000, 130)], [(0, 130), (1000, 130)], [(1000, 130), (1000, 400)]]
    for shore in range(20, 62, 3):
        river = shapely.box(-100, shore, 2100, 128)
        for seconds in range(60, 400, 35):
            (area,) = display_polygons(field_of(town(lines), [(1000, 40)], seconds, river), [seconds * 1000])
            assert area.is_valid


def test_a_limit_beyond_the_search_is_refused():
    with pytest.raises(ParameterError):
        display_polygons(field_of(town(GRID), [(0, 0)], 50), [500_000])
