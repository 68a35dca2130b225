"""Try the datum test on the real core of Lanzhou and write docs/datums.md's tables.

Run as ``.venv/bin/python -m scripts.datum_trial`` (some minutes); the seeds are fixed, so the tables come out the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.read.context import read_context
from data.read.datums import DatumVerdict, test_datum
from data.read.evidence import Evidence, Signs, evidence_of, signs
from data.read.streets import read_streets
from data.stores.base import City
from geo.crs import project
from geo.datum import wgs84_to_bd09, wgs84_to_gcj02
from scripts.measured import REAL, REPO, written

F64 = NDArray[np.float64]
PAGE: Final = REPO / "docs" / "datums.md"
DATUMS: Final = ("wgs84", "gcj02", "bd09", "EPSG:4544", "EPSG:4543", "EPSG:4523", "EPSG:4522", "EPSG:3857")
SIZES: Final = (30, 100, 0)
"""Rows a sample; 0 is all."""
REPEATS: Final = 9
KINDS: Final = {
    "shops": "commerce", "banks": "commerce", "restaurants": "commerce", "pitches": "sports", "hospitals": "civic",
    "mixed": "unknown", "mixed, kinds not told": "unknown",
}  # fmt: skip
AWAY_M: Final = (60.0, 1500.0)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Real places: (N, 2) degrees, WGS 84; their layer's kind, and the rows' own kinds where told."""

    lonlat: F64
    kind: str
    kinds: NDArray[np.object_] | None

    def some(self, count: int, rng: np.random.Generator) -> "Places":
        """Return ``count`` of them at random, all where 0."""
        order = rng.permutation(len(self.lonlat))[: count or None]
        return Places(self.lonlat[order], self.kind, None if self.kinds is None else self.kinds[order])


@dataclass(slots=True)
class Count:
    """What came out."""

    trials: int = 0
    sure: int = 0
    wrong: int = 0
    best_wrong: int = 0

    def add(self, verdict: DatumVerdict, truth: str | None) -> None:
        """Count one verdict; ``truth`` None means that no datum is right."""
        self.trials += 1
        right = verdict.best == truth and truth is not None
        certain = verdict.confidence == "sure"
        self.sure += certain and right
        self.wrong += certain and not right
        self.best_wrong += not right

    def __add__(self, other: "Count") -> "Count":
        """Return the sum."""
        return Count(*(getattr(self, f) + getattr(other, f) for f in ("trials", "sure", "wrong", "best_wrong")))


def real_places(folder: Path = REAL / "lanzhou-core") -> dict[str, Places]:
    """Return the real places by kind: points as they are, areas by their centroid."""
    points = gpd.read_file(folder / "pois.geojson")
    areas = gpd.read_file(folder / "polygons.geojson")
    areas = areas[areas.geom_type.isin(["Polygon", "MultiPolygon"])]
    middles = areas.geometry.to_crs("EPSG:4544").centroid.to_crs("EPSG:4326")
    every = gpd.GeoSeries(pd.concat([points.geometry, middles], ignore_index=True))
    tag = pd.concat([points["type"], areas["type"]], ignore_index=True).astype(str)
    is_point = np.arange(len(every)) < len(points)
    lonlat = shapely.get_coordinates(every.to_numpy())
    rows = {
        "shops": tag.str.startswith("shop.") & is_point,
        "banks": (tag == "amenity.bank") & is_point,
        "restaurants": (tag == "amenity.restaurant") & is_point,
        "pitches": tag == "leisure.pitch",
        "hospitals": tag.isin(["amenity.hospital", "amenity.clinic", "building.hospital"]),
    }
    found = {name: Places(lonlat[chosen.to_numpy()], KINDS[name], None) for name, chosen in rows.items()}
    together = np.vstack([one.lonlat for one in found.values()])
    kinds = np.concatenate([np.full(len(one.lonlat), one.kind, dtype=object) for one in found.values()])
    found["mixed"] = Places(together, "unknown", kinds)
    found["mixed, kinds not told"] = Places(together, "unknown", None)
    return found


def in_datum(lonlat: F64, datum: str) -> F64:
    """Return (N, 2) WGS 84 degrees as a list in ``datum`` has them."""
    base, _, shift = datum.partition("+")
    shifted = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}.get(shift or base)
    out = lonlat if shifted is None else shifted(lonlat)
    return project(out, "EPSG:4490", base) if base.startswith("EPSG:") else out


def judged(places: Places, datum: str, evidence: Evidence) -> DatumVerdict:
    """Return the verdict on places given in ``datum``."""
    form = "projected" if datum.startswith("EPSG:") else "lonlat"
    return test_datum(in_datum(places.lonlat, datum), evidence, kind=places.kind, kinds=places.kinds, form=form)


def core_evidence(folder: Path = REAL / "lanzhou-core") -> Evidence:
    """Return what the real core's map says."""
    streets, _ = read_streets(folder / "roads.geojson")
    context = read_context(folder / "polygons.geojson").context
    return evidence_of(City("620100", "兰州市", "Lanzhou", "EPSG:4544"), streets=streets, context=context)


def _seed(*words: object) -> np.random.Generator:
    return np.random.default_rng(list("|".join(map(str, words)).encode()))


def trials(
    evidence: Evidence, places: Mapping[str, Places], *, repeats: int
) -> Iterator[tuple[str, int, str, DatumVerdict]]:
    """Yield (kind, size, datum, verdict) of samples of every kind, size and datum."""
    for kind, every in places.items():
        for size in SIZES:
            for datum in DATUMS:
                for turn in range(repeats if size else 1):
                    some = every.some(size, _seed(kind, size, datum, turn))
                    yield kind, size, datum, judged(some, datum, evidence)


def astray(evidence: Evidence, places: Mapping[str, Places], *, repeats: int) -> dict[str, Count]:
    """Return verdicts on degrees that are in no datum at all: all rows moved by one vector, 60–1500 m long."""
    counts = {kind: Count() for kind in places}
    for kind, every in places.items():
        for turn in range(repeats):
            rng = _seed("astray", kind, turn)
            some = every.some(SIZES[turn % len(SIZES)], rng)
            metres = project(some.lonlat, "EPSG:4490", evidence.crs)
            metres = metres + _vector(metres, evidence.crs, rng)
            moved = Places(project(metres, evidence.crs, "EPSG:4490"), some.kind, some.kinds)
            counts[kind].add(judged(moved, "wgs84", evidence), None)
    return counts


def _vector(metres: F64, crs: str, rng: np.random.Generator) -> F64:
    """A random vector, m, that no datum's shift comes near."""
    lonlat = project(metres, crs, "EPSG:4490")
    shifts = [np.median(project(f(lonlat), "EPSG:4490", crs) - metres, axis=0) for f in (wgs84_to_gcj02, wgs84_to_bd09)]
    while True:
        angle, far = rng.uniform(0.0, 2.0 * np.pi), np.exp(rng.uniform(*np.log(AWAY_M)))
        vector = far * np.array([np.cos(angle), np.sin(angle)])
        if min(np.hypot(*(vector - shift)) for shift in shifts) >= AWAY_M[0]:
            return vector


def mixed_file(
    places: Places, pair: tuple[str, str], share: float, order: str, rng: np.random.Generator
) -> tuple[F64, NDArray[np.str_]]:
    """Return (N, 2) degrees of which a share is in the second datum, in one block or anywhere, and each row's datum."""
    count = len(places.lonlat)
    truth = np.where(np.arange(count) < share * count, pair[1], pair[0])
    truth = rng.permutation(truth) if order == "anywhere" else truth
    xy = np.where((truth == pair[0])[:, None], *(in_datum(places.lonlat, datum) for datum in pair))
    return xy, truth


def _mixed_table(evidence: Evidence, places: Mapping[str, Places], *, repeats: int = 1) -> str:
    rows = []
    for size in (100, 400):
        for share in (0.5, 0.25, 0.1):
            for order in ("in one block", "anywhere"):
                files = called = sure = told = wrong = total = 0
                for kind in ("shops", "mixed"):
                    for pair in (("wgs84", "gcj02"), ("wgs84", "bd09"), ("gcj02", "bd09")):
                        for turn in range(repeats):
                            rng = _seed("together", kind, pair, size, share, order, turn)
                            some = places[kind].some(size, rng)
                            xy, truth = mixed_file(some, pair, share, order, rng)
                            verdict = test_datum(xy, evidence, kind=some.kind, kinds=some.kinds)
                            files, called = files + 1, called + verdict.mixed
                            sure += verdict.confidence == "sure"
                            if verdict.rows is not None:
                                known = verdict.rows != "unsure"
                                told, total = told + int(known.sum()), total + len(known)
                                wrong += int((verdict.rows[known] != truth[known]).sum())
                rows.append(
                    f"| {size} | {share:.0%} {order} | {called}/{files} | {sure}/{files} "
                    f"| {told:,}/{total:,} | {wrong} |".replace("% ", " % ", 1)
                )
    head = (
        "| rows | of a second datum | called mixed | sure of the first | rows told | of them wrong |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows)


def ablated(evidence: Evidence) -> dict[str, Evidence]:
    """Return the evidence without some of it."""
    none = np.array([], dtype=object)
    return {
        "streets and buildings": evidence,
        "buildings only": replace(evidence, streets=none, water=none),
        "streets only (arterials)": replace(evidence, buildings=none, water=none),
        "nothing but the counties": replace(evidence, streets=none, buildings=none, water=none),
    }


def _row(name: str, counts: list[Count]) -> str:
    cells = [f"{c.sure}/{c.trials} ({c.sure / c.trials:.0%})".replace("%)", " %)") for c in counts]
    return f"| {name} | " + " | ".join(cells) + f" | {sum(c.wrong for c in counts)} |"


Counts = dict[tuple[str, int, str], Count]


def counted(evidence: Evidence, places: Mapping[str, Places], *, repeats: int = REPEATS) -> Counts:
    """Return what came out by kind, size and datum."""
    found: Counts = {}
    for kind, size, datum, verdict in trials(evidence, places, repeats=repeats):
        found.setdefault((kind, size, datum), Count()).add(verdict, datum)
    return found


def tables(evidence: Evidence, places: Mapping[str, Places]) -> dict[str, str]:
    """Return the page's tables by mark."""
    found = counted(evidence, places)

    def of(kind: str | None, size: int, datum: str | None) -> Count:
        picked = (c for (k, s, d), c in found.items() if kind in (None, k) and s == size and datum in (None, d))
        return sum(picked, Count())

    head = "| {} | 30 rows | 100 rows | all | sure and wrong |\n| --- | --- | --- | --- | --- |\n"
    by_kind = [_row(f"{k} ({len(places[k].lonlat)})", [of(k, s, None) for s in SIZES]) for k in places]
    by_datum = [_row(f"`{d}`", [of(None, s, d) for s in SIZES]) for d in DATUMS]
    total = sum(found.values(), Count())
    unsure = total.trials - total.sure - total.wrong
    line = (
        f"\n\n{total.trials:,} trials: sure and right {total.sure:,}, not sure {unsure:,}, "
        f"sure and wrong **{total.wrong}**. The best-fitting reading, sure or not, was another than the true one in "
        f"{total.best_wrong}."
    )
    return {
        "measured: datums by kind": head.format("kind (places)") + "\n".join(by_kind) + line,
        "measured: datums by datum": head.format("given in") + "\n".join(by_datum),
        "measured: datums astray": _astray_table(evidence, places),
        "measured: datums mixed": _mixed_table(evidence, places),
        "measured: datums odds": _odds_table(evidence, places),
        "measured: datums ablated": _ablation_table(evidence, places),
    }


def _astray_table(evidence: Evidence, places: Mapping[str, Places]) -> str:
    rows = [f"| {k} | {c.trials} | {c.wrong} |" for k, c in astray(evidence, places, repeats=18).items()]
    return "| kind | trials | sure (all wrong) |\n| --- | --- | --- |\n" + "\n".join(rows)


def _ablation_table(evidence: Evidence, places: Mapping[str, Places]) -> str:
    rows = []
    for name, less in ablated(evidence).items():
        cells: list[Any] = []
        wrong = 0
        for kind in ("shops", "pitches"):
            count = Count()
            for datum in ("wgs84", "gcj02", "bd09", "EPSG:3857"):
                for turn in range(4):
                    some = places[kind].some(100, _seed("ablated", kind, datum, turn))
                    count.add(judged(some, datum, less), datum)
            cells.append(f"{count.sure}/{count.trials}")
            wrong += count.wrong
        rows.append(f"| {name} | {cells[0]} | {cells[1]} | {wrong} |")
    head = "| the map has | 100 shops | 100 pitches | sure and wrong |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(rows)


def _odds_table(evidence: Evidence, places: Mapping[str, Places]) -> str:
    rows = []
    for power, name in ((0.5, "halved"), (1.0, "as they are"), (2.0, "doubled")):
        count = {size: Count() for size in (30, 100)}
        with patch("data.read.datums.signs", return_value=_bolder(power)):
            for kind in ("shops", "pitches", "hospitals"):
                for turn, datum in enumerate(("wgs84", "gcj02", "bd09") * 2):
                    for size, of in count.items():
                        of.add(judged(places[kind].some(size, _seed("odds", kind, turn)), datum, evidence), datum)
        cells = " | ".join(f"{of.sure}/{of.trials}" for of in count.values())
        rows.append(f"| {name} | {cells} | {sum(of.wrong for of in count.values())} |")
    head = "| logarithms of the odds | 30 rows | 100 rows | sure and wrong |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(rows)


def _bolder(power: float) -> Signs:
    """The table of signs with every odds raised to a power."""
    plain = signs().model_dump()
    for odds in plain["kinds"].values():
        for sign in ("building", "street"):
            odds[sign] = [value**power for value in odds[sign]]
    return Signs(**plain)


def main() -> None:
    """Run the trials and write the page's tables."""
    made = tables(core_evidence(), real_places())
    text = PAGE.read_text(encoding="utf-8")
    for mark, content in made.items():
        text = written(text, mark, content)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
