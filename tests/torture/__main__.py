"""`python -m tests.torture`: kills sweeps and choices of a loss, and writes what happened to a JSON file."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rnngan_cli.system.atomic import write_json
from rnngan_cli.system.provenance import machine, versions
from tests.torture.choices import torture_choices
from tests.torture.harness import report, torture


def main() -> int:
    """Tortures; returns 1 if a byte differs, something was left behind, or too few kills hit."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="at least so many")
    parser.add_argument("--choice-kills", type=int, default=60, help="at least so many of `rnngan choose`")
    parser.add_argument("--seed", type=int, default=0, help="of the plan of kills")
    parser.add_argument("--output", type=Path, default=Path("results/torture.json"), help="the JSON file")
    parser.add_argument("--folder", type=Path, help="where the sweeps go; default: a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="torture-") as temporary:
        folder = given.folder or Path(temporary)
        choices = torture_choices(folder, given.choice_kills, given.seed)
        tally = torture(folder, given.kills, given.seed)
    facts = {**report(tally, given.seed, versions()), "choices": choices.facts(), "machine": machine()}
    given.output.parent.mkdir(parents=True, exist_ok=True)
    write_json(given.output, facts)
    print(json.dumps(facts, indent=2))  # noqa: T201 - a command line
    wrong = tally.different or tally.leftovers or choices.different or choices.leftovers
    too_few = len(tally.kills) < given.kills or choices.kills.total() < given.choice_kills
    return int(bool(wrong or too_few))


if __name__ == "__main__":
    sys.exit(main())
