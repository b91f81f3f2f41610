"""VAE-GAN: an encoder infers the noise behind a real series; the discriminator's features measure reconstruction."""

from dataclasses import replace

from rnngan_cli.config import RunConfig
from rnngan_cli.config.options import Option
from rnngan_cli.errors import UserError
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses import play, scores
from rnngan_cli.losses.game import Game, Options, Outcome
from rnngan_cli.losses.play import Batch, DiscriminatorOutput, Draw
from rnngan_cli.losses.variant import Sizes

OPTIONS = {
    "gamma": Option(0.01, "Weight of the reconstruction in the generator's loss.", low=0),
    "anneal_steps": Option(1000, "Updates over which the KL term's weight rises from 0 to 1.", low=0),
    "layer": Option(
        -1,
        "Recurrent layer of the discriminator in which reconstruction is measured: 1 is the first, -1 the last; 0: the "
        "series itself.",
        low=-1,
        high=16,
    ),
}


def check(config: RunConfig) -> None:
    """Refuses a layer that the discriminator does not have.

    Raises:
        UserError: `layer` is larger than the number of layers.
    """
    if int(config.options["layer"]) > config.layers:
        raise UserError(
            f"`vae.layer = {config.options['layer']}`: the discriminator has `layers = {config.layers}`; "
            f"expected -1 to {config.layers}"
        )


def head_widths(sizes: Sizes, options: Options) -> dict[str, int]:
    """Returns the widths of mean and log variance for the noise of a series, and for the noise of every step."""
    del options
    widths = {"series_noise": 2 * sizes.latent_series, "step_noise": 2 * sizes.latent_steps}
    return {name: width for name, width in widths.items() if width}


def kl_to_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Computes KL(N(mean, variance), N(0, 1)) in nats for each value: 1/2 (mean^2 + variance - 1 - log variance).

    Args:
        mean: any shape.
        log_variance: the same shape.

    Returns:
        Values >= 0 in that shape.
    """
    return 0.5 * (tf.square(mean) + tf.exp(log_variance) - 1 - log_variance)


def kl_weight(step: Tensor, anneal_steps: float) -> Tensor:
    """Computes min(1, step / anneal_steps).

    The weight starts at 0, so that the encoder is not drawn to the prior first (posterior collapse).
    """
    return tf.ones_like(step) if anneal_steps == 0 else tf.minimum(tf.ones_like(step), step / anneal_steps)


def encode(game: Game, batch: Batch, draw: Draw) -> tuple[Draw, Tensor]:
    """Draws noise from q(z given x) by the reparametrisation mean + deviation * draw, and computes KL(q, prior).

    Returns:
        The noise as inputs of the generator; and the KL divergence in nats, summed over all noise values of a series
        and averaged over the batch, a scalar.
    """
    heads = game.recognise(batch.series)
    parts, divergence = {"series_noise": draw.series, "step_noise": draw.steps}, tf.zeros([], draw.series.dtype)
    for name, head in heads.items():
        mean, log_variance = tf.split(head, 2, axis=-1)
        kl = kl_to_prior(mean, log_variance)
        divergence += tf.reduce_mean(tf.reduce_sum(tf.reshape(kl, [tf.shape(kl)[0], -1]), axis=1))
        parts[name] = mean + tf.exp(0.5 * log_variance) * parts[name]
    return replace(draw, series=parts["series_noise"], steps=parts["step_noise"]), divergence


def reconstruction_error(real: Tensor, rebuilt: Tensor) -> Tensor:
    """Computes 1/2 E ||h(x) - h(G(z))||^2, which is -log N(h(x); h(G(z)), 1) up to a constant.

    Args:
        real: features of real series, (batch, steps, units).
        rebuilt: features of their reconstructions, (batch, steps, units).

    Returns:
        A scalar: summed over steps and units, averaged over the batch.
    """
    return 0.5 * tf.reduce_mean(tf.reduce_sum(tf.square(real - rebuilt), axis=[1, 2]))


def _layer(output: DiscriminatorOutput, number: int) -> Tensor:
    """Returns the output of a recurrent layer, (batch, steps, units): 1 is the first, -1 the last."""
    return output.layers[number - 1 if number > 0 else number]


def d_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes E sp(-D(x)) + E sp(D(prior sample)) + E sp(D(reconstruction))."""
    del step
    noise, _ = encode(game, batch, draw)
    series, rebuilt = play.run_generator_together(game.networks.generator, [draw, noise])
    real, generated = play.discriminate_together(
        game.networks.discriminator, [batch.series, series], None, coupled=game.networks.couples_batch
    )
    # Reconstructions take a pass of their own, as penalties are at real and prior samples alone.
    again = play.discriminate(game.networks.discriminator, rebuilt)
    value = scores.bce_discriminator(real.logits, generated.logits) + tf.reduce_mean(tf.nn.softplus(again.logits))
    return Outcome({"discriminator": value}, {}, real, generated, series)


def g_loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
    """Computes the losses of the generator and of the encoder.

    The generator minimises adversarial + gamma * reconstruction; the encoder, annealed KL + reconstruction.
    """
    noise, divergence = encode(game, batch, draw)
    series, rebuilt = play.run_generator_together(game.networks.generator, [draw, noise])
    # Real series take a pass of their own, through which no gradient is taken.
    real = play.discriminate(game.networks.discriminator, batch.series)
    generated, again = play.discriminate_together(
        game.networks.discriminator, [series, rebuilt], None, coupled=game.networks.couples_batch
    )
    layer = int(game.options["layer"])
    seen, remade = (batch.series, rebuilt) if layer == 0 else (_layer(real, layer), _layer(again, layer))
    error = reconstruction_error(seen, remade)
    adversarial = scores.bce_generator(generated.logits) + scores.bce_generator(again.logits)
    weight = kl_weight(step, game.number("anneal_steps"))
    return Outcome(
        {"generator": adversarial + game.number("gamma") * error, "recognizer": weight * divergence + error},
        {"adversarial": adversarial, "reconstruction": error, "kl": divergence, "kl_weight": weight},
    )
