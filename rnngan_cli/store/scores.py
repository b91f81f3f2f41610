"""The scores of one run in one file: the current ones, and behind them those of other protocols."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rnngan_cli.config import SCHEMA_VERSION
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store import schemas
from rnngan_cli.system.atomic import write_json


@dataclass(frozen=True)
class ScoreKey:
    """What scores depend on: the protocol's name, and hashes of the data and of the run's weights."""

    protocol: str
    data_sha256: str
    weights_sha256: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "ScoreKey":
        """That of scores read from a file."""
        return cls(*(str(entry.get(name, "")) for name in ("protocol", "data_sha256", "weights_sha256")))

    def fits(self, other: "ScoreKey") -> bool:
        """Whether both are of the same data and weights."""
        return (self.data_sha256, self.weights_sha256) == (other.data_sha256, other.weights_sha256)


@dataclass(frozen=True)
class ScoreBook:
    """The file `path`."""

    path: Path

    def read(self) -> dict[str, Any]:
        """The current scores with what they depend on; empty where there are none.

        Raises:
            DamagedFileError: the file cannot be read, or holds no scores.
        """
        return schemas.read_record(self.path, schemas.StoredScores) if os.path.lexists(self.path) else {}

    def write(self, key: ScoreKey, scores: Mapping[str, float], judges: Mapping[str, Sequence[float]]) -> None:
        """Keeps scores as the current ones, and those of other protocols for the same data and weights behind them.

        Args:
            key: what the scores depend on.
            scores: by name; of judges, the mean over them.
            judges: every judge's own number, by name.
        """
        each = {name: list(numbers) for name, numbers in judges.items()}
        self._make_current({**asdict(key), "scores": dict(scores), "judges": each})

    def recall(self, key: ScoreKey) -> bool:
        """Makes scores that are kept for `key` the current ones; false where there are none.

        Scores of unknown weights are never recalled.
        """
        found = [entry for entry in self._entries() if key.weights_sha256 and ScoreKey.of(entry) == key]
        if found and ScoreKey.of(self.read()) != key:
            self._make_current(found[0])
        return bool(found)

    def _make_current(self, entry: Mapping[str, Any]) -> None:
        new, known = ScoreKey.of(entry), [(ScoreKey.of(one), one) for one in self._entries()]
        others = [one for key, one in known if key.fits(new) and key.protocol != new.protocol]
        write_json(self.path, {"schema_version": SCHEMA_VERSION, **entry, "others": others})

    def _entries(self) -> list[dict[str, Any]]:
        """The current scores and those behind them; empty where the file is damaged, as they can be computed again."""
        try:
            content = self.read()
        except DamagedFileError:
            return []
        if not content:
            return []
        current = {name: value for name, value in content.items() if name not in ("schema_version", "others")}
        return [current, *content.get("others", [])]
