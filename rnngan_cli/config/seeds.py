"""Seeds as they are given on the command line: a count, a range or a list."""

from rnngan_cli.errors import UserError

MOST_SEEDS = 10_000
"""Upper bound on the number of seeds; more is almost certainly a typo."""


def parse_seeds(text: str | int) -> tuple[int, ...]:
    """Reads seeds given as a count (`5` is five seeds from 0), a range (`0..4`) or a list (`0,3,7`).

    >>> parse_seeds("3"), parse_seeds("2..4"), parse_seeds("0,3,7")
    ((0, 1, 2), (2, 3, 4), (0, 3, 7))

    Raises:
        UserError: the text is anything else, or gives no seed, repeated ones or more than `MOST_SEEDS`.
    """
    words = str(text).strip()
    try:
        if ".." in words:
            first, last = words.split("..")
            seeds = tuple(range(int(first), int(last) + 1)[: MOST_SEEDS + 1])
        elif "," in words:
            seeds = tuple(int(word) for word in words.split(","))
        else:
            seeds = tuple(range(int(words))[: MOST_SEEDS + 1])
    except ValueError:
        seeds = ()
    if not seeds or len(set(seeds)) != len(seeds) or len(seeds) > MOST_SEEDS:
        raise UserError(f"`--seeds {text}`: expected a count (5), a range (0..4) or a list without repeats (0,3,7)")
    return seeds
