"""Conditional GAN: labels enter the generator, and the discriminator is either given them too or has to name them."""

from collections.abc import Mapping
from dataclasses import replace

from rnngan_cli.config.options import Option
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses import play, scores
from rnngan_cli.losses.game import Game, Options, Outcome, draw_noise
from rnngan_cli.losses.plain import discriminate_both
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Control, Controls, Sizes

OPTIONS = {
    "tiling": Option("every", "Steps at which labels are given: every one, or the first alone.", ("every", "first")),
    "labels": Option(
        "given",
        "given: the discriminator is given the label; named: it has to name it (auxiliary classifier).",
        ("given", "named"),
    ),
    "classifier_weight": Option(1.0, "Weight of the classifier's cross-entropy; with labels = named.", low=0),
}


def label_width(num_labels: int, options: Options) -> int:
    """Returns the width of the labels fed to the generator: one value per class."""
    del options
    return num_labels


def seen_width(num_labels: int, options: Options) -> int:
    """Returns the width of the labels given to the discriminator: 0 if it has to name them."""
    return num_labels if options["labels"] == "given" else 0


def head_widths(sizes: Sizes, options: Options) -> dict[str, int]:
    """Returns the width of the classifier's logits, one per class; empty if the labels are given."""
    return {"labels": sizes.num_labels} if options["labels"] == "named" else {}


def draw_labels(game: Game, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
    """Draws noise and takes the labels of the batch, so that labels follow the training distribution."""
    return _with_labels(game, draw_noise(game, seed, stream, counter, batch), batch.labels)


def _with_labels(game: Game, draw: Draw, labels: Tensor) -> Draw:
    """Puts labels, one-hot (batch, classes), into a draw as the options ask for."""
    fed = labels
    if game.options["tiling"] == "first":
        rest = tf.zeros([tf.shape(labels)[0], game.steps - 1, game.num_labels], labels.dtype)
        fed = tf.concat([labels[:, None], rest], axis=1)  # (batch, steps, classes)
    return replace(
        draw, conditions=fed, seen=fed if game.options["labels"] == "given" else None, parts={"labels": labels}
    )


def naming_error(labels: Tensor, logits: Tensor) -> Tensor:
    """Computes -E log Q(label given series), the cross-entropy in nats.

    Args:
        labels: one-hot, (batch, classes).
        logits: of the classifier, (batch, classes).

    Returns:
        A scalar >= 0.
    """
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))


def d_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes the loss of `bce`; with an auxiliary classifier, plus its error on both kinds of series.

    Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs.
    """
    del step
    series, real, generated = discriminate_both(game, batch, draw)
    value = scores.bce_discriminator(real.logits, generated.logits)
    losses, terms = {"discriminator": value}, {}
    if game.options["labels"] == "named":
        errors = [
            naming_error(draw.parts["labels"], game.recognise(part.features)["labels"]) for part in (real, generated)
        ]
        value += game.number("classifier_weight") * (errors[0] + errors[1])
        losses = {"discriminator": value, "recognizer": value}  # the classifier sits on the discriminator's trunk
        terms = {"naming_real": errors[0], "naming_generated": errors[1]}
    return Outcome(losses, terms, real, generated, series)


def g_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes the loss of `bce`; with an auxiliary classifier, plus its error on generated series."""
    del batch, step
    series = play.run_generator(game.networks.generator, draw)
    output = play.discriminate(game.networks.discriminator, series, draw.seen)
    value = scores.bce_generator(output.logits)
    if game.options["labels"] == "named":
        error = naming_error(draw.parts["labels"], game.recognise(output.features)["labels"])
        value += game.number("classifier_weight") * error
    return Outcome({"generator": value})


def _controls(num_labels: int, options: Options) -> dict[str, Control]:
    del options
    return {"label": Control(choices=num_labels)}


def _apply(game: Game, draw: Draw, values: Mapping[str, Tensor]) -> Draw:
    return _with_labels(game, draw, tf.one_hot(tf.cast(values["label"], tf.int32), game.num_labels))


def _shown(game: Game, draw: Draw) -> dict[str, Tensor]:
    del game
    return {"label": tf.argmax(draw.parts["labels"], axis=1)}


CONTROLS = Controls(_controls, _apply, _shown)
"""The one control `label`: the number of the class."""
