"""Where each computable indicator's value comes from: one declared computation each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from data.city import CityData
from data.plan import Indicator, Target
from geo.errors import InputError, NotFoundError, ParameterError
from layers.answer import Title
from layers.plan.counting import Chosen, Dated, choose, county_names, items_of
from layers.plan.figure import Circles, CountyFigure, Figure, Item, NoFigure
from layers.plan.naming import layer_words
from layers.plan.settings import PlanSettings
from layers.plan.units import decimal

_LISTS: Final = "plan.lists"
_COUNTY: Final = "county"
_NO_COUNTY: Final = "（未定区县）"
_TONNES: Final = Fraction(1, 10_000)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question: an indicator, its target, the year, the day its state is of, and what may be read."""

    city: CityData
    circles: Circles
    indicator: Indicator
    target: Target | None
    year: int
    state: date
    settings: PlanSettings
    census: int


@dataclass(frozen=True, slots=True)
class Records:
    """A count, sum or share over a layer's records.

    Attributes:
        where: the values a record must have, by column.
        year: the column that dates what is done in a year; empty for what stands at the year's end.
        since: the column with the first year of what stands at the year's end.
        may: whether the setting ``count_as`` may turn the flow into a stock.
        valid_to: the column a certificate ends by.
        column: the column summed, the numerator of a share; empty counts records.
        whole: the denominator's column of a share, in %.
        per_thousand: whether the sum is divided by the residents.
        factor: from the column's unit to the indicator's.
    """

    layer: str
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    year: str = ""
    since: str = ""
    may: bool = False
    valid_to: str = ""
    column: str = ""
    whole: str = ""
    per_thousand: bool = False
    factor: Fraction = Fraction(1)

    def figure(self, asked: Asked) -> Figure | NoFigure:
        """Return the value with its evidence, or why there is none."""
        stock = not self.year or (self.may and asked.settings.count_as == "stock")
        dated = Dated("", self.since or self.year, self.valid_to) if stock else Dated(self.year, "", self.valid_to)
        chosen = choose(
            asked.city, self.layer, self.where, dated, year=asked.year, state=asked.state, settings=asked.settings
        )
        if isinstance(chosen, NoFigure):
            return chosen
        if not self.column:
            return _counted(asked, self, chosen)
        return _share(asked, self, chosen) if self.whole else _summed(asked, self, chosen)


@dataclass(frozen=True, slots=True)
class Covered:
    """A circle's coverage: the share of its demand covered, in %.

    ``ways`` gives the circle's ``mode`` by the value of a setting of the plan.
    """

    circle: str
    setting: str = ""
    ways: Mapping[str, str] = field(default_factory=dict, hash=False)
    mode: str = ""

    def figure(self, asked: Asked) -> Figure | NoFigure:
        """Return the value with its evidence, or why there is none."""
        given: dict[str, Any] = {"mode": self.mode} if self.mode else {}
        if self.setting:
            way = self.ways[getattr(asked.settings, self.setting)]
            given = {"mode": way} if way else given
        try:
            answer = asked.circles.answer(self.circle, **given)
            outside = asked.circles.outside(self.circle, **given)
        except (NotFoundError, ParameterError, InputError) as error:
            return NoFigure(
                Title(
                    zh=f"“{self.circle}”分析尚不可用（{type(error).__name__}）",
                    en=f"circle {self.circle} is not to be had: {error}",
                )
            )
        total, covered = Fraction(answer.demand.total), Fraction(answer.demand.covered)
        if total == 0:
            return NoFigure(Title(zh=f"{self.circle} 没有需求对象", en=f"{self.circle} has no demand"))
        counties = tuple(
            CountyFigure(row.code, row.name, _ratio(row.covered, row.total), Fraction(row.covered), Fraction(row.total))
            for row in answer.by_area
            if row.level == _COUNTY
        )
        return Figure(
            value=100 * covered / total, numerator=covered, denominator=total, scale=100, unit=asked.indicator.unit,
            how=answer.title, source=f"circle:{self.circle}", state=asked.city.question_day,
            missing=tuple(outside), synthetic=answer.facilities.synthetic, counties=counties,
            notes=tuple(Title(zh=one.zh, en=one.en) for one in answer.notices),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """How many of the sites a target names have the grade by the day, and which others got it in the year."""

    layer: str
    grade: tuple[str, ...]
    grade_column: str
    date_column: str

    def figure(self, asked: Asked) -> Figure | NoFigure:
        """Return the value with its evidence, or why there is none."""
        if asked.target is None:
            return NoFigure(Title(zh="该年度没有点名目标", en="no site is named for that year"))
        if not asked.city.has(self.layer):
            return NoFigure(Title(zh=f"尚无{layer_words(self.layer)}图层", en=f"the edition has no layer {self.layer}"))
        frame = asked.city.frame(self.layer)
        high = frame[self.grade_column].isin(self.grade).to_numpy(dtype=np.bool_)
        dated = frame[self.date_column]
        reached = high & (dated <= np.datetime64(asked.state)).fillna(value=False).to_numpy(dtype=np.bool_)
        counted, missing, others = [], [], []
        chosen = Chosen(frame, reached, np.zeros(len(frame), np.bool_), ())
        names = frame["NAME"].fillna("").to_numpy(dtype=object)
        named = np.zeros(len(frame), dtype=np.bool_)
        for name in asked.target.names:
            same = np.array([name in str(one) for one in names], dtype=np.bool_)
            named |= same
            rows = np.flatnonzero(same)
            done = np.flatnonzero(same & reached)
            if len(done):
                counted += items_of(asked.city, chosen, done[:1])
            elif len(rows):
                missing += [
                    replace(one, note=self._lacks(frame, int(rows[0])))
                    for one in items_of(asked.city, chosen, rows[:1])
                ]
            else:
                missing.append(Item(id="", name=name, note="图层中没有此景区"))
        of_year = reached & ~named & (dated.dt.year == asked.year).fillna(value=False).to_numpy(dtype=np.bool_)
        if asked.settings.named_excess == "all":
            others = items_of(asked.city, chosen, np.flatnonzero(of_year))
        every = (*counted, *others)
        value = Fraction(len(every))
        return Figure(
            value=value, numerator=value, denominator=None, scale=1, unit=asked.indicator.unit,
            how=_how(asked.indicator), source=self.layer, state=asked.state, counted=every, missing=tuple(missing),
            synthetic=_synthetic(chosen), counties=_by_county(asked.city, every, None),
        )  # fmt: skip

    def _lacks(self, frame: Any, row: int) -> str:
        grade, day = frame[self.grade_column].iloc[row], frame[self.date_column].iloc[row]
        text = "未评级" if pd.isna(grade) else f"现为{grade}"
        return f"{text}，缺评定日期" if pd.isna(day) else text


Source = Records | Covered | Named


def _how(indicator: Indicator) -> Title:
    return Title(zh=indicator.definition_zh, en=indicator.definition_en)


def _ratio(part: float, whole: float) -> Fraction | None:
    return 100 * Fraction(part) / Fraction(whole) if whole else None


def _synthetic(chosen: Chosen) -> int:
    if "SYNTHETIC" not in chosen.frame:
        return 0
    return int((chosen.frame["SYNTHETIC"].to_numpy(dtype=np.bool_) & chosen.counts).sum())


def _nearly(asked: Asked, chosen: Chosen) -> tuple[Item, ...]:
    rows = [row for row, _ in chosen.nearly]
    found = items_of(asked.city, chosen, rows)
    return tuple(replace(item, note=why) for item, (_, why) in zip(found, chosen.nearly, strict=True))


def _by_county(city: CityData, items: tuple[Item, ...], amounts: list[Fraction] | None) -> tuple[CountyFigure, ...]:
    """Return the items' number, or their amounts' sum, by county; those of no known county are a row of their own."""
    names = county_names(city)
    sums: dict[str, Fraction] = dict.fromkeys(names, Fraction(0))
    for item, amount in zip(items, amounts or [Fraction(1)] * len(items), strict=True):
        code = item.area if item.area in names else ""
        sums[code] = sums.get(code, Fraction(0)) + amount
    return tuple(CountyFigure(code, names.get(code, _NO_COUNTY), total, total, None) for code, total in sums.items())


def _counted(asked: Asked, source: Records, chosen: Chosen) -> Figure:
    items = tuple(items_of(asked.city, chosen, np.flatnonzero(chosen.counts)))
    value = Fraction(len(items))
    return Figure(
        value=value, numerator=value, denominator=None, scale=1, unit=asked.indicator.unit, how=_how(asked.indicator),
        source=source.layer, state=asked.state, counted=items, missing=_nearly(asked, chosen),
        undated=int(chosen.undated.sum()), synthetic=_synthetic(chosen), counties=_by_county(asked.city, items, None),
    )  # fmt: skip


def _amounts(chosen: Chosen, column: str, rows: Any) -> list[Fraction]:
    return [Fraction(str(value)) for value in chosen.frame[column].iloc[rows]]


def _summed(asked: Asked, source: Records, chosen: Chosen) -> Figure | NoFigure:
    filled = chosen.frame[source.column].notna().to_numpy(dtype=np.bool_)
    rows = np.flatnonzero(chosen.counts & filled)
    blank = int((chosen.counts & ~filled).sum())
    if blank and not len(rows):
        return NoFigure(Title(zh=f"{source.column} 全部为空", en=f"{source.column} is empty in every record"))
    amounts = [one * source.factor for one in _amounts(chosen, source.column, rows)]
    items = tuple(
        replace(item, amount=amount) for item, amount in zip(items_of(asked.city, chosen, rows), amounts, strict=True)
    )
    total = sum(amounts, Fraction(0))
    notes = [Title(zh=f"{blank} 处未填{source.column}，未计入", en=f"{blank} without {source.column} are not counted")]
    people: int | None = None
    if source.per_thousand:
        people = asked.settings.population(asked.year, asked.census)
        if people is None:
            return NoFigure(_no_population(total, asked.census))
    return Figure(
        value=total if people is None else 1000 * total / people, numerator=total,
        denominator=None if people is None else Fraction(people), scale=1 if people is None else 1000,
        unit=asked.indicator.unit, how=_how(asked.indicator), source=source.layer, state=asked.state, counted=items,
        missing=_nearly(asked, chosen), undated=int(chosen.undated.sum()), synthetic=_synthetic(chosen),
        counties=() if people is not None else _by_county(asked.city, items, amounts),
        notes=tuple(notes) if blank else (),
    )  # fmt: skip


def _no_population(total: Fraction, census: int) -> Title:
    beside = decimal(1000 * total / census, places=2)
    return Title(
        zh=f"未录入常住人口（resident_population）；若按2020年普查 {census} 人计为 {beside}",
        en=f"no resident_population was given; by the census of 2020 ({census} persons) it would be {beside}",
    )


def _share(asked: Asked, source: Records, chosen: Chosen) -> Figure | NoFigure:
    """Return Σ column ÷ Σ whole in %, over the records that state both; those with the most to gain are missing."""
    frame = chosen.frame
    stated = (frame[source.column].notna() & frame[source.whole].notna()).to_numpy(dtype=np.bool_)
    rows = np.flatnonzero(chosen.counts & stated)
    parts, wholes = _amounts(chosen, source.column, rows), _amounts(chosen, source.whole, rows)
    total = sum(wholes, Fraction(0))
    if total == 0:
        text = f"{source.whole} 合计为 0 或全部未填"
        return NoFigure(Title(zh=text, en=f"{source.whole} adds up to 0 or is empty"))
    items = items_of(asked.city, chosen, rows)
    counted = tuple(replace(one, amount=part) for one, part in zip(items, parts, strict=True))
    lacking = [
        replace(one, amount=whole - part, note=f"共{whole}张，护理型{part}张")
        for one, part, whole in zip(items, parts, wholes, strict=True)
        if whole > part
    ]
    lacking.sort(key=lambda one: (-(one.amount or 0), one.id))
    tops = _by_county(asked.city, counted, parts)
    bottoms = _by_county(asked.city, counted, wholes)
    counties = tuple(
        CountyFigure(top.code, top.name, _ratio_of(top.numerator, low.numerator), top.numerator, low.numerator)
        for top, low in zip(tops, bottoms, strict=True)
    )
    blank = int((chosen.counts & ~stated).sum())
    notes = (Title(zh=f"{blank} 处未填床位，分子分母均未计", en=f"{blank} without beds are in neither number"),)
    done = sum(parts, Fraction(0))
    return Figure(
        value=100 * done / total, numerator=done, denominator=total, scale=100, unit=asked.indicator.unit,
        how=_how(asked.indicator), source=source.layer, state=asked.state, counted=counted, missing=tuple(lacking),
        undated=int(chosen.undated.sum()), synthetic=_synthetic(chosen), counties=counties,
        notes=notes if blank else (),
    )  # fmt: skip


def _ratio_of(part: Fraction, whole: Fraction) -> Fraction | None:
    return 100 * part / whole if whole else None


def _firms(kind: str, *, year: bool, may: bool = False) -> Records:
    return Records(
        "facilities.firms",
        {"KIND": (kind,)},
        year="YEAR_REC" if year else "",
        since="" if year else "YEAR_REC",
        may=may,
    )


def _health(kind: str, *, private: bool = False) -> Records:
    return Records("facilities.health", {"KIND": (kind,), **({"OWNER_KIND": ("社会办",)} if private else {})})


SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "overall-new-firms": _firms("规上服务业企业", year=True),
        "overall-firms": _firms("规上服务业企业", year=False),
        "finance-institutions": _firms("金融机构", year=True),
        "finance-listing-reserve": _firms("上市后备企业", year=False),
        "finance-neeq": _firms("新三板挂牌企业", year=True),
        "logistics-parks": Records(
            "facilities.logistics", {"KIND": ("物流园区",), "BUILD_KIND": ("新建", "提升改造")}, year="DONE_YEAR"
        ),
        "logistics-county-centres": Records("facilities.logistics", {"KIND": ("县级物流配送中心",)}, since="DONE_YEAR"),
        "logistics-cold-storage": Records(
            "facilities.logistics", {"KIND": ("冷库",)}, since="DONE_YEAR", column="CAP_T", factor=_TONNES
        ),
        "logistics-township-stations": Covered(
            "township-logistics", "township_denominator", {"towns": "", "with_streets": "streets"}
        ),
        "logistics-village-outlets": Covered("village-logistics"),
        "logistics-graded-firms": Records(
            "facilities.logistics_firms", {"GRADE": ("1A", "2A", "3A", "4A", "5A")}, valid_to="VALID_TO"
        ),
        "information-specialised-firms": _firms("专精特新企业", year=True, may=True),
        "science-firms": _firms("科技服务业规上企业", year=False),
        "science-incubators": Records("facilities.incubators", since="YEAR_REC", valid_to="VALID_TO"),
        "tourism-3a": Records("facilities.scenic", {"GRADE": ("3A",)}, year="GRADE_DATE"),
        "tourism-4a-named": Named("facilities.scenic", ("4A", "5A"), "GRADE", "GRADE_DATE"),
        "tourism-model-villages": Records(_LISTS, {"KIND": ("全省文旅振兴乡村样板村",)}, year="YEAR"),
        "tourism-rural-county": Records(_LISTS, {"KIND": ("全省乡村旅游示范县",)}, year="YEAR"),
        "business-bodies": _firms("商务服务业企业", year=True),
        "health-rehab-hospitals": _health("康复机构"),
        "health-childcare-places": Records("facilities.childcare", column="SEATS"),
        "health-childcare-rate": Records("facilities.childcare", column="SEATS", per_thousand=True),
        "health-provincial-specialties": Records("facilities.health", {"KIND": ("医院",)}, column="PROV_SPEC"),
        "health-national-specialties": Records("facilities.health", {"KIND": ("医院",)}, column="NAT_SPEC"),
        "health-imaging-centres": _health("医学影像中心", private=True),
        "health-pathology-centres": _health("病理诊断中心", private=True),
        "health-labs": _health("医学检验实验室", private=True),
        "health-nursing": _health("护理机构"),
        "health-rescue-counties": Covered("rescue", "county_scope", {"counties": "", "all": "all"}),
        "health-rescue-clinics": Covered("rescue", mode="linked"),
        "elderly-demo-projects": Records("facilities.elderly", year="DEMO_YEAR"),
        "elderly-regional-centres": Covered("regional-elderly-centre"),
        "elderly-rural-brands": _firms("家政兴农品牌企业", year=True),
        "elderly-nursing-beds": Records(
            "facilities.elderly", {"KIND": ("养老机构",)}, column="NURS_BEDS", whole="BEDS"
        ),
        "elderly-domestic-brands": _firms("家政品牌企业", year=True),
        "sport-table-tennis": Records("facilities.sports", {"KIND": ("国球项目",)}, year="DONE_YEAR"),
        "sport-fitness-paths": Records("facilities.sports", {"KIND": ("健身路径",)}, year="DONE_YEAR"),
        "sport-events": Records(_LISTS, {"KIND": ("体育赛事活动",)}, year="YEAR"),
        "sport-new-communities": Covered("new-community-sport"),
    }
)
"""The computation of every indicator that layers can compute, by its code."""


def figure_of(asked: Asked) -> Figure | NoFigure:
    """Return the computed value of an indicator with its evidence, or why it cannot be computed."""
    source = SOURCES.get(asked.indicator.code)
    if source is None:
        return NoFigure(Title(zh="只由部门上报", en="reported only"))
    return source.figure(asked)
