"""Elevation from SRTM tiles (``.hgt``, ``.hgt.zip``) and GeoTIFF, joined, voids filled and counted.

Tiles of one grid are laid into one array before voids are filled, so that there is no seam between them.
"""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.errors
import rasterio.fill
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from data.read.files import is_lonlat
from geo.errors import Fault, InputError, MissingCRSError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bounds = tuple[float, float, float, float]

_HGT_NAME: Final = re.compile(r"^([NS])(\d{2})([EW])(\d{3})", re.IGNORECASE)
_HGT_VOID: Final = -32768
_HGT_SIDES: Final = {1201 * 1201 * 2: 1201, 3601 * 3601 * 2: 3601}
_LONLAT: Final = "EPSG:4326"
_ALIGNED: Final = 1e-3
"""Part of a cell by which grids may be out of step and still be one grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Elevations on one regular grid.

    Attributes:
        metres: (rows, columns), from north to south and west to east; NaN where void or outside every tile.
        west: x of the first column's cell centre, in ``crs``.
        north: y of the first row's cell centre.
        step: width and height of a cell.
        crs: of x and y.
        voids: cells the sources give no elevation for.
        covered: (rows, columns) whether a tile lies there.
        edge: how far the ground reaches beyond the outer cell centres, in cells (½ for GeoTIFF, 0 for SRTM).
    """

    metres: F32
    west: float
    north: float
    step: tuple[float, float]
    crs: CRS
    voids: int
    covered: Bools
    edge: float

    def index(self, lonlat: F64) -> tuple[F64, F64]:
        """Return the (N,) fractional columns and rows of (N, 2) degrees."""
        x, y = lonlat[:, 0], lonlat[:, 1]
        if not is_lonlat(self.crs):
            x, y = Transformer.from_crs(_LONLAT, self.crs, always_xy=True).transform(x, y)
        return (x - self.west) / self.step[0], (self.north - y) / self.step[1]

    def sample(self, lonlat: F64) -> F64:
        """Return the (N,) bilinear metres at (N, 2) degrees, NaN outside or in a void."""
        column, row = self.index(lonlat)
        height, width = self.metres.shape
        slack = self.edge + 1e-9
        within = (column >= -slack) & (column <= width - 1 + slack) & (row >= -slack) & (row <= height - 1 + slack)
        column, row = np.clip(column, 0.0, width - 1.0), np.clip(row, 0.0, height - 1.0)
        left = np.minimum(np.nan_to_num(column).astype(np.int64), max(width - 2, 0))
        top = np.minimum(np.nan_to_num(row).astype(np.int64), max(height - 2, 0))
        right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        fx, fy = column - left, row - top
        out = np.zeros(len(lonlat))
        for rows, columns, weight in (
            (top, left, (1 - fx) * (1 - fy)),
            (top, right, fx * (1 - fy)),
            (below, left, (1 - fx) * fy),
            (below, right, fx * fy),
        ):
            # a cell with no weight must not make the sum NaN
            out += np.where(weight > 0.0, self.metres[rows, columns] * weight, 0.0)
        return np.where(within, out, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Elevation:
    """Ground elevation in metres above sea level, sampled by longitude and latitude.

    Attributes:
        grids: the sources, the first that covers a point gives its elevation.
        voids: cells without elevation in the sources, filled by interpolation.
        voids_left: of these, cells too far from any elevation to be filled.
        footprint: what the sources cover, longitude and latitude.
        files: their names.
    """

    grids: tuple[Grid, ...]
    voids: int
    voids_left: int
    footprint: shapely.Geometry
    files: tuple[str, ...]

    def sample(self, lonlat: F64) -> F64:
        """Return the (N,) metres at (N, 2) degrees, bilinear; NaN where nothing covers the place."""
        metres = self.grids[0].sample(lonlat)
        for grid in self.grids[1:]:
            missing = np.isnan(metres)
            if not missing.any():
                break
            metres[missing] = grid.sample(lonlat[missing])
        return metres

    def covers(self, bounds: Bounds) -> bool:
        """Return whether west, south, east, north (degrees) lie wholly inside the sources."""
        return bool(shapely.covers(shapely.buffer(self.footprint, 1e-9), shapely.box(*bounds)))


def open_elevation(paths: Sequence[Path]) -> Elevation:
    """Return the Elevation of SRTM tiles and GeoTIFFs; a directory stands for all of them in it.

    Raises InputError (nothing to read, a broken file, an SRTM file without its corner in its name) and
    MissingCRSError (a GeoTIFF without CRS).
    """
    files = _files(paths)
    tiles = [_hgt(path) if _is_hgt(path) else _geotiff(path) for path in files]
    grids = tuple(_filled(grid) for grid in _mosaics(tiles))
    return Elevation(
        grids=grids,
        voids=sum(grid.voids for grid in grids),
        voids_left=sum(int((np.isnan(grid.metres) & grid.covered).sum()) for grid in grids),
        footprint=shapely.union_all([_footprint(tile) for tile in tiles]),
        files=tuple(path.name for path in files),
    )


def require_cover(elevation: Elevation, bounds: Bounds) -> None:
    """Raise InputError unless ``elevation`` covers ``bounds`` (west, south, east, north in degrees)."""
    if elevation.covers(bounds):
        return
    has = ", ".join(f"{value:.4f}" for value in elevation.footprint.bounds)
    needs = ", ".join(f"{value:.4f}" for value in bounds)
    raise InputError(
        Fault(
            "dem_does_not_cover",
            f"the elevation covers {has} (west, south, east, north), the streets need {needs}.",
            "add the missing tiles, or leave the elevation out.",
            ", ".join(elevation.files),
        )
    )


def _is_hgt(path: Path) -> bool:
    return path.name.lower().endswith((".hgt", ".hgt.zip"))


def _is_dem(path: Path) -> bool:
    return _is_hgt(path) or path.suffix.lower() in (".tif", ".tiff")


def _files(paths: Sequence[Path]) -> list[Path]:
    faults: list[Fault] = []
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inner = sorted(child for child in path.iterdir() if _is_dem(child))
            found += inner
            if not inner:
                faults.append(
                    Fault("no_file", "the folder holds no .hgt, .hgt.zip or .tif.", "name another.", str(path))
                )
        elif not path.is_file():
            faults.append(Fault("no_file", "the file does not exist.", "check the path.", str(path)))
        elif not _is_dem(path):
            faults.append(Fault("format", "no elevation format.", "hand in .hgt, .hgt.zip or GeoTIFF.", str(path)))
        else:
            found.append(path)
    if not found and not faults:
        faults.append(Fault("no_file", "no elevation file is named.", "name one.", None))
    if faults:
        raise InputError(faults)
    return found


def _hgt(path: Path) -> Grid:
    corner = _HGT_NAME.match(path.name)
    if corner is None:
        raise InputError(Fault("hgt_name", "the name does not say its corner.", "name it like N36E103.hgt.", str(path)))
    lat = int(corner.group(2)) * (1 if corner.group(1).upper() == "N" else -1)
    lon = int(corner.group(4)) * (1 if corner.group(3).upper() == "E" else -1)
    data = _hgt_bytes(path)
    side = _HGT_SIDES.get(len(data))
    if side is None:
        raise InputError(
            Fault(
                "hgt_size",
                f"{len(data)} bytes is neither a 1201 nor a 3601 tile.",
                "fetch the file again.",
                str(path),
            )
        )
    raw = np.frombuffer(data, dtype=">i2").reshape(side, side)
    void = raw == _HGT_VOID
    metres = np.where(void, np.nan, raw).astype(np.float32)
    step = 1.0 / (side - 1)
    crs = CRS.from_user_input(_LONLAT)
    return Grid(metres, float(lon), lat + 1.0, (step, step), crs, int(void.sum()), np.ones_like(void), 0.0)


def _hgt_bytes(path: Path) -> bytes:
    if path.suffix.lower() != ".zip":
        return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as archive:
            inner = [name for name in archive.namelist() if name.lower().endswith(".hgt")]
            if len(inner) == 1:
                return archive.read(inner[0])
    except zipfile.BadZipFile as error:
        raise InputError(
            Fault("zip", f"the archive is broken ({error}).", "fetch the file again.", str(path))
        ) from error
    raise InputError(Fault("zip", f"{len(inner)} .hgt files inside, one is expected.", "unpack it.", str(path)))


def _geotiff(path: Path) -> Grid:
    try:
        with rasterio.open(path) as source:
            if source.crs is None:
                raise MissingCRSError(f"{path}: the GeoTIFF states no CRS. Mend: write it in (gdal_edit -a_srs).")
            affine = source.transform
            if affine.b or affine.d or affine.a <= 0 or affine.e >= 0:
                raise InputError(Fault("rotated", "the raster is rotated or flipped.", "warp it north up.", str(path)))
            band = source.read(1, masked=True)
            crs = CRS.from_user_input(source.crs.to_wkt())
    except rasterio.errors.RasterioIOError as error:
        raise InputError(
            Fault("unreadable", f"the raster cannot be read ({error}).", "fetch the file again.", str(path))
        ) from error
    metres = band.astype(np.float32).filled(np.nan)
    return Grid(
        metres,
        affine.c + affine.a / 2.0,
        affine.f + affine.e / 2.0,
        (affine.a, -affine.e),
        crs,
        int(np.isnan(metres).sum()),
        np.ones(metres.shape, dtype=np.bool_),
        0.5,
    )


def _same_grid(one: Grid, other: Grid) -> bool:
    if one.crs != other.crs or one.edge != other.edge or not np.allclose(one.step, other.step, rtol=1e-9):
        return False
    offset = np.array([(other.west - one.west) / one.step[0], (one.north - other.north) / one.step[1]])
    return bool((np.abs(offset - np.round(offset)) < _ALIGNED).all())


def _mosaics(tiles: list[Grid]) -> list[Grid]:
    groups: list[list[Grid]] = []
    for tile in tiles:
        group = next((group for group in groups if _same_grid(group[0], tile)), None)
        if group is None:
            groups.append([tile])
        else:
            group.append(tile)
    return [_mosaic(group) for group in groups]


def _mosaic(tiles: list[Grid]) -> Grid:
    if len(tiles) == 1:
        return tiles[0]
    dx, dy = tiles[0].step
    west, north = min(tile.west for tile in tiles), max(tile.north for tile in tiles)
    at = [(round((north - tile.north) / dy), round((tile.west - west) / dx)) for tile in tiles]
    height = max(row + tile.metres.shape[0] for (row, _), tile in zip(at, tiles, strict=True))
    width = max(column + tile.metres.shape[1] for (_, column), tile in zip(at, tiles, strict=True))
    metres = np.full((height, width), np.nan, dtype=np.float32)
    covered = np.zeros((height, width), dtype=np.bool_)
    for (row, column), tile in zip(at, tiles, strict=True):
        there = (slice(row, row + tile.metres.shape[0]), slice(column, column + tile.metres.shape[1]))
        metres[there] = np.where(np.isnan(metres[there]), tile.metres, metres[there])
        covered[there] = True
    voids = int((np.isnan(metres) & covered).sum())
    return Grid(metres, west, north, (dx, dy), tiles[0].crs, voids, covered, tiles[0].edge)


def _filled(grid: Grid) -> Grid:
    """Voids by inverse-distance interpolation from their rims; what no tile covers stays NaN."""
    known = ~np.isnan(grid.metres)
    if grid.voids == 0 or not known.any():
        return grid
    blank = np.where(known, grid.metres, np.float32(0.0))
    full = rasterio.fill.fillnodata(
        blank, mask=known.astype(np.uint8), max_search_distance=float(max(grid.metres.shape)), smoothing_iterations=0
    )
    metres = np.where(grid.covered, full, np.nan).astype(np.float32)
    return Grid(metres, grid.west, grid.north, grid.step, grid.crs, grid.voids, grid.covered, grid.edge)


def _footprint(grid: Grid) -> shapely.Geometry:
    height, width = grid.metres.shape
    (dx, dy), edge = grid.step, grid.edge
    box = shapely.box(
        grid.west - edge * dx,
        grid.north - (height - 1 + edge) * dy,
        grid.west + (width - 1 + edge) * dx,
        grid.north + edge * dy,
    )
    if is_lonlat(grid.crs):
        return box
    dense = shapely.segmentize(box, max(dx * width, dy * height) / 50.0)
    return gpd.GeoSeries([dense], crs=grid.crs).to_crs(_LONLAT).iloc[0]
