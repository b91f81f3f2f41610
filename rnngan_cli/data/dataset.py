"""A prepared data set, split, scaled and labelled: the form in which the rest of the program uses data.

Loading is in the modules of the sources, preparation in `prepare.py`.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

FloatArray = np.ndarray
IntArray = np.ndarray

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Split:
    """One part of a data set.

    Attributes:
        series: float32 (series, steps, features), scaled.
        labels: int32 (series,), in 0..num_labels - 1, or None if the data set has no labels.
    """

    series: FloatArray
    labels: IntArray | None

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True)
class Scaler:
    """Per-feature affine scaling, fitted on the training part alone: scaled = (value - offset) / scale.

    Attributes:
        kind: `minmax` (the training part spans [0, 1]) or `standard` (mean 0, standard deviation 1).
        offset, scale: float64 (features,), in the data's own units; scale is 1 for a constant feature.
    """

    kind: Literal["minmax", "standard"]
    offset: FloatArray
    scale: FloatArray

    def transform(self, values: FloatArray) -> FloatArray:
        """Scales values in the data's own units (..., features); returns float32 of the same shape."""
        return ((values - self.offset) / self.scale).astype(np.float32)

    def inverse(self, scaled: FloatArray) -> FloatArray:
        """Converts scaled values (..., features) back to the data's own units; returns float64 of the same shape."""
        return np.asarray(scaled, dtype=np.float64) * self.scale + self.offset


@dataclass(frozen=True)
class Dataset:
    """Series ready for training, with everything needed to convert generated series back to the user's units.

    Attributes:
        name: the registered name, or one made from the user's file name.
        train, validation, test: disjoint parts; windows of one record never cross a border between them.
        scaler: the scaling of every part.
        feature_names: name of each feature, as the user knows it.
        num_labels: number of classes, 0 without labels.
        labels_origin: `given` with the data, `derived` by clustering, or `none`.
        image: whether a series is a picture whose rows are steps (drawn as one).
        label_names: name of each class, in the order of the label numbers.
        notes: sentences for the user on the preparation, such as on constant features or rows that were dropped.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    scaler: Scaler
    feature_names: tuple[str, ...]
    num_labels: int
    labels_origin: Literal["given", "derived", "none"]
    image: bool = False
    label_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Steps per series."""
        return int(self.train.series.shape[1])

    @property
    def features(self) -> int:
        """Features per step."""
        return int(self.train.series.shape[2])

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
