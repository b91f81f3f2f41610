"""Labels from a column of a table: one class a series, or one a row of a long record."""

import numpy as np

from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.data.values.cells import Cells
from rnngan_cli.errors import UserError


def table_labels(
    cells: Cells, name: str | None, ids: tuple[str, ...], groups: list[IntArray]
) -> tuple[list[IntArray] | None, tuple[str, ...]]:
    """Encodes the labels of each group of rows; returns them and the names of the classes.

    Raises:
        UserError: rows of the same id have different labels.
    """
    if name is None:
        return None, ()
    codes, names = encode_labels(label_values(cells, name)[np.concatenate(groups)], f"`--label-column {name}`")
    labels = np.split(codes, np.cumsum([len(group) for group in groups])[:-1])
    for identifier, found in zip(ids, labels, strict=False):  # no ids: one record, whose label may change
        if (found != found[0]).any():
            other = names[found[found != found[0]][0]]
            raise UserError(
                f"`--label-column {name}`: series `{identifier}` has the labels `{names[found[0]]}` and `{other}`; "
                "expected one label in all rows of a series"
            )
    return labels, names


def label_values(cells: Cells, name: str) -> np.ndarray:
    """The labels of a column, (rows,): numbers where all are whole, however written (`1.0` is 1), else words."""
    words = cells.words(name)
    if cells.is_text(name):
        present = words[~cells.empty(name)]
        if present.str.fullmatch(r"-?(?:0|[1-9]\d*)[.,]0+").all():
            words = words.str.replace(r"[.,]0+$", "", regex=True)
        elif (
            present.str.fullmatch(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?|-?\d+").all()
            and not present.str.fullmatch(r"-?\d+").all()
        ):
            numbers = cells.numbers(name)
            if numbers is not None:
                return numbers.values
        return words.to_numpy(dtype=object).astype(str)
    column = cells.table.frame[name]
    if cells.is_boolean(name):
        return words.to_numpy(dtype=object).astype(str)
    values: np.ndarray = column.to_numpy()
    return values if values.dtype.kind in "biuf" else words.to_numpy(dtype=object).astype(str)
