"""The golden figures: the code still gives them, and the pages still state them."""

import json

import pytest

from api.wiring import open_runner
from scripts import measured

GOLDEN = json.loads(measured.GOLDEN.read_text(encoding="utf-8"))


def same(got, want, *, tolerance):
    """Equal in every count and word, and to ``tolerance`` in every rate (the libraries' versions may differ)."""
    assert got.keys() == want.keys()
    for key, value in want.items():
        if isinstance(value, dict):
            same(got[key], value, tolerance=tolerance)
        elif isinstance(value, float):
            assert got[key] == pytest.approx(value, rel=tolerance), key
        else:
            assert got[key] == value, key


def test_the_lanzhou_sample(demo_path):
    same(measured.figures(open_runner(demo_path)), GOLDEN["sample"], tolerance=1e-6)


def test_every_circle_on_the_sample(demo_path):
    same(measured.circle_figures(open_runner(demo_path)), GOLDEN["circles"], tolerance=1e-6)


@pytest.mark.real
@pytest.mark.parametrize("slope", [True, False])
def test_andorra(tmp_path, real_dir, slope):
    runner, report = measured.andorra(tmp_path / "ws", slope=slope)
    same(measured.figures(runner), GOLDEN["andorra"]["slope" if slope else "level"], tolerance=1e-6)
    assert measured.tags(report) == GOLDEN["andorra"]["tags"]


@pytest.mark.real
def test_lanzhou_core(tmp_path, real_dir):
    runner, report = measured.lanzhou_core(tmp_path / "ws")
    same(measured.figures(runner), GOLDEN["lanzhou_core"]["level"], tolerance=1e-6)
    assert measured.tags(report) == GOLDEN["lanzhou_core"]["tags"]


@pytest.mark.parametrize(("file", "mark"), list(measured.pages(GOLDEN)))
def test_the_pages_state_the_golden_figures(file, mark):
    text = (measured.REPO / file).read_text(encoding="utf-8")
    assert measured.written(text, mark, measured.pages(GOLDEN)[file, mark]) == text
