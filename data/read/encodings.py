"""The encoding of text, decided in one place: declared, marked, stated by the file, or the one that reads as language.

Every byte must decode; nothing is replaced. UTF-8 comes first where it reads as Chinese, for almost any bytes decode as
GB 18030; where it does not, and GB 18030 does, that is what was meant: 医院 in GBK is valid UTF-8 too and reads ҽԺ.
Where both could be meant, or the file states what its bytes contradict, that is said.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.errors import Fault, InputError, ParameterError

_ALIASES: Final = {
    "65001": "utf-8", "utf8": "utf-8", "936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030",
    "54936": "gb18030", "950": "cp950", "big5": "cp950", "88591": "latin-1", "28591": "latin-1",
}  # fmt: skip
_NO_CHARSETS: Final = {"idna", "punycode", "undefined", "unicode_escape", "unicode-escape", "raw_unicode_escape",
                       "raw-unicode-escape", "utf-7"}  # fmt: skip
_WIDE: Final = {"utf-8", "gb18030", "cp950"}
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; UTF-32's little-endian one begins as UTF-16's does and is looked for first."""
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 200_000
"""So many characters beyond ASCII show whether a text is Chinese."""
_COMMON: Final = 0.6
"""Of Chinese over 95 % is in GB 2312's first level and punctuation; of Big5 or Shift JIS read as GBK, under 40 %."""
_SURELY: Final = 0.9
"""So much must be common Chinese where the bytes are valid UTF-8 as well; Cyrillic in UTF-8 reaches 70 %."""
_FAR_BYTES: Final = 64
"""UTF-8 Chinese read as GBK breaks within a few characters, and the other way round."""
_ZERO_SHARE: Final = 0.02
"""Of UTF-16 at least so many characters are delimiters, digits and ends of lines, with a zero byte."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_RUN: Final = re.compile("[A-Za-z]?[^\x00-\x7f]+[A-Za-z]?")
_SIGNS: Final = re.compile("[°±²³·×÷µ§«»©®‐-—‘’“”…′″€™㎡㎥㎞\xa0\ufeff]")
_ACCENTED: Final = re.compile("[A-Za-z]?[À-ɏ]{1,2}[A-Za-z]|[A-Za-z][À-ɏ]{1,2}")
_CUT: Final = {"unexpected end of data", "incomplete multibyte sequence"}
_DECLARE: Final = "declare it with --encoding utf-8, gbk or gb18030."
_MEND: Final = "save the file again as UTF-8 (in Excel: CSV UTF-8), or declare the encoding it is in with --encoding."


@dataclass(frozen=True, slots=True)
class Decided:
    """The encoding of a file (``utf-8``, ``utf-8-sig``, ``gbk``, ``gb18030``, ``utf-16`` …) and what is said of it."""

    encoding: str
    notices: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Texts read in one encoding: ``cut`` are the places whose last character was cut through and is left off."""

    texts: tuple[str, ...]
    encoding: str
    cut: tuple[int, ...]
    notices: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Broken:
    """Where a decoding failed: line from 1, byte from 0 in the file, and the byte."""

    line: int
    offset: int
    byte: int


@dataclass(frozen=True, slots=True)
class _Survey:
    """A whole file in one encoding: a sample of what is beyond ASCII, where it broke, its first control character."""

    sample: str
    broken: _Broken | None
    control: tuple[int, str] | None


def codec_of(name: str) -> str | None:
    """Return the codec a code page's name stands for, None for a name nobody knows.

    >>> codec_of("ANSI 936"), codec_of("UTF-8"), codec_of("GBK"), codec_of("klingon"), codec_of("base64")
    ('gb18030', 'utf-8', 'gb18030', None, None)
    """
    word = re.sub(r"^(?:ansi|oem|cp|ldid)[ _/-]*(?=\d)", "", name.strip().lower())
    word = _ALIASES.get(word, _ALIASES.get(re.sub(r"[ _-]", "", word), word))
    for attempt in (word, f"cp{word}"):
        try:
            found = codecs.lookup(attempt)
        except (LookupError, ValueError):
            continue
        if getattr(found, "_is_text_encoding", True) and found.name not in _NO_CHARSETS:
            return _ALIASES.get(found.name, found.name)
    return None


def is_chinese(text: str) -> bool:
    """Return whether what is beyond ASCII in ``text`` is for the most part common Chinese (GB 2312, level 1).

    >>> is_chinese("兰州市 A座"), is_chinese("鍏板窞甯"), is_chinese("À¼ÖÝ"), is_chinese("abc")
    (True, False, False, False)
    """
    return _share(text) >= _COMMON


def _share(text: str) -> float:
    beyond = [one for one in text if ord(one) > 127]
    return sum(map(_is_common, beyond)) / len(beyond) if beyond else 0.0


def _is_common(one: str) -> bool:
    try:
        lead = one.encode("gb2312")[0]
    except UnicodeEncodeError:
        return one in "㎡㎥㎞°′″·—•–"
    return 0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xD7


def decide_encoding(
    path: Path, *, declared: str | None = None, stated: str | None = None, file: str | None = None, table: bool = True
) -> Decided:
    """Return the encoding of a text file: ``declared``, by its mark, as ``stated`` where that fits, or what reads.

    A ``table`` holds no control characters. Raises InputError (no encoding fits, naming the line and the byte; bytes
    that are no text), ParameterError (a declared encoding that does not exist).
    """
    file = file or path.name
    with path.open("rb") as handle:
        head = handle.read(_CHUNK)
    mark = next((name for start, name in _MARKS if head.startswith(start)), None)
    if declared is not None:
        wanted = _declared(declared)
        marked = mark is not None and (mark.startswith(wanted) or wanted.startswith(mark))
        return _checked(path, mark if mark and marked else wanted, file, wanted, table=table)
    if mark is not None:
        return _checked(path, mark, file, f"{mark}, as its mark says", table=table)
    unmarked = _unmarked_utf16(head)
    if unmarked is not None:
        return _checked(path, unmarked, file, f"whole as {unmarked}, which it seems to be", table=table)
    seen: dict[str, _Survey] = {}

    def read(codec: str) -> str | None:
        for name in ("gbk", "gb18030") if codec == "gb18030" else (codec,):
            seen[name] = _surveyed(path, name)
            if seen[name].broken is None:
                return seen[name].sample
        return None

    claimed = None if stated is None else codec_of(stated)
    codec, doubt = _chosen(read, claimed)
    if codec is None:
        raise InputError(_undecided(file, "UTF-8, nor Chinese in GB18030", _meant(seen)))
    name = "gbk" if codec == "gb18030" and seen["gbk"].broken is None else codec
    if table:
        _refuse_controls(seen[name], file)
    return Decided(name, (*_of_stated(stated, claimed, codec, file), *_of_doubt(doubt, file)))


def _declared(name: str) -> str:
    codec = codec_of(name)
    if codec is None:
        raise ParameterError(f"{name!r} is no encoding; use utf-8, gbk, gb18030 or utf-16")
    return codec


def _chosen(read: Callable[[str], str | None], claimed: str | None) -> tuple[str | None, tuple[str, str, str] | None]:
    """The codec a text is in, None where none fits; and its other reading (codec, this, that) where both could be.

    ``read`` gives a sample of what is beyond ASCII in a codec, None where not every byte is of it.
    """
    as_utf8 = read("utf-8")
    if as_utf8 is not None and (not as_utf8 or claimed == "utf-8" or is_chinese(as_utf8) or _is_signs(as_utf8)):
        return "utf-8", None
    as_stated = None if claimed is None else read(claimed)
    if as_stated is not None and claimed in _WIDE:
        return claimed, None
    as_chinese = read("gb18030")
    fits = as_chinese is not None and is_chinese(as_chinese)
    if as_utf8 is None or claimed is not None:
        return "gb18030" if fits else (claimed if as_stated is not None else None), None
    if as_chinese is None or not fits:
        return "utf-8", None
    if _share(as_chinese) >= _SURELY and not _is_latin(as_utf8):
        return "gb18030", ("UTF-8", as_chinese, as_utf8)
    return "utf-8", ("GBK", as_utf8, as_chinese)


def _is_signs(sample: str) -> bool:
    return not re.search("[^\x00-\x7f]", _SIGNS.sub("", sample))


def _is_latin(sample: str) -> bool:
    """Whether the sample is of words in Latin letters, each accent beside a plain letter: Café, and not ҽԺ."""
    return all(_ACCENTED.fullmatch(_SIGNS.sub("", run)) or _is_signs(run) for run in sample.split("\n"))


def _of_doubt(doubt: tuple[str, str, str] | None, file: str) -> tuple[Fault, ...]:
    if doubt is None:
        return ()
    other, this, that = (part.replace("\n", " ")[:20] for part in doubt)
    message = f"the text could be {other} as well: it is read as {this!r} and would be {that!r}."
    return (Fault("encoding_unsure", message, _DECLARE, file, severity="warning"),)


def _of_stated(stated: str | None, claimed: str | None, chosen: str, file: str) -> tuple[Fault, ...]:
    if stated is not None and claimed is None:
        message = f"the encoding {stated!r} the file states is unknown; it was read as {chosen}."
        return (Fault("encoding", message, _DECLARE, file, severity="notice"),)
    if claimed is not None and chosen != claimed:
        message = f"the file says its text is {stated}, but it reads as {chosen} and was read so."
        return (Fault("encoding", message, _DECLARE, file, severity="warning"),)
    return ()


def _checked(path: Path, name: str, file: str, tried: str, *, table: bool) -> Decided:
    survey = _surveyed(path, name)
    if survey.broken is not None:
        raise InputError(_undecided(file, tried, survey.broken))
    if table:
        _refuse_controls(survey, file)
    return Decided("gbk" if name == "gb18030" and _surveyed(path, "gbk").broken is None else name)


def _meant(seen: dict[str, _Survey]) -> _Broken:
    """Where the encoding that fits longest breaks: it is the one that was meant; a cut file breaks at its end."""
    found = None
    for survey in seen.values():
        cut = survey.broken
        if cut is not None and (found is None or cut.offset > found.offset + _FAR_BYTES):
            found = cut
    if found is None:
        raise AssertionError("an encoding that fits was refused")
    return found


def _undecided(file: str, tried: str, broken: _Broken) -> Fault:
    message = f"the file is not {tried}: byte {broken.offset} (0x{broken.byte:02X}) in line {broken.line} does not fit."
    return Fault("encoding", message, _MEND, file, broken.line, None, f"0x{broken.byte:02X}")


def _refuse_controls(survey: _Survey, file: str) -> None:
    """Raise InputError for a text with control characters, which no table has."""
    if survey.control is not None:
        line, letter = survey.control
        message = f"the file is no text table: it holds the control character 0x{ord(letter):02X}."
        raise InputError(Fault("not_text", message, "hand in CSV, XLSX or a vector file.", file, line))


def _surveyed(path: Path, name: str) -> _Survey:
    decoder = codecs.getincrementaldecoder(name)("strict")
    line, start, held = 1, 0, 0
    runs: list[str] = []
    control: tuple[int, str] | None = None
    with path.open("rb") as handle:
        while True:
            chunk = handle.read(_CHUNK)
            before = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                # ``error.object`` begins with the bytes the decoder held back from the chunk before.
                line += error.object[: error.start].count(b"\n")
                return _Survey("", _Broken(line, start - len(before) + error.start, error.object[error.start]), control)
            except UnicodeError:  # UTF-16 declared and no mark
                return _Survey("", _Broken(1, start, chunk[0] if chunk else 0), control)
            if control is None and (found := _CONTROLS.search(text)):
                control = line + text.count("\n", 0, found.start()), found.group()
            if held < _SAMPLE and not text.isascii():
                more = _RUN.findall(text)
                held += sum(map(len, more))
                runs += more
            if not chunk:
                return _Survey("\n".join(runs), None, control)
            line += text.count("\n")
            start += len(chunk)


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark, told by the zero bytes of its delimiters and digits; None where it is not."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < _ZERO_SHARE * len(head) / 2 or min(even, odd) * 20 > max(even, odd) or max(even, odd) < 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def decode_texts(
    values: Sequence[bytes], *, declared: str | None, stated: str | None, file: str, cut_ok: bool = False
) -> Decoded:
    """Return ``values`` as text in the ``declared`` encoding, else the ``stated`` one where it fits, else what reads.

    With ``cut_ok`` a value may end within a character, as fields of fixed width do. Raises InputError where no
    encoding fits, ParameterError for a declared encoding that does not exist.
    """
    if declared is not None:
        return _decoded(values, _declared(declared), cut_ok, (), file)
    claimed = None if stated is None else codec_of(stated)
    beyond = [value for value in values if not value.isascii()]
    if not beyond:
        codec = claimed if claimed in _WIDE else "utf-8"
        return _decoded(values, codec, cut_ok, _of_stated(stated, claimed, claimed or codec, file), file)
    chosen, doubt = _chosen(lambda codec: _tried(beyond, codec, cut_ok), claimed)
    if chosen is None:
        message = "the text is in none of the encodings known (UTF-8, GBK, GB 18030)."
        raise InputError(Fault("encoding", message, _DECLARE, file, value=repr(beyond[0][:40])))
    notices = [*_of_stated(stated, claimed, chosen, file), *_of_doubt(doubt, file)]
    if stated is None and chosen != "utf-8" and not notices:
        message = f"the file does not say its encoding; its text reads as {chosen}."
        notices.append(Fault("encoding", message, _DECLARE, file, severity="notice"))
    return _decoded(values, chosen, cut_ok, notices, file)


def _tried(values: Iterable[bytes], codec: str, cut_ok: bool) -> str | None:
    """A sample of the values as text, None where any value is not in that encoding."""
    runs: list[str] = []
    held = 0
    for value in values:
        try:
            text, _ = _one(value, codec, cut_ok)
        except UnicodeError:
            return None
        if held < _SAMPLE:
            runs += _RUN.findall(text)
            held += len(text)
    return "\n".join(runs)


def _one(value: bytes, codec: str, cut_ok: bool) -> tuple[str, bool]:
    try:
        return value.decode(codec), False
    except UnicodeDecodeError as error:
        if not cut_ok or error.start < len(value) - 3 or error.reason not in _CUT:
            raise
        return value[: error.start].decode(codec), True


def _decoded(values: Sequence[bytes], codec: str, cut_ok: bool, notices: Iterable[Fault], file: str) -> Decoded:
    texts, cut = [], []
    for place, value in enumerate(values):
        try:
            text, short = _one(value, codec, cut_ok)
        except UnicodeError as error:
            raise InputError(
                Fault("encoding", f"the text is not in {codec}.", _DECLARE, file, value=repr(value[:40]))
            ) from error
        texts.append(text)
        if short:
            cut.append(place)
    return Decoded(tuple(texts), codec, tuple(cut), tuple(notices))
