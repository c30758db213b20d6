"""Whatever interleaves, dies, repeats or comes late: what is told, rolled up and muted is what was judged.

A seed that fails is printed call by call. Play it again with `python -m tests.simulation SEED`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count

import pytest

from tests.simulation.describe import describe, find_failing, play
from tests.simulation.mutants import MUTANTS, Mutant, mutate

SEEDS = 200_000
"""With --long; without, a hundredth of them."""
CAUGHT_WITHIN = 20_000
_CHUNK = 2_000


def _chunks(seeds: int) -> Iterator[range]:
    return (range(first, min(first + _CHUNK, seeds)) for first in range(0, seeds, _CHUNK))


def test_nothing_is_lost_and_nothing_is_counted_twice(size: Callable[[int], int]) -> None:
    seeds = size(SEEDS)
    if seeds < SEEDS:
        failing = find_failing(range(seeds // 10))
    else:
        with ProcessPoolExecutor(cpu_count(), get_context("spawn")) as pool:
            failing = [seed for found in pool.map(find_failing, _chunks(seeds)) for seed in found]
    assert [] == failing, describe(failing[0])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_simulator_finds_that(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for where, name, function in mutate(mutant.changes):
        monkeypatch.setattr(where, name, function)
    assert any(play(seed) for seed in range(CAUGHT_WITHIN))


def test_a_failing_seed_is_told_call_by_call_and_says_what_does_not_add_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (asks_too_little,) = [each for each in MUTANTS if each.name == "only what is told asks for a summary"]
    for where, name, function in mutate(asks_too_little.changes):
        monkeypatch.setattr(where, name, function)
    seed = next(seed for seed in range(CAUGHT_WITHIN) if play(seed))
    lines = describe(seed).splitlines()
    assert describe(seed).splitlines() == lines
    assert lines[0].startswith(f"seed {seed}: grace ")
    assert any(" hold " in line for line in lines)
    assert set(play(seed)) <= set(lines)
