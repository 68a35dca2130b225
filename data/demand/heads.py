"""How many persons one of a census table's counts stands for: 人, 千人, 万人 of its heading or its title line."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from data.read.raw import LeftOut
from data.read.units import heading_unit, is_unit
from geo.errors import Fault, InputError

_SIGNS: Final = {"十": 10.0, "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8}
_SAID: Final = {"thousand": 1e3, "million": 1e6, "'000": 1e3, "000": 1e3, "1000": 1e3, "10000": 1e4}
_ZH: Final = re.compile(r"([十百千万萬亿]*)(人口|人|名|位|口|)")
_EN: Final = re.compile(r"(?:in)?(thousand|million|'?000|10000|1000|)s?(?:of)?(persons?|people|residents|inhabitants|)")
_BRACKETS: Final = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")
_STATED: Final = re.compile(r"单位\s*[:：]?\s*([^()|]*)")
_PARTS: Final = re.compile(r"[,，、;；|/]| {2,}")
_MANY: Final = re.compile(r"[百千万萬亿][人户名口]|thousand|million|^[十百千万萬亿]*户$")
_HOUSEHOLDS: Final = re.compile(r"户数?$")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3})")
_MEND: Final = (
    "把数字换算成人数，栏目写作“…（人）”“…（千人）”或“…（万人）”。 "
    "Give persons, and head the column …（人）, …（千人） or …（万人）."
)


def persons_each(heading: str, left_out: Sequence[LeftOut], file: str) -> tuple[float, str | None]:
    """Return how many persons a count of 1 under ``heading`` is, and the unit as written, None where none is.

    Where the heading states none, lines above or beneath the headings are asked: 单位：万人. Raises InputError for a
    unit that is no number of persons, such as 户, and where the lines state several.

    >>> persons_each("常住人口（万人）", (), "f"), persons_each("人口（2020年）", (), "f")
    ((10000.0, '万人'), (1.0, None))
    """
    plain = _normal(heading)
    stated = [part for text in _BRACKETS.findall(plain) for part in _parts(text)]
    outside = _BRACKETS.sub("", plain).strip()
    after = heading_unit(outside)
    ends = re.search(r"[十百千万萬亿]+人$", outside)
    stated += [one for one in (after, ends.group(0) if ends else None) if one is not None]
    if _HOUSEHOLDS.search(outside):
        stated.append("户")
    known = [(_persons(text), text) for text in stated]
    wrong = [text for each, text in known if each is None and (_MANY.search(text) or _is_other(text))]
    if wrong:
        raise InputError(
            _fault(f"单位“{wrong[0]}”不是人数。 The unit {wrong[0]} is no number of persons.", file, heading)
        )
    found = {each: text for each, text in known if each is not None}
    if not found:
        found = _of_lines(left_out)
    if len(found) > 1:
        named = "、".join(found.values())
        raise InputError(_fault(f"写了几个单位：{named}。 Several units are stated: {named}.", file, heading))
    return next(iter(found.items())) if found else (1.0, None)


def converted(each: float, unit: str | None, file: str, heading: str) -> list[Fault]:
    """Return the notice that says what was done, none where a count is a person."""
    if each == 1.0:
        return []
    return [
        Fault(
            "unit_converted",
            f"单位“{unit}”已换算成人：×{each:,.0f}。 The counts are in {unit} and were taken ×{each:,.0f}, as persons.",
            "若数字本来就是人数，请改栏目。 Correct the heading if they are persons already.",
            file, column=heading, severity="notice",
        )
    ]  # fmt: skip


def _normal(text: str) -> str:
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _parts(text: str) -> list[str]:
    bare = re.sub(r"^\s*(?:计量)?单位\s*:?\s*", "", text)
    return [part.strip() for part in _PARTS.split(bare) if part.strip()]


def _persons(text: str) -> float | None:
    """How many persons a unit is, None where it is none of persons."""
    bare = text.replace(" ", "")
    zh, en = _ZH.fullmatch(bare), _EN.fullmatch(bare)
    if zh and bare:
        out = 1.0
        for sign in zh.group(1):
            out *= _SIGNS[sign]
        return out
    if en and bare and (en.group(1) in _SAID or en.group(2)):
        return _SAID.get(en.group(1), 1.0)
    return None


def _is_other(text: str) -> bool:
    """Whether a text is a unit of something else; a year is none."""
    return is_unit(text) and text not in ("年", "月", "日", "年月", "年月日")


def _of_lines(left_out: Sequence[LeftOut]) -> dict[float, str]:
    """The units of persons that titles state after 单位, and those of a line of units."""
    out: dict[float, str] = {}
    for line in left_out:
        text = _normal(line.text)
        if line.why == "unit":
            parts = _parts(text.replace("(", "").replace(")", ""))
        elif line.why in ("title", "blank", "heading"):
            parts = [part for found in _STATED.findall(text) for part in _parts(found)]
        else:
            continue
        for part in parts:
            each = _persons(part)
            if each is not None:
                out.setdefault(each, part)
    return out


def _fault(message: str, file: str, heading: str) -> Fault:
    return Fault("unit", message, _MEND, file, column=heading)
