"""What a listing shows of a loss, ready for JSON."""

from typing import Any

from rnngan_cli.losses.variant import Variant
from rnngan_cli.options import list_options


def describe(row: Variant) -> dict[str, Any]:
    """The facts of one loss: formulas, divergence, what to expect, source, readouts, penalties, options."""
    return {
        "name": row.name,
        "title": row.title,
        "discriminator": row.d_formula,
        "generator": row.g_formula,
        "divergence": row.divergence,
        "expect": row.expect,
        "source": row.source,
        "readouts": list(row.readouts),
        "penalty": row.penalty,
        "penalties": list(row.penalties),
        "needs_labels": row.needs_labels,
        "options": list_options(row.options),
    }
