"""Losses made of a score on real and generated logits, or of the discriminator's features."""

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
    """A score on logits, lifted to a loss of the discriminator.

    Attributes:
        score: what is minimised.
        terms: makes further columns from the logits, or None.
    """

    score: Callable[[Options, Tensor, Tensor], Tensor]
    terms: Callable[[Options, Tensor, Tensor], dict[str, Tensor]] | None = None

    def __call__(self, game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
        """The loss of a batch, as `LossFunction` has it."""
        del step
        series, real, generated = discriminate_both(game, batch, draw)
        value = self.score(game.options, real.logits, generated.logits)
        extra = self.terms(game.options, real.logits, generated.logits) if self.terms else {}
        return Outcome({"discriminator": value}, extra, real, generated, series)


@dataclass(frozen=True)
class GeneratorLoss:
    """A score on generated logits, lifted to a loss of the generator.

    Attributes:
        score: what is minimised.
    """

    score: Callable[[Options, Tensor], Tensor]

    def __call__(self, game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
        """The loss of a batch, as `LossFunction` has it."""
        del batch, step
        series = play.run_generator(game.networks.generator, draw)
        output = play.discriminate(game.networks.discriminator, series, draw.seen)
        return Outcome({"generator": self.score(game.options, output.logits)})


def discriminator_loss(score: PairScore, terms: Terms | None = None) -> DiscriminatorLoss:
    """Lifts a score on logits to a loss of the discriminator.

    Args:
        score: from (real logits, generated logits) to a scalar; or from (options, real logits, generated logits), for a
            loss with options of its own.
        terms: from the same to further columns of history.csv, scalars by name.
    """
    return DiscriminatorLoss(_with_options(score, 2), None if terms is None else _with_options(terms, 2))


def generator_loss(score: GeneratedScore) -> GeneratorLoss:
    """Lifts a score on generated logits to a loss of the generator.

    Args:
        score: from (generated logits) to a scalar; or from (options, generated logits).
    """
    return GeneratorLoss(_with_options(score, 1))


def _with_options(function: Callable[..., Any], num_logits: int) -> Callable[..., Any]:
    """Returns a function of (options, logits ...): `function` itself if it takes the options, else one that drops them.

    A function takes the options if it needs one more positional argument than there are logits.
    """
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    needed = [one for one in parameters if one.kind in positional and one.default is one.empty]
    return function if len(needed) > num_logits else lambda _, *logits: function(*logits)


def feature_matching_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """The generator matches the mean of the discriminator's recurrent output, pooled over time, on a real batch."""
    del step
    _, real, generated = discriminate_both(game, batch, draw)
    pooled = (tf.reduce_mean(output.features, axis=1) for output in (real, generated))
    return Outcome({"generator": scores.feature_matching(*pooled)})


def discriminate_both(game: Game, batch: Batch, draw: Draw) -> tuple[Tensor, DiscriminatorOutput, DiscriminatorOutput]:
    """Generates a batch and judges it together with the real one."""
    series = play.run_generator(game.networks.generator, draw)
    conditions = None if draw.seen is None else [draw.seen, draw.seen]
    networks = game.networks
    real, generated = play.discriminate_together(
        networks.discriminator, [batch.series, series], conditions, coupled=networks.couples_batch
    )
    return series, real, generated
