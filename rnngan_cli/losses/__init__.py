"""The registry of losses. Nothing outside this package knows one by name.

The ten are in `rows.py`. A new loss is a function or two and a `Variant`: there, or in a package of one's own that
names it as an entry point of the group `rnngan.losses`; CONTRIBUTING.md shows one.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import entry_points

from rnngan_cli.errors import UserError, unknown
from rnngan_cli.losses.rows import ROWS
from rnngan_cli.losses.variant import Variant

ENTRY_POINTS = "rnngan.losses"
"""Group in which other packages name their losses."""


class _Registry(Mapping[str, Variant]):
    """The ten, and after them those of other packages.

    These are looked for when the registry is first listed, or asked for another loss than the ten: a package that is
    broken breaks no run of theirs.
    """

    _ten: Mapping[str, Variant] = {row.name: row for row in ROWS}

    @cached_property
    def _rows(self) -> dict[str, Variant]:
        rows = dict(self._ten)
        for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
            row = _load(point.name, point.load)
            if row.name in rows:
                raise UserError(f"entry point `{point.name}` of `{ENTRY_POINTS}`: there is a loss `{row.name}` already")
            rows[row.name] = row
        return rows

    def __getitem__(self, name: str) -> Variant:
        return self._ten[name] if name in self._ten else self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _load(name: str, load: Callable[[], object]) -> Variant:
    try:
        row = load()
    except Exception as error:  # whatever a package of somebody else's does when it is imported
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"entry point `{name}` of `{ENTRY_POINTS}` cannot be loaded: {reason}") from error
    if not isinstance(row, Variant):
        raise UserError(f"entry point `{name}` of `{ENTRY_POINTS}`: expected a Variant, found {type(row).__name__}")
    return row


VARIANTS: Mapping[str, Variant] = _Registry()


def variant(name: str) -> Variant:
    """The loss registered as `name`.

    Raises:
        UserError: there is none; the nearest known name is told.
    """
    if name not in VARIANTS:
        raise unknown("loss", name, VARIANTS)
    return VARIANTS[name]
