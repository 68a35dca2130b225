"""The one place where functions become compiled kernels.

numba renews a cached kernel when its own file changes, not when a file it calls into does; so the cache is kept in a
directory named by the source of all of ``geo``.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba
from numba.core import config

P = ParamSpec("P")
R = TypeVar("R")


def _cache_directory() -> str:
    """Return where compiled kernels of just this source are kept."""
    here = Path(__file__).parent
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()
    chosen = getattr(config, "CACHE_DIR", "")
    base = Path(chosen) if chosen else here / "__pycache__"
    return str(base / f"kernels-{digest[:16]}")


vars(config)["CACHE_DIR"] = _cache_directory()


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` compiled by numba: cached on disk and releasing the interpreter lock."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))


def inline_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` compiled and inlined into the kernels that call it."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, inline="always")(function))
