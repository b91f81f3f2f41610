"""A sweep's folder: the folders of its runs, and what belongs to all of them."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnngan_cli.config import SCHEMA_VERSION, RunConfig, SweepConfig, build, run_name
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import schemas
from rnngan_cli.store.manifest import content_hash, digest
from rnngan_cli.store.run import RunFolder
from rnngan_cli.system.atomic import (
    clear_leftovers,
    json_bytes,
    make_own_folder,
    npz_bytes,
    own,
    remove,
    write_bytes,
    write_json,
)
from rnngan_cli.system.lock import LOCK_NAME as LOCK
from rnngan_cli.system.lock import living_holder
from rnngan_cli.system.reading import read_json, read_npz


@dataclass(frozen=True)
class SweepFolder:
    """A sweep's folder."""

    path: Path

    def create(self, config: SweepConfig, runs: Sequence[str] = ()) -> None:
        """Makes the folder and writes the resolved sweep, the last one asked for; clears what a killed driver left.

        Args:
            config: of the sweep.
            runs: names of its runs, where a plan of `config` does not give them: those of a tune are drawn.
        """
        make_own_folder(self.path, "runs")
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
        """Names of its runs where no plan gives them; empty for the runs that a plan of `config` has.

        Raises:
            DamagedFileError: as `config`.
        """
        return self._resolved()[1]

    def _resolved(self) -> tuple[SweepConfig, list[str]]:
        path = self.path / "sweep.json"
        values = read_json(path)
        if json_bytes(values) != path.read_bytes():
            raise DamagedFileError(f"`{path}` is not as it was written")
        if values.pop("sha256", None) not in (None, content_hash(values)):  # none was kept of old
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
        return RunFolder(self.path / "runs" / run_name(config))

    def runs(self) -> Iterator[RunFolder]:
        """Every run's folder in which anything was written, by name."""
        for path in sorted((self.path / "runs").glob("[!.]*")):
            if (folder := RunFolder(path)).is_begun():
                yield folder

    def write_progress(self, lock: str, facts: Mapping[str, Any]) -> None:
        """Leaves how far the runs of the driver that holds `lock` are; not synced: it is worth nothing without it."""
        path = self._progress_path(lock)
        write_bytes(path, json_bytes({"schema_version": SCHEMA_VERSION, **facts}), synced=False)

    def remove_progress(self, lock: str) -> None:
        """Takes away what `write_progress` left."""
        self._progress_path(lock).unlink(missing_ok=True)

    def progress(self) -> list[dict[str, Any]]:
        """What living drivers have left of how far their runs are; none that is half written or of no use."""
        found = []
        for path in sorted(self.path.glob(f"{LOCK}*")):
            if living_holder(self.path, path.name) is not None:
                with suppress(DamagedFileError):
                    found.append(schemas.read_record(self._progress_path(path.name), schemas.SweepProgress))
        return found

    def _progress_path(self, lock: str) -> Path:
        """Each driver has a file: the shards of a sweep work beside each other."""
        return self.path / f"progress{lock.removeprefix(LOCK)}.json"

    def write_reference(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keeps real test series in the data's own units under the data's name and hash, unless they are there."""
        path, content = make_own_folder(self.path, "reference") / f"{key}.npz", npz_bytes(arrays)
        if not path.is_file() or digest(path) != hashlib.sha256(content).hexdigest():
            remove(path)
            write_bytes(path, content)

    def reference(self, key: str) -> dict[str, np.ndarray]:
        """What `write_reference` kept.

        Raises:
            DamagedFileError: it is missing or damaged.
        """
        return read_npz(self.reference_path(key))

    def reference_path(self, key: str) -> Path:
        """Where it is kept.

        Raises:
            DamagedFileError: the key is no name, or the folder is a link.
        """
        return self._keyed("reference", key, ".npz")

    def write_calibration(self, key: str, content: Mapping[str, Any]) -> None:
        """Keeps the scores of series of known quality under the data's name and hash and the protocol."""
        path = make_own_folder(self.path, "calibration") / f"{key}.json"
        whole = {"schema_version": SCHEMA_VERSION, **content}
        write_json(path, {**whole, "sha256": content_hash(whole)})

    def calibration(self, key: str) -> dict[str, dict[str, float]]:
        """What `write_calibration` kept: scores by candidate and name; empty where there is nothing.

        Raises:
            DamagedFileError: it is damaged.
        """
        path = self._keyed("calibration", key, ".json")
        if not os.path.lexists(path):
            return {}
        content = schemas.read_record(path, schemas.Calibration)
        if content.pop("sha256", None) not in (None, content_hash(content)):  # none was kept of old
            raise DamagedFileError(f"`{path}` is damaged: its hash is not its own")
        return dict(content["candidates"])

    def _keyed(self, folder: str, key: str, suffix: str) -> Path:
        """The file of a key that comes from another file: nothing but a name may become part of a path.

        Raises:
            DamagedFileError: it is no name, or the folder is a link.
        """
        if not re.fullmatch(r"[a-z0-9_-]{1,200}", key):
            raise DamagedFileError(f"`{self.path / folder}`: no file can have the name `{key}`")
        return own(self.path, folder, key + suffix)

    @property
    def figures(self) -> Path:
        """Where pictures go."""
        return self.path / "figures"

    def make_exports(self) -> Path:
        """Makes the folder for files of other programs, where it is not there.

        Raises:
            UserError: a link or a file is in its place.
            EnvironmentFaultError: the disk refused.
        """
        return make_own_folder(self.path, "export")
