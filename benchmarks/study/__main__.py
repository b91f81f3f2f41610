"""`python -m benchmarks.study`: writes what the study found into results/study, from the sweeps there."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.study import picture, text
from benchmarks.study.runs import PRIMARY, STRENGTHS, SWEEPS, TITLES, balanced, study_runs, worst_filled
from benchmarks.study.shares import Share, ranks_within, variance_shares
from rnngan_cli.results.comparison import Compared, compared
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import write_bytes, write_json, write_text
from rnngan_cli.system.text import capital

if TYPE_CHECKING:
    import pandas as pd

DESIGNS = {
    "the data": ("weak",),
    "the strength of the penalty": STRENGTHS,
    "the cell": ("weak", "lstm"),
    "tuning": ("weak", "tuned"),
}
"""What matters beside the loss: the sweeps that differ in it alone; a single one for what differs within it."""
FACTORS = ("loss", "sweep", "dataset")


def main() -> int:
    """Writes study.md, study.json and the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.study", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results/study"), help="the folder of the sweeps")
    root = parser.parse_args().results
    found = {name: compared(SweepFolder(root / name)) for name in SWEEPS if (root / name / "sweep.json").exists()}
    if not found:
        print(f"`{root}`: no sweep of the study here; `make study` trains them", file=sys.stderr)  # noqa: T201
        return 2
    runs = study_runs(root)
    shares = variance_of(runs)
    write_text(root / "study.md", "\n".join(page(runs, found, shares)) + "\n")
    write_json(
        root / "study.json",
        {
            "runs": {name: len(group) for name, group in runs.groupby("sweep", sort=False)},
            "answers": {name: one.facts()["best"] for name, one in found.items()},
            "shares": {
                what: [
                    {"effect": list(one.effect), "share": one.share, "low": one.low, "high": one.high}
                    for one in several
                ]
                for what, several in shares.items()
            },
        },
    )
    for kind, content in picture.draw(runs).items():
        write_bytes(root / f"study.{kind}", content)
    return 0


def variance_of(runs: "pd.DataFrame") -> dict[str, list[Share]]:
    """The shares of variance of the rank of the primary score, for each design with runs for two levels or more."""
    found = {}
    for what, sweeps in DESIGNS.items():
        factors = [name for name in FACTORS if name != "sweep" or len(sweeps) > 1]
        here = balanced(runs[runs["sweep"].isin(sweeps)], factors)
        if any(here[name].nunique() < 2 for name in (*factors, "seed")):
            continue
        ranked = here.assign(rank=ranks_within(here, worst_filled(here), "dataset"))
        found[what] = variance_shares(ranked, "rank", factors)
    return found


def page(runs: "pd.DataFrame", found: dict[str, Compared], shares: dict[str, list[Share]]) -> list[str]:
    """All of it as Markdown."""
    lines = ["# What the study found", "", f"{len(runs)} runs. Written by `python -m benchmarks.study`.", ""]
    for name, one in found.items():
        own = runs[runs["sweep"] == name]
        lines += [
            f"## {capital(TITLES[name])} (`{name}`)",
            "",
            *text.answer_lines(one),
            "",
            f"Mean {PRIMARY.in_text}; bold: may be the best.",
            "",
        ]
        lines += [*text.means_table(own, one.answers, text.known_normals(one)), ""]
    lines += ["## Diverged runs", "", *text.diverged_table(runs), ""]
    lines += ["## How steep the discriminator is in the end", "", *text.slopes_table(runs), ""]
    for what, several in shares.items():
        lines += [f"## What matters beside the loss: {what}", "", *text.shares_table(several), ""]
    return lines[:-1]


if __name__ == "__main__":
    sys.exit(main())
