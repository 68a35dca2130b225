"""The embedded store's own promises: its files, its crashes, its processes."""

import errno
import fcntl
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

from data.stores import changes, editions, manifest, schema, state
from data.stores.base import City, DamagedError, StorageError
from data.stores.codec import pack, sha256
from data.stores.embedded import EmbeddedStore
from geo.errors import ConflictError, NotFoundError
from tests.stores.kills import STEWARD, kill_often, share_the_draft, steward_process
from tests.stores.steward import bad_rows

CITY = City("620100", "兰州市", "Lanzhou", "EPSG:4544")
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
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
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
    monkeypatch.setattr(changes, "CHUNK_BYTES", 1000)
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
    write = editions.EditionFiles.write

    def slow(self: editions.EditionFiles, *rest: object) -> object:
        edition = write(self, *rest)  # type: ignore[arg-type]
        made.put_draft("demand.residents", demand(2), {})
        return edition

    monkeypatch.setattr(editions.EditionFiles, "write", slow)
    edition = made.publish("first")
    assert edition.layers["demand.residents"].rows == 1
    assert made.draft_layers()["demand.residents"].rows == 2


def test_a_full_disk_leaves_everything_as_it_was(
    path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put_draft("demand.residents", residents, {})

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(editions, "write_synced", full)
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


def test_processes_publish_at_once(path: Path, made: EmbeddedStore) -> None:
    layers = ["demand.a", "demand.b", "demand.c"]
    with steward_process("race", path) as process:
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


def test_kill_9_leaves_everything_before_or_after(path: Path, made: EmbeddedStore) -> None:
    done = kill_often(path, times=15, rows=500, seed=20200111)
    assert done["imported"] >= 5
    assert done["published"] >= 3


def test_processes_merge_at_once(path: Path, made: EmbeddedStore) -> None:
    share_the_draft(path, ["甲", "乙"])


def test_a_workspace_of_the_first_version_is_brought_up_to_date(
    path: Path, made: EmbeddedStore, demand: Demand
) -> None:
    made.put_draft("demand.residents", demand(2), {})
    made.publish("first")
    # What the first version would have left: its tables alone, and a draft by a steward of then.
    payload = pack(demand(3))
    db = sqlite3.connect(path / "state.sqlite")
    for table in ("draft_author", "draft_removed", "pruning", "quarantine", "quarantine_form"):
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 1")
    assert db.execute(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchone() == (4,)
    db.execute(
        "INSERT INTO draft_layer VALUES ('demand.residents', ?, 3, ?, '{}', '2026-01-02T03:04:05.678+00:00', '旧人')",
        (sha256(payload), len(payload)),
    )
    db.execute("INSERT INTO draft_chunk VALUES ('demand.residents', 0, ?)", (payload,))
    db.commit()
    db.close()
    store = EmbeddedStore.open(path, actor="新人")
    assert len(store.read_draft("demand.residents")) == 3
    with store.batch() as draft:
        (conflict,) = draft.merge("demand.residents", demand(3, weight=2.0).iloc[2:], {}, key="demand_id").conflicts
    assert (conflict.key, conflict.by, conflict.at.isoformat()) == ("d2", "旧人", "2026-01-02T03:04:05.678000+00:00")
    assert store.quarantined() == []
    assert store.publish("second").number == 2


def test_the_first_versions_statements_still_make_its_database(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)
    for statement in schema.VERSIONS[0]:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")
    db.execute("INSERT INTO city VALUES (1, '620100', '兰州市', 'Lanzhou', 'EPSG:4544')")
    db.close()
    old = state.State(tmp_path / "old.sqlite")
    old.upgrade()
    old.upgrade()
    assert old.city() == CITY
    assert (old.quarantined(), old.pruning(), old.layers()) == ([], set(), {})


@contextmanager
def _no_file_above(size: int) -> Iterator[None]:
    """Let no file grow beyond ``size`` bytes, as a full disk would not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_is_said_and_the_draft_is_whole(
    path: Path, made: EmbeddedStore, demand: Demand
) -> None:
    made.put_draft("demand.residents", demand(1000), {})
    edition = made.publish("first")
    before = made.put_draft("demand.residents", demand(1001), {})

    def import_much() -> None:
        with made.batch() as draft:
            draft.merge("demand.residents", demand(200_000, weight=2.0), {}, key="demand_id")
            draft.quarantine(bad_rows(4))

    big = demand(120_000, weight=7.0)
    with _no_file_above(300_000), pytest.raises(StorageError, match=r"nothing has changed\. Mend"):
        import_much()
    assert dict(EmbeddedStore.open(path).draft_layers()) == {"demand.residents": before}
    assert made.quarantined() == []
    with made.batch() as draft:
        draft.put("demand.residents", big, {})
    with _no_file_above(300_000), pytest.raises(StorageError, match="too large"):
        made.publish("second")
    again = EmbeddedStore.open(path)
    assert again.editions() == [edition]
    assert list((path / "editions").glob(".tmp-*")) == []
    assert_geodataframe_equal(again.read_draft("demand.residents"), big)
    import_much()
    assert again.publish("second").number == 2


def test_a_place_that_cannot_be_written_is_said(path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame) -> None:
    made.put_draft("demand.residents", residents, {})

    def refused(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(editions.tempfile, "mkdtemp", refused)
        with pytest.raises(StorageError, match="Read-only"):
            made.publish("first")
    assert made.publish("first").number == 1


def test_pruning_that_was_stopped_is_finished_by_the_next(
    path: Path, made: EmbeddedStore, demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in (1, 2, 3, 4):
        made.put_draft("demand.residents", demand(k), {})
        made.publish(f"edition {k}")
    with monkeypatch.context() as patch:
        patch.setattr(editions.shutil, "rmtree", _interrupt)
        with pytest.raises(InterruptedError):
            made.prune(1)
    # The first is renamed and not deleted, the others stand as they were: all go now.
    assert len(list((path / "editions").iterdir())) == 4
    again = EmbeddedStore.open(path)
    assert [edition.number for edition in again.editions()] == [4]
    assert len(list((path / "editions").iterdir())) == 1
    again.verify(again.edition())
    assert again.prune(1) == ()


def test_editions_say_which_code_made_them(path: Path, made: EmbeddedStore, residents: gpd.GeoDataFrame) -> None:
    store = EmbeddedStore.open(path, actor="李", code_version="1.2.3+abc")
    store.put_draft("demand.residents", residents, {})
    store.publish("first")
    again = EmbeddedStore.open(path).edition()
    assert (again.code_version, again.published_by) == ("1.2.3+abc", "李")


def test_rows_merged_without_a_change_keep_their_file(path: Path, made: EmbeddedStore, demand: Demand) -> None:
    made.put_draft("demand.residents", demand(30), {})
    made.put_draft("demand.other", demand(3), {})
    made.publish("first")
    with made.batch() as draft:
        draft.merge("demand.residents", demand(30), {}, key="demand_id")
        draft.merge("demand.other", demand(4), {}, key="demand_id")
    made.publish("second")
    assert _file(made, 1, "demand.residents").samefile(_file(made, 2, "demand.residents"))


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
