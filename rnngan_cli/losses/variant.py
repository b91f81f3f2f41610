"""The registry row of a loss: a frozen record of texts, pure functions, and the rules that a run has to keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from rnngan_cli.config import OptionValue, RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses.game import DrawFunction, Game, LossFunction, Options, Outcome, draw_noise
from rnngan_cli.losses.play import Draw

__all__ = [
    "Control",
    "Controls",
    "DiscriminatorRules",
    "DrawFunction",
    "Game",
    "GeneratorInputs",
    "Handle",
    "Heads",
    "LossFunction",
    "LossText",
    "Options",
    "Outcome",
    "PaperSettings",
    "Profile",
    "Sizes",
    "Variant",
    "allow_all",
    "draw_noise",
    "no_conditions",
]


@dataclass(frozen=True)
class Sizes:
    """Sizes that the heads of a recognizer depend on.

    Attributes:
        num_labels: number of classes of the data set; 0 without labels.
        latent_series: number of noise values drawn once per series.
        latent_steps: number of noise values drawn at every step.
    """

    num_labels: int
    latent_series: int
    latent_steps: int


@dataclass(frozen=True)
class Heads:
    """The outputs of a recognizer.

    Attributes:
        widths: from (sizes, options) to the width of each output by name; a run whose heads are empty has no
            recognizer.
        shared_trunk: whether the recognizer reads the discriminator's features rather than the series.
    """

    widths: Callable[[Sizes, Options], dict[str, int]]
    shared_trunk: bool


@dataclass(frozen=True)
class Control:
    """An input of the generator that a user may set: a label or a code.

    Attributes:
        choices: number of values, the integers from 0 on; 0 if any number can be set.
        low, high: range in which most draws lie, for pictures; used only without choices.
    """

    choices: int = 0
    low: float = 0.0
    high: float = 0.0


Handle = Control
"""An earlier name of `Control`, for rows of other packages."""


@dataclass(frozen=True, init=False)
class Controls:
    """The controls of a loss: which there are, and how they are set and read.

    Attributes:
        offered: from (num_labels, options) to the controls by name.
        apply: from (game, draw, values by name, (batch,) each) to the draw with those values set.
        shown: from (game, draw) to the value of every control by name, (batch,) each.
    """

    offered: Callable[[int, Options], dict[str, Control]]
    apply: Callable[[Game, Draw, Mapping[str, Tensor]], Draw]
    shown: Callable[[Game, Draw], dict[str, Tensor]]

    def __init__(self, *functions: Callable[..., Any], **named: Callable[..., Any]) -> None:
        """Takes the three functions in order or by name; `handles` and `steer` are earlier names of the first two."""
        earlier = {"handles": "offered", "steer": "apply"}
        given = {earlier.get(name, name): function for name, function in named.items()}
        names = [entry.name for entry in fields(self)]
        given |= dict(zip(names, functions, strict=False))
        if len(functions) + len(named) != len(names) or set(given) != set(names):
            raise TypeError("Controls takes `offered`, `apply` and `shown`")
        for name, function in given.items():
            object.__setattr__(self, name, function)


@dataclass(frozen=True)
class PaperSettings:
    """The settings of the paper that a loss comes from.

    Attributes:
        settings: fields of a run and options of the loss.
        departures: what these settings leave out of the paper's, a phrase each.
    """

    settings: Options
    departures: tuple[str, ...]


Profile = PaperSettings
"""An earlier name of `PaperSettings`, for rows of other packages."""


def no_conditions(num_labels: int, options: Options) -> int:
    """Returns 0, the width of conditions that are not there."""
    del num_labels, options
    return 0


def allow_all(config: RunConfig) -> None:
    """Refuses no run."""
    del config


@dataclass(frozen=True)
class LossText:
    """What a loss is, in words.

    Attributes:
        name: one word, by which it is chosen.
        title: a few words.
        d_formula, g_formula: what the discriminator and the generator minimise.
        divergence: which divergence or distance that is.
        expect: what to expect of it, weaknesses included.
        source: authors, year and title.
        departures: differences between its definition here and the source's, a sentence each.
    """

    name: str
    title: str
    d_formula: str
    g_formula: str
    divergence: str
    expect: str
    source: str
    departures: tuple[str, ...] = ()


@dataclass(frozen=True)
class GeneratorInputs:
    """What the generator of a loss is fed.

    Attributes:
        draw: draws noise and, for some losses, labels or codes.
        controls: which of these a user may set; None if there are none.
        conditions: from (num_labels, options) to the width of the labels or codes fed to the generator.
        conditions_seen: the same for those that the discriminator is given too.
        needs_labels: whether the loss is refused on data without labels.
    """

    draw: DrawFunction = draw_noise
    controls: Controls | None = None
    conditions: Callable[[int, Options], int] = no_conditions
    conditions_seen: Callable[[int, Options], int] = no_conditions
    needs_labels: bool = False


@dataclass(frozen=True)
class DiscriminatorRules:
    """What the discriminator of a loss may and must be.

    Attributes:
        readouts: readouts that the loss is defined for.
        penalty: what `penalty = auto` stands for: the mild r1, the same for every loss that is defined without a
            penalty, or the constraint that the definition needs.
        penalties: penalties that the loss is defined with.
        threshold: logit between real and generated series; None stands for half-way between the two batch means.
        similarities: from the options to kernels and dimensions of minibatch discrimination; (0, 0) is none.
        level_counts: whether the losses change if a constant is added to all logits. If not, the profile `recipe` has
            no bias in the discriminator's output: its gradient is rounding alone, of which adam makes a drift.
    """

    readouts: tuple[str, ...] = ("mean", "last", "step", "probability")
    penalty: str = "r1"
    penalties: tuple[str, ...] = ("none", "gp", "lp", "r1", "r2", "r1r2")
    threshold: float | None = 0.0
    similarities: Callable[[Options], tuple[int, int]] = lambda _: (0, 0)
    level_counts: bool = True


_GROUPS = {"text": LossText, "inputs": GeneratorInputs, "discriminator": DiscriminatorRules}
_GROUP_OF = {entry.name: group for group, record in _GROUPS.items() for entry in fields(record)}
"""The group that each field of the groups belongs to."""


@dataclass(frozen=True, init=False)
class Variant:
    """A loss with everything that a run needs of it.

    The fields of `text`, `inputs` and `discriminator` can also be given to the constructor, and to
    `dataclasses.replace`, as keywords of their own: `Variant(name=..., title=..., readouts=..., ...)`.

    Attributes:
        text: what it is, in words.
        d_loss, g_loss: the losses of the discriminator and of the generator.
        inputs: what the generator is fed; noise alone by default.
        discriminator: readouts, penalties and other rules for the discriminator.
        recognizer: outputs of its recognizer; None if it has no recognizer.
        options: settings of its own by name.
        recipe: values of options by the profile `recipe`, where another than the default brings the series nearer.
        paper: the settings of its source.
        check: raises `UserError` for a run whose settings make no sense together.
        past_weight: from the options to the weight of historical averaging: the squared distance of every network's
            weights from their mean over all updates, which is added to what the network minimises.
    """

    text: LossText
    d_loss: LossFunction
    g_loss: LossFunction
    inputs: GeneratorInputs
    discriminator: DiscriminatorRules
    recognizer: Heads | None
    options: Mapping[str, Option]
    recipe: Mapping[str, OptionValue]
    paper: PaperSettings
    check: Callable[[RunConfig], None]
    past_weight: Callable[[Options], float]

    def __init__(
        self,
        text: LossText | None = None,
        *,
        d_loss: LossFunction,
        g_loss: LossFunction,
        inputs: GeneratorInputs | None = None,
        discriminator: DiscriminatorRules | None = None,
        recognizer: Heads | None = None,
        options: Mapping[str, Option] | None = None,
        recipe: Mapping[str, OptionValue] | None = None,
        paper: PaperSettings | None = None,
        check: Callable[[RunConfig], None] = allow_all,
        past_weight: Callable[[Options], float] = lambda _: 0.0,
        **single: Any,
    ) -> None:
        groups = {"text": text, "inputs": inputs, "discriminator": discriminator}
        values = {
            **{group: _grouped(group, record, single) for group, record in groups.items()},
            "d_loss": d_loss,
            "g_loss": g_loss,
            "recognizer": recognizer,
            "options": options or {},
            "recipe": recipe or {},
            "paper": paper or PaperSettings({}, ()),
            "check": check,
            "past_weight": past_weight,
        }
        unknown = [name for name in single if name not in _GROUP_OF]
        if unknown:
            raise TypeError(f"Variant got an unexpected keyword argument `{unknown[0]}`")
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """The word by which the loss is chosen."""
        return self.text.name

    if not TYPE_CHECKING:  # a type checker should see the groups alone

        def __getattr__(self, name: str) -> object:
            """Reads a field of a group from the row itself, as packages did before there were groups."""
            if name not in _GROUP_OF:
                raise AttributeError(f"`Variant` has no attribute `{name}`")
            return getattr(getattr(self, _GROUP_OF[name]), name)


def _grouped(group: str, record: Any, single: Mapping[str, Any]) -> Any:
    """A group of a row, as given or by default, with the fields of it that are given as single keywords."""
    own = {name: value for name, value in single.items() if _GROUP_OF.get(name) == group}
    return _GROUPS[group](**own) if record is None else replace(record, **own)
