"""What separates the cells of a text table, what quotes them, and which lines are comments.

The delimiter is found by clevercsv, which weighs how regular the rows are by how much sense the cells make (G. van den
Burg, A. Nazábal and C. Sutton, "Wrangling messy CSV files by detecting row and type patterns", 2019). Its answer is
checked by the same two measures on the lower half of the sample, below any lines above the table. DuckDB's sniffer was
tried on the same files: it reads UTF-8 alone, took aligned blanks for one column and a header of years for data, and
its package takes 66 MB; of the standard library's `csv.Sniffer`, clevercsv's authors show that it fails far more often.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rnngan_cli.data.formats.cells import kind_of, unit_behind
from rnngan_cli.errors import UserError

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""Characters that are looked for between columns, by the words for them."""
_SAMPLE_LINES, _SAMPLE_CHARACTERS = 200, 2**14
"""How much of the sample clevercsv is given: its time grows with both."""
_NOWHERE = "\x1f"
"""Stands for a delimiter in a table of one column."""
COMMENT_MARKS = ("#", "%", "//", ";")
_RULES = ("-", "+", "=", "|")
_RULE = re.compile(r"(?=.*[+|])[+|]?[ :]*[-=]{3,}[ :]*(?:[+|][ :]*[-=]+[ :]*)*[+|]?\s*")
_NO_COMMENT = re.compile(r"#(N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)", re.IGNORECASE)
_GOOD = 0.8
"""Share of regular rows, times share of cells that make sense, from which a delimiter is believed."""


@dataclass(frozen=True)
class TextDialect:
    """How lines become cells.

    Attributes:
        delimiter: one character; a blank stands for any run of blanks and tabs.
        quote: one character.
        escape: one character that makes a quote a part of the text, or None: such quotes are doubled.
        loose: whether blanks may stand between a closing quote and the delimiter.
        comments: how lines begin that are no part of the table.
        note: a sentence for the user if there is a doubt.
    """

    delimiter: str
    quote: str = '"'
    escape: str | None = None
    loose: bool = False
    comments: tuple[str, ...] = COMMENT_MARKS
    note: str = ""

    def is_comment(self, line: str) -> bool:
        """Whether a line is no part of the table: a comment, or a rule such as `---+---`.

        Errors of a spreadsheet such as `#N/A` are cells.
        """
        begin = line.lstrip(" \t\ufeff")
        if begin.startswith(self.comments) and not _NO_COMMENT.match(begin):
            return True
        return begin.startswith(_RULES) and not begin[1:2].isdigit() and bool(_RULE.fullmatch(begin))

    def words(self) -> str:
        """What is between columns, for the user."""
        if self.delimiter == _NOWHERE:
            return "one column"
        return {"\t": "tabs", " ": "blanks"}.get(self.delimiter, f"`{self.delimiter}`") + " between columns"


def parse_delimiter(wanted: str) -> str:
    r"""Gives the character for what the user wrote: itself, or a word such as `tab`.

    Raises:
        UserError: it is neither one character nor a known word.

    >>> [parse_delimiter(wanted) for wanted in (";", "semicolon", "tab", "\\t")]
    [';', ';', '\t', '\t']
    """
    words = {**DELIMITERS, "\\t": "\t", "blank": " ", "colon": ":", "bar": "|"}
    character = words.get(wanted.strip().lower(), wanted)
    if len(character) != 1 or character in "\r\n\0\"'":
        raise UserError(
            f"`--delimiter {wanted}`: expected one character, or one of {', '.join(DELIMITERS)} (runs of blanks)"
        )
    return character


def row_parser(lines: Iterable[str], dialect: TextDialect, *, strict: bool) -> Iterator[list[str]]:
    """The parser of `csv` for a dialect."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        skipinitialspace=True,
        strict=strict,
    )


def find_dialect(lines: Sequence[str], wanted: str | None) -> TextDialect:
    """Finds the dialect of a table from its first lines.

    Args:
        lines: the first lines, with their ends.
        wanted: the delimiter if the user settled it.

    Raises:
        UserError: `wanted` is no delimiter.
    """
    if wanted is None and lines and (told := re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE)):
        found = find_dialect(lines[1:], told[1])  # Excel's own line
        return replace(found, comments=(*found.comments, lines[0].strip()))
    comments = tuple(mark for mark in COMMENT_MARKS if mark != ";" and not _most_begin(lines, mark))
    plain = _without_comments(lines, TextDialect("", comments=comments))
    body = [line for line in plain if not line.startswith(";")] or plain  # a header `;Open;Close` is one too
    quote = _find_quote(body)
    delimiter, note = (parse_delimiter(wanted), "") if wanted is not None else _find_delimiter(body, quote)
    if delimiter != ";":
        comments = (*comments, ";")
    if not any(delimiter in line for line in body):
        note = f"`--delimiter {wanted}` is not in the file: it is read as one column" if wanted is not None else note
        delimiter = _NOWHERE
    text = "".join(body)
    escape = "\\" if re.search(rf"\\{quote}(?![,;\t|\r\n])", text) else None
    loose = bool(re.search(rf"{quote} +{re.escape(delimiter)}", text)) and delimiter != " "
    return TextDialect(delimiter, quote, escape, loose, comments, note)


def tidy_line(line: str, dialect: TextDialect) -> str:
    """Prepares a line for `csv`: no blanks after a closing quote, and one for a run of them between columns."""
    if dialect.loose and dialect.quote in line:
        mark, quote = re.escape(dialect.delimiter), dialect.quote
        return re.sub(rf"(?<!{quote}){quote} +(?={mark}|\r?\n?$)", quote, line)
    if dialect.delimiter != " ":
        return line
    if dialect.quote in line:
        return line.strip() + "\n"
    return " ".join(line.split()) + "\n"


def _without_comments(lines: Sequence[str], dialect: TextDialect) -> list[str]:
    """Lines without comments and blank ones; a line inside of a quoted cell is neither."""
    found, inside = [], False
    for line in lines:
        if inside or (line.strip() and not dialect.is_comment(line)):
            found.append(line)
            inside ^= line.count('"') % 2 == 1
    return found


def _most_begin(lines: Sequence[str], mark: str) -> bool:
    """Whether most lines begin with a mark and no blank after it, as in `#12`: then it is no mark of comments."""
    filled = [line for line in lines if line.strip()]
    return sum(bool(re.match(rf"\s*{mark}[^\s{mark}]", line)) for line in filled) > 0.5 * len(filled)


def _find_quote(lines: Sequence[str]) -> str:
    """A single quote only where no double quote is, and every cell that begins with one ends with one."""
    text = "".join(lines)
    if '"' in text or "'" not in text:
        return '"'
    opened = len(re.findall(r"(?:^|[,;\t|]) *'", text, re.MULTILINE))
    whole = len(re.findall(r"(?:^|[,;\t|]) *'[^'\r\n]*' *(?=[,;\t|\r]|$)", text, re.MULTILINE))
    return "'" if opened and opened == whole and text.count("'") == 2 * whole else '"'


def _find_delimiter(lines: Sequence[str], quote: str) -> tuple[str, str]:
    """The delimiter, and a note if another one would do as well."""
    scores = {mark: _score(lines, mark, quote) for mark in DELIMITERS.values()}
    best = max(scores, key=lambda mark: scores[mark])
    taken = _by_clevercsv(lines)
    if taken not in scores or scores[taken] < _GOOD * scores[best]:
        taken = best
    if taken == " " and all(kind_of(line.strip()) in {"date", "missing"} for line in lines[len(lines) // 2 :]):
        return _NOWHERE, ""  # one column of dates with times of day
    if not scores[taken]:
        some = sum(any(mark in line for mark in ",;\t|") for line in lines) > 0.5 * len(lines)
        return _NOWHERE, "nothing parts all lines alike: read as one column; `--delimiter` settles it" if some else ""
    # blanks are no rival: they are within dates and names, and tabs count as such
    others = [mark for mark in ",;\t|" if mark != taken and scores[mark] > 0.95 * scores[taken]]
    if taken == " " and others:
        return others[0], ""
    if not others:
        return taken, ""
    rival = TextDialect(others[0]).words().removesuffix(" between columns")
    return taken, f"read with {TextDialect(taken).words()}, though {rival} would do as well; `--delimiter` settles it"


def _by_clevercsv(lines: Sequence[str]) -> str:
    """The delimiter that clevercsv finds; empty for none."""
    from clevercsv import Detector
    from clevercsv.exceptions import Error

    sample: list[str] = []
    size = 0
    for line in lines[:_SAMPLE_LINES]:
        size += len(line)
        if size > _SAMPLE_CHARACTERS and len(sample) > 5:
            break
        sample.append(line)
    if size > 8 * _SAMPLE_CHARACTERS:  # a few lines of thousands of columns are regular enough for the check alone
        return ""
    try:
        found = Detector().detect("".join(sample), delimiters=list(DELIMITERS.values()))
    except Error:
        return ""
    return found.delimiter or "" if found is not None else ""


def _score(lines: Sequence[str], mark: str, quote: str) -> float:
    """Share of rows of the usual length among the lower half, times share of their cells that make sense; 0 to 1."""
    dialect = TextDialect(mark, quote)
    try:
        rows = [row for row in row_parser([tidy_line(line, dialect) for line in lines], dialect, strict=False) if row]
    except csv.Error:
        return 0.0
    rows = rows[len(rows) // 2 :]
    if not rows:
        return 0.0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    cells = [cell.strip() for row in rows if len(row) == width for cell in row][:5000]
    sense = sum(kind_of(cell) != "word" or _is_simple(cell, mark) for cell in cells)
    return count / len(rows) * sense / len(cells) if width > 1 else 0.0


def _is_simple(word: str, mark: str) -> bool:
    """Whether a word is not several cells under another delimiter; a list in brackets is one, and so is a quantity."""
    if unit_behind(word):
        return True
    if re.fullmatch(r"\[[^\[\]]*\]|\{.*\}|\([^()]*\)", word):
        return True
    return not re.search(r"[;\t|]" if mark == "," else r"[,;\t|]", word) and not re.search(r'\d[, ]+[+-]?\d|""', word)
