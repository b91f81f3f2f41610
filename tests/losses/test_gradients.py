"""Gradients of every loss and penalty, through a GRU and an LSTM, against central differences in float64.

What is differentiated is what an update differentiates: the loss with its penalty and its historical average. Every
loss, every penalty and every setting of the networks is differentiated as a graph, as in training; what else they are
tried with is differentiated an operation at a time, as most of a case's time would go into the making of its graph.
`test_penalties.py` compares penalties with a second implementation, in NumPy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES
from rnngan_cli.training.differences import Differences
from rnngan_cli.training.loss_checks import LOSS_SIDES, SMALLEST, check_gradients
from rnngan_cli.training.small_runs import float64, make_trainer, small_dataset

CELLS = ("gru", "lstm")
NAMES = list(losses.VARIANTS)


def every_penalty() -> Iterator[tuple[str, str, str, bool]]:
    """Every loss with every penalty it is defined with; clipping adds nothing to the loss.

    Through both cells and as graphs: every loss with its first penalty, and every penalty with one loss. The other
    pairs run an operation at a time, through one cell, in turns.
    """
    for number, (name, variant) in enumerate(losses.VARIANTS.items()):
        for place, penalty in enumerate(variant.discriminator.penalties):
            whole = place == 0 or name == "bce"
            for cell in CELLS if whole else CELLS[(number + place) % 2 :][:1]:
                yield name, cell, penalty, whole


@contextmanager
def as_graphs(graphs: bool) -> Iterator[None]:
    """Functions are made into graphs inside a `with` block, or run an operation at a time."""
    tf.config.run_functions_eagerly(not graphs)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "mse-pearson": ("mse", {"options": {"labels": "pearson"}}),
    "kld-alternative": ("kld", {"options": {"form": "alternative"}}),
    "kld-reverse": ("kld", {"options": {"form": "reverse"}}),
    "vae-series": ("vae", {"options": {"layer": 0}}),
    "vae-first-layer": ("vae", {"options": {"layer": 1}, "layers": 2}),
    "igan-minibatch": ("igan", {"options": {"minibatch": 2, "minibatch_dims": 3}}),
    "igan-historical": ("igan", {"options": {"historical": 0.7}}),
    "cgan-named": ("cgan", {"options": {"labels": "named", "classifier_weight": 0.6}}),
    "cgan-first": ("cgan", {"options": {"tiling": "first"}}),
    "infogan-learned": ("infogan", {"options": {"prior": "uniform", "deviation": "learned", "categorical": 2}}),
    "infogan-generator": ("infogan", {"options": {"receives": "generator"}}),
    "bce-last": ("bce", {"readout": "last", "penalty": "gp"}),
    "bce-step": ("bce", {"readout": "step", "penalty": "gp"}),
    "bce-probability": ("bce", {"readout": "probability", "penalty": "gp"}),
}
"""What the cell plays no part in: one cell each, in turns."""
OF_THE_NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "bce-spectral": ("bce", {"spectral_norm": True, "penalty": "gp"}),
    "wgan-bidirectional": ("wgan", {"d_bidirectional": True, "penalty": "gp"}),
    "bce-differences": ("bce", {"views": "differences", "penalty": "r1r2"}),
    "cgan-both-views": ("cgan", {"views": "both", "penalty": "gp", "penalty_at": "views"}),
    "bce-first-state": ("bce", {"first_state": "noise", "penalty": "none"}),
    "vae-first-state": ("vae", {"first_state": "noise", "penalty": "none", "layers": 2}),
    "igan-both": ("igan", {"spectral_norm": True, "d_bidirectional": True, "penalty": "gp"}),
}


def every_option() -> Iterator[tuple[str, str, bool]]:
    """Every option, with a cell and whether as a graph: those of the networks as a graph with one cell, in turns."""
    for number, name in enumerate(OPTIONS):
        yield name, CELLS[number % 2], False
    for number, name in enumerate(OF_THE_NETWORKS):
        for cell in CELLS:
            yield name, cell, cell == CELLS[number % 2]


@pytest.mark.parametrize(("loss", "cell", "penalty", "graphs"), list(every_penalty()))
def test_a_loss_with_its_penalty_has_the_gradient_of_finite_differences(
    loss: str, cell: str, penalty: str, graphs: bool
) -> None:
    variant = losses.variant(loss)
    sides = LOSS_SIDES if penalty == variant.discriminator.penalties[0] else LOSS_SIDES[:1]
    with as_graphs(graphs):
        check_gradients(variant, sides=sides, cell=cell, penalty=penalty)


@pytest.mark.parametrize("penalty", list(GRADIENT_PENALTIES))
def test_what_is_differentiated_has_a_penalty_that_acts(penalty: str) -> None:
    with float64():
        sizes = {**SMALLEST, "penalty": penalty}
        assert Differences(make_trainer(losses.variant("bce"), small_dataset(4), **sizes)).terms()["penalty"] > 1e-6


@pytest.mark.parametrize(("name", "cell", "graphs"), list(every_option()))
def test_an_option_has_the_gradient_of_finite_differences(name: str, cell: str, graphs: bool) -> None:
    """Without a penalty unless the option bears on it: the sum of both is tested above."""
    loss, fields = {**OPTIONS, **OF_THE_NETWORKS}[name]
    with as_graphs(graphs):
        check_gradients(losses.variant(loss), **{"cell": cell, "penalty": "none", **fields})
