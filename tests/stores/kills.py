"""Stewards who are killed at any moment, and stewards who work at once: what must hold of the workspace after."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.stores.embedded import EmbeddedStore
from tests.stores.steward import bad_rows

STEWARD = Path(__file__).with_name("steward.py")


@contextmanager
def steward_process(mode: str, path: Path, rows: int = 2000) -> Iterator[subprocess.Popen[str]]:
    """Yield the process that forks stewards; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, STEWARD, mode, path, str(rows)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def kill_often(path: Path, *, times: int, rows: int, seed: int) -> Counter[str]:
    """Let stewards import, publish, restore and prune, and kill each at a moment of chance; return the steps done.

    The moment lies within a step whose number is drawn, so that a slow machine does as much as a fast one.
    """
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    step_s = 0.2
    with steward_process("day", path, rows) as process:
        assert process.stdin
        assert process.stdout
        for turn in range(times):
            process.stdin.write(f"{seed + turn}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().split()[1])
            said = []
            for _ in range(chance.randint(0, 4)):
                begun = time.monotonic()
                said.append(process.stdout.readline())
                step_s = 0.7 * step_s + 0.3 * (time.monotonic() - begun)
            time.sleep(chance.uniform(0.0, 2.0 * step_s))
            os.kill(pid, signal.SIGKILL)
            said += iter(process.stdout.readline, "ended\n")
            assert "died\n" not in said
            done.update(line.split()[0] for line in said)
            check_after_kill(path, said, rows)
            done["kills"] += 1
    return done


def check_after_kill(path: Path, said: list[str], rows: int) -> None:
    """Assert that the workspace is as the audit log tells it, each step done whole or not at all."""
    store = EmbeddedStore.open(path)
    audit = store.audit()
    imports = published = 0
    standing: int | None = None
    of_edition: dict[int, int | None] = {}
    pruned: set[int] = set()
    for entry in audit:
        if entry.action == "merge_draft":
            imports += 1
            standing = imports
        elif entry.action == "publish":
            published = entry.detail["edition"]
            of_edition[published] = standing
        elif entry.action == "restore":
            standing = of_edition[entry.detail["edition"]]
        elif entry.action == "prune":
            pruned |= set(entry.detail["editions"])
    for line in said:
        what, *number = line.split()
        assert what != "imported" or int(number[0]) <= imports, "an import that was acknowledged is lost"
        assert what != "published" or int(number[0]) <= published, "an edition that was acknowledged is lost"

    assert not list((path / "editions").glob(".tmp-*"))
    editions = store.editions()
    assert [edition.number for edition in editions] == sorted(set(of_edition) - pruned)
    assert len(list((path / "editions").iterdir())) == len(editions)
    for edition in editions:
        store.verify(edition)
        assert edition.layers["demand.a"].meta == {"k": of_edition[edition.number]}
    frame = store.present("demand.a")
    if standing is None:
        assert frame is None
    else:
        assert frame is not None
        assert store.present_meta("demand.a") == {"k": standing}
        assert len(frame) == rows + 1
        assert frame["weight"].eq(float(standing)).all()
        assert frame["demand_id"].iloc[-1] == f"new-{standing}"
    held = store.quarantined()
    assert {row.id for row in held} == ({row.id for row in bad_rows(imports)} if imports else set())


def share_the_draft(path: Path, names: list[str]) -> None:
    """Let stewards in processes of their own merge at once; assert that all rows are there and conflicts named."""
    with steward_process("share", path) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("".join(f"{name}\n" for name in names))
        process.stdin.close()
        said: list[list[str]] = []
        while sum(words == ["done"] for words in said) < len(names):
            line = process.stdout.readline()
            assert line, "a steward died"
            said.append(line.split())
    assert ["died"] not in said
    store = EmbeddedStore.open(path)
    frame = store.present("demand.a")
    assert frame is not None
    weights = frame.set_index("demand_id")["weight"]
    assert frame["demand_id"].is_unique
    assert len(frame) == 40 * len(names) + 5
    for name in names:
        assert weights[[f"{name}-{i}" for i in range(40)]].eq(9.0).all()
    common = set(weights[[f"common-{i}" for i in range(5)]])
    (owner,) = [name for name in names if {float(ord(name[0]))} == common]
    for words in said:
        if words[0] == "merged":
            assert words[3:] == ([] if words[1] == owner else [owner]), words
    assert len(store.quarantined()) == 10 * len(names)
    assert sum(entry.action == "merge_draft" for entry in store.audit()) == 10 * len(names)
