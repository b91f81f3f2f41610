"""The contenders: each trains what it says, in the sizes it is given; and the process that one is measured in."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import rounds
from benchmarks.bench import decode, encode, made_series
from benchmarks.contenders import SETTINGS, Contender, environment, floor, prepare
from benchmarks.contenders.ours import penalty, run_config
from benchmarks.processes import ROOT, run
from benchmarks.products import Products
from benchmarks.tasks import (
    CELLS,
    KINDS,
    PEER_LOSS,
    QUICK,
    RECIPE,
    RECIPE_SHAPE,
    Kind,
    Shape,
    Task,
    floors,
    growth_shapes,
    ours,
    peers,
)
from rnngan_cli.config import SweepConfig
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system import arithmetic
from rnngan_cli.system.arithmetic import BITS

SHAPE = QUICK.shape


def made(name: str, kind: Kind, cell: str) -> Contender:
    if name == "pytorch":
        pytest.importorskip("torch")
    tf.random.set_seed(0)  # the tests' TensorFlow is deterministic, and so wants one
    shape = replace(RECIPE_SHAPE if (name, kind) == ("ours", RECIPE) else SHAPE, cell=cell)
    return prepare(Task(name, kind, shape, loss=PEER_LOSS[kind]), made_series(shape))


@pytest.mark.parametrize("kind", (*KINDS, RECIPE))
@pytest.mark.parametrize(
    ("name", "cell"), [("ours", "gru"), ("keras", "lstm"), ("pytorch", "gru"), ("pytorch", "lstm")]
)
def test_a_contender_learns(name: str, kind: Kind, cell: str) -> None:
    """Its generator is another one after a step, and draws series of the shape asked for, in [0, 1]."""
    contender = made(name, kind, cell)
    assert contender.sample is not None
    contender.advance(1)
    before = contender.sample(400)
    contender.advance(3)
    after = contender.sample(400)
    assert after.shape[1:] in [(shape.steps, shape.features) for shape in (SHAPE, RECIPE_SHAPE)]
    assert 0 <= after.min() < after.max() <= 1
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() > 1e-4


def test_keras_is_given_batches_without_a_sleeping_autotuner() -> None:
    from benchmarks.contenders.plain_keras import pipeline

    series = made_series(SHAPE)
    batches = pipeline(series, SHAPE.batch)
    assert batches.options().autotune.enabled is False
    epoch = len(series) // SHAPE.batch
    one, other = (np.concatenate(list(part)) for part in (batches.take(epoch), batches.skip(epoch).take(epoch)))
    assert (one != other).any()  # shuffled, and anew every time
    for seen in (one, other):
        np.testing.assert_array_equal(np.sort(seen.ravel()), np.sort(series.ravel()))


def test_peers_have_the_networks_of_the_shape(tmp_path: Path) -> None:
    """As many weights as ours: PyTorch's GRU has a bias for the state too, as Keras' has."""
    shape = Shape(layers=2, units=3, batch=4, steps=3, features=2, latent=2)
    counts = {"keras": 0, "pytorch": 0, "ours": 0}
    from benchmarks.contenders.plain_keras import Gan

    gan = Gan(shape, "plain")
    counts["keras"] = gan.generator.count_params() + gan.discriminator.count_params()
    torch = pytest.importorskip("torch")
    contender = prepare(Task("pytorch", "plain", shape), made_series(shape))
    assert contender.save is not None
    contender.save(tmp_path)
    for path in tmp_path.iterdir():
        counts["pytorch"] += sum(one.numel() for one in torch.load(path, weights_only=True).values())
    gates = 9
    recurrent = sum((width + 3) * gates + 2 * gates for width in (2, 3))  # the same for both, as are noise and features
    counts["ours"] = 2 * recurrent + (3 * 2 + 2) + (3 + 1)
    assert len(set(counts.values())) == 1


@pytest.mark.parametrize("flavour", ["numpy", "tensorflow"])
def test_a_floor_does_the_products(flavour: str) -> None:
    contender = prepare(Task("floor", "penalised", SHAPE, flavour=flavour), made_series(SHAPE))
    contender.advance(2)
    assert contender.sample is None


def test_no_product_is_dropped_from_the_graph_or_done_once_for_several() -> None:
    """By value: every product, as often as it is counted, is in the sum; and by number, in the graph that is run."""
    products = Products({(3, 2, 4): 3, (5, 6, 1): 2})
    step: Any = floor.graph_of(products)
    expected = 0.0
    for (m, k, n), count in products.items():
        left, right = floor._operands(m, k, n)
        expected += count * float(left[0] @ right[:, 0])
    assert float(step()) == pytest.approx(expected, rel=1e-5)
    operations = step.get_concrete_function().graph.get_operations()
    assert sum(one.type == "MatMul" for one in operations) == 5
    assert sum(one.type == "ReadVariableOp" for one in operations) == 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", VARIANTS)
def test_every_loss_is_measured_with_and_without_a_gradient_penalty(loss: str, kind: Kind) -> None:
    config = run_config(Task("ours", kind, replace(SHAPE, latent=3), loss=loss))
    assert (config.penalty == "gp") == (kind == "penalised")
    assert config.penalty == penalty(loss, kind)
    assert (config.layers, config.units, config.batch_size) == (SHAPE.layers, SHAPE.units, SHAPE.batch)
    assert config.latent_series + config.latent_steps == 3


def test_peers_train_as_a_run_without_options_does() -> None:
    """The same sizes, rates, penalty and number of updates."""
    (run,) = plan(SweepConfig(losses=("bce",), seeds=(0,)))
    assert run == run_config(ours(RECIPE, RECIPE_SHAPE))
    shape, settings = RECIPE_SHAPE, SETTINGS[RECIPE]
    assert (run.layers, run.units, run.batch_size) == (shape.layers, shape.units, shape.batch)
    assert (run.latent_series, run.latent_steps) == (shape.latent, 0) and settings.noise_once
    assert (run.critic_steps, run.penalty, run.penalty_weight) == (settings.critic_steps, "r1r2", 0.3)
    assert settings.penalty_weight == run.penalty_weight
    assert settings.learning_rates == {"discriminator": run.d_learning_rate, "generator": run.g_learning_rate}
    assert settings.betas == (run.d_beta_1, run.d_beta_2) == (run.g_beta_1, run.g_beta_2)
    assert run.views == "differences" and run.view_size == 1.0 and settings.view


@pytest.mark.parametrize("name", ["keras", "pytorch"])
def test_the_penalty_of_a_peer_is_half_of_the_squared_gradients_of_both(name: str) -> None:
    """By finite differences of the mean logit, at two real series and two generated ones."""
    if name == "pytorch":
        pytest.importorskip("torch")
    shape = Shape(layers=1, units=3, batch=2, steps=4, features=2, latent=2)
    series = np.random.default_rng(0).uniform(size=(4, shape.steps, shape.features)).astype(np.float32)
    logits, penalty = critic_of(name, shape, series)
    squares = 0.0
    for index in np.ndindex(series.shape[1:]):
        ends = []
        for change in (-1e-2, 1e-2):
            moved = series.copy()
            moved[:, *index] += change
            ends.append(logits(moved))
        squares += (((ends[1] - ends[0]) / 2e-2) ** 2).mean()
    assert penalty == pytest.approx(squares, rel=1e-2)


def critic_of(name: str, shape: Shape, series: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], float]:
    """The discriminator of a peer by the recipe as a function, and its penalty at series."""
    if name == "keras":
        from benchmarks.contenders.plain_keras import Gan as KerasGan

        gan = KerasGan(shape, RECIPE)
        _, penalty = gan._with_penalty(tf.constant(series))
        return lambda given: np.asarray(gan.discriminator(given))[:, 0], float(penalty)
    import torch

    from benchmarks.contenders.pytorch import Gan as PyTorchGan

    peer = PyTorchGan(shape, RECIPE, series)
    _, penalty = peer._with_penalty(torch.from_numpy(series))
    return lambda given: peer.discriminate(torch.from_numpy(given)).detach().numpy(), float(penalty.detach())


def test_a_task_survives_its_text() -> None:
    for task in (ours("plain", Shape(cell="lstm")), *floors("penalised", SHAPE)):
        assert decode(encode(task)) == task


def test_labels_tell_contenders_of_one_measurement_apart() -> None:
    tasks = [*(ours("plain", SHAPE, loss) for loss in VARIANTS), *floors("plain", SHAPE)]
    tasks += peers("plain", SHAPE)
    assert len({task.label for task in tasks}) == len(tasks)


def test_threads_are_limited_where_a_task_says_so() -> None:
    assert environment(Task("pytorch", "plain", SHAPE), {}).get("OMP_NUM_THREADS") is None
    limited = environment(Task("pytorch", "plain", SHAPE, threads=1), {"HOME": "/root", "OPENBLAS_L2_SIZE": "512"})
    assert (limited["OMP_NUM_THREADS"], limited["HOME"]) == ("1", "/root")
    assert "OPENBLAS_L2_SIZE" not in limited


def test_ours_is_measured_with_the_bits_of_a_worker() -> None:
    task = ours("plain", SHAPE)
    for bits in BITS:
        assert environment(replace(task, bits=bits), {"PATH": "/bin"}) == {
            **arithmetic.environment(bits, {"PATH": "/bin"}),
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
    assert (task.bits, task.label) == ("native", "ours, bce")
    assert replace(task, bits="portable").label == "ours, bce, portable bits"


def test_growth_is_measured_one_size_at_a_time() -> None:
    shapes = growth_shapes(QUICK)
    assert {shape.cell for shape in shapes.values()} == set(CELLS)
    for shape in shapes.values():
        differing = [
            name for name in ("layers", "units", "batch", "steps") if getattr(shape, name) != getattr(SHAPE, name)
        ]
        assert len(differing) <= 1


# Processes


def test_contenders_take_turns_in_processes_of_their_own() -> None:
    """The floor by NumPy, which starts quickly, against itself at another kind of thread setting."""
    tasks = [
        Task("floor", "plain", SHAPE, flavour="numpy", threads=threads, loss=name)
        for threads, name in ((1, "a"), (None, "b"))
    ]
    found = rounds.compete(tasks, rounds=3, seconds=0.001)
    assert found["kind"] == "plain"
    assert list(found["contenders"]) == ["floor, a", "floor, b"]
    for one in found["contenders"].values():
        assert len(one["milliseconds"]) == 3 and min(one["milliseconds"]) > 0
        assert one["first_seconds"] > 0 and one["peak_memory_mib"] > 5
    assert json.loads(json.dumps(found)) == found


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> "list[subprocess.Popen[Any]]":
    """The processes of contenders, as they are started."""
    found: list[subprocess.Popen[Any]] = []
    popen = subprocess.Popen

    def start(*words: Any, **options: Any) -> Any:
        found.append(popen(*words, **{**options, "stderr": subprocess.DEVNULL}))
        return found[-1]

    monkeypatch.setattr(rounds.subprocess, "Popen", start)
    return found


def test_a_contender_that_breaks_is_named_and_leaves_nobody_behind(started: "list[subprocess.Popen[Any]]") -> None:
    good, bad = (Task("floor", "plain", SHAPE, flavour=flavour) for flavour in ("numpy", "abacus"))
    with pytest.raises(RuntimeError, match="`floor, abacus` ended with code 1"):
        rounds.compete([good, bad], rounds=1, seconds=0.001)
    assert [one.poll() is not None for one in started] == [True, True]


def test_an_interruption_while_contenders_start_leaves_nobody_behind(
    started: "list[subprocess.Popen[Any]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it start those that were to come."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "wait", interrupted)
    task = Task("floor", "plain", SHAPE, flavour="numpy")
    with pytest.raises(KeyboardInterrupt):
        rounds.compete([task] * (2 * rounds.STARTED_AT_ONCE), rounds=1, seconds=0.001)
    assert len(started) <= rounds.STARTED_AT_ONCE
    assert all(one.poll() is not None for one in started)


def test_a_command_is_timed_with_its_memory() -> None:
    done = run([sys.executable, "-c", "import time; held = bytearray(80 << 20); time.sleep(0.4); print('said')"])
    assert done is not None
    assert done.output == "said\n" and done.seconds > 0.4 and done.peak_memory_mib > 80


def test_a_command_that_fails_says_why_and_one_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(RuntimeError, match="ended with code 3: no good"):
        run([sys.executable, "-c", "import sys; print('no good'); sys.exit(3)"])
    assert run([sys.executable, "-c", "import time; time.sleep(60)"], patience=0.3) is None


def test_peers_do_not_start_tensorflow_unless_they_are_keras() -> None:
    """What PyTorch's runs import, and what this process does to write a folder."""
    program = "import sys; import benchmarks.ordinary, benchmarks.synthetic, benchmarks.sections, benchmarks.bench; "
    program += "sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
