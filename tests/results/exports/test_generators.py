"""Exported generators: loaded by plain Keras, equal to ours for the same inputs, without a trace of this package."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.errors import UserError
from rnngan_cli.losses import play
from rnngan_cli.results.exports import export
from rnngan_cli.results.exports.generators import standalone
from rnngan_cli.store import SweepFolder, read_weights, write_weights
from rnngan_cli.sweeps.plan import plan
from tests.support.places import ROOT

Rnngan = Callable[..., tuple[int, str, str]]
PAGE = ROOT / "docs" / "export.md"
BLOCKED = "import sys; sys.modules['rnngan_cli'] = None\n"
"""From then on `import rnngan_cli` raises ImportError."""
SWEEP: dict[str, Any] = {
    "losses": "bce,cgan,infogan",
    "cells": "gru,lstm",
    "seeds": [1],
    "datasets": "stocks",
    "profile": "shared",
    "data": {"window": 6, "stride": 6},
    "run": {"steps": 2, "history_every": 1, "units": 3, "layers": 2, "batch_size": 8, "spectral_norm": True},
    "override": {"bce": {"first_state": "noise"}, "infogan": {"first_state": "noise"}},
}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """Six runs on stock prices, both cells, two layers, with a label, codes, or neither; weights as of no start.

    They are not trained, which would take a minute: every weight, biases too, is moved by a random number instead.
    """
    from rnngan_cli.system import device

    device.start("cpu")
    from rnngan_cli.training.trainer import Trainer

    config, random = SweepConfig.model_validate(SWEEP), np.random.default_rng(5)
    folder = SweepFolder(tmp_path_factory.mktemp("results") / "sweep")
    folder.create(config)
    for run in plan(config):
        trainer = Trainer(run, data.load(run.data).format)
        trainer.reset(run)
        moved = {
            name: {place: value + random.normal(0, 0.3, value.shape).astype(np.float32) for place, value in one.items()}
            for name, one in trainer.state().items()
        }
        folder.run(run).create(run)
        write_weights(folder.run(run), moved)
        folder.run(run).write_status("done", run.steps)
    return folder


@pytest.fixture(scope="module")
def exported(sweep: SweepFolder) -> Path:
    (done,) = export(sweep.path, "keras")
    assert (done.said, done.notes) == ("6 generators, a .keras and a .json file each", [])
    return done.target


def ours(sweep: SweepFolder, config: RunConfig, count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What a run's generator is fed in a draw of its own loss, and the series it gives, in the data's units."""
    import tensorflow as tf

    from rnngan_cli.results.generation import restored

    dataset = data.load(config.data)
    folder = sweep.run(config)
    trainer = restored(folder.path, config, dataset.format, read_weights(folder))
    labels = None if dataset.train.labels is None else trainer.one_hot(dataset.train.labels[:count])
    batch = play.Batch(tf.constant(dataset.train.series[:count]), None if labels is None else tf.constant(labels))
    draw = trainer.variant.inputs.draw(trainer.game, tf.constant(1), "test", tf.constant(0), batch)
    fed = {"noise_series": draw.series, "noise_steps": draw.steps, "conditions": draw.conditions}
    scaled = play.run_generator(trainer.networks.average, draw)
    inputs = {name: np.asarray(value) for name, value in fed.items() if value is not None}
    return inputs, dataset.scaler.inverse(np.asarray(scaled))


@pytest.mark.parametrize("config", plan(SweepConfig.model_validate(SWEEP)), ids=lambda config: config.label)
def test_it_computes_what_ours_does(sweep: SweepFolder, exported: Path, config: RunConfig) -> None:
    import keras

    path = exported / f"{sweep.run(config).path.name}.keras"
    model = keras.saving.load_model(path)
    inputs, expected = ours(sweep, config, 16)
    found = model.predict(inputs, verbose=0)
    assert found.shape == expected.shape == (16, 6, 5) and found.dtype == np.float64
    scale = data.load(config.data).scaler.scale
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=2e-6)  # of the range of each feature
    assert (expected.std(axis=0) > 0).all()  # inputs matter
    about = json.loads(path.with_suffix(".json").read_text())
    assert {name: tuple(shape) for name, shape in about["inputs"].items()} == {
        name: value.shape[1:] for name, value in inputs.items()
    }
    assert about["features"] == list(data.load(config.data).format.column_names)


def test_the_file_knows_standard_layers_alone(exported: Path) -> None:
    for path in exported.glob("*.keras"):
        with zipfile.ZipFile(path) as archive:
            text = archive.read("config.json").decode()
        assert set(re.findall(r'"module": "([^"]+)"', text)) <= {
            "keras", "keras.layers", "keras.initializers", "keras.src.models.functional", "keras.dtype_policies",
        }  # fmt: skip
        assert "rnngan" not in text and '"registered_name": "Functional"' in text
        names = set(re.findall(r'"class_name": "([A-Za-z0-9]+)"', text))
        assert names & {"GRU", "LSTM"} and {"Dense", "Concatenate", "Rescaling", "InputLayer"} <= names


def test_the_columns_of_labels_and_codes_are_told(sweep: SweepFolder, exported: Path) -> None:
    def conditions_of(label: str) -> list[dict[str, Any]]:
        (path,) = exported.glob(f"{label}-*.json")
        found: list[dict[str, Any]] = json.loads(path.read_text())["conditions"]
        return found

    assert conditions_of("bce-gru-stocks-s1") == []
    (label,) = conditions_of("cgan-gru-stocks-s1")
    classes = len(label["columns"])
    assert (label["name"], label["kind"], label["columns"]) == ("label", "one-hot", list(range(classes)))
    assert sum(label["shares"]) == pytest.approx(1) and len(label["values"]) == classes
    category, first, second = conditions_of("infogan-lstm-stocks-s1")
    assert (category["columns"], category["shares"]) == (list(range(10)), None)
    assert [(one["name"], one["columns"], one["kind"], one["high"]) for one in (first, second)] == [
        ("c0", [10], "number", 2.0),
        ("c1", [11], "number", 2.0),
    ]


@pytest.mark.parametrize("label", ["bce-gru", "cgan-lstm", "infogan-gru"])
def test_the_example_of_the_page_runs_where_this_package_is_not(
    sweep: SweepFolder, tmp_path: Path, rnngan: Rnngan, label: str
) -> None:
    (run,) = (sweep.path / "runs").glob(f"{label}-*")
    code, out, err = rnngan("export", run, "--to", "keras", "-o", "generator.keras")
    assert (code, out, err) == (0, "1 generator, a .keras and a .json file each: generator.keras\n", "")
    (example,) = re.findall(r"```python\n(import json.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert "rnngan" not in example
    script = BLOCKED + example + "np.save('series.npy', series)\n"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.lower().startswith("(100, 6, 5) {'open':")
    real = data.load(next(sweep.runs()).config().data).scaler
    series = np.load(tmp_path / "series.npy")
    low, high = real.offset, real.offset + real.scale  # scaled to [0, 1]: what was seen in training
    assert (series >= low - 1e-6 * real.scale).all() and (series <= high + 1e-6 * real.scale).all()


def test_this_package_is_blocked_there() -> None:
    done = subprocess.run([sys.executable, "-c", f"{BLOCKED}import rnngan_cli.store"], capture_output=True, check=False)
    assert done.returncode == 1 and b"ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize(
    ("loss", "fields"),
    [
        ("cgan", {"options": {"tiling": "first"}}),
        ("bce", {"latent_series": 0}),
        ("bce", {"latent_steps": 0}),
        ("bce", {"precision": "mixed_bfloat16"}),
        ("vae", {"cell": "lstm"}),
    ],
)
def test_every_way_of_feeding(begin: Callable[..., Any], small: Any, loss: str, fields: dict[str, Any]) -> None:
    import tensorflow as tf

    trainer = begin(loss, **fields)
    model, about = standalone(trainer, small.format)
    labels = trainer.one_hot(small.train.labels[:8])
    batch = play.Batch(tf.constant(small.train.series[:8]), None if labels is None else tf.constant(labels))
    draw = trainer.variant.inputs.draw(trainer.game, tf.constant(1), "test", tf.constant(0), batch)
    fed = {"noise_series": draw.series, "noise_steps": draw.steps, "conditions": draw.conditions}
    names = about["inputs"]
    assert isinstance(names, dict)
    inputs = {name: np.asarray(fed[name]) for name in names}
    if "conditions" in inputs:
        inputs["conditions"] = inputs["conditions"][:, 0]  # labels alone: the model puts them at the first step
    expected = small.scaler.inverse(np.asarray(play.run_generator(trainer.networks.average, draw)))
    loose = "precision" in fields
    found = np.asarray(model(inputs))
    np.testing.assert_allclose(
        found / small.scaler.scale, expected / small.scaler.scale, rtol=0, atol=2e-2 if loose else 2e-6
    )


def test_one_file_for_many_runs_is_told(sweep: SweepFolder, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is one file, and 6 runs are done; give a folder, or a run's"):
        export(sweep.path, "keras", tmp_path / "all.keras")


def test_runs_without_weights_are_told(sweep: SweepFolder, tmp_path: Path) -> None:
    shutil.copytree(sweep.path, tmp_path / "sweep", ignore=shutil.ignore_patterns("export", "weights"))
    with pytest.raises(UserError, match=r"no run has weights that can be read \(`.*manifest\.json` cannot be read"):
        export(tmp_path / "sweep", "keras")
