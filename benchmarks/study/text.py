"""What the study found, as Markdown: answers, means, diverged runs, slopes and shares of variance."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.study.runs import PRIMARY, STRENGTHS, SWEEPS, worst_filled
from benchmarks.study.shares import Share
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.comparison import Compared
from rnngan_cli.results.leaderboard_text import BESIDE_LOSSES
from rnngan_cli.results.standing import score_words
from rnngan_cli.results.statistics.intervals import share_interval
from rnngan_cli.system.text import capital, markdown_table

if TYPE_CHECKING:
    import pandas as pd

    from rnngan_cli.results.answers import Answer
    from rnngan_cli.results.statistics.best import BestSet

MOST_DIGITS = 3


def answer_lines(found: Compared) -> list[str]:
    """The answer for each data set and cell of a sweep, a paragraph each."""
    lines = []
    for answer in found.answers:
        sentences = found.sentences(answer)
        lines += [f"**{', '.join(answer.place)}**: {' '.join(capital(f'{sentence}.') for sentence in sentences)}", ""]
    return lines[:-1]


def whole_line(best: "BestSet", count: int) -> str:
    """The answer over all data sets, in sentences."""
    told = [sentence for sentence in (best.sentence(), best.cost_sentence("mean rank")) if sentence]
    sentences = " ".join(capital(f"{sentence}.") for sentence in told)
    said = "by the mean of ranks within each (0 the best run, 1 the worst)"
    return f"**all {count} data sets together**, {said}: {sentences}"


def beside_table(scores: "Mapping[str, Compared]") -> list[str]:
    """On how many data sets each loss may be the best by each score, and by all of them."""
    kept = {score: {answer.place[0]: set(answer.best.kept) for answer in one.answers} for score, one in scores.items()}
    losses = list(next(iter(scores.values())).answers[0].means)
    counts = {loss: [sum(loss in names for names in found.values()) for found in kept.values()] for loss in losses}
    rows = [
        [f"`{loss}`", *map(str, counts[loss]), str(sum(counts[loss]))]
        for loss in sorted(losses, key=lambda loss: -sum(counts[loss]))
    ]
    heads = [METRICS[score].in_text for score in scores]
    return [
        f"Number of data sets, of {len(next(iter(kept.values())))}, on which a loss may be the best, by each score:",
        "",
        *markdown_table(["loss", *heads, "sum"], rows),
    ]


def known_scores(found: Compared) -> dict[str, dict[str, float]]:
    """The primary score of series of known quality, by what they are and data set."""
    known: dict[str, dict[str, float]] = {}
    for name, title in BESIDE_LOSSES.items():
        rows = found.leaderboard[found.leaderboard["loss"] == name].to_dict("records")
        known[title] = {str(row["dataset"]): float(row[f"{PRIMARY.name}_mean"]) for row in rows}
    return {title: scores for title, scores in known.items() if scores}


def means_table(
    runs: "pd.DataFrame", answers: Sequence["Answer"], known: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """The mean score of each loss on each data set of a sweep, with the number of diverged runs.

    Args:
        runs: of the sweep.
        answers: of the sweep; means of losses that may be the best are set bold.
        known: the scores of series of known quality, by what they are and data set, for the last rows.
    """
    best = {answer.place[0]: set(answer.best.kept) for answer in answers}
    names = [name for name in best if name in set(runs["dataset"])]
    losses = sorted(runs["loss"].unique(), key=lambda loss: _order(runs, loss))
    rows = []
    for loss in losses:
        cells = []
        for name in names:
            here = runs[(runs["loss"] == loss) & (runs["dataset"] == name)]
            words = score_words(worst_filled(here).tolist(), PRIMARY) if len(here) else "-"
            cells.append(f"**{words}**" if loss in best[name] else words)
        rows.append([f"`{loss}`", *cells, str(sum(loss in kept for kept in best.values()))])
    for title, scores in known.items():
        rows.append([title, *(_plain(scores.get(name, math.nan)) for name in names), ""])
    return markdown_table(["loss", *names, "may be the best on"], rows)


def _order(runs: "pd.DataFrame", loss: str) -> float:
    """The mean over data sets of the loss's mean score, as a share of the mean over all losses."""
    means = runs.groupby(["dataset", "loss"], observed=True)[PRIMARY.name].mean().unstack()
    return float((means[loss] / means.mean(axis=1)).mean())


def _plain(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.{MOST_DIGITS}g}"


def diverged_table(runs: "pd.DataFrame") -> list[str]:
    """The share of diverged runs of each loss in each sweep, over all data sets, with its exact 95 % interval."""
    sweeps = [name for name in SWEEPS if (runs["sweep"] == name).any()]
    rows = []
    for loss, of_loss in runs.groupby("loss", observed=True, sort=False):
        cells = []
        for sweep in sweeps:
            here = of_loss[of_loss["sweep"] == sweep]["diverged"]
            low, high = share_interval(int(here.sum()), len(here)) if len(here) else (math.nan, math.nan)
            cells.append(f"{here.sum()} of {len(here)} ({low:.2f} to {high:.2f})" if len(here) else "-")
        rows.append([f"`{loss}`", *cells])
    return markdown_table(["loss", *sweeps], rows)


def slopes_table(runs: "pd.DataFrame") -> list[str]:
    """The median slope of the discriminator in the end, by data set and strength, over the runs that tell it."""
    strengths = [name for name in STRENGTHS if (runs["sweep"] == name).any()]
    medians = runs.groupby(["dataset", "sweep"], observed=True)["slope"].median()
    rows = [
        [str(name), *(_plain(float(medians.get((name, strength), math.nan))) for strength in strengths)]
        for name in dict.fromkeys(runs["dataset"])
    ]
    return markdown_table(["data set", *strengths], rows)


def shares_table(shares: Sequence[Share], sweeps: str) -> list[str]:
    """Shares of variance in per cent, the largest first; `sweeps` says what the sweeps differ in."""
    words = {"sweep": sweeps, "dataset": "data set"}
    rows = [
        [
            " x ".join(words.get(name, name) for name in one.effect),
            f"{100 * one.share:.1f} %",
            "-" if math.isnan(one.low) else f"{100 * one.low:.1f} to {100 * one.high:.1f} %",
        ]
        for one in sorted(shares, key=lambda one: -one.share)
    ]
    rest = 1 - sum(one.share for one in shares)
    return markdown_table(
        ["effect", "share", "95 % interval"], [*rows, ["seeds (the rest)", f"{100 * rest:.1f} %", ""]]
    )
