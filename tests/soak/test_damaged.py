"""Every damaged file through the whole import: no traceback, no lost row, nothing over 2 GB or a minute."""

import resource
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import shapely

from api.intake import import_facilities
from api.intake_report import IntakeOptions
from data.read.raw import RawTable
from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from geo.errors import QuantuError
from layers.facilities.catalogue import FACILITY_LAYERS
from tests.damaged import ROWS, corpus

SECONDS = 60.0
"""Of a processor, for one file: a busy machine makes it wait, and that is not the file's doing."""
PATIENCE = 180.0
"""Seconds by the clock after which an import is taken to hang."""
BYTES = 2_000_000_000
TODAY = date(2026, 11, 22)
CITY = City("620100", "兰州市", "Lanzhou", "EPSG:4544")
LAYER = FACILITY_LAYERS["health"]


@dataclass(frozen=True)
class Outcome:
    """What came of one file: its rows, those accepted and set aside, and what was said of the file and its rows."""

    rows: int
    accepted: int
    quarantined: int
    said: tuple[str, ...]
    faults: tuple[str, ...]
    refused: bool


def options(path: Path) -> IntakeOptions:
    """What a steward would say of the good file: its datum, and what its form cannot hold."""
    columns = {"mc": "NAME"} if path.suffix == ".tab" else {}
    fill = {"KIND": "医院"} | ({"NAME": "某处"} if path.suffix == ".dxf" else {})
    return IntakeOptions(crs="wgs84", trust=True, columns=columns, fill=fill)


def import_one(path: Path, workspace: Path) -> Outcome:
    """Bring one file into a fresh workspace. Only errors of ``geo.errors`` are answers; all else is a defect.

    Whatever came of it, the workspace opens again and holds the rows that the report says, and no others.
    """
    store = EmbeddedStore.create(workspace, CITY)
    try:
        got = import_facilities(store, path, layer=LAYER, options=options(path), today=TODAY)
    except QuantuError as error:
        codes = tuple(fault.code for fault in getattr(error, "faults", ()))
        assert str(error)
        outcome = Outcome(0, 0, 0, codes, codes or (type(error).__name__,), refused=True)
    else:
        of_file = tuple(fault.code for fault in got.faults if fault.row is None and fault.code != "not_checked")
        outcome = Outcome(got.rows, got.accepted, got.quarantined, of_file, tuple(got.counts), refused=False)
    assert outcome.rows == outcome.accepted + outcome.quarantined
    again = EmbeddedStore.open(workspace)
    held = again.present(LAYER.layer)
    assert (0 if held is None else len(held)) == outcome.accepted
    assert len(again.quarantined()) == outcome.quarantined
    assert all(row.faults for row in again.quarantined())
    shutil.rmtree(workspace)
    return outcome


def check(raw: RawTable) -> None:
    """What holds of every raw table: one row number a record, one column a heading, every line accounted for."""
    assert len(raw.cells) == len(raw.rows) == len(set(raw.rows.tolist()))
    assert tuple(raw.cells.columns) == raw.headings
    assert len(set(raw.headings)) == len(raw.headings)
    left = {one.row for one in raw.left_out}
    assert not left & set(raw.rows.tolist())
    if raw.geometry is not None:
        assert len(raw.geometry) == len(raw.rows)
        assert all(shape is None or isinstance(shape, shapely.Geometry) for shape in raw.geometry)


def is_lost(label: str, outcome: Outcome) -> bool:
    """Whether a file that counts its records, cut or bent, gave fewer than it holds and nobody said so."""
    counted = label.partition(":")[0].rpartition(".")[2] in {"gpkg", "shp", "fgb", "parquet", "tab", "geojson", "kml"}
    quiet = not outcome.refused and not outcome.said
    return counted and ":" in label and quiet and outcome.rows < ROWS and "twice" not in label


def run(label: str, path: Path, workspace: Path) -> tuple[Outcome, float]:
    """The outcome and the seconds of a processor; an import that never ends is ended."""

    def ended(_number: int, _frame: object) -> None:
        raise AssertionError(f"{label} took over {PATIENCE:.0f} s")

    before = signal.signal(signal.SIGALRM, ended)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    start = processor_seconds()
    try:
        outcome = import_one(path, workspace)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    return outcome, processor_seconds() - start


def processor_seconds() -> float:
    """What this process, and those it started and saw end, have taken of a processor."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def peak_bytes() -> tuple[int, int]:
    """The most memory this process, and any process it started, ever held."""
    return tuple(resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def trial(
    files: Iterable[tuple[str, Path]], workspace: Path, caplog: pytest.LogCaptureFixture
) -> tuple[list[str], int]:
    """Import every file, print what came of them, and return what should not have, and how many files it were."""
    bad, slowest, seen = [], (0.0, ""), Counter()
    said: Counter[str] = Counter()
    most, largest = (0, 0), ["", ""]
    kinds: Counter[str] = Counter()
    start, before = time.perf_counter(), processor_seconds()
    for label, path in files:
        seen["files"] += 1
        kinds[label.rpartition(":")[2] if ":" in label else "by hand"] += 1
        try:
            outcome, seconds = run(label, path, workspace / f"ws{seen['files']}")
        except Exception as error:  # noqa: BLE001 every file is tried before the verdict
            bad.append(f"{label}: {type(error).__name__}: {str(error)[:300]}")
            continue
        kept = "refused" if outcome.refused else "whole" if not outcome.quarantined else "with rows set aside"
        seen.update({kept: 1, "rows": outcome.rows, "rows set aside": outcome.quarantined})
        slowest = max(slowest, (seconds, label))
        said.update(set(outcome.faults) - {"not_checked"} or {"clean"})
        held = peak_bytes()
        largest = [label if now > then else old for now, then, old in zip(held, most, largest, strict=True)]
        most = held
        if seconds > SECONDS:
            bad.append(f"{label}: {seconds:.0f} s")
        if "reader_failed" in outcome.faults:
            bad.append(f"{label}: {caplog.records[-1].getMessage()[-600:] if caplog.records else 'reader failed'}")
        if is_lost(label, outcome):
            bad.append(f"{label}: {outcome.rows} of {ROWS} rows and not a word")
    print(
        f"{dict(seen)} in {time.perf_counter() - start:.0f} s, {processor_seconds() - before:.0f} s of a processor; slowest {slowest[0]:.1f} s ({slowest[1]})"
    )
    print(f"kinds: {dict(kinds.most_common())}")
    print(f"said: {dict(said.most_common())}")
    print(f"peak here {most[0] / 1e6:.0f} MB ({largest[0]}), in a child {most[1] / 1e6:.0f} MB ({largest[1]})")
    assert max(most) < BYTES, (most, largest)
    return bad, seen["files"]


@pytest.mark.slow
def test_no_damaged_file_does_harm(tmp_path, caplog):
    bad, files = trial(corpus(tmp_path), tmp_path, caplog)
    assert files >= 300
    assert not bad, "\n".join(bad)
