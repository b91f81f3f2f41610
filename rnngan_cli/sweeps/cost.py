"""The cost of a run: memory, counted before any of it is allocated, and expected time. No TensorFlow.

Weights and states of optimisers are counted exactly, the memory of an update by a factor that was measured. The sum is
a lower bound: a run that it refuses cannot fit.
"""

import math
from collections.abc import Mapping

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import SeriesFormat
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Sizes
from rnngan_cli.networks.cells import CELL_FACTS, MOST_UNROLLED, VIEWS
from rnngan_cli.system import memory
from rnngan_cli.training import optimizers

FLOAT = 4
"""Bytes of a number."""
HELD = 10
"""Numbers that one step of one unit holds for the gradient, per series: projections, gates, candidate, states. Measured
at 10 (long series of a GRU, no penalty) to 23 (with a penalty on gradients), of which this is the least."""


def check_memory(config: RunConfig, series_format: SeriesFormat, rows: int = 0) -> None:
    """Refuses a run that clearly does not fit into this machine.

    Args:
        config: of the run, as resolved by a plan.
        series_format: format of its series.
        rows: number of training series; 0 where only series are generated.

    Raises:
        UserError: it does not fit; the message says what it would need, and what there is.
    """
    steps, features = series_format.steps, series_format.features
    needed = run_bytes(config, steps, features, rows=rows, num_labels=series_format.num_labels)
    memory.demand(needed, f"run {config.label}", "lower units, layers, batch_size, history_every or window")


def run_bytes(config: RunConfig, steps: int, features: int, *, rows: int, num_labels: int) -> int:
    """Approximate bytes that a run holds at its peak, besides what TensorFlow itself takes.

    Args:
        config: of the run, as resolved by a plan.
        steps: steps of a series.
        features: features of a step.
        rows: number of training series.
        num_labels: classes of the data set; 0 without labels.
    """
    drawn = min(config.steps, config.history_every) * (config.critic_steps + 1) * config.batch_size
    series = 2 * rows * steps * features  # as prepared, and as a tensor
    held = state_numbers(config, features, num_labels) + constant_numbers(config, steps, features)
    return FLOAT * (held + update_numbers(config, steps, features) + series + 3 * drawn)


def state_numbers(config: RunConfig, features: int, num_labels: int) -> int:
    """Count of numbers in weights, the generator's average, states of optimisers, and gradients."""
    weights = weight_numbers(config, features, num_labels)
    past = losses.variant(config.loss).past_weight(config.options) > 0
    kept = sum(count * (2 + optimizers.slots(config, name) + past) for name, count in weights.items())
    return kept + weights["generator"]


def weight_numbers(config: RunConfig, features: int, num_labels: int) -> dict[str, int]:
    """Count of trained weights of every network, by its name; exact."""
    variant, units = losses.variant(config.loss), config.units
    num_labels = num_labels if variant.inputs.needs_labels else 0
    width = config.latent_series + config.latent_steps + variant.inputs.conditions(num_labels, config.options)
    seen = num_read(config, features) + variant.inputs.conditions_seen(num_labels, config.options)
    read = units * _directions(config)
    kernels, dims = variant.discriminator.similarities(config.options)
    numbers = {
        "generator": _stack(config, width, 1) + _dense(units, features) + _first_state(config, width),
        "discriminator": _stack(config, seen, _directions(config)) + read * kernels * dims + _dense(read + kernels, 1),
    }
    heads: Mapping[str, int] = {}
    if variant.recognizer is not None:
        sizes = Sizes(num_labels, config.latent_series, config.latent_steps)
        heads = variant.recognizer.widths(sizes, config.options)
    if variant.recognizer is not None and heads:
        trunk = _dense(read, units) if variant.recognizer.shared_trunk else _stack(config, features, 1)
        numbers["recognizer"] = trunk + sum(_dense(units, size) for size in heads.values())
    return numbers


def constant_numbers(config: RunConfig, steps: int, features: int) -> int:
    """Count of numbers in the maps by which the discriminator views series."""
    size = steps * features
    numbers = {"differences": features, "components": size + size**2}
    return sum(numbers[kind] for kind in VIEWS[config.views])


def update_numbers(config: RunConfig, steps: int, features: int) -> int:
    """Count of numbers that one update of the discriminator, on real and generated series, holds at once."""
    per_step = config.layers * config.units * _directions(config) * HELD + features
    # Unrolled, the gradients of the recurrent kernel lie side by side, one a step, until they are added up; in a longer
    # series they are one product.
    kernels = (steps if steps <= MOST_UNROLLED else 1) * CELL_FACTS[config.cell].gates * config.units**2
    similarities, dims = losses.variant(config.loss).discriminator.similarities(config.options)
    return 2 * config.batch_size * steps * per_step + kernels + config.batch_size**2 * similarities * dims


def num_read(config: RunConfig, features: int) -> int:
    """Count of numbers that the discriminator reads of each step of a series, its views included."""
    return features * (1 + len(VIEWS[config.views]))


def _directions(config: RunConfig) -> int:
    return 2 if config.d_bidirectional else 1


def _stack(config: RunConfig, width: int, directions: int) -> int:
    """Count of weights of recurrent layers on `width` inputs, read in one or both directions."""
    gates, biases = CELL_FACTS[config.cell].gates, CELL_FACTS[config.cell].biases
    inputs = [width, *[config.units * directions] * (config.layers - 1)]
    return directions * sum(gates * config.units * (size + config.units + biases) for size in inputs)


def _first_state(config: RunConfig, width: int) -> int:
    """Count of weights of the layer from which the generator has its first state; 0 if that is zeros."""
    states = CELL_FACTS[config.cell].states * config.layers * config.units
    return _dense(width, states) if config.first_state == "noise" else 0


def _dense(width: int, units: int) -> int:
    return math.prod((width, units)) + units


OPERATIONS_PER_SECOND = 90e9
"""Speed of the matrix products of small recurrent networks on one core: 89e9 on an Intel Xeon and 135e9 on an AMD EPYC,
from the steps of 24 and 64 units in results/speed."""
SECONDS_PER_RECURRENT_STEP = 25e-6
"""Time of one step of one layer in one pass, besides its matrix products: 31e-6 and 18e-6 on the same machines."""
COMPILE_SECONDS = 8.0
"""Time to compile the updates of one shape of runs."""
SCORE_SECONDS, JUDGING_SECONDS = 4.0, 5.5
"""Time of scores that are computed from series alone, and of training the judges of one size besides."""


def seconds(config: RunConfig, steps: int, features: int, *, judge_sizes: int) -> float:
    """Seconds one core needs to train and score a run on series of this shape, without compilation.

    Args:
        config: of the run.
        steps: of a series.
        features: of a step.
        judge_sizes: number of sizes of judges that score the run.
    """
    # Costs in forward passes: a gradient takes two more, a gradient of a gradient about six. Series that go through a
    # network together, as real and generated ones do, share the time besides the products.
    read, directions = num_read(config, features), _directions(config)
    noise = config.latent_series + config.latent_steps
    penalty = PENALTIES[
        losses.variant(config.loss).discriminator.penalty if config.penalty == "auto" else config.penalty
    ]
    batches = 0 if penalty is None else penalty.batches
    # Where the pass of the loss is at the points of the penalty, the penalty takes three passes fewer.
    of_pass = penalty is not None and penalty.is_of_pass(config)
    second_order = (4 if of_pass else 7) * directions * _pass_seconds(config, steps, read, batches)
    generator, both_kinds = _pass_seconds(config, steps, noise, 1), _pass_seconds(config, steps, read, 2)
    per_critic_step = generator + 3 * directions * both_kinds + second_order / config.penalty_every
    per_update = 3 * generator + 3 * directions * _pass_seconds(config, steps, read, 1)
    per_step = config.critic_steps * per_critic_step + per_update
    return SCORE_SECONDS + JUDGING_SECONDS * judge_sizes + config.steps * per_step


def _pass_seconds(config: RunConfig, steps: int, width: int, batches: int) -> float:
    """Seconds of a forward pass of one network over some batches together; 0 for none."""
    per_unit = width + config.units * (2 * config.layers - 1)
    operations = 2 * config.batch_size * steps * CELL_FACTS[config.cell].gates * config.units * per_unit
    overhead = steps * config.layers * SECONDS_PER_RECURRENT_STEP
    return batches * operations / OPERATIONS_PER_SECOND + overhead * (batches > 0)


def duration_in_words(seconds: float) -> str:
    """Formats a length of time in seconds to read at a glance.

    >>> duration_in_words(8), duration_in_words(95), duration_in_words(7300)
    ('8 s', '2 min', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
