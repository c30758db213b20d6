"""A seed, for people: what happens in it, call by call, and what does not add up."""

from collections.abc import Iterable

from tests.simulation.check import find_differences
from tests.simulation.runs import Simulation
from tests.simulation.world import Line


def play(seed: int) -> list[str]:
    """What does not add up at the end of a seed; empty when all does."""
    simulation = Simulation(seed)
    try:
        return find_differences(simulation.story, simulation.play())
    except AssertionError as error:
        return [str(error)]


def find_failing(seeds: Iterable[int]) -> list[int]:
    """The seeds of which something does not add up."""
    return [seed for seed in seeds if play(seed)]


def describe(seed: int) -> str:
    """A seed played again: a line for each step, and what does not add up."""
    trace: list[Line] = []
    simulation = Simulation(seed, trace)
    story = simulation.story
    try:
        found = find_differences(story, simulation.play())
    except AssertionError as error:
        found = [str(error)]
    told = [
        f"seed {seed}: grace {story.grace}, {len(story.records)} records in {len(story.arrivals)} arrivals,"
        f" {len(story.commands)} commands, up to {story.faults} faults and {story.most_runs} runs at once",
        *(
            f"record {each.number} at {each.candidate.alert.time:%T}:"
            f" {each.candidate.alert.severity.value} of {each.candidate.alert.actor.name}"
            f" to {', '.join(each.candidate.destinations)} ({each.candidate.alert.alert_id})"
            for each in story.records
        ),
        "",
        *(f"{line.time:%T.%f} {line.who:<14} {line.call:<28} {line.key} {line.answer}" for line in trace),
        "",
        *(found or ["all adds up"]),
    ]
    return "\n".join(told)
