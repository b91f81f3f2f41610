"""A copy of a finished run in a place of its own, where its generator can be used by itself."""

from pathlib import Path

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.store.checkpoints import CHECKPOINTS_FOLDER
from rnngan_cli.store.run import RunFolder
from rnngan_cli.system import atomic
from rnngan_cli.system.lock import LOCK_NAME
from rnngan_cli.system.safe_open import make_folder


def copy_run(run: RunFolder, place: Path) -> None:
    """Copies the folder of a run without checkpoints and locks, in place of what is there; never half of it.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    making = atomic.temporary_path(place)
    with atomic.reporting_disk_errors(place):
        make_folder(place.parent)
        atomic.clear_leftovers(place.parent)
        try:
            for source in sorted(run.path.rglob("*")):
                part = source.relative_to(run.path)
                if source.is_file() and part.parts[0] not in (CHECKPOINTS_FOLDER, LOCK_NAME):
                    make_folder((making / part).parent)
                    atomic.write_bytes(making / part, source.read_bytes())
            atomic.remove(place)
            making.rename(place)
        except (OSError, EnvironmentFaultError):
            atomic.remove(making)  # what is half there would take room of a disk that has none
            raise
