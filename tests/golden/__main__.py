"""`python -m tests.golden`: trains the golden runs; `--add` records them for the bits of this machine."""

import argparse
import json
import os
import sys

from rnngan_cli.system import arithmetic


def main() -> int:
    """Trains the runs asked for in this process, and prints or records what they end in."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--bits", choices=arithmetic.BITS, default="portable", help="which bits to compute")
    parser.add_argument("--only", help="names of runs, such as bce-gru, separated by commas")
    parser.add_argument("--add", action="store_true", help="record the runs, instead of printing them")
    given = parser.parse_args()
    os.environ.update(arithmetic.environment(given.bits, os.environ))  # before NumPy is loaded
    from rnngan_cli.system import device
    from tests.golden import runs

    device.start("cpu")
    found = runs.train(given.only.split(",") if given.only else runs.names())
    if given.add:
        runs.record(found)
    print(json.dumps(found.model_dump(), indent=1) if not given.add else found.arithmetic)  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
