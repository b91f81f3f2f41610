"""Says where two folders of runs differ: which values of which file, and from which step on."""

import io
import zipfile
from collections.abc import Mapping

import numpy as np
import pandas as pd


def differences(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    """One line for every file that is not the same in both, with what differs first in it.

    >>> differences({"a/status.json": b"1"}, {"a/status.json": b"2", "b/status.json": b"1"})
    ['a/status.json: differs', 'b/status.json: added']
    """
    lines = []
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            lines.append(f"{name}: missing")
        elif name not in expected:
            lines.append(f"{name}: added")
        elif expected[name] != found[name]:
            lines.append(f"{name}: {_how(name, expected[name], found[name])}")
    return lines


def _how(name: str, expected: bytes, found: bytes) -> str:
    """What differs first between two contents of a table or of arrays."""
    try:
        if name.endswith(".csv"):
            return _of_tables(*(pd.read_csv(io.BytesIO(content)) for content in (expected, found)))
        if name.endswith(".npz"):
            return _of_arrays(*(dict(np.load(io.BytesIO(content))) for content in (expected, found)))
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        return f"differs, and cannot be compared: {error}"
    return "differs"


def _of_tables(expected: pd.DataFrame, found: pd.DataFrame) -> str:
    if list(expected.columns) != list(found.columns) or len(expected) != len(found):
        return f"{len(found)} rows of {list(found.columns)} instead of {len(expected)} of {list(expected.columns)}"
    equal = (expected == found) | (expected.isna() & found.isna())
    rows = np.flatnonzero(~equal.all(axis=1))
    if not rows.size:
        return "the same values, written otherwise"
    first = rows[0]
    values = [
        f"{column} {found[column][first]!r} instead of {expected[column][first]!r}"
        for column in equal.columns[~equal.iloc[first].to_numpy()]
    ]
    return f"{rows.size} rows differ, the first at {expected.iloc[first, 0]}: {', '.join(values)}"


def _of_arrays(expected: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> str:
    if {name: array.shape for name, array in expected.items()} != {name: array.shape for name, array in found.items()}:
        return f"arrays {sorted(found)} instead of {sorted(expected)}, or of other shapes"
    changed = [name for name in expected if expected[name].tobytes() != found[name].tobytes()]
    return (
        ", ".join(f"{name} by up to {_farthest(expected[name], found[name])}" for name in changed) or "the same arrays"
    )


def _farthest(expected: np.ndarray, found: np.ndarray) -> str:
    if not np.issubdtype(expected.dtype, np.number):
        return "another text"
    return f"{np.abs(expected.astype(float) - found.astype(float)).max():.3g}"
