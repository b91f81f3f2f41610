"""Tables of known cells, written in random dialects, are read back exactly, or refused by one line: never otherwise."""

import bz2
import gzip
import io
import lzma
import os
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnngan_cli.data.formats.text import TextOptions, read_text_table
from rnngan_cli.errors import UserError

EXAMPLES = int(os.environ.get("RNNGAN_EXAMPLES", "250"))
"""A few in the suite; thousands by setting the variable."""
KINDS = ("decimal", "decimal", "whole", "date", "time", "word")


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", content)
    return buffer.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le")
WORDS = ("alpha", "Größe", "north west", "it's", 'say "hi"', "a,b", "x;y", "p|q", "on", "line\nbreak", "Ünder_score")
NAMES = (
    *("time", "temp", "Leistung, kW", "T [°C]", "flow;rate", "x|y", "value", "Open", "Größe", "a b", 'the "one"'),
    *("NOx(GT)", "pm2.5", "sensor_1", "class", "subject"),
)


@dataclass(frozen=True)
class Written:
    """A table and how it is written.

    Attributes:
        names, rows: what must be read back.
        content: bytes of the file.
        text: the same before it was encoded and compressed.
        options: all that a user can settle.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    content: bytes
    text: str
    options: TextOptions


@st.composite
def columns(draw: st.DrawFn, kind: str, rows: int, comma: bool) -> list[str]:
    """Cells of one column, some of them missing."""
    base = draw(st.integers(-500, 500))
    step = draw(st.integers(1, 977))
    missing = draw(st.sampled_from(("", "NA", "?", None, None, None)))
    numbers = [(base + row * step) % 997 for row in range(rows)]
    if kind == "decimal":
        cells = [f"{number / 7 - 60:.3f}".replace(".", "," if comma else ".") for number in numbers]
    elif kind == "whole":
        cells = [str(number) for number in numbers]
    elif kind == "date":
        pattern = draw(
            st.sampled_from(("{0:04d}-{1:02d}-{2:02d}", "{2:02d}/{1:02d}/{0:04d}", "{2:02d}.{1:02d}.{0:04d}"))
        )
        cells = [pattern.format(2020 + row // 336, row // 28 % 12 + 1, row % 28 + 1) for row in range(rows)]
    elif kind == "time":
        cells = [f"2021-03-{row // 24 % 28 + 1:02d} {row % 24:02d}:30:00" for row in range(rows)]
    else:
        some = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))
        cells = [some[row % len(some)] for row in range(rows)]
    if missing is not None and rows > 8:
        for row in range(3 + step % 3, rows - 1, 5):
            cells[row] = missing
    return cells


def quoted(cell: str, delimiter: str, always: bool) -> str:
    marks = ("\n", "\r", '"', "," if delimiter == "," else delimiter)
    if always or any(mark in cell for mark in marks) or cell != cell.strip() or (delimiter == " " and not cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@st.composite
def tables(draw: st.DrawFn) -> Written:
    delimiter = draw(st.sampled_from((",", ";", "\t", "|", " ")))
    comma = delimiter != "," and draw(st.booleans())
    always = draw(st.sampled_from((False, False, True)))
    width, rows = draw(st.integers(1, 6)), draw(st.integers(2, 40))
    names = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=width, max_size=width, unique=True)))
    header = draw(st.sampled_from((True, True, False)))
    kinds = [draw(st.sampled_from(KINDS)) for _ in range(width)]
    if (not header or width == 1) and not {*kinds} & {"decimal", "whole", "date"}:  # only words: which are names?
        kinds[0] = "decimal"
    grid = tuple(zip(*(draw(columns(kind, rows, comma)) for kind in kinds), strict=True))
    end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    tails = draw(st.sampled_from((0, 0, 0, 2)))
    comments = draw(st.sampled_from(("", "", "#", "%", "//")))
    above = draw(st.sampled_from(((), (), ("Export of the logger",), ("Station Berlin", "Version 2.1 of the device"))))
    above = above if header or delimiter != " " else ()  # words between blanks may be names
    encoding, packing = draw(st.sampled_from(ENCODINGS)), draw(st.sampled_from(("plain", *PACKINGS)))

    def line(row: tuple[str, ...]) -> str:
        return delimiter.join([*(quoted(cell, delimiter, always) for cell in row), *[""] * tails])

    lines = [*above, *([""] if above and not header else [])]
    lines += [f"{comments} a comment, of words"] if comments else []
    lines += [line(names)] if header else []
    lines += [line(row) for row in grid]
    lines += draw(st.sampled_from(((), ("",), ("", ""))))
    lines += [delimiter * (width + tails - 1)] if draw(st.booleans()) else []
    text = end.join(lines) + (end if draw(st.booleans()) else "")
    content = PACKINGS[packing](text.encode(encoding))
    found = names if header else tuple(f"column_{place + 1}" for place in range(width))
    return Written(
        found, grid, content, text, TextOptions(encoding, delimiter if width + tails > 1 else "\x1e", header)
    )


def outcome(table: Written, folder: Path, options: TextOptions) -> str:
    """What came of reading: `exact`, `refused`, `noted` with an option that settles a doubt, or `wrong`."""
    path = folder / "mine.txt"
    path.write_bytes(table.content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = read_text_table(path, options)
    except UserError as error:
        assert "\n" not in str(error)
        return "refused"
    rows = [tuple(row) for row in found.frame.itertuples(index=False)]
    if tuple(found.frame.columns) == table.names and rows == list(table.rows):
        assert len(found.lines) == len(rows) and list(found.lines) == sorted({*found.lines})
        return "exact"
    return "noted" if "--" in " ".join(found.notes) else "wrong"


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Counter[str]]:
    """How many tables were read, and how, for the report of a run with `-s`."""
    counts: Counter[str] = Counter()
    yield counts
    sys.stdout.write(f"\n{dict(counts)}\n")


SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="RNNGAN_EXAMPLES" not in os.environ,  # the suite has the same tables every time
)


@SETTINGS
@given(table=tables())
def test_tables_are_read_back_or_refused_or_the_doubt_is_told(
    table: Written, tmp_path_factory: pytest.TempPathFactory, outcomes: Counter[str]
) -> None:
    """A doubt that is told is settled by the options: with them the table is read exactly, or refused."""
    folder = tmp_path_factory.getbasetemp()
    found = outcome(table, folder, TextOptions())
    settled = outcome(table, folder, table.options)
    outcomes.update((found, f"{settled} with options"))
    assert found != "wrong", table.text
    assert settled in {"exact", "refused"}, table.text


def test_most_tables_are_read_back_exactly(outcomes: Counter[str]) -> None:
    """A reader that refuses everything would pass the test above."""
    total = outcomes["exact"] + outcomes["noted"] + outcomes["refused"]
    assert total and outcomes["exact"] > 0.8 * total
    assert outcomes["exact with options"] > 0.95 * total
