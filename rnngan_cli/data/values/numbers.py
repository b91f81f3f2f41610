"""Numbers from columns of text, however they are written.

A table has one decimal mark. It is a comma where some column has commas that cannot separate thousands, and a point
otherwise; the other mark, blanks and apostrophes separate thousands. What stays in doubt is said in a note.
"""

import functools
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from rnngan_cli.data.formats.cells import MISSING_WORDS, THOUSANDS_BLANKS, unit_behind
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.values.flags import without_flags

if TYPE_CHECKING:
    import pandas as pd

DecimalMark = Literal[".", ","]

NUMBER_SAMPLE = 500
"""Cells of a long column that are looked at first."""
ENOUGH = 5
"""Cells of one form that are taken for a rule rather than chance."""
_SIGN = r"^[+-]?"
_GROUPS = {".": r"\d{1,3}(?:,\d{3})+", ",": r"\d{1,3}(?:\.\d{3})+"}
"""Digits with separators of thousands, by decimal mark."""
_THREE = {",": r"^[+-]?[1-9]\d{0,2},\d{3}$", ".": r"^[+-]?[1-9]\d{0,2}\.\d{3}$"}
"""A number whose only mark stands before three digits: it may separate thousands, or be the decimal mark."""
_BLANK_GROUPS = re.compile(rf"^([+-]?\d{{1,3}})((?:[{THOUSANDS_BLANKS}]\d{{3}})+)(?!\d)")
"""The start of a number whose thousands stand apart; `20120201 000000` is none."""
_DURATION = r"^-?(?:\d+:)?\d{1,3}:\d{2}\.\d+$"
"""A duration with a fraction of a second, in minutes or in hours; if all were in hours, they would be times of day."""
_SUFFIXES = {"K": 1e3, "k": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "b": 1e9, "T": 1e12}
_MONEY = "$€£¥₹"
_WITHHELD = r":\s?[a-z]{1,2}"
"""Eurostat's mark for a missing value with a flag that says why, such as `: c` for a confidential one."""


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Attributes:
        values: float64 (rows,), NaN for missing values.
        decimals: the largest number of digits behind the decimal mark; None where an exponent or a suffix is used.
        notes: sentences for the user on how they are written.
        flags: how often each flag occurs behind a number.
    """

    values: FloatArray
    decimals: int | None
    notes: tuple[str, ...] = ()
    flags: Counter[str] = field(default_factory=Counter)


def is_missing(words: "pd.Series", marks: Collection[str] = ()) -> np.ndarray:
    """Whether each cell of text stands for a missing value: empty, a usual mark such as `NA`, or one of `marks`.

    Returns:
        bool (rows,).
    """
    lowered = words.str.lower().isin(MISSING_WORDS).to_numpy(dtype=bool)
    given = words.isin(list(marks)).to_numpy(dtype=bool)
    withheld = words.str.startswith(":").to_numpy(dtype=bool, copy=True)
    if withheld.any():  # the pattern is slow, and most columns need none
        withheld[withheld] = words[withheld].str.fullmatch(_WITHHELD).to_numpy(dtype=bool)
    return np.asarray(lowered | given | withheld)


def find_decimal_mark(
    columns: Mapping[str, "pd.Series"], delimiter_is_comma: bool
) -> tuple[DecimalMark, tuple[str, ...]]:
    """Finds the decimal mark of a table, and notes what is in doubt.

    Args:
        columns: the columns of text by name, without missing cells.
        delimiter_is_comma: whether commas separate the columns, so that those in numbers stand in quotes.
    """
    doubtful = []
    for name, words in columns.items():
        bare = without_flags(words.str.removesuffix(_common_unit(words)))[0]
        bare = bare.str.replace(rf"[{_MONEY}%‰\s]", "", regex=True)
        commas = bare[bare.str.contains(",", regex=False)]
        if not len(commas) or not _all_like(commas, r"^[+-]?[\d.,'’]+$|^[+-]?[\d.,]+[eE][+-]?\d+$"):
            continue
        if commas.str.contains(r"\..*,", regex=True).any():
            return ",", ()
        if commas.str.contains(r",.*\.|,.*,", regex=True).any():
            continue  # commas before a point, or several: they separate thousands
        if not _all_like(commas, _THREE[","]):
            return ",", ()
        if len(commas) == len(words) and not delimiter_is_comma:
            doubtful.append(name)
    if not doubtful:
        return ".", ()
    note = (
        f"`{doubtful[0]}`: every value has a comma before three digits, which is read as the decimal mark; if it "
        "separates thousands, give `--decimal .`"
    )
    return ",", (note,)


def parse_numbers(words: "pd.Series", missing: np.ndarray, mark: DecimalMark) -> Numbers | None:
    """Reads a column of text as numbers.

    Args:
        words: the cells.
        missing: which of them stand for missing values, (rows,).
        mark: the decimal mark.

    Returns:
        The numbers; None if a cell that is not missing is none.
    """
    import pandas as pd

    values = np.full(len(words), np.nan)
    present = words[~missing]
    if not len(present):
        return Numbers(values, 0)
    if len(present) > 4 * NUMBER_SAMPLE:  # most columns that are no numbers show it at once
        few = present.iloc[:: len(present) // NUMBER_SAMPLE]
        if parse_numbers(few, np.zeros(len(few), dtype=bool), mark) is None:
            return None
    plain = _without_separators(present, mark)
    parsed = pd.to_numeric(plain.words, errors="coerce")
    found = np.array(parsed.to_numpy(dtype=np.float64, na_value=np.nan))
    odd = np.isnan(found)
    if odd.any():
        infinite = r"(?i)[+-]?(?:inf(?:inity)?|∞)|#(?:div/0!|num!|value!|ref!|n/a|null!)"
        if not plain.words[odd].str.fullmatch(infinite).all():
            return None
        found[odd] = np.inf
    values[~missing] = found * plain.factors
    decimals = None if plain.scaled else _decimals(plain.words)
    return Numbers(values, decimals, plain.notes, plain.flags)


@dataclass(frozen=True)
class _Plain:
    """Numbers with a decimal point and nothing else, the factors of their suffixes, notes, and flags left out."""

    words: "pd.Series"
    factors: FloatArray | float
    scaled: bool
    notes: tuple[str, ...]
    flags: Counter[str]


def _without_separators(words: "pd.Series", mark: DecimalMark) -> _Plain:
    """Removes what stands in numbers beside digits, sign, exponent and decimal mark."""
    notes: tuple[str, ...] = ()
    flags: Counter[str] = Counter()
    factors: FloatArray | float = 1.0
    thousands = "," if mark == "." else "."
    if words.str.contains(r"[^\d.,eE+\-]", regex=True).any():
        words = words.str.replace("−", "-", regex=False)
        words = words.str.replace(r"(?<=[\d.])[dD](?=[+-]\d+$)", "e", regex=True)  # as Fortran writes doubles
        words = words.str.replace(r"^\((.+)\)$", r"-\1", regex=True)
        unit = _common_unit(words)
        if unit:
            words = words.str.removesuffix(unit).str.rstrip()
            notes += (f"the unit `{unit}` is left out",)
        words, flags = without_flags(words)
        money = words.str.contains(f"[{_MONEY}%‰]", regex=True)
        if money.any():
            words = words.str.replace(rf"\s*[{_MONEY}%‰]\s*", "", regex=True)
            notes += ("signs of money or per cent are left out",)
        words = words.str.replace(_BLANK_GROUPS, _joined, regex=True)
        if _all_like(words, _DURATION) and not _all_like(words, r":.*:"):
            words = words.map(_seconds)
            notes += ("minutes and seconds (hours, where given) are read as seconds",)
        words, factors = _without_suffixes(words)
        if not isinstance(factors, float):
            notes += ("the suffixes K, M, B and T count thousands, millions, billions and trillions",)
    if words.str.contains(thousands, regex=False).any() and _all_like(
        words[words.str.contains(thousands, regex=False)],
        rf"{_SIGN}{_GROUPS[mark]}(?:{'[.]' if mark == '.' else ','}\d*)?$",
    ):
        words = words.str.replace(thousands, "", regex=False)
    elif mark == "." and _groups_by_points(words):
        words = words.str.replace(".", "", regex=False)
        notes += ("points before three digits separate thousands, as other values have none (else `--decimal .`)",)
    if mark == ",":
        words = words.str.replace(",", ".", regex=False)
    return _Plain(words, factors, not isinstance(factors, float), notes, flags)


def _seconds(duration: str) -> str:
    """The seconds of `minutes:seconds` or `hours:minutes:seconds`, with the same decimals.

    >>> _seconds("1:02:03.50"), _seconds("-1:20.126")
    ('3723.50', '-80.126')
    """
    whole, _, decimals = duration.removeprefix("-").partition(".")
    seconds = functools.reduce(lambda total, part: 60 * total + int(part), whole.split(":"), 0)
    return f"{'-' if duration.startswith('-') else ''}{seconds}.{decimals}"


def _joined(number: re.Match[str]) -> str:
    return number[1] + re.sub(rf"[{THOUSANDS_BLANKS}]", "", number[2])


def _common_unit(words: "pd.Series") -> str:
    """The unit that stands behind every number of a column; empty if there is none, or several."""
    unit = unit_behind(str(words.iloc[0])) if len(words) else ""
    return unit if unit and words.str.endswith(unit).all() else ""


def _without_suffixes(words: "pd.Series") -> tuple["pd.Series", FloatArray | float]:
    ends = words.str.extract(r"^[+-]?[\d.,]+\s?([KkMmBbT])$", expand=False)
    if ends.isna().all():
        return words, 1.0
    factors = ends.map(_SUFFIXES).astype(np.float64).fillna(1.0).to_numpy(dtype=np.float64)
    return words.str.replace(r"(?<=\d)\s?[KkMmBbT]$", "", regex=True), factors


def _groups_by_points(words: "pd.Series") -> bool:
    """Whether points separate thousands although each is the only mark of its number.

    A number of 1.004 beside 985: were the point decimal, some values would have one or two digits behind it.
    """
    pointed = words.str.contains(".", regex=False)
    if words.str.contains(r"\..*\.", regex=True).any():
        return _all_like(words[pointed], rf"{_SIGN}{_GROUPS[',']}$")
    few = int(pointed.sum()) < ENOUGH or pointed.all()
    return not few and _all_like(words[pointed], _THREE["."]) and _all_like(words[~pointed], r"^[+-]?[1-9]\d{0,2}$|^0$")


def _all_like(words: "pd.Series", pattern: str) -> bool:
    return bool(words.str.contains(pattern, regex=True).all())


def _decimals(words: "pd.Series") -> int | None:
    """The most digits behind the decimal point; None if there are exponents."""
    if words.str.contains(r"[eE]", regex=True).any():
        return None
    places = words.str.len() - words.str.find(".") - 1
    return int(places.where(words.str.contains(".", regex=False), 0).max())
