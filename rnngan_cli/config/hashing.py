"""Canonical JSON of the config of a run, and the hashes and names derived from it."""

import hashlib
import json

from rnngan_cli.config.models import DataConfig, RunConfig


def canonical_json(value: object) -> str:
    """Formats a value as JSON with sorted keys and no spaces, so that equal values give equal text.

    >>> canonical_json({"b": 1, "a": [1.5, True]})
    '{"a":[1.5,true],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


ADDED_LATER = ("precision",)
"""Fields of a run that enter its identity only if they differ from their default, so that results older than the field
kept their names: they are results of the default."""
DATA_ADDED_LATER = ("short",)
"""The same of the data part."""


def identity(config: RunConfig) -> str:
    """SHA-256 of everything that changes the result of a run; the path of its data and `checkpoint_every` do not."""
    content = config.model_dump(mode="json", exclude={"checkpoint_every": True, "data": {"file": True}})
    for part, model, names in ((content, RunConfig, ADDED_LATER), (content["data"], DataConfig, DATA_ADDED_LATER)):
        for name in names:
            if part[name] == model.model_fields[name].default:
                del part[name]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def shape_key(config: RunConfig) -> str:
    """A hash that is equal for runs that can share compiled steps: they differ at most in seed, length and rates."""
    free = {"seed", "steps", "d_learning_rate", "g_learning_rate", "history_every", "checkpoint_every"}
    content = config.model_dump(mode="json", exclude=free)
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def run_name(config: RunConfig) -> str:
    """The folder name of a run: its label, and eight characters of its identity."""
    return f"{config.label}-{identity(config)[:8]}"
