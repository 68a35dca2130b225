"""Where tasks run: in this process, in several on this machine, or on a Dask cluster. Answers are the same.

A task is plain data, a function stands at the top of its module. Tasks are taken as they are needed, so that only a
few exist at a time; results come in the order of the tasks. A worker that dies costs time: its tasks run again.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Event, Lock, Thread
from typing import Any, Final, Protocol, Self, TypeVar

from geo.errors import ConflictError, ParameterError

T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[int], None]
"""Told how many tasks are done, after each."""

_LOOK_S: Final = 0.1
_AHEAD: Final = 2
_TRIES: Final = 3
_CONNECT_S: Final = 10
_LARGE_TASK: Final = "1 GiB"


class Executor(Protocol):
    """What runs tasks."""

    def map(
        self,
        fn: Callable[[T], R],
        tasks: Iterable[T],
        /,
        *,
        progress: Progress | None = None,
        cancel: Event | None = None,
    ) -> Iterator[R]:
        """Yield ``fn(task)`` in the order of ``tasks``.

        ``cancel`` is looked at between tasks: once set, no further task is begun and CancelledError is raised. What
        ``fn`` raises is raised here. Raises ConflictError where workers die of one task again and again.
        """
        ...

    def close(self) -> None:
        """End what was started; running tasks are waited for."""
        ...


class _Closing:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what was started; here nothing was."""


def _heed(cancel: Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise CancelledError("cancelled between two tasks")


class Serial(_Closing):
    """One task after another in this process."""

    def map(
        self,
        fn: Callable[[T], R],
        tasks: Iterable[T],
        /,
        *,
        progress: Progress | None = None,
        cancel: Event | None = None,
    ) -> Iterator[R]:
        """Yield ``fn(task)`` in the order of ``tasks``. Raises CancelledError."""
        _heed(cancel)
        for done, task in enumerate(tasks, start=1):
            result = fn(task)
            if progress is not None:
                progress(done)
            yield result
            _heed(cancel)


def _end_with_parent() -> None:
    """Watch for the end of the process that started this one: a worker never outlives it, however it ends."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@dataclass(slots=True)
class _Waiting:
    """A task that was handed to a pool and whose result was not taken yet."""

    task: Any
    future: Future[Any]
    pool: ProcessPoolExecutor
    tries: int = 1


class Processes(_Closing):
    """Several processes on this machine, started afresh (no state is inherited) and kept until closed."""

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ParameterError(f"{workers} workers; at least one does the work")
        self.workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._guard = Lock()

    def _running(self, broken: ProcessPoolExecutor | None = None) -> ProcessPoolExecutor:
        """Return the pool, a new one where there is none yet or it is ``broken``."""
        with self._guard:
            if self._pool is None or self._pool is broken:
                if self._pool is not None:
                    self._pool.shutdown()
                self._pool = ProcessPoolExecutor(
                    self.workers, mp_context=get_context("spawn"), initializer=_end_with_parent
                )
            return self._pool

    def _submit(
        self, fn: Callable[[T], R], task: T, broken: ProcessPoolExecutor | None = None
    ) -> tuple[Future[R], ProcessPoolExecutor]:
        pool = self._running(broken)
        try:
            return pool.submit(fn, task), pool
        except BrokenProcessPool:
            pool = self._running(pool)
            return pool.submit(fn, task), pool

    def _taken(self, fn: Callable[[T], R], waiting: deque[_Waiting], cancel: Event | None) -> R:
        """Return the first result; where a pool broke, its tasks run again in a new one."""
        first = waiting[0]
        while True:
            _heed(cancel)
            if not wait_for([first.future], timeout=_LOOK_S).done:
                continue
            try:
                result: R = first.future.result()
            except BrokenProcessPool as broken:
                # Nobody knows whose task it was that the worker died of: only the first in line is counted.
                if first.tries == _TRIES:
                    raise ConflictError(
                        f"worker processes died {_TRIES} times of one task; perhaps memory is short: use more tiles"
                    ) from broken
                first.tries += 1
                for one in waiting:
                    if one.future.done() and isinstance(one.future.exception(), BrokenProcessPool):
                        one.future, one.pool = self._submit(fn, one.task, one.pool)
            else:
                waiting.popleft()
                return result

    def map(
        self,
        fn: Callable[[T], R],
        tasks: Iterable[T],
        /,
        *,
        progress: Progress | None = None,
        cancel: Event | None = None,
    ) -> Iterator[R]:
        """Yield ``fn(task)`` in the order of ``tasks``. Raises CancelledError, ConflictError."""
        source = iter(tasks)
        waiting: deque[_Waiting] = deque()
        done = 0
        try:
            while True:
                _heed(cancel)
                for task in islice(source, self.workers * _AHEAD - len(waiting)):
                    waiting.append(_Waiting(task, *self._submit(fn, task)))
                if not waiting:
                    return
                result = self._taken(fn, waiting, cancel)
                done += 1
                if progress is not None:
                    progress(done)
                yield result
        finally:
            for left in waiting:
                left.future.cancel()

    def close(self) -> None:
        """End the processes; running tasks are waited for, waiting ones dropped."""
        with self._guard:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
                self._pool = None


class Dask(_Closing):
    """A Dask cluster, by the address of its scheduler; its workers run the same version of Quantu."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise ParameterError("dask:// needs the packages of the dependency group 'dask'; install them") from None
        try:
            self._client = Client(f"tcp://{address}", timeout=_CONNECT_S, set_as_default=False)
        except OSError as error:
            raise ConflictError(f"no Dask scheduler answers at {address}: {error}") from None

    def map(
        self,
        fn: Callable[[T], R],
        tasks: Iterable[T],
        /,
        *,
        progress: Progress | None = None,
        cancel: Event | None = None,
    ) -> Iterator[R]:
        """Yield ``fn(task)`` in the order of ``tasks``. Raises CancelledError, ConflictError."""
        source = iter(tasks)
        waiting: deque[Any] = deque()
        done = 0
        try:
            while True:
                _heed(cancel)
                for task in islice(source, max(0, self._room() - len(waiting))):
                    waiting.append(self._submit(fn, task))
                if not waiting:
                    return
                result: R = self._taken(waiting, cancel)
                done += 1
                if progress is not None:
                    progress(done)
                yield result
        finally:
            self._client.cancel([*waiting])

    def _room(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return max(1, threads) * _AHEAD

    def _submit(self, fn: Callable[[T], R], task: T) -> Any:
        # A task travels with its data: scattered data would be lost with the worker that holds it.
        with import_module("dask.config").set({"distributed.admin.large-graph-warning-threshold": _LARGE_TASK}):
            return self._client.submit(fn, task, pure=False)

    def _taken(self, waiting: deque[Any], cancel: Event | None) -> Any:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        first = waiting[0]
        try:
            while True:
                _heed(cancel)
                with suppress(TimeoutError):
                    first.exception(timeout=_LOOK_S)  # returned, not raised, where it is the task's own
                    break
            result = first.result()
        except KilledWorker as killed:
            raise ConflictError(f"{killed}; perhaps memory is short: use more tiles") from None
        except FutureCancelledError as lost:
            raise ConflictError(f"the Dask cluster has dropped a task: {lost}") from None
        waiting.popleft()
        return result

    def close(self) -> None:
        """Leave the cluster, which runs on."""
        self._client.close()


def open_executor(setting: str) -> Serial | Processes | Dask:
    """Return the executor of ``QUANTU_EXECUTOR``: ``serial``, ``processes`` or ``dask://HOST:PORT``.

    Raises ParameterError for anything else, and where Dask is not installed; ConflictError where no scheduler answers.
    """
    if setting == "serial":
        return Serial()
    if setting == "processes":
        return Processes()
    if setting.startswith("dask://"):
        return Dask(setting.removeprefix("dask://"))
    raise ParameterError(f"executor {setting!r}; known: serial, processes, dask://HOST:PORT")
