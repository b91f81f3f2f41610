"""`python -m benchmarks.study`: writes what the study found into results/study, from the sweeps there."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.study import picture, text
from benchmarks.study.changes import changes, changes_sentence, changes_table
from benchmarks.study.runs import BESIDE, PRIMARY, STRENGTHS, SWEEPS, TITLES, balanced, study_runs, worst_filled
from benchmarks.study.shares import Share, ranks_within, variance_shares
from rnngan_cli.results.comparison import Compared, compared_tables
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.runs_table import score_names
from rnngan_cli.results.statistics.best import BestSet, best_set
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
    sweeps = {name: SweepFolder(root / name) for name in SWEEPS if (root / name / "sweep.json").exists()}
    found = {name: by_score(sweep) for name, sweep in sweeps.items()}
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
            "answers": {name: scores[PRIMARY.name].facts()["best"] for name, scores in found.items()},
            "shares": {
                what: [
                    {
                        "effect": list(one.effect),
                        "share": one.share,
                        "low": None if math.isnan(one.low) else one.low,
                        "high": None if math.isnan(one.high) else one.high,
                    }
                    for one in several
                ]
                for what, several in shares.items()
            },
        },
    )
    kept = {
        name: {answer.place[0]: answer.best.kept for answer in scores[PRIMARY.name].answers}
        for name, scores in found.items()
    }
    for kind, content in picture.draw(runs, kept).items():
        write_bytes(root / f"study.{kind}", content)
    return 0


def variance_of(runs: "pd.DataFrame") -> dict[str, list[Share]]:
    """The shares of variance of the rank of the primary score, for each design whose own factor has two levels or more.

    Other factors with a single level, such as the data set where only one has runs in all sweeps, are left out.
    """
    found = {}
    for what, sweeps in DESIGNS.items():
        here = balanced(runs[runs["sweep"].isin(sweeps)], FACTORS)
        varied = {name for name in (*FACTORS, "seed") if here[name].nunique() > 1}
        if not varied >= {"loss", "seed", "sweep" if len(sweeps) > 1 else "dataset"}:
            continue
        ranked = here.assign(rank=ranks_within(here, worst_filled(here), "dataset"))
        found[what] = variance_shares(ranked, "rank", [name for name in FACTORS if name in varied])
    return found


def by_score(sweep: SweepFolder) -> dict[str, Compared]:
    """What is found by the primary score, and by those beside it that its runs have."""
    tables = refresh(sweep)
    known = score_names(tables[0])
    return {score: compared_tables(sweep, tables, score) for score in (PRIMARY.name, *BESIDE) if score in known}


def over_all_data(runs: "pd.DataFrame") -> BestSet | None:
    """Which losses of a sweep may be the best by the mean, over all data sets, of the ranks of the runs of a seed.

    Returns:
        None unless two losses have runs of the same seeds on two data sets.
    """
    here = balanced(runs, ("loss", "dataset"))
    if here["dataset"].nunique() < 2 or here["loss"].nunique() < 2:
        return None
    ranks = ranks_within(here, worst_filled(here), "dataset")
    means = ranks.groupby([here["loss"], here["seed"]], observed=True).mean()
    sides = {str(loss): values.to_numpy() for loss, values in means.groupby(level=0, observed=True)}
    return best_set(("all data sets",), sides)


def page(
    runs: "pd.DataFrame", found: Mapping[str, Mapping[str, Compared]], shares: Mapping[str, Sequence[Share]]
) -> list[str]:
    """All of it as Markdown."""
    lines = ["# What the study found", "", f"{len(runs)} runs. Written by `python -m benchmarks.study`.", ""]
    for name, scores in found.items():
        own, one = runs[runs["sweep"] == name], scores[PRIMARY.name]
        lines += [f"## {capital(TITLES[name])} (`{name}`)", "", *text.answer_lines(one), ""]
        whole = over_all_data(own)
        if whole is not None:
            lines += [text.whole_line(whole, own["dataset"].nunique()), ""]
        lines += [f"Mean {PRIMARY.in_text}; bold: may be the best.", ""]
        lines += [*text.means_table(own, one.answers, text.known_scores(one)), ""]
        lines += [*text.beside_table(scores), ""]
    if changed := changes(runs):
        lines += [
            "## What the strength of the penalty changes",
            "",
            changes_sentence(),
            "",
            *changes_table(changed),
            "",
        ]
    lines += ["## Diverged runs", "", *text.diverged_table(runs), ""]
    lines += ["## How steep the discriminator is in the end", "", *text.slopes_table(runs), ""]
    for what, several in shares.items():
        lines += [
            f"## What matters beside the loss: {what}",
            "",
            *text.shares_table(several, what.removeprefix("the ")),
            "",
        ]
    return lines[:-1]


if __name__ == "__main__":
    sys.exit(main())
