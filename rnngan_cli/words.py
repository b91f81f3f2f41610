"""Small pieces of text that several parts write alike."""

from collections.abc import Iterable, Sequence


def counted(count: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "seed"), counted(3, "seed")
    ('1 seed', '3 seeds')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> list[str]:
    """Lines of a Markdown table; rows may be added below.

    >>> markdown_table(["loss", "runs"], [["bce", "3"]])
    ['| loss | runs |', '| --- | --- |', '| bce | 3 |']
    """
    return [f"| {' | '.join(words)} |" for words in (titles, ["---"] * len(titles), *rows)]
