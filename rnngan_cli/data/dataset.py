"""A prepared data set, split, scaled and labelled: the form in which the rest of the program uses data.

Loading is in the modules of the sources, preparation in `prepare.py`.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from rnngan_cli.config import Scaling
from rnngan_cli.data import forms, transforms
from rnngan_cli.data.forms import Column, FloatArray, TableColumn
from rnngan_cli.system.randomness import random_generator

IntArray = np.ndarray

SplitName = Literal["train", "validation", "test"]
LabelsOrigin = Literal["given", "derived", "none"]


@dataclass(frozen=True)
class Split:
    """One part of a data set.

    Attributes:
        series: float32 (series, steps, features), scaled.
        labels: int32 (series,), in 0..num_labels - 1, or None if the data set has no labels.
        starts: float64 (series, columns), the values before each series in the data's own units; None if no column is
            trained on as differences.
    """

    series: FloatArray
    labels: IntArray | None
    starts: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True)
class Scaler:
    """Per-feature affine scaling, fitted on the training part alone: scaled = (value - offset) / scale.

    Attributes:
        kind: `minmax` (the training part spans [0, 1]) or `standard` (mean 0, standard deviation 1).
        offset, scale: float64 (features,), in the data's own units; scale is 1 for a constant feature.
    """

    kind: Scaling
    offset: FloatArray
    scale: FloatArray

    def transform(self, values: FloatArray) -> FloatArray:
        """Scales values in the data's own units (..., features); returns float32 of the same shape."""
        return ((values - self.offset) / self.scale).astype(np.float32)

    def inverse(self, scaled: FloatArray) -> FloatArray:
        """Converts scaled values (..., features) back to the data's own units; returns float64 of the same shape."""
        return np.asarray(scaled, dtype=np.float64) * self.scale + self.offset


@dataclass(frozen=True)
class SeriesFormat:
    """Everything that is needed to draw series like those of a data set, and to write them as they came in.

    A run keeps it, so that its generator can be used where the data is not.

    Attributes:
        name: the registered name, or one made from the user's file name.
        steps: steps per series.
        columns: the columns of a series as the user knows them.
        scaler: the scaling of the features that networks see; see `forms.py`.
        num_labels: number of classes, 0 without labels.
        labels_origin: `given` with the data, `derived` by clustering, or `none`.
        label_names: name of each class, in the order of the label numbers.
        image: whether a series is a picture whose rows are steps (drawn as one).
        table: the columns of the user's table in order, with their roles; empty where there is no table.
        spacing: seconds from one row to the next, where rows have dates at even distances; else None.
        missing: number of values that were missing in the user's table; none is in generated series.
        train_labels: int32 (training series,), from which the labels of generated series are drawn; None without.
        starts: float64 (training series, columns), the values before each training series, from which the starts of
            generated series are drawn; None if no column is trained on as differences.
    """

    name: str
    steps: int
    columns: tuple[Column, ...]
    scaler: Scaler
    num_labels: int = 0
    labels_origin: LabelsOrigin = "none"
    label_names: tuple[str, ...] = ()
    image: bool = False
    table: tuple[TableColumn, ...] = ()
    spacing: float | None = None
    missing: int = 0
    train_labels: IntArray | None = None
    starts: FloatArray | None = None

    @property
    def features(self) -> int:
        """Features per step that networks see: a category counts one for each value, a constant none."""
        return forms.feature_count(self.columns)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Name of each column."""
        return tuple(column.name for column in self.columns)

    def restore(self, scaled: FloatArray, seed: int, stream: str, sharing: int = 1) -> FloatArray:
        """Converts generated series to the data's own units and to values that its columns may have.

        Args:
            scaled: (series, steps, features), as networks see them.
            seed: seed of the run.
            stream: any word, as given for the draw of the series; another word draws other starts.
            sharing: number of successive series that share a start.

        Returns:
            float64 (series, steps, columns); of a category its code.
        """
        starts = None
        if self.starts is not None:
            draw = random_generator(seed, f"{stream}/starts")
            starts = self.starts[draw.integers(len(self.starts), size=len(scaled))[np.arange(len(scaled)) // sharing]]
        values = self.values(scaled, starts)
        if self.is_plain:
            return values
        settled = [column.settle(values[..., index]) for index, column in enumerate(self.columns)]
        return np.stack(settled, axis=-1)

    def values(self, scaled: FloatArray, starts: FloatArray | None = None) -> FloatArray:
        """Converts series to the data's own units.

        Args:
            scaled: (series, steps, features), as networks see them.
            starts: (series, columns), the values before each series; needed if a column is trained on as differences.

        Returns:
            float64 (series, steps, columns); of a category its code.
        """
        return transforms.invert(forms.to_values(self.scaler.inverse(scaled), self.columns), self.columns, starts)

    def settle(self, scaled: FloatArray) -> FloatArray:
        """Converts generated series to the nearest ones that the columns may have, still scaled.

        Scores compare these with real series: whole numbers are whole, and a category has one value. Columns that
        are transformed stay as they are, as only their levels have a form.

        Args:
            scaled: float32 (series, steps, features).

        Returns:
            float32 of the same shape; the array itself where every column takes any value.
        """
        if self.is_plain:
            return scaled
        values = forms.to_values(self.scaler.inverse(scaled), self.columns)
        settled = [
            column.settle(values[..., index]) if column.transform == "none" else values[..., index]
            for index, column in enumerate(self.columns)
        ]
        return self.scaler.transform(forms.to_features(np.stack(settled, axis=-1), self.columns))

    @cached_property
    def is_plain(self) -> bool:
        """Whether every column takes any value, as those of the built-in data sets."""
        return all(column == Column(column.name, transform=column.transform) for column in self.columns)


@dataclass(frozen=True)
class Dataset:
    """Series ready for training.

    Attributes:
        format: their columns, scaling and labels: all but the series.
        train, validation, test: disjoint parts; windows of one record never cross a border between them.
        notes: sentences for the user on the preparation, such as on constant columns or rows that were dropped.
    """

    format: SeriesFormat
    train: Split
    validation: Split
    test: Split
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The registered name, or one made from the user's file name."""
        return self.format.name

    @property
    def scaler(self) -> Scaler:
        """The scaling of every part."""
        return self.format.scaler

    @property
    def steps(self) -> int:
        """Steps per series."""
        return self.format.steps

    @property
    def features(self) -> int:
        """Features per step, as networks see them."""
        return self.format.features

    @property
    def num_labels(self) -> int:
        """Number of classes, 0 without labels."""
        return self.format.num_labels

    @property
    def labels_origin(self) -> LabelsOrigin:
        """Origin of the labels."""
        return self.format.labels_origin

    @property
    def label_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the label numbers."""
        return self.format.label_names

    @property
    def sha256(self) -> str:
        """SHA-256 of all prepared values and labels, in hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(repr(part.series.shape).encode())
            digest.update(np.ascontiguousarray(part.series).tobytes())
            if part.labels is not None:
                digest.update(np.ascontiguousarray(part.labels).tobytes())
        return digest.hexdigest()
