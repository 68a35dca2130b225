"""Zip files from strangers: what is in them, unpacked within limits and never by the paths they name."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Final

from data.read.encodings import is_chinese
from geo.errors import Fault, InputError, QuantuError

MOST_MEMBERS: Final = 10_000
MOST_BYTES: Final = 1_000_000_000
"""Unpacked, all members together."""
MOST_RATIO: Final = 200.0
"""Unpacked to packed, beyond the first 10 MB: tables of numbers reach 30, zip bombs a thousand."""
MOST_COLUMNS: Final = 4_096
"""Columns of a table or sheet; the widest real one is under 300."""

_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, struct.error, OSError, ValueError, OverflowError,
)  # fmt: skip
_FREE_BYTES: Final = 10_000_000
_BLOCK: Final = 1 << 20
_MEND: Final = "pack the files anew, without folders above them."
_UNICODE_PATH: Final = 0x7075
_UTF8_FLAG: Final = 0x800
_ENCRYPTED: Final = 0x1
_DRIVE: Final = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a zip, by the name people gave it."""

    path: PurePosixPath
    info: zipfile.ZipInfo

    @property
    def suffix(self) -> str:
        """Return the name's ending in small letters."""
        return self.path.suffix.lower()


@contextmanager
def opened_zip(path: Path, *, file: str) -> Iterator[tuple[zipfile.ZipFile, list[Member]]]:
    """Yield the zip and its files, names decoded (UTF-8 or GBK) and looked over.

    Raises InputError for what is no whole zip, is encrypted, has too many members, or names a path outside itself.
    Whatever goes wrong while members are read inside the block is raised as InputError too.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            yield bundle, _members(bundle, file)
    except QuantuError:
        raise
    except RuntimeError as error:
        message = f"the zip cannot be unpacked ({error})."
        raise InputError(Fault("unreadable", message, "pack it as a plain zip.", file)) from error
    except _DAMAGED as error:
        raise InputError(Fault("unreadable", f"the zip is damaged ({error}).", "pack it anew.", file)) from error


def unpacked(source: IO[bytes], member: Member, *, file: str, room: int = MOST_BYTES) -> Iterator[bytes]:
    """Yield an opened member's bytes in blocks. Raises InputError beyond ``room`` or the ratio of a bomb."""
    size = 0
    while block := source.read(_BLOCK):
        size += len(block)
        _refuse_bomb(size, member.info.compress_size, room, file, str(member.path))
        yield block


def unpack(bundle: zipfile.ZipFile, member: Member, target: Path, *, file: str, room: int = MOST_BYTES) -> int:
    """Write a member to ``target`` and return its bytes. Raises InputError as ``unpacked``."""
    size = 0
    with bundle.open(member.info) as source, target.open("wb") as sink:
        for block in unpacked(source, member, file=file, room=room):
            size += sink.write(block)
    return size


def too_wide(file: str, columns: int, part: str | None = None) -> InputError:
    """Return the error for a table of more columns than any list of a bureau has."""
    where = "the table" if part is None else part
    return InputError(
        Fault(
            "too_wide", f"{where} has {columns} columns; at most {MOST_COLUMNS} are read.",
            "hand in only the columns of the list.", file,
        )
    )  # fmt: skip


def _members(bundle: zipfile.ZipFile, file: str) -> list[Member]:
    infos = bundle.infolist()
    if len(infos) > MOST_MEMBERS:
        raise _refused(f"it holds {len(infos)} files; at most {MOST_MEMBERS} are read", file)
    out: list[Member] = []
    seen: set[str] = set()
    room = MOST_BYTES
    for info in infos:
        name = _name_of(info)
        _refuse_name(name, info, file)
        room -= info.file_size
        if room < 0:
            raise _refused(f"unpacked it is over {MOST_BYTES // 10**6} MB", file)
        path = PurePosixPath(name.replace("\\", "/"))
        if info.is_dir() or name.endswith(("/", "\\")) or path.parts[0] == "__MACOSX" or path.name.startswith("._"):
            continue
        if str(path).lower() in seen:
            raise _refused(f"it holds {name!r} twice", file)
        seen.add(str(path).lower())
        out.append(Member(path, info))
    return out


def _name_of(info: zipfile.ZipInfo) -> str:
    """The member's name: as the zip says where it says so, else UTF-8 where it is, else GBK, as Windows packs."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    names = []
    for codec in ("utf-8", "gb18030"):
        try:
            names.append(raw.decode(codec))
        except UnicodeDecodeError:
            continue
    return next((name for name in names if is_chinese(name)), names[0] if names else info.orig_filename)


def _refuse_name(name: str, info: zipfile.ZipInfo, file: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if "\0" in info.orig_filename or not name:
        raise _refused("a name in it is empty or holds a NUL", file)
    if name[0] in "/\\" or _DRIVE.match(name) or ".." in parts:
        raise _refused(f"it names a path outside itself: {name!r}", file)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _refused(f"{name!r} is a link to another file", file)
    if info.flag_bits & _ENCRYPTED:
        raise InputError(Fault("encrypted", "the zip has a password.", "pack it without.", file))


def _refuse_bomb(size: int, packed: int, room: int, file: str, name: str) -> None:
    if size > room:
        raise _refused(f"unpacked it is over {MOST_BYTES // 10**6} MB", file)
    if size > _FREE_BYTES and size > MOST_RATIO * max(packed, 1):
        raise _refused(f"{name!r} unpacks to over {MOST_RATIO:.0f} times its size", file)


def _refused(why: str, file: str) -> InputError:
    return InputError(Fault("unsafe_zip", f"the zip is refused: {why}.", _MEND, file))
