"""What the command line says of a sweep, merged over an experiment file; the command line wins."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rnngan_cli.config import SweepConfig, build, read_experiment
from rnngan_cli.data.files import LOADERS
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.plan import RUN_FIELDS


def merge(
    experiment: Path | None, words: Mapping[str, Any], data: Mapping[str, Any], given: Sequence[str]
) -> SweepConfig:
    """The sweep asked for.

    Args:
        experiment: a TOML file, or None.
        words: fields of the sweep from options; None where not given.
        data: fields of the data part from options; None where not given.
        given: `key=value[,value...]` settings.

    Raises:
        UserError: whatever is wrong with them, in one line.
    """
    values = _read(experiment) if experiment else {}
    values |= {key: value for key, value in words.items() if value is not None}
    chosen = {key: value for key, value in data.items() if value is not None}
    for part in ("data", "run", "grid", "override"):
        if not isinstance(values.setdefault(part, {}), dict):
            raise UserError(f"`{part} = {values[part]!r}`: expected a table of keys and values")
        values[part] = dict(values[part])
    for owner, table in values["override"].items():
        if not isinstance(table, dict):
            raise UserError(f"`override.{owner} = {table!r}`: expected a table of keys and values")
        values["override"][owner] = dict(table)
    values["data"] |= chosen
    if "file" in chosen and words.get("datasets") is None:
        values.pop("datasets", None)
    if "file" in values["data"] and words.get("datasets") is not None and "file" not in chosen:
        values["data"].pop("file")
    for setting in given:
        _apply(values, setting)
    return build(SweepConfig, values, str(experiment) if experiment else "sweep")


def _read(experiment: Path) -> dict[str, Any]:
    """The experiment's values.

    Raises:
        UserError: it is none; what a newcomer may have meant is told.
    """
    if experiment.suffix.lower() in LOADERS:
        raise UserError(
            f"experiment `{experiment}`: is data, not an experiment (TOML); give it as `--data {experiment}`"
        )
    if not experiment.exists() and all(name in ("all", *VARIANTS) for name in experiment.name.split(",")):
        raise UserError(f"experiment `{experiment}`: no such file; losses are given as `--losses {experiment}`")
    return read_experiment(experiment)


def _apply(values: dict[str, Any], setting: str) -> None:
    """Puts one `key=value[,value...]` in its place: a list makes a grid, `name.key` is for one loss or data set."""
    key, equals, text = setting.partition("=")
    key = key.strip().replace("-", "_") if "." not in key else key.strip()
    if not equals or not key or not text:
        raise UserError(f"`-s {setting}`: expected key=value, such as `-s units=48` or `-s wgan.critic_steps=5`")
    parsed = [parse_setting(word) for word in text.split(",")]
    owner, dot, field = key.rpartition(".")
    if dot and len(parsed) > 1:
        raise UserError(f"`-s {setting}`: a list of values is for a setting of every run, such as `-s units=24,48`")
    if owner == "data":
        values["data"][field] = parsed[0]
    elif dot:
        values["override"].setdefault(owner, {})[field] = parsed[0]
    elif len(parsed) == 1:
        values["run"][key] = parsed[0]
        values["grid"].pop(key, None)
    elif key in RUN_FIELDS:
        values["grid"][key] = parsed
        values["run"].pop(key, None)
    else:
        values["run"][key] = parsed  # not a key of a run: the plan says so


def parse_setting(word: str) -> bool | int | float | str:
    """A setting's value: a whole number, a number, true or false, or a word.

    >>> [parse(word) for word in ("3", "1e-3", "true", "last")]
    [3, 0.001, True, 'last']
    """
    word = word.strip()
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word
