"""The records of a run and of a sweep.

Names of losses and data sets are plain strings here: their registries check them when a sweep is planned.
"""

from typing import Any, Literal

from pydantic import Field, field_validator

from rnngan_cli.config.base import Frozen, Name, OptionValue, Seed, Table
from rnngan_cli.config.data import DataConfig
from rnngan_cli.config.seeds import parse_seeds
from rnngan_cli.config.words import (
    BudgetName,
    Cell,
    OptimizerName,
    PenaltyName,
    Precision,
    ProfileName,
    Readout,
    ScheduleName,
    ViewsName,
)


class RunConfig(Frozen):
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


class SweepConfig(Frozen):
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
