"""A sweep's losses compared: its leaderboard, verdicts, and one number a loss over all its data sets."""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnngan_cli.aggregates import aggregate_table, improvement_table, normalised
from rnngan_cli.comparisons import verdicts
from rnngan_cli.config import RunConfig
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.store import SweepFolder
from rnngan_cli.tables import refresh, scales, score_names

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Claim:
    """What `--fail-if` looks for: a loss shown to be worse, or better, than another."""

    loss: str
    direction: str
    baseline: str

    @classmethod
    def read(cls, words: str) -> "Claim":
        """A claim from `A worse than B`.

        >>> Claim.read("wgan worse than bce")
        Claim(loss='wgan', direction='worse', baseline='bce')

        Raises:
            UserError: other words.
        """
        found = re.fullmatch(r"\s*(\S.*?)\s+(worse|better)\s+than\s+(\S.*?)\s*", words)
        if found is None:
            raise UserError(
                f'`--fail-if {words}`: expected `A worse than B` or `A better than B`, as "wgan worse than bce"'
            )
        return cls(*found.groups())


@dataclass(frozen=True)
class Compared:
    """What a sweep shows.

    Attributes:
        baseline: the loss the others are compared with.
        score: what by.
        board: the leaderboard, with series of known quality.
        verdicts: one row a data set, cell and other loss.
        aggregates: one row a loss, over all data sets with a scale.
        improvement: by loss and other loss, the probability that the first is better.
        scored: the runs behind it.
        damage: a line for every file that could not be read.
    """

    baseline: str
    score: str
    board: "pd.DataFrame"
    verdicts: "pd.DataFrame"
    aggregates: list[dict[str, Any]]
    improvement: dict[str, dict[str, float]]
    scored: "pd.DataFrame"
    damage: list[str]

    def facts(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "verdicts": json.loads(self.verdicts.to_json(orient="records")),
            "aggregates": self.aggregates,
            "probability_of_improvement": self.improvement,
        }

    def shows(self, claim: Claim) -> list[str]:
        """Where the claim is shown, in words.

        Raises:
            UserError: the sweep has no such loss.
        """
        table = verdicts(self.scored, self.score, claim.baseline)
        if claim.loss not in set(table["loss"]):
            raise unknown("loss", claim.loss, [*table["loss"].unique(), claim.baseline])
        rows = table[(table["loss"] == claim.loss) & table["shown"]]
        rows = rows[(rows["probability_better"] > 0.5) == (claim.direction == "better")]
        return [f"{row['dataset']}, {row['cell']} ({row['verdict']})" for _, row in rows.iterrows()]


def compared(sweep: SweepFolder, score: str, baseline: str | None) -> Compared:
    """Compares the losses of a sweep; its derived tables are made anew.

    Args:
        sweep: its folder.
        score: what by.
        baseline: the loss the others are compared with; None: the default loss, or else the first.

    Raises:
        UserError: no run has scores, or the score or baseline is unknown.
    """
    runs, board, damage = refresh(sweep)
    if board.empty:
        raise UserError(f"`{sweep.path}`: no run has scores yet; let `rnngan sweep` finish one")
    ended = runs[runs["status"].isin(["done", "diverged"])]
    losses = sorted(ended["loss"].unique())
    usual = str(RunConfig.model_fields["loss"].default)
    base = baseline or (usual if usual in losses else losses[0])
    scored = ended[[*ended.columns[:6], *score_names(runs)]]
    values = normalised(scored, score, scales(sweep, ended, score))
    table = verdicts(scored, score, base)
    return Compared(base, score, board, table, aggregate_table(values), improvement_table(values), scored, damage)
