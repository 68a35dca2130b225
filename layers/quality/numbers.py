"""Numbers: capacities and areas that cannot be, or hardly."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from data.standards import standard
from layers.answer import Title
from layers.quality.base import Check, Hits, Subject, hits

_AREAS: Final = {"m²": 1.0, "km²": 1e6, "ha": 1e4}


def _negative(subject: Subject) -> Iterator[Hits]:
    for name, column in subject.layer.spec.columns.items():
        if column.kind in {"int", "float"} and column.low is not None and column.low >= 0 and subject.has(name):
            yield from hits(subject, subject.number(name) < 0, name, f"{column.zh}为负数。", f"{column.en} is below 0.")


def _implausible(subject: Subject) -> Iterator[Hits]:
    for name, column in subject.layer.spec.columns.items():
        if column.kind not in {"int", "float"} or not subject.has(name) or column.check == "year":
            continue
        value = subject.number(name)
        low = -np.inf if column.low is None else column.low
        high = np.inf if column.high is None else column.high
        if not np.isfinite([low, high]).any():
            continue
        mask = ((value < low) & (value >= 0)) | (value > high)
        span = f"{low:g}–{high:g}{column.unit}"
        yield from hits(subject, mask, name, f"{column.zh}超出合理范围 {span}。", f"{column.en} is outside {span}.")


def _nursing(subject: Subject) -> Iterator[Hits]:
    more = subject.number("NURS_BEDS") > subject.number("BEDS")
    yield from hits(subject, more, "NURS_BEDS", "护理型床位多于床位总数。", "more nursing beds than beds.")


def _tiny(subject: Subject) -> Iterator[Hits]:
    least = standard("least_area", unit="m²").value
    for name, column in subject.layer.spec.columns.items():
        if column.unit in _AREAS and column.kind == "float" and subject.has(name):
            area = subject.number(name) * _AREAS[column.unit]
            said = f"{column.zh}小于 {least:g} m²。", f"{column.en} is under {least:g} m²."
            yield from hits(subject, (area > 0) & (area < least), name, *said)


def _small_park(subject: Subject) -> Iterator[Hits]:
    least = standard("park_area", unit="km²").value
    mask = (subject.text("KIND") == "物流园区") & (subject.number("AREA_KM2") < least)
    yield from hits(subject, mask, "AREA_KM2", f"物流园区不足 {least:g} km²。", f"a park under {least:g} km².")


NUMBER_CHECKS: Final = (
    Check(
        "negative", "error", Title(zh="数值为负", en="Number below zero"),
        Title(zh="核对数值。", en="Check the number."), _negative,
    ),
    Check(
        "implausible_number", "warning", Title(zh="数值不合理", en="Implausible number"),
        Title(zh="核对数值和单位（亩、公顷、平方米）。", en="Check the number and its unit."), _implausible,
    ),
    Check(
        "nursing_beds", "error", Title(zh="护理型床位不合理", en="Nursing beds exceed beds"),
        Title(zh="核对两个床位数。", en="Check both numbers of beds."), _nursing,
        concerns=lambda subject: subject.has("BEDS", "NURS_BEDS"),
    ),
    Check(
        "tiny_area", "warning", Title(zh="面积过小", en="Tiny area"),
        Title(zh="核对单位。", en="Check the unit."), _tiny,
    ),
    Check(
        "small_park", "warning", Title(zh="物流园区面积不足", en="Logistics park too small"),
        Title(zh="核对面积，或改为其他类型。", en="Check the area, or the kind."), _small_park,
        concerns=lambda subject: subject.has("AREA_KM2", "KIND"),
    ),
)  # fmt: skip
