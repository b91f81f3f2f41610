"""The arrays of an NPZ file by their part: series, labels, names, lengths; told by their names, shapes and types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rnngan_cli.data.advice import option
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.system.npz import ArrayHeader

SERIES_WORDS = ("series", "x", "data", "samples", "sequences", "values", "features", "inputs", "arr", "0")
"""Words in the names of arrays of series, the most telling first; `arr_0` is NumPy's name for one without."""
LABEL_WORDS = ("labels", "label", "y", "targets", "target", "classes", "class")
"""Words in the names of arrays of labels."""
SPLIT_WORDS = ("train", "training", "test", "testing", "val", "valid", "validation", "dev")
"""Words in the names of arrays that hold one part of the series."""
FEATURE_NAMES = ("feature_names", "columns", "features", "names", "channels", "channel_names")
LABEL_NAMES = ("label_names", "class_names", "target_names", "classes", "labels_names")
LENGTHS = ("lengths", "length", "seq_lengths", "sequence_lengths", "seq_len", "lens")
MASKS = ("mask", "masks")

NUMBERS, TEXT = "biuf", "US"
"""Kinds of types, as NumPy calls them."""
MOST_TOLD = 20
"""Most arrays named in a message."""


@dataclass(frozen=True)
class Members:
    """Keys of an archive by what they hold; None or empty where nothing does.

    Attributes:
        series: the key of the series.
        labels: of the labels.
        feature_names, label_names: of the names of features and of classes.
        lengths: of the steps of each series.
        mask: of the steps that are there.
        unused: all others.
    """

    series: str
    labels: str | None
    feature_names: str | None
    label_names: str | None
    lengths: str | None
    mask: str | None
    unused: tuple[str, ...]


def choose_members(path: str, headers: Mapping[str, ArrayHeader], array: str | None, label_key: str | None) -> Members:
    """Chooses the arrays of an archive.

    Args:
        path: of the file, for errors.
        headers: shape and type of every array, by key.
        array: the key of the series, as given; None to find it.
        label_key: the key of the labels, as given; None to find it.

    Raises:
        UserError: a key that was given is not there, no array or several may be the series, or several the labels.
    """
    for flag, key in (("--array", array), ("--label-column", label_key)):
        if key is not None and key not in headers:
            raise UserError(f"`{flag}`, `{path}`: {unknown('array', key, list(headers))}")
    if array is not None and array == label_key:
        raise UserError(f"`--array {array}`: is already given by `--label-column`; expected another array")
    series = array or _find_series(path, headers, label_key)
    labels = label_key or _find_labels(path, headers, series)
    rest = [key for key in headers if key not in (series, labels)]
    found = {
        "feature_names": _first(rest, FEATURE_NAMES, headers, TEXT + "O"),
        "label_names": _first(rest, LABEL_NAMES, headers, TEXT + "O") if labels else None,
        "lengths": _first(rest, LENGTHS, headers, "iuf"),
        "mask": _first(rest, MASKS, headers, NUMBERS),
    }
    unused = tuple(key for key in rest if key not in found.values())
    return Members(series, labels, **found, unused=unused)


def told_unused(keys: tuple[str, ...], headers: Mapping[str, ArrayHeader]) -> tuple[str, ...]:
    """The note on arrays that are left unused; empty without any."""
    if not keys:
        return ()
    word = "array is" if len(keys) == 1 else "arrays are"
    return (f"{len(keys)} {word} not used: {_listed(keys, headers)}",)


def _listed(keys: tuple[str, ...] | list[str], headers: Mapping[str, ArrayHeader]) -> str:
    words = [f"`{key}` {headers[key].shape}" for key in keys[:MOST_TOLD]]
    return ", ".join(words) + (", ..." if len(keys) > MOST_TOLD else "")


def _first(keys: list[str], names: tuple[str, ...], headers: Mapping[str, ArrayHeader], kinds: str) -> str | None:
    """The first of the names among the keys, whatever its case, if its type is of one of these kinds."""
    by_name = {key.lower(): key for key in keys if headers[key].dtype.kind in kinds}
    return next((by_name[name] for name in names if name in by_name), None)


def _find_series(path: str, headers: Mapping[str, ArrayHeader], label_key: str | None) -> str:
    others = [key for key in headers if key != label_key]
    if "series" in others:
        return "series"
    likely = [key for key in others if _may_be_series(key, headers[key], (2, 3))]
    likely = likely or [key for key in others if _may_be_series(key, headers[key], (1,))]
    if len(likely) == 1:
        return likely[0]
    whole = [key for key in likely if not words_of(key) & set(SPLIT_WORDS)]
    for word in SERIES_WORDS:
        named = [key for key in whole if word in words_of(key)]
        if len(named) == 1:
            return named[0]
    parts = [key for key in likely if key not in whole]
    if parts and not whole:
        joined = ", ".join(f"file[{key!r}]" for key in parts[:5])
        raise UserError(
            f"`{path}`: holds parts of one data set, {_listed(parts, headers)}; this program splits by itself: save "
            f"them as `series=numpy.concatenate([{joined}])`, and their labels likewise as `labels`, or use one part "
            f"alone: `{option('--array', parts[0])}`"
        )
    if likely:
        raise UserError(
            f"`{path}`: holds {len(likely)} arrays that may be the series: {_listed(likely, headers)}; name one, such "
            f"as `{option('--array', likely[0])}`"
        )
    if (
        len(others) == 1 and headers[others[0]].shape and not words_of(others[0]) & set(LABEL_WORDS)
    ):  # refused with what is wrong with it
        return others[0]
    raise UserError(
        f"`{path}`: holds the arrays {_listed(list(headers), headers) or '(none)'}; expected one of numbers with "
        "1 to 3 axes besides the labels; save the series under the name `series`"
    )


def _may_be_series(key: str, header: ArrayHeader, dimensions: tuple[int, ...]) -> bool:
    """Whether an array may hold series: numbers, in so many axes, that are not named as something else."""
    words = words_of(key)
    named = bool(words & set(LABEL_WORDS)) or key.lower() in (*LENGTHS, *MASKS)
    return header.dtype.kind in NUMBERS and len(header.shape) in dimensions and not named


def _find_labels(path: str, headers: Mapping[str, ArrayHeader], series: str) -> str | None:
    """The array named as labels of the same part: `y_train` beside `X_train`."""
    part = words_of(series) & set(SPLIT_WORDS)
    likely = [
        key
        for key, header in headers.items()
        if key != series
        and words_of(key) - set(SPLIT_WORDS) <= set(LABEL_WORDS)
        and words_of(key) - set(SPLIT_WORDS)
        and words_of(key) & set(SPLIT_WORDS) == part
        and header.shape
        and not _are_names(key, header, headers[series])
    ]
    if "labels" in likely or len(likely) == 1:
        return "labels" if "labels" in likely else likely[0]
    if likely:
        raise UserError(
            f"`{path}`: holds {len(likely)} arrays that may be the labels: {_listed(likely, headers)}; name one, such "
            f"as `{option('--label-column', likely[0])}`"
        )
    return None


def _are_names(key: str, header: ArrayHeader, series: ArrayHeader) -> bool:
    """Whether `classes` holds the names of classes rather than the class of each series."""
    return key.lower() in LABEL_NAMES and header.dtype.kind in TEXT and header.shape[0] not in series.shape[:1]


def words_of(key: str) -> set[str]:
    """The words that the name of an array is made of.

    >>> sorted(words_of("X_train")), sorted(words_of("trainY")), sorted(words_of("xtest"))
    (['train', 'x'], ['train', 'y'], ['test', 'x'])
    """
    parts = re.findall(r"[a-z]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower())
    words = set()
    for part in parts:
        joined = re.fullmatch(rf"([xy])({'|'.join(SPLIT_WORDS)})|({'|'.join(SPLIT_WORDS)})([xy])", part)
        words |= {word for word in joined.groups() if word} if joined else {part}
    return words
