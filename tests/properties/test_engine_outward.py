"""Travel from facilities is travel to them on streets turned round; catchments hold the nearest facility."""

from hypothesis import given

from geo.outward import field_from_facilities, read_outward
from geo.reach import nearest_facility
from geo.search import catchments
from tests.properties.test_reach_properties import CRS, LIMIT, build, np, places, quick, towns


def snapped(streets, at):
    return streets.snap(np.array(at, float).reshape(-1, 2), crs=CRS, max_snap_m=120.0)


@quick
@given(towns(), places, places)
def test_from_equals_to_on_streets_turned_round(town, facilities, homes):
    lines, u, v, forward, backward = town
    streets, turned = build(town), build((lines, u, v, backward, forward))
    away = read_outward(
        field_from_facilities(streets, snapped(streets, facilities), limit_ms=LIMIT), snapped(streets, homes)
    )
    back = nearest_facility(turned, snapped(turned, facilities), snapped(turned, homes), limit_ms=LIMIT)
    assert (away.status == back.status).all()
    # A point's milliseconds are rounded from the chain's start in its own direction, so either may differ by one.
    ok = away.status == "ok"
    assert (np.abs(away.travel_ms - back.travel_ms)[ok] <= 2).all()


@quick
@given(towns(), places, places)
def test_the_least_of_each_column_is_the_nearest_facility(town, facilities, homes):
    streets = build(town)
    f, h = snapped(streets, facilities), snapped(streets, homes)
    want = nearest_facility(streets, f, h, limit_ms=LIMIT)
    got = catchments(streets, f, h, limit_ms=LIMIT, threads=2)
    least = np.full(len(h), 2**31 - 1)
    np.minimum.at(least, got.column, got.ms)
    assert (least == want.travel_ms).all()
    # Row by row: a facility alone gives its own row.
    for j in range(len(f)):
        alone = catchments(streets, snapped(streets, [facilities[j]]), h, limit_ms=LIMIT)
        part = slice(got.indptr[j], got.indptr[j + 1])
        assert alone.column.tolist() == got.column[part].tolist()
        assert alone.ms.tolist() == got.ms[part].tolist()
