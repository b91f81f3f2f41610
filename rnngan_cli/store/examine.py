"""Checks all files of one run, and says which are damaged and which are left out."""

from collections.abc import Callable
from pathlib import Path

from rnngan_cli.config import ENDED
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.manifest import MANIFEST_NAME
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.schemas import RunStatus

LEFT_OUT = ("format/manifest.json", "samples.npz", "weights/manifest.json")
"""Files that published copies may leave out: everything they show is in the scores as well."""

REPLACEABLE = ("config.json", "format/manifest.json", "samples.npz", "scores.json", "status.json")
"""Files that can be written again from a run's config, data and weights; others by training it again."""


def examine(run: RunFolder) -> tuple[RunStatus, dict[str, str]]:
    """The status of a run, `pending` if it cannot be read, and a line about every damaged file, by file name.

    All files of an ended run are checked against its manifest; what published copies leave out may be missing. Of a run
    that goes on only config and status are read: its checkpoints have manifests of their own.
    """
    status, found = RunStatus(), {}
    readers: dict[str, Callable[[], object]] = {"config.json": run.config} if run.is_begun() else {}
    try:
        status = run.status()
    except DamagedFileError as error:
        found["status.json"] = str(error)
    names: set[str] = set()
    try:
        if found or status.state in ENDED:
            names = set(run.hashed_files()) - set(left_out(run))
    except DamagedFileError as error:
        found[MANIFEST_NAME] = str(error)
    if names or status.state in ENDED:
        readers |= {"history.csv": run.history, "provenance.json": run.provenance, "scores.json": run.scores}
    for name in sorted({*readers, *names} - found.keys()):
        try:
            run.check(name)
            readers.get(name, bool)()
        except DamagedFileError as error:
            found[name] = str(error)
    return status, found


def left_out(run: RunFolder) -> list[str]:
    """Weights and samples that the manifest of a run lists and that are not there at all, as in published copies.

    Raises:
        DamagedFileError: the manifest cannot be read.
    """
    return [name for name in run.hashed_files() if name in LEFT_OUT and not run.files.has(Path(name).parts[0])]


def folders_with_manifest(run: RunFolder) -> list[Path]:
    """Folders of a run that `read_folder` can check: its weights, the format of its series, then its checkpoints."""
    patterns = ("weights/manifest.json", "format/manifest.json", "checkpoints/step-*/manifest.json")
    return [path.parent for pattern in patterns for path in sorted(run.path.glob(pattern))]
