"""Divides a sweep into parts that run independently, such as the jobs of a job array on a cluster."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from rnngan_cli.config import RunConfig, shape_key
from rnngan_cli.errors import UserError

MOST_SHARDS = 10_000
Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count`, counted from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def lock(self) -> str:
        """Name of the lock that its scheduler holds, so that other shards can work in the same folder."""
        return f".lock-{self.index}-of-{self.count}"

    def bounds(self, total: int) -> tuple[int, int]:
        """The shard's first position in a list of `total`, and the one after its last; lengths differ by at most one.

        >>> [Shard(index, 3).bounds(8) for index in (1, 2, 3)]
        [(0, 2), (2, 5), (5, 8)]
        """
        return total * (self.index - 1) // self.count, total * self.index // self.count


def parse_shard(text: str) -> Shard:
    """Reads a shard such as `2/4`, the second of four.

    >>> parse_shard("2/4")
    Shard(index=2, count=4)

    Raises:
        UserError: the text is no shard.
    """
    words = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text.strip())
    index, count = map(int, words.groups()) if words else (0, 0)
    if not 1 <= index <= count <= MOST_SHARDS:
        raise UserError(f"`--shard {text}`: expected i/n with 1 <= i <= n <= {MOST_SHARDS}, such as 1/4 up to 4/4")
    return Shard(index, count)


def share(items: Sequence[Item], configs: Sequence[RunConfig], shard: Shard) -> list[Item]:
    """The items of a shard; runs of one shape stay together, whatever is done already.

    Args:
        items: an item for each run.
        configs: the runs, in the order of the plan, which is the same for every shard.
        shard: the part to take.
    """
    first: dict[str, int] = {}
    places = [first.setdefault(shape_key(config), len(first)) for config in configs]
    order = sorted(range(len(items)), key=lambda position: places[position])  # stable: seeds keep their order
    begin, end = shard.bounds(len(items))
    return [items[position] for position in sorted(order[begin:end])]
