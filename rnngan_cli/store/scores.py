"""The scores of one run in one file: the current ones, and behind them those of other protocols."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.schemas import StoredScores, file_content, plain, read_record
from rnngan_cli.system import arithmetic
from rnngan_cli.system.atomic import write_json


@dataclass(frozen=True)
class ScoreKey:
    """What scores depend on: the protocol's name, and hashes of the data and of the run's weights."""

    protocol: str
    data_sha256: str
    weights_sha256: str = ""

    @classmethod
    def of(cls, scores: StoredScores) -> "ScoreKey":
        """The key of scores that were read from a file."""
        return cls(scores.protocol, scores.data_sha256, scores.weights_sha256)

    def fits(self, other: "ScoreKey") -> bool:
        """Whether both keys name the same data and weights."""
        return (self.data_sha256, self.weights_sha256) == (other.data_sha256, other.weights_sha256)


@dataclass(frozen=True)
class ScoreBook:
    """The file scores.json in the folder of a run."""

    folder: Path

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.folder / "scores.json"

    def write(
        self,
        key: ScoreKey,
        scores: Mapping[str, float],
        judges: Mapping[str, Sequence[float]],
        notes: Sequence[str] = (),
    ) -> None:
        """Makes scores the current ones, and keeps those of other protocols for the same data and weights behind them.

        Args:
            key: what the scores depend on.
            scores: by name; for scores by judges, the mean over them.
            judges: the number of every judge, by name of the score.
            notes: sentences on scores that are left out, or that should be known.

        Raises:
            ValueError: a score is not finite, or larger than `LARGEST_STORED_SCORE`.
        """
        each = {name: list(numbers) for name, numbers in judges.items()}
        entry = StoredScores(**asdict(key), scores=dict(scores), judges=each, arithmetic=arithmetic.current().name)
        self._make_current(entry.model_copy(update={"notes": list(notes)}) if notes else entry)

    def recall(self, key: ScoreKey) -> bool:
        """Makes the scores kept for `key` the current ones; false if there are none.

        Scores of unknown weights are never recalled.
        """
        known = self._entries()
        found = [entry for entry in known if key.weights_sha256 and ScoreKey.of(entry) == key]
        if found and ScoreKey.of(known[0]) != key:
            self._make_current(found[0])
        return bool(found)

    def _make_current(self, entry: StoredScores) -> None:
        new, known = ScoreKey.of(entry), [(ScoreKey.of(one), one) for one in self._entries()]
        others = [one for key, one in known if key.fits(new) and key.protocol != new.protocol]
        write_json(self.path, file_content(entry.model_copy(update={"others": others})))

    def _entries(self) -> list[StoredScores]:
        """The current scores and those behind them; empty if the file is damaged, as all can be computed again."""
        if not os.path.lexists(self.path):
            return []
        try:
            current = read_record(self.path, StoredScores)
        except DamagedFileError:
            return []
        bare = {name: value for name, value in plain(current).items() if name not in ("schema_version", "others")}
        return [StoredScores.model_validate(bare), *current.others]
