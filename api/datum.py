"""Which datum a steward's positions are in: declared, stated or tested, and never decided in silence."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from data.frames import CRS_KEPT
from data.read.datums import DatumVerdict, test_datum
from data.read.evidence import Evidence
from data.read.files import crs_name, is_lonlat, refuse_old_datums
from data.read.positions import Positions
from data.read.raw import RawTable
from data.read.readings import Form, datum_name, undo_datum
from data.standards import standard
from geo.crs import project
from geo.errors import Fault, InputError

F64 = NDArray[np.float64]
Objects = NDArray[np.object_]

MIXED: Final = "mixed"
"""What a steward declares to have each row read by the datum it fits, and the unsure ones set aside."""
_UNSURE: Final = "unsure"
_TICKED: Final = re.compile(r"[☑☒√✓✔■]\s*([A-Za-z0-9-]+)")
_FORMS: Final[tuple[Form, ...]] = get_args(Form)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where (N,) rows are, degrees EPSG:4490 (NaN: nowhere), by which datum each, and what is to be said.

    ``undecided`` is set where nothing was declared and a steward must say which it is: an import stops there.
    """

    lonlat: F64
    datum: Objects
    told: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    undecided: Fault | None = None


def place(
    raw: RawTable,
    positions: Positions,
    evidence: Callable[[], Evidence] | None,
    *,
    kind: str,
    kinds: Objects | None,
    codes: Objects | None,
    declared: str | None,
    hint: str | None,
    trust: bool,
    said: Objects | None = None,
) -> Placed:
    """Return where the rows are by the datum that is declared, stated by the file, or else fits the city.

    What is declared or stated is held against the city: where another reading fits for sure, that is ``undecided``
    unless ``trust`` keeps the word given. ``declared`` may be ``mixed``. ``said`` (N,) is what a column of the file
    says of each row, a ticked box of its title what it says of all: declarations where nobody else makes one, not to be
    contradicted. Without ``evidence`` the word given is taken: what a reader has placed itself needs no test.
    Raises InputError (a datum that is refused) and ParameterError (one that is not known).
    """
    stated = None
    if raw.crs is not None:
        refuse_old_datums(raw.crs, raw.file)
        stated = "wgs84" if is_lonlat(raw.crs) else crs_name(raw.crs)
    word = declared if declared == MIXED else datum_name(declared) if declared else None
    own_words = _spoken(said)
    ticked = _ticked(raw)
    contradiction = _contradiction(raw, word, stated, ticked or hint, own_words)
    if word is None and ticked and own_words is None and stated is None:
        word = ticked
    if word is None and own_words is not None:
        word = MIXED if len(set(own_words) - {""}) > 1 else next(iter(set(own_words) - {""}), None)
    given = word or stated
    out = Placed(np.full_like(positions.xy, np.nan), np.full(len(positions.xy), "", dtype=object), {})
    verdicts: dict[str, DatumVerdict] = {}
    for form in _FORMS:
        rows = np.flatnonzero((positions.form == form) & ~positions.bad)
        if not len(rows):
            continue
        own = given if given and given != MIXED and _fits_form(given, form, raw.crs) else None
        if evidence is None:
            if own is not None:
                out.datum[rows] = own
                out.lonlat[rows] = _degrees(positions.xy[rows], own, raw.crs, stated)
            continue
        verdict = test_datum(
            positions.xy[rows],
            evidence(),
            kind=kind,
            kinds=None if kinds is None else kinds[rows],
            codes=None if codes is None else codes[rows],
            form=form,
            declared=own if own is None or own.startswith("EPSG:") or own in {"wgs84", "gcj02", "bd09"} else None,
        )
        verdicts[form] = verdict
        names = _named(verdict, rows, word=word, own=own, given=given)
        if word == MIXED and own_words is not None:
            spoken = own_words[rows]
            names = np.where(spoken != "", spoken, names)
        out.datum[rows] = names
        for name in dict.fromkeys(names.tolist()):
            at = rows[names == name]
            if name == _UNSURE:
                out.faults.extend(_unsure(raw, positions, at, form, given))
            elif name:
                out.lonlat[at] = _degrees(positions.xy[at], name, raw.crs, stated)
    lead = next(iter(verdicts.values()), None)
    out.told.update(_told(verdicts, declared=declared, stated=stated, hint=hint))
    undecided = None if trust else contradiction
    if undecided is None and lead is not None:
        undecided = _undecided(raw, verdicts, word=word, stated=stated, trust=trust)
    if undecided is None:
        out.faults.extend(_doubts(raw, verdicts, given))
    return Placed(out.lonlat, out.datum, out.told, out.faults, undecided)


_WORDS: Final = (
    ("gcj02", ("gcj", "高德", "腾讯", "火星", "amap")),
    ("bd09", ("bd09", "bd-09", "百度", "baidu")),
    ("wgs84", ("wgs", "gps", "cgcs", "2000", "epsg:4490", "epsg:4326", "天地图")),
)


def _ticked(raw: RawTable) -> str | None:
    """Return the datum whose box is ticked in the lines above the list, None where none or several are."""
    found = {spoken_datum(name) for line in raw.left_out for name in _TICKED.findall(line.text)} - {""}
    return found.pop() if len(found) == 1 else None


def spoken_datum(text: object) -> str:
    """Return the datum a word names, "" where it names none: 高德, 百度, WGS84, 国家2000.

    >>> spoken_datum("高德地图"), spoken_datum("CGCS2000"), spoken_datum("不详")
    ('gcj02', 'wgs84', '')
    """
    plain = str(text).strip().lower() if isinstance(text, str) else ""
    return next((name for name, words in _WORDS if any(word in plain for word in words)), "")


def _spoken(said: Objects | None) -> Objects | None:
    """Return what each row's own column says, None where there is none or it names no datum of degrees."""
    if said is None:
        return None
    words = {text: spoken_datum(text) for text in {value for value in said.tolist() if isinstance(value, str)}}
    out = np.array([words.get(value, "") if isinstance(value, str) else "" for value in said], dtype=object)
    return out if (out != "").any() else None


def _contradiction(
    raw: RawTable, word: str | None, stated: str | None, hint: str | None, spoken: Objects | None
) -> Fault | None:
    """Return what says otherwise than the declaration: the headings, a column of the file, or the file's own CRS."""
    heard = {"cgcs2000": "wgs84"}.get(hint or "", hint or "")
    if word is None or word == MIXED:
        return None
    others = []
    if heard and word in {"wgs84", "gcj02", "bd09"} and heard != word:
        others.append(f"the headings say {heard}")
    if spoken is not None and word in {"wgs84", "gcj02", "bd09"}:
        count = int(((spoken != "") & (spoken != word)).sum())
        if count:
            others.append(f"{count} rows say otherwise in their own column")
    if stated is not None and stated.startswith("EPSG:") and word.startswith("EPSG:") and stated != word:
        others.append(f"the file states {stated}")
    if not others:
        return None
    return Fault(
        "datum_contradicted", f"declared {word}, but {'; '.join(others)}.",
        "leave --crs out to go by the file (--crs mixed row by row), or keep what is declared with --trust-crs.",
        raw.file, value=word,
    )  # fmt: skip


def _doubts(raw: RawTable, verdicts: dict[str, DatumVerdict], given: str | None) -> list[Fault]:
    """Return a warning where another reading fits better than the one that is used, without being sure."""
    out = []
    for verdict in verdicts.values():
        best = verdict.best
        if given and given != MIXED and best and verdict.tested and not _same(best, given):
            far = f", {verdict.shift_m:,.0f} m away" if verdict.shift_m else ""
            out.append(
                Fault(
                    "datum_doubtful", f"read as {given}; {best} fits better, though not for sure{far}.",
                    "ask who made the list which map its positions are from.", raw.file, value=given,
                    severity="warning",
                )
            )  # fmt: skip
    return out


def _fits_form(name: str, form: Form, crs: CRS | None) -> bool:
    if name.startswith("EPSG:") and "+" not in name:
        return CRS.from_user_input(name).is_projected == (form == "projected")
    if name in {"wgs84", "gcj02", "bd09"}:
        return form == "lonlat"
    return crs is not None and crs.is_projected == (form == "projected") if "+" not in name else form == "projected"


def _named(verdict: DatumVerdict, rows: NDArray[np.int64], *, word: str | None, own: str | None, given: str | None
           ) -> Objects:  # fmt: skip
    """Return the datum each row is read by; ``unsure`` where a mixed file does not tell, "" where nothing is known."""
    if word == MIXED:
        if verdict.rows is not None:
            return verdict.rows
        sure = verdict.best is not None and verdict.confidence == "sure"
        return np.full(len(rows), verdict.best if sure else _UNSURE, dtype=object)
    if own is not None:
        return np.full(len(rows), own, dtype=object)
    if given is not None:  # degrees in a file of metres, or the other way round
        return np.full(len(rows), _UNSURE, dtype=object)
    # Nobody has said, so nothing is brought in; a dry run shows the rows where they would lie.
    first = "wgs84" if "wgs84" in {one.datum for one in verdict.hypotheses} else ""
    return np.full(len(rows), verdict.best or first, dtype=object)


def _degrees(xy: F64, name: str, crs: CRS | None, stated: str | None) -> F64:
    if crs is not None and name == stated and name != "wgs84" and not name.startswith("EPSG:"):
        return project(xy, crs.to_wkt(), CRS_KEPT)
    return undo_datum(xy, name)


def _unsure(raw: RawTable, positions: Positions, rows: NDArray[np.int64], form: Form, given: str | None) -> list[Fault]:
    if given is not None and given != MIXED:
        code, message = "other_form", f"{'metres' if form == 'projected' else 'degrees'} in a file declared as {given}."
        mend = "write all rows in one system, or import with --crs mixed."
    else:
        code, message = "datum_unsure", "it cannot be told which datum this row is in."
        mend = "state it: put the rows of each datum into a file of their own and declare it with --crs."
    return [
        Fault(code, message, mend, raw.file, int(raw.rows[i]), None, ", ".join(f"{v:.6f}" for v in positions.xy[i]))
        for i in rows
    ]


def _told(
    verdicts: dict[str, DatumVerdict], *, declared: str | None, stated: str | None, hint: str | None
) -> dict[str, Any]:
    lead = next(iter(verdicts.values()), None)
    found: dict[str, Any] = {
        "declared": declared,
        "stated": stated,
        "hint": hint,
        "best": lead.best if lead else None,
        "confidence": lead.confidence if lead else "not_sure",
        "shift_m": None if lead is None or lead.shift_m is None else round(lead.shift_m, 1),
        "mixed": any(verdict.mixed for verdict in verdicts.values()) or len(verdicts) > 1,
        "tested": sum(verdict.tested for verdict in verdicts.values()),
        "hypotheses": [
            {"datum": one.datum, "score": None if one.score is None else round(one.score, 2), "why": one.why,
             "why_zh": one.why_zh}
            for verdict in verdicts.values()
            for one in verdict.hypotheses
        ],
    }  # fmt: skip
    counts: dict[str, int] = {}
    for verdict in verdicts.values():
        if verdict.rows is not None:
            for name, count in zip(*np.unique(verdict.rows.astype(str), return_counts=True), strict=True):
                counts[str(name)] = counts.get(str(name), 0) + int(count)
    return found | ({"rows": counts} if counts else {})


def _undecided(
    raw: RawTable, verdicts: dict[str, DatumVerdict], *, word: str | None, stated: str | None, trust: bool
) -> Fault | None:
    """Return what a steward must decide, None where nothing stands in the way."""
    if word == MIXED or (trust and (word or stated)):
        return None
    given = word or stated
    for form, verdict in verdicts.items():
        best = verdict.best
        far = f", {verdict.shift_m:,.0f} m away" if verdict.shift_m else ""
        if verdict.mixed:
            counts = dict(zip(*np.unique((verdict.rows if verdict.rows is not None else np.array([])).astype(str),
                                         return_counts=True), strict=True))  # fmt: skip
            shown = ", ".join(f"{count} {name}" for name, count in counts.items())
            return Fault(
                "datum_mixed", f"the rows are not all in one datum: {shown}.",
                "import with --crs mixed (rows that do not tell are set aside), or declare one and add --trust-crs.",
                raw.file, value=given,
            )  # fmt: skip
        if given is None:
            sure = verdict.confidence == "sure"
            fits = f"they fit {best} ({'sure' if sure else 'not sure'}{far})" if best else "nothing on the map tells it"
            offer = f"--crs {best}" if sure else "--crs wgs84, gcj02, bd09 or EPSG:…: ask who made the list"
            return Fault(
                "undeclared_datum", f"the file does not say which datum its {_words(form)} are in; {fits}.",
                f"confirm it with {offer}.", raw.file,
            )  # fmt: skip
        other = best is not None and verdict.confidence == "sure" and not _same(best, given)
        if word is None and not other and best is not None and _questionable(verdict, given):
            return Fault(
                "datum_doubtful", f"the file states {given}, but {best} fits better (not sure{far}).",
                f"say which it is: --crs {given}, or --crs {best}.", raw.file, value=given,
            )  # fmt: skip
        if other and (word is not None or stated is not None):
            who = "declared" if word else "the file states"
            return Fault(
                "datum_contradicted", f"{who} {given}, but the positions fit {best} (sure{far}).",
                f"import with --crs {best}, or keep what is {'declared' if word else 'stated'} with --trust-crs.",
                raw.file, value=given,
            )  # fmt: skip
    return None


def _questionable(verdict: DatumVerdict, given: str) -> bool:
    """Return whether another reading fits so much better than what the file states that a steward should say."""
    scores = {one.datum: one.score for one in verdict.hypotheses if one.score is not None}
    own = next((score for name, score in scores.items() if _same(name, given)), None)
    best = scores.get(verdict.best or "")
    if best is None or own is None or verdict.tested < standard("datum_doubt_places", unit="1").value:
        return False
    return best - own >= standard("datum_doubt_margin", unit="1").value


def _words(form: str) -> str:
    return "eastings and northings" if form == "projected" else "longitudes and latitudes"


def _same(one: str, other: str) -> bool:
    return one == other or {one, other} <= {"wgs84", "EPSG:4490", "EPSG:4326"}


def require_decided(placed: Placed) -> None:
    """Raise InputError where a steward must say which datum it is."""
    if placed.undecided is not None:
        raise InputError(placed.undecided)
