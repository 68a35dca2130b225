"""Which code gave an answer."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_TOP = Path(__file__).resolve().parents[1]


@cache
def code_version() -> str:
    """Return the version and a hash of the analysis's source, part of every provenance block and cache key."""
    digest = hashlib.sha256()
    for folder in ("geo", "data", "layers"):
        for path in sorted((_TOP / folder).rglob("*")):
            if path.suffix in {".py", ".toml", ".csv"}:
                digest.update(str(path.relative_to(_TOP)).encode())
                digest.update(path.read_bytes())
    return f"{version('quantu')}+{digest.hexdigest()[:12]}"
