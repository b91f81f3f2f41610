"""The records of a run, its data and a sweep, and how values from a file or the command line become such a record.

Names of losses and data sets are plain strings here: their registries check them when a sweep is planned.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rnngan_cli.config.seeds import parse_seeds
from rnngan_cli.config.words import (
    AxisName,
    BudgetName,
    Cell,
    Forms,
    Gaps,
    Labels,
    Layout,
    Missing,
    OptimizerName,
    PenaltyName,
    Precision,
    ProfileName,
    Readout,
    Scaling,
    ScheduleName,
    Short,
    Transform,
    ViewsName,
)
from rnngan_cli.errors import UserError, unknown

SCHEMA_VERSION = 1
MOST_WHOLE = 2**31 - 1
"""Largest allowed count or width (int32, as in TensorFlow)."""
LARGEST_STORED_SCORE = 1e30
"""Largest size of a score that is stored, so that squares can be summed."""
OptionValue = bool | int | float | str
"""A value of an option of a loss or data set."""
Table = dict[str, Any]
"""Values by key, as read from a file or given on the command line, before they are checked."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_whole_numbers(self) -> Self:
        for name, value in vars(self).items():
            if isinstance(value, int) and value > MOST_WHOLE:
                raise ValueError(f"`{name}` should be at most {MOST_WHOLE}")
        return self


class DataConfig(_Frozen):
    """The data that a run trains on, and its preparation."""

    name: Name = Field("sines", description="Registered data set, or the name given to your own file.")
    file: str | None = Field(
        None, description="Your own table (CSV and other text, Parquet, ARFF) or arrays (NPZ, NPY, TS)."
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
    axes: tuple[AxisName, ...] = Field(
        (), description="What the axes of an NPY or NPZ array count, in their order; default: series, steps, features."
    )
    array: str | None = Field(None, description="Array of an NPZ that holds the series, where there are several.")
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


class RunConfig(_Frozen):
    """A complete description of one training."""

    schema_version: Literal[1] = 1
    loss: Name = Field("bce", description="One of the ten losses.")
    cell: Cell = Field("gru", description="Recurrent cell of every network of the run.")
    seed: Seed = Field(0, description="Seeds weights, batches, noise and judges.")
    data: DataConfig = DataConfig()
    steps: int = Field(2000, ge=1, description="Updates of the generator.")
    batch_size: int = Field(128, ge=2, description="Series per update.")
    critic_steps: int = Field(1, ge=1, le=100, description="Updates of the discriminator per update of the generator.")
    layers: int = Field(1, ge=1, le=16, description="Recurrent layers in each network.")
    units: int = Field(24, ge=1, le=8192, description="Units in each recurrent layer.")
    latent_series: int = Field(5, ge=0, description="Noise values drawn once per series.")
    latent_steps: int = Field(5, ge=0, description="Noise values drawn for every step.")
    first_state: Literal["zeros", "noise"] = Field(
        "zeros",
        description="State of the generator before the first step: zeros, or a dense layer of the noise and conditions "
        "of the first step.",
    )
    readout: Readout = Field(
        "mean",
        description="How per-step logits become an answer: their mean, the last, each step its own, or the logit of "
        "their mean probability.",
    )
    average: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Decay of the moving average of the generator that is sampled; 0 is off.",
    )
    average_half_life: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Half-life of that average as a share of the run, which sets its decay; default: `average` holds.",
    )
    d_optimizer: OptimizerName = Field("adam", description="Optimiser of the discriminator.")
    g_optimizer: OptimizerName = Field("adam", description="Optimiser of the generator, and of a recognizer.")
    d_learning_rate: float | None = Field(
        None,
        gt=0,
        description="Learning rate of the discriminator; default: 0.002 with adam and rmsprop, 0.1 with sgd.",
    )
    g_learning_rate: float | None = Field(
        None, gt=0, description="Learning rate of the generator; default: 0.001 with adam and rmsprop, 0.1 with sgd."
    )
    d_schedule: ScheduleName = Field(
        "constant", description="Learning rate of the discriminator over the run: constant, or falling to 0."
    )
    g_schedule: ScheduleName = Field(
        "constant", description="Learning rate of the generator over the run: constant, or falling to 0."
    )
    d_beta_1: float = Field(0.5, ge=0, lt=1, description="Discriminator: adam's decay of the first moment.")
    g_beta_1: float = Field(0.5, ge=0, lt=1, description="Generator: adam's decay of the first moment.")
    d_beta_2: float = Field(
        0.9, ge=0, lt=1, description="Discriminator: decay of the squared gradients of adam and rmsprop."
    )
    g_beta_2: float = Field(
        0.9, ge=0, lt=1, description="Generator: decay of the squared gradients of adam and rmsprop."
    )
    d_momentum: float = Field(0.0, ge=0, lt=1, description="Discriminator: momentum of sgd and rmsprop.")
    g_momentum: float = Field(0.0, ge=0, lt=1, description="Generator: momentum of sgd and rmsprop.")
    penalty: PenaltyName | Literal["auto"] = Field(
        "auto",
        description="Penalty or constraint on the discriminator; auto: the one a loss needs, else r1.",
    )
    penalty_weight: float | None = Field(
        None, ge=0, description="Weight of the penalty (of clip: the bound on a weight); default: the penalty's own."
    )
    penalty_at: Literal["series", "views"] = Field(
        "series",
        description="Whether penalties take gradients with respect to the series, or to all that the discriminator "
        "reads of the series, its views included.",
    )
    penalty_every: int = Field(
        1, ge=1, le=100, description="Penalise gradients in every so many updates of D, with its weight times that."
    )
    views: ViewsName = Field(
        "none",
        description="Fixed linear maps of series that the discriminator reads beside the series: first differences, "
        "principal components of equal deviation, or both.",
    )
    view_size: float = Field(0.5, gt=0, le=100, description="Deviation of a view, in deviations of training series.")
    spectral_norm: bool = Field(
        False, description="Divide the discriminator's input and output kernels by their largest singular value."
    )
    d_output_bias: bool = Field(True, description="Whether the discriminator adds a trained constant to its logits.")
    d_bidirectional: bool = Field(False, description="Let the discriminator read series from both ends.")
    precision: Precision = Field(
        "float32",
        description="Precision of the products of recurrent layers; mixed_bfloat16 is for hardware that is fast at it.",
    )
    options: dict[str, OptionValue] = Field({}, description="Options of the loss itself.")
    history_every: int = Field(20, ge=1, description="Updates of the generator per row of history.csv (means).")
    checkpoint_every: int = Field(500, ge=1, description="Updates of the generator between checkpoints.")

    @property
    def label(self) -> str:
        """The readable part of the run's folder name."""
        return f"{self.loss}-{self.cell}-{self.data.name}-s{self.seed}"


class SweepConfig(_Frozen):
    """A set of runs: every loss x cell x data set x point of the grid x seed."""

    schema_version: Literal[1] = 1
    losses: tuple[str, ...] = Field(("bce", "wgan"), description="Losses; `all` is every one.")
    cells: tuple[str, ...] = Field(("gru",), description="Cells; `all` is every one.")
    datasets: tuple[str, ...] = Field((), description="Data sets; `all` is every one without extra; default `sines`.")
    seeds: tuple[Seed, ...] = Field((0, 1, 2), description="Seeds; runs with one seed are paired across losses.")
    data: Table = Field({}, description="Fields of the data part, for every data set.")
    run: Table = Field({}, description="Fields of a run, for every run.")
    grid: dict[str, list[Any]] = Field({}, description="Fields of a run with a list of values each: all combinations.")
    override: dict[str, Table] = Field({}, description="Fields or options for one loss or one data set.")
    profile: ProfileName = Field(
        "recipe",
        description="Settings to start from: near the data (recipe), plain (shared), or those of each loss's paper.",
    )
    budget: BudgetName = Field("standard", description="Updates: a third of the profile's (quick), all, or 4 x (long).")
    noise: dict[str, tuple[int, int]] = Field(
        {}, description="Noise per series and per step, by data set; filled in when planned."
    )
    protocol: Name = Field("standard", description="How finished runs are scored.")

    @field_validator("losses", "cells", "datasets", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, value: object) -> object:
        return parse_seeds(value) if isinstance(value, str | int) and not isinstance(value, bool) else value


Model = TypeVar("Model", bound=BaseModel)


def build(model: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """Validates values as a frozen record.

    Args:
        model: class of the record.
        values: values by field, as read from a file or given on the command line.
        where: origin of the values, such as the name of a file, for errors.

    Raises:
        UserError: a value is wrong or a key unknown; the message names the first fault and the nearest known key.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(f"{where}: {_one_line(model, error)}") from error


def _one_line(model: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    path = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith("literal[")
    )  # parts of a union of literals
    if first["type"] == "extra_forbidden":
        owner = model
        for part in first["loc"][:-1]:
            inner = owner.model_fields[str(part)].annotation
            owner = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else owner
        return str(unknown("key", str(first["loc"][-1]), owner.model_fields))
    given = repr(first["input"])[:60]
    given = given if len(given) < 60 else given[:57] + "..."
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"`{path} = {given}`: {first['msg'][0].lower()}{first['msg'][1:]}{more}"
