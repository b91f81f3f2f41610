"""The form of a column of features: decimal, whole, boolean, category or constant."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.advice import option
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.source import Raw
from rnngan_cli.data.values.cells import Cells
from rnngan_cli.data.values.flags import flags_note
from rnngan_cli.data.values.numbers import Numbers
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd

BOOLEAN_WORDS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"))
"""Words for false and true, in lower case."""

MOST_VALUES = 50
"""Maximum number of values of a category: each is a feature of its own."""

NUMBERS_SHARE = 0.5
"""Share of cells that are numbers from which on a column of words is no category."""

MOST_DECIMALS = 12
"""Most digits behind the decimal point that are kept as a form; more are those of a computed number."""

SQUASHED = 1 / 200
"""The share of a range that all values but the farthest few take, from which on these few are told."""
FEW = 1 / 500
"""The largest share of values that are told as far from all others, if that is more than some."""
MOST_MARKED = 5
"""The most cells that are listed in advice."""
SENTINEL_COUNT = 5
"""The least number of equal values, far from all others, that look like a mark of missing values; fewer are faults."""


@dataclass(frozen=True)
class FeatureColumn:
    """A column of features.

    Attributes:
        column: its name and form.
        values: float64 (rows,), codes of a category; NaN where missing, infinity where infinite.
        notes: sentences for the user on it.
    """

    column: Column
    values: FloatArray
    notes: tuple[str, ...] = ()


def read_feature(cells: Cells, name: str) -> FeatureColumn | None:
    """Reads a column as a feature: numbers, booleans, or a category of up to 50 values; None if it is neither.

    Raises:
        UserError: no cell of the column has a value.
    """
    missing = cells.missing(name)
    if cells.is_text(name) and cells.numbers(name) is None:
        return _read_words(cells, name)
    if missing.all():
        raise UserError(f"`{cells.table.path}`: column `{name}` has no value at all; leave it out")
    if not cells.is_text(name) and cells.is_boolean(name):
        numbers = cells.numbers(name)
        values = np.full(len(cells), np.nan) if numbers is None else numbers.values
        return FeatureColumn(_boolean(name, values, ("False", "True")), values)
    numbers = cells.numbers(name)
    if numbers is not None:
        notes = *writing_notes(name, [numbers]), *far_off(name, numbers.values, cells.table.place)
        return FeatureColumn(number_column(name, numbers.values, numbers.decimals), numbers.values, notes)
    return None


def writing_notes(name: str, columns: Sequence[Numbers]) -> tuple[str, ...]:
    """Notes on how the numbers of a feature are written, each once, however many columns of the table hold them."""
    notes = dict.fromkeys(note for numbers in columns for note in numbers.notes)
    flags = sum((numbers.flags for numbers in columns), Counter[str]())
    return tuple(f"`{name}`: {note}" for note in (*notes, *flags_note(flags)))


DOUBTFUL_WORDS = ("none", "na", "n/a", "missing")
"""Marks of missing values that are words of a category as well, in lower case."""


def _read_words(cells: Cells, name: str) -> FeatureColumn | None:
    """Reads a column of words as a boolean, a category or a constant; None if they are too many."""
    import pandas as pd

    words = cells.words(name)
    doubtful = words.str.lower().isin(DOUBTFUL_WORDS).to_numpy(dtype=bool) & ~cells.empty(name)
    missing = cells.missing(name) & ~doubtful
    codes, found = pd.factorize(words.where(~missing), sort=True)
    if _mostly_numbers(cells, words[~missing]):
        return None
    values = np.where(codes < 0, np.nan, codes.astype(np.float64))
    different = tuple(str(word) for word in found)
    for pair in BOOLEAN_WORDS:
        if set(map(str.lower, different)) <= set(pair) and len({*map(str.lower, different)}) == len(different):
            truth = np.array([float(pair.index(word.lower())) for word in different])
            known = np.where(codes < 0, np.nan, truth[codes])
            spelt = {word.lower(): word for word in different}
            return FeatureColumn(
                _boolean(name, known, (spelt.get(pair[0], pair[0]), spelt.get(pair[1], pair[1]))), known
            )
    if len(different) == 1:
        return FeatureColumn(Column(name, "constant", different), values)
    if len(different) > MOST_VALUES:
        return None
    notes = [
        f"`{name}` is trained on as a category of {len(different)} values; if it names series or classes, give "
        f"`{option('--id-column', name)}` or `{option('--label-column', name)}`"
    ]
    if doubtful.any():
        word = words[doubtful].iloc[0]
        notes.append(
            f"`{name}`: `{word}` is taken for a word, {int(doubtful.sum())} times; if it stands for missing values, "
            f"give `{option('--missing-marks', word)}`"
        )
    return FeatureColumn(Column(name, "category", different), values, tuple(notes))


def _mostly_numbers(cells: Cells, words: "pd.Series") -> bool:
    """Whether most cells are numbers by themselves: then the others are marks or mistakes, and no category."""
    import pandas as pd

    plain = words.str.replace(",", ".", regex=False) if cells.mark == "," else words
    plain = plain.str.replace(r"(?<=\d)\s[a-z]{1,2}$", "", regex=True)  # units that differ, such as `4.5 m` and `30 cm`
    numbers = pd.to_numeric(plain, errors="coerce").notna()
    return len(words) > 0 and bool(numbers.mean() >= NUMBERS_SHARE)


def number_column(name: str, values: FloatArray, decimals: int | None) -> Column:
    """The form of a column of numbers, of which NaN and infinities do not count.

    >>> number_column("x", np.array([1.0, 2.0, np.nan]), 1).form
    'whole'
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return Column(name)
    if known.min() == known.max() and len(known) == len(values):
        value = known[0]
        return Column(
            name, "constant", (str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value)),)
        )
    if (known == np.rint(known)).all() and np.abs(known).max() < 2**53:
        return Column(name, "whole")
    return Column(name, "decimal", decimals=None if decimals is None or decimals > MOST_DECIMALS else decimals)


def with_forms(raw: Raw) -> Raw:
    """Finds the forms of features of which a file tells none, by their values: whole numbers and constants."""
    known = raw.columns or tuple(Column(name) for name in raw.feature_names)
    columns = []
    for index, column in enumerate(known):
        values = np.concatenate([np.asarray(series)[:, index] for series in raw.series])
        columns.append(number_column(column.name, values, None) if column.form in ("decimal", "whole") else column)
    return replace(raw, columns=tuple(columns))


def _boolean(name: str, values: FloatArray, words: tuple[str, str]) -> Column:
    known = values[np.isfinite(values)]
    if len(known) == len(values) and known.min() == known.max():
        return Column(name, "constant", (words[int(known[0])],))
    return Column(name, "boolean", words)


def far_off(name: str, values: FloatArray, place: Callable[[int], str]) -> tuple[str, ...]:
    """A note on values that are far from all others: a frequent one may stand for missing ones, a few may be faults.

    Args:
        name: the feature.
        values: its values, (values,).
        place: tells where in the table the value of an index stands.
    """
    known = values[np.isfinite(values)]
    found, counts = np.unique(known, return_counts=True)
    if len(found) < 4:
        return ()
    for end, rest in ((0, found[1:]), (-1, found[:-1])):
        distance = abs(found[end] - (rest[0] if end == 0 else rest[-1]))
        if counts[end] >= SENTINEL_COUNT and distance > rest[-1] - rest[0]:
            return (
                f"`{name}`: {found[end]:.6g} occurs {counts[end]} times, far from all other values ({rest[0]:.4g} to "
                f"{rest[-1]:.4g}); if it stands for missing values, give `{_marks(found[[end]])}`",
            )
    few = min(max(SENTINEL_COUNT - 1, int(FEW * len(known))), (len(known) - 1) // 4)
    low, high = np.sort(known)[[few, -1 - few]]
    odd = np.isfinite(values) & ((values < low - (high - low) / SQUASHED) | (values > high + (high - low) / SQUASHED))
    if high == low or not odd.any():
        return ()
    first = int(np.argmax(odd))
    return (
        f"`{name}`: {counted(int(odd.sum()), 'value')} far from all others ({low:.4g} to {high:.4g}), the first "
        f"{values[first]:.6g} in {place(first)}: beside it the others are as good as equal; mend it"
        + (f", or give `{_marks(values[odd])}`" if odd.sum() <= MOST_MARKED else ", and the others"),
    )


def _marks(values: FloatArray) -> str:
    """The option by which these numbers are taken for missing values."""
    written = (np.format_float_positional(value, trim="-") for value in np.unique(values))
    return option("--missing-marks", *written)
