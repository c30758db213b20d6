"""Mistakes that the simulator must find, each as a small change of the code that stands.

A change is of the text of a function: so it is seen whole, and it fails loudly where the code has moved on.
"""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.pipeline import delivery, muting, summaries, telling

Change = tuple[Any, str, str, str]
"""The module or class, the name of the function, its text, and what is there instead."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake."""

    name: str
    changes: Sequence[Change]


MUTANTS = (
    Mutant(
        "an alert is held before it is decided, and what is held but not told is counted",
        [
            (
                telling,
                "_settle",
                "alert, now = candidate.alert, outside.clock()\n",
                "alert, now = candidate.alert, outside.clock()\n    _put_held(candidate, bucket, outside)\n",
            ),
            (
                summaries,
                "summarise",
                "head, held = buckets.read(key), buckets.read_held(key)\n",
                "head, held = buckets.read(key), buckets.read_held(key)\n"
                "        untold = [each for each in held.first if each.alert_id not in head.told]\n"
                "        held = held._replace(total=len(untold))\n",
            ),
        ],
    ),
    Mutant(
        "a rollup is sent before it is noted, and nothing is pending",
        [
            (summaries, "summarise", "        upto = head.pending\n", "        upto = None\n"),
            (
                summaries,
                "summarise",
                "if not buckets.begin_rollup(",
                "if {} and not buckets.begin_rollup(",
            ),
            (
                summaries,
                "summarise",
                "        buckets.end_rollup(key, upto=upto)\n",
                "        buckets.begin_rollup(key, rolled=head.rolled, upto=upto, lapses=summary.lapses)\n"
                "        buckets.end_rollup(key, upto=upto)\n",
            ),
        ],
    ),
    Mutant(
        "summarise looks once",
        [
            (summaries, "summarise", "    while True:\n", "    for _ in range(1):\n"),
            (summaries, "summarise", "        sent += 1", "        sent += 1\n    return sent"),
        ],
    ),
    Mutant(
        "only what is told asks for a summary",
        [
            (
                telling,
                "_settle",
                "    _ask(alert, bucket, audience, outside)\n    return Fate.HELD\n",
                "    return Fate.HELD\n",
            )
        ],
    ),
    Mutant(
        "a warm function forgets who is told",
        [(telling, "_settle", "settle(bucket, head.told)", "settle(bucket)")],
    ),
    Mutant(
        "a warm function asks for a summary once, whatever comes after it",
        [
            (
                telling,
                "_ask",
                "if outside.warm.asked.get(bucket.key) != summary.due:",
                "if bucket.key not in outside.warm.asked:",
            )
        ],
    ),
    Mutant(
        "a rollup begins whatever was rolled meanwhile",
        [(MemoryBuckets, "begin_rollup", "head.rolled != rolled or ", "")],
    ),
    Mutant(
        "a rollup begins while another is pending",
        [(MemoryBuckets, "begin_rollup", " or head.pending is not None", "")],
    ),
    Mutant(
        "a delivery is not claimed",
        [
            (
                delivery,
                "_claim",
                "    claimed = claims.claim(key, owner=run.owner, now=run.now, lease=run.lease)",
                "    claimed = Claimed.OURS",
            )
        ],
    ),
    Mutant(
        "what is sent to one destination counts as sent to all",
        [(delivery, "deliver", "delivery.key", "delivery.alert.alert_id")],
    ),
    Mutant(
        "an archive is muted as others are",
        [
            (
                telling,
                "tell",
                "    if archives:\n",
                "    found = _read_mutes(outside, now)\n"
                "    if archives and not find_mute(found, candidate.view, alert.severity, alert.time):\n",
            )
        ],
    ),
    Mutant(
        "a mute is asked for by nobody who holds by it",
        [(telling, "_hold_muted", "    _ask(", "    (lambda *_: None)(")],
    ),
    Mutant(
        "a warm function asks for a mute once, even after its end",
        [(telling, "_hold_muted", "if is_asked and outside.clock() < bucket.ends:", "if is_asked:")],
    ),
    Mutant(
        "a mute that was ended early is asked for at its first end",
        [(telling, "_hold_muted", "ends=outside.mutes.register(mute, audience, alert))", "ends=mute.ends)")],
    ),
    Mutant(
        "unmute asks nobody",
        [(muting, "end_mute", "saved.audiences.items()", "()")],
    ),
    Mutant(
        "a mute that begins forgets who was registered",
        [(MemoryMutes, "end", "saved._replace(mute=replace", "SavedMute(mute=replace")],
    ),
    Mutant(
        "a command takes effect at once",
        [(muting, "find_effect", "now + TAKES_EFFECT", "now")],
    ),
)


def mutate(changes: Sequence[Change]) -> list[tuple[Any, str, Callable[..., Any]]]:
    """The functions with their changes: where they belong, their names, and what is there instead."""
    texts: dict[tuple[Any, str], str] = {}
    for where, name, old, new in changes:
        text = texts.get((where, name)) or dedent(inspect.getsource(getattr(where, name)))
        assert text.count(old) == 1, f"{name} has not once the text {old!r}"
        texts[where, name] = text.replace(old, new)
    return [(where, name, _compile(where, name, text)) for (where, name), text in texts.items()]


def _compile(where: Any, name: str, text: str) -> Callable[..., Any]:
    module = sys.modules[where.__module__] if inspect.isclass(where) else where
    made: dict[str, Any] = {}
    exec(compile(text, module.__file__ or name, "exec", flags=0, dont_inherit=True), vars(module), made)  # noqa: S102
    function: Callable[..., Any] = made[name]
    return function
