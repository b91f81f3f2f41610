"""The JSON files of a run and a sweep as records: what is read is validated, and what is written comes from a record.

Keys that no record knows are kept, so that files of a later version pass through unharmed.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from rnngan_cli.config import LARGEST_STORED_SCORE, SCHEMA_VERSION, RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.arithmetic import Arithmetic
from rnngan_cli.system.provenance import PlainFact
from rnngan_cli.system.reading import PLAIN_NAME, parse_json, read_small
from rnngan_cli.system.safe_open import StrPath

RESERVED = ("dataset", "cell", "loss", "seed", "status", "protocol", "data", "folder", "step", "reason", "kind")
"""Columns of the derived tables whose names no score may have."""

PACKED = (
    *("config.json", "history.csv", "log.txt", "manifest.json", "provenance.json"),
    *("samples.npz", "scores.json", "status.json", "timing.csv"),
)
"""Files of a run that a pack holds."""


def _free(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"`{name}` is a column of its own in tables")
    return name


ScoreName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$"), AfterValidator(_free)]
ScoreValue = Annotated[float, Field(ge=-LARGEST_STORED_SCORE, le=LARGEST_STORED_SCORE)]
Scores = dict[ScoreName, ScoreValue]
JudgeScores = dict[ScoreName, list[ScoreValue]]
Count = Annotated[int, Field(ge=0)]
RunName = Annotated[str, Field(pattern=rf"^{PLAIN_NAME.pattern}$")]
CandidateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ -]{0,63}$")]


class StoredRecord(BaseModel):
    """Part of a file: types are strict, numbers finite, and keys of later versions are kept."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False, frozen=True)


class StoredFile(StoredRecord):
    """A whole file, which names the version of its schema first."""

    schema_version: int = SCHEMA_VERSION


Record = TypeVar("Record", bound=BaseModel)


class RunStatus(StoredFile):
    """status.json: the state of a run, the updates of its generator so far, and why it ended if not as planned.

    Of a run that is done, the reason says what should be known of it, such as losses that have run away.
    """

    state: Annotated[RunState, Field(strict=False)] = RunState.PENDING
    step: Count = 0
    reason: str = ""

    @classmethod
    def of(cls, state: str, step: int, reason: str = "") -> "RunStatus":
        """A status to be written, without a reason if that is empty."""
        status = cls(state=RunState(state), step=step)
        return status.model_copy(update={"reason": reason}) if reason else status


class StoredScores(StoredFile):
    """scores.json: the current scores with what they depend on, and behind them those of other protocols.

    `arithmetic` is the name of the arithmetic that computed them, empty in older files. Notes say which scores are left
    out and why, and which scores are signs of collapse.
    """

    protocol: str = ""
    data_sha256: str = ""
    weights_sha256: str = ""
    scores: Scores = {}
    judges: JudgeScores = {}
    notes: list[str] = []
    arithmetic: str = ""
    others: list["StoredScores"] = []


class Seconds(StoredRecord):
    """Wall time of a run in seconds."""

    training: ScoreValue | None = None
    scoring: ScoreValue | None = None


class Provenance(StoredFile):
    """provenance.json: what a result was made with, and at what cost.

    `arithmetic` has an entry for each kind of arithmetic that a run was trained and scored with, in order; several
    where a run has moved to a processor with other bits.
    """

    versions: dict[str, str] = {}
    git: dict[str, PlainFact] = {}
    machine: dict[str, PlainFact] = {}
    arithmetic: list[Arithmetic] = []
    device: str = ""
    threads: Count | None = None
    updates: dict[Literal["generator", "discriminator"], Count] = {}
    peak_memory_mib: Count | ScoreValue | None = None
    labels: str = ""
    notes: list[str] = []
    seconds: Seconds = Seconds()


class Origin(StoredFile):
    """origin.json of a checkpoint: the kinds of arithmetic that computed it, in order."""

    arithmetic: list[Arithmetic] = []


class RunProgress(StoredRecord):
    """How far a run is; the losses are None before they are known."""

    step: Count = 0
    stage: str = ""
    d_loss: ScoreValue | None = None
    g_loss: ScoreValue | None = None
    seconds: ScoreValue | None = None


class SweepProgress(StoredFile):
    """progress.json of a scheduler at work; its runs are by folder name, its times in seconds."""

    workers: Count
    total: Count
    ended: Count
    seconds_left: ScoreValue
    runs: dict[str, RunProgress]


class Calibration(StoredFile):
    """A file of calibration/: scores of series of known quality, by candidate, and the deviation of real series'."""

    protocol: str = ""
    data_sha256: str = ""
    versions: dict[str, str] = {}
    candidates: dict[CandidateName, Scores]
    judges: dict[CandidateName, JudgeScores] = {}
    real_spread: Scores = {}


class PackIndex(StoredFile):
    """index.json of a pack: the blocks of each kind of file, as the length of each run's file in bytes, in order."""

    blocks: dict[Literal[*PACKED], list[dict[RunName, Count]]]  # type: ignore[valid-type]


def read_record(path: Path, kind: type[Record]) -> Record:
    """Reads a JSON file as a record.

    Raises:
        DamagedFileError: the file cannot be read, or a field has another type.
    """
    return parse_record(path, read_small(path), kind)


def parse_record(path: StrPath, content: bytes, kind: type[Record]) -> Record:
    """Makes a record of the content of a JSON file; `path` names the file in errors.

    Raises:
        DamagedFileError: as `read_record`.
    """
    return validated(path, parse_json(path, content), kind)


def validated(path: StrPath, values: dict[str, Any], kind: type[Record]) -> Record:
    """Makes a record of the values of a JSON file; `path` names the file in errors.

    Raises:
        DamagedFileError: a field has another type.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise DamagedFileError(f"`{path}`: `{place}`: {first['msg'][:1].lower()}{first['msg'][1:]}") from error


def plain(record: BaseModel) -> dict[str, Any]:
    """The fields that were given to a record, or found in its file, as values for JSON, in the order of the schema."""
    return record.model_dump(mode="json", exclude_unset=True)


def file_content(record: StoredFile) -> dict[str, Any]:
    """What a file of the record holds: its schema version, then the fields as by `plain`."""
    return {"schema_version": SCHEMA_VERSION, **plain(record)}
