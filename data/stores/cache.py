"""Results kept on disk between questions, within a size; losing one costs only its computation.

One file an entry: a SHA-256 of all that follows, the length of the JSON, the JSON, then Parquet if there is
a frame.
"""

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from data.stores.base import canonical_json
from data.stores.codec import write_parquet

_SUFFIX: Final = ".result"
_TMP: Final = ".tmp-"
_DIGEST: Final = 32
_HEAD: Final = _DIGEST + 8
_ABANDONED_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Cached:
    """One result: plain JSON data, and a frame where one was kept."""

    value: Any
    frame: pd.DataFrame | None


class ResultCache:
    """Results by key, in a directory of their own. Threads and processes may share it."""

    def __init__(self, directory: Path | str, *, max_bytes: int = 1024**3) -> None:
        self._directory = Path(directory)
        self._max_bytes = max_bytes
        self._room = 0

    def get(self, key: tuple[str, ...]) -> Cached | None:
        """Return what was put under ``key``, or None. A damaged entry is removed and counts as absent."""
        path = self._path(key)
        try:
            payload = path.read_bytes()
        except FileNotFoundError:
            return None
        body = memoryview(payload)[_DIGEST:]
        if len(payload) < _HEAD or hashlib.sha256(body).digest() != payload[:_DIGEST]:
            path.unlink(missing_ok=True)
            return None
        # The time of last use is what eviction goes by; another process may have evicted it just now.
        with suppress(FileNotFoundError):
            os.utime(path)
        end = _HEAD + int.from_bytes(payload[_DIGEST:_HEAD])
        head = json.loads(payload[_HEAD:end])
        frame = None
        if head["frame"] is not None:
            read = gpd.read_parquet if head["frame"] == "geo" else pd.read_parquet
            frame = read(BytesIO(payload[end:]))
        return Cached(head["value"], frame)

    def put(self, key: tuple[str, ...], value: object, frame: pd.DataFrame | None = None) -> None:
        """Keep ``value`` (JSON data without NaN) and ``frame`` under ``key``.

        The frame's index is not kept, and its dates come back to the millisecond.

        Raises ParameterError if ``value`` is not JSON data.
        """
        kind = None if frame is None else "geo" if isinstance(frame, gpd.GeoDataFrame) else "plain"
        head = canonical_json({"key": key, "value": value, "frame": kind}).encode()
        body = len(head).to_bytes(8) + head + (b"" if frame is None else write_parquet(frame))
        self._directory.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=_TMP, dir=self._directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest())
                file.write(body)
            Path(aside).replace(self._path(key))
        finally:
            Path(aside).unlink(missing_ok=True)
        self._room -= _DIGEST + len(body)
        if self._room <= 0:
            self._evict()

    def clear(self) -> None:
        """Remove every entry."""
        for path in self._directory.glob(f"*{_SUFFIX}"):
            path.unlink(missing_ok=True)

    def _path(self, key: tuple[str, ...]) -> Path:
        return self._directory / f"{hashlib.sha256(canonical_json(key).encode()).hexdigest()}{_SUFFIX}"

    def _evict(self) -> None:
        """Remove the entries longest unused until the rest fit, and what killed processes left unfinished.

        The next look is due when this process has put what room there is, or an eighth of all: others put too.
        """
        now = time.time()
        entries = []
        for path in self._directory.iterdir():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            if path.name.startswith(_TMP):
                if now - stat.st_mtime > _ABANDONED_S:
                    path.unlink(missing_ok=True)
            elif path.suffix == _SUFFIX:
                entries.append((stat.st_mtime_ns, stat.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size
        self._room = min(self._max_bytes - total, self._max_bytes // 8)
