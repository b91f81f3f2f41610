"""CONTRIBUTING.md shows an eleventh loss; here it is added from outside the package, with exactly the text shown."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

EARLIER = """
from rnngan_cli.losses import plain, scores
from rnngan_cli.losses.variant import Profile, Variant
from my_losses import hinge_discriminator

HINGE = Variant(
    name="hinge",
    title="Hinge GAN",
    d_formula="E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))",
    g_formula="-E D(G(z))",
    divergence="Total variation, up to a constant",
    expect="Steady with spectral normalisation.",
    source="Lim & Ye 2017, Geometric GAN",
    d_loss=plain.discriminator_loss(lambda _, real, fake: hinge_discriminator(real, fake)),
    g_loss=plain.generator_loss(lambda _, fake: scores.wasserstein_generator(fake)),
    readouts=("mean", "last"),
    paper=Profile({"spectral_norm": True}, ()),
)
"""
"""The same row as CONTRIBUTING.md had it once; packages in that form stay valid."""
VALUES = """
import numpy as np
from my_losses import HINGE, hinge_discriminator
from rnngan_cli.losses import VARIANTS
assert VARIANTS["hinge"] is HINGE and len(VARIANTS) == 11
real, fake = np.array([-1.0, 0.5, 3.0]), np.array([-2.0, 0.0, 1.0])
# max(0, 1 - r) = 2, 0.5, 0; max(0, 1 + f) = 0, 1, 2
print(float(hinge_discriminator(real, fake)))
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module and the entry point of CONTRIBUTING.md, as an installer leaves them."""
    return write_package(ROOT / "CONTRIBUTING.md", tmp_path_factory.mktemp("outside"), "my_losses")


def write_package(page: Path, folder: Path, name: str) -> Path:
    """Writes the module, its tests and the entry point that a page shows, as an installer leaves them."""
    text = page.read_text(encoding="utf-8")
    module, suite = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (points,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (folder / f"{name}.py").write_text(module, encoding="utf-8")
    (folder / f"test_{name}.py").write_text(suite, encoding="utf-8")
    # pyproject.toml's table becomes a section of entry_points.txt when a package is built
    install(folder, points.replace('[project.entry-points."rnngan.losses"]', "").replace('"', ""))
    return folder


def install(folder: Path, points: str) -> None:
    """Writes what an installer leaves of a package with these entry points."""
    facts = folder / "my_losses-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my-losses\nVersion: 1.0\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text(f"[rnngan.losses]\n{points}\n", encoding="utf-8")


def run(outside: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(outside), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=outside, env=environment, check=False
    )


def test_the_loss_is_listed_after_the_ten(outside: Path) -> None:
    listed = run(outside, "-m", "rnngan_cli", "losses", "--json")
    facts = json.loads(listed.stdout)
    assert [fact["name"] for fact in facts][-1] == "hinge"
    assert len(facts) == 11
    shown = run(outside, "-m", "rnngan_cli", "losses", "hinge")
    assert "Lim & Ye 2017" in shown.stdout


def test_the_loss_is_the_one_written_down(outside: Path) -> None:
    done = run(outside, "-c", VALUES)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(2.5 / 3 + 3 / 3)


def test_the_loss_holds_against_the_suite_for_losses_of_other_packages(outside: Path) -> None:
    done = run(
        outside, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_losses.py", "-k", "mean or starts or row"
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_the_loss_trains_beside_the_others_in_worker_processes(outside: Path) -> None:
    words = "sweep --losses hinge,bce --cells gru,lstm --seeds 1 --steps 3 --protocol quick -s units=4 --progress none"
    more = ["-s", "spectral_norm=true", "-s", "batch_size=8", "-s", "sines.series=200", "--json"]
    done = run(outside, "-m", "rnngan_cli", *words.split(), *more)
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert sorted(name.split("-sines")[0] for name in runs) == ["bce-gru", "bce-lstm", "hinge-gru", "hinge-lstm"]
    assert {fact["state"] for fact in runs.values()} == {"done"}, runs


def test_a_row_in_its_earlier_form_trains(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "earlier_losses.py").write_text(EARLIER, encoding="utf-8")
    (tmp_path / "my_losses.py").write_bytes((outside / "my_losses.py").read_bytes())
    install(tmp_path, "hinge = earlier_losses:HINGE")
    words = "sweep --losses hinge --seeds 1 --steps 2 --protocol quick -s units=4 --progress none --json"
    done = run(tmp_path, "-m", "rnngan_cli", *words.split(), "-s", "batch_size=8", "-s", "sines.series=200")
    assert done.returncode == 0, done.stderr
    assert [fact["state"] for fact in json.loads(done.stdout)["runs"].values()] == ["done"]
    refused = run(tmp_path, "-m", "rnngan_cli", *words.split(), "-s", "readout=step", "--dry-run")
    assert "hinge is defined with mean, last" in refused.stderr


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("hinge = nowhere:HINGE", "entry point `hinge` of `rnngan.losses` cannot be loaded"),
        ("hinge = my_losses:scores", "expected a Variant, found module"),
        ("bce = my_losses:HINGE\nhinge = my_losses:HINGE", "there is a loss `hinge` already"),
    ],
)
def test_a_broken_entry_point_is_told_in_one_line(outside: Path, tmp_path: Path, points: str, said: str) -> None:
    (tmp_path / "my_losses.py").write_bytes((outside / "my_losses.py").read_bytes())
    install(tmp_path, points)
    done = run(tmp_path, "-m", "rnngan_cli", "losses")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
