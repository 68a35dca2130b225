"""The one place where functions become compiled kernels."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` compiled by numba: cached on disk and releasing the interpreter lock."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))


def inline_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` compiled and inlined into the kernels that call it."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, inline="always")(function))
