"""Every circle Quantu knows."""

from typing import Final

from layers.base import Circle, Registry
from layers.circles.fitness import FitnessCircle

CIRCLES: Final[Registry[Circle]] = Registry("circle", (FitnessCircle(),))
