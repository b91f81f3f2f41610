"""What a run keeps of its data: all that is needed to draw series and to write them, where the data itself is not.

In the folder `format` of a run, with a manifest of its own: `format.json`, and in `arrays.npz` what the labels and the
starts of generated series are drawn from.
"""

import numpy as np
from pydantic import Field

from rnngan_cli.config import Scaling, Transform
from rnngan_cli.data.dataset import LabelsOrigin, Scaler, SeriesFormat
from rnngan_cli.data.forms import Column, Form, Role, TableColumn
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.schemas import Count, StoredFile, StoredRecord, file_content, read_record
from rnngan_cli.system.atomic import json_bytes, npz_bytes, write_folder
from rnngan_cli.system.reading import read_folder, read_npz

FORMAT_FOLDER, FORMAT_MANIFEST = "format", "format/manifest.json"
_FORMAT, _ARRAYS = "format.json", "arrays.npz"


class _StoredColumn(StoredRecord):
    """A column, as `data.forms.Column`."""

    name: str
    form: Form = "decimal"
    words: list[str] = Field([])
    decimals: Count | None = None
    low: float | None = None
    high: float | None = None
    transform: Transform = "none"


class _StoredTableColumn(StoredRecord):
    """A column of the user's table, as `data.forms.TableColumn`."""

    name: str
    role: Role = "feature"
    time_format: str = ""


class _StoredScaler(StoredRecord):
    """The scaling of features, as `data.dataset.Scaler`."""

    kind: Scaling
    offset: list[float]
    scale: list[float]


class _StoredFormat(StoredFile):
    """format.json: the format of a run's series, but for its arrays."""

    name: str
    steps: Count
    columns: list[_StoredColumn]
    scaler: _StoredScaler
    num_labels: Count = 0
    labels_origin: LabelsOrigin = "none"
    label_names: list[str] = Field([])
    image: bool = False
    table: list[_StoredTableColumn] = Field([])
    spacing: float | None = None
    missing: Count = 0


def write_series_format(run: RunFolder, series_format: SeriesFormat) -> None:
    """Writes the format of a run's series.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    own = series_format
    stored = _StoredFormat(
        name=own.name,
        steps=own.steps,
        columns=[_StoredColumn(**{**vars(column), "words": list(column.words)}) for column in own.columns],
        scaler=_StoredScaler(kind=own.scaler.kind, offset=own.scaler.offset.tolist(), scale=own.scaler.scale.tolist()),
        num_labels=own.num_labels,
        labels_origin=own.labels_origin,
        label_names=list(own.label_names),
        image=own.image,
        table=[_StoredTableColumn(**vars(column)) for column in own.table],
        spacing=own.spacing,
        missing=own.missing,
    )
    drawn = {"train_labels": own.train_labels, "starts": own.starts}
    arrays = {name: array for name, array in drawn.items() if array is not None}
    files = {_FORMAT: json_bytes(file_content(stored)), **({_ARRAYS: npz_bytes(arrays)} if arrays else {})}
    write_folder(run.path / FORMAT_FOLDER, files)


def read_series_format(run: RunFolder) -> SeriesFormat | None:
    """The format of a run's series; None for runs that are older than the folder.

    Raises:
        DamagedFileError: a file is missing or damaged.
    """
    if not run.files.has(FORMAT_MANIFEST):
        run.check(FORMAT_MANIFEST)
        return None
    run.check(FORMAT_MANIFEST)
    files = read_folder(run.files.place(FORMAT_FOLDER))
    if _FORMAT not in files:
        raise DamagedFileError(f"`{run.path / FORMAT_FOLDER}` holds no {_FORMAT}")
    stored = read_record(files[_FORMAT], _StoredFormat)
    arrays = read_npz(files[_ARRAYS]) if _ARRAYS in files else {}
    features = sum(_column(column).width for column in stored.columns)
    if not features or {len(stored.scaler.offset), len(stored.scaler.scale)} != {features}:
        raise DamagedFileError(f"`{files[_FORMAT]}`: its scaling does not fit its columns")
    return SeriesFormat(
        name=stored.name,
        steps=stored.steps,
        columns=tuple(_column(column) for column in stored.columns),
        scaler=Scaler(stored.scaler.kind, np.array(stored.scaler.offset), np.array(stored.scaler.scale)),
        num_labels=stored.num_labels,
        labels_origin=stored.labels_origin,
        label_names=tuple(stored.label_names),
        image=stored.image,
        table=tuple(TableColumn(column.name, column.role, column.time_format) for column in stored.table),
        spacing=stored.spacing,
        missing=stored.missing,
        train_labels=arrays.get("train_labels"),
        starts=arrays.get("starts"),
    )


def _column(stored: _StoredColumn) -> Column:
    return Column(
        stored.name,
        stored.form,
        tuple(stored.words),
        stored.decimals,
        stored.low,
        stored.high,
        stored.transform,
    )
