"""Times that occur more than once: rows of several series under each other, or measurements that share a time."""

import itertools
import re

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data.advice import option
from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.tables.forms_of import MOST_VALUES
from rnngan_cli.data.tables.roles import Roles
from rnngan_cli.data.times.calendars import CALENDAR_NAMES
from rnngan_cli.data.values.cells import Cells
from rnngan_cli.errors import UserError

ID_NAME = re.compile(
    r"(^|[_\s.-])(id|ids|run|unit|series|subject|patient|person|user|customer|household|device|sensor|station|store"
    r"|machine|engine|trial|episode|session|trip|flight|experiment|batch|cell|sample|sequence|seq|group|uid|nr)([_\s.-]|$)"
)
"""Names, in lower case, of columns that number series."""

IS_ID = re.compile(r"(^|[_\s.-])([iI][dD][sS]?|UID|uid)([_\s.-]|$)|[a-z]I[dD]$")
"""Names of columns that can hardly be measurements."""

MOST_LIKELY = 3
"""Number of likely id columns that are named."""
MOST_PAIRED = 8
"""Number of columns of words of which pairs are tried as ids."""
UNIQUE = 0.98
"""The least share of rows of repeated times that ids tell apart."""
FEW_REPEATED = 0.05
"""The share of times up to which repeated ones tell of no series: the end of summer time, or a message sent twice."""


def check_repeats(cells: Cells, roles: Roles, config: DataConfig, groups: list[IntArray]) -> tuple[str, ...]:
    """Counts the times that occur more than once in a series; returns a note on them.

    Raises:
        UserError: most times are repeated, and a column that is not listed by the user tells the series apart.
    """
    if roles.time is None:
        return ()
    time = roles.time
    counts = np.concatenate([np.unique(time.values[group], return_counts=True)[1] for group in groups])
    repeated, total = int((counts > 1).sum()), len(counts)
    if not repeated:
        return ()
    name = " and ".join(f"`{column.name}`" for column in time.columns)
    many = f"{counts[0]} times" if (counts == counts[0]).all() else "more than once"
    most = (
        f"every time occurs {many}"
        if repeated == total
        else f"{repeated} of {total} times {'occurs' if repeated == 1 else 'occur'} more than once"
    )
    most = f"{most} in {name}" if roles.id is None else f"{most} in {name} of a series"
    if repeated > FEW_REPEATED * total:
        _refuse_unnamed(cells, roles, config, groups, most)
    if repeated > total / 2 and roles.id is None:
        return (f"{most}, and no column tells series apart; rows of one time follow each other as in the file",)
    return (f"{most}; such rows follow each other as in the file",)


def _refuse_unnamed(cells: Cells, roles: Roles, config: DataConfig, groups: list[IntArray], most: str) -> None:
    """Refuses rows of one time, which `most` counts in words, if a column, or two together, tell them apart.

    Raises:
        UserError: there are such columns, which the user has not listed.
    """
    pivot = "names what is measured, give each quantity a column of its own, such as by pandas' pivot"
    listed = "list the features with `--columns`"
    likely = _likely_ids(cells, roles, config, groups)
    pair = None if likely or roles.id is not None else _likely_pair(cells, roles, config, groups)
    if likely and roles.id is None:
        named = likely[0]
        others = f" (or {', '.join(f'`{other}`' for other in likely[1:])})" if likely[1:] else ""
        said = (
            f"rows of {cells.distinct(named)} series that `{named}`{others} names? Then use "
            f"`{option('--id-column', named)}`; if it is a measurement, {listed}, it among them; if it {pivot}"
        )
    elif likely:
        said = f"`{likely[0]}` tells such rows apart; if it {pivot}; if it is a measurement, {listed}, it among them"
    elif pair is not None:
        said = (
            f"rows of series that `{pair[0]}` and `{pair[1]}` name together? If one {pivot}, and name the series by "
            "the other with `--id-column`; if both name series, join them into one column of ids; if they are "
            f"measurements, {listed}, both among them"
        )
    else:
        return
    raise UserError(f"`{cells.table.path}`: {most}: {said}")


def _likely_ids(cells: Cells, roles: Roles, config: DataConfig, groups: list[IntArray]) -> list[str]:
    """Columns within whose values every time occurs once, fewest values first; of numbers, where most times repeat."""
    times, rows = _times_and_rows(roles, groups)
    often = len(rows) > len(cells) // 2
    found = []
    for name in _without_role(cells, roles, config):
        count = cells.distinct(name)
        if (
            1 < count <= len(rows) // 2
            and _may_name(cells, name, often)
            and _tells_apart(times, _codes(cells, name)[rows])
        ):
            found.append((count, name))
    return [name for _, name in sorted(found)[:MOST_LIKELY]]


def _likely_pair(cells: Cells, roles: Roles, config: DataConfig, groups: list[IntArray]) -> tuple[str, str] | None:
    """The first two columns of words within whose pairs of values every time occurs once; None if there are none."""
    times, rows = _times_and_rows(roles, groups)
    words = [
        name for name in _without_role(cells, roles, config) if cells.is_text(name) and cells.numbers(name) is None
    ]
    named = [name for name in words if 1 < cells.distinct(name) <= MOST_VALUES][:MOST_PAIRED]
    codes = {name: _codes(cells, name)[rows] for name in named}
    for one, other in itertools.combinations(named, 2):
        if _tells_apart(times, codes[one] * MOST_VALUES + codes[other]):
            return one, other
    return None


def _times_and_rows(roles: Roles, groups: list[IntArray]) -> tuple[IntArray, IntArray]:
    """Numbers of the times that repeat within a series, for each such row, and the numbers of these rows."""
    rows, lengths = np.concatenate(groups), [len(group) for group in groups]
    values = np.zeros(len(rows)) if roles.time is None else roles.time.values[rows]
    times = np.unique(values, return_inverse=True)[1].astype(np.int64)
    of_series = np.repeat(np.arange(len(groups)), lengths) * (times.max() + 1) + times
    numbers, counts = np.unique(of_series, return_inverse=True, return_counts=True)[1:]
    again = counts[numbers] > 1
    return numbers[again].astype(np.int64), rows[again]


def _without_role(cells: Cells, roles: Roles, config: DataConfig) -> list[str]:
    """The columns that are neither time, id nor label, nor listed by the user."""
    times = () if roles.time is None else (column.name for column in roles.time.columns)
    taken = {*config.columns, roles.id, roles.label, *times}
    return [name for name in cells.table.names if name not in taken]


def _may_name(cells: Cells, name: str, also_numbers: bool) -> bool:
    """Whether the cells of a column may be names: words, or also whole numbers."""
    numbers = cells.numbers(name)
    return numbers is None or (also_numbers and bool((numbers.values == np.rint(numbers.values)).all()))


def _codes(cells: Cells, name: str) -> IntArray:
    """Numbers of the different words of a column, from 0, (rows,)."""
    words = cells.words(name).to_numpy(dtype=object).astype(str)
    return np.unique(words, return_inverse=True)[1].astype(np.int64)


def _tells_apart(times: IntArray, codes: IntArray) -> bool:
    """Whether nearly every row has a time and a code that no other row has together."""
    pairs = codes * (times.max() + 1) + times
    return len(np.unique(pairs)) >= UNIQUE * len(times)


def check_blocks(cells: Cells, roles: Roles, config: DataConfig) -> None:
    """Checks that no column that would be a category stands in blocks, as the names of series or classes do.

    Raises:
        UserError: one does, neither an id is named nor are the features listed.
    """
    if roles.id is None and roles.time is None and (names := _blocks(cells, roles, config)):
        raise UserError(_block_advice(cells, names))


def check_numbered_series(cells: Cells, roles: Roles, config: DataConfig) -> None:
    """Checks that no column of features numbers series, whose rows would be taken for one record.

    Raises:
        UserError: one does, neither an id is named nor are the features listed.
    """
    if roles.id is not None or config.columns:
        return
    for name in roles.features:
        said = _numbers_series(cells, name)
        if said:
            raise UserError(
                f"`{cells.table.path}`: `{name}` {said}; if it numbers the series, use "
                f"`{option('--id-column', name)}`; if it is a measurement, list the features with `--columns`, it too"
            )


def _numbers_series(cells: Cells, name: str) -> str:
    """What makes whole numbers look like numbers of series; empty if nothing does.

    They stand in blocks, and are called an id or another column rises anew in each block; or they are few, and called
    an id outright.
    """
    numbers = cells.numbers(name)
    if numbers is None or name.lower() in CALENDAR_NAMES or not np.isfinite(numbers.values).all():
        return ""
    values = numbers.values
    whole, count = bool((values == np.rint(values)).all()), len(np.unique(values))
    if not whole or not 1 < count <= len(values) // 3:
        return ""
    begins = np.append(True, np.diff(values) != 0)
    if begins.sum() != count:
        return "is called an id" if IS_ID.search(name) else ""
    anew = any(
        other != name and (found := cells.numbers(other)) is not None and _rises_anew(found.values, begins)
        for other in cells.table.names
    )
    return "stays the same over blocks of rows" if anew or ID_NAME.search(name.lower()) else ""


def _rises_anew(values: FloatArray, begins: np.ndarray) -> bool:
    """Whether values rise from row to row, and fall back where a block begins, and nowhere else."""
    return bool(np.isfinite(values).all() and ((np.diff(values) > 0) == ~begins[1:]).all() and len(values) > 1)


def _blocks(cells: Cells, roles: Roles, config: DataConfig) -> list[str]:
    """Columns of words or whole numbers whose equal values follow each other: they may name series or classes."""
    if config.columns:
        return []
    found = []
    for name in roles.features:
        if not cells.is_text(name) or cells.numbers(name) is not None:
            continue
        words = cells.words(name).to_numpy(dtype=object).astype(str)
        changes = int((words[1:] != words[:-1]).sum())
        count = cells.distinct(name)
        if 1 < count <= len(words) // 2 and changes == count - 1:
            found.append(name)
    return found


def _block_advice(cells: Cells, names: list[str]) -> str:
    name = max(names, key=cells.distinct)
    listed = ", ".join(f"`{other}`" for other in names)
    holds = "holds words that stand" if len(names) == 1 else "hold words that stand"
    return (
        f"`{cells.table.path}`: {listed} {holds} in blocks, such as the names of series or classes; use "
        f"`{option('--id-column', name)}` for series, `--label-column` for classes, or leave them out with "
        f"`{option('--drop-columns', *names)}`; `--columns` trains on them"
    )
