"""How the plan's words are read: the settings of the table, for all indicators or for one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data.plan import plan, plan_settings
from geo.errors import ParameterError

_OF_THE_REPORT: Final = frozenset({"as_of", "due", "issuer"})
_CENSUS: Final = "census"
Share = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]
Points = Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False)]


def _default(key: str) -> Any:
    return Field(default_factory=lambda: plan_settings()[key].value)


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


class PlanSettings(BaseModel):
    """One reading of the plan; every default is a row of ``data/tables/plan_settings.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    as_of: Annotated[date | None, BeforeValidator(_empty_is_none)] = _default("as_of")
    due: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2\d|3[01])$")] = _default("due")
    excellent_margin: Share = _default("excellent_margin")
    margin_includes: bool = _default("margin_includes")
    rate_margin: Literal["relative", "points"] = _default("rate_margin")
    rate_points: Points = _default("rate_points")
    rate_ceiling: Points = _default("rate_ceiling")
    ceiling_grade: Literal["good", "excellent"] = _default("ceiling_grade")
    zero_growth_points: Points = _default("zero_growth_points")
    about_tolerance: Share = _default("about_tolerance")
    range_excellent: Literal["above_upper", "upper_margin", "lower_margin"] = _default("range_excellent")
    named_excess: Literal["named_only", "all"] = _default("named_excess")
    inverse_completion: Literal["two_minus", "target_over_value"] = _default("inverse_completion")
    official_value: Literal["by_kind", "computed", "reported"] = _default("official_value")
    register_grades: bool = _default("register_grades")
    no_records: Literal["unknown", "zero"] = _default("no_records")
    undated: Literal["counted", "left_out"] = _default("undated")
    count_as: Literal["flow", "stock"] = _default("count_as")
    county_scope: Literal["counties", "all"] = _default("county_scope")
    township_denominator: Literal["towns", "with_streets"] = _default("township_denominator")
    resident_population: Annotated[str, Field(pattern=r"^(|census|\d+|\d{4}:\d+(,\d{4}:\d+)*)$")] = _default(
        "resident_population"
    )
    issuer: str = _default("issuer")

    def due_day(self, year: int) -> date:
        """Return the day on which a year's targets are due."""
        month, day = (int(part) for part in self.due.split("-"))
        try:
            return date(year, month, day)
        except ValueError:
            raise ParameterError(f"due={self.due}: {year} has no such day") from None

    def population(self, year: int, census: int) -> int | None:
        """Return the residents a figure per thousand is divided by in a year, None where none was given."""
        text = self.resident_population
        if not text:
            return None
        if text == _CENSUS:
            return census
        if ":" not in text:
            return int(text) or None
        by_year = dict(part.split(":") for part in text.split(","))
        return int(by_year.get(str(year), 0)) or None


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of a report: those for all indicators, those of single ones, and what the caller gave."""

    base: PlanSettings
    own: Mapping[str, PlanSettings] = field(default_factory=dict)
    given: tuple[tuple[str, str], ...] = ()

    def of(self, code: str) -> PlanSettings:
        """Return the settings an indicator is graded by."""
        return self.own.get(code, self.base)


def rules_of(pairs: Sequence[str] = ()) -> Rules:
    """Return the rules of ``KEY=VALUE`` and ``CODE.KEY=VALUE`` texts, the table's defaults for the rest.

    Raises ParameterError naming everything that is unknown or does not fit.
    """
    faults: list[str] = []
    base: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {}
    codes = {one.code for one in plan().indicators}
    for pair in pairs:
        found = re.fullmatch(r"(?:([\w-]+)\.)?(\w+)=(.*)", pair.strip(), re.DOTALL)
        if found is None:
            faults.append(f"{pair!r} is not KEY=VALUE or CODE.KEY=VALUE")
            continue
        code, key, value = found[1], found[2], found[3].strip()
        if key not in PlanSettings.model_fields:
            faults.append(f"no setting {key!r}; known: {', '.join(PlanSettings.model_fields)}")
        elif code is None:
            base[key] = value
        elif code not in codes:
            faults.append(f"no indicator {code!r}")
        elif key in _OF_THE_REPORT:
            faults.append(f"{key} is of the whole report, not of {code}")
        else:
            own.setdefault(code, {})[key] = value
    made = {code: _made({**base, **changes}, faults) for code, changes in own.items()}
    whole = _made(base, faults)
    if faults:
        raise ParameterError("settings of the plan: " + "; ".join(dict.fromkeys(faults)))
    given = [*base.items(), *((f"{code}.{key}", v) for code, changes in own.items() for key, v in changes.items())]
    return Rules(whole, made, tuple(given))


def _made(given: Mapping[str, str], faults: list[str]) -> PlanSettings:
    try:
        made = PlanSettings.model_validate(dict(given))
        for year in plan().years:
            made.due_day(year)
    except ValidationError as error:
        faults += [f"{f['loc'][0]}: {f['msg']} (given: {f.get('input')!r})" for f in error.errors()]
        return PlanSettings()
    except ParameterError as error:
        faults.append(str(error))
        return PlanSettings()
    return made
