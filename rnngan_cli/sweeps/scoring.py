"""A trained run scored: the samples kept for figures, and the scores of its generator by a protocol."""

from collections.abc import Callable

import numpy as np

from rnngan_cli.data.dataset import Dataset, SeriesFormat
from rnngan_cli.evaluation import PROTOCOLS, Codes, GeneratedSet, Scorer
from rnngan_cli.store import RunFolder, SampleGrid, Samples, ScoreKey, weights_sha256
from rnngan_cli.training.controls import LABEL
from rnngan_cli.training.sampling import ControlValues
from rnngan_cli.training.trainer import Trainer

NUM_SAMPLES = 100
"""Generated series kept with a run, for figures."""

GRID_VALUES, GRID_POINTS, GRID_DRAWS = 20, 9, 8
"""Size of the grids that show what a control does: most values of a choice, points along a number, draws of each."""
COLLAPSE_SHARE = 0.02
"""A generator whose series spread less than this share of the real spread has collapsed."""


def score_generator(trainer: Trainer, dataset: Dataset, folder: RunFolder, protocol: str, scorer: Scorer) -> str | None:
    """Writes samples and scores; returns why the run counts as diverged, None if it does not."""
    samples = trainer.sample(dataset.format, NUM_SAMPLES)
    if not np.isfinite(samples).all():
        return "the generated series are not finite"
    folder.write_samples(
        Samples(dataset.format.restore(samples, trainer.config.seed, "sample"), _grids(trainer, dataset.format))
    )
    spreads = [float(series.std(axis=0).mean()) for series in (dataset.train.series, samples)]
    if spreads[1] < COLLAPSE_SHARE * spreads[0]:
        return (
            f"collapsed at step {trainer.config.steps}: generated series spread {spreads[1]:.2g}, under "
            f"{COLLAPSE_SHARE:.0%} of the real {spreads[0]:.2g} (mean deviation, scaled)"
        )

    score_run(trainer, dataset, folder, protocol, scorer)
    return None


def score_run(trainer: Trainer, dataset: Dataset, folder: RunFolder, protocol: str, scorer: Scorer) -> bool:
    """Scores the generator of a trained run and writes the scores; false if there were scores already.

    Scores are kept by protocol, data and weights, and reused.
    """
    key = ScoreKey(PROTOCOLS[protocol].key, dataset.sha256, weights_sha256(folder))
    if folder.recall_scores(key):
        return False
    scored = scorer.score(dataset, sampler_for_scores(trainer, dataset), PROTOCOLS[protocol])
    folder.write_scores(key, scored.values, scored.judges, scored.notes)
    return True


def sampler_for_scores(trainer: Trainer, dataset: Dataset) -> Callable[[int], GeneratedSet]:
    """Returns a function from a number of series to so many generated ones, the same for every call."""

    def sample(count: int) -> GeneratedSet:
        series, fed = trainer.sampler.sample(trainer.config.seed, dataset.format, count, "score")
        controls = trainer.sampler.controls.items()
        codes = {name: Codes(fed[name], control.choices) for name, control in controls if control.choices > 1}
        return GeneratedSet(series, codes, fed.get(LABEL))

    return sample


def _grids(trainer: Trainer, series_format: SeriesFormat) -> dict[str, SampleGrid]:
    """Series over the values of every control, in the data's own units; arrays (values, draws, steps, features)."""
    grids = {}
    for name, control in trainer.sampler.controls.items():
        choices = min(control.choices, GRID_VALUES)
        turn = np.linspace(0, choices - 1, choices) if choices else np.linspace(control.low, control.high, GRID_POINTS)
        control_values = ControlValues({name: np.tile(turn, GRID_DRAWS)}, sharing=len(turn))
        seed, stream = trainer.config.seed, f"grid-{name}"
        scaled, _ = trainer.sampler.sample(seed, series_format, GRID_DRAWS * len(turn), stream, control_values)
        own = series_format.restore(scaled, seed, stream, sharing=len(turn))
        shape = (GRID_DRAWS, len(turn), *own.shape[1:])
        words = tuple(
            series_format.label_names[int(value)] if name == LABEL and series_format.label_names else f"{value:.3g}"
            for value in turn
        )
        grids[name] = SampleGrid(words, own.reshape(shape).swapaxes(0, 1))
    return grids
