"""A circle: whom, what and how far, declared; one heavy step per edition, one light step per question."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field, create_model

from data.city import CityData
from data.product import Product
from data.standards import Standard, standard
from geo.errors import InputError, ParameterError
from layers.answer import (
    AreaRef,
    CircleAnswer,
    Clause,
    Demand,
    FacilityCount,
    Measure,
    Notice,
    Service,
    Title,
    Variant,
)
from layers.base import WHOLE, AreaScope, CircleParams, Cut, Threshold
from layers.choices import Choice, Extras, Measured, lacking
from layers.coverage import Verdict, notices_of, ratio, rows_by_area, rows_in, sums
from layers.deliver import coverage_products
from layers.demand import DemandPoints
from layers.membership import HoldsAll, Part
from layers.rules import PACES, AllOf, Bench, Leg, Need, Reach, Travelled

_NAMES: Final = {"min": "minutes", "m": "metres"}
_TELLS: Final = {"min": "{:g} min", "m": "{:g} m"}
_HELD: Final = "—"
ALL: Final = "all"
"""The column of a composite: seconds to the last of its own services, none where one of another limit is missing."""


@dataclass(frozen=True)
class Circle:
    """A coverage analysis: choices of which the first is the circle's own question, and the clause it stands on.

    Attributes:
        key: the standard with the clause; the first choice's limit, where it has one.
        extras: further numbers of an area.
        unit: the unit ``key`` is in where no limit says it.
    """

    id: str
    version: int
    title: Title
    choices: tuple[Choice, ...]
    key: str
    unit: str = "min"
    extras: Extras | None = None
    notes: tuple[Notice, ...] = field(default=())

    def choice(self, name: str) -> Choice:
        """Return the choice of that name."""
        return next(one for one in self.choices if one.id == name)

    @property
    def facility_layers(self) -> tuple[str, ...]:
        """Return every facility layer it reads, its own first."""
        return tuple(dict.fromkeys(f.layer for one in self.choices for f in one.rule.all_facilities))

    @property
    def facility_layer(self) -> str:
        """Return the facility layer it is about."""
        return self.facility_layers[0]

    @property
    def demand_layer(self) -> str:
        """Return the layer its own demand is read from."""
        return self.choices[0].rule.demand.layers[0]

    @property
    def layers(self) -> tuple[str, ...]:
        """Return every layer its own question cannot do without; other choices may need more."""
        return self.choices[0].layers

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return, by choice, the names its times of travel go by on the map, one a mode; none for other demand.

        A mode's own name is the first such choice's; where another asks for other facilities, its id is added.
        A composite that is the circle's own question goes by ``ALL`` instead.
        """
        names: dict[Hashable, str] = {}
        out: dict[str, tuple[str, ...]] = {}
        for one in self.choices:
            rule = one.rule
            if not isinstance(rule, Reach) or rule.demand != self.choices[0].rule.demand:
                out[one.id] = ()
                continue
            for mode in rule.modes:
                new = mode if mode not in names.values() else f"{mode}_{one.id}"
                names.setdefault((*rule.key, mode), new)
            out[one.id] = tuple(names[*rule.key, mode] for mode in rule.modes)
        return out

    def legs(self, measured: Measured) -> dict[str, Leg]:
        """Return the travel of the circle's own points, by the names of ``columns``."""
        return {
            name: leg
            for key, got in measured.by_choice.items()
            if isinstance(got, Travelled)
            for name, leg in zip(self.columns[key], got.legs.values() if self.columns[key] else (), strict=True)
        }

    def threshold(self) -> Threshold:
        """Return the default limit, its clause, and what one may ask for; both bounds are the value itself if fixed."""
        limit = self.choices[0].rule.limit
        found = standard(self.key, unit=limit.unit if limit else self.unit)
        return Threshold(found, limit.low, limit.high) if limit else Threshold(found, found.value, found.value)

    def standards(self) -> tuple[Standard, ...]:
        """Return every standard the numbers stand on, each once."""
        every = [self.threshold().standard, *(s for one in self.choices for s in one.rule.standards())]
        return tuple({one.key: one for one in every}.values())

    @cached_property
    def params(self) -> type[CircleParams]:
        """Return the parameters: ``mode``, and ``minutes`` and ``metres`` where a choice has such a limit."""
        names = tuple(one.id for one in self.choices)
        fields: dict[str, Any] = {}
        for unit, name in _NAMES.items():
            limits = [one.rule.limit for one in self.choices if one.rule.limit and one.rule.limit.unit == unit]
            if limits:
                same = {limit.key for limit in limits} == {limits[0].key} and len(limits) == len(self.choices)
                default = limits[0].standard.value if same else None
                kind: Any = float if same else float | None
                low, high = min(one.low for one in limits), max(one.high for one in limits)
                fields[name] = (kind, Field(default, ge=low, le=high, description=f"limit, {name}"))
        fields["mode"] = (Literal[names], Field(names[0], description="; ".join(one.title.en for one in self.choices)))
        return create_model(f"{self.id.title().replace('-', '')}Params", __base__=CircleParams, **fields)

    def value_of(self, choice: Choice, params: Any) -> float:
        """Return the limit a choice is asked with: the caller's, else its own."""
        limit = choice.rule.limit
        if limit is None:
            return 0.0
        asked = getattr(params, _NAMES[limit.unit], None)
        return limit.standard.value if asked is None else min(max(float(asked), limit.low), limit.high)

    def measure(self, city: CityData, cut: Cut = WHOLE) -> Measured:
        """Return what one edition's travel and membership is, up to the longest limit one may ask for.

        Choices the edition lacks a layer for are left out. Raises InputError where all are, with every fault.
        """
        there = [one for one in self.choices if not lacking(city, one.layers)]
        if not there:
            raise InputError(lacking(city, self.layers))
        bench = Bench(city, cut)
        return Measured(city, {one.id: one.rule.measure(bench) for one in there})

    def verdict(self, measured: Measured, params: Any) -> tuple[DemandPoints, Verdict]:
        """Return the points of the choice asked for, and who of them is covered.

        Raises InputError where the edition lacks a layer of that choice, all faults at once.
        """
        choice = self.choice(params.mode)
        if choice.id not in measured.by_choice:
            raise InputError(lacking(measured.city, choice.layers))
        return measured.by_choice[choice.id].points, self._judged(measured, choice, self.value_of(choice, params))

    def _judged(self, measured: Measured, choice: Choice, value: float) -> Verdict:
        got = measured.by_choice[choice.id]
        return measured.keep(("verdict", choice.id, value), lambda: choice.rule.judge(got, value))

    def answer(self, measured: Measured, params: Any, area: AreaScope) -> CircleAnswer:
        """Return the answer for an area: the choice asked for, every other beside it, straight lines beside all."""
        city = measured.city
        choice = self.choice(params.mode)
        points, verdict = self.verdict(measured, params)
        if area.level == "unit_2020" and not (points.codes["unit_2020"] != "").any():
            raise ParameterError(
                f"{points.title.zh}没有2020年普查单元口径；请用“{area.name}@2020”。 "
                f"The {points.title.en} are not told by census unit of 2020; ask for {area.name}@2020."
            )
        rows = rows_in(points, area)
        total = sums(points, verdict, rows)
        measures, by_code = self._measures(measured, area)
        services = self._services(measured, choice, params, area)
        measures = [*measures, *_mean(services)]
        clause = self.threshold().standard
        meta = city.meta(self.demand_layer)
        return CircleAnswer(
            circle=self.id,
            title=self.title,
            area=AreaRef(code=area.code, name=area.name),
            edition=city.edition.id,
            parameters=self._parameters(choice, params, city),
            clause=Clause(
                text=clause.clause,
                source=f"{clause.title}（{clause.issued}）",
                url=clause.url,
                confidence=clause.confidence,
            ),
            standard_question=params == self.params(),
            demand=Demand(
                kind=points.kind,
                unit=points.unit,
                title=points.title,
                total=total.total,
                covered=total.covered,
                rate=ratio(total.covered, total.total),
            ),
            gap=total.gap,
            straight_line=total.straight,
            variants=[
                self._variant(measured, one, params, area) for one in self.choices if one.id in measured.by_choice
            ],
            measures=measures,
            services=services,
            by_area=rows_by_area(city, points, verdict, area, measures=by_code),
            facilities=measured.keep(("count", choice.id), lambda: self._count(measured, choice)),
            diagnostics={"demand_points": len(rows), **_worst(services)},
            conversion=_conversion(meta),
            notices=measured.keep("notices", lambda: self._notices(measured)),
        )

    def _parameters(self, choice: Choice, params: Any, city: CityData) -> dict[str, float | str | bool]:
        out: dict[str, float | str | bool] = {}
        if choice.rule.limit is not None:
            out[_NAMES[choice.rule.limit.unit]] = self.value_of(choice, params)
        out["mode"] = choice.id
        modes = list(dict.fromkeys(mode for one in self.choices for mode in one.rule.modes))
        for mode in modes:
            out[f"{mode}_kph"] = standard(PACES[mode], unit="km/h").value
        if modes:
            out["max_snap_m"] = standard("max_snap", unit="m").value
            sloped = bool(city.meta("streets").get("elevation", False))
            out["slope"] = sloped and choice.rule.limit is not None and choice.rule.limit.unit == "min"
        return out

    def _measures(
        self, measured: Measured, area: AreaScope
    ) -> tuple[list[Measure], Mapping[str, Mapping[str, float | None]]]:
        if self.extras is None:
            return [], {}
        extras = self.extras
        table = measured.keep("extras", lambda: extras.table(measured.city))
        own = table.get(area.code, {})
        return [Measure(id=h.id, title=h.title, value=own.get(h.id), unit=h.unit) for h in extras.heads], table

    def _notices(self, measured: Measured) -> list[Notice]:
        used = [layer for one in self.choices if one.id in measured.by_choice for layer in one.layers]
        out = [*self.notes, *(Notice(**notice) for notice in notices_of(measured.city, list(dict.fromkeys(used))))]
        left = [one for one in self.choices if one.id not in measured.by_choice]
        if left:
            lacks = dict.fromkeys(str(fault.column) for one in left for fault in lacking(measured.city, one.layers))
            zh, en = "、".join(one.title.zh for one in left), ", ".join(one.title.en for one in left)
            layers = " ".join(lacks)
            out.append(Notice(kind="left_out", zh=f"缺少图层 {layers}，未计算：{zh}", en=f"without {layers}: no {en}"))
        return out

    def _variant(self, measured: Measured, choice: Choice, params: Any, area: AreaScope) -> Variant:
        got = measured.by_choice[choice.id]
        value = self.value_of(choice, params)
        s = sums(got.points, self._judged(measured, choice, value), rows_in(got.points, area))
        other = choice.rule.demand != self.choices[0].rule.demand
        limit = choice.rule.limit
        return Variant(
            id=choice.id,
            title=choice.title,
            covered=s.covered,
            rate=ratio(s.covered, s.total),
            straight_rate=s.straight.rate if s.straight else None,
            false_share=s.straight.false_share if s.straight else None,
            total=s.total if other else None,
            unit=got.points.unit if other else None,
            limit=_TELLS[limit.unit].format(value) if limit else None,
        )

    def _services(self, measured: Measured, choice: Choice, params: Any, area: AreaScope) -> list[Service]:
        rule, got = choice.rule, measured.by_choice[choice.id]
        if not isinstance(rule, AllOf | HoldsAll):
            return []
        value = self.value_of(choice, params)
        parts = measured.keep(("parts", choice.id, value), lambda: rule.parts(got, value))
        rows = rows_in(got.points, area)
        out = []
        needs: tuple[Need | Part, ...] = rule.needs
        for need, verdict in zip(needs, parts, strict=True):
            s = sums(got.points, verdict, rows)
            out.append(
                Service(
                    id=need.id, title=need.title, covered=s.covered, rate=ratio(s.covered, s.total),
                    limit=_tell(rule, need, value), facilities=int(need.facilities.serving(measured.city).sum()),
                )
            )  # fmt: skip
        return out

    def _count(self, measured: Measured, choice: Choice) -> FacilityCount:
        city = measured.city
        total = synthetic = 0
        for layer in dict.fromkeys(f.layer for f in choice.rule.all_facilities):
            meant: Any = np.logical_or.reduce([f.chosen(city) for f in choice.rule.all_facilities if f.layer == layer])
            total += int(meant.sum())
            synthetic += int(city.frame(layer)["SYNTHETIC"].to_numpy()[meant].sum())
        off = 0
        if isinstance(choice.rule, Reach):
            own = choice.rule.facilities.key
            legs = [
                leg
                for one in self.choices
                if isinstance(one.rule, Reach) and one.rule.facilities.key == own and one.id in measured.by_choice
                for leg in measured.by_choice[one.id].legs.values()
            ]
            off = int((~np.logical_or.reduce([leg.facilities_on for leg in legs])).sum())
        return FacilityCount(total=total, off_network=off, synthetic=synthetic)

    def products(
        self, measured: Measured, params: Any, area: AreaScope, provenance: Mapping[str, Any]
    ) -> list[Product]:
        """Return the areas with their rates, the demand points with their times, and the facilities."""
        choice = self.choice(params.mode)
        points, verdict = self.verdict(measured, params)
        got = measured.by_choice[choice.id]
        return coverage_products(
            measured.city,
            points,
            verdict,
            seconds=got.best_s() if isinstance(got, Travelled) else None,
            facilities=choice.rule.all_facilities,
            area=area,
            standards=self.standards(),
            provenance=provenance,
            notices=notices_of(measured.city, choice.layers),
        )


def _tell(rule: AllOf | HoldsAll, need: Need | Part, value: float) -> str:
    if isinstance(need, Part) or isinstance(rule, HoldsAll):
        return _HELD
    return _TELLS[need.limit.unit].format(rule.allowed(need, value))


def _mean(services: list[Service]) -> list[Measure]:
    """Return how many of a composite's services a person has on average; nothing where nobody is asked about."""
    rates = [one.rate for one in services if one.rate is not None]
    title = Title(zh=f"平均可得服务项数（共 {len(rates)} 项）", en=f"services had on average, of {len(rates)}")
    return [Measure(id="mean_services", title=title, value=sum(rates), unit="1")] if rates else []


def _worst(services: list[Service]) -> dict[str, float | str]:
    """Return which service the fewest have, the first of equal ones; nothing where nobody is asked about."""
    rated = [(one.rate, one.id) for one in services if one.rate is not None]
    return {"worst_service": min(rated, key=lambda one: one[0])[1]} if rated else {}


def _conversion(meta: Mapping[str, Any]) -> Title | None:
    if "conversion_zh" not in meta:
        return None
    return Title(zh=str(meta["conversion_zh"]), en=str(meta["conversion_en"]))
