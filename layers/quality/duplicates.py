"""Duplicates: one facility that stands in the layer twice.

Likely pairs are looked for without comparing all with all: two facilities within the distance fall into one cell of
at least one of four grids, each shifted by half a cell; two like names begin or end alike. Within one cell, kind and
beginning (or ending) names are sorted, and each is compared with the next few (the sorted neighbourhood of Hernández
and Stolfo 1995). The work grows with the number of records, also where thousands lie on one point.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from data.standards import standard
from layers.answer import Title
from layers.quality.base import F64, I64, Check, Hits, Objects, Subject, hits

_WINDOW: Final = 8
_ENDS: Final = 3
_NOISE: Final = re.compile(r"[\s\W_]+")
_PROVINCE: Final = re.compile(r"^[㐀-鿿]{2,3}省")
_TELLING: Final = re.compile(r"[0-9一二三四五六七八九十百甲乙丙丁东西南北中上下前后新老大小a-z]")
_IGNORED: Final = frozenset({"FAC_ID", "SRC", "CHK_STATE", "SURV_DATE", "geometry"})


def bare_name(name: str, above: Sequence[str] = ()) -> str:
    """Return a name as it is compared: folded, without signs, and without province and the areas ``above`` before it.

    >>> bare_name("兰州市城关区 酒泉路（社区）卫生服务中心", ["兰州市", "城关区"]), bare_name("ＡＢ 超市")
    ('酒泉路社区卫生服务中心', 'ab超市')
    """
    folded = _NOISE.sub("", unicodedata.normalize("NFKC", name).casefold())
    out = _PROVINCE.sub("", folded)
    for area in above:
        out = out.removeprefix(area)
    return out or folded


def _same_id(subject: Subject) -> Iterator[Hits]:
    ids = pd.Series(subject.text("FAC_ID"))
    mask = (ids.duplicated(keep="first") & (ids != "")).to_numpy(np.bool_)
    yield from hits(subject, mask, "FAC_ID", "编号重复。", "the id occurs before.")


def _same_row(subject: Subject) -> Iterator[Hits]:
    """Find rows that say, id and source apart, what an earlier one says."""
    told = [str(name) for name in subject.frame.columns if name not in _IGNORED]
    key = pd.DataFrame({name: subject.text(name) for name in told})
    key["x"], key["y"] = subject.lonlat[:, 0].round(7), subject.lonlat[:, 1].round(7)
    again = key.duplicated(keep="first").to_numpy(np.bool_)
    named = (subject.text("NAME") != "") & np.isfinite(subject.lonlat).all(axis=1)
    number = pd.util.hash_pandas_object(key, index=False).to_numpy()
    first, which = np.unique(number, return_index=True, return_inverse=True)[1:]
    who = subject.text("FAC_ID")[first[which]]
    zh = np.array([f"与 {one} 完全相同。" for one in who], dtype=object)
    en = np.array([f"the same as {one}." for one in who], dtype=object)
    yield from hits(subject, again & named, "NAME", zh, en)


def _near(subject: Subject, keys: list[Objects], names: Objects, distance_m: float) -> tuple[I64, I64]:
    """Return rows (i, j), i before j, within the distance, of one kind and with one of ``keys`` equal; "" equals none.

    Where more than a few share a cell and a key, each is held against the next few by ``names``.
    """
    rank = pd.factorize(names, sort=True)[0].astype(np.int64)
    kinds = subject.text("KIND")
    found = np.empty(0, dtype=np.int64)
    for key in keys:
        rows = subject.placed[key[subject.placed] != ""]
        alike = pd.factorize(np.array([f"{kinds[row]}|{key[row]}" for row in rows], dtype=object))[0].astype(np.int64)
        for shift in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)) if len(rows) > 1 else ():
            cell = np.floor(subject.xy[rows] / (2.0 * distance_m) + shift).astype(np.int64)
            cell -= cell.min(axis=0)
            group = (cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1]) * len(rows) + alike
            order = np.lexsort((rows, rank[rows], group))
            group, ordered = group[order], rows[order]
            follows = np.concatenate([[False], group[1:] == group[:-1]])
            shared = follows | np.concatenate([follows[1:], [False]])
            found = np.unique(np.concatenate([found, _windowed(subject, group[shared], ordered[shared], distance_m)]))
    first, second = np.divmod(found, max(len(subject), 1))
    return first, second


def _windowed(subject: Subject, group: I64, rows: I64, distance_m: float) -> I64:
    """Return pairs within the distance, i × N + j, of each row with the next few of its group."""
    met = [np.empty(0, dtype=np.int64)]
    for step in range(1, min(_WINDOW, len(rows) - 1) + 1):
        same = np.flatnonzero(group[step:] == group[:-step])
        one, other = rows[same], rows[same + step]
        near = np.hypot(*(subject.xy[one] - subject.xy[other]).T) <= distance_m
        met.append(np.minimum(one, other)[near] * len(subject) + np.maximum(one, other)[near])
    return np.concatenate(met)


def _likely(subject: Subject) -> Iterator[Hits]:
    """Find rows of one kind, near each other, whose names are alike and whose numbers and sides are the same."""
    limit = standard("duplicate_likeness", unit="1").value
    above = subject.around.above
    known = {name: bare_name(name, above) for name in set(subject.text("NAME"))}
    telling = {name: "".join(_TELLING.findall(name)) for name in known.values()}
    names = np.array([known[name] for name in subject.text("NAME")], dtype=object)
    begins = np.array([name and f"{name[:_ENDS]}|{telling[name]}" for name in names], dtype=object)
    ends = np.array([name and f"{name[-_ENDS:]}|{telling[name]}" for name in names], dtype=object)
    first, second = _near(subject, [begins, ends], names, standard("duplicate_distance", unit="m").value)
    if not len(first):
        return
    like = cpdist(names[first], names[second], scorer=Indel.normalized_similarity, dtype=np.float64)
    keep = like >= limit
    yield from _told(subject, first[keep], second[keep], "NAME", like[keep])


def _one_firm(subject: Subject) -> Iterator[Hits]:
    codes = subject.text("USCC")
    first, second = _near(subject, [codes], codes, standard("duplicate_distance", unit="m").value)
    yield from _told(subject, first, second, "USCC", None)


def _told(subject: Subject, first: I64, second: I64, column: str, like: F64 | None) -> Iterator[Hits]:
    """Report each later row once, beside the earliest it is like; ``like`` is their likeness."""
    if not len(first):
        return
    order = np.lexsort((first, second))
    later, at = np.unique(second[order], return_index=True)
    earlier = first[order][at]
    away = np.hypot(*(subject.xy[later] - subject.xy[earlier]).T)
    shares = np.full(len(later), np.nan) if like is None else like[order][at]
    zh = np.full(len(subject), "", dtype=object)
    en = np.full(len(subject), "", dtype=object)
    for row, other, far, share in zip(later, earlier, away, shares, strict=True):
        who = subject.text("FAC_ID")[other] or f"#{other}"
        name = subject.text("NAME")[other]
        how = "" if np.isnan(share) else f"，名称相似度 {share:.2f}"
        zh[row] = f"与 {who} {name} 相距 {far:.0f} m{how}。"
        en[row] = f"{far:.0f} m from {who}."
    mask = np.zeros(len(subject), dtype=np.bool_)
    mask[later] = True
    yield from hits(subject, mask, column, zh, en)


DUPLICATE_CHECKS: Final = (
    Check(
        "same_id", "error", Title(zh="设施编号重复", en="Id occurs twice"),
        Title(zh="每个设施一个编号。", en="Give each facility its own id."), _same_id, scope="set",
    ),
    Check(
        "same_row", "error", Title(zh="记录重复", en="Record occurs twice"),
        Title(zh="删去重复的一条。", en="Take one of them out."), _same_row, scope="set",
        concerns=lambda subject: subject.has("NAME"),
    ),
    Check(
        "likely_duplicate", "warning", Title(zh="疑似重复", en="Likely duplicate"),
        Title(zh="核对是否同一设施。", en="See whether they are one facility."), _likely, scope="set",
        concerns=lambda subject: subject.has("NAME"),
    ),
    Check(
        "one_credit_code", "warning", Title(zh="同一信用代码", en="One credit code, one kind, one place"),
        Title(zh="核对是否同一设施。", en="See whether they are one facility."), _one_firm, scope="set",
        concerns=lambda subject: subject.has("USCC"),
    ),
)  # fmt: skip
