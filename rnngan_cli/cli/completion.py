"""Shell completion: names from the registries, and the folders of sweeps and runs on disk.

`rnngan --install-completion` turns it on. It has to answer in a moment, so nothing heavy is imported.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import get_args

NamesFunction = Callable[[], Iterable[str]]
"""Gives the names of a registry, which is imported then."""
Complete = Callable[[str], list[str]]
"""Gives the words that begin with what is typed."""
MOST_SUGGESTIONS = 200
"""Most folders that are offered; nobody reads more."""
START = "results"
"""Folder in which sweeps are looked for while nothing is typed."""


def loss_names() -> Iterable[str]:
    """Names of the losses."""
    from rnngan_cli.losses import VARIANTS

    return VARIANTS


def cells() -> Iterable[str]:
    """Names of the cells."""
    from rnngan_cli.config import Cell

    return get_args(Cell)


def dataset_names() -> Iterable[str]:
    """Names of the built-in data sets."""
    from rnngan_cli.data.registry import SOURCES

    return SOURCES


def protocols() -> Iterable[str]:
    """Names of the protocols."""
    from rnngan_cli.evaluation.protocols import PROTOCOLS

    return PROTOCOLS


def scores() -> Iterable[str]:
    """Names of the scores."""
    from rnngan_cli.evaluation.metrics import METRICS

    return METRICS


def one_of(names: NamesFunction) -> Complete:
    """Completes one name."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


def some_of(names: NamesFunction) -> Complete:
    """Completes the last of several names with commas between them; those before are not offered again.

    >>> some_of(lambda: ["bce", "wgan", "vae"])("bce,")
    ['bce,wgan', 'bce,vae']
    """

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        given = before.split(",")
        offered = [*names(), *([] if comma else ["all"])]
        return [f"{before}{comma}{name}" for name in offered if name.startswith(last) and name not in given]

    return complete


def sweep_folders(incomplete: str) -> list[str]:
    """Completes the folder of a sweep."""
    return _matching(incomplete, _sweeps(incomplete))


def run_folders(incomplete: str) -> list[str]:
    """Completes the folder of a run."""
    return _matching(incomplete, (path for sweep in _sweeps(incomplete) for path in _runs(sweep)))


def _runs(sweep: Path) -> Iterable[Path]:
    if (sweep / "runs").is_dir():
        return [path for path in sorted((sweep / "runs").glob("[!.]*")) if path.is_dir()]
    from rnngan_cli.errors import DamagedFileError
    from rnngan_cli.store import SweepFolder

    with suppress(DamagedFileError):
        return [run.path for run in SweepFolder(sweep).runs()]
    return []


def _matching(incomplete: str, paths: Iterable[Path]) -> list[str]:
    here = "./" if incomplete.startswith("./") else ""  # a path forgets it
    found = dict.fromkeys(f"{here}{path}" for path in paths)
    return list(islice((path for path in found if path.startswith(incomplete)), MOST_SUGGESTIONS))


def _sweeps(incomplete: str) -> Iterator[Path]:
    """Sweeps around what is typed: those it lies in, those beside and below it."""
    typed = Path(incomplete)
    places = dict.fromkeys([typed, *typed.parents, Path(START)])
    for place in places:
        if (place / "sweep.json").is_file():
            yield place
            return
    for place in (typed, typed.parent, Path(START)):
        yield from sorted(path.parent for path in place.glob("*/sweep.json"))
