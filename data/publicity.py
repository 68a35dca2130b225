"""What lies on land that is never shown is never shown either, whatever file it came from."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.city import CityData
from data.read.places import PROTECTED
from data.tiles import deliverable_rows

_SURFACE = (3, 6)


def protected_land(context: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the polygons of a CONTEXT frame, in its CRS, that hide what lies in them: military sites and prisons."""
    hides = (context["kind"] == PROTECTED).to_numpy() | ~deliverable_rows(context.drop(columns="public"))
    shapes = context.geometry.to_numpy()[hides]
    out: NDArray[np.object_] = shapely.make_valid(shapes[np.isin(shapely.get_type_id(shapes), _SURFACE)])
    return out


def clear_of_protected(frame: gpd.GeoDataFrame, city: CityData) -> gpd.GeoDataFrame:
    """Return the rows of an edition's frame (EPSG:4490) that do not touch its protected land."""
    if not city.has("context") or not len(frame):
        return frame
    land = protected_land(city.frame("context"))
    hidden = np.zeros(len(frame), dtype=np.bool_)
    hidden[shapely.STRtree(frame.geometry.to_numpy()).query(land, predicate="intersects")[1]] = True
    return frame[~hidden]
