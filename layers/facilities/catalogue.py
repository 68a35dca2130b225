"""Every facility layer Quantu knows."""

from typing import Final

from layers.base import FacilityLayer, Registry
from layers.facilities.sports import SPORTS

FACILITY_LAYERS: Final[Registry[FacilityLayer]] = Registry("facility layer", (SPORTS,))
