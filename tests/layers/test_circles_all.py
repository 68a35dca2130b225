"""What holds of every circle, on the straight-street town with facilities anywhere along it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.export import export, write_map
from data.living import living_levels, living_services
from data.standards import standards
from geo.errors import NotFoundError
from layers.base import WHOLE, Cut
from layers.circle import ALL
from layers.circles.catalogue import CIRCLES
from layers.coverage import OK
from layers.demand import OLDER, RESIDENTS, Sites
from layers.display import demand_times, seconds_per_unit
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.places import of_kind
from layers.rules import AllOf, Bench, Limit, Reach
from tests.layers.towns import END, town

FEW = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
KINDS = [(layer, kind) for layer in FACILITY_LAYERS.items for kind in layer.kinds or ("",)]


def row(layer, kind, x):
    """A facility of a kind at ``x``, its other fields such that it counts where anything of its kind does."""
    fields = {"x": x, "NAME": f"{kind}{x}"}
    if kind:
        fields["KIND"] = kind
    extra = {
        "scenic": {"GRADE": "4A"}, "childcare": {"SEATS": 10}, "new_communities": {"DONE_YEAR": 2024, "SPT_IN_M2": 1.0},
        "health": {"SPECIALTY": "胸痛"} if kind == "救治中心" else {},
        "commerce": {"LEVEL": "区县级"} if kind == "商圈" else {"LEVEL": "村级"} if kind == "便利店" else {},
    }  # fmt: skip
    return fields | extra.get(layer.id, {})


def full_town(seed, *, more=()):
    """Two facilities of every kind at random places, and ``more`` of (layer, row)."""
    rng = np.random.default_rng(seed)
    out = {}
    for layer, kind in KINDS:
        for x in rng.integers(0, END, 2):
            out.setdefault(layer.id, []).append(row(layer, kind, int(x)))
    for layer, one in more:
        out[layer].append(one)
    return out


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return town(tmp_path_factory.mktemp("circles") / "ws", full_town(1))


@pytest.mark.parametrize("circle", CIRCLES.items, ids=lambda one: one.id)
def test_a_longer_limit_never_covers_fewer(runner, circle):
    for choice in circle.choices:
        limit = choice.rule.limit
        if limit is None:
            continue
        name = {"min": "minutes", "m": "metres"}[limit.unit]
        asked = np.linspace(limit.low, limit.high, 5)
        got = [runner.answer(circle.id, mode=choice.id, **{name: float(one)}).demand.covered for one in asked]
        assert got == sorted(got), choice.id


@pytest.mark.parametrize("circle", CIRCLES.items, ids=lambda one: one.id)
def test_areas_add_up_and_every_point_is_counted_once(runner, circle):
    for choice in circle.choices:
        got = runner.answer(circle.id, mode=choice.id)
        gap = sum(got.gap.model_dump().values())
        assert got.demand.covered + gap == got.demand.total
        for level in ("county", "township"):
            rows = [one for one in got.by_area if one.level == level]
            if level == "township" and got.demand.kind == "counties":
                assert not rows
                continue
            assert sum(one.total for one in rows) == got.demand.total
            assert sum(one.covered for one in rows) == got.demand.covered
        for one in got.by_area:  # an area asked for by itself gives its row
            alone = runner.answer(circle.id, area=one.code, mode=choice.id)
            assert (alone.demand.total, alone.demand.covered, alone.gap) == (one.total, one.covered, one.gap)
            assert {m.id: m.value for m in alone.measures if m.id in one.measures} == one.measures
            inside = {row.code: row for row in got.by_area}
            assert all(row == inside[row.code] for row in alone.by_area)


@FEW
@given(seed=st.integers(0, 10**6), x=st.integers(0, END))
def test_one_more_facility_never_hurts(tmp_path_factory, seed, x):
    path = tmp_path_factory.mktemp("more")
    more = [(layer.id, row(layer, kind, x)) for layer, kind in KINDS]
    before, after = town(path / "a", full_town(seed)), town(path / "b", full_town(seed, more=more))
    for circle in CIRCLES.items:
        for choice in circle.choices:
            if isinstance(choice.rule.demand, Sites):  # one more of these is also one more to be served
                continue
            one, two = (runner.answer(circle.id, mode=choice.id).demand for runner in (before, after))
            assert one.total == two.total
            assert one.covered <= two.covered, (circle.id, choice.id)


def test_a_cut_city_measures_the_same(runner):
    city = runner.city_data(runner.store.edition())
    limit = Limit("elderly_minutes", "min", 1.0, 60.0)
    for source, facilities, mode in (
        (OLDER, of_kind("elderly", "养老机构"), "older"),
        (RESIDENTS, of_kind("logistics", "物流枢纽"), "truck"),
        (Sites(of_kind("health"), "c", RESIDENTS.label({})[1]), of_kind("transport", "机场"), "car"),
    ):
        whole, cut = (
            Bench(city, how).leg(source, facilities, mode, limit=limit, slope=True) for how in (WHOLE, Cut(5, map))
        )
        for name in ("travel_ms", "facility", "status", "facilities_on"):
            assert getattr(whole, name).tobytes() == getattr(cut, name).tobytes(), name
        for name in ("time_ms", "label", "reached"):
            assert getattr(whole.field, name).tobytes() == getattr(cut.field, name).tobytes(), name


@pytest.mark.parametrize("circle", CIRCLES.items, ids=lambda one: one.id)
def test_times_on_the_map_tell_who_is_covered(runner, circle):
    measured = runner.measured(circle, runner.store.edition())
    times = demand_times(circle, measured)
    for choice in circle.choices:
        columns = circle.columns[choice.id]
        composite = isinstance(choice.rule, AllOf) and choice is circle.choices[0]
        if not composite and (
            not isinstance(choice.rule, Reach) or choice.rule.demand != circle.choices[0].rule.demand
        ):
            assert columns == ()
            continue
        params = circle.params(mode=choice.id)
        reason = circle.verdict(measured, params)[1].reason
        limit = circle.value_of(choice, params) * seconds_per_unit(choice.rule)
        assert (columns == ()) is composite
        columns = columns or (ALL,)
        seconds = times[[f"{name}_s" for name in columns]].min(axis=1).to_numpy()
        assert ((seconds <= limit + 1e-6) == (reason == OK)).all()


def test_columns_of_other_facilities_have_other_names():
    scenic = CIRCLES["scenic"].columns
    assert scenic["near"] == scenic["wide"] == ("car",)
    assert scenic["high"] == ("car_high",)
    assert scenic["stations"] == ()
    assert CIRCLES["fitness"].columns == {"either": ("walk", "cycle"), "walk": ("walk",), "cycle": ("cycle",)}
    assert CIRCLES["elderly"].columns["metres"] == ("older_metres",)


def test_the_services_are_kinds_of_their_layers():
    levels = [one.circle for one in living_levels()]
    assert levels == ["living-15", "living-10", "living-5"]
    for one in living_services():
        assert one.circle in {*levels, "convenience"}
        assert set(one.kinds) <= set(FACILITY_LAYERS[one.layer].kinds), one.id
        assert one.clause
    ids = [(one.circle, one.id) for one in living_services()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("circle", CIRCLES.items, ids=lambda one: one.id)
def test_a_circle_is_declared_soundly(circle):
    assert circle.threshold().standard.key in standards()
    assert len({one.id for one in circle.choices}) == len(circle.choices)
    for facilities in (one for choice in circle.choices for one in choice.rule.all_facilities):
        layer = FACILITY_LAYERS[facilities.layer.removeprefix("facilities.")]
        for column, values in facilities.where.items():
            assert set(values) <= set(layer.spec.columns[column].values), (column, values)
        assert set(facilities.years) <= set(layer.spec.columns)
    for choice in circle.choices:
        limit = choice.rule.limit
        if limit is not None:
            assert limit.low <= limit.standard.value <= limit.high


@pytest.mark.parametrize("circle", CIRCLES.items, ids=lambda one: one.id)
def test_products_add_up_and_reach_is_drawn_where_there_is_travel(runner, circle):
    for choice in circle.choices:
        answer, products = runner.products(circle.id, mode=choice.id)
        by_name = {one.name: one for one in products}
        demand = by_name["demand"].frame
        assert demand.loc[demand["COVERED"], "WEIGHT"].sum() == answer.demand.covered
        assert demand["WEIGHT"].sum() == answer.demand.total
        assert len(by_name["facilities"].frame) == answer.facilities.total
        for one in products:
            assert set(one.columns) <= {*one.frame.columns}
        if isinstance(choice.rule, Reach):
            assert runner.polygon(circle.id, mode=choice.id)["features"]
        else:
            with pytest.raises(NotFoundError):
                runner.polygon(circle.id, mode=choice.id)


@pytest.mark.parametrize("circle", CIRCLES.items, ids=lambda one: one.id)
def test_every_circle_leaves_as_files(runner, circle, tmp_path):
    for form, suffix in (("gpkg", "gpkg"), ("shp", "zip"), ("xlsx", "xlsx")):
        assert all(one.stat().st_size for one in export(runner, circle.id, form, tmp_path / f"out.{suffix}"))
    write_map(runner, circle.id, tmp_path / "out.html")
    assert (tmp_path / "out.html").stat().st_size
