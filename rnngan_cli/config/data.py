"""The record of the data that a run trains on."""

from typing import Literal

from pydantic import Field

from rnngan_cli.config.base import Frozen, Name, OptionValue
from rnngan_cli.config.words import AxisName, Forms, Gaps, Labels, Layout, Missing, Scaling, Short, Transform


class DataConfig(Frozen):
    """The data that a run trains on, and its preparation."""

    name: Name = Field("sines", description="Registered data set, or the name given to your own file.")
    file: str | None = Field(
        None,
        description="Your own table (text, Excel, Parquet, JSON, ARFF), a folder of them, or arrays (NPZ, NPY, TS).",
    )
    sha256: str | None = Field(None, description="SHA-256 of that file; filled in when a sweep is planned.")
    window: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Steps per series cut from a longer record; default: the data set's own.",
    )
    stride: int = Field(1, ge=1, description="Steps between the starts of neighbouring windows.")
    columns: tuple[str, ...] = Field((), description="Columns to use; default: all but id, label and time.")
    drop_columns: tuple[str, ...] = Field((), description="Columns of a table that are left out.")
    axes: tuple[AxisName, ...] = Field(
        (), description="What the axes of an NPY or NPZ array count, in their order; default: series, steps, features."
    )
    array: str | None = Field(None, description="Array of an NPZ that holds the series, where there are several.")
    sheet: str | None = Field(None, description="Sheet of a workbook that holds the table, where there are several.")
    id_column: str | None = Field(None, description="Column that identifies the series of a table.")
    label_column: str | None = Field(None, description="Column (or array of an NPZ) that holds the labels.")
    time_column: str | tuple[str, ...] | None = Field(
        None, description="Column to sort rows by, not a feature; or several, such as year, month and day."
    )
    time_format: str | None = Field(
        None, description="Format of the dates, such as %d/%m/%Y %H:%M; default: found in the file."
    )
    layout: Layout | None = Field(
        None, description="long: the rows of a table are steps; wide: each row is a series. Default: found."
    )
    encoding: str | None = Field(None, description="Encoding of a text file; default: found in the file.")
    delimiter: str | None = Field(
        None, description="What separates the columns of a text file: a character, tab or space; default: found."
    )
    header: bool | None = Field(None, description="Whether a text file names its columns; default: found.")
    decimal: Literal[".", ","] | None = Field(None, description="Decimal mark of a text file; default: found.")
    missing_marks: tuple[str, ...] = Field(
        (), description="Cells that stand for missing values, besides NA, ?, - and the like."
    )
    labels: Labels = Field(
        "auto",
        description="auto: given where the data has labels, else derived by k-means on training series.",
    )
    missing: Missing = Field("error", description="What to do with rows that hold NaN or infinite values.")
    short: Short = Field(
        "error", description="What to do with series that are shorter than a window: refuse them, or leave them out."
    )
    scaling: Scaling = Field(
        "minmax", description="Scaling fitted on the training part: to [0, 1], or to mean 0 and deviation 1."
    )
    blocks: int = Field(
        5,
        ge=1,
        description="Consecutive stretches a long record is cut into, each split by time 70/15/15; 1 is a plain split.",
    )
    transform: Transform = Field(
        "none",
        description="Train on differences, logarithms or log returns of columns of numbers; inverted on output.",
    )
    transform_columns: tuple[str, ...] = Field(
        (), description="Columns to transform; default: all columns of numbers that are not constant."
    )
    forms: Forms = Field(
        "file",
        description="file: whole numbers, booleans, categories and constants of your own file come out as such; "
        "numbers: every column is any number.",
    )
    gaps: Gaps = Field("split", description="Whether windows end where time is missing in your own file, or cross it.")
    options: dict[str, OptionValue] = Field({}, description="Options of the data set itself.")
