"""The benchmarks: contestants answer alike on a small network, and the page is made from the results that are kept."""

import json

import numpy as np
import pytest
from scipy.sparse import csr_array

from benchmarks.__main__ import PAGE, RESULTS
from benchmarks.cases import case, names
from benchmarks.measure import race
from benchmarks.networks import places_on, street_network
from benchmarks.page import page
from benchmarks.peers import catchment_contestants, nearest_contestants, same_arrays
from benchmarks.targets import TARGETS


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of peers that are only measured
def test_contestants_answer_alike() -> None:
    made = street_network(2000, one_way=0.2)
    node = places_on(made, 20_000)[0]
    lanes = nearest_contestants(made.graph, made.xy, node, 600_000, ("quantu", "scipy", "networkx"), {})
    rows = race(lanes, rounds=1, same=same_arrays)
    assert [row["same"] for row in rows] == [None, True, True]
    rows = race(catchment_contestants(made.graph, made.xy, node, 600_000, 4 / 3.6, {}), rounds=1, same=same_arrays)
    assert [row["name"].split(",")[0] for row in rows][:2] == ["quantu", "scipy"]
    assert all(row["same"] for row in rows[1:])


def test_generated_networks_are_the_same_everywhere() -> None:
    made, again = street_network(1000, seed=3), street_network(1000, seed=3)
    assert np.array_equal(made.graph.indices, again.graph.indices)
    assert np.array_equal(made.graph.cost_ms, again.graph.cost_ms)
    assert 2.5 < len(made.graph.indices) / made.graph.nodes < 3.5
    both_ways = made.graph.reversed()
    there, back = (
        csr_array((g.cost_ms, g.indices, g.indptr), shape=(g.nodes, g.nodes)) for g in (made.graph, both_ways)
    )
    assert (there != back).nnz == 0


def test_every_case_is_known_and_quick_ones_come_by_default() -> None:
    assert set(names(full=False)) < set(names(full=True))
    assert all(case(name).run for name in names(full=True))


def test_the_page_is_made_from_the_results() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(results)
    assert all(target.measured(results["cases"]) is not None for target in TARGETS)
