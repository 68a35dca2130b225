"""Which indicator a report means: by code, name or another name for it, never by likeness alone."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process

from data.plan import plan
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.plan.units import plain

_IN_BRACKETS: Final = re.compile(r"[(\[【][^()\[\]【】]*[)\]】]")
_NOISE: Final = re.compile(r"[\s\"'“”‘’「」《》、,，。.:：;；·\-—_()（）\[\]【】]+")
_NUMBERED: Final = re.compile(r"^\s*(?:[（(]?[一二三四五六七八九十\d]+[)）]?[、.．])\s*")
_FILLERS: Final = ("全市", "我市", "全年", "当年", "年度", "本年", "实现", "完成", "达到", "情况", "指标")
PLAN_LAYERS: Final = {"plan.reports": "部门上报数据", "plan.targets": "任务分解表", "plan.lists": "认定名单"}
_CANDIDATES: Final = 3
_LIKENESS: Final = 45


@dataclass(frozen=True, slots=True)
class Match:
    """The code a name means, None where it is not clear; and names it may have meant."""

    code: str | None
    candidates: tuple[str, ...] = ()


def key_of(name: str, *, loose: bool) -> str:
    """Return the comparable form of an indicator's name: no marks or blanks; ``loose``, no brackets or fillers either.

    >>> key_of("1. 全市接待游客（亿人次）", loose=True)
    '接待游客'
    """
    text = _NUMBERED.sub("", plain(name))
    if loose:
        text = _IN_BRACKETS.sub("", text)
    text = _NOISE.sub("", text).lower()
    if loose:
        for word in _FILLERS:
            text = text.replace(word, "")
    return text


@cache
def _known(*, loose: bool) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    table = plan()
    names = [(one.code, (one.code, one.zh, *one.aliases)) for one in table.indicators]
    names += [(one.code, (one.code, one.zh)) for one in table.milestones]
    for code, every in names:
        for name in every:
            known.setdefault(key_of(name, loose=loose), set()).add(code)
    return known


def indicator_named(text: str) -> Match:
    """Return what indicator or milestone a name means; where it is none, or several, the likeliest are named."""
    for loose in (False, True):
        codes = _known(loose=loose).get(key_of(text, loose=loose), set())
        if len(codes) == 1:
            return Match(next(iter(codes)))
        if codes:
            return Match(None, tuple(sorted(_title(code) for code in codes)))
    likely: dict[str, None] = {}
    for name, score, _ in process.extract(
        key_of(text, loose=True), list(_known(loose=True)), scorer=fuzz.ratio, limit=_CANDIDATES
    ):
        if score >= _LIKENESS:
            likely.update(dict.fromkeys(_title(code) for code in sorted(_known(loose=True)[name])))
    return Match(None, tuple(likely))


def _title(code: str) -> str:
    table = plan()
    names = {one.code: one.zh for one in table.indicators} | {one.code: one.zh for one in table.milestones}
    return names[code]


def layer_words(layer: str) -> str:
    """Return a layer's Chinese title, its own name where it has none.

    >>> layer_words("facilities.scenic")
    'A级景区'
    """
    titles = {one.layer: one.title.zh for one in FACILITY_LAYERS.items} | PLAN_LAYERS
    return titles.get(layer, layer)
