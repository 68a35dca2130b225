"""The 黄河 through the sample, its island channel, the side streams, and the strip nobody builds on."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon

from data.sample.plane import Floats, table, to_plane
from data.sample.sketch import RIVER_ABOVE, RIVER_BELOW, SOUTH_CHANNEL, VALLEYS

HALF_WIDTH_M = 115.0
KNOTS_M = 1_300.0
"""The river's line is fixed at least this often, so that its curve stays by the points given."""
CHANNEL_HALF_WIDTH_M = 14.0
STREAM_HALF_WIDTH_M = 16.0


@dataclass(frozen=True, slots=True)
class River:
    """The waters in the plane (metres): the main river, and the small ones streets bridge wherever they meet."""

    centre: LineString
    main: Polygon
    channel: Polygon
    streams: tuple[tuple[str, Polygon], ...]
    water: MultiPolygon
    near: MultiPolygon
    """All water, and all water with a strip of 90 m, both prepared."""

    def at_lon(self, lon: float) -> float:
        """Return how far along the centre line (m) the river passes longitude ``lon`` (core reach only)."""
        probe = LineString(to_plane([(lon, 36.02), (lon, 36.18)]))
        return float(shapely.line_locate_point(self.centre, shapely.centroid(self.centre.intersection(probe))))

    def near_lonlat(self, lonlat: tuple[float, float]) -> float:
        """Return how far along the centre line (m) the river comes closest to a place."""
        return float(shapely.line_locate_point(self.centre, shapely.Point(to_plane([lonlat])[0])))

    def across(self, along_m: float, half_m: float) -> LineString:
        """Return the line across the river, from south to north, at ``along_m``, ``half_m`` to either side."""
        ends = shapely.get_coordinates(shapely.line_interpolate_point(self.centre, [along_m - 150, along_m + 150]))
        heading = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        normal = np.array([-heading[1], heading[0]])
        middle = shapely.get_coordinates(shapely.line_interpolate_point(self.centre, along_m))[0]
        return LineString([middle - normal * half_m, middle + normal * half_m])


def smooth(xy: Floats, *, rounds: int = 2) -> Floats:
    """Return the polyline with its corners cut (Chaikin 1974), its ends kept."""
    for _ in range(rounds):
        if len(xy) < 3:
            return xy
        quarter = 0.75 * xy[:-1] + 0.25 * xy[1:]
        three = 0.25 * xy[:-1] + 0.75 * xy[1:]
        middle = np.empty((2 * len(quarter), 2))
        middle[0::2], middle[1::2] = quarter, three
        xy = np.vstack([xy[:1], middle[1:-1], xy[-1:]])
    return xy


def _controls(xy: Floats) -> Floats:
    """Return the corners whose smoothed line passes through ``xy`` (quadratic B-spline interpolation)."""
    count = len(xy)
    weights = (
        np.diag(np.full(count, 0.75)) + np.diag(np.full(count - 1, 0.125), 1) + np.diag(np.full(count - 1, 0.125), -1)
    )
    weights[0], weights[-1] = np.eye(count)[0], np.eye(count)[-1]
    return np.asarray(np.linalg.solve(weights, xy), dtype=np.float64)


@cache
def river() -> River:
    """Return the river: its middle reach from ``yellow_river.csv`` (OSM), the rest drawn."""
    facts = table("yellow_river")[["lon_wgs84", "lat_wgs84"]].to_numpy()
    line = np.vstack([np.array(RIVER_ABOVE), facts, np.array(RIVER_BELOW)])
    knots = shapely.get_coordinates(shapely.segmentize(LineString(to_plane(line)), KNOTS_M))
    centre = LineString(smooth(_controls(knots), rounds=4))
    main = centre.buffer(HALF_WIDTH_M, quad_segs=6, cap_style="flat")
    channel_line = LineString(smooth(to_plane(np.array(SOUTH_CHANNEL)), rounds=3))
    channel = channel_line.buffer(CHANNEL_HALF_WIDTH_M, quad_segs=4).difference(main)
    streams = []
    for valley in VALLEYS:
        if not valley.stream:
            continue
        bed = LineString(_wander(smooth(to_plane(np.array(valley.line)), rounds=2)))
        shape = bed.buffer(STREAM_HALF_WIDTH_M, quad_segs=2).simplify(3.0).difference(main)
        streams.append((valley.name, shapely.get_parts(shape)[np.argmax(shapely.area(shapely.get_parts(shape)))]))
    parts = shapely.get_parts(channel)
    channel = parts[np.argmax(shapely.area(parts))]
    water = shapely.union_all([main, channel, *(shape for _, shape in streams)])
    near = shapely.union_all([water.simplify(5.0).buffer(90.0, quad_segs=2)])
    shapely.prepare([water, near])
    return River(centre, main, channel, tuple(streams), water, near)


def _wander(xy: Floats) -> Floats:
    """Return the line sampled every 400 m and swung gently to either side, as streams do."""
    line = LineString(xy)
    along = np.linspace(0.0, line.length, max(int(line.length / 400), 2))
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    heading = np.gradient(points, axis=0)
    normal = np.column_stack([-heading[:, 1], heading[:, 0]]) / np.linalg.norm(heading, axis=1)[:, None]
    ends = np.minimum(1.0, np.minimum(along, line.length - along) / 1500.0)
    swing = 70.0 * np.sin(along / 620.0) + 50.0 * np.sin(along / 270.0 + 1.3)
    return smooth(points + normal * (swing * ends)[:, None], rounds=1)
