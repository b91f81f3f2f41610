"""Labels of series: given with the data, or derived by clustering the training series."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rnngan_cli.data.dataset import IntArray, Split, SplitName
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.errors import UserError

NUM_CLUSTERS = 4
"""Number of clusters of derived labels: few enough that each has many series, enough for conditioning to matter."""

FIT_SERIES = 10_000
"""Maximum number of training series (evenly spaced) that clusters are fitted on, so that it takes seconds."""

MAX_LABELS = 1000
"""Maximum number of given labels: more are a measurement or a key, and a one-hot code would fill memory."""


@dataclass(frozen=True)
class Labelled:
    """Parts with the labels that a run trains on, names of the classes, and origin of the labels."""

    parts: Mapping[SplitName, Split]
    names: tuple[str, ...]
    origin: Literal["given", "derived", "none"]


def are_derived(kind: Literal["auto", "given", "derived", "none"], *, given: bool) -> bool:
    """Whether labels asked for as `kind` are derived, of data that has given labels or not."""
    return kind == "derived" or (kind == "auto" and not given)


def label_parts(
    parts: Mapping[SplitName, Split],
    kind: Literal["auto", "given", "derived", "none"],
    names: tuple[str, ...],
) -> Labelled:
    """Labels every part as asked for.

    A class may be missing from a part, even from the training part: classes are counted over all data.

    Args:
        parts: scaled series, with the given labels or None.
        kind: labels asked for; `auto` is `given` if the data has labels, else `derived`.
        names: names of the given classes.

    Raises:
        UserError: labels are to be given and the data has none; the training series are too few or too similar to
            derive labels.
    """
    has_labels = parts["train"].labels is not None
    if kind == "given" and not has_labels:
        raise UserError(
            "`--labels given`: this data has no labels; name them with `--label-column`, or use `--labels derived`"
        )
    if kind == "none":
        return Labelled({part: replace(split, labels=None) for part, split in parts.items()}, (), "none")
    if kind == "given" or (kind == "auto" and has_labels):
        return Labelled(parts, names, "given")
    derived = cluster(parts["train"].series, [split.series for split in parts.values()])
    relabelled = {
        part: replace(split, labels=found) for (part, split), found in zip(parts.items(), derived, strict=True)
    }
    return Labelled(relabelled, tuple(f"cluster {index}" for index in range(NUM_CLUSTERS)), "derived")


def cluster(train: FloatArray, parts: list[FloatArray]) -> list[IntArray]:
    """Clusters series by k-means, fitted on training series that are flattened and standardised value by value.

    Args:
        train: series to fit on, (series, steps, features).
        parts: arrays of series to label, of the same steps and features.

    Returns:
        For each of `parts`, the nearest centre of each series: int32 (series,) in 0..3. It is deterministic.

    Raises:
        UserError: there are fewer than four different training series.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    if len(train) < NUM_CLUSTERS:
        raise UserError(
            f"`--labels derived`: {len(train)} training series, expected at least {NUM_CLUSTERS}; "
            "give more data, a smaller `--stride`, or `--labels none`"
        )
    chosen = train[:: -(-len(train) // FIT_SERIES)].reshape(-1, train[0].size)  # (series, steps x features)
    varies = chosen.min(axis=0) < chosen.max(axis=0)  # exact, whereas the deviation of equal values can round to 1e-8
    mean, deviation = chosen.mean(axis=0), np.where(varies, chosen.std(axis=0), 1)
    model = KMeans(NUM_CLUSTERS, n_init=10, random_state=0)
    # One thread: several mostly wait for each other here, and their number must not decide how sums are rounded.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit((chosen - mean) / deviation)
        except ConvergenceWarning:
            raise UserError(
                f"`--labels derived`: expected at least {NUM_CLUSTERS} different training series, got fewer; "
                "use `--labels none`, or give labels with `--label-column`"
            ) from None
    flat = (part.reshape(len(part), -1) for part in parts)
    with threadpool_limits(limits=1):
        return [model.predict((values - mean) / deviation).astype(np.int32) for values in flat]


def encode_labels(values: np.ndarray, where: str) -> tuple[IntArray, tuple[str, ...]]:
    """Encodes given labels as 0..K - 1 in sorted order: by value if all are whole numbers, else as text.

    Args:
        values: labels of any type and shape.
        where: description of the labels, for errors.

    Returns:
        int32 of the same shape, and the K names.

    Raises:
        UserError: numeric labels are not whole numbers, or there are more than `MAX_LABELS` different ones.

    >>> codes, names = encode_labels(np.array(["b", "a", "b"]), "column `y`")
    >>> codes.tolist(), names
    ([1, 0, 1], ('a', 'b'))
    """
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (np.floor(values) == values)
        if not whole.all():
            raise UserError(
                f"{where}: label {values[~whole][0]}: expected whole numbers or text; "
                "a measurement is not a label, use it as a feature"
            )
        values = values.astype(np.int64)
    if values.dtype.kind not in "biu":
        values = _whole_numbers(values.astype(str))
    found, codes = np.unique(values, return_inverse=True)
    if len(found) > MAX_LABELS:
        raise UserError(f"{where}: {len(found)} different labels, expected at most {MAX_LABELS}; is it a measurement?")
    return codes.reshape(values.shape).astype(np.int32), tuple(str(name) for name in found)


def _whole_numbers(words: np.ndarray) -> np.ndarray:
    """Converts text to integers if all of it is in canonical form, so that 10 sorts after 9 and 01 stays text."""
    try:
        numbers = words.astype(np.int64)
    except (ValueError, OverflowError):
        return words
    return numbers if (numbers.astype(str) == words).all() else words
