"""Controls that a user sets, `--label 3` or `--code c0=-2..2`, turned into one value per series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.errors import UserError, unknown
from rnngan_cli.losses import VARIANTS
from rnngan_cli.losses.variant import Control, Variant
from rnngan_cli.training.sampling import ControlValues

LABEL = "label"
"""Name of the control that has its own option; all other controls are set by `--code`."""


@dataclass(frozen=True)
class ControlRequest:
    """A control that a user sets.

    Attributes:
        name: name of the control.
        words: what was given for it, such as `3` or `-2..2`.
    """

    name: str
    words: str

    @property
    def option(self) -> str:
        """The option as it was given, for messages."""
        return f"--label {self.words}" if self.name == LABEL else f"--code {self.name}={self.words}"

    @property
    def ends(self) -> tuple[str, ...]:
        """The words for the value, or for both ends of a sweep."""
        return tuple(word.strip() for word in self.words.split("..", maxsplit=1))


@dataclass(frozen=True)
class ControlLayout:
    """The values of all controls that are set, and the sweep among them.

    Attributes:
        control_values: one value per series for each control that is set.
        swept: the control that takes several values in turn; None without a sweep.
        values: those values as words; empty without a sweep.
    """

    control_values: ControlValues
    swept: str | None = None
    values: tuple[str, ...] = ()


def read_requests(label: str | None, codes: Sequence[str]) -> list[ControlRequest]:
    """Reads the options of a command.

    Args:
        label: what was given for `--label`, or None.
        codes: what was given for `--code`, `NAME=VALUE` or `NAME=A..B` each.

    Raises:
        UserError: a code has no `=`, or is given twice.
    """
    requests = [] if label is None else [ControlRequest(LABEL, label.strip())]
    for code in codes:
        name, equals, words = code.partition("=")
        if not equals or not name.strip() or not words.strip():
            raise UserError(f"`--code {code}`: expected NAME=VALUE or NAME=A..B, such as `--code 0=2` or `c0=-2..2`")
        requests.append(ControlRequest(name.strip(), words.strip()))
    names = [request.name for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"`--code {name}=...` is given {names.count(name)} times: expected once")
    return requests


def lay_out_controls(
    requests: Sequence[ControlRequest], controls: Mapping[str, Control], names: Sequence[str], count: int, points: int
) -> ControlLayout:
    """Assigns values of the requested controls to series.

    Without a sweep every series has its own draw of noise. With a sweep, successive series take its values in turn and
    share everything else: the first draw of noise at every value, then the second draw.

    Args:
        requests: the controls to set.
        controls: all controls of the run's loss, by name.
        names: names of the labels, by number; may be empty.
        count: number of series.
        points: number of values in a sweep of a control without choices.

    Raises:
        UserError: a control does not exist or does not take its value, or two sweeps are requested.
    """
    sweeps = [request for request in requests if len(request.ends) == 2]
    if len(sweeps) > 1:
        raise UserError(f"`{sweeps[0].option}` and `{sweeps[1].option}`: expected one sweep at a time; fix one of them")
    values: dict[str, np.ndarray] = {}
    layout = ControlLayout(ControlValues())
    for request in requests:
        control = _control(request, controls)
        ends = [_number(request, word, control, names) for word in request.ends]
        if len(ends) == 1:
            values[request.name] = np.full(count, ends[0])
            continue
        swept_values = _sweep_values(request, control, ends, min(points, count))
        values[request.name] = np.resize(swept_values, count)
        labelled = request.name == LABEL and names
        words = tuple(names[int(value)] if labelled else f"{value:.3g}" for value in swept_values)
        layout = ControlLayout(ControlValues(sharing=len(swept_values)), request.name, words)
    return ControlLayout(ControlValues(values, layout.control_values.sharing), layout.swept, layout.values)


def _control(request: ControlRequest, controls: Mapping[str, Control]) -> Control:
    """Finds the control that a request names.

    Raises:
        UserError: the loss has no such control.
    """
    if request.name in controls:
        return controls[request.name]
    codes = [name for name in controls if name != LABEL]
    if request.name != LABEL and codes:
        raise unknown("code", request.name, codes)
    kind = "labels" if request.name == LABEL else "codes"
    owners = " or ".join(row.name for row in VARIANTS.values() if _takes(row, kind))
    raise UserError(f"`{request.option}`: this run's loss takes no {kind}; give a run of {owners}")


def _takes(row: Variant, kind: str) -> bool:
    """Returns whether a loss takes `labels` or `codes` with its default options."""
    defaults = {name: option.default for name, option in row.options.items()}
    controls = {} if row.inputs.controls is None else row.inputs.controls.offered(1, defaults)
    return any((name == LABEL) == (kind == "labels") for name in controls)


def _number(request: ControlRequest, word: str, control: Control, names: Sequence[str]) -> float:
    """Reads the value of a control: the number of a label or category, or the value of a continuous code.

    Raises:
        UserError: the control does not take the value.
    """
    if request.name == LABEL and word in names:
        return float(names.index(word))
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if control.choices and value not in range(control.choices):
        known = f" ({', '.join(names[:12])}{', ...' if len(names) > 12 else ''})" if request.name == LABEL else ""
        raise UserError(f"`{request.option}`: expected a whole number from 0 to {control.choices - 1}{known}, or A..B")
    if not np.isfinite(value) or abs(value) > 1e6:
        raise UserError(f"`{request.option}`: expected a number, or A..B for a sweep")
    return value


def _sweep_values(request: ControlRequest, control: Control, ends: Sequence[float], points: int) -> np.ndarray:
    """Returns the values of a sweep, in the order that series take them.

    Raises:
        UserError: the ends of a sweep over choices are in the wrong order.
    """
    if not control.choices:
        return np.linspace(ends[0], ends[1], points)
    if ends[1] < ends[0]:
        raise UserError(f"`{request.option}`: expected A..B with A below B")
    return np.arange(ends[0], ends[1] + 1)
