"""Published recurrent GANs beside what their presets reach here, by the judges that the published scores are from.

`make presets` trains the presets of RCGAN and C-RNN-GAN, and their losses by the profile `recipe`, ten generators each,
on `sines`, and scores them by the protocol `timegan`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.leaderboard import leaderboard_of
from rnngan_cli.results.leaderboard_text import mean_and_interval
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.text import markdown_table

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("discriminative_weak", "predictive_weak", "hiding_noise")
"""The two of the published table, and the score that tells generators apart."""


@dataclass(frozen=True)
class Published:
    """A row of table 2 of the TimeGAN paper, for Sines.

    Attributes:
        name: of the generator there.
        discriminative, predictive: its scores, of one trained generator.
        presets: sweeps with runs of it here: the folder below results/presets, the loss, and words for the
            settings.
    """

    name: str
    discriminative: float
    predictive: float
    presets: tuple[tuple[str, str, str], ...] = ()


TABLE = (
    Published("TimeGAN", 0.011, 0.093),
    Published(
        "RCGAN",
        0.022,
        0.097,
        (("rcgan", "cgan", "its settings"), ("recipe", "cgan", "its loss, by the recipe")),
    ),
    Published(
        "C-RNN-GAN",
        0.229,
        0.127,
        (("c-rnn-gan", "igan", "its settings"), ("recipe", "igan", "its loss, by the recipe")),
    ),
    Published("T-Forcing", 0.495, 0.150),
    Published("P-Forcing", 0.430, 0.116),
    Published("WaveNet", 0.158, 0.117),
    Published("WaveGAN", 0.277, 0.134),
)
"""Yoon, Jarrett, van der Schaar 2019, Time-series Generative Adversarial Networks, table 2."""


def presets_table(root: Path) -> list[str]:
    """Writes a row for each published generator, and below it those for what its preset reaches here.

    Args:
        root: results/presets.
    """
    boards = {path.parent.name: _board(path.parent) for path in sorted(root.glob("*/sweep.json"))}
    rows = []
    for one in TABLE:
        rows.append([one.name, "as published", "1", f"{one.discriminative:.3f}", f"{one.predictive:.3f}", ""])
        rows += [_row(boards[folder], loss, words) for folder, loss, words in one.presets if folder in boards]
    heads = [METRICS[score].title for score in SCORES]
    return markdown_table(["generator", "settings", "seeds", *heads], rows)


def _board(folder: Path) -> "pd.DataFrame":
    runs, _ = runs_table(SweepFolder(folder))
    return leaderboard_of(runs).set_index("loss")


def _row(board: "pd.DataFrame", loss: str, words: str) -> list[str]:
    row = board.loc[loss].to_dict()
    seeds = f"{row['num_seeds']}, {row['num_diverged']} diverged" if row["num_diverged"] else str(row["num_seeds"])
    scores = [mean_and_interval(*(row[f"{score}_{end}"] for end in ("mean", "high"))) for score in SCORES]
    return ["", f"here: {words} (`{loss}`)", seeds, *scores]
