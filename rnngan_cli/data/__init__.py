"""Data sets: a registry of sources, their modules in sources/, and preparation apart from loading.

    registry.SOURCES   the built-in sets, by name
    load               a `DataConfig` to a prepared `Dataset`: the entry point
    describe_dataset   facts about a built-in set, for a listing
    files              the user's own CSV, Parquet, NPZ and NPY files
    folders            a folder of tables, joined

A source returns raw series (`source.Raw`); `prepare.py` splits, scales and windows them, `labels.py` labels them.
No TensorFlow here; pandas, scikit-learn and scipy are imported only by the functions that need them.
"""

from dataclasses import dataclass

from rnngan_cli.config import DataConfig, Labels, OptionValue
from rnngan_cli.config.options import list_options, resolve_options
from rnngan_cli.data.dataset import Dataset, Scaler, Split
from rnngan_cli.data.files import FILE_FIELDS, file_name, file_sha256, given_flags, load_file
from rnngan_cli.data.inspection import Inspection, inspect_file
from rnngan_cli.data.labels import NUM_CLUSTERS
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.registry import INCLUDED, SOURCES
from rnngan_cli.data.source import Raw, Source
from rnngan_cli.errors import UserError, unknown

__all__ = [
    "INCLUDED",
    "SOURCES",
    "Dataset",
    "DatasetFacts",
    "Inspection",
    "Raw",
    "Scaler",
    "Source",
    "Split",
    "describe_dataset",
    "describe_file",
    "file_name",
    "file_sha256",
    "load",
]


def load(config: DataConfig) -> Dataset:
    """Loads and prepares the user's file if `config.file` is set, else the built-in set named by `config.name`.

    The same config gives the same data on every call, whatever the seed of a run.

    Raises:
        UserError: the name or an option is unknown, or anything is wrong with the data.

    >>> dataset = load(DataConfig(name="stocks", labels="none"))
    >>> dataset.steps, dataset.features, len(dataset.train), len(dataset.validation), len(dataset.test)
    (24, 5, 1393, 205, 205)
    """
    if config.file is not None:
        if config.options:
            raise UserError(f"option `{next(iter(config.options))}`: your own file has no options; leave it out")
        name = file_name(config.file) if config.name in SOURCES else config.name
        return prepare_dataset(load_file(config), config, name=name)
    source = _source(config.name)
    for flag in given_flags(config, FILE_FIELDS):
        raise UserError(f"`{flag}`: is for your own file (`--data FILE`); leave it out for data set `{source.name}`")
    raw = source.load(resolve_options(source.name, source.options, config.options), config.window or source.window)
    return prepare_dataset(raw, config, name=source.name, window=source.window, image=source.image)


def describe_file(config: DataConfig) -> Inspection:
    """Describes how the user's file is understood with these settings; see `inspection.py`.

    Raises:
        UserError: the file is not there, or no table or array of any kind.
    """
    return inspect_file(config, lambda raw: prepare_dataset(raw, config, name=config.name))


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise unknown("data set", name, SOURCES)
    return SOURCES[name]


@dataclass(frozen=True)
class DatasetFacts:
    """Facts about a built-in data set, as a listing shows them.

    Attributes:
        name, summary, origin, licence: one line each.
        extra: the extra that installs the data; None for a set that comes with the program.
        installed: whether the data are there; without them the facts below that come from them are None or empty.
        labels: origin of the labels that `auto` gives: `given` with the data, or `derived`.
        num_labels: number of classes.
        image: whether a series is a picture whose rows are steps.
        steps, features: shape of a series.
        feature_names: name of each feature.
        series: number of series in each part.
        options: name, default, values allowed and help of each option.
    """

    name: str
    summary: str
    origin: str
    licence: str
    extra: str | None
    installed: bool
    labels: str
    num_labels: int | None
    image: bool
    steps: int | None
    features: int | None
    feature_names: list[str]
    series: dict[str, int]
    options: list[dict[str, OptionValue]]


def describe_dataset(name: str) -> DatasetFacts:
    """Gathers facts about a built-in data set; its data, if they are installed, are counted, but not clustered.

    Raises:
        UserError: the name is not registered.

    >>> facts = describe_dataset("stocks")
    >>> facts.steps, facts.series
    (24, {'train': 1393, 'validation': 205, 'test': 205})
    """
    source = _source(name)
    kind: Labels = "given" if source.labels == "given" else "none"
    dataset = load(DataConfig(name=name, labels=kind)) if source.is_installed else None
    parts = {} if dataset is None else {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return DatasetFacts(
        name=source.name,
        summary=source.summary,
        origin=source.origin,
        licence=source.licence,
        extra=source.extra,
        installed=source.is_installed,
        labels=source.labels,
        num_labels=(dataset.num_labels or NUM_CLUSTERS) if dataset else None,
        image=source.image,
        steps=dataset.steps if dataset else None,
        features=dataset.features if dataset else None,
        feature_names=list(dataset.format.column_names) if dataset else [],
        series={name: len(part) for name, part in parts.items()},
        options=list_options(source.options),
    )
