"""How things are timed: contestants take turns, so that whatever else the machine does falls on all of them."""

import ctypes
import gc
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
REAL = REPO.parent / "shared" / "real"
WUHAN = REAL / "wuhan" / "streets.parquet"
ANDORRA = REAL / "andorra" / "andorra.osm.pbf"
ONE_THREAD = {
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
OURS = "quantu"
DISTRIBUTIONS = ("numpy", "numba", "scipy", "networkx", "shapely", "osmium", "pandana", "osmnx", "pyvalhalla")


class Unavailable(Exception):
    """A case that cannot run here: what it reads, or the peer it needs, is not on this machine."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way of doing the work: ``run`` does it and ``answer`` turns what it returns into what is compared.

    ``prepare_s`` is what it took to build the peer's own structures, which the times leave out. ``rounds`` is how
    often it may take part, 0 for always.
    """

    name: str
    run: Callable[[], Any]
    answer: Callable[[Any], Any]
    prepare_s: float = 0.0
    rounds: int = 0


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long ``work`` took, and what it returned."""
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def race(
    contestants: Iterable[Contestant], *, rounds: int, same: Callable[[Any, Any], bool | None]
) -> list[dict[str, Any]]:
    """Return one row per contestant: best and median of up to ``rounds`` turns, and whether its answer is ours.

    All take their turns in every round, ours first. Ours runs once before, so that compiling is not timed.
    """
    lanes = list(contestants)
    times: dict[str, list[float]] = {lane.name: [] for lane in lanes}
    answers: dict[str, Any] = {}
    lanes[0].run()
    for turn in range(rounds):
        for lane in lanes:
            if lane.rounds and turn >= lane.rounds:
                continue
            gc.collect()
            took, result = seconds(lane.run)
            times[lane.name].append(took)
            if lane.name not in answers:
                answers[lane.name] = lane.answer(result)
    return [
        {
            "name": lane.name,
            **spread(times[lane.name]),
            "prepare_s": lane.prepare_s,
            "same": None if lane is lanes[0] else same(answers[lanes[0].name], answers[lane.name]),
        }
        for lane in lanes
    ]


def spread(times: list[float]) -> dict[str, Any]:
    """Return best, median and number of ``times`` in seconds."""
    return {"best_s": min(times), "median_s": statistics.median(times), "turns": len(times)}


def peak_mb() -> float:
    """Return the most memory this process has held so far, in MB (1e6 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _held(key: str) -> float | None:
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    found = [line.split()[1] for line in status.read_text(encoding="utf-8").splitlines() if line.startswith(key + ":")]
    return int(found[0]) * 1024 / 1e6 if found else None


def memory_of(lane: Callable[[], Any]) -> dict[str, float]:
    """Return what this process held before ``lane``, how much ``lane`` added at its highest, and its peak, in MB."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)  # what was freed would otherwise be used again unseen
    before, forget = _held("VmRSS"), Path("/proc/self/clear_refs")
    if before is not None and forget.exists():
        forget.write_text("5", encoding="utf-8")  # the high-water mark starts anew
    lane()
    highest = _held("VmHWM")
    known = {} if before is None or highest is None else {"before_mb": before, "added_mb": highest - before}
    return {**known, "peak_mb": peak_mb()}


def child(arguments: list[str], *, python: str | Path = sys.executable, limit_s: float = 3600.0) -> dict[str, Any]:
    """Return the JSON that ``python ARGUMENTS --out FILE`` wrote, run in a process of its own on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        done = subprocess.run(
            [str(python), *arguments, "--out", str(out)],
            cwd=REPO,
            env={**os.environ, **ONE_THREAD},
            check=False,
            timeout=limit_s,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode or not out.is_file():
            tail = (done.stderr or done.stdout).strip().splitlines()[-3:]
            return {"failed": " · ".join(tail) or f"exit {done.returncode}"}
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found


def machine() -> dict[str, Any]:
    """Return the processor, cores, memory and system that the times belong to."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    models = [line.split(":", 1)[1].strip() for line in about.splitlines() if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Return the version of Python and of everything that takes part and is installed beside it."""
    found = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
