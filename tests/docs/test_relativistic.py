"""docs/relativistic.md shows an eleventh loss whose generator needs real series; it is added with the text shown."""

import json
from pathlib import Path

import pytest

from tests.docs.test_contributing import run, write_package
from tests.support.places import ROOT

VALUES = """
import numpy as np
from relativistic import RELATIVISTIC, pairing
from rnngan_cli.losses import VARIANTS
assert VARIANTS["relativistic"] is RELATIVISTIC and len(VARIANTS) == 11
real, generated = np.array([2.0, 0.0]), np.array([-1.0, 0.5])
print(float(pairing(real, generated)), float(pairing(generated, real)))
from rnngan_cli.training.small_runs import evaluate_loss, make_trainer
trainer = make_trainer(RELATIVISTIC)
weights = trainer.networks.discriminator.get_layer("logits").weights
weights[0].assign(1000 * weights[0])
outcome, batch, draw = evaluate_loss(trainer, "generator")
from rnngan_cli.losses import play
made = play.run_generator(trainer.networks.generator, draw)
logits = [np.asarray(play.discriminate(trainer.networks.discriminator, one).logits) for one in (made, batch.series)]
print(float(outcome.losses["generator"]), float(np.mean(np.log1p(np.exp(logits[1] - logits[0])))))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(ROOT / "docs" / "relativistic.md", tmp_path_factory.mktemp("package"), "relativistic")


def test_its_values_are_those_of_the_formulas(package: Path) -> None:
    """sp(-3) and sp(0.5) for the discriminator, sp(3) and sp(-0.5) for the generator; a batch with logits of size."""
    done = run(package, "-c", VALUES)
    assert done.returncode == 0, done.stderr
    by_hand, in_a_game = (list(map(float, line.split())) for line in done.stdout.splitlines())
    assert by_hand == pytest.approx([(0.048587 + 0.974077) / 2, (3.048587 + 0.474077) / 2], abs=1e-6)
    assert in_a_game[0] == pytest.approx(in_a_game[1], rel=1e-5)
    assert abs(in_a_game[0] - 0.6931) > 0.01  # the logits differ


def test_it_holds_against_the_suite_for_losses_of_other_packages(package: Path) -> None:
    done = run(
        package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_relativistic.py",
        "-k", "row or weights or starts or r1r2 or resume",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_it_trains_beside_the_ten(package: Path) -> None:
    words = "sweep --losses relativistic,bce --seeds 1 --steps 3 --protocol quick -s units=4 -s penalty=r1r2"
    more = "-s batch_size=8 -s sines.series=200 -s views=differences --progress none --json"
    done = run(package, "-m", "rnngan_cli", *words.split(), *more.split())
    assert done.returncode == 0, done.stderr
    assert {fact["state"] for fact in json.loads(done.stdout)["runs"].values()} == {"done"}
