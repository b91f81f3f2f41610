"""Names in a list that is written as one text, such as columns on the command line: `Temp,"Leistung, kW"`."""

import re
from collections.abc import Collection, Sequence

from rnngan_cli.errors import UserError

# The `csv` module cannot be used: it does not tell a quoted blank, which belongs to a name, from one around it.
_NAME = re.compile(r'\s*+(?:"((?:[^"]|"")*)"|((?!")[^,]*?))\s*(?:,|$)')


def split_names(text: str) -> tuple[str, ...]:
    '''Splits text at its commas into names, as a line of a CSV file: a name in double quotes may hold commas.

    Blanks around a name are dropped, and kept within quotes; two double quotes within quotes are one.

    Raises:
        UserError: a quoted name does not end with its quote, or a name is empty.

    >>> split_names('"Leistung, kW", Temp'), split_names('a "b", """c"""')
    (('Leistung, kW', 'Temp'), ('a "b"', '"c"'))
    '''
    names: list[str] = []
    place = 0
    while True:
        found = _NAME.match(text, place)
        if found is None:
            raise UserError(
                f"`{text}`: a name that begins with a double quote ends with one; expected names such as "
                '`"Leistung, kW",Temp`, a double quote within a quoted name written twice'
            )
        quoted, bare = found.groups()
        if bare == "":
            raise UserError(f"`{text}`: name {len(names) + 1} is empty; expected names with commas between them")
        names.append(bare if quoted is None else quoted.replace('""', '"'))
        if not found[0].endswith(","):
            return tuple(names)
        place = found.end()


def one_or_more(names: tuple[str, ...]) -> str | tuple[str, ...]:
    """Returns a single name as text, and several as they are, for fields that take either."""
    return names[0] if len(names) == 1 else names


def join_names(names: Sequence[str]) -> str:
    """Joins names so that `split_names` reads them back: with commas, and quotes where a name needs them.

    >>> join_names(["Leistung, kW", "Temp"])
    '"Leistung, kW",Temp'
    """
    return ",".join(_quoted(name) if _needs_quotes(name) else name for name in names)


def _needs_quotes(name: str) -> bool:
    return not name or "," in name or name.startswith('"') or name != name.strip()


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def rejoined(names: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Finds the known names that were split at their own commas because they were given without quotes.

    Args:
        names: names as they were split.
        known: names that there are.

    Returns:
        The names with parts joined, each of them known; empty if that does not explain all of them.

    >>> rejoined(["Leistung", "kW", "Temp"], ["Temp", "Leistung, kW"])
    ('Leistung, kW', 'Temp')
    """
    parts = {tuple(part.strip() for part in name.split(",")): name for name in known}
    longest = max(map(len, parts), default=1)
    found: list[str] = []
    place = 0
    while place < len(names):
        sizes = range(min(longest, len(names) - place), 0, -1)
        fitting = [size for size in sizes if tuple(names[place : place + size]) in parts]
        if not fitting:
            return ()
        found.append(parts[tuple(names[place : place + fitting[0]])])
        place += fitting[0]
    return tuple(found)
