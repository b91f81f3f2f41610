"""Tables from ARFF files, the format of Weka: a head that declares the type of each column, then rows with commas.

scipy.io.arff was tried first: it has no text columns, takes no value with a blank or comma in quotes, as Weka writes
it, and no tab between values, and says of a short row only `list index out of range`. So the format is parsed here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.data.formats.contents import read_bytes
from rnngan_cli.data.formats.encoding import find_encoding, read_lines
from rnngan_cli.data.formats.typed_table import TypedTable
from rnngan_cli.data.source import MOST_FEATURES
from rnngan_cli.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = ("numeric", "real", "integer")
"""Types of columns of numbers."""
DEFAULT_DATE = "yyyy-MM-dd'T'HH:mm:ss"
"""Format of dates whose column declares none."""
_JAVA = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"), ("SSS", "%f"))
"""Parts of a date in the notation of Java, and in that of Python."""
_ATTRIBUTE = re.compile(
    r"""@attribute\s+(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s{'"]+))\s*(?P<type>.+)""",
    re.IGNORECASE | re.VERBOSE,
)
_VALUE = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^,\t'"]*?))\s*(,|\t|$)""")
"""A value, in quotes or not, and what ends it."""


@dataclass(frozen=True)
class Attribute:
    """A column as it is declared.

    Attributes:
        name: its name.
        kind: `number`, `nominal`, `text` or `date`.
        words: nominal: its values in their order.
        date_format: date: its format, in the notation of Java.
    """

    name: str
    kind: str
    words: tuple[str, ...] = ()
    date_format: str = ""


def read_arff(path: Path) -> TypedTable:
    """Reads an ARFF file, plain or compressed: numbers as numbers, nominal values and text as text, dates as times.

    Raises:
        UserError: the file is not of this format, is sparse or relational, or a value is not of the type declared; the
            message names the line.
    """
    import pandas as pd

    content = read_bytes(path)
    encoding = find_encoding(path, content.data, None)
    lines = _lines(read_lines(content.data, encoding.codec))
    attributes = _read_head(path, lines)
    numbers, rows = _read_rows(path, lines, len(attributes))
    cells: list[tuple[str | None, ...]] = list(zip(*rows, strict=True))
    columns = {one.name: _column(path, one, column, numbers) for one, column in zip(attributes, cells, strict=True)}
    packed = f", {content.packing}" if content.packing else ""
    return TypedTable(path, pd.DataFrame(columns), f"ARFF, {encoding.label}{packed}", encoding.notes)


def _lines(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without blank ones and comments."""
    for number, line in enumerate(lines, start=1):
        words = line.strip()
        if words and not words.startswith("%"):
            yield number, words


def _read_head(path: Path, lines: Iterator[tuple[int, str]]) -> list[Attribute]:
    attributes: list[Attribute] = []
    for number, line in lines:
        tag = line.split(None, 1)[0].lower()
        if tag == "@data":
            break
        if tag == "@attribute":
            attributes.append(_attribute(f"`{path}`: line {number}", line))
        elif tag != "@relation":
            raise UserError(
                f"`{path}`: line {number} is not of the ARFF format: expected @relation, @attribute or @data; a table "
                "without them needs the extension .csv"
            )
        if len(attributes) > MOST_FEATURES + 3:
            raise UserError(f"`{path}`: more than {MOST_FEATURES + 3:,} columns; does it lie on its side?")
    else:
        raise UserError(f"`{path}`: has no line @data; expected one before the rows")
    names = [one.name for one in attributes]
    repeated = next((name for index, name in enumerate(names) if name in names[:index]), None) if names else None
    if not names or repeated is not None:
        what = "has no line @attribute" if not names else f"column name `{repeated}` is used more than once"
        raise UserError(f"`{path}`: {what}; expected one for each column, with a name of its own")
    return attributes


def _attribute(where: str, line: str) -> Attribute:
    found = _ATTRIBUTE.fullmatch(line)
    if found is None:
        raise UserError(f"{where}: expected `@attribute NAME TYPE`, such as `@attribute speed numeric`")
    name = next(_unescaped(word) for word in found.group("single", "double", "plain") if word is not None).strip()
    declared = found["type"].strip()
    kind = declared.split(None, 1)[0].lower() if declared else ""
    if declared.startswith("{"):
        if not declared.endswith("}"):
            raise UserError(f"{where}: the values of column `{name}` have no closing brace")
        words = _values(declared[1:-1]) or []
        return Attribute(name, "nominal", tuple(word for word in words if word))
    if kind in NUMERIC or kind == "string":
        return Attribute(name, "number" if kind in NUMERIC else "text")
    if kind == "date":
        date_format = declared[4:].strip().strip("'\"") or DEFAULT_DATE
        return Attribute(name, "date", date_format=date_format)
    if kind == "relational":
        raise UserError(
            f"{where}: column `{name}` is relational: it holds a table in each row, which is not read; the UEA archive "
            "has the same series as .ts, which is: give that file, or one table with an id column"
        )
    raise UserError(
        f"{where}: column `{name}` is of type `{declared[:40]}`; expected numeric, real, integer, string, date or "
        "values in braces"
    )


def _read_rows(path: Path, lines: Iterator[tuple[int, str]], count: int) -> tuple[list[int], list[list[str | None]]]:
    """The line number and the values of every row; None where one is missing."""
    numbers, rows = [], []
    for number, line in lines:
        if line.startswith("{"):
            raise UserError(
                f"`{path}`: line {number} is sparse, as it names the values that are not 0; expected all values of "
                "each row; in Weka, the filter SparseToNonSparse writes them"
            )
        values = _plain_values(line) if "'" not in line and '"' not in line else _values(line)
        if values is None:
            raise UserError(f"`{path}`: line {number}: a quote is not closed, or something follows it; mend the line")
        if len(values) == count + 1 and re.fullmatch(r"\{[\d.eE+-]+\}", values[-1] or ""):
            raise UserError(f"`{path}`: line {number}: weights of rows, `{values[-1]}`, are not read; leave them out")
        if len(values) != count:
            raise UserError(f"`{path}`: line {number} has {len(values)} values; the head declares {count} columns")
        numbers.append(number)
        rows.append(values)
    if not rows:
        raise UserError(f"`{path}`: has no rows after @data; expected one a step")
    return numbers, rows


def _plain_values(line: str) -> list[str | None]:
    words = [word.strip() for word in re.split("[,\t]", line)]
    return [None if word in ("?", "") else word for word in words]


def _values(line: str) -> list[str | None] | None:
    r"""Splits a line at commas and tabs that are not in quotes; None for a quote that does not end.

    >>> _values(r"1, 'New York, \'NY\'' ,?")
    ['1', "New York, 'NY'", None]
    """
    values: list[str | None] = []
    at = 0
    while True:
        found = _VALUE.match(line, at)
        if found is None:
            return None
        single, double, plain, end = found.groups()
        quoted = single if single is not None else double
        values.append(_unescaped(quoted) if quoted is not None else None if plain in ("?", "") else plain)
        at = found.end()
        if not end:
            return values


def _unescaped(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word)


def _column(path: Path, attribute: Attribute, cells: tuple[str | None, ...], numbers: list[int]) -> "pd.Series[Any]":
    import pandas as pd

    if attribute.kind == "number":
        return pd.Series(_to_numbers(path, attribute, cells, numbers))
    if attribute.kind == "nominal":
        allowed = set(attribute.words)
        for number, word in zip(numbers, cells, strict=True):
            if word is not None and word not in allowed:
                raise UserError(
                    f"`{path}`: line {number}: `{word[:40]}` is no value of column `{attribute.name}`; expected one of "
                    f"{', '.join(attribute.words[:20])}, as the head declares"
                )
    if attribute.kind == "date":
        return _to_times(path, attribute, cells, numbers)
    return pd.Series(cells, dtype=object)


def _to_numbers(path: Path, attribute: Attribute, cells: tuple[str | None, ...], numbers: list[int]) -> np.ndarray:
    """float64, or int64 where every value is written as a whole number."""
    values = np.empty(len(cells))
    for row, word in enumerate(cells):
        try:
            values[row] = np.nan if word is None else float(word)
        except ValueError:
            raise UserError(
                f"`{path}`: line {numbers[row]}: `{str(word)[:40]}` is not a number, as column `{attribute.name}` "
                "declares; expected a number, or `?` if it is missing"
            ) from None
    whole = all(word is not None and re.fullmatch(r"[+-]?\d{1,15}", word) for word in cells)
    return values.astype(np.int64) if whole else values


def _to_times(path: Path, attribute: Attribute, cells: tuple[str | None, ...], numbers: list[int]) -> "pd.Series[Any]":
    """Times by the format declared; as text if it has parts that Python does not know."""
    import pandas as pd

    pattern = _python_format(attribute.date_format)
    column = pd.Series(cells, dtype=object)
    if pattern is None:
        return column
    times = pd.to_datetime(column, format=pattern, errors="coerce")
    bad = (times.isna() & column.notna()).to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        raise UserError(
            f"`{path}`: line {numbers[row]}: `{str(cells[row])[:40]}` is no date of the format "
            f"`{attribute.date_format}`, as column `{attribute.name}` declares"
        )
    return times


def _python_format(java: str) -> str | None:
    """The format of dates in the notation of Python; None if it has parts that are not known.

    >>> _python_format("yyyy-MM-dd'T'HH:mm:ss"), _python_format("EEE, d MMM")
    ('%Y-%m-%dT%H:%M:%S', None)
    """
    literal = java.replace("'", "").replace("%", "%%")
    for part, directive in sorted(_JAVA, key=lambda pair: -len(pair[0])):
        literal = literal.replace(part, directive)
    rest = re.sub(r"%[%YmdHMSf]", "", literal)
    return None if re.search(r"[A-SU-Za-z]", rest) else literal
