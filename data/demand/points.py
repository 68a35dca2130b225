"""A file of demand points with a weight into the DEMAND frame."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from data.demand.table import read_counts
from data.frames import DEMAND, conform
from data.read.files import id_text, read_vector, to_kept
from data.read.points import check_swapped
from geo.errors import Fault, InputError

_SHEETS: Final = (".csv", ".txt", ".tsv", ".xls", ".xlsx", ".xlsm", ".et", ".ods")
_PLACED: Final = frozenset(("lon", "lng", "long", "longitude", "经度", "lat", "latitude", "纬度", "x", "y"))
_NO_PLACES: Final = (
    "普查表请加 --by buildings（按住宅建筑面积）或 --by even（均匀分布），并用 --level county、township 或 unit_2020 "
    "说明是哪一级；点位表请有经度、纬度两栏。 For a census table add --by buildings or --by even, and --level county, "
    "township or unit_2020; for points, name the position's columns lon and lat."
)


def read_points_file(path: Path, *, crs: str | None, weight: str, streets: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the DEMAND frame of a file of points, its weight from the column ``weight``.

    ``streets`` tell where the city lies. Raises InputError naming every row that is no point, has no id or a weight
    that is no number of 0 or more, MissingCRSError, CRSMismatchError.
    """
    try:
        frame = to_kept(read_vector(path, crs=crs))
    except InputError as error:
        if _is_plain_table(path, error):
            raise InputError(
                Fault("no_position", "表中没有坐标。 The table has no coordinates.", _NO_PLACES, str(path))
            ) from error
        raise
    file = str(path)
    if weight not in frame:
        mend = "name the column with --weight."
        raise InputError(Fault("missing_column", f"there is no column {weight!r}.", mend, file))
    kinds = frame.geom_type.to_numpy()
    faults = [
        Fault("geometry_type", "the row is no point.", "hand in points.", file, int(row), "geometry")
        for row in np.flatnonzero(kinds != "Point")[:100]
    ]
    values = pd.to_numeric(frame[weight], errors="coerce").to_numpy(dtype=np.float64)
    faults += [
        Fault("weight", "the weight is not a number of 0 or more.", "correct it or take the row out.", file, int(row),
              weight, str(frame[weight].iloc[row]))
        for row in np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))[:100]
    ]  # fmt: skip
    named = next((str(c) for c in frame.columns if str(c).lower() in {"demand_id", "id"}), None)
    ids = [str(row) for row in range(len(frame))] if named is None else id_text(frame[named])
    faults += [
        Fault("no_id", "the row has no id.", "give each row its own.", file, row, named)
        for row, one in enumerate(ids) if one is None
    ][:100]  # fmt: skip
    if faults:
        raise InputError(faults)
    if streets is not None and len(streets):
        west, south, east, north = (float(v) for v in streets.total_bounds)
        check_swapped(frame, (west, south, east, north), file=file, what="demand")
    made = frame.assign(weight=values, method=f"as given in {path.name}", synthetic=False, demand_id=ids)
    return conform(made, DEMAND, file=file)


def _is_plain_table(path: Path, error: InputError) -> bool:
    """Whether what could not be read as points is a table without a column for a position."""
    codes = {fault.code for fault in error.faults if fault.row is None}
    if path.suffix.lower() not in _SHEETS or not codes & {"no_position", "unreadable"}:
        return False
    try:
        headings = read_counts(path).headings
    except InputError:
        return False
    return not _PLACED & {heading.strip().lower() for heading in headings}
