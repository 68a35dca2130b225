"""The ways to travel, built from the table of standards."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from data.standards import standard
from geo.errors import NotFoundError
from geo.travel import LinearCycling, Mode, Tobler
from geo.units import kph_to_mps


@cache
def modes() -> Mapping[str, Mode]:
    """Return every mode by its id."""
    clip = standard("slope_clip", unit="1").value
    tobler = Tobler(standard("tobler_factor", unit="1").value, standard("tobler_optimum", unit="1").value)
    cycling = LinearCycling(
        standard("cycle_uphill_loss", unit="1/%").value,
        standard("cycle_downhill_gain", unit="1/%").value,
        kph_to_mps(standard("cycle_push_speed", unit="km/h").value),
        kph_to_mps(standard("cycle_downhill_cap", unit="km/h").value),
    )
    walk = kph_to_mps(standard("walk_speed", unit="km/h").value)
    ride = kph_to_mps(standard("cycle_speed", unit="km/h").value)
    return MappingProxyType(
        {
            "walk": Mode("walk", "walk", walk, tobler, clip),
            "cycle": Mode("cycle", "cycle", ride, cycling, clip),
        }
    )


def mode(key: str) -> Mode:
    """Return the mode ``key``. Raises NotFoundError naming the known ones."""
    try:
        return modes()[key]
    except KeyError:
        raise NotFoundError(f"no mode {key!r}; known: {', '.join(modes())}") from None
