"""The command that plans a run and no other: how to make it again from its config alone."""

import functools
from typing import Any

from rnngan_cli import data
from rnngan_cli.config import Cell, DataConfig, RunConfig, SweepConfig, identity
from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.plan import RUN_FIELDS, plan

_WITH_OPTIONS = {
    "columns": "--columns",
    "id_column": "--id-column",
    "label_column": "--label-column",
    "time_column": "--time-column",
}
"""Fields of the data that hold words of the user's; the command line reads `-s` values as numbers where it can."""
_ROUNDS = 4
"""A setting may change the default of another, that one of a third: an optimiser its learning rate."""


def recipe(config: RunConfig, protocol: str) -> list[str]:
    """The words of a command that trains and scores a run again, by its identity the same.

    Returns:
        `rnngan sweep ...` with every setting that is not the default; empty where the command line cannot say it.
    """
    settings: dict[str, object] = {}
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
    if any("," in name for name in config.data.columns):
        return []  # columns are told apart by commas
    words += _of_data(config.data)
    words += [word for key, value in settings.items() for word in ("-s", f"{key}={_written(value)}")]
    return [*words, *(["--protocol", protocol] if protocol else [])]


@functools.lru_cache(maxsize=1024)
def _planned(loss: str, cell: Cell, settings: tuple[tuple[str, Any], ...]) -> RunConfig:
    """The run of seed 0 that a command with these settings plans, on data that needs no file."""
    run = {key: value for key, value in settings if "." not in key}
    own = {key.partition(".")[2]: value for key, value in settings if "." in key}
    override = {loss: own} if own else {}
    return plan(SweepConfig(losses=(loss,), cells=(cell,), seeds=(0,), run=run, override=override))[0]


def _differences(config: RunConfig, planned: RunConfig) -> dict[str, object]:
    """Settings in which a run is not as planned: of its own, and options of its loss."""
    found = {
        name: getattr(config, name)
        for name in RUN_FIELDS
        if name != "options" and getattr(config, name) != getattr(planned, name)
    }
    options = {key: value for key, value in config.options.items() if planned.options.get(key) != value}
    return found | {f"{config.loss}.{key}": value for key, value in options.items()}


def _of_data(config: DataConfig) -> list[str]:
    """Words that say which data, and how it is prepared."""
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
        told = ",".join(value) if isinstance(value, tuple) else _written(value)
        words += [_WITH_OPTIONS[name], told] if name in _WITH_OPTIONS else ["-s", f"data.{name}={told}"]
    options = {key: value for key, value in config.options.items() if plain.options.get(key) != value}
    return [
        *words,
        *(word for key, value in options.items() for word in ("-s", f"{config.name}.{key}={_written(value)}")),
    ]


@functools.lru_cache(maxsize=64)
def _plain_data(name: str) -> DataConfig:
    return plan(SweepConfig(losses=("bce",), datasets=(name,), seeds=(0,)))[0].data


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
