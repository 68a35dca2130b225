"""The 15-minute fitness circle: residents who reach a sports venue within 15 minutes on foot or by bicycle."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from data.city import CityData
from data.product import Product
from data.standards import Standard, standard
from geo.units import minutes_to_ms
from layers.answer import AreaRef, CircleAnswer, Clause, Demand, FacilityCount, Notice, Title, Variant
from layers.base import WHOLE, AreaScope, CircleParams, Cut, ModeChoice, Threshold
from layers.coverage import Measured, judge, measure, notices_of, ratio, rows_by_area, sums, within
from layers.deliver import coverage_products

_LOW, _HIGH = 1.0, 60.0
_MODES: dict[str, tuple[str, ...]] = {"either": ("walk", "cycle"), "walk": ("walk",), "cycle": ("cycle",)}


class FitnessParams(CircleParams):
    """Parameters of the fitness circle."""

    minutes: float = Field(
        default_factory=lambda: standard("fitness_minutes", unit="min").value,
        ge=_LOW,
        le=_HIGH,
        description="time limit, minutes",
    )
    mode: Literal["either", "walk", "cycle"] = Field("either", description="on foot or by bicycle, or one of them")


class FitnessCircle:
    """Which residents reach a sports venue in time; the limit and its clause stand in ``data/tables``."""

    id: ClassVar[str] = "fitness"
    version: ClassVar[int] = 1
    title: ClassVar[Title] = Title(zh="15分钟健身圈", en="15-minute fitness circle")
    facility_layer: ClassVar[str] = "facilities.sports"
    demand_layer: ClassVar[str] = "demand.residents"
    mode_choices: ClassVar[tuple[ModeChoice, ...]] = (
        ModeChoice("either", Title(zh="步行或骑行", en="walk or cycle")),
        ModeChoice("walk", Title(zh="步行", en="walk")),
        ModeChoice("cycle", Title(zh="骑行", en="cycle")),
    )
    params: ClassVar[type[CircleParams]] = FitnessParams

    def threshold(self) -> Threshold:
        """Return the fifteen minutes and their clause."""
        return Threshold(standard("fitness_minutes", unit="min"), _LOW, _HIGH)

    def standards(self) -> tuple[Standard, ...]:
        """Return every standard the numbers stand on."""
        return (
            standard("fitness_minutes", unit="min"),
            standard("walk_speed", unit="km/h"),
            standard("cycle_speed", unit="km/h"),
            standard("max_snap", unit="m"),
        )

    def measure(self, city: CityData, cut: Cut = WHOLE) -> Measured:
        """Return the travel times of an edition, up to the longest limit one may ask for."""
        return measure(
            city,
            facility_layer=self.facility_layer,
            demand_layer=self.demand_layer,
            modes=("walk", "cycle"),
            limit_ms=minutes_to_ms(_HIGH),
            max_snap_m=standard("max_snap", unit="m").value,
            cut=cut,
        )

    def answer(self, measured: Measured, params: FitnessParams, area: AreaScope) -> CircleAnswer:
        """Return the answer for an area: walk or cycle, each alone beside it, and straight lines beside all."""
        limit_ms = minutes_to_ms(params.minutes)
        mask = within(measured, area)
        verdict = judge(measured, _MODES[params.mode], limit_ms)
        total = sums(measured.weight, verdict, mask)
        city = measured.city
        facilities = city.frame(self.facility_layer)
        off = ~(measured.legs["walk"].facilities_on | measured.legs["cycle"].facilities_on)
        meta = city.meta(self.demand_layer)
        limit = self.threshold().standard
        layers = ("streets", self.facility_layer, self.demand_layer)
        return CircleAnswer(
            circle=self.id,
            title=self.title,
            area=AreaRef(code=area.code, name=area.name),
            edition=city.edition.id,
            parameters={
                "minutes": params.minutes,
                "mode": params.mode,
                "walk_kph": standard("walk_speed", unit="km/h").value,
                "cycle_kph": standard("cycle_speed", unit="km/h").value,
                "max_snap_m": standard("max_snap", unit="m").value,
                "slope": bool(city.meta("streets").get("elevation", False)),
            },
            clause=Clause(
                text=limit.clause,
                source=f"{limit.title}（{limit.issued}）",
                url=limit.url,
                confidence=limit.confidence,
            ),
            standard_question=params == FitnessParams(),
            demand=Demand(
                kind="residents",
                unit=str(meta.get("unit", "1")),
                title=Title(zh=str(meta.get("title_zh", "居民")), en=str(meta.get("title_en", "residents"))),
                total=total.total,
                covered=total.covered,
                rate=ratio(total.covered, total.total),
            ),
            gap=total.gap,
            straight_line=total.straight,
            variants=[self._variant(measured, choice, limit_ms, area) for choice in self.mode_choices],
            by_area=rows_by_area(measured, verdict, area),
            facilities=FacilityCount(
                total=len(facilities),
                off_network=int(off.sum()),
                synthetic=int(facilities["SYNTHETIC"].sum()),
            ),
            diagnostics={"demand_points": int(mask.sum())},
            conversion=_conversion(meta),
            notices=[Notice(**notice) for notice in notices_of(city, layers)],
        )

    def _variant(self, measured: Measured, choice: ModeChoice, limit_ms: int, area: AreaScope) -> Variant:
        s = sums(measured.weight, judge(measured, _MODES[choice.id], limit_ms), within(measured, area))
        return Variant(
            id=choice.id,
            title=choice.title,
            covered=s.covered,
            rate=ratio(s.covered, s.total),
            straight_rate=s.straight.rate,
            false_share=s.straight.false_share,
        )

    def products(
        self, measured: Measured, params: FitnessParams, area: AreaScope, provenance: Mapping[str, Any]
    ) -> list[Product]:
        """Return the areas with their rates, the demand points with their times, and the facilities."""
        return coverage_products(
            measured,
            modes=_MODES[params.mode],
            limit_ms=minutes_to_ms(params.minutes),
            area=area,
            standards=self.standards(),
            provenance=provenance,
        )


def _conversion(meta: Mapping[str, Any]) -> Title | None:
    if "conversion_zh" not in meta:
        return None
    return Title(zh=str(meta["conversion_zh"]), en=str(meta["conversion_en"]))
