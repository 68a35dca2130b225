"""Measure, with the peers in the same run: ``python -m benchmarks``, with ``--full`` for 5 M and 20 M nodes."""

import argparse
import datetime
import json
from pathlib import Path
from typing import Any

from benchmarks.cases import case, names
from benchmarks.measure import REPO, Unavailable, child, machine, versions
from benchmarks.page import page, summary

RESULTS = REPO / "benchmarks" / "results.json"
PAGE = REPO / "docs" / "benchmarks.md"


def _one(name: str, alone: str | None, out: Path) -> None:
    try:
        found = case(name).run(alone)
    except Unavailable as reason:
        found = {"unavailable": str(reason)}
    out.write_text(json.dumps(found), encoding="utf-8")


def _measured(name: str) -> dict[str, Any]:
    found = child(["-m", "benchmarks", "--case", name])
    for contestant in case(name).alone if "rows" in found else ():
        memory = child(["-m", "benchmarks", "--case", name, "--alone", contestant])
        for row in found["rows"]:
            if row["name"] == contestant:
                row["memory"] = memory
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return {**found, "date": today, "versions": versions()}


def _kept() -> dict[str, Any]:
    """Return the results so far; read anew each time, for another run may have added its own."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {"cases": {}}
    return found


def main() -> None:
    """Run the cases asked for, each in a process of its own, and renew results.json and the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="5 M and 20 M nodes, and pandana's minutes at 1 M, too")
    parser.add_argument("--only", action="append", metavar="CASE", help="one case; may be given again")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page from results.json")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        _one(asked.case, asked.alone, asked.out)
        return
    known = names(full=True)
    unknown = sorted(set(asked.only or ()) - set(known))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(known)}")
    for name in [] if asked.page else asked.only or names(full=asked.full):
        found = _measured(name)
        print(summary(name, found), flush=True)
        kept = _kept()
        kept["machine"] = machine()
        kept["cases"][name] = found
        ordered = {key: kept["cases"][key] for key in known if key in kept["cases"]}
        kept["cases"] = ordered
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(_kept()), encoding="utf-8")
    print(f"\n{PAGE.relative_to(REPO)} and {RESULTS.relative_to(REPO)} are renewed")


if __name__ == "__main__":
    main()
