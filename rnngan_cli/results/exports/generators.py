"""Trained generators as `.keras` files of standard layers, which plain Keras loads and runs without this package.

A JSON file beside each describes the inputs and outputs of the generator.
"""

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import SCHEMA_VERSION, RunState
from rnngan_cli.data import forms
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.lazy import Tensor, keras, tf
from rnngan_cli.results.exports.source import ExportSource, Written, nothing_finished, target_folder
from rnngan_cli.store import RunFolder, read_series_format, read_weights
from rnngan_cli.system.atomic import check_target, write_bytes, write_json
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    from rnngan_cli.data.dataset import SeriesFormat
    from rnngan_cli.losses.play import Draw
    from rnngan_cli.losses.variant import Control
    from rnngan_cli.training.trainer import Trainer

SUFFIX = ".keras"


def write_generators(source: ExportSource, target: Path) -> Written:
    """Writes the generator of every finished run, with the moving average of its weights, as it is sampled.

    Args:
        source: a sweep or a run.
        target: a folder, or a file if there is one generator.

    Raises:
        UserError: no run is done, none has weights that can be read, or the data of a run cannot be loaded.
        EnvironmentFaultError: the disk refused a write.
    """
    done, notes = _done(source)
    if not done:
        raise nothing_finished(source)
    if target.suffix == SUFFIX:
        if len(done) > 1:
            raise UserError(
                f"`--output {target}`: is one file, and {counted(len(done), 'run')} are done; give a folder, or a run's"
            )
        check_target(target, (SUFFIX,))
        paths = [target]
    else:
        folder = target_folder(target)
        paths = [folder / f"{run.path.name}{SUFFIX}" for run in done]
    written, missing = 0, ""
    for run, path in zip(done, paths, strict=True):
        try:
            _write(run, path)
            written += 1
        except DamagedFileError as error:
            missing = missing or str(error)
            notes.append(f"{run.path.name}: left out, {error}")
    if not written:
        raise UserError(f"`{source.sweep.path}`: no run has weights that can be read ({missing})")
    return Written(f"{counted(written, 'generator')}, a .keras and a .json file each", notes)


def _done(source: ExportSource) -> tuple[list[RunFolder], list[str]]:
    """The finished runs, and a note for each run whose status cannot be read."""
    done, notes = [], []
    for folder in source.folders():
        try:
            if folder.status().state == RunState.DONE:
                done.append(folder)
        except DamagedFileError as error:
            notes.append(f"{folder.path.name}: left out, {error}")
    return done, notes


def _write(folder: RunFolder, path: Path) -> None:
    """Writes a generator and its description.

    Raises:
        DamagedFileError: the config or the weights of the run cannot be read.
    """
    config, weights = folder.config(), read_weights(folder)
    from rnngan_cli import data
    from rnngan_cli.sweeps import cost
    from rnngan_cli.system import device

    device.start("cpu")
    from rnngan_cli.results.generation import restored
    from rnngan_cli.sweeps.checks import check_resolved

    check_resolved(config)
    series_format = read_series_format(folder) or data.load(config.data).format
    cost.check_memory(config, series_format)
    trainer = restored(folder.path, config, series_format, weights)
    model, description = standalone(trainer, series_format)
    with tempfile.TemporaryDirectory() as place:  # Keras writes to paths only
        saved = Path(place) / f"generator{SUFFIX}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # from a conversion in Keras that NumPy deprecates
            model.save(saved)
        write_bytes(path, saved.read_bytes())
    facts = {"schema_version": SCHEMA_VERSION, "run": folder.path.name, "loss": config.loss, "cell": config.cell}
    write_json(path.with_suffix(".json"), {**facts, "dataset": config.data.name, "seed": config.seed, **description})


def standalone(trainer: "Trainer", series_format: "SeriesFormat") -> tuple[Any, dict[str, object]]:
    """Builds a Keras model of standard layers that equals the sampled generator.

    Args:
        trainer: the trainer with the weights of the run.
        series_format: the format of the series it was trained on.

    Returns:
        A model from a dictionary of inputs to series (batch, steps, features), float64 in the data's own units, and
        its description as JSON values. The inputs are those that the loss uses of `noise_series` (batch,
        latent_series), `noise_steps` (batch, steps, latent_steps) and `conditions` (batch, width).
    """
    draw = _drawn(trainer, series_format, 2)
    inputs, fed = _inputs(draw)
    joined = keras.layers.Concatenate(name="fed")(fed) if len(fed) > 1 else fed[0]
    series = _network(trainer, series_format, joined)
    # In float64, because in float32 an offset far from zero would round away the output of the network.
    scaler = series_format.scaler
    back = keras.layers.Rescaling(scaler.scale.tolist(), scaler.offset.tolist(), dtype="float64", name="own_units")
    model = keras.Model(inputs, back(series), name="generator")
    from rnngan_cli.networks import build

    sampled, own = build.weight_places(trainer.networks.average), build.weight_places(model)
    for place, weight in own.items():
        weight.assign(sampled[place])
    return model, {
        "steps": series_format.steps,
        "features": list(forms.feature_names(series_format.columns)),
        **_columns_of(series_format),
        "inputs": {name: list(given.shape[1:]) for name, given in inputs.items()},
        "conditions": _conditions(trainer, series_format),
    }


def _drawn(trainer: "Trainer", series_format: "SeriesFormat", count: int) -> "Draw":
    """Draws inputs of the generator for `count` series, as the loss does."""
    from rnngan_cli.losses.play import Batch

    labels = trainer.one_hot(np.zeros(count, np.int32))
    batch = Batch(
        tf.zeros([count, series_format.steps, series_format.features]), None if labels is None else tf.constant(labels)
    )
    seed, counter = tf.constant(trainer.config.seed), tf.constant(0)
    return trainer.variant.inputs.draw(trainer.game, seed, "export", counter, batch)


def _inputs(draw: "Draw") -> tuple[dict[str, Tensor], list[Tensor]]:
    """The inputs of the model by name, and the same inputs at every step, in the order the generator joins them."""
    steps = draw.steps.shape[1]
    pieces = {"noise_series": draw.series, "noise_steps": draw.steps, "conditions": draw.conditions}
    inputs: dict[str, Tensor] = {}
    fed: list[Tensor] = []
    for name, piece in pieces.items():
        if piece is None or not piece.shape[-1]:
            continue
        at_first = name == "conditions" and _at_first_alone(piece)
        shape = piece.shape[-1:] if at_first else piece.shape[1:]
        inputs[name] = given = keras.Input(shape, name=name)
        if at_first:
            given = keras.layers.Reshape((1, *shape), name="first_step")(given)
            given = keras.layers.ZeroPadding1D((0, steps - 1), name="later_steps")(given)
        elif len(shape) == 1:
            given = keras.layers.RepeatVector(steps, name=f"{name}_repeated")(given)
        fed.append(given)
    return inputs, fed


def _at_first_alone(conditions: Tensor) -> bool:
    """Whether conditions are zero after the first step of a series."""
    return len(conditions.shape) == 3 and not np.any(np.asarray(conditions)[:, 1:])


def _network(trainer: "Trainer", series_format: "SeriesFormat", fed: Tensor) -> Tensor:
    """Stacks the recurrent layers of Keras and the last layer, with the names of our layers for their weights."""
    from rnngan_cli.networks import standard
    from rnngan_cli.networks.recurrent import CELLS

    config, average = trainer.config, trainer.networks.average
    policy = None if config.precision == "float32" else config.precision
    starts: list[list[Tensor]] = []
    if config.first_state == "noise":
        starts = standard.first_states(fed, config.cell, config.layers, config.units)
    for number in range(config.layers):
        layer = CELLS[config.cell].layer
        start = {"initial_state": starts[number]} if starts else {}
        fed = layer(config.units, return_sequences=True, name=f"recurrent_{number}", dtype=policy)(fed, **start)
    last = average.get_layer("series")
    series = keras.layers.Dense(last.units, activation=last.activation, name="series")(fed)
    blocks = [(block.start, block.width) for block in forms.category_blocks(series_format.columns)]
    if not blocks:
        return series
    return standard.activate(series, blocks, "sigmoid" if series_format.scaler.kind == "minmax" else "linear")


def _columns_of(series_format: "SeriesFormat") -> dict[str, object]:
    """Describes the columns where they are more than features of any value: what is left to do with the output.

    Features of a category are its shares, whose largest counts; values are to be rounded and kept within limits; and of
    a transformed column the output holds differences or logarithms.
    """
    return {} if series_format.is_plain else {"columns": [vars(column) for column in series_format.columns]}


def _conditions(trainer: "Trainer", series_format: "SeriesFormat") -> list[dict[str, object]]:
    """Describes every control: the columns of `conditions` that it sets, and its values."""
    return [_condition(trainer, series_format, name, control) for name, control in trainer.sampler.controls.items()]


def _condition(trainer: "Trainer", series_format: "SeriesFormat", name: str, control: "Control") -> dict[str, object]:
    from rnngan_cli.training.controls import LABEL

    values = np.arange(control.choices) if control.choices else np.array([control.low, control.high])
    facts: dict[str, object] = {"name": name, "columns": _columns(trainer, series_format, name, values)}
    if not control.choices:
        return {**facts, "kind": "number", "low": control.low, "high": control.high}
    facts |= {"kind": "one-hot", "values": list(range(control.choices)), "shares": None}
    labels = series_format.train_labels
    if name == LABEL and labels is not None:
        shares = np.bincount(labels, minlength=control.choices) / len(labels)
        facts |= {"values": list(series_format.label_names) or facts["values"], "shares": shares.tolist()}
    return facts


def _columns(trainer: "Trainer", series_format: "SeriesFormat", name: str, values: np.ndarray) -> list[int]:
    """The columns of `conditions` that change if only the value of this control changes."""
    controls = trainer.variant.inputs.controls
    if controls is None:
        return []
    draw = _drawn(trainer, series_format, len(values))
    first, second = (
        np.asarray(controls.apply(trainer.game, draw, {name: tf.constant(given)}).conditions)
        for given in (values, np.roll(values, 1))
    )
    differs = first != second
    return [int(column) for column in np.flatnonzero(differs.any(axis=tuple(range(differs.ndim - 1))))]
