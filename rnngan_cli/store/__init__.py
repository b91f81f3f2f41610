"""Everything that is written under results/ and read back. Nothing else knows the name of a file.

The folder of a run holds config.json, status.json, provenance.json, history.csv, timing.csv, scores.json, log.txt,
samples.npz, weights/, format/ (of its series, to draw more of them), checkpoints/step-<n>/, and manifest.json: the
hashes of the files of an ended run, which later reads are checked against. The folder of a sweep holds sweep.json,
progress.json (while it goes on), runs/, reference/ (real test series, for pictures), calibration/, and what is derived
from the runs: runs.csv, leaderboard.*, figures/, export/ (for other programs). In a packed sweep runs.zip stands in
place of runs/, and is read in the same way.
"""

from rnngan_cli.store.checkpoints import Checkpoint, drop_checkpoints, read_checkpoint, write_checkpoint
from rnngan_cli.store.copy import copy_run
from rnngan_cli.store.examine import LEFT_OUT, REPLACEABLE, examine, folders_with_manifest, left_out
from rnngan_cli.store.find import find_run, find_sweeps, is_run
from rnngan_cli.store.history import HistoryRow, history_bytes, read_history
from rnngan_cli.store.log import append_log, log_tail
from rnngan_cli.store.manifest import HASHED
from rnngan_cli.store.pack import Packed, pack_runs, unpack_runs
from rnngan_cli.store.remarks import read_remarks, remarks
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.samples import SampleGrid, Samples
from rnngan_cli.store.schemas import (
    Calibration,
    Provenance,
    RunProgress,
    RunStatus,
    Seconds,
    StoredScores,
    SweepProgress,
)
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.store.series_format import read_series_format, write_series_format
from rnngan_cli.store.sweep import SweepFolder
from rnngan_cli.store.weights import read_weights, weights_sha256, write_weights

__all__ = [
    "HASHED",
    "LEFT_OUT",
    "REPLACEABLE",
    "Calibration",
    "Checkpoint",
    "HistoryRow",
    "Packed",
    "Provenance",
    "RunFolder",
    "RunProgress",
    "RunStatus",
    "SampleGrid",
    "Samples",
    "ScoreKey",
    "Seconds",
    "StoredScores",
    "SweepFolder",
    "SweepProgress",
    "append_log",
    "copy_run",
    "drop_checkpoints",
    "examine",
    "find_run",
    "find_sweeps",
    "folders_with_manifest",
    "history_bytes",
    "is_run",
    "left_out",
    "log_tail",
    "pack_runs",
    "read_checkpoint",
    "read_history",
    "read_remarks",
    "read_series_format",
    "read_weights",
    "remarks",
    "unpack_runs",
    "weights_sha256",
    "write_checkpoint",
    "write_series_format",
    "write_weights",
]
