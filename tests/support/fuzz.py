"""The fuzzer: valid files, changed at random, for a stated time.

Run with `make fuzz`, or `python -m tests.support.fuzz --seconds 60`.

It writes how many inputs each target was given, how many of them it accepted, and what was found, into a JSON file; it
ends with code 1 if anything was found. What is fed, and what counts as a finding, is in `hostile.py`.
"""

import argparse
import itertools
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnngan_cli.system import provenance
from rnngan_cli.system.atomic import write_json
from tests.support.hostile import Target, make_targets, mutated, playground

MOST_FINDINGS = 20
"""Told in full; an error that comes up again at the same place is counted alone."""
SLOW_SECONDS = 10.0
"""An input that is answered later is a finding: a few kilobytes must not keep anything busy."""


@dataclass
class Tally:
    """What came of the inputs so far.

    Attributes:
        inputs, accepted: by target.
        findings: by the place of the error: the target, the error, the first input as hexadecimal digits, how often.
        slowest: processor seconds of the slowest answer, by target.
    """

    inputs: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)

    def feed(self, name: str, target: Target, content: bytes) -> None:
        """Gives a target one input."""
        self.inputs[name] += 1
        started = time.process_time()  # whatever else the machine does meanwhile
        try:
            self.accepted[name] += target.feed(content)
        except Exception as error:  # noqa: BLE001 - this is what it looks for
            self.note(name, error, content)
        seconds = time.process_time() - started
        self.slowest[name] = max(seconds, self.slowest.get(name, 0.0))
        if seconds > SLOW_SECONDS:
            self.note(name, TimeoutError(f"answered after {seconds:.0f} s"), content)

    def note(self, name: str, error: Exception, content: bytes) -> None:
        """Keeps a finding."""
        frames = traceback.extract_tb(error.__traceback__)
        place = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
        key = f"{type(error).__name__} at {place}"
        new = {"target": name, "error": str(error)[:300], "input": content[:4000].hex(), "times": 0}
        if len(self.findings) < MOST_FINDINGS or key in self.findings:
            self.findings.setdefault(key, new)["times"] += 1


def fuzz(targets: dict[str, Target], seed: int, go_on: Callable[[int], bool]) -> Tally:
    """Gives every target in turn a changed file, as long as `go_on`, which is asked with the number of inputs."""
    draw, tally = random.Random(seed), Tally()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing that the program was not told of may reach a terminal
        for count, (name, target) in enumerate(itertools.cycle(targets.items())):
            if not go_on(count):
                return tally
            tally.feed(name, target, mutated(draw.choice(target.seeds), draw))
    return tally


def main() -> int:
    """Fuzzes for the time asked for and writes what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="of the changes")
    parser.add_argument("--output", type=Path, help="a JSON file to write")
    asked = parser.parse_args()
    with playground() as folder:
        targets = make_targets(folder)
        for target in targets.values():  # what is imported at first use is no part of an answer
            target.feed(target.seeds[0])
        end = time.monotonic() + asked.seconds
        tally = fuzz(targets, asked.seed, lambda _: time.monotonic() < end)
    report = {
        "schema_version": 1,
        "seconds": asked.seconds,
        "seed": asked.seed,
        "inputs": sum(tally.inputs.values()),
        "by_target": {
            name: {"inputs": count, "accepted": tally.accepted[name], "slowest_seconds": round(tally.slowest[name], 3)}
            for name, count in tally.inputs.items()
        },
        "findings": tally.findings,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }
    if asked.output is not None:
        write_json(asked.output, report)
    lines = [f"{one['inputs']:7} {one['accepted']:7} accepted  {name}" for name, one in report["by_target"].items()]
    for key, one in tally.findings.items():
        lines.append(f"FOUND {key}: {one['error']} ({one['target']}, {one['times']} times)")
    lines.append(f"{report['inputs']} inputs in {asked.seconds:g} s, {len(tally.findings)} findings")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
