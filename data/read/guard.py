"""A stranger's file, read so that nothing it holds can harm us: looked at first, then read in a child with limits.

GDAL can crash on damaged input, and spreadsheet and XML libraries can outgrow any memory; a child that dies takes
nothing with it and becomes an ordinary fault. Text tables are read here, after a look at their width: a child would
have to hand a million rows back.
"""

import logging
import os
import pickle
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import shapely

from data.read.archives import MOST_COLUMNS, too_wide
from data.read.raw import RawTable
from data.read.tables import read_table
from geo import errors
from geo.errors import Fault, InputError, QuantuError

T = TypeVar("T")
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take."""

    memory_bytes: int = 1_800_000_000
    """Private memory of the child; with the libraries it maps it stays under 2 GB."""
    seconds: int = 60
    file_bytes: int = 2_000_000_000
    answer_bytes: int = 1_000_000_000
    """A file the child writes: what it unpacks, and what it hands back."""


LIMITS: Final = Limits()

_HEAD: Final = 4096
_BLOCK: Final = 1 << 22
_UNUSED: Final = (
    "OGR_VRT", "GDALG", "CSW", "WFS", "OAPIF", "HTTP", "PDF", "PLSCENES", "NGW", "Elasticsearch", "Carto",
    "AmigoCloud", "EEDA", "ADBC", "OGCAPI", "OGR_PDS", "PDS4",
)  # fmt: skip
"""Drivers that fetch, or read files that a file names."""
_MAGIC: Final = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"SQLite format 3\0", "sqlite"), (b"PAR1", "parquet"), (b"fgb\x03", "fgb"), (b"\x00\x00\x27\x0a", "shp"),
    (b"%PDF", "a PDF"), (b"Rar!", "a RAR archive"), (b"7z\xbc\xaf", "a 7z archive"), (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"), (b"BM", "a picture"),
    (b"\x7fELF", "a program"), (b"MZ", "a program"), (b"AC10", "a DWG drawing"),
)  # fmt: skip
_FOREIGN: Final = {
    "a PDF": "hand in the table or layer it was made from.",
    "a RAR archive": "unpack it and hand in the file, or pack it as .zip.",
    "a 7z archive": "unpack it and hand in the file, or pack it as .zip.",
    "gzip": "unpack it and hand in the file.",
    "a picture": "hand in the table or layer it was made from.",
    "a program": "hand in a table or a vector file.",
    "a DWG drawing": "save it as ASCII DXF.",
}
_OWN: Final = {
    ".shp": {"shp"}, ".gpkg": {"sqlite"}, ".parquet": {"parquet"}, ".geoparquet": {"parquet"}, ".pq": {"parquet"},
    ".fgb": {"fgb"}, ".zip": {"zip"}, ".kmz": {"zip"}, ".kml": {"text"}, ".geojson": {"text"}, ".json": {"text"},
    ".dxf": {"text"}, ".tab": {"text"}, ".mif": {"text"}, ".xlsx": {"zip"}, ".xlsm": {"zip"},
}  # fmt: skip
"""What a file of an ending must begin as; text tables and .xls are told apart by their reader."""
_TABLES: Final = {".csv", ".txt", ".tsv"}
_DELIMITERS: Final = (b",", b"\t", b";", b"|")
_NO_DELIMITERS: Final = bytes(one for one in range(256) if bytes([one]) not in _DELIMITERS)
_MEND_NAME: Final = "hand in the file it says it is, or give it the ending of what it is."


def read_safely(
    path: Path, *, sheet: str | None = None, encoding: str | None = None, layer: str | None = None,
    known: Collection[str] = (), limits: Limits = LIMITS,
) -> RawTable:  # fmt: skip
    """Return a file of any form the readers take as a raw table, whatever a stranger put into it.

    As ``data.read.tables.read_table``. Raises InputError (also where reading takes more than 2 GB or a minute, or
    ends the process that does it), NotFoundError, ParameterError.
    """
    form = checked_file(path, limits=limits)
    if form == "table":
        _check_width(path)
        return read_table(path, sheet=sheet, encoding=encoding, layer=layer, known=known)
    return guarded(read_table, path, limits=limits, sheet=sheet, encoding=encoding, layer=layer, known=tuple(known))


def checked_file(path: Path, *, limits: Limits = LIMITS) -> str:
    """Return what a file begins as: ``table`` for a text table, else zip, ole, sqlite, parquet, fgb, shp or text.

    Reads 4 kB. Raises InputError for what does not exist, is no plain file, may not be read, is empty, over 2 GB, or
    is something else than its ending says.
    """
    file = path.name
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise InputError(Fault("no_file", "this is no file.", "name one file, not a folder or a device.", file))
        with path.open("rb") as handle:
            head = handle.read(_HEAD)
    except FileNotFoundError as error:
        raise InputError(Fault("no_file", "the file does not exist.", "check the path.", file)) from error
    except ValueError as error:
        raise InputError(Fault("no_file", f"the path is none ({error}).", "check the path.", file)) from error
    except OSError as error:
        message = f"the file cannot be opened ({error.strerror})."
        raise InputError(Fault("no_file", message, "see that it may be read.", file)) from error
    if not head.strip(b"\0 \t\r\n"):
        raise InputError(Fault("empty_file", "the file holds nothing.", "hand in a file with at least one row.", file))
    if about.st_size > limits.file_bytes:
        message = f"the file is over {limits.file_bytes // 10**6} MB."
        raise InputError(Fault("too_large", message, "hand in a part of it.", file))
    return _kind(path.suffix.lower(), head, file)


def _kind(suffix: str, head: bytes, file: str) -> str:
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "text")
    if kind in {"a picture", "a program"} and suffix in _TABLES and b"\0" not in head and len(head) > 2:
        kind = "text"  # a table whose first heading begins with BM or MZ
    if kind in _FOREIGN:
        raise InputError(Fault("not_the_form", f"the file is {kind}.", _FOREIGN[kind], file))
    if suffix == ".xlsx" and kind == "ole":
        mend = "save it without a password as .xlsx."
        raise InputError(Fault("encrypted", "the workbook has a password, or is an old .xls.", mend, file))
    own = _OWN.get(suffix)
    if own is not None and kind not in own:
        raise InputError(Fault("not_the_form", f"by its content the file is no {suffix}.", _MEND_NAME, file))
    return "table" if kind == "text" and suffix not in {*_OWN, ".xls", ".et", ".ods"} else kind


def _check_width(path: Path) -> None:
    """Raise InputError for a text table one of whose lines has more delimiters than any list has columns."""
    begun = b""  # the delimiters of the line the block before ended in
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            lines = block.split(b"\n")
            lines[0] = begun + lines[0]
            long = [line for place, line in enumerate(lines) if len(line) > MOST_COLUMNS or place == 0]
            most = max((line.count(mark) for line in (*long, lines[-1]) for mark in _DELIMITERS), default=0)
            if most > MOST_COLUMNS:
                raise too_wide(path.name, most + 1)
            begun = lines[-1].translate(None, _NO_DELIMITERS)


def guarded(read: Callable[..., T], path: Path, *, limits: Limits = LIMITS, **given: Any) -> T:
    """Return ``read(path, **given)``, done in a child process within ``limits``.

    ``read`` is a function of a module. What it raises of the tree in ``geo.errors`` is raised here; a child that
    dies, or fails otherwise, is an InputError, its traceback in the log. Costs about 0.6 s.
    """
    with tempfile.TemporaryDirectory(prefix="quantu-read-") as folder:
        answer, said = Path(folder) / "answer", Path(folder) / "stderr"
        order = pickle.dumps((read, path, given, limits, str(answer)))
        with said.open("wb") as stderr:
            try:
                code = subprocess.run(
                    [sys.executable, "-m", "data.read.guard"], input=order, stdout=subprocess.DEVNULL, stderr=stderr,
                    env=_environment(folder), timeout=limits.seconds, check=False, start_new_session=True,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                code = -signal.SIGALRM
        if code == 0:
            with answer.open("rb") as handle:
                answered: T = _answered(*pickle.load(handle))  # noqa: S301 our own child wrote it
            return answered
        raise _died(code, said, path.name, limits)


def _environment(folder: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "OGR_", "CPL_"))}
    packages = str(Path(__file__).resolve().parents[2])
    skipped = ",".join(_UNUSED)
    return kept | {
        "PYTHONPATH": os.pathsep.join([packages, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "TMPDIR": folder, "OGR_SKIP": skipped, "GDAL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2",
        "OGR_SQLITE_LOAD_EXTENSIONS": "", "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    }  # fmt: skip


def _answered(name: str, what: Any) -> Any:
    if name == "value":
        return _plain(what, shapely.from_wkb)
    if name == "InputError":
        raise InputError(what)
    raise getattr(errors, name)(what)


def _plain(value: Any, turn: Callable[[Any], Any]) -> Any:
    """A raw table with its geometry through ``turn``: WKB is handed over faster than shapes."""
    if isinstance(value, RawTable) and value.geometry is not None:
        return replace(value, geometry=turn(value.geometry))
    return value


def _died(code: int, said: Path, file: str, limits: Limits) -> InputError:
    """The fault for a child that gave no answer: out of time, out of memory, crashed, or a defect of a reader."""
    with said.open("rb") as handle:
        handle.seek(max(0, said.stat().st_size - 20_000))
        words = handle.read().decode("utf-8", "replace").strip()
    mend = "it may be damaged; save it anew, or hand in a part of it."
    if code in {-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL}:
        message = f"the file could not be read within {limits.seconds} s."
        return InputError(Fault("too_slow", message, mend, file))
    if code == _NO_MEMORY:
        return InputError(Fault("too_large", "the file could not be read within 2 GB of memory.", mend, file))
    if code < 0:
        message = "the file ends the process that reads it (a crash, or 2 GB of memory were not enough)."
        return InputError(Fault("crash", message, mend, file))
    _LOG.error("reading %s failed:\n%s", file, words)
    last = words.rpartition("\n")[2]
    return InputError(Fault("reader_failed", f"the reader gave up ({last[:200]}).", mend, file))


_NO_MEMORY: Final = 99


def _serve() -> int:
    """Do what is ordered on stdin within its limits and write the answer; the exit code says how it went."""
    read, path, given, limits, answer = pickle.load(sys.stdin.buffer)  # noqa: S301 from our own parent
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.answer_bytes, limits.answer_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(limits.seconds + 1)  # also where the parent is gone
    try:
        try:
            reply = ("value", _plain(read(path, **given), shapely.to_wkb))
        except InputError as error:
            reply = ("InputError", error.faults)
        except QuantuError as error:
            reply = (type(error).__name__, str(error))
        with Path(answer).open("wb") as handle:
            pickle.dump(reply, handle, protocol=5)
    except (MemoryError, shapely.errors.GEOSException) as error:
        if isinstance(error, MemoryError) or "bad_alloc" in str(error):
            return _NO_MEMORY
        raise
    return 0


if __name__ == "__main__":
    sys.exit(_serve())
