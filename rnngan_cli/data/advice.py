"""Options in advice, with the names of the user's columns in them, so that they can be typed as they stand."""

from rnngan_cli.config import join_names
from rnngan_cli.system.text import command_line

LISTS = frozenset(("--columns", "--drop-columns", "--missing-marks", "--time-column", "--transform-columns"))
"""Options that take several names."""


def option(flag: str, *names: str) -> str:
    """An option with names of columns, or with cells, as it is typed into a shell of this system.

    >>> option("--id-column", "Unnamed: 1") == command_line(["--id-column", "Unnamed: 1"])
    True
    >>> option("--columns", "Power", "Temp")
    '--columns Power,Temp'
    """
    return command_line([flag, join_names(names) if flag in LISTS else names[0]])
