"""Which rows of a context are land that hides what lies in it: military sites and prisons."""

from collections.abc import Iterable
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.read.places import PROTECTED
from data.tiles import deliverable_rows

_SURFACE: Final = (3, 6)
_KEY: Final = "ctx_id"


def protected_rows(context: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return (N,) which rows of a CONTEXT frame are polygons of protected land, however they are tagged."""
    hides = (context["kind"] == PROTECTED).to_numpy(np.bool_) | ~deliverable_rows(
        context.drop(columns="public", errors="ignore")
    )
    out: NDArray[np.bool_] = hides & np.isin(shapely.get_type_id(context.geometry.to_numpy()), _SURFACE)
    return out


def protected_of_all(contexts: Iterable[gpd.GeoDataFrame]) -> gpd.GeoDataFrame | None:
    """Return the protected rows of several CONTEXT frames, None where there are none; of one id the last counts."""
    known = [one[protected_rows(one)] for one in contexts if _KEY in one]
    known = [one for one in known if len(one)]
    if not known:
        return None
    together = pd.concat(known, ignore_index=True)
    return together.drop_duplicates(_KEY, keep="last").reset_index(drop=True)
