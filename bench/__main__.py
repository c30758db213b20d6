"""`python -m bench` (or `make bench`): measure, print a table, and write build/bench.json."""

from __future__ import annotations

import json
from pathlib import Path

from bench.judging import FLOOR, measure_judging
from bench.starting import FLOOR as STARTING_FLOOR
from bench.starting import measure_starting
from bench.windows import FLOOR as WINDOWS_FLOOR
from bench.windows import measure_windows

_REPORT = Path("build") / "bench.json"


def main() -> None:
    """Measure everything."""
    judging, windows, starting = measure_judging(), measure_windows(), measure_starting()
    first = next(iter(judging.values()))["figures"]
    print(
        f"{first['events']:,} events of {first['bytes_per_event']:,} bytes, {first['rules']} rules, one core"
    )
    print(f"floor: {FLOOR}, {first['floor_microseconds_per_event']} µs an event\n")
    print(f"{'':<46} {'µs an event':>12} {'times as fast as the floor':>28} {'aim':>6}")
    for name, result in judging.items():
        taken = result["figures"]["microseconds_per_event"]
        print(f"{name:<46} {taken:>12.2f} {result['ratio']:>28.2f} {result['aim'] or '':>6}")
    entering = next(iter(windows.values()))["figures"]
    print(f"\nfloor: {WINDOWS_FLOOR}, {entering['floor_microseconds_per_event']} µs an event\n")
    print(f"{'':<46} {'µs an event':>12} {'times as long as the floor':>28} {'at most':>7}")
    for name, result in windows.items():
        taken = result["figures"]["microseconds_per_event"]
        print(f"{name:<46} {taken:>12.2f} {result['ratio']:>28.2f} {result['aim']:>7}")
    print(f"\nfloor: {STARTING_FLOOR}, processor time of whole processes in turns, medians\n")
    print(f"{'':<46} {'ms':>12} {'times as long as the floor':>28} {'at most':>7}")
    for name, result in starting.items():
        print(
            f"{name:<46} {result['figures']['milliseconds']:>12} {result['ratio']:>28.2f} {result['aim']:>7}"
        )
    _REPORT.parent.mkdir(exist_ok=True)
    _REPORT.write_text(json.dumps(judging | windows | starting, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {_REPORT}")


if __name__ == "__main__":
    main()
