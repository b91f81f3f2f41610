"""Claims that a build may fail on, such as `wgan worse than bce by 0.01`."""

import math
import re
from dataclasses import dataclass

from rnngan_cli.errors import UserError


@dataclass(frozen=True)
class Claim:
    """A claim that `--fail-if` checks: a loss (or cell, or data set) is shown to be worse, or better, than another.

    Attributes:
        side: the first name.
        direction: `worse` or `better`.
        other: the second name.
        margin: the difference that is exceeded, in units of the score.
    """

    side: str
    direction: str
    other: str
    margin: float = 0.0

    @classmethod
    def read(cls, words: str) -> "Claim":
        """Parses a claim such as `A worse than B` or `A worse than B by 0.01`.

        >>> Claim.read("wgan worse than bce by 0.01")
        Claim(side='wgan', direction='worse', other='bce', margin=0.01)

        Raises:
            UserError: the words have another form.
        """
        found = re.fullmatch(r"\s*(\S.*?)\s+(worse|better)\s+than\s+(\S.*?)(?:\s+by\s+(\S+))?\s*", words)
        margin = _margin(found[4]) if found is not None else None
        if found is None or margin is None:
            raise UserError(
                f'`--fail-if {words}`: expected `A worse than B` or `A better than B`, as "wgan worse than bce", and a '
                'margin of 0 or more if any, as "wgan worse than bce by 0.01"'
            )
        return cls(found[1], found[2], found[3], margin)


def _margin(text: str | None) -> float | None:
    """A margin; 0 where none is given, None if it is no number of 0 or more."""
    try:
        value = float(text or 0)
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None
