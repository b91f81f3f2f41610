"""The training loop: the same bits after an interruption, a fresh start for every run, and the rows of history."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses import play
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES, PENALTIES
from rnngan_cli.losses.play import Batch
from rnngan_cli.networks.recurrent import Recurrent
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.randomness import batch_indices, key, uniform
from rnngan_cli.training import sampling
from rnngan_cli.training.history import DIAGNOSTICS, HistoryUpdate
from rnngan_cli.training.loop import Loop
from rnngan_cli.training.trainer import Trainer, fit

Configure = Callable[..., RunConfig]
NAMES = list(losses.VARIANTS)


def start(config: RunConfig, dataset: Dataset) -> Trainer:
    trainer = Trainer(config, dataset.format)
    trainer.reset(config, dataset.train.series)
    return trainer


def differing(one: Arrays, other: Arrays) -> list[str]:
    """Arrays that are not the same bits."""
    assert {part: list(arrays) for part, arrays in one.items()} == {
        part: list(arrays) for part, arrays in other.items()
    }
    return [
        f"{part}/{name}"
        for part, arrays in one.items()
        for name in arrays
        if arrays[name].tobytes() != other[part][name].tobytes()
    ]


def update(trainer: Trainer, dataset: Dataset, side: str, number: int = 0, step: float = 0) -> dict[str, float]:
    """One update of a side without compilation, as `fit` does it; its terms."""
    config, part = trainer.config, dataset.train
    rows = batch_indices(len(part), config.batch_size, number, config.seed, f"{side[0]}-batches")
    labels = trainer.one_hot(None if part.labels is None else part.labels[rows])
    function = getattr(trainer, f"update_{side}").python_function
    counter, done = tf.constant(number), tf.constant(step, tf.float32)
    terms = function(
        tf.constant(config.seed),
        counter,
        done,
        tf.constant(part.series[rows]),
        None if labels is None else tf.constant(labels),
    )
    return {name: float(value) for name, value in terms.items()}


# Whole runs, compiled


@dataclass(frozen=True)
class Runs:
    """One run three times: without a break; from its middle on in a new trainer; after another run in that trainer."""

    config: RunConfig
    cut: int
    rows: tuple[list[HistoryUpdate], list[HistoryUpdate], list[HistoryUpdate]]
    states: tuple[Arrays, Arrays, Arrays]
    halfway: tuple[Arrays, Arrays]
    traces: tuple[int, int]


WITH_OPTIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"{name}-gru": (name, "gru", {}) for name in NAMES},
    "wgan-lstm-clip": ("wgan", "lstm", {"penalty": "clip", "d_optimizer": "rmsprop", "g_optimizer": "rmsprop"}),
    "igan-lstm-all": (
        "igan",
        "lstm",
        {
            "penalty": "none",
            "options": {"minibatch": 2, "historical": 0.1},
            "d_optimizer": "sgd",
            "d_momentum": 0.5,
            "spectral_norm": True,
            "d_bidirectional": True,
        },
    ),
    "bce-lstm-recipe": (
        "bce",
        "lstm",
        {
            "penalty": "r1r2",
            "penalty_at": "views",
            "penalty_every": 3,
            "views": "both",
            "first_state": "noise",
            "d_schedule": "cosine",
            "g_schedule": "linear",
        },
    ),
}


@pytest.fixture(scope="module", params=WITH_OPTIONS)
def runs(request: pytest.FixtureRequest, brief: Dataset, configure: Configure) -> Runs:
    loss, cell, fields = WITH_OPTIONS[request.param]
    config = configure(loss, cell=cell, seed=5, steps=5, history_every=2, critic_steps=2, **fields)

    def run(trainer: Trainer, first_step: int = 0) -> tuple[list[HistoryUpdate], Arrays]:
        """Rows, and the state after the first of them."""
        rows: list[HistoryUpdate] = []
        first: Arrays = {}
        for row in fit(trainer, brief, first_step):
            first = first or trainer.state()
            rows.append(row)
        return rows, first

    one, other = start(config, brief), Trainer(config, brief.format)
    whole, halfway = run(one)
    cut = whole[0].step
    other.load_state(halfway)
    resumed, _ = run(other, cut)
    after_resumed = other.state()
    changed = {"seed": 6, "steps": 1, "d_learning_rate": 0.3, "g_learning_rate": 0.1}
    other.reset(config.model_copy(update=changed), brief.train.series)
    run(other)
    other.reset(config, brief.train.series)
    again, halfway_again = run(other)
    return Runs(
        config,
        cut,
        (whole, resumed, again),
        (one.state(), after_resumed, other.state()),
        (halfway, halfway_again),
        tuple(f.experimental_get_tracing_count() for f in (other.update_discriminator, other.update_generator)),
    )


def test_a_run_that_goes_on_from_a_state_ends_in_the_same_bits(runs: Runs) -> None:
    assert runs.cut == 2
    assert differing(runs.halfway[0], runs.states[0])  # there was something left to do
    assert not differing(runs.states[0], runs.states[1])
    assert runs.rows[0][1:] == runs.rows[1]


def test_a_trainer_used_before_gives_the_same_bits_as_a_new_one(runs: Runs) -> None:
    assert not differing(runs.halfway[0], runs.halfway[1])
    assert not differing(runs.states[0], runs.states[2])
    assert runs.rows[0] == runs.rows[2]


def test_one_compilation_serves_every_seed_and_rate(runs: Runs) -> None:
    assert runs.traces == (1, 1)


def test_rows_have_the_columns_of_history_in_their_order(runs: Runs) -> None:
    """Which columns a loss has of its own is in `test_history.py`."""
    for row in runs.rows[0]:
        names = list(row.values)
        assert names[:2] == ["d_loss", "g_loss"]
        assert tuple(names[-len(DIAGNOSTICS) :]) == DIAGNOSTICS
        assert names == list(runs.rows[0][0].values)
        assert ("penalty" in names) == (runs.config.penalty in GRADIENT_PENALTIES)
        assert ("clipped_share" in names) == (runs.config.penalty == "clip")


def test_clipped_weights_stay_within_the_bound(runs: Runs) -> None:
    """In compiled updates too; other runs go beyond it."""
    largest = max(np.abs(value).max() for value in runs.states[0]["discriminator"].values())
    assert (largest <= np.float32(0.01)) == (runs.config.penalty == "clip")


def test_rows_are_at_every_second_step_and_the_last_and_finite(runs: Runs) -> None:
    assert [row.step for row in runs.rows[0]] == [2, 4, 5]
    assert all(row.fault is None and row.values["nonfinite"] == 0 for row in runs.rows[0])
    assert all(0 <= row.values["d_accuracy"] <= 1 for row in runs.rows[0])


# The loop, with stand-ins for the updates


class Recorder:
    """Stands in for a trainer: keeps what the compiled loop passes to the updates."""

    def __init__(self, config: RunConfig, num_labels: int = 0) -> None:
        self.config, self.num_labels = config, num_labels
        self.loop = Loop(self.update_discriminator, self.update_generator)
        self.calls: list[tuple[str, int, int, float, np.ndarray, np.ndarray | None]] = []

    def one_hot(self, labels: np.ndarray) -> np.ndarray | None:
        return np.eye(self.num_labels, dtype=np.float32)[labels] if self.num_labels else None

    def _keep(self, side: str, told: Callable[[], list[float]], *arguments: Any) -> list[tf.Tensor]:
        seed, counter, step, series, labels = arguments

        def keep(seed: Any, counter: Any, step: Any, series: np.ndarray, *labels: np.ndarray) -> list[np.float32]:
            given = labels[0].copy() if labels else None
            self.calls.append((side, int(seed), int(counter), float(step), series.copy(), given))
            return [np.float32(value) for value in told()]

        given = [seed, counter, step, series] + ([] if labels is None else [labels])
        return [tf.ensure_shape(value, []) for value in tf.numpy_function(keep, given, [tf.float32] * 2)]

    def update_discriminator(self, *arguments: Any) -> dict[str, tf.Tensor]:
        told = self._keep("d", lambda: [self.count("d"), 0.5], *arguments)
        return dict(zip(("d_loss", "d_accuracy"), told, strict=True))

    def update_generator(self, *arguments: Any) -> dict[str, tf.Tensor]:
        told = self._keep("g", lambda: [10.0 * self.count("g"), 1.0], *arguments)
        return dict(zip(("g_loss", "extra"), told, strict=True))

    def count(self, side: str) -> int:
        return len(self.of(side))

    def of(self, side: str) -> list[tuple[str, int, int, float, np.ndarray, np.ndarray | None]]:
        return [call for call in self.calls if call[0] == side]


def recorded(
    config: RunConfig, dataset: Dataset, first_step: int = 0, num_labels: int = 0
) -> tuple[Recorder, list[HistoryUpdate]]:
    recorder: Any = Recorder(config, num_labels)
    return recorder, list(fit(recorder, dataset, first_step))


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_the_discriminator_moves_critic_steps_times_as_often(
    critic_steps: int, small: Dataset, configure: Configure
) -> None:
    recorder, _ = recorded(configure("bce", critic_steps=critic_steps, steps=4), small)
    assert [call[0] for call in recorder.calls] == (["d"] * critic_steps + ["g"]) * 4
    assert [call[2] for call in recorder.of("d")] == list(range(4 * critic_steps))
    assert [call[2] for call in recorder.of("g")] == [0, 1, 2, 3]
    assert [call[3] for call in recorder.of("g")] == [0, 1, 2, 3]  # updates of the generator done before


@pytest.mark.parametrize("loss", NAMES)
def test_runs_of_one_seed_are_paired_whatever_their_loss_and_critic_steps(
    loss: str, small: Dataset, configure: Configure
) -> None:
    """Update n of a side has the same batch, the same counter (hence noise) and the same seed."""
    reference, _ = recorded(configure("bce", steps=6, seed=9), small)
    other, _ = recorded(configure(loss, steps=6, seed=9, critic_steps=5), small)
    for side in ("d", "g"):
        for one, two in zip(reference.of(side), other.of(side), strict=False):
            assert one[:3] == two[:3]
            assert (one[4] == two[4]).all()
    unlike, _ = recorded(configure(loss, steps=6, seed=10), small)
    assert not (unlike.of("g")[0][4] == reference.of("g")[0][4]).all()


def test_every_training_series_is_seen_once_an_epoch_by_each_side(small: Dataset, configure: Configure) -> None:
    recorder, _ = recorded(configure("bce", steps=25, batch_size=8), small)  # 25 x 8 = 4 epochs of 50
    for side in ("d", "g"):
        seen = np.concatenate([call[4] for call in recorder.of(side)])
        for epoch in np.split(seen, 4):
            assert sorted(one.tobytes() for one in epoch) == sorted(one.tobytes() for one in small.train.series)


def test_batches_carry_the_labels_of_their_series(small: Dataset, configure: Configure) -> None:
    recorder, _ = recorded(configure("cgan", steps=7), small, num_labels=3)
    assert small.train.labels is not None
    label = {one.tobytes(): int(given) for one, given in zip(small.train.series, small.train.labels, strict=True)}
    for *_, series, labels in recorder.calls:
        assert labels is not None
        assert [label[one.tobytes()] for one in series] == labels.argmax(axis=1).tolist()


def test_a_row_is_the_mean_over_the_updates_since_the_row_before(small: Dataset, configure: Configure) -> None:
    _, rows = recorded(configure("bce", steps=5, history_every=2, critic_steps=2), small)
    # The recorder's d_loss counts updates of D (1, 2, 3, ...), its g_loss is ten times the updates of G
    assert [(row.step, row.values["d_loss"], row.values["g_loss"]) for row in rows] == [
        (2, (1 + 2 + 3 + 4) / 4, 15),
        (4, (5 + 6 + 7 + 8) / 4, 35),
        (5, 9.5, 50),
    ]
    assert list(rows[0].values) == ["d_loss", "g_loss", "extra", "d_accuracy", "nonfinite"]


def test_a_run_goes_on_where_it_was_cut(small: Dataset, configure: Configure) -> None:
    config = configure("bce", steps=5, history_every=2, critic_steps=2)
    whole, rest = recorded(config, small)[0].calls, recorded(config, small, first_step=2)[0].calls
    assert len(rest) == 9
    for one, two in zip(whole[6:], rest, strict=True):
        assert one[:4] == two[:4]
        assert (one[4] == two[4]).all()
    assert recorded(config, small, first_step=5)[0].calls == []


def test_a_weight_that_is_not_a_number_shows_in_the_terms(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("bce"), small)
    trainer.networks.generator.weights[0].assign(np.nan * trainer.networks.generator.weights[0])
    terms = update(trainer, small, "discriminator")
    assert {name for name, value in terms.items() if not np.isfinite(value)} >= {
        "d_loss",
        "d_fake_logit",
        "d_grad_norm",
    }


# Updates


@pytest.mark.parametrize(
    ("loss", "readout"),
    [("bce", "mean"), ("bce", "step"), ("mse", "step"), ("kld", "mean"), ("wgan", "last"), ("cgan", "step")],
)
def test_diagnostics_follow_from_the_logits(loss: str, readout: str, small: Dataset, configure: Configure) -> None:
    trainer = start(configure(loss, readout=readout, penalty="gp"), small)
    layer = trainer.networks.discriminator.get_layer("logits")
    kernel, *bias = layer.get_weights()
    layer.set_weights([30 * kernel, *(np.array([0.1]) for _ in bias)])  # logits on both sides of any threshold
    rows = batch_indices(50, 8, 0, 0, "d-batches")
    assert small.train.labels is not None
    labels = trainer.one_hot(small.train.labels[rows])
    batch = Batch(tf.constant(small.train.series[rows]), None if labels is None else tf.constant(labels))
    draw = trainer.variant.inputs.draw(trainer.game, tf.constant(0), "d-noise", tf.constant(0), batch)
    generated = play.run_generator(trainer.networks.generator, draw)
    real, fake = (
        np.asarray(play.discriminate(trainer.networks.discriminator, one, draw.seen).logits)
        for one in (batch.series, generated)
    )
    # bce and cgan: sigmoid 1/2. mse, kld and wgan, whose optima lie elsewhere: half-way between the two means
    border = 0.0 if loss in ("bce", "cgan") else (real.mean() + fake.mean()) / 2
    terms = update(trainer, small, "discriminator")
    assert terms["d_real_logit"] == pytest.approx(real.mean(), rel=1e-4)
    assert terms["d_fake_logit"] == pytest.approx(fake.mean(), rel=1e-4)
    shares = (real > border).mean(), (fake < border).mean()
    assert terms["d_real_accuracy"] == pytest.approx(shares[0], abs=1e-6)
    assert terms["d_fake_accuracy"] == pytest.approx(shares[1], abs=1e-6)
    assert terms["d_accuracy"] == pytest.approx(sum(shares) / 2, abs=1e-6)


@pytest.mark.parametrize("penalty", ["gp", "lp", "r1", "r2", "r1r2"])
def test_a_penalty_is_added_with_its_weight(penalty: str, small: Dataset, configure: Configure) -> None:
    plain = update(start(configure("bce", penalty="none"), small), small, "discriminator")
    heavy = update(start(configure("bce", penalty=penalty, penalty_weight=3.5), small), small, "discriminator")
    assert "penalty" not in plain
    assert heavy["d_loss"] - plain["d_loss"] == pytest.approx(3.5 * heavy["penalty"], rel=1e-4, abs=1e-6)
    assert heavy["d_grad_norm"] != plain["d_grad_norm"] or penalty == "lp"  # no norm is above 1 yet


def test_a_penalty_is_taken_in_every_third_update_from_the_first(small: Dataset, configure: Configure) -> None:
    """Updates 0 and 3 are those of a penalty of three times the weight, 1 and 2 those of no penalty, to the bit."""
    lazy = start(configure("bce", penalty="r1", penalty_weight=0.5, penalty_every=3), small)
    heavy = start(configure("bce", penalty="r1", penalty_weight=1.5), small)
    without = start(configure("bce", penalty="none"), small)
    for number in range(4):
        state = lazy.state()
        other = heavy if number in (0, 3) else without
        other.load_state(state)
        found, expected = (update(trainer, small, "discriminator", number) for trainer in (lazy, other))
        assert not differing(lazy.state(), other.state())
        assert found["penalty"] == pytest.approx(3 * expected["penalty"] if number in (0, 3) else 0)
        assert found["d_loss"] == expected["d_loss"]


def test_one_adam_step_is_taken_on_the_sum_of_loss_and_penalty(small: Dataset, configure: Configure) -> None:
    """Two updates of a critic against Adam by hand (Kingma & Ba 2015, algorithm 1; epsilon as in Keras, 1e-7)."""
    fields = {"d_learning_rate": 0.03, "d_beta_1": 0.5, "d_beta_2": 0.9, "d_output_bias": False}
    config = configure("wgan", penalty_weight=2.0, **fields)
    trainer = start(config, small)
    discriminator = trainer.networks.discriminator
    weights = discriminator.trainable_weights
    first, second = ([np.zeros(weight.shape) for weight in weights] for _ in range(2))
    for number in range(2):
        rows = batch_indices(50, 8, number, 0, "d-batches")
        counter, real = tf.constant(number), tf.constant(small.train.series[rows])
        draw = trainer.variant.inputs.draw(trainer.game, tf.constant(0), "d-noise", counter, Batch(real))
        generated = play.run_generator(trainer.networks.generator, draw)
        alpha = np.asarray(uniform(key(tf.constant(0), "alpha", counter), [8, 1, 1]))
        with tf.GradientTape() as tape:
            penalty = PENALTIES["gp"]
            assert penalty is not None
            value = tf.reduce_mean(discriminator(generated)["logits"]) - tf.reduce_mean(discriminator(real)["logits"])
            value += 2 * penalty.of(lambda x: discriminator(x)["logits"], real, generated, tf.constant(alpha))
        gradients = tape.gradient(value, weights)
        before = [np.asarray(weight, np.float64) for weight in weights]
        terms = update(trainer, small, "discriminator", number)
        assert terms["d_loss"] == pytest.approx(float(value), rel=1e-4)
        norm = np.sqrt(sum(float(tf.reduce_sum(tf.square(one))) for one in gradients))
        assert terms["d_grad_norm"] == pytest.approx(norm, rel=1e-4)
        for place, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
            slope = np.asarray(gradient, np.float64)
            first[place] = 0.5 * first[place] + 0.5 * slope
            second[place] = 0.9 * second[place] + 0.1 * slope**2
            mean, spread = first[place] / (1 - 0.5 ** (number + 1)), second[place] / (1 - 0.9 ** (number + 1))
            expected = before[place] - 0.03 * mean / (np.sqrt(spread) + 1e-7)
            solid = np.abs(slope) > 1e-4  # of others Adam enlarges the rounding
            assert solid.mean() > 0.5
            np.testing.assert_allclose(np.asarray(weight)[solid], expected[solid], atol=3e-4)  # 1% of a step


@pytest.mark.parametrize("loss", ["bce", "vae", "infogan"])
def test_each_side_has_its_own_learning_rate(loss: str, small: Dataset, configure: Configure) -> None:
    """Adam's first step is the rate times g / (|g| + epsilon): the rate itself where the gradient is not brief."""
    trainer = start(configure(loss), small)
    for rates in ((0.02, 0.005), (0.001, 0.03)):
        trainer.reset(configure(loss, d_learning_rate=rates[0], g_learning_rate=rates[1]))
        before = trainer.state()
        update(trainer, small, "discriminator")
        update(trainer, small, "generator")
        after = trainer.state()
        for name in trainer.networks.trained:
            largest = max(np.abs(after[name][place] - before[name][place]).max() for place in before[name])
            expected = rates[0] if name == "discriminator" else rates[1]
            assert largest == pytest.approx(expected, rel=2e-3), name


@pytest.mark.parametrize("decay", [0.0, 0.2, 0.99])
def test_the_moving_average_follows_its_recurrence(decay: float, small: Dataset, configure: Configure) -> None:
    """average <- weight + d (average - weight), d = min(decay, (1 + n) / (10 + n)) after n updates."""
    trainer = start(configure("bce", average=decay, g_learning_rate=0.1), small)
    expected = trainer.state()["generator"]
    assert not differing({"a": expected}, {"a": trainer.state()["average"]})  # it starts at the generator
    for number in range(4):
        update(trainer, small, "generator", number, step=number)
        now = trainer.state()
        d = min(decay, (1 + number) / (10 + number))
        expected = {place: weight + d * (expected[place] - weight) for place, weight in now["generator"].items()}
        for place, weight in now["average"].items():
            np.testing.assert_allclose(weight, expected[place], atol=1e-6)
    lag = max(np.abs(now["average"][place] - now["generator"][place]).max() for place in now["generator"])
    assert (lag == 0) if decay == 0 else (lag > 0.01)


# Reset and state


def test_reset_leaves_nothing_of_the_run_before(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("vae"), small)
    fresh = trainer.state()
    for side in ("discriminator", "generator"):
        update(trainer, small, side)
    assert differing(fresh, trainer.state())
    trainer.reset(configure("vae"))
    assert not differing(fresh, trainer.state())
    for optimizer in trainer.optimizers.values():
        assert int(optimizer.iterations) == 0
        assert all(not np.asarray(one).any() for one in optimizer.variables if len(one.shape))


def test_a_state_is_a_copy(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("bce"), small)
    state = trainer.state()
    kept = {part: {name: value.copy() for name, value in arrays.items()} for part, arrays in state.items()}
    for side in ("discriminator", "generator"):
        update(trainer, small, side)
    assert not differing(state, kept)


def test_a_state_that_does_not_fit_is_refused(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("bce"), small)
    state = trainer.state()
    weights = state["generator"]
    for part, said in (
        ({**weights, "odd/kernel": np.zeros(1)}, "state of `generator` does not fit: `odd/kernel` is only on one side"),
        ({n: v for n, v in weights.items() if n != "series/bias"}, "`series/bias` is only on one side"),
        ({**weights, "series/bias": np.zeros(3, np.float32)}, r"`series/bias` has shape \(3,\), expected \(2,\)"),
        ({}, "state of `generator` does not fit"),
    ):
        with pytest.raises(ValueError, match=said):
            trainer.load_state({**state, "generator": part})
    for missing in state:
        with pytest.raises(ValueError, match=f"state of `{missing}` does not fit"):
            trainer.load_state({part: arrays for part, arrays in state.items() if part != missing})
    for other in (configure("bce", cell="lstm"), configure("bce", units=5), configure("cgan"), configure("vae")):
        with pytest.raises(ValueError, match="does not fit"):
            start(other, small).load_state(state)


def test_weights_alone_can_be_put_back_for_sampling(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("bce", seed=1), small)
    state = trainer.state()
    weights = {name: state[name] for name in trainer.networks.all}
    other = Trainer(trainer.config, small.format)
    other.load_weights(weights)
    assert (other.sample(small.format, 5) == trainer.sample(small.format, 5)).all()


# Sampling: how series are drawn is in `test_sampling.py`


@pytest.fixture
def sampled(small: Dataset, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainer]:
    """A trainer that generates 16 series at a time."""
    monkeypatch.setattr(sampling, "SAMPLE_BATCH", 16)
    yield start(configure("bce"), small)


def test_samples_are_a_function_of_weights_seed_and_stream(
    sampled: Trainer, small: Dataset, configure: Configure
) -> None:
    first = sampled.sample(small.format, 40)
    assert first.shape == (40, 6, 2)
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert len(np.unique(first.reshape(40, -1), axis=0)) == 40  # batches have noise of their own
    other = sampled.sample(small.format, 40, "score")
    assert not np.isclose(other, first).all(axis=(1, 2)).any()
    assert (sampled.sample(small.format, 40) == first).all()
    assert (sampled.sample(small.format, 7) == first[:7]).all()
    sampled.config = configure("bce", seed=1)
    assert not np.isclose(sampled.sample(small.format, 40), first).all(axis=(1, 2)).any()


def test_samples_come_from_the_moving_average(sampled: Trainer, small: Dataset) -> None:
    first = sampled.sample(small.format, 5)
    generator, average = sampled.networks.generator, sampled.networks.average
    generator.set_weights([weight + 1 for weight in generator.get_weights()])
    assert (sampled.sample(small.format, 5) == first).all()
    average.set_weights(generator.get_weights())
    assert not (sampled.sample(small.format, 5) == first).all()


# Building


@pytest.mark.parametrize(
    ("device", "penalty", "fused"),
    [("gpu:0", "none", True), ("gpu:0", "gp", False), ("gpu:0", "r1", False), ("cpu", "none", False)],
)
def test_a_gpu_gets_fused_layers_unless_a_penalty_needs_second_derivatives(
    device: str, penalty: str, fused: bool, small: Dataset, configure: Configure
) -> None:
    trainer = Trainer(configure("vae", penalty=penalty, layers=2), small.format, device)
    found = [
        layer.fused
        for network in trainer.networks.all.values()
        for layer in network.layers
        if isinstance(layer, Recurrent)
    ]
    assert found == [fused] * 8  # four networks of two layers


@pytest.mark.parametrize(("scaling", "activation"), [("minmax", "sigmoid"), ("standard", "linear")])
def test_the_generator_ends_as_the_scaling_asks(
    scaling: str, activation: str, small: Dataset, configure: Configure
) -> None:
    trainer = Trainer(configure("bce", data={"name": "stocks", "scaling": scaling}), small.format)
    assert trainer.networks.generator.get_layer("series").activation.__name__ == activation


def test_inputs_are_as_wide_as_noise_and_conditions(small: Dataset, configure: Configure) -> None:
    widths = {"bce": (5, 2), "cgan": (5 + 3, 2 + 3), "infogan": (5 + 10 + 2, 2), "vae": (5, 2)}  # 2 + 3 noise values
    for loss, expected in widths.items():
        built = Trainer(configure(loss), small.format).networks
        assert (built.generator.input_shape[-1], built.discriminator.input_shape[-1]) == expected


# --- precision

GENTLE = {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_learning_rate": 0.05, "g_learning_rate": 0.05}
KINDS_KEPT = {"float32", "int32", "int64"}  # optimisers count


@pytest.mark.parametrize(("loss", "cell"), [*((name, "gru") for name in NAMES), ("bce", "lstm"), ("vae", "lstm")])
def test_bfloat16_is_for_products_of_recurrent_layers_alone(
    loss: str, cell: str, brief: Dataset, configure: Configure, uncompiled: Callable[[Trainer], None]
) -> None:
    """Weights, series and terms stay float32; the run goes another way than in float32, and not far another."""
    states, rows = {}, {}
    for precision in ("float32", "mixed_bfloat16"):
        config = configure(loss, cell=cell, steps=2, history_every=1, precision=precision, **GENTLE)
        trainer = Trainer(config, brief.format)
        uncompiled(trainer)
        trainer.reset(config)
        rows[precision] = list(fit(trainer, brief))
        states[precision] = trainer.state()
        recurrent = [one for net in trainer.networks.all.values() for one in net.layers if isinstance(one, Recurrent)]
        assert {one.compute_dtype for one in recurrent} == {precision.removeprefix("mixed_")}
        assert {array.dtype.name for part in states[precision].values() for array in part.values()} <= KINDS_KEPT
        assert trainer.sample(brief.format, 3).dtype == np.float32
    differences = [
        np.abs(states["float32"][name][place] - states["mixed_bfloat16"][name][place]).max()
        for name in ("generator", "discriminator")
        for place in states["float32"][name]
    ]
    assert 0 < max(differences) < 0.02
    for one, two in zip(*rows.values(), strict=True):
        assert one.fault is None and two.fault is None
        assert two.values["d_loss"] == pytest.approx(one.values["d_loss"], rel=0.05, abs=0.05)
