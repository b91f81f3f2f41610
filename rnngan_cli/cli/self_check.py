"""The self-checks of `rnngan evaluate`: what each score sees, and whether the small judges are those of the paper."""

from typing import TYPE_CHECKING

from rnngan_cli.cli.voice import Voice

if TYPE_CHECKING:
    from rnngan_cli.evaluation.reliability import Reliability


def check_scores(voice: Voice) -> None:
    """Damages real series of the built-in data sets by degrees, and prints what each score sees.

    Raises:
        DifferenceFoundError: no score of the first table sees one of the damages on any data set.
    """
    from rnngan_cli import data
    from rnngan_cli.config import DataConfig
    from rnngan_cli.errors import DifferenceFoundError
    from rnngan_cli.evaluation.metrics import METRICS
    from rnngan_cli.evaluation.reliability import CHECKED, by_score, never_seen, reliabilities

    rows: list[Reliability] = []
    for name in CHECKED:
        rows += reliabilities(data.load(DataConfig(name=name)), lambda line: voice.say(line, err=True))
    for line in _table(rows):
        voice.say(line)
    first = [name for name in by_score(rows) if METRICS[name].primary]
    missed = never_seen(rows, first)
    if missed:
        raise DifferenceFoundError(f"`--self-check`: no score of the first table sees {', '.join(missed)}")


def _table(rows: "list[Reliability]") -> list[str]:
    """A line for each score, over all data sets."""
    from rnngan_cli.evaluation.reliability import by_score, in_words

    scores = by_score(rows)
    width = max(map(len, scores))
    return [
        "Share of grades of damage in the right order, over all data sets (1: every one, 0.5: a coin):",
        *(
            f"{name:{width}}  {sum(shares.values()) / len(shares):.2f}  {in_words(shares)}"
            for name, shares in scores.items()
        ),
    ]


def check_judges(voice: Voice) -> None:
    """Scores real series by the judges of `timegan`, and compares the scores with the paper.

    Raises:
        DifferenceFoundError: a number lies outside its limits.
    """
    from rnngan_cli.errors import DifferenceFoundError
    from rnngan_cli.evaluation.metrics import METRICS
    from rnngan_cli.evaluation.reimplementation import self_check

    voice.say("scoring 10,000 real sines as if generated, 10 judges of each kind", err=True)
    checks, seconds = self_check()
    for check in checks:
        voice.say(
            f"{METRICS[check.name].title}: {check.found:.4f}, deviation over {check.judges} judges {check.spread:.4f}; "
            f"expected {check.low:.3f} to {check.high:.3f}: {'passed' if check.passed else 'NOT PASSED'}"
        )
    voice.say(f"{seconds:.0f} s on one core, compiling included")
    failed = [check.name for check in checks if not check.passed]
    if failed:
        raise DifferenceFoundError(
            f"`--self-check`: {', '.join(failed)} not as published; the judges are not TimeGAN's"
        )
