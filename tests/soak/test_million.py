"""A million rows of CSV, and a wide sheet of villages: time and memory of the whole import, in a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from data.stores.base import City
from data.stores.embedded import EmbeddedStore

ROWS = 1_000_000
SECONDS, GIGABYTES = 60.0, 2.0
LANZHOU = City("620100", "兰州市", "Lanzhou", "EPSG:4544")


def write_list(path: Path, count: int) -> None:
    random = np.random.default_rng(620100)
    lon, lat = random.uniform(103.6, 104.0, count), random.uniform(36.0, 36.12, count)
    kinds = np.array(["便利店", "超市", "农贸市场"])[random.integers(0, 3, count)]
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,名称,类型,地址,行政区划代码,经度,纬度,建筑面积(m2),级别,状态,启用日期,数据来源\n")
        for i in range(count):
            file.write(
                f"C{i:07d},第{i}号便利店,{kinds[i]},城关区某路{i % 3000}号,620102001000,{lon[i]:.6f},{lat[i]:.6f},"
                f"{20 + i % 500},社区级,运营,2020-05-{1 + i % 28:02d},市商务局台账\n"
            )


def quantu(*words: str) -> tuple[str, float, float]:
    """Run the command line; what it printed, wall seconds, and GB at most, its own children included."""
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-c", "from api.cli import main; main()", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert child.stdout is not None
    with child.stdout:
        said = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said[-2000:]
    return said, time.monotonic() - began, used.ru_maxrss / 1e6


@pytest.mark.slow
def test_a_million_rows_come_in(tmp_path: Path) -> None:
    EmbeddedStore.create(tmp_path / "ws", LANZHOU)
    source = tmp_path / "便利店.csv"
    write_list(source, ROWS)
    words = ("import", "facilities", str(source), "--layer", "commerce", "--crs", "wgs84")
    said, seconds, gigabytes = quantu(*words, "--workspace", str(tmp_path / "ws"))
    print(f"{ROWS:,} rows: {seconds:.1f} s, {gigabytes:.2f} GB")
    assert f"{ROWS:,} rows = {ROWS:,} accepted + 0 quarantined" in said
    assert seconds < SECONDS
    assert gigabytes < GIGABYTES
    assert len(EmbeddedStore.open(tmp_path / "ws").present("facilities.commerce")) == ROWS


@pytest.mark.slow
def test_twelve_hundred_villages_of_a_hundred_columns_come_in(tmp_path: Path) -> None:
    EmbeddedStore.create(tmp_path / "ws", LANZHOU)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("网点")
    sheet.append(["网点名称", "类型", "行政区划代码", "经度", "纬度", *(f"指标{i}" for i in range(95))])
    for i in range(1200):
        sheet.append(
            [f"第{i}村网点", "村级物流服务网点", f"620121100{200 + i % 200}", 103.3 + i / 1e4, 36.7, *range(95)]
        )
    source = tmp_path / "网点.xlsx"
    book.save(source)
    words = ("import", "facilities", str(source), "--layer", "logistics", "--crs", "wgs84")
    said, seconds, gigabytes = quantu(*words, "--workspace", str(tmp_path / "ws"))
    print(f"1,200 × 100: {seconds:.1f} s, {gigabytes:.2f} GB")
    assert "1,200 rows = " in said
    assert seconds < 5.0
