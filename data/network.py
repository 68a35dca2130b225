"""From the kept streets frame to the engine's segments, and elevation laid on it at import."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.frames import CRS_KEPT
from data.standards import standard
from geo.crs import project
from geo.segments import Segments, segments_from_lines
from geo.terrain import ElevationModel, drape, interpolate
from geo.units import kph_to_mps


def segments_from_frame(streets: gpd.GeoDataFrame, crs: str) -> Segments:
    """Return the Segments, in the metric ``crs``, of a streets frame (any CRS); Z becomes elevation.

    Where a street has no elevation but a tagged incline, the incline becomes a rise along its length.
    """
    lines = streets.geometry.to_numpy()
    if streets.crs.to_string() != crs:
        lines = shapely.transform(lines, lambda xy: project(xy, streets.crs.to_string(), crs), include_z=False) if not (
            shapely.has_z(lines).any()
        ) else _project_z(lines, streets.crs.to_string(), crs)  # fmt: skip
    walk = streets["walk"].to_numpy()
    segments = segments_from_lines(
        lines,
        crs=crs,
        seg_id=streets["seg_id"].to_numpy(),
        u=streets["u"].to_numpy(),
        v=streets["v"].to_numpy(),
        forward={
            "walk": walk,
            "cycle": streets["cycle_fwd"].to_numpy(),
            "drive": streets["drive_fwd"].to_numpy(),
        },
        backward={
            "walk": walk,
            "cycle": streets["cycle_bwd"].to_numpy(),
            "drive": streets["drive_bwd"].to_numpy(),
        },
        deck=(streets["bridge"] | streets["tunnel"]).to_numpy(),
        highway=streets["highway"].astype("object").where(streets["highway"].notna(), None).to_numpy(),
        maxspeed_mps=kph_to_mps(1.0) * streets["maxspeed_kph"].to_numpy(dtype=np.float64),
        barred_u=_barred(streets, "barred_u"),
        barred_v=_barred(streets, "barred_v"),
    )
    return _with_incline(segments, streets)


def _barred(streets: gpd.GeoDataFrame, column: str) -> dict[str, np.ndarray]:
    """Per access class the (E,) ends that lie on a barrier it may not pass; the column lists classes by name."""
    if column not in streets.columns:
        return {}
    number, texts = pd.factorize(streets[column], use_na_sentinel=False)
    classes = [text.split() if isinstance(text, str) else [] for text in texts]
    return {key: np.array([key in names for names in classes])[number] for key in ("walk", "cycle", "drive")}


def _project_z(lines: np.ndarray, source: str, target: str) -> np.ndarray:
    def move(xyz: np.ndarray) -> np.ndarray:
        return np.column_stack([project(xyz[:, :2], source, target), xyz[:, 2]])

    return np.asarray(shapely.transform(lines, move, include_z=True))


def _with_incline(segments: Segments, streets: gpd.GeoDataFrame) -> Segments:
    order = np.argsort(streets["seg_id"].to_numpy(), kind="stable")
    incline = streets["incline_pct"].to_numpy()[order]
    flat = ~np.isfinite(np.add.reduceat(segments.z, segments.starts[:-1])) if len(segments) else np.empty(0, bool)
    tagged = np.flatnonzero(np.isfinite(incline) & flat)
    for row in tagged:
        part = slice(segments.starts[row], segments.starts[row + 1])
        xy = segments.xy[part]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        segments.z[part] = along * incline[row] / 100.0
    return segments


def with_elevation(
    streets: gpd.GeoDataFrame, model: ElevationModel, crs: str
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the streets frame (EPSG:4490) with smoothed elevation as Z, and counts for the report.

    Sampled at vertices and at least every ``slope_sample``, smoothed over ``slope_window`` along the way.
    """
    lines = shapely.force_2d(streets.geometry.to_numpy())
    counts = shapely.get_num_coordinates(lines)
    lonlat = shapely.get_coordinates(lines)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    nodes = np.unique(np.concatenate([streets["u"], streets["v"]]), return_inverse=True)[1].reshape(2, -1)
    way = pd.factorize(streets["way_id"].fillna(streets["seg_id"].astype("str")))[0].astype(np.int64)
    draped = drape(
        project(lonlat, CRS_KEPT, crs),
        lonlat,
        starts,
        nodes[0],
        nodes[1],
        way=way,
        deck=(streets["bridge"] | streets["tunnel"]).to_numpy(),
        model=model,
        step_m=standard("slope_sample", unit="m").value,
        window_m=standard("slope_window", unit="m").value,
    )
    dense = interpolate(lonlat, draped.piece, draped.fraction)
    owner = np.repeat(np.arange(len(streets)), np.diff(draped.starts))
    shapes = shapely.linestrings(np.column_stack([dense, draped.z]), indices=owner)
    out = streets.copy()
    out.geometry = gpd.GeoSeries(shapes, index=streets.index, crs=CRS_KEPT)
    missing = int((~np.isfinite(draped.z)).sum())
    return out, {"vertices": len(draped.z), "vertices_without_elevation": missing}
