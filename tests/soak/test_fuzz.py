"""Fuzzing the import for a number of minutes (QUANTU_FUZZ_MINUTES, ten unless said): only Quantu's errors come out.

Every example goes the whole way into a fresh workspace, in a forked worker with the guard's limits on memory and time.
A worker that dies is started anew: a crash of a library, which the guard turns into a fault, is told from a defect of
ours, an exception that is none of ``geo.errors`` or a row that is lost.
"""

import base64
import gc
import os
import resource
import select
import shutil
import signal
import time
import traceback
import warnings
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from api.intake import prepare
from data.read.guard import Limits, checked_file
from data.read.headings import known_headings
from data.read.tables import read_table
from data.stores.embedded import EmbeddedStore
from geo.errors import QuantuError
from tests.damaged import _workbook, good_files, write
from tests.soak.test_damaged import CITY, LAYER, TODAY, check, options

MINUTES = float(os.environ.get("QUANTU_FUZZ_MINUTES", "10"))
CLEAN, REFUSED, DEFECT, NO_MEMORY = 0, 1, 2, 3
LIMITS = Limits(seconds=30)
EXAMPLES = 500
"""Of one worker, so that what libraries leak is given back."""
KNOWN = tuple(known_headings(LAYER.spec))

CHANGE = st.tuples(
    st.integers(0, 2**31),
    st.sampled_from(["set", "insert", "delete", "repeat", "cut"]),
    st.one_of(
        st.binary(min_size=1, max_size=8),
        st.sampled_from([b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"<!DOCTYPE a>", b"&#0;", b"nan", b"1e999",
                         b"\r", b'"', b"\xef\xbb\xbf", "，".encode(), "１".encode("gbk"), b"../", b"[[[[", b"{", b"-"]),
    ),
)  # fmt: skip
CELL = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20), st.booleans(), st.dates(),
    st.sampled_from(["名称", "经度", "纬度", "合计", "备注：以上", "103°50′12″", "３６.０６N", "=1+1", "nan", "-", "36,06", "—", "\x0b",
                     "2020-13-45", "1e400", "9" * 400, "注", "单位：个", "序号", "例：", "\ufeff", "\u202e"]),
)  # fmt: skip
ROW = st.lists(CELL, max_size=8)
RECORD = st.tuples(st.text("甲乙丙丁 A1", max_size=9), CELL, CELL, CELL).map(list)
TABLE = st.one_of(
    st.lists(ROW, max_size=12),
    st.tuples(st.lists(ROW, max_size=3), st.lists(RECORD, max_size=12), st.lists(ROW, max_size=2)).map(
        lambda parts: [*parts[0], ["名称", "经度", "纬度", "床位"], *parts[1], *parts[2]]
    ),
)


def changed(raw: bytes, changes: list[tuple[int, str, bytes]]) -> bytes:
    """Return ``raw`` with each change made, at its place modulo the length."""
    out = bytearray(raw)
    for place, how, what in changes:
        at = place % (len(out) + 1)
        if how == "set":
            out[at : at + len(what)] = what
        elif how == "insert":
            out[at:at] = what
        elif how == "delete":
            del out[at : at + 4 * len(what)]
        elif how == "repeat":
            out[at:at] = out[at : at + 64] * 8
        else:
            del out[max(at, 8) :]
    return bytes(out)


def bring(path: Path, workspace: Path) -> None:
    """Bring one file the whole way into a fresh workspace, in this process; every row must be accounted for."""
    checked_file(path)
    raw = read_table(path, known=KNOWN)
    check(raw)
    store = EmbeddedStore.create(workspace, CITY)
    ready = prepare(store, raw, layer=LAYER, options=options(path), today=TODAY, source=str(path))
    with store.batch() as batch:
        merge = ready.commit(batch)
    got = ready.report(merge)
    held = store.present(LAYER.layer)
    assert got.rows == len(raw.rows) == got.accepted + got.quarantined
    assert (0 if held is None else len(held)) == got.accepted
    assert len(store.quarantined()) == got.quarantined


class Worker:
    """A forked process that brings in one file after another."""

    def __init__(self, folder: Path) -> None:
        self.said = folder / "said"
        self._workspace = folder / "ws"
        self._pid = 0
        self._done = 0

    def outcome(self, path: Path) -> int:
        """What became of a file: CLEAN, REFUSED, NO_MEMORY, DEFECT (its traceback in ``said``), or minus a signal."""
        self.said.unlink(missing_ok=True)
        if not self._pid:
            self._start()
        os.write(self._orders, f"{path}\n".encode())
        if not select.select([self._answers], [], [], LIMITS.seconds)[0]:
            os.kill(self._pid, signal.SIGKILL)
            self._ended()
            return -signal.SIGALRM
        answer = os.read(self._answers, 1)
        self._done += 1
        if not answer:
            return self._ended()
        if answer[0] == NO_MEMORY or self._done >= EXAMPLES:
            self.stop()
        return answer[0]

    def stop(self) -> None:
        """End the process, where there is one."""
        if self._pid:
            self._ended()

    def _ended(self) -> int:
        os.close(self._orders)
        os.close(self._answers)
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self._pid = 0
        return code

    def _start(self) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._done = 0
        self._pid = os.fork()
        if self._pid:
            os.close(orders)
            os.close(answers)
            return
        try:
            os.close(self._orders)
            os.close(self._answers)
            resource.setrlimit(resource.RLIMIT_DATA, (LIMITS.memory_bytes, LIMITS.memory_bytes))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            with os.fdopen(orders) as lines:
                for line in lines:
                    os.write(answers, bytes([self._of_one(Path(line.rstrip("\n")))]))
        finally:
            os._exit(0)

    def _of_one(self, path: Path) -> int:
        shutil.rmtree(self._workspace, ignore_errors=True)
        try:
            bring(path, self._workspace)
        except QuantuError as error:
            return REFUSED if str(error) else DEFECT
        except MemoryError:
            return NO_MEMORY
        except BaseException:  # noqa: BLE001 what is no error of ours is what is looked for
            self.said.write_text(traceback.format_exc())
            return DEFECT
        return CLEAN


def reproducing(parts: dict[str, bytes]) -> str:
    """The bytes of a failing file, to be read back with base64 and zlib."""
    return "\n".join(f"{end}: {base64.b85encode(zlib.compress(raw, 9)).decode()}" for end, raw in parts.items())


@pytest.mark.slow
@pytest.mark.parametrize("what", ["bytes", "tables"])
def test_only_our_errors_come_out(tmp_path, what):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the writers' words on good files
        good = good_files(tmp_path / "good")
    counts: Counter[str] = Counter()
    target, worker = tmp_path / "one", Worker(tmp_path)
    target.mkdir()

    def read(name: str, parts: dict[str, bytes]) -> None:
        for old in target.iterdir():
            old.unlink()
        path = write(target, name, parts)
        code = worker.outcome(path)
        counts[{CLEAN: "read", REFUSED: "refused", NO_MEMORY: "no memory"}.get(code, f"ended by {code}")] += 1
        words = worker.said.read_text() if worker.said.exists() else ""
        assert code != DEFECT, f"{name}\n{words}\n{reproducing(parts)}"

    @settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(sorted(good)), st.data())
    def of_bytes(name, data):
        parts = dict(good[name])
        end = data.draw(st.sampled_from(sorted(end for end in parts if parts[end])))
        parts[end] = changed(parts[end], data.draw(st.lists(CHANGE, min_size=1, max_size=6)))
        read(name, parts)

    @settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(TABLE, st.sampled_from(["xlsx", "csv", "gbk", "tsv"]))
    def of_tables(rows, form):
        if form == "xlsx":
            plain = [[_writable(cell) for cell in row] for row in rows]
            read("t.xlsx", {"xlsx": _workbook(plain)})
            return
        mark = "\t" if form == "tsv" else ","
        text = "\n".join(mark.join("" if cell is None else str(cell) for cell in row) for row in rows)
        raw = text.encode("gb18030" if form == "gbk" else "utf-8", "surrogatepass" if form != "gbk" else "replace")
        read("t.csv", {"csv": raw})

    gc.freeze()  # the workers share what is here
    with pytest.raises(QuantuError):
        bring(target, tmp_path / "none")
    end = time.monotonic() + MINUTES * 30.0  # half of the minutes each
    try:
        while time.monotonic() < end:
            (of_bytes if what == "bytes" else of_tables)()
    finally:
        worker.stop()
    print(f"{what}: {sum(counts.values())} files, {dict(counts)}")
    assert sum(counts.values())
    assert not counts.keys() & {f"ended by {-signal.SIGALRM}"}


def _writable(cell: object) -> object:
    """What openpyxl can write: no control characters, no endless numbers."""
    if isinstance(cell, str):
        return ILLEGAL_CHARACTERS_RE.sub("", cell)
    if isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) > 2**60:
        return str(cell)
    return None if isinstance(cell, float) and (cell != cell or abs(cell) == float("inf")) else cell
