"""All that is written under results/ and read back. Nothing else knows a file's name.

A run's folder: config.json, status.json, provenance.json, history.csv, timing.csv, scores.json, log.txt, samples.npz,
weights/, checkpoints/step-<n>/, and manifest.json: the hashes of what an ended run consists of, against which it is
read from then on. A sweep's folder: sweep.json, progress.json (while it goes on), runs/, reference/ (real test series,
for pictures), and what is derived from the runs: runs.csv, leaderboard.*, figures/, export/ (for other programs).
"""

from rnngan_cli.store.find import find_run, find_sweeps
from rnngan_cli.store.history import HistoryRow, history_bytes, read_history
from rnngan_cli.store.run import (
    GRID_PREFIX,
    KEPT_CHECKPOINTS,
    LEFT_OUT,
    REPLACEABLE,
    SEALED,
    VALUES_PREFIX,
    RunFolder,
)
from rnngan_cli.store.sweep import SweepFolder

__all__ = [
    "GRID_PREFIX",
    "KEPT_CHECKPOINTS",
    "LEFT_OUT",
    "REPLACEABLE",
    "SEALED",
    "VALUES_PREFIX",
    "HistoryRow",
    "RunFolder",
    "SweepFolder",
    "find_run",
    "find_sweeps",
    "history_bytes",
    "read_history",
]
