"""Names of months in several languages of Europe."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMES = (
    "january jan januar januari janvier janv enero ene gennaio gen janeiro jänner",
    "february feb februar februari février févr fév febrero febbraio fevereiro fev",
    "march mar märz mär mrz maart mrt mars marzo março",
    "april apr avril avr abril abr aprile",
    "may mai mei mayo maggio mag maio",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug augustus août agosto ago",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
)
"""Names and short names of each month in English, German, Dutch, French, Spanish, Italian and Portuguese."""
MONTHS = {name: number for number, names in enumerate(_NAMES) for name in names.split()}
"""The number of each month from 0, by its names in lower case."""
_WORD = re.compile(r"[^\W\d_]{3,}\.?")


def month_of(word: str) -> int | None:
    """The number of a month from 0; None if a word is no month.

    >>> month_of("Mär."), month_of("décembre"), month_of("Total")
    (2, 11, None)
    """
    return MONTHS.get(word.strip(" .").lower())


def in_english(words: "pd.Series") -> "pd.Series | None":
    """Dates with the short English names of months in place of other names; None if nothing would change.

    >>> import pandas as pd
    >>> list(in_english(pd.Series(["1. März 2024", "2 de enero de 2024"])))
    ['1. Mar 2024', '2 Jan 2024']
    """
    present = words[words != ""]
    if not len(present) or all(month_of(word) is None for word in _WORD.findall(str(present.iloc[0]))):
        return None
    changed = words.str.replace(r"\bde\s", "", regex=True).str.replace(_WORD, _translated, regex=True)
    return None if changed.equals(words) else changed


def _translated(word: re.Match[str]) -> str:
    number = month_of(word[0])
    return word[0] if number is None else ENGLISH[number]
