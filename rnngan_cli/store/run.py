"""A run's folder: one method for each thing that is read from it or written to it."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rnngan_cli.config import ENDED, RunConfig, RunState, identity
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store.checkpoints import CHECKPOINTS_FOLDER as CHECKPOINTS
from rnngan_cli.store.checkpoints import drop_checkpoints
from rnngan_cli.store.configs import parse_config
from rnngan_cli.store.files import FolderFiles, RunFiles, files_of, refuse_packed
from rnngan_cli.store.history import HistoryRow, history_bytes, parse_history, timing_bytes
from rnngan_cli.store.manifest import HASHED, Manifest
from rnngan_cli.store.samples import Samples, samples_of
from rnngan_cli.store.schemas import Provenance, Record, RunStatus, StoredScores, file_content, parse_record
from rnngan_cli.store.scores import ScoreBook, ScoreKey
from rnngan_cli.system import atomic
from rnngan_cli.system.lock import living_holder
from rnngan_cli.system.reading import parse_npz, reporting_read_errors


@dataclass(frozen=True)
class RunFolder:
    """A run's folder.

    Attributes:
        path: the folder.
        at_once: whether its files are read now, one after another, so that links on the way are looked for once.
    """

    path: Path
    at_once: bool = False

    @cached_property
    def files(self) -> RunFiles:
        """Where the run's files are read from."""
        return files_of(self.path, at_once=self.at_once)

    @cached_property
    def _manifest(self) -> Manifest:
        return Manifest(self.files)

    def is_linked(self) -> bool:
        """Whether the folder lies elsewhere, behind a link; such a run is neither read nor written."""
        return self.files.is_linked()

    def is_begun(self) -> bool:
        """Whether the run has any file; a worker that is about to begin makes the folder and locks it, no more."""
        if os.path.lexists(f"{self.path}/config.json"):  # the common case, and the quick one
            return True
        if not isinstance(self.files, FolderFiles):
            return self.files.has("config.json")
        try:
            names = os.listdir(self.path)  # noqa: PTH208 - thousands of folders are looked at
        except OSError:
            return False
        return any(not name.startswith(".") and name != CHECKPOINTS for name in names)

    def is_held(self) -> bool:
        """Whether a living worker holds the run."""
        return living_holder(self.path) is not None

    # Config and status

    def make(self) -> None:
        """Makes the folder, empty.

        Raises:
            UserError: a link is in its place, or the sweep is packed.
        """
        self._refuse_packed()
        atomic.make_own_folder(self.path.parent.parent, self.path.parent.name, self.path.name, CHECKPOINTS)

    def create(self, config: RunConfig) -> None:
        """Makes the folder with its config, or checks that it holds this run; clears what a dead worker left.

        Raises:
            UserError: the folder holds another run, or a link is in place of a folder.
        """
        self.make()
        atomic.clear_leftovers(self.path)
        atomic.clear_leftovers(self.path / CHECKPOINTS)
        if not os.path.lexists(self.path / "config.json"):
            atomic.write_json(self.path / "config.json", config.model_dump(mode="json"))
        elif identity(self.config()) != identity(config):
            raise UserError(
                f"`{self.path}` holds another run: its config.json does not fit its name; remove the folder"
            )

    def config(self) -> RunConfig:
        """The run's config.

        Raises:
            DamagedFileError: it cannot be read or does not validate.
        """
        return parse_config(self.files.label("config.json"), self.files.read("config.json"))

    def status(self) -> RunStatus:
        """The run's status; `pending` before anything was written.

        Raises:
            DamagedFileError: it cannot be read, or lacks the state or the step.
        """
        content = self.files.read_if_there("status.json")
        if content is None:
            return RunStatus()
        label = self.files.label("status.json")
        status = parse_record(label, content, RunStatus)
        if not {"state", "step"} <= status.model_fields_set:
            raise DamagedFileError(f"`{label}` tells no state and step of a run")
        if status.state in ENDED:
            self._manifest.check("status.json", content)
        return status

    def status_stamp(self) -> int:
        """When the status was last written, in nanoseconds; 0 before it was."""
        with suppress(DamagedFileError):
            return self.files.stamp("status.json") or 0
        return 0

    def ended_at(self) -> float:
        """When the status was last written, in seconds since 1970; 0 before it was."""
        return self.status_stamp() / 1e9

    def is_settled(self, protocol: str) -> bool:
        """Whether nothing is left to do: the run has diverged, or has ended with scores by the protocol of this key.

        Raises:
            DamagedFileError: the status or the scores are damaged.
        """
        state = self.status().state
        return state == RunState.DIVERGED or (state == RunState.DONE and self.scores().protocol == protocol)

    def write_status(self, state: str, step: int, reason: str = "") -> None:
        """Writes how far the run is, and why if it did not end as planned."""
        atomic.write_json(self.path / "status.json", file_content(RunStatus.of(state, step, reason)))

    def end(self, state: str, step: int, reason: str = "") -> None:
        """Ends the run: writes the manifest of its files, then its status.

        Later reads are checked against the manifest, which has no effect before the status says that the run has ended.
        """
        content = file_content(RunStatus.of(state, step, reason))
        self._manifest.write(HASHED, {"status.json": atomic.json_bytes(content)})
        atomic.write_json(self.path / "status.json", content)

    # The manifest

    def remove_manifest(self) -> None:
        """Removes the manifest, before the files it lists are written again."""
        self._manifest.remove()

    def hashed_files(self) -> list[str]:
        """Files listed in the manifest; none for runs that go on, nor for those made before manifests were kept.

        Raises:
            DamagedFileError: the manifest cannot be read.
        """
        return list(self._manifest.hashes())

    def check(self, name: str) -> None:
        """Checks a file against its hash, if the manifest has one for it.

        Raises:
            DamagedFileError: the file has changed or is missing, or the manifest cannot be read.
        """
        self._manifest.check(name)

    def tidy(self) -> None:
        """Removes what a process that was killed left behind in the folder of a run that has ended."""
        atomic.clear_leftovers(self.path)
        drop_checkpoints(self.path)

    def clear(self) -> None:
        """Removes the folder with everything in it, unless it lies elsewhere, behind a link."""
        if not self.is_linked():
            atomic.remove(self.path)

    # Results

    def write_history(self, history: Sequence[HistoryRow]) -> None:
        """Writes history.csv, which holds only what is reproducible, so no clock times."""
        atomic.write_bytes(self.path / "history.csv", history_bytes(history))

    def history(self) -> list[HistoryRow]:
        """The rows of history.csv.

        Raises:
            DamagedFileError: it cannot be read, or has changed.
        """
        return self._table("history.csv")

    def write_timing(self, rows: Sequence[tuple[int, float]]) -> None:
        """Writes timing.csv: seconds of training by step."""
        atomic.write_bytes(self.path / "timing.csv", timing_bytes(rows))

    def timing(self) -> list[tuple[int, float]]:
        """The rows of timing.csv; none if it is missing or damaged, as clock times are no results."""
        try:
            return [(step, values["seconds"]) for step, values in self._table("timing.csv")]
        except (DamagedFileError, KeyError):
            return []

    def write_samples(self, samples: Samples) -> None:
        """Writes a few generated series, for pictures."""
        atomic.write_bytes(self.path / "samples.npz", atomic.npz_bytes(samples.arrays()))

    def samples(self) -> Samples:
        """The series that `write_samples` kept.

        Raises:
            DamagedFileError: they are missing or damaged.
        """
        label = self.files.label("samples.npz")
        self._manifest.check("samples.npz")
        with reporting_read_errors(label), self.files.open("samples.npz") as file:
            return samples_of(label, parse_npz(label, file))

    def is_without_samples(self) -> bool:
        """Whether the run's series are left out, as in published copies and packs, which is no damage.

        Raises:
            DamagedFileError: the manifest, which lists what there was, cannot be read.
        """
        if self.files.has("samples.npz"):
            return False
        return "samples.npz" in self.hashed_files() or not isinstance(self.files, FolderFiles)

    def write_scores(
        self,
        key: ScoreKey,
        scores: Mapping[str, float],
        judges: Mapping[str, Sequence[float]] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Writes scores as the current ones; see `ScoreBook.write`.

        Raises:
            UserError: the sweep is packed.
        """
        self._refuse_packed()
        with self._manifest.suspended("scores.json"):
            ScoreBook(self.path).write(key, scores, judges or {}, notes)

    def recall_scores(self, key: ScoreKey) -> bool:
        """Makes the scores kept for `key` the current ones; false if there are none, or the file is damaged.

        Raises:
            UserError: the sweep is packed.
        """
        self._refuse_packed()
        try:
            self._manifest.check("scores.json")
        except DamagedFileError:
            (self.path / "scores.json").unlink(missing_ok=True)  # nothing in it can be trusted
            return False
        with self._manifest.suspended("scores.json"):
            return ScoreBook(self.path).recall(key)

    def scores(self) -> StoredScores:
        """The current scores with what they depend on; a record without fields set if there are none.

        Raises:
            DamagedFileError: they cannot be read, are no scores, or have changed.
        """
        return self._checked("scores.json", StoredScores)

    def write_provenance(self, provenance: Provenance) -> None:
        """Writes what the result was made with: versions, machine, times."""
        atomic.write_json(self.path / "provenance.json", file_content(provenance))

    def provenance(self) -> Provenance:
        """What the result was made with; a record without fields set if that is not known.

        Raises:
            DamagedFileError: it cannot be read, is no provenance, or has changed.
        """
        return self._checked("provenance.json", Provenance)

    def _refuse_packed(self) -> None:
        if not isinstance(self.files, FolderFiles):
            refuse_packed(self.path.parent.parent)

    def _table(self, name: str) -> list[HistoryRow]:
        content = self.files.read(name)
        self._manifest.check(name, content)
        return parse_history(self.files.label(name), content)

    def _checked(self, name: str, kind: type[Record]) -> Record:
        """A JSON file, checked against the manifest; an empty record if it is neither listed there nor present."""
        content = self.files.read_if_there(name)
        if content is None:
            self._manifest.check(name)
            return kind()
        self._manifest.check(name, content)
        return parse_record(self.files.label(name), content, kind)
