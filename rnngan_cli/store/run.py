"""A run's folder: its files and what they hold. Nothing else knows their names."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from rnngan_cli.config import ENDED, SCHEMA_VERSION, RunConfig, RunState, build, identity
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import schemas
from rnngan_cli.store.history import HistoryRow, history_bytes, read_history
from rnngan_cli.store.manifest import MANIFEST_NAME as MANIFEST
from rnngan_cli.store.manifest import Manifest, content_hash
from rnngan_cli.store.scores import ScoreBook, ScoreKey
from rnngan_cli.system.atomic import (
    clear_leftovers,
    disk_errors_told,
    json_bytes,
    make_own_folder,
    npz_bytes,
    own,
    remove,
    write_bytes,
    write_folder,
    write_json,
    write_text,
)
from rnngan_cli.system.lock import living_holder
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.reading import read_folder, read_json, read_npz, read_small
from rnngan_cli.system.safe_open import open_own, open_regular

KEPT_CHECKPOINTS = 2
"""The newest, and the one before it, should the newest turn out to be damaged."""
SEALED = (
    "config.json",
    "history.csv",
    "provenance.json",
    "samples.npz",
    "scores.json",
    "timing.csv",
    "weights/manifest.json",
)
"""What an ended run consists of, with its status, which is written last."""
LEFT_OUT = ("samples.npz", "weights/manifest.json")
"""What published copies may leave out: nothing is said with it that is not in the scores."""
REPLACEABLE = ("config.json", "samples.npz", "scores.json", "status.json")
"""Files that are written anew from a run's config and its weights; where another is lost the run is trained again."""

LOG_TAIL_BYTES = 8192
"""Of log.txt that are looked at for its last lines."""
GRID_PREFIX, VALUES_PREFIX = "by_", "values_of_"
"""Names in samples.npz: series by the value of a label or code, and those values."""


@dataclass(frozen=True)
class RunFolder:
    """A run's folder. Every method reads or writes one thing in it."""

    path: Path

    @cached_property
    def _seal(self) -> Manifest:
        return Manifest(self.path)

    def _own(self, *parts: str) -> Path:
        """A path in the folder, which is where it seems to be: neither it nor a folder on the way is a link.

        Raises:
            DamagedFileError: one is.
        """
        return own(self.path.parent.parent, self.path.parent.name, self.path.name, *parts)

    def is_linked(self) -> bool:
        """Whether it lies elsewhere, behind a link: then it is neither read nor written."""
        try:
            self._own("")
        except DamagedFileError:
            return True
        return False

    def make(self) -> None:
        """Makes the folder, empty.

        Raises:
            UserError: a link is in its place.
        """
        make_own_folder(self.path.parent.parent, self.path.parent.name, self.path.name, "checkpoints")

    def create(self, config: RunConfig) -> None:
        """Makes the folder with its config, or checks that it is this run's; clears what a killed worker left.

        Raises:
            UserError: another run's config is there, or a link in place of a folder.
        """
        self.make()
        clear_leftovers(self.path)
        clear_leftovers(self.path / "checkpoints")
        if not os.path.lexists(self.path / "config.json"):
            write_json(self.path / "config.json", config.model_dump(mode="json"))
        elif identity(self.config()) != identity(config):
            raise UserError(
                f"`{self.path}` holds another run: its config.json does not fit its name; remove the folder"
            )

    def config(self) -> RunConfig:
        """The run's config.

        Raises:
            DamagedFileError: it cannot be read or does not validate.
        """
        values = read_json(self._own("config.json"))
        try:
            return build(RunConfig, values, str(self.path / "config.json"))
        except UserError as error:
            raise DamagedFileError(str(error)) from error

    def status(self) -> dict[str, Any]:
        """The run's status; `state` is a `RunState`, `pending` where nothing was written yet.

        Raises:
            DamagedFileError: it cannot be read, or is no status.
        """
        path = self._own("status.json")
        if not os.path.lexists(path):
            return {"schema_version": SCHEMA_VERSION, "state": RunState.PENDING, "step": 0}
        content = read_small(path)
        status = schemas.parse_record(path, content, schemas.RunStatus)
        if not {"state", "step"} <= status.keys():
            raise DamagedFileError(f"`{path}` tells no state and step of a run")
        if status["state"] in ENDED:
            self._seal.check("status.json", content)
        return status

    def status_stamp(self) -> int:
        """When the status was last written, in nanoseconds; 0 where none was yet."""
        try:
            return os.stat(self.path / "status.json", follow_symlinks=False).st_mtime_ns  # noqa: PTH116 - of thousands
        except OSError:
            return 0

    def ended_at(self) -> float:
        """When the status was last written, in seconds since 1970; 0 where none was yet."""
        return self.status_stamp() / 1e9

    def is_settled(self, protocol: str) -> bool:
        """Whether the run has diverged, or has ended with scores of that protocol: nothing is left to be done.

        Raises:
            DamagedFileError: what tells it is damaged.
        """
        state = self.status()["state"]
        return state == RunState.DIVERGED or (state == RunState.DONE and self.scores().get("protocol") == protocol)

    def end(self, state: str, step: int, **more: Any) -> None:
        """Ends the run: keeps the hashes of what it consists of, then writes its status.

        From then on what is read is held against the hashes; they count for nothing before the status says so.
        """
        status = _status(state, step, more)
        self._seal.put(SEALED, {"status.json": json_bytes(status)})
        write_json(self.path / "status.json", status)

    def unseal(self) -> None:
        """Takes the hashes away, before the files are written anew."""
        self._seal.remove()

    def sealed(self) -> list[str]:
        """Files whose hashes are kept; none of runs that go on, nor of those made before hashes were kept.

        Raises:
            DamagedFileError: the hashes cannot be read.
        """
        return list(self._seal.hashes())

    def left_out(self) -> list[str]:
        """What is sealed of weights and samples and is not there at all: published copies leave it out."""
        return [
            name for name in self.sealed() if name in LEFT_OUT and not os.path.lexists(self.path / Path(name).parts[0])
        ]

    def manifested(self, name: str) -> list[Path]:
        """Folders that have a manifest of their own, for `read_folder`: `name` itself, or its checkpoints."""
        place = self.path / name
        return sorted(one.parent for one in (*place.glob("manifest.json"), *place.glob("step-*/manifest.json")))

    def examine(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The run's status, `pending` where it cannot be read, and a line for every damaged file, by its name.

        The files of a run that has ended are held against the seal; what published copies leave out is no damage. Of a
        run that goes on only config and status are read: checkpoints have manifests of their own.
        """
        status, found = {"state": RunState.PENDING, "step": 0}, {}
        readers: dict[str, Callable[[], object]] = {"config.json": self.config} if self.is_begun() else {}
        try:
            status = self.status()
        except DamagedFileError as error:
            found["status.json"] = str(error)
        names: set[str] = set()
        try:
            if found or status["state"] in ENDED:
                names = set(self.sealed()) - set(self.left_out())
        except DamagedFileError as error:
            found[MANIFEST] = str(error)
        if names or status["state"] in ENDED:
            readers |= {"history.csv": self.history, "provenance.json": self.provenance, "scores.json": self.scores}
        for name in sorted({*readers, *names} - found.keys()):
            try:
                self._seal.check(name)
                readers.get(name, bool)()
            except DamagedFileError as error:
                found[name] = str(error)
        return status, found

    def is_begun(self) -> bool:
        """Whether anything was written: a worker that is to begin only makes the folder, and locks it."""
        if os.path.lexists(self.path / "config.json"):  # the common case, and the quick one
            return True
        try:
            names = os.listdir(self.path)  # noqa: PTH208 - thousands of folders are looked at
        except OSError:
            return False
        return any(not name.startswith(".") and name != "checkpoints" for name in names)

    def write_status(self, state: str, step: int, **more: Any) -> None:
        """Writes the status, with further facts such as `reason`."""
        write_json(self.path / "status.json", _status(state, step, more))

    def log(self, line: str) -> None:
        """Adds a line to log.txt, below what the run's workers printed."""
        path = self.path / "log.txt"
        with (
            disk_errors_told(path),
            os.fdopen(open_own(path, os.O_WRONLY | os.O_APPEND), "a", encoding="utf-8") as file,
        ):
            file.write(f"{line}\n")

    def log_tail(self, lines: int) -> list[str]:
        """The last lines of log.txt; none where it cannot be read."""
        try:
            with open_regular(self._own("log.txt")) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_TAIL_BYTES))
                text = file.read(LOG_TAIL_BYTES).decode("utf-8", errors="replace")
        except (OSError, DamagedFileError):
            return []
        return [line for line in text.splitlines() if line.strip()][-lines:]

    def is_held(self) -> bool:
        """Whether a living worker is at the run."""
        return living_holder(self.path) is not None

    def write_checkpoint(self, step: int, state: Arrays, history: Sequence[HistoryRow]) -> None:
        """Keeps everything needed to go on from `step`; drops all but the newest two."""
        parts = {f"{part}.npz": npz_bytes(arrays) for part, arrays in state.items()}
        write_folder(self.path / "checkpoints" / f"step-{step}", {**parts, "history.csv": history_bytes(history)})
        for old in self._checkpoints()[KEPT_CHECKPOINTS:]:
            remove(old)

    def read_checkpoint(self) -> tuple[int, Arrays, list[HistoryRow], list[str]]:
        """The newest whole checkpoint: (step, state, history, damage passed over); or step 0."""
        damage = []
        for folder in self._checkpoints():
            try:
                files = read_folder(folder)
                history = read_history(files.pop("history.csv"))
                state = {name.removesuffix(".npz"): read_npz(path) for name, path in files.items()}
            except (DamagedFileError, KeyError) as error:
                damage.append(str(error))
                continue
            return int(folder.name.removeprefix("step-")), state, history, damage
        return 0, {}, [], damage

    def _checkpoints(self) -> list[Path]:
        """Checkpoint folders, newest first."""
        try:
            folders = self._own("checkpoints", "").glob("step-*")
        except DamagedFileError:
            return []
        numbered = [folder for folder in folders if re.fullmatch(r"step-[0-9]{1,15}", folder.name)]
        return sorted(numbered, key=lambda folder: -int(folder.name.removeprefix("step-")))

    def tidy(self) -> None:
        """Removes what a process that was killed left behind in the folder of a run that has ended."""
        clear_leftovers(self.path)
        self.drop_checkpoints()

    def drop_checkpoints(self) -> None:
        """Removes what is of no more use once the run has ended."""
        remove(self.path / "checkpoints")

    def clear(self) -> None:
        """Removes the folder and all in it, unless it is elsewhere, behind a link."""
        try:
            remove(self._own())
        except DamagedFileError:
            return

    def write_history(self, history: Sequence[HistoryRow]) -> None:
        """Writes history.csv: only what is reproducible, no clock times."""
        write_bytes(self.path / "history.csv", history_bytes(history))

    def history(self) -> list[HistoryRow]:
        """The rows of history.csv.

        Raises:
            DamagedFileError: it cannot be read.
        """
        self._seal.check("history.csv")
        return read_history(self._own("history.csv"))

    def write_timing(self, rows: Sequence[tuple[int, float]]) -> None:
        """Writes timing.csv: seconds of training, by step."""
        lines = ["step,seconds", *(f"{step},{seconds:.3f}" for step, seconds in rows)]
        write_text(self.path / "timing.csv", "\n".join(lines) + "\n")

    def timing(self) -> list[tuple[int, float]]:
        """The rows of timing.csv; empty where there are none, or none that can be read: clock times are not results."""
        try:
            self._seal.check("timing.csv")
            return [(step, values["seconds"]) for step, values in read_history(self._own("timing.csv"))]
        except (DamagedFileError, KeyError):
            return []

    def write_weights(self, state: Arrays) -> None:
        """Keeps the trained networks' weights, without the optimisers'."""
        parts = {name: arrays for name, arrays in state.items() if not name.startswith(("optimizer-", "past-"))}
        write_folder(self.path / "weights", {f"{name}.npz": npz_bytes(arrays) for name, arrays in parts.items()})

    def weights(self) -> Arrays:
        """The trained networks' weights by network and place.

        Raises:
            DamagedFileError: they are missing or damaged.
        """
        self._seal.check("weights/manifest.json")
        return {name.removesuffix(".npz"): read_npz(path) for name, path in read_folder(self._own("weights")).items()}

    def write_samples(
        self, generated: np.ndarray, grids: Mapping[str, tuple[Sequence[str], np.ndarray]] | None = None
    ) -> None:
        """Keeps a few generated series in the data's own units for pictures.

        Args:
            generated: (series, steps, features).
            grids: by label or code, its values and the series made from them, (values, draws, steps, features).
        """
        arrays = {"series": generated.astype(np.float32)}
        for name, (values, series) in (grids or {}).items():
            arrays |= {f"{GRID_PREFIX}{name}": series.astype(np.float32), f"{VALUES_PREFIX}{name}": np.array(values)}
        write_bytes(self.path / "samples.npz", npz_bytes(arrays))

    def samples(self) -> dict[str, np.ndarray]:
        """What `write_samples` kept.

        Raises:
            DamagedFileError: it is missing or damaged.
        """
        self._seal.check("samples.npz")
        return read_npz(self._own("samples.npz"))

    def weights_sha256(self) -> str:
        """Hash of the trained networks' weights, by their manifest; empty where there are none."""
        try:
            content = read_json(self._own("weights", "manifest.json"))
        except DamagedFileError:
            return ""
        return content_hash(content)

    @property
    def _scorebook(self) -> ScoreBook:
        return ScoreBook(self.path / "scores.json")

    def write_scores(
        self, key: ScoreKey, scores: Mapping[str, float], judges: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Keeps scores as the current ones; see `ScoreBook.write`."""
        with self._seal.lifted("scores.json"):
            self._scorebook.write(key, scores, judges or {})

    def recall_scores(self, key: ScoreKey) -> bool:
        """Makes scores that are kept for `key` the current ones; false where there are none, or the file is damaged."""
        try:
            self._seal.check("scores.json")
        except DamagedFileError:
            (self.path / "scores.json").unlink(missing_ok=True)  # nothing in it can be trusted
            return False
        with self._seal.lifted("scores.json"):
            return self._scorebook.recall(key)

    def scores(self) -> dict[str, Any]:
        """The current scores with what they depend on, as `write_scores` took them; empty where there are none.

        Raises:
            DamagedFileError: they cannot be read, are no scores, or not what was sealed.
        """
        return self._checked("scores.json", schemas.StoredScores)

    def write_provenance(self, facts: Mapping[str, Any]) -> None:
        """Keeps versions, machine, times: what a result came from."""
        write_json(self.path / "provenance.json", {"schema_version": SCHEMA_VERSION, **facts})

    def provenance(self) -> dict[str, Any]:
        """What `write_provenance` kept; empty where there is nothing.

        Raises:
            DamagedFileError: it cannot be read, is no provenance, or not what was sealed.
        """
        return self._checked("provenance.json", schemas.Provenance)

    def _checked(self, name: str, kind: type[BaseModel]) -> dict[str, Any]:
        """A JSON file as it was sealed; empty where it is not sealed and not there."""
        path = self._own(name)
        if not os.path.lexists(path):
            self._seal.check(name)
            return {}
        content = read_small(path)
        self._seal.check(name, content)
        return schemas.parse_record(path, content, kind)


def _status(state: str, step: int, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "state": state, "step": step, **more}
