"""Readers that misbehave, for a child process to run."""

import os
import signal
import time
from pathlib import Path

from geo.errors import ParameterError


def take_memory(path: Path) -> int:
    """Hold more and more."""
    held = []
    while True:
        held.append(bytearray(50_000_000))


def take_time(path: Path) -> int:
    """Never end."""
    while True:
        time.sleep(1)


def crash(path: Path) -> int:
    """Die as a library does that reads outside its memory."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def fail(path: Path) -> int:
    """Raise what nobody expects."""
    raise KeyError("a defect of ours")


def refuse(path: Path) -> int:
    """Raise what a caller can cause."""
    raise ParameterError("no such thing")


def len_of(path: Path) -> int:
    """The bytes of the file."""
    return len(path.read_bytes())
