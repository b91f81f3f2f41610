"""How a choice stands, read from its folder while another process may be at it. No TensorFlow; no data is loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.config import ENDED
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.standing import compared_title, score_words, standings_so_far
from rnngan_cli.store import SweepFolder, find_sweeps
from rnngan_cli.sweeps.cost import duration_in_words
from rnngan_cli.sweeps.status import Observer, SweepStatus
from rnngan_cli.system.reading import read_json
from rnngan_cli.system.text import counted
from rnngan_cli.tuning.choosing.folder import ANSWER_NAME, CHOICE_NAME, ChoiceFolder


@dataclass(frozen=True)
class ChoiceStatus:
    """The status of a choice.

    Attributes:
        stage: the round or the confirmation that is at work, or was last.
        losses: those in the stage.
        dropped: losses that raced and are not in the stage.
        scores: of the losses in the stage, in words, the best first; over all rounds so far, or of the confirmation.
        score: what they are compared by, in words.
        ended: runs that have ended.
        runs: all planned runs.
        seconds_left: approximate time until the end; None where nobody is at it, or the budget is a number of runs.
        answer: the sentences of the answer, once every planned run has ended.
    """

    stage: str
    losses: tuple[str, ...]
    dropped: tuple[str, ...]
    scores: Mapping[str, str]
    score: str
    ended: int
    runs: int
    seconds_left: float | None
    answer: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Whether there is an answer."""
        return bool(self.answer)

    @property
    def lines(self) -> list[str]:
        """The status in a few lines: the answer if there is one, else who is in and how they stand."""
        if self.answer:
            return list(self.answer)
        left = "" if self.seconds_left is None else f"; about {duration_in_words(self.seconds_left)} left"
        lines = [f"{self.stage}: {', '.join(self.losses)}; {self.ended} of {counted(self.runs, 'run')} done{left}"]
        if self.scores:
            lines.append(
                f"mean {self.score} so far: {', '.join(f'{loss} {words}' for loss, words in self.scores.items())}"
            )
        if self.dropped:
            lines.append(f"dropped, which is no verdict: {', '.join(self.dropped)}")
        return lines


def find_choices(path: Path) -> list[ChoiceFolder]:
    """The choice at `path`, or all choices up to two levels below it, such as those of results/choose in results."""
    below = sorted(file.parent for depth in ("*", "*/*") for file in path.glob(f"{depth}/{CHOICE_NAME}"))
    return [ChoiceFolder(place) for place in ([path] if (path / CHOICE_NAME).exists() else below)]


class ChoiceObserver:
    """Reads the status of a choice again and again; of ended runs only what has changed since.

    Args:
        folder: the folder of the choice.
    """

    def __init__(self, folder: ChoiceFolder) -> None:
        self.folder = folder
        self._observers: dict[Path, Observer] = {}

    def look(self) -> ChoiceStatus | None:
        """The status now; None before anything is planned.

        Raises:
            DamagedFileError: choice.json, the answer or the sweep of a stage cannot be read.
        """
        planned = self.folder.read()
        if planned is None:
            return None
        schedule, metric, total = planned.schedule, METRICS[planned.score], planned.all_runs
        places = [self.folder.round(number + 1) for number in range(len(schedule.rounds))]
        rounds = [path for path in places if (path / "sweep.json").exists()]
        confirming = (self.folder.confirmation / "sweep.json").exists()
        begun = [*rounds, self.folder.confirmation] if confirming else rounds
        looks = {path: self._observer(path).look() for path in begun}
        losses = SweepFolder(begun[-1]).config().losses if begun else tuple(planned.losses[: schedule.losses])
        shown = [run for path in (begun[-1:] if confirming else begun) for run in looks[path].runs]
        standing = {
            loss: found for place in standings_so_far(shown, (), planned.score) for loss, found in place.badness.items()
        }
        ended = sum(run.state in ENDED for status in looks.values() for run in status.runs)
        workers = sum(status.workers for status in looks.values())
        return ChoiceStatus(
            "confirmation on fresh seeds" if confirming else f"round {max(1, len(rounds))} of {len(schedule.rounds)}",
            losses,
            tuple(loss for loss in planned.losses[: schedule.losses] if loss not in losses),
            {loss: score_words(found, metric) for loss, found in standing.items() if loss in losses},
            compared_title(metric),
            ended,
            total,
            planned.seconds * (total - ended) / workers if planned.seconds is not None and workers else None,
            self._answer(planned.looks) if ended == total else (),
        )

    def _observer(self, path: Path) -> Observer:
        if path not in self._observers:
            self._observers[path] = Observer(SweepFolder(path))
        return self._observers[path]

    def _answer(self, looks: Sequence[int]) -> tuple[str, ...]:
        """The answer after the last look; none while it is being written, when that of an earlier look may be there."""
        path = self.folder.path / ANSWER_NAME
        found = read_json(path) if path.exists() else None
        return () if found is None or found["confirmation"]["looks"] != list(looks) else tuple(found["answer"])


class ResultsObserver:
    """Reads the status of all choices and sweeps at a path again and again; those that are begun later are found too.

    Args:
        results: a choice, a sweep, or a folder of such.

    Attributes:
        sweeps: what reads each sweep, by its path.
        damage: a line for each choice that cannot be read, by its path.
    """

    def __init__(self, results: Path) -> None:
        self.results = results
        self.sweeps: dict[str, Observer] = {}
        self.damage: dict[str, str] = {}
        self._choices: dict[str, ChoiceObserver] = {}

    def look(self) -> tuple[dict[str, ChoiceStatus], dict[str, SweepStatus]]:
        """The status of every choice that is planned, and of every sweep, by their paths.

        Raises:
            UserError: there is none of either.
        """
        for folder in find_choices(self.results):
            self._choices.setdefault(str(folder.path), ChoiceObserver(folder))
        try:
            for sweep in find_sweeps(self.results):
                self.sweeps.setdefault(str(sweep.path), Observer(sweep))
        except UserError:
            if not self._choices:
                raise
        choices, self.damage = {}, {}
        for path, observer in self._choices.items():
            try:
                if (choice := observer.look()) is not None:
                    choices[path] = choice
            except DamagedFileError as error:
                self.damage[path] = str(error)
        return choices, {path: sweep.look() for path, sweep in self.sweeps.items()}
