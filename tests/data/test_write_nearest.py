"""The table of travel times."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.write.nearest import NEAREST_COLUMNS, write_nearest
from geo.errors import InputError, ParameterError


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "status": ["ok", "beyond", "off_network", "unreachable", "ok"],
            "demand_id": ["甲", "2", "3", "4", "5"],
            "facility_id": ["f1", "f2", None, None, "f1"],
            "travel_s": [899.99951, 4000.0, np.nan, np.nan, 0.0],
            "access_m": [12.0, 3.0, np.nan, np.nan, 0.0004],
            "snapped_m": [1.23456, 2.0, 301.5, 4.0, 0.0],
            "more": 1,
        }
    )


def test_csv(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    assert write_nearest(frame, path) == (path,)
    assert path.read_text("utf-8").splitlines() == [
        "demand_id,facility_id,travel_s,access_m,snapped_m,status",
        "甲,f1,900.000,12.000,1.235,ok",
        "2,,,3.000,2.000,beyond",
        "3,,,,301.500,off_network",
        "4,,,,4.000,unreachable",
        "5,f1,0.000,0.000,0.000,ok",
    ]


def test_parquet(frame: pd.DataFrame, tmp_path: Path) -> None:
    write_nearest(frame, tmp_path / "t.parquet")
    read = pd.read_parquet(tmp_path / "t.parquet")
    assert tuple(read.columns) == NEAREST_COLUMNS
    np.testing.assert_array_equal(read["travel_s"], [900.0, np.nan, np.nan, np.nan, 0.0])
    assert read["facility_id"].isna().tolist() == [False, True, True, True, False]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_whole_number_ids_stay_whole(suffix: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"demand_id": [0, 1], "facility_id": [7, 8], "travel_s": [1.0, np.nan], "access_m": 0.0,
         "snapped_m": 0.0, "status": ["ok", "beyond"]}
    )  # fmt: skip
    path = tmp_path / f"t{suffix}"
    write_nearest(frame, path)
    if suffix == ".csv":
        assert path.read_text().splitlines()[1:] == ["0,7,1.000,0.000,0.000,ok", "1,,,0.000,0.000,beyond"]
    else:
        read = pd.read_parquet(path)
        assert read["demand_id"].tolist() == [0, 1]
        assert read["facility_id"][0] == 7


def test_faults(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.csv or \.parquet"):
        write_nearest(frame, tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="status is missing"):
        write_nearest(frame.drop(columns="status"), tmp_path / "t.csv")
    with pytest.raises(InputError, match="row 0"):
        write_nearest(frame.assign(travel_s=np.nan), tmp_path / "t.csv")
    assert list(tmp_path.iterdir()) == []
