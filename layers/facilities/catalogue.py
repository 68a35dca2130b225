"""Every facility layer Quantu knows: the declarations of this package's modules, one each, by id."""

import importlib
import pkgutil
from typing import Final

import layers.facilities
from layers.base import FacilityLayer, Registry


def _declared() -> tuple[FacilityLayer, ...]:
    names = [info.name for info in pkgutil.iter_modules(layers.facilities.__path__) if info.name != "catalogue"]
    found = [
        one
        for name in names
        for one in vars(importlib.import_module(f"layers.facilities.{name}")).values()
        if isinstance(one, FacilityLayer)
    ]
    return tuple(sorted(found, key=lambda layer: layer.id))


FACILITY_LAYERS: Final[Registry[FacilityLayer]] = Registry("facility layer", _declared())
