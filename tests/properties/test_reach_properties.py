"""What must hold for any streets, facilities and homes."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels import NEVER
from geo.reach import nearest_facility
from geo.segments import segments_from_lines
from geo.streets import build_streets
from geo.travel import Mode, Tobler
from tests.oracle import nearest_reference

CRS = "EPSG:4544"
SPEED = 1.25
LEVEL = Mode("walk", "walk", SPEED, None, 0.4)
HILLY = Mode("walk", "walk", SPEED, Tobler(3.5, -0.05), 0.4)
LIMIT = 600_000

lattice = st.integers(0, 6)
node = st.tuples(lattice, lattice)
edge = st.tuples(node, node, st.sampled_from(["both", "forward", "backward"]), st.booleans())
place = st.tuples(st.integers(-50, 650), st.integers(-50, 650))


@st.composite
def towns(draw, *, one_way=True):
    """(lines, u, v, forward, backward, z per node): streets on a jittered lattice, some bent, some parallel."""
    edges = draw(st.lists(edge, min_size=1, max_size=30))
    heights = draw(st.lists(st.integers(0, 40), min_size=49, max_size=49))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    jitter = rng.uniform(-20, 20, (49, 2))
    lines, ends, forward, backward = [], [], [], []
    for a, b, way, bent in edges:
        i, j = a[0] * 7 + a[1], b[0] * 7 + b[1]
        p, q = np.array(a) * 100 + jitter[i], np.array(b) * 100 + jitter[j]
        middle = [(*((p + q) / 2 + rng.uniform(-40, 40, 2)), (heights[i] + heights[j]) / 2)] if bent or i == j else []
        lines.append(shapely.LineString([(*p, heights[i]), *middle, (*q, heights[j])]))
        ends.append((i, j))
        forward.append(way != "backward" or not one_way)
        backward.append(way != "forward" or not one_way)
    u, v = np.array(ends).T
    return np.array(lines, dtype=object), u, v, np.array(forward), np.array(backward)


def build(town, mode=LEVEL, order=None):
    lines, u, v, f, b = town
    pick = np.arange(len(lines)) if order is None else order
    segments = segments_from_lines(
        lines[pick], crs=CRS, seg_id=pick, u=u[pick], v=v[pick], forward={"walk": f[pick]}, backward={"walk": b[pick]}
    )
    return build_streets(segments, mode)


def ask(streets, facilities, homes, limit=LIMIT, max_snap=120.0):
    f = streets.snap(np.array(facilities, float).reshape(-1, 2), crs=CRS, max_snap_m=max_snap)
    h = streets.snap(np.array(homes, float).reshape(-1, 2), crs=CRS, max_snap_m=max_snap)
    return nearest_facility(streets, f, h, limit_ms=limit)


places = st.lists(place, min_size=1, max_size=6)
quick = settings(max_examples=60, deadline=None)


@quick
@given(towns(one_way=False), places, places)
def test_equals_the_networkx_reference_both_ways(town, facilities, homes):
    compare(town, facilities, homes)


@quick
@given(towns(), places, places)
def test_equals_the_networkx_reference_with_one_way_streets(town, facilities, homes):
    compare(town, facilities, homes)


def compare(town, facilities, homes):
    lines, u, v, f, b = town
    streets = build(town)
    got = ask(streets, facilities, homes)
    length = shapely.length(lines) / SPEED
    want, _, on, *_ = nearest_reference(
        lines, u, v,
        [s if ok else None for s, ok in zip(length, f, strict=True)],
        [s if ok else None for s, ok in zip(length, b, strict=True)],
        shapely.points(np.array(facilities, float)), shapely.points(np.array(homes, float)),
        speed_mps=SPEED, max_snap=120.0,
    )  # fmt: skip
    sure = np.isnan(want) | (np.abs(want - LIMIT / 1000) > 0.05)
    status = np.where(
        ~on, "off_network", np.where(np.isnan(want), "unreachable", np.where(want <= LIMIT / 1000, "ok", "beyond"))
    )
    assert (got.status == status)[sure].all(), (got.status, status, want)
    ok = (got.status == "ok") & (status == "ok")
    assert np.allclose(got.seconds()[ok], want[ok], atol=0.05)


@quick
@given(towns(), places, places, st.integers(0, 900), st.integers(0, 900))
def test_more_minutes_never_cover_fewer(town, facilities, homes, one, other):
    streets = build(town)
    less, more = (ask(streets, facilities, homes, limit=s * 1000) for s in sorted((one, other)))
    assert (more.status == "ok")[less.status == "ok"].all()


@quick
@given(towns(), places, places, place)
def test_one_more_facility_never_hurts(town, facilities, homes, extra):
    streets = build(town)
    before, after = ask(streets, facilities, homes), ask(streets, [*facilities, extra], homes)
    assert (after.travel_ms <= before.travel_ms).all()


@quick
@given(towns(), places, places, st.randoms(use_true_random=False))
def test_row_order_never_matters(town, facilities, homes, random):
    order = list(range(len(town[0])))
    random.shuffle(order)
    straight, shuffled = build(town, HILLY), build(town, HILLY, np.array(order))
    one, other = ask(straight, facilities, homes), ask(shuffled, facilities, homes)
    assert (one.travel_ms == other.travel_ms).all()
    assert (one.facility == other.facility).all()
    assert (one.status == other.status).all()


@quick
@given(towns(one_way=False), place, place)
def test_reversing_all_slopes_reverses_times(town, a, b):
    lines, u, v, f, bk = town

    def turned_over(xyz):
        return xyz * np.array([1, 1, -1])

    upside_down = (shapely.transform(lines, turned_over, include_z=True), u, v, f, bk)
    there = ask(build(town, HILLY), [b], [a], limit=3_600_000)
    back = ask(build(upside_down, HILLY), [a], [b], limit=3_600_000)
    assert ((there.status == "ok") == (back.status == "ok")).all()
    both = there.travel_ms[0] != NEVER
    assert not both or abs(int(there.travel_ms[0]) - int(back.travel_ms[0])) <= 2
