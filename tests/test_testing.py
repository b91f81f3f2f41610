"""The suite for others' losses passes good ones and names what is wrong with bad ones."""

import functools
import itertools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import tensorflow as tf

from rnngan_cli import losses, testing
from rnngan_cli.config import RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.losses import plain, play, scores
from rnngan_cli.losses.game import Game, Outcome, draw_noise
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import PaperSettings, Variant
from rnngan_cli.training.small_runs import make_trainer, small_dataset

BCE = losses.variant("bce")


def changed(**fields: Any) -> Variant:
    """`bce` with other fields, those of its groups by their own names."""
    return replace(BCE, **fields)


def with_score(score: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], **changes: Any) -> Variant:
    """`bce` with another score of its discriminator."""
    return changed(d_loss=plain.discriminator_loss(score), **changes)


def leaking(game: Game, batch: Batch, draw: Draw, step: tf.Tensor) -> Outcome:
    """A discriminator's loss that moves the generator too."""
    outcome = BCE.d_loss(game, batch, draw, step)
    return replace(outcome, losses={**outcome.losses, "generator": outcome.losses["discriminator"]})


def blind(game: Game, batch: Batch, draw: Draw, step: tf.Tensor) -> Outcome:
    """A discriminator's loss that looks at real series alone."""
    del step
    output = play.discriminate(game.networks.discriminator, batch.series, draw.seen)
    return Outcome({"discriminator": tf.reduce_mean(output.logits)}, {}, output, output, batch.series)


@tf.custom_gradient
def doubled(value: tf.Tensor) -> Any:
    """A value whose gradient is twice what it should be."""
    return value, lambda upstream: 2 * upstream


def unpaired(game: Game, seed: tf.Tensor, stream: str, counter: tf.Tensor, batch: Batch) -> Draw:
    """Noise of a stream of its own."""
    return draw_noise(game, seed, f"mine-{stream}", counter, batch)


@tf.custom_gradient
def signed(value: tf.Tensor) -> Any:
    """A value of whose gradient only the sign is left."""
    return value, tf.sign


def refusing(config: RunConfig) -> None:
    """Refuses a readout that the row allows."""
    if config.readout == "last":
        raise UserError("no last")


def counting() -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A score that depends on how often it was called in this process."""
    calls = itertools.count(1)
    return lambda real, fake: next(calls) * scores.bce_discriminator(real, fake)


def with_variable() -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A score with a weight of its own, which nothing trains or keeps."""
    weight = functools.cache(lambda: tf.Variable(1.0, name="scale"))
    return lambda real, fake: weight() * scores.bce_discriminator(real, fake)


def weights(variant: Variant) -> None:
    testing.check_weights(make_trainer(variant))


def moves(variant: Variant, readout: str = "mean", penalty: str = "r1") -> dict[str, dict[str, float]]:
    return testing.check_moves(make_trainer(variant, small_dataset(3), readout=readout, penalty=penalty))


@pytest.mark.parametrize(
    ("variant", "check", "said"),
    [
        (changed(d_loss=leaking), moves, "the discriminator's loss moves `generator`"),
        (with_score(lambda real, fake: tf.reduce_mean(real - fake, axis=0, keepdims=True)), moves, "has shape (1,)"),
        (
            with_score(lambda real, fake: tf.reduce_mean(real, axis=0) - tf.reduce_mean(fake, axis=0)),
            lambda variant: moves(variant, "step"),
            "has shape (3,); expected one number",
        ),
        (with_score(lambda real, fake: tf.math.log(-tf.reduce_mean(real**2 + fake**2))), moves, "that are not finite"),
        (
            changed(g_loss=plain.generator_loss(lambda fake: scores.bce_generator(tf.stop_gradient(fake)))),
            testing.check_gradients,
            "the generator's loss and `generator`: no gradient at ",
        ),
        (
            with_score(lambda real, fake: doubled(scores.bce_discriminator(real, fake))),
            testing.check_gradients,
            "by differences",
        ),
        (
            with_score(lambda real, fake: scores.bce_discriminator(signed(real), fake)),
            testing.check_gradients,
            "by differences",
        ),
        (
            with_score(lambda real, fake: tf.linalg.trace(tf.matmul(real, fake, transpose_a=True))),
            moves,
            "check_moves ended with InvalidArgumentError: ",
        ),
        (with_score(with_variable()), weights, "its losses use variables of no network: ['scale"),
        (
            changed(g_loss=lambda *_: Outcome({"generator": tf.constant(0.0)}), d_loss=blind),
            weights,
            "its losses leave weights unused, of generator",
        ),
        (
            changed(check=refusing),
            testing.check_refusals,
            "`readout = last` is allowed by its row, but refused: no last",
        ),
        (with_score(counting()), testing.check_resume, "continued from its state, a run has other values in "),
        (changed(draw=unpaired), testing.check_starts, "its noise `series` is not that of other losses"),
        (changed(g_formula=" "), testing.check_row, "`g_formula` is empty"),
        (changed(penalty="clip"), testing.check_row, "its penalty `clip` is not among its penalties"),
        (changed(readouts=("first",)), testing.check_row, "its readouts should be some of ['last', 'mean'"),
        (changed(paper=PaperSettings({"unist": 3}, ())), testing.check_row, "the settings of its paper are refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_loss_with_a_fault_is_named_with_its_fault(
    variant: Variant, check: Callable[[Variant], None], said: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        check(variant)
    message = str(caught.value)
    assert message.startswith("`bce`: ")
    assert said in message
    assert "\n" not in message


def test_a_loss_of_differences_of_logits_needs_no_bias() -> None:
    """Such a bias has no gradient, and is the only weight that may stay where it is: a loss of nothing moves none."""
    terms = moves(with_score(lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real)))
    assert terms["discriminator"]["d_grad_norm"] > 0
    with pytest.raises(AssertionError, match="does not move `discriminator`"):
        moves(with_score(lambda real, fake: 0 * (tf.reduce_mean(fake) - tf.reduce_mean(real))), penalty="none")


def test_the_cases_are_all_there_is_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, readout and penalty of the row; `check_loss` runs them all."""
    found = testing.cases(BCE)
    assert len({str(case) for case in found}) == len(found) == 3 + 2 * 4 * 6 + 2 * 6 + 2
    run: list[str] = []
    made = [testing.Case(name, functools.partial(run.append, name)) for name in "ab"]
    monkeypatch.setattr(testing, "cases", lambda *_: made)
    testing.check_loss("bce")
    assert run == ["a", "b"]


@pytest.mark.parametrize("case", [case for case in testing.cases("wgan", ("gru",)) if "mean" in str(case)], ids=str)
def test_a_case_checks_an_installed_loss(case: testing.Case) -> None:
    case.check()


@pytest.mark.parametrize("name", list(losses.VARIANTS))
def test_rows_and_starts_of_the_ten_losses_hold(name: str) -> None:
    variant = losses.variant(name)
    for check in (testing.check_row, testing.check_refusals, testing.check_starts, testing.check_resume):
        check(variant)


@pytest.mark.parametrize("module", ["rnngan_cli.testing", "rnngan_cli.losses"])
def test_importing_is_light(module: str) -> None:
    """A package's own listing imports its row; whoever only names the checks need not wait, or have pytest."""
    code = f"import sys, {module}; print(sorted({{'keras', 'pytest', 'tensorflow'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
