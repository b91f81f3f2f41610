"""Series sampled from a trained generator, whose inputs are drawn as in training or set by a user."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from rnngan_cli.data.dataset import SeriesFormat
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses import play
from rnngan_cli.losses.game import Game
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Control, Variant
from rnngan_cli.system.randomness import random_generator

SAMPLE_BATCH = 500
"""Number of series that are generated at a time."""


@dataclass(frozen=True)
class ControlValues:
    """Values of the controls that a user sets.

    Attributes:
        values: one number per series, (count,), for each control that is set, by name.
        sharing: number of successive series that share one draw of everything else, so that they differ only in what is
            set.
    """

    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    sharing: int = 1


class Sampler:
    """Draws series from the moving average of a generator.

    Args:
        variant: the loss, which says what the generator is fed.
        game: the networks and options of the run.
    """

    def __init__(self, variant: Variant, game: Game) -> None:
        self.variant, self.game = variant, game
        self._generate = tf.function(self._generate_batch, autograph=False)

    @property
    def controls(self) -> dict[str, Control]:
        """The controls that a user may set, by name; empty for most losses."""
        controls = self.variant.inputs.controls
        return {} if controls is None else controls.offered(self.game.num_labels, self.game.options)

    def sample(
        self,
        seed: int,
        series_format: SeriesFormat,
        count: int,
        stream: str,
        control_values: ControlValues | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Draws series, and returns them with the values of all controls.

        If the loss uses labels and none are set, they are drawn from the training distribution.

        Args:
            seed: seed of the run.
            series_format: the format of the series that the run was trained on.
            count: number of series.
            stream: any word. The same call gives the same series, and a smaller count gives the first of them.
            control_values: values of the controls that a user sets.

        Returns:
            Scaled series, float32 (count, steps, features), and the values of every control by name, (count,) each.
        """
        control_values = control_values or ControlValues()
        draws = np.arange(count) // control_values.sharing  # the draw that each series is generated from
        known = series_format.train_labels
        chosen = np.array([], dtype=np.int64)
        if known is not None:
            chosen = random_generator(seed, f"{stream}/labels").integers(len(known), size=_whole_batches(count))
        series: list[np.ndarray] = []
        shown: list[dict[str, np.ndarray]] = []
        for number in np.unique(draws // SAMPLE_BATCH):
            members = np.flatnonzero(draws // SAMPLE_BATCH == number)
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
        return np.concatenate(series), {name: np.concatenate([part[name] for part in shown]) for name in shown[0]}

    def one_hot(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Returns labels (batch,) in the form that the loss takes: one-hot float32, or None if it uses no labels."""
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
    """Pads values to a whole batch by repeating the last value."""
    return np.pad(values, (0, SAMPLE_BATCH - len(values)), mode="edge")


def _picked(draw: Draw, rows: Tensor) -> Draw:
    """Returns the rows of a draw with the numbers `rows`, in their order."""

    def pick(value: Tensor | None) -> Tensor | None:
        return None if value is None else tf.gather(value, rows)

    parts = {name: tf.gather(value, rows) for name, value in draw.parts.items()}
    return Draw(pick(draw.series), pick(draw.steps), pick(draw.conditions), pick(draw.seen), parts)
