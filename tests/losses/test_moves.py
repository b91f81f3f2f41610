"""Who moves: each update gives a gradient to every weight of its own networks and leaves every other as it is.

Updates run eagerly here, which is much faster for small networks; `tests/training/test_trainer.py` runs them compiled.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses, testing
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses import play, scores
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES
from rnngan_cli.losses.play import Batch
from rnngan_cli.networks import build
from rnngan_cli.system.npz import Arrays
from rnngan_cli.training.small_runs import moved
from rnngan_cli.training.trainer import Trainer

Configure = Callable[..., RunConfig]
Begin = Callable[..., Trainer]
Update = Callable[..., dict[str, float]]
NAMES = list(losses.VARIANTS)
CELLS = ("gru", "lstm")


def everything() -> Iterator[tuple[str, str, str, str]]:
    """Every loss with each of its readouts and penalties, with either cell, and every readout with every penalty.

    Of the combinations of a readout and a penalty a loss has two of four, one with each cell, and another loss the
    others; a loss with fewer readouts has more of them.
    """
    for number, (name, variant) in enumerate(losses.VARIANTS.items()):
        readouts, penalties = variant.discriminator.readouts, variant.discriminator.penalties
        for one, readout in enumerate(readouts):
            for other, penalty in enumerate(penalties):
                turn = (number + one + other) % max(2, len(readouts))
                if turn < len(CELLS):
                    yield name, CELLS[turn], readout, penalty


def test_no_loss_readout_penalty_or_cell_is_left_out() -> None:
    found = set(everything())
    for name, variant in losses.VARIANTS.items():
        for cell in CELLS:
            own = [one for one in found if one[:2] == (name, cell)]
            assert {readout for *_, readout, _ in own} == set(variant.discriminator.readouts)
            assert {penalty for *_, penalty in own} == set(variant.discriminator.penalties)
    sides = [variant.discriminator for variant in losses.VARIANTS.values()]
    pairs = {(readout, penalty) for side in sides for readout in side.readouts for penalty in side.penalties}
    assert {one[2:] for one in found} == pairs


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("cgan", {"options": {"labels": "named"}}),
    ("cgan", {"options": {"labels": "named", "tiling": "first"}}),
    ("igan", {"options": {"minibatch": 3}, "penalty": "none"}),
    ("igan", {"options": {"historical": 0.5}}),
    ("infogan", {"options": {"categorical": 2, "prior": "uniform", "deviation": "learned"}}),
    ("infogan", {"options": {"receives": "generator"}}),
    ("vae", {"options": {"layer": 0}}),
    ("vae", {"options": {"layer": 1}, "layers": 2}),
    ("kld", {"options": {"form": "reverse"}}),
    ("kld", {"options": {"form": "alternative"}}),
    ("mse", {"options": {"labels": "pearson"}}),
    *((name, {"spectral_norm": True}) for name in NAMES),
    *((name, {"d_bidirectional": True}) for name in NAMES),
    *((name, {"views": "both", "penalty_at": "views"}) for name in NAMES),
    *((name, {"first_state": "noise"}) for name in NAMES),
    ("igan", {"spectral_norm": True, "d_bidirectional": True, "options": {"minibatch": 3}, "penalty": "none"}),
    *(
        (name, {"d_optimizer": one, "g_optimizer": other})
        for name in ("bce", "vae", "infogan", "wgan")
        for one, other in (("sgd", "rmsprop"), ("rmsprop", "sgd"))
    ),
]


@pytest.fixture(scope="module")
def trainers(begin: Begin, brief: Dataset) -> Callable[[str, str, str], Trainer]:
    """Networks of one loss, cell and readout, for the tests of all penalties, which follow each other."""
    return functools.lru_cache(maxsize=1)(lambda loss, cell, readout: begin(loss, brief, cell=cell, readout=readout))


@pytest.mark.parametrize(("loss", "cell", "readout", "penalty"), list(everything()))
def test_each_update_moves_its_own_networks_and_no_other(
    loss: str,
    cell: str,
    readout: str,
    penalty: str,
    trainers: Callable[[str, str, str], Trainer],
    configure: Configure,
) -> None:
    trainer = trainers(loss, cell, readout)
    trainer.reset(configure(loss, cell=cell, readout=readout, penalty=penalty))
    terms = check_moves(trainer)["discriminator"]
    assert ("penalty" in terms) == (penalty in GRADIENT_PENALTIES)
    assert ("clipped_share" in terms) == (penalty == "clip")


@pytest.mark.parametrize(("number", "loss", "fields"), [(number, *one) for number, one in enumerate(OPTIONS)], ids=str)
def test_so_it_is_with_options(number: int, loss: str, fields: dict[str, Any], begin: Begin, brief: Dataset) -> None:
    """The cells in turns."""
    check_moves(begin(loss, brief, cell=CELLS[number % 2], **fields))


def check_moves(trainer: Trainer) -> dict[str, dict[str, float]]:
    """One update of each side; returns their terms.

    Beyond what any loss is held to: only wgan may leave a weight without a gradient, and no moment is rounding alone.
    """
    before = trainer.state()
    terms = testing.check_moves(trainer)
    changes = moved(before, trainer.state())
    for name, network in trainer.networks.trained.items():
        flat = still(trainer.variant.name, name)
        trained = {place for place, weight in build.weight_places(network).items() if weight.trainable}
        assert changes[name] - flat == trained - flat
        assert max(side.get(f"{name[0]}_grad_norm", 0) for side in terms.values()) > 0
        check_moments(trainer, name)
    return terms


def check_moments(trainer: Trainer, name: str) -> None:
    """After one update from zero, Adam's first moments are the gradients, halved: none may be rounding alone."""
    optimizer = trainer.optimizers[name]
    if not isinstance(optimizer, keras.optimizers.Adam):
        return
    weights = build.weight_places(trainer.networks.trained[name]).items()
    places = [place for place, weight in weights if weight.trainable]
    sizes = {place: float(np.abs(one).max()) for place, one in zip(places, optimizer._momentums, strict=True)}
    weak = [place for place, size in sizes.items() if size < 1e-6 * max(sizes.values())]
    assert set(weak) <= still(trainer.variant.name, name), sizes


def still(loss: str, network: str) -> set[str]:
    """Weights without a gradient: E D(G(z)) - E D(x) and its penalty do not depend on a constant added to D."""
    return {"logits/bias"} if (loss, network) == ("wgan", "discriminator") else set()


CROWDED: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in NAMES),
    ("cgan", {"options": {"labels": "named"}}),
    ("igan", {"options": {"minibatch": 3, "historical": 0.5}, "penalty": "none"}),
    ("bce", {"spectral_norm": True, "d_bidirectional": True}),
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("loss", "fields"), CROWDED, ids=str)
def test_weight_lists_are_disjoint_and_complete(loss: str, fields: dict[str, Any], cell: str, begin: Begin) -> None:
    trainer = begin(loss, cell=cell, **fields)
    testing.check_weights(trainer)
    assert all(not network.non_trainable_weights for network in trainer.networks.all.values())


# Gradients that must not go further


@pytest.mark.parametrize("receives", ["generator", "both"])
def test_the_trunk_learns_of_the_information_only_where_it_receives_it(
    receives: str, begin: Begin, evaluate: Callable[..., Any]
) -> None:
    """With receives = generator its gradient is that of `bce` alone."""
    trainer = begin("infogan", options={"receives": receives})
    weights = trainer.networks.discriminator.trainable_weights
    with tf.GradientTape(persistent=True) as tape:
        outcome, batch, draw = evaluate(trainer, "d")
        series = play.run_generator(trainer.networks.generator, draw)
        real, fake = (play.discriminate(trainer.networks.discriminator, one).logits for one in (batch.series, series))
        plain = scores.bce_discriminator(real, fake)
    expected = [np.asarray(one) for one in tape.gradient(plain, weights)]
    found = [np.asarray(one) for one in tape.gradient(outcome.losses["discriminator"], weights)]
    same = [np.allclose(one, other, rtol=1e-4, atol=1e-7) for one, other in zip(found, expected, strict=True)]
    trunk = [weight.path.split("/")[-2] != "logits" for weight in weights]
    assert sum(trunk) == 3
    assert same == [receives == "generator" or not one for one in trunk]  # the logits know nothing of codes
    heads = tape.gradient(outcome.losses["recognizer"], trainer.networks.trained["recognizer"].trainable_weights)
    assert all(np.abs(one).max() > 0 for one in heads)


def test_the_adversarial_gradient_does_not_reach_the_encoder(begin: Begin, update: Update) -> None:
    """D's last layer turns features into logits: it matters to the adversarial terms alone."""
    states = []
    for scale in (1, -50):
        trainer = begin("vae")
        layer = trainer.networks.discriminator.get_layer("logits")
        layer.set_weights([scale * layer.get_weights()[0], layer.get_weights()[1]])
        update(trainer, "generator")
        states.append(trainer.state())
    changes = moved(*states)
    assert not changes["recognizer"]
    assert not changes["optimizer-recognizer"]
    assert changes["generator"] == set(states[0]["generator"])


def test_the_reconstruction_gradient_does_not_reach_the_discriminator(begin: Begin, update: Update) -> None:
    states = []
    for gamma in (0.01, 100.0):
        trainer = begin("vae", options={"gamma": gamma})
        update(trainer, "discriminator")
        update(trainer, "generator")
        states.append(trainer.state())
    changes = moved(*states)
    assert not changes["discriminator"]
    assert not changes["optimizer-discriminator"]
    assert changes["generator"] == set(states[0]["generator"])


# One seed, and paired runs


@pytest.mark.parametrize(("loss", "fields"), CROWDED, ids=str)
def test_one_seed_gives_the_same_bits_and_another_does_not(
    loss: str, fields: dict[str, Any], begin: Begin, update: Update
) -> None:
    """With an LSTM; `tests/training/test_trainer.py` compares whole runs with a GRU."""

    def after_two_updates(seed: int) -> Arrays:
        trainer = begin(loss, cell="lstm", seed=seed, **fields)
        for side in ("discriminator", "generator"):
            update(trainer, side)
        return trainer.state()

    first, again, other = after_two_updates(0), after_two_updates(0), after_two_updates(1)
    assert not any(moved(first, again).values())
    assert moved(first, other)["generator"] >= {"recurrent_0/kernel", "series/kernel"}


@pytest.mark.parametrize(
    ("loss", "fields"),
    [
        *CROWDED,
        ("infogan", {"options": {"categorical": 3, "continuous": 0}}),
        ("infogan", {"options": {"categorical": 0, "continuous": 5, "prior": "uniform"}}),
        ("cgan", {"options": {"tiling": "first"}}),
    ],
    ids=str,
)
def test_every_loss_is_fed_the_noise_of_its_seed_stream_and_counter(
    loss: str, fields: dict[str, Any], begin: Begin, first_batch: Callable[..., Batch]
) -> None:
    """The noise of `bce` is the reference: what else a loss draws, such as codes, does not shift it."""
    trainers = [begin("bce", cell="gru"), begin(loss, cell="lstm", **fields)]
    for stream, counter in (("d-noise", 0), ("d-noise", 7), ("g-noise", 7)):
        draws = [
            one.variant.inputs.draw(one.game, np.int32(3), stream, tf.constant(counter), first_batch(one))
            for one in trainers
        ]
        for field in ("series", "steps"):
            ours, reference = (np.asarray(getattr(draw, field)) for draw in reversed(draws))
            assert (ours == reference).all()
            assert ours.std() > 0.5


@pytest.mark.parametrize("cell", CELLS)
def test_weights_of_one_place_and_shape_start_equal_in_every_loss(cell: str, begin: Begin) -> None:
    states = {name: begin(name, cell=cell, seed=4).state() for name in NAMES}
    shared = 0
    for name in NAMES:
        for part in ("generator", "discriminator", "average"):
            assert list(states[name][part]) == list(states["bce"][part])
            for place, value in states[name][part].items():
                reference = states["bce"][part][place]
                if value.shape == reference.shape:
                    assert (value == reference).all(), (name, part, place)
                    shared += bool(value.any())
                else:
                    assert (name, place) in {("cgan", "recurrent_0/kernel"), ("infogan", "recurrent_0/kernel")}
    assert shared > 50
