"""The folder of a choice: choice.json, which says what was asked and planned, and a sweep for each stage."""

from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store.schemas import StoredFile, file_content, read_record
from rnngan_cli.system import atomic
from rnngan_cli.tuning.choosing.choice import Stage
from rnngan_cli.tuning.choosing.schedule import Schedule, plan_schedule

CHOICE_NAME, ANSWER_NAME = "choice.json", "answer.json"
PILOT, CONFIRMATION = "pilot", "confirmation"
EXPERIMENT = "again.toml"
"""The experiment that trains the confirmation again."""


class ChoiceFile(StoredFile):
    """choice.json: what was asked, and how it is carried out; written once the pilot has told how long runs take.

    Attributes:
        identity: of one run of the first loss, which says that data and settings are the same.
        losses: the losses asked for, in their order.
        score, baseline: as asked for.
        budget: the largest one given so far.
        updates: of the generator in every run.
        runs: number of runs of the first schedule.
        seconds: of one run, by the pilot; None if the budget is a number of runs.
        looks: the number of fresh seeds at each look, the first of which is the schedule's.
    """

    identity: str
    losses: list[str]
    score: str
    baseline: str
    budget: str
    updates: int
    runs: int
    seconds: float | None = None
    looks: list[int]

    @property
    def schedule(self) -> Schedule:
        """The schedule of the first look.

        Raises:
            DamagedFileError: there is none for so many runs and losses.
        """
        found = plan_schedule(len(self.losses), self.runs)
        if found is None:
            raise DamagedFileError(f"{CHOICE_NAME}: {self.runs} runs of {len(self.losses)} losses are no choice")
        return found

    @property
    def all_runs(self) -> int:
        """Number of runs of all looks together."""
        return self.schedule.runs + self.schedule.sides * (self.looks[-1] - self.schedule.confirming)


@dataclass(frozen=True)
class ChoiceFolder:
    """The folder of the choice for one data set."""

    path: Path

    def stage(self, stage: Stage) -> Path:
        """The folder of the sweep of a stage."""
        return self.round(stage.number) if stage.number else self.confirmation

    def round(self, number: int) -> Path:
        """The folder of the sweep of a round of the race, from 1."""
        return self.path / f"race-{number}"

    @property
    def confirmation(self) -> Path:
        """The folder of the sweep of the confirmation."""
        return self.path / CONFIRMATION

    @property
    def pilot(self) -> Path:
        """The folder of the sweep that tells how long runs take."""
        return self.path / PILOT

    def read(self) -> ChoiceFile | None:
        """What choice.json holds; None before it is written.

        Raises:
            DamagedFileError: the file cannot be read.
        """
        return read_record(self.path / CHOICE_NAME, ChoiceFile) if (self.path / CHOICE_NAME).exists() else None

    def write(self, choice: ChoiceFile) -> None:
        """Writes choice.json.

        Raises:
            EnvironmentFaultError: the disk refused.
        """
        atomic.write_json(self.path / CHOICE_NAME, file_content(choice))

    def matching(self, asked: ChoiceFile) -> ChoiceFile | None:
        """What is planned in the folder, if anything is.

        Raises:
            UserError: another choice is planned there.
            DamagedFileError: choice.json cannot be read.
        """
        found = self.read()
        if found is None:
            return None
        for field in ("losses", "score", "baseline", "identity"):
            one, other = getattr(found, field), getattr(asked, field)
            if one != other:
                what = (
                    "other data or settings"
                    if field == "identity"
                    else f"{field} `{_words(one)}`, not `{_words(other)}`"
                )
                raise UserError(f"`{self.path}` holds a choice with {what}; give another folder by `--output`")
        return found


def _words(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)
