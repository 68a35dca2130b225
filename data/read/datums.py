"""Which datum a list of places is in, told by holding every reading of its coordinates against the map.

The right reading puts shops into buildings, pitches between them and nothing into the river. How well it does is
compared with the same places displaced by 80–400 m in all directions: a reading is *sure* only if it stands out from
its displaced copies and beats every other reading place by place. Everything else is *not sure*.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from data.read.evidence import UNKNOWN, Evidence, sign_kinds, signs
from data.read.mixture import RowSigns, split_rows
from data.read.readings import Form, datum_name, is_zone, readings, undo_datum
from data.standards import standard
from geo.crs import GEOD, project

__all__ = ["DatumVerdict", "Hypothesis", "test_datum", "undo_datum"]

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]

_GOLDEN: Final = np.pi * (3.0 - np.sqrt(5.0))
_TRIED: Final = ("commerce", "sports")
"""What rows of unknown kind are tried as; a verdict needs that no two of them disagree."""
_UTM: Final = ("EPSG:326", "EPSG:327")
_NOWHERE: Final = -1e9
"""Metres at which no city lies."""
_UNSURE: Final = "unsure"


def _number(key: str, unit: str = "1") -> float:
    return standard(key, unit=unit).value


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of the coordinates.

    Attributes:
        datum: as ``undo_datum`` takes it.
        score: how many standard deviations its fit lies above that of its displaced copies; None where the rows fall
            outside the city by it, or the map says nothing.
        why: what speaks for and against it, and ``why_zh`` the same in Chinese.
    """

    datum: str
    score: float | None
    why: str
    why_zh: str


@dataclass(frozen=True, slots=True, eq=False)
class DatumVerdict:
    """What the coordinates are in, and how sure that is.

    Attributes:
        best: the datum that fits best; None where nothing tells.
        confidence: ``sure`` or ``not_sure``.
        shift_m: median distance, m, between the rows read as ``best`` and as declared (or as they stand: degrees as
            WGS 84, Web Mercator as unshifted); None where there is no ``best``.
        hypotheses: every reading, the best first.
        mixed: whether two readings each fit a part of the rows.
        rows: where mixed, (N,) the datum of each row or "unsure"; else None.
        tested: how many distinct places were held against the map.
    """

    best: str | None
    confidence: Literal["sure", "not_sure"]
    shift_m: float | None
    hypotheses: tuple[Hypothesis, ...]
    mixed: bool
    rows: Objects | None
    tested: int


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """H readings held against the map, rows of unknown kind taken as one kind.

    Attributes:
        rows: the signs of every row at its place by each reading.
        logs: (H, 1 + K, n) log odds of every row at its place by each reading, and at each displaced copy.
        total: (H,) their sum over distinct places, undisplaced.
        stands_out: (H,) standard deviations above the displaced copies, by the copies' spread.
        beats_copies: (H,) the same place by place, in standard errors; 0 where a copy fits better.
        beats: (H, H) standard errors by which a reading beats another, place by place.
        heard: (H,) places about which the map says anything.
        places: how many distinct places there are.
    """

    rows: RowSigns
    logs: F64
    total: F64
    stands_out: F64
    beats_copies: F64
    beats: F64
    heard: NDArray[np.int64]
    places: int


def test_datum(
    xy: F64,
    evidence: Evidence,
    *,
    kind: str,
    kinds: Objects | None = None,
    codes: Objects | None = None,
    form: Form = "lonlat",
    declared: str | None = None,
) -> DatumVerdict:
    """Return which datum (N, 2) coordinates are in; x is the longitude or easting, rows of NaN are passed over.

    ``kind`` is a facility layer's id or a kind of signs (``commerce``, ``civic``, ``sports``, ``unknown``), ``kinds``
    the rows' own kinds where they differ, ``codes`` their area codes of six digits or more. ``declared`` is tried
    beside the readings the city suggests. Raises ParameterError for a declared datum that is not known.

    The test is Quantu's own: a randomisation test (Besag and Diggle 1977) with displacement as in cross-correlation,
    and self-normalised sums (Efron 1969) for the comparison of two readings.
    """
    stated = None if declared is None else datum_name(declared)
    usable = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if evidence.extent is None or not len(usable):
        return _nothing_told("the city has no map to hold it against", "没有可对照的地图")
    names = list(readings(evidence.extent, form))
    if stated is not None and stated not in names and stated.startswith("EPSG:") == (form == "projected"):
        names.append(stated)
    most = int(_number("datum_sample"))
    taken = usable if len(usable) <= most else usable[np.linspace(0, len(usable) - 1, most).astype(np.int64)]
    at = {name: project(undo_datum(xy[taken], name), "EPSG:4490", evidence.crs) for name in names}
    inside = {name: evidence.in_city(metres) for name, metres in at.items()}
    possible = [name for name in names if inside[name].mean() >= _number("datum_mixed") / 2.0]
    if not possible:
        return _nothing_told("the rows fall outside the city", "各点均落在市域之外", names)
    kinds_of = sign_kinds(kind, None if kinds is None else kinds[taken], len(taken))
    known = None if codes is None else _county_codes(codes[taken], evidence)
    fits = _held(np.stack([at[name] for name in possible]), evidence, kinds_of, known)
    shares = np.array([inside[name].mean() for name in possible])
    fit, best, sure = _agreed([(one, *_decided(one, possible, shares)) for one in fits])
    parts = _parts(fit, best, possible, inside)
    told = _told(fit, possible, names, inside)
    rows = None
    if len(parts) > 1:
        rows = np.full(len(xy), _UNSURE, dtype=object)
        labels = np.array([*(possible[h] for h in parts), _UNSURE], dtype=object)
        rows[taken] = labels[split_rows(fit.rows.of(parts), certainty=_number("datum_row_certainty"))]
    name = None if best is None else possible[best]
    return DatumVerdict(
        best=name,
        confidence="sure" if sure and rows is None else "not_sure",
        shift_m=None if name is None else _shift_m(xy[taken], name, stated),
        hypotheses=told,
        mixed=rows is not None,
        rows=rows,
        tested=int(fit.heard.max()),
    )


def _nothing_told(why: str, why_zh: str, names: list[str] | None = None) -> DatumVerdict:
    told = tuple(Hypothesis(name, None, why, why_zh) for name in names or [])
    return DatumVerdict(None, "not_sure", None, told, mixed=False, rows=None, tested=0)


def _county_codes(codes: Objects, evidence: Evidence) -> Objects | None:
    """The county of each row's code, "" where the map does not hold it; None where it holds none of them."""
    held = set(evidence.county_codes)
    found = np.array([code if (code := str(value)[:6]) in held else "" for value in codes], dtype=object)
    return found if (found != "").any() else None


def _displacements() -> F64:
    """(1 + K, 2) metres: none, then K around in golden angles, from the inner to the outer distance."""
    count = int(_number("datum_copies"))
    inner, outer = _number("datum_inner", "m"), _number("datum_outer", "m")
    step = np.arange(count)
    radius = inner + (outer - inner) * (step + 0.5) / count
    copies = np.column_stack([radius * np.cos(step * _GOLDEN), radius * np.sin(step * _GOLDEN)])
    return np.vstack([np.zeros((1, 2)), copies])


def _held(metres: F64, evidence: Evidence, kinds: Objects, codes: Objects | None) -> list[_Fit]:
    """Hold (H, n, 2) metres against the map: one fit, or one for each kind that the unknown rows are tried as."""
    moved = _displacements()
    placed = metres[:, None, :, :] + moved[None, :, None, :]
    shape = placed.shape[:3]
    flat = placed.reshape(-1, 2)
    readable = np.asarray(np.isfinite(flat).all(axis=1))
    flat = np.where(readable[:, None], flat, _NOWHERE)
    points = shapely.points(flat)
    building = evidence.building_class(points).reshape(shape)
    street = evidence.street_class(points).reshape(shape)
    wet = evidence.in_water(points).reshape(shape)
    common: F64 = np.where(wet, np.log(signs().water), 0.0)
    inside: Bools = np.stack([evidence.in_city(one) for one in metres])
    common += np.where(~inside, np.log(signs().outside), 0.0)[:, None, :]
    if codes is not None:
        wrong = (evidence.county_of(points).reshape(shape) != codes) & (codes != "")
        common += np.where(wrong, np.log(signs().wrong_county), 0.0)
    cell = _cells(metres)
    names, group = np.unique(kinds.astype(str), return_inverse=True)
    seen = [(building, signs().building_edges_m), (street, signs().street_edges_m)]
    classes, chance = _by_kind(seen, group, len(names))
    fits = []
    for tried in _TRIED if UNKNOWN in names else _TRIED[:1]:
        odds = [signs().kinds[tried if name == UNKNOWN else name] for name in names]
        start = (np.log([one.building for one in odds]), np.log([one.street for one in odds]))
        logs = common + start[0][group, building] + start[1][group, street]
        here = tuple(one[:, 0] for one in classes)
        rows = RowSigns(here, chance, tuple(one.ravel() for one in start), len(names), common[:, 0])
        fits.append(_fit(logs, rows, cell))
    return fits


def _by_kind(
    seen: list[tuple[NDArray[np.int64], tuple[float, ...]]], group: NDArray[np.int64], kinds: int
) -> tuple[list[NDArray[np.int64]], tuple[F64, ...]]:
    """The classes of distance numbered by kind and class, and how often chance (the copies) gives each."""
    classes, chance = [], []
    for sign, edges in seen:
        one = sign + group * (len(edges) + 1)
        count = np.bincount(one[:, 1:].ravel(), minlength=kinds * (len(edges) + 1)).astype(np.float64)
        by_kind = count.reshape(kinds, -1) + 1.0
        classes.append(one)
        chance.append((by_kind / by_kind.sum(axis=1, keepdims=True)).ravel())
    return classes, tuple(chance)


def _cells(metres: F64) -> NDArray[np.int64]:
    """(n,) the number of the place each row is at: rows in one cell are one place by every reading."""
    readable = np.asarray(np.isfinite(metres).all(axis=2))
    first = metres[int(readable.sum(axis=1).argmax())]
    steps = np.floor(np.nan_to_num(first, nan=_NOWHERE) / _number("datum_cell", "m"))
    return np.unique(steps, axis=0, return_inverse=True)[1].ravel()


def _fit(logs: F64, rows: RowSigns, cell: NDArray[np.int64]) -> _Fit:
    """Weigh (H, 1+K, n) log odds."""
    count = np.bincount(cell)
    order = np.argsort(cell, kind="stable")
    starts = np.r_[0, np.cumsum(count)[:-1]]
    places = np.add.reduceat(logs[..., order], starts, axis=-1) / count
    here, copies = places[:, 0], places[:, 1:]
    total = here.sum(axis=-1)
    copied = copies.sum(axis=-1)
    spread = copied.std(axis=-1, ddof=1)
    heard = (np.ptp(places, axis=1) > 0).sum(axis=-1)
    stands_out = _ratio(total - copied.mean(axis=-1), spread)
    first = total > copied.max(axis=-1)
    beats_copies = np.where(first, _self_normalised(here - copies.mean(axis=1)), 0.0)
    beats = _self_normalised(here[:, None, :] - here[None, :, :])
    return _Fit(rows, logs, total, stands_out, beats_copies, beats, heard, len(count))


def _self_normalised(differences: F64) -> F64:
    """Σd ÷ √Σd² along the last axis, 0 where all are 0: never over √(places that differ), however great the odds."""
    return _ratio(differences.sum(axis=-1), np.sqrt((differences**2).sum(axis=-1)))


def _ratio(above: F64, below: F64) -> F64:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-12)


def _decided(fit: _Fit, names: list[str], shares: F64) -> tuple[int | None, bool]:
    """The reading that fits best, None where none does better than another, and whether it is sure."""
    best = int(np.argmax(fit.total))
    others: Bools = np.arange(len(names)) != best
    listed = others & np.array([not name.startswith(_UTM) for name in names])
    if not fit.heard.any() and not (fit.beats[best][listed] > 0).all():
        return None, False
    margin = _number("datum_margin")
    enough = shares[best] >= _number("datum_in_city")
    beaten = bool((fit.beats[best][others] >= margin).all())
    out = fit.stands_out[best] >= _number("datum_stands_out") and fit.beats_copies[best] >= margin
    if enough and beaten and out:
        return best, True
    # Where the map is silent, eastings and counties tell the zones apart, though not from UTM or Xi'an 80.
    silent = fit.heard[best] < _number("datum_silent")
    alone = bool((fit.beats[best][listed] >= margin).all())
    heavy = fit.places >= margin**2
    return best, bool(enough and silent and alone and heavy and is_zone(names[best]))


def _agreed(tries: list[tuple[_Fit, int | None, bool]]) -> tuple[_Fit, int | None, bool]:
    """The try that is sure, if any is and none is sure of another reading; else the one that stands out most."""
    certain = [one for one in tries if one[2]]
    agree = len({best for _, best, _ in certain}) == 1
    chosen = max(certain or tries, key=lambda one: -np.inf if one[1] is None else float(one[0].stands_out[one[1]]))
    return chosen if agree else (chosen[0], chosen[1], False)


def _parts(fit: _Fit, best: int | None, names: list[str], inside: dict[str, Bools]) -> list[int]:
    """The readings that each fit a part of the rows; fewer than two where the file is of one piece."""
    margin = _number("datum_margin")
    place = np.stack([inside[name] for name in names])
    least = max(margin, _number("datum_mixed") * place.shape[1])
    apart: list[int] = []
    for h in np.argsort(-fit.total, kind="stable"):
        if (place[h] & ~place[apart].any(axis=0)).sum() >= least:
            apart.append(int(h))
    if len(apart) > 1:
        return apart
    out = (fit.stands_out >= margin) & (fit.beats_copies >= margin)
    if best is not None and out[best]:
        out |= _explains_a_part(fit.logs, fit.logs[best, 0])
    return [int(h) for h in np.flatnonzero(out)]


def _explains_a_part(logs: F64, best: F64) -> Bools:
    """(H,) whether a reading explains a part of the rows far better than the best does, and than its copies could.

    Two gains are tried: of one block of rows, the largest sum over consecutive rows (Kadane), for lists pasted below
    one another; and of a share of rows anywhere, the log likelihood ratio of the mixture.
    """
    gain = logs - best
    run = np.cumsum(gain, axis=-1)
    start = np.minimum.accumulate(np.concatenate([np.zeros_like(run[..., :1]), run[..., :-1]], axis=-1), axis=-1)
    block = (run - start).max(axis=-1)
    least = _number("datum_mixed")
    rate = np.array([least, 2.0 * least, 4.0 * least])
    anywhere = np.stack([np.log1p(share * np.expm1(gain)).sum(axis=-1) for share in rate]).max(axis=0)
    found = np.zeros(len(logs), dtype=np.bool_)
    margin = _number("datum_margin")
    # The block is the best of n² / 2, and must gain more.
    for statistic, enough in ((block, margin**2), (anywhere, margin)):
        here, copies = statistic[:, 0], statistic[:, 1:]
        out = _ratio(here - copies.mean(axis=-1), copies.std(axis=-1, ddof=1)) >= margin
        found |= out & (here > copies.max(axis=-1)) & (here >= enough)
    return found


def _shift_m(xy: F64, best: str, declared: str | None) -> float:
    naive = declared or (best.partition("+")[0] if best.startswith("EPSG:") else "wgs84")
    one, other = undo_datum(xy, best), undo_datum(xy, naive)
    ok = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    if not ok.any():
        return float("nan")
    return float(np.median(GEOD.inv(one[ok, 0], one[ok, 1], other[ok, 0], other[ok, 1])[2]))


def _told(fit: _Fit, possible: list[str], names: list[str], inside: dict[str, Bools]) -> tuple[Hypothesis, ...]:
    """Every reading with what speaks for it, the best first."""
    out = []
    for h in np.argsort(-fit.total, kind="stable"):
        name = possible[h]
        share = inside[name].mean()
        rivals = np.delete(fit.beats[h], h)
        duel = (
            (f"; against the next best reading {rivals.min():+.1f}", f"；与最接近的另一读法相比 {rivals.min():+.1f}")
            if len(rivals)
            else ("", "")
        )
        if not fit.heard[h]:
            why = f"{share:.0%} of the rows fall into the city; the map is silent there"
            why_zh = f"{share:.0%} 的点落在市域内；当地没有可对照的建筑物或道路"
        else:
            why = (
                f"{share:.0%} of the rows fall into the city; at {fit.heard[h]} places the map speaks, and the fit is "
                f"{fit.stands_out[h]:+.1f} standard deviations from that of displaced copies"
            )
            fits_zh = f"拟合与随机平移相比 {fit.stands_out[h]:+.1f} 个标准差"
            why_zh = f"{share:.0%} 的点落在市域内；{fit.heard[h]} 处有图可对，{fits_zh}"
        score = float(fit.stands_out[h]) if fit.heard[h] else None
        out.append(Hypothesis(name, score, why + duel[0], why_zh + duel[1]))
    rest = [name for name in names if name not in possible]
    return (*out, *(Hypothesis(n, None, "the rows fall outside the city", "各点落在市域之外") for n in rest))
