"""Office files whose bytes depend on their content only."""

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Final

from data.write.delivery import aside

_CORE: Final = "docProps/core.xml"
_STAMPS: Final = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_FILE_MODE: Final = 0o600 << 16


def write_reproducibly(package: bytes, path: Path, *, made: datetime) -> None:
    """Write an Office package (XLSX, DOCX) with every time in it set: ``made`` within, 1980 in the archive.

    ``made`` is in UTC. The file appears whole or not at all.
    """
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as given, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in sorted(given.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            content = given.read(name)
            if name == _CORE:
                content = _STAMPS.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _FILE_MODE
            entry.create_system = 0
            kept.writestr(entry, content)
    with aside(path) as written:
        written.write_bytes(buffer.getvalue())
