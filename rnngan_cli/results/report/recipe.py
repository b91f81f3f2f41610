"""The command that repeats a single run, derived from its config alone."""

import functools
from typing import Any

from rnngan_cli import data
from rnngan_cli.config import Cell, DataConfig, RunConfig, SweepConfig, identity, join_names
from rnngan_cli.errors import UserError
from rnngan_cli.evaluation import protocol_of_key
from rnngan_cli.sweeps.plan import NOISE_FIELDS, RUN_FIELDS, data_configs, plan

_WITH_OPTIONS = {
    "columns": "--columns",
    "id_column": "--id-column",
    "label_column": "--label-column",
    "time_column": "--time-column",
}
"""Options for data fields with text of the user, because `-s` reads values as numbers where it can."""
_ROUNDS = 4
"""Number of passes, because a setting can change the default of another, as an optimiser does of the learning rate."""


def recipe(config: RunConfig, protocol: str) -> list[str]:
    """Writes the command that trains and scores a run with the same identity again.

    Args:
        config: the config of the run.
        protocol: the key of the protocol of its scores; empty if it has none.

    Returns:
        The words of `rnngan sweep ...` with every setting that differs from its default; empty if the command line
        cannot express the run.
    """
    settings: dict[str, object] = {name: getattr(config, name) for name in NOISE_FIELDS}  # or the data would choose
    for _ in range(_ROUNDS):
        try:
            planned = _planned(config.loss, config.cell, tuple(sorted(settings.items())))
        except UserError:
            return []
        known = config.model_copy(update={"data": planned.data, "seed": planned.seed})
        if identity(known) == identity(planned):
            break
        settings |= _differences(config, planned)
    else:
        return []
    words = ["rnngan", "sweep", "--losses", config.loss, "--cells", config.cell]
    words += ["--seeds", f"{config.seed}..{config.seed}"]
    words += _of_data(config.data)
    words += [word for key, value in settings.items() for word in ("-s", f"{key}={_written(value)}")]
    by = protocol_of_key(protocol)
    return [*words, *(["--protocol", by.name] if by else [])]


@functools.lru_cache(maxsize=1024)
def _planned(loss: str, cell: Cell, settings: tuple[tuple[str, Any], ...]) -> RunConfig:
    """The run of seed 0 that a command with these settings plans, on a data set that needs no file."""
    run = {key: value for key, value in settings if "." not in key}
    own = {key.partition(".")[2]: value for key, value in settings if "." in key}
    override = {loss: own} if own else {}
    return plan(SweepConfig(losses=(loss,), cells=(cell,), seeds=(0,), run=run, override=override))[0]


def _differences(config: RunConfig, planned: RunConfig) -> dict[str, object]:
    """Settings of a run, and options of its loss, that differ from the planned run."""
    found = {
        name: getattr(config, name)
        for name in RUN_FIELDS
        if name != "options" and getattr(config, name) != getattr(planned, name)
    }
    options = {key: value for key, value in config.options.items() if planned.options.get(key) != value}
    return found | {f"{config.loss}.{key}": value for key, value in options.items()}


def _of_data(config: DataConfig) -> list[str]:
    """The words that select the data and its preparation."""
    if config.file is None:
        words, plain = ["--datasets", config.name], _plain_data(config.name)
    else:
        words, plain = ["--data", config.file], DataConfig(name=data.file_name(config.file))
    given = {
        name: getattr(config, name)
        for name in DataConfig.model_fields
        if name not in ("file", "sha256", "options") and getattr(config, name) != getattr(plain, name)
    }
    for name, value in given.items():
        names = (value,) if name == "time_column" and isinstance(value, str) else value
        text = join_names(names) if isinstance(names, tuple) else _written(value)
        words += [_WITH_OPTIONS[name], text] if name in _WITH_OPTIONS else ["-s", f"data.{name}={text}"]
    options = {key: value for key, value in config.options.items() if plain.options.get(key) != value}
    return [
        *words,
        *(word for key, value in options.items() for word in ("-s", f"{config.name}.{key}={_written(value)}")),
    ]


@functools.lru_cache(maxsize=64)
def _plain_data(name: str) -> DataConfig:
    return data_configs(SweepConfig(datasets=(name,)))[0]


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
