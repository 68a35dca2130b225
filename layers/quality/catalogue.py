"""Every check, and the three ways of asking: a layer, records by themselves, records beside each other."""

from typing import Final

import geopandas as gpd

from layers.base import FacilityLayer, Registry
from layers.quality.around import Surroundings
from layers.quality.base import Check, Finding, Findings, Subject, examine
from layers.quality.dates import DATE_CHECKS
from layers.quality.duplicates import DUPLICATE_CHECKS
from layers.quality.fields import FIELD_CHECKS
from layers.quality.numbers import NUMBER_CHECKS
from layers.quality.places import PLACE_CHECKS
from layers.quality.relations import RELATION_CHECKS

CHECKS: Final[Registry[Check]] = Registry(
    "check",
    (*FIELD_CHECKS, *NUMBER_CHECKS, *DATE_CHECKS, *PLACE_CHECKS, *RELATION_CHECKS, *DUPLICATE_CHECKS),
)
"""The checks in the order in which they are reported."""


def row_checks(frame: gpd.GeoDataFrame, layer: FacilityLayer, around: Surroundings) -> Findings:
    """Return what is wrong with each record by itself; the work grows with the number of records.

    ``frame`` (EPSG:4490) may lack columns; a record without position has a fault of its own.
    """
    return examine([one for one in CHECKS.items if one.scope == "row"], Subject(frame, layer, around))


def set_checks(frame: gpd.GeoDataFrame, layer: FacilityLayer, around: Surroundings) -> Findings:
    """Return what is wrong between the records: give the layer as it will be, not the file's rows alone."""
    return examine([one for one in CHECKS.items if one.scope == "set"], Subject(frame, layer, around))


def check_layer(frame: gpd.GeoDataFrame, layer: FacilityLayer, around: Surroundings) -> list[Finding]:
    """Return everything that is wrong with a layer (EPSG:4490), and which checks could not be done."""
    return examine(CHECKS.items, Subject(frame, layer, around)).listed()
