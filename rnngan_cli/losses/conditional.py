"""Conditional GAN: labels go into the generator; the discriminator is given them too, or has to name them."""

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
    """Width of the labels fed to the generator: one per class."""
    del options
    return num_labels


def seen_width(num_labels: int, options: Options) -> int:
    """Width of the labels given to the discriminator: none if it has to name them."""
    return num_labels if options["labels"] == "given" else 0


def head_widths(sizes: Sizes, options: Options) -> dict[str, int]:
    """The classifier's logits, one per class; none if the labels are given."""
    return {"labels": sizes.num_labels} if options["labels"] == "named" else {}


def draw_labels(game: Game, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
    """Noise, and the labels of the batch: the training distribution of labels."""
    return _with_labels(game, draw_noise(game, seed, stream, counter, batch), batch.labels)


def _with_labels(game: Game, draw: Draw, labels: Tensor) -> Draw:
    """Labels, one-hot (batch, classes), put where the options want them."""
    fed = labels
    if game.options["tiling"] == "first":
        rest = tf.zeros([tf.shape(labels)[0], game.steps - 1, game.num_labels], labels.dtype)
        fed = tf.concat([labels[:, None], rest], axis=1)  # (batch, steps, classes)
    return replace(
        draw, conditions=fed, seen=fed if game.options["labels"] == "given" else None, parts={"labels": labels}
    )


def naming_error(labels: Tensor, logits: Tensor) -> Tensor:
    """-E log Q(label given series): cross-entropy in nats; labels, one-hot, and logits are (batch, classes)."""
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))


def d_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """`bce`; with an auxiliary classifier, plus its error on real and on generated series (Odena et al. 2017)."""
    del step
    series, real, generated = discriminate_both(game, batch, draw)
    value = scores.bce_discriminator(real.logits, generated.logits)
    losses, terms = {"discriminator": value}, {}
    if game.options["labels"] == "named":
        errors = [
            naming_error(draw.parts["labels"], game.recognise(one.features)["labels"]) for one in (real, generated)
        ]
        value += game.number("classifier_weight") * (errors[0] + errors[1])
        losses = {"discriminator": value, "recognizer": value}  # the classifier sits on the discriminator's trunk
        terms = {"naming_real": errors[0], "naming_generated": errors[1]}
    return Outcome(losses, terms, real, generated, series)


def g_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """`bce`; with an auxiliary classifier, plus its error on generated series."""
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
