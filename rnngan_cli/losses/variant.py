"""What a loss is to the rest of the program: a frozen record of pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnngan_cli.config import OptionValue, RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses.play import Batch, DiscriminatorOutput, Draw
from rnngan_cli.system.randomness import key, normal

if TYPE_CHECKING:
    from rnngan_cli.networks.build import Networks


Options = Mapping[str, OptionValue]


@dataclass(frozen=True)
class Game:
    """What a loss may look at while a run is trained.

    Attributes:
        networks: of the run.
        options: every option of the loss, resolved.
        num_labels: classes of the data set, 0 without labels.
        steps: of a series.
        latent_series, latent_steps: sizes of the noise.
    """

    networks: "Networks"
    options: Options
    num_labels: int
    steps: int
    latent_series: int
    latent_steps: int

    def recognise(self, inputs: Tensor) -> dict[str, Tensor]:
        """The recognizer's outputs by name.

        Raises:
            ValueError: the loss has none.
        """
        if self.networks.recognizer is None:
            raise ValueError("the loss declares no `recognizer` in its registry row, but uses one")
        return dict(self.networks.recognizer(inputs))

    def number(self, option: str) -> float:
        """A numeric option."""
        return float(self.options[option])


@dataclass(frozen=True)
class Outcome:
    """What one evaluation of a loss gives.

    Attributes:
        losses: what each network that moves minimises, by the network's name; scalars.
        terms: further scalars worth a column of history.csv.
        real, generated: outputs the loss was made from (discriminator's losses only).
        series: the generated series (batch, steps, features) a penalty may need (discriminator's losses only).
    """

    losses: dict[str, Tensor]
    terms: dict[str, Tensor] = field(default_factory=dict)
    real: DiscriminatorOutput | None = None
    generated: DiscriminatorOutput | None = None
    series: Tensor | None = None


LossFunction = Callable[[Game, Batch, Draw, Tensor], Outcome]
"""From (game, batch, draw, step) to an outcome; step is the number of generator updates done, a float32 scalar."""

DrawFunction = Callable[[Game, Tensor, str, Tensor, Batch], Draw]
"""From (game, seed, stream, counter, batch) to what the generator is fed; the batch gives size and labels."""


def draw_noise(game: Game, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
    """Noise alone: N(0, 1), once per series and for every step."""
    size = tf.shape(batch.series)[0] if batch.series.shape[0] is None else batch.series.shape[0]
    series = normal(key(seed, f"{stream}/series", counter), [size, game.latent_series])
    steps = normal(key(seed, f"{stream}/steps", counter), [size, game.steps, game.latent_steps])
    return Draw(series, steps)


def no_conditions(num_labels: int, options: Options) -> int:
    """The width of a condition that is not there."""
    del num_labels, options
    return 0


@dataclass(frozen=True)
class Sizes:
    """Of what a generator is fed: classes of the data set (0 without labels), noise values per series and per step."""

    num_labels: int
    latent_series: int
    latent_steps: int


@dataclass(frozen=True)
class Heads:
    """The outputs of a recognizer.

    Attributes:
        widths: from (sizes, options) to the width of each output by name; empty where it has none to give.
        shared_trunk: whether it reads the discriminator's features, or the series through layers of its own.
    """

    widths: Callable[[Sizes, Options], dict[str, int]]
    shared_trunk: bool


@dataclass(frozen=True)
class Control:
    """Something fed to the generator that a user may set: a label, a code.

    Attributes:
        choices: it takes 0 to choices - 1; or 0: any number.
        low, high: where most of its draws lie, for pictures; numbers without choices only.
    """

    choices: int = 0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Controls:
    """How what the generator is fed can be set and read.

    Attributes:
        offered: from (num_labels, options) to what can be set, by name.
        apply: from (game, draw, values by name, (batch,) each) to the draw with those set.
        shown: from (game, draw) to the value of every control by name, (batch,) each.
    """

    offered: Callable[[int, Options], dict[str, Control]]
    apply: Callable[[Game, Draw, Mapping[str, Tensor]], Draw]
    shown: Callable[[Game, Draw], dict[str, Tensor]]


@dataclass(frozen=True)
class Profile:
    """The settings a paper used.

    Attributes:
        settings: fields of a run and options of the loss.
        departures: what of the paper they leave out, a phrase each.
    """

    settings: Options
    departures: tuple[str, ...]


def allow_all(config: RunConfig) -> None:
    """Refuses nothing."""
    del config


@dataclass(frozen=True)
class Variant:
    """One of the ten losses with all it needs.

    Attributes:
        name, title: in one word, in a few.
        d_formula, g_formula: what the discriminator and the generator minimise, as text.
        divergence: which divergence or distance that is.
        expect: what to expect of it, weaknesses included.
        source: authors, year, title.
        d_loss, g_loss: the losses.
        departures: from the source, in the definition, a sentence each.
        paper: the settings of its source.
        draw: what the generator is fed.
        controls: what of that a user may set, or None.
        conditions: width of the conditions fed to the generator.
        conditions_seen: width of those that the discriminator is given too.
        recognizer: outputs of its recognizer, or None.
        readouts: those it is defined for.
        penalty: what `penalty = auto` means for it: the mild r1, the same for every loss that is defined without a
            penalty, or the constraint its definition needs.
        penalties: those it is defined with.
        needs_labels: whether it is refused on data without labels.
        threshold: the logit between real and generated; None: half-way between the two batch means.
        options: its own settings.
        check: refuses, with a `UserError`, a run whose settings make no sense together.
        similarities: kernels and dimensions of minibatch discrimination in the discriminator.
        past_weight: weight of the squared distance of every network's weights from their mean over all updates, which
            is added to what the network minimises (historical averaging).
    """

    name: str
    title: str
    d_formula: str
    g_formula: str
    divergence: str
    expect: str
    source: str
    d_loss: LossFunction
    g_loss: LossFunction
    departures: tuple[str, ...] = ()
    paper: Profile = field(default_factory=lambda: Profile({}, ()))
    draw: DrawFunction = draw_noise
    controls: Controls | None = None
    conditions: Callable[[int, Options], int] = no_conditions
    conditions_seen: Callable[[int, Options], int] = no_conditions
    recognizer: Heads | None = None
    readouts: tuple[str, ...] = ("mean", "last", "step", "probability")
    penalty: str = "r1"
    penalties: tuple[str, ...] = ("none", "gp", "lp", "r1")
    needs_labels: bool = False
    threshold: float | None = 0.0
    options: Mapping[str, Option] = field(default_factory=dict)
    check: Callable[[RunConfig], None] = allow_all
    similarities: Callable[[Options], tuple[int, int]] = lambda _: (0, 0)
    past_weight: Callable[[Options], float] = lambda _: 0.0
