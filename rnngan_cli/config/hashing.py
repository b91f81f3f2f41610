"""Canonical JSON of a run's config, and the hashes and names made of it."""

import hashlib
import json

from rnngan_cli.config.models import RunConfig


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text.

    >>> canonical_json({"b": 1, "a": [1.5, True]})
    '{"a":[1.5,true],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


ADDED_LATER = ("precision",)
"""Fields of a run that count for its identity only where they differ from their default: results that are older than
the field keep their names, and are the results of the default."""


def identity(config: RunConfig) -> str:
    """SHA-256 of what changes a run's result: not the file's path, not how often a checkpoint is written."""
    content = config.model_dump(mode="json", exclude={"checkpoint_every": True, "data": {"file": True}})
    for name in ADDED_LATER:
        if content[name] == RunConfig.model_fields[name].default:
            del content[name]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def shape_key(config: RunConfig) -> str:
    """Equal for runs that can share compiled steps: all but seed, length and rates is the same."""
    free = {"seed", "steps", "d_learning_rate", "g_learning_rate", "history_every", "checkpoint_every"}
    content = config.model_dump(mode="json", exclude=free)
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def run_name(config: RunConfig) -> str:
    """The run's folder name: what it is, and eight characters of its identity."""
    return f"{config.label}-{identity(config)[:8]}"
