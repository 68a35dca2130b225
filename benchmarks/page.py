"""The page docs/benchmarks.md, made from results.json and nothing else."""

from collections.abc import Iterator
from typing import Any, Final

from benchmarks.measure import OURS
from benchmarks.targets import TARGETS, compared, row_of

NEAREST: Final = {
    "nearest-1M": "1 M nodes, generated",
    "nearest-1M-pandana": "1 M nodes, generated (pandana, in a run of its own)",
    "nearest-5M": "5 M nodes, generated",
    "nearest-20M": "20 M nodes, generated",
    "nearest-100k": "100 k nodes, generated",
    "nearest-wuhan": "Wuhan",
    "nearest-andorra": "Andorra",
}
CHANGES: Final = {"what-if-2000": "2,000", "what-if-100k": "100,000"}

HEAD: Final = """# Benchmarks

<!-- Made by `make bench` from benchmarks/results.json; do not edit. -->

`make bench` measures Quantu's engine and its peers in one run, contestant after contestant in every round, on one thread, and
compares the answers number by number. Times change from machine to machine and from hour to hour; **the ratios are what counts**.
`python -m benchmarks --full` adds the networks of 5 M and 20 M nodes and pandana's minutes of preparation at 1 M.

How to read it: times are *best / median* of the turns taken. A ratio is the peer's time ÷ ours; the first is that of the best
turns, the second that of the medians, and the lesser of the two is held against the target. Peers work on structures of their own,
built beforehand and not timed (*prepared in*); Quantu searches its arrays as they are. *Same* says whether the peer's answer equals ours
in every number, in whole milliseconds. *Memory added* is the most that a contestant, alone in a process, holds beyond the network:
the structures it builds, its search and its answer.
"""


def clock(value: float) -> str:
    """Return seconds as people read them.

    >>> clock(0.00012), clock(0.0278), clock(3.2), clock(312.0)
    ('120 µs', '27.8 ms', '3.20 s', '312 s')
    """
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def both(found: dict[str, Any]) -> str:
    """Return best / median."""
    return f"{clock(found['best_s'])} / {clock(found['median_s'])}"


def _times(value: float) -> str:
    return f"{value:.2f}×" if value < 1 else f"{value:.1f}×" if value < 100 else f"{value:.0f}×"


def _same(value: bool | None) -> str:
    return {None: "", True: "yes", False: "**no**"}[value]


def _memory(row: dict[str, Any]) -> str:
    found = row.get("memory", {})
    return f"{found['added_mb']:,.0f} MB" if "added_mb" in found else ""


def _race(found: dict[str, Any], *, memory: bool) -> Iterator[str]:
    ours = row_of(found, OURS)
    yield "| | Best / median | Ratio (best, median) | Same | Prepared in |" + (" Memory added |" if memory else "")
    yield "|---|--:|--:|---|--:|" + ("--:|" if memory else "")
    for row in found["rows"]:
        mine = row["name"] == OURS
        ratio = "" if mine else ", ".join(_times(row[key] / ours[key]) for key in ("best_s", "median_s"))
        ready = clock(row["prepare_s"]) if row["prepare_s"] else "–"
        line = f"| {row['name']} | {both(row)} | {ratio} | {_same(row['same'])} | {ready} |"
        yield line + (f" {_memory(row)} |" if memory else "")


def _missing(found: dict[str, Any]) -> str | None:
    for key, said in (("unavailable", "Not measured"), ("failed", "Failed")):
        if key in found:
            return f"{said}: {found[key]}."
    return None


def _targets(cases: dict[str, Any]) -> Iterator[str]:
    yield "## Targets"
    yield ""
    yield "| Target | Measured | |"
    yield "|---|--:|---|"
    for target in TARGETS:
        value = target.measured(cases)
        if value is None:
            yield f"| {target.text} | not measured | – |"
            continue
        yield f"| {target.text} | {target.written(value)} | {'✓' if target.met(value) else '✗ **not met**'} |"
    wrong = [
        f"{row['name']} in {name}"
        for name, found in cases.items()
        for row in found.get("rows", [])
        if row["same"] is False
    ]
    slower = [
        f"{row['name']} in {name} ({_times(1 / compared(found, row['name']))} as fast)"
        for name, found in cases.items()
        for row in found.get("rows", [])
        if row["name"] != OURS and compared(found, row["name"]) < 1
    ]
    yield ""
    yield f"Answers that differ from ours: {'; '.join(wrong) or 'none'}."
    yield f"Peers faster than Quantu: {'; '.join(slower) or 'none'}."


def _nearest(cases: dict[str, Any]) -> Iterator[str]:
    yield "## Nearest facility everywhere"
    yield ""
    yield "The time of every node from its nearest facility, within 15 minutes on foot. scipy: `dijkstra(min_only=True)`, which says"
    yield "how long but not to whom; networkx: `multi_source_dijkstra_path_length`; pandana: `nearest_pois`. Ours returns the label too."
    yield "Generated networks are jittered lattices with a quarter of the streets missing, nodes in Hilbert order, 2,000 facilities a"
    yield "million nodes."
    for name, title in NEAREST.items():
        if name not in cases:
            continue
        found = cases[name]
        yield ""
        yield f"### {title}"
        yield ""
        if said := _missing(found):
            yield said
            continue
        size = found["input"]
        whole = row_of(found, OURS).get("memory", {}).get("peak_mb")
        peak = f" The whole process peaks at {whole:,.0f} MB, the making of the network included." if whole else ""
        yield f"{size['nodes']:,} nodes, {size['arcs']:,} arcs, {size['facilities']:,} facilities.{peak} Measured {found['date']}."
        yield ""
        yield from _race(found, memory=any("memory" in row for row in found["rows"]))


def _catchments(found: dict[str, Any]) -> Iterator[str]:
    yield "## Catchments"
    yield ""
    yield "Every node within 15 minutes on foot of each of 10,000 facilities on the streets of Wuhan, with its time, as a sparse matrix."
    yield "scipy works on tiles cropped to what their facilities can reach (cropping is timed); pandana: `nodes_in_range`."
    yield ""
    if said := _missing(found):
        yield said
        return
    size, points = found["input"], found["points"]
    yield f"{size['nodes']:,} nodes, {size['arcs']:,} arcs. Measured {found['date']}."
    yield ""
    yield from _race(found, memory=False)
    yield ""
    yield f"With 10,000 facilities and 100,000 homes on edges, access legs included: {both(points)} for {points['pairs']:,} pairs; the"
    yield f"least of a home's times is its nearest facility's: {'yes' if points['least_is_nearest'] else '**no**'}."


def _what_if(cases: dict[str, Any]) -> Iterator[str]:
    yield "## What if: add, remove, move"
    yield ""
    yield "A field over 1 M nodes, 15 minutes on foot, is repaired after each change at a random node; *touched* are the nodes whose time"
    yield "or label changed on the way. No peer repairs: their cost is that of the whole field above."
    yield "Where p99 is far above the processor's own time, something else had the core meanwhile."
    yield ""
    yield "| Facilities | Change | p50 | p99 | p99, processor time | Worst | Nodes touched p50 / p99 | Anew | Same as anew |"
    yield "|--:|---|--:|--:|--:|--:|--:|--:|---|"
    for name, title in CHANGES.items():
        found = cases.get(name, {})
        for kind, row in found.get("changes", {}).items():
            yield (
                f"| {title} | {kind} | {clock(row['p50_s'])} | {clock(row['p99_s'])} | {clock(row['p99_busy_s'])} | {clock(row['worst_s'])} | "
                f"{row['touched_p50']:,} / {row['touched_p99']:,} | {clock(found['anew']['median_s'])} | {_same(found['same'])} |"
            )


def _cold(found: dict[str, Any]) -> Iterator[str]:
    yield "## A cold process on Wuhan"
    yield ""
    yield "A new Python process reads `streets.parquet`, builds the network, snaps 1,000 facilities and answers for each; compiled code is"
    yield "cached. Counted from the start of the process."
    yield ""
    if said := _missing(found):
        yield said
        return
    yield f"Until the answer: {both(found['answer'])}; until the process has ended: {both(found['process'])}. {found['peak_mb']:,.0f} MB"
    yield f"at most, {found['input']['segments']:,} segments. Measured {found['date']}."
    yield ""
    yield "| Stage of the best turn | |"
    yield "|---|--:|"
    yield from (f"| {stage} | {clock(took)} |" for stage, took in found["stages"].items())


def _snapping(found: dict[str, Any]) -> Iterator[str]:
    yield "## Joining points to streets"
    yield ""
    yield "100,000 points about the streets of Wuhan, to the nearest point of the nearest street. The usual short cut, the nearest"
    yield "junction (with a k-d tree, and no time for the way there), is faster and wrong:"
    yield ""
    if said := _missing(found):
        yield said
        return
    wrong = found["errors"]
    yield from _race(found, memory=False)
    yield ""
    yield "| | Nearest street | Nearest junction |"
    yield "|---|--:|--:|"
    yield f"| Mean distance joined over | {wrong['snapped_to_street_m']:.0f} m | {wrong['snapped_to_node_m']:.0f} m |"
    yield f"| Time to the nearest of 1,000 facilities, within 15 min: mean error | – | {wrong['time_off_mean_s']:.0f} s |"
    yield f"| … 90th percentile of the error | – | {wrong['time_off_p90_s']:.0f} s |"
    yield f"| Homes on the wrong side of 15 minutes, of those covered | – | {wrong['wrong_of_covered']:.0%} |"


def _building(found: dict[str, Any]) -> Iterator[str]:
    yield "## From an OpenStreetMap file to a network"
    yield ""
    yield "`andorra.osm.pbf`. Ours reads the whole file, facilities, dwellings and areas included, and contracts the walking network;"
    yield "osmnx `graph_from_xml` gets the highways alone, already converted to XML (*prepared in*), and simplifies them."
    yield ""
    if said := _missing(found):
        yield said
        return
    yield from _race(found, memory=False)
    yield ""
    sizes = [f"{name} {size['km']:,.0f} km, {size['junctions']:,} junctions" for name, size in found["sizes"].items()]
    yield f"{'; '.join(sizes)} (osmnx keeps ways that walkers may not use). Measured {found['date']}."


def _valhalla(found: dict[str, Any]) -> Iterator[str]:
    yield "## Beside Valhalla"
    yield ""
    yield "Its wheel builds tiles from the same file and answers on foot at the same flat speed, by walking rules of its own (stairs and"
    yield "kinds of street weigh differently), so its times are near ours, not equal. It routes every pair: so does ours here, without a limit."
    yield ""
    if said := _missing(found):
        yield said
        return
    agree = found["agreement"]
    yield "| | Quantu | Valhalla | Ratio (best, median) |"
    yield "|---|--:|--:|--:|"
    for key, title in (("build", "File to network / tiles"), ("matrix", "100 facilities × 1,000 homes, all pairs")):
        mine, theirs = found[key][OURS], found[key]["valhalla"]
        ratio = ", ".join(_times(theirs[part] / mine[part]) for part in ("best_s", "median_s"))
        yield f"| {title} | {both(mine)} | {both(theirs)} | {ratio} |"
    yield ""
    yield f"Of {agree['pairs']:,} pairs both reach, times differ by {agree['median_off']:.1%} in the median; {agree['within_10_percent']:.0%} are within"
    yield f"10 %. One isochrone of 15 minutes takes Valhalla {clock(found['isochrone_s']['median_s'])}. Valhalla {found['input']['valhalla']}, {found['date']}."


def _index(found: dict[str, Any]) -> Iterator[str]:
    yield "## The index of a draft"
    yield ""
    yield "Facilities of a draft or a scenario stand in an R-tree (`rtree`), which takes single changes; shapely's STRtree, which editions"
    yield "use, is faster to ask and has to be built anew after each."
    yield ""
    if said := _missing(found):
        yield said
        return
    size = found["input"]
    yield f"{size['facilities']:,} facilities, {size['changes']:,} of each, in turns; built at once in {clock(found['built_s'])}. Measured {found['date']}."
    yield ""
    yield "| | p50 | p99 | p99, processor time | Worst | STRtree anew | Same answers |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    for kind, row in found["index"].items():
        yield (
            f"| {kind} | {clock(row['p50_s'])} | {clock(row['p99_s'])} | {clock(row['p99_busy_s'])} | {clock(row['worst_s'])} | "
            f"{both(found['anew'])} | {_same(found['same'])} |"
        )


def _machine(results: dict[str, Any]) -> Iterator[str]:
    about = results.get("machine", {})
    yield "## The machine"
    yield ""
    yield f"{about.get('processor')}, {about.get('cores')} cores (one used), {about.get('memory_gib')} GiB, {about.get('system')}; other work may"
    yield "have run beside it."
    seen: dict[str, str] = {}
    for found in results["cases"].values():
        seen |= found.get("versions", {})
    yield "Versions: " + ", ".join(f"{name} {version}" for name, version in seen.items()) + "."


def page(results: dict[str, Any]) -> str:
    """Return docs/benchmarks.md."""
    cases = results["cases"]
    absent = {"unavailable": "not asked for yet"}
    parts = [
        _targets(cases),
        _nearest(cases),
        _catchments(cases.get("catchments-wuhan", absent)),
        _what_if(cases),
        _cold(cases.get("cold-wuhan", absent)),
        _snapping(cases.get("snapping-wuhan", absent)),
        _building(cases.get("building-andorra", absent)),
        _valhalla(cases.get("valhalla-andorra", absent)),
        _index(cases.get("live-index", absent)),
        _machine(results),
    ]
    return "\n".join([HEAD, *("\n".join([*part, ""]) for part in parts)]).rstrip() + "\n"


def summary(name: str, found: dict[str, Any]) -> str:
    """Return a few lines for the terminal."""
    if said := _missing(found):
        return f"{name}: {said}"
    lines = [name]
    for row in found.get("rows", []):
        ratio = (
            ""
            if row["name"] == OURS
            else f"  {_times(compared(found, row['name']))}  same: {_same(row['same']) or '–'}"
        )
        lines.append(f"  {row['name']:24s} {both(row):>24s}{ratio}")
    for kind, row in found.get("changes", {}).items():
        lines.append(f"  {kind:24s} p50 {clock(row['p50_s'])}, p99 {clock(row['p99_s'])}, touched {row['touched_p50']}")
    for kind, row in found.get("index", {}).items():
        lines.append(
            f"  {kind:24s} p50 {clock(row['p50_s'])}, p99 {clock(row['p99_s'])}, busy {clock(row['p99_busy_s'])}"
        )
    if "answer" in found:
        lines.append(f"  {'first answer':24s} {both(found['answer']):>24s}")
    for key in ("build", "matrix"):
        for who, row in found.get(key, {}).items():
            lines.append(f"  {key} {who:24s} {both(row)}")
    return "\n".join(lines)
