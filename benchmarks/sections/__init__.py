"""The measurements of each section, as functions by name.

The functions are called one at a time and return raw times in a form that JSON can hold, with nothing derived.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.sections import bits, commands, growth, profile, reading, scoring, steps, sweeps
from benchmarks.tasks import Scale

Measurements = dict[str, Callable[[], dict[str, Any]]]

SECTIONS: dict[str, Callable[[Scale], Measurements]] = {
    "steps": steps.measurements,
    "bits": bits.measurements,
    "sweeps": sweeps.measurements,
    "commands": commands.measurements,
    "reading": reading.measurements,
    "scoring": scoring.measurements,
    "growth": growth.measurements,
    "profile": profile.measurements,
}
