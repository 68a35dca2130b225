"""The table of ``quantu nearest``: travel time from every demand point to its nearest facility."""

from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.write.delivery import aside
from geo.errors import Fault, InputError, ParameterError

NEAREST_COLUMNS: Final = ("demand_id", "facility_id", "travel_s", "access_m", "snapped_m", "status")
_DECIMALS: Final = 3


def write_nearest(frame: pd.DataFrame, path: Path) -> tuple[Path, ...]:
    """Write (N,) rows as CSV or Parquet, by ``path``'s ending: seconds and metres with three decimals.

    ``travel_s`` is empty unless ``status`` is ok; NaN is empty. CSV is UTF-8 without BOM, made to be read by programs.

    Raises ParameterError for another ending, InputError where a column is absent or a row that is ok has no time.
    """
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".parquet"}:
        raise ParameterError(f"{path.name}: write travel times to .csv or .parquet")
    faults = [
        Fault("missing_column", f"column {key} is missing.", "add it.", column=key)
        for key in NEAREST_COLUMNS
        if key not in frame
    ]
    if faults:
        raise InputError(faults)
    table = frame[list(NEAREST_COLUMNS)].copy()
    ok = table["status"] == "ok"
    untimed = table.index[ok & table["travel_s"].isna()]
    if len(untimed):
        raise InputError(
            Fault("no_time", "status is ok without travel_s.", "compute it.", row=int(row), column="travel_s")
            for row in untimed[:100]
        )
    table["travel_s"] = table["travel_s"].where(ok)
    table["facility_id"] = table["facility_id"].astype("object").where(ok, None)
    with aside(path) as written:
        if suffix == ".csv":
            table.to_csv(written, index=False, float_format=f"%.{_DECIMALS}f", encoding="utf-8", lineterminator="\n")
        else:
            measures = ["travel_s", "access_m", "snapped_m"]
            table[measures] = table[measures].astype("float64").round(_DECIMALS)
            pq.write_table(pa.Table.from_pandas(table, preserve_index=False), written, compression="zstd")
    return (path,)
