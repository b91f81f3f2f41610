"""From what a user typed to sweeps and runs; where there are none, the nearest that may have been meant."""

import difflib
from itertools import islice
from pathlib import Path

from rnngan_cli.errors import UserError
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.sweep import SweepFolder


def find_sweeps(path: Path) -> list[SweepFolder]:
    """The sweep at `path`, or every one directly below it but for links, as commands write tables into what is found.

    Raises:
        UserError: there is none; the message says what is there instead, and which folder may have been meant.
    """
    if _is_sweep(path):
        return [SweepFolder(path)]
    found = (
        [SweepFolder(one.parent) for one in sorted(path.glob("*/sweep.json")) if not one.parent.is_symlink()]
        if path.is_dir()
        else []
    )
    if not found:
        expected = "expected a folder with a sweep.json, such as results/sweep"
        raise UserError(f"`{path}`: no sweep here; {expected}; {_instead_of_sweep(path)}")
    return found


def find_run(path: Path) -> RunFolder:
    """The run at `path`, which may be a link: a user has named it.

    Raises:
        UserError: there is none; the message says which may have been meant.
    """
    if (path / "config.json").is_file():
        return RunFolder(path.resolve())
    raise UserError(f"`{path}` holds no trained run; expected a folder below runs/ of a sweep; {_instead_of_run(path)}")


def _is_sweep(path: Path) -> bool:
    return (path / "sweep.json").is_file()


def _instead_of_sweep(path: Path) -> str:
    """What is there, or may have been meant."""
    above = next((one for one in path.parents if _is_sweep(one)), None)
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
    runs = (path if path.name == "runs" else path / "runs").glob("*/config.json")
    one = min(runs, default=None)
    if one is not None:
        return f"that is a sweep: give one of its runs, such as `{one.parent}`"
    if path.exists():
        return "`rnngan status --all` lists the runs of a sweep"
    near = _nearest(path)
    return (
        f"there is no such folder: did you mean `{near}`?"
        if near
        else "`rnngan status --all` lists the runs of a sweep"
    )


def _nearest(path: Path) -> Path | None:
    """A folder beside the place of one that is not there, with nearly its name."""
    try:
        names = [one.name for one in islice(path.parent.iterdir(), 10_000) if one.is_dir()]
    except OSError:
        return None
    near = difflib.get_close_matches(path.name, names, n=1) if len(path.name) <= 100 else []
    return path.with_name(near[0]) if near else None
