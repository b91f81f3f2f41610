"""Series from a trained generator, with what it is fed drawn as in training or set by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses import play
from rnngan_cli.losses.game import Game
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Control, Variant
from rnngan_cli.system.randomness import random_generator

SAMPLE_BATCH = 500
"""Series generated at a time."""


@dataclass(frozen=True)
class ControlValues:
    """What of a generator's inputs is set by hand.

    Attributes:
        values: of each control that is set, one number per series.
        sharing: successive series that share one draw of all else, so that only what is set differs among them.
    """

    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    sharing: int = 1


class Sampler:
    """Draws series from the moving average of a generator.

    Args:
        variant: the loss, which says what a generator is fed.
        game: of the run.
    """

    def __init__(self, variant: Variant, game: Game) -> None:
        self.variant, self.game = variant, game
        self._generate = tf.function(self._generate_batch, autograph=False)

    @property
    def controls(self) -> dict[str, Control]:
        """What can be set by hand."""
        controls = self.variant.inputs.controls
        return {} if controls is None else controls.offered(self.game.num_labels, self.game.options)

    def sample(
        self, seed: int, dataset: Dataset, count: int, stream: str, control_values: ControlValues | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Draws series, and says what they were fed.

        Labels, where the loss uses them and they are not set, are drawn from the training distribution.

        Args:
            seed: of the run.
            dataset: what it was trained on.
            count: how many.
            stream: any word; the same call gives the same series, and fewer are the first of more.
            control_values: what is set by hand.

        Returns:
            Scaled series, float32 (count, steps, features), and the value of every control, (count,) each.
        """
        control_values = control_values or ControlValues()
        draws = np.arange(count) // control_values.sharing  # which draw each series is made from
        chosen = random_generator(seed, f"{stream}/labels").integers(len(dataset.train), size=_whole_batches(count))
        series: list[np.ndarray] = []
        shown: list[dict[str, np.ndarray]] = []
        for number in np.unique(draws // SAMPLE_BATCH):
            members = np.flatnonzero(draws // SAMPLE_BATCH == number)
            known = dataset.train.labels
            rows_of_draws = chosen[number * SAMPLE_BATCH : (number + 1) * SAMPLE_BATCH]
            labels = self.one_hot(None if known is None else known[rows_of_draws])
            for start in range(0, len(members), SAMPLE_BATCH):
                part = members[start : start + SAMPLE_BATCH]
                rows = _padded(draws[part] % SAMPLE_BATCH)
                values = {name: tf.constant(_padded(value[part])) for name, value in control_values.values.items()}
                key = tf.constant([seed, number], tf.int32)
                made, fed = self._generate(key, stream, labels, tf.constant(rows, tf.int32), values)
                series.append(np.asarray(made)[: len(part)])
                shown.append({name: np.asarray(value)[: len(part)] for name, value in fed.items()})
        return np.concatenate(series), {name: np.concatenate([one[name] for one in shown]) for name in shown[0]}

    def one_hot(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Labels (batch,) as the loss wants them: one-hot float32, or None where it uses none."""
        if not self.game.num_labels or labels is None:
            return None
        return np.eye(self.game.num_labels, dtype=np.float32)[labels]

    def _generate_batch(
        self, seed_and_number: Tensor, stream: str, labels: Tensor | None, rows: Tensor, values: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        features = self.game.networks.generator.output_shape[-1]
        batch = Batch(tf.zeros([SAMPLE_BATCH, self.game.steps, features]), labels)
        drawn = self.variant.inputs.draw(self.game, seed_and_number[0], stream, seed_and_number[1], batch)
        draw = _picked(drawn, rows)
        controls = self.variant.inputs.controls
        if controls is not None and values:
            draw = controls.apply(self.game, draw, values)
        shown = {} if controls is None else controls.shown(self.game, draw)
        return play.run_generator(self.game.networks.average, draw), shown


def _whole_batches(count: int) -> int:
    return -(-count // SAMPLE_BATCH) * SAMPLE_BATCH


def _padded(values: np.ndarray) -> np.ndarray:
    """Values for a whole batch: the last one repeated."""
    return np.pad(values, (0, SAMPLE_BATCH - len(values)), mode="edge")


def _picked(draw: Draw, rows: Tensor) -> Draw:
    """The draw's rows in the order of `rows`."""

    def pick(value: Tensor | None) -> Tensor | None:
        return None if value is None else tf.gather(value, rows)

    parts = {name: tf.gather(value, rows) for name, value in draw.parts.items()}
    return Draw(pick(draw.series), pick(draw.steps), pick(draw.conditions), pick(draw.seen), parts)
