"""Hours of misfortune in minutes: stewards killed 200 times, and many who work at once."""

from pathlib import Path

from data.stores.base import City
from data.stores.embedded import EmbeddedStore
from tests.stores.kills import kill_often, share_the_draft

CITY = City("620100", "兰州市", "Lanzhou", "EPSG:4544")


def test_200_kills_lose_nothing(tmp_path: Path) -> None:
    EmbeddedStore.create(tmp_path / "city", CITY)
    done = kill_often(tmp_path / "city", times=200, rows=20_000, seed=20260101)
    assert done["kills"] == 200
    assert min(done[step] for step in ("imported", "published", "restored", "pruned")) >= 10


def test_six_stewards_at_once(tmp_path: Path) -> None:
    for turn in range(5):
        path = tmp_path / str(turn)
        EmbeddedStore.create(path, CITY)
        share_the_draft(path, list("甲乙丙丁戊己"))
