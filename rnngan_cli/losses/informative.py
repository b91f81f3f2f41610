"""InfoGAN: codes enter the generator and are read back from the series that it generates."""

import math
from collections.abc import Mapping
from dataclasses import replace

from rnngan_cli.config import RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.errors import UserError
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses import play, scores
from rnngan_cli.losses.game import Game, Options, Outcome, draw_noise
from rnngan_cli.losses.plain import discriminate_both
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Control, Controls, Sizes
from rnngan_cli.system.randomness import key, normal, uniform

OPTIONS = {
    "categorical": Option(1, "Number of categorical codes.", low=0, high=100),
    "categories": Option(10, "Values of each categorical code.", low=2, high=1000),
    "continuous": Option(2, "Number of continuous codes.", low=0, high=1000),
    "prior": Option("gaussian", "Continuous codes are drawn from N(0, 1), or from U(-1, 1).", ("gaussian", "uniform")),
    "deviation": Option(
        "fixed", "Deviation with which continuous codes are read back: 1, or learned.", ("fixed", "learned")
    ),
    "weight": Option(1.0, "Weight of the information term.", low=0),
    "receives": Option(
        "both",
        "both: the information term moves the discriminator's trunk too; generator: generator and recognizer alone.",
        ("both", "generator"),
    ),
}
_ENTROPY = {"gaussian": 0.5 * math.log(2 * math.pi * math.e), "uniform": math.log(2)}
"""Entropy of a continuous code in nats, by its prior."""


def check(config: RunConfig) -> None:
    """Refuses a run without codes.

    Raises:
        UserError: the options ask for no code.
    """
    if not int(config.options["categorical"]) + int(config.options["continuous"]):
        raise UserError(
            "`infogan.categorical = 0` and `infogan.continuous = 0`: there is no code to inform about; set one above 0"
        )


def code_width(num_labels: int, options: Options) -> int:
    """Returns the width of the codes: one-hot categories and continuous codes. Labels of the data are not used."""
    del num_labels
    return int(options["categorical"]) * int(options["categories"]) + int(options["continuous"])


def head_widths(sizes: Sizes, options: Options) -> dict[str, int]:
    """Returns the widths of what is read back.

    These are logits for each categorical code; and means of the continuous codes, with logarithms of their deviations
    if those are learned.
    """
    del sizes
    widths = {f"code_{number}": int(options["categories"]) for number in range(int(options["categorical"]))}
    if options["continuous"]:
        widths["continuous"] = int(options["continuous"]) * (2 if options["deviation"] == "learned" else 1)
    return widths


def draw_codes(game: Game, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
    """Draws noise and codes: uniform categories, one-hot, and continuous codes from their prior."""
    noise = draw_noise(game, seed, stream, counter, batch)
    size, categories = tf.shape(noise.series)[0], int(game.options["categories"])
    parts = {}
    for number in range(int(game.options["categorical"])):
        chosen = uniform(key(seed, f"{stream}/category-{number}", counter), [size]) * categories
        parts[f"code_{number}"] = tf.one_hot(tf.cast(chosen, tf.int32), categories)
    if game.options["continuous"]:
        shape, drawn = [size, int(game.options["continuous"])], key(seed, f"{stream}/codes", counter)
        gaussian = game.options["prior"] == "gaussian"
        parts["continuous"] = normal(drawn, shape) if gaussian else 2 * uniform(drawn, shape) - 1
    return _with_codes(noise, parts)


def _with_codes(draw: Draw, parts: dict[str, Tensor]) -> Draw:
    return replace(draw, conditions=tf.concat(list(parts.values()), axis=1), parts=parts)


def information(codes: Mapping[str, Tensor], read: Mapping[str, Tensor], prior: str = "gaussian") -> Tensor:
    """Computes the lower bound E log Q(c given x) + H(c) on the mutual information of codes and series.

    The bound is in nats and summed over codes (Chen et al. 2016, InfoGAN, eq. 5). A categorical code adds log K +
    log softmax(logits)_c. A continuous code adds H(c) + log N(c; mean, deviation), with H = 1/2 log(2 pi e) for N(0, 1)
    and log 2 for U(-1, 1).

    Args:
        codes: `code_0`, ... one-hot, (batch, K) each; `continuous`, (batch, C).
        read: outputs of the recognizer by the same names: logits, (batch, K) each; and means, (batch, C), with
            deviation 1, or means and logarithms of deviations, (batch, 2 C).
        prior: prior of the continuous codes, `gaussian` or `uniform`.

    Returns:
        A scalar, to which each categorical code adds at most log K.
    """
    bound = tf.zeros([], next(iter(codes.values())).dtype)
    for name, code in codes.items():
        if name == "continuous":
            bound += tf.reduce_mean(tf.reduce_sum(_log_likelihood(code, read[name]) + _ENTROPY[prior], axis=1))
        else:
            error = tf.nn.softmax_cross_entropy_with_logits(code, read[name])
            bound += math.log(code.shape[1]) - tf.reduce_mean(error)
    return bound


def _log_likelihood(code: Tensor, read: Tensor) -> Tensor:
    """Computes log N(code; mean, deviation) for each code, (batch, C)."""
    means, logs = (read, tf.zeros_like(read)) if read.shape[1] == code.shape[1] else tf.split(read, 2, axis=1)
    return -0.5 * tf.square((code - means) * tf.exp(-logs)) - logs - 0.5 * math.log(2 * math.pi)


def _shared(game: Game, draw: Draw, features: Tensor) -> Tensor:
    return information(draw.parts, game.recognise(features), str(game.options["prior"]))


def d_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes the loss of `bce` minus the information term, for the discriminator and the recognizer.

    The discriminator does without the information term if `receives = generator`.
    """
    del step
    series, real, generated = discriminate_both(game, batch, draw)
    value = scores.bce_discriminator(real.logits, generated.logits)
    informed = value - game.number("weight") * _shared(game, draw, generated.features)
    trunk = informed if game.options["receives"] == "both" else value
    return Outcome({"discriminator": trunk, "recognizer": informed}, {}, real, generated, series)


def g_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes the loss of `bce` minus the information term, whose gradient passes recognizer and discriminator."""
    del batch, step
    series = play.run_generator(game.networks.generator, draw)
    output = play.discriminate(game.networks.discriminator, series)
    shared = _shared(game, draw, output.features)
    value = scores.bce_generator(output.logits) - game.number("weight") * shared
    return Outcome({"generator": value}, {"information": shared})


def _controls(num_labels: int, options: Options) -> dict[str, Control]:
    """Names categorical codes `0`, `1`, ... and continuous codes `c0`, `c1`, ...."""
    del num_labels
    end = 2.0 if options["prior"] == "gaussian" else 1.0
    return {
        **{str(number): Control(choices=int(options["categories"])) for number in range(int(options["categorical"]))},
        **{f"c{number}": Control(low=-end, high=end) for number in range(int(options["continuous"]))},
    }


def _apply(game: Game, draw: Draw, values: Mapping[str, Tensor]) -> Draw:
    parts = dict(draw.parts)
    columns = tf.unstack(parts["continuous"], axis=1) if "continuous" in parts else []
    for name, value in values.items():
        if name.startswith("c"):
            columns[int(name[1:])] = tf.cast(value, tf.float32)
        else:
            parts[f"code_{name}"] = tf.one_hot(tf.cast(value, tf.int32), int(game.options["categories"]))
    if columns:
        parts["continuous"] = tf.stack(columns, axis=1)
    return _with_codes(draw, parts)


def _shown(game: Game, draw: Draw) -> dict[str, Tensor]:
    shown = {}
    for name in _controls(0, game.options):
        if name.startswith("c"):
            shown[name] = draw.parts["continuous"][:, int(name[1:])]
        else:
            shown[name] = tf.argmax(draw.parts[f"code_{name}"], axis=1)
    return shown


CONTROLS = Controls(_controls, _apply, _shown)
"""A control for each code."""
