"""What every circle delivers: frames that know their units, clauses, parameters and edition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from data.frames import Column
from data.standards import Standard
from geo.errors import MissingCRSError


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One deliverable frame of a circle.

    Raises on construction: MissingCRSError without a CRS, ValueError for a column without a declaration (type,
    unit, titles) and where no standard is named.
    """

    name: str
    frame: gpd.GeoDataFrame
    columns: Mapping[str, Column]
    standards: tuple[Standard, ...]
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse what could not be understood later."""
        if self.frame.crs is None:
            raise MissingCRSError(f"product {self.name} has no CRS")
        bare = [c for c in self.frame.columns if c != self.frame.geometry.name and c not in self.columns]
        if bare:
            raise ValueError(f"product {self.name}: columns without a unit or title: {bare}")
        if not self.standards:
            raise ValueError(f"product {self.name}: no standard stands behind its numbers")
