"""Finds the sweeps and runs that a user names; if there are none, suggests the nearest name."""

import difflib
from itertools import islice
from pathlib import Path

from rnngan_cli.errors import UserError
from rnngan_cli.store.files import RUNS, files_of
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.sweep import SweepFolder


def find_sweeps(path: Path) -> list[SweepFolder]:
    """The sweep at `path`, or all sweeps directly below it except links, as commands write tables into what is found.

    Raises:
        UserError: there is none; the message says what is there instead, and suggests a folder.
    """
    if _is_sweep(path):
        return [SweepFolder(path)]
    found = (
        [SweepFolder(file.parent) for file in sorted(path.glob("*/sweep.json")) if not file.parent.is_symlink()]
        if path.is_dir()
        else []
    )
    if not found:
        expected = "expected a folder with a sweep.json, such as results/sweep"
        raise UserError(f"`{path}`: no sweep here; {expected}; {_instead_of_sweep(path)}")
    return found


def find_run(path: Path) -> RunFolder:
    """The run at `path`, which may be a link, as the user named it.

    Raises:
        UserError: there is none; the message suggests one.
    """
    if is_run(path):
        return RunFolder(path.resolve())
    raise UserError(f"`{path}` holds no trained run; expected a folder below runs/ of a sweep; {_instead_of_run(path)}")


def is_run(path: Path) -> bool:
    """Whether a run is at `path`, which may be a link, or lie in the pack of its sweep.

    Raises:
        DamagedFileError: the pack is damaged.
    """
    return (path / "config.json").is_file() or files_of(path.resolve()).has("config.json")


def _is_sweep(path: Path) -> bool:
    return (path / "sweep.json").is_file()


def _instead_of_sweep(path: Path) -> str:
    """What is at a path without a sweep, or the folder that was probably meant."""
    above = next((folder for folder in path.parents if _is_sweep(folder)), None)
    if above is not None:
        return f"that is a part of `{above}`: give this"
    if path.is_dir():
        below = next(islice(path.glob("*/*/sweep.json"), 1), None)
        return f"did you mean `{below.parent.parent}`?" if below else "`rnngan sweep` makes one"
    if path.exists():
        return "that is a file"
    near = _nearest(path)
    return f"there is no such folder: did you mean `{near}`?" if near else "`rnngan sweep` makes one"


def _instead_of_run(path: Path) -> str:
    sweep = SweepFolder(path.parent if path.name == RUNS else path)
    first = next(sweep.runs(), None)
    if first is not None:
        return f"that is a sweep: give one of its runs, such as `{first.path}`"
    if path.exists():
        return "`rnngan status --all` lists the runs of a sweep"
    near = _nearest(path)
    return (
        f"there is no such folder: did you mean `{near}`?"
        if near
        else "`rnngan status --all` lists the runs of a sweep"
    )


def _nearest(path: Path) -> Path | None:
    """A folder whose name is close to that of a missing one in the same place."""
    try:
        names = [entry.name for entry in islice(path.parent.iterdir(), 10_000) if entry.is_dir()]
    except OSError:
        return None
    near = difflib.get_close_matches(path.name, names, n=1) if len(path.name) <= 100 else []
    return path.with_name(near[0]) if near else None
