"""Preparation of a data set from raw series: split, then transform and scale, then cut windows, then label.

Pure functions; splitting and windows are in `split.py`, labels in `labels.py`. The scaling is fitted on the training
part alone.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnngan_cli.config import DataConfig, Scaling
from rnngan_cli.data import forms, labels, transforms
from rnngan_cli.data.dataset import Dataset, Scaler, SeriesFormat
from rnngan_cli.data.enough import Cut, training_needed
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.lengths import choose_window, leave_out_short
from rnngan_cli.data.source import Raw
from rnngan_cli.data.split import PARTS, Stretch, check_enough, cut_windows, drop_short, split_record, split_series
from rnngan_cli.errors import UserError, unknown


def prepare_dataset(
    raw: Raw, config: DataConfig, *, name: str, window: int | None = None, image: bool = False
) -> Dataset:
    """Splits, transforms, scales, windows and labels raw series.

    Args:
        raw: series as a source loaded them.
        config: gives window, stride, blocks, transform, forms, gaps, scaling, labels, and the rule for short series.
        name: name of the data set.
        window: default window of the source, used if `config.window` is None.
        image: whether a whole series is a picture; shorter windows are not.

    Raises:
        UserError: there are too few rows or series, a window is longer than a series, lengths differ and no window is
            given, no column varies, values cannot be transformed or are too far apart to be scaled, or the labels asked
            for cannot be given or derived.
    """
    columns = choose_columns(raw, config)
    lost = int(transforms.differences(columns))  # steps that each stretch loses to differencing
    derived = labels.are_derived(config.labels, given=raw.labels is not None)
    needs = Cut(1, raw.hop * config.stride, config.blocks, training_needed(derived=derived), lost)
    steps = choose_window(raw, config.window or window, needs)
    cut, lengths = replace(needs, window=steps), [len(series) for series in raw.series]
    raw = leave_out_short(raw, cut, config.short)
    whole, notes = split_record(raw, cut) if raw.record else (split_series(raw), ())
    gaps = any(len(rows) for rows in raw.breaks)
    whole, cut_notes = drop_short(whole, cut.rows) if gaps else (whole, ())
    check_enough(whole, lengths, cut, gaps=gaps, drop=config.short == "drop")
    pieces = {part: [_transformed(stretch, columns) for stretch in whole[part]] for part in PARTS}
    rows = np.concatenate([stretch.values for stretch in pieces["train"]])
    if raw.columns and config.forms == "file":
        columns = tuple(_limited(column, rows[:, index]) for index, column in enumerate(columns))
    scaler = fit_scaler(forms.to_features(rows, columns), config.scaling, columns)
    scaled = {part: scale_stretches(pieces[part], scaler, columns) for part in PARTS}
    parts = {part: cut_windows(scaled[part], steps, cut.stride) for part in PARTS}
    labelled = labels.label_parts(parts, config.labels, raw.label_names)
    series_format = SeriesFormat(
        name=name,
        steps=steps,
        columns=columns,
        scaler=scaler,
        num_labels=len(labelled.names),
        labels_origin=labelled.origin,
        label_names=labelled.names,
        image=image and steps == len(raw.series[0]),
        table=raw.table,
        spacing=raw.spacing,
        missing=raw.missing,
        train_labels=labelled.parts["train"].labels,
        starts=labelled.parts["train"].starts,
    )
    return Dataset(
        series_format,
        train=labelled.parts["train"],
        validation=labelled.parts["validation"],
        test=labelled.parts["test"],
        notes=raw.notes + notes + cut_notes + _constant_note(rows, columns),
    )


def choose_columns(raw: Raw, config: DataConfig) -> tuple[Column, ...]:
    """Chooses the form and the transform of each column.

    Raises:
        UserError: every column is constant, or a column to be transformed does not exist or is not one of numbers.
    """
    known = raw.columns if raw.columns and config.forms == "file" else ()
    columns = known or tuple(Column(name) for name in raw.feature_names)
    if not forms.feature_count(columns):
        raise UserError(
            f"{', '.join(raw.feature_names[:5])}: every column is constant; there is nothing to learn; expected a "
            "column whose values differ"
        )
    for name in config.transform_columns:
        if name not in raw.feature_names:
            raise UserError(f"`--transform-columns`: {unknown('column', name, raw.feature_names)}")
        if not columns[raw.feature_names.index(name)].is_number:
            raise UserError(f"`--transform-columns`: column `{name}` is not one of numbers that differ; leave it out")
    if config.transform_columns and config.transform == "none":
        raise UserError("`--transform-columns`: expected `--transform diff`, `log` or `log-return` beside it")
    return tuple(
        replace(column, transform=config.transform)
        if column.is_number and (not config.transform_columns or column.name in config.transform_columns)
        else column
        for column in columns
    )


def _transformed(stretch: Stretch, columns: Sequence[Column]) -> Stretch:
    values, before = transforms.transform(stretch.values, columns)
    first = len(stretch) - len(values)
    return Stretch(values, None if stretch.labels is None else stretch.labels[first:], before if first else None)


def _limited(column: Column, values: FloatArray) -> Column:
    """Adds the limits of the training part to a column of numbers, unless it is transformed."""
    if not column.is_number or column.transform != "none":
        return column
    return replace(column, low=float(values.min()), high=float(values.max()))


def _constant_note(rows: FloatArray, columns: Sequence[Column]) -> tuple[str, ...]:
    still = np.flatnonzero(rows.min(axis=0) == rows.max(axis=0))
    names = [column.name for index, column in enumerate(columns) if index in still and column.form != "constant"]
    word = "feature is" if len(names) == 1 else "features are"
    note = f"{len(names)} {word} constant in the training part and kept: {', '.join(names)}"
    return (note,) if names else ()


def fit_scaler(rows: FloatArray, kind: Scaling, columns: Sequence[Column] = ()) -> Scaler:
    """Fits a scaling of each feature on training rows (rows, features).

    A constant feature has scale 1, and the features of a category of `columns` stay 0 and 1.

    >>> fit_scaler(np.array([[1.0, 5.0], [3.0, 5.0]]), "minmax").scale.tolist()
    [2.0, 1.0]
    """
    low, high = rows.min(axis=0), rows.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # `scale_stretches` refuses what overflows
        offset, scale = (low, high - low) if kind == "minmax" else (rows.mean(axis=0), rows.std(axis=0))
    constant = low == high  # exact, whereas the deviation of equal values can round to 1e-17
    offset, scale = np.where(constant, low, offset), np.where(constant, 1.0, scale)
    for block in forms.category_blocks(columns):
        offset[block.start : block.start + block.width], scale[block.start : block.start + block.width] = 0.0, 1.0
    return Scaler(kind, offset, scale)


def scale_stretches(stretches: list[Stretch], scaler: Scaler, columns: Sequence[Column]) -> list[Stretch]:
    """Converts the values of every stretch to features, scaled to float32.

    Raises:
        UserError: the scaled values of a feature exceed the range of float32.
    """
    names = forms.feature_names(columns)
    scaled: list[Stretch] = []
    for stretch in stretches:
        with np.errstate(all="ignore"):
            result = scaler.transform(forms.to_features(stretch.values, columns))
        fits = np.isfinite(result).all(axis=0) & np.isfinite(scaler.scale) & (scaler.scale > 0)
        if not fits.all():
            feature = names[int(np.argmin(fits))]
            raise UserError(
                f"feature `{feature}`: its values are too large or too far apart to be scaled into 32-bit "
                "numbers; expected sizes up to about 1e30; change its unit or leave it out with `--drop-columns`"
            )
        scaled.append(replace(stretch, values=result))
    return scaled
