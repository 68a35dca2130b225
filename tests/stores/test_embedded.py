"""The embedded store's own promises: its files, its crashes, its processes."""

import errno
import fcntl
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

from data.stores import embedded, manifest, state
from data.stores.base import City, DamagedError
from data.stores.codec import pack
from data.stores.embedded import EmbeddedStore
from geo.errors import ConflictError, NotFoundError

CITY = City("620100", "兰州市", "Lanzhou", "EPSG:4544")
STEWARD = Path(__file__).with_name("steward.py")
Demand = Callable[..., gpd.GeoDataFrame]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "city"


@pytest.fixture
def made(path: Path) -> EmbeddedStore:
    return EmbeddedStore.create(path, CITY)


def _file(store: EmbeddedStore, number: int, layer: str) -> Path:
    (directory,) = (store.path / "editions").glob(f"{number:06d}-*")
    return directory / f"{layer}.parquet"


def _overwrite(file: Path, content: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(content)


def test_create_refuses_what_is_there(path: Path, made: EmbeddedStore, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="workspace already"):
        EmbeddedStore.create(path, CITY)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.docx").touch()
    with pytest.raises(ConflictError, match="not empty"):
        EmbeddedStore.create(other, CITY)
    assert [entry.name for entry in other.iterdir()] == ["thesis.docx"]
    with pytest.raises(ConflictError, match="is a file"):
        EmbeddedStore.create(other / "thesis.docx", CITY)


def test_create_in_an_empty_directory_and_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    (path / "editions").mkdir(parents=True)
    (path / ".tmp-state.sqlite").write_bytes(b"cut")
    (path / ".tmp-state.sqlite-wal").write_bytes(b"cut")
    (path / "publish.lock").touch()
    (path / "lost+found").mkdir()
    assert EmbeddedStore.create(path, CITY).city() == CITY
    names = sorted(entry.name for entry in path.iterdir())
    assert names == ["editions", "lost+found", "publish.lock", "state.sqlite"]


def test_open_refuses_what_is_none(path: Path) -> None:
    with pytest.raises(NotFoundError, match="quantu init"):
        EmbeddedStore.open(path)
    assert not path.exists()


def test_open_refuses_a_newer_or_damaged_state(path: Path, made: EmbeddedStore) -> None:
    db = sqlite3.connect(path / "state.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ConflictError, match="newer Quantu"):
        EmbeddedStore.open(path)
    (path / "state.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DamagedError, match=r"state\.sqlite"):
        EmbeddedStore.open(path)


def test_the_database_is_durable_and_the_audit_append_only(path: Path, made: EmbeddedStore) -> None:
    db = sqlite3.connect(path / "state.sqlite")
    try:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'nobody'"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                db.execute(statement)
    finally:
        db.close()


def test_a_reopened_workspace_says_the_same(
    path: Path, made: EmbeddedStore, streets: gpd.GeoDataFrame, residents: gpd.GeoDataFrame
) -> None:
    made.put_draft("streets", streets, {"a": 1})
    edition = made.publish("first")
    made.put_draft("demand.residents", residents, {})
    again = EmbeddedStore.open(path)
    assert again.city() == CITY
    assert again.editions() == [edition]
    assert_geodataframe_equal(again.read(edition, "streets"), streets)
    assert_geodataframe_equal(again.read_draft("demand.residents"), residents)


def test_unchanged_layers_are_one_file(
    made: EmbeddedStore, streets: gpd.GeoDataFrame, demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made.batch() as draft:
        draft.put("streets", streets, {})
        draft.put("demand.residents", demand(3), {"k": 1})
    made.publish("first")
    made.put_draft("demand.residents", demand(3), {"k": 2})
    made.publish("metadata only")
    for layer in ("streets", "demand.residents"):
        assert _file(made, 1, layer).samefile(_file(made, 2, layer))

    def no_links(_self: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    made.put_draft("demand.residents", demand(4), {"k": 3})
    third = made.publish("copied")
    assert not _file(made, 1, "streets").samefile(_file(made, 3, "streets"))
    made.verify(third)


def test_the_same_content_gives_the_same_hash(
    tmp_path: Path, streets: gpd.GeoDataFrame, areas: gpd.GeoDataFrame
) -> None:
    hashes = set()
    for name in ("one", "two"):
        store = EmbeddedStore.create(tmp_path / name, CITY)
        store.put_draft("streets", streets, {"x": 1, "y": 2})
        store.put_draft("areas", areas, {})
        hashes.add(store.publish(name).sha256)
    elsewhere = EmbeddedStore.create(tmp_path / "three", City("110000", "北京市", "Beijing", "EPSG:4548"))
    elsewhere.put_draft("streets", streets, {"y": 2, "x": 1})
    elsewhere.put_draft("areas", areas, {})
    assert len(hashes) == 1
    assert elsewhere.publish("other city").sha256 not in hashes


def test_the_same_rows_give_the_same_bytes(demand: Demand) -> None:
    frame = demand(40_000)
    pieces = pd.concat([frame.iloc[:12_345], frame.iloc[12_345:]])
    pieces.index = pd.Index(range(7, 7 + len(pieces)), name="n")
    pieces.attrs["read_at"] = "just now"
    worded = frame.set_crs(frame.crs.to_wkt(), allow_override=True)
    assert pack(frame) == pack(pieces) == pack(worded)
    outputs = {
        subprocess.run(
            [sys.executable, STEWARD, "hash", "-"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_layer_larger_than_one_chunk(made: EmbeddedStore, demand: Demand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "CHUNK_BYTES", 1000)
    frame = demand(3000)
    entry = made.put_draft("demand.residents", frame, {})
    assert entry.bytes > 5000
    assert_geodataframe_equal(made.read_draft("demand.residents"), frame)
    assert_geodataframe_equal(made.read(made.publish("chunks"), "demand.residents"), frame)


def test_publishing_gives_the_drafts_space_back(path: Path, made: EmbeddedStore, demand: Demand) -> None:
    entry = made.put_draft("demand.residents", demand(50_000), {})
    assert entry.bytes > 200_000
    assert (path / "state.sqlite").stat().st_size > entry.bytes
    made.publish("first")
    assert (path / "state.sqlite").stat().st_size < 100_000


def test_a_damaged_layer_is_named(
    path: Path, made: EmbeddedStore, streets: gpd.GeoDataFrame, residents: gpd.GeoDataFrame
) -> None:
    with made.batch() as draft:
        draft.put("streets", streets, {})
        draft.put("demand.residents", residents, {})
    edition = made.publish("first")
    file = _file(made, 1, "demand.residents")
    content = file.read_bytes()
    _overwrite(file, content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])

    again = EmbeddedStore.open(path)
    with pytest.raises(DamagedError, match=r"demand\.residents\.parquet is not what was published"):
        again.verify(edition)
    with pytest.raises(DamagedError, match=r"demand\.residents\.parquet"):
        again.read(edition, "demand.residents")
    again.read(edition, "streets")
    again.put_draft("streets", streets.iloc[:1], {})
    with pytest.raises(DamagedError, match=r"demand\.residents\.parquet"):
        again.publish("on damage")
    assert list(again.draft_layers()) == ["streets"]
    assert len(list((path / "editions").iterdir())) == 1


def test_an_edition_that_is_not_whole_is_never_replaced_by_an_older(
    path: Path, made: EmbeddedStore, demand: Demand
) -> None:
    for k in (1, 2):
        made.put_draft("demand.residents", demand(k), {})
        made.publish(f"edition {k}")
    file = _file(made, 2, "demand.residents")
    _overwrite(file, file.read_bytes()[:-10])
    again = EmbeddedStore.open(path)
    assert [edition.number for edition in again.editions()] == [1]
    for ref in (None, 2):
        with pytest.raises(DamagedError, match=r"000002-.*demand\.residents\.parquet has \d+ bytes"):
            again.edition(ref)
    file.unlink()
    with pytest.raises(DamagedError, match=r"demand\.residents\.parquet is missing"):
        EmbeddedStore.open(path).edition()
    again.put_draft("demand.residents", demand(3), {})
    with pytest.raises(DamagedError):
        again.publish("on damage")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda body: body["city"].update(name="白银市"), "does not match its own SHA-256"),
        (lambda body: body["layers"]["demand.residents"].update(meta={"unit": "m2"}), "does not match"),
        (lambda body: body.update(number=7), "is of edition 000007"),
        (lambda body: body.pop("layers"), "cannot be read"),
        (lambda body: body.update(format=99), "format 99"),
    ],
)
def test_an_altered_manifest_is_named(
    path: Path,
    made: EmbeddedStore,
    residents: gpd.GeoDataFrame,
    change: Callable[[dict], object],
    message: str,
) -> None:
    made.put_draft("demand.residents", residents, {"unit": "persons"})
    made.publish("first")
    file = _file(made, 1, "x").with_name(manifest.FILE)
    body = json.loads(file.read_bytes())
    change(body)
    _overwrite(file, json.dumps(body).encode())
    with pytest.raises(DamagedError, match=message):
        EmbeddedStore.open(path).edition()


def test_a_crash_between_rename_and_clearing_is_harmless(
    path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put_draft("demand.residents", residents, {"k": 1})
    with monkeypatch.context() as patch:
        patch.setattr(state.State, "settle", _interrupt)
        with pytest.raises(InterruptedError):
            made.publish("first")
    assert list(made.draft_layers()) == ["demand.residents"]
    with pytest.raises(ConflictError, match="as in edition 1"):
        made.publish("twice")
    again = EmbeddedStore.open(path)
    assert not again.draft_layers()
    assert [edition.number for edition in again.editions()] == [1]
    assert [entry.action for entry in again.audit()].count("publish") == 1


def test_what_is_drafted_while_publishing_stays(
    path: Path, made: EmbeddedStore, demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put_draft("demand.residents", demand(1), {})
    write = EmbeddedStore._write

    def slow(self: EmbeddedStore, *rest: object) -> object:
        edition = write(self, *rest)  # type: ignore[arg-type]
        self.put_draft("demand.residents", demand(2), {})
        return edition

    monkeypatch.setattr(EmbeddedStore, "_write", slow)
    edition = made.publish("first")
    assert edition.layers["demand.residents"].rows == 1
    assert made.draft_layers()["demand.residents"].rows == 2


def test_a_full_disk_leaves_everything_as_it_was(
    path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put_draft("demand.residents", residents, {})

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(embedded, "write_synced", full)
    with pytest.raises(OSError, match="no space"):
        made.publish("first")
    assert list((path / "editions").iterdir()) == []
    assert list(made.draft_layers()) == ["demand.residents"]


def test_leftovers_go_when_their_owner_is_dead(path: Path, made: EmbeddedStore) -> None:
    left = path / "editions" / ".tmp-left"
    left.mkdir()
    (left / "streets.parquet").write_bytes(b"half")
    with _held(path / "publish.lock"):
        EmbeddedStore.open(path)
        assert left.exists()
    EmbeddedStore.open(path)
    assert not left.exists()


def test_a_second_publisher_waits_and_then_gives_up(
    path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame
) -> None:
    store = EmbeddedStore.open(path, lock_wait_s=0.1)
    store.put_draft("demand.residents", residents, {})
    with _held(path / "publish.lock"), pytest.raises(ConflictError, match="another process is publishing"):
        store.publish("meanwhile")
    assert store.publish("afterwards").number == 1


@contextmanager
def _steward(mode: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, STEWARD, mode, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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


def test_processes_publish_at_once(path: Path, made: EmbeddedStore) -> None:
    layers = ["demand.a", "demand.b", "demand.c"]
    with _steward("race", path) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("".join(f"{layer}\n" for layer in layers))
        process.stdin.close()
        said, done = [], 0
        while done < len(layers):
            line = process.stdout.readline()
            assert line, "a steward died"
            done += line == "done\n"
            said.append(line.split())
    numbers = [int(words[1]) for words in said if words[0] == "published"]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    store = EmbeddedStore.open(path)
    assert [edition.number for edition in store.editions()] == sorted(numbers)
    assert [edition.parent for edition in store.editions()] == [None, *sorted(numbers)[:-1]]
    assert {name: entry.meta["k"] for name, entry in store.edition().layers.items()} == dict.fromkeys(layers, 9)
    assert not store.draft_layers()
    assert [entry.action for entry in store.audit()].count("publish") == len(numbers)


def test_kill_9_leaves_the_last_edition_whole(path: Path, made: EmbeddedStore) -> None:
    chance = random.Random(20200111)
    acknowledged = seen = 0
    with _steward("work", path) as process:
        assert process.stdin
        assert process.stdout
        for _ in range(15):
            process.stdin.write("go\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().split()[1])
            time.sleep(chance.uniform(0.0, 0.3))
            os.kill(pid, signal.SIGKILL)
            for line in iter(process.stdout.readline, "ended\n"):
                acknowledged = int(line.split()[1])
            seen = _check_after_kill(path, acknowledged, seen)
    assert seen > 5


def _check_after_kill(path: Path, acknowledged: int, seen: int) -> int:
    """Assert that the workspace is as before or after each step, never between; return the newest number."""
    store = EmbeddedStore.open(path)
    editions = store.editions()
    assert [edition.number for edition in editions] == list(range(1, len(editions) + 1))
    assert not list((path / "editions").glob(".tmp-*"))
    assert len(editions) >= acknowledged
    for edition in editions[seen:]:
        store.verify(edition)
        assert edition.layers["demand.a"].meta == edition.layers["demand.b"].meta == {"k": edition.number}
        assert store.read(edition, "demand.a")["weight"].eq(float(edition.number)).all()
    draft = store.draft_layers()
    if draft:
        assert [entry.meta["k"] for entry in draft.values()] == [len(editions) + 1] * 2
        assert len(store.read_draft("demand.a")) == 2000
    audit = store.audit()
    assert [entry.detail["edition"] for entry in audit if entry.action == "publish"] == [
        edition.number for edition in editions
    ]
    return len(editions)


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _interrupt(*_: object, **__: object) -> None:
    raise InterruptedError


def test_a_workspace_can_be_copied_and_moved(
    path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    made.put_draft("demand.residents", residents, {})
    edition = made.publish("first")
    shutil.copytree(path, tmp_path / "copy #1?")
    copy = EmbeddedStore.open(tmp_path / "copy #1?")
    copy.verify(edition)
    assert copy.editions() == [edition]
