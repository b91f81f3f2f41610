"""Which of several tables in a file is meant: tables that are far smaller than another describe it."""

from collections.abc import Mapping

_MUCH = 0.1
"""A table counts beside others from this share of the values of the largest one on."""


def large_ones(sizes: Mapping[str, int]) -> list[str]:
    """The names of the tables that hold at least a tenth as many values as the largest one; none that is empty.

    >>> large_ones({"About": 3, "May": 900, "June": 870, "Chart": 0})
    ['May', 'June']
    """
    most = max(sizes.values(), default=0)
    return [name for name, size in sizes.items() if size and size >= _MUCH * most]
