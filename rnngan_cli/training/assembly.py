"""The networks of a run, put together from its config, its data set and its loss."""

from rnngan_cli.config import RunConfig
from rnngan_cli.data import forms
from rnngan_cli.data.dataset import SeriesFormat
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES
from rnngan_cli.losses.variant import Sizes, Variant
from rnngan_cli.networks import build
from rnngan_cli.networks.build import Networks
from rnngan_cli.system.device import use_fused_layers


def build_networks(
    variant: Variant, config: RunConfig, series_format: SeriesFormat, num_labels: int, device: str
) -> Networks:
    """Builds the networks of a run; their weights are still to be initialised.

    Args:
        variant: the loss.
        config: config of the run, as resolved by a plan.
        series_format: the format of series, which gives their shape.
        num_labels: number of classes that the loss is given; 0 without labels.
        device: `cpu` or `gpu:N`, which decides on fused layers.
    """
    shape = build.Shape(
        steps=series_format.steps,
        features=series_format.features,
        categories=tuple((block.start, block.width) for block in forms.category_blocks(series_format.columns)),
        cell=config.cell,
        layers=config.layers,
        units=config.units,
        readout=config.readout,
        bounded=config.data.scaling == "minmax",
        fused=use_fused_layers(
            device, second_derivatives=config.penalty in GRADIENT_PENALTIES, spectral=config.spectral_norm
        ),
        spectral=config.spectral_norm,
        bidirectional=config.d_bidirectional,
        output_bias=config.d_output_bias,
        noise_starts=config.first_state == "noise",
        views=config.views,
        precision=None if config.precision == "float32" else config.precision,
    )
    width = config.latent_series + config.latent_steps + variant.inputs.conditions(num_labels, config.options)
    heads = {}
    if variant.recognizer is not None:
        sizes = Sizes(num_labels, config.latent_series, config.latent_steps)
        heads = variant.recognizer.widths(sizes, config.options)
    similarities = variant.discriminator.similarities(config.options)
    return Networks(
        generator=build.build_generator(shape, width),
        discriminator=build.build_discriminator(
            shape, variant.inputs.conditions_seen(num_labels, config.options), similarities
        ),
        average=build.build_generator(shape, width, name="average"),
        recognizer=build.build_recognizer(shape, heads, shared_trunk=variant.recognizer.shared_trunk)
        if variant.recognizer is not None and heads
        else None,
        couples_batch=similarities[0] > 0,
    )
