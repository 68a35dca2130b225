"""Display polygons: what they cover, what they leave out, that they nest and stop at water."""

from itertools import pairwise

import numpy as np
import pytest
import shapely

from geo.isochrone import display_polygons, time_field
from geo.reach import field_to_facilities
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
