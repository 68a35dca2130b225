"""The whole trial of docs/datums.md's first tables: over a thousand samples, none sure of the wrong datum."""

import pytest

from scripts import datum_trial

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def core(real_dir):
    folder = real_dir / "lanzhou-core"
    return datum_trial.core_evidence(folder), datum_trial.real_places(folder)


def test_never_sure_of_the_wrong_datum(core):
    found = datum_trial.counted(*core)
    total = sum(found.values(), datum_trial.Count())
    assert total.trials >= 1000
    assert total.wrong == 0
    shops = sum((c for (kind, size, _), c in found.items() if kind == "shops" and size == 100), datum_trial.Count())
    assert shops.trials == 72
    assert shops.sure >= 0.95 * shops.trials


def test_a_shift_that_is_no_datum_is_never_sure(core):
    found = sum(datum_trial.astray(*core, repeats=18).values(), datum_trial.Count())
    assert found.trials == 126
    assert found.wrong == 0
