"""The commented experiment that `rnngan init` writes: it plans as it is, and shows the options people need.

Prose begins with "# ", an option with "#name": removing the "#" from any of those lines leaves an experiment that can
be planned. Names, defaults and descriptions are those of the registries.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from rnngan_cli import data, losses
from rnngan_cli.config import Cell, DataConfig, RunConfig, SweepConfig, Table, build, read_experiment
from rnngan_cli.config.toml_text import toml_text
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError
from rnngan_cli.evaluation import PROTOCOLS
from rnngan_cli.sweeps.noise import noise_sizes, planned_noise
from rnngan_cli.sweeps.plan import DEFAULT_DATASET, expand, plan
from rnngan_cli.sweeps.profiles import Settings, starting_settings
from rnngan_cli.system.atomic import check_target, reporting_disk_errors, write_text

LINE_WIDTH = 100
DATA_SETTINGS = ("window", "stride", "blocks", "scaling", "transform", "missing", "short", "labels")
"""Fields of the data that are shown, at their defaults unless the user gave them."""
RUN_SETTINGS = (
    *("steps", "units", "layers", "batch_size", "critic_steps", "latent_series", "latent_steps", "first_state"),
    *("readout", "views", "view_size", "average_half_life", "d_optimizer", "g_optimizer"),
    *("d_learning_rate", "g_learning_rate", "d_schedule", "g_schedule", "d_beta_1", "g_beta_1"),
    *("spectral_norm", "history_every", "checkpoint_every"),
)
"""Fields of a run that are shown for all losses, at the values that the default profile starts from."""
RUN_SETTINGS_OF_A_LOSS = ("penalty", "penalty_weight")
"""Fields of a run that are shown for one loss, as not every loss is defined with every penalty."""
SHOWN_WINDOW = 24
"""Window shown where the data set has a length of its own."""


@dataclass(frozen=True)
class Wanted:
    """What the user has asked for.

    Attributes:
        losses: names, or `all`.
        data: fields of the data part, `file` among them for the user's own data.
    """

    losses: Sequence[str] = ("bce", "wgan")
    data: Table = field(default_factory=dict)

    @property
    def file(self) -> str | None:
        """Path of the user's own data; None without one."""
        return self.data.get("file")


@dataclass(frozen=True)
class WrittenExperiment:
    """An experiment that was written.

    Attributes:
        runs: number of runs it plans.
        dataset: the user's own data as prepared for training; None without any.
    """

    runs: int
    dataset: Dataset | None


def write_template(path: Path, wanted: Wanted, *, force: bool = False) -> WrittenExperiment:
    """Writes an experiment file, after checking that it can be planned.

    Args:
        path: the file, which ends in .toml.
        wanted: values that are filled in.
        force: whether an existing file is replaced.

    Raises:
        UserError: the file exists, a loss is unknown, or something is wrong with the user's data.
        EnvironmentFaultError: the disk refused.
    """
    check_target(path, [".toml"])
    if path.exists() and not force:
        raise UserError(f"`{path}`: is there already; give another name, or `--force` to replace it")
    names = expand("loss", wanted.losses, tuple(losses.VARIANTS))
    shown = next((name for name in names if losses.variant(name).options), names[0])
    dataset = data.load(build(DataConfig, wanted.data, "data")) if wanted.file else None
    with reporting_disk_errors(path):
        write_text(path, experiment_text(wanted, shown, dataset))
    return WrittenExperiment(len(plan(build(SweepConfig, read_experiment(path), str(path)))), dataset)


def experiment_text(wanted: Wanted, loss: str, dataset: Dataset | None = None) -> str:
    """The experiment as text.

    Args:
        wanted: values that are filled in.
        loss: the loss whose options are shown.
        dataset: the user's own data, prepared; None without any.
    """
    noise = planned_noise(DataConfig(labels="none")) if dataset is None else noise_sizes(dataset.train.series)
    start = {
        **{name: item.default for name, item in RunConfig.model_fields.items()},
        **starting_settings(SweepConfig().profile, losses.variant(loss), {}),
        "latent_series": noise.series,
        "latent_steps": noise.steps,
    }
    parts = (
        *(_opening(), _sweep(wanted), _overrides(wanted, loss, start)),
        *(_data(wanted, dataset), _run(start), _grid()),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _opening() -> list[str]:
    return [
        *_prose("An experiment for rnngan. Lines such as #units = 24 are options: take the # away to use them."),
        "#",
        "#   rnngan sweep THIS_FILE --dry-run    what would be done, and about how long it would take",
        "#   rnngan sweep THIS_FILE              train and score; again to go on after a stop",
        "",
    ]


def _sweep(wanted: Wanted) -> list[str]:
    known = ", ".join(losses.VARIANTS)
    seeds = 'Seeds: a count (3), a range ("0..4") or a list ([0, 3, 7]). More of them show smaller differences.'
    lines = [*_prose(f'Losses, or "all": {known}. More: rnngan losses NAME.'), _set("losses", list(wanted.losses))]
    lines += [*_prose(f'Cells: {", ".join(get_args(Cell))}, or "all".'), _set("cells", ["gru"])]
    if not wanted.file:
        names = ", ".join(data.SOURCES)
        lines += [*_prose(f"Data sets: {names}; or your own file, below."), _option("datasets", [DEFAULT_DATASET])]
    lines += [*_prose(seeds), _set("seeds", 3)]
    lines += [*_prose(f"How runs are scored: {', '.join(PROTOCOLS)}."), _option("protocol", "standard")]
    profile = SweepConfig.model_fields["profile"].description
    lines += [*_prose(str(profile)), _option("profile", SweepConfig().profile)]
    budget = SweepConfig.model_fields["budget"].description
    return [*lines, *_prose(str(budget)), _option("budget", SweepConfig().budget), ""]


def _overrides(wanted: Wanted, loss: str, start: Settings) -> list[str]:
    """Settings for a single loss or data set."""
    lines = [*_prose("For one loss alone: any setting of [run] below, or an option of the loss."), ""]
    for name in RUN_SETTINGS_OF_A_LOSS:
        lines += [*_described(RunConfig, name), _option(f"override.{loss}.{name}", start[name])]
    for name, option in losses.variant(loss).options.items():
        lines += [*_prose(option.help), _option(f"override.{loss}.{name}", start.get(name, option.default))]
    if not wanted.file:
        lines += ["", *_prose(f"For one data set alone: its options (rnngan datasets {DEFAULT_DATASET}).")]
        for name, option in data.SOURCES[DEFAULT_DATASET].options.items():
            lines += [*_prose(option.help), _option(f"override.{DEFAULT_DATASET}.{name}", option.default)]
    return [*lines, ""]


def _data(wanted: Wanted, dataset: Dataset | None) -> list[str]:
    lines = ["[data]"]
    if wanted.file:
        lines += [*_described(DataConfig, "file"), _set("file", wanted.file)]
        others = {name: value for name, value in wanted.data.items() if name != "file" and name not in DATA_SETTINGS}
        for name, value in others.items():
            lines += [*_described(DataConfig, name), _set(name, list(value) if isinstance(value, tuple) else value)]
        if dataset is not None and "columns" not in others:
            lines += [*_described(DataConfig, "columns"), _option("columns", list(dataset.format.column_names))]
        lines += _prose("Columns that are no features: id_column, label_column, time_column.")
    else:
        own = f"{DataConfig.model_fields['file'].description} Leave out datasets above."
        lines += [*_prose(own), _option("file", "my.csv")]
    for name in DATA_SETTINGS:
        given = wanted.data.get(name)
        default = SHOWN_WINDOW if dataset is None else dataset.steps
        shown = default if name == "window" else DataConfig.model_fields[name].default
        lines += [*_described(DataConfig, name), _option(name, shown) if given is None else _set(name, given)]
    return [*lines, ""]


def _run(start: Settings) -> list[str]:
    lines = ["[run]"]
    for name in RUN_SETTINGS:
        lines += [*_described(RunConfig, name), _option(name, start[name])]
    return [*lines, ""]


def _grid() -> list[str]:
    tied = [{"d_optimizer": "sgd", "d_learning_rate": 0.1}, {"d_optimizer": "adam"}]
    return [
        *_prose("Settings of a run with several values: every combination is trained."),
        "[grid]",
        _option("units", [24, 48]),
        _option("batch_size", [64, 128]),
        *_prose("Under any name of your own, settings that go together:"),
        _option("optimizers", tied),
    ]


def _described(model: type[DataConfig | RunConfig], name: str) -> list[str]:
    return _prose(str(model.model_fields[name].description))


def _prose(words: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(words, LINE_WIDTH)]


def _set(name: str, value: Any) -> str:
    r"""A line that takes effect.

    >>> print(_set("file", "C:\\data\\my.csv"))
    file = "C:\\data\\my.csv"
    """
    return f"{name} = {toml_text({'x': value}).removeprefix('x = ').strip()}"


def _option(name: str, value: Any) -> str:
    """A line that takes effect once its "#" is removed."""
    return f"#{_set(name, value)}"
