"""Series from `.ts` files, the text format of the UCR and UEA archives (sktime's "ts File Format v1.0").

    # comments, anywhere
    @problemName Vowels
    @timeStamps false
    @classLabel true a b c
    @data
    0.1,0.2,0.3:1,?,3:a        a series a line, dimensions and the class apart by colons

aeon and sktime read it too; both bring numba and scikit-learn extensions for this one format, so it is parsed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rnngan_cli.config import DataConfig, Missing
from rnngan_cli.data.formats.contents import read_bytes
from rnngan_cli.data.formats.encoding import find_encoding, read_lines
from rnngan_cli.data.formats.incomplete import complete_series
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.labels import MAX_LABELS
from rnngan_cli.data.source import MOST_FEATURES, Raw, numbered_features
from rnngan_cli.errors import UserError

KNOWN = (
    *("problemname", "timestamps", "missing", "univariate", "dimension", "dimensions"),
    *("equallength", "serieslength", "classlabel", "targetlabel", "data"),
)
"""Tags of the format, in lower case."""
NO_ROLES = ("columns", "id_column", "label_column", "time_column")
"""Fields of the data that say nothing here: the file tells classes itself."""


@dataclass(frozen=True)
class TsHeader:
    """What the head of a file declares.

    Attributes:
        classes: names of the classes in their order; None without class labels.
        has_target: whether each line ends with a measurement to be predicted.
        dimensions: number of dimensions; None where it is not declared.
        equal_length: whether all series are declared to have equal lengths.
        notes: on tags that are not known.
    """

    classes: tuple[str, ...] | None = None
    has_target: bool = False
    dimensions: int | None = None
    equal_length: bool = False
    notes: tuple[str, ...] = ()


@dataclass
class _Body:
    """The series and classes read so far."""

    series: list[FloatArray] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)


def load_ts(path: Path, config: DataConfig) -> Raw:
    """Reads a `.ts` file: series of equal or different lengths, of one dimension or several, with given labels.

    Raises:
        UserError: the file is not of this format, holds time stamps, or a line does not fit its head.
    """
    for name in NO_ROLES:
        if getattr(config, name):
            raise UserError(
                f"`--{name.replace('_', '-')}`: `{path}` is a .ts file, whose series have no columns; leave it out"
            )
    return parse_ts(path, read_bytes(path).data, config.missing)


def parse_ts(path: Path, content: bytes, missing: Missing) -> Raw:
    """Parses the content of a `.ts` file.

    Args:
        path: path of the file, for errors.
        content: its bytes.
        missing: what to do with missing values.

    Raises:
        UserError: as `load_ts`, but for columns.
    """
    encoding = find_encoding(path, content, None)
    lines = _lines(read_lines(content, encoding.codec))
    header = _read_header(path, lines)
    body = _read_body(path, lines, header)
    series, cut = _without_tails(body.series)
    series, keep, filled = complete_series(path, series, missing)
    labels = None
    if header.classes is not None:
        codes = np.array(body.codes, dtype=np.int32)[keep]
        labels = [np.full(len(one), code, dtype=np.int32) for one, code in zip(series, codes, strict=True)]
    notes = encoding.notes + header.notes + _told(body.series, header) + cut + filled
    return Raw(
        np.stack(series) if len({len(one) for one in series}) == 1 else series,
        numbered_features(series[0].shape[1]),
        labels=labels,
        label_names=header.classes or (),
        notes=notes,
    )


def _lines(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without blank ones and comments."""
    for number, line in enumerate(lines, start=1):
        words = line.strip()
        if words and not words.startswith("#"):
            yield number, words


def _read_header(path: Path, lines: Iterator[tuple[int, str]]) -> TsHeader:
    tags: dict[str, list[str]] = {}
    unknown_tags: list[str] = []
    for number, line in lines:
        if not line.startswith("@"):
            raise UserError(
                f"`{path}`: line {number} is not of the .ts format: expected a tag such as @classLabel, and @data "
                "before the first series; a table needs the extension .csv or .tsv"
            )
        tag, *words = line[1:].split()[: MAX_LABELS + 2] or [""]
        if tag.lower() == "data":
            return _checked_header(path, tags, tuple(unknown_tags))
        if tag.lower() not in KNOWN:
            unknown_tags.append(tag)
        tags[tag.lower()] = words
    raise UserError(f"`{path}`: has no line @data; expected one before the first series")


def _checked_header(path: Path, tags: dict[str, list[str]], unknown_tags: tuple[str, ...]) -> TsHeader:
    if _is_true(tags, "timestamps"):
        raise UserError(
            f"`{path}`: `@timeStamps true`: series with time stamps are not read; save the values alone, with "
            "`@timeStamps false`, or as a table with an id and a time column"
        )
    classes = tuple(tags["classlabel"][1:]) if _is_true(tags, "classlabel") else None
    if classes is not None and (len(set(classes)) != len(classes) or len(classes) > MAX_LABELS):
        raise UserError(
            f"`{path}`: `@classLabel true` names {len(classes)} classes; expected different ones, at most {MAX_LABELS}"
        )
    declared = (tags.get("dimensions") or tags.get("dimension") or [""])[0]
    told = ", ".join(f"@{tag}"[:40] for tag in unknown_tags[:5])
    return TsHeader(
        classes=classes,
        has_target=_is_true(tags, "targetlabel"),
        dimensions=1 if _is_true(tags, "univariate") else int(declared) if declared.isdecimal() else None,
        equal_length=_is_true(tags, "equallength"),
        notes=(f"unknown tags are ignored: {told}",) if told else (),
    )


def _is_true(tags: dict[str, list[str]], tag: str) -> bool:
    return (tags.get(tag) or [""])[0].lower() == "true"


def _read_body(path: Path, lines: Iterator[tuple[int, str]], header: TsHeader) -> _Body:
    body, ends = _Body(), header.classes is not None or header.has_target
    for number, line in lines:
        where = f"`{path}`: line {number}"
        if line.startswith("("):
            raise UserError(f"{where}: holds time stamps, which are not read; save the values alone")
        fields = [part.strip() for part in line.split(":")]
        last = fields.pop() if ends else ""
        if header.classes is not None:
            body.codes.append(_class(where, last, header.classes))
        body.series.append(_series(where, fields, header.dimensions, body.series[0].shape[1] if body.series else None))
    if not body.series:
        raise UserError(f"`{path}`: has no series after @data; expected one a line")
    return body


def _class(where: str, word: str, classes: tuple[str, ...]) -> int:
    if word not in classes:
        raise UserError(
            f"{where}: the class `{word[:40]}` is not declared; expected one of {', '.join(classes[:20]) or '(none)'}, "
            "as @classLabel lists them, after the last colon"
        )
    return classes.index(word)


def _series(where: str, fields: list[str], declared: int | None, before: int | None) -> FloatArray:
    """The values of one line, (steps, dimensions)."""
    expected = before if before is not None else declared
    if not fields or len(fields) > MOST_FEATURES or (expected is not None and len(fields) != expected):
        source = "the head declares" if before is None else "in the lines before"
        words = f"{expected}, as {source}" if expected else "1 or more"
        raise UserError(
            f"{where}: {len(fields)} dimensions; expected {words}; they and the class are apart by colons, and a class "
            "needs `@classLabel true` with its name in the head"
        )
    columns = [_numbers(where, text) for text in fields]
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        hint = "; if the last one is a class, declare `@classLabel true` and its name in the head" * (lengths[-1] == 1)
        raise UserError(
            f"{where}: dimensions of {min(lengths)} to {max(lengths)} steps; expected the same in all dimensions of a "
            f"series{hint}"
        )
    return np.stack(columns, axis=1)


def _numbers(where: str, text: str) -> FloatArray:
    words = [word.strip() for word in text.split(",")]
    try:
        return np.array([np.nan if word in ("?", "", "NaN") else float(word) for word in words])
    except ValueError:
        bad = next(word for word in words if not _is_float(word))
        raise UserError(
            f"{where}: `{bad[:40]}` is not a number; expected numbers apart by commas, `?` if missing"
        ) from None


def _is_float(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return word in ("?", "")
    return True


def _without_tails(series: list[FloatArray]) -> tuple[list[FloatArray], tuple[str, ...]]:
    """Cuts steps at the end of a series that are missing in every dimension: they pad it."""
    kept, shorter = [], 0
    for one in series:
        there = np.flatnonzero(~np.isnan(one).all(axis=1))
        steps = int(there[-1]) + 1 if len(there) else len(one)
        shorter += steps < len(one)
        kept.append(one[:steps])
    note = f"{shorter} of {len(series)} series end in missing values, which pad them: read as shorter series"
    return kept, (note,) if shorter else ()


def _told(series: list[FloatArray], header: TsHeader) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if header.has_target:
        notes = ("`@targetLabel true`: the last number of each line is a target to predict and not used",)
    if header.equal_length and len({len(one) for one in series}) > 1:
        notes += ("`@equalLength true`, but series have different lengths",)
    return notes
