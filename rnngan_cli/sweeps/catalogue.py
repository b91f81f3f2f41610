"""What a listing shows of the losses, ready for JSON: the same facts for the command line, README and docs."""

from typing import Any

from rnngan_cli.config import SweepConfig
from rnngan_cli.config.options import list_options
from rnngan_cli.losses.variant import Variant
from rnngan_cli.sweeps.plan import plan

NOT_OF_A_PROFILE = ("schema_version", "loss", "cell", "seed", "data", "steps", "history_every", "checkpoint_every")
"""Fields of a run that no profile is about."""


def describe_loss(row: Variant) -> dict[str, Any]:
    """The facts of one loss: formulas, divergence, what to expect, source, departures, options and both profiles."""
    return {
        "name": row.name,
        "title": row.title,
        "discriminator": row.d_formula,
        "generator": row.g_formula,
        "divergence": row.divergence,
        "expect": row.expect,
        "source": row.source,
        "departures": list(row.departures),
        "readouts": list(row.readouts),
        "penalty": row.penalty,
        "penalties": list(row.penalties),
        "needs_labels": row.needs_labels,
        "options": list_options(row.options),
        "profiles": {
            "shared": {"settings": _settings(row, "shared"), "departures": []},
            "paper": {"settings": _settings(row, "paper"), "departures": list(row.paper.departures)},
        },
    }


def changed(facts: dict[str, Any]) -> dict[str, Any]:
    """The settings of a loss's paper that differ from the shared ones."""
    shared, paper = (facts["profiles"][name]["settings"] for name in ("shared", "paper"))
    return {name: value for name, value in paper.items() if value != shared[name]}


def _settings(row: Variant, profile: str) -> dict[str, Any]:
    """Every setting of a run under a profile, those of the loss's own by their names."""
    (run,) = plan(SweepConfig.model_validate({"losses": (row.name,), "seeds": (0,), "profile": profile}))
    values = run.model_dump(exclude=set(NOT_OF_A_PROFILE))
    options = values.pop("options")
    return {**values, **options}
