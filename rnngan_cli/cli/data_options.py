"""The options that say how the user's own file is read and prepared: defined once, for every command that reads one.

A command takes them by a parameter `data: DataFields` and the decorator `with_data_options`, which puts the options in
the place of the parameter.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import typer

from rnngan_cli.config import (
    Labels,
    Layout,
    Missing,
    Scaling,
    Short,
    Table,
    Transform,
    one_or_more,
    split_names,
)

DataFields = Mapping[str, Any]
"""Fields of the `data` table of an experiment that were given as options."""

NO_FIELDS: DataFields = MappingProxyType({})
"""No field was given."""

DATA_OPTIONS: dict[str, Any] = {
    "file": Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="FILE", help="Your own table, folder of tables or arrays; see `rnngan inspect FILE`."
        ),
    ],
    "window": Annotated[int | None, typer.Option(min=1, help="Steps per series cut from longer records.")],
    "columns": Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Columns of your file to use; a name that holds a comma in double quotes, as in"
            " '\"Power, kW\",Temp'. [default: all]",
        ),
    ],
    "drop_columns": Annotated[
        str | None, typer.Option(metavar="A,B", help="Columns of your file to leave out, such as remarks.")
    ],
    "id_column": Annotated[
        str | None, typer.Option(metavar="NAME", help="Column that identifies the series a row belongs to.")
    ],
    "label_column": Annotated[str | None, typer.Option(metavar="NAME", help="Column that holds labels.")],
    "time_column": Annotated[
        str | None,
        typer.Option(metavar="A[,B]", help="Column, or columns, to sort rows by; not a feature. [default: found]"),
    ],
    "time_format": Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Format of dates, such as '%d/%m/%Y'. [default: found]")
    ],
    "layout": Annotated[
        Layout | None, typer.Option(help="What rows of your table are: long, steps; wide, series. [default: found]")
    ],
    "axes": Annotated[
        str | None,
        typer.Option(
            metavar="series,steps,features",
            help="What the axes of your array count, in their order. [default: by their number]",
        ),
    ],
    "array": Annotated[str | None, typer.Option(metavar="NAME", help="Array of your NPZ that holds the series.")],
    "sheet": Annotated[str | None, typer.Option(metavar="NAME", help="Sheet of your workbook that holds the table.")],
    "header": Annotated[
        bool | None,
        typer.Option("--header/--no-header", help="Whether your file names its columns. [default: found]"),
    ],
    "delimiter": Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="What separates columns: a character, tab, space. [default: found]"),
    ],
    "decimal": Annotated[Literal[".", ","] | None, typer.Option(help="Decimal mark of your file. [default: found]")],
    "encoding": Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoding of your file, such as latin-1. [default: found]")
    ],
    "missing_marks": Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="Cells that stand for missing values, such as -200, besides NA, ? and the like."
        ),
    ],
    "missing": Annotated[Missing | None, typer.Option(help="What to do about missing values. [default: error]")],
    "short": Annotated[
        Short | None, typer.Option(help="What to do about series shorter than a window. [default: error]")
    ],
    "labels": Annotated[Labels | None, typer.Option(help="Labels for losses that need them. [default: auto]")],
    "scaling": Annotated[Scaling | None, typer.Option(help="Scaling, fitted on the training part. [default: minmax]")],
    "transform": Annotated[
        Transform | None,
        typer.Option(help="Train on differences, logarithms or log returns, for records that wander. [default: none]"),
    ],
    "transform_columns": Annotated[
        str | None, typer.Option(metavar="A,B", help="Columns to transform. [default: all of numbers]")
    ],
}
"""Every option by the field of the data that it sets."""

_LISTS = ("columns", "drop_columns", "missing_marks", "transform_columns")


def data_fields(given: Table) -> Table:
    """Fields of the `data` table of an experiment from the values of options; None where an option was not given.

    Raises:
        UserError: names of columns cannot be read.
    """
    fields = dict(given)
    if fields.get("file") is not None:
        fields["file"] = str(fields["file"])
    for name in _LISTS:
        if fields.get(name):
            fields[name] = split_names(fields[name])
    if fields.get("time_column"):
        fields["time_column"] = one_or_more(split_names(fields["time_column"]))
    if fields.get("axes"):
        fields["axes"] = tuple(name.strip() for name in fields["axes"].split(","))
    return fields


def with_data_options(command: Callable[..., None], *, left_out: tuple[str, ...] = ()) -> Callable[..., None]:
    """Gives a command the options of the data in place of its parameter `data`, which gets the fields.

    Args:
        command: the function, with a parameter `data`.
        left_out: fields without an option, such as `file` where the command has an argument for it.
    """
    options = {name: option for name, option in DATA_OPTIONS.items() if name not in left_out}
    signature = inspect.signature(command)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [
        inspect.Parameter(_parameter(name), kind, default=None, annotation=option) for name, option in options.items()
    ]
    parameters = [
        one for name, parameter in signature.parameters.items() for one in (own if name == "data" else [parameter])
    ]

    @functools.wraps(command)
    def expanded(**values: Any) -> None:
        given = {name: values.pop(_parameter(name), None) for name in options}
        command(**values, data=data_fields(given))

    expanded.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded


def _parameter(field: str) -> str:
    """The name of the parameter of a command for a field of the data."""
    return "data" if field == "file" else field
