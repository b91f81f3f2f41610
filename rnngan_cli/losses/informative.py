"""InfoGAN: codes go into the generator and are read back from what it makes."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rnngan_cli.config import OptionValue
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses import scores
from rnngan_cli.losses.plain import play
from rnngan_cli.losses.variant import Game, Outcome, draw_noise
from rnngan_cli.options import Option
from rnngan_cli.randomness import key, normal, uniform

if TYPE_CHECKING:
    from rnngan_cli.networks import Batch, Draw

OPTIONS = {
    "categories": Option(10, "Values of the categorical code.", low=2, high=1000),
    "continuous": Option(2, "Number of Gaussian codes.", low=0, high=1000),
    "weight": Option(1.0, "Weight of the information term.", low=0),
}
Options = Mapping[str, OptionValue]


def code_width(num_labels: int, options: Options) -> int:
    """Width of the codes: a one-hot category and the Gaussian codes. Labels of the data play no part."""
    del num_labels
    return int(options["categories"]) + int(options["continuous"])


def head_widths(latent_series: int, latent_steps: int, options: Options) -> dict[str, int]:
    """What is read back: logits of the category, means of the Gaussian codes."""
    del latent_series, latent_steps
    widths = {name: int(options[name]) for name in ("categories", "continuous")}
    return {name: width for name, width in widths.items() if width}


def draw_codes(game: Game, seed: Tensor, stream: str, counter: Tensor, batch: "Batch") -> "Draw":
    """Noise, and codes: a uniform category as one-hot, Gaussian codes from N(0, 1)."""
    noise = draw_noise(game, seed, stream, counter, batch)
    size, widths = tf.shape(noise.series)[0], head_widths(0, 0, game.options)
    chosen = uniform(key(seed, f"{stream}/category", counter), [size]) * widths["categories"]
    parts = {"categories": tf.one_hot(tf.cast(chosen, tf.int32), widths["categories"])}
    if "continuous" in widths:
        parts["continuous"] = normal(key(seed, f"{stream}/codes", counter), [size, widths["continuous"]])
    return replace(noise, conditions=tf.concat(list(parts.values()), axis=1), parts=parts)


def information(codes: Mapping[str, Tensor], read: Mapping[str, Tensor]) -> Tensor:
    """The lower bound E log Q(c given x) + H(c) on the information codes and series share, in nats, summed over codes.

    Args:
        codes: `categories` one-hot (batch, K), `continuous` (batch, C).
        read: logits (batch, K) and means (batch, C) of the recognizer; Gaussian codes have unit variance.

    Returns:
        A scalar: at most log K from the category; 0 or less where nothing can be read back.
    """
    error = tf.nn.softmax_cross_entropy_with_logits(codes["categories"], read["categories"])
    bound = math.log(codes["categories"].shape[1]) - tf.reduce_mean(error)
    if "continuous" in codes:
        # H = 1/2 log(2 pi e), -log Q = 1/2 (c - mean)^2 + 1/2 log(2 pi), per code
        squares = tf.square(codes["continuous"] - read["continuous"])
        bound += tf.reduce_mean(tf.reduce_sum(0.5 - 0.5 * squares, axis=1))
    return bound


def d_loss(game: Game, batch: "Batch", draw: "Draw", step: Tensor) -> Outcome:
    """`bce` minus the information term, for the discriminator's trunk and the recognizer on top of it."""
    del step
    series, real, generated = play(game, batch, draw)
    shared = information(draw.parts, game.recognise(generated.features))
    value = scores.bce_discriminator(real.logits, generated.logits) - game.number("weight") * shared
    return Outcome({"discriminator": value, "recognizer": value}, {}, real, generated, series)


def g_loss(game: Game, batch: "Batch", draw: "Draw", step: Tensor) -> Outcome:
    """`bce` minus the information term, for the generator: the gradient comes back through recognizer and trunk."""
    from rnngan_cli import networks

    del batch, step
    series = networks.generate(game.networks.generator, draw)
    judgement = networks.judge(game.networks.discriminator, series)
    shared = information(draw.parts, game.recognise(judgement.features))
    value = scores.bce_generator(judgement.logits) - game.number("weight") * shared
    return Outcome({"generator": value}, {"information": shared})
