"""The parts of an XLSX, looked through once before its cells are read: what could harm is refused, what is hidden told.

calamine, which reads the cells, holds a sheet as a full rectangle and knows neither hidden rows nor formulas without a
value. Every part is unpacked in pieces and none is kept.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from xml.etree.ElementTree import Element

from data.read.archives import MOST_BYTES, Member, opened_zip, unpacked
from data.read.markup import check_xml
from geo.errors import Fault, InputError

_BOOK: Final = "xl/workbook.xml"
_LINKS: Final = "xl/_rels/workbook.xml.rels"
_MOST_BOOK: Final = 16 << 20
"""Bytes of the part that lists the sheets; of a thousand sheets it holds 100 kB."""
_PIECE: Final = 4 << 20
_WIDE_CELL: Final = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{2,3})(\d+)"[^>]*?[^/]>')
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_VALUED: Final = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="[A-Z]+(\d+)"[^>]*?[^/]>')
_FORMULA: Final = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_HAS_FORMULA: Final = re.compile(rb"<(?:\w+:)?f\b")
_ERROR: Final = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+)(\d+)"[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<',
    re.DOTALL,
)
_HIDDEN: Final = re.compile(rb'\bhidden="(?:1|true)"')
_NUMBER: Final = re.compile(rb'\br="(\d+)"')
_ENTITY: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_COLS: Final = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_NOTED: Final = {
    "externallinks/": ("links to other workbooks", "the values last saved are read"),
    "vbaproject.bin": ("macros", "they are not run"),
}


@dataclass(slots=True)
class SheetFacts:
    """What the XML of one sheet says and calamine does not; rows from 1, columns from 0.

    ``no_value`` are cells whose formula has none, or has an error: (row, column, the error or "").
    """

    last_row: int = 0
    last_column: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: int = 0
    no_value: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a workbook holds beside its cells: facts by the sheet's name, whether days count from 1904, notices."""

    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    dates_1904: bool = False
    notices: tuple[Fault, ...] = ()


def inspect_workbook(path: Path) -> Inspection:
    """Return what is to be known of an .xlsx before it is read.

    Raises InputError: no workbook, damaged, encrypted; a part that unpacks to over a gigabyte or 200 times its size;
    document types and entities; names that leave the zip.
    """
    file = path.name
    with opened_zip(path, file=file) as (bundle, members):
        by_name = {str(member.path): member for member in members}
        if _BOOK not in by_name:
            raise InputError(Fault("not_a_table", "the file is no XLSX workbook.", "save it as XLSX or CSV.", file))
        facts: dict[str, SheetFacts] = {}
        room = MOST_BYTES
        for name, member in by_name.items():
            found, size = _looked_through(bundle, member, file, room)
            facts[name] = found
            room -= size
        targets, dates_1904 = _sheets(bundle, by_name, file)
    lower = [name.lower() for name in by_name]
    notices = tuple(
        Fault("workbook", f"the workbook holds {what}; {done}.", "nothing need be done.", file, severity="notice")
        for mark, (what, done) in _NOTED.items() if any(mark in name for name in lower)
    )  # fmt: skip
    return Inspection({name: facts[part] for name, part in targets.items() if part in facts}, dates_1904, notices)


def _looked_through(bundle: zipfile.ZipFile, member: Member, file: str, room: int) -> tuple[SheetFacts, int]:
    """The facts of a part, empty for one that is no sheet, and its bytes."""
    facts = SheetFacts()
    size = 0
    is_xml = member.suffix in {".xml", ".rels"}
    is_sheet = "worksheets" in member.path.parts and member.suffix == ".xml"
    with bundle.open(member.info) as source:

        def counted() -> Iterator[bytes]:
            nonlocal size
            for block in unpacked(source, member, file=file, room=room):
                size += len(block)
                yield block

        for piece in _pieces(counted(), file, str(member.path)) if is_xml else counted():
            if is_sheet:
                _note(facts, piece)
    return facts, size


def _pieces(blocks: Iterator[bytes], file: str, part: str) -> Iterator[bytes]:
    """The part's bytes in pieces that end with a row. Raises InputError for entities and XML that is not UTF-8."""
    rest = b""
    for block in blocks:
        rest += block
        if _ENTITY.search(rest):
            message = f"the XML ({part}) holds an entity or document type."
            raise InputError(Fault("unsafe_xml", message, "save it again in Excel or WPS.", file))
        if rest[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in rest[:64]:
            raise InputError(Fault("unreadable", f"the XML ({part}) is not UTF-8.", "save it again in Excel.", file))
        end = rest.rfind(b"</row>")
        if end < 0 and len(rest) > 8 * _PIECE:
            end = len(rest) - _PIECE - len(b"</row>")
        if end >= 0:
            yield rest[: end + 6]
            rest = rest[end + 6 :]
    yield rest


def _note(facts: SheetFacts, piece: bytes) -> None:
    for found in _ROW.finditer(piece):
        if b"hidden" in found.group(1) and _HIDDEN.search(found.group(1)):
            number = _NUMBER.search(found.group(1))
            facts.hidden_rows.append(int(number.group(1)) if number else 0)
    for found in _COLS.finditer(piece):
        facts.hidden_columns += bool(_HIDDEN.search(found.group(1)))
    valued = _VALUED.findall(piece)
    if valued:
        facts.last_row = max(facts.last_row, _row(valued[-1]))
        facts.last_column = max(facts.last_column, 26)
    for found in _WIDE_CELL.finditer(piece):
        facts.last_row = max(facts.last_row, _row(found.group(2)))
        facts.last_column = max(facts.last_column, _column(found.group(1)) + 1)
    if _HAS_FORMULA.search(piece):
        facts.no_value += [(_row(f.group(2)), _column(f.group(1)), "") for f in _FORMULA.finditer(piece)]
    if b't="e"' in piece:
        facts.no_value += [
            (_row(f.group(2)), _column(f.group(1)), f.group(3).decode("utf-8", "backslashreplace"))
            for f in _ERROR.finditer(piece)
        ]


def _row(digits: bytes) -> int:
    return int(digits[:18])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _sheets(bundle: zipfile.ZipFile, by_name: dict[str, Member], file: str) -> tuple[dict[str, str], bool]:
    """The part of each sheet by its name, as the workbook relates them, and whether days count from 1904."""
    book, links = (_tree(bundle, by_name.get(name), name, file) for name in (_BOOK, _LINKS))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    out: dict[str, str] = {}
    dates_1904 = False
    for element in book.iter():
        tag = element.tag.rsplit("}", 1)[-1]
        if tag == "workbookPr":
            dates_1904 = element.get("date1904") in {"1", "true"}
        if tag == "sheet":
            link = next((v for k, v in element.attrib.items() if k.rsplit("}", 1)[-1] == "id"), None)
            target = targets.get(link, "")
            part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            out[str(element.get("name"))] = part
    return out, dates_1904


def _tree(bundle: zipfile.ZipFile, member: Member | None, name: str, file: str) -> Element:
    from defusedxml.ElementTree import fromstring

    if member is None:
        raise InputError(Fault("unreadable", f"the workbook has no part {name}.", "hand in a whole file.", file))
    with bundle.open(member.info) as stream:
        check_xml(stream, file=file, part=name)  # type: ignore[arg-type]
    with bundle.open(member.info) as stream:
        tree: Element = fromstring(b"".join(unpacked(stream, member, file=file, room=_MOST_BOOK)))
    return tree
