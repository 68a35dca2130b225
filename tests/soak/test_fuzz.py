"""Fuzzing the readers for a number of minutes (QUANTU_FUZZ_MINUTES, ten unless said): only Quantu's errors come out.

Every example is read in a forked child of its own with the guard's limits, so that a crash of a library, which the
guard turns into a fault, is told from a defect of ours: an exception that is none of ``geo.errors``.
"""

import base64
import gc
import os
import resource
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

from data.read.guard import Limits, checked_file, read_checked
from geo.errors import QuantuError
from tests.damaged import _workbook, good_files, write
from tests.soak.test_damaged import check

MINUTES = float(os.environ.get("QUANTU_FUZZ_MINUTES", "10"))
CLEAN, REFUSED, DEFECT, NO_MEMORY = 0, 1, 2, 3
LIMITS = Limits(seconds=30)

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


def outcome(path: Path, said: Path) -> int:
    """Read ``path`` in a child of ours: CLEAN, REFUSED, NO_MEMORY, DEFECT (its traceback in ``said``), or minus a signal."""
    child = os.fork()
    if child == 0:
        code = DEFECT
        try:
            resource.setrlimit(resource.RLIMIT_DATA, (LIMITS.memory_bytes, LIMITS.memory_bytes))
            resource.setrlimit(resource.RLIMIT_CPU, (LIMITS.seconds, LIMITS.seconds + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            checked_file(path)
            check(read_checked(path))
            code = CLEAN
        except QuantuError as error:
            code = REFUSED if str(error) else DEFECT
        except MemoryError:
            code = NO_MEMORY
        except BaseException:  # noqa: BLE001 what is no error of ours is what is looked for
            said.write_text(traceback.format_exc())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


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
    target, said = tmp_path / "one", tmp_path / "said"
    target.mkdir()

    def read(name: str, parts: dict[str, bytes]) -> None:
        for old in target.iterdir():
            old.unlink()
        path = write(target, name, parts)
        said.unlink(missing_ok=True)
        code = outcome(path, said)
        counts[{CLEAN: "read", REFUSED: "refused", NO_MEMORY: "no memory"}.get(code, f"ended by {code}")] += 1
        words = said.read_text() if said.exists() else ""
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

    gc.freeze()  # the children share what is here
    end = time.monotonic() + MINUTES * 30.0  # half of the minutes each
    while time.monotonic() < end:
        (of_bytes if what == "bytes" else of_tables)()
    print(f"{what}: {sum(counts.values())} files, {dict(counts)}")
    assert sum(counts.values())
    assert not counts.keys() & {f"ended by {-signal.SIGALRM}"}


def _writable(cell: object) -> object:
    """What openpyxl can write: no control characters, no endless numbers."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(cell, str):
        return ILLEGAL_CHARACTERS_RE.sub("", cell)
    if isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) > 2**60:
        return str(cell)
    return None if isinstance(cell, float) and (cell != cell or abs(cell) == float("inf")) else cell
