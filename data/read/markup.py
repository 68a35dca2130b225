"""XML that strangers wrote, looked over before any library reads it: no document types, no entities, no abyss."""

from typing import BinaryIO, Final
from xml.parsers.expat import ExpatError, ParserCreate

from geo.errors import Fault, InputError

DEEPEST: Final = 200
"""Elements within one another; a spreadsheet or KML has about ten."""

_BLOCK: Final = 1 << 16
_ENTITIES: Final = "an entity or document type"


class _RefusedError(Exception):
    """What a file must not hold, in the words of the fault."""


def check_xml(stream: BinaryIO, *, file: str, part: str | None = None) -> None:
    """Return nothing where ``stream`` is well-formed XML without document type and nested less than 200 deep.

    Raises InputError otherwise; ``part`` names the member of an archive the stream is.
    """
    depth = 0

    def down(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _RefusedError(f"elements nested more than {DEEPEST} deep")

    def up(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_given: object) -> None:
        raise _RefusedError(_ENTITIES)

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = down, up
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    where = "" if part is None else f" ({part})"
    try:
        while block := stream.read(_BLOCK):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except _RefusedError as error:
        raise InputError(
            Fault("unsafe_xml", f"the XML{where} holds {error}.", "save it anew without.", file)
        ) from error
    except (ExpatError, ValueError, LookupError) as error:
        raise InputError(
            Fault("unreadable", f"the XML{where} is damaged ({error}).", "hand in a whole file.", file)
        ) from error
