"""A sweep's folder: the folders of its runs, and what belongs to all of them."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnngan_cli.config import RunConfig, SweepConfig, build, run_name
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store.files import RUNS, pack_in_use, refuse_packed
from rnngan_cli.store.manifest import content_hash
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.schemas import Calibration, SweepProgress, file_content, read_record, validated
from rnngan_cli.system.atomic import (
    clear_leftovers,
    json_bytes,
    make_own_folder,
    npz_bytes,
    own_path,
    remove,
    write_bytes,
    write_json,
)
from rnngan_cli.system.lock import LOCK_NAME as LOCK
from rnngan_cli.system.lock import living_holder
from rnngan_cli.system.reading import read_json, read_npz, reporting_read_errors
from rnngan_cli.system.safe_open import open_regular


@dataclass(frozen=True)
class SweepFolder:
    """A sweep's folder."""

    path: Path

    def create(self, config: SweepConfig, runs: Sequence[str] = ()) -> None:
        """Makes the folder and writes the resolved sweep, the one last asked for; clears what a dead scheduler left.

        Args:
            config: the resolved sweep.
            runs: names of its runs, if a plan of `config` does not give them, as in a tune, whose settings are drawn.

        Raises:
            UserError: the sweep is packed, or a link or a file is in the place of a folder.
        """
        refuse_packed(self.path)
        make_own_folder(self.path, RUNS)
        for folder in (self.path, self.path / "reference", self.path / "calibration", self.figures):
            clear_leftovers(folder)
        content = config.model_dump(mode="json") | ({"runs": list(runs)} if runs else {})
        write_json(self.path / "sweep.json", {**content, "sha256": content_hash(content)})

    def config(self) -> SweepConfig:
        """The resolved sweep.

        Raises:
            DamagedFileError: it cannot be read or does not validate.
        """
        return self._resolved()[0]

    def listed(self) -> list[str]:
        """Names of its runs if no plan gives them; empty if its runs are those planned from `config`.

        Raises:
            DamagedFileError: as `config`.
        """
        return self._resolved()[1]

    def _resolved(self) -> tuple[SweepConfig, list[str]]:
        path = self.path / "sweep.json"
        values = read_json(path)
        if json_bytes(values) != path.read_bytes():
            raise DamagedFileError(f"`{path}` is not as it was written")
        if values.pop("sha256", None) not in (None, content_hash(values)):  # early versions kept no hash
            raise DamagedFileError(f"`{path}` is damaged: its hash is not its own")
        runs = values.pop("runs", [])
        if not isinstance(runs, list) or not all(isinstance(name, str) for name in runs):
            raise DamagedFileError(f"`{path}`: `runs`: expected a list of names")
        try:
            return build(SweepConfig, values, str(path)), runs
        except UserError as error:
            raise DamagedFileError(str(error)) from error

    def run(self, config: RunConfig) -> RunFolder:
        """The folder of one run."""
        return self.named(run_name(config))

    def named(self, name: str) -> RunFolder:
        """The folder of the run with that folder name."""
        return RunFolder(self.path / RUNS / name)

    def runs(self, *, at_once: bool = False) -> Iterator[RunFolder]:
        """The folders of all runs that have any file, by name; those of a packed sweep need not exist.

        Args:
            at_once: whether each is read as it comes, and not used any more afterwards; see `RunFolder`.

        Raises:
            DamagedFileError: the sweep is packed, and its pack is damaged.
        """
        pack = pack_in_use(self.path)
        if pack is not None:
            yield from map(self.named, pack.runs())
            return
        runs = self.path / RUNS
        try:
            names = sorted(os.listdir(runs))  # noqa: PTH208 - thousands of paths need not be made and compared
        except OSError:
            return
        for name in names:
            if not name.startswith(".") and (folder := RunFolder(runs / name, at_once)).is_begun():
                yield folder

    def write_progress(self, lock: str, progress: SweepProgress) -> None:
        """Writes how far the runs of the scheduler that holds `lock` are; not synced, as it is worthless afterwards."""
        content = progress.model_dump(mode="json", exclude_none=True)
        write_bytes(self._progress_path(lock), json_bytes(content), synced=False)

    def remove_progress(self, lock: str) -> None:
        """Removes what `write_progress` wrote."""
        self._progress_path(lock).unlink(missing_ok=True)

    def progress(self) -> list[SweepProgress]:
        """How far the runs of living schedulers are; a file that cannot be read is ignored."""
        found = []
        for path in sorted(self.path.glob(f"{LOCK}*")):
            if living_holder(self.path, path.name) is not None:
                with suppress(DamagedFileError):
                    found.append(read_record(self._progress_path(path.name), SweepProgress))
        return found

    def _progress_path(self, lock: str) -> Path:
        """One file for each scheduler, as the shards of a sweep run at the same time."""
        return self.path / f"progress{lock.removeprefix(LOCK)}.json"

    def write_reference(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes real test series in the data's own units under the data's name and hash, unless they are there."""
        path, content = make_own_folder(self.path, "reference") / f"{key}.npz", npz_bytes(arrays)
        if not path.is_file() or _content(path) != content:
            remove(path)
            write_bytes(path, content)

    def reference(self, key: str) -> dict[str, np.ndarray]:
        """The real test series that `write_reference` kept.

        Raises:
            DamagedFileError: it is missing or damaged.
        """
        return read_npz(self.reference_path(key))

    def reference_path(self, key: str) -> Path:
        """The file of real test series.

        Raises:
            DamagedFileError: the key is no name, or the folder is a link.
        """
        return self._keyed("reference", key, ".npz")

    def write_calibration(self, key: str, calibration: Calibration) -> None:
        """Writes the scores of series of known quality under the data's name and hash and the protocol."""
        path = make_own_folder(self.path, "calibration") / f"{key}.json"
        content = file_content(calibration)
        write_json(path, {**content, "sha256": content_hash(content)})

    def calibration(self, key: str) -> Calibration:
        """The scores of series of known quality that `write_calibration` kept; without candidates if there are none.

        Raises:
            DamagedFileError: it is damaged.
        """
        path = self._keyed("calibration", key, ".json")
        if not os.path.lexists(path):
            return Calibration(candidates={})
        values = read_json(path)
        if values.pop("sha256", None) not in (None, content_hash(values)):  # early versions kept no hash
            raise DamagedFileError(f"`{path}` is damaged: its hash is not its own")
        return validated(path, values, Calibration)

    def _keyed(self, folder: str, key: str, suffix: str) -> Path:
        """The file of a key. Keys come from other files, so nothing but a name may become part of a path.

        Raises:
            DamagedFileError: the key is no name, or the folder is a link.
        """
        if not re.fullmatch(r"[a-z0-9_-]{1,200}", key):
            raise DamagedFileError(f"`{self.path / folder}`: no file can have the name `{key}`")
        return own_path(self.path, folder, key + suffix)

    @property
    def figures(self) -> Path:
        """The folder of pictures."""
        return self.path / "figures"

    def make_exports(self) -> Path:
        """Makes the folder for files of other programs, if it is missing.

        Raises:
            UserError: a link or a file is in its place.
            EnvironmentFaultError: the disk refused.
        """
        return make_own_folder(self.path, "export")


def _content(path: Path) -> bytes:
    with reporting_read_errors(path), open_regular(path) as file:
        return file.read()
