"""Data sets: a registry of sources, one module a source, and preparation apart from loading.

    registry.SOURCES   the built-in sets, by name
    load               a `DataConfig` to a prepared `Dataset`: the one entry point
    describe           what a listing shows of a built-in set
    files              the user's own CSV, Parquet, NPZ and NPY files

A source returns raw series (`source.Raw`); `prepare.py` splits, scales and windows them, `labels.py` labels
them. No TensorFlow here, and pandas, scikit-learn and scipy are imported only by the functions that need
them.
"""

from typing import Any

from rnngan_cli.config import DataConfig
from rnngan_cli.config.options import list_options, resolve_options
from rnngan_cli.data.dataset import Dataset, Scaler, Split
from rnngan_cli.data.files import file_name, file_sha256, load_file
from rnngan_cli.data.labels import NUM_CLUSTERS
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.registry import SOURCES
from rnngan_cli.data.source import Raw, Source
from rnngan_cli.errors import UserError, unknown

__all__ = [
    "SOURCES",
    "Dataset",
    "Raw",
    "Scaler",
    "Source",
    "Split",
    "describe_dataset",
    "file_name",
    "file_sha256",
    "load",
]


def load(config: DataConfig) -> Dataset:
    """Loads and prepares the user's file if `config.file` is set, else the built-in set of that name.

    The same config gives the same data on every call; nothing here depends on the seed of a run.

    Raises:
        UserError: an unknown name or option, or anything wrong with the data, in one line.

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
    for field in ("columns", "id_column", "label_column", "time_column"):
        if getattr(config, field):
            flag = f"--{field.replace('_', '-')}"
            raise UserError(f"`{flag}`: is for your own file (`--data FILE`); data set `{source.name}` has no columns")
    raw = source.load(resolve_options(source.name, source.options, config.options), config.window or source.window)
    return prepare_dataset(raw, config, name=source.name, window=source.window, image=source.image)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise unknown("data set", name, SOURCES)
    return SOURCES[name]


def describe_dataset(name: str) -> dict[str, Any]:
    """What is known of a built-in set, ready for JSON; it is loaded to count its series, not clustered.

    Returns:
        name, summary, origin, licence, labels (`given` or `derived`), num_labels, image, steps, features,
        feature_names, series (by part), options (name, default, expected, help).

    Raises:
        UserError: an unknown name.

    >>> facts = describe_dataset("stocks")
    >>> facts["steps"], facts["series"]
    (24, {'train': 1393, 'validation': 205, 'test': 205})
    """
    source = _source(name)
    dataset = load(DataConfig(name=name, labels="given" if source.labels == "given" else "none"))
    return {
        "name": source.name,
        "summary": source.summary,
        "origin": source.origin,
        "licence": source.licence,
        "labels": source.labels,
        "num_labels": dataset.num_labels or NUM_CLUSTERS,
        "image": source.image,
        "steps": dataset.steps,
        "features": dataset.features,
        "feature_names": list(dataset.feature_names),
        "series": {
            "train": len(dataset.train),
            "validation": len(dataset.validation),
            "test": len(dataset.test),
        },
        "options": list_options(source.options),
    }
