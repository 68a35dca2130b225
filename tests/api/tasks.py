"""Tasks for the executors' tests, in a module that workers import fast."""

import os
import signal
import time

from geo.errors import ParameterError


def tenfold(n):
    return 10 * n


def refuse(n):
    if n == 3:
        raise ParameterError("three is refused")
    return n


def too_late(n):
    raise TimeoutError("the task's own")


def own_pid(n):
    time.sleep(0.05)
    return os.getpid()


def once(marker, fn, task):
    """``fn(task)``, but the process is killed where this comes first of all."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return fn(task)
    return os.kill(os.getpid(), signal.SIGKILL)


def die(n):
    os.kill(os.getpid(), signal.SIGKILL)
