"""The registry of losses. Nothing outside this package knows a loss by name.

    rows.py           the ten losses, a row each
    variant.py        what a row is: texts, functions, and the rules that a run has to keep
    game.py, play.py  what the functions of a loss are given, and how they run the networks
    scores.py         pure functions of logits that networks minimise
    plain.py          losses made of such a score alone
    conditional.py, informative.py, variational.py
                      losses with labels, with codes, with an encoder
    penalties.py      gradient penalties and weight clipping, for any loss

A new loss is a function or two and a `Variant`: in `rows.py`, or in another package that names it as an entry point of
the group `rnngan.losses`. CONTRIBUTING.md shows an example.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import entry_points

from rnngan_cli.errors import UserError, unknown
from rnngan_cli.losses.rows import ROWS
from rnngan_cli.losses.variant import Variant

ENTRY_POINTS = "rnngan.losses"
"""The group of entry points in which other packages name their losses."""


class _Registry(Mapping[str, Variant]):
    """Maps names to losses: the ten first, then those of other packages.

    Other packages are searched only when the registry is listed or asked for a loss that is not one of the ten, so a
    broken package cannot break a run of the ten.
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
    """Loads the loss of an entry point.

    Raises:
        UserError: the package cannot be imported, or names something that is not a `Variant`.
    """
    try:
        row = load()
    except Exception as error:  # importing another package can raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"entry point `{name}` of `{ENTRY_POINTS}` cannot be loaded: {reason}") from error
    if not isinstance(row, Variant):
        raise UserError(f"entry point `{name}` of `{ENTRY_POINTS}`: expected a Variant, found {type(row).__name__}")
    return row


VARIANTS: Mapping[str, Variant] = _Registry()
"""All losses by name."""


def variant(name: str) -> Variant:
    """Returns the loss with a name.

    Raises:
        UserError: no loss has this name; the message suggests the nearest one.
    """
    if name not in VARIANTS:
        raise unknown("loss", name, VARIANTS)
    return VARIANTS[name]
