"""The answer of a choice in words, as tables, and as JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.evaluation.metrics import Metric
from rnngan_cli.results.standing import compared_title, score_words
from rnngan_cli.system.text import capital, command_line, counted, markdown_table
from rnngan_cli.tuning.choosing.choice import Race
from rnngan_cli.tuning.choosing.confirmation import Confirmation
from rnngan_cli.tuning.choosing.folder import EXPERIMENT, ChoiceFile
from rnngan_cli.tuning.choosing.race import BadnessBySeed, Sides, Standing
from rnngan_cli.tuning.choosing.study import Choice, guarantee, plan_words


@dataclass(frozen=True)
class Chosen:
    """A choice that has been made.

    Attributes:
        race: how it went.
        sides: the losses of the confirmation.
        confirmation: what was shown.
        scores: of the confirmation.
        generator: the folder of the generator that is left behind; None if every run of the leader diverged.
        quality: sentences on how good the leader's generators are, without full stops.
    """

    race: Race
    sides: Sides
    confirmation: Confirmation
    scores: BadnessBySeed
    generator: Path | None
    quality: Sequence[str]


def answer_sentences(choice: Choice, chosen: Chosen) -> list[str]:
    """The answer, how good the generators are, then what is not claimed."""
    found = [*chosen.confirmation.sentences(compared_title(choice.metric)), *chosen.quality]
    dropped = [loss for loss in chosen.race.order if loss not in chosen.sides.losses]
    if dropped:
        found.append(f"dropped in the race, which is no verdict: {', '.join(dropped)}")
    return [capital(f"{sentence}.") for sentence in found]


def answer_lines(choice: Choice, planned: ChoiceFile, chosen: Chosen) -> list[str]:
    """The answer as Markdown: sentences, the confirmation, the race, and how the budget was spent."""
    lines = [
        f"# Which loss for {choice.name}",
        "",
        *answer_sentences(choice, chosen),
        "",
        capital(f"{guarantee()}."),
        "",
    ]
    lines += ["## The confirmation", "", *confirmation_table(choice, chosen), ""]
    lines += ["## The race", "", *race_table(chosen.race, choice.metric), ""]
    spent = [capital(f"{line}.") for line in plan_words(planned, choice.losses)]
    return [*lines, "## The budget", "", *spent]


def confirmation_table(choice: Choice, chosen: Chosen) -> list[str]:
    """Each loss of the confirmation with its score, and the leader beside it, as Markdown."""
    claims = {claim.other: claim for claim in chosen.confirmation.claims}
    level = "95 % for all"
    rows = []
    for loss in chosen.sides.losses:
        words = ["-", "-"]
        if claim := claims.get(loss):
            words = [_range(-claim.high, -claim.low), "better" if claim.is_better else "not shown"]
        rows.append([loss, score_words(list(chosen.scores[loss].values()), choice.metric), *words])
    heads = [
        "loss",
        compared_title(choice.metric),
        f"worse than {chosen.sides.leader} by ({level})",
        f"{chosen.sides.leader} is",
    ]
    return markdown_table(heads, rows)


def race_table(race: Race, metric: Metric) -> list[str]:
    """How every loss stood after the last round it was in, as Markdown."""
    last = {one.loss: (number, one) for number, standing in enumerate(race.rounds, start=1) for one in standing}
    rows = [
        [
            loss,
            str(last[loss][0]),
            str(len(last[loss][1].badness)),
            f"{last[loss][1].mean_rank:.3g}",
            score_words(last[loss][1].badness, metric),
        ]
        for loss in race.order
    ]
    return markdown_table(
        ["loss", "rounds", "seeds", "mean rank in the last of them", f"{compared_title(metric)}, validation"], rows
    )


def _range(low: float, high: float) -> str:
    ends = ["-∞" if low == -math.inf else f"{low + 0.0:.2g}", "∞" if high == math.inf else f"{high:.2g}"]
    return f"{ends[0]} to {ends[1]}"


def json_values(choice: Choice, planned: ChoiceFile, chosen: Chosen) -> dict[str, object]:
    """The answer as values for JSON; unbounded values are null."""
    found = chosen.confirmation
    return {
        "dataset": choice.name,
        "take": found.leader,
        "better_than": found.better_than,
        "costs_at_most": _finite(found.cost),
        "margin": _finite(found.margin),
        "equal_to": found.equal_to,
        "score": choice.metric.name,
        "answer": answer_sentences(choice, chosen),
        "confirmation": {
            "seeds": found.seeds,
            "looks": list(planned.looks),
            "claims": [
                {
                    "other": one.other,
                    "p": one.p,
                    "better": one.is_better,
                    "low": _finite(one.low),
                    "high": _finite(one.high),
                }
                for one in found.claims
            ],
            "badness": {loss: [_finite(value) for value in values.values()] for loss, values in chosen.scores.items()},
        },
        "race": [
            [
                {"loss": one.loss, "mean_rank": one.mean_rank, "badness": [_finite(v) for v in one.badness]}
                for one in standing
            ]
            for standing in chosen.race.rounds
        ],
        "updates": planned.updates,
        "runs": planned.runs,
        "generator": None if chosen.generator is None else str(chosen.generator),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def next_steps(generator: Path | None, folder: Path, take: str, updates: int, most_updates: int) -> list[str]:
    """Commands that use what is left behind, a line each that begins with what the command does.

    Args:
        generator: its folder; None if every run of the leader diverged.
        folder: that of the choice.
        take: the loss to take.
        updates: of the runs that the budget had room for.
        most_updates: of the recipe, or as the user says.
    """
    if generator is None:
        return []
    steps = [f"Generate: {command_line(['rnngan', 'generate', str(generator), '-n', '100'])}"]
    if updates < most_updates:
        words = ["--losses", take, "--seeds", "3", "--steps", str(most_updates), "--output", f"{folder}-{take}"]
        longer = command_line(["rnngan", "sweep", str(folder / EXPERIMENT), *words])
        steps.append(f"Train it for {most_updates} updates instead of {updates}, for a better generator: {longer}")
    return steps


def standing_lines(number: int, standing: Sequence[Standing], kept: int, metric: Metric) -> list[str]:
    """How the race stands after a round, in a few lines: who goes on, and who is dropped."""
    words = [f"{one.loss} {score_words(one.badness, metric)}" for one in standing]
    title = f"  after round {number}, mean {compared_title(metric)} on {counted(len(standing[0].badness), 'seed')}: "
    if kept == 1:
        return [f"{title}{', '.join(words)}; {standing[0].loss} leads"]
    lines = [title + ", ".join(words[:kept])]
    if words[kept:]:
        lines.append(f"  dropped, which is no verdict: {', '.join(words[kept:])}")
    return lines
