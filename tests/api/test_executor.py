"""Executors: the same answers in order from each, whatever dies on the way; nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import count, islice
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest
import shapely

from api.executor import CancelledError, Dask, Processes, Serial, open_executor
from data.modes import mode
from data.read.streets import read_streets
from geo.errors import ConflictError, InputError, ParameterError
from geo.isochrone import display_polygons, time_field
from geo.partition import catchments_by_tiles, reach_by_tiles
from geo.segments import segments_from_lines
from geo.streets import build_streets
from tests.api.tasks import die, once, own_pid, refuse, tenfold, too_late
from tests.geo.test_partition import CRS, CUTS, CYCLE, RIVER, SNAP, field_bytes, hill_town, raw, some_points, whole

REPO = Path(__file__).resolve().parents[2]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pids, within_s=20.0):
    end = time.monotonic() + within_s
    while time.monotonic() < end and any(alive(pid) for pid in pids):
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


class Cluster:
    """A Dask scheduler and two workers, processes of their own on this machine."""

    def __init__(self, folder):
        self.started = []
        self.log = (folder / "log").open("w")
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                    "--scheduler-file", str(folder / "scheduler.json"))  # fmt: skip
        self.address = self._address(folder / "scheduler.json")
        for _ in range(2):
            self._start("dask_worker", f"tcp://{self.address}", "--nthreads", "1", "--no-nanny", "--no-dashboard",
                        "--host", "127.0.0.1", "--local-directory", str(folder))  # fmt: skip

    def _start(self, module, *args):
        path = os.pathsep.join([str(REPO), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.started.append(
            subprocess.Popen([sys.executable, "-m", f"distributed.cli.{module}", *args], cwd=REPO,
                             env={**os.environ, "PYTHONPATH": path}, stdout=self.log, stderr=self.log)
        )  # fmt: skip

    def _address(self, file):
        import json

        end = time.monotonic() + 60
        while time.monotonic() < end:
            if file.exists() and (text := file.read_text()).strip().endswith("}"):
                return json.loads(text)["address"].removeprefix("tcp://")
            assert self.started[0].poll() is None, "the scheduler has ended"
            time.sleep(0.05)
        raise AssertionError("no scheduler within a minute")

    def close(self):
        for process in reversed(self.started):
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("distributed", reason="dask and distributed are not installed (dependency group dask)")
    running = Cluster(tmp_path_factory.mktemp("dask"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as executor:
        yield executor


def connected(cluster):
    executor = open_executor(f"dask://{cluster.address}")
    executor._client.wait_for_workers(2, timeout=60)
    return executor


@pytest.fixture(scope="module")
def dask(cluster):
    with connected(cluster) as executor:
        yield executor


@pytest.fixture(params=["serial", "processes", "dask"])
def executor(request):
    return Serial() if request.param == "serial" else request.getfixturevalue(request.param)


def test_results_come_in_the_order_of_the_tasks(executor):
    done = []
    assert list(executor.map(tenfold, range(30), progress=done.append)) == [10 * n for n in range(30)]
    assert done == list(range(1, 31))
    assert list(executor.map(tenfold, [])) == []


def test_tasks_are_drawn_as_they_are_needed(executor):
    drawn = count()
    assert list(islice(executor.map(tenfold, drawn), 5)) == [0, 10, 20, 30, 40]
    assert next(drawn) <= 20


def test_an_error_of_a_task_is_raised_here(executor):
    results = executor.map(refuse, range(9))
    with pytest.raises(ParameterError, match="three is refused"):
        list(results)
    with pytest.raises(TimeoutError, match="the task's own"):
        list(executor.map(too_late, range(2)))
    assert list(executor.map(tenfold, [1])) == [10]


def test_cancelling_ends_it_between_two_tasks(executor):
    cancel, seen = Event(), []
    with pytest.raises(CancelledError):
        for value in executor.map(tenfold, count(), progress=seen.append, cancel=cancel):
            if value == 50:
                cancel.set()
    assert seen[-1] == 6
    with pytest.raises(CancelledError):
        next(iter(executor.map(tenfold, [1], cancel=cancel)))
    assert list(executor.map(tenfold, [1])) == [10]


def test_cancelling_does_not_wait_for_the_first_result(processes):
    cancel = Event()
    Timer(0.3, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        list(processes.map(time.sleep, [2.0], cancel=cancel))
    assert time.monotonic() - began < 1.5


@pytest.fixture(scope="module")
def place():
    streets = build_streets(hill_town(), CYCLE)
    f, d = some_points(1)
    field, _, _, nearest = whole(streets, f, d, 420_000)
    return streets, f, d, field, nearest


@pytest.mark.parametrize("tiles", CUTS)
def test_every_executor_and_cut_gives_the_whole_to_the_byte(executor, place, tiles):
    streets, f, d, field, nearest = place
    got = reach_by_tiles(streets, f, d, limit_ms=420_000, max_snap_m=SNAP, tiles=tiles, map=executor.map)
    assert raw(got.nearest) == raw(nearest)
    assert field_bytes(got.field) == field_bytes(field)
    pictures = [display_polygons(time_field(x, water=RIVER, cell_m=20), [200_000, 420_000]) for x in (got.field, field)]
    assert shapely.to_wkb(pictures[0]).tolist() == shapely.to_wkb(pictures[1]).tolist()
    weight = np.random.default_rng(3).uniform(0, 9, len(d))
    assert weight[got.nearest.status == "ok"].sum() == weight[nearest.status == "ok"].sum()


def test_catchments_on_every_executor(executor, place):
    streets, f, d, _, _ = place
    given = {"limit_ms": 300_000, "max_snap_m": SNAP}
    want = catchments_by_tiles(streets, f, d, **given)
    assert raw(catchments_by_tiles(streets, f, d, **given, tiles=9, map=executor.map)) == raw(want)


@pytest.mark.real
def test_wuhan_on_every_executor(executor, real_dir):
    streets, f, d, field, nearest = wuhan(real_dir)
    for tiles in (4, 9):
        got = reach_by_tiles(streets, f, d, limit_ms=600_000, max_snap_m=SNAP, tiles=tiles, map=executor.map)
        assert raw(got.nearest) == raw(nearest)
        assert field_bytes(got.field) == field_bytes(field)


_kept = {}


def wuhan(real_dir):
    if not _kept:
        frame, _ = read_streets(real_dir / "wuhan" / "streets.parquet", keep_crs=True)
        rng = np.random.default_rng(9)
        both = {"walk": frame["walk"].to_numpy()}
        segments = segments_from_lines(
            frame.geometry.to_numpy(), crs=CRS, seg_id=frame["seg_id"].to_numpy(), u=frame["u"].to_numpy(),
            v=frame["v"].to_numpy(), forward=both, backward=both,
        )  # fmt: skip
        streets = build_streets(segments, mode("walk"))
        f = segments.xy[rng.integers(0, len(segments.xy), 300)] + rng.normal(0, 90, (300, 2))
        d = segments.xy[rng.integers(0, len(segments.xy), 5_000)] + rng.normal(0, 150, (5_000, 2))
        field, _, _, nearest = whole(streets, f, d, 600_000)
        _kept["wuhan"] = streets, f, d, field, nearest
    return _kept["wuhan"]


def test_a_killed_worker_process_changes_nothing(place, tmp_path):
    streets, f, d, field, nearest = place
    marker = tmp_path / "killed"
    with Processes(2) as executor:

        def dying(fn, tasks):
            return executor.map(partial(once, marker, fn), tasks)

        got = reach_by_tiles(streets, f, d, limit_ms=420_000, max_snap_m=SNAP, tiles=9, map=dying)
    assert marker.exists()
    assert raw(got.nearest) == raw(nearest)
    assert field_bytes(got.field) == field_bytes(field)


def test_a_killed_dask_worker_changes_nothing(place, tmp_path):
    pytest.importorskip("distributed", reason="dask and distributed are not installed (dependency group dask)")
    streets, f, d, field, nearest = place
    marker = tmp_path / "killed"
    cluster = Cluster(tmp_path)
    try:
        with connected(cluster) as executor:

            def dying(fn, tasks):
                return executor.map(partial(once, marker, fn), tasks)

            got = reach_by_tiles(streets, f, d, limit_ms=420_000, max_snap_m=SNAP, tiles=9, map=dying)
        assert sum(process.poll() is None for process in cluster.started) == 2  # the scheduler and one worker
    finally:
        cluster.close()
    assert raw(got.nearest) == raw(nearest)
    assert field_bytes(got.field) == field_bytes(field)


def test_a_task_that_kills_every_worker_is_given_up():
    with Processes(1) as executor, pytest.raises(ConflictError, match="died 3 times"):
        list(executor.map(die, [1]))


def test_closing_leaves_no_process():
    executor = Processes(2)
    pids = set(executor.map(own_pid, range(8)))
    assert all(alive(pid) for pid in pids)
    executor.close()
    assert gone(pids)
    assert list(executor.map(tenfold, [4])) == [40]
    executor.close()


ORPHANS = """
import os, signal, sys
sys.path.insert(0, {repo!r})
from api.executor import Processes
from tests.api.tasks import own_pid
if __name__ == "__main__":
    print(*set(Processes(2).map(own_pid, range(8))), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(ORPHANS.format(repo=str(REPO)))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    assert gone(pids)


def test_the_setting_names_the_executor():
    assert isinstance(open_executor("serial"), Serial)
    assert isinstance(open_executor("processes"), Processes)
    with pytest.raises(ParameterError, match="known: serial"):
        open_executor("threads")
    with pytest.raises(ParameterError, match="0 workers"):
        Processes(0)


def test_dask_says_what_is_wrong(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match="dependency group"):
        Dask("127.0.0.1:1")


@pytest.mark.parametrize("value", ["threads", "dask://", "dask://host", "dask://host:port", "tcp://host:1"])
def test_a_wrong_setting_is_refused(value, monkeypatch):
    from api.settings import load_settings

    monkeypatch.setenv("QUANTU_EXECUTOR", value)
    with pytest.raises(InputError, match="QUANTU_EXECUTOR"):
        load_settings()
    monkeypatch.setenv("QUANTU_EXECUTOR", "dask://scheduler.lan:8786")
    assert load_settings().executor == "dask://scheduler.lan:8786"
