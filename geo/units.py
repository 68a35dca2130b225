"""Physical quantities carried in types and in names (``_m``, ``_s``, ``_ms``, ``_mps``)."""

from typing import NewType

Metres = NewType("Metres", float)
Seconds = NewType("Seconds", float)
Milliseconds = NewType("Milliseconds", int)
MetresPerSecond = NewType("MetresPerSecond", float)


def minutes_to_ms(value: float) -> Milliseconds:
    """Return ``value`` minutes as whole milliseconds.

    >>> minutes_to_ms(15)
    900000
    """
    return Milliseconds(round(value * 60_000))


def kph_to_mps(value: float) -> MetresPerSecond:
    """Return ``value`` km/h as m/s.

    >>> kph_to_mps(3.6)
    1.0
    """
    return MetresPerSecond(value / 3.6)
