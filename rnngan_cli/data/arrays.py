"""Series from NumPy files: NPY and NPZ, never with pickle."""

from pathlib import Path

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data import missing
from rnngan_cli.data.dataset import FloatArray, IntArray
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.data.source import MOST_FEATURES, Raw, numbered_features
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.system import memory, npz
from rnngan_cli.system.safe_open import open_regular

SERIES_KEY, LABELS_KEY = "series", "labels"
"""Default keys of the arrays of an NPZ file."""


def load_arrays(path: Path, config: DataConfig) -> Raw:
    """Reads an NPY or NPZ file that holds series (series, steps, features), or one long record (rows, features).

    Raises:
        UserError: anything is wrong with the file, its keys, shapes, types or values.
    """
    for field in ("columns", "id_column", "time_column"):
        if getattr(config, field):
            raise UserError(f"`--{field.replace('_', '-')}`: `{path}` holds arrays, not columns; leave it out")
    values, labels = read_arrays(path, config.label_column)
    values = _check_values(path, values)
    if labels is not None:
        _check_labels(path, labels, len(values))
    record = values.ndim == 2
    names = numbered_features(values.shape[-1])
    values, keep, notes = _complete(path, values, config)
    codes: IntArray | None = None
    label_names: tuple[str, ...] = ()
    if labels is not None:
        flat, label_names = encode_labels(labels[keep], f"`{path}`, labels")
        codes = flat[None] if record else np.repeat(flat[:, None], values.shape[1], axis=1)  # (series, steps)
    series = values[None] if record else values
    return Raw(series, names, record=record, labels=codes, label_names=label_names, notes=notes)


def read_arrays(path: Path, label_key: str | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads the array of series and, from an NPZ file, the array of labels.

    Args:
        path: path of the file.
        label_key: key of the labels, or None for the default key.

    Raises:
        UserError: an array needs pickle, the file is damaged, a key is missing, or several arrays may be the series.
    """
    most = memory.machine_bytes()
    try:
        with open_regular(path, follow=True) as file:
            magic = file.read(4)
            if magic == npz.ARRAY_MAGIC:
                found = npz.read_array(file, most), None
            elif magic in npz.ARCHIVE_MAGIC:
                series_key, labels_key = _choose(path, npz.archive_names(file, most), label_key)
                keys = [series_key] if labels_key is None else [series_key, labels_key]
                arrays = npz.read_archive(file, most, keys)
                return arrays[series_key], None if labels_key is None else arrays[labels_key]
            else:
                raise UserError(f"`{path}`: is not a NumPy file; save it with `numpy.save` or `numpy.savez`")
    except npz.PickledError:
        raise UserError(
            f"`{path}`: holds Python objects, which need pickle and are never loaded; "
            "expected plain arrays of numbers or text; save them with another `dtype` than object"
        ) from None
    except (npz.ArrayFileError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise UserError(f"`{path}`: is not a NumPy file that can be read ({reason})") from error
    if label_key is not None:
        raise UserError(f"`--label-column {label_key}`: `{path}` is one array without labels; save an NPZ with both")
    return found


def _choose(path: Path, keys: list[str], label_key: str | None) -> tuple[str, str | None]:
    """Chooses the keys of the series and of the labels."""
    if label_key is not None and label_key not in keys:
        raise UserError(f"`--label-column`, `{path}`: {unknown('array', label_key, keys)}")
    labels_key = label_key or (LABELS_KEY if LABELS_KEY in keys else None)
    others = [key for key in keys if key != labels_key]
    if SERIES_KEY in others:
        return SERIES_KEY, labels_key
    if len(others) != 1:
        raise UserError(
            f"`{path}`: holds the arrays {', '.join(keys[:20]) or '(none)'}; expected one named `{SERIES_KEY}`, "
            f"or a single one besides `{LABELS_KEY}`; save the series under that name"
        )
    return others[0], labels_key


def _check_values(path: Path, values: np.ndarray) -> FloatArray:
    if values.ndim not in (2, 3):
        hint = "; for one feature use reshape(-1, 1)" if values.ndim == 1 else ""
        raise UserError(
            f"`{path}`: {values.ndim} dimensions, shape {values.shape}; expected 3 (series, steps, features) "
            f"or 2 (rows of one long record, features){hint}"
        )
    if values.dtype.kind not in "biuf":
        raise UserError(f"`{path}`: values of type {values.dtype}; expected real numbers")
    if not values.size:
        raise UserError(f"`{path}`: shape {values.shape} holds no values; expected at least one in each dimension")
    if values.shape[-1] > MOST_FEATURES:
        raise UserError(f"`{path}`: {values.shape[-1]:,} features; expected at most {MOST_FEATURES:,}")
    memory.demand(2 * 8 * values.size, f"`{path}`, shape {values.shape}", "give fewer series or features")
    return values.astype(np.float64)


def _check_labels(path: Path, labels: np.ndarray, count: int) -> None:
    if np.ndim(labels) != 1 or len(labels) != count:
        raise UserError(
            f"`{path}`: labels of shape {np.shape(labels)} for {count} series (or rows); expected shape ({count},)"
        )
    if labels.dtype.kind not in "biufU":
        raise UserError(f"`{path}`: labels of type {labels.dtype}; expected whole numbers or text")


def _complete(path: Path, values: FloatArray, config: DataConfig) -> tuple[FloatArray, np.ndarray, tuple[str, ...]]:
    """Handles missing values; returns the values, which series (or rows of a record) were kept, and notes."""
    bad = ~np.isfinite(values)
    keep = np.ones(len(values), dtype=bool)
    if not bad.any():
        return values, keep, ()
    record = values.ndim == 2
    names = numbered_features(values.shape[-1])
    if config.missing == "error":
        *first, step, feature = (int(index) for index in np.argwhere(bad)[0])
        place = f"row {step + 1}" if record else f"series {first[0] + 1}, step {step + 1}"
        raise missing.refuse(path, int(bad.sum()), f"{place}, feature {feature + 1}")
    if config.missing == "drop":
        keep = ~bad.reshape(len(values), -1).any(axis=1)
        what = "rows" if record else "series"
        if not keep.any():
            raise UserError(f"`{path}`: all {what} have missing values; nothing is left with `--missing drop`")
        return values[keep], keep, (f"{(~keep).sum()} of {len(keep)} {what} dropped for missing values",)
    note = missing.filled_note(int(bad.sum()))
    if record:
        return missing.interpolate_missing(values, names, "the record"), keep, note
    filled = [missing.interpolate_missing(item, names, f"series {index + 1}") for index, item in enumerate(values)]
    return np.stack(filled), keep, note
