"""How long runs will take, about: a count of operations, and constants measured on one core of a two-core machine.

Only for the display: the first figure is a guess, and once runs are done their measured speed takes over.
"""

from rnngan_cli.config import RunConfig

OPERATIONS_PER_SECOND = 12e9
"""Of the matrix products of small recurrent networks on one core."""
SECONDS_PER_RECURRENT_STEP = 30e-6
"""What one step of one layer costs in one pass over and above its products."""
COMPILE_SECONDS = 8.0
SCORE_SECONDS, JUDGING_SECONDS = 4.0, 11.0
"""Of what is computed from series alone, and of all judges of a protocol on top."""
GATES = {"gru": 3, "lstm": 4}


def seconds(config: RunConfig, steps: int, features: int, *, judged: bool) -> float:
    """Seconds one core needs to train and score a run on series of this shape; the compiling is not in it."""
    discriminator = _pass_seconds(config, steps, features) * (2 if config.d_bidirectional else 1)
    generator = _pass_seconds(config, steps, config.latent_series + config.latent_steps)
    # In passes forward over one batch; a gradient costs two more, a gradient's gradient about six.
    second_order = 7 * discriminator if config.penalty not in ("none", "clip") else 0
    per_critic_step = generator + 2 * 3 * discriminator + second_order
    per_step = config.critic_steps * per_critic_step + 3 * generator + 3 * discriminator
    return SCORE_SECONDS + JUDGING_SECONDS * judged + config.steps * per_step


def _pass_seconds(config: RunConfig, steps: int, width: int) -> float:
    """Seconds of one forward pass of one network over one batch."""
    per_unit = width + config.units * (2 * config.layers - 1)
    operations = 2 * config.batch_size * steps * GATES[config.cell] * config.units * per_unit
    return operations / OPERATIONS_PER_SECOND + steps * config.layers * SECONDS_PER_RECURRENT_STEP


def in_words(seconds: float) -> str:
    """A length of time to read at a glance.

    >>> in_words(8), in_words(95), in_words(7300)
    ('8 s', '2 min', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
