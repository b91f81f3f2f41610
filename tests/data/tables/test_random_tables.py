"""Tables of known content, written in random dialects, are read back as they are, told where in doubt, or refused.

`RNNGAN_EXAMPLES=4000` writes other tables every time, and prints how many were read, told and refused.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnngan_cli.config import DataConfig
from rnngan_cli.data.files import load_file
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError

EXAMPLES = int(os.environ.get("RNNGAN_EXAMPLES", "250"))
"""A few in the suite; thousands by setting the variable."""

DATES = (
    *("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S"),
    *("%m/%d/%Y %H:%M", "%d-%b-%Y %H:%M", "%b %d, %Y %H:%M", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M %p"),
)
STEPS = (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))
MARKS = ("", "NA", "?", "-", "null", "n/a")
WORDS = ("calm", "storm", "north wind", "Fog", "rain", "haze")


@dataclass
class Known:
    """A table whose content is known.

    Attributes:
        names: names of the features, in the order of the file.
        values: (rows, features) in order of time, series by series; codes of categories; NaN where missing.
        forms: of each feature.
        ids: the id of each row in that order; empty without ids.
        text: the table as it is written.
        encoding: of the text.
        options: what the user has to say, as nothing in the file does.
    """

    names: list[str]
    values: FloatArray
    forms: list[str]
    ids: list[str]
    text: str
    encoding: str
    options: dict[str, object] = field(default_factory=dict)


@st.composite
def tables(draw: st.DrawFn) -> Known:
    """Draws a table; its parts are drawn by a seed, as what they are has no order to be made smaller in."""
    return written(random.Random(draw(st.integers(0, 2**40))))


def written(chance: random.Random) -> Known:
    series = chance.choice([1, 1, 3, 5])
    length = chance.randint(40, 70) if series == 1 else chance.randint(12, 20)
    rows = series * length
    delimiter = chance.choice([",", ";", "\t", "|"])
    decimal = "," if delimiter == ";" and chance.random() < 0.6 else "."
    names, columns, values, forms = [], [], [], []
    for number in range(chance.randint(1, 4)):
        form = chance.choice(
            ["decimal", "decimal", "whole", "boolean", "category", "constant"] if number else ["decimal"]
        )
        cells, codes = feature(chance, form, rows, decimal)
        if form in ("decimal", "whole") and chance.random() < 0.3:
            mark = chance.choice(MARKS)
            for row in chance.sample(range(2, rows - 2), 2):
                cells[row], codes[row] = mark, float("nan")
        names.append(chance.choice(["Temp", "Power (kW)", "x", "Leistung", "flow rate"]) + f" {chr(65 + number)}")
        columns.append(cells)
        values.append(codes)
        forms.append(form)
    header, written_columns = list(names), list(columns)
    options: dict[str, object] = {"missing": "interpolate"}
    ids = [f"s{row // length:02d}" for row in range(rows)] if series > 1 else []
    if ids:
        header.insert(0, "site")
        written_columns.insert(0, ids)
        options["id_column"] = "site"
    order = list(range(rows))
    if chance.random() < 0.7:
        start, step, form = datetime(2019, 1, 7, 3), chance.choice(STEPS), chance.choice(DATES)
        times = [(start + (row % length) * step).strftime(form) for row in range(rows)]
        place = chance.randint(0, len(header))
        header.insert(place, "when")
        written_columns.insert(place, times)
        order = chance.choice([order, order[::-1], chance.sample(order, rows)])
    if chance.random() < 0.2 and not ids:
        header.insert(0, "")
        written_columns.insert(0, [str(position) for position in np.argsort(order)])
    lines = [delimiter.join(quoted(cell, delimiter) for cell in header)]
    lines += [delimiter.join(quoted(column[row], delimiter) for column in written_columns) for row in order]
    end = chance.choice(["\n", "\r\n"])
    encoding = chance.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    return Known(names, np.column_stack(values), forms, ids, end.join(lines) + end, encoding, options)


def feature(chance: random.Random, form: str, rows: int, decimal: str) -> tuple[list[str], list[float]]:
    """Cells of a column and their values; a category is coded in the order of its words."""
    if form == "decimal":
        digits = chance.choice([1, 2, 4])
        centre, spread = chance.choice([(0.0, 1.0), (20.0, 9.0), (-300.0, 50.0)])
        cells = [f"{chance.gauss(centre, spread):.{digits}f}" for _ in range(rows)]
        return [cell.replace(".", decimal) for cell in cells], [float(cell) for cell in cells]
    if form == "whole":
        numbers = [chance.randint(-5, 90) for _ in range(rows)]
        return [str(number) for number in numbers], [float(number) for number in numbers]
    if form == "constant":
        word = chance.choice(["7", "0", "kW", "v1"])
        return [word] * rows, [float(word) if word.isdigit() else 0.0] * rows
    words: tuple[str, ...] = chance.choice([("no", "yes"), ("False", "True")])
    if form == "category":
        words = tuple(sorted(chance.sample(WORDS, chance.randint(3, 5))))
    codes = [*range(len(words)), *(chance.randrange(len(words)) for _ in range(rows - len(words)))]
    chance.shuffle(codes)
    return [words[code] for code in codes], [float(code) for code in codes]


def quoted(cell: str, delimiter: str) -> str:
    return f'"{cell}"' if delimiter in cell else cell


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Counter[str]]:
    """Counts of what became of the tables, printed at the end."""
    counts: Counter[str] = Counter()
    yield counts
    sys.stdout.write(f"\n{dict(counts)}\n")


def wrong(raw: Raw, known: Known) -> str:
    """What of a table was read otherwise than it is known; empty if nothing was."""
    if raw.feature_names != tuple(known.names):
        return f"features {raw.feature_names}"
    if known.ids and raw.ids != tuple(dict.fromkeys(known.ids)) and set(raw.ids) != set(known.ids):
        return f"ids {raw.ids}"
    order = np.argsort(raw.ids) if known.ids else [0]
    found = np.concatenate([np.asarray(raw.series[place]) for place in order])
    sure = np.isfinite(known.values)
    if found.shape != known.values.shape or not np.array_equal(found[sure], known.values[sure]):
        return "values"
    for column, form, values in zip(raw.columns, known.forms, known.values.T, strict=True):
        whole = form == "decimal" and (values[np.isfinite(values)] % 1 == 0).all()
        if column.form != form and not whole:
            return f"form {column.form} of {column.name}, which is {form}"
    return ""


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize="RNNGAN_EXAMPLES" not in os.environ,  # the suite has the same tables every time
)
@given(known=tables())
def test_tables_are_read_back_or_refused_or_the_doubt_is_told(
    known: Known, tmp_path_factory: pytest.TempPathFactory, outcomes: Counter[str]
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "random.csv"
    path.write_text(known.text, encoding=known.encoding, newline="")
    try:
        raw = load_file(DataConfig.model_validate({"file": str(path), **known.options}))
    except UserError as error:
        assert "\n" not in str(error)
        outcomes["refused"] += 1
        return
    fault = wrong(raw, known)
    told = "\n".join(raw.notes)
    outcomes["told" if fault else "read"] += 1
    doubts = {"features": "list it with `--columns`", "values": "`--time-format"}
    settles = next((option for start, option in doubts.items() if fault.startswith(start)), None)
    assert not fault or (settles is not None and (settles in told or "`--decimal" in told)), f"{fault}\n{told}"


def test_most_tables_are_read(outcomes: Counter[str]) -> None:
    total = sum(outcomes.values())
    assert outcomes["read"] > 0.9 * total, dict(outcomes)
