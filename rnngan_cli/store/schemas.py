"""What the JSON files of a run hold: their fields and types, held against whatever is found in a folder."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from rnngan_cli.config import RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.reading import parse_json, read_small

RESERVED = ("dataset", "cell", "loss", "seed", "status", "protocol", "data", "folder", "step", "reason", "kind")
"""Columns of the derived tables that no score may take the place of."""


def _free(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"`{name}` is a column of its own in tables")
    return name


ScoreName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$"), AfterValidator(_free)]
ScoreValue = Annotated[float, Field(ge=-1e30, le=1e30)]  # whose squares can be added up
Count = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class RunStatus(_Record):
    """status.json."""

    state: Annotated[RunState, Field(strict=False)] = RunState.PENDING
    step: Count = 0
    reason: str = ""


class StoredScores(_Record):
    """scores.json: the current scores, and those of other protocols."""

    protocol: str = ""
    data_sha256: str = ""
    weights_sha256: str = ""
    scores: dict[ScoreName, ScoreValue] = {}
    judges: dict[ScoreName, list[ScoreValue]] = {}
    others: list["StoredScores"] = []


class Seconds(_Record):
    """What a run took."""

    training: ScoreValue | None = None


class Provenance(_Record):
    """provenance.json, as far as it is read back."""

    versions: dict[str, str] = {}
    updates: dict[Literal["generator", "discriminator"], Count] = {}
    seconds: Seconds = Seconds()


class RunProgress(_Record):
    """How far a run is; the losses are null where they are not known yet."""

    step: Count = 0
    stage: str = ""
    d_loss: ScoreValue | None = None
    g_loss: ScoreValue | None = None
    seconds: ScoreValue = 0.0


class SweepProgress(_Record):
    """progress.json, of a driver that is at work."""

    workers: Count
    total: Count
    ended: Count
    seconds_left: ScoreValue
    runs: dict[str, RunProgress]


class Calibration(_Record):
    """A file of calibration/."""

    candidates: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_ -]{0,63}$")], dict[ScoreName, ScoreValue]]


def read_record(path: Path, kind: type[BaseModel]) -> dict[str, Any]:
    """Reads a JSON object, as it is, once its fields have the types of `kind`.

    Raises:
        DamagedFileError: it cannot be read, or a field is of another type.
    """
    return parse_record(path, read_small(path), kind)


def parse_record(path: Path, content: bytes, kind: type[BaseModel]) -> dict[str, Any]:
    """As `read`, of what was read from the file already.

    Raises:
        DamagedFileError: as `read`.
    """
    values = parse_json(path, content)
    try:
        kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise DamagedFileError(f"`{path}`: `{place}`: {first['msg'][:1].lower()}{first['msg'][1:]}") from error
    return values
