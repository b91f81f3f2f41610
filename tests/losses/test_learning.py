"""It learns: every loss trained on small problems with a known answer, and those that must fail shown to fail.

All losses share one set of settings, `SHARED`; where a loss has its own, `OWN` says why. Thresholds come from the
problem, never from a run. Whether a loss is computed rightly is tested in `test_scores.py` and
`test_variants.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset, Scaler, SeriesFormat, Split
from rnngan_cli.data.forms import Column
from rnngan_cli.losses import play, variational
from rnngan_cli.losses.play import Batch
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.randomness import batch_indices
from rnngan_cli.training.history import HistoryUpdate
from rnngan_cli.training.sampling import ControlValues
from rnngan_cli.training.trainer import Trainer, fit

NAMES = list(losses.VARIANTS)
SEED = 0
COUNT = 4000
"""Series generated to measure a generator by: a share of them is known to 0.008."""

SHARED: dict[str, Any] = {
    "steps": 400,
    "critic_steps": 3,  # answers are exact only if the discriminator keeps up
    "d_learning_rate": 0.01,  # five times the defaults: these problems are small, and the time is short
    "g_learning_rate": 0.005,
    "units": 8,
    "latent_series": 2,
    "latent_steps": 2,
    "history_every": 10,
}
OWN: dict[str, dict[str, Any]] = {
    # gp is a trap for series of one value: see `test_a_two_sided_penalty_traps_a_critic_of_one_value`.
    "wgan": {"penalty": "lp"},
    # A code for each half of the answer. The default, twelve numbers of code, asks for more different series than one
    # normal value has room for, and moves its mean: it takes capacity from the match, as its row of the registry says.
    "infogan": {"categorical": 1, "categories": 2, "continuous": 0},
    # The encoder's full objective for half of the updates, as the defaults have it (1000 of 2000).
    "vae": {"anneal_steps": 200},
    # Its generator hears of nothing but batch means of features: it takes half as long again to part the two modes.
    "igan": {"steps": 600},
}


# Problems


def problem(values: np.ndarray, labels: np.ndarray) -> Dataset:
    """Series (count, steps) of one feature and two classes, as they are: a scaler would put the answer at the start."""
    series, cut = values[..., None].astype(np.float32), len(values) * 4 // 5

    def part(rows: slice) -> Split:
        return Split(series[rows], labels[rows].astype(np.int32))

    train, scaler = part(slice(cut)), Scaler("standard", np.zeros(1), np.ones(1))
    own = SeriesFormat(
        "known-answer", values.shape[1], (Column("value"),), scaler, 2, "given", train_labels=train.labels
    )
    return Dataset(own, train=train, validation=part(slice(cut, None)), test=part(slice(cut, None)))


def normal_values(mean: float, deviation: float) -> Dataset:
    """Series of one value from N(mean, deviation^2); the label says whether it is above the mean."""
    values = np.random.default_rng(1).normal(mean, deviation, (5000, 1))
    return problem(values, values[:, 0] > mean)


def two_modes(shape: np.ndarray) -> Dataset:
    """As many of `shape` (steps,) as of -`shape`, each value with noise N(0, 0.2^2); the label is 1 for `shape`."""
    random = np.random.default_rng(2)
    labels = random.permutation(np.arange(5000) % 2)
    return problem((2 * labels - 1)[:, None] * shape + random.normal(0, 0.2, (5000, len(shape))), labels)


ONE = np.ones(1)
RISE = np.array([-1.0, 0.0, 1.0])
NORMAL = normal_values(2, 0.5)
MODES = two_modes(ONE)


# Training


def settings(loss: str, cell: str = "gru", **fields: Any) -> RunConfig:
    """A run of `loss`, planned as the command line plans it. Unbounded data, so that the generator ends linear."""
    own = {loss: OWN.get(loss, {}) | fields}
    sweep = SweepConfig(
        losses=(loss,),
        cells=(cell,),
        seeds=(SEED,),
        profile="shared",
        data={"scaling": "standard"},
        run=SHARED,
        override=own,
    )
    return plan(sweep)[0]


@dataclass(frozen=True)
class Trained:
    """A run at its end: samples of the generator before and after, the untrained weights, the history."""

    trainer: Trainer
    before: np.ndarray  # (count, steps)
    after: np.ndarray  # (count, steps)
    start: Arrays
    rows: list[HistoryUpdate]


def begin(config: RunConfig, dataset: Dataset) -> Trainer:
    trainer = Trainer(config, dataset.format)
    trainer.reset(config)
    return trainer


def train(trainer: Trainer, dataset: Dataset) -> Trained:
    before, start = trainer.sample(dataset.format, COUNT), trainer.state()
    rows = list(fit(trainer, dataset))
    assert [row.fault for row in rows] == [None] * len(rows)
    return Trained(trainer, before[..., 0], trainer.sample(dataset.format, COUNT)[..., 0], start, rows)


def train_discriminator(trainer: Trainer, dataset: Dataset, updates: int) -> dict[str, float]:
    """Updates of the discriminator alone, as `fit` does them, against a generator that stays; the last one's terms."""
    config, terms = trainer.config, {}
    for number in range(updates):
        rows = batch_indices(len(dataset.train), config.batch_size, number, config.seed, "alone")
        series = tf.constant(dataset.train.series[rows])
        terms = trainer.update_discriminator(
            tf.constant(config.seed), tf.constant(number), tf.constant(0.0), series, None
        )
    return {name: float(value) for name, value in terms.items()}


@pytest.fixture(scope="module")
def runs() -> Callable[[str, str], Trained]:
    """From a loss and `normal` or `modes` to the run on that problem; each is trained once."""
    done: dict[tuple[str, str], Trained] = {}

    def run(loss: str, name: str) -> Trained:
        if (loss, name) not in done:
            dataset = {"normal": NORMAL, "modes": MODES}[name]
            done[loss, name] = train(begin(settings(loss), dataset), dataset)
        return done[loss, name]

    return run


# One normal value


def assert_normal(run: Trained) -> None:
    """The generator has gone from about N(0, 0.3^2) to N(2, 0.5^2).

    A batch of n = 128 knows the mean to 0.5 / sqrt(n) = 0.044 and the deviation to 0.5 / sqrt(2 n) = 0.031: three and
    five such errors, 0.15 and 30 %, are plain to any discriminator, so that a loss that works removes them.
    """
    assert abs(run.before.mean() - 2) > 1
    assert abs(run.after.mean() - 2) < 0.15
    assert abs(run.after.std() - 0.5) < 0.15


@pytest.mark.parametrize("loss", NAMES)
def test_the_mean_and_deviation_of_a_normal_value_are_found(loss: str, runs: Callable[[str, str], Trained]) -> None:
    assert_normal(runs(loss, "normal"))


@pytest.mark.parametrize(
    ("loss", "fields"),
    [
        ("bce", {"cell": "lstm"}),
        ("wgan", {"cell": "lstm"}),
        ("kld", {"form": "alternative"}),
        ("kld", {"form": "reverse"}),
    ],
    ids=["bce-lstm", "wgan-lstm", "kld-alternative", "kld-reverse"],
)
def test_a_normal_value_is_found_by_another_cell_and_by_other_forms(loss: str, fields: dict[str, str]) -> None:
    assert_normal(train(begin(settings(loss, **fields), NORMAL), NORMAL))


# Two modes


def mode_shares(values: np.ndarray, shape: np.ndarray) -> tuple[float, float]:
    """Shares of the series (count, steps) within a root mean square of 0.5, half-way to 0, of -`shape` and of it."""
    shares = [float((np.sqrt(np.mean(np.square(values - mode), axis=1)) < 0.5).mean()) for mode in (-shape, shape)]
    return shares[0], shares[1]


def assert_modes(run: Trained, shape: np.ndarray) -> None:
    """Both modes are there and little lies between them; at the start it was the other way round.

    The answer for single values: 0.494 at each mode (P(|N(0, 0.2^2)| < 0.5) = 0.988). The normal value of the same
    mean and deviation, sqrt(1.04), has 0.24 at each, which is also about half of that answer: less is a mode lost. It
    has 0.48 at both; half-way from there to the answer is 0.73. A generator is continuous, so some must lie between.
    """
    assert sum(mode_shares(run.before, shape)) < 0.48
    shares = mode_shares(run.after, shape)
    assert min(shares) > 0.25, shares
    assert sum(shares) > 0.73, shares


@pytest.mark.parametrize("loss", NAMES)
def test_both_of_two_modes_are_covered(loss: str, runs: Callable[[str, str], Trained]) -> None:
    assert_modes(runs(loss, "modes"), ONE)


def test_a_critic_held_by_its_usual_penalty_covers_two_shapes_of_several_steps() -> None:
    """wgan with gp: a gradient of several values can turn round, which that of one value cannot (see below)."""
    dataset = two_modes(RISE)
    config = settings("wgan", penalty="gp", steps=600)
    assert_modes(train(begin(config, dataset), dataset), RISE)


@pytest.mark.parametrize("fields", [{}, {"labels": "named"}], ids=["given", "named"])
def test_a_label_chooses_the_mode(fields: dict[str, str], runs: Callable[[str, str], Trained]) -> None:
    """cgan: a label's own mode has 0.988 of its series in the data, the other none.

    Untrained, no mode has a quarter of all series, so that no label has brought half of its own to one.
    """
    run = train(begin(settings("cgan", **fields), MODES), MODES) if fields else runs("cgan", "modes")
    for label in (0, 1):
        control_values = ControlValues({"label": np.full(COUNT, label)})
        values, shown = run.trainer.sampler.sample(SEED, MODES.format, COUNT, "steered", control_values)
        assert (shown["label"] == label).all()
        shares = mode_shares(values[..., 0], ONE)
        assert shares[label] > 0.9
        assert shares[1 - label] < 0.05
    assert max(mode_shares(run.before, ONE)) < 0.25


def test_a_code_of_two_values_finds_the_two_modes(runs: Callable[[str, str], Trained]) -> None:
    """infogan: each value of the code has a mode of its own, and code and series share all of its log 2 nats.

    The bound can pass log 2 by rounding alone. At the start series say next to nothing of the code.
    """
    run = runs("infogan", "modes")
    found = []
    for code in (0, 1):
        control_values = ControlValues({"0": np.full(COUNT, code)})
        values, _ = run.trainer.sampler.sample(SEED, MODES.format, COUNT, "steered", control_values)
        shares = mode_shares(values[..., 0], ONE)
        assert max(shares) > 0.9
        found.append(int(np.argmax(shares)))
    assert sorted(found) == [0, 1]
    information = [row.values["information"] for row in run.rows]
    assert information[0] < 0.5 * math.log(2)
    assert 0.9 * math.log(2) < information[-1] < math.log(2) + 1e-6


# What an encoder keeps


@dataclass(frozen=True)
class Rebuilt:
    """The test series, what became of them through encoder and generator, and the encoder's KL term in nats."""

    real: np.ndarray
    values: np.ndarray
    divergence: float

    @property
    def squared_error(self) -> float:
        return float(np.mean(np.square(self.real - self.values)))


def rebuild(trainer: Trainer, dataset: Dataset) -> Rebuilt:
    batch = Batch(tf.constant(dataset.test.series))
    draw = trainer.variant.inputs.draw(trainer.game, tf.constant(SEED), "rebuild", tf.constant(0), batch)
    noise, divergence = variational.encode(trainer.game, batch, draw)
    series = play.run_generator(trainer.networks.generator, noise)
    return Rebuilt(dataset.test.series[:, 0, 0], np.asarray(series)[:, 0, 0], float(divergence))


def test_an_encoder_keeps_the_mode_at_the_price_it_names(runs: Callable[[str, str], Trained]) -> None:
    """vae on two modes: what is rebuilt tells the mode, and the KL term is what telling it costs.

    No constant is wrong by less than the variance, 1.04. A guess tells half of the modes wrongly; half-way from there
    to none is a quarter. If e are told wrongly, KL >= I(x, z) >= log 2 - H(e), H the entropy of a coin (Fano): 0.13 at
    a quarter, so that the posterior has not collapsed. Nor has it left the prior: the mode is worth log 2, and three
    times that is more than this unit-variance reconstruction has use for.
    """
    run = runs("vae", "modes")
    after, trained = rebuild(run.trainer, MODES), run.trainer.state()
    run.trainer.load_state(run.start)
    before = rebuild(run.trainer, MODES)
    run.trainer.load_state(trained)
    assert after.squared_error < min(0.75 * before.squared_error, 1.04)
    wrong = float((np.sign(after.real) != np.sign(after.values)).mean())
    assert wrong < 0.25
    coin = -sum(share * math.log(share) for share in (wrong, 1 - wrong) if share)
    assert math.log(2) - coin < after.divergence < 3 * math.log(2)
    assert run.rows[-1].values["kl_weight"] == 1


def test_an_encoder_keeps_nothing_where_features_hardly_vary(runs: Callable[[str, str], Trained]) -> None:
    """vae on one normal value: the posterior collapses, by the nature of the loss; prior samples are none the worse.

    The reconstruction error is -log N(h; h', 1): features are taken to have noise of variance 1. An encoder that
    ignores the series has KL 0 and, as prior samples match, an error of V, the variance of the features summed. The
    best encoder cannot pay more, so that its KL <= V. Features of one normal value vary by far less than 1.
    """
    run = runs("vae", "normal")
    features = play.discriminate(run.trainer.networks.discriminator, tf.constant(NORMAL.test.series)).features
    variance = float(np.asarray(features)[:, 0].var(axis=0).sum())
    assert rebuild(run.trainer, NORMAL).divergence < variance < 0.25
    assert_normal(run)


# Where losses fail


def test_a_two_sided_penalty_traps_a_critic_of_one_value() -> None:
    """wgan: gp never lets a critic with a slope of the wrong sign turn round, lp does.

    With D(x) = k x, real values at distance m from generated ones and weight 10, gp's loss -k m + 10 (|k| - 1)^2 has a
    second minimum at k = -1 + m / 20, with a barrier at k = 0, while |m| < 20: critic and generator run off the wrong
    way. lp's, -k m + 10 max(0, |k| - 1)^2, falls all the way to k > 1. Real values at m = 2 and at m = -2 meet the same
    untrained critic, whose slope is wrong for one of them. It then says W = k m, about -2, where 2 is true. A gradient
    of several values can turn round at length 1, so that series are free of this.
    """
    estimates = {}
    for penalty in ("gp", "lp"):
        config = settings("wgan", penalty=penalty)
        trainer = begin(config, NORMAL)
        for mean in (-2, 2):
            trainer.reset(config)
            terms = train_discriminator(trainer, normal_values(mean, 0.5), 200)
            estimates[penalty, mean] = terms["wasserstein"]
    assert min(estimates["lp", mean] for mean in (-2, 2)) > 1
    assert min(estimates["gp", mean] for mean in (-2, 2)) < -1
    assert max(estimates["gp", mean] for mean in (-2, 2)) > 1


DISTANCE = 6.0
FAR = normal_values(DISTANCE, 0.1)
"""Twenty deviations of the untrained generator away, sixty of its own: no overlap."""


@dataclass(frozen=True)
class Chase:
    """A generator after a discriminator that was trained first, alone.

    Attributes:
        discriminator: its weights when it is trained.
        logit: its mean logit of generated series.
        gradient: the norm of the generator's gradient at its first update.
        way: the share of the distance to the data that the generator's mean has gone in the end.
    """

    discriminator: dict[str, np.ndarray]
    logit: float
    gradient: float
    way: float


@pytest.fixture(scope="module")
def chases() -> dict[str, Chase]:
    """300 updates of the discriminator alone, then 100 of both sides.

    The generator takes plain gradient steps (sgd at its usual rate, 0.1): Adam divides a gradient by its own size, and
    so hides how small it is until it falls below Adam's epsilon.
    """
    found = {}
    for loss in ("bce", "mse", "wgan", "mae", "gan"):
        config = settings(loss, steps=100, critic_steps=1, history_every=1, g_optimizer="sgd", g_learning_rate=0.1)
        trainer = begin(config, FAR)
        terms = train_discriminator(trainer, FAR, 300)
        weights = trainer.state()["discriminator"]
        run = train(trainer, FAR)
        way = (run.after.mean() - run.before.mean()) / (DISTANCE - run.before.mean())
        found[loss] = Chase(weights, terms["d_fake_logit"], run.rows[0].values["g_grad_norm"], float(way))
    return found


@pytest.mark.parametrize("loss", ["gan", "mae"])
def test_gradients_of_saturating_losses_vanish_far_from_the_data(loss: str, chases: dict[str, Chase]) -> None:
    """Where supports do not overlap the optimal discriminator is an indicator: f -> -infinity on generated series.

    The generator's loss has the slope -s(f) in f for gan, -s(f) s(-f) for mae; both go to 0 as exp(f). It is -s(-f) ->
    -1 for bce, f - 1 -> -1 for mse, whose f goes to 0, and -1 for wgan. A discriminator sure to one in a thousand, f <
    -7, so takes all but a thousandth of the gradient from gan and mae, and nothing from the others.
    """
    assert chases[loss].logit < -7
    for other in ("bce", "mse", "wgan"):
        assert chases[loss].gradient < 1e-3 * chases[other].gradient, other


def test_the_generator_of_a_saturating_loss_stays_where_others_reach_the_data(chases: dict[str, Chase]) -> None:
    """The gradients above, as way gone in as many updates: none, or more than half.

    mse is neither. Its discriminator wants exactly 0 on generated series, and so is flat there: the gradient moves its
    generator, first in width, later in place. What vanishes is not its slope in f, but that of f in x.
    """
    assert abs(chases["gan"].way) < 0.01
    assert abs(chases["mae"].way) < 0.01
    assert chases["bce"].way > 0.5
    assert chases["wgan"].way > 0.5


def test_saturation_is_the_generators_alone(chases: dict[str, Chase]) -> None:
    """gan and bce share the discriminator's loss: the same bits, and gradients in the ratio s(f) / s(-f) = exp(f)."""
    for place, weight in chases["bce"].discriminator.items():
        assert weight.tobytes() == chases["gan"].discriminator[place].tobytes(), place
    ratio = chases["gan"].gradient / chases["bce"].gradient
    assert math.log(ratio) == pytest.approx(chases["bce"].logit, abs=1)  # f is not quite the same for all series
