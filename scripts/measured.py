"""What the documentation states as measured: computed here, kept in tests/golden, written between the pages' marks.

Run as ``.venv/bin/python -m scripts.measured`` after a change that is meant to change answers; tests hold the golden
file to the code, and the pages to the golden file.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from api.demo import build_demo, new_workspace
from api.imports import ImportReport, import_context, import_osm, import_streets
from api.run import Runner
from api.wiring import open_runner

REPO: Final = Path(__file__).resolve().parents[1]
REAL: Final = REPO.parent / "shared" / "real"
GOLDEN: Final = REPO / "tests" / "golden" / "answers.json"
MODES: Final = (("walk", "on foot"), ("cycle", "by bicycle"), ("either", "on foot or by bicycle"))


def figures(runner: Runner) -> dict[str, Any]:
    """Return the figures of the fitness circle over the whole city, as kept in the golden file."""
    answer = runner.answer("fitness")
    return {
        "unit": answer.demand.unit,
        "total": round(answer.demand.total, 1),
        "points": answer.diagnostics["demand_points"],
        "facilities": answer.facilities.total,
        "gap": {key: round(value, 1) for key, value in answer.gap.model_dump().items()},
        "modes": {
            v.id: {"rate": v.rate, "straight": v.straight_rate, "false_share": v.false_share} for v in answer.variants
        },
        "counties": {row.name: row.rate for row in answer.by_area if row.level == "county"},
    }


def circle_figures(runner: Runner) -> dict[str, Any]:
    """Return the figures of every circle over the whole city, as kept in the golden file."""
    out = {}
    for circle in runner.circles.items:
        answer = runner.answer(circle.id)
        out[circle.id] = {
            "unit": answer.demand.unit,
            "total": answer.demand.total,
            "covered": answer.demand.covered,
            "gap": answer.gap.model_dump(),
            "measures": {one.id: one.value for one in answer.measures},
            "services": {one.id: one.covered for one in answer.services},
            "variants": {one.id: {"covered": one.covered, "rate": one.rate} for one in answer.variants},
            "counties": {row.name: row.rate for row in answer.by_area if row.level == "county"},
        }
    return out


def andorra(folder: Path, *, slope: bool) -> tuple[Runner, ImportReport]:
    """Return a published workspace of Andorra, with or without its terrain, and the import's report."""
    new_workspace(folder, name="Andorra")
    runner = open_runner(folder)
    source = REAL / "andorra"
    report = import_osm(
        runner.store,
        source / "andorra.osm.pbf",
        facility_layers=runner.facility_layers.items,
        area=None,
        dem=[source] if slope else [],
    )
    runner.store.publish("OpenStreetMap")
    return runner, report


def lanzhou_core(folder: Path) -> tuple[Runner, ImportReport]:
    """Return a published workspace of the real core of Lanzhou, arterials only, and the context's report."""
    new_workspace(folder, name="兰州市")
    runner = open_runner(folder)
    source = REAL / "lanzhou-core"
    import_streets(runner.store, source / "roads.geojson", crs=None, directed=None, dem=[])
    report = import_context(
        runner.store,
        [source / "polygons.geojson", source / "pois.geojson"],
        facility_layers=runner.facility_layers.items,
        crs=None,
    )
    runner.store.publish("arterials")
    return runner, report


def tags(report: ImportReport) -> dict[str, Any]:
    """Return the sports places by tag: found, and kept as public venues."""
    sports = report.diagnostics["sports"]
    return {key: sports[key] for key in ("tagged", "kept", "set_aside")}


def measure() -> dict[str, Any]:
    """Return the golden figures, everything computed anew."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        build_demo(base / "sample")
        sloped, report = andorra(base / "sloped", slope=True)
        level, _ = andorra(base / "level", slope=False)
        core, core_report = lanzhou_core(base / "core")
        return {
            "sample": figures(open_runner(base / "sample")),
            "circles": circle_figures(open_runner(base / "sample")),
            "andorra": {"slope": figures(sloped), "level": figures(level), "tags": tags(report)},
            "lanzhou_core": {"level": figures(core), "tags": tags(core_report)},
        }


def _pct(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}".replace("%", " %")


def _rates(of: dict[str, Any], *, slopes: bool) -> str:
    head = "| 15 minutes | along streets | straight line | of it false |\n| --- | --- | --- | --- |\n"
    rows = []
    for mode, words in MODES:
        for key, terrain in (("slope", ", with slope"), ("level", ", level")) if slopes else (("level", ""),):
            one = of[key]["modes"][mode]
            rows.append(
                f"| {words}{terrain} | {_pct(one['rate'])} | {_pct(one['straight'])} | {_pct(one['false_share'])} |"
            )
    return head + "\n".join(rows)


def _tags(of: dict[str, Any]) -> str:
    head = "| Tag | in the file | public venues |\n| --- | --- | --- |\n"
    tagged, kept = of["tags"]["tagged"], of["tags"]["kept"]
    rows = [f"| `{tag}` | {count} | {kept.get(tag, 0)} |" for tag, count in sorted(tagged.items())]
    aside = "; ".join(f"{count} × {why}" for why, count in of["tags"]["set_aside"].items())
    return head + "\n".join(rows) + f"\n\nSet aside: {aside}."


def _demand(one: dict[str, Any], unit: str) -> str:
    gap = one["gap"]
    return (
        f"Demand: {one['total']:,.0f} {unit} at {one['points']:,.0f} points; venues: {one['facilities']}. "
        f"Outside on foot or by bicycle: {gap['beyond']:,.0f} beyond 15 minutes, {gap['unreachable']:,.0f} on streets "
        f"that reach no venue, {gap['off_network']:,.0f} more than 300 m from a street."
    )


def pages(golden: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return what stands between each mark: {(file, mark): text}."""
    floor = "m² of dwelling floor"
    real, core, sample = golden["andorra"], golden["lanzhou_core"], golden["sample"]
    either = sample["modes"]["either"]
    rows = [
        f"| {words} | **{_pct(sample['modes'][mode]['rate'])}** | {_pct(sample['modes'][mode]['straight'])} "
        f"| {_pct(sample['modes'][mode]['false_share'])} |"
        for mode, words in (("walk", "步行 on foot"), ("cycle", "骑行 by bicycle"), ("either", "步行或骑行 either"))
    ]
    outside = sample["total"] * (1 - either["rate"])
    readme = (
        "| 兰州示例（合成） 15分钟健身圈 | 沿路网 along streets | 直线法 straight line | 其中不实 false |\n"
        "|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\n{outside:,.0f} of {sample['total']:,.0f} residents are outside the circle. 数据为合成，不代表兰州实际。"
    )
    return {
        ("README.md", "result"): readme,
        ("docs/real-input.md", "measured: andorra"): "\n\n".join(
            [_rates(real, slopes=True), _demand(real["slope"], floor), _tags(real)]
        ),
        ("docs/real-input.md", "measured: lanzhou-core"): "\n\n".join(
            [_rates(core, slopes=False), _demand(core["level"], floor), _tags(core)]
        ),
    }


def written(text: str, mark: str, content: str) -> str:
    """Return a page with ``content`` between the comments ``mark`` and ``/mark``."""
    closing = "/" + mark.split(":", maxsplit=1)[0]
    pattern = re.compile(rf"(<!-- {re.escape(mark)} -->\n).*?(<!-- {re.escape(closing)} -->)", re.DOTALL)
    return pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text, count=1)


def main() -> None:
    """Measure everything, keep it as golden, and write it into the pages."""
    golden = measure()
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for (file, mark), content in pages(golden).items():
        path = REPO / file
        path.write_text(written(path.read_text(encoding="utf-8"), mark, content), encoding="utf-8")


if __name__ == "__main__":
    main()
