"""Canonical JSON of the config of a run, and the hashes and names derived from it."""

import functools
import hashlib
import json

from rnngan_cli.config.base import Table
from rnngan_cli.config.models import RunConfig

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical_json(value: object) -> str:
    """Formats a value as JSON with sorted keys and no spaces, so that equal values give equal text.

    >>> canonical_json({"b": 1, "a": [1.5, True]})
    '{"a":[1.5,true],"b":1}'
    """
    return _CANONICAL.encode(value)


RUN_ADDED_LATER: dict[str, object] = {
    "precision": "float32",
    "d_schedule": "constant",
    "g_schedule": "constant",
    "average_half_life": None,
    "views": "none",
    "view_size": 0.5,
    "penalty_at": "series",
    "first_state": "zeros",
    "d_output_bias": True,
    "penalty_every": 1,
}
"""Fields of a run that enter its identity only if they differ from this value, of which results older than the field
are results, so that those kept their names."""

DATA_ADDED_LATER: dict[str, object] = {
    "drop_columns": [],
    "sheet": None,
    "short": "error",
    "time_format": None,
    "layout": None,
    "encoding": None,
    "delimiter": None,
    "header": None,
    "decimal": None,
    "missing_marks": [],
    "axes": [],
    "array": None,
    "transform": "none",
    "transform_columns": [],
    "forms": "numbers",
    "gaps": "ignore",
}
"""The same for fields of the data."""

OF_OWN_FILES = ("forms", "gaps")
"""Those of them that say nothing about a built-in data set."""


def of_older_run(values: Table) -> Table:
    """Adds to a stored config of a run the fields that it is older than, at the values they had in effect."""
    found = {**RUN_ADDED_LATER, **values}
    if isinstance(found.get("data"), dict):
        found["data"] = {**DATA_ADDED_LATER, **found["data"]}
    return found


def identity(config: RunConfig) -> str:
    """SHA-256 of everything that changes the result of a run; the path of its data and `checkpoint_every` do not."""
    described = config.model_dump_json(exclude={"seed": True, "checkpoint_every": True, "data": {"file": True}})
    before, after = _around_seed(described, own_file=config.data.file is not None)
    return hashlib.sha256(f"{before}{config.seed}{after}".encode()).hexdigest()


@functools.lru_cache(maxsize=1024)
def _around_seed(described: str, *, own_file: bool) -> tuple[str, str]:
    """What comes before and after the seed in the canonical JSON of the identity of a run: many differ in it alone.

    Args:
        described: JSON of the config without the seed and what does not change the result.
        own_file: whether the data is the user's own file.
    """
    content = json.loads(described)
    for name, before in RUN_ADDED_LATER.items():
        if content[name] == before:
            del content[name]
    data = content["data"]
    for name, before in DATA_ADDED_LATER.items():
        if data[name] == before or (not own_file and name in OF_OWN_FILES):
            del data[name]
    parts = [{name: value for name, value in content.items() if (name > "seed") == later} for later in (False, True)]
    before, after = map(canonical_json, parts)  # neither is empty: a run has a cell and steps
    return f'{before[:-1]},"seed":', f",{after[1:]}"


def shape_key(config: RunConfig) -> str:
    """A hash that is equal for runs that can share compiled steps: they differ at most in seed, length and rates."""
    free = {"seed", "steps", "d_learning_rate", "g_learning_rate", "history_every", "checkpoint_every"}
    content = config.model_dump(mode="json", exclude=free)
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def run_name(config: RunConfig) -> str:
    """The folder name of a run: its label, and eight characters of its identity."""
    return f"{config.label}-{identity(config)[:8]}"
