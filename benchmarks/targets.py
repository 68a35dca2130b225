"""What the engine is to reach, beside what was measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.measure import OURS

Cases = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """One target: at least so many times a peer, or at most so many seconds or MB."""

    text: str
    bound: float
    kind: str
    measured: Callable[[Cases], float | None]

    def met(self, value: float) -> bool:
        """Return whether ``value`` reaches the target."""
        return value >= self.bound if self.kind == "ratio" else value <= self.bound

    def written(self, value: float) -> str:
        """Return ``value`` with its unit."""
        if self.kind == "ratio":
            return f"{value:.1f}×" if value < 100 else f"{value:.0f}×"
        if self.kind == "mb":
            return f"{value:,.0f} MB"
        if value < 0.001:
            return f"{value * 1e6:.0f} µs"
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.2f} s"


def row_of(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the first row of a race whose contestant's name begins with ``name``. KeyError."""
    for row in found.get("rows", []):
        if row["name"].startswith(name):
            return dict(row)
    raise KeyError(name)


def compared(found: dict[str, Any], peer: str) -> float:
    """Return how many times as long as ours the peer took: by best or by median, whichever is less."""
    ours, theirs = row_of(found, OURS), row_of(found, peer)
    return float(min(theirs[key] / ours[key] for key in ("best_s", "median_s")))


def _ratio(case: str, peer: str) -> Callable[[Cases], float | None]:
    def value(cases: Cases) -> float | None:
        found = cases.get(case, {})
        named = [row["name"] for row in found.get("rows", []) if row["name"].startswith(peer)]
        # Where a peer takes part in several ways, the fastest is meant.
        return min((compared(found, name) for name in named), default=None)

    return value


def _change(cases: Cases) -> float | None:
    found = cases.get("what-if-2000", {}).get("changes")
    return max(found[kind]["p99_s"] for kind in ("add", "remove")) if found else None


def _ours(case: str, pick: Callable[[dict[str, Any]], float | None]) -> Callable[[Cases], float | None]:
    def value(cases: Cases) -> float | None:
        found = cases.get(case, {})
        return pick(row_of(found, OURS)) if "rows" in found else None

    return value


def _index(cases: Cases) -> float | None:
    found = cases.get("live-index", {}).get("index")
    return max(found[kind]["p99_s"] for kind in ("insert", "move", "delete")) if found else None


def _first_answer(cases: Cases) -> float | None:
    found = cases.get("cold-wuhan", {}).get("answer")
    return found["median_s"] if found else None


TARGETS: Final = (
    Target("Nearest, 1 M nodes: ≥ 2× scipy", 2, "ratio", _ratio("nearest-1M", "scipy")),
    Target("Nearest, 5 M nodes: ≥ 4× scipy", 4, "ratio", _ratio("nearest-5M", "scipy")),
    Target("Nearest, 1 M nodes: ≥ 20× pandana", 20, "ratio", _ratio("nearest-1M-pandana", "pandana")),
    Target("Nearest, 1 M nodes: ≥ 30× networkx", 30, "ratio", _ratio("nearest-1M", "networkx")),
    Target("Catchments of 10,000, Wuhan: ≥ 15× pandana", 15, "ratio", _ratio("catchments-wuhan", "pandana")),
    Target("Catchments of 10,000, Wuhan: ≥ 15× networkx", 15, "ratio", _ratio("catchments-wuhan", "networkx")),
    Target("Catchments of 10,000, Wuhan: ≥ 2× scipy on cropped tiles", 2, "ratio", _ratio("catchments-wuhan", "scipy")),
    Target("Add or remove at 1 M nodes, 2,000 facilities: p99 ≤ 1 ms", 0.001, "s", _change),
    Target("Nearest, 20 M nodes: under 2 s", 2, "s", _ours("nearest-20M", lambda row: row["median_s"])),
    Target(
        "Nearest, 20 M nodes, the whole process: under 2.5 GB",
        2500,
        "mb",
        _ours("nearest-20M", lambda row: row.get("memory", {}).get("peak_mb")),
    ),
    Target("Insert, move or delete at 100,000 facilities in a draft's index: p99 ≤ 1 ms", 0.001, "s", _index),
    Target("Cold process on Wuhan, first answer: under 3 s (median)", 3, "s", _first_answer),
)
