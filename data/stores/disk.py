"""Files that survive a crash: written aside, flushed to the disk, put in place in one step."""

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from data.stores.base import StorageError
from geo.errors import ConflictError

_CANNOT_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES})
_REFUSED = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE}
)


def write_synced(path: Path, parts: Iterable[bytes]) -> str:
    """Write a new, read-only file of ``parts``, flush it to the disk, and return its SHA-256."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for part in parts:
            file.write(part)
            digest.update(part)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
    return digest.hexdigest()


def sync_directory(path: Path) -> None:
    """Flush a directory, so that the names in it outlive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link_or_copy(source: Path, target: Path) -> None:
    """Give ``source`` a second name, or copy it where the file system has no hard links."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        shutil.copyfile(source, target)
        target.chmod(0o444)
        with target.open("rb") as file:
            os.fsync(file.fileno())


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses, below ``path``, into StorageError: full, read-only, not allowed."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StorageError) or error.errno not in _REFUSED:
            raise
        why = f"{path} cannot be written or read ({error.strerror or error})"
        raise StorageError(f"{why}; nothing has changed. Mend: make room, or give the rights.") from error


class Locks(ExitStack):
    """Lock files held together until the end, each taken once however often it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: set[Path] = set()

    def take(self, path: Path, *, wait_s: float, what: str) -> None:
        """Hold ``path``; raises ConflictError as ``locked`` does."""
        if path not in self._taken:
            self.enter_context(locked(path, wait_s=wait_s, what=what))
            self._taken.add(path)


@contextmanager
def locked(path: Path, *, wait_s: float, what: str) -> Iterator[None]:
    """Hold the lock file ``path``, alone among all processes and threads; it falls free when its holder dies.

    Raises ConflictError naming ``what`` is under way when it is not free within ``wait_s`` seconds.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + wait_s
        while not _try_lock(handle):
            if time.monotonic() >= deadline:
                raise ConflictError(f"another process is {what}; try again when it has finished")
            time.sleep(0.02)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
