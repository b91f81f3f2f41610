"""Descriptions of a run and a sweep: frozen records, read from TOML and the command line, written as canonical JSON.

    base       what every record is checked for
    data       the record of the data
    models     the records of a run and a sweep
    seeds      seeds as given on the command line
    words      the words that settings take
    options    options that belong to one loss or one data set
    hashing    identity and folder name of a run
    states     states of a run, and ends of an attempt at one
    names      names in a list that is written as one text
    toml       an experiment file read
    toml_text  values written as TOML

A `RunConfig` describes one training completely; its identity is a hash of everything in it that changes the result.
A `SweepConfig` describes a set of runs by lists and overrides; `sweeps/plan.py` turns it into runs. Names of losses and
data sets are plain strings here: their registries check them when a sweep is planned. No TensorFlow.
"""

from rnngan_cli.config.base import (
    LARGEST_STORED_SCORE,
    MOST_WHOLE,
    SCHEMA_VERSION,
    Model,
    Name,
    OptionValue,
    Seed,
    Table,
    build,
)
from rnngan_cli.config.data import DataConfig
from rnngan_cli.config.hashing import canonical_json, identity, of_older_run, run_name, shape_key
from rnngan_cli.config.models import RunConfig, SweepConfig
from rnngan_cli.config.names import join_names, one_or_more, rejoined, split_names
from rnngan_cli.config.seeds import MOST_SEEDS, parse_seeds
from rnngan_cli.config.states import ENDED, AttemptEnd, Rerun, RunState
from rnngan_cli.config.toml import read_experiment
from rnngan_cli.config.words import (
    AxisName,
    BudgetName,
    Cell,
    Forms,
    Gaps,
    KeptSamples,
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

__all__ = [
    "ENDED",
    "LARGEST_STORED_SCORE",
    "MOST_SEEDS",
    "MOST_WHOLE",
    "SCHEMA_VERSION",
    "AttemptEnd",
    "AxisName",
    "BudgetName",
    "Cell",
    "DataConfig",
    "Forms",
    "Gaps",
    "KeptSamples",
    "Labels",
    "Layout",
    "Missing",
    "Model",
    "Name",
    "OptimizerName",
    "OptionValue",
    "PenaltyName",
    "Precision",
    "ProfileName",
    "Readout",
    "Rerun",
    "RunConfig",
    "RunState",
    "Scaling",
    "ScheduleName",
    "Seed",
    "Short",
    "SweepConfig",
    "Table",
    "Transform",
    "ViewsName",
    "build",
    "canonical_json",
    "identity",
    "join_names",
    "of_older_run",
    "one_or_more",
    "parse_seeds",
    "read_experiment",
    "rejoined",
    "run_name",
    "shape_key",
    "split_names",
]
