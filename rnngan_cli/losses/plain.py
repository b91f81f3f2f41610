"""Losses made of a function of real and generated logits, or of the discriminator's features."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses import play, scores
from rnngan_cli.losses.game import Game, Options, Outcome
from rnngan_cli.losses.play import Batch, DiscriminatorOutput, Draw

PairScore = Callable[[Tensor, Tensor], Tensor] | Callable[[Options, Tensor, Tensor], Tensor]
"""From (real logits, generated logits) to a scalar, or from (options, real logits, generated logits)."""
GeneratedScore = Callable[[Tensor], Tensor] | Callable[[Options, Tensor], Tensor]
"""From the generated logits to a scalar, or from (options, generated logits)."""
Terms = Callable[[Tensor, Tensor], dict[str, Tensor]] | Callable[[Options, Tensor, Tensor], dict[str, Tensor]]
"""From the same as a `PairScore` to further columns of history.csv, scalars by name."""


@dataclass(frozen=True)
class DiscriminatorLoss:
    """A loss of the discriminator made of a function of logits.

    Attributes:
        score: from (options, real logits, generated logits) to the scalar that is minimised.
        terms: from the same to further columns of history.csv, scalars by name; None if there are none.
    """

    score: Callable[[Options, Tensor, Tensor], Tensor]
    terms: Callable[[Options, Tensor, Tensor], dict[str, Tensor]] | None = None

    def __call__(self, game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
        """Computes the loss of a batch; arguments as of `LossFunction`."""
        del step
        series, real, generated = discriminate_both(game, batch, draw)
        value = self.score(game.options, real.logits, generated.logits)
        extra = self.terms(game.options, real.logits, generated.logits) if self.terms else {}
        return Outcome({"discriminator": value}, extra, real, generated, series)


@dataclass(frozen=True)
class GeneratorLoss:
    """A loss of the generator made of a function of logits.

    Attributes:
        score: from (options, generated logits) to the scalar that is minimised.
    """

    score: Callable[[Options, Tensor], Tensor]

    def __call__(self, game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
        """Computes the loss of a batch; arguments as of `LossFunction`."""
        del batch, step
        series = play.run_generator(game.networks.generator, draw)
        output = play.discriminate(game.networks.discriminator, series, draw.seen)
        return Outcome({"generator": self.score(game.options, output.logits)})


def discriminator_loss(score: PairScore, terms: Terms | None = None) -> DiscriminatorLoss:
    """Makes a loss of the discriminator from a function of logits.

    Logits are (batch,), or (batch, steps) for the readout `step`.

    Args:
        score: from (real logits, generated logits) to the scalar that is minimised; or from (options, real logits,
            generated logits), for a loss with options of its own.
        terms: from the same to further columns of history.csv, scalars by name.
    """
    return DiscriminatorLoss(_with_options(score, 2), None if terms is None else _with_options(terms, 2))


def generator_loss(score: GeneratedScore) -> GeneratorLoss:
    """Makes a loss of the generator from a function of logits.

    Args:
        score: from the generated logits, (batch,) or (batch, steps), to the scalar that is minimised; or from (options,
            generated logits).
    """
    return GeneratorLoss(_with_options(score, 1))


def _with_options(function: Callable[..., Any], num_logits: int) -> Callable[..., Any]:
    """Returns a function of (options, logits ...): `function` itself if it takes the options, else one that drops them.

    A function takes the options if it needs one more positional argument than there are logits.
    """
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    needed = [each for each in parameters if each.kind in positional and each.default is each.empty]
    return function if len(needed) > num_logits else lambda _, *logits: function(*logits)


def feature_matching_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes the generator's loss of feature matching (Salimans et al. 2016, section 3.1).

    The features are the discriminator's recurrent output, averaged over steps.
    """
    del step
    _, real, generated = discriminate_both(game, batch, draw)
    pooled = (tf.reduce_mean(output.features, axis=1) for output in (real, generated))
    return Outcome({"generator": scores.feature_matching(*pooled)})


def discriminate_both(game: Game, batch: Batch, draw: Draw) -> tuple[Tensor, DiscriminatorOutput, DiscriminatorOutput]:
    """Generates a batch and runs the discriminator on it and on the real batch.

    Returns:
        The generated series; and the outputs of the discriminator for real and for generated series.
    """
    series = play.run_generator(game.networks.generator, draw)
    conditions = None if draw.seen is None else [draw.seen, draw.seen]
    networks = game.networks
    real, generated = play.discriminate_together(
        networks.discriminator, [batch.series, series], conditions, coupled=networks.couples_batch
    )
    return series, real, generated
