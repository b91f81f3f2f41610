"""Planning of a sweep: the configs of its runs, with names checked against the registries and defaults filled in.

No TensorFlow.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from rnngan_cli import data, losses
from rnngan_cli.config import Cell, DataConfig, RunConfig, SweepConfig, build, identity
from rnngan_cli.config.options import resolve_options
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.evaluation import protocol
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.sweeps.checks import check_run
from rnngan_cli.sweeps.noise import planned_noise
from rnngan_cli.sweeps.profiles import Settings, budgeted_steps, starting_settings
from rnngan_cli.training import optimizers

DEFAULT_DATASET = "sines"
MOST_RUNS = 100_000
"""Upper bound on the number of runs; more is almost certainly a typo: at a second each they would take a day."""
RUN_FIELDS = tuple(
    name for name in RunConfig.model_fields if name not in ("schema_version", "loss", "cell", "seed", "data")
)
NOISE_FIELDS = ("latent_series", "latent_steps")
"""Fields of a run that are chosen by the data where the profile asks for it and they are not given."""


def plan(sweep: SweepConfig) -> list[RunConfig]:
    """Plans every run of a sweep, loss by loss, seeds innermost, without repeats.

    Raises:
        UserError: a name that is not registered, a field or option that does not exist or is out of range, or a
            combination that a loss is not defined for.
    """
    protocol(sweep.protocol)
    names = expand("loss", sweep.losses, tuple(losses.VARIANTS))
    cells = expand("cell", sweep.cells, get_args(Cell))
    if not sweep.seeds:
        raise UserError("no seed given: expected a count (5), a range (0..4) or a list (0,3,7)")
    sources = data_configs(sweep)
    _check_overrides(sweep, names, [source.name for source in sources])
    _check_number(sweep, len(names) * len(cells) * len(sources))
    of_first_seed = [
        _run(sweep, losses.variant(name), cell, source, _point(sweep.grid, point))
        for source in sources
        for cell in cells
        for name in names
        for point in itertools.product(*sweep.grid.values())
    ]
    different = {identity(run): run for run in of_first_seed}.values()
    return [run.model_copy(update={"seed": seed}) for run in different for seed in dict.fromkeys(sweep.seeds)]


def expand(kind: str, given: Sequence[str], known: Sequence[str], every: Sequence[str] = ()) -> list[str]:
    """Expands a list of names: in their order, without repeats, and `all` replaced by every one, which then come first.

    Args:
        kind: what the names are of, for errors.
        given: the names.
        known: names that there are.
        every: those that `all` stands for; empty for every known one.

    >>> expand("cell", ["all"], ["gru", "lstm"])
    ['gru', 'lstm']

    Raises:
        UserError: a name that is not known, or no name.
    """
    if not any(given):
        raise UserError(f"no {kind} given: expected one or more of {', '.join(known)}, or `all`")
    for name in given:
        if name != "all" and name not in known:
            raise unknown(kind, name, known)
    named = [name for name in given if name != "all"]
    return list(dict.fromkeys([*(every or known), *named] if "all" in given else named))


def data_configs(sweep: SweepConfig) -> list[DataConfig]:
    """The data part of every data set of a sweep, in order, resolved.

    Raises:
        UserError: a data set is not registered, or a field or option is wrong.
    """
    given = dict(sweep.data)
    file = given.get("file")
    if file is None:
        names = expand("data set", sweep.datasets or (DEFAULT_DATASET,), tuple(data.SOURCES), data.INCLUDED)
        return [_data_config(sweep, name, given) for name in names]
    if sweep.datasets and sweep.datasets != (given.get("name"),):
        raise UserError("`--data` and `--datasets` were both given: a sweep takes your own file or built-in data sets")
    given["sha256"] = given.get("sha256") or data.file_sha256(str(file))  # of a stored sweep, whose file may be away
    given["file"] = str(Path(str(file)).resolve())  # found from any folder
    return [_data_config(sweep, given.pop("name", None) or data.file_name(str(file)), given)]


def _data_config(sweep: SweepConfig, name: str, given: Mapping[str, Any]) -> DataConfig:
    table = given.get("options", {})
    if not isinstance(table, Mapping):
        raise UserError(f"`data.options = {table!r}`: expected a table of the data set's options and their values")
    options = {**table, **sweep.override.get(name, {})}
    config = build(DataConfig, {**given, "name": name, "options": options}, f"data set `{name}`")
    if config.file is not None:
        return config
    resolved = resolve_options(name, data.SOURCES[name].options, config.options)
    return config.model_copy(update={"options": resolved})


def _check_overrides(sweep: SweepConfig, names: Sequence[str], sources: Sequence[str]) -> None:
    for owner in sweep.override:
        if owner not in names and owner not in sources:
            known = [*names, *sources]
            raise UserError(f"settings for `{owner}`: {unknown('loss or data set of this sweep', owner, known)}")
    for field, values in sweep.grid.items():
        if not values:
            raise UserError(f"`grid.{field}` is empty: expected one value or more, such as `-s {field}=1,2`")
    tied = {name for name, values in sweep.grid.items() if all(_is_tied(name, value) for value in values)}
    inside = [field for name in tied for table in sweep.grid[name] for field in table]
    for field in (*sweep.run, *(name for name in sweep.grid if name not in tied), *inside):
        if field not in RUN_FIELDS:
            raise unknown("key", field, RUN_FIELDS)


def _check_number(sweep: SweepConfig, number: int) -> None:
    """Checks the number of runs before they are built: a grid could be endless."""
    number *= len(sweep.seeds) * math.prod(map(len, sweep.grid.values()))
    if number > MOST_RUNS:
        words = f"{number:,}" if number < 10**9 else f"{Decimal(number):.2e}"
        raise UserError(
            f"{words} runs: expected at most {MOST_RUNS:,}; give fewer seeds, losses, or values of the grid "
            f"({', '.join(f'{len(values)} of {name}' for name, values in list(sweep.grid.items())[:5]) or 'none'})"
        )


def _is_tied(name: str, value: object) -> bool:
    """Whether a value of the grid is a table of settings that vary together; `options` is a field that is a table."""
    return name not in RUN_FIELDS and isinstance(value, Mapping)


def _point(grid: Mapping[str, Sequence[Any]], values: Sequence[Any]) -> Settings:
    """One point of the grid as settings of a run; tables of settings that vary together are merged into it."""
    point: dict[str, object] = {}
    for name, value in zip(grid, values, strict=True):
        point |= value if _is_tied(name, value) else {name: value}
    return point


def grid_fields(grid: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """The settings that a grid varies, those of its tables included.

    >>> grid_fields({"units": [24, 48], "pair": [{"d_beta_1": 0.0, "g_beta_1": 0.5}, {"d_beta_1": 0.5}]})
    ('units', 'd_beta_1', 'g_beta_1')
    """
    names = [name for field, values in grid.items() for value in values for name in _point({field: ()}, [value])]
    return tuple(dict.fromkeys(names))


def split_settings(settings: Settings, where: str) -> tuple[Settings, Settings]:
    """Splits settings into fields of a run and options of a loss.

    Options are settings that are not fields of a run, and the entries of a table `options`; the former take precedence.

    Args:
        settings: one layer of settings: a profile, the run table of an experiment, a point of its grid, an override.
        where: description of the runs, for errors.

    Raises:
        UserError: `options` is not a table.
    """
    table = settings.get("options", {})
    if not isinstance(table, Mapping):
        raise UserError(f"{where}: `options = {table!r}`: expected a table of the loss's options and their values")
    fields = {name: value for name, value in settings.items() if name in RUN_FIELDS and name != "options"}
    return fields, {**table, **{name: value for name, value in settings.items() if name not in RUN_FIELDS}}


def merge_layers(layers: Sequence[Settings], where: str) -> tuple[Settings, Settings]:
    """Merges layers of settings into fields of a run and options of a loss; later layers take precedence.

    Raises:
        UserError: as `split_settings`.
    """
    parts = [split_settings(layer, where) for layer in layers]
    fields = {name: value for layer, _ in parts for name, value in layer.items()}
    options = {name: value for _, layer in parts for name, value in layer.items()}
    return fields, options


def _run(sweep: SweepConfig, variant: Variant, cell: str, source: DataConfig, point: Settings) -> RunConfig:
    """The run of the first seed; those of other seeds differ in nothing else."""
    layers = (sweep.run, point, sweep.override.get(variant.name, {}))  # later layers take precedence
    where = f"runs of `{variant.name}`"
    given, _ = merge_layers(layers, where)
    start = starting_settings(sweep.profile, variant, given)
    start = {**start, **_noise(sweep, source, given), "steps": budgeted_steps(sweep.budget, start)}
    fields, options = merge_layers((start, *layers), where)
    identified = {"loss": variant.name, "cell": cell, "seed": sweep.seeds[0], "data": source.model_dump()}
    config = build(RunConfig, {**fields, **identified}, where)
    penalty = variant.discriminator.penalty if config.penalty == "auto" else config.penalty
    row = PENALTIES[penalty]
    weight = 0.0 if row is None else row.weight if config.penalty_weight is None else config.penalty_weight
    resolved = {
        "penalty": penalty,
        "penalty_weight": weight,
        "options": resolve_options(variant.name, variant.options, options),
        "average": _decay(config),
        "average_half_life": None,
        **optimizers.resolve_optimizers(config),
    }
    return check_run(config.model_copy(update=resolved), variant)


def _noise(sweep: SweepConfig, source: DataConfig, given: Settings) -> Settings:
    """The sizes of the noise by the data, where the profile asks for them and the user does not give both."""
    if sweep.profile != "recipe" or all(name in given for name in NOISE_FIELDS):
        return {}
    sizes = sweep.noise.get(source.name)
    if sizes is None:
        found = planned_noise(source)
        sizes = found.series, found.steps
    return dict(zip(NOISE_FIELDS, sizes, strict=True))


def _decay(config: RunConfig) -> float:
    """The decay of the generator's moving average after one update: given, or from its half-life.

    After a share h of a run of n updates half of the average is newer, so that decay^(h n) = 1/2.

    Raises:
        UserError: both are given.
    """
    if config.average_half_life is None:
        return config.average
    if "average" in config.model_fields_set:
        raise UserError(
            f"`average_half_life = {config.average_half_life}` and `average = {config.average}`: both set the decay of "
            "the generator's moving average; leave out one of them"
        )
    return float(f"{0.5 ** (1 / (config.average_half_life * config.steps)):.6g}")
