"""Relations: codes that name no area, and links to facilities that are not there."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from data.codes import area_prefix, is_area_code
from layers.answer import Title
from layers.quality.base import Check, Hits, Subject, hits

_LEVELS: Final = (12, 9, 6)
_CENTRE: Final = "救治中心"


def _exists(code: str, subject: Subject) -> bool:
    """Return whether a code exists, as far down as codes are known; a malformed one has its own fault."""
    around = subject.around
    if not is_area_code(code):
        return True
    own = area_prefix(code)
    return own[: around.exact_to] in around.codes


def _unknown_code(subject: Subject) -> Iterator[Hits]:
    texts = subject.text("XZQDM12")
    good = {code: _exists(code, subject) for code in set(texts)}
    mask = np.array([not good[code] for code in texts], dtype=np.bool_)
    said = f"{subject.around.on} 有效的区划中没有此代码。", f"no area has this code on {subject.around.on}."
    yield from hits(subject, mask, "XZQDM12", *said)


def _unknown_served(subject: Subject) -> Iterator[Hits]:
    texts = subject.text("SERVED_XZQ")
    wrong = {
        text: [one for part in text.split(";") if (one := part.strip()) and not _exists(one, subject)]
        for text in set(texts)
    }
    mask = np.array([bool(wrong[text]) for text in texts], dtype=np.bool_)
    zh = np.array([f"不存在：{'、'.join(wrong[text])}。" for text in texts], dtype=object)
    en = np.array([f"{len(wrong[text])} codes name no area." for text in texts], dtype=object)
    yield from hits(subject, mask, "SERVED_XZQ", zh, en)


def _no_such_centre(subject: Subject) -> Iterator[Hits]:
    linked = subject.text("CENTRE_ID")
    centres = set(subject.text("FAC_ID")[subject.text("KIND") == _CENTRE])
    mask = np.array([bool(one) and one not in centres for one in linked], dtype=np.bool_)
    known = set(subject.text("FAC_ID"))
    zh = np.array([f"{one} {'不是救治中心' if one in known else '不存在'}。" for one in linked], dtype=object)
    en = [f"{one} {'is no rescue centre' if one in known else 'is not there'}." for one in linked]
    yield from hits(subject, mask, "CENTRE_ID", zh, en)


RELATION_CHECKS: Final = (
    Check(
        "unknown_code", "error", Title(zh="行政区划代码不存在", en="Area code does not exist"),
        Title(zh="对照当年统计用区划代码。", en="Look it up in the list of the year."), _unknown_code,
        needs=("codes",), concerns=lambda subject: subject.has("XZQDM12"),
    ),
    Check(
        "unknown_served", "error", Title(zh="所服务的村代码不存在", en="Villages served do not exist"),
        Title(zh="对照统计用区划代码。", en="Look them up."), _unknown_served,
        needs=("codes",), concerns=lambda subject: subject.has("SERVED_XZQ"),
    ),
    Check(
        "no_such_centre", "error", Title(zh="所属救治中心不存在", en="Rescue centre does not exist"),
        Title(zh="填写本图层中救治中心的设施编号。", en="Give the FAC_ID of a rescue centre of this layer."),
        _no_such_centre, scope="set", concerns=lambda subject: subject.has("CENTRE_ID", "KIND", "FAC_ID"),
    ),
)  # fmt: skip
