"""The command, which makes missing measurements and then rewrites the tables and the picture.

python -m benchmarks.speed [--only steps,sweeps,commands,...] [--output results/my-speed] [--quick]
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.facts import facts
from benchmarks.ledger import HERE, Ledger, setting
from benchmarks.sections import SECTIONS
from benchmarks.targets import targets
from benchmarks.tasks import FULL, QUICK, Scale, has_pytorch
from rnngan_cli.errors import UserError
from rnngan_cli.system.atomic import write_bytes, write_text


def measure(ledger: Ledger, sections: Sequence[str], scale: Scale) -> None:
    """Makes every measurement of the sections that the ledger lacks."""
    for section in sections:
        for name, action in SECTIONS[section](scale).items():
            if ledger.has(section, name):
                continue
            _say(f"{time.strftime('%H:%M:%S')} {section}: {name}")
            ledger.add(section, name, action())


def publish(ledger: Ledger, scale: Scale) -> None:
    """Writes speed.json, speed.csv, speed.md and the picture from the ledger."""
    from benchmarks.picture import draw
    from benchmarks.tables import as_csv, as_markdown

    folder = ledger.path.parent
    found = facts(ledger.raw)
    asked = targets(found, scale)
    ledger.write({"targets": [asdict(target) for target in asked]})
    write_text(folder / "speed.csv", as_csv(found))
    write_text(folder / "speed.md", as_markdown(ledger.settings, found, asked))
    for suffix, content in draw(ledger.settings, found, scale).items():
        write_bytes(folder / f"speed.{suffix}", content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and writes the requested sections."""
    chosen = _parser().parse_args(arguments)
    scale = QUICK if chosen.quick else FULL
    if not has_pytorch():
        _say("PyTorch is not installed: its columns will be missing; `make speed` installs it")
    if os.getloadavg()[0] > 0.5:
        _say(f"the machine is busy (load {os.getloadavg()[0]:.1f}): ratios will be noisy, times too long")
    try:
        ledger = Ledger(chosen.output, setting(scale))
        ledger.check(chosen.only)
    except UserError as error:
        _say(str(error))
        return error.exit_code
    code = 0
    try:
        measure(ledger, chosen.only, scale)
    except KeyboardInterrupt:
        _say("interrupted: the same command goes on from here")
        code = 130
    publish(ledger, scale)
    _say(f"written: {chosen.output}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="Measure how fast rnngan is.")
    parser.add_argument(
        "--only",
        type=_sections,
        default=tuple(SECTIONS),
        metavar="A,B",
        help=f"sections: {', '.join(SECTIONS)}; default: all",
    )
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to, and to go on in")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: says that it runs, the numbers mean nothing")
    return parser


def _sections(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"`{unknown[0]}`: expected some of {', '.join(SECTIONS)}")
    return names


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
