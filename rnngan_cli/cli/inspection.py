"""The command `inspect`: how a file is understood, before anything is trained."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnngan_cli.cli.choices import AsJson
from rnngan_cli.cli.data_options import NO_FIELDS, DataFields, with_data_options
from rnngan_cli.errors import printable
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    from rnngan_cli.data.inspection import ColumnFacts, Inspection

LEVELS = "▁▂▃▄▅▆▇█"
"""Signs of a sketch, from the lowest value to the highest."""
LONGEST_CELL, LONGEST_RANGE = 28, 44
"""Most characters of a name and of a range in the table of columns."""
MOST_COLUMNS_SHOWN = 40
"""Most columns of the table; JSON has them all."""


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Your own table or arrays.", show_default=False)],
    data: DataFields = NO_FIELDS,
    as_json: AsJson = False,
) -> None:
    """Show how a file is understood: series, steps, columns with their roles and forms, doubts; nothing is trained.

    The options are those of `rnngan choose` and `rnngan sweep`, which are printed with them at the end.

    Examples:
      rnngan inspect my.csv
      rnngan inspect my.csv --id-column sensor --window 24
      rnngan inspect arrays.npz --axes series,features,steps --json
    """
    from rnngan_cli import data as data_room
    from rnngan_cli.config import DataConfig, build
    from rnngan_cli.errors import UserError

    given = {name: value for name, value in data.items() if value is not None}
    config = build(DataConfig, {**given, "file": str(file), "name": data_room.file_name(str(file))}, "data")
    found = data_room.describe_file(config)
    choosing = command_on(["choose", str(file), "--budget", "30m"], given)
    training = command_on(["sweep", "--losses", "bce,wgan", "--data", str(file)], given)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "choose": choosing, "command": training}, indent=2))
    else:
        for line in inspection_text(found, choosing, training):
            typer.echo(printable(line))
    if found.refusal:
        raise UserError(found.refusal)


def command_on(words: "Sequence[str]", given: DataFields) -> str:
    """A command with the same settings of the data."""
    options = [word for name, value in given.items() for word in option_words(name, value)]
    return command_line(["rnngan", *words, *options])


def option_words(name: str, value: object) -> list[str]:
    """A field of the data as an option of the command line."""
    from rnngan_cli.config import join_names

    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{name}"]
    return [flag, join_names(value) if isinstance(value, tuple) else str(value)]


def inspection_text(found: "Inspection", choosing: str, training: str) -> list[str]:
    """The lines that `inspect` prints: the answer, the columns, the notes, and the commands to go on with."""
    lines = [_answer(found), f"  file: {found.description}"]
    if found.kind:
        lines.append(f"  data: {_series_in_words(found)}")
    if found.classes:
        names = ", ".join(found.classes[:12]) + (", ..." if len(found.classes) > 12 else "")
        lines.append(f"  classes: {len(found.classes)} ({names})")
    if found.columns:
        lines += ["", *_column_table(found.columns)]
    if found.notes:
        lines += ["", "Notes:", *(f"  - {note}" for note in found.notes)]
    return lines if found.refusal else [*lines, "", f"Choose a loss for it: {choosing}", f"Train on it: {training}"]


def _answer(found: "Inspection") -> str:
    if found.refusal:
        return f"{found.file}: cannot be trained on as it is; the reason is in the last line"
    features = sum(column.role == "feature" for column in found.columns)
    parts = "/".join(str(count) for count in found.windows)
    size = f"{counted(found.steps, 'step')} x {counted(features, 'column')}"
    return f"{found.file}: {parts} series (train/validation/test) of {size}"


def _series_in_words(found: "Inspection") -> str:
    step = f"{found.step} a row" if found.step else "without a time of even steps"
    if found.kind == "record":
        gaps = f", {counted(found.gaps, 'gap')} in time" if found.gaps else ""
        return f"one record of {counted(found.rows, 'row')}, {step}{gaps}"
    low, high = found.lengths
    length = counted(low, "step") if low == high else f"{low} to {high} steps"
    return f"{counted(found.series, 'series').replace('seriess', 'series')} of {length}" + (
        f", {step}" if found.step else ""
    )


def _column_table(columns: "Sequence[ColumnFacts]") -> list[str]:
    """A line for each column: role, form, range, missing values, roughness and a sketch."""
    rows = [["column", "role", "form", "range", "missing", "rough", "sketch"]]
    for column in columns[:MOST_COLUMNS_SHOWN]:
        limits = f"{column.low} to {column.high}" if column.low != column.high else column.low
        if column.values is not None and not column.low:
            limits = counted(column.values, "value")
        rough = "" if column.roughness is None else f"{column.roughness:.2f}"
        missing = str(column.missing) if column.missing else ""
        rows.append([column.name, column.role, column.form, limits, missing, rough, sketch(column.shape)])
    rows = [[_short(cell) for cell in row[:3]] + [_short(row[3], LONGEST_RANGE)] + row[4:] for row in rows]
    kept = [place for place in range(7) if place < 2 or any(row[place] for row in rows[1:])]
    widths = {place: max(len(row[place]) for row in rows) for place in kept}
    lines = ["  ".join(row[place].ljust(widths[place]) for place in kept).rstrip() for row in rows]
    more = len(columns) - MOST_COLUMNS_SHOWN
    return [*lines, f"... and {more} more; `--json` has them all"] if more > 0 else lines


def _short(cell: str, most: int = LONGEST_CELL) -> str:
    return cell if len(cell) <= most else f"{cell[: most - 3]}..."


def sketch(values: "Sequence[float]") -> str:
    """Values as a line of signs, the lowest to the highest.

    >>> sketch([0.0, 1.0, 2.0])
    '▁▅█'
    """
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(LEVELS[int((value - low) / span * (len(LEVELS) - 1) + 0.5)] for value in values)


COMMANDS = (with_data_options(inspect, left_out=("file",)),)
