"""What is measured, by section: a name for every measurement, and what to call for it.

Measurements are called one at a time and return what JSON can hold: times as they were taken, nothing derived.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.sections import commands, growth, profile, steps, sweeps
from benchmarks.tasks import Scale

Measurements = dict[str, Callable[[], dict[str, Any]]]

SECTIONS: dict[str, Callable[[Scale], Measurements]] = {
    "steps": steps.measurements,
    "sweeps": sweeps.measurements,
    "commands": commands.measurements,
    "growth": growth.measurements,
    "profile": profile.measurements,
}
