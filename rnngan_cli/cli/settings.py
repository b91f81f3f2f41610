"""Options and settings of the command line, merged over an experiment file; the command line wins."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rnngan_cli.config import SweepConfig, Table, build, one_or_more, read_experiment, split_names
from rnngan_cli.data.files import FILE_SUFFIXES
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import RUN_FIELDS

NAMES: Mapping[str, Callable[[str], str | tuple[str, ...]]] = {
    **dict.fromkeys(("name", "file", "id_column", "label_column"), str.strip),
    "columns": split_names,
    "time_column": lambda text: one_or_more(split_names(text)),
}
"""Readers of settings of the data that are names, which may hold commas; a number is a name like any other."""


def merge(
    experiment: Path | None, words: Mapping[str, Any], data: Mapping[str, Any], given: Sequence[str]
) -> SweepConfig:
    """Merges options and settings over an experiment file.

    Args:
        experiment: a TOML file, the folder of a sweep to add to, or None.
        words: fields of the sweep from options; None where not given.
        data: fields of the data part from options; None where not given.
        given: `key=value[,value...]` settings.

    Raises:
        UserError: whatever is wrong with them, in one line.
    """
    values = experiment_values(experiment) if experiment else {}
    values |= _given(words)
    for part in ("data", "run", "grid", "override"):
        values[part] = _table(part, values.get(part, {}))
    values["override"] = {owner: _table(f"override.{owner}", table) for owner, table in values["override"].items()}
    _set_data(values, _given(data), has_datasets=words.get("datasets") is not None)
    for setting in given:
        _apply(values, setting)
    return build(SweepConfig, values, str(experiment) if experiment else "sweep")


def _given(values: Mapping[str, Any]) -> Table:
    return {key: value for key, value in values.items() if value is not None}


def _table(name: str, value: object) -> Table:
    """A copy of a table.

    Raises:
        UserError: the value is something else.
    """
    if not isinstance(value, dict):
        raise UserError(f"`{name} = {value!r}`: expected a table of keys and values")
    return dict(value)


def _set_data(values: Table, data: Table, *, has_datasets: bool) -> None:
    """Puts the user's data in its place; a file and names of data sets replace each other."""
    values["data"] |= data
    if "file" in data and not has_datasets:
        values.pop("datasets", None)
    if "file" in values["data"] and has_datasets and "file" not in data:
        values["data"].pop("file")


def experiment_values(experiment: Path) -> Table:
    """The values of an experiment file, or of the folder of a sweep that was carried out.

    Raises:
        UserError: it is neither; the message names what a newcomer may have meant.
    """
    if experiment.is_dir():
        return _of_sweep(experiment)
    if experiment.suffix.lower() in FILE_SUFFIXES:
        raise UserError(
            f"experiment `{experiment}`: is data, not an experiment (TOML); give it as `--data {experiment}`"
        )
    if not experiment.exists() and all(name in ("all", *VARIANTS) for name in experiment.name.split(",")):
        raise UserError(f"experiment `{experiment}`: no such file; losses are given as `--losses {experiment}`")
    return read_experiment(experiment)


def folder_of(experiment: Path | None) -> Path:
    """The folder that a sweep is written to if none is given: its own, if it is one to add to."""
    if experiment is not None and experiment.is_dir():
        return experiment
    return Path("results") / (experiment.stem if experiment else "sweep")


def _of_sweep(folder: Path) -> Table:
    """The values of a sweep that was carried out, as it was last asked for.

    Raises:
        UserError: the folder holds no sweep, or one whose settings were drawn.
    """
    sweep = SweepFolder(folder)
    if not (folder / "sweep.json").is_file():
        raise UserError(f"`{folder}`: no sweep here; expected an experiment file (TOML), or the folder of a sweep")
    if sweep.listed():
        raise UserError(f"`{folder}`: a part of `rnngan tune`, whose settings were drawn; continue it by `rnngan tune`")
    return sweep.config().model_dump(mode="json")


def _apply(values: Table, setting: str) -> None:
    """Puts one `key=value[,value...]` in its place: a list makes a grid, `name.key` is for one loss or data set.

    Raises:
        UserError: the setting is malformed, or a list is given where one value is expected.
    """
    key, equals, text = setting.partition("=")
    key = key.strip().replace("-", "_") if "." not in key else key.strip()
    if not equals or not key or not text:
        raise UserError(f"`-s {setting}`: expected key=value, such as `-s units=48` or `-s wgan.critic_steps=5`")
    owner, dot, field = key.rpartition(".")
    if owner == "data" and field in NAMES:
        values["data"][field] = NAMES[field](text)
        return
    parsed = [parse_setting(word) for word in text.split(",")]
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
        values["run"][key] = parsed  # not a field of a run: planning refuses it


def parse_setting(word: str) -> bool | int | float | str:
    """Reads a setting's value: a whole number, a number, true or false, or a word.

    >>> [parse_setting(word) for word in ("3", "1e-3", "true", "last")]
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
