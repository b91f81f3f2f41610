"""Options that belong to one loss or one data set: declared in its registry row, checked here."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from rnngan_cli.config.base import OptionValue
from rnngan_cli.errors import UserError, unknown


@dataclass(frozen=True)
class Option:
    """A named setting with its default and range.

    Attributes:
        default: the default value; its type is that of the option: an int option takes whole numbers, a float option
            any number.
        help: description in one sentence.
        choices: the words allowed; empty if any are.
        low, high: the range of numbers allowed, both ends included.
    """

    default: OptionValue
    help: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def expected(self) -> str:
        """The values allowed, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if isinstance(self.default, bool):
            return "true or false"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        low = "" if self.low is None else f" from {self.low}"
        return kind + low + ("" if self.high is None else f" to {self.high}")

    def allows(self, value: object) -> bool:
        """Whether a value has the right type and lies in range."""
        if self.choices:
            return value in self.choices
        if isinstance(self.default, bool) or isinstance(value, bool):
            return isinstance(self.default, bool) and isinstance(value, bool)
        if not isinstance(value, int if isinstance(self.default, int) else int | float):
            return False
        if not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:  # NaN and infinity
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def resolve_options(
    owner: str, options: Mapping[str, Option], given: Mapping[str, OptionValue]
) -> dict[str, OptionValue]:
    """Resolves every option of a loss or data set to the value given or its default.

    Args:
        owner: name of the loss or data set, for errors.
        options: its options by name.
        given: values by name.

    >>> resolve_options("vae", {"gamma": Option(0.5, "weight", low=0)}, {"gamma": 2})
    {'gamma': 2.0}

    Raises:
        UserError: an option is unknown (the nearest known one is named), or a value is out of range.
    """
    for name, value in given.items():
        if name not in options:
            known = list(options)
            raise (
                unknown(f"option of `{owner}`", name, known)
                if known
                else UserError(f"`{owner}` has no options: leave out `{name}`")
            )
        if not options[name].allows(value):
            raise UserError(
                f"`{owner}.{name} = {value}`: expected {options[name].expected}; the default is {options[name].default}"
            )
    return {name: _typed(option, given.get(name, option.default)) for name, option in options.items()}


def list_options(options: Mapping[str, Option]) -> list[dict[str, OptionValue]]:
    """Describes options for a listing: name, default, values allowed and help of each."""
    return [
        {"name": name, "default": option.default, "expected": option.expected, "help": option.help}
        for name, option in options.items()
    ]


def _typed(option: Option, value: OptionValue) -> OptionValue:
    """Converts whole numbers given for float options, so that 2 and 2.0 are the same run."""
    return float(value) if isinstance(option.default, float) else value
