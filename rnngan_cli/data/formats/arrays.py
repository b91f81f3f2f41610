"""Series from NumPy files: NPY and NPZ, never with pickle."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data.formats.array_labels import ArrayLabels, no_labels, read_labels
from rnngan_cli.data.formats.axes import ArrayName, LaidOut, lay_out
from rnngan_cli.data.formats.incomplete import complete_series
from rnngan_cli.data.formats.members import NUMBERS, TEXT, Members, choose_members, told_unused
from rnngan_cli.data.formats.padding import cut_padding
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.source import MOST_FEATURES, Raw, numbered_features
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory, npz
from rnngan_cli.system.safe_open import open_regular

WORDS_KEY = re.compile(r"words_(\d{1,4})")
"""Keys of the words of a category, by the number of its feature, in the files that `rnngan generate` writes."""

NOT_ARRAYS = ("columns", "id_column", "time_column")
"""Fields of the data that say nothing about arrays."""


@dataclass(frozen=True)
class FoundArrays:
    """The arrays that were read.

    Attributes:
        name: of the array of series.
        members: the keys of an archive; None for an NPY file.
        values: the array of series.
        others: further arrays by key.
        notes: on arrays that were not read.
    """

    name: ArrayName
    members: Members | None
    values: np.ndarray
    others: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def other(self, part: str) -> np.ndarray | None:
        """The array of a part, such as `lengths`; None without one."""
        return None if self.members is None else self.others.get(getattr(self.members, part))


def load_arrays(path: Path, config: DataConfig) -> Raw:
    """Reads an NPY or NPZ file that holds series (series, steps, features), or one long record (rows, features).

    The axes may be told by `config.axes`. An archive may also hold labels, names of features and of classes, and the
    steps of each series where they are padded; notes say how everything was read and which arrays were not used.

    Raises:
        UserError: anything is wrong with the file, its keys, axes, types or values.
    """
    for name in NOT_ARRAYS:
        if getattr(config, name):
            raise UserError(f"`--{name.replace('_', '-')}`: `{path}` holds arrays, not columns; leave it out")
    found = read_arrays(path, config)
    laid_out = lay_out(_check_values(found), config.axes, found.name)
    _check_size(found.name, laid_out.values.shape, config)
    names, name_notes = _feature_names(found, laid_out.values.shape[2])
    labels = _labels(found, laid_out, config)
    series, padding_notes = cut_padding(laid_out, found.other("lengths"), found.other("mask"), found.name)
    series, keep, filling_notes = complete_series(path, series, config.missing, record=laid_out.record)
    notes = (laid_out.note, *name_notes, *labels.notes, *padding_notes, *filling_notes, *found.notes)
    return Raw(
        _stacked(series),
        names,
        record=laid_out.record,
        labels=labels.kept(keep, [len(one) for one in series], record=laid_out.record),
        label_names=labels.names,
        columns=_columns(found, names),
        notes=notes,
    )


def _columns(found: FoundArrays, names: Sequence[str]) -> tuple[Column, ...]:
    """The forms that the file tells: whole numbers by their type, and categories by their words, as we write them."""
    whole = found.values.dtype.kind in "biu"
    words = {int(key.removeprefix("words_")): found.others[key] for key in found.others if WORDS_KEY.fullmatch(key)}
    if not whole and not words:
        return ()
    columns = []
    for index, name in enumerate(names):
        told = tuple(str(word) for word in np.atleast_1d(words.get(index, ())))
        if told:
            columns.append(Column(name, "category" if len(told) > 1 else "constant", told))
        else:
            columns.append(Column(name, "whole") if whole else Column(name))
    return tuple(columns)


def read_arrays(path: Path, config: DataConfig) -> FoundArrays:
    """Reads the array of series and, from an NPZ file, those that belong to it.

    Raises:
        UserError: an array that is needed needs pickle, the file is damaged, a key is missing, or several arrays may be
            the series.
    """
    most = memory.machine_bytes()
    try:
        with open_regular(path, follow=True) as file:
            magic = file.read(4)
            if magic == npz.ARRAY_MAGIC:
                _check_alone(path, config)
                return FoundArrays(ArrayName(str(path)), None, npz.read_array(file, most))
            if magic in npz.ARCHIVE_MAGIC:
                return _read_archive(path, file, config, most)
    except npz.PickledError:
        raise UserError(
            f"`{path}`: holds Python objects, which need pickle and are never loaded; "
            "expected plain arrays of numbers or text; save them with another `dtype` than object"
        ) from None
    except (npz.ArrayFileError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise UserError(f"`{path}`: is not a NumPy file that can be read ({reason})") from error
    raise UserError(f"`{path}`: is not a NumPy file; save it with `numpy.save` or `numpy.savez`")


def _check_alone(path: Path, config: DataConfig) -> None:
    if config.label_column is not None:
        raise UserError(
            f"`--label-column {config.label_column}`: `{path}` is one array without labels; save an NPZ with both"
        )
    if config.array is not None:
        raise UserError(f"`--array {config.array}`: `{path}` is one array without a name; leave it out")


def _read_archive(path: Path, file: IO[bytes], config: DataConfig, most: int) -> FoundArrays:
    headers = npz.archive_headers(file, most)
    members = choose_members(str(path), headers, config.array, config.label_column)
    words = [key for key in members.unused if WORDS_KEY.fullmatch(key) and headers[key].dtype.kind in TEXT]
    members = replace(members, unused=tuple(key for key in members.unused if key not in words))
    others = [key for key in vars(members).values() if isinstance(key, str) and key != members.series] + words
    pickled = tuple(key for key in others if headers[key].dtype.hasobject and key != members.labels)
    arrays = npz.read_archive(file, most, [members.series, *(key for key in others if key not in pickled)])
    notes = told_unused(members.unused, headers)
    if pickled:
        notes += (f"`{pickled[0]}` holds Python objects and is not read; save it as text, without `dtype=object`",)
    return FoundArrays(ArrayName(str(path), members.series), members, arrays.pop(members.series), arrays, notes)


def _check_values(found: FoundArrays) -> np.ndarray:
    values = found.values
    if values.dtype.kind == "c":
        raise UserError(
            f"{found.name}: values of type {values.dtype}; expected real numbers; save real and imaginary part as two "
            "features"
        )
    if values.dtype.kind not in NUMBERS:
        raise UserError(f"{found.name}: values of type {values.dtype}; expected real numbers")
    if not values.size:
        raise UserError(f"{found.name}: shape {values.shape} holds no values; expected at least one in each dimension")
    return values


def _check_size(name: ArrayName, shape: tuple[int, ...], config: DataConfig) -> None:
    """Refuses more features than a step may have, and values that do not fit into memory as float64."""
    series, steps, features = shape
    if features > MOST_FEATURES:
        other = "" if config.axes else "; if steps lie along the last axis, use `--axes features,steps`"
        if not config.axes and series > 1:
            other = "; if steps lie along the last axis, use `--axes series,features,steps`"
        raise UserError(f"{name}: {features:,} features; expected at most {MOST_FEATURES:,}{other}")
    memory.demand(2 * 8 * series * steps * features, f"{name}, shape {shape}", "give fewer series or features")


def _feature_names(found: FoundArrays, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the features, from the file if they fit, and a note if they do not."""
    given = found.other("feature_names")
    key = found.members.feature_names if found.members else None
    if given is None:
        return numbered_features(count), ()
    words = text_of(given)
    if len(words) == count and len(set(words)) == count and all(words):
        return words, ()
    reason = f"{len(words)} names for {count} features" if len(words) != count else "names that are empty or repeated"
    return numbered_features(count), (f"`{key}` is not used: it holds {reason}",)


def text_of(array: np.ndarray) -> tuple[str, ...]:
    """The words of an array of text or bytes, without space around them.

    >>> text_of(np.array([b"a ", b"b"]))
    ('a', 'b')
    """
    return tuple(
        (word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)).strip() for word in array.ravel()
    )


def _labels(found: FoundArrays, laid_out: LaidOut, config: DataConfig) -> ArrayLabels:
    """Labels of the series, or of the rows of a record; none where an array that nobody named does not fit."""
    members, given = found.members, found.other("labels")
    if members is None or members.labels is None or given is None:
        return no_labels()
    names = found.other("label_names")
    shape = (laid_out.values.shape[1], 1) if laid_out.record else laid_out.values.shape[:2]
    taken = config.label_column or (members.labels if members.labels in ("labels", "label") else None)
    try:
        labels = read_labels(
            given,
            shape,
            f"`{found.name.path}`, {members.labels}",
            names=text_of(names) if names is not None and names.dtype.kind in TEXT else (),
        )
    except UserError as error:
        if taken is not None:
            raise
        return no_labels((f"`{members.labels}` is not used as labels: {error}",))
    told = () if taken is not None else (f"`{members.labels}` is taken for the labels",)
    return replace(labels, notes=told + labels.notes)


def _stacked(series: Sequence[FloatArray]) -> Sequence[FloatArray] | FloatArray:
    return np.stack(series) if len({len(one) for one in series}) == 1 else series
