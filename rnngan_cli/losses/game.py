"""What the functions of a loss are given and return: the game that a run plays, and the outcome of one evaluation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnngan_cli.config import OptionValue
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses.play import Batch, DiscriminatorOutput, Draw
from rnngan_cli.system.randomness import key, normal

if TYPE_CHECKING:  # the module of networks imports TensorFlow
    from rnngan_cli.networks.build import Networks

Options = Mapping[str, OptionValue]
"""The options of a loss by name, with their values."""


@dataclass(frozen=True)
class Game:
    """What a loss may look at while a run is trained.

    Attributes:
        networks: the networks of the run.
        options: every option of the loss, resolved.
        num_labels: number of classes of the data set; 0 without labels.
        steps: length of a series.
        latent_series: number of noise values drawn once per series.
        latent_steps: number of noise values drawn at every step.
    """

    networks: "Networks"
    options: Options
    num_labels: int
    steps: int
    latent_series: int
    latent_steps: int

    def recognise(self, inputs: Tensor) -> dict[str, Tensor]:
        """Runs the recognizer.

        Args:
            inputs: series (batch, steps, features), or the discriminator's features (batch, steps, units) if the
                recognizer shares its trunk.

        Returns:
            The outputs by name, (batch, width) each, or (batch, steps, width) for names that start with `step_`.

        Raises:
            ValueError: the run has no recognizer.
        """
        if self.networks.recognizer is None:
            raise ValueError("the loss declares no `recognizer` in its registry row, but uses one")
        return dict(self.networks.recognizer(inputs))

    def number(self, option: str) -> float:
        """Returns the value of a numeric option."""
        return float(self.options[option])


@dataclass(frozen=True)
class Outcome:
    """The result of one evaluation of a loss.

    Attributes:
        losses: scalars that the networks minimise, by the name of the network.
        terms: further scalars, a column of history.csv each.
        real, generated: outputs of the discriminator that the loss was computed from; losses of the discriminator set
            both.
        series: the generated series (batch, steps, features), which a penalty may need; losses of the discriminator
            set it.
    """

    losses: dict[str, Tensor]
    terms: dict[str, Tensor] = field(default_factory=dict)
    real: DiscriminatorOutput | None = None
    generated: DiscriminatorOutput | None = None
    series: Tensor | None = None


LossFunction = Callable[[Game, Batch, Draw, Tensor], Outcome]
"""From (game, batch, draw, step) to an outcome; step is the number of generator updates done, a float32 scalar."""

DrawFunction = Callable[[Game, Tensor, str, Tensor, Batch], Draw]
"""From (game, seed, stream, counter, batch) to the inputs of the generator; the batch gives the size and the labels."""


def draw_noise(game: Game, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
    """Draws noise from N(0, 1), once per series and at every step.

    Args:
        game: gives the sizes.
        seed: seed of the run, an integer scalar.
        stream: name of the stream of random numbers.
        counter: place in the stream, an integer scalar; the same seed, stream and counter give the same noise.
        batch: gives the number of series.
    """
    size = tf.shape(batch.series)[0] if batch.series.shape[0] is None else batch.series.shape[0]
    series = normal(key(seed, f"{stream}/series", counter), [size, game.latent_series])
    steps = normal(key(seed, f"{stream}/steps", counter), [size, game.steps, game.latent_steps])
    return Draw(series, steps)
